//! Who did what to what: one record beside every change, in its transaction.

use chrono::{DateTime, Utc};
use uuid::{NoContext, Timestamp, Uuid};

use crate::clock::instant_text;
use crate::db::{self, Tx};

pub(crate) const SCHEMA: &str = "CREATE TABLE audit_event (
    id TEXT NOT NULL PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_event_subject ON audit_event (subject_kind, subject_id, id);";

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it was done, by the caller's clock.
    pub at: DateTime<Utc>,
    /// Who did it: [`crate::access::Viewer::actor`].
    pub actor: String,
    /// What was done, a stable slug `room.verb`, for instance `registry.import`.
    pub action: &'static str,
    /// What it was done to: a kind, for instance `enterprise`.
    pub subject_kind: &'static str,
    /// Which one.
    pub subject_id: String,
    /// Anything else worth keeping; never secrets.
    pub detail: serde_json::Value,
}

/// Writes the record within the transaction of the change it records; its id
/// (UUIDv7, sorts by time).
///
/// # Errors
/// When the statement fails.
pub async fn append(tx: &Tx, entry: &Entry) -> db::Result<Uuid> {
    let seconds = u64::try_from(entry.at.timestamp()).unwrap_or(0);
    let stamp = Timestamp::from_unix(NoContext, seconds, entry.at.timestamp_subsec_nanos());
    let id = Uuid::new_v7(stamp);
    db::execute(
        tx,
        "INSERT INTO audit_event (id, at, actor, action, subject_kind, subject_id, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        [
            id.to_string().into(),
            instant_text(entry.at).into(),
            entry.actor.as_str().into(),
            entry.action.into(),
            entry.subject_kind.into(),
            entry.subject_id.as_str().into(),
            entry.detail.to_string().into(),
        ],
    )
    .await?;
    Ok(id)
}
