use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::event::Channel;
use super::inbox::{stored, stored_if_any};
use super::{MessageError, Messages, store};
use crate::db::{ConnectionTrait, Tx};
use crate::paging::{Page, PageRequest};
use crate::problem::Problem;
use crate::vocabulary;

vocabulary! {
    /// 发送的状态：queued 待发送、sent 对方已收下、given-up 已放弃、refused 被拒收、undeliverable 无法发送。
    #[schema(as = MessageDeliveryState)]
    DeliveryState {
        /// Waiting, for its time or for another try.
        Queued = "queued", "待发送";
        /// Taken by the mail server, the gateway or the endpoint.
        Sent = "sent", "对方已收下";
        /// Tried as often as the settings say, or refused for good.
        GivenUp = "given-up", "已放弃";
        /// Refused for good, because of the address: nobody there, or a mailbox that is closed.
        Refused = "refused", "被拒收";
        /// Never tried: there is nowhere to send it to.
        Undeliverable = "undeliverable", "无法发送";
    }
}

impl DeliveryState {
    pub(super) fn of_slug(slug: &str) -> Self {
        Self::parse(slug).unwrap_or(Self::Undeliverable)
    }
}

/// 一条发送记录：把一条消息发给一个人或一个推送地址。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MessageDelivery)]
pub struct Delivery {
    /// 标识（UUIDv7），后来的更大。
    pub id: String,
    /// 消息的标识。
    pub message_id: String,
    /// 事件的标识。
    pub event: String,
    /// 发给哪一类：account 账号、enterprise 企业、address 地址、subscribers 订阅者。
    pub recipient_kind: String,
    /// 发给谁。
    pub recipient: String,
    /// 方式：mail 邮件、sms 短信、webhook 接口推送。
    pub channel: String,
    /// 地址是哪个账号的；直接发给地址和推送地址的为空。
    pub account: String,
    /// 邮箱、手机号，或推送地址的标识；按角色脱敏。
    pub address: String,
    /// 是否并入每日汇总。
    pub is_digest: bool,
    /// 是否因为当天已达上限而并入汇总。
    pub is_held: bool,
    /// 标题。
    pub title: String,
    /// 状态。
    pub state: DeliveryState,
    /// 试了几次。
    pub attempts: i64,
    /// 最近一次失败的原因，或没有发送的原因。
    pub error: String,
    /// 推送地址的流水号；还没有推送的没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// 下一次发送的时间。
    #[serde(serialize_with = "stored")]
    #[schema(value_type = String, format = DateTime)]
    pub due_at: DateTime<Utc>,
    /// 写下的时间。
    #[serde(serialize_with = "stored")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: DateTime<Utc>,
    /// 对方收下的时间；还没有的没有。
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "stored_if_any"
    )]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<DateTime<Utc>>,
}

impl Delivery {
    /// Whether [`Messages::retry`] takes it.
    #[must_use]
    pub fn can_retry(&self) -> bool {
        let unsent = self.state == DeliveryState::Undeliverable
            && NOT_CONFIGURED.contains(&self.error.as_str())
            && !self.address.is_empty();
        let failed = matches!(self.state, DeliveryState::GivenUp | DeliveryState::Refused);
        self.channel != Channel::Webhook.slug() && (unsent || failed)
    }

    /// Its state in words. A mail server takes mail before it knows whether it
    /// can bring it, so “sent” is not “arrived”.
    #[must_use]
    pub fn label(&self) -> String {
        match (self.state, self.attempts) {
            (DeliveryState::Queued, 0) if self.is_digest => "等待每日汇总".to_owned(),
            (DeliveryState::Queued, 0) => "等待发送".to_owned(),
            (DeliveryState::Queued, attempts) => format!("第 {attempts} 次没有成功，稍后重试"),
            (DeliveryState::Sent, _) if self.channel == Channel::Mail.slug() => {
                "邮件服务器已收下（是否退信未知）".to_owned()
            }
            (DeliveryState::Sent, _) => "对方已收下".to_owned(),
            (DeliveryState::GivenUp, attempts) => format!("试了 {attempts} 次，已放弃"),
            (DeliveryState::Refused, _) => "地址拒收，已放弃".to_owned(),
            (DeliveryState::Undeliverable, _) => "无法发送".to_owned(),
        }
    }
}

/// Which deliveries are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Copy, Default)]
#[expect(missing_docs, reason = "each is the field of `Delivery` of its name")]
pub struct DeliveryFilter<'a> {
    pub state: Option<DeliveryState>,
    pub channel: Option<Channel>,
    pub event: Option<&'a str>,
    pub recipient: Option<&'a str>,
    pub address: Option<&'a str>,
    pub message: Option<&'a str>,
}

/// Why a delivery is not even tried while the settings lack something.
pub(super) const NO_MAIL: &str = "系统没有配置邮件服务器";
/// The same for text messages.
pub(super) const NO_SMS: &str = "系统没有配置短信网关";
/// The reasons that another configuration takes away.
const NOT_CONFIGURED: [&str; 2] = [NO_MAIL, NO_SMS];

const LIST: &str = "delivery:id";

impl Messages {
    /// A page of deliveries, the newest first.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or the statement fails.
    pub async fn deliveries(
        &self,
        conn: &impl ConnectionTrait,
        filter: &DeliveryFilter<'_>,
        page: &PageRequest,
    ) -> Result<Page<Delivery>, Problem> {
        let before: Option<String> = page.cursor(LIST)?;
        let rows = store::deliveries(conn, filter, before.as_deref(), page.rows_wanted()).await?;
        Page::from_rows(rows, page, LIST, |delivery| delivery.id.clone())
    }

    /// How many deliveries [`Messages::deliveries`] has in all.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn delivery_count(
        &self,
        conn: &impl ConnectionTrait,
        filter: &DeliveryFilter<'_>,
    ) -> Result<u64, MessageError> {
        let count = store::delivery_count(conn, filter).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// One delivery.
    ///
    /// # Errors
    /// When there is none such, or the statement fails.
    pub async fn delivery(
        &self,
        conn: &impl ConnectionTrait,
        id: &str,
    ) -> Result<Delivery, MessageError> {
        let found = store::delivery(conn, id).await?;
        found.ok_or_else(|| MessageError::NotFound(format!("发送记录「{id}」")))
    }

    /// Tries a mail or text message again that was given up, or that was not
    /// sent because nothing was configured to send it with, from now on.
    ///
    /// # Errors
    /// When it cannot be sent again, or the statement fails.
    pub async fn retry(&self, tx: &Tx, id: &str) -> Result<(), MessageError> {
        match store::requeue(tx, id, self.now()).await? {
            1 => {
                self.ask_for_delivery(tx).await?;
                Ok(())
            }
            _ => Err(MessageError::NotFound(format!(
                "可以再发的发送记录「{id}」"
            ))),
        }
    }
}
