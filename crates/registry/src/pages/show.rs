//! The file of one enterprise.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::{Path, State};
use zhida_platform::access::{Level, Viewer};
use zhida_platform::format;
use zhida_rules::{Attribute, Dictionary, Fact, Kind, Number, Provenance, Value, show as words};
use zhida_ui::chart::{Caption, Chart, Datum, bars};
use zhida_ui::{Frame, Html, Page, PageError};

use super::LIST;
use super::list::{industry_words, place_words};
use crate::Registry;
use crate::document::value_of;
use crate::listing::{Sight, seen};
use crate::model::{Enterprise, FactChange};
use crate::rights::{AUDIT, MATCHES};
use crate::room::App;
use crate::tags::sensitivity_level;

/// Charts of one enterprise at most.
const CHARTS_MAX: usize = 4;

#[derive(Template)]
#[template(path = "registry/show.html")]
pub(crate) struct ShowPage {
    page: Page,
    code: String,
    /// Place, industry, size, status and age, as far as known.
    head: Vec<String>,
    tags: Vec<String>,
    updated: String,
    groups: Vec<Group>,
    charts: Vec<Chart>,
    /// The viewer may not see everything; whether there is more, and how much, is not told.
    withheld: bool,
    /// Where the enterprise sees who looked at its file; empty for everybody else.
    views: String,
    /// Where the matches are, to which a visitor has to sign in; empty when they are beyond reach.
    matches: String,
}

/// The facts of one heading of the dictionary.
struct Group {
    name: String,
    facts: Vec<Line>,
    years: Vec<i32>,
    series: Vec<Series>,
}

impl Group {
    /// The cells of a row with their years.
    fn cells<'a>(&'a self, row: &'a Series) -> impl Iterator<Item = (&'a i32, &'a String)> {
        self.years.iter().zip(&row.cells)
    }
}

/// One fact in words.
struct Line {
    name: String,
    value: String,
    source: String,
    level: &'static str,
    note: String,
    past: Vec<PastLine>,
}

/// An annual attribute.
struct Series {
    name: String,
    level: &'static str,
    cells: Vec<String>,
    source: String,
    past: Vec<PastLine>,
}

/// A statement that is not the current one.
struct PastLine {
    when: String,
    what: String,
    why: &'static str,
}

/// 企业档案
pub(crate) async fn show(
    State(app): State<App>,
    frame: Frame,
    Path(code): Path<String>,
) -> Result<Html<ShowPage>, PageError> {
    let registry = &app.registry;
    let (enterprise, viewer) = registry.shown(&frame.viewer, &code, "企业档案").await?;
    let history = registry.history(&enterprise.code).await?;
    let sight = Sight::of(registry, &frame.viewer).await?;
    let page = frame
        .page(enterprise.name.clone())
        .active(LIST)
        .crumb("市场主体", LIST);
    let leads_on = frame.viewer.is_visitor() || frame.viewer.covers(MATCHES, &enterprise.access());
    let watches = frame.viewer.covers(AUDIT, &enterprise.access());
    let mut shown = view(registry, &viewer, page, enterprise, &history, &sight);
    if watches {
        shown.views = format!("{LIST}/{}/views", shown.code);
    }
    if !leads_on {
        shown.matches.clear();
    }
    Ok(Html(shown))
}

fn view(
    registry: &Registry,
    viewer: &Viewer,
    page: Page,
    enterprise: Enterprise,
    history: &[FactChange],
    sight: &Sight,
) -> ShowPage {
    let dictionary = registry.dictionary();
    let columns = sight.columns(&enterprise.access());
    let facts: Vec<Shown<'_>> = enterprise
        .facts
        .iter()
        .map(|((index, year), fact)| Shown {
            attribute: dictionary.attribute(*index),
            year: *year,
            fact,
            viewer,
        })
        .filter(|shown| visible(viewer, shown.attribute))
        .collect();
    let past = pasts(dictionary, history, viewer);
    ShowPage {
        page,
        head: [
            enterprise.division.as_deref().map(place_words),
            enterprise.industry.as_deref().map(industry_words),
            enterprise.size.clone().filter(|_| columns.size),
            enterprise.status.clone(),
            enterprise
                .registered_on
                .map(|day| format!("{}成立", format::date_zh(day))),
        ]
        .into_iter()
        .flatten()
        .collect(),
        tags: enterprise
            .tags
            .iter()
            .filter(|tag| columns.tags.contains(tag))
            .cloned()
            .collect(),
        updated: format::datetime_zh(enterprise.updated_at),
        groups: groups(dictionary, &facts, &past),
        charts: charts(dictionary, &facts),
        withheld: !viewer.can_see(Level::Confidential),
        views: String::new(),
        matches: format!("{LIST}/{}/matches", enterprise.code),
        code: enterprise.code,
    }
}

/// A fact that the viewer may see.
struct Shown<'a> {
    attribute: &'a Attribute,
    year: Option<i32>,
    fact: &'a Fact,
    viewer: &'a Viewer,
}

impl Shown<'_> {
    fn value(&self) -> String {
        words_for(self.viewer, self.attribute, &self.fact.value)
    }
}

fn visible(viewer: &Viewer, attribute: &Attribute) -> bool {
    viewer.can_see(sensitivity_level(attribute.sensitivity))
}

type Pasts = BTreeMap<String, Vec<(Option<i32>, PastLine)>>;

/// The history by attribute, newest first.
fn pasts(dictionary: &Dictionary, history: &[FactChange], viewer: &Viewer) -> Pasts {
    let mut pasts = Pasts::new();
    for fact in history.iter().flat_map(|change| &change.facts) {
        let Some(index) = dictionary.find(&fact.attribute) else {
            continue;
        };
        let attribute = dictionary.attribute(index);
        if !visible(viewer, attribute) {
            continue;
        }
        let value = value_of(attribute.kind, &fact.value);
        let value = value.map_or_else(
            || fact.value.to_string(),
            |value| words_for(viewer, attribute, &value),
        );
        let year = fact
            .year
            .map(|year| format!("{year} 年："))
            .unwrap_or_default();
        let batch = fact.batch.map(|batch| batch.to_string());
        let line = PastLine {
            when: source_words(&fact.department, fact.as_of, batch.as_deref()),
            what: format!("{year}{value}"),
            why: if fact.adopted {
                "后被更新的数据替换"
            } else {
                "未采用：晚到的旧数据，或同日而非责任部门"
            },
        };
        pasts
            .entry(fact.attribute.clone())
            .or_default()
            .push((fact.year, line));
    }
    pasts
}

fn groups(dictionary: &Dictionary, facts: &[Shown<'_>], pasts: &Pasts) -> Vec<Group> {
    let mut names: Vec<&str> = Vec::new();
    for attribute in dictionary.attributes() {
        if !names.contains(&attribute.group.as_str()) {
            names.push(&attribute.group);
        }
    }
    let mut groups = Vec::new();
    for name in names {
        let own: Vec<&Shown<'_>> = facts
            .iter()
            .filter(|shown| shown.attribute.group == name)
            .collect();
        if own.is_empty() {
            continue;
        }
        let years: BTreeSet<i32> = own.iter().filter_map(|shown| shown.year).collect();
        let years: Vec<i32> = years.into_iter().collect();
        let plain = own.iter().filter(|shown| shown.year.is_none());
        groups.push(Group {
            name: if name.is_empty() {
                "其他".to_owned()
            } else {
                name.to_owned()
            },
            facts: plain.map(|shown| line(shown, pasts)).collect(),
            series: series(&own, &years, pasts),
            years,
        });
    }
    groups
}

fn line(shown: &Shown<'_>, pasts: &Pasts) -> Line {
    Line {
        name: shown.attribute.name.clone(),
        value: shown.value(),
        source: provenance_words(shown.fact.provenance.as_deref()),
        level: level_word(shown.attribute),
        note: shown.attribute.note.clone().unwrap_or_default(),
        past: past_lines(pasts, &shown.attribute.id),
    }
}

fn past_lines(pasts: &Pasts, id: &str) -> Vec<PastLine> {
    let lines = pasts.get(id).into_iter().flatten();
    lines
        .map(|(_, line)| PastLine {
            when: line.when.clone(),
            what: line.what.clone(),
            why: line.why,
        })
        .collect()
}

fn series(facts: &[&Shown<'_>], years: &[i32], pasts: &Pasts) -> Vec<Series> {
    let mut rows: Vec<(&Attribute, BTreeMap<i32, &Fact>)> = Vec::new();
    for shown in facts {
        let Some(year) = shown.year else { continue };
        match rows
            .iter_mut()
            .find(|(attribute, _)| attribute.id == shown.attribute.id)
        {
            Some((_, known)) => {
                known.insert(year, shown.fact);
            }
            None => rows.push((shown.attribute, BTreeMap::from([(year, shown.fact)]))),
        }
    }
    rows.into_iter()
        .map(|(attribute, known)| {
            let cell = |year| {
                known
                    .get(year)
                    .map(|fact| value_words(attribute, &fact.value))
            };
            let mut sources: Vec<String> = known
                .values()
                .map(|fact| provenance_words(fact.provenance.as_deref()))
                .collect();
            sources.dedup();
            Series {
                name: attribute.name.clone(),
                level: level_word(attribute),
                cells: years
                    .iter()
                    .map(|year| cell(year).unwrap_or_default())
                    .collect(),
                source: sources.join("；"),
                past: past_lines(pasts, &attribute.id),
            }
        })
        .collect()
}

/// Bars of the money and head counts known for several years.
fn charts(dictionary: &Dictionary, facts: &[Shown<'_>]) -> Vec<Chart> {
    let mut charts = Vec::new();
    for attribute in dictionary
        .attributes()
        .iter()
        .filter(|a| a.annual && a.kind == Kind::Number)
    {
        let own: Vec<&Shown<'_>> = facts
            .iter()
            .filter(|shown| shown.attribute.id == attribute.id)
            .collect();
        let data: Option<Vec<Datum>> = own.iter().map(|shown| datum(shown)).collect();
        let Some(data) = data.filter(|data| data.len() > 1) else {
            continue;
        };
        let first = own.first().and_then(|shown| shown.year).unwrap_or_default();
        let last = own.last().and_then(|shown| shown.year).unwrap_or_default();
        let summary = format!(
            "{first} 至 {last} 年，最近一年 {}。",
            data.last().map_or("", |d| d.text.as_str())
        );
        charts.push(bars(
            &Caption::new(&attribute.name, summary, "年度", &attribute.name),
            &data,
        ));
        if charts.len() == CHARTS_MAX {
            break;
        }
    }
    charts
}

/// A bar; `None` for what has no length (negative, or beyond 64 bits).
fn datum(shown: &Shown<'_>) -> Option<Datum> {
    let number = shown.fact.value.as_number()?;
    // four decimals keep ratios apart
    let length = (number.clone() * Number::integer(10_000))
        .floor()
        .to_i64()?;
    let length = u64::try_from(length).ok()?;
    Some(
        Datum::new(format!("{} 年", shown.year?), length)
            .text(value_words(shown.attribute, &shown.fact.value)),
    )
}

fn words_for(viewer: &Viewer, attribute: &Attribute, value: &Value) -> String {
    value_words(attribute, &seen(viewer, attribute, value))
}

fn value_words(attribute: &Attribute, value: &Value) -> String {
    match (attribute.kind, value) {
        (Kind::Division, Value::Text(code)) => place_words(code),
        (Kind::Industry, Value::Text(code)) => industry_words(code),
        _ => words(value, attribute.unit.as_deref()),
    }
}

fn provenance_words(provenance: Option<&Provenance>) -> String {
    provenance.map_or_else(
        || "来源不详".to_owned(),
        |source| source_words(&source.department, source.as_of, source.batch.as_deref()),
    )
}

fn source_words(department: &str, as_of: Option<chrono::NaiveDate>, batch: Option<&str>) -> String {
    let mut text = department.to_owned();
    if let Some(day) = as_of {
        text.push_str(&format!("，{}", format::date_zh(day)));
    }
    if let Some(batch) = batch {
        text.push_str(&format!("，批次 {batch}"));
    }
    text
}

fn level_word(attribute: &Attribute) -> &'static str {
    match sensitivity_level(attribute.sensitivity) {
        Level::Public => "",
        Level::Internal => "内部",
        Level::Confidential => "保密",
    }
}
