//! The queue's page and its exports.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use zhida_platform::access::Viewer;
use zhida_platform::export::{csv_response, xlsx_response};
use zhida_platform::format::{count, until_zh};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Frame, Html, Page, Pager, Tab};

use super::DESK;
use super::views::SavedView;
use crate::error::Error;
use crate::model::AppealRow;
use crate::pages::Answer;
use crate::places;
use crate::query::{AppealQuery, Awaits, Standing, Whose};
use crate::rights::{HANDLE, READ};
use crate::rules::Catalogue;
use crate::service::Appeals;
use crate::words::{Channel, Outcome, Satisfaction, Stage, Supervision, Track};

const ROWS: u32 = 50;

type App = State<Arc<Appeals>>;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct After {
    pub after: Option<String>,
}

#[derive(Template)]
#[template(path = "appeals/desk/queue.html")]
struct QueuePage {
    page: Page,
    tabs: Vec<Tab>,
    query: AppealQuery,
    states: Vec<Choice>,
    stages: Vec<Choice>,
    categories: Vec<Choice>,
    places: Vec<Choice>,
    channels: Vec<Choice>,
    tracks: Vec<Choice>,
    standings: Vec<Choice>,
    whos: Vec<Choice>,
    replies: Vec<Choice>,
    outcomes: Vec<Choice>,
    satisfactions: Vec<Choice>,
    from: String,
    to: String,
    lines: Vec<Line>,
    csv: String,
    xlsx: String,
    summary: String,
    pager: Pager,
    saved: String,
    views: Vec<SavedView>,
}

struct Line {
    id: String,
    number: String,
    title: String,
    enterprise: String,
    category: String,
    state: String,
    lead: String,
    due: String,
    overdue: bool,
    waits: i64,
    unanswered: i64,
    voices: i64,
    again: bool,
    supervision: &'static str,
}

/// Whether somebody may look at the desk: who handles or reads.
pub(super) fn may_look(viewer: &Viewer) -> Result<(), Error> {
    match viewer.may(HANDLE) {
        true => Ok(()),
        false => Ok(viewer.need(READ)?),
    }
}

/// 诉求
pub(super) async fn list(
    State(app): App,
    frame: Frame,
    Query(query): Query<AppealQuery>,
    Query(after): Query<After>,
) -> Answer {
    let viewer = &frame.viewer;
    may_look(viewer)?;
    let request = PageRequest {
        after: after.after,
        limit: ROWS,
    }
    .checked(ROWS)?;
    let found = app.list(viewer, &query, &request).await?;
    let total = match (&request.after, &found.next) {
        // a list that one page shows is counted by showing it
        (None, None) => found.items.len() as u64,
        _ => app.count(viewer, &query).await?,
    };
    let views = app.views(viewer).await?;
    let now = app.clock.now();
    let summary = format!("共 {} 件", count(total));
    Ok(Html(QueuePage {
        page: frame
            .page("诉求")
            .lead("先到期的排在前面。导出的就是筛选出来的全部。")
            .active(DESK)
            .office(),
        tabs: tabs(&query, &views),
        states: choices(
            &query.state,
            &[("", "在办"), ("closed", "已办结"), ("all", "全部")],
        ),
        stages: words(
            &query.stage,
            "全部环节",
            Stage::ALL.iter().map(|one| (one.slug(), one.word())),
        ),
        categories: categories(&app.catalogue().await?.catalogue, &query.category),
        places: places::choices(&[&app.rules().await?.rules.place], &query.place),
        channels: words(
            &query.channel,
            "全部渠道",
            Channel::ALL.iter().map(|one| (one.slug(), one.word())),
        ),
        tracks: words(
            &query.track,
            "全部类型",
            Track::ALL.iter().map(|one| (one.slug(), one.word())),
        ),
        standings: words(
            &query.standing,
            "不限",
            Standing::ALL.iter().map(|one| (one.slug(), one.word())),
        ),
        whos: words(
            &query.who,
            "全部",
            Whose::ALL.iter().map(|one| (one.slug(), one.word())),
        ),
        replies: words(
            &query.reply,
            "不限",
            Awaits::ALL.iter().map(|one| (one.slug(), one.word())),
        ),
        outcomes: words(
            &query.outcome,
            "全部结果",
            Outcome::ALL.iter().map(|one| (one.slug(), one.word())),
        ),
        satisfactions: words(
            &query.satisfaction,
            "不限",
            Satisfaction::ALL.iter().map(|one| (one.slug(), one.word())),
        ),
        from: query.from.map(|day| day.to_string()).unwrap_or_default(),
        to: query.to.map(|day| day.to_string()).unwrap_or_default(),
        lines: found.items.into_iter().map(|row| line(row, now)).collect(),
        csv: address(&format!("{DESK}/export.csv"), &query, None),
        xlsx: address(&format!("{DESK}/export.xlsx"), &query, None),
        pager: Pager {
            summary: summary.clone(),
            first: request
                .after
                .map(|_| address(DESK, &query, None))
                .unwrap_or_default(),
            next: found
                .next
                .map(|next| address(DESK, &query, Some(&next)))
                .unwrap_or_default(),
        },
        summary,
        saved: serde_json::to_string(&query).map_err(Problem::internal)?,
        views,
        query,
    })
    .into_response())
}

fn choices(current: &str, all: &[(&'static str, &'static str)]) -> Vec<Choice> {
    all.iter()
        .map(|(value, label)| Choice::new(*value, *label, current))
        .collect()
}

/// The categories in words; a filter has those that are closed too.
fn categories(catalogue: &Catalogue, current: &str) -> Vec<Choice> {
    let named = catalogue.categories.iter();
    let named = named.map(|one| Choice::new(&one.path, catalogue.full_name(&one.path), current));
    let mut choices = vec![Choice::new("", "全部分类", current)];
    choices.extend(named);
    if choices.iter().all(|choice| !choice.chosen) {
        choices.push(Choice::new(current, catalogue.full_name(current), current));
    }
    choices
}

/// A vocabulary as choices, with one that asks nothing before it.
pub(super) fn words(
    current: &str,
    none: &str,
    all: impl Iterator<Item = (&'static str, &'static str)>,
) -> Vec<Choice> {
    let first = Choice::new("", none, current);
    std::iter::once(first)
        .chain(all.map(|(slug, word)| Choice::new(slug, word, current)))
        .collect()
}

/// What everybody needs daily, then one's own views.
fn tabs(query: &AppealQuery, views: &[SavedView]) -> Vec<Tab> {
    let with = |change: fn(&mut AppealQuery)| {
        let mut one = AppealQuery::default();
        change(&mut one);
        one
    };
    let usual = [
        ("全部在办", AppealQuery::default()),
        ("待受理", with(|one| one.stage = "intake".to_owned())),
        ("待交办", with(|one| one.stage = "dispatch".to_owned())),
        ("待回访", with(|one| one.stage = "visit".to_owned())),
        ("留言待答复", with(|one| one.reply = "office".to_owned())),
        ("等本单位协办", with(|one| one.who = "asked".to_owned())),
        ("已逾期", with(|one| one.standing = "overdue".to_owned())),
        (
            "督查督办",
            with(|one| one.standing = "supervised".to_owned()),
        ),
    ];
    let usual = usual
        .into_iter()
        .map(|(label, one)| Tab::new(label, address(DESK, &one, None), one == *query));
    let own = views.iter().map(|view| {
        let tab = Tab::new(
            view.name.as_str(),
            address(DESK, &view.query, None),
            view.query == *query,
        );
        tab.count(count(view.count))
    });
    usual.chain(own).collect()
}

/// The address of a list with its filters.
pub(super) fn address(path: &str, query: &AppealQuery, after: Option<&str>) -> String {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    if let Ok(Value::Object(fields)) = serde_json::to_value(query) {
        for (name, value) in &fields {
            if let Some(value) = value.as_str() {
                text.append_pair(name, value);
            }
        }
    }
    text.extend_pairs(after.map(|after| ("after", after)));
    match text.finish() {
        text if text.is_empty() => path.to_owned(),
        text => format!("{path}?{text}"),
    }
}

fn line(row: AppealRow, now: DateTime<Utc>) -> Line {
    Line {
        overdue: row.head.is_open() && row.head.due_at.is_some_and(|due| due < now),
        state: row.state_words(),
        id: row.head.id.to_string(),
        number: row.head.number,
        title: row.head.title,
        enterprise: row.enterprise_name,
        category: row.category_name,
        lead: row
            .head
            .handler_name
            .or(row.head.holder_name)
            .unwrap_or_default(),
        due: row.head.due_at.map(until_zh).unwrap_or_default(),
        waits: row.waits,
        unanswered: row.unanswered,
        voices: row.voices,
        again: row.dispatches > 1 || row.reopenings > 0,
        supervision: row.supervision.map_or("", Supervision::word),
    }
}

/// CSV of the queue.
pub(super) async fn csv(State(app): App, frame: Frame, Query(query): Query<AppealQuery>) -> Answer {
    may_look(&frame.viewer)?;
    let table = app.table(&frame.viewer, query, "CSV").await?;
    Ok(csv_response(table))
}

/// XLSX of the queue.
pub(super) async fn xlsx(
    State(app): App,
    frame: Frame,
    Query(query): Query<AppealQuery>,
) -> Answer {
    may_look(&frame.viewer)?;
    let table = app.table(&frame.viewer, query, "Excel").await?;
    Ok(xlsx_response(table).await?)
}
