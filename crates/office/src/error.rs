//! What can go wrong in the room; each variant a sentence for the user.

use zhida_platform::files::FileError;
use zhida_platform::jobs::JobError;
use zhida_platform::problem::Problem;
use zhida_platform::{audit, db, jobs};
use zhida_ui::PageError;

/// An error of the room.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such record.
    #[error("没有第 {0} 条审计记录，请从列表中选择；满保存期的记录会按期清理")]
    NoRecord(i64),
    /// There is no such content.
    #[error("没有这份文件内容，它可能已被清理，请回到列表重新查找")]
    NoContent,
    /// A request that cannot be used, or that this viewer may not make.
    #[error("{}", .0.detail)]
    Refused(Box<Problem>),
    /// What was asked of jobs.
    #[error(transparent)]
    Jobs(#[from] jobs::Error),
    /// What was asked of files.
    #[error(transparent)]
    Files(#[from] FileError),
    /// The audit.
    #[error(transparent)]
    Audit(#[from] audit::Error),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NoRecord(no) => Self::not_found(format!("第 {no} 条审计记录")),
            Error::NoContent => Self::not_found("这份文件内容"),
            Error::Refused(problem) => *problem,
            Error::Jobs(error) => error.into(),
            Error::Files(error) => error.into(),
            Error::Audit(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        Problem::from(error).into()
    }
}

/// In a job everything may go better later.
impl From<Error> for JobError {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(error) => error.into(),
            Error::Audit(audit::Error::Db(error)) => error.into(),
            other => Self::Retry(other.to_string()),
        }
    }
}
