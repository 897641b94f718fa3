//! Months and weeks of China.

use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use zhida_platform::clock::to_shanghai;

/// A month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(NaiveDate);

impl Month {
    /// The month of a day.
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        Self(day.with_day(1).unwrap_or(day))
    }

    /// Its first day.
    #[must_use]
    pub fn first(self) -> NaiveDate {
        self.0
    }

    /// Its last day.
    #[must_use]
    pub fn last(self) -> NaiveDate {
        let next = self.0.checked_add_months(Months::new(1));
        next.and_then(|next| next.pred_opt()).unwrap_or(self.0)
    }

    /// The month before.
    #[must_use]
    pub fn before(self) -> Self {
        Self(self.0.checked_sub_months(Months::new(1)).unwrap_or(self.0))
    }

    /// `2026年10月`.
    #[must_use]
    pub fn words(self) -> String {
        format!("{}年{}月", self.0.year(), self.0.month())
    }

    /// `2026-10`.
    #[must_use]
    pub fn slug(self) -> String {
        self.0.format("%Y-%m").to_string()
    }
}

impl FromStr for Month {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let day = format!("{}-01", text.trim());
        let read: Result<NaiveDate, _> = day.parse();
        match read {
            Ok(day) if text.trim().len() == 7 => Ok(Self(day)),
            _ => Err("请写月份，例如 2026-10".to_owned()),
        }
    }
}

/// The Monday of the week of an instant.
pub(crate) fn week_of(at: DateTime<Utc>) -> NaiveDate {
    monday(to_shanghai(at).date_naive())
}

/// The Monday of the week of a day.
pub(crate) fn monday(day: NaiveDate) -> NaiveDate {
    let since = u64::from(day.weekday().num_days_from_monday());
    day.checked_sub_days(Days::new(since)).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[test]
    fn months_begin_and_end_and_are_read_strictly() {
        let month: Month = "2026-02".parse().unwrap();
        assert_eq!(month.last().to_string(), "2026-02-28");
        assert_eq!(month.before().slug(), "2026-01");
        for wrong in ["2026", "2026-13", "2026-1", "二月", "2026-02-01"] {
            assert!(wrong.parse::<Month>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_sunday_evening_in_utc_is_a_monday_in_china() {
        let at = "2026-11-22T16:30:00Z".parse().unwrap();
        assert_eq!(week_of(at).to_string(), "2026-11-23");
    }
}
