//! The on-time rate cannot be raised by gaming, whatever offices do and in whatever order.
//!
//! Of every appeal, at every moment, the rate says one of three things: *on* (ended handled, counted on time), *off* (counted,
//! not on time), *out* (not counted yet, or ended otherwise in time). Let *L* be the appeals of which a stage of the offices was
//! ever seen standing past its due date. Then, at every moment of every history:
//!
//! 1. no appeal of *L* is on: lateness is never taken back, not by closing and reopening, merging and taking out again,
//!    another track, another body, an extension, an objection;
//! 2. every appeal of *L* is off, whether it is open, ended, merged or turned down: leaving it open, or ending it otherwise,
//!    does not take it out of the denominator;
//! 3. whatever is on has ended.
//!
//! So the rate is at most on ÷ (on + L), what honest handling of the same appeals with the same delays gives: doing
//! anything but handling on time can only lower it.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use zhida_appeals::words::Confidentiality;
use zhida_platform::clock::Clock as _;
use zhida_testkit::{block_on, sqlite};

use crate::journey::supervisor;
use crate::world::{World, boss, clerk, operator};

#[derive(Debug, Clone, Copy)]
enum Move {
    Wait(i64),
    Accept,
    Dispatch,
    Reply,
    Visit(&'static str),
    Reopen,
    Merge(usize),
    Unmerge,
    Sort(&'static str),
    Transfer,
    Extend,
    Object,
    TurnDown,
    Withdraw,
}

fn moves() -> impl Strategy<Value = Vec<(usize, Move)>> {
    let one = prop_oneof![
        5 => prop::sample::select(vec![5_i64, 30, 60, 300]).prop_map(Move::Wait),
        4 => Just(Move::Accept),
        4 => Just(Move::Dispatch),
        4 => Just(Move::Reply),
        3 => prop::sample::select(vec!["satisfied", "not", "no_word"]).prop_map(Move::Visit),
        1 => Just(Move::Reopen),
        2 => (0..3_usize).prop_map(Move::Merge),
        1 => Just(Move::Unmerge),
        2 => prop::sample::select(vec!["simple", "major"]).prop_map(Move::Sort),
        1 => Just(Move::Transfer),
        1 => Just(Move::Extend),
        1 => Just(Move::Object),
        1 => Just(Move::TurnDown),
        1 => Just(Move::Withdraw),
    ];
    prop::collection::vec((0..3_usize, one), 8..28)
}

/// Appeals that a query of the interface has.
async fn those(world: &World, query: &str) -> Vec<Value> {
    let list = world
        .app(supervisor())
        .get(&format!("/api/v1/appeals?state=all&{query}"))
        .await
        .expect_status(200)
        .json();
    list["items"].as_array().unwrap().clone()
}

fn ids(rows: &[Value]) -> BTreeSet<String> {
    let id = |row: &Value| row["head"]["id"].as_str().unwrap().to_owned();
    rows.iter().map(id).collect()
}

/// Whether a stage of the offices stands past its due date.
fn is_over(row: &Value, now: DateTime<Utc>) -> bool {
    let head = &row["head"];
    let office = !matches!(head["stage"].as_str(), Some("visit" | "supervision"));
    let due = head["due_at"]
        .as_str()
        .map(|due| due.parse::<DateTime<Utc>>().unwrap());
    head["closed_at"].is_null()
        && office
        && head["due_clock"] == "stage"
        && due.is_some_and(|due| due < now)
}

async fn take(world: &World, made: &[(String, String)], (at, one): (usize, Move)) {
    let (id, _) = &made[at];
    let step = match one {
        Move::Wait(hours) => {
            world.clock.pass(TimeDelta::hours(hours));
            return;
        }
        Move::Reopen | Move::Withdraw => {
            let step = if matches!(one, Move::Reopen) {
                "reopen"
            } else {
                "withdraw"
            };
            let fields = [("step", step), ("reason", "再办一次")];
            let _ = world
                .app(boss(at + 1))
                .post_form(&format!("/appeals/{id}/own"), &fields)
                .await;
            return;
        }
        Move::Accept => {
            json!({ "step": "accept", "category": "labour/insurance/injury", "track": "single" })
        }
        Move::Dispatch => json!({ "step": "dispatch" }),
        Move::Reply => {
            json!({ "step": "reply", "claim": "solved", "text": "办好了", "signer": "李局长" })
        }
        Move::Visit(said) => {
            let voice = world.voice(id).await;
            json!({ "step": "visit", "voice": voice, "way": "phone", "satisfaction": said, "words": "电话里说的" })
        }
        Move::Merge(into) => {
            json!({ "step": "merge", "number": made[into].1, "reason": "同一件事" })
        }
        Move::Unmerge => json!({ "step": "unmerge", "reason": "不是一件事" }),
        Move::Sort(track) => {
            json!({ "step": "sort", "category": "labour/insurance", "track": track, "reason": "难办" })
        }
        Move::Transfer => json!({ "step": "transfer", "department": "供电公司", "reason": "归它" }),
        Move::Extend => json!({ "step": "extend", "amount": 7, "reason": "来不及" }),
        Move::Object => json!({ "step": "object", "reason": "不归我们" }),
        Move::TurnDown => {
            json!({ "step": "turn_down", "outcome": "not_accepted", "reason": "不归本市" })
        }
    };
    let holder = world.shown(operator(), id).await["row"]["head"]["holder_name"].clone();
    let lead = if holder == "供电公司" {
        clerk(1)
    } else {
        clerk(0)
    };
    let by = match one {
        Move::Reply | Move::Extend | Move::Object => lead,
        _ => operator(),
    };
    let (status, text) = world.try_step(by, id, step).await;
    assert!(
        matches!(status, 204 | 400 | 404 | 422),
        "{one:?}: {status} {text}"
    );
    // what was asked for is granted by whoever is lenient; what was objected to goes to another
    let settled = match one {
        Move::Extend => json!({ "step": "settle_extension", "granted": true, "reason": "可以" }),
        Move::Object => {
            json!({ "step": "settle_objection", "department": "供电公司", "reason": "归它" })
        }
        _ => return,
    };
    let (status, text) = world.try_step(operator(), id, settled).await;
    assert!(
        matches!(status, 204 | 400 | 422),
        "{one:?}: {status} {text}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn gaming_never_raises_the_on_time_rate(moves in moves()) {
        block_on(async {
            let world = World::new(sqlite().await).await;
            world.quanzhou().await;
            let mut made = Vec::new();
            for number in 1..=3 {
                let one = world.appeal(Some(number), "工伤待遇没有到账", Confidentiality::Normal).await;
                made.push((one.case_id, one.number));
            }
            let mut ever_late = BTreeSet::new();
            for one in moves {
                take(&world, &made, one).await;
                let now = world.clock.now();
                let all = those(&world, "").await;
                let over: Vec<Value> = all.iter().filter(|row| is_over(row, now)).cloned().collect();
                ever_late.extend(ids(&over));
                let on = ids(&those(&world, "counted=on_time").await);
                let timed = ids(&those(&world, "counted=timed").await);
                let ended: Vec<Value> = all.into_iter().filter(|row| !row["head"]["closed_at"].is_null()).collect();
                assert!(on.is_disjoint(&ever_late), "{one:?}: late and on time: {on:?} {ever_late:?}");
                assert!(ever_late.is_subset(&timed), "{one:?}: late and not counted: {ever_late:?} {timed:?}");
                assert!(on.is_subset(&timed) && on.is_subset(&ids(&ended)), "{one:?}");
            }
        });
    }
}
