//! The roofline: bytes touched over what the memory can deliver.
//!
//! Bandwidth is read bandwidth, measured in the same run: all cores sum up buffers of their own, of
//! half a second-level cache, half a core's share of the third level, or many times that.
//!
//! What is counted as touched:
//! - **P2, a full scan**: one read of every column that the item names (of mean width: bytes of codes
//!   over rows and columns). Planes stay in the first level. Tiles that zones settle without a look are counted as read, so the share is an upper bound.
//! - **P3, codes**: every column of every tile once; a tile's columns are read by one thread only.
//! - **P3, planes**: for each tile in which an item has anything to say, two planes of 256 bytes for
//!   each of its conditions but the place, which is constant in most tiles. What items say nothing
//!   of (most end after a few conditions) and writes are not counted, conditions that are constant
//!   are: an estimate, not a bound.

use std::{
    collections::HashSet,
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use zhida_matcher::{Block, Options, Store, Want};

use crate::{
    item,
    measure::{calm, cores, mean, once, timed},
    workload::{Condition, World},
};

/// Bytes of a plane of one tile.
const PLANE: u64 = 256;
/// How long each working set is read.
const READING: Duration = Duration::from_millis(300);

/// GB/s of each level.
struct Roof {
    second: f64,
    third: f64,
    memory: f64,
}

impl Roof {
    fn measured() -> Self {
        let (second, third) = (cache(2, 1 << 20), cache(3, 32 << 20));
        Self {
            second: bandwidth(second / 2),
            third: bandwidth(third / cores() / 2),
            memory: bandwidth(third * 8 / cores()),
        }
    }
}

/// Bytes of a cache as Linux tells them.
fn cache(level: usize, otherwise: usize) -> usize {
    let path = format!("/sys/devices/system/cpu/cpu0/cache/index{level}/size");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let kilobytes = text.trim().strip_suffix('K').and_then(|k| k.parse().ok());
    kilobytes.map_or(otherwise, |kilobytes: usize| kilobytes << 10)
}

/// Bytes that all cores together read a nanosecond, each from so many of its own.
fn bandwidth(bytes: usize) -> f64 {
    let read = AtomicU64::new(0);
    let (_, time) = once(|| {
        thread::scope(|scope| {
            for _ in 0..cores() {
                scope.spawn(|| {
                    let words = vec![1_u64; bytes / 8];
                    let start = Instant::now();
                    while start.elapsed() < READING {
                        black_box(pulp::Arch::new().dispatch(|| sum(black_box(&words))));
                        read.fetch_add(bytes as u64, Ordering::Relaxed);
                    }
                });
            }
        })
    });
    read.into_inner() as f64 / time.as_nanos() as f64
}

/// Sixty-four sums side by side, for the widest loads there are.
#[inline(always)]
fn sum(words: &[u64]) -> u64 {
    let mut sums = [0_u64; 64];
    for chunk in words.as_chunks::<64>().0 {
        for (sum, word) in sums.iter_mut().zip(chunk) {
            *sum = sum.wrapping_add(*word);
        }
    }
    sums.iter().fold(0, |a, b| a.wrapping_add(*b))
}

/// How much of the memory's roof P2 and P3 use.
pub fn shares(store: &Store, world: &World) {
    calm("roofline: read bandwidth, all cores");
    let roof = Roof::measured();
    println!(
        "   second level {:.0} GB/s, third {:.0} GB/s, memory {:.1} GB/s",
        roof.second, roof.third, roof.memory
    );
    scan(store, world, &roof);
    everything(store, world, &roof);
}

fn scan(store: &Store, world: &World, roof: &Roof) {
    calm("roofline: P2, full scans");
    let mut items = item::sample(store.program());
    items.retain(|item| !item::names_place(world, *item));
    if items.is_empty() {
        println!("   none in the sample");
        return;
    }
    let rows = store.len() as f64;
    let width = store.bytes() as f64 / rows / store.program().report().dimensions as f64;
    let mut bytes = 0.0;
    for item in &items {
        let columns = columns(&world.condition(*item as usize));
        bytes += rows * width * columns as f64;
    }
    let times = timed(&items, |item| {
        black_box(store.one_item(*item, Want::EVERYTHING)).expect("the item exists");
    });
    let rate = bytes / items.len() as f64 / mean(&times).as_nanos() as f64;
    println!(
        "   {} items, mean {:.2?}: at most {:.1} MB each, {rate:.1} GB/s; {:.0}% of memory's, {:.0}% of \
         the third level's",
        items.len(),
        mean(&times),
        bytes / items.len() as f64 / 1e6,
        100.0 * rate / roof.memory,
        100.0 * rate / roof.third,
    );
}

fn everything(store: &Store, world: &World, roof: &Roof) {
    let conditions: Vec<u64> = (0..store.program().len())
        .map(|item| conditions(&world.condition(item)))
        .collect();
    let planes = AtomicU64::new(0);
    let visit = |block: &Block<'_>| {
        let read = 2 * PLANE * conditions[block.item as usize];
        planes.fetch_add(read, Ordering::Relaxed);
    };
    let options = Options {
        near: false,
        ..Options::default()
    };
    let counted = store.all_items(options, None, Some(&visit));
    counted.expect("the memory suffices");
    calm("roofline: P3, counts");
    let (counts, time) = once(|| store.all_items(options, None, None));
    counts.expect("the memory suffices");
    let nanoseconds = time.as_nanos() as f64;
    let codes = store.bytes() as f64 / nanoseconds;
    let planes = planes.into_inner() as f64 / nanoseconds;
    println!(
        "   {time:.3?}; codes {} MB, {codes:.2} GB/s: {:.1}% of memory's; planes about {:.1} GB, {planes:.0} \
         GB/s: {:.0}% of the second level's, {:.0}% of the third level's",
        store.bytes() >> 20,
        100.0 * codes / roof.memory,
        planes * nanoseconds / 1e9,
        100.0 * planes / roof.second,
        100.0 * planes / roof.third,
    );
}

/// Calls something for each single condition.
fn each(condition: &Condition, call: &mut dyn FnMut(&Condition)) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| each(part, call));
        }
        Condition::Not(inner) => each(inner, call),
        single => call(single),
    }
}

/// Columns of codes that a condition names.
fn columns(condition: &Condition) -> usize {
    let mut seen = HashSet::new();
    each(condition, &mut |single| {
        seen.insert(match single {
            Condition::Place(_) => ("place", 0),
            Condition::Trade(_) => ("trade", 0),
            Condition::Choice(n, _) => ("choice", *n),
            Condition::AtLeast(n, _) | Condition::AtMost(n, _) => ("number", *n),
            Condition::RatioAtLeast(n, _) => ("ratio", *n),
            Condition::Since(n, ..) => ("date", *n),
            Condition::Tag(n) => ("tag", *n),
            Condition::Not(_) | Condition::All(_) | Condition::Any(_) => return,
        });
    });
    seen.len()
}

/// Single conditions but those on the place.
fn conditions(condition: &Condition) -> u64 {
    let mut count = 0;
    each(condition, &mut |single| {
        count += u64::from(!matches!(single, Condition::Place(_)));
    });
    count
}
