//! 发送记录.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use zhida_platform::export::{Chosen, csv_response, percent_encoded, xlsx_response};
use zhida_platform::format::{count, datetime_zh};
use zhida_platform::messages::{Channel, Delivery, DeliveryState};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Exports, Frame, Html, Page, PageError, Pager, Tab, Tone};

use super::{Answer, App, DELIVERIES, ROWS, office, tabs, to};
use crate::service::{DeliveryFilters, Inbox, delivery_columns};

#[derive(Template)]
#[template(path = "inbox/deliveries.html")]
struct DeliveriesPage {
    page: Page,
    tabs: Vec<Tab>,
    states: Vec<Choice>,
    channels: Vec<Choice>,
    events: Vec<Choice>,
    to: String,
    is_filtered: bool,
    exports: Exports,
    rows: Vec<Line>,
    pager: Pager,
}

/// A delivery as lists show it.
pub(super) struct Line {
    pub id: String,
    pub title: String,
    pub kind: String,
    pub channel: &'static str,
    pub address: String,
    pub when: String,
    pub state: String,
    pub tone: &'static str,
    /// Why the last try failed, or when the next one is.
    pub why: String,
    pub next: String,
    pub can_retry: bool,
    /// The running number of an endpoint's event.
    pub number: String,
    pub attempts: i64,
}

pub(super) fn line(inbox: &Inbox, one: &Delivery) -> Line {
    let later = one.is_digest || one.attempts > 0;
    let waits = one.state == DeliveryState::Queued && later;
    Line {
        id: one.id.clone(),
        title: one.title.clone(),
        kind: inbox.event_name(&one.event).to_owned(),
        channel: Channel::parse(&one.channel).map_or("", Channel::word),
        address: one.address.clone(),
        when: datetime_zh(one.created_at),
        state: one.label(),
        tone: match one.state {
            DeliveryState::Queued => "blue",
            DeliveryState::Sent => "green",
            DeliveryState::GivenUp | DeliveryState::Refused => "red",
            DeliveryState::Undeliverable => "yellow",
        },
        why: one.error.clone(),
        next: match waits && one.channel != Channel::Webhook.slug() {
            true => format!("最早 {} 发送", datetime_zh(one.due_at)),
            false => String::new(),
        },
        can_retry: one.can_retry(),
        number: one
            .number
            .map(|number| number.to_string())
            .unwrap_or_default(),
        attempts: one.attempts,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct After {
    after: String,
}

/// 发送记录
pub(crate) async fn list(
    State(inbox): State<App>,
    frame: Frame,
    Query(filters): Query<DeliveryFilters>,
    Query(After { after }): Query<After>,
) -> Answer {
    let viewer = &frame.viewer;
    let request = PageRequest {
        after: Some(after.clone()),
        limit: ROWS,
    };
    let request = request.checked(ROWS)?;
    let total = inbox.delivery_count(viewer, &filters).await;
    let total = total.map_err(Problem::from)?;
    let found = inbox.deliveries(viewer, &filters, &request).await;
    let found = found.map_err(Problem::from)?;
    let summary = format!("共 {} 条", count(total));
    let csv = address("/office/deliveries/export.csv", &filters, "");
    let exports = frame
        .exports("office.deliveries", &csv, &delivery_columns(), &summary)
        .await?;
    let mut page = office(&frame, "发送记录").lead(
        "每条消息送到了哪里、没有送到是什么原因。“已收下”只说明对方服务器收了，不等于对方看了；“被拒收”的是地址不存在或已停用的，请联系本人更换邮箱。",
    );
    for (channel, tone) in [(Channel::Mail, Tone::Warning), (Channel::Sms, Tone::Info)] {
        if !inbox.messages.is_on(channel) {
            page = page.notice(tone, lacks(channel));
        }
    }
    Ok(Html(DeliveriesPage {
        page,
        tabs: tabs(DELIVERIES),
        states: states(&filters.state),
        channels: channels(&filters.channel),
        events: events(&inbox, &filters.event),
        to: filters.to.clone(),
        is_filtered: filters != DeliveryFilters::default(),
        exports,
        rows: found.items.iter().map(|one| line(&inbox, one)).collect(),
        pager: Pager {
            summary,
            first: match after.is_empty() {
                true => String::new(),
                false => address(DELIVERIES, &filters, ""),
            },
            next: found
                .next
                .map(|next| address(DELIVERIES, &filters, &next))
                .unwrap_or_default(),
        },
    })
    .into_response())
}

fn lacks(channel: Channel) -> &'static str {
    match channel {
        Channel::Mail => {
            "系统没有配置邮件服务器（设置 mail.server、mail.from），邮件都无法发送；配置后用“zhida message test 收件人”检查，再在这里逐条再发"
        }
        _ => "系统没有配置短信（设置 messages.sms_file），短信都无法发送",
    }
}

fn any(current: &str) -> Choice {
    Choice::new("", "不限", current)
}

fn states(current: &str) -> Vec<Choice> {
    let states = DeliveryState::ALL.iter();
    let states = states.map(|state| Choice::new(state.slug(), state.word(), current));
    std::iter::once(any(current)).chain(states).collect()
}

fn channels(current: &str) -> Vec<Choice> {
    let channels = [Channel::Mail, Channel::Sms, Channel::Webhook].into_iter();
    let channels = channels.map(|channel| Choice::new(channel.slug(), channel.word(), current));
    std::iter::once(any(current)).chain(channels).collect()
}

fn events(inbox: &Inbox, current: &str) -> Vec<Choice> {
    let events = inbox.messages.events();
    let events = events.map(|event| Choice::new(event.slug, event.name, current));
    std::iter::once(any(current)).chain(events).collect()
}

fn address(path: &str, filters: &DeliveryFilters, after: &str) -> String {
    let fields = [
        ("state", filters.state.as_str()),
        ("channel", &filters.channel),
        ("event", &filters.event),
        ("to", &filters.to),
        ("after", after),
    ];
    let parts: Vec<String> = fields
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
        .collect();
    match parts.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", parts.join("&")),
    }
}

/// 导出 CSV
pub(crate) async fn csv(
    State(inbox): State<App>,
    frame: Frame,
    Query(filters): Query<DeliveryFilters>,
    chosen: Chosen,
) -> Answer {
    let table = export(&inbox, &frame, &filters)?;
    Ok(csv_response(table.only(&chosen)?))
}

/// 导出 Excel
pub(crate) async fn xlsx(
    State(inbox): State<App>,
    frame: Frame,
    Query(filters): Query<DeliveryFilters>,
    chosen: Chosen,
) -> Result<Response, PageError> {
    let table = export(&inbox, &frame, &filters)?;
    Ok(xlsx_response(table.only(&chosen)?).await?)
}

fn export(
    inbox: &Arc<Inbox>,
    frame: &Frame,
    filters: &DeliveryFilters,
) -> Result<zhida_platform::export::Table, Problem> {
    Ok(inbox.export_deliveries(&frame.viewer, filters)?)
}

/// 再发一次
pub(crate) async fn retry(
    State(inbox): State<App>,
    frame: Frame,
    Path(id): Path<String>,
) -> Answer {
    inbox
        .retry(&frame.viewer, &id)
        .await
        .map_err(Problem::from)?;
    Ok(to(DELIVERIES))
}
