use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use zhida_platform::clock::{Clock, FixedClock};

/// A clock that a test moves by hand.
#[derive(Debug)]
pub struct HandClock(Mutex<DateTime<Utc>>);

impl HandClock {
    /// Noon in Asia/Shanghai on `day`.
    ///
    /// # Panics
    /// When that is no day.
    #[must_use]
    pub fn on(day: &str) -> Self {
        Self(Mutex::new(noon(day)))
    }

    /// Goes to noon in Asia/Shanghai on `day`.
    ///
    /// # Panics
    /// When that is no day.
    pub fn set(&self, day: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = noon(day);
    }

    /// Goes on by so much.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for HandClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn noon(day: &str) -> DateTime<Utc> {
    let day: NaiveDate = day.parse().expect("a day like 2026-11-22");
    FixedClock::on(day).now()
}
