use crate::db;
use crate::problem::Problem;

/// What can go wrong around jobs.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database did not answer.
    #[error(transparent)]
    Db(#[from] db::Error),
    /// Nobody registered the kind; a defect of the program.
    #[error("没有登记过任务类别「{0}」：请在启动时登记它")]
    UnknownKind(String),
    /// There is no such job.
    #[error("没有找到任务「{0}」")]
    NoJob(uuid::Uuid),
    /// Only a job that failed or was cancelled can be run again.
    #[error("任务「{0}」不在失败或已取消的状态，不能重新运行；同名任务正在排队时也不能")]
    NotOver(uuid::Uuid),
    /// There is no such schedule.
    #[error("没有找到定时任务「{0}」")]
    NoSchedule(String),
    /// A cadence cannot be read.
    #[error(
        "运行时间「{0}」看不懂：请写成 daily 02:30（每天 2 时 30 分）或 every 15（每 15 分钟，1 至 1440）"
    )]
    Cadence(String),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Db(_) | Error::UnknownKind(_) => Self::internal(error),
            Error::NoJob(id) => Self::not_found(format!("任务「{id}」")),
            Error::NotOver(_) => Self::conflict(error.to_string()),
            Error::NoSchedule(name) => Self::not_found(format!("定时任务「{name}」")),
            Error::Cadence(_) => Self::bad_input(error.to_string()),
        }
    }
}

/// Why a handler did not finish. The texts are sentences that officers read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// It may go better later: the network, another system, a conflict.
    #[error("{0}")]
    Retry(String),
    /// It will never go: the payload is wrong, the thing is gone.
    #[error("{0}")]
    Failed(String),
    /// It stopped where it was told to: [`super::JobContext::check`].
    #[error("任务按要求停止")]
    Cancelled,
}

impl From<db::Error> for JobError {
    fn from(error: db::Error) -> Self {
        // the database's own words are for the log
        tracing::warn!(error = %error, source = ?std::error::Error::source(&error), "任务的数据库操作没有成功");
        Self::Retry(error.to_string())
    }
}
