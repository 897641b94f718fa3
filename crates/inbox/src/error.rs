//! What can go wrong, in words for whoever did it.

use zhida_platform::db;
use zhida_platform::messages::MessageError;
use zhida_platform::problem::Problem;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody has signed in.
    #[error("要先登录")]
    NotSignedIn,
    /// Something that does not exist, or is not the viewer's.
    #[error("没有找到{0}")]
    Missing(&'static str),
    /// A code was asked for a moment ago.
    #[error("刚刚发过验证码，请查收邮件；没有收到，{0} 秒后可以再发一次")]
    TooSoon(i64),
    /// The code is wrong, used up or too old.
    #[error("验证码不对、已过期或试错次数太多，请重新获取")]
    Code,
    /// No mail can be sent.
    #[error("系统没有配置邮件服务器，暂时不能验证邮箱，请联系系统管理员")]
    NoMail,
    /// A field of a form.
    #[error("{message}")]
    Field {
        /// Its name.
        field: &'static str,
        /// The sentence at it.
        message: String,
    },
    /// The platform's messages refused.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A right is missing, a cursor is none, and the like.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// The database refused.
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl Error {
    pub(crate) fn field(field: &'static str, message: impl Into<String>) -> Self {
        Self::Field {
            field,
            message: message.into(),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotSignedIn => Self::sign_in(error.to_string()),
            Error::Missing(what) => Self::not_found(what),
            Error::TooSoon(_) => Self::conflict(error.to_string()).hint("请稍等再试"),
            Error::Code => Self::bad_input(error.to_string()).field("code", error.to_string()),
            Error::NoMail => Self::conflict(error.to_string()).hint("站内信不受影响"),
            Error::Field { field, message } => {
                Self::bad_input(message.clone()).field(field, message)
            }
            Error::Message(error) => error.into(),
            Error::Problem(problem) => *problem,
            Error::Db(error) => error.into(),
        }
    }
}
