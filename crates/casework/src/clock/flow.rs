//! Clocks that count hours or minutes, of the wall clock or of office hours.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use super::words::{Story, until};
use super::{Clock, Due};
use crate::calendar::{Calendar, CalendarError, local};
use crate::term::Term;

/// The time that a term is, in its own kind of time.
fn length(term: Term) -> TimeDelta {
    TimeDelta::minutes(i64::from(term.amount) * term.unit.minutes().unwrap_or(0))
}

/// A time that does not count, from and to.
type Gap = (DateTime<Utc>, DateTime<Utc>);

/// Where the clock begins, and what does not count from there on, in order.
fn course(clock: &Clock) -> (DateTime<Utc>, Vec<Gap>) {
    let begins = clock
        .restarted()
        .and_then(|pause| pause.to)
        .unwrap_or(clock.started);
    let ended = clock
        .pauses
        .iter()
        .map(|pause| (pause.from, pause.to.unwrap_or(DateTime::<Utc>::MAX_UTC)));
    let mut pauses: Vec<_> = ended.filter(|(_, to)| *to > begins).collect();
    pauses.sort_unstable();
    (begins, pauses)
}

pub(super) fn due(clock: &Clock, calendar: &Calendar) -> Result<Due, CalendarError> {
    let (begins, pauses) = course(clock);
    let total = clock.total();
    let working = total.unit.is_working();
    let (mut now, mut left) = (begins, length(total));
    for (from, to) in pauses {
        let passes = measure(working, now, from, calendar)?;
        // what ends exactly when the pause begins is not moved by it
        if left <= passes {
            break;
        }
        left -= passes.max(TimeDelta::zero());
        now = now.max(to);
    }
    let at = match working {
        true => calendar.after_open(now, left)?,
        false => now + left,
    };
    let mut story = Story::of_hours(clock, calendar);
    let (first, last) = (local(begins).date(), last_day(at));
    for date in first.iter_days().take_while(|date| *date <= last) {
        // plain hours pass at night and on holidays, whatever the calendar knows
        if working {
            story.pass_office_day(date, &calendar.day(date)?);
        }
    }
    Ok(Due {
        at,
        day: last,
        provisional: story.provisional().is_some(),
        derivation: story.close_hours(total, &until(last, local(at))),
    })
}

/// The day whose time an instant is: midnight belongs to the day that ends.
fn last_day(at: DateTime<Utc>) -> chrono::NaiveDate {
    let wall = local(at);
    match wall.time() == NaiveTime::MIN {
        true => wall.date().pred_opt().unwrap_or(wall.date()),
        false => wall.date(),
    }
}

/// Time of the kind between two instants; negative never.
pub(super) fn measure(
    working: bool,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    calendar: &Calendar,
) -> Result<TimeDelta, CalendarError> {
    match working {
        true => calendar.open_time(from, to),
        false => Ok((to - from).max(TimeDelta::zero())),
    }
}

/// Whole units counted up to `now`.
pub(super) fn used(
    clock: &Clock,
    now: DateTime<Utc>,
    calendar: &Calendar,
) -> Result<u32, CalendarError> {
    let unit = clock.limit.term().unit;
    let passed = passed(clock, now, calendar)?;
    Ok(whole(passed, unit.minutes().unwrap_or(1)))
}

/// Time counted up to `now`.
pub(super) fn passed(
    clock: &Clock,
    until: DateTime<Utc>,
    calendar: &Calendar,
) -> Result<TimeDelta, CalendarError> {
    let (begins, pauses) = course(clock);
    let working = clock.limit.term().unit.is_working();
    let (mut now, mut passed) = (begins, TimeDelta::zero());
    for (from, to) in pauses {
        passed += measure(working, now, from.min(until), calendar)?;
        now = now.max(to.min(until));
    }
    Ok(passed + measure(working, now, until, calendar)?)
}

/// Whole units of so many minutes.
pub(super) fn whole(time: TimeDelta, minutes: i64) -> u32 {
    u32::try_from(time.num_minutes().max(0) / minutes.max(1)).unwrap_or(u32::MAX)
}
