use std::path::PathBuf;

use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

/// What can go wrong between the program and its database. The database's own
/// words are the `source`, for the log; they never reach a visitor.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL is neither of the two kinds.
    #[error(
        "数据库地址「{0}」看不懂：请写成 sqlite:文件路径（不带 ? 参数），或 postgres://用户:口令@主机:端口/库名"
    )]
    Url(String),
    /// The folder of the SQLite file cannot be made.
    #[error("数据库所在目录「{}」建不起来：请检查路径与写权限", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// No connection.
    #[error(
        "连不上数据库「{url}」：SQLite 请检查文件的读写权限，PostgreSQL 请检查地址、口令、库是否已建、服务是否已启动"
    )]
    Connect {
        /// The URL without its password.
        url: String,
        /// The driver's answer.
        source: sqlx::Error,
    },
    /// A statement failed.
    #[error("数据库操作没有成功，未提交的改动已撤销；请稍后重试，仍不成功请把日志交给管理员")]
    Statement(#[source] DbErr),
    /// The database holds steps that this program does not know.
    #[error(
        "数据库由更新版本的程序写过（其中「{room}」的步骤「{step}」本程序不认识）：请改用新版本的程序，或换一个数据库"
    )]
    Newer {
        /// Room of the unknown step.
        room: String,
        /// The unknown step.
        step: String,
    },
    /// A step that was already applied has another text now.
    #[error(
        "「{room}」的步骤「{step}」与数据库里执行过的不是同一段 SQL：已执行的步骤不可修改，请在末尾追加新步骤"
    )]
    StepChanged {
        /// Room of the step.
        room: String,
        /// The step.
        step: String,
    },
    /// Two steps of a room have the same id.
    #[error("「{room}」有两个同名步骤「{step}」：请给后一个另取名字")]
    StepTwice {
        /// Room of the step.
        room: String,
        /// The step.
        step: String,
    },
    /// A step's SQL failed.
    #[error("「{room}」的建表步骤「{step}」没有成功，该步骤已撤销")]
    Step {
        /// Room of the step.
        room: String,
        /// The step.
        step: String,
        /// The database's answer.
        source: DbErr,
    },
    /// A transaction's handle outlived its work, so it cannot be committed.
    #[error("事务的句柄在事务结束后仍被持有，改动已撤销：请不要把 Tx 存到闭包之外")]
    TxEscaped,
    /// A row of a bulk statement has another width than its columns.
    #[error("批量写入表「{table}」的一行有 {found} 个值，应为 {expected} 个")]
    RowWidth {
        /// The table.
        table: String,
        /// Columns declared.
        expected: usize,
        /// Values found.
        found: usize,
    },
    /// The audit chain has a key that this program was not given.
    #[error(
        "审计链用密钥「{name}」保护，本程序没有这把密钥，不能写入：请在配置里指明那时的密钥文件"
    )]
    AuditKey {
        /// Name of the key, [`crate::audit::Key::name`].
        name: String,
    },
    /// The audit chain has lost its head.
    #[error("审计链的链首记录不见了，不能写入：请运行 zhida audit verify 核验，并从备份恢复")]
    AuditHead,
    /// A text is too long for the search index.
    #[error("要检索的文本有 {chars} 个字，超过上限 {limit} 个字：请拆成几段再存")]
    SearchTextTooLong {
        /// Characters of the text after normalisation.
        chars: usize,
        /// The limit.
        limit: usize,
    },
}

impl From<DbErr> for Error {
    fn from(source: DbErr) -> Self {
        Self::Statement(source)
    }
}

impl Error {
    /// Whether a unique index refused the row: the index is the validation,
    /// the caller has the words for it.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        matches!(
            self,
            Self::Statement(error)
                if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
        )
    }
}

/// Whether PostgreSQL asks to run the transaction again: SQLSTATE 40001
/// (serialization failure) or 40P01 (deadlock).
pub(super) fn wants_retry(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(inner))
    | DbErr::Query(RuntimeErr::SqlxError(inner))
    | DbErr::Conn(RuntimeErr::SqlxError(inner))) = error
    else {
        return false;
    };
    let sqlx::Error::Database(answer) = &**inner else {
        return false;
    };
    matches!(answer.code().as_deref(), Some("40001" | "40P01"))
}
