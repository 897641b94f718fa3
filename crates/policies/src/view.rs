//! What an item's page shows, in words.

use zhida_platform::clock::to_shanghai;
use zhida_platform::format::date_zh;
use zhida_rules::{BenefitKind, BenefitSource, Env, Facts, ItemRules};

use crate::analysis;
use crate::diff::{FieldChange, diff};
use crate::elements::ELEMENTS;
use crate::model::{PolicyDocument, PolicyEntry, region_name};
use crate::pages::{delivery_tone, paragraphs, validity_tone};
use crate::query::percent;
use crate::read::round_word;
use crate::service::Policies;
use crate::store::Revision;
use crate::vocabulary::Validity;

/// Related items shown at most.
const RELATED_MAX: usize = 10;
/// Characters of a digest that tell revisions apart for people.
const DIGEST_CHARS: usize = 16;
/// Characters of an element in the table of the 30 at most; the rest stands elsewhere on the page.
const ELEMENT_CHARS: usize = 160;

/// Numbers of the elements from 申报材料 to 咨询电话.
const HOW: std::ops::RangeInclusive<u8> = 23..=29;
/// Number of the element 咨询电话.
const PHONE: u8 = 29;

pub(crate) struct ItemView {
    pub id: String,
    pub number: String,
    pub level: &'static str,
    pub delivery: &'static str,
    pub delivery_tone: &'static str,
    pub delivery_basis: &'static str,
    pub validity: &'static str,
    pub validity_tone: &'static str,
    pub amount: String,
    pub amount_note: String,
    /// The amount is words, not money: it is not shouted.
    pub quiet: bool,
    pub audience: String,
    /// 怎样办理: heading and text.
    pub how: Vec<(&'static str, String)>,
    /// Somebody can still have it.
    pub checkable: bool,
    pub period: String,
    pub regions: String,
    pub document_href: String,
    pub document_title: String,
    pub issuer: String,
    pub source_url: String,
    pub source_quality: &'static str,
    pub checked: String,
    pub clause: String,
    pub conditions: Vec<ConditionLine>,
    pub benefit: Option<BenefitView>,
    pub elements: Vec<ElementLine>,
    pub filled: usize,
    pub paragraphs: Vec<String>,
    pub related: Vec<(String, String)>,
    pub clawback: String,
    pub interpretation_url: String,
    pub check_item: String,
    pub rules_broken: bool,
}

pub(crate) struct ConditionLine {
    pub text: String,
    pub plain: String,
    pub normal: String,
    pub manual: bool,
    pub automatic: bool,
}

pub(crate) struct BenefitView {
    pub text: String,
    pub lines: Vec<(&'static str, String)>,
    pub normal: String,
}

pub(crate) struct ElementLine {
    pub number: u8,
    pub name: &'static str,
    pub text: String,
    pub missing: bool,
}

impl ItemView {
    pub(crate) fn new(
        policies: &Policies,
        entry: &PolicyEntry,
        document: &PolicyDocument,
        number: Option<&str>,
    ) -> Self {
        let (today, dictionary) = (policies.today(), policies.dictionary());
        let rules = entry.compile(dictionary).ok();
        let item = &entry.item;
        let validity = entry.document.validity(today);
        let elements = element_lines(entry);
        let amount = rules
            .as_ref()
            .and_then(|rules| analysis::headline(rules, dictionary, today));
        let (amount, quiet) = amount.unwrap_or_else(|| ("暂无".to_owned(), true));
        Self {
            id: item.id.clone(),
            number: number.unwrap_or_default().to_owned(),
            level: entry.document.level.word(),
            delivery: item.delivery.word(),
            delivery_tone: delivery_tone(item.delivery),
            delivery_basis: item.delivery_basis.word(),
            validity: validity.word(),
            validity_tone: validity_tone(validity),
            amount,
            amount_note: amount_note(item.benefit.as_ref()),
            quiet,
            audience: item.audience.clone(),
            how: how(entry),
            checkable: validity != Validity::Expired,
            period: period(&entry.document),
            regions: item
                .regions
                .iter()
                .map(|code| region_name(code))
                .collect::<Vec<_>>()
                .join("、"),
            document_href: format!("/policies/documents/{}", document.id),
            document_title: document.title.clone(),
            issuer: document.issuer.clone(),
            source_url: document.source_url.clone(),
            source_quality: document.source_quality.word(),
            checked: document.checked_on.map(date_zh).unwrap_or_default(),
            clause: item.clause.clone(),
            conditions: condition_lines(policies, entry, rules.as_ref()),
            benefit: item
                .benefit
                .as_ref()
                .map(|benefit| benefit_view(policies, entry, benefit, rules.as_ref())),
            filled: elements.iter().filter(|line| !line.text.is_empty()).count(),
            elements,
            paragraphs: paragraphs(&entry.document.text),
            related: related(policies, &item.id),
            clawback: item.clawback.clone(),
            interpretation_url: item.interpretation_url.clone(),
            check_item: percent(&item.id),
            rules_broken: rules.is_none(),
        }
    }
}

fn amount_note(benefit: Option<&BenefitSource>) -> String {
    match benefit {
        Some(benefit) if benefit.kind == BenefitKind::Money => {
            "查一查自己的企业，可以算出具体金额".to_owned()
        }
        Some(benefit) if benefit.kind == BenefitKind::Assessed => "由主管部门评审确定".to_owned(),
        _ => String::new(),
    }
}

/// What to do to get it: the elements of the second half that people act on. What the text does
/// not say is left out, except whom to ask.
fn how(entry: &PolicyEntry) -> Vec<(&'static str, String)> {
    let asked = ELEMENTS
        .iter()
        .filter(|element| HOW.contains(&element.number));
    asked
        .map(|element| (element.number, element.name, element.text(entry)))
        .filter(|(number, _, text)| !text.trim().is_empty() || *number == PHONE)
        .map(|(_, name, text)| (name, text))
        .collect()
}

fn period(document: &PolicyDocument) -> String {
    let from = document.effective_from.map(date_zh);
    match (from, document.effective_until.map(date_zh)) {
        (Some(from), Some(until)) => format!("{from}至{until}"),
        (Some(from), None) => format!("{from}起"),
        (None, Some(until)) => format!("至{until}"),
        (None, None) => "原文未载明".to_owned(),
    }
}

fn condition_lines(
    policies: &Policies,
    entry: &PolicyEntry,
    rules: Option<&ItemRules>,
) -> Vec<ConditionLine> {
    let automatic = entry.automatic_conditions().len();
    let source = entry.rules_source().conditions;
    source
        .iter()
        .enumerate()
        .map(|(at, condition)| {
            let compiled = rules.and_then(|rules| Some((rules, rules.conditions().get(at)?)));
            ConditionLine {
                text: condition.text.clone(),
                plain: compiled.map_or_else(
                    || {
                        condition
                            .manual
                            .clone()
                            .or(condition.rule.clone())
                            .unwrap_or_default()
                    },
                    |(rules, one)| rules.plain_text(policies.dictionary(), one),
                ),
                normal: compiled
                    .and_then(|(rules, one)| rules.normal_text(policies.dictionary(), one))
                    .unwrap_or_default(),
                manual: condition.manual.is_some(),
                automatic: at < automatic,
            }
        })
        .collect()
}

fn benefit_view(
    policies: &Policies,
    entry: &PolicyEntry,
    benefit: &BenefitSource,
    rules: Option<&ItemRules>,
) -> BenefitView {
    let (today, dictionary) = (policies.today(), policies.dictionary());
    let texts = rules.and_then(|rules| analysis::formula_texts(entry, rules, dictionary));
    let amount = |text: &Option<String>| {
        let text = text.as_deref()?;
        Some(
            analysis::constant(text, dictionary, today)
                .map_or_else(|| text.to_owned(), |n| analysis::yuan(&n)),
        )
    };
    let mut lines: Vec<(&'static str, String)> = Vec::new();
    let facts = Facts::new();
    let amount_of_nobody = rules.and_then(|rules| {
        rules.amount(&Env {
            dictionary,
            facts: &facts,
            on: today,
        })
    });
    let steps = amount_of_nobody.map(|amount| amount.steps);
    let locals: Vec<String> = steps
        .iter()
        .flatten()
        .map(|step| format!("{}＝{}", step.name, step.formula))
        .collect();
    let mut push = |name, text: Option<String>| lines.extend(text.map(|text| (name, text)));
    push(
        "先算",
        Some(locals.join("；")).filter(|text| !text.is_empty()),
    );
    push("公式", texts.as_ref().map(|(_, plain)| plain.clone()));
    push("最高", amount(&benefit.cap));
    push("最低", amount(&benefit.floor));
    push(
        "不予资助",
        amount(&benefit.de_minimis).map(|text| format!("不超过 {text} 的")),
    );
    let money = benefit.kind == BenefitKind::Money;
    push(
        "取整",
        money.then(|| format!("精确到{}", round_word(benefit.round_to))),
    );
    push(
        "预算",
        benefit
            .budget_limited
            .then(|| "视当年预算调整，测算结果只作上限".to_owned()),
    );
    BenefitView {
        text: benefit.text.clone(),
        lines,
        normal: texts.map(|(feel, _)| feel).unwrap_or_default(),
    }
}

fn element_lines(entry: &PolicyEntry) -> Vec<ElementLine> {
    ELEMENTS
        .iter()
        .map(|element| {
            let whole = element.text(entry);
            let mut text: String = whole.chars().take(ELEMENT_CHARS).collect();
            if text.len() < whole.len() {
                text.push('…');
            }
            ElementLine {
                number: element.number,
                name: element.name,
                missing: element.required && text.trim().is_empty(),
                text,
            }
        })
        .collect()
}

fn related(policies: &Policies, id: &str) -> Vec<(String, String)> {
    let catalogue = policies.catalogue(policies.today());
    let Some(item) = catalogue.find(id) else {
        return Vec::new();
    };
    let others = catalogue
        .items
        .iter()
        .filter(|other| item.excludes(other))
        .take(RELATED_MAX);
    others
        .map(|other| (format!("/policies/{}", other.id), other.name.clone()))
        .collect()
}

pub(crate) struct RevisionLine {
    pub revision: i64,
    pub when: String,
    pub by: String,
    pub digest: String,
    pub changes: Vec<FieldChange>,
}

impl RevisionLine {
    /// Newest first; who published is for officers.
    pub(crate) fn all(revisions: &[Revision], officer: bool) -> Vec<Self> {
        revisions
            .iter()
            .enumerate()
            .map(|(at, revision)| Self {
                revision: revision.revision,
                when: date_zh(to_shanghai(revision.published_at).date_naive()),
                by: if officer {
                    revision.published_by.clone()
                } else {
                    String::new()
                },
                digest: revision.digest.chars().take(DIGEST_CHARS).collect(),
                changes: revisions
                    .get(at + 1)
                    .map_or_else(Vec::new, |before| diff(&before.entry, &revision.entry)),
            })
            .collect()
    }
}
