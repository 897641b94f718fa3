//! P2: one item, and items that are new.

use std::{hint::black_box, sync::Arc, thread, time::Duration};

use zhida_matcher::{Desk, Engine, Instructions, ItemMatches, Program, Share, Store, Table, Want};
use zhida_rules::{Facts, ItemRules};

use crate::{
    build::Base,
    measure::{calm, once, percentiles, timed},
    workload::{Condition, NUMBERS, ON, Random, World, item},
};

/// Changes that are measured; the engine joins small parts after a dozen.
const CHANGES: u64 = 10;

/// Items drawn for the question of one item.
pub fn sample(program: &Program) -> Vec<u32> {
    let random = &mut Random::new(5);
    (0..400)
        .map(|_| random.below(program.len()) as u32)
        .collect()
}

/// Does an item's outermost “and” name a place? If not, no county can be passed over.
pub fn names_place(world: &World, item: u32) -> bool {
    let place = |condition: &Condition| matches!(condition, Condition::Place(_));
    match world.condition(item as usize) {
        Condition::All(parts) => parts.iter().any(place),
        other => place(&other),
    }
}

/// One item → all enterprises, over thresholds that the program knows.
pub fn all_enterprises(store: &Store, world: &World) {
    calm("P2: one item, all enterprises");
    let items = sample(store.program());
    first(store);
    let met = Want {
        met: true,
        ..Want::default()
    };
    for (what, want, ids) in [
        ("counts and who meets it", met, None),
        ("the same, and every id read", met, Some(every_id as Read)),
        ("counts and all three lists", Want::EVERYTHING, None),
        (
            "the same, and every id read",
            Want::EVERYTHING,
            Some(every_id),
        ),
        (
            "the same, on one thread",
            Want::EVERYTHING,
            Some(every_id_alone),
        ),
        (
            "the same, list by list",
            Want::EVERYTHING,
            Some(list_by_list),
        ),
    ] {
        print!("   {what}: ");
        each(store, world, &items, Instructions::best(), want, ids);
    }
}

/// The order of conditions is computed when an item is first asked for.
fn first(store: &Store) {
    let first = store.one_item(0, Want::default());
    first.expect("there is an item");
}

/// All three lists of each item, as planes and then with every id read.
pub fn lists(store: &Store, world: &World, instructions: Instructions) {
    let items = sample(store.program());
    first(store);
    print!("   P2, all three lists: ");
    each(store, world, &items, instructions, Want::EVERYTHING, None);
    print!("   P2, and every id read: ");
    let read = Some(every_id as Read);
    each(store, world, &items, instructions, Want::EVERYTHING, read);
}

/// Asks each item and prints the times, also of those that name a place and those that do not.
fn each(
    store: &Store,
    world: &World,
    items: &[u32],
    instructions: Instructions,
    want: Want,
    ids: Option<Read>,
) {
    let (mut read, mut named) = (0, 0);
    let mut found = ItemMatches::default();
    let times = timed(items, |item| {
        let done = store.one_item_into(*item, want, instructions, &mut found);
        done.expect("the item exists");
        if let Some(ids) = ids {
            read += ids(&found);
            named += wanted(&found, want);
        }
        black_box(&found);
    });
    let pairs = items.iter().zip(&times);
    let (near, whole): (Vec<_>, Vec<_>) = pairs.partition(|(item, _)| names_place(world, **item));
    let of = |part: Vec<(_, &Duration)>| percentiles(part.iter().map(|(_, t)| **t).collect());
    println!("{}", percentiles(times.clone()));
    println!("      {} that name a place: {}", near.len(), of(near));
    println!("      {} full scans: {}", whole.len(), of(whole));
    assert_eq!(read, named, "every id is read");
    if ids.is_some() {
        println!("      {} ids an item", read / items.len() as u64);
    }
}

/// How many enterprises are to be named; those of near misses that are unknown are on two lists.
fn wanted(found: &ItemMatches<'_>, want: Want) -> u64 {
    let counts = found.counts;
    let of = |wanted: bool, count: u64| if wanted { count } else { 0 };
    of(want.met, counts.met) + of(want.unknown, counts.unknown) + of(want.near, counts.near_unmet)
}

/// Reads ids, and says of how many enterprises.
type Read = fn(&ItemMatches<'_>) -> u64;

/// Everybody on the lists, once, each share on a thread of its own.
fn every_id(found: &ItemMatches<'_>) -> u64 {
    let mut shares = found.shares();
    let Some(mine) = shares.next() else {
        return 0;
    };
    thread::scope(|scope| {
        let others: Vec<_> = shares
            .map(|share| scope.spawn(move || read(share)))
            .collect();
        let joined = others.into_iter().map(|thread| thread.join());
        read(mine)
            + joined
                .map(|count| count.expect("it only reads"))
                .sum::<u64>()
    })
}

/// Everybody on the lists, once, on this thread.
fn every_id_alone(found: &ItemMatches<'_>) -> u64 {
    found.shares().map(read).sum()
}

fn read(share: Share<'_>) -> u64 {
    let (mut count, mut ids) = (0, 0);
    share.named().for_each(|named| {
        count += 1;
        ids ^= named.id;
    });
    black_box(ids);
    count
}

/// All three lists, one after another.
fn list_by_list(found: &ItemMatches<'_>) -> u64 {
    let (mut count, mut ids) = (0, 0);
    let near = found.near().map(|(id, _)| id);
    let lists = found.met().chain(found.unknown()).chain(near);
    lists.for_each(|id| {
        count += 1;
        ids ^= id;
    });
    black_box(ids);
    count - found.counts.near_unknown
}

/// Items that nobody compiled yet, beside all others: their thresholds are in no column.
pub fn unseen(table: &Table, base: &Base, count: usize, facts: &[Facts]) {
    let on = ON.parse().expect("a date");
    let rules = base.items(count).into_iter().map(Arc::new);
    let engine = Engine::new(table.clone(), on, (0..).zip(rules).collect());
    engine.view().warm();

    calm("P2: an item with a threshold never seen");
    let numbers: Vec<u64> = (0..100).collect();
    let view = engine.view();
    let rules: Vec<ItemRules> = numbers.iter().map(|n| never_seen(base, *n)).collect();
    let mut found = ItemMatches::default();
    let times = timed(&rules, |rules| {
        view.rule_into(rules, Want::EVERYTHING, &mut found);
        black_box(&found);
    });
    println!("   counts and all three lists: {}", percentiles(times));
    drop(view);

    calm("a new item, from text to its answers");
    let mut steps: [Vec<Duration>; 5] = Default::default();
    let desk = &mut Desk::default();
    for (number, facts) in (0..CHANGES).zip(facts) {
        let key = 1_000_000 + number;
        let (rules, parsing) = once(|| Arc::new(never_seen(base, number)));
        let (_, entering) = once(|| engine.change_items(vec![(key, Some(rules))]));
        let (_, one) = once(|| black_box(engine.view().enterprise(facts, false, desk)));
        let (_, all) = once(|| {
            let view = engine.view();
            let found = view
                .item(key, Want::EVERYTHING)
                .expect("the item was entered");
            black_box(found.counts)
        });
        let times = [parsing, entering, one, all, parsing + entering + one + all];
        for (step, time) in steps.iter_mut().zip(times) {
            step.push(time);
        }
    }
    let names = ["parse", "enter", "P1", "P2", "together"];
    for (name, step) in names.iter().zip(steps) {
        println!("   {name}: {}", percentiles(step));
    }
}

/// A generated item with one condition more, whose threshold the generator never draws: its own are
/// round, or below the first of these.
fn never_seen(base: &Base, number: u64) -> ItemRules {
    let threshold = 20_001 + 10 * number as i64;
    let more = Condition::AtLeast(number as usize % NUMBERS, threshold);
    let condition = base.world.condition(2_000_000 + number as usize);
    let both = Condition::All(vec![condition, more]);
    item(&base.dictionary, both.feel())
}
