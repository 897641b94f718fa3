//! JSON endpoints of threads: the enterprise's own systems and the offices' read and write the same.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::access::Viewer;
use zhida_platform::problem::Problem;
use zhida_platform::thread::{Entry, NewEntry, Side, Standing};

use crate::rights::{APPLY, READ};
use crate::service::Redemption;

type App = State<Arc<Redemption>>;

pub(crate) fn routes(app: Arc<Redemption>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_messages, write_message))
        .with_state(app)
}

/// 一件办件的留言。
#[derive(Debug, Serialize, ToSchema)]
struct CaseMessages {
    /// 留言，先写的在前；部门还看得到内部备注。
    items: Vec<Entry>,
    /// 条数。
    total: usize,
    /// 下一页的游标；最近五百条一次给出，所以总是没有。
    next: Option<String>,
    /// 等谁答复、还有几条没有读。
    standing: Standing,
}

/// 一件办件的留言；企业和部门读同一处，内部备注只给部门
#[utoipa::path(get, path = "/api/v1/redemption/cases/{id}/messages", tag = "兑付",
    params(("id" = String, Path, description = "办件标识")),
    responses(
        (status = 200, description = "留言", body = CaseMessages),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这件办件", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_messages(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<CaseMessages>, Problem> {
    let view = app.case(&viewer, READ, &id).await?;
    let side = Side::of(&viewer);
    let talk = app.talk(&viewer, &view, side).await?;
    Ok(Json(CaseMessages {
        total: talk.entries.len(),
        items: talk.entries,
        next: None,
        standing: talk.standing,
    }))
}

/// 要写的留言；附件在页面上传。
#[derive(Debug, Deserialize, ToSchema)]
struct NewMessage {
    /// 内容，最多 2,000 字。
    text: String,
    /// 只给部门看的内部备注；企业不能写。
    #[serde(default)]
    is_internal: bool,
    /// 请企业答复；企业写的不用填。
    #[serde(default)]
    wants_reply: bool,
}

/// 写好的留言。
#[derive(Debug, Serialize, ToSchema)]
struct WrittenMessage {
    /// 标识。
    id: String,
}

/// 写一条留言，通知另一方
#[utoipa::path(post, path = "/api/v1/redemption/cases/{id}/messages", tag = "兑付",
    params(("id" = String, Path, description = "办件标识")),
    request_body = NewMessage,
    responses(
        (status = 201, description = "已写下", body = WrittenMessage),
        (status = 400, description = "内容有误", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这件办件", body = Problem, content_type = "application/problem+json"),
    ))]
async fn write_message(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
    Json(new): Json<NewMessage>,
) -> Result<(StatusCode, Json<WrittenMessage>), Problem> {
    let side = Side::of(&viewer);
    let view = match side {
        Side::Enterprise => app.case(&viewer, APPLY, &id).await?,
        Side::Office => app.handled(&viewer, &id).await?,
    };
    let entry = NewEntry {
        is_internal: new.is_internal,
        wants_reply: new.wants_reply,
        ..NewEntry::message(&new.text, &[])
    };
    let id = app.write_entry(&viewer, &view, side, &entry).await?;
    Ok((StatusCode::CREATED, Json(WrittenMessage { id })))
}
