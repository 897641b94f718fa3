//! What may be typed of 诉求: the monthly report, and keys of Open311.

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

/// `zhida open311 …`.
#[derive(Debug, Subcommand)]
pub enum Open311 {
    /// 列出密钥：给谁用、哪个辖区、什么时候用过；密钥本身不保存，看不到
    #[command(help_template = HELP)]
    List(Open311List),
    /// 新建一个密钥：只显示这一次，请当场交给对方系统
    #[command(help_template = HELP)]
    Add(Open311Add),
    /// 停用一个密钥：对方立即不能再提交，已经提交的照常办理
    #[command(help_template = HELP)]
    Revoke(Open311Revoke),
}

/// `zhida open311 list`.
#[derive(Debug, Args)]
pub struct Open311List {
    /// 连同已停用的
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida open311 add`.
#[derive(Debug, Args)]
pub struct Open311Add {
    /// 给哪个系统用，如 12345 热线
    #[arg(value_name = "名称")]
    pub name: String,
    /// 提交的诉求属于哪个区划（默认本市）
    #[arg(
        long,
        value_name = "区划代码",
        default_value = "",
        hide_default_value = true
    )]
    pub place: String,
    /// 批量提交：回答令牌，由对方再来取编号
    #[arg(long)]
    pub batch: bool,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida open311 revoke`.
#[derive(Debug, Args)]
pub struct Open311Revoke {
    /// 密钥的标识，见 zhida open311 list
    #[arg(value_name = "标识")]
    pub id: String,
    #[command(flatten)]
    pub store: Store,
}
