use chrono::{DateTime, TimeDelta, Utc};

use super::{Clock, Due, days, flow};
use crate::calendar::{Calendar, CalendarError, local};
use crate::term::{Term, Unit};

/// Days before the last one in which a clock is due soon.
const SOON_DAYS: u32 = 1;
/// Minutes in which a clock of hours or minutes is due soon.
const SOON_MINUTES: i64 = 60;

/// How a clock stands. Amounts are whole units of the clock, rounded down, and may be 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is time.
    Running {
        /// What is left: days after today, up to and including the last.
        left: Term,
    },
    /// The last day, or hour, comes next.
    DueSoon {
        /// What is left.
        left: Term,
    },
    /// Today is the last day.
    DueToday,
    /// It is over and nothing was done.
    Overdue {
        /// Since when.
        by: Term,
    },
    /// It waits for somebody else.
    Paused {
        /// What will be left when it goes on.
        left: Term,
    },
    /// Done in time.
    Met,
    /// Done too late.
    Missed {
        /// By how much.
        by: Term,
    },
}

impl Standing {
    /// For screens: 剩余 3 个工作日, 今日到期, 逾期 2 个工作日.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Running { left } => format!("剩余 {left}"),
            Self::DueSoon { left } if left.amount == 0 => {
                format!("即将到期，不足 1 {}", left.unit.words())
            }
            Self::DueSoon { left } => format!("即将到期，剩余 {left}"),
            Self::DueToday => "今日到期".to_owned(),
            Self::Overdue { by } => late(by),
            Self::Paused { left } => format!("暂停计时，剩余 {left}"),
            Self::Met => "按时办结".to_owned(),
            Self::Missed { by } => format!("{}办结", late(by)),
        }
    }

    /// Whether it is, or was, too late.
    #[must_use]
    pub fn is_late(self) -> bool {
        matches!(self, Self::Overdue { .. } | Self::Missed { .. })
    }
}

fn late(by: Term) -> String {
    match by.amount {
        0 => format!("逾期不足 1 {}", by.unit.words()),
        _ => format!("逾期 {by}"),
    }
}

pub(super) fn standing(
    clock: &Clock,
    due: Option<&Due>,
    now: DateTime<Utc>,
    calendar: &Calendar,
) -> Result<Standing, CalendarError> {
    let unit = clock.limit.term().unit;
    if let Some(stopped) = clock.stopped {
        return Ok(match due {
            Some(due) if stopped > due.at => Standing::Missed {
                by: lateness(unit, due, stopped, calendar)?,
            },
            _ => Standing::Met,
        });
    }
    let Some(due) = due else {
        let used = before_pause(clock, calendar)?;
        let left = clock.total().amount.saturating_sub(used);
        return Ok(Standing::Paused {
            left: Term::new(left, unit),
        });
    };
    if now > due.at {
        let by = lateness(unit, due, now, calendar)?;
        return Ok(Standing::Overdue { by });
    }
    match unit.is_days() {
        true => of_days(clock, due, now, calendar),
        false => of_hours(clock, due, now, calendar),
    }
}

fn of_days(
    clock: &Clock,
    due: &Due,
    now: DateTime<Utc>,
    calendar: &Calendar,
) -> Result<Standing, CalendarError> {
    let today = local(now).date();
    if today >= due.day {
        return Ok(Standing::DueToday);
    }
    let amount = days::between(clock, today, due.day, calendar)?;
    let left = Term::new(amount, clock.limit.term().unit);
    Ok(match amount <= SOON_DAYS {
        true => Standing::DueSoon { left },
        false => Standing::Running { left },
    })
}

fn of_hours(
    clock: &Clock,
    due: &Due,
    now: DateTime<Utc>,
    calendar: &Calendar,
) -> Result<Standing, CalendarError> {
    let unit = clock.limit.term().unit;
    let rest = flow::measure(unit.is_working(), now, due.at, calendar)?;
    let left = Term::new(flow::whole(rest, unit.minutes().unwrap_or(1)), unit);
    Ok(match rest <= TimeDelta::minutes(SOON_MINUTES) {
        true => Standing::DueSoon { left },
        false => Standing::Running { left },
    })
}

/// What was counted before the pause that lasts; the day it began on does not count.
fn before_pause(clock: &Clock, calendar: &Calendar) -> Result<u32, CalendarError> {
    let lasting = clock.pauses.iter().filter(|pause| pause.to.is_none());
    let from = lasting.map(|pause| pause.from).min();
    from.map_or(Ok(0), |from| {
        clock.used(from, calendar).map(|used| used.amount)
    })
}

fn lateness(
    unit: Unit,
    due: &Due,
    now: DateTime<Utc>,
    calendar: &Calendar,
) -> Result<Term, CalendarError> {
    let today = local(now).date();
    let amount = match unit {
        Unit::WorkingDays => calendar.working_days_between(due.day, today)?,
        Unit::Days => u32::try_from((today - due.day).num_days()).unwrap_or(0),
        _ => flow::whole(
            flow::measure(unit.is_working(), due.at, now, calendar)?,
            unit.minutes().unwrap_or(1),
        ),
    };
    Ok(Term::new(amount, unit))
}
