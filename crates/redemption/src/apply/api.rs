//! JSON endpoints of cases, for the enterprise's own systems and for officers.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::access::Viewer;
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;

use super::applicable::ApplicableList;
use super::mine::MineLine;
use super::status::Status;
use crate::cases::{CaseRecord, Confirmed};
use crate::rights::{APPLY, READ};
use crate::service::Redemption;

type App = State<Arc<Redemption>>;

pub(crate) fn routes(app: Arc<Redemption>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_cases))
        .routes(routes!(list_applicable))
        .routes(routes!(get_case))
        .routes(routes!(confirm_case))
        .routes(routes!(decline_case))
        .with_state(app)
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct CasesAsked {
    /// true 只要在办的，false 只要办结的；不填是全部。
    open: Option<bool>,
}

/// 兑付办件，新的在前：企业是自己的，部门是本辖区的
#[utoipa::path(get, path = "/api/v1/redemption/cases", tag = "兑付", params(CasesAsked, PageRequest), responses(
    (status = 200, description = "一页办件", body = Page<MineLine>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
async fn list_cases(
    State(app): App,
    viewer: Viewer,
    Parameters(asked): Parameters<CasesAsked>,
    page: PageRequest,
) -> Result<Json<Page<MineLine>>, Problem> {
    viewer.need(READ)?;
    Ok(Json(app.my_cases(&viewer, asked.open, &page).await?))
}

/// 本企业现在可以申请的事项：符合或信息不足、已发布兑付方案、没有在办的，按推荐顺序
#[utoipa::path(get, path = "/api/v1/redemption/applicable", tag = "兑付", params(PageRequest), responses(
    (status = 200, description = "一页可以申请的事项和全部项数", body = ApplicableList),
    (status = 400, description = "分页参数有误", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "不是以企业的身份", body = Problem, content_type = "application/problem+json"),
))]
async fn list_applicable(
    State(app): App,
    viewer: Viewer,
    page: PageRequest,
) -> Result<Json<ApplicableList>, Problem> {
    Ok(Json(app.applicable(&viewer, &page).await?))
}

/// 一件办件。
#[derive(Debug, Serialize, ToSchema)]
struct RedemptionCase {
    /// 办件编号。
    number: String,
    /// 内容和结论。
    record: CaseRecord,
    /// 进度。
    status: Status,
}

/// 一件办件的内容和进度
#[utoipa::path(get, path = "/api/v1/redemption/cases/{id}", tag = "兑付",
    params(("id" = String, Path, description = "办件标识")),
    responses(
        (status = 200, description = "内容、当时的结论、进度", body = RedemptionCase),
        (status = 404, description = "没有这件办件", body = Problem, content_type = "application/problem+json"),
    ))]
async fn get_case(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<RedemptionCase>, Problem> {
    let view = app.case(&viewer, READ, &id).await?;
    let own = viewer.covers(APPLY, &view.record.access());
    app.record_look(&viewer, &view, own).await?;
    Ok(Json(RedemptionCase {
        status: app.status(&view).await?,
        number: view.loaded.head.number.clone(),
        record: app.record_for(&viewer, &view).await?,
    }))
}

/// 确认领取；收款账户要先登记
#[utoipa::path(post, path = "/api/v1/redemption/cases/{id}/confirm", tag = "兑付",
    params(("id" = String, Path, description = "办件标识")),
    responses(
        (status = 204, description = "已确认"),
        (status = 409, description = "不在待确认，或刚刚有人办理过", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "已不再符合，或资金还没有安排", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这件办件", body = Problem, content_type = "application/problem+json"),
    ))]
async fn confirm_case(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    match app.confirm(&viewer, &id, None).await? {
        Confirmed::Yes => Ok(StatusCode::NO_CONTENT),
        Confirmed::NoLonger(reason) => Err(Problem::refused(format!("不能确认，已办结：{reason}"))),
    }
}

/// 放弃的理由。
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
struct Declining {
    /// 理由，可以不写。
    reason: String,
}

/// 放弃
#[utoipa::path(post, path = "/api/v1/redemption/cases/{id}/decline", tag = "兑付",
    params(("id" = String, Path, description = "办件标识")),
    request_body = Declining,
    responses(
        (status = 204, description = "已放弃"),
        (status = 409, description = "不在待确认，或刚刚有人办理过", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这件办件", body = Problem, content_type = "application/problem+json"),
    ))]
async fn decline_case(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
    Json(declining): Json<Declining>,
) -> Result<StatusCode, Problem> {
    app.decline(&viewer, &id, &declining.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
