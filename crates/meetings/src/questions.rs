//! What the room asks of the appeals, and tells them.

use chrono::{DateTime, Utc};
use sea_orm::prelude::async_trait::async_trait;
use zhida_platform::access::Viewer;
use zhida_platform::db::Tx;
use zhida_platform::problem::Problem;

/// An appeal as an agenda shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// Its case.
    pub id: String,
    /// Its number.
    pub number: String,
    /// What it is about.
    pub title: String,
    /// Who made it; empty when whoever looks may not know.
    pub enterprise_name: String,
    /// Where it stands: 办理中, 逾期 2 个工作日.
    pub standing: String,
    /// Why it is worth a meeting: 逾期, 疑难.
    pub why: String,
    /// Whether the enterprise has said that it is solved.
    pub confirmed: bool,
}

/// The appeals behind the agenda.
#[async_trait]
pub trait Questions: Send + Sync {
    /// Those worth a meeting at a moment within the viewer's reach, the longest waiting first: overdue, difficult, twice unsatisfied;
    /// `words` narrows them by number, title or enterprise.
    async fn worth_a_meeting(
        &self,
        viewer: &Viewer,
        words: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<Question>, Problem>;

    /// One of them; `None` when there is none within reach.
    async fn question(
        &self,
        viewer: &Viewer,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Question>, Problem>;

    /// Records on the appeal's case what a meeting did with it, in the meeting's transaction.
    async fn note(&self, tx: &Tx, viewer: &Viewer, id: &str, words: &str) -> Result<(), Problem>;
}
