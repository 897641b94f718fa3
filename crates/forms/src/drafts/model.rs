use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use zhida_platform::clock::to_shanghai;

use crate::answers::Answers;
use crate::difference::Mark;
use crate::filled::Filled;

/// What a draft is started with.
#[derive(Debug, Clone)]
pub struct Start<'a> {
    /// 统一社会信用代码 of the enterprise that owns it.
    pub enterprise: &'a str,
    /// What for, the room's own words: `redemption/apply/ITEM/2026`.
    pub purpose: &'a str,
    /// Digest of the form.
    pub form: &'a str,
    /// What it begins with: nothing, or the answers of the round that was returned.
    pub answers: Answers,
    /// What an officer has marked in that round.
    pub marks: Vec<Mark>,
}

/// A draft that was started or found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The draft.
    pub draft: Draft,
    /// Whether it was started now.
    pub is_new: bool,
}

/// A draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// UUIDv7.
    pub id: String,
    /// The enterprise that owns it.
    pub enterprise: String,
    /// What for.
    pub purpose: String,
    /// Digest of the form.
    pub form: String,
    /// Counts the saves, from 1.
    pub version: i64,
    /// What was filled in.
    pub answers: Answers,
    /// What an officer has marked.
    pub marks: Vec<Mark>,
    /// When it was started.
    pub started_at: DateTime<Utc>,
    /// By whom.
    pub started_by: String,
    /// When it was saved last.
    pub saved_at: DateTime<Utc>,
    /// By whom.
    pub saved_by: String,
    pub(crate) saved_tab: String,
    pub(crate) tab_base: i64,
    pub(crate) recorded_by: String,
    pub(crate) recorded_at: Option<DateTime<Utc>>,
    /// What came too late and waits for a decision, oldest first.
    pub asides: Vec<Aside>,
}

impl Draft {
    /// `10:42`, the time of the last save as read in China.
    #[must_use]
    pub fn saved_time(&self) -> String {
        to_shanghai(self.saved_at).format("%H:%M").to_string()
    }
}

/// Answers that came too late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// The tab that wrote them.
    pub tab: String,
    /// The version they rest on.
    pub base: i64,
    /// What was written.
    pub answers: Answers,
    /// When.
    pub kept_at: DateTime<Utc>,
    /// By whom.
    pub kept_by: String,
}

/// How a save went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    /// It is the draft now.
    Kept(Draft),
    /// The draft was changed elsewhere: it stands as it was, and what was written is among its asides.
    Stale(Draft),
}

/// A draft in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftLine {
    /// Its id.
    pub id: String,
    /// What for.
    pub purpose: String,
    /// Digest of the form.
    pub form: String,
    /// When it was saved last.
    pub saved_at: DateTime<Utc>,
    /// By whom.
    pub saved_by: String,
}

/// What was sent once.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// UUIDv7.
    pub id: String,
    /// The room's case.
    pub subject: String,
    /// 1, 2, …: each return for completion brings another.
    pub round: i64,
    /// The enterprise.
    pub enterprise: String,
    /// What was sent.
    pub filled: Filled,
    /// When.
    pub submitted_at: DateTime<Utc>,
    /// By whom.
    pub submitted_by: String,
}

/// What is sealed of a draft.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    pub answers: Answers,
    #[serde(default)]
    pub marks: Vec<Mark>,
}
