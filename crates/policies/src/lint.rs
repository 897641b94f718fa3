//! What an editor should look at before (and after) publishing. Findings never block: the library
//! must be able to hold what the issuer published, gaps and all, and say so.

mod rules;

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use zhida_platform::vocabulary;
use zhida_rules::{Dictionary, ItemRules, RuleError};
use zhida_standards::division::{self, DivisionCode};

use crate::elements;
use crate::model::{ItemElements, PolicyEntry, WHOLE_COUNTRY, region_name};
use crate::vocabulary::{Level, Validity};

/// Peers named in one finding at most.
const NAMED_MAX: usize = 5;

vocabulary! {
    /// 问题的严重程度。
    Severity {
        /// The entry misleads or cannot work as it stands.
        Error = "error", "错误";
        /// Something is probably wrong or missing.
        Warning = "warning", "警告";
        /// Worth knowing.
        Notice = "notice", "提示";
    }
}

/// 质量检查发现的一个问题。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Finding {
    /// 检查项的代号。
    pub code: &'static str,
    /// 严重程度。
    pub severity: Severity,
    /// 涉及哪个要素（1 至 30）。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element: Option<u8>,
    /// 字段的位置，如 `conditions[2].rule`。
    pub field: String,
    /// 发现了什么。
    pub message: String,
    /// 怎样处理。
    pub hint: String,
}

/// Another item of the library.
#[derive(Debug, Clone, Copy)]
pub struct Peer<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its elements.
    pub item: &'a ItemElements,
}

/// The other items, found by id and by group.
#[derive(Debug, Default)]
pub struct Peers<'a> {
    by_id: HashMap<&'a str, Peer<'a>>,
    by_group: HashMap<&'a str, Vec<Peer<'a>>>,
}

impl<'a> FromIterator<Peer<'a>> for Peers<'a> {
    fn from_iter<I: IntoIterator<Item = Peer<'a>>>(peers: I) -> Self {
        let mut all = Self::default();
        for peer in peers {
            all.by_id.insert(peer.id, peer);
            if !peer.item.exclusive_group.is_empty() {
                all.by_group
                    .entry(&peer.item.exclusive_group)
                    .or_default()
                    .push(peer);
            }
        }
        all
    }
}

/// What an entry is compared with.
pub struct Context<'a> {
    /// The dictionary of the rules.
    pub dictionary: &'a Dictionary,
    /// The day.
    pub today: NaiveDate,
    /// The other items of the library.
    pub peers: &'a Peers<'a>,
}

/// Looks an entry over; `rules` is what compiling it gave.
#[must_use]
pub fn lint(
    entry: &PolicyEntry,
    rules: Result<&ItemRules, &[RuleError]>,
    context: &Context<'_>,
) -> Vec<Finding> {
    let mut findings = Findings::default();
    missing_elements(entry, &mut findings);
    dates(entry, context.today, &mut findings);
    places(entry, &mut findings);
    exclusions(entry, context.peers, &mut findings);
    rules::check(entry, rules, context, &mut findings);
    let mut findings = findings.0;
    findings.sort_by_key(|finding| finding.severity);
    findings
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(
        &mut self,
        code: &'static str,
        severity: Severity,
        element: Option<u8>,
        field: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.0.push(Finding {
            code,
            severity,
            element,
            field: field.into(),
            message: message.into(),
            hint: hint.into(),
        });
    }
}

/// Fields of the elements, by number.
const FIELDS: [&str; 30] = [
    "document.title",
    "document.doc_no",
    "document.issuer",
    "document.level",
    "document.published_on",
    "document.effective_from",
    "document.effective_until",
    "document.status",
    "document.text",
    "document.source_url",
    "theme",
    "category",
    "name",
    "clause",
    "audience",
    "industries",
    "regions",
    "sizes",
    "qualifications",
    "conditions",
    "benefit",
    "delivery",
    "materials",
    "process",
    "window",
    "pay_within",
    "channel",
    "department",
    "phone",
    "tags",
];

fn missing_elements(entry: &PolicyEntry, findings: &mut Findings) {
    for element in elements::missing(entry) {
        let field = FIELDS[usize::from(element.number) - 1];
        let number = Some(element.number);
        match element.number {
            29 => findings.add(
                "no_phone",
                Severity::Warning,
                number,
                field,
                "没有咨询电话（第 29 要素）",
                "企业有疑问时无处可问，请补上责任处室的电话",
            ),
            10 => findings.add(
                "no_source",
                Severity::Warning,
                number,
                field,
                "没有发布网址（第 10 要素）",
                "请补上原文地址，便于核对",
            ),
            _ => findings.add(
                "missing_element",
                Severity::Notice,
                number,
                field,
                format!("缺少第 {} 要素“{}”", element.number, element.name),
                "请按原文补上",
            ),
        }
    }
}

fn dates(entry: &PolicyEntry, today: NaiveDate, findings: &mut Findings) {
    let document = &entry.document;
    if document.status.has_ended() {
        findings.add(
            "basis_expired",
            Severity::Error,
            Some(8),
            "document.status",
            format!("所依据的文件已{}", document.status.word()),
            "请核对是否有接续文件，或撤下本事项",
        );
    } else if document.validity(today) == Validity::Expired {
        let until = document
            .effective_until
            .map(zhida_platform::format::date_zh)
            .unwrap_or_default();
        findings.add(
            "period_over",
            Severity::Warning,
            Some(7),
            "document.effective_until",
            format!("有效期已于 {until} 届满"),
            "请核对是否延续；未延续的请把效力状态改为失效",
        );
    }
    if let Some(until) = entry.item.apply_until.filter(|until| *until < today) {
        findings.add(
            "application_over",
            Severity::Notice,
            Some(25),
            "apply_until",
            format!("申报已于 {} 截止", zhida_platform::format::date_zh(until)),
            "如有下一批，请更新申报时间",
        );
    }
    if let Some(due) = document.review_due().filter(|due| *due < today) {
        findings.add(
            "review_due",
            Severity::Warning,
            None,
            "document.checked_on",
            format!(
                "应在 {} 前与原文重新核对",
                zhida_platform::format::date_zh(due)
            ),
            "请打开原文核对，再更新核对日期",
        );
    }
}

fn level_of(code: &str) -> Option<Level> {
    if code == WHOLE_COUNTRY {
        return Some(Level::National);
    }
    DivisionCode::parse(code)
        .ok()
        .map(|code| match code.level() {
            division::Level::Province => Level::Province,
            division::Level::City => Level::City,
            _ => Level::County,
        })
}

fn places(entry: &PolicyEntry, findings: &mut Findings) {
    let (document, item) = (&entry.document, &entry.item);
    if let Some(found) = level_of(&document.region)
        && found < document.level
    {
        findings.add(
            "area_too_wide",
            Severity::Error,
            Some(4),
            "document.region",
            format!(
                "发布层级是{}，而发布机构的区域写成了{}“{}”（{}）",
                document.level.word(),
                found.word(),
                document.region,
                region_name(&document.region)
            ),
            format!("请写{}的区划代码", document.level.word()),
        );
    }
    for code in &item.regions {
        let inside =
            document.region == WHOLE_COUNTRY || division::is_within(code, &document.region);
        if !inside {
            findings.add(
                "region_outside",
                Severity::Error,
                Some(17),
                "regions",
                format!(
                    "适用区域“{}”（{}）不在发布机构的区域“{}”之内",
                    code,
                    region_name(code),
                    region_name(&document.region)
                ),
                "请核对区划代码，或发布机构的区域",
            );
        }
    }
}

fn overlap(a: &ItemElements, b: &ItemElements) -> bool {
    let meet = |x: &String, y: &String| {
        x == WHOLE_COUNTRY
            || y == WHOLE_COUNTRY
            || division::is_within(x, y)
            || division::is_within(y, x)
    };
    a.regions
        .iter()
        .any(|x| b.regions.iter().any(|y| meet(x, y)))
}

fn exclusions(entry: &PolicyEntry, peers: &Peers<'_>, findings: &mut Findings) {
    let item = &entry.item;
    for other in &item.excludes {
        if *other == item.id {
            findings.add(
                "excludes_itself",
                Severity::Error,
                None,
                "excludes",
                "互斥事项写了它自己",
                "请删除",
            );
        } else if !peers.by_id.contains_key(other.as_str()) {
            findings.add(
                "excludes_unknown",
                Severity::Warning,
                None,
                "excludes",
                format!("互斥事项“{other}”不在库中"),
                "请核对标识，或先导入该事项",
            );
        }
    }
    let mut overlapping: Vec<&str> = Vec::new();
    let mut seen = HashSet::from([item.id.as_str()]);
    let group = peers
        .by_group
        .get(item.exclusive_group.as_str())
        .into_iter()
        .flatten();
    let named = item
        .excludes
        .iter()
        .filter_map(|id| peers.by_id.get(id.as_str()));
    for peer in group.chain(named) {
        if seen.insert(peer.id) && overlap(item, peer.item) {
            overlapping.push(&peer.item.name);
        }
    }
    if !overlapping.is_empty() {
        let more = if overlapping.len() > NAMED_MAX {
            " 等"
        } else {
            ""
        };
        let names = overlapping
            .iter()
            .take(NAMED_MAX)
            .copied()
            .collect::<Vec<_>>()
            .join("、");
        findings.add(
            "exclusive_overlap",
            Severity::Notice,
            None,
            "exclusive_group",
            format!(
                "与 {} 个适用区域重叠的事项只能享受其一：{names}{more}",
                overlapping.len()
            ),
            "请核对政策原文是否“从高不重复”",
        );
    }
}

#[cfg(test)]
mod tests;
