//! The clock of a demonstration: it is set back while the demonstration is filled, so that notices have run out, terms
//! have passed and the bank has answered; then it shows the time.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc, Weekday};
use zhida_platform::clock::{Clock, SharedClock};
use zhida_standards::calendar;

/// What is kept while nothing is set: the time is shown.
const PRESENT: i64 = i64::MIN;
/// Midnight in Asia/Shanghai comes so long before midnight in UTC.
const SHANGHAI: TimeDelta = TimeDelta::hours(8);

/// A clock that can be set back.
#[derive(Debug)]
pub struct Past {
    present: SharedClock,
    /// Microseconds since 1970, or [`PRESENT`].
    set: AtomicI64,
}

impl Past {
    /// A clock that shows the time until it is set.
    pub fn new(present: SharedClock) -> Arc<Self> {
        Arc::new(Self {
            present,
            set: AtomicI64::new(PRESENT),
        })
    }

    /// Sets it to a minute of a day in Asia/Shanghai; never later than the time.
    pub fn set(&self, day: NaiveDate, minute: u32) {
        let midnight = day.and_time(chrono::NaiveTime::MIN).and_utc() - SHANGHAI;
        let at = (midnight + TimeDelta::minutes(minute.into())).min(self.present.now());
        self.set.store(at.timestamp_micros(), Ordering::SeqCst);
    }

    /// From now on the time.
    pub fn return_to_present(&self) {
        self.set.store(PRESENT, Ordering::SeqCst);
    }

    /// The day so many working days ago.
    pub fn workdays_ago(&self, mut days: u32) -> NaiveDate {
        let mut day = self.present.today();
        while days > 0 {
            day = day.checked_sub_days(Days::new(1)).unwrap_or(day);
            days -= u32::from(is_workday(day));
        }
        day
    }
}

/// Where the calendar of a year is not out, weekends are what there is.
fn is_workday(day: NaiveDate) -> bool {
    let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    calendar::is_workday(day).unwrap_or(!weekend)
}

impl Clock for Past {
    fn now(&self) -> DateTime<Utc> {
        match self.set.load(Ordering::SeqCst) {
            PRESENT => self.present.now(),
            micros => DateTime::from_timestamp_micros(micros).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use zhida_platform::clock::FixedClock;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn it_is_set_back_by_working_days_and_returns() {
        // the first working day after the holidays of 2026's National Day
        let clock = Past::new(Arc::new(FixedClock::on(day("2026-10-08"))));
        assert_eq!(clock.workdays_ago(0), day("2026-10-08"));
        assert_eq!(clock.workdays_ago(1), day("2026-09-30"));
        clock.set(day("2026-09-30"), 9 * 60 + 30);
        assert_eq!(clock.now().to_rfc3339(), "2026-09-30T01:30:00+00:00");
        assert_eq!(clock.today(), day("2026-09-30"));
        clock.set(day("2026-10-09"), 0);
        assert_eq!(clock.today(), day("2026-10-08"), "nothing is of the future");
        clock.return_to_present();
        assert_eq!(clock.today(), day("2026-10-08"));
    }

    #[test]
    fn a_year_without_a_calendar_has_weekends() {
        let clock = Past::new(Arc::new(FixedClock::on(day("2031-01-06"))));
        assert_eq!(clock.workdays_ago(1), day("2031-01-03"));
    }
}
