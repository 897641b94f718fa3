//! The city's working days and office hours: one calendar for the whole installation.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use zhida_casework::calendar::instant;
use zhida_casework::{Calendar, CalendarError, ClockSet};
use zhida_standards::calendar::{FIRST_YEAR, LAST_YEAR};

use super::{Error, store};
use crate::db::{ConnectionTrait, Tx};

/// The calendar as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CityCalendar {
    /// The days and hours.
    pub calendar: Calendar,
    /// How often it was changed; 0 as shipped.
    pub version: i64,
    /// Why it was changed last; empty as shipped.
    pub why: String,
    /// When it was changed last.
    pub changed_at: Option<DateTime<Utc>>,
}

impl CityCalendar {
    /// Names this state: the city's changes and the years that the program knows. Another mark means that
    /// open due dates are to be computed again.
    #[must_use]
    pub fn mark(&self) -> String {
        format!("{}/{LAST_YEAR}", self.version)
    }

    /// Why due dates are computed again, for the history of the cases.
    #[must_use]
    pub fn reason(&self) -> String {
        match self.why.is_empty() {
            true => format!("工作日历更新（放假安排至 {LAST_YEAR} 年）"),
            false => self.why.clone(),
        }
    }
}

/// The calendar; as shipped until somebody changes it.
///
/// # Errors
/// What is stored cannot be read, or the database does not answer.
pub async fn load(conn: &impl ConnectionTrait) -> Result<CityCalendar, Error> {
    let Some((version, body, why, changed_at)) = store::calendar(conn).await? else {
        return Ok(CityCalendar::default());
    };
    Ok(CityCalendar {
        calendar: serde_json::from_str(&body)?,
        version,
        why,
        changed_at,
    })
}

/// Changes the calendar if it still has the version that was loaded; whether it had. The next look of each room
/// computes its open due dates again. The caller appends the audit record.
///
/// # Errors
/// When the database does not answer.
pub async fn change(
    tx: &Tx,
    version: i64,
    calendar: &Calendar,
    why: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let body = serde_json::to_string(calendar)?;
    Ok(store::set_calendar(tx, version, &body, why, now).await?)
}

/// 换一份日历对在办件的影响。
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Effect {
    /// 到期日在第一个变动日或以后的在办件；其他的不会变。
    pub concerned: u64,
    /// 其中已经试算的件数。
    pub computed: u64,
    /// 试算的里面，到期日会改变的件数。
    pub moved: u64,
    /// 试算的里面，会算到还没有日历的年份的件数。
    pub refused: u64,
}

/// Computes what another calendar would do to the open cases, of `limit` of them at most. Nothing is written.
///
/// # Errors
/// What is stored cannot be read, or the database does not answer.
pub async fn effect(
    conn: &impl ConnectionTrait,
    now: &Calendar,
    then: &Calendar,
    limit: u32,
) -> Result<Effect, Error> {
    let Some(first) = first_change(now, then) else {
        return Ok(Effect::default());
    };
    let from = instant(first.and_time(NaiveTime::MIN));
    let (cases, concerned) = store::due_from(conn, from, limit.into()).await?;
    let mut effect = Effect {
        concerned: u64::try_from(concerned).unwrap_or_default(),
        ..Effect::default()
    };
    for case in cases {
        effect.computed += 1;
        let clocks = store::running(conn, case).await?;
        match moves(clocks.into_values(), then) {
            Ok(moved) => effect.moved += u64::from(moved),
            Err(_) => effect.refused += 1,
        }
    }
    Ok(effect)
}

/// The first day on which the two differ in what counts.
fn first_change(now: &Calendar, then: &Calendar) -> Option<NaiveDate> {
    let last = now.years().len().max(then.years().len());
    let first = NaiveDate::from_ymd_opt(FIRST_YEAR, 1, 1)?;
    let days = last.saturating_mul(366);
    let of = |calendar: &Calendar, day| {
        let hours = calendar.hours_on(day).ok().map(|hours| hours.cloned());
        let provisional = calendar.day(day).is_ok_and(|day| day.provisional);
        (hours, provisional)
    };
    first
        .iter_days()
        .take(days)
        .find(|day| of(now, *day) != of(then, *day))
}

fn moves(clocks: impl Iterator<Item = ClockSet>, then: &Calendar) -> Result<bool, CalendarError> {
    for set in clocks {
        let (Some(clock), Some(due)) = (set.clock, set.due) else {
            continue;
        };
        if clock.is_running() && clock.due(then)?.is_some_and(|later| later.at != due.at) {
            return Ok(true);
        }
    }
    Ok(false)
}
