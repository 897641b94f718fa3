use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{CalendarError, OfficeHours};
use crate::term::as_text;

/// A day of any year, as text `05-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonthDay {
    month: u32,
    day: u32,
}

impl MonthDay {
    /// The day of a date.
    #[must_use]
    pub fn of(date: NaiveDate) -> Self {
        Self {
            month: date.month(),
            day: date.day(),
        }
    }

    /// For screens: 5 月 1 日.
    #[must_use]
    pub fn words(self) -> String {
        format!("{} 月 {} 日", self.month, self.day)
    }
}

impl fmt::Display for MonthDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

impl FromStr for MonthDay {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        // a leap year, so that 02-29 is a day
        let date = NaiveDate::parse_from_str(&format!("2024-{}", text.trim()), "%Y-%m-%d");
        date.map(Self::of)
            .map_err(|_| CalendarError::MonthDay(text.to_owned()))
    }
}

as_text!(MonthDay);

/// Office hours of a part of every year: 夏令作息.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Season {
    /// Its name, in Chinese.
    pub name: String,
    /// Its first day.
    pub from: MonthDay,
    /// Its last day; before the first when it goes over the new year.
    pub until: MonthDay,
    /// From when to when.
    pub hours: OfficeHours,
}

impl Season {
    /// Whether a date lies in it.
    #[must_use]
    pub fn covers(&self, date: NaiveDate) -> bool {
        self.has(MonthDay::of(date))
    }

    fn has(&self, day: MonthDay) -> bool {
        match self.from <= self.until {
            true => (self.from..=self.until).contains(&day),
            false => day >= self.from || day <= self.until,
        }
    }

    /// Whether some day lies in both.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.has(other.from) || other.has(self.from)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    fn season(from: &str, until: &str) -> Season {
        Season {
            name: format!("{from} {until}"),
            from: from.parse().unwrap(),
            until: until.parse().unwrap(),
            hours: OfficeHours::default(),
        }
    }

    #[test]
    fn a_season_may_go_over_the_new_year() {
        let winter = season("10-01", "04-30");
        for (day, within) in [
            ("2026-09-30", false),
            ("2026-10-01", true),
            ("2027-01-01", true),
            ("2027-04-30", true),
            ("2027-05-01", false),
        ] {
            assert_eq!(winter.covers(day.parse().unwrap()), within, "{day}");
        }
        assert!(!winter.meets(&season("05-01", "09-30")));
        for (from, until) in [("04-30", "09-30"), ("05-01", "10-01"), ("01-01", "12-31")] {
            let other = season(from, until);
            assert!(winter.meets(&other) && other.meets(&winter), "{from}");
        }
    }

    #[test]
    fn a_day_of_the_year_is_read_and_written() {
        assert_eq!("02-29".parse::<MonthDay>().unwrap().to_string(), "02-29");
        for wrong in ["02-30", "13-01", "5月1日", ""] {
            assert!(wrong.parse::<MonthDay>().is_err(), "{wrong}");
        }
    }
}
