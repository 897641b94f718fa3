//! How long cases take, without waiting for the enterprise; exact integers only.

use chrono::{DateTime, Utc};

use crate::calendar::{Calendar, CalendarError};
use crate::case::{Broken, Case};
use crate::clock::{Clock, Due, Resume};
use crate::event::{Change, ClockName, Event};
use crate::kind::Kind;
use crate::route::Turn;
use crate::term::Limit;

/// Time that a case was with the offices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Worked {
    /// Working days as deadlines count them: the day after is day 1, and the days from a request to the
    /// enterprise to its answer, both included, do not count. Done on the day it came is 0.
    pub days: u32,
    /// Minutes of office hours.
    pub minutes: u32,
}

/// Why a time cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The events are not those of one case.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// A day lies in a year that is not known.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
}

/// Time that a case was with the offices until it was closed, or until `now` while it is open. Time
/// between a closing and a reopening does not count.
///
/// # Errors
/// See [`Error`].
pub fn worked<K: Kind>(
    events: &[Event<K>],
    now: DateTime<Utc>,
    calendar: &Calendar,
) -> Result<Worked, Error> {
    let (first, rest) = events.split_first().ok_or(Broken::Empty)?;
    let mut case = Case::replay(std::slice::from_ref(first))?;
    let mut clock = Clock::start(Limit::working_days(1), first.at);
    let mut since = first.at;
    let mut time = chrono::TimeDelta::zero();
    note(&mut clock, &case, first.at);
    for event in rest {
        if with_office(&case) {
            time += calendar.open_time(since, event.at)?;
        }
        since = event.at;
        case.apply(event)?;
        note(&mut clock, &case, event.at);
    }
    let end = case.ending().map_or(now.max(since), |ending| ending.at);
    if with_office(&case) {
        time += calendar.open_time(since, end)?;
    }
    // the pause that begins with the closing would take out the day of the closing
    clock
        .pauses
        .retain(|pause| pause.to.is_some() || case.is_open());
    Ok(Worked {
        days: clock.used(end, calendar)?.amount,
        minutes: u32::try_from(time.num_minutes()).unwrap_or(u32::MAX),
    })
}

fn with_office<K: Kind>(case: &Case<K>) -> bool {
    case.is_open() && case.turn() != Turn::Enterprise
}

/// Pauses the clock while the case is not with an office.
fn note<K: Kind>(clock: &mut Clock, case: &Case<K>, at: DateTime<Utc>) {
    match (with_office(case), clock.is_paused()) {
        (true, true) => clock.resume("away", at),
        (false, false) => clock.pause("away", "", Resume::Continue, at),
        _ => {}
    }
}

/// One stay of a case in a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay<K: Kind> {
    /// The stage.
    pub stage: K::Stage,
    /// When it was entered.
    pub entered: DateTime<Utc>,
    /// When it was left; `None` while the case is there.
    pub left: Option<DateTime<Utc>>,
    /// The due date that held last; `None` without a limit or while it is paused.
    pub due: Option<Due>,
}

impl<K: Kind> Stay<K> {
    /// Whether it was left, or stays, too late.
    #[must_use]
    pub fn is_late(&self, now: DateTime<Utc>) -> bool {
        let until = self.left.unwrap_or(now);
        self.due.as_ref().is_some_and(|due| until > due.at)
    }
}

/// Where a case was and when, in order.
#[must_use]
pub fn stays<K: Kind>(events: &[Event<K>]) -> Vec<Stay<K>> {
    let mut stays: Vec<Stay<K>> = Vec::new();
    for event in events {
        let entered = match &event.change {
            Change::Opened { stage, .. } | Change::Reopened { stage, .. } => Some(*stage),
            Change::Advanced { to, .. } | Change::Returned { to, .. } => Some(*to),
            _ => None,
        };
        let ends = matches!(
            event.change,
            Change::Closed { .. } | Change::Withdrawn { .. }
        );
        let open = stays.last_mut().filter(|stay| stay.left.is_none());
        if let Some(stay) = open.filter(|_| entered.is_some() || ends) {
            stay.left = Some(event.at);
        }
        if let Some(stage) = entered {
            stays.push(Stay {
                stage,
                entered: event.at,
                left: None,
                due: None,
            });
        }
        let set = event.clocks.iter().find(|set| set.name == ClockName::Stage);
        if let (Some(set), Some(stay)) = (set, stays.last_mut()) {
            stay.due.clone_from(&set.due);
        }
    }
    stays
}

/// Median and 90th percentile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typical {
    /// At least half of the values are not above it.
    pub median: u32,
    /// At least nine of ten values are not above it.
    pub p90: u32,
    /// How many values.
    pub count: usize,
}

/// Median and 90th percentile by nearest rank, so that each is a value that occurred; `None` of no values.
#[must_use]
pub fn typical(mut values: Vec<u32>) -> Option<Typical> {
    values.sort_unstable();
    Some(Typical {
        median: rank(&values, 50)?,
        p90: rank(&values, 90)?,
        count: values.len(),
    })
}

/// The value at ⌈percent · n / 100⌉, counted from 1.
fn rank(sorted: &[u32], percent: usize) -> Option<u32> {
    let position = (sorted.len() * percent).div_ceil(100);
    sorted.get(position.checked_sub(1)?).copied()
}
