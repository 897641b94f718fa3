//! How long cases took.

use proptest::prelude::*;
use zhida_casework::Command;
use zhida_casework::event::Lack;
use zhida_casework::statistics::{Typical, Worked, stays, typical, worked};

use crate::kit::{Outcome, Play, Stage, advance, answer, at, close, lacking, route, simple};

fn time(play: &Play, now: &str) -> Worked {
    worked(&play.events, at(now), &play.calendar).unwrap()
}

#[test]
fn a_case_done_on_its_day_took_no_day() {
    let mut play = Play::open(simple("5 个工作日"), "2026-03-02 10:00");
    play.office("2026-03-02 16:30", close(Outcome::Paid));
    // 10 to 12 and 14 to 16:30
    assert_eq!(
        time(&play, "2026-05-01 10:00"),
        Worked {
            days: 0,
            minutes: 270
        }
    );
}

#[test]
fn waiting_for_the_enterprise_does_not_count() {
    let mut play = Play::open(route(), "2026-03-02 10:00");
    play.office("2026-03-04 10:00", lacking(Lack::Wrong));
    play.company("2026-03-12 10:00", answer());
    play.office("2026-03-13 10:00", close(Outcome::Refused));
    // 3 March and 13 March count; 4 to 12 March are the enterprise's
    assert_eq!(
        time(&play, "2026-05-01 10:00"),
        Worked {
            days: 2,
            minutes: 2 * 7 * 60 + 7 * 60
        }
    );
    // a comment after the end changes nothing
    play.company(
        "2026-04-20 10:00",
        Command::Note {
            text: "谢谢".to_owned(),
        },
    );
    assert_eq!(time(&play, "2026-05-01 10:00").days, 2);
}

#[test]
fn an_open_case_counts_until_now_and_a_reopened_one_without_the_time_between() {
    let mut play = Play::open(route(), "2026-03-02 10:00");
    assert_eq!(time(&play, "2026-03-04 12:00").days, 2);
    play.office("2026-03-04 12:00", close(Outcome::Refused));
    assert_eq!(time(&play, "2026-03-10 12:00").days, 2);
    play.company(
        "2026-03-10 12:00",
        Command::Reopen {
            reason: "材料齐全".to_owned(),
        },
    );
    // the days from the closing to the reopening, both included, are nobody's
    assert_eq!(time(&play, "2026-03-11 12:00").days, 2);
}

#[test]
fn a_case_says_where_it_was_and_whether_it_was_late() {
    let mut play = Play::open(route(), "2026-03-02 10:00");
    play.office("2026-03-10 10:00", advance());
    play.office("2026-03-11 10:00", close(Outcome::Refused));
    let stays = stays(&play.events);
    let found: Vec<_> = stays
        .iter()
        .map(|stay| {
            (
                stay.stage,
                stay.entered,
                stay.left,
                stay.is_late(at("2026-05-01 10:00")),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (
                Stage::Accept,
                at("2026-03-02 10:00"),
                Some(at("2026-03-10 10:00")),
                true
            ),
            (
                Stage::Review,
                at("2026-03-10 10:00"),
                Some(at("2026-03-11 10:00")),
                false
            ),
        ]
    );
}

#[test]
fn typical_times_are_times_that_occurred() {
    assert_eq!(typical(vec![]), None);
    assert_eq!(
        typical(vec![7]),
        Some(Typical {
            median: 7,
            p90: 7,
            count: 1
        })
    );
    assert_eq!(
        typical(vec![9, 1, 5, 3]),
        Some(Typical {
            median: 3,
            p90: 9,
            count: 4
        })
    );
    let ten = (1..=10).rev().collect();
    assert_eq!(
        typical(ten),
        Some(Typical {
            median: 5,
            p90: 9,
            count: 10
        })
    );
}

proptest! {
    #[test]
    fn percentiles_do_what_they_say(values in prop::collection::vec(0..1_000_u32, 1..200)) {
        let found = typical(values.clone()).unwrap();
        let not_above = |limit: u32| values.iter().filter(|value| **value <= limit).count();
        let below = |limit: u32| values.iter().filter(|value| **value < limit).count();
        let n = values.len();
        prop_assert!(values.contains(&found.median) && values.contains(&found.p90));
        prop_assert!(not_above(found.median) * 2 >= n && below(found.median) * 2 < n.max(1) + 1);
        prop_assert!(not_above(found.p90) * 10 >= n * 9 && below(found.p90) * 10 < n * 9);
    }
}
