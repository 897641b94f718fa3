use chrono::{DateTime, Utc};
use uuid::Uuid;
use zhida_casework::{CalendarError, Refusal, case::Broken};

use crate::clock::to_shanghai;
use crate::db;
use crate::problem::Problem;

/// Somebody was faster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Who.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What, as the history says it.
    pub what: String,
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = to_shanghai(self.at).format("%H:%M");
        write!(
            f,
            "您操作之前，{} 已在 {at} 办理了这件事项：{}",
            self.by, self.what
        )
    }
}

/// What can go wrong around cases.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database did not answer.
    #[error(transparent)]
    Db(#[from] db::Error),
    /// There is no such case in this room.
    #[error("没有找到办件「{0}」")]
    Missing(Uuid),
    /// Somebody else was faster; nothing was done.
    #[error("{0}")]
    Conflict(Conflict),
    /// The case does not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What is stored is no case any more.
    #[error("办件「{id}」的记录读不出来：{source}")]
    Broken {
        /// Which.
        id: Uuid,
        /// Why.
        source: Broken,
    },
    /// A stored text cannot be read, or one to be stored not written.
    #[error("办件或工作日历的内容读写有误（{0}）")]
    Json(#[from] serde_json::Error),
}

impl From<CalendarError> for Error {
    fn from(error: CalendarError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Db(_) | Error::Broken { .. } | Error::Json(_) => Self::internal(error),
            Error::Missing(id) => Self::not_found(format!("办件「{id}」")),
            Error::Conflict(conflict) => Self::conflict(conflict.to_string()),
            Error::Refused(refusal) => Self::refused(refusal.to_string()),
        }
    }
}
