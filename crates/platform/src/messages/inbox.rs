use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{MessageError, Messages, Topic, store};
use crate::clock::instant_text;
use crate::db::{ConnectionTrait, Tx};
use crate::paging::{Page, PageRequest};
use crate::problem::Problem;

/// Whose inbox is looked at: an account, the enterprises that it acts for, the role
/// that it holds and the body it works in at this moment (from `platform::access`).
#[derive(Debug, Clone, Copy, Default)]
pub struct Reader<'a> {
    /// The account.
    pub account: &'a str,
    /// 统一社会信用代码 of the enterprises.
    pub enterprises: &'a [&'a str],
    /// The role in which it acts.
    pub role: Option<&'a str>,
    /// Id of the government body in which it acts.
    pub organisation: Option<&'a str>,
}

/// 一条消息。各项文字都是纯文本。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct InboxMessage {
    /// 标识（UUIDv7），后来的更大。
    pub id: String,
    /// 事件的标识。
    pub event: String,
    /// 发给企业的，它的统一社会信用代码；发给个人的没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enterprise: Option<String>,
    /// 标题。
    pub title: String,
    /// 正文。
    pub body: String,
    /// 从这里去哪里：本站的路径；没有时不出现。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// 关于哪一类事物。
    pub subject_kind: String,
    /// 它的标识。
    pub subject_id: String,
    /// 说到的事项，可以单独不再提醒的；最多五个，没有的不出现。
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<Topic>,
    /// 发出的时间。
    #[serde(serialize_with = "stored")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: DateTime<Utc>,
    /// 本人第一次读它的时间；没有读的没有。
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "stored_if_any"
    )]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub read_at: Option<DateTime<Utc>>,
}

pub(super) fn stored<S: serde::Serializer>(at: &DateTime<Utc>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&instant_text(*at))
}

pub(super) fn stored_if_any<S: serde::Serializer>(
    at: &Option<DateTime<Utc>>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => stored(at, to),
        None => to.serialize_none(),
    }
}

const LIST: &str = "message:id";

impl Messages {
    /// A page of an inbox, the newest first.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or the statement fails.
    pub async fn inbox(
        &self,
        conn: &impl ConnectionTrait,
        reader: &Reader<'_>,
        unread_only: bool,
        page: &PageRequest,
    ) -> Result<Page<InboxMessage>, Problem> {
        let before: Option<String> = page.cursor(LIST)?;
        let limit = page.rows_wanted();
        let rows = store::inbox(conn, reader, unread_only, before.as_deref(), limit).await?;
        Page::from_rows(rows, page, LIST, |message| message.id.clone())
    }

    /// One message of the reader's inbox; `None` when it is not there.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn message(
        &self,
        conn: &impl ConnectionTrait,
        reader: &Reader<'_>,
        id: &str,
    ) -> Result<Option<InboxMessage>, MessageError> {
        Ok(store::message(conn, reader, id).await?)
    }

    /// How many messages of [`Messages::inbox`] the account has not read, counted up to `most`: an office may
    /// have tens of thousands.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn unread(
        &self,
        conn: &impl ConnectionTrait,
        reader: &Reader<'_>,
        most: u32,
    ) -> Result<u64, MessageError> {
        let count = store::unread(conn, reader, most.into()).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// How many messages of each kind have come to [`Messages::inbox`] since then, by the kind's slug.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn told_since(
        &self,
        conn: &impl ConnectionTrait,
        reader: &Reader<'_>,
        since: DateTime<Utc>,
    ) -> Result<BTreeMap<String, i64>, MessageError> {
        Ok(store::told_since(conn, reader, since).await?)
    }

    /// Marks a message as read by this account; nothing happens when it is
    /// not in the reader's inbox, or was read before.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn mark_read(
        &self,
        tx: &Tx,
        reader: &Reader<'_>,
        id: &str,
    ) -> Result<(), MessageError> {
        store::mark_read(tx, reader, Some(id), self.now()).await?;
        Ok(())
    }

    /// Marks the whole inbox as read; how many messages were not.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn mark_all_read(&self, tx: &Tx, reader: &Reader<'_>) -> Result<u64, MessageError> {
        Ok(store::mark_read(tx, reader, None, self.now()).await?)
    }
}
