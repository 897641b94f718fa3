//! Looking at the calendar, trying a change, making it.

use chrono::{Datelike, NaiveDate, TimeDelta};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use zhida_casework::Calendar;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::cases::calendar::{self, CityCalendar, Effect};

use super::{CalendarChange, YearLine};
use crate::actions::{CALENDAR, OFFICE};
use crate::error::Error;
use crate::service::Office;

/// Open cases that a preview computes at most.
const CASES_MAX: u32 = 2_000;
/// Characters of a reason.
const WHY_MAX: usize = 200;
/// How long before the last known year begins somebody is reminded of the next.
const AHEAD: TimeDelta = TimeDelta::days(60);

/// 一项变更的影响。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Preview {
    /// 变更，用一句话。
    pub words: String,
    /// 对在办事项的影响。
    pub effect: Effect,
}

impl Office {
    /// The calendar as it stands.
    ///
    /// # Errors
    /// A viewer who may not; the database.
    pub async fn calendar(&self, viewer: &Viewer) -> Result<CityCalendar, Error> {
        viewer.need(OFFICE)?;
        Ok(calendar::load(self.db.conn()).await?)
    }

    /// What a change would do to the open cases.
    ///
    /// # Errors
    /// A viewer who may not; a change that cannot be made, by field; the database.
    pub async fn preview_calendar(
        &self,
        viewer: &Viewer,
        change: &CalendarChange,
        why: &str,
    ) -> Result<Preview, Error> {
        viewer.need(CALENDAR)?;
        let now = calendar::load(self.db.conn()).await?.calendar;
        let then = change.apply(&now, reason(why)?)?;
        Ok(Preview {
            words: change.words(),
            effect: calendar::effect(self.db.conn(), &now, &then, CASES_MAX).await?,
        })
    }

    /// Makes a change to the calendar that the viewer saw (`version`). The rooms compute their open due dates again with
    /// their next look, within a minute.
    ///
    /// # Errors
    /// A viewer who may not; somebody was faster; a change that cannot be made, by field; the database.
    pub async fn change_calendar(
        &self,
        viewer: &Viewer,
        change: &CalendarChange,
        why: &str,
        version: i64,
    ) -> Result<(), Error> {
        viewer.need(CALENDAR)?;
        let why = reason(why)?;
        self.db
            .write(|tx| async move {
                let (before, now) = (calendar::load(&tx).await?, self.clock.now());
                let then = change.apply(&before.calendar, why)?;
                let words = format!("{}：{why}", change.words());
                if !calendar::change(&tx, version, &then, &words, now).await? {
                    return Err(Error::CalendarChanged);
                }
                let entry = Entry::new(now, viewer, "calendar.change", "calendar", "city")
                    .detail(json!({ "change": change, "words": words }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }
}

fn reason(why: &str) -> Result<&str, Error> {
    match why.chars().count() {
        1..=WHY_MAX => Ok(why),
        0 => Err(Error::field(
            "why",
            "请写明变更的原因，它会写进受影响办件的办理记录",
        )),
        _ => Err(Error::field("why", format!("原因最多 {WHY_MAX} 个字"))),
    }
}

/// The years that are known.
#[must_use]
pub fn years(calendar: &Calendar) -> Vec<YearLine> {
    let years = calendar.years().into_iter();
    years
        .map(|(year, state)| YearLine::new(year, state))
        .collect()
}

/// What whoever keeps the calendar should see to; empty when there is nothing.
#[must_use]
pub fn to_do(calendar: &Calendar, today: NaiveDate) -> Vec<String> {
    let years = years(calendar);
    let mut found = Vec::new();
    let soon = today + AHEAD;
    for line in years.iter().filter(|line| line.provisional) {
        if line.year <= soon.year() {
            found.push(format!(
                "{0} 年暂按法定节假日计算，落在这一年的到期日可能变动；国务院办公厅公布 {0} 年放假安排后请导入",
                line.year
            ));
        }
    }
    if let Some(last) = years.last()
        && last.year <= soon.year()
    {
        found.push(format!(
            "工作日历只到 {} 年：到期日落在 {} 年的办件现在无法受理，请导入新的放假安排或更新程序",
            last.year,
            last.year + 1
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[test]
    fn the_keeper_is_reminded_sixty_days_before() {
        let calendar = Calendar::default();
        let known: Vec<(i32, bool)> = years(&calendar)
            .iter()
            .map(|line| (line.year, line.provisional))
            .collect();
        assert_eq!(known[0], (2020, false));
        assert_eq!(known.last(), Some(&(2027, true)));
        for (day, count) in [("2026-11-01", 0), ("2026-11-02", 2), ("2027-06-01", 2)] {
            assert_eq!(to_do(&calendar, day.parse().unwrap()).len(), count, "{day}");
        }
    }
}
