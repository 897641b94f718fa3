//! Checking a letter by interface.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_letters::CheckCode;
use zhida_platform::problem::Problem;

use super::{Letters, Verification};

const TAG: &str = "兑付";

pub(crate) fn routes(letters: Arc<Letters>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(verify_letter))
        .with_state(letters)
}

/// 凭校验码核验决定书
///
/// 任何人都可以核验：文书编号、企业、事项、金额、决定日期，以及是否仍然有效。
#[utoipa::path(get, path = "/api/v1/letters/{code}", tag = TAG,
    params(("code" = String, Path, description = "校验码，16 位，横线和大小写不限")),
    responses(
        (status = 200, description = "文书的内容和状态", body = Verification),
        (status = 400, description = "校验码抄错了", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这份文书", body = Problem, content_type = "application/problem+json"),
    ))]
async fn verify_letter(
    State(letters): State<Arc<Letters>>,
    Path(code): Path<String>,
) -> Result<Json<Verification>, Problem> {
    let read = code.parse::<CheckCode>();
    let code = read
        .map_err(|error| Problem::bad_input(error.to_string()).field("code", error.to_string()))?;
    let found = letters.verify(&code).await.map_err(Problem::from)?;
    found
        .map(Json)
        .ok_or_else(|| Problem::not_found(format!("校验码 {code} 的文书")))
}
