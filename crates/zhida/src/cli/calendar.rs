//! `zhida calendar …`.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::{HELP, Store};

/// `zhida calendar …`.
#[derive(Debug, Subcommand)]
pub enum Calendar {
    /// 看一年的工作日、放假和作息时间，以及已收录的年度
    #[command(help_template = HELP)]
    Show(CalendarShow),
    /// 停止办公一天或几天，如台风
    #[command(help_template = HELP)]
    Close(CalendarDays),
    /// 照常上班一天或几天
    #[command(help_template = HELP)]
    Open(CalendarDays),
    /// 作息时间：平时的、某几天的、一周中某一天的或每年一段季节的
    #[command(help_template = HELP)]
    Hours(CalendarHours),
    /// 导入一年的放假安排（CSV 或 JSON，每天一行：日期,放假或上班,节日）
    #[command(help_template = HELP)]
    Import(CalendarImport),
}

/// `zhida calendar show`.
#[derive(Debug, Args)]
pub struct CalendarShow {
    /// 年份（默认今年）
    #[arg(long, value_name = "年份")]
    pub year: Option<i32>,
    #[command(flatten)]
    pub store: Store,
}

/// What every change asks for.
#[derive(Debug, Args)]
pub struct CalendarChangeOptions {
    /// 原因，写进受影响办件的办理记录
    #[arg(long, value_name = "原因")]
    pub why: String,
    /// 只试算对在办办件的影响，不保存
    #[arg(long)]
    pub preview: bool,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida calendar close` and `open`.
#[derive(Debug, Args)]
pub struct CalendarDays {
    /// 第一天，如 2026-11-26
    #[arg(value_name = "第一天")]
    pub from: NaiveDate,
    /// 最后一天（默认只有一天）
    #[arg(value_name = "最后一天")]
    pub until: Option<NaiveDate>,
    #[command(flatten)]
    pub options: CalendarChangeOptions,
}

/// `zhida calendar hours`.
#[derive(Debug, Args)]
pub struct CalendarHours {
    /// 作息时间，如 "09:00-12:00, 14:00-18:00"；写 "" 恢复平时的
    #[arg(value_name = "作息时间")]
    pub hours: String,
    /// 只在一周中的这一天：1（周一）至 5（周五）
    #[arg(long, value_name = "星期", conflicts_with_all = ["season", "from"])]
    pub weekday: Option<u32>,
    /// 只在每年这段季节：名称，另给 --from 和 --until（月-日）
    #[arg(long, value_name = "名称", requires_all = ["from", "until"])]
    pub season: Option<String>,
    /// 第一天：日期 2026-02-16，或季节的月-日 05-01
    #[arg(long, value_name = "第一天", requires = "until")]
    pub from: Option<String>,
    /// 最后一天
    #[arg(long, value_name = "最后一天", requires = "from")]
    pub until: Option<String>,
    #[command(flatten)]
    pub options: CalendarChangeOptions,
}

/// `zhida calendar import`.
#[derive(Debug, Args)]
pub struct CalendarImport {
    /// 放假安排的文件
    #[arg(value_name = "文件")]
    pub file: PathBuf,
    /// 哪一年的
    #[arg(long, value_name = "年份")]
    pub year: i32,
    /// 通知的名称或文号
    #[arg(long, value_name = "通知")]
    pub source: String,
    #[command(flatten)]
    pub options: CalendarChangeOptions,
}
