use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use zhida_standards::calendar;

use super::Error;
use crate::clock::to_shanghai;

/// Minutes of a day.
const MINUTES_MAX: u32 = 1_440;
/// Days looked ahead for a working day; no holiday is nearly as long.
const DAYS_MAX: usize = 60;

/// When a schedule runs, in Asia/Shanghai. As text `daily 02:30` or `every 15`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// Every day at this time.
    Daily(NaiveTime),
    /// Every so many minutes of the day, from midnight on (1 to 1440).
    Every(u32),
}

impl Cadence {
    /// Every day at this hour and minute; a time that there is not becomes midnight.
    #[must_use]
    pub fn daily(hour: u32, minute: u32) -> Self {
        Self::Daily(NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default())
    }

    /// Every so many minutes; at least 1 and at most a day.
    #[must_use]
    pub fn every(minutes: u32) -> Self {
        Self::Every(minutes.clamp(1, MINUTES_MAX))
    }

    /// The first time after `after`; with `workdays_only` on a day on which people work.
    #[must_use]
    pub fn next(self, workdays_only: bool, after: DateTime<Utc>) -> DateTime<Utc> {
        let local = to_shanghai(after).naive_local();
        let mut days = local.date().iter_days().take(DAYS_MAX);
        let fits = |day: &NaiveDate| !workdays_only || is_workday(*day);
        let found = days.by_ref().filter(fits).find_map(|day| {
            let now = (day == local.date()).then(|| local.time());
            self.first_of_day(now).map(|time| day.and_time(time))
        });
        let eight_hours = local - after.naive_utc();
        match found {
            Some(local) => (local - eight_hours).and_utc(),
            // sixty days without a working day: the calendar is wrong, the work is not
            None => after + TimeDelta::days(1),
        }
    }

    /// In Chinese: 每天 02:30, 每 15 分钟.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Daily(time) => format!("每天 {}", time.format("%H:%M")),
            Self::Every(1) => "每分钟".to_owned(),
            Self::Every(minutes) => format!("每 {minutes} 分钟"),
        }
    }

    /// The first time of a day after `now`, or from midnight on.
    fn first_of_day(self, now: Option<NaiveTime>) -> Option<NaiveTime> {
        match self {
            Self::Daily(time) => now.is_none_or(|now| time > now).then_some(time),
            Self::Every(minutes) => {
                let step = i64::from(minutes) * 60;
                let seconds = |time: NaiveTime| (time - NaiveTime::MIN).num_seconds();
                let next = now.map_or(0, |now| (seconds(now) / step + 1) * step);
                let next = u32::try_from(next).ok()?;
                NaiveTime::from_num_seconds_from_midnight_opt(next, 0)
            }
        }
    }
}

/// Whether people work. For a year whose holidays are not announced yet, Monday to Friday: a job that runs
/// on a holiday does no harm, one that does not run may.
fn is_workday(day: NaiveDate) -> bool {
    calendar::is_workday(day)
        .unwrap_or_else(|_| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
}

impl fmt::Display for Cadence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Daily(time) => write!(f, "daily {}", time.format("%H:%M")),
            Self::Every(minutes) => write!(f, "every {minutes}"),
        }
    }
}

impl FromStr for Cadence {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let read = match text.trim().split_once(' ') {
            Some(("daily", time)) => NaiveTime::parse_from_str(time, "%H:%M")
                .ok()
                .map(Self::Daily),
            Some(("every", minutes)) => minutes
                .parse()
                .ok()
                .filter(|minutes| (1..=MINUTES_MAX).contains(minutes))
                .map(Self::Every),
            _ => None,
        };
        read.ok_or_else(|| Error::Cadence(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::parse_instant;

    /// The next times after one in Asia/Shanghai, as `MM-DD HH:MM` there.
    fn next(cadence: &str, workdays_only: bool, after: &str) -> String {
        let cadence: Cadence = cadence.parse().expect("a cadence");
        let after = parse_instant(&format!("{after}:00.000000Z")).expect("an instant");
        let next = cadence.next(workdays_only, after - TimeDelta::hours(8));
        to_shanghai(next).format("%m-%d %H:%M").to_string()
    }

    #[test]
    fn the_next_time_is_after_now_in_shanghai() {
        for (cadence, workdays_only, after, expected) in [
            ("daily 02:30", false, "2026-11-22T02:29", "11-22 02:30"),
            ("daily 02:30", false, "2026-11-22T02:30", "11-23 02:30"),
            ("daily 00:00", false, "2026-11-22T00:00", "11-23 00:00"),
            ("every 15", false, "2026-11-22T02:29", "11-22 02:30"),
            ("every 15", false, "2026-11-22T02:30", "11-22 02:45"),
            ("every 7", false, "2026-11-22T23:58", "11-23 00:00"),
            ("every 1440", false, "2026-11-22T00:00", "11-23 00:00"),
            // a Friday, then the weekend
            ("daily 08:00", true, "2026-11-20T09:00", "11-23 08:00"),
            ("every 30", true, "2026-11-20T23:50", "11-23 00:00"),
            // 2026-10-10 is a Saturday on which people work for the National Day (国办发明电〔2025〕7号)
            ("daily 08:00", true, "2026-10-09T09:00", "10-10 08:00"),
            ("daily 08:00", true, "2026-09-30T09:00", "10-08 08:00"),
            // 2027 is not announced: Monday to Friday
            ("daily 08:00", true, "2027-03-05T09:00", "03-08 08:00"),
        ] {
            assert_eq!(
                next(cadence, workdays_only, after),
                expected,
                "{cadence} {after}"
            );
        }
    }

    #[test]
    fn cadences_are_read_back_and_others_explained() {
        for text in ["daily 02:30", "daily 00:00", "every 1", "every 1440"] {
            let cadence: Cadence = text.parse().expect("a cadence");
            assert_eq!(cadence.to_string(), text);
        }
        for text in [
            "",
            "daily",
            "daily 24:00",
            "every 0",
            "every 1441",
            "weekly 1",
        ] {
            let error = text.parse::<Cadence>().expect_err(text).to_string();
            assert!(error.contains("daily 02:30"), "{error}");
        }
    }
}
