use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use super::{CalendarError, Day};

/// What must be named by every year's notice (《全国年节及纪念日放假办法》第二条).
const STATUTORY: [&str; 7] = ["元旦", "春节", "清明", "劳动节", "端午", "中秋", "国庆"];

/// What a notice says of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum NoticeDay {
    /// 放假.
    Off {
        /// The holiday: 春节.
        name: String,
    },
    /// 调休上班, on a Saturday or Sunday.
    Work {
        /// The holiday that it makes up for.
        name: String,
    },
}

/// A year's holiday notice (国务院办公厅关于某年部分节假日安排的通知), added after the program was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Title or number of the notice, for whoever asks why.
    pub source: String,
    /// The days that it names; all others of the year follow the week.
    pub days: BTreeMap<NaiveDate, NoticeDay>,
}

impl Notice {
    /// Refuses what cannot be the notice of a year: days of other years, working days that are working days anyway, a
    /// statutory holiday that is missing.
    ///
    /// # Errors
    /// The first thing that is wrong, in Chinese.
    pub fn check(&self, year: i32) -> Result<(), CalendarError> {
        let wrong = |what: String| Err(CalendarError::Notice { year, what });
        for (date, day) in &self.days {
            // the new year's days off may begin, and be made up for, in December
            let december = date.year() + 1 == year && date.month() == 12;
            if date.year() != year && !december {
                return wrong(format!("{date} 不在这一年（上年 12 月除外）"));
            }
            if matches!(day, NoticeDay::Work { .. }) && !is_weekend(*date) {
                return wrong(format!("{date} 不是周六、周日，不能是调休上班"));
            }
        }
        let named = |holiday: &&str| {
            self.days.values().any(|day| match day {
                NoticeDay::Off { name } => name.contains(*holiday),
                NoticeDay::Work { .. } => false,
            })
        };
        match STATUTORY.iter().find(|holiday| !named(holiday)) {
            Some(missing) => wrong(format!("没有“{missing}”放假的日期")),
            None => Ok(()),
        }
    }
}

/// What a day is by the notices; `None` when they do not speak of it.
pub(super) fn day(notices: &BTreeMap<i32, Notice>, date: NaiveDate) -> Option<Day> {
    let of = |year: i32| notices.get(&year)?.days.get(&date);
    let (working, label, named) = match of(date.year()).or_else(|| of(date.year() + 1)) {
        Some(NoticeDay::Off { name }) => (false, format!("{name}放假"), true),
        Some(NoticeDay::Work { name }) => (true, format!("{name}调休上班"), true),
        None if !notices.contains_key(&date.year()) => return None,
        None if is_weekend(date) => (false, "双休日".to_owned(), false),
        None => (true, "工作日".to_owned(), false),
    };
    Some(Day {
        working,
        label,
        named,
        provisional: false,
    })
}

/// Whether people work on a day by the notices.
pub(super) fn is_working(notices: &BTreeMap<i32, Notice>, date: NaiveDate) -> Option<bool> {
    let of = |year: i32| notices.get(&year)?.days.get(&date);
    match of(date.year()).or_else(|| of(date.year() + 1)) {
        Some(day) => Some(matches!(day, NoticeDay::Work { .. })),
        None => notices
            .contains_key(&date.year())
            .then(|| !is_weekend(date)),
    }
}

fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::super::{Calendar, YearState};
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn notice(more: &[(&str, NoticeDay)]) -> Notice {
        let dates = [
            "01-01", "02-05", "04-05", "05-01", "06-09", "09-15", "10-01",
        ];
        let off = STATUTORY.iter().zip(dates).map(|(name, date)| {
            let name = (*name).to_owned();
            (day(&format!("2027-{date}")), NoticeDay::Off { name })
        });
        let more = more.iter().map(|(date, what)| (day(date), what.clone()));
        Notice {
            source: "通知".to_owned(),
            days: off.chain(more).collect(),
        }
    }

    fn work() -> NoticeDay {
        let name = "春节".to_owned();
        NoticeDay::Work { name }
    }

    #[test]
    fn a_notice_takes_the_place_of_what_was_provisional() {
        let before = Calendar::default();
        assert_eq!(before.year(2027), Some(YearState::Provisional));
        assert!(before.day(day("2027-03-01")).unwrap().provisional);
        let more = [("2027-02-14", work()), ("2026-12-26", work())];
        let after = before.clone().notice(2027, notice(&more)).unwrap();
        assert_eq!(after.year(2027), Some(YearState::Added("通知".to_owned())));
        assert!(!after.day(day("2027-03-01")).unwrap().provisional);
        let make_up = after.day(day("2027-02-14")).unwrap();
        assert_eq!(
            (make_up.working, make_up.label.as_str()),
            (true, "春节调休上班")
        );
        assert!(!before.is_working(day("2026-12-26")).unwrap());
        assert!(
            after.is_working(day("2026-12-26")).unwrap(),
            "in the December before"
        );
        assert!(!after.is_working(day("2026-12-27")).unwrap(), "as it was");
        // what the notice does not name follows the week: the statutory 2027-02-06 is a Saturday, 02-08 a Monday
        assert!(after.is_working(day("2027-02-08")).unwrap());
        let known: Vec<i32> = after.years().into_iter().map(|(year, _)| year).collect();
        assert_eq!((known.first(), known.last()), (Some(&2020), Some(&2027)));
        // kept and read again it is the same
        let text = serde_json::to_string(&after).unwrap();
        assert_eq!(serde_json::from_str::<Calendar>(&text).unwrap(), after);
    }

    #[test]
    fn what_is_no_notice_of_the_year_is_refused() {
        let refused = |notice: Notice| {
            let error = Calendar::default().notice(2027, notice).unwrap_err();
            error.to_string()
        };
        assert!(refused(notice(&[("2028-01-01", work())])).contains("不在这一年"));
        assert!(refused(notice(&[("2026-11-28", work())])).contains("不在这一年"));
        assert!(refused(notice(&[("2027-02-15", work())])).contains("不能是调休上班"));
        let mut short = notice(&[]);
        short.days.remove(&day("2027-06-09"));
        assert!(refused(short).contains("没有“端午”放假"));
    }
}
