//! Themes by interface.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::access::Viewer;
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_platform::vocabulary::known;

use super::model::{NewRemedy, Remedy, Theme, ThemeState};
use crate::numbers::Group;
use crate::service::Appeals;

const TAG: &str = "诉求数据";

type App = State<Arc<Appeals>>;

pub(super) fn routes(app: Arc<Appeals>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_appeal_themes))
        .routes(routes!(get_appeal_theme))
        .routes(routes!(propose_appeal_measure))
        .with_state(app)
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct ThemesAsked {
    /// 状态：found 新发现，acted 已有举措，dismissed 不作为一类事；不填为全部。
    #[serde(deserialize_with = "known")]
    #[param(value_type = String)]
    state: Option<ThemeState>,
}

/// 一页一类事。
#[derive(Debug, Serialize, ToSchema)]
struct AppealThemePage {
    /// 一类事，新的在前。
    items: Vec<Theme>,
    /// 全部有多少个。
    total: u64,
    /// 下一页的游标；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// 一类事，新的在前
#[utoipa::path(get, path = "/api/v1/appeal-themes", tag = TAG, params(ThemesAsked, PageRequest), responses(
    (status = 200, description = "一页一类事", body = AppealThemePage),
    (status = 400, description = "条件写错了", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
async fn list_appeal_themes(
    State(app): App,
    viewer: Viewer,
    Query(asked): Query<ThemesAsked>,
    page: PageRequest,
) -> Result<Json<AppealThemePage>, Problem> {
    let state = asked.state;
    let total = app.theme_count(&viewer, state).await?;
    let found = app.themes(&viewer, state, &page).await?;
    Ok(Json(AppealThemePage {
        items: found.items,
        total,
        next: found.next,
    }))
}

/// 一个一类事。
#[derive(Debug, Serialize, ToSchema)]
struct AppealThemeWhole {
    /// 一类事。
    theme: Theme,
    /// 举措，新的在前。
    measures: Vec<Remedy>,
    /// 每周的件数；诉求用 theme 参数在诉求列表取得。
    weeks: Vec<Group>,
}

/// 一个一类事的举措和每周件数
#[utoipa::path(get, path = "/api/v1/appeal-themes/{id}", tag = TAG,
    params(("id" = String, Path, description = "一类事的标识")),
    responses(
        (status = 200, description = "举措和每周件数", body = AppealThemeWhole),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这个一类事", body = Problem, content_type = "application/problem+json"),
    ))]
async fn get_appeal_theme(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<AppealThemeWhole>, Problem> {
    let (theme, measures) = app.theme(&viewer, &id).await?;
    let weeks = app.weeks_of(&viewer, &id).await?;
    Ok(Json(AppealThemeWhole {
        theme,
        measures,
        weeks,
    }))
}

/// 提出的是哪一条。
#[derive(Debug, Serialize, ToSchema)]
struct AppealMeasureCreated {
    /// 标识。
    id: String,
}

/// 对一类事提出举措
#[utoipa::path(post, path = "/api/v1/appeal-themes/{id}/measures", tag = TAG,
    params(("id" = String, Path, description = "一类事的标识")), request_body = NewRemedy,
    responses(
        (status = 201, description = "已提出", body = AppealMeasureCreated),
        (status = 400, description = "有一栏写错了", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这个一类事", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "已不作为一类事，或别人刚改过", body = Problem, content_type = "application/problem+json"),
    ))]
async fn propose_appeal_measure(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
    Json(new): Json<NewRemedy>,
) -> Result<(StatusCode, Json<AppealMeasureCreated>), Problem> {
    let id = app.propose_remedy(&viewer, &id, &new).await?;
    Ok((StatusCode::CREATED, Json(AppealMeasureCreated { id })))
}
