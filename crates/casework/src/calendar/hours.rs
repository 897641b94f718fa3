use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::CalendarError;
use crate::term::as_text;
use serde::{Deserialize, Serialize};

/// Minutes of a day.
const DAY: u32 = 24 * 60;

/// A stretch of open time within one day, in minutes after midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// Its first minute.
    pub opens: u32,
    /// The minute at which it is over.
    pub closes: u32,
}

impl Span {
    /// When it begins on a date.
    #[must_use]
    pub fn opening(self, date: NaiveDate) -> NaiveDateTime {
        at_minute(date, self.opens)
    }

    /// When it is over on a date.
    #[must_use]
    pub fn closing(self, date: NaiveDate) -> NaiveDateTime {
        at_minute(date, self.closes)
    }
}

fn at_minute(date: NaiveDate, minute: u32) -> NaiveDateTime {
    date.and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(i64::from(minute))
}

/// The open stretches of a day, from early to late. As text `09:00-12:00, 14:00-18:00`, which is also what
/// holds when nothing is said.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OfficeHours(Vec<Span>);

impl Default for OfficeHours {
    fn default() -> Self {
        let (nine, noon, two, six) = (9 * 60, 12 * 60, 14 * 60, 18 * 60);
        Self(vec![
            Span {
                opens: nine,
                closes: noon,
            },
            Span {
                opens: two,
                closes: six,
            },
        ])
    }
}

impl OfficeHours {
    /// The stretches; at least one.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.0
    }

    /// When the office opens on a date.
    #[must_use]
    pub fn opening(&self, date: NaiveDate) -> NaiveDateTime {
        at_minute(date, self.0.first().map_or(0, |span| span.opens))
    }

    /// When the office closes for the day.
    #[must_use]
    pub fn closing(&self, date: NaiveDate) -> NaiveDateTime {
        at_minute(date, self.0.last().map_or(DAY, |span| span.closes))
    }
}

impl fmt::Display for OfficeHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, span) in self.0.iter().enumerate() {
            let comma = if n > 0 { ", " } else { "" };
            let (opens, closes) = (span.opens, span.closes);
            write!(
                f,
                "{comma}{:02}:{:02}-{:02}:{:02}",
                opens / 60,
                opens % 60,
                closes / 60,
                closes % 60
            )?;
        }
        Ok(())
    }
}

impl FromStr for OfficeHours {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        let wrong = || CalendarError::Hours(text.to_owned());
        let spans = text
            .split([',', '，', '、'])
            .map(|part| span(part).ok_or_else(wrong))
            .collect::<Result<Vec<_>, _>>()?;
        let in_order = spans.windows(2).all(|pair| pair[0].closes <= pair[1].opens);
        match in_order && !spans.is_empty() {
            true => Ok(Self(spans)),
            false => Err(wrong()),
        }
    }
}

fn span(text: &str) -> Option<Span> {
    let (opens, closes) = text.split_once(['-', '–', '—', '至'])?;
    let (opens, closes) = (minute(opens)?, minute(closes)?);
    (opens < closes).then_some(Span { opens, closes })
}

fn minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once([':', '：'])?;
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    let minutes = hour.checked_mul(60)?.checked_add(minute)?;
    (minute < 60 && minutes <= DAY).then_some(minutes)
}

as_text!(OfficeHours);
