//! A report and its lines.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use zhida_platform::rate::{Rate, Rounding};
use zhida_platform::vocabulary;

use crate::apply::TypicalDays;

vocabulary! {
    /// What a line of a report is of.
    By {
        /// One item.
        Item = "item", "事项";
        /// One county, or what is known only as a city.
        Place = "place", "区划";
        /// One responsible department.
        Department = "department", "责任部门";
    }
}

/// 报表的一行。
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReportLine {
    /// 事项标识、区划代码或部门名称；合计为空。
    pub key: String,
    /// 名称。
    pub name: String,
    /// 受理。
    pub opened: u64,
    /// 在办。
    pub open: u64,
    /// 在办里逾期的。
    pub overdue: u64,
    /// 已作出决定的。
    pub decided: u64,
    /// 办结：已兑付和不予兑付。
    pub closed: u64,
    /// 办结里按时的。
    pub on_time: u64,
    /// 已兑付。
    pub paid: u64,
    /// 企业撤回、放弃、逾期未办和终止的。
    pub ended: u64,
    /// 办结用的工作日，不算等待企业的时间；没有办结就没有。
    pub days: Option<TypicalDays>,
    /// 已拨付，单位：分。
    pub paid_fen: i64,
}

impl ReportLine {
    /// 按时率: closed on time of what was closed or lies overdue.
    #[must_use]
    pub fn rate(&self) -> Rate {
        Rate::new(self.on_time, self.closed + self.overdue)
    }

    /// 按时率 for people.
    #[must_use]
    pub fn on_time_percent(&self) -> String {
        self.rate().percent(Rounding::Nearest)
    }
}

/// 报表。
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// By what its lines are.
    pub by: By,
    /// Cases opened from this day on.
    pub from: Option<NaiveDate>,
    /// Cases opened until this day.
    pub until: Option<NaiveDate>,
    /// The lines, those with most cases first.
    pub lines: Vec<ReportLine>,
    /// All cases together, not the sum of percentages.
    pub sum: ReportLine,
}
