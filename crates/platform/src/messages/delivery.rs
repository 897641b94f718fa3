use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::event::Channel;
use super::inbox::{stored, stored_if_any};
use super::{MessageError, Messages, store};
use crate::db::{ConnectionTrait, Tx};
use crate::paging::{Page, PageRequest};
use crate::problem::Problem;

/// What has become of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryState {
    /// Waiting, for its time or for another try.
    Queued,
    /// Taken by the mail server, the gateway or the endpoint.
    Sent,
    /// Tried as often as the settings say, or refused for good.
    GivenUp,
    /// Never tried: there is nowhere to send it to.
    Undeliverable,
}

impl DeliveryState {
    /// All.
    pub const ALL: [Self; 4] = [Self::Queued, Self::Sent, Self::GivenUp, Self::Undeliverable];

    /// Stable name in the database and in addresses.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::GivenUp => "given-up",
            Self::Undeliverable => "undeliverable",
        }
    }

    pub(super) fn of_slug(slug: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|state| state.slug() == slug)
            .unwrap_or(Self::Undeliverable)
    }
}

/// One try to reach one person or endpoint, for those who look after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Delivery {
    /// UUIDv7; later deliveries have greater ids.
    pub id: String,
    /// The message.
    pub message_id: String,
    /// Slug of its kind.
    pub event: String,
    /// Kind of whom it is for: `account`, `enterprise`, `address`, `subscribers`.
    pub recipient_kind: String,
    /// Whom.
    pub recipient: String,
    /// `mail`, `sms` or `webhook`.
    pub channel: String,
    /// The account behind the address; empty for addresses and endpoints.
    pub account: String,
    /// E-mail address, phone, or the endpoint's id. Personal: mask it by role.
    pub address: String,
    /// Whether it goes, or went, into a daily digest.
    pub is_digest: bool,
    /// Whether it is in the digest because the enterprise had had its share of
    /// the day.
    pub is_held: bool,
    /// One line.
    pub title: String,
    /// What has become of it.
    pub state: DeliveryState,
    /// Tries so far.
    pub attempts: i64,
    /// Why the last try failed, or why there was none.
    pub error: String,
    /// An endpoint's running number, once it was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// When it is sent next.
    #[serde(serialize_with = "stored")]
    #[schema(value_type = String, format = DateTime)]
    pub due_at: DateTime<Utc>,
    /// When it was written.
    #[serde(serialize_with = "stored")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: DateTime<Utc>,
    /// When it was taken.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "stored_if_any"
    )]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<DateTime<Utc>>,
}

impl Delivery {
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

    /// Tries a mail or text message again that was given up, from now on.
    ///
    /// # Errors
    /// When it was not given up, or the statement fails.
    pub async fn retry(&self, tx: &Tx, id: &str) -> Result<(), MessageError> {
        match store::requeue(tx, id, self.now()).await? {
            1 => Ok(()),
            _ => Err(MessageError::NotFound(format!("已放弃的发送记录「{id}」"))),
        }
    }
}
