//! At random: however appeals are merged and taken out again, every voice stays, belongs to one open case at most, and comes
//! back to the appeal that it was submitted as.

use proptest::prelude::*;
use serde_json::json;
use zhida_appeals::words::Confidentiality;
use zhida_testkit::{block_on, sqlite};

use crate::world::{World, operator};

#[derive(Debug, Clone)]
enum Move {
    Merge(usize, usize),
    Unmerge(usize),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        3 => (0..4_usize, 0..4_usize).prop_map(|(from, to)| Move::Merge(from, to)),
        1 => (0..4_usize).prop_map(Move::Unmerge),
    ];
    prop::collection::vec(one, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn no_voice_is_lost(moves in moves()) {
        block_on(async {
            let world = World::new(sqlite().await).await;
            let mut made = Vec::new();
            for number in 1..=4 {
                made.push(world.appeal(Some(1 + number % 3), "停电", Confidentiality::Normal).await);
            }
            for one in &moves {
                let (id, step) = match one {
                    Move::Merge(from, to) => (&made[*from].case_id, json!({ "step": "merge", "number": made[*to].number, "reason": "同一件事" })),
                    Move::Unmerge(from) => (&made[*from].case_id, json!({ "step": "unmerge", "reason": "不是一件事" })),
                };
                let (status, text) = world.try_step(operator(), id, step).await;
                assert!(matches!(status, 204 | 400 | 422), "{one:?}: {status} {text}");
                // whatever was done or refused
                assert_eq!(world.count("SELECT COUNT(*) FROM appeal_voice").await, 4);
                let astray = "SELECT COUNT(*) FROM appeal_voice v JOIN appeal a ON a.case_id = v.case_id WHERE a.merged_into IS NOT NULL";
                assert_eq!(world.count(astray).await, 0, "{one:?}");
                let counted = "SELECT COUNT(*) FROM appeal a WHERE a.voices <> (SELECT COUNT(*) FROM appeal_voice v WHERE v.case_id = a.case_id)";
                assert_eq!(world.count(counted).await, 0, "{one:?}");
            }
            for one in &made {
                let _ = world.try_step(operator(), &one.case_id, json!({ "step": "unmerge", "reason": "全部分开" })).await;
            }
            // what could not be taken out any more (three times at most) is still with its main appeal; all others are home
            let strayed = "SELECT COUNT(*) FROM appeal_voice v JOIN appeal a ON a.case_id = v.origin WHERE v.case_id <> v.origin AND a.merged_into IS NULL";
            assert_eq!(world.count(strayed).await, 0);
        });
    }
}
