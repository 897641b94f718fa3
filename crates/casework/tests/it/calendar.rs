//! Days, hours, local changes.

use chrono::{NaiveDate, TimeDelta};
use proptest::prelude::*;
use rstest::rstest;
use zhida_casework::calendar::{LocalChange, local};
use zhida_casework::{Calendar, OfficeHours};

use crate::kit::at;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn why(text: &str) -> String {
    text.to_owned()
}

#[rstest]
#[case("09:00-12:00, 14:00-18:00", "09:00-12:00, 14:00-18:00")]
#[case("8:30至11:30，13:30至17:00", "08:30-11:30, 13:30-17:00")]
#[case("00:00-24:00", "00:00-24:00")]
fn hours_are_read_and_written(#[case] text: &str, #[case] written: &str) {
    assert_eq!(text.parse::<OfficeHours>().unwrap().to_string(), written);
}

#[rstest]
#[case("")]
#[case("09:00")]
#[case("12:00-09:00")]
#[case("09:00-13:00, 12:00-18:00")]
#[case("09:00-25:00")]
#[case("09:60-10:00")]
#[case("九点到五点")]
fn hours_that_are_none_are_explained(#[case] text: &str) {
    let error = text.parse::<OfficeHours>().unwrap_err().to_string();
    assert!(error.contains("09:00-12:00"), "{error}");
}

#[test]
fn the_city_closes_opens_and_changes_hours() {
    let half_day: OfficeHours = "09:00-12:00".parse().unwrap();
    let calendar = Calendar::default()
        .change(day("2026-03-03"), LocalChange::Closed { why: why("台风") })
        .change(
            day("2026-03-07"),
            LocalChange::Open {
                why: why("集中办理"),
            },
        )
        .change(
            day("2026-03-04"),
            LocalChange::Hours {
                why: why("停电"),
                hours: half_day,
            },
        );
    assert!(!calendar.is_working(day("2026-03-03")).unwrap());
    assert!(calendar.is_working(day("2026-03-07")).unwrap());
    assert_eq!(
        calendar.day(day("2026-03-03")).unwrap().label,
        "本地停止办公（台风）"
    );
    assert_eq!(
        calendar.day(day("2026-03-07")).unwrap().label,
        "本地安排上班（集中办理）"
    );
    assert!(calendar.is_open(at("2026-03-04 11:59")).unwrap());
    assert!(!calendar.is_open(at("2026-03-04 15:00")).unwrap());
    // the rest of Wednesday is closed, so an hour from 11:30 on ends on Thursday
    let after = calendar
        .after_open(at("2026-03-04 11:30"), TimeDelta::hours(1))
        .unwrap();
    assert_eq!(after, at("2026-03-05 09:30"));
    let json = serde_json::to_string(&calendar).unwrap();
    assert_eq!(serde_json::from_str::<Calendar>(&json).unwrap(), calendar);
}

#[test]
fn one_weekday_may_have_other_hours() {
    let calendar = Calendar::default()
        .weekday_hours(5, "09:00-12:00".parse().unwrap())
        .unwrap();
    assert!(!calendar.is_open(at("2026-03-06 15:00")).unwrap());
    assert!(calendar.is_open(at("2026-03-05 15:00")).unwrap());
    let error = Calendar::default()
        .weekday_hours(6, OfficeHours::default())
        .unwrap_err();
    assert!(error.to_string().contains("周一至周五"));
    let error =
        serde_json::from_str::<Calendar>(r#"{"weekly": {"7": "09:00-12:00"}}"#).unwrap_err();
    assert!(error.to_string().contains("周一至周五"), "{error}");
}

#[test]
fn a_calendar_without_a_working_day_is_found_out() {
    let mut calendar = Calendar::default();
    for date in day("2025-01-01").iter_days().take(500) {
        calendar = calendar.change(date, LocalChange::Closed { why: why("误填") });
    }
    let error = calendar
        .working_day_after(day("2025-01-01"), 1)
        .unwrap_err();
    assert!(error.to_string().contains("没有一个工作日"), "{error}");
    let error = calendar.next_open(at("2025-01-01 09:00")).unwrap_err();
    assert!(error.to_string().contains("没有一个工作日"), "{error}");
}

fn moment() -> impl Strategy<Value = chrono::DateTime<chrono::Utc>> {
    // 2024-03-01 to the end of 2025, to the minute
    (0..960_000_i64).prop_map(|minutes| at("2024-03-01 00:00") + TimeDelta::minutes(minutes))
}

proptest! {
    #[test]
    fn open_time_to_what_is_after_it_is_what_was_added(from in moment(), minutes in 1..5_000_i64) {
        let calendar = Calendar::default();
        let time = TimeDelta::minutes(minutes);
        let to = calendar.after_open(from, time).unwrap();
        prop_assert_eq!(calendar.open_time(from, to).unwrap(), time);
        let back = calendar.before_open(to, time).unwrap();
        prop_assert_eq!(calendar.open_time(back, to).unwrap(), time);
        prop_assert_eq!(calendar.open_time(from, back.max(from)).unwrap(), TimeDelta::zero());
    }

    #[test]
    fn the_next_opening_is_open_and_nothing_is_open_before(from in moment()) {
        let calendar = Calendar::default();
        let next = calendar.next_open(from).unwrap();
        prop_assert!(calendar.is_open(next).unwrap());
        prop_assert_eq!(calendar.open_time(from, next).unwrap(), TimeDelta::zero());
        let before = calendar.previous_open(from).unwrap();
        prop_assert!(before <= from && calendar.is_open(before).unwrap());
        prop_assert!(local(next).date() >= local(from).date());
    }

    #[test]
    fn working_days_before_are_the_way_back(n in 1..60_u32, days in 0..600_u64) {
        let calendar = Calendar::default();
        let date = day("2024-03-01") + chrono::Days::new(days);
        let after = calendar.working_day_after(date, n).unwrap();
        prop_assert_eq!(calendar.working_days_between(date, after).unwrap(), n);
        let back = calendar.working_day_before(after, n).unwrap();
        prop_assert_eq!(calendar.working_days_between(back, after).unwrap(), n);
    }
}
