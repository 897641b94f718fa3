use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::vocabulary;

vocabulary! {
    /// Where a job is, in the order of its life.
    #[schema(as = JobState)]
    State {
        /// To be run at its time, for the first time or again.
        Queued = "queued", "排队";
        /// A worker holds it.
        Running = "running", "运行中";
        /// It came to its end.
        Done = "done", "已完成";
        /// Its reason says why.
        Failed = "failed", "失败";
        /// Somebody stopped it.
        Cancelled = "cancelled", "已取消";
    }
}

impl State {
    /// The colour of its tag on pages (docs/ui.md).
    #[must_use]
    pub fn tone(self) -> &'static str {
        match self {
            Self::Queued => "blue",
            Self::Running => "teal",
            Self::Done => "green",
            Self::Failed => "red",
            Self::Cancelled => "grey",
        }
    }
}

/// Which jobs go first when there are more than can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Priority {
    /// Housekeeping.
    Low,
    /// What is not said otherwise.
    #[default]
    Normal,
    /// Somebody waits for it.
    High,
}

impl Priority {
    pub(super) fn number(self) -> i64 {
        match self {
            Self::Low => -10,
            Self::Normal => 0,
            Self::High => 10,
        }
    }
}

/// A key under which there is one job of a kind at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unique {
    /// One job waits at most: what is asked for while one runs makes another, which sees the news.
    Waiting(String),
    /// One job waits or runs at most.
    Live(String),
}

/// Who asks for what the program asks for.
pub(super) const BY_PROGRAM: &str = "系统";

/// A job to be enqueued.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// The registered kind.
    pub kind: &'static str,
    /// What the handler is given; no secrets, officers see it.
    pub payload: Value,
    /// When at the earliest; `None` for now.
    pub run_at: Option<DateTime<Utc>>,
    /// Whether there may be another like it.
    pub unique: Option<Unique>,
    /// Which jobs go first.
    pub priority: Priority,
    /// Who asked for it, as lists show it.
    pub asked_by: String,
}

impl NewJob {
    /// A job for now, of normal priority, asked for by 系统.
    #[must_use]
    pub fn new(kind: &'static str, payload: Value) -> Self {
        Self {
            kind,
            payload,
            run_at: None,
            unique: None,
            priority: Priority::Normal,
            asked_by: BY_PROGRAM.to_owned(),
        }
    }

    /// Not before this instant.
    #[must_use]
    pub fn at(mut self, run_at: DateTime<Utc>) -> Self {
        self.run_at = Some(run_at);
        self
    }

    /// At most one with this key.
    #[must_use]
    pub fn unique(mut self, unique: Unique) -> Self {
        self.unique = Some(unique);
        self
    }

    /// Before or after others.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Names who asked for it.
    #[must_use]
    pub fn asked_by(mut self, name: impl Into<String>) -> Self {
        self.asked_by = name.into();
        self
    }
}

/// What enqueueing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// There is a new job.
    New(Uuid),
    /// There is one with the same key already.
    Already(Uuid),
}

impl Enqueued {
    /// The job, new or not.
    #[must_use]
    pub fn id(self) -> Uuid {
        match self {
            Self::New(id) | Self::Already(id) => id,
        }
    }
}

/// A job as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Job {
    /// Its id, UUIDv7: sorts by when it was enqueued.
    pub id: Uuid,
    /// Slug of its kind; [`super::Jobs::title`] has the Chinese.
    pub kind: String,
    /// What the handler is given.
    pub payload: Value,
    /// Where it is.
    pub state: State,
    /// When it runs at the earliest.
    pub run_at: DateTime<Utc>,
    /// Who asked for it.
    pub asked_by: String,
    /// How often it was begun.
    pub attempts: i64,
    /// How often it may be.
    pub attempts_max: i64,
    /// Until when its worker holds it.
    pub lease_until: Option<DateTime<Utc>>,
    /// Who asked to cancel it.
    pub cancel_by: Option<String>,
    /// Units done.
    pub done: i64,
    /// Units in all, where known.
    pub total: Option<i64>,
    /// What it is doing.
    pub note: String,
    /// What came of it: the outcome, or the reason of the last failure.
    pub result: String,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
    /// When its last attempt began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was done, failed or cancelled.
    pub finished_at: Option<DateTime<Utc>>,
}
