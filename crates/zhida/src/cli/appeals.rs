//! What may be typed of 诉求: the monthly report.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{HELP, Store};

/// `zhida appeals …`.
#[derive(Debug, Subcommand)]
pub enum AppealsCommand {
    /// 一个月的诉求月报：显示在终端，或写成 CSV、JSON、PDF、DOCX 文件
    #[command(help_template = HELP)]
    Report(AppealsReport),
}

/// `zhida appeals report`.
#[derive(Debug, Args)]
pub struct AppealsReport {
    /// 月份，例如 2026-10（默认上个月）
    #[arg(long, value_name = "月份")]
    pub month: Option<String>,
    /// 百分比截尾，不四舍五入
    #[arg(long)]
    pub cut: bool,
    /// 输出 JSON
    #[arg(long, conflicts_with = "out")]
    pub json: bool,
    /// 写到这个文件，格式由扩展名定：.csv、.json、.pdf 或 .docx；已有的文件不覆盖
    #[arg(long, value_name = "文件")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub store: Store,
}
