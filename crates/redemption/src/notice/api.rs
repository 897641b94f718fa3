//! 公示 by interface: for everybody.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;

use super::model::{NoticeView, RowView};
use super::query::{NoticeQuery, RowQuery};
use crate::service::Redemption;

const TAG: &str = "公示";

type App = State<Arc<Redemption>>;

pub(crate) fn routes(redemption: Arc<Redemption>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_notices))
        .routes(routes!(count_notices))
        .routes(routes!(list_notice_rows))
        .with_state(redemption)
}

/// 公示列表
#[utoipa::path(get, path = "/api/v1/notices", tag = TAG, params(NoticeQuery, PageRequest),
    responses((status = 200, description = "一页公示，新的在前", body = Page<NoticeView>),
        (status = 400, description = "条件写错了", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_notices(
    State(app): App,
    Query(query): Query<NoticeQuery>,
    page: PageRequest,
) -> Result<Json<Page<NoticeView>>, Problem> {
    Ok(Json(app.notices(&query, &page).await?))
}

/// 公示的数量。
#[derive(Serialize, ToSchema)]
struct NoticeCount {
    /// 份数。
    count: u64,
}

/// 公示的份数
#[utoipa::path(get, path = "/api/v1/notices/count", tag = TAG, params(NoticeQuery),
    responses((status = 200, description = "与列表同一条件", body = NoticeCount),
        (status = 400, description = "条件写错了", body = Problem, content_type = "application/problem+json"),
    ))]
async fn count_notices(
    State(app): App,
    Query(query): Query<NoticeQuery>,
) -> Result<Json<NoticeCount>, Problem> {
    Ok(Json(NoticeCount {
        count: app.notice_count(&query).await?,
    }))
}

/// 一份公示的名单
#[utoipa::path(get, path = "/api/v1/notices/{id}/rows", tag = TAG,
    params(("id" = String, Path, description = "公示的标识"), RowQuery, PageRequest),
    responses(
        (status = 200, description = "一页名单，按公示的先后", body = Page<RowView>),
        (status = 400, description = "条件写错了", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这份公示", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_notice_rows(
    State(app): App,
    Path(id): Path<String>,
    Query(query): Query<RowQuery>,
    page: PageRequest,
) -> Result<Json<Page<RowView>>, Problem> {
    app.notice(&id).await?;
    Ok(Json(app.notice_rows(&id, &query, &page).await?))
}
