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
    Missing(&'static str),
    /// What is asked does not fit the state.
    #[error("{0}")]
    Refused(String),
    /// Somebody else was faster.
    #[error(
        "您打开页面之后，别人已经修改过{0}。请刷新页面，核对后再操作一次；您刚才填写的没有保存"
    )]
    Stale(&'static str),
    /// A field of a form.
    #[error("{message}")]
    Field {
        /// Its name.
        field: &'static str,
        /// The sentence at it.
        message: String,
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
    pub(crate) fn field(field: &'static str, message: impl Into<String>) -> Self {
        Self::Field {
            field,
            message: message.into(),
        }
    }

    pub(crate) fn refused(words: impl Into<String>) -> Self {
        Self::Refused(words.into())
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

impl From<zhida_platform::cases::Error> for Error {
    fn from(error: zhida_platform::cases::Error) -> Self {
        match error {
            zhida_platform::cases::Error::Db(error) => Self::Db(error),
            other => Problem::from(other).into(),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Missing(what) => Self::not_found(what),
            Error::Field { field, message } => {
                Self::bad_input(message.clone()).field(field, message)
            }
            Error::Refused(words) => Self::refused(words),
            Error::Stale(_) => Self::conflict(error.to_string()),
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
