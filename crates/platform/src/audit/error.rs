use chrono::NaiveDate;

use crate::db;
use crate::keys::KeyError;
use crate::problem::Problem;

/// What can go wrong with the record.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database did not answer.
    #[error(transparent)]
    Db(#[from] db::Error),
    /// A key is too short.
    #[error(
        "审计密钥只有 {bytes} 个字节，至少要 {} 个：请用 openssl rand -hex 32 生成",
        super::key::BYTES_MIN
    )]
    KeyTooShort {
        /// Bytes found.
        bytes: usize,
    },
    /// The configured key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Records younger than the retention would be removed.
    #[error(
        "审计记录至少保存 {} 天（网络安全法：网络日志留存不少于六个月），只能清理 {latest} 之前的，不能清理到 {before}",
        super::RETENTION_DAYS_MIN
    )]
    TooYoung {
        /// Up to which day was asked.
        before: NaiveDate,
        /// The latest day that may be asked.
        latest: NaiveDate,
    },
    /// A checkpoint cannot be read.
    #[error(
        "第 {line} 行不是检查点：应为 {{\"no\":编号,\"hash\":\"64 位十六进制\",\"at\":\"时间\"}}，请核对文件"
    )]
    Checkpoint {
        /// Line of the file, counted from 1.
        line: usize,
    },
    /// A record's time cannot be read.
    #[error("第 {no} 条审计记录的时间读不出来，它被改动过：请运行 zhida audit verify 核验")]
    Unreadable {
        /// Number of the record.
        no: i64,
    },
    /// Chains with findings are not pruned: their evidence stays.
    #[error("审计链没有链首记录，不能清理：请先运行 zhida audit verify 核验")]
    NoHead,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::TooYoung { .. } | Error::Checkpoint { .. } => Self::bad_input(error.to_string()),
            other => Self::internal(other),
        }
    }
}
