//! Figures and the report by interface.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::access::Viewer;
use zhida_platform::cases::Scope;
use zhida_platform::problem::Problem;

use super::figures::{Dimension, Group, rest};
use super::period::Month;
use super::report::Report;
use crate::query::AppealQuery;
use crate::service::Appeals;

const TAG: &str = "诉求数据";

/// Groups of a dimension at most: of enterprises there can be as many as appeals. An export has all.
const GROUPS_MAX: usize = 1_000;

type App = State<Arc<Appeals>>;

pub(super) fn routes(app: Arc<Appeals>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(get_appeal_figures))
        .routes(routes!(get_appeal_report))
        .with_state(app)
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct Grouping {
    /// 按什么分组：channel、category、department、place、enterprise、week；不填不分组。
    by: String,
}

/// 分组的诉求数据。
#[derive(Debug, Serialize, ToSchema)]
struct AppealFigures {
    /// 条件之内的全部。
    whole: Group,
    /// 各组；不分组时为空。最多列 1000 组，登记多的在前（周按先后）。
    groups: Vec<Group>,
    /// 没有列出的各组合计；都列出的没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    rest: Option<Group>,
}

/// 诉求数据：件数和比率的分子、分母
///
/// 与列表同一条件；每个件数都能用 counted 参数取得它数到的列表。
#[utoipa::path(get, path = "/api/v1/appeal-figures", tag = TAG, params(Grouping, AppealQuery), responses(
    (status = 200, description = "件数和比率", body = AppealFigures),
    (status = 400, description = "条件写错了", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
async fn get_appeal_figures(
    State(app): App,
    viewer: Viewer,
    Query(grouping): Query<Grouping>,
    Query(query): Query<AppealQuery>,
) -> Result<Json<AppealFigures>, Problem> {
    let by = match grouping.by.as_str() {
        "" => None,
        slug => Some(Dimension::parse(slug).ok_or_else(|| {
            let why = "请写 channel、category、department、place、enterprise 或 week";
            Problem::bad_input(why).field("by", why)
        })?),
    };
    let query = AppealQuery {
        state: query.state.or(Some(Scope::All)),
        ..query
    };
    let (figures, mut groups) = match by {
        Some(by) => app.figures_by(&viewer, &query, by).await?,
        None => (app.figures(&viewer, &query).await?, Vec::new()),
    };
    let rest = rest(&groups, GROUPS_MAX);
    groups.truncate(GROUPS_MAX);
    Ok(Json(AppealFigures {
        whole: Group {
            key: String::new(),
            name: "全部".to_owned(),
            figures,
        },
        groups,
        rest,
    }))
}

/// 一个月的诉求月报
#[utoipa::path(get, path = "/api/v1/appeal-reports/{month}", tag = TAG,
    params(("month" = String, Path, description = "月份，例如 2026-10")),
    responses(
        (status = 200, description = "月报", body = Report),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "不是一个月份，要像 2026-10 这样写", body = Problem, content_type = "application/problem+json"),
    ))]
async fn get_appeal_report(
    State(app): App,
    viewer: Viewer,
    Path(month): Path<String>,
) -> Result<Json<Report>, Problem> {
    let month: Month = month
        .parse()
        .map_err(|_: String| Problem::not_found("这个月的月报（写月份，例如 2026-10）"))?;
    Ok(Json(app.report(&viewer, month).await?.listed(GROUPS_MAX)))
}
