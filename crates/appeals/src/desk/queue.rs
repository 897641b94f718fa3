//! The queue's page and its exports.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use zhida_platform::access::Viewer;
use zhida_platform::export::{Chosen, csv_response, xlsx_response};
use zhida_platform::format::{count, until_zh};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Exports, Frame, Html, Page, Pager, SavedView, Tab, Tone, places};

use super::DESK;
use super::export::columns;
use crate::error::Error;
use crate::model::AppealRow;
use crate::pages::Answer;
use crate::query::AppealQuery;
use crate::rights::{HANDLE, READ};
use crate::rules::Catalogue;
use crate::service::Appeals;
use crate::words::{Alert, Awaits, Stage, Supervision, Whose};

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
    exports: Exports,
    pager: Pager,
    saved: String,
    views: Vec<SavedView<AppealQuery>>,
}

impl QueuePage {
    /// Whether one of the filters is set that are folded otherwise.
    fn has_rare_filters(&self) -> bool {
        let lists = [
            &self.replies,
            &self.channels,
            &self.tracks,
            &self.categories,
            &self.places,
            &self.outcomes,
            &self.satisfactions,
        ];
        let mut choices = lists.into_iter().flatten();
        let texts = [&self.query.enterprise, &self.from, &self.to];
        choices.any(|one| one.chosen && !one.value.is_empty())
            || texts.iter().any(|text| !text.is_empty())
    }
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
    let csv = query.address(&format!("{DESK}/export.csv"), &[]);
    let exports = frame
        .exports("appeals.desk", &csv, &columns(), &summary)
        .await?;
    let mut page = frame
        .page("诉求")
        .lead("先到期的排在前面。导出的就是筛选出来的全部。")
        .active(DESK)
        .office();
    if let Some(words) = SavedView::unreadable(&views) {
        page = page.notice(Tone::Warning, words);
    }
    Ok(Html(QueuePage {
        page,
        tabs: tabs(&query, &views),
        states: Choice::words(query.state, "在办"),
        stages: Choice::words(query.stage, "全部环节"),
        categories: categories(&app.catalogue().await?.catalogue, &query.category),
        places: places::choices("全部", &[&app.rules().await?.rules.place], &query.place),
        channels: Choice::words(query.channel, "全部渠道"),
        tracks: Choice::words(query.track, "全部类型"),
        standings: Choice::words(query.standing, "不限"),
        whos: Choice::words(query.who, "全部"),
        replies: Choice::words(query.reply, "不限"),
        outcomes: Choice::words(query.outcome, "全部结果"),
        satisfactions: Choice::words(query.satisfaction, "不限"),
        from: query.from.map(|day| day.to_string()).unwrap_or_default(),
        to: query.to.map(|day| day.to_string()).unwrap_or_default(),
        lines: found.items.into_iter().map(|row| line(row, now)).collect(),
        exports,
        pager: Pager {
            summary,
            first: request
                .after
                .map(|_| query.address(DESK, &[]))
                .unwrap_or_default(),
            next: found
                .next
                .map(|next| query.address(DESK, &[("after", &next)]))
                .unwrap_or_default(),
        },
        saved: serde_json::to_string(&query).map_err(Problem::internal)?,
        views,
        query,
    })
    .into_response())
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

/// What everybody needs daily, then one's own views.
fn tabs(query: &AppealQuery, views: &[SavedView<AppealQuery>]) -> Vec<Tab> {
    let with = |change: fn(&mut AppealQuery)| {
        let mut one = AppealQuery::default();
        change(&mut one);
        one
    };
    let usual = [
        ("全部在办", AppealQuery::default()),
        ("待受理", with(|one| one.stage = Some(Stage::Intake))),
        ("待交办", with(|one| one.stage = Some(Stage::Dispatch))),
        ("待回访", with(|one| one.stage = Some(Stage::Visit))),
        ("留言待答复", with(|one| one.reply = Some(Awaits::Office))),
        ("等本单位协办", with(|one| one.who = Some(Whose::Asked))),
        ("已逾期", with(|one| one.standing = Some(Alert::Overdue))),
        (
            "督查督办",
            with(|one| one.standing = Some(Alert::Supervised)),
        ),
    ];
    let usual = usual
        .into_iter()
        .map(|(label, one)| Tab::new(label, one.address(DESK, &[]), one == *query));
    let own = views.iter().filter_map(|view| view.tab(DESK, query));
    usual.chain(own).collect()
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
pub(super) async fn csv(
    State(app): App,
    frame: Frame,
    Query(query): Query<AppealQuery>,
    chosen: Chosen,
) -> Answer {
    may_look(&frame.viewer)?;
    let table = app.table(&frame.viewer, query, &chosen, "CSV").await?;
    Ok(csv_response(table))
}

/// XLSX of the queue.
pub(super) async fn xlsx(
    State(app): App,
    frame: Frame,
    Query(query): Query<AppealQuery>,
    chosen: Chosen,
) -> Answer {
    may_look(&frame.viewer)?;
    let table = app.table(&frame.viewer, query, &chosen, "Excel").await?;
    Ok(xlsx_response(table).await?)
}
