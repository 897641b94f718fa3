//! JSON endpoints of the evaluation.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::access::Viewer;
use zhida_platform::problem::Problem;

use super::scorecard::Scorecard;
use crate::service::Redemption;

pub(crate) fn routes(app: Arc<Redemption>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(get_scorecard))
        .with_state(app)
}

/// 一个事项在可及范围内的兑付评估
#[utoipa::path(get, path = "/api/v1/redemption/scorecards/{item}", tag = "兑付",
    params(("item" = String, Path, description = "事项标识")),
    responses(
        (status = 200, description = "惠及面、时效、满意度和后续变化", body = Scorecard),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这个事项", body = Problem, content_type = "application/problem+json"),
    ))]
async fn get_scorecard(
    State(app): State<Arc<Redemption>>,
    viewer: Viewer,
    Path(item): Path<String>,
) -> Result<Json<Scorecard>, Problem> {
    Ok(Json(app.scorecard(&viewer, &item).await?))
}
