//! Working days of 2020–2026 by the State Council's holiday notices, with make-up days.
//!
//! A year whose notice is not out has no answer: [`CalendarError::NotAnnounced`], never a guess
//! from weekends. Every computed date can say how it was derived ([`DueDate`]).

mod due;
mod table;

use chrono::{Datelike, NaiveDate, Weekday};
use thiserror::Error;

pub use due::{Counting, DueDate, SkippedDay, derive_notice_period, derive_workdays};

/// First year of the calendar.
pub const FIRST_YEAR: i32 = 2020;
/// Last year whose holiday notice is in the calendar.
pub const LAST_YEAR: i32 = 2026;

/// What a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayKind {
    /// An ordinary working day.
    Workday,
    /// A Saturday or Sunday on which people work for a holiday moved elsewhere (调休上班).
    MakeUpWorkday {
        /// The holiday it makes up for.
        holiday: &'static str,
    },
    /// An ordinary Saturday or Sunday.
    Weekend,
    /// A day off by the holiday notice, also where it falls on a weekend.
    Holiday {
        /// The holiday's name.
        name: &'static str,
    },
}

impl DayKind {
    /// Whether people work.
    pub fn is_workday(self) -> bool {
        matches!(self, Self::Workday | Self::MakeUpWorkday { .. })
    }

    /// The kind in Chinese: 工作日, 春节调休上班, 双休日, 春节放假.
    pub fn label(self) -> String {
        match self {
            Self::Workday => "工作日".into(),
            Self::MakeUpWorkday { holiday } => format!("{holiday}调休上班"),
            Self::Weekend => "双休日".into(),
            Self::Holiday { name } => format!("{name}放假"),
        }
    }
}

/// Why a date has no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CalendarError {
    /// The holiday notice of the year is not in the calendar.
    #[error(
        "{year} 年的放假安排国务院办公厅尚未公布（或未收录），暂不能计算工作日；公布后更新程序即可"
    )]
    NotAnnounced {
        /// The year asked for.
        year: i32,
    },
    /// The year lies before the calendar.
    #[error("{year} 年早于工作日历的起始年 2020 年，不能计算工作日，请核对日期")]
    TooEarly {
        /// The year asked for.
        year: i32,
    },
    /// The end lies before the start.
    #[error("结束日期 {to} 早于起始日期 {from}，请核对日期")]
    Reversed {
        /// The start given.
        from: NaiveDate,
        /// The end given.
        to: NaiveDate,
    },
    /// A period of no days.
    #[error("公示期至少 1 个工作日，请填写正整数")]
    EmptyPeriod,
}

/// What a day is.
///
/// # Errors
/// A year outside 2020–2026.
pub fn day(date: NaiveDate) -> Result<DayKind, CalendarError> {
    let year = date.year();
    if year < FIRST_YEAR {
        return Err(CalendarError::TooEarly { year });
    }
    if year > LAST_YEAR {
        return Err(CalendarError::NotAnnounced { year });
    }
    let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    Ok(match table::exception(date) {
        Some(exception) if exception.off => DayKind::Holiday {
            name: exception.holiday,
        },
        Some(exception) if weekend => DayKind::MakeUpWorkday {
            holiday: exception.holiday,
        },
        None if weekend => DayKind::Weekend,
        _ => DayKind::Workday,
    })
}

/// Whether people work on a day.
///
/// # Errors
/// A year outside 2020–2026.
pub fn is_workday(date: NaiveDate) -> Result<bool, CalendarError> {
    day(date).map(DayKind::is_workday)
}

/// The `n`-th working day after a date: the day after the event is day 1. Zero gives the date
/// itself. [`derive_workdays`] tells how it was found.
///
/// # Errors
/// A start or a day on the way outside 2020–2026.
pub fn add_workdays(date: NaiveDate, n: u32) -> Result<NaiveDate, CalendarError> {
    derive_workdays(date, n).map(|due| due.date)
}

/// Working days after `from` up to and including `to`, so that a deadline reached by
/// [`add_workdays`] is as many days away as were added.
///
/// # Errors
/// `to` before `from`, or a year outside 2020–2026.
pub fn workdays_between(from: NaiveDate, to: NaiveDate) -> Result<u32, CalendarError> {
    if to < from {
        return Err(CalendarError::Reversed { from, to });
    }
    day(from)?;
    day(to)?;
    let mut count = 0;
    for date in from.iter_days().skip(1).take_while(|date| *date <= to) {
        count += u32::from(is_workday(date)?);
    }
    Ok(count)
}

/// Last day of a public notice (公示) of `n` working days, the first day counted if people work on
/// it. [`derive_notice_period`] tells how it was found.
///
/// # Errors
/// `n` of zero, or a day outside 2020–2026.
pub fn notice_period(first_day: NaiveDate, n: u32) -> Result<NaiveDate, CalendarError> {
    derive_notice_period(first_day, n).map(|due| due.date)
}

/// Addresses of the State Council's notices that the calendar of a year rests on.
pub fn notices(year: i32) -> impl Iterator<Item = &'static str> {
    table::notices(year)
}

#[cfg(test)]
mod tests;
