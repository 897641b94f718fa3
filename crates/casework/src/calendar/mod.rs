//! Which days and hours the offices of a city work.
//!
//! The days are the State Council's ([`zhida_standards::calendar`]) with the city's own changes; the hours
//! are the city's, also of a season or one weekday. Everything is Asia/Shanghai, which has had no summer time since 1991.
//!
//! A year whose holiday notice is not out is **provisional** if its statutory holidays are known
//! ([`provisional`]): due dates are computed with them and say so, and are computed again when the notice
//! is there, as [`Calendar::notice`] adds it or a later program brings it. Any other year has no answer; weekends
//! alone are never taken for a calendar.

mod hours;
mod notice;
mod open;
pub mod provisional;
mod season;

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zhida_standards::calendar::{self as national, DayKind};

pub use hours::{OfficeHours, Span};
pub use notice::{Notice, NoticeDay};
pub use season::{MonthDay, Season};

/// Seconds that Asia/Shanghai is ahead of UTC.
const AHEAD: i64 = 8 * 3_600;

/// The wall clock in China at an instant.
#[must_use]
pub fn local(at: DateTime<Utc>) -> NaiveDateTime {
    at.naive_utc() + TimeDelta::seconds(AHEAD)
}

/// The instant of a wall clock in China.
#[must_use]
pub fn instant(local: NaiveDateTime) -> DateTime<Utc> {
    (local - TimeDelta::seconds(AHEAD)).and_utc()
}

/// The offset of Asia/Shanghai, for printing.
#[must_use]
pub fn offset() -> FixedOffset {
    // eight hours is a valid offset
    FixedOffset::east_opt(8 * 3_600).unwrap_or_else(|| chrono::Offset::fix(&Utc))
}

/// Why a calendar has no answer, or cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CalendarError {
    /// The day lies in a year that is not known.
    #[error(transparent)]
    Day(#[from] national::CalendarError),
    /// Office hours that cannot be read.
    #[error(
        "办公时间「{0}」看不懂：请按“09:00-12:00, 14:00-18:00”填写，各段从早到晚、互不重叠、止于 24:00 之前"
    )]
    Hours(String),
    /// Hours for a day off of the week.
    #[error("只能为周一至周五（1 至 5）另定办公时间，「{0}」不是；周末上班请按日期填写")]
    Weekday(u32),
    /// No day of a year.
    #[error("「{0}」不是日期，请按“05-01”（月-日）填写")]
    MonthDay(String),
    /// Two seasons that hold on one day.
    #[error("“{0}”与“{1}”的日期重叠，同一天只能有一种作息时间")]
    Season(String, String),
    /// What is no notice of a year.
    #[error("这不是 {year} 年的放假安排：{what}")]
    Notice {
        /// The year.
        year: i32,
        /// What is wrong.
        what: String,
    },
    /// No office is open for a year: what is counted would never end.
    #[error("从 {0} 起一年内没有一个工作日，无法计算时限，请检查本地停止办公的日期")]
    NeverOpen(NaiveDate),
}

/// What the city changes about one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum LocalChange {
    /// 停止办公: a typhoon, a local holiday.
    Closed {
        /// Why, in Chinese.
        why: String,
    },
    /// 照常上班: a weekend or holiday on which the offices are open.
    Open {
        /// Why, in Chinese.
        why: String,
    },
    /// Other hours on a day that is worked anyway, such as the morning before the Spring Festival.
    Hours {
        /// Why, in Chinese.
        why: String,
        /// From when to when.
        hours: OfficeHours,
    },
}

/// What a day is for the offices of the city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Whether people work.
    pub working: bool,
    /// What it is: 工作日, 双休日, 国庆节放假, 春节调休上班, 本地停止办公（台风）.
    pub label: String,
    /// Whether it departs from the week, so that a derivation names it.
    pub named: bool,
    /// Whether the year's notice is not out yet.
    pub provisional: bool,
}

/// The working days and office hours of a city. As data: `hours`, `weekly`, `seasons`, `changes`, `notices`.
///
/// The hours of a day are those of its change, else of its weekday, else of its season, else the usual.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Data", into = "Data")]
pub struct Calendar {
    hours: OfficeHours,
    weekly: BTreeMap<u32, OfficeHours>,
    seasons: Vec<Season>,
    changes: BTreeMap<NaiveDate, LocalChange>,
    notices: BTreeMap<i32, Notice>,
}

/// How a year is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum YearState {
    /// By its notice, as the program knows it.
    Announced,
    /// By a notice that the city added, with its source.
    Added(String),
    /// By its statutory holidays alone.
    Provisional,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    #[serde(default)]
    hours: OfficeHours,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    weekly: BTreeMap<u32, OfficeHours>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    seasons: Vec<Season>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    changes: BTreeMap<NaiveDate, LocalChange>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    notices: BTreeMap<i32, Notice>,
}

impl From<Calendar> for Data {
    fn from(calendar: Calendar) -> Self {
        let Calendar {
            hours,
            weekly,
            seasons,
            changes,
            notices,
        } = calendar;
        Self {
            hours,
            weekly,
            seasons,
            changes,
            notices,
        }
    }
}

impl TryFrom<Data> for Calendar {
    type Error = CalendarError;

    fn try_from(data: Data) -> Result<Self, CalendarError> {
        let mut calendar = Self::with_hours(data.hours);
        for (weekday, hours) in data.weekly {
            calendar = calendar.weekday_hours(weekday, hours)?;
        }
        for season in data.seasons {
            calendar = calendar.season(season)?;
        }
        for (year, notice) in data.notices {
            calendar = calendar.notice(year, notice)?;
        }
        calendar.changes = data.changes;
        Ok(calendar)
    }
}

impl Calendar {
    /// The national days with these hours.
    #[must_use]
    pub fn with_hours(hours: OfficeHours) -> Self {
        Self {
            hours,
            ..Self::default()
        }
    }

    /// Other hours on one weekday, 1 (Monday) to 5 (Friday).
    ///
    /// # Errors
    /// [`CalendarError::Weekday`] for any other number.
    pub fn weekday_hours(
        mut self,
        weekday: u32,
        hours: OfficeHours,
    ) -> Result<Self, CalendarError> {
        if !(1..=5).contains(&weekday) {
            return Err(CalendarError::Weekday(weekday));
        }
        self.weekly.insert(weekday, hours);
        Ok(self)
    }

    /// Other hours of a season; one of the same name is replaced.
    ///
    /// # Errors
    /// [`CalendarError::Season`] when another holds on one of its days.
    pub fn season(mut self, season: Season) -> Result<Self, CalendarError> {
        self.seasons.retain(|other| other.name != season.name);
        if let Some(other) = self.seasons.iter().find(|other| other.meets(&season)) {
            return Err(CalendarError::Season(season.name, other.name.clone()));
        }
        self.seasons.push(season);
        Ok(self)
    }

    /// Without the season of this name.
    #[must_use]
    pub fn without_season(mut self, name: &str) -> Self {
        self.seasons.retain(|season| season.name != name);
        self
    }

    /// With the usual hours again on a weekday.
    #[must_use]
    pub fn without_weekday(mut self, weekday: u32) -> Self {
        self.weekly.remove(&weekday);
        self
    }

    /// The same days with other usual hours.
    #[must_use]
    pub fn usual_hours(mut self, hours: OfficeHours) -> Self {
        self.hours = hours;
        self
    }

    /// The notice of a year, instead of what the program knows of it.
    ///
    /// # Errors
    /// [`Notice::check`].
    pub fn notice(mut self, year: i32, notice: Notice) -> Result<Self, CalendarError> {
        notice.check(year)?;
        self.notices.insert(year, notice);
        Ok(self)
    }

    /// Without what the city changed about a day.
    #[must_use]
    pub fn unchanged(mut self, date: NaiveDate) -> Self {
        self.changes.remove(&date);
        self
    }

    /// Changes one day; a later change of the day replaces an earlier.
    #[must_use]
    pub fn change(mut self, date: NaiveDate, change: LocalChange) -> Self {
        self.changes.insert(date, change);
        self
    }

    /// The city's changes, by date.
    #[must_use]
    pub fn changes(&self) -> &BTreeMap<NaiveDate, LocalChange> {
        &self.changes
    }

    /// The usual hours.
    #[must_use]
    pub fn hours(&self) -> &OfficeHours {
        &self.hours
    }

    /// The hours of weekdays that have their own, 1 (Monday) to 5.
    #[must_use]
    pub fn weekly(&self) -> &BTreeMap<u32, OfficeHours> {
        &self.weekly
    }

    /// The seasons.
    #[must_use]
    pub fn seasons(&self) -> &[Season] {
        &self.seasons
    }

    /// The notices that the city added, by year.
    #[must_use]
    pub fn notices(&self) -> &BTreeMap<i32, Notice> {
        &self.notices
    }

    /// How a year is known; `None` when due dates in it are refused.
    #[must_use]
    pub fn year(&self, year: i32) -> Option<YearState> {
        if let Some(notice) = self.notices.get(&year) {
            return Some(YearState::Added(notice.source.clone()));
        }
        if (national::FIRST_YEAR..=national::LAST_YEAR).contains(&year) {
            return Some(YearState::Announced);
        }
        let first = NaiveDate::from_ymd_opt(year, 1, 1)?;
        provisional::holiday(first).map(|_| YearState::Provisional)
    }

    /// The years that are known, from the first to the last without a gap.
    #[must_use]
    pub fn years(&self) -> Vec<(i32, YearState)> {
        (national::FIRST_YEAR..)
            .map_while(|year| Some((year, self.year(year)?)))
            .collect()
    }

    /// What a day is.
    ///
    /// # Errors
    /// A year that is neither announced nor provisional.
    pub fn day(&self, date: NaiveDate) -> Result<Day, CalendarError> {
        let day = match notice::day(&self.notices, date) {
            Some(day) => day,
            None => national_day(date)?,
        };
        Ok(match self.changes.get(&date) {
            Some(LocalChange::Closed { why }) => Day {
                working: false,
                label: format!("本地停止办公（{why}）"),
                named: true,
                ..day
            },
            Some(LocalChange::Open { why }) if !day.working => Day {
                working: true,
                label: format!("本地安排上班（{why}）"),
                named: true,
                ..day
            },
            _ => day,
        })
    }

    /// Whether people work on a day.
    ///
    /// # Errors
    /// As [`Calendar::day`].
    pub fn is_working(&self, date: NaiveDate) -> Result<bool, CalendarError> {
        if self.changes.contains_key(&date) {
            return Ok(self.day(date)?.working);
        }
        if let Some(working) = notice::is_working(&self.notices, date) {
            return Ok(working);
        }
        match national::is_workday(date) {
            Err(_) => Ok(national_day(date)?.working),
            known => Ok(known?),
        }
    }

    /// The hours of a day; none on a day off.
    ///
    /// # Errors
    /// As [`Calendar::day`].
    pub fn hours_on(&self, date: NaiveDate) -> Result<Option<&OfficeHours>, CalendarError> {
        if !self.is_working(date)? {
            return Ok(None);
        }
        let weekday = date.weekday().number_from_monday();
        Ok(Some(match self.changes.get(&date) {
            Some(LocalChange::Hours { hours, .. }) => hours,
            _ => {
                let season = self.seasons.iter().find(|season| season.covers(date));
                let season = season.map(|season| &season.hours);
                self.weekly.get(&weekday).or(season).unwrap_or(&self.hours)
            }
        }))
    }

    /// Working days after `from` up to and including `to`; 0 when `to` is not later.
    ///
    /// # Errors
    /// As [`Calendar::day`].
    pub fn working_days_between(
        &self,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<u32, CalendarError> {
        let mut count = 0;
        for date in from.iter_days().skip(1).take_while(|date| *date <= to) {
            count += u32::from(self.is_working(date)?);
        }
        Ok(count)
    }

    /// The `n`-th working day after a date (`n` of 0 is the date itself).
    ///
    /// # Errors
    /// As [`Calendar::day`], and when nobody works for a year.
    pub fn working_day_after(&self, date: NaiveDate, n: u32) -> Result<NaiveDate, CalendarError> {
        self.nth(date, n, date.iter_days().skip(1))
    }

    /// The `n`-th working day before a date.
    ///
    /// # Errors
    /// As [`Calendar::working_day_after`].
    pub fn working_day_before(&self, date: NaiveDate, n: u32) -> Result<NaiveDate, CalendarError> {
        self.nth(date, n, date.iter_days().rev().skip(1))
    }

    fn nth(
        &self,
        date: NaiveDate,
        n: u32,
        days: impl Iterator<Item = NaiveDate>,
    ) -> Result<NaiveDate, CalendarError> {
        let (mut left, mut idle) = (n, 0);
        let mut found = date;
        for day in days {
            if left == 0 {
                break;
            }
            found = day;
            idle += 1;
            if self.is_working(day)? {
                (left, idle) = (left - 1, 0);
            }
            if idle > IDLE_MAX {
                return Err(CalendarError::NeverOpen(date));
            }
        }
        Ok(found)
    }
}

/// Days without an open office after which a calendar is taken to be wrong.
pub(crate) const IDLE_MAX: u32 = 366;

/// The national day; in a provisional year by its statutory holidays.
fn national_day(date: NaiveDate) -> Result<Day, CalendarError> {
    let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    match national::day(date) {
        Ok(kind) => Ok(Day {
            working: kind.is_workday(),
            label: kind.label(),
            named: matches!(
                kind,
                DayKind::Holiday { .. } | DayKind::MakeUpWorkday { .. }
            ),
            provisional: false,
        }),
        Err(unknown) => {
            let holiday = provisional::holiday(date).ok_or(unknown)?;
            Ok(Day {
                working: holiday.is_none() && !weekend,
                label: match (holiday, weekend) {
                    (Some(name), _) => format!("{name}放假"),
                    (None, true) => DayKind::Weekend.label(),
                    (None, false) => DayKind::Workday.label(),
                },
                named: holiday.is_some(),
                provisional: true,
            })
        }
    }
}
