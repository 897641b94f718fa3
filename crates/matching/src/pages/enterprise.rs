//! 我的政策: all items for one enterprise, and what a change of facts would open.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use chrono::Datelike;
use zhida_platform::format::{count, date_zh};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_rules::{Dictionary, FactKey, Facts, Kind};
use zhida_ui::chart::{Caption, Chart, Datum, stacked_bar};
use zhida_ui::{FormErrors, Frame, Html, Page, PageError};

use super::fields::{FieldView, field};
use super::{DayQuery, GROUP_SHOWN, Group, address, day_text, groups, label_asked, matches_title};
use crate::Matching;
use crate::answers::Answers;
use crate::calculator::question_text;
use crate::judge::{Detail, Telling};
use crate::model::{EnterpriseMatch, WhatIf};
use crate::news::NewsQuery;
use crate::verdict::{Counts, Label};
use crate::what_if::words;

/// New matches that are shown.
const NEWS_SHOWN: u32 = 10;
/// Items of each label that are explained: their conditions tell which facts the what-if form offers.
const TOLD: usize = 50;
/// Items that are not open which are listed.
const NOT_OPEN_SHOWN: usize = 200;
const NOT_OPEN_MORE: usize = NOT_OPEN_SHOWN + 1;
/// Facts that the what-if form offers.
const CHANGES_OFFERED: usize = 9;
/// Facts that many policies rest on: offered when near misses leave room. The flag says whether
/// last year's value is meant.
const COMMON_CHANGES: [(&str, bool); 5] = [
    ("employees", true),
    ("revenue", true),
    ("rd_expense", true),
    ("high_tech", false),
    ("specialised_sme", false),
];

#[derive(Template)]
#[template(path = "matching/enterprise.html")]
pub(crate) struct EnterprisePage {
    page: Page,
    found: EnterpriseMatch,
    groups: Vec<Group>,
    chart: Chart,
    only: bool,
    base: String,
    on: String,
    fields: Vec<FieldView>,
    errors: FormErrors,
    what_if: Option<WhatIf>,
    together: Vec<(String, String)>,
    left_out: Vec<(String, String)>,
    /// How many items are not open, where not all of them are listed.
    not_open: String,
    /// What full runs found newly met: item, address, day.
    news: Vec<(String, String, String)>,
}

impl EnterprisePage {
    /// Where the group of a label stands on the page; empty when nothing has the label.
    fn here(&self, label: Label) -> String {
        match self.found.counts.get(label) {
            0 => String::new(),
            _ => format!("#{}", label.key()),
        }
    }
}

/// 我的政策
pub(crate) async fn show(
    State(matching): State<Arc<Matching>>,
    frame: Frame,
    Path(code): Path<String>,
    Query(day): Query<DayQuery>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Html<EnterprisePage>, PageError> {
    let on = day.day(&matching)?;
    let only = pairs.iter().find(|(name, _)| name == "group");
    let only = only.map_or(Ok(None), |(name, key)| label_asked(name, key))?;
    let reached = matching.reached(&frame.viewer, &code, "政策匹配结果", None);
    let enterprise = reached.await.map_err(Problem::from)?;
    let code = enterprise.code.clone();
    let telling = Telling {
        more: only.map(|only| (only, GROUP_SHOWN)),
        ..Telling::first(Detail::Full, TOLD)
    };
    let mut found = matching
        .told_to_enterprise(&code, on, telling)
        .await
        .map_err(Problem::from)?;
    let answers = Answers::parse(matching.dictionary, &pairs, on);
    let what_if = if answers.count() > 0 && answers.errors.is_empty() {
        Some(
            matching
                .what_if(&code, &answers, on)
                .await
                .map_err(Problem::from)?,
        )
    } else {
        None
    };
    let (base, on_text) = (
        format!("/enterprises/{code}/matches"),
        day_text(&matching, on),
    );
    let group = |label: Label| address(&base, &[("group", label.key()), ("on", &on_text)]);
    let href = |id: &str| {
        address(
            &format!("{base}/{}", super::percent(id)),
            &[("on", &on_text)],
        )
    };
    let groups = groups(&found, only, |item| href(&item.head.id), group);
    let name = found.enterprise.name.clone().unwrap_or_default();
    let page = frame
        .page(matches_title(&frame.viewer, &code))
        .lead(format!("{name}（{code}），基准日 {}", date_zh(on)))
        .active("/enterprises")
        .crumb("市场主体", "/enterprises")
        .crumb(name, format!("/enterprises/{code}"));
    let query = NewsQuery {
        enterprise: code.clone(),
        ..NewsQuery::default()
    };
    let news = matching.news(&query, &PageRequest::first(NEWS_SHOWN)).await;
    let news = news.map_err(Problem::from)?.items.into_iter();
    let news = news.map(|one| (one.item_name, href(&one.item), date_zh(one.since)));
    let name_of = |id: &String| {
        let item = matching.item(id, on);
        item.map_or_else(|_| id.clone(), |item| item.name.clone())
    };
    let not_open = match found.not_open.len() {
        all @ NOT_OPEN_MORE.. => {
            format!("共 {} 项，列出前 {NOT_OPEN_SHOWN} 项。", count(all as u64))
        }
        _ => String::new(),
    };
    found.not_open.truncate(NOT_OPEN_SHOWN);
    let best = &found.best_combination;
    Ok(Html(EnterprisePage {
        page,
        news: news.collect(),
        groups,
        chart: verdict_bar("政策事项，按结论", "项", &found.counts, false, group),
        only: only.is_some(),
        fields: offered(matching.dictionary, &found, &enterprise.facts, &answers, on),
        errors: answers.errors.clone().into(),
        what_if,
        together: best
            .items
            .iter()
            .map(|id| (name_of(id), href(id)))
            .collect(),
        not_open,
        left_out: best
            .left_out
            .iter()
            .map(|left| {
                let because: Vec<String> = left.because.iter().map(name_of).collect();
                (name_of(&left.id), because.join("、"))
            })
            .collect(),
        base,
        on: on_text,
        found,
    }))
}

/// Counts by label as one bar whose parts lead to their lists. What is out of reach would fill the
/// bar of an enterprise in a large library: there it is told in words.
pub(crate) fn verdict_bar(
    title: &str,
    unit: &str,
    counts: &Counts,
    out_of_reach: bool,
    href: impl Fn(Label) -> String,
) -> Chart {
    let aside = match counts.out_of_reach {
        0 => String::new(),
        _ if out_of_reach => String::new(),
        far => format!("另有 {far} {unit}不在适用范围，没有画出。"),
    };
    let summary = format!(
        "符合 {} {unit}，待人工核验 {} {unit}，只差一项 {} {unit}。{aside}",
        count(counts.eligible),
        count(counts.manual),
        count(counts.near_miss)
    );
    let data: Vec<Datum> = Label::ALL
        .into_iter()
        .filter(|label| counts.get(*label) > 0)
        .filter(|label| out_of_reach || *label != Label::OutOfReach)
        .map(|label| {
            let tone = match label {
                Label::Eligible => "yes",
                Label::Manual => "manual",
                Label::OneUnknown => "4",
                Label::Unknown => "unknown",
                Label::NearMiss => "3",
                Label::Ineligible => "no",
                Label::OutOfReach => "6",
            };
            Datum::new(label.words(), counts.get(label))
                .tone(tone)
                .href(href(label))
        })
        .collect();
    stacked_bar(
        &Caption::new(title, summary, "结论", format!("数量（{unit}）")),
        &data,
    )
}

/// Facts whose change would matter most: those on which unmet and unknown conditions of near
/// misses rest, most frequent first, then the common ones; what was changed already stays.
fn offered(
    dictionary: &Dictionary,
    found: &EnterpriseMatch,
    known: &Facts,
    answers: &Answers,
    on: chrono::NaiveDate,
) -> Vec<FieldView> {
    let mut tally: BTreeMap<FactKey, usize> = BTreeMap::new();
    let near = found.items.iter().filter(|item| {
        matches!(
            item.label,
            Label::NearMiss | Label::OneUnknown | Label::Unknown
        )
    });
    for test in near
        .flat_map(|item| item.conditions.iter().flatten())
        .flat_map(|c| &c.tests)
    {
        if test.verdict == Some(true) {
            continue;
        }
        let used = test.facts.iter().map(|fact| (fact.id.as_str(), fact.year));
        let missing = test
            .missing
            .iter()
            .map(|missing| (missing.id.as_str(), missing.year));
        for (id, year) in used.chain(missing) {
            let Some(index) = dictionary.find(id) else {
                continue;
            };
            let attribute = dictionary.attribute(index);
            let changeable = attribute.formula.is_none()
                && (!attribute.fixed || test.verdict.is_none())
                && !(attribute.kind == Kind::Set && attribute.choices.is_empty());
            if changeable {
                *tally.entry((index, year)).or_default() += 1;
            }
        }
    }
    for key in common_changes(dictionary, on) {
        tally.entry(key).or_default();
    }
    for key in answers.values.keys().chain(&answers.declined) {
        *tally.entry(*key).or_default() += 1_000;
    }
    let mut keys: Vec<(FactKey, usize)> = tally.into_iter().collect();
    keys.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    keys.into_iter()
        .take(CHANGES_OFFERED)
        .map(|(key, _)| {
            let mut field = field(dictionary, key, answers, on, false);
            let attribute = dictionary.attribute(key.0);
            field.label = match key.1 {
                Some(year) => format!("{year} 年{}", attribute.name),
                None => attribute.name.clone(),
            };
            field.hint = match known.get(key.0, key.1) {
                Some(fact) => format!("现为 {}", words(dictionary, key.0, &fact.value)),
                None if attribute.question.is_some() => question_text(dictionary, key, on),
                None => "还没有数据".to_owned(),
            };
            field
        })
        .collect()
}

/// The common facts that the dictionary has.
fn common_changes(dictionary: &Dictionary, on: chrono::NaiveDate) -> Vec<FactKey> {
    let found = COMMON_CHANGES.iter().filter_map(|(id, last_year)| {
        let index = dictionary.find(id)?;
        let year = (*last_year && dictionary.attribute(index).annual).then(|| on.year() - 1);
        Some((index, year))
    });
    found.collect()
}
