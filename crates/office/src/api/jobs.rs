//! Jobs and schedules.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query as Parameters, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::cases::stuck::Stuck;
use zhida_platform::jobs::{Job, Plan};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;

use super::App;
use crate::filters::job_query;
use crate::service::Office;

pub(super) fn routes() -> OpenApiRouter<Arc<Office>> {
    OpenApiRouter::new()
        .routes(routes!(list_jobs))
        .routes(routes!(get_job))
        .routes(routes!(cancel_job))
        .routes(routes!(run_job_again))
        .routes(routes!(list_schedules))
        .routes(routes!(list_stuck_cases))
}

/// 一个任务。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobView {
    /// 标识。
    id: Uuid,
    /// 类别。
    kind: String,
    /// 类别的名称。
    title: String,
    /// 状态：queued 排队、running 运行中、done 已完成、failed 失败、cancelled 已取消。
    state: &'static str,
    /// 由谁发起；到时间自动开始的是“定时”。
    asked_by: String,
    /// 已做多少。
    done: i64,
    /// 共有多少；不知道的没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<i64>,
    /// 正在做什么。
    note: String,
    /// 结果，或最近一次失败的原因。
    result: String,
    /// 第几次运行。
    attempts: i64,
    /// 最多几次。
    attempts_max: i64,
    /// 由谁取消。
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel_by: Option<String>,
    /// 排队时间。
    created_at: DateTime<Utc>,
    /// 最早何时运行。
    run_at: DateTime<Utc>,
    /// 最近一次开始。
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<DateTime<Utc>>,
    /// 结束时间。
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<DateTime<Utc>>,
}

impl JobView {
    fn new(job: Job, office: &Office) -> Self {
        Self {
            title: office.jobs.title(&job.kind).to_owned(),
            state: job.state.slug(),
            id: job.id,
            kind: job.kind,
            asked_by: job.asked_by,
            done: job.done,
            total: job.total,
            note: job.note,
            result: job.result,
            attempts: job.attempts,
            attempts_max: job.attempts_max,
            cancel_by: job.cancel_by,
            created_at: job.created_at,
            run_at: job.run_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
        }
    }
}

/// 一页任务。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobList {
    /// 本页任务，新的在前。
    items: Vec<JobView>,
    /// 总数。
    total: u64,
    /// 下一页的 after；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct JobsAsked {
    /// 状态：queued、running、done、failed、cancelled；不填为全部。
    state: String,
    /// 类别；不填为全部。
    kind: String,
}

/// 任务，新的在前
#[utoipa::path(get, path = "/api/v1/jobs", tag = "后台", params(JobsAsked, PageRequest),
    responses(
        (status = 200, description = "一页任务和总数", body = JobList),
        (status = 400, description = "没有这种状态或类别", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_jobs(
    State(office): App,
    viewer: Viewer,
    Parameters(asked): Parameters<JobsAsked>,
    page: PageRequest,
) -> Result<Json<JobList>, Problem> {
    let query = job_query(&office.jobs, &asked.state, &asked.kind)?;
    let total = office.job_count(&viewer, &query).await?;
    let found = office.jobs(&viewer, &query, &page).await?;
    let view = |job| JobView::new(job, &office);
    Ok(Json(JobList {
        items: found.items.into_iter().map(view).collect(),
        total,
        next: found.next,
    }))
}

/// 一个任务
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "后台",
    params(("id" = Uuid, Path, description = "任务标识")),
    responses(
        (status = 200, description = "任务和它的进展", body = JobView),
        (status = 404, description = "没有这个任务", body = Problem, content_type = "application/problem+json"),
    ))]
async fn get_job(
    State(office): App,
    viewer: Viewer,
    Path(id): Path<Uuid>,
) -> Result<Json<JobView>, Problem> {
    let job = office.job(&viewer, id).await?;
    Ok(Json(JobView::new(job, &office)))
}

/// 取消任务：排队的立即取消，运行中的在下一步停止
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", tag = "后台",
    params(("id" = Uuid, Path, description = "任务标识")),
    responses(
        (status = 200, description = "取消之后的任务；已结束的不变", body = JobView),
        (status = 404, description = "没有这个任务", body = Problem, content_type = "application/problem+json"),
    ))]
async fn cancel_job(
    State(office): App,
    viewer: Viewer,
    Path(id): Path<Uuid>,
) -> Result<Json<JobView>, Problem> {
    let _told_by_the_answer = office.cancel_job(&viewer, id).await?;
    let job = office.job(&viewer, id).await?;
    Ok(Json(JobView::new(job, &office)))
}

/// 重新运行失败或已取消的任务
#[utoipa::path(post, path = "/api/v1/jobs/{id}/again", tag = "后台",
    params(("id" = Uuid, Path, description = "任务标识")),
    responses(
        (status = 200, description = "重新排队的任务", body = JobView),
        (status = 404, description = "没有这个任务", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "不在失败或已取消的状态", body = Problem, content_type = "application/problem+json"),
    ))]
async fn run_job_again(
    State(office): App,
    viewer: Viewer,
    Path(id): Path<Uuid>,
) -> Result<Json<JobView>, Problem> {
    office.run_job_again(&viewer, id).await?;
    let job = office.job(&viewer, id).await?;
    Ok(Json(JobView::new(job, &office)))
}

/// 一页受阻的办件。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StuckList {
    /// 本页，最久的在前。
    items: Vec<Stuck>,
    /// 总数。
    total: u64,
    /// 下一页的 after；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// 自动处理受阻的办件，最久的在前
#[utoipa::path(get, path = "/api/v1/stuck-cases", tag = "后台", params(PageRequest),
    responses(
        (status = 200, description = "一页受阻的办件和总数", body = StuckList),
        (status = 400, description = "翻页参数有误", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_stuck_cases(
    State(office): App,
    viewer: Viewer,
    page: PageRequest,
) -> Result<Json<StuckList>, Problem> {
    let total = office.stuck_count(&viewer).await?;
    let found = office.stuck(&viewer, &page).await?;
    Ok(Json(StuckList {
        items: found.items,
        total,
        next: found.next,
    }))
}

/// 一个定时任务。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScheduleView {
    /// 标识。
    name: String,
    /// 名称。
    title: String,
    /// 任务类别。
    kind: String,
    /// 运行时间：daily 02:30 每天，every 15 每 15 分钟。
    cadence: String,
    /// 只在工作日。
    workdays_only: bool,
    /// 启用。
    enabled: bool,
    /// 下一次。
    next_at: DateTime<Utc>,
    /// 上一次。
    #[serde(skip_serializing_if = "Option::is_none")]
    last_at: Option<DateTime<Utc>>,
    /// 上一次的任务；没有事可做的和 30 天之前的已不在。
    #[serde(skip_serializing_if = "Option::is_none")]
    last_job: Option<Uuid>,
}

impl From<Plan> for ScheduleView {
    fn from(plan: Plan) -> Self {
        Self {
            cadence: plan.cadence.to_string(),
            name: plan.name,
            title: plan.title,
            kind: plan.kind,
            workdays_only: plan.workdays_only,
            enabled: plan.enabled,
            next_at: plan.next_at,
            last_at: plan.last_at,
            last_job: plan.last_job,
        }
    }
}

/// 全部定时任务
#[utoipa::path(get, path = "/api/v1/schedules", tag = "后台", responses(
    (status = 200, description = "定时任务", body = Vec<ScheduleView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
async fn list_schedules(
    State(office): App,
    viewer: Viewer,
) -> Result<Json<Vec<ScheduleView>>, Problem> {
    let plans = office.plans(&viewer).await?;
    Ok(Json(plans.into_iter().map(ScheduleView::from).collect()))
}
