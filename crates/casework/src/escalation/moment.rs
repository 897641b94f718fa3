//! When a rung of a ladder is reached.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::calendar::{Calendar, CalendarError, instant};
use crate::clock::Due;
use crate::route::{Act, Rung, When};
use crate::term::{Term, Unit};

pub(super) fn of(
    rung: Rung,
    due: &Due,
    clock: Unit,
    calendar: &Calendar,
) -> Result<DateTime<Utc>, CalendarError> {
    match (rung.when, rung.act) {
        (When::Before(term), _) => before(due, term, calendar),
        // “今日到期” is told in the morning of the last day, not when it is over
        (When::AtDue, Act::Remind) if clock.is_days() => opening_before(due.day, calendar),
        (When::AtDue, _) => calendar.next_open(due.at),
        (When::After(term), _) => after(due, term, calendar),
    }
}

fn before(due: &Due, term: Term, calendar: &Calendar) -> Result<DateTime<Utc>, CalendarError> {
    let amount = term.amount;
    match term.unit {
        Unit::WorkingDays => {
            opening_before(calendar.working_day_before(due.day, amount)?, calendar)
        }
        Unit::Days => opening_before(days_before(due.day, amount), calendar),
        Unit::WorkingHours | Unit::WorkingMinutes => calendar.before_open(due.at, length(term)),
        Unit::Hours | Unit::Minutes => calendar.previous_open(due.at - length(term)),
    }
}

fn after(due: &Due, term: Term, calendar: &Calendar) -> Result<DateTime<Utc>, CalendarError> {
    let amount = u64::from(term.amount);
    let reached = match term.unit {
        Unit::WorkingDays => midnight(calendar.working_day_after(due.day, term.amount)?),
        Unit::Days => midnight(due.day + Days::new(amount)),
        Unit::WorkingHours | Unit::WorkingMinutes => calendar.after_open(due.at, length(term))?,
        Unit::Hours | Unit::Minutes => due.at + length(term),
    };
    calendar.next_open(reached)
}

/// The last instant that is so long before a due date: for what must be asked for ahead of time.
pub(crate) fn ahead(
    due: &Due,
    term: Term,
    calendar: &Calendar,
) -> Result<DateTime<Utc>, CalendarError> {
    let end_of = |day: NaiveDate| midnight(day + Days::new(1));
    match term.unit {
        Unit::WorkingDays => {
            let day = calendar.working_day_before(due.day, term.amount)?;
            Ok(end_of(day))
        }
        Unit::Days => Ok(end_of(days_before(due.day, term.amount))),
        Unit::WorkingHours | Unit::WorkingMinutes => calendar.before_open(due.at, length(term)),
        Unit::Hours | Unit::Minutes => Ok(due.at - length(term)),
    }
}

/// When the office opens on a day; on a day off, when the last stretch before it began.
fn opening_before(day: NaiveDate, calendar: &Calendar) -> Result<DateTime<Utc>, CalendarError> {
    match calendar.hours_on(day)? {
        Some(hours) => Ok(instant(hours.opening(day))),
        None => calendar.previous_open(midnight(day)),
    }
}

fn days_before(day: NaiveDate, amount: u32) -> NaiveDate {
    day.checked_sub_days(Days::new(u64::from(amount)))
        .unwrap_or(NaiveDate::MIN)
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    instant(day.and_time(NaiveTime::MIN))
}

fn length(term: Term) -> TimeDelta {
    TimeDelta::minutes(i64::from(term.amount) * term.unit.minutes().unwrap_or(0))
}
