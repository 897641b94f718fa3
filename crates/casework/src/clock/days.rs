//! Clocks that count whole days.

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::words::{Story, until};
use super::{Clock, Due, Pause};
use crate::calendar::{Calendar, CalendarError, Day, IDLE_MAX, instant, local};
use crate::term::{End, Start, Unit};

/// What became of a day on the way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    Counted,
    /// People do not work.
    Off,
    /// The clock was paused.
    Paused,
}

/// The first day that may be counted.
fn first(clock: &Clock) -> NaiveDate {
    let start = clock.limit.start();
    let (day, next) = match clock.restarted().and_then(|pause| pause.to) {
        Some(to) => (local(to).date(), true),
        None => (local(clock.started).date(), start != Start::SameDay),
    };
    day + Days::new(u64::from(next))
}

/// The pause that a day belongs to: from the request to the return, both included.
fn pause_on(clock: &Clock, date: NaiveDate) -> Option<&Pause> {
    clock.pauses.iter().find(|pause| {
        let from = local(pause.from).date();
        let to = pause.to.map_or(NaiveDate::MAX, |to| local(to).date());
        (from..=to).contains(&date)
    })
}

fn taken(clock: &Clock, date: NaiveDate, day: &Day) -> Taken {
    match (pause_on(clock, date).is_some(), clock.limit.term().unit) {
        (true, _) => Taken::Paused,
        (false, Unit::WorkingDays) if !day.working => Taken::Off,
        _ => Taken::Counted,
    }
}

pub(super) fn due(clock: &Clock, calendar: &Calendar) -> Result<Due, CalendarError> {
    let first = first(clock);
    let total = clock.total();
    let mut story = Story::of_days(clock);
    let (mut left, mut idle, mut last) = (total.amount, 0, first);
    for date in first.iter_days() {
        if left == 0 {
            break;
        }
        let day = calendar.day(date)?;
        let taken = taken(clock, date, &day);
        match pause_on(clock, date) {
            Some(pause) => story.pass_paused(date, &day, &pause.why),
            None => story.pass(date, &day, taken, total.unit),
        }
        last = date;
        idle = if taken == Taken::Off { idle + 1 } else { 0 };
        left -= u32::from(taken == Taken::Counted);
        if idle > IDLE_MAX {
            return Err(CalendarError::NeverOpen(first));
        }
    }
    let counted = last;
    while total.unit == Unit::Days && !calendar.is_working(last)? {
        last = calendar.working_day_after(last, 1)?;
    }
    let at = end(clock.limit.end(), last, calendar)?;
    let provisional = story.provisional();
    Ok(Due {
        at: instant(at),
        day: last,
        provisional: provisional.is_some(),
        derivation: story.close(total, counted, last, &until(last, at)),
    })
}

/// The wall clock at which a last day ends.
fn end(
    end: End,
    day: NaiveDate,
    calendar: &Calendar,
) -> Result<chrono::NaiveDateTime, CalendarError> {
    let midnight = (day + Days::new(1)).and_time(chrono::NaiveTime::MIN);
    Ok(match (end, calendar.hours_on(day)?) {
        (End::OfficeClose, Some(hours)) => hours.closing(day),
        _ => midnight,
    })
}

/// Days counted up to and including the day of `now`.
pub(super) fn used(
    clock: &Clock,
    now: DateTime<Utc>,
    calendar: &Calendar,
) -> Result<u32, CalendarError> {
    let today = local(now).date();
    count(clock, first(clock), today, calendar)
}

/// Days that count from the day after one up to and including another.
pub(super) fn between(
    clock: &Clock,
    after: NaiveDate,
    to: NaiveDate,
    calendar: &Calendar,
) -> Result<u32, CalendarError> {
    count(clock, first(clock).max(after + Days::new(1)), to, calendar)
}

fn count(
    clock: &Clock,
    from: NaiveDate,
    to: NaiveDate,
    calendar: &Calendar,
) -> Result<u32, CalendarError> {
    let mut count = 0;
    for date in from.iter_days().take_while(|date| *date <= to) {
        let day = calendar.day(date)?;
        count += u32::from(taken(clock, date, &day) == Taken::Counted);
    }
    Ok(count)
}
