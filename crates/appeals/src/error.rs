//! What can go wrong, in words for whoever did it.

use zhida_platform::audit;
use zhida_platform::db;
use zhida_platform::messages::MessageError;
use zhida_platform::problem::Problem;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something that does not exist, or is beyond reach.
    #[error("没有找到{0}")]
    Missing(String),
    /// What is asked does not fit the state that the appeal is in.
    #[error("{0}")]
    Refused(String),
    /// A field of a form.
    #[error("{message}")]
    Field {
        /// Its name.
        field: String,
        /// The sentence at it.
        message: String,
    },
    /// Somebody else published meanwhile.
    #[error("{what}已由别人发布到第 {found} 版，您改的是第 {expected} 版。请在新版上重新修改")]
    Stale {
        /// What was edited.
        what: &'static str,
        /// The revision that was edited.
        expected: i64,
        /// The current one.
        found: i64,
    },
    /// What is stored cannot be read: a defect.
    #[error("库中{0}的内容无法识别，请把日志交给管理员")]
    Stored(&'static str),
    /// A problem that has its words already.
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    /// The database refused.
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Error {
    pub(crate) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Field {
            field: field.into(),
            message: message.into(),
        }
    }

    pub(crate) fn missing(what: impl Into<String>) -> Self {
        Self::Missing(what.into())
    }

    pub(crate) fn refused(why: impl Into<String>) -> Self {
        Self::Refused(why.into())
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<audit::Error> for Error {
    fn from(error: audit::Error) -> Self {
        match error {
            audit::Error::Db(error) => Self::Db(error),
            other => Problem::from(other).into(),
        }
    }
}

impl From<MessageError> for Error {
    fn from(error: MessageError) -> Self {
        Problem::from(error).into()
    }
}

impl From<zhida_platform::files::FileError> for Error {
    fn from(error: zhida_platform::files::FileError) -> Self {
        Problem::from(error).into()
    }
}

impl From<zhida_platform::thread::ThreadError> for Error {
    fn from(error: zhida_platform::thread::ThreadError) -> Self {
        match error {
            zhida_platform::thread::ThreadError::Database(error) => Self::Db(error),
            other => Problem::from(other).into(),
        }
    }
}

impl From<zhida_platform::cases::Error> for Error {
    fn from(error: zhida_platform::cases::Error) -> Self {
        match error {
            zhida_platform::cases::Error::Db(error) => Self::Db(error),
            zhida_platform::cases::Error::Refused(refusal) => refusal.into(),
            other => Problem::from(other).into(),
        }
    }
}

impl From<zhida_casework::Refusal> for Error {
    fn from(refusal: zhida_casework::Refusal) -> Self {
        Self::Refused(refusal.to_string())
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Missing(what) => Self::not_found(what),
            Error::Field { field, message } => {
                Self::bad_input(message.clone()).field(field, message)
            }
            Error::Stale { .. } => Self::conflict(error.to_string()),
            Error::Refused(why) => Self::refused(why),
            Error::Problem(problem) => *problem,
            Error::Stored(_) | Error::Db(_) => Self::internal(error),
        }
    }
}

impl From<Error> for zhida_ui::PageError {
    fn from(error: Error) -> Self {
        Problem::from(error).into()
    }
}
