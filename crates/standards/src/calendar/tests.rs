#![allow(clippy::unwrap_used)] // a failed unwrap is the test's failure
use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn year_days(year: i32) -> Vec<(NaiveDate, DayKind)> {
    let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
    first
        .iter_days()
        .take_while(|d| d.year() == year)
        .map(|d| (d, day(d).unwrap()))
        .collect()
}

#[rstest]
#[case(2020, 6, 249)]
#[case(2021, 7, 250)]
#[case(2022, 7, 249)]
#[case(2023, 7, 249)]
#[case(2024, 8, 251)]
#[case(2025, 5, 248)]
#[case(2026, 6, 248)]
fn each_year_has_its_working_days(#[case] year: i32, #[case] make_up: usize, #[case] work: usize) {
    let days = year_days(year);
    let made_up = days
        .iter()
        .filter(|(_, k)| matches!(k, DayKind::MakeUpWorkday { .. }))
        .count();
    assert_eq!(made_up, make_up);
    assert_eq!(days.iter().filter(|(_, k)| k.is_workday()).count(), work);
    assert!(notices(year).all(|address| address.contains("www.gov.cn")));
    assert!(notices(year).count() >= 1);
}

#[rstest]
#[case(2024, 28)]
#[case(2025, 28)]
#[case(2026, 33)]
fn each_year_has_its_days_off(#[case] year: i32, #[case] off: usize) {
    let holidays = year_days(year)
        .iter()
        .filter(|(_, k)| matches!(k, DayKind::Holiday { .. }))
        .count();
    assert_eq!(holidays, off);
}

#[rstest]
#[case("2026-02-14", DayKind::MakeUpWorkday { holiday: "春节" })]
#[case("2026-02-15", DayKind::Holiday { name: "春节" })]
#[case("2026-09-20", DayKind::MakeUpWorkday { holiday: "国庆节" })]
#[case("2026-11-22", DayKind::Weekend)]
#[case("2026-11-23", DayKind::Workday)]
#[case("2022-12-31", DayKind::Holiday { name: "元旦" })]
fn days_have_their_kinds(#[case] text: &str, #[case] kind: DayKind) {
    assert_eq!(day(date(text)), Ok(kind));
}

#[rstest]
#[case("2024-02-08", 5, "2024-02-21")]
#[case("2025-01-24", 5, "2025-02-07")]
#[case("2025-09-26", 5, "2025-10-10")]
#[case("2025-09-30", 15, "2025-10-28")]
#[case("2026-02-13", 1, "2026-02-14")]
#[case("2026-02-13", 5, "2026-02-27")]
#[case("2026-04-30", 1, "2026-05-06")]
#[case("2026-09-18", 5, "2026-09-24")]
#[case("2026-09-18", 0, "2026-09-18")]
fn deadlines_count_from_the_day_after(#[case] from: &str, #[case] n: u32, #[case] due: &str) {
    assert_eq!(add_workdays(date(from), n), Ok(date(due)));
    assert_eq!(workdays_between(date(from), date(due)), Ok(n));
}

#[rstest]
#[case("2024-03-27", "2024-04-02")]
#[case("2023-02-21", "2023-02-27")]
#[case("2022-07-27", "2022-08-02")]
#[case("2022-04-08", "2022-04-14")]
fn notices_count_their_first_day(#[case] from: &str, #[case] last: &str) {
    assert_eq!(notice_period(date(from), 5), Ok(date(last)));
}

#[test]
fn a_notice_that_begins_on_a_day_off_counts_from_the_next_working_day() {
    assert_eq!(notice_period(date("2026-05-01"), 1), Ok(date("2026-05-06")));
    assert_eq!(
        notice_period(date("2026-05-01"), 0),
        Err(CalendarError::EmptyPeriod)
    );
}

#[test]
fn years_without_a_notice_have_no_answer() {
    let unannounced = CalendarError::NotAnnounced { year: 2027 };
    assert_eq!(day(date("2027-01-01")), Err(unannounced.clone()));
    assert_eq!(day(date("2027-03-03")), Err(unannounced.clone()));
    assert_eq!(
        add_workdays(date("2026-12-31"), 1),
        Err(unannounced.clone())
    );
    assert_eq!(add_workdays(date("2026-12-30"), 1), Ok(date("2026-12-31")));
    assert_eq!(
        add_workdays(date("2026-12-30"), u32::MAX),
        Err(unannounced.clone())
    );
    assert_eq!(
        notice_period(date("2026-12-31"), 2),
        Err(unannounced.clone())
    );
    assert_eq!(
        workdays_between(date("2026-12-31"), date("2027-01-08")),
        Err(unannounced)
    );
    let early = CalendarError::TooEarly { year: 2019 };
    assert_eq!(day(date("2019-12-31")), Err(early.clone()));
    assert_eq!(add_workdays(date("2019-12-31"), 1), Err(early.clone()));
    assert_eq!(
        workdays_between(date("2019-12-31"), date("2020-01-08")),
        Err(early)
    );
    assert_eq!(
        day(date("0001-01-01")),
        Err(CalendarError::TooEarly { year: 1 })
    );
    assert_eq!(notices(2027).count(), 0);
}

#[test]
fn the_end_may_not_precede_the_start() {
    let (from, to) = (date("2026-03-02"), date("2026-03-01"));
    assert_eq!(
        workdays_between(from, to),
        Err(CalendarError::Reversed { from, to })
    );
    assert_eq!(workdays_between(from, from), Ok(0));
}

#[test]
fn a_due_date_tells_its_derivation() {
    let due = derive_workdays(date("2026-02-13"), 5).unwrap();
    assert_eq!(
        due.explain(),
        "自 2026年2月13日 次日起计 5 个工作日至 2026年2月27日；跳过春节放假 2月15日–2月23日；计入春节调休上班 2月14日。"
    );
    let due = derive_notice_period(date("2024-03-27"), 5).unwrap();
    assert_eq!(
        due.explain(),
        "自 2024年3月27日 当日起（首日计入）计 5 个工作日至 2024年4月2日；跳过双休日 3月30日–3月31日。"
    );
    assert_eq!(due.skipped.len(), 2);
}

/// Days from which twice the longest count of the tests stays in the calendar.
fn any_day() -> impl Strategy<Value = NaiveDate> {
    (0..2300_u64).prop_map(|n| date("2020-01-01") + chrono::Days::new(n))
}

proptest! {
    #[test]
    fn between_is_the_inverse_of_add(from in any_day(), n in 0..120_u32) {
        let due = add_workdays(from, n).unwrap();
        prop_assert_eq!(workdays_between(from, due), Ok(n));
        prop_assert!(n == 0 || is_workday(due).unwrap());
    }

    #[test]
    fn adding_twice_is_adding_the_sum(from in any_day(), a in 0..60_u32, b in 0..60_u32) {
        let stepwise = add_workdays(add_workdays(from, a).unwrap(), b);
        prop_assert_eq!(stepwise, add_workdays(from, a + b));
    }

    #[test]
    fn every_day_on_the_way_is_accounted_for(from in any_day(), n in 1..120_u32) {
        let due = derive_workdays(from, n).unwrap();
        let days = (due.date - from).num_days();
        prop_assert_eq!(days, i64::from(n) + due.skipped.len() as i64);
        prop_assert!(due.skipped.iter().all(|d| !d.kind.is_workday() && d.date < due.date));
        prop_assert!(due.make_up.iter().all(|d| d.kind.is_workday()));
    }

    #[test]
    fn a_notice_ends_where_its_days_before_would(first in any_day(), n in 1..60_u32) {
        prop_assume!(first > date("2020-01-01"));
        let before = first.pred_opt().unwrap();
        prop_assert_eq!(notice_period(first, n), add_workdays(before, n));
    }
}
