//! Years whose holiday notice is not out, by their statutory holidays alone.
//!
//! Source: 《全国年节及纪念日放假办法》（2024 年 11 月 10 日国务院令第 795 号修订，2025 年 1 月 1 日起施行）第二条: 元旦 1 天、春节 4 天
//! （除夕至正月初三）、清明节 1 天、劳动节 2 天、端午节 1 天、中秋节 1 天、国庆节 3 天. How they are moved and made up
//! for is in each year's notice only, so whatever is computed with them says that it is provisional.

use chrono::{Datelike, NaiveDate};

/// Month, first day, last day, name; of the year after the last one that is announced.
const DAYS: [(i32, u32, u32, u32, &str); 7] = [
    (2027, 1, 1, 1, "元旦"),
    (2027, 2, 5, 8, "春节"),
    (2027, 4, 5, 5, "清明节"),
    (2027, 5, 1, 2, "劳动节"),
    (2027, 6, 9, 9, "端午节"),
    (2027, 9, 15, 15, "中秋节"),
    (2027, 10, 1, 3, "国庆节"),
];

/// The statutory holiday on a date, or that it is none; `None` when the year is not here either.
#[must_use]
pub fn holiday(date: NaiveDate) -> Option<Option<&'static str>> {
    let mut year = DAYS
        .iter()
        .filter(|(year, ..)| *year == date.year())
        .peekable();
    year.peek()?;
    let found = year.find(|(_, month, first, last, _)| {
        *month == date.month() && (*first..=*last).contains(&date.day())
    });
    Some(found.map(|(.., name)| *name))
}
