//! When a series meets: every week, every two weeks, some weekday of a month; and where the office is closed that day.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zhida_platform::cases::calendar::CityCalendar;
use zhida_platform::problem::Problem;

use crate::words::Every;

/// Which week of a month is its last.
pub const LAST: u8 = 5;
const NAMES: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];
const ORDINALS: [&str; 5] = ["第一个", "第二个", "第三个", "第四个", "最后一个"];

/// A rhythm. Data as it was checked by [`Rhythm::new`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MeetingRhythm)]
pub struct Rhythm {
    /// 多久一次。
    pub every: Every,
    /// 星期几，1 是星期一。
    pub weekday: u8,
    /// 每月第几个，5 是最后一个；按周的节奏是 0。
    pub week: u8,
    /// 从哪一天开始；双周、按月的节奏从这一天所在的周、月数起。
    pub starts_on: NaiveDate,
}

/// A day of a rhythm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointed {
    /// The day by the rhythm.
    pub slot: NaiveDate,
    /// The day on which the office is open.
    pub on: NaiveDate,
    /// Why they differ; empty when they do not.
    pub why: String,
}

impl Rhythm {
    /// A rhythm.
    ///
    /// # Errors
    /// The field that is wrong with a sentence for it.
    pub fn new(
        every: Every,
        weekday: u8,
        week: u8,
        starts_on: NaiveDate,
    ) -> Result<Self, (&'static str, String)> {
        if !(1..=7).contains(&weekday) {
            return Err(("weekday", "请选星期几".to_owned()));
        }
        let week = match months(every) {
            None => 0,
            Some(_) if (1..=LAST).contains(&week) => week,
            Some(_) => return Err(("week", "按月的节奏，请选每月第几个".to_owned())),
        };
        Ok(Self {
            every,
            weekday,
            week,
            starts_on,
        })
    }

    /// The first day of the rhythm on or after a day; `None` past the end of what can be counted.
    #[must_use]
    pub fn on_or_after(&self, day: NaiveDate) -> Option<NaiveDate> {
        let from = day.max(self.starts_on);
        match months(self.every) {
            None => self.in_weeks(from),
            Some(step) => self.in_months(from, step),
        }
    }

    fn in_weeks(&self, from: NaiveDate) -> Option<NaiveDate> {
        let step: u64 = if self.every == Every::Fortnight {
            14
        } else {
            7
        };
        let ahead = u64::from(
            (u32::from(self.weekday) + 6 - self.starts_on.weekday().num_days_from_monday()) % 7,
        );
        let first = self.starts_on.checked_add_days(Days::new(ahead))?;
        let gone = u64::try_from((from - first).num_days().max(0)).ok()?;
        first.checked_add_days(Days::new(gone.div_ceil(step) * step))
    }

    fn in_months(&self, from: NaiveDate, step: u32) -> Option<NaiveDate> {
        let begin = self.starts_on.with_day(1)?;
        let gone = (from.year() - begin.year()) * 12 + from.month() as i32 - begin.month() as i32;
        let round = u32::try_from(gone).ok()? / step * step;
        // the month's day may be over: then it is the next one's
        [round, round + step].into_iter().find_map(|ahead| {
            let month = begin.checked_add_months(Months::new(ahead))?;
            self.of_month(month).filter(|day| *day >= from)
        })
    }

    /// The weekday that the rhythm means in the month of this day.
    fn of_month(&self, month: NaiveDate) -> Option<NaiveDate> {
        let weekday = Weekday::try_from(self.weekday - 1).ok()?;
        let nth =
            |week| NaiveDate::from_weekday_of_month_opt(month.year(), month.month(), weekday, week);
        match self.week {
            LAST => nth(5).or_else(|| nth(4)),
            week => nth(week),
        }
    }

    /// `每周三`, `每两周的星期五`, `每月第四个星期五`.
    #[must_use]
    pub fn words(&self) -> String {
        let name = NAMES[usize::from(self.weekday.clamp(1, 7)) - 1];
        let which = || ORDINALS[usize::from(self.week.clamp(1, LAST)) - 1];
        match self.every {
            Every::Week => format!("每周星期{name}"),
            Every::Fortnight => format!("每两周的星期{name}"),
            Every::Month => format!("每月{}星期{name}", which()),
            Every::Quarter => format!("每三个月一次，当月{}星期{name}", which()),
            Every::HalfYear => format!("每半年一次，当月{}星期{name}", which()),
            Every::Year => format!("每年{}月{}星期{name}", self.starts_on.month(), which()),
        }
    }
}

/// Months between two meetings; `None` of rhythms of weeks.
fn months(every: Every) -> Option<u32> {
    match every {
        Every::Week | Every::Fortnight => None,
        Every::Month => Some(1),
        Every::Quarter => Some(3),
        Every::HalfYear => Some(6),
        Every::Year => Some(12),
    }
}

/// The next meeting day of a rhythm on or after a day; one on which the office is closed moves to the next working day.
///
/// # Errors
/// A day in a year of which no working days are known.
pub fn appointed(
    rhythm: &Rhythm,
    from: NaiveDate,
    city: &CityCalendar,
) -> Result<Appointed, Problem> {
    let slot = rhythm
        .on_or_after(from)
        .ok_or_else(|| Problem::bad_input("这个节奏排不出下一次会议，请检查开始日期"))?;
    let (on, why) = open_day(slot, city)?;
    Ok(Appointed { slot, on, why })
}

/// A day, or the next working day with the reason.
///
/// # Errors
/// As [`appointed`].
pub fn open_day(day: NaiveDate, city: &CityCalendar) -> Result<(NaiveDate, String), Problem> {
    let unknown = |error: String| Problem::bad_input(format!("{error}，请改一个日期"));
    let kind = city
        .calendar
        .day(day)
        .map_err(|error| unknown(error.to_string()))?;
    if kind.working {
        return Ok((day, String::new()));
    }
    let on = city
        .calendar
        .working_day_after(day, 1)
        .map_err(|error| unknown(error.to_string()))?;
    let why = format!(
        "{}月{}日{}，顺延至其后第一个工作日 {}月{}日",
        day.month(),
        day.day(),
        kind.label,
        on.month(),
        on.day()
    );
    Ok((on, why))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn rhythm(every: Every, weekday: u8, week: u8, starts_on: &str) -> Rhythm {
        Rhythm::new(every, weekday, week, day(starts_on)).unwrap()
    }

    #[test]
    fn days_follow_the_rhythm() {
        let wednesday = rhythm(Every::Week, 3, 0, "2026-11-01");
        assert_eq!(
            wednesday.on_or_after(day("2026-11-18")),
            Some(day("2026-11-18"))
        );
        assert_eq!(
            wednesday.on_or_after(day("2026-11-19")),
            Some(day("2026-11-25"))
        );
        let friday = rhythm(Every::Fortnight, 5, 0, "2026-11-02");
        assert_eq!(
            friday.on_or_after(day("2026-01-01")),
            Some(day("2026-11-06"))
        );
        assert_eq!(
            friday.on_or_after(day("2026-11-07")),
            Some(day("2026-11-20"))
        );
        let fourth = rhythm(Every::Month, 5, 4, "2026-01-01");
        assert_eq!(
            fourth.on_or_after(day("2026-11-01")),
            Some(day("2026-11-27"))
        );
        assert_eq!(
            fourth.on_or_after(day("2026-11-28")),
            Some(day("2026-12-25"))
        );
        let last = rhythm(Every::Month, 1, LAST, "2026-01-01");
        assert_eq!(last.on_or_after(day("2026-11-01")), Some(day("2026-11-30")));
        let half = rhythm(Every::HalfYear, 1, 1, "2026-01-01");
        assert_eq!(half.on_or_after(day("2026-02-01")), Some(day("2026-07-06")));
        let year = rhythm(Every::Year, 1, 1, "2026-03-15");
        assert_eq!(year.on_or_after(day("2026-03-16")), Some(day("2027-03-01")));
    }

    #[test]
    fn a_holiday_moves_the_meeting_and_says_why() {
        let city = CityCalendar::default();
        let thursday = rhythm(Every::Week, 4, 0, "2026-01-01");
        let found = appointed(&thursday, day("2026-10-01"), &city).unwrap();
        assert_eq!(
            (found.slot, found.on),
            (day("2026-10-01"), day("2026-10-08"))
        );
        assert!(found.why.contains("国庆"), "{}", found.why);
        let sunday = appointed(
            &rhythm(Every::Week, 7, 0, "2026-01-01"),
            day("2026-09-20"),
            &city,
        );
        assert_eq!(
            sunday.unwrap().on,
            day("2026-09-20"),
            "a make-up working day stays"
        );
    }

    #[test]
    fn what_is_wrong_is_said_at_its_field() {
        for (every, weekday, week, field) in
            [(Every::Week, 0, 0, "weekday"), (Every::Month, 1, 6, "week")]
        {
            let refused = Rhythm::new(every, weekday, week, day("2026-01-01")).unwrap_err();
            assert_eq!(refused.0, field);
        }
    }

    proptest! {
        #[test]
        fn every_day_of_a_rhythm_is_its_weekday_and_none_is_left_out(
            at in 0_usize..6, weekday in 1_u8..8, week in 1_u8..6, start in 0_u64..800, after in 0_u64..800,
        ) {
            let begin = day("2025-01-01");
            let starts_on = begin.checked_add_days(Days::new(start)).unwrap();
            let from = begin.checked_add_days(Days::new(after)).unwrap();
            let rhythm = Rhythm::new(Every::ALL[at], weekday, week, starts_on).unwrap();
            let next = rhythm.on_or_after(from).unwrap();
            prop_assert!(next >= from && next >= starts_on);
            prop_assert_eq!(next.weekday().number_from_monday(), u32::from(weekday));
            prop_assert_eq!(rhythm.on_or_after(next), Some(next));
            for before in from.iter_days().take_while(|one| *one < next) {
                prop_assert_eq!(rhythm.on_or_after(before), Some(next));
            }
        }
    }
}
