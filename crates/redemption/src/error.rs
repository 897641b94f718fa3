//! What can go wrong, in words for whoever did it.

use zhida_platform::audit;
use zhida_platform::db;
use zhida_platform::messages::MessageError;
use zhida_platform::problem::Problem;

use crate::scheme::Finding;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something that does not exist, or is beyond reach.
    #[error("没有找到{0}")]
    Missing(String),
    /// The item has no published scheme.
    #[error("事项“{0}”还没有发布兑付方案，暂时不能在线办理，请按政策中的咨询电话联系责任部门")]
    NoScheme(String),
    /// The scheme takes no new cases.
    #[error("事项“{0}”暂停受理，已在办理的不受影响")]
    Paused(String),
    /// A scheme with errors.
    #[error("方案还有 {} 处错误，不能发布：{}", .0.len(), sentences(.0))]
    Lint(Vec<Finding>),
    /// Somebody else published meanwhile.
    #[error("方案已由别人发布到第 {found} 版，您改的是第 {expected} 版")]
    Stale {
        /// The revision that was edited.
        expected: i64,
        /// The current one.
        found: i64,
    },
    /// The item cannot be had now.
    #[error("这个事项现在不能办理：{0}")]
    NotOpen(String),
    /// The enterprise does not meet the conditions.
    #[error("{0}")]
    NotEligible(String),
    /// The enterprise has a case of this item in this period.
    #[error("贵单位在这个事项上已经有一件（{0}），不用再提交一次")]
    Already(String),
    /// What is asked does not fit the state that the case is in.
    #[error("{0}")]
    Refused(String),
    /// Somebody was faster, or it was done already.
    #[error("{0}")]
    Overtaken(String),
    /// A field of a form.
    #[error("{message}")]
    Field {
        /// Its name.
        field: String,
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

fn sentences(findings: &[Finding]) -> String {
    let sentences: Vec<&str> = findings.iter().map(|one| one.message.as_str()).collect();
    sentences.join("；")
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
            other => Problem::from(other).into(),
        }
    }
}

impl From<zhida_forms::Error> for Error {
    fn from(error: zhida_forms::Error) -> Self {
        Problem::from(error).into()
    }
}

impl From<zhida_funds::Error> for Error {
    fn from(error: zhida_funds::Error) -> Self {
        Problem::from(error).into()
    }
}

impl From<zhida_policies::Error> for Error {
    fn from(error: zhida_policies::Error) -> Self {
        Problem::from(error).into()
    }
}

impl From<zhida_matching::Error> for Error {
    fn from(error: zhida_matching::Error) -> Self {
        Problem::from(error).into()
    }
}

impl From<zhida_registry::RegistryError> for Error {
    fn from(error: zhida_registry::RegistryError) -> Self {
        Problem::from(error).into()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Missing(what) => Self::not_found(what),
            Error::Lint(ref findings) => findings
                .iter()
                .fold(Self::bad_input(error.to_string()), |problem, one| {
                    problem.field(one.field, format!("{}；{}", one.message, one.hint))
                }),
            Error::Field { field, message } => {
                Self::bad_input(message.clone()).field(field, message)
            }
            Error::Stale { .. } | Error::Already(_) | Error::Overtaken(_) => {
                Self::conflict(error.to_string())
            }
            Error::NoScheme(_)
            | Error::Paused(_)
            | Error::NotOpen(_)
            | Error::NotEligible(_)
            | Error::Refused(_) => Self::refused(error.to_string()),
            Error::Problem(problem) => *problem,
            Error::Stored(_) | Error::Db(_) => Self::internal(error),
        }
    }
}
