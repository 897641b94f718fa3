//! `cargo bench -p zhida-matcher`: the four questions at province scale.
//!
//! The machine is likely shared and throttled: each block waits until a calibration loop on two
//! threads runs at full speed, and says so when it never did. Sizes come from
//! `ZHIDA_BENCH_ITEMS` and `ZHIDA_BENCH_ENTERPRISES`; `ZHIDA_BENCH_ONLY=P1,P3` leaves out other
//! blocks:
//!
//! | block | what |
//! |---|---|
//! | `P1` | one enterprise → all items; enterprises a second |
//! | `P2` | one item → all enterprises: known conditions, full scans among them |
//! | `P3` | all × all: counts, near misses, lists |
//! | `P4` | changed facts → flips |
//! | `new` | items with thresholds never seen |
//! | `instructions` | P1, P2, P3 with AVX-512, AVX2 and plain instructions |
//! | `roof` | bandwidth, and the share of it that P2 and P3 use |
//! | `cold` | a new process, from the snapshot on the disk to all lists |
//! | `shards` | 58 million enterprises, shard by shard; only when it is named |

mod all;
mod build;
mod cold;
mod enterprise;
mod gate;
mod instructions;
mod item;
mod measure;
mod roof;
mod shards;
mod workload;

use zhida_matcher::{Codes, Index, Store};

use build::Base;
use measure::{calm, memory, named, once, size, wanted};

fn main() {
    if let Some(folder) = cold::folder() {
        return cold::restart(&folder);
    }
    let one_by_one = named("shards");
    let all = if one_by_one { 2_000_000 } else { 1_400_000 };
    let (count, enterprises) = (
        size("ZHIDA_BENCH_ITEMS", 46_000),
        size("ZHIDA_BENCH_ENTERPRISES", all) as u64,
    );
    println!("{count} items, {enterprises} enterprises");
    let base = Base::new();

    calm("build");
    let (items, time) = once(|| base.items(count));
    println!("   rules from text {time:.2?} (two threads)");
    let (program, time) = once(|| base.program(&items));
    println!("   program {time:.2?}: {:?}", program.report());
    let (index, time) = once(|| Index::build(&program));
    println!("   index {time:.2?}, {} MB of rows", index.bytes() >> 20);
    let facts = base.sample(2_000, enterprises);
    let rows: Vec<Codes> = facts.iter().map(|facts| program.encode(facts)).collect();
    build::check(&index, &items, &facts, &rows);
    let rules = wanted("cold").then(|| cold::archived(&program, &items));
    drop(items);
    if wanted("P1") {
        enterprise::all_items(&index, &rows, &facts);
        enterprise::throughput(&index, &rows, &facts);
    }
    if wanted("P4") {
        enterprise::changed_facts(&index, &base.attributes, &rows, &facts);
    }
    if one_by_one {
        drop(index);
        return shards::shards(&base, &program, enterprises);
    }

    calm("store");
    let table = base.table(0..enterprises);
    calm("encode");
    let (store, time) = once(|| Store::encode(&program, table));
    println!(
        "   encode {time:.2?}, {} MB of codes, {}",
        store.bytes() >> 20,
        memory("VmRSS")
    );
    if wanted("P2") {
        item::all_enterprises(&store, &base.world);
    }
    if wanted("P3") {
        all::counts(&store);
        all::lists(&store);
    }
    if wanted("instructions") {
        instructions::table(&index, &rows, &store, &base.world);
    }
    drop(index);
    if wanted("roof") {
        roof::shares(&store, &base.world);
    }
    println!("   {}, {}", memory("VmRSS"), memory("VmHWM"));
    if let Some(rules) = rules {
        cold::cold(&store, &rules);
    }
    if wanted("new") {
        item::unseen(store.table(), &base, count, &facts);
    }
}
