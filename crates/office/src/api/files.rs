//! The store of files by state.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::access::Viewer;
use zhida_platform::files::Tally;
use zhida_platform::problem::Problem;

use super::App;
use crate::service::Office;

pub(super) fn routes() -> OpenApiRouter<Arc<Office>> {
    OpenApiRouter::new().routes(routes!(tally_files))
}

/// 文件存储的状况。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileTally {
    /// 配置了查毒程序。
    scans: bool,
    /// 各种状态的份数和字节数。
    states: Vec<Tally>,
}

/// 文件存储的状况
#[utoipa::path(get, path = "/api/v1/files", tag = "后台", responses(
    (status = 200, description = "各种状态的份数和字节数", body = FileTally),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
async fn tally_files(State(office): App, viewer: Viewer) -> Result<Json<FileTally>, Problem> {
    let stored = office.stored(&viewer).await?;
    Ok(Json(FileTally {
        scans: stored.scans,
        states: stored.tally,
    }))
}
