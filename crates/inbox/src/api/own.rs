//! One's own inbox and preferences.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::access::Viewer;
use zhida_platform::messages::{Channel, InboxMessage, Mode, MutedTopic};
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;

use super::App;
use crate::error::Error;
use crate::service::{Choice, Inbox};

pub(super) fn routes() -> OpenApiRouter<Arc<Inbox>> {
    OpenApiRouter::new()
        .routes(routes!(list_messages))
        .routes(routes!(count_unread))
        .routes(routes!(read_message))
        .routes(routes!(read_all_messages))
        .routes(routes!(list_preferences, set_preferences))
        .routes(routes!(mute_message_item))
        .routes(routes!(list_muted_items))
        .routes(routes!(restore_muted_item))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct MessagesAsked {
    /// 只要未读的。
    unread: bool,
}

/// 自己的消息，新的在前：发给本人、所在企业和所任角色的
#[utoipa::path(get, path = "/api/v1/messages", tag = "消息", params(MessagesAsked, PageRequest), responses(
    (status = 200, description = "一页消息", body = Page<InboxMessage>),
    (status = 401, description = "没有登录", body = Problem, content_type = "application/problem+json"),
))]
async fn list_messages(
    State(inbox): App,
    viewer: Viewer,
    Parameters(asked): Parameters<MessagesAsked>,
    page: PageRequest,
) -> Result<Json<Page<InboxMessage>>, Problem> {
    Ok(Json(inbox.inbox(&viewer, asked.unread, &page).await?))
}

/// 未读消息的条数。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnreadCount {
    /// 条数。
    unread: u64,
}

/// 未读消息的条数
#[utoipa::path(get, path = "/api/v1/messages/unread", tag = "消息", responses(
    (status = 200, description = "条数", body = UnreadCount),
    (status = 401, description = "没有登录", body = Problem, content_type = "application/problem+json"),
))]
async fn count_unread(State(inbox): App, viewer: Viewer) -> Result<Json<UnreadCount>, Problem> {
    let unread = inbox.unread(&viewer).await?;
    Ok(Json(UnreadCount { unread }))
}

/// 标为已读
#[utoipa::path(post, path = "/api/v1/messages/{id}/read", tag = "消息",
    params(("id" = String, Path, description = "消息标识")),
    responses(
        (status = 204, description = "已读"),
        (status = 404, description = "没有这条消息", body = Problem, content_type = "application/problem+json"),
    ))]
async fn read_message(
    State(inbox): App,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    inbox.read(&viewer, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 全部标为已读
#[utoipa::path(post, path = "/api/v1/messages/read-all", tag = "消息", responses(
    (status = 204, description = "已读"),
    (status = 401, description = "没有登录", body = Problem, content_type = "application/problem+json"),
))]
async fn read_all_messages(State(inbox): App, viewer: Viewer) -> Result<StatusCode, Problem> {
    inbox.read_all(&viewer).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 消息里的哪一项。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MuteInput {
    /// 事项的标识，消息的 topics 里有。
    topic: String,
}

/// 不再提醒消息里的一项：以后没有关于它的消息，匹配列表里仍然有
#[utoipa::path(post, path = "/api/v1/messages/{id}/mute-item", tag = "消息", request_body = MuteInput,
    params(("id" = String, Path, description = "消息标识")),
    responses(
        (status = 204, description = "不再提醒"),
        (status = 401, description = "没有登录", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这条消息，或消息里没有这一项", body = Problem, content_type = "application/problem+json"),
    ))]
async fn mute_message_item(
    State(inbox): App,
    viewer: Viewer,
    Path(id): Path<String>,
    Json(input): Json<MuteInput>,
) -> Result<StatusCode, Problem> {
    inbox.mute_item(&viewer, &id, &input.topic).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 自己不再提醒的事项，后选的在前
#[utoipa::path(get, path = "/api/v1/messages/muted", tag = "消息", responses(
    (status = 200, description = "不再提醒的事项", body = Vec<MutedTopic>),
    (status = 401, description = "没有登录", body = Problem, content_type = "application/problem+json"),
))]
async fn list_muted_items(
    State(inbox): App,
    viewer: Viewer,
) -> Result<Json<Vec<MutedTopic>>, Problem> {
    Ok(Json(inbox.muted_items(&viewer).await?))
}

/// 恢复提醒一项
#[utoipa::path(delete, path = "/api/v1/messages/muted/{id}", tag = "消息",
    params(("id" = String, Path, description = "不再提醒的事项的标识")),
    responses(
        (status = 204, description = "恢复提醒"),
        (status = 401, description = "没有登录", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这个不再提醒的事项", body = Problem, content_type = "application/problem+json"),
    ))]
async fn restore_muted_item(
    State(inbox): App,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    inbox.restore_item(&viewer, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 一类消息在一种方式上怎样告诉本人。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreferenceView {
    /// 消息种类的标识。
    event: &'static str,
    /// 消息种类的名称。
    event_name: &'static str,
    /// 方式：mail 邮件、sms 短信。
    channel: &'static str,
    /// now 立即、digest 每日汇总、off 不推送。
    mode: &'static str,
    /// 自己选的，还是默认的。
    chosen: bool,
    /// 关系到账号安全，不能更改。
    required: bool,
}

/// 自己的接收方式
#[utoipa::path(get, path = "/api/v1/messages/preferences", tag = "消息", responses(
    (status = 200, description = "各类消息的接收方式", body = Vec<PreferenceView>),
    (status = 401, description = "没有登录", body = Problem, content_type = "application/problem+json"),
))]
async fn list_preferences(
    State(inbox): App,
    viewer: Viewer,
) -> Result<Json<Vec<PreferenceView>>, Problem> {
    let lines = inbox.preferences(&viewer).await?;
    let views = lines.into_iter().map(|line| PreferenceView {
        event: line.event.slug,
        event_name: line.event.name,
        channel: line.channel.slug(),
        mode: line.mode.slug(),
        chosen: line.is_chosen,
        required: line.event.is_required(line.channel),
    });
    Ok(Json(views.collect()))
}

/// 要更改的接收方式。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreferenceInput {
    /// 消息种类的标识。
    event: String,
    /// 方式：mail、sms。
    channel: String,
    /// now、digest、off；不写则恢复默认。
    mode: Option<String>,
}

/// 更改自己的接收方式；没有写到的不变
#[utoipa::path(put, path = "/api/v1/messages/preferences", tag = "消息", request_body = Vec<PreferenceInput>,
    responses(
        (status = 204, description = "已保存"),
        (status = 400, description = "内容有误，或不能关闭", body = Problem, content_type = "application/problem+json"),
    ))]
async fn set_preferences(
    State(inbox): App,
    viewer: Viewer,
    Json(input): Json<Vec<PreferenceInput>>,
) -> Result<StatusCode, Problem> {
    let mut choices = Vec::new();
    for one in input {
        let channel = Channel::parse(&one.channel);
        let channel = channel.ok_or_else(|| Error::field("channel", "方式请写 mail 或 sms"))?;
        let mode = one.mode.as_deref().map(|mode| {
            Mode::parse(mode).ok_or_else(|| Error::field("mode", "请写 now、digest 或 off"))
        });
        choices.push(Choice {
            event: one.event,
            channel,
            mode: mode.transpose()?,
        });
    }
    inbox.choose(&viewer, &choices).await?;
    Ok(StatusCode::NO_CONTENT)
}
