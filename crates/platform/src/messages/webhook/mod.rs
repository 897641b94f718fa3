//! Webhooks: other systems are told what happens, signed, in order, again
//! until they answer, and once more when they ask for it.
//!
//! An endpoint belongs to an account or an enterprise, and gets the messages
//! that its owner gets ([`Scope::Own`]); a city's own systems get every message
//! sent to [`Recipient::Subscribers`](super::Recipient::Subscribers)
//! ([`Scope::All`], for administrators to grant). It names the events it wants,
//! or all.
//!
//! A request is a POST of JSON with the headers of Standard Webhooks 1.0.0:
//! `webhook-id` (the same for every try and replay), `webhook-timestamp`
//! (seconds), `webhook-signature` (`v1,` and the HMAC-SHA256 of
//! `id.timestamp.body` in base64; two of them for a day after the secret was
//! changed). The body:
//!
//! ```json
//! {
//!   "type": "policies.published", "number": 17, "timestamp": "2026-11-22T01:02:03.000000Z",
//!   "data": {
//!     "fields": {"item": "稳岗返还"}, "title": "新政策：稳岗返还", "body": "…",
//!     "link": "/policies/42", "subject": {"kind": "item", "id": "42"},
//!     "recipient": {"kind": "enterprise", "id": "91330100MA27XF1C0G"}
//!   }
//! }
//! ```
//!
//! The numbers of an endpoint count on without gaps in the order of sending:
//! nothing is sent before what comes before it was answered with 2xx. An answer
//! of 410, or `webhooks.off_after_days` days of failure, switches the endpoint
//! off and tells its owner; what happens meanwhile is kept for
//! `webhooks.keep_days` and sent once it is on again. [`Messages::replay`] sends
//! again from a number on.
//!
//! [`Messages::test_endpoint`] sends one request of type `platform.webhook-test`
//! at once, beside the queue: it has no number and is not tried again.
//!
//! A request leaves only for public addresses: every address of the host is
//! checked, and the connection goes to an address that was checked, so that a
//! name cannot point elsewhere in between. Redirects are not followed, and no
//! more than 64 KiB of an answer are read.
//!
//! ```no_run
//! use zhida_platform::db::Tx;
//! use zhida_platform::messages::webhook::{NewEndpoint, Owner, Scope};
//! use zhida_platform::messages::{MessageError, Messages};
//!
//! async fn subscribe(messages: &Messages, tx: &Tx, uscc: &str) -> Result<String, MessageError> {
//!     let wanted = NewEndpoint {
//!         owner: Owner::Enterprise(uscc.to_owned()),
//!         scope: Scope::Own,
//!         url: "https://erp.example.cn/zhida".to_owned(),
//!         events: vec!["policies.published".to_owned()],
//!     };
//!     let (_endpoint, secret) = messages.add_endpoint(tx, &wanted, "account-7").await?;
//!     // shown once: only a new one can be made later
//!     Ok(secret.reveal().to_owned())
//! }
//! ```

mod deliver;
mod guard;
mod poster;
mod sign;

pub use deliver::TestReport;
pub use guard::is_public;
pub(super) use poster::Poster;
pub use sign::sign;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::inbox::{stored, stored_if_any};
use super::{MessageError, Messages, Recipient, Secret, store};
use crate::db::{ConnectionTrait, Tx};
use crate::ids;
use crate::paging::{Page, PageRequest};
use crate::problem::Problem;
use crate::seal::Place;
use crate::vocabulary;

/// How long what went to an address itself is kept: a code in it has long expired, and the address is an outsider's.
const OUTSIDERS_KEPT: TimeDelta = TimeDelta::days(7);
/// How long the secret before the last one still signs.
const OLD_SECRET: TimeDelta = TimeDelta::hours(24);
/// Name of the list in its cursors.
const LIST: &str = "webhook_endpoint:id";
/// Characters of a URL at most.
const URL_CHARS_MAX: usize = 2_000;
/// Endpoints of one owner at most.
pub const ENDPOINTS_MAX: usize = 20;
/// Stands for every kind of event.
pub const EVERY_EVENT: &str = "*";

/// Who is behind an endpoint, and is told when it is switched off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// An account, by its id.
    Account(String),
    /// An enterprise, by its 统一社会信用代码.
    Enterprise(String),
    /// Whoever holds this role of `data/rights.toml`: the city's own systems,
    /// which stay when the one who added them leaves.
    Role(String),
}

impl Owner {
    pub(super) fn recipient(&self) -> Recipient<'_> {
        match self {
            Self::Account(id) => Recipient::Account(id),
            Self::Enterprise(uscc) => Recipient::Enterprise(uscc),
            Self::Role(id) => Recipient::Role(id),
        }
    }

    pub(super) fn of(kind: &str, id: String) -> Self {
        match kind {
            "enterprise" => Self::Enterprise(id),
            "role" => Self::Role(id),
            _ => Self::Account(id),
        }
    }
}

vocabulary! {
    /// 推送哪些消息：own 本单位的、all 全部。
    #[schema(as = WebhookScope)]
    Scope {
        /// Those that its owner gets.
        Own = "own", "本单位的消息";
        /// Those to all subscribers, and those to a role that owns it. They may speak of anybody: granting it is an
        /// administrator's decision, which the caller checks.
        All = "all", "全部消息";
    }
}

/// An endpoint as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEndpoint {
    /// Who it belongs to.
    pub owner: Owner,
    /// Which messages.
    pub scope: Scope,
    /// Where to.
    pub url: String,
    /// Slugs of events, or [`EVERY_EVENT`] alone.
    pub events: Vec<String>,
}

/// 一个推送地址；其中没有签名的密钥。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WebhookEndpoint)]
pub struct Endpoint {
    /// 标识（UUIDv7）。
    pub id: String,
    /// Who it belongs to.
    #[serde(skip)]
    pub owner: Owner,
    /// 推送哪些消息。
    pub scope: Scope,
    /// 推送到哪里。
    pub url: String,
    /// 事件的标识；只有一个“*”是全部事件。
    pub events: Vec<String>,
    /// 是否启用。
    pub is_on: bool,
    /// 停用的原因。
    #[serde(skip_serializing_if = "String::is_empty")]
    pub off_reason: String,
    /// 最近推送的事件的序号。
    pub last_number: i64,
    /// 从什么时候起一直失败；没有失败的没有。
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "stored_if_any"
    )]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub failing_since: Option<DateTime<Utc>>,
    /// 建立的时间。
    #[serde(serialize_with = "stored")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: DateTime<Utc>,
}

impl Messages {
    /// Adds an endpoint; it and its secret, which is not shown again. The
    /// caller checks the right and writes the audit record.
    ///
    /// # Errors
    /// When the URL cannot be used, an event is unknown, the owner has
    /// [`ENDPOINTS_MAX`] already, or a statement fails.
    pub async fn add_endpoint(
        &self,
        tx: &Tx,
        wanted: &NewEndpoint,
        by: &str,
    ) -> Result<(Endpoint, Secret), MessageError> {
        self.inner.poster.check(&wanted.url)?;
        self.check_events(&wanted.events)?;
        if store::endpoints_of(tx, &wanted.owner).await?.len() >= ENDPOINTS_MAX {
            let fault = format!("已有 {ENDPOINTS_MAX} 个推送地址，请先删除不用的");
            return Err(MessageError::Endpoint(fault));
        }
        let now = self.now();
        let endpoint = Endpoint {
            id: ids::next(now).to_string(),
            owner: wanted.owner.clone(),
            scope: wanted.scope,
            url: wanted.url.clone(),
            events: wanted.events.clone(),
            is_on: true,
            off_reason: String::new(),
            last_number: 0,
            failing_since: None,
            created_at: now,
        };
        let secret = sign::new_secret()?;
        let sealed = tx.sealer().seal(place(&endpoint.id), secret.reveal())?;
        store::insert_endpoint(tx, &endpoint, &sealed, by).await?;
        Ok((endpoint, secret))
    }

    fn check_events(&self, events: &[String]) -> Result<(), MessageError> {
        if events.is_empty() {
            return Err(MessageError::Endpoint(
                "没有选择要推送的消息种类".to_owned(),
            ));
        }
        let every = events.iter().any(|event| event == EVERY_EVENT);
        if every && events.len() > 1 {
            return Err(MessageError::Endpoint(
                "选了全部种类，就不要再逐个选择".to_owned(),
            ));
        }
        for event in events.iter().filter(|event| *event != EVERY_EVENT) {
            self.named(event)?;
        }
        Ok(())
    }

    /// The endpoints of one owner, oldest first.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn endpoints(
        &self,
        conn: &impl ConnectionTrait,
        owner: &Owner,
    ) -> Result<Vec<Endpoint>, MessageError> {
        Ok(store::endpoints_of(conn, owner).await?)
    }

    /// A page of all endpoints, oldest first, each with how many events wait for it; for administrators.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or a statement fails.
    pub async fn all_endpoints(
        &self,
        conn: &impl ConnectionTrait,
        page: &PageRequest,
    ) -> Result<Page<(Endpoint, u64)>, Problem> {
        let after: Option<String> = page.cursor(LIST)?;
        let rows = store::all_endpoints(conn, after.as_deref(), page.rows_wanted()).await?;
        let found = Page::from_rows(rows, page, LIST, |one| one.id.clone())?;
        let ids: Vec<&str> = found.items.iter().map(|one| one.id.as_str()).collect();
        let waiting = store::waiting(conn, &ids).await?;
        let waiting: HashMap<String, i64> = waiting.into_iter().collect();
        Ok(found.map(|one| {
            let waits = waiting.get(&one.id).copied().unwrap_or_default();
            (one, u64::try_from(waits).unwrap_or_default())
        }))
    }

    /// How many endpoints [`Messages::all_endpoints`] has in all.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn endpoint_count(&self, conn: &impl ConnectionTrait) -> Result<u64, MessageError> {
        let count = store::endpoint_count(conn).await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// One endpoint, for administrators.
    ///
    /// # Errors
    /// When there is none such, or the statement fails.
    pub async fn endpoint(
        &self,
        conn: &impl ConnectionTrait,
        id: &str,
    ) -> Result<Endpoint, MessageError> {
        let found = store::endpoint(conn, id).await?;
        found.ok_or_else(|| MessageError::NotFound(format!("推送地址「{id}」")))
    }

    /// Makes a new secret; the one before signs beside it for a day.
    ///
    /// # Errors
    /// When the owner has no such endpoint, or a statement fails.
    pub async fn renew_secret(
        &self,
        tx: &Tx,
        owner: &Owner,
        id: &str,
    ) -> Result<Secret, MessageError> {
        let secret = sign::new_secret()?;
        let until = self.now() + OLD_SECRET;
        let sealed = tx.sealer().seal(place(id), secret.reveal())?;
        found(
            id,
            store::renew_secret(tx, owner, id, &sealed, until).await?,
        )?;
        Ok(secret)
    }

    /// Switches an endpoint on; what waits is sent from where it stopped.
    ///
    /// # Errors
    /// When the owner has no such endpoint, or a statement fails.
    pub async fn switch_on(&self, tx: &Tx, owner: &Owner, id: &str) -> Result<(), MessageError> {
        found(id, store::switch_on(tx, owner, id, self.now()).await?)?;
        self.ask_for_delivery(tx).await?;
        Ok(())
    }

    /// Switches an endpoint off, with words for its owner.
    ///
    /// # Errors
    /// When the owner has no such endpoint, or a statement fails.
    pub async fn switch_off(
        &self,
        tx: &Tx,
        owner: &Owner,
        id: &str,
        why: &str,
    ) -> Result<(), MessageError> {
        found(id, store::switch_off(tx, owner, id, why).await?)
    }

    /// Removes an endpoint and what waits for it.
    ///
    /// # Errors
    /// When the owner has no such endpoint, or a statement fails.
    pub async fn remove_endpoint(
        &self,
        tx: &Tx,
        owner: &Owner,
        id: &str,
    ) -> Result<(), MessageError> {
        found(id, store::remove_endpoint(tx, owner, id).await?)
    }

    /// Sends an endpoint's events again from this number on, in order, before
    /// newer ones; how many. Those older than `webhooks.keep_days` are gone.
    ///
    /// # Errors
    /// When the owner has no such endpoint, or a statement fails.
    pub async fn replay(
        &self,
        tx: &Tx,
        owner: &Owner,
        id: &str,
        from: i64,
    ) -> Result<u64, MessageError> {
        found(id, store::wake(tx, owner, id, self.now()).await?)?;
        let replayed = store::replay(tx, id, from).await?;
        self.ask_for_delivery(tx).await?;
        Ok(replayed)
    }

    /// Removes messages, events of webhooks and counters that are older than
    /// the settings keep, except what still waits to be sent; how many. For a
    /// nightly job.
    ///
    /// # Errors
    /// When a statement fails.
    pub async fn purge(&self, tx: &Tx) -> Result<u64, MessageError> {
        let days = i64::try_from(self.inner.webhooks.keep_days).unwrap_or(30);
        let before = self.now() - TimeDelta::days(days);
        store::forget_pushes(tx, before.date_naive()).await?;
        let events = store::purge_events(tx, before).await?;
        let days = i64::try_from(self.inner.messages.keep_days).unwrap_or(730);
        let (before, outsiders) = (
            self.now() - TimeDelta::days(days),
            self.now() - OUTSIDERS_KEPT,
        );
        Ok(events + store::purge_messages(tx, before, outsiders).await?)
    }
}

/// Where both secrets of an endpoint are sealed: the newer becomes the older.
fn place(id: &str) -> Place<'_> {
    Place::new("webhook_endpoint", "secret", id)
}

fn found(id: &str, rows: u64) -> Result<(), MessageError> {
    match rows {
        0 => Err(MessageError::NotFound(format!("推送地址「{id}」"))),
        _ => Ok(()),
    }
}
