//! JSON endpoints of threads: the enterprise's own systems and the offices' read and write the same.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use zhida_platform::access::Viewer;
use zhida_platform::problem::Problem;
use zhida_platform::thread::{Entry, NewEntry, Side, Standing};

use super::{Spot, Talk};
use crate::cases::{AppealView, VoiceRow};
use crate::error::Error;
use crate::rights::is_officer;
use crate::service::Appeals;

type App = State<Arc<Appeals>>;

pub(crate) fn routes(app: Arc<Appeals>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_appeal_messages, write_appeal_message))
        .with_state(app)
}

/// 哪一位诉求人的留言。
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OfVoice {
    /// 诉求人的标识；不写的为等部门答复的一位，都不等的为第一位。企业只有自己的。
    #[serde(default)]
    voice: String,
}

/// 一件诉求的留言。
#[derive(Debug, Serialize, ToSchema)]
struct AppealMessages {
    /// 诉求人的标识；并案的每人各有各的留言。
    voice: String,
    /// 留言，先写的在前；办理人员还看得到内部备注。
    items: Vec<Entry>,
    /// 条数。
    total: usize,
    /// 下一页的游标；最近五百条一次给出，所以总是没有。
    next: Option<String>,
    /// 等谁答复、还有几条没有读。
    standing: Standing,
}

/// Whose thread it is, and what the viewer is to it.
struct Found {
    case: AppealView,
    voice: VoiceRow,
    side: Side,
    is_inside: bool,
    knows: bool,
}

async fn found(app: &Appeals, viewer: &Viewer, id: &str, voice: &str) -> Result<Found, Error> {
    if !is_officer(viewer) {
        let followed = app.followed_by_owner(viewer, id).await?;
        return Ok(Found {
            case: followed.main,
            voice: followed.voice,
            side: Side::Enterprise,
            is_inside: true,
            knows: true,
        });
    }
    let sight = app.sight(viewer, id).await?;
    let (voice, _) = app.chosen_voice(id, voice).await?;
    Ok(Found {
        voice,
        side: sight.side(),
        is_inside: sight.is_inside(),
        knows: sight.knows,
        case: sight.view,
    })
}

/// 一件诉求的留言；诉求人和部门读同一处，内部备注只给办理人员
#[utoipa::path(get, path = "/api/v1/appeals/{id}/messages", tag = "诉求",
    params(("id" = String, Path, description = "办件标识"), OfVoice),
    responses((status = 200, description = "留言", body = AppealMessages), (status = 400, description = "参数有误", body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, description = "没有这件诉求，或不在可及的范围", body = Problem)))]
async fn list_appeal_messages(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(of): Query<OfVoice>,
) -> Result<Json<AppealMessages>, Problem> {
    let found = found(&app, &viewer, &id, &of.voice).await?;
    let reads = (found.side, found.knows);
    let Talk {
        mut entries,
        standing,
    } = app.talk(&viewer, &found.voice.id, reads).await?;
    if found.side == Side::Office {
        let remarks = app.talk(&viewer, &found.case.id(), reads).await?;
        entries.extend(remarks.entries);
        entries.sort_by(|one, other| one.id.cmp(&other.id));
    }
    Ok(Json(AppealMessages {
        voice: found.voice.id,
        total: entries.len(),
        items: entries,
        next: None,
        standing,
    }))
}

/// 要写的留言；附件在页面上传。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAppealMessage {
    /// 内容，最多 2,000 字。
    text: String,
    /// 只给办理人员看的内部备注；诉求人不能写。
    #[serde(default)]
    is_internal: bool,
    /// 请诉求人答复；诉求人写的不用填。
    #[serde(default)]
    wants_reply: bool,
}

/// 写好的留言。
#[derive(Debug, Serialize, ToSchema)]
struct WrittenAppealMessage {
    /// 标识。
    id: String,
}

/// 写一条留言，通知另一方
#[utoipa::path(post, path = "/api/v1/appeals/{id}/messages", tag = "诉求",
    params(("id" = String, Path, description = "办件标识"), OfVoice), request_body = NewAppealMessage,
    responses((status = 201, description = "已写下", body = WrittenAppealMessage), (status = 400, description = "内容有误", body = Problem), (status = 401, body = Problem),
        (status = 403, description = "没有权限", body = Problem), (status = 404, description = "没有这件诉求，或不在可及的范围", body = Problem)))]
async fn write_appeal_message(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(of): Query<OfVoice>,
    Json(new): Json<NewAppealMessage>,
) -> Result<(StatusCode, Json<WrittenAppealMessage>), Problem> {
    let found = found(&app, &viewer, &id, &of.voice).await?;
    if !found.is_inside {
        return Err(Problem::forbidden("您只能查看这件诉求，不能留言"));
    }
    let entry = NewEntry {
        is_internal: new.is_internal,
        wants_reply: new.wants_reply,
        ..NewEntry::message(&new.text, &[])
    };
    let spot = Spot {
        case: &found.case,
        voice: Some(&found.voice).filter(|_| !new.is_internal),
        side: found.side,
    };
    let id = app.write_entry(&viewer, &spot, &entry).await?;
    Ok((StatusCode::CREATED, Json(WrittenAppealMessage { id })))
}
