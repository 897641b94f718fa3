//! The clock is a parameter: what reads the time takes a [`Clock`].
//!
//! Instants are UTC with microseconds (SQLite would keep nanoseconds,
//! PostgreSQL does not); people see them in UTC+8, which has had no summer
//! time since 1991, so no time zone database is needed.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, SubsecRound, Utc};

/// Seconds that Asia/Shanghai is ahead of UTC.
const SHANGHAI_SECONDS: i32 = 8 * 3600;
/// The storage form of an instant; its text order is its time order.
const STORED: &str = "%Y-%m-%dT%H:%M:%S%.6fZ";

/// Tells the time.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The current instant, to the microsecond.
    fn now(&self) -> DateTime<Utc>;

    /// The current date in Asia/Shanghai.
    fn today(&self) -> NaiveDate {
        to_shanghai(self.now()).date_naive()
    }
}

/// A clock that rooms can keep in their state.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

/// A clock that stands still, for tests and for “as of” runs.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub DateTime<Utc>);

impl FixedClock {
    /// Noon in Asia/Shanghai on `date`.
    #[must_use]
    pub fn on(date: NaiveDate) -> Self {
        Self(date.and_time(chrono::NaiveTime::MIN).and_utc() + chrono::TimeDelta::hours(4))
    }
}

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.trunc_subsecs(6)
    }
}

/// The same instant as people in China read it (UTC+8).
#[must_use]
pub fn to_shanghai(instant: DateTime<Utc>) -> DateTime<FixedOffset> {
    let offset = FixedOffset::east_opt(SHANGHAI_SECONDS).expect("eight hours is a valid offset");
    instant.with_timezone(&offset)
}

/// The storage form, `YYYY-MM-DDTHH:MM:SS.ffffffZ`: sorts by time on every
/// database.
#[must_use]
pub fn instant_text(instant: DateTime<Utc>) -> String {
    instant.format(STORED).to_string()
}

/// Reads [`instant_text`] back; `None` for any other form.
#[must_use]
pub fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    let parsed = NaiveDateTime::parse_from_str(text, STORED).ok()?.and_utc();
    // chrono accepts fewer digits; only the exact form sorts as text
    (instant_text(parsed) == text).then_some(parsed)
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn late_evening_in_utc_is_tomorrow_in_shanghai() {
        let late = Utc
            .with_ymd_and_hms(2026, 11, 21, 16, 0, 0)
            .single()
            .expect("a valid instant");
        assert_eq!(FixedClock(late).today().to_string(), "2026-11-22");
        let before = late - chrono::TimeDelta::microseconds(1);
        assert_eq!(FixedClock(before).today().to_string(), "2026-11-21");
    }

    #[test]
    fn a_fixed_clock_stands_on_its_date() {
        let date = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a valid date");
        assert_eq!(FixedClock::on(date).today(), date);
    }

    #[test]
    fn the_storage_form_round_trips_and_is_exact() {
        let now = SystemClock.now();
        assert_eq!(parse_instant(&instant_text(now)), Some(now));
        for wrong in [
            "",
            "2026-11-22",
            "2026-11-22T01:02:03Z",
            "2026-11-22T01:02:03.1Z",
        ] {
            assert_eq!(parse_instant(wrong), None, "{wrong}");
        }
    }
}
