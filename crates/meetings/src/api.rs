//! JSON endpoints of the room.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::access::Viewer;
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;

use crate::model::{Attendee, Item, Line, Meeting, NewMeeting, NewTask, Note, Tally, Task};
use crate::query::{MeetingQuery, TaskQuery};
use crate::service::{Meetings, Step};

const TAG: &str = "调度会";

type App = State<Arc<Meetings>>;

pub(crate) fn routes(app: Arc<Meetings>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_meetings, plan_meeting))
        .routes(routes!(get_meeting))
        .routes(routes!(give_meeting_task))
        .routes(routes!(list_meeting_tasks))
        .routes(routes!(get_meeting_task))
        .routes(routes!(step_meeting_task))
        .with_state(app)
}

/// 一页会议。
#[derive(Debug, Serialize, ToSchema)]
struct MeetingPage {
    /// 会议，新的在前。
    items: Vec<Line>,
    /// 全部有多少次。
    total: u64,
    /// 下一页的游标；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// 调度会，新的在前
#[utoipa::path(get, path = "/api/v1/meetings", tag = TAG, params(MeetingQuery, PageRequest), responses(
    (status = 200, description = "一页会议", body = MeetingPage),
    (status = 400, description = "条件写错了", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
async fn list_meetings(
    State(app): App,
    viewer: Viewer,
    Query(query): Query<MeetingQuery>,
    page: PageRequest,
) -> Result<Json<MeetingPage>, Problem> {
    let total = app.meeting_count(&viewer, &query).await?;
    let found = app.meetings(&viewer, &query, &page).await?;
    Ok(Json(MeetingPage {
        items: found.items,
        total,
        next: found.next,
    }))
}

/// 建立的是哪一个。
#[derive(Debug, Serialize, ToSchema)]
struct MeetingCreated {
    /// 标识。
    id: String,
}

/// 建立一次临时召开的调度会
#[utoipa::path(post, path = "/api/v1/meetings", tag = TAG, request_body = NewMeeting, responses(
    (status = 201, description = "已建立", body = MeetingCreated),
    (status = 400, description = "有一栏写错了", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
async fn plan_meeting(
    State(app): App,
    viewer: Viewer,
    Json(new): Json<NewMeeting>,
) -> Result<(StatusCode, Json<MeetingCreated>), Problem> {
    let id = app.plan(&viewer, &new).await?;
    Ok((StatusCode::CREATED, Json(MeetingCreated { id })))
}

/// 一次会议的全部内容。
#[derive(Debug, Serialize, ToSchema)]
struct MeetingWhole {
    /// 会议。
    meeting: Meeting,
    /// 议程。
    items: Vec<Item>,
    /// 参会人员。
    attendees: Vec<Attendee>,
    /// 交办清单。
    tasks: Vec<Task>,
}

/// 一次调度会的议程、参会人员和交办清单
#[utoipa::path(get, path = "/api/v1/meetings/{id}", tag = TAG,
    params(("id" = String, Path, description = "会议的标识")),
    responses(
        (status = 200, description = "会议的全部内容", body = MeetingWhole),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这次会议", body = Problem, content_type = "application/problem+json"),
    ))]
async fn get_meeting(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<MeetingWhole>, Problem> {
    let whole = app.whole(&viewer, &id).await?;
    Ok(Json(MeetingWhole {
        meeting: whole.meeting,
        items: whole.items,
        attendees: whole.attendees,
        tasks: whole.tasks,
    }))
}

/// 交办一件事
#[utoipa::path(post, path = "/api/v1/meetings/{id}/tasks", tag = TAG,
    params(("id" = String, Path, description = "会议的标识")), request_body = NewTask,
    responses(
        (status = 201, description = "已交办", body = MeetingCreated),
        (status = 400, description = "有一栏写错了", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这次会议", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "会议还没有召开，或纪要已印发", body = Problem, content_type = "application/problem+json"),
    ))]
async fn give_meeting_task(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
    Json(new): Json<NewTask>,
) -> Result<(StatusCode, Json<MeetingCreated>), Problem> {
    let id = app.give(&viewer, &id, &new).await?;
    Ok((StatusCode::CREATED, Json(MeetingCreated { id })))
}

/// 一页交办事项。
#[derive(Debug, Serialize, ToSchema)]
struct MeetingTaskPage {
    /// 交办事项，先到期的在前。
    items: Vec<Task>,
    /// 全部有多少件。
    total: u64,
    /// 全部的办理情况。
    tally: Tally,
    /// 下一页的游标；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// 交办清单：本辖区的，或交办给本单位的
#[utoipa::path(get, path = "/api/v1/meeting-tasks", tag = TAG, params(TaskQuery, PageRequest), responses(
    (status = 200, description = "一页交办事项", body = MeetingTaskPage),
    (status = 400, description = "条件写错了", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
async fn list_meeting_tasks(
    State(app): App,
    viewer: Viewer,
    Query(query): Query<TaskQuery>,
    page: PageRequest,
) -> Result<Json<MeetingTaskPage>, Problem> {
    let tally = app.tally(&viewer, &query).await?;
    let found = app.tasks(&viewer, &query, &page).await?;
    Ok(Json(MeetingTaskPage {
        items: found.items,
        total: tally.all,
        tally,
        next: found.next,
    }))
}

/// 一个交办事项和它的办理过程。
#[derive(Debug, Serialize, ToSchema)]
struct MeetingTaskWhole {
    /// 事项。
    task: Task,
    /// 办理过程，新的在前。
    notes: Vec<Note>,
}

/// 一个交办事项
#[utoipa::path(get, path = "/api/v1/meeting-tasks/{id}", tag = TAG,
    params(("id" = String, Path, description = "交办事项的标识")),
    responses(
        (status = 200, description = "事项和办理过程", body = MeetingTaskWhole),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这个交办事项", body = Problem, content_type = "application/problem+json"),
    ))]
async fn get_meeting_task(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<MeetingTaskWhole>, Problem> {
    let (task, notes) = app.task(&viewer, &id).await?;
    Ok(Json(MeetingTaskWhole { task, notes }))
}

/// 对交办事项做什么。
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
struct MeetingTaskStep {
    /// progress 报送进展，done 报送办结，return 退回，move 调整期限，strike 销号，restore 恢复办理。
    step: String,
    /// 情况或理由。
    words: String,
    /// 调整后的期限，只用于 move。
    due_on: String,
    /// 看到的是第几次修改。
    version: i64,
}

/// 报送进展、办结，退回，调整期限，销号
#[utoipa::path(post, path = "/api/v1/meeting-tasks/{id}/steps", tag = TAG,
    params(("id" = String, Path, description = "交办事项的标识")), request_body = MeetingTaskStep,
    responses(
        (status = 204, description = "已记录"),
        (status = 400, description = "有一栏写错了，或销号缺理由", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这个交办事项", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "别人刚改过", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "事项现在的状态不能这样操作", body = Problem, content_type = "application/problem+json"),
    ))]
async fn step_meeting_task(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
    Json(asked): Json<MeetingTaskStep>,
) -> Result<StatusCode, Problem> {
    let step = Step::read(&asked.step, &asked.due_on).ok_or_else(|| {
        let why = "请写 progress、done、return、move、strike 或 restore";
        Problem::bad_input(why).field("step", why)
    })?;
    app.step(&viewer, &id, asked.version, &step, &asked.words)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
