//! A year as people read it.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use utoipa::ToSchema;
use zhida_casework::Calendar;
use zhida_casework::calendar::{LocalChange, YearState};

/// 一个年度放假安排的来源。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct YearLine {
    /// 年份。
    pub year: i32,
    /// 来源：程序自带、导入的通知，或只按法定节假日暂算。
    pub source: String,
    /// 通知还没有公布，暂按法定节假日。
    pub provisional: bool,
}

impl YearLine {
    pub(crate) fn new(year: i32, state: YearState) -> Self {
        let provisional = state == YearState::Provisional;
        let source = match state {
            YearState::Announced => "程序自带（国务院办公厅通知）".to_owned(),
            YearState::Added(source) => format!("导入：{source}"),
            YearState::Provisional => "暂按法定节假日，通知公布后请导入".to_owned(),
        };
        Self {
            year,
            source,
            provisional,
        }
    }
}

/// 一个月的工作日。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, Default)]
pub struct MonthView {
    /// 月份。
    pub month: u32,
    /// 工作日天数。
    pub working: u32,
    /// 放假：7 日 国庆节放假。
    pub off: Vec<String>,
    /// 调休上班。
    pub make_up: Vec<String>,
    /// 本地变动：停止办公、照常上班、另定作息。
    pub local: Vec<String>,
}

/// The months of a year; `None` when the year is not known.
#[must_use]
pub fn months(calendar: &Calendar, year: i32) -> Option<Vec<MonthView>> {
    calendar.year(year)?;
    let mut months: Vec<MonthView> = (1..=12)
        .map(|month| MonthView {
            month,
            ..MonthView::default()
        })
        .collect();
    let first = NaiveDate::from_ymd_opt(year, 1, 1)?;
    for date in first.iter_days().take_while(|date| date.year() == year) {
        let (day, view) = (
            calendar.day(date).ok()?,
            months.get_mut(date.month0() as usize)?,
        );
        view.working += u32::from(day.working);
        let words = |label: &str| format!("{} 日 {label}", date.day());
        match calendar.changes().get(&date) {
            Some(LocalChange::Hours { why, hours }) => {
                view.local.push(words(&format!("作息 {hours}（{why}）")));
            }
            Some(_) => view.local.push(words(&day.label)),
            None if !day.named => {}
            None if day.working => view.make_up.push(words(&day.label)),
            None => view.off.push(words(&day.label)),
        }
    }
    Some(months)
}
