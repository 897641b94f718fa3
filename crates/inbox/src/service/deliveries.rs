//! 发送记录: what became of every message, for those who look after it.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use zhida_platform::access::{Viewer, mask};
use zhida_platform::audit;
use zhida_platform::export::{Cell, Column, Table};
use zhida_platform::format::datetime_zh;
use zhida_platform::messages::{Channel, Delivery, DeliveryFilter, DeliveryState};
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;

use super::Inbox;
use crate::actions::MANAGE;
use crate::error::Error;

/// Lines of an export that are read at a time.
const EXPORT_LINES: u32 = 200;

/// Which deliveries; empty texts ask nothing. List, count and exports take the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveryFilters {
    /// 状态：queued、sent、given-up、refused、undeliverable。
    pub state: String,
    /// 方式：mail、sms、webhook。
    pub channel: String,
    /// 消息种类的标识。
    pub event: String,
    /// 收件人：统一社会信用代码、账号标识，或完整的邮箱、手机号、推送地址标识。
    pub to: String,
}

impl DeliveryFilters {
    fn read(&self) -> Result<DeliveryFilter<'_>, Error> {
        let some = |text: &'_ str| !text.trim().is_empty();
        let state = match some(&self.state) {
            true => Some(DeliveryState::parse(self.state.trim()).ok_or_else(|| {
                let words = "状态请写 queued、sent、given-up、refused 或 undeliverable";
                Error::field("state", words)
            })?),
            false => None,
        };
        let channel = match some(&self.channel) {
            true => Some(
                Channel::parse(self.channel.trim())
                    .ok_or_else(|| Error::field("channel", "方式请写 mail、sms 或 webhook"))?,
            ),
            false => None,
        };
        let to = self.to.trim();
        let is_address = to.contains('@') || to.len() == 11 || channel == Some(Channel::Webhook);
        Ok(DeliveryFilter {
            state,
            channel,
            event: Some(self.event.trim()).filter(|event| !event.is_empty()),
            recipient: Some(to).filter(|to| !to.is_empty() && !is_address),
            address: Some(to).filter(|to| !to.is_empty() && is_address),
            message: None,
        })
    }
}

/// The columns of [`Inbox::export_deliveries`].
pub(crate) fn delivery_columns() -> Vec<Column> {
    vec![
        Column::wide("时间", 20),
        Column::new("种类"),
        Column::new("方式"),
        Column::wide("收件人", 28),
        Column::wide("标题", 40),
        Column::wide("状态", 28),
        Column::wide("原因", 40),
    ]
}

impl Inbox {
    /// A page of deliveries, the newest first; addresses are masked for whoever may not see them.
    pub(crate) async fn deliveries(
        &self,
        viewer: &Viewer,
        filters: &DeliveryFilters,
        page: &PageRequest,
    ) -> Result<Page<Delivery>, Error> {
        viewer.need(MANAGE)?;
        let filter = filters.read()?;
        let found = self
            .messages
            .deliveries(self.db.conn(), &filter, page)
            .await?;
        Ok(found.map(|delivery| shown(delivery, viewer)))
    }

    /// How many the list has.
    pub(crate) async fn delivery_count(
        &self,
        viewer: &Viewer,
        filters: &DeliveryFilters,
    ) -> Result<u64, Error> {
        viewer.need(MANAGE)?;
        let filter = filters.read()?;
        Ok(self
            .messages
            .delivery_count(self.db.conn(), &filter)
            .await?)
    }

    /// The whole list for CSV and XLSX.
    pub(crate) fn export_deliveries(
        self: &Arc<Self>,
        viewer: &Viewer,
        filters: &DeliveryFilters,
    ) -> Result<Table, Error> {
        viewer.need(MANAGE)?;
        filters.read()?;
        let (inbox, viewer, filters) = (Arc::clone(self), viewer.clone(), filters.clone());
        let fetch = move |after: Option<String>| {
            let (inbox, viewer, filters) = (Arc::clone(&inbox), viewer.clone(), filters.clone());
            async move {
                let page = PageRequest {
                    after,
                    limit: EXPORT_LINES,
                };
                let found = inbox.deliveries(&viewer, &filters, &page).await;
                let found = found.map_err(Problem::from)?;
                let rows = found.items.iter().map(|one| inbox.cells(one)).collect();
                Ok((rows, found.next))
            }
        };
        Ok(Table::by_pages("发送记录", delivery_columns(), fetch))
    }

    fn cells(&self, delivery: &Delivery) -> Vec<Cell> {
        vec![
            datetime_zh(delivery.created_at).into(),
            self.event_name(&delivery.event).into(),
            channel_name(&delivery.channel).into(),
            delivery.address.as_str().into(),
            delivery.title.as_str().into(),
            delivery.label().into(),
            delivery.error.as_str().into(),
        ]
    }

    /// Sends once more what was given up, or could not be sent for want of settings.
    pub(crate) async fn retry(&self, viewer: &Viewer, id: &str) -> Result<(), Error> {
        viewer.need(MANAGE)?;
        self.db
            .write(|tx| async move {
                let before = shown(self.messages.delivery(&tx, id).await?, viewer);
                self.messages.retry(&tx, id).await?;
                let entry = self
                    .entry(viewer, "messages.retry", "delivery", id)
                    .before(json!({ "state": before.state.slug(), "error": before.error }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }
}

/// The Chinese name of a channel's slug.
fn channel_name(slug: &str) -> &str {
    match Channel::parse(slug) {
        Some(channel) => channel.word(),
        None => slug,
    }
}

fn shown(mut delivery: Delivery, viewer: &Viewer) -> Delivery {
    if viewer.sees_personal() {
        return delivery;
    }
    let masked = |text: &str| match Channel::parse(&delivery.channel) {
        Some(Channel::Mail) => mask::email(text),
        Some(Channel::Sms) => mask::phone(text),
        _ => text.to_owned(),
    };
    let address = match delivery.address.as_str() {
        "" => String::new(),
        address => masked(address),
    };
    if delivery.recipient_kind == "address" {
        delivery.recipient.clone_from(&address);
    }
    if !delivery.address.is_empty() {
        // a mail server's refusal names the mailbox
        delivery.error = delivery.error.replace(&delivery.address, &address);
    }
    delivery.address = address;
    delivery
}
