//! What a message tells of one by one, and who wants no more of one of them.
//!
//! A message to an enterprise belongs to all who act for it. Where one of them has muted a topic, that person gets a
//! message of the other topics, or none; what the others get, and the enterprise's systems, does not change.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::event::EventKind;
use super::send::Message;
use super::{MessageError, Messages, Recipient, store};
use crate::db::{ConnectionTrait, Tx};
use crate::ids;

/// As many topics a message names, and offers to mute, at most.
pub const TOPICS_NAMED: usize = 5;

/// 消息说到的一个事项。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MessageTopic)]
pub struct Topic {
    /// 标识，在这一类消息里不变。
    pub id: String,
    /// 名称。
    pub label: String,
}

/// 一个不再提醒的事项。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MutedTopic {
    /// 标识，恢复提醒时用。
    pub id: String,
    /// 哪一类消息，例如 matching.news。
    pub event: String,
    /// 事项。
    pub topic: Topic,
    /// 从什么时候起。
    #[serde(serialize_with = "super::inbox::stored")]
    #[schema(value_type = String, format = DateTime)]
    pub muted_at: DateTime<Utc>,
}

impl Messages {
    /// As [`Messages::send`], for a message of several topics: whoever behind the recipient has muted some of them is
    /// told of the others alone. `about` makes the values of the message's fields for some of the topics, whose places
    /// it gets; `message.fields` is not looked at.
    ///
    /// # Errors
    /// As [`Messages::send`].
    pub async fn send_topics(
        &self,
        tx: &Tx,
        message: &Message<'_>,
        topics: &[Topic],
        about: impl Fn(&[usize]) -> Vec<(&'static str, String)>,
    ) -> Result<(), MessageError> {
        let muted = self.muting(tx, message, topics).await?;
        let all: Vec<usize> = (0..topics.len()).collect();
        let without: Vec<&str> = muted.keys().map(String::as_str).collect();
        let part = Part {
            topics,
            places: &all,
            without: &without,
        };
        self.send_part(tx, message, &part, &about).await?;
        for (account, muted) in &muted {
            let wanted: Vec<usize> = all
                .iter()
                .copied()
                .filter(|place| !muted.contains(&topics[*place].id))
                .collect();
            if wanted.is_empty() {
                continue;
            }
            let own = Message {
                to: Recipient::Account(account),
                ..*message
            };
            let part = Part {
                topics,
                places: &wanted,
                without: &[],
            };
            self.send_part(tx, &own, &part, &about).await?;
        }
        Ok(())
    }

    async fn send_part(
        &self,
        tx: &Tx,
        message: &Message<'_>,
        part: &Part<'_>,
        about: &impl Fn(&[usize]) -> Vec<(&'static str, String)>,
    ) -> Result<(), MessageError> {
        let fields = about(part.places);
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let message = Message {
            fields: &fields,
            ..*message
        };
        let named = part.places.iter().take(TOPICS_NAMED);
        let named: Vec<&Topic> = named.map(|place| &part.topics[*place]).collect();
        self.send_without(tx, &message, &named, part.without)
            .await?;
        Ok(())
    }

    /// Who of those behind the recipient has muted which of the topics.
    async fn muting(
        &self,
        tx: &Tx,
        message: &Message<'_>,
        topics: &[Topic],
    ) -> Result<BTreeMap<String, BTreeSet<String>>, MessageError> {
        let ids: Vec<&str> = topics.iter().map(|topic| topic.id.as_str()).collect();
        let rows = store::muting(tx, message.event.slug, &ids).await?;
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        if rows.is_empty() {
            return Ok(found);
        }
        // whoever acts for the enterprise no more is told nothing, of whatever topics
        let contacts = self.inner.book.contacts(tx, message.to).await?;
        let contacts: BTreeSet<String> = contacts.into_iter().map(|one| one.account).collect();
        for (account, topic) in rows {
            if contacts.contains(&account) {
                found.entry(account).or_default().insert(topic);
            }
        }
        Ok(found)
    }

    /// Tells an account no more of a topic; whether it was told of it before.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn mute_topic(
        &self,
        tx: &Tx,
        account: &str,
        event: &'static EventKind,
        topic: &Topic,
    ) -> Result<bool, MessageError> {
        let now = self.now();
        let muted = MutedTopic {
            id: ids::next(now).to_string(),
            event: event.slug.to_owned(),
            topic: topic.clone(),
            muted_at: now,
        };
        Ok(store::mute_topic(tx, account, &muted).await? > 0)
    }

    /// Tells an account of a topic again; what was muted, `None` when nothing of this id is the account's.
    ///
    /// # Errors
    /// When a statement fails.
    pub async fn unmute_topic(
        &self,
        tx: &Tx,
        account: &str,
        id: &str,
    ) -> Result<Option<MutedTopic>, MessageError> {
        let muted = self.muted_topics(tx, account).await?;
        let muted = muted.into_iter().find(|muted| muted.id == id);
        if muted.is_some() {
            store::unmute_topic(tx, account, id).await?;
        }
        Ok(muted)
    }

    /// What an account is told no more of, the latest first.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn muted_topics(
        &self,
        conn: &impl ConnectionTrait,
        account: &str,
    ) -> Result<Vec<MutedTopic>, MessageError> {
        Ok(store::muted_topics(conn, account).await?)
    }

    /// Whether an account is told no more of a topic; what was muted then.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn muted_topic(
        &self,
        conn: &impl ConnectionTrait,
        account: &str,
        event: &'static EventKind,
        topic: &str,
    ) -> Result<Option<MutedTopic>, MessageError> {
        Ok(store::muted_topic(conn, account, event.slug, topic).await?)
    }
}

/// Some topics of a message, and who does not get it.
struct Part<'a> {
    topics: &'a [Topic],
    places: &'a [usize],
    without: &'a [&'a str],
}
