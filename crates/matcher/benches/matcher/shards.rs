//! A country by shards, one after another: `ZHIDA_BENCH_ONLY=shards`, of `ZHIDA_BENCH_SHARDS` shards
//! (29) with `ZHIDA_BENCH_ENTERPRISES` enterprises each (then 2,000,000).
//!
//! Every shard holds other enterprises of the same generator, and all items are asked of each. A real
//! shard is a province, whose items are fewer, so this is the harder case.

use std::{sync::Arc, time::Duration};

use zhida_matcher::{Options, Program, Store};

use crate::{
    build::Base,
    measure::{calm, memory, once, size},
};

/// Generates, encodes, counts and drops shard after shard.
pub fn shards(base: &Base, program: &Arc<Program>, enterprises: u64) {
    let shards = size("ZHIDA_BENCH_SHARDS", 29) as u64;
    let mut sums = [Duration::ZERO; 3];
    let mut counting: Vec<Duration> = Vec::new();
    for shard in 0..shards {
        let table = base.table(shard * enterprises..(shard + 1) * enterprises);
        calm(&format!("shard {} of {shards}", shard + 1));
        let (store, encoding) = once(|| Store::encode(program, table));
        let [counts, near] = [false, true].map(|near| {
            let options = Options {
                near,
                ..Options::default()
            };
            let (counts, time) = once(|| store.all_items(options, None, None));
            counts.expect("the memory suffices");
            time
        });
        println!("   encode {encoding:.2?}, counts {counts:.3?}, with near misses {near:.3?}");
        for (sum, time) in sums.iter_mut().zip([encoding, counts, near]) {
            *sum += time;
        }
        counting.push(counts);
    }
    counting.sort_unstable();
    let [encoding, counts, near] = sums;
    println!(
        "-- {} enterprises: P3 counts {counts:.2?} ({:.3?} to {:.3?} a shard), with near misses {near:.2?}; \
         encode {encoding:.2?}, so counts from facts {:.2?}; {}",
        shards * enterprises,
        counting.first().copied().unwrap_or_default(),
        counting.last().copied().unwrap_or_default(),
        encoding + counts,
        memory("VmHWM"),
    );
}
