//! Why a whole file is refused. Nothing stored changes then.

use std::io;

use axum::http::StatusCode;
use zhida_platform::jobs::JobError;
use zhida_platform::messages::MessageError;
use zhida_platform::problem::Problem;
use zhida_platform::{db, format};

/// A problem of the whole file, or of storing it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("文件“{file}”读不了：请检查路径和读取权限")]
    Open {
        /// Name of the file.
        file: String,
        /// The operating system's answer.
        source: io::Error,
    },
    /// Nothing in it.
    #[error("文件“{0}”是空的，请检查是否选错了文件")]
    Empty(String),
    /// Larger than allowed; seen before anything is read.
    #[error(
        "文件“{file}”有 {} 字节，超过上限 {} 字节：请拆成几个文件，或压缩为 .csv.gz 后导入",
        format::count(*bytes),
        format::count(*bytes_max)
    )]
    TooLarge {
        /// Name of the file.
        file: String,
        /// Its size.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// Larger than allowed once unpacked.
    #[error(
        "文件“{file}”解压后超过上限 {} 字节（可能是压缩炸弹），没有导入：请拆成几个文件，或改用 CSV",
        format::count(*bytes_max)
    )]
    Unpacked {
        /// Name of the file.
        file: String,
        /// The limit.
        bytes_max: u64,
    },
    /// An old workbook or an encrypted one.
    #[error(
        "文件“{0}”是旧版 .xls 或加密的工作簿：请用 Excel/WPS 打开后另存为不加密的 .xlsx 或 CSV"
    )]
    OldWorkbook(String),
    /// The content is not what the name says.
    #[error(
        "文件“{file}”的内容不是{expected}：请确认没有选错文件，也不要只改扩展名，应在 Excel/WPS 中“另存为”"
    )]
    NotA {
        /// Name of the file.
        file: String,
        /// What it should be.
        expected: &'static str,
    },
    /// UTF-16 text.
    #[error("文件“{0}”是 UTF-16 编码（Unicode 文本）：请另存为“CSV UTF-8”后再导入")]
    Utf16(String),
    /// The compressed data is damaged.
    #[error("文件“{file}”的压缩数据已损坏或不完整：请重新获取文件")]
    Damaged {
        /// Name of the file.
        file: String,
        /// What the decoder said.
        source: io::Error,
    },
    /// The workbook is damaged.
    #[error("工作簿“{file}”打不开：文件已损坏或不是标准的 .xlsx，请用 Excel/WPS 重新另存")]
    Workbook {
        /// Name of the file.
        file: String,
        /// What the reader said.
        reason: String,
    },
    /// No such sheet.
    #[error("工作簿里没有名为“{sheet}”的工作表，现有：{sheets}")]
    NoSheet {
        /// The sheet asked for.
        sheet: String,
        /// Those there are.
        sheets: String,
    },
    /// The heading's bytes fit neither encoding of the rows.
    #[error(
        "文件“{file}”的表头不是 {encoding} 编码，而多数行是：请用同一种编码（建议 UTF-8）重新保存整个文件"
    )]
    HeadingEncoding {
        /// Name of the file.
        file: String,
        /// Encoding of most rows.
        encoding: &'static str,
    },
    /// A record without end.
    #[error("从第 {line} 行起的一条记录超过 {} 字节：很可能有一个没有配对的引号，或列太多、单元格太长，请检查这一行", format::count(*bytes_max))]
    RecordTooLong {
        /// Line where the record begins.
        line: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// Too many columns.
    #[error("表头有 {found} 列，最多 {max} 列：请删除多余的列")]
    TooManyColumns {
        /// Columns found.
        found: usize,
        /// The limit.
        max: usize,
    },
    /// Too many rows.
    #[error("文件超过 {} 行，一次最多导入这么多行：请拆成几个文件", format::count(*.0))]
    TooManyRows(u64),
    /// No column of codes.
    #[error(
        "没有找到统一社会信用代码列。表头为：{headers}。请把该列命名为“统一社会信用代码”，或指定列的对应关系"
    )]
    NoCodeColumn {
        /// The headings, joined.
        headers: String,
    },
    /// No data rows.
    #[error("文件“{0}”只有表头，没有数据行")]
    NoRows(String),
    /// A column mapping that cannot be.
    #[error("列的对应关系有误：“{column}”→“{target}”，{reason}")]
    Mapping {
        /// The heading.
        column: String,
        /// What it was mapped to.
        target: String,
        /// What is wrong.
        reason: String,
    },
    /// The department is missing or too long.
    #[error("请写明数据来源部门（不超过 40 个字），如“市场监管”")]
    Department,
    /// The as-of date is not plausible.
    #[error("数据日期 {0} 晚于今天，请填写数据实际对应的日期")]
    AsOf(chrono::NaiveDate),
    /// Another process has taken the batch over.
    #[error("批次 {0} 已由另一个导入进程接着处理，本进程停止；不会重复导入")]
    TakenOver(i64),
    /// Whoever hears the progress wants the work to stop.
    #[error("导入已停止；已处理的行不会丢失，再次导入同一文件会从停下的地方继续")]
    Stopped,
    /// The file changed while it was read.
    #[error("文件“{0}”在导入过程中被改动，已停止；请在文件不再变化后重新导入，已处理的行不会重复")]
    Changed(String),
    /// The rejects file cannot be written.
    #[error("退回明细写不进“{path}”：请检查磁盘空间与写权限")]
    Rejects {
        /// Path of the rejects file.
        path: String,
        /// The operating system's answer.
        source: io::Error,
    },
    /// A stored document cannot be read.
    #[error("企业“{0}”的档案数据已损坏，本批次停在它之前；请从备份恢复后继续")]
    Document(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] db::Error),
    /// Nobody can be told of it.
    #[error(transparent)]
    Message(#[from] MessageError),
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        use ImportError as E;
        let text = error.to_string();
        let new = |status, code| {
            Problem::new(status, code, "文件不能导入", text.clone()).field("file", text.clone())
        };
        match error {
            E::Database(error) => error.into(),
            E::Rejects { .. } | E::Document(_) => Problem::internal(error),
            E::TooLarge { .. } => new(StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            E::TakenOver(_) | E::Changed(_) | E::Stopped => Problem::conflict(text),
            E::Department => Problem::bad_input(text.clone()).field("department", text),
            E::AsOf(_) => Problem::bad_input(text.clone()).field("as_of", text),
            _ => new(StatusCode::UNPROCESSABLE_ENTITY, "bad-file"),
        }
    }
}

impl From<ImportError> for JobError {
    fn from(error: ImportError) -> Self {
        use ImportError as E;
        match error {
            E::Stopped => Self::Cancelled,
            E::Database(error) => error.into(),
            E::Rejects { source, .. } => {
                tracing::warn!(%source, "退回明细写不进去");
                Self::Retry("退回明细写不进服务器的磁盘：请检查磁盘空间与写权限".to_owned())
            }
            E::Message(error) => {
                tracing::warn!(%error, "导入结果的消息没有写下");
                Self::Retry("导入结果的消息没有写下".to_owned())
            }
            _ => Self::Failed(error.to_string()),
        }
    }
}
