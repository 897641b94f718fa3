//! P3: all items, all enterprises.

use std::sync::atomic::{AtomicU64, Ordering};

use zhida_matcher::{Block, Counts, Options, Store};

use crate::measure::{calm, cores, mean, once, spread, timed};

/// How often each question is asked again after its first time.
const WARM: usize = 7;

/// Counts, near misses and a visit of every list, on all cores and on one.
pub fn counts(store: &Store) {
    let pairs = store.len() as f64 * store.program().len() as f64;
    for (what, near, lists) in [
        ("counts", false, false),
        ("counts and near misses", true, false),
        ("counts, near misses and a visit of every list", true, true),
    ] {
        calm(&format!("P3: all items, all enterprises: {what}"));
        let visited = AtomicU64::new(0);
        let visit = |block: &Block<'_>| {
            visited.fetch_add(block.met().count() as u64, Ordering::Relaxed);
        };
        for threads in [cores(), 1] {
            let options = Options {
                near,
                threads: Some(threads),
                ..Options::default()
            };
            let ask = || store.all_items(options, None, lists.then_some(&visit));
            let (counts, first) = once(ask);
            let again = timed(&[(); WARM], |()| drop(ask()));
            let counts = counts.expect("the memory suffices");
            let sum = |of: fn(&Counts) -> u64| counts.iter().map(of).sum::<u64>();
            println!(
                "   {threads} threads: first {first:.3?}, {}, {:.0} G pairs/s; met {}, unknown {}, near {}",
                spread(again.clone()),
                pairs / mean(&again).as_secs_f64() / 1e9,
                sum(|c| c.met),
                sum(|c| c.unknown),
                sum(|c| c.near_unmet + c.near_unknown),
            );
        }
    }
}

/// Counts, near misses and the lists of matches, kept in memory; the first time stands apart, for then
/// the system has to find that memory.
pub fn lists(store: &Store) {
    calm("P3: compressed lists and near misses");
    let options = Options {
        memory: (store.len() << 9).max(256 << 20),
        ..Options::default()
    };
    let ask = || store.match_lists(options, None);
    let (lists, first) = once(ask);
    let again = timed(&[(); WARM], |()| drop(ask()));
    let lists = lists.expect("the memory suffices");
    let matches: u64 = lists.counts().iter().map(|counts| counts.met).sum();
    println!(
        "   first {first:.3?}, {}: {matches} matches in {} MB",
        spread(again),
        lists.bytes() >> 20
    );
}
