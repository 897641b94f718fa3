//! The city's working days and office hours: one calendar for the whole installation.

use chrono::{DateTime, Utc};
use zhida_casework::Calendar;
use zhida_standards::calendar::LAST_YEAR;

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

/// Changes the calendar; the next look of each room computes its open due dates again. The caller appends
/// the audit record.
///
/// # Errors
/// When the database does not answer.
pub async fn change(
    tx: &Tx,
    calendar: &Calendar,
    why: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let body = serde_json::to_string(calendar)?;
    Ok(store::set_calendar(tx, &body, why, now).await?)
}
