//! The dates of real notices and of the working-day tables (domain-rules.md §2.7), through clocks.

use chrono::NaiveDate;
use rstest::rstest;
use zhida_casework::{Calendar, Clock, Standing};

use crate::kit::{at, limit};

/// chinese_calendar 1.11: the day after the event is day 1.
#[rstest]
#[case("2024-02-08", 5, "2024-02-21")]
#[case("2025-01-24", 5, "2025-02-07")]
#[case("2025-09-26", 5, "2025-10-10")]
#[case("2025-09-30", 15, "2025-10-28")]
#[case("2026-02-13", 1, "2026-02-14")]
#[case("2026-02-13", 5, "2026-02-27")]
#[case("2026-04-30", 1, "2026-05-06")]
#[case("2026-09-18", 5, "2026-09-24")]
fn deadlines_count_from_the_day_after(#[case] from: &str, #[case] n: u32, #[case] due: &str) {
    let calendar = Calendar::default();
    for hour in ["00:00", "09:30", "23:59"] {
        let clock = Clock::start(
            limit(&format!("{n} 个工作日")),
            at(&format!("{from} {hour}")),
        );
        let found = clock.due(&calendar).unwrap().unwrap();
        assert_eq!(found.day.to_string(), due);
        let last = at(&format!("{due} 23:59"));
        assert!(last < found.at);
        assert_eq!(
            clock.standing(Some(&found), last, &calendar).unwrap(),
            Standing::DueToday
        );
    }
}

/// 公示 of real notices: 武汉, 黄陂, 蚌埠, 鹤山; five working days, the first day counted.
#[rstest]
#[case("2024-03-27", "2024-04-02")]
#[case("2023-02-21", "2023-02-27")]
#[case("2022-07-27", "2022-08-02")]
#[case("2022-04-08", "2022-04-14")]
fn public_notices_count_their_first_day(#[case] from: &str, #[case] last: &str) {
    let clock = Clock::start(
        limit("5 个工作日（当日起算）"),
        at(&format!("{from} 09:00")),
    );
    let due = clock.due(&Calendar::default()).unwrap().unwrap();
    assert_eq!(due.day, last.parse::<NaiveDate>().unwrap());
    assert!(
        due.derivation[0].ends_with("当日起算"),
        "{:?}",
        due.derivation
    );
}

#[test]
fn the_crate_and_the_standards_count_alike() {
    let calendar = Calendar::default();
    let start: NaiveDate = "2020-01-02".parse().unwrap();
    for date in start.iter_days().take(2_200).step_by(3) {
        for n in [1, 5, 20] {
            let clock = Clock::start(
                limit(&format!("{n} 个工作日")),
                at(&format!("{date} 10:00")),
            );
            let due = clock.due(&calendar).unwrap().unwrap();
            let expected = zhida_standards::calendar::add_workdays(date, n).unwrap();
            assert_eq!(due.day, expected, "{date} + {n}");
        }
    }
}
