//! The queue's page and its exports.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use serde::Deserialize;
use zhida_platform::export::{csv_response, xlsx_response};
use zhida_platform::format::{count, money_fen, until_zh};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Frame, Html, Page, Pager, Tab};

use super::DESK;
use super::export::{outcome_word, stage_word, turn_word};
use super::query::DeskQuery;
use super::store::DeskRow;
use super::views::SavedView;
use crate::pages::Answer;
use crate::rights::HANDLE;
use crate::service::Redemption;
use crate::words::{Outcome, Stage};

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
    lines: Vec<Line>,
    csv: String,
    xlsx: String,
    summary: String,
    pager: Pager,
    /// The filters as they are saved with a view.
    saved: String,
    views: Vec<SavedView>,
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
    Ok(Html(QueuePage {
        page: frame
            .page("兑付办件")
            .lead("先到期的排在前面。导出的就是筛选出来的全部。")
            .active(DESK)
            .office(),
        tabs: tabs(&query, &views),
        states: choices(
            &query.state,
            &[("", "在办"), ("closed", "已办结"), ("all", "全部")],
        ),
        stages: std::iter::once(Choice::new("", "全部环节", &query.stage))
            .chain(
                Stage::ALL
                    .iter()
                    .map(|stage| Choice::new(stage.slug(), stage.word(), &query.stage)),
            )
            .collect(),
        dues: choices(
            &query.due,
            &[
                ("", "不限"),
                ("overdue", "已逾期"),
                ("today", "今天到期"),
                ("week", "七天内到期"),
            ],
        ),
        whos: choices(
            &query.who,
            &[
                ("", "全部"),
                ("mine", "我办理的"),
                ("free", "还没有人办的"),
                ("asked", "征求我单位意见的"),
            ],
        ),
        outcomes: std::iter::once(Choice::new("", "全部结果", &query.outcome))
            .chain(
                Outcome::ALL
                    .iter()
                    .map(|one| Choice::new(one.slug(), one.word(), &query.outcome)),
            )
            .collect(),
        replies: choices(
            &query.reply,
            &[
                ("", "不限"),
                ("office", "待部门答复"),
                ("enterprise", "待企业答复"),
            ],
        ),
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
        handles: viewer.may(HANDLE) && query.who != "asked",
        actions: choices("", super::batch::ACTIONS),
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

/// What everybody needs daily, then one's own views.
fn tabs(query: &DeskQuery, views: &[SavedView]) -> Vec<Tab> {
    let usual = [
        ("全部在办", DeskQuery::default()),
        (
            "我办理的",
            DeskQuery {
                who: "mine".to_owned(),
                ..DeskQuery::default()
            },
        ),
        (
            "已逾期",
            DeskQuery {
                due: "overdue".to_owned(),
                ..DeskQuery::default()
            },
        ),
        (
            "待回复",
            DeskQuery {
                reply: "office".to_owned(),
                state: "all".to_owned(),
                ..DeskQuery::default()
            },
        ),
        (
            "征求意见",
            DeskQuery {
                who: "asked".to_owned(),
                ..DeskQuery::default()
            },
        ),
    ];
    let usual = usual
        .into_iter()
        .map(|(label, one)| Tab::new(label, address(DESK, &one, None), one == *query));
    let own = views.iter().map(|view| Tab {
        count: count(view.count),
        ..Tab::new(
            view.name.as_str(),
            address(DESK, &view.query, None),
            view.query == *query,
        )
    });
    usual.chain(own).collect()
}

/// The address of a list with its filters.
pub(super) fn address(path: &str, query: &DeskQuery, after: Option<&str>) -> String {
    let fields = [
        ("q", query.q.as_str()),
        ("item", &query.item),
        ("stage", &query.stage),
        ("turn", &query.turn),
        ("due", &query.due),
        ("who", &query.who),
        ("reply", &query.reply),
        ("state", &query.state),
        ("outcome", &query.outcome),
        ("after", after.unwrap_or_default()),
    ];
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(fields.into_iter().filter(|(_, value)| !value.is_empty()));
    match text.finish() {
        text if text.is_empty() => path.to_owned(),
        text => format!("{path}?{text}"),
    }
}

fn line(row: DeskRow, now: chrono::DateTime<chrono::Utc>) -> Line {
    let head = row.head;
    let state = match head.outcome.as_deref() {
        Some(outcome) => outcome_word(outcome).to_owned(),
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
    }
}

/// CSV of the queue.
pub(super) async fn csv(State(app): App, frame: Frame, Query(query): Query<DeskQuery>) -> Answer {
    let table = app.desk_table(&frame.viewer, query, "CSV").await;
    Ok(csv_response(table.map_err(Problem::from)?))
}

/// XLSX of the queue.
pub(super) async fn xlsx(State(app): App, frame: Frame, Query(query): Query<DeskQuery>) -> Answer {
    let table = app.desk_table(&frame.viewer, query, "Excel").await;
    Ok(xlsx_response(table.map_err(Problem::from)?).await?)
}
