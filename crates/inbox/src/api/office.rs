//! Deliveries, endpoints and templates, for whoever runs the program.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zhida_platform::access::Viewer;
use zhida_platform::messages::Delivery;
use zhida_platform::messages::webhook::Endpoint;
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;

use super::App;
use crate::service::{DeliveryFilters, EndpointView, Inbox, NewEndpointForm};

pub(super) fn routes() -> OpenApiRouter<Arc<Inbox>> {
    OpenApiRouter::new()
        .routes(routes!(list_deliveries))
        .routes(routes!(retry_delivery))
        .routes(routes!(list_webhooks, create_webhook))
        .routes(routes!(delete_webhook))
        .routes(routes!(set_webhook_state))
        .routes(routes!(replay_webhook))
        .routes(routes!(list_webhook_deliveries))
        .routes(routes!(list_message_templates))
        .routes(routes!(write_message_template, reset_message_template))
}

/// 一页发送记录。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryList {
    /// 本页记录。
    items: Vec<Delivery>,
    /// 总数。
    total: u64,
    /// 下一页的 after；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// 发送记录，新的在前；地址按权限脱敏
#[utoipa::path(get, path = "/api/v1/message-deliveries", tag = "消息", params(DeliveryFilters, PageRequest),
    responses(
        (status = 200, description = "一页记录和总数", body = DeliveryList),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_deliveries(
    State(inbox): App,
    viewer: Viewer,
    Parameters(filters): Parameters<DeliveryFilters>,
    page: PageRequest,
) -> Result<Json<DeliveryList>, Problem> {
    let total = inbox.delivery_count(&viewer, &filters).await?;
    let found = inbox.deliveries(&viewer, &filters, &page).await?;
    Ok(Json(DeliveryList {
        items: found.items,
        total,
        next: found.next,
    }))
}

/// 再发一次
#[utoipa::path(post, path = "/api/v1/message-deliveries/{id}/retry", tag = "消息",
    params(("id" = String, Path, description = "发送记录标识")),
    responses(
        (status = 204, description = "已排队"),
        (status = 404, description = "没有这条记录，或它不能再发", body = Problem, content_type = "application/problem+json"),
    ))]
async fn retry_delivery(
    State(inbox): App,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    inbox.retry(&viewer, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 推送地址和等待推送的条数。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookView {
    #[serde(flatten)]
    endpoint: Endpoint,
    /// 收到谁的消息。
    whose: String,
    /// 等待推送的条数。
    waiting: u64,
}

impl From<EndpointView> for WebhookView {
    fn from(view: EndpointView) -> Self {
        Self {
            whose: view.whose(),
            waiting: view.waiting,
            endpoint: view.endpoint,
        }
    }
}

/// 一页推送地址。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookList {
    /// 本页推送地址。
    items: Vec<WebhookView>,
    /// 总数。
    total: u64,
    /// 下一页的 after；最后一页没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// 推送地址，旧的在前
#[utoipa::path(get, path = "/api/v1/webhooks", tag = "消息", params(PageRequest),
    responses(
        (status = 200, description = "一页推送地址和总数", body = WebhookList),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_webhooks(
    State(inbox): App,
    viewer: Viewer,
    page: PageRequest,
) -> Result<Json<WebhookList>, Problem> {
    let total = inbox.endpoint_count(&viewer).await?;
    let found = inbox.endpoints(&viewer, &page).await?;
    Ok(Json(WebhookList {
        items: found.items.into_iter().map(WebhookView::from).collect(),
        total,
        next: found.next,
    }))
}

/// 要添加的推送地址。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookInput {
    /// https 网址。
    url: String,
    /// 消息种类的标识，或只写一个 *。
    events: Vec<String>,
    /// 只推送这家企业收到的消息：统一社会信用代码；不写是本平台的业务系统。
    #[serde(default)]
    enterprise: String,
}

/// 添加的推送地址和签名密钥；密钥只在这里出现一次。
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookMade {
    #[serde(flatten)]
    endpoint: Endpoint,
    /// 签名密钥。
    secret: String,
}

/// 添加推送地址
#[utoipa::path(post, path = "/api/v1/webhooks", tag = "消息", request_body = WebhookInput,
    responses(
        (status = 201, description = "推送地址和密钥", body = WebhookMade),
        (status = 400, description = "地址或种类有误", body = Problem, content_type = "application/problem+json"),
    ))]
async fn create_webhook(
    State(inbox): App,
    viewer: Viewer,
    Json(input): Json<WebhookInput>,
) -> Result<(StatusCode, Json<WebhookMade>), Problem> {
    let form = NewEndpointForm {
        url: input.url,
        events: input.events,
        enterprise: input.enterprise,
    };
    let (endpoint, secret) = inbox.add_endpoint(&viewer, &form).await?;
    let made = WebhookMade {
        endpoint,
        secret: secret.reveal().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// 删除推送地址，连同等待推送的消息
#[utoipa::path(delete, path = "/api/v1/webhooks/{id}", tag = "消息",
    params(("id" = String, Path, description = "推送地址标识")),
    responses(
        (status = 204, description = "已删除"),
        (status = 404, description = "没有这个地址", body = Problem, content_type = "application/problem+json"),
    ))]
async fn delete_webhook(
    State(inbox): App,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    inbox.remove_endpoint(&viewer, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 推送地址的状态。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookState {
    /// true 启用，从停下的地方继续；false 暂停。
    on: bool,
}

/// 暂停或启用推送地址
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/state", tag = "消息", request_body = WebhookState,
    params(("id" = String, Path, description = "推送地址标识")),
    responses(
        (status = 204, description = "已办"),
        (status = 404, description = "没有这个地址", body = Problem, content_type = "application/problem+json"),
    ))]
async fn set_webhook_state(
    State(inbox): App,
    viewer: Viewer,
    Path(id): Path<String>,
    Json(state): Json<WebhookState>,
) -> Result<StatusCode, Problem> {
    inbox.switch_endpoint(&viewer, &id, state.on).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 从哪里重新推送。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayInput {
    /// 从第几号开始，最小是 1。
    from: i64,
}

/// 重新排队的条数。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Replayed {
    /// 条数。
    replayed: u64,
}

/// 从一个编号起按顺序重新推送
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/replay", tag = "消息", request_body = ReplayInput,
    params(("id" = String, Path, description = "推送地址标识")),
    responses(
        (status = 200, description = "重新排队的条数", body = Replayed),
        (status = 404, description = "没有这个地址", body = Problem, content_type = "application/problem+json"),
    ))]
async fn replay_webhook(
    State(inbox): App,
    viewer: Viewer,
    Path(id): Path<String>,
    Json(input): Json<ReplayInput>,
) -> Result<Json<Replayed>, Problem> {
    let replayed = inbox.replay(&viewer, &id, input.from).await?;
    Ok(Json(Replayed { replayed }))
}

/// 一个推送地址的推送记录，新的在前
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/deliveries", tag = "消息",
    params(("id" = String, Path, description = "推送地址标识"), PageRequest),
    responses(
        (status = 200, description = "一页记录", body = Page<Delivery>),
        (status = 404, description = "没有这个地址", body = Problem, content_type = "application/problem+json"),
    ))]
async fn list_webhook_deliveries(
    State(inbox): App,
    viewer: Viewer,
    Path(id): Path<String>,
    page: PageRequest,
) -> Result<Json<Page<Delivery>>, Problem> {
    inbox.endpoint(&viewer, &id).await?;
    Ok(Json(inbox.endpoint_log(&viewer, &id, &page).await?))
}

/// 一个消息模板。
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageTemplateView {
    /// 消息种类的标识。
    event: &'static str,
    /// 消息种类的名称。
    event_name: &'static str,
    /// 方式：inbox、mail、sms。
    channel: &'static str,
    /// 标题，一行；短信没有。
    title: String,
    /// 正文。
    body: String,
    /// 可用的字段，写成 {字段名}。
    fields: Vec<&'static str>,
    /// 管理员改写过，还是自带的。
    written: bool,
}

/// 消息模板
#[utoipa::path(get, path = "/api/v1/message-templates", tag = "消息", responses(
    (status = 200, description = "全部模板", body = Vec<MessageTemplateView>),
    (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
))]
async fn list_message_templates(
    State(inbox): App,
    viewer: Viewer,
) -> Result<Json<Vec<MessageTemplateView>>, Problem> {
    let views = inbox.templates(&viewer).await?;
    let views = views.into_iter().map(|view| MessageTemplateView {
        event: view.event.slug,
        event_name: view.event.name,
        channel: view.channel.slug(),
        title: view.title,
        body: view.body,
        fields: view.event.fields.iter().map(|field| field.label).collect(),
        written: view.is_written,
    });
    Ok(Json(views.collect()))
}

/// 消息模板的文字。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageTemplateInput {
    /// 标题，一行。
    #[serde(default)]
    title: String,
    /// 正文。
    body: String,
}

/// 改写一个消息模板
#[utoipa::path(put, path = "/api/v1/message-templates/{event}/{channel}", tag = "消息",
    request_body = MessageTemplateInput,
    params(("event" = String, Path, description = "消息种类"), ("channel" = String, Path, description = "方式")),
    responses(
        (status = 204, description = "已保存"),
        (status = 400, description = "文字有误", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这个模板", body = Problem, content_type = "application/problem+json"),
    ))]
async fn write_message_template(
    State(inbox): App,
    viewer: Viewer,
    Path((event, channel)): Path<(String, String)>,
    Json(input): Json<MessageTemplateInput>,
) -> Result<StatusCode, Problem> {
    let view = inbox.template(&viewer, &event, &channel).await?;
    let (key, text) = (
        (event.as_str(), view.channel),
        (input.title.as_str(), input.body.as_str()),
    );
    inbox.write_template(&viewer, key, text).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 恢复自带的消息模板
#[utoipa::path(delete, path = "/api/v1/message-templates/{event}/{channel}", tag = "消息",
    params(("event" = String, Path, description = "消息种类"), ("channel" = String, Path, description = "方式")),
    responses(
        (status = 204, description = "已恢复"),
        (status = 404, description = "没有这个模板", body = Problem, content_type = "application/problem+json"),
    ))]
async fn reset_message_template(
    State(inbox): App,
    viewer: Viewer,
    Path((event, channel)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let view = inbox.template(&viewer, &event, &channel).await?;
    inbox.reset_template(&viewer, &event, view.channel).await?;
    Ok(StatusCode::NO_CONTENT)
}
