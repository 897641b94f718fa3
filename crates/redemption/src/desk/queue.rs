//! The queue's page and its exports.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use serde::Deserialize;
use zhida_casework::{Named as _, Urged};
use zhida_platform::cases::Scope;
use zhida_platform::export::{Chosen, csv_response, xlsx_response};
use zhida_platform::format::{count, money_fen, until_zh};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Exports, Frame, Html, Page, Pager, SavedView, Tab, Tone};

use super::DESK;
use super::export::{columns, stage_word, turn_word};
use super::query::DeskQuery;
use super::store::DeskRow;
use crate::pages::Answer;
use crate::rights::HANDLE;
use crate::service::Redemption;
use crate::words::{Awaits, DueIn, Stage, Whose};

const ROWS: u32 = 50;

type App = State<Arc<Redemption>>;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct After {
    pub after: Option<String>,
}

#[derive(Template)]
#[template(path = "redemption/desk/queue.html")]
struct QueuePage {
    page: Page,
    tabs: Vec<Tab>,
    query: DeskQuery,
    states: Vec<Choice>,
    stages: Vec<Choice>,
    dues: Vec<Choice>,
    whos: Vec<Choice>,
    outcomes: Vec<Choice>,
    replies: Vec<Choice>,
    urgeds: Vec<Choice>,
    lines: Vec<Line>,
    exports: Exports,
    pager: Pager,
    /// The filters as they are saved with a view.
    saved: String,
    views: Vec<SavedView<DeskQuery>>,
    handles: bool,
    actions: Vec<Choice>,
}

struct Line {
    id: String,
    version: i64,
    number: String,
    enterprise: String,
    item: String,
    amount: String,
    state: String,
    turn: &'static str,
    handler: String,
    due: String,
    overdue: bool,
    waits: i64,
    /// A message waits for an answer: words and tone.
    awaits: Option<(&'static str, &'static str)>,
    /// How far it was pressed for: words and tone.
    urged: Option<(&'static str, &'static str)>,
    is_open: bool,
}

/// 办件
pub(super) async fn list(
    State(app): App,
    frame: Frame,
    Query(query): Query<DeskQuery>,
    Query(after): Query<After>,
) -> Answer {
    let viewer = &frame.viewer;
    let request = PageRequest {
        after: after.after,
        limit: ROWS,
    }
    .checked(ROWS)?;
    let found = app
        .desk(viewer, &query, &request)
        .await
        .map_err(Problem::from)?;
    let total = match (&request.after, &found.next) {
        // a list that one page shows is counted by showing it
        (None, None) => found.items.len() as u64,
        _ => app
            .desk_count(viewer, &query)
            .await
            .map_err(Problem::from)?,
    };
    let views = app.views(viewer).await.map_err(Problem::from)?;
    let now = app.clock.now();
    let summary = format!("共 {} 件", count(total));
    let csv = query.address(&format!("{DESK}/export.csv"), None);
    let exports = frame
        .exports("redemption.desk", &csv, &columns(), &summary)
        .await?;
    let mut page = frame
        .page("兑付办件")
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
        dues: Choice::words(query.due, "不限"),
        whos: Choice::words(query.who, "全部"),
        outcomes: Choice::words(query.outcome, "全部结果"),
        replies: Choice::words(query.reply, "不限"),
        urgeds: Choice::words(query.urged, "不限"),
        lines: found.items.into_iter().map(|row| line(row, now)).collect(),
        exports,
        pager: Pager {
            summary,
            first: request
                .after
                .map(|_| query.address(DESK, None))
                .unwrap_or_default(),
            next: found
                .next
                .map(|next| query.address(DESK, Some(("after", &next))))
                .unwrap_or_default(),
        },
        saved: serde_json::to_string(&query).map_err(Problem::internal)?,
        handles: viewer.may(HANDLE) && query.who != Some(Whose::Asked),
        actions: super::batch::ACTIONS
            .iter()
            .map(|(slug, label)| Choice::new(*slug, *label, ""))
            .collect(),
        views,
        query,
    })
    .into_response())
}

/// What everybody needs daily, then one's own views.
fn tabs(query: &DeskQuery, views: &[SavedView<DeskQuery>]) -> Vec<Tab> {
    let with = |change: fn(&mut DeskQuery)| {
        let mut one = DeskQuery::default();
        change(&mut one);
        one
    };
    let answering = |one: &mut DeskQuery| {
        (one.reply, one.state) = (Some(Awaits::Office), Some(Scope::All));
    };
    let usual = [
        ("全部在办", DeskQuery::default()),
        ("我办理的", with(|one| one.who = Some(Whose::Mine))),
        ("已逾期", with(|one| one.due = Some(DueIn::Overdue))),
        ("待回复", with(answering)),
        ("征求意见", with(|one| one.who = Some(Whose::Asked))),
    ];
    let usual = usual
        .into_iter()
        .map(|(label, one)| Tab::new(label, one.address(DESK, None), one == *query));
    let own = views.iter().filter_map(|view| view.tab(DESK, query));
    usual.chain(own).collect()
}

fn line(row: DeskRow, now: chrono::DateTime<chrono::Utc>) -> Line {
    let ended = row.ended();
    let head = row.head;
    let state = match head.outcome.as_deref() {
        Some(_) => ended.to_owned(),
        None if head.held => format!("{}（暂停）", stage_word(&head.stage)),
        None if head.turn == "enterprise" && head.stage != Stage::Confirm.slug() => {
            format!("{}（待补正）", stage_word(&head.stage))
        }
        None => stage_word(&head.stage).to_owned(),
    };
    Line {
        overdue: head.is_open() && head.due_at.is_some_and(|due| due < now),
        is_open: head.is_open(),
        id: head.id.to_string(),
        version: head.version,
        number: head.number,
        enterprise: row.enterprise_name,
        item: row.item_name,
        amount: row.fen.map(money_fen).unwrap_or_default(),
        state,
        turn: turn_word(&head.turn),
        handler: head.handler_name.or(head.holder_name).unwrap_or_default(),
        due: head.due_at.map(until_zh).unwrap_or_default(),
        waits: row.waits,
        awaits: row.awaits.as_deref().map(|side| match side {
            "office" => ("留言待答复", "yellow"),
            _ => ("留言等企业", "grey"),
        }),
        urged: head
            .urged
            .as_deref()
            .and_then(Urged::from_slug)
            .map(|urged| match urged {
                Urged::Reminded => (urged.name(), "yellow"),
                Urged::Escalated => (urged.name(), "red"),
            }),
    }
}

/// CSV of the queue.
pub(super) async fn csv(
    State(app): App,
    frame: Frame,
    Query(query): Query<DeskQuery>,
    chosen: Chosen,
) -> Answer {
    let table = app.desk_table(&frame.viewer, query, &chosen, "CSV").await;
    Ok(csv_response(table.map_err(Problem::from)?))
}

/// XLSX of the queue.
pub(super) async fn xlsx(
    State(app): App,
    frame: Frame,
    Query(query): Query<DeskQuery>,
    chosen: Chosen,
) -> Answer {
    let viewer = &frame.viewer;
    let table = app.desk_table(viewer, query, &chosen, "Excel").await;
    Ok(xlsx_response(table.map_err(Problem::from)?).await?)
}
