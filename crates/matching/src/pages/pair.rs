//! One item for one enterprise: every condition with what is required, what is known and from whom.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Redirect;
use zhida_platform::format::date_zh;
use zhida_platform::problem::Problem;
use zhida_policies::Way;
use zhida_ui::{Fields, Frame, Html, Mark, Page, PageError};

use super::{DayQuery, day_text, matches_title};
use crate::Matching;
use crate::model::{ConditionView, FactView, MissingView, PairMatch, TestView};

#[derive(Template)]
#[template(path = "matching/pair.html")]
pub(crate) struct PairPage {
    page: Page,
    /// What the page of all items is called.
    matches: &'static str,
    found: PairMatch,
    /// How it is had; says nothing of an item that is not open on the day.
    way: Way,
    mark: Mark,
    conditions: Vec<ConditionRow>,
    code: String,
    on: String,
    /// Whether the viewer is told no more of it; `None` for whoever is told nothing of it anyway.
    muted: Option<bool>,
}

/// A condition as the page shows it.
pub(crate) struct ConditionRow {
    pub mark: Mark,
    pub title: String,
    pub note: String,
    pub rule: String,
    pub tests: Vec<TestRow>,
}

/// A test as the page shows it.
pub(crate) struct TestRow {
    pub mark: Mark,
    pub subject: String,
    pub required: String,
    pub known: String,
    pub source: String,
    pub change: String,
}

/// Rows for the conditions.
pub(crate) fn condition_rows(conditions: &[ConditionView]) -> Vec<ConditionRow> {
    conditions
        .iter()
        .map(|condition| ConditionRow {
            mark: match (condition.verdict, &condition.manual) {
                (_, Some(_)) => Mark::Manual,
                (verdict, None) => mark(verdict),
            },
            title: condition.text.clone(),
            note: match (&condition.manual, condition.any) {
                (Some(how), _) => format!("需人工核验：{how}"),
                (None, true) => "下列各项满足其一即可".to_owned(),
                (None, false) => String::new(),
            },
            rule: condition.rule.clone().unwrap_or_default(),
            tests: condition.tests.iter().map(test_row).collect(),
        })
        .collect()
}

fn mark(verdict: Option<bool>) -> Mark {
    match verdict {
        Some(true) => Mark::Yes,
        Some(false) => Mark::No,
        None => Mark::Unknown,
    }
}

fn test_row(test: &TestView) -> TestRow {
    let sources: Vec<String> = match test.facts.as_slice() {
        // the row names the fact and its value already
        [only] if only.year.is_none() && only.attribute == test.subject => vec![whence(only)],
        facts => facts.iter().map(source).collect(),
    };
    let missing: Vec<String> = test.missing.iter().map(MissingView::words).collect();
    TestRow {
        mark: mark(test.verdict),
        subject: test.subject.clone(),
        required: test.required.clone(),
        known: match (&test.known, test.withheld) {
            (Some(known), _) => known.clone(),
            (None, true) => "数据不公开，这里不判断".to_owned(),
            (None, false) => "没有数据".to_owned(),
        },
        source: sources.join("；"),
        change: match (&test.change, missing.is_empty()) {
            (Some(change), _) => change.clone(),
            (None, false) => format!("缺少：{}", missing.join("、")),
            (None, true) => String::new(),
        },
    }
}

fn source(fact: &FactView) -> String {
    let year = fact
        .year
        .map(|year| format!("{year} 年"))
        .unwrap_or_default();
    format!(
        "{year}{} {}（{}）",
        fact.attribute,
        fact.value,
        whence(fact)
    )
}

/// Department and day.
fn whence(fact: &FactView) -> String {
    match fact.as_of {
        Some(day) => format!("{}，{}", fact.department, date_zh(day)),
        None => fact.department.clone(),
    }
}

/// 匹配依据
pub(crate) async fn show(
    State(matching): State<Arc<Matching>>,
    frame: Frame,
    Path((code, item)): Path<(String, String)>,
    Query(day): Query<DayQuery>,
) -> Result<Html<PairPage>, PageError> {
    let on = day.day(&matching)?;
    let reached = matching.reached(&frame.viewer, &code, "匹配依据", Some(&item));
    let enterprise = reached.await.map_err(Problem::from)?;
    let found = matching
        .for_pair(&enterprise.code, &item, on)
        .await
        .map_err(Problem::from)?;
    let code = found.enterprise.code.clone().unwrap_or_default();
    let name = found.enterprise.name.clone().unwrap_or_default();
    let matches = matches_title(&frame.viewer, &code);
    let page = frame
        .page(found.item.head.name.clone())
        .lead(format!(
            "{name} 能否享受这一事项，依据是什么。基准日 {}",
            date_zh(on)
        ))
        .active("/enterprises")
        .crumb("市场主体", "/enterprises")
        .crumb(name, format!("/enterprises/{code}"))
        .crumb(matches, format!("/enterprises/{code}/matches"));
    Ok(Html(PairPage {
        page,
        way: super::way(&matching, &found).await?,
        matches,
        mark: found.item.label.mark(),
        conditions: condition_rows(found.item.conditions.as_deref().unwrap_or_default()),
        on: day_text(&matching, on),
        muted: matching
            .is_muted(&frame.viewer, &enterprise, &found.item.head.id)
            .await
            .map_err(Problem::from)?,
        code,
        found,
    }))
}

/// 不再提醒这一项；带 again 时恢复提醒
pub(crate) async fn mute(
    State(matching): State<Arc<Matching>>,
    frame: Frame,
    Path((code, item)): Path<(String, String)>,
    fields: Fields,
) -> Result<Redirect, PageError> {
    let muted = fields.get("again").is_empty();
    let page = matching.set_muted(&frame.viewer, (&code, &item), muted);
    let page = page.await.map_err(Problem::from)?;
    Ok(Redirect::to(&format!("{page}#reminders")))
}
