//! What may be changed about the calendar.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zhida_casework::calendar::{LocalChange, MonthDay, Notice, OfficeHours, Season};
use zhida_casework::{Calendar, CalendarError};

use super::read_notice;
use crate::error::Error;

/// Days of one change at most.
const DAYS_MAX: i64 = 31;
/// Characters of a name or source at most.
const NAME_MAX: usize = 100;

/// 对工作日历的一项变更。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum CalendarChange {
    /// 停止办公，如台风、地方节日。
    Closed {
        /// 第一天。
        from: NaiveDate,
        /// 最后一天。
        until: NaiveDate,
    },
    /// 照常上班。
    Open {
        /// 第一天。
        from: NaiveDate,
        /// 最后一天。
        until: NaiveDate,
    },
    /// 某几天另定作息时间。
    Hours {
        /// 第一天。
        from: NaiveDate,
        /// 最后一天。
        until: NaiveDate,
        /// 作息时间：09:00-12:00, 14:00-18:00。
        hours: String,
    },
    /// 取消这几天的本地变动。
    Undo {
        /// 第一天。
        from: NaiveDate,
        /// 最后一天。
        until: NaiveDate,
    },
    /// 平时的作息时间。
    Usual {
        /// 作息时间。
        hours: String,
    },
    /// 一周中某一天的作息时间。
    Weekday {
        /// 1（周一）至 5（周五）。
        weekday: u32,
        /// 作息时间；空为恢复平时的。
        hours: String,
    },
    /// 一段季节的作息时间，每年都是。
    Season {
        /// 名称，同名的被替换。
        name: String,
        /// 第一天，月-日：05-01。
        from: String,
        /// 最后一天，月-日：09-30；早于第一天的跨年。
        until: String,
        /// 作息时间；空为取消这段季节。
        hours: String,
    },
    /// 一年的放假安排。
    Notice {
        /// 年份。
        year: i32,
        /// 通知的名称或文号。
        source: String,
        /// 逐日的安排，每行“日期,放假或上班,节日”，或同样内容的 JSON。
        days: String,
    },
}

impl CalendarChange {
    /// The calendar with this change, whose `why` goes into the derivation of due dates.
    ///
    /// # Errors
    /// What is wrong, by the field of the form.
    pub fn apply(&self, calendar: &Calendar, why: &str) -> Result<Calendar, Error> {
        let calendar = calendar.clone();
        let why = || why.to_owned();
        match self {
            Self::Closed { from, until } => each(calendar, *from, *until, |calendar, day| {
                calendar.change(day, LocalChange::Closed { why: why() })
            }),
            Self::Open { from, until } => each(calendar, *from, *until, |calendar, day| {
                calendar.change(day, LocalChange::Open { why: why() })
            }),
            Self::Hours { from, until, hours } => {
                let hours = read_hours("hours", hours)?;
                each(calendar, *from, *until, |calendar, day| {
                    let hours = hours.clone();
                    calendar.change(day, LocalChange::Hours { why: why(), hours })
                })
            }
            Self::Undo { from, until } => each(calendar, *from, *until, Calendar::unchanged),
            Self::Usual { hours } => Ok(calendar.usual_hours(read_hours("usual", hours)?)),
            Self::Weekday { weekday, hours } if hours.is_empty() => {
                Ok(calendar.without_weekday(*weekday))
            }
            Self::Weekday { weekday, hours } => {
                let hours = read_hours("weekday-hours", hours)?;
                let changed = calendar.weekday_hours(*weekday, hours);
                changed.map_err(|error| at("weekday", &error))
            }
            Self::Season { name, hours, .. } if hours.is_empty() => {
                Ok(calendar.without_season(name))
            }
            Self::Season {
                name,
                from,
                until,
                hours,
            } => season(calendar, name, (from, until), hours),
            Self::Notice { year, source, days } => notice(calendar, *year, source, days),
        }
    }

    /// In a sentence, for the audit and the page: 2026-11-26 停止办公.
    #[must_use]
    pub fn words(&self) -> String {
        let days = |from: &NaiveDate, until: &NaiveDate| match from == until {
            true => from.to_string(),
            false => format!("{from} 至 {until}"),
        };
        match self {
            Self::Closed { from, until } => format!("{} 停止办公", days(from, until)),
            Self::Open { from, until } => format!("{} 照常上班", days(from, until)),
            Self::Hours { from, until, hours } => {
                format!("{} 的作息时间为 {hours}", days(from, until))
            }
            Self::Undo { from, until } => format!("取消 {} 的本地变动", days(from, until)),
            Self::Usual { hours } => format!("平时的作息时间为 {hours}"),
            Self::Weekday { weekday, hours } if hours.is_empty() => {
                format!("{}恢复平时的作息时间", weekday_name(*weekday))
            }
            Self::Weekday { weekday, hours } => {
                format!("{}的作息时间为 {hours}", weekday_name(*weekday))
            }
            Self::Season { name, hours, .. } if hours.is_empty() => {
                format!("取消“{name}”的作息时间")
            }
            Self::Season {
                name,
                from,
                until,
                hours,
            } => format!("“{name}”（{from} 至 {until}）的作息时间为 {hours}"),
            Self::Notice { year, source, .. } => format!("导入 {year} 年放假安排（{source}）"),
        }
    }
}

/// 周一 to 周五.
pub(crate) fn weekday_name(weekday: u32) -> &'static str {
    match weekday {
        1 => "周一",
        2 => "周二",
        3 => "周三",
        4 => "周四",
        _ => "周五",
    }
}

fn each(
    mut calendar: Calendar,
    from: NaiveDate,
    until: NaiveDate,
    change: impl Fn(Calendar, NaiveDate) -> Calendar,
) -> Result<Calendar, Error> {
    let days = (until - from).num_days() + 1;
    if days < 1 {
        return Err(Error::field("until", "最后一天不能早于第一天"));
    }
    if days > DAYS_MAX {
        return Err(Error::field("until", format!("一次最多变更 {DAYS_MAX} 天")));
    }
    for day in from.iter_days().take_while(|day| *day <= until) {
        calendar.day(day).map_err(|error| at("from", &error))?;
        calendar = change(calendar, day);
    }
    Ok(calendar)
}

fn season(
    calendar: Calendar,
    name: &str,
    (from, until): (&str, &str),
    hours: &str,
) -> Result<Calendar, Error> {
    let day = |field: &'static str, text: &str| {
        let read: Result<MonthDay, _> = text.parse();
        read.map_err(|error| at(field, &error))
    };
    let season = Season {
        name: named("season", name)?,
        from: day("season-from", from)?,
        until: day("season-until", until)?,
        hours: read_hours("season-hours", hours)?,
    };
    calendar
        .season(season)
        .map_err(|error| at("season-from", &error))
}

fn notice(calendar: Calendar, year: i32, source: &str, days: &str) -> Result<Calendar, Error> {
    let notice = Notice {
        source: named("source", source)?,
        days: read_notice(days).map_err(|message| Error::field("days", message))?,
    };
    calendar
        .notice(year, notice)
        .map_err(|error| at("days", &error))
}

fn named(field: &'static str, name: &str) -> Result<String, Error> {
    match name.chars().count() {
        1..=NAME_MAX => Ok(name.to_owned()),
        _ => Err(Error::field(field, format!("请填写，最多 {NAME_MAX} 个字"))),
    }
}

fn read_hours(field: &'static str, hours: &str) -> Result<OfficeHours, Error> {
    hours.parse().map_err(|error| at(field, &error))
}

fn at(field: &'static str, error: &CalendarError) -> Error {
    Error::field(field, error.to_string())
}
