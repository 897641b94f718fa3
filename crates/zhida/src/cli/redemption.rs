//! What may be typed of 兑付: schemes and reports.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{HELP, Store};

/// `zhida scheme …`.
#[derive(Debug, Subcommand)]
pub enum Scheme {
    /// 列出各事项的兑付方案
    #[command(help_template = HELP)]
    List(SchemeList),
    /// 显示一个事项的兑付方案：环节、时限和其他约定
    #[command(help_template = HELP)]
    Show(SchemeShow),
    /// 质检一个方案文件，不发布；有错误时退出码为 1
    #[command(help_template = HELP)]
    Check(SchemeFile),
    /// 质检并发布一个方案文件；有错误时不发布，退出码为 1；内容没有变就不产生新版本
    #[command(help_template = HELP)]
    Publish(SchemeFile),
}

/// `zhida scheme list`.
#[derive(Debug, Args)]
pub struct SchemeList {
    /// 连同还没有方案的事项
    #[arg(long)]
    pub all: bool,
    /// 输出 JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida scheme show`.
#[derive(Debug, Args)]
pub struct SchemeShow {
    /// 事项标识
    #[arg(value_name = "事项")]
    pub item: String,
    /// 输出 JSON：改过之后可以再发布
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida scheme check`, `zhida scheme publish`.
#[derive(Debug, Args)]
pub struct SchemeFile {
    /// 方案文件：YAML 或 JSON（写法见 data/schemes/README.md）
    #[arg(value_name = "文件")]
    pub file: PathBuf,
    /// 输出 JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida cases …`.
#[derive(Debug, Subcommand)]
pub enum Cases {
    /// 兑付报表：受理、在办、决定、兑付、按时率、工作日、金额
    #[command(help_template = HELP)]
    Report(CasesReport),
}

/// By what a report is summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportBy {
    /// 事项
    Item,
    /// 区划
    Place,
    /// 责任部门
    Department,
}

impl ReportBy {
    /// The slug in queries.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Item => "item",
            Self::Place => "place",
            Self::Department => "department",
        }
    }
}

/// `zhida cases report`.
#[derive(Debug, Args)]
pub struct CasesReport {
    /// 按什么汇总：item 事项，place 区划，department 责任部门
    #[arg(
        long,
        value_name = "汇总",
        value_enum,
        default_value = "item",
        hide_possible_values = true
    )]
    pub by: ReportBy,
    /// 从这一天起受理的，如 2026-01-01
    #[arg(
        long,
        value_name = "日期",
        default_value = "",
        hide_default_value = true
    )]
    pub from: String,
    /// 到这一天为止受理的，含当天
    #[arg(
        long,
        value_name = "日期",
        default_value = "",
        hide_default_value = true
    )]
    pub until: String,
    /// 只要这个事项的
    #[arg(
        long,
        value_name = "事项",
        default_value = "",
        hide_default_value = true
    )]
    pub item: String,
    /// 输出 JSON
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// 写成 CSV 文件
    #[arg(long, value_name = "文件")]
    pub csv: Option<PathBuf>,
    #[command(flatten)]
    pub store: Store,
}
