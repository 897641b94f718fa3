//! JSON endpoints of 追回.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::access::Viewer;
use zhida_platform::problem::Problem;

use super::cause::{Cause, causes};
use super::form::ToClawBack;
use super::service::RecoveryLine;
use crate::rights::{APPLY, READ};
use crate::service::Redemption;

type App = State<Arc<Redemption>>;

pub(crate) fn routes(app: Arc<Redemption>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_causes))
        .routes(routes!(list_recoveries, claw_back))
        .with_state(app)
}

/// 追回的原因。
#[derive(Debug, Serialize, ToSchema)]
struct RecoveryCauses {
    /// 全部原因。
    items: &'static [Cause],
    /// 总数。
    total: usize,
    /// 总是没有：一次给完。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// 追回可以选的原因
#[utoipa::path(get, path = "/api/v1/redemption/recovery-causes", tag = "兑付", responses(
    (status = 200, description = "全部原因", body = RecoveryCauses),
))]
async fn list_causes() -> Json<RecoveryCauses> {
    Json(RecoveryCauses {
        items: causes(),
        total: causes().len(),
        next: None,
    })
}

/// 一件办件的追回。
#[derive(Debug, Serialize, ToSchema)]
struct RecoveryLines {
    /// 新的在前。
    items: Vec<RecoveryLine>,
    /// 总数。
    total: usize,
    /// 总是没有：一次给完。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// 一件办件的追回和退回情况
#[utoipa::path(get, path = "/api/v1/redemption/cases/{id}/recoveries", tag = "兑付",
    params(("id" = String, Path, description = "办件标识")),
    responses(
        (status = 200, description = "全部追回，新的在前", body = RecoveryLines),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这件办件", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_recoveries(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<RecoveryLines>, Problem> {
    let view = app.case(&viewer, READ, &id).await?;
    let own = viewer.covers(APPLY, &view.record.access());
    app.record_look(&viewer, &view, own).await?;
    let items = app.recovery_lines(&id).await?;
    Ok(Json(RecoveryLines {
        total: items.len(),
        items,
        next: None,
    }))
}

/// 追回一件办结办件的资金；全额追回会撤销原决定和决定书
#[utoipa::path(post, path = "/api/v1/redemption/cases/{id}/recoveries", tag = "兑付",
    params(("id" = String, Path, description = "办件标识")),
    request_body = ToClawBack,
    responses(
        (status = 200, description = "已要求退回；同一次提交两遍答复相同", body = RecoveryLine),
        (status = 400, description = "原因、金额、理由、依据或限期不对", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这件办件", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "别人刚刚追回过", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "还没有办结，或没有拨付过", body = Problem, content_type = "application/problem+json"),
    ))]
async fn claw_back(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
    Json(asked): Json<ToClawBack>,
) -> Result<Json<RecoveryLine>, Problem> {
    Ok(Json(app.claw_back(&viewer, &id, &asked).await?))
}
