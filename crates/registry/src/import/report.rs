//! What an import did, or would do.

use std::path::PathBuf;

use serde::Serialize;
use utoipa::ToSchema;

use super::header::ColumnReport;
use super::rejects::RejectedRow;

/// 导入或试运行的结果：行数 = 导入 + 退回 + 未变。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportReport {
    /// 文件的数据行数。
    pub rows: u64,
    /// 导入的行数（试运行时为将导入的行数）。
    pub accepted: u64,
    /// 退回的行数。
    pub rejected: u64,
    /// 没有变化的行数。
    pub unchanged: u64,
    /// 退回明细写在哪个文件；没有退回的行或不便说明时为空。
    #[schema(value_type = Option<String>)]
    pub rejects: Option<PathBuf>,
    /// 其中新增的市场主体数。
    pub created: u64,
    /// 是否试运行；试运行不写入任何数据。
    pub dry_run: bool,
    /// 批次编号；试运行没有。
    pub batch: Option<i64>,
    /// 同一文件上次中断前已处理的行数。
    pub resumed_after: Option<u64>,
    /// 文件。
    pub file: FileReport,
    /// 各列的含义。
    pub columns: Vec<ColumnReport>,
    /// 导入的行里略去了什么、各多少处。
    pub notes: Vec<Note>,
    /// 最先退回的几行。
    pub examples: Vec<RejectedRow>,
}

/// 文件是怎样读的。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FileReport {
    /// 文件名。
    pub name: String,
    /// SHA-256，十六进制。
    pub sha256: String,
    /// 编码和分隔符，或工作表。
    pub form: String,
}

/// 导入的行里略去的一种内容。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Note {
    /// 略去了什么、为什么。
    pub message: String,
    /// 多少处。
    pub count: u64,
}
