//! JSON endpoints of schemes.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::access::Viewer;
use zhida_platform::problem::Problem;

use super::difference::Change;
use super::lint::Finding;
use super::model::Scheme;
use super::preset::{self, Preset};
use super::service::{Published, SchemeLine};
use crate::rights::SCHEME;
use crate::service::Redemption;

type App = State<Arc<Redemption>>;

pub(crate) fn routes(app: Arc<Redemption>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_schemes))
        .routes(routes!(list_presets))
        .routes(routes!(get_scheme, publish_scheme))
        .routes(routes!(check_scheme))
        .with_state(app)
}

/// 一个已发布的方案。
#[derive(Debug, Serialize, ToSchema)]
struct SchemeView {
    /// 第几版。
    revision: i64,
    /// 发布时事项是第几版。
    item_revision: i64,
    /// 发布时间。
    published_at: DateTime<Utc>,
    /// 发布人。
    published_by: String,
    /// 是否暂停受理。
    paused: bool,
    /// 和上一版相比改了什么；第 1 版没有。
    changes: Vec<Change>,
    /// 方案。
    scheme: Scheme,
}

async fn view(app: &Redemption, published: Published, paused: bool) -> Result<SchemeView, Problem> {
    Ok(SchemeView {
        changes: app.changed_by(&published).await?,
        revision: published.revision,
        item_revision: published.item_revision,
        published_at: published.at,
        published_by: published.by,
        paused,
        scheme: published.scheme,
    })
}

/// 全部兑付方案
#[utoipa::path(get, path = "/api/v1/schemes", tag = "兑付", responses(
    (status = 200, description = "在办的事项和它们的方案", body = Vec<SchemeLine>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
async fn list_schemes(State(app): App, viewer: Viewer) -> Result<Json<Vec<SchemeLine>>, Problem> {
    viewer.need(SCHEME)?;
    Ok(Json(app.schemes().await?))
}

/// 预设
#[utoipa::path(get, path = "/api/v1/scheme-presets", tag = "兑付", responses(
    (status = 200, description = "各地公开的时限和环节要求", body = Vec<Preset>),
))]
async fn list_presets() -> Json<&'static [Preset]> {
    Json(preset::presets())
}

/// 一个事项的兑付方案
#[utoipa::path(get, path = "/api/v1/schemes/{item}", tag = "兑付",
    params(("item" = String, Path, description = "事项标识或编号")),
    responses(
        (status = 200, description = "现行的一版", body = SchemeView),
        (status = 404, description = "没有这个事项，或还没有方案", body = Problem, content_type = "application/problem+json"),
    ))]
async fn get_scheme(
    State(app): App,
    Path(item): Path<String>,
) -> Result<Json<SchemeView>, Problem> {
    let shown = app.scheme(&item).await?;
    match shown.current {
        Some(current) => Ok(Json(view(&app, current, shown.paused).await?)),
        None => Err(Problem::not_found(format!(
            "事项“{}”的兑付方案",
            shown.item.name
        ))),
    }
}

/// 要发布的方案。
#[derive(Debug, Deserialize, ToSchema)]
struct SchemeToPublish {
    /// 改的是第几版；第一次发布写 0。
    after: i64,
    /// 方案。
    scheme: Scheme,
}

/// 发布兑付方案
#[utoipa::path(post, path = "/api/v1/schemes/{item}", tag = "兑付",
    params(("item" = String, Path, description = "事项标识")),
    request_body = SchemeToPublish,
    responses(
        (status = 200, description = "新的一版；内容没有变就是原来那版", body = SchemeView),
        (status = 400, description = "方案有错误", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "别人先发布了", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这个事项", body = Problem, content_type = "application/problem+json"),
    ))]
async fn publish_scheme(
    State(app): App,
    viewer: Viewer,
    Path(item): Path<String>,
    Json(body): Json<SchemeToPublish>,
) -> Result<Json<SchemeView>, Problem> {
    named(&item, &body.scheme)?;
    let published = app
        .publish_scheme(&viewer, &body.scheme, body.after)
        .await?;
    Ok(Json(view(&app, published, false).await?))
}

fn named(item: &str, scheme: &Scheme) -> Result<(), Problem> {
    match scheme.item == item {
        true => Ok(()),
        false => {
            Err(Problem::bad_input("方案里的事项和地址里的不一致")
                .field("item", "请改成同一个事项"))
        }
    }
}

/// 检查兑付方案，不保存
#[utoipa::path(post, path = "/api/v1/schemes/{item}/check", tag = "兑付",
    params(("item" = String, Path, description = "事项标识")),
    request_body = Scheme,
    responses(
        (status = 200, description = "检查结果，错误在前；没有就可以发布", body = Vec<Finding>),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这个事项", body = Problem, content_type = "application/problem+json"),
    ))]
async fn check_scheme(
    State(app): App,
    viewer: Viewer,
    Path(item): Path<String>,
    Json(scheme): Json<Scheme>,
) -> Result<Json<Vec<Finding>>, Problem> {
    viewer.need(SCHEME)?;
    named(&item, &scheme)?;
    Ok(Json(app.check_scheme(&scheme).await?.findings))
}
