//! One step for many cases.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zhida_platform::access::Viewer;
use zhida_platform::problem::Problem;

use super::App;
use crate::desk::batch::CaseRow;

/// 一批办件的同一步。
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewBatch {
    /// take 由我办理，advance 送下一环节，grant 按测算金额核定，refuse 不予兑付。
    action: String,
    /// 意见或理由；核定和不予兑付必填。
    #[serde(default)]
    words: String,
    /// 办件，最多 500 件。
    cases: Vec<BatchCase>,
}

/// 一批中的一件。
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct BatchCase {
    /// 办件标识。
    id: String,
    /// 看到的版本。
    version: i64,
}

/// 已经排队的一批。
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BatchAsked {
    /// 这一批的标识，用来查逐件结果。
    id: String,
    /// 后台任务的标识。
    job: String,
}

/// 批量办理：后台逐件办，逐件有结果
#[utoipa::path(post, path = "/api/v1/redemption/batches", tag = "兑付审核",
    request_body = NewBatch,
    responses(
        (status = 202, description = "已排队", body = BatchAsked),
        (status = 400, description = "操作或意见有误", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "有的办件不在范围内", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "没有选办件，或超过 500 件", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn start_batch(
    State(app): App,
    viewer: Viewer,
    Json(new): Json<NewBatch>,
) -> Result<(StatusCode, Json<BatchAsked>), Problem> {
    let cases: Vec<(String, i64)> = new
        .cases
        .into_iter()
        .map(|one| (one.id, one.version))
        .collect();
    let asked = app.ask_batch(&viewer, &new.action, new.words.trim(), &cases);
    let (id, job) = asked.await?;
    Ok((StatusCode::ACCEPTED, Json(BatchAsked { id, job })))
}

/// 一批的结果。
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BatchResult {
    /// 逐件的结果，按提交的顺序。
    items: Vec<CaseRow>,
    /// 件数。
    total: usize,
    /// 下一页的游标；一批一次给全，所以总是没有。
    next: Option<String>,
    /// 已经办完的件数，含没有办成的。
    done: usize,
    /// 没有办成的件数。
    failed: usize,
}

/// 一批的逐件结果，只给提交的人
#[utoipa::path(get, path = "/api/v1/redemption/batches/{id}", tag = "兑付审核",
    params(("id" = String, Path, description = "这一批的标识")),
    responses(
        (status = 200, description = "逐件结果", body = BatchResult),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这一批，或是别人提交的", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn get_batch(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<BatchResult>, Problem> {
    let (_, items) = app.own_batch(&viewer, &id).await?;
    let over = |row: &&CaseRow| matches!(row.state.as_str(), "done" | "failed");
    Ok(Json(BatchResult {
        done: items.iter().filter(over).count(),
        failed: items.iter().filter(|row| row.state == "failed").count(),
        total: items.len(),
        next: None,
        items,
    }))
}
