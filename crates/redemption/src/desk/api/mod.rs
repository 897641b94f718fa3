//! JSON endpoints of the desk, for the offices' own systems: the same queue, case, steps and batches as the pages.

mod batch;
mod command;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query as Parameters, State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::access::Viewer;
use zhida_platform::cases::Head;
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_platform::thread::{Side, Standing};
use zhida_ui::Fields;

use super::page::steps;
use super::parts::{CaseParts, ClockLine, OpinionLine};
use super::query::DeskQuery;
use super::scoring::ScoreLine;
use super::store::DeskRow;
use crate::cases::CaseRecord;
use crate::service::Redemption;
use crate::words::Grant;

type App = State<Arc<Redemption>>;

pub(crate) fn routes(app: Arc<Redemption>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_desk))
        .routes(routes!(get_desk_case))
        .routes(routes!(command::command_desk_case))
        .routes(routes!(batch::start_batch))
        .routes(routes!(batch::get_batch))
        .with_state(app)
}

/// 队列里的一件。
#[derive(Debug, Serialize, ToSchema)]
struct DeskLine {
    /// 办件。
    #[serde(flatten)]
    head: Head,
    /// 企业名称。
    enterprise_name: String,
    /// 事项名称。
    item: String,
    /// 核定的金额，没有核定就是测算的，单位：分。
    fen: Option<i64>,
    /// 征求了意见还没有反馈的部门数。
    opinions_waited_for: i64,
    /// 留言等哪一方答复：office 或 enterprise；不等就没有。
    awaits: Option<String>,
}

/// 一页队列。
#[derive(Debug, Serialize, ToSchema)]
struct DeskPage {
    /// 这一页。
    items: Vec<DeskLine>,
    /// 符合条件的件数。
    total: u64,
    /// 下一页的游标；最后一页没有。
    next: Option<String>,
}

/// 审核台的办件，先到期的在前；条件与页面、导出相同
#[utoipa::path(get, path = "/api/v1/redemption/desk", tag = "兑付审核", params(DeskQuery, PageRequest), responses(
    (status = 200, description = "一页办件", body = DeskPage),
    (status = 400, description = "条件、游标或条数有误", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
async fn list_desk(
    State(app): App,
    viewer: Viewer,
    Parameters(query): Parameters<DeskQuery>,
    page: PageRequest,
) -> Result<Json<DeskPage>, Problem> {
    let total = app.desk_count(&viewer, &query).await?;
    let found = app.desk(&viewer, &query, &page).await?;
    let line = |row: DeskRow| DeskLine {
        head: row.head,
        enterprise_name: row.enterprise_name,
        item: row.item_name,
        fen: row.fen,
        opinions_waited_for: row.waits,
        awaits: row.awaits,
    };
    Ok(Json(DeskPage {
        items: found.items.into_iter().map(line).collect(),
        total,
        next: found.next,
    }))
}

/// 一件办件，和这个账号现在能做的。
#[derive(Debug, Serialize, ToSchema)]
struct DeskCase {
    /// 办件；version 是办理时要带回的版本。
    head: Head,
    /// 内容、提交时和最近一次复核的结论，逐条有依据。
    record: CaseRecord,
    /// 现在怎样，一句话。
    state: String,
    /// 正在计的时限。
    clocks: Vec<ClockLine>,
    /// 企业最近一次填写的内容，个人信息和账号已脱敏。
    form: Vec<DeskField>,
    /// 最近一次补正改动的栏目。
    changes: Vec<DeskChange>,
    /// 征求的意见。
    opinions: Vec<OpinionLine>,
    /// 专家打分；不在办理范围的人看不到。
    scores: Vec<ScoreLine>,
    /// 办理过程，先发生的在前。
    events: Vec<DeskEvent>,
    /// 留言等谁、还有几条没读。
    thread: Standing,
    /// 现在能做的操作，见操作接口的 command。
    can: Vec<&'static str>,
}

/// 填写的一栏。
#[derive(Debug, Serialize, ToSchema)]
struct DeskField {
    /// 栏目的路径，补正标注用它。
    path: String,
    /// 名称。
    label: String,
    /// 内容。
    value: String,
}

/// 补正改动的一栏。
#[derive(Debug, Serialize, ToSchema)]
struct DeskChange {
    /// 名称。
    label: String,
    /// 补正前；原来没有就没有。
    before: Option<String>,
    /// 补正后；删去了就没有。
    after: Option<String>,
}

/// 发生的一件事。
#[derive(Debug, Serialize, ToSchema)]
struct DeskEvent {
    /// 何时。
    at: DateTime<Utc>,
    /// 由谁。
    by: String,
    /// 做了什么。
    words: String,
}

/// 一件办件：条件和依据、填写内容、意见、打分、时限、过程，以及现在能做什么
#[utoipa::path(get, path = "/api/v1/redemption/desk/{id}", tag = "兑付审核",
    params(("id" = String, Path, description = "办件标识")),
    responses(
        (status = 200, description = "办件", body = DeskCase),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这件办件，或不在范围内", body = Problem, content_type = "application/problem+json"),
    ))]
async fn get_desk_case(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<DeskCase>, Problem> {
    let sight = app.sight(&viewer, &id).await?;
    app.record_look(&viewer, &sight.view, false).await?;
    let parts = CaseParts::of(&app, &viewer, &sight).await?;
    let talk = app.talk(&viewer, &sight.view, Side::Office).await?;
    let can = steps(&app, &sight, &parts.choices, &Fields::default()).names();
    let view = sight.view;
    let event = |event: &zhida_casework::Event<Grant>| DeskEvent {
        at: event.at,
        by: event.by.words(),
        words: event.change.words(),
    };
    Ok(Json(DeskCase {
        state: view.loaded.case.words(),
        clocks: parts.clocks,
        form: parts
            .lines
            .into_iter()
            .map(|line| DeskField {
                path: line.path,
                label: line.label,
                value: line.shown,
            })
            .collect(),
        changes: parts
            .changes
            .into_iter()
            .map(|change| DeskChange {
                label: change.label,
                before: change.before,
                after: change.after,
            })
            .collect(),
        opinions: parts.opinions,
        scores: parts.scores,
        events: view.loaded.events.iter().map(event).collect(),
        thread: talk.standing,
        can,
        head: view.loaded.head,
        record: view.record,
    }))
}
