//! What can go wrong in the room; each variant a sentence for the user.

use zhida_platform::files::FileError;
use zhida_platform::jobs::JobError;
use zhida_platform::problem::Problem;
use zhida_platform::{audit, cases, db, jobs};
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
    /// A field of a form.
    #[error("{message}")]
    Field {
        /// Its name.
        field: &'static str,
        /// The sentence at it.
        message: String,
    },
    /// Somebody changed the calendar since it was shown.
    #[error("工作日历刚刚有人改过，请回到工作日历页面重新核对后再改")]
    CalendarChanged,
    /// The case is not stuck any more.
    #[error("这件办件已经处理成功，或又有了新的进展，不必重试")]
    NotStuck,
    /// What is kept of cases and the calendar.
    #[error(transparent)]
    Cases(#[from] cases::Error),
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

impl Error {
    pub(crate) fn field(field: &'static str, message: impl Into<String>) -> Self {
        Self::Field {
            field,
            message: message.into(),
        }
    }
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
            Error::Field { field, message } => {
                Self::bad_input(message.clone()).field(field, message)
            }
            Error::CalendarChanged | Error::NotStuck => Self::conflict(error.to_string()),
            Error::Cases(error) => error.into(),
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
