//! Time during which the offices are open.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::{Calendar, CalendarError, IDLE_MAX, instant, local};

/// One open stretch, on the wall clock.
#[derive(Clone, Copy)]
struct Stretch {
    from: NaiveDateTime,
    to: NaiveDateTime,
}

impl Calendar {
    /// Whether the offices are open; a closing time is not.
    ///
    /// # Errors
    /// As [`Calendar::day`].
    pub fn is_open(&self, at: DateTime<Utc>) -> Result<bool, CalendarError> {
        let at = local(at);
        let today = self.stretches(at)?;
        Ok(today.iter().any(|open| open.from <= at && at < open.to))
    }

    /// The instant itself if the offices are open, else when they open next.
    ///
    /// # Errors
    /// As [`Calendar::working_day_after`].
    pub fn next_open(&self, at: DateTime<Utc>) -> Result<DateTime<Utc>, CalendarError> {
        let mut found = local(at);
        self.forward(found, |open| {
            found = open.from;
            true
        })?;
        Ok(instant(found))
    }

    /// The instant itself if the offices are open, else when the last stretch before it began: what should
    /// be told before something is told while there is still time.
    ///
    /// # Errors
    /// As [`Calendar::working_day_before`].
    pub fn previous_open(&self, at: DateTime<Utc>) -> Result<DateTime<Utc>, CalendarError> {
        if self.is_open(at)? {
            return Ok(at);
        }
        let mut found = local(at);
        self.backward(found, |open| {
            found = open.from;
            true
        })?;
        Ok(instant(found))
    }

    /// When so much open time has passed. What ends with the day ends at closing time, not the next morning.
    ///
    /// # Errors
    /// As [`Calendar::working_day_after`].
    pub fn after_open(
        &self,
        at: DateTime<Utc>,
        time: TimeDelta,
    ) -> Result<DateTime<Utc>, CalendarError> {
        let (mut left, mut found) = (time, local(at));
        self.forward(found, |open| {
            let here = left.min(open.to - open.from);
            (left, found) = (left - here, open.from + here);
            left <= TimeDelta::zero()
        })?;
        Ok(instant(found))
    }

    /// The instant with so much open time up to `at`.
    ///
    /// # Errors
    /// As [`Calendar::working_day_before`].
    pub fn before_open(
        &self,
        at: DateTime<Utc>,
        time: TimeDelta,
    ) -> Result<DateTime<Utc>, CalendarError> {
        let (mut left, mut found) = (time, local(at));
        self.backward(found, |open| {
            let here = left.min(open.to - open.from);
            (left, found) = (left - here, open.to - here);
            left <= TimeDelta::zero()
        })?;
        Ok(instant(found))
    }

    /// Open time between two instants; none when `to` is not later.
    ///
    /// # Errors
    /// As [`Calendar::day`].
    pub fn open_time(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<TimeDelta, CalendarError> {
        let (from, to) = (local(from), local(to));
        let mut sum = TimeDelta::zero();
        for date in from
            .date()
            .iter_days()
            .take_while(|date| *date <= to.date())
        {
            for open in self.stretches(date.and_time(chrono::NaiveTime::MIN))? {
                let time = open.to.min(to) - open.from.max(from);
                sum += time.max(TimeDelta::zero());
            }
        }
        Ok(sum)
    }

    /// The stretches of the day of `at`.
    fn stretches(&self, at: NaiveDateTime) -> Result<Vec<Stretch>, CalendarError> {
        let date = at.date();
        let spans = self.hours_on(date)?.map_or(&[][..], |hours| hours.spans());
        let stretch = |span: &super::Span| Stretch {
            from: span.opening(date),
            to: span.closing(date),
        };
        Ok(spans.iter().map(stretch).collect())
    }

    /// Shows the open stretches from an instant on, until `take` is content.
    fn forward(
        &self,
        from: NaiveDateTime,
        mut take: impl FnMut(Stretch) -> bool,
    ) -> Result<(), CalendarError> {
        let mut idle = 0;
        for date in from.date().iter_days() {
            idle += 1;
            for open in self.stretches(date.and_time(chrono::NaiveTime::MIN))? {
                idle = 0;
                let rest = Stretch {
                    from: open.from.max(from),
                    to: open.to,
                };
                if rest.from < rest.to && take(rest) {
                    return Ok(());
                }
            }
            if idle > IDLE_MAX {
                break;
            }
        }
        Err(CalendarError::NeverOpen(from.date()))
    }

    /// Shows the open stretches before an instant, the latest first, until `take` is content.
    fn backward(
        &self,
        to: NaiveDateTime,
        mut take: impl FnMut(Stretch) -> bool,
    ) -> Result<(), CalendarError> {
        let mut idle = 0;
        for date in to.date().iter_days().rev() {
            idle += 1;
            for open in self
                .stretches(date.and_time(chrono::NaiveTime::MIN))?
                .into_iter()
                .rev()
            {
                idle = 0;
                let rest = Stretch {
                    from: open.from,
                    to: open.to.min(to),
                };
                if rest.from < rest.to && take(rest) {
                    return Ok(());
                }
            }
            if idle > IDLE_MAX {
                break;
            }
        }
        Err(CalendarError::NeverOpen(to.date()))
    }
}
