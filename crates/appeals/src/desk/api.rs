//! The JSON interface of the desks.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhida_platform::access::Viewer;
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;

use super::queue::may_look;
use crate::cases::{AppealView, Step, Voice, due_words};
use crate::model::AppealRow;
use crate::query::AppealQuery;
use crate::rules::{Catalogue, presets};
use crate::service::Appeals;
use crate::words::{Channel, Satisfaction};

type App = State<Arc<Appeals>>;

pub(super) fn routes(app: Arc<Appeals>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_appeals))
        .routes(routes!(get_appeal))
        .routes(routes!(take_appeal_step))
        .routes(routes!(list_appeal_categories))
        .routes(routes!(list_appeal_presets))
        .with_state(app)
}

/// 诉求列表的一页。
#[derive(Serialize, ToSchema)]
pub(super) struct AppealList {
    /// 诉求，先到期的在前。
    items: Vec<AppealRow>,
    /// 符合条件的总数。
    total: u64,
    /// 下一页从哪里开始；没有下一页为空。
    next: Option<String>,
}

/// 一件诉求。
#[derive(Serialize, ToSchema)]
pub(super) struct AppealShown {
    /// 列表中的内容。
    row: AppealRow,
    /// 诉求的内容。
    text: String,
    /// 期限，文字。
    due: String,
    /// 版本，办理时要带上。
    version: i64,
    /// 提出它的每一位诉求人，回访要写明是哪一位。
    voices: Vec<AppealVoice>,
    /// 办理过程。
    history: Vec<AppealEvent>,
}

/// 一位诉求人。
#[derive(Serialize, ToSchema)]
pub(super) struct AppealVoice {
    /// 标识，回访用它。
    id: String,
    /// 何时提出。
    said_at: DateTime<Utc>,
    /// 渠道。
    channel: Channel,
    /// 企业名称；个人和不应知道的为空。
    enterprise_name: String,
    /// 最近一次评价；没有为空。
    answer: Option<Satisfaction>,
}

impl From<Voice> for AppealVoice {
    fn from(voice: Voice) -> Self {
        Self {
            id: voice.id,
            said_at: voice.said_at,
            channel: voice.channel,
            enterprise_name: voice.enterprise_name,
            answer: voice.answer,
        }
    }
}

/// 办理过程中的一条。
#[derive(Serialize, ToSchema)]
pub(super) struct AppealEvent {
    /// 何时。
    at: DateTime<Utc>,
    /// 什么。
    what: String,
    /// 谁。
    who: String,
}

/// 办理的一步。
#[derive(Deserialize, ToSchema)]
pub(super) struct AppealStep {
    /// 看到的版本；别人先办理了，会被拒绝。
    version: i64,
    /// 哪一步。
    #[serde(flatten)]
    step: Step,
}

/// 时限预设。
#[derive(Serialize, ToSchema)]
pub(super) struct AppealPreset {
    /// 标识。
    id: &'static str,
    /// 名称。
    name: &'static str,
    /// 规则。
    rule: &'static str,
    /// 来源。
    source: &'static str,
    /// 推定之处；没有为空。
    assumption: &'static str,
}

/// 查询诉求
#[utoipa::path(get, path = "/api/v1/appeals", tag = "诉求", params(AppealQuery, PageRequest),
    responses((status = 200, description = "诉求和总数", body = AppealList), (status = 400, description = "参数或内容有误", body = Problem), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn list_appeals(
    State(app): App,
    viewer: Viewer,
    Query(query): Query<AppealQuery>,
    page: PageRequest,
) -> Result<Json<AppealList>, Problem> {
    may_look(&viewer).map_err(Problem::from)?;
    let found: Page<AppealRow> = app.list(&viewer, &query, &page).await?;
    Ok(Json(AppealList {
        total: app.count(&viewer, &query).await?,
        items: found.items,
        next: found.next,
    }))
}

/// 查看一件诉求
#[utoipa::path(get, path = "/api/v1/appeals/{id}", tag = "诉求", params(("id" = String, Path, description = "办件标识")),
    responses((status = 200, description = "一件诉求", body = AppealShown), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, description = "没有这件诉求，或不在可及的范围", body = Problem)))]
async fn get_appeal(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<AppealShown>, Problem> {
    let sight = app.sight(&viewer, &id).await?;
    let mut row = sight.view.row.clone();
    if !sight.knows {
        row.conceal();
    }
    let voices = app.voices(&sight).await?;
    Ok(Json(shown(&sight.view, row, voices)))
}

fn shown(view: &AppealView, row: AppealRow, voices: Vec<Voice>) -> AppealShown {
    AppealShown {
        voices: voices.into_iter().map(AppealVoice::from).collect(),
        text: view.text.clone(),
        due: due_words(view),
        version: view.row.head.version,
        history: view
            .loaded
            .events
            .iter()
            .map(|event| AppealEvent {
                at: event.at,
                what: event.change.words(),
                who: event.by.words(),
            })
            .collect(),
        row,
    }
}

/// 办理一步
#[utoipa::path(post, path = "/api/v1/appeals/{id}/steps", tag = "诉求", params(("id" = String, Path, description = "办件标识")),
    request_body = AppealStep,
    responses((status = 204, description = "办理成功"), (status = 400, description = "参数或内容有误", body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, description = "没有这件诉求，或不在可及的范围", body = Problem), (status = 409, description = "别人刚办理过，请重新打开", body = Problem), (status = 422, description = "现在不能这样办理", body = Problem)))]
async fn take_appeal_step(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
    Json(step): Json<AppealStep>,
) -> Result<StatusCode, Problem> {
    app.act(&viewer, &id, step.version, &step.step).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 诉求分类和职责清单
#[utoipa::path(get, path = "/api/v1/appeal-categories", tag = "诉求", responses((status = 200, description = "分类、职责清单和不予受理清单", body = Catalogue)))]
async fn list_appeal_categories(State(app): App) -> Result<Json<Catalogue>, Problem> {
    Ok(Json(app.catalogue().await?.catalogue))
}

/// 时限预设
#[utoipa::path(get, path = "/api/v1/appeal-presets", tag = "诉求", responses((status = 200, description = "时限预设", body = Vec<AppealPreset>)))]
async fn list_appeal_presets() -> Json<Vec<AppealPreset>> {
    let line = |one: &'static crate::rules::Preset| AppealPreset {
        id: &one.id,
        name: &one.name,
        rule: &one.rule,
        source: &one.source,
        assumption: &one.assumption,
    };
    Json(presets().iter().map(line).collect())
}
