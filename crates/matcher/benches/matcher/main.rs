//! `cargo bench -p zhida-matcher`: the four questions at province scale.
//!
//! The machine is likely shared and throttled: each block waits until a calibration loop on two
//! threads runs at full speed, and says so when it never did. Sizes come from
//! `ZHIDA_BENCH_ITEMS` and `ZHIDA_BENCH_ENTERPRISES`, `ZHIDA_BENCH_ONLY=P1,P3` leaves out others.

mod workload;

use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use workload::{Attributes, ON, Random, World, item};
use zhida_matcher::{
    Answer, Codes, Desk, Engine, Index, Instructions, Options, Program, Store, TableBuilder, Want,
};
use zhida_rules::{Env, Facts, ItemRules, Number, Value};

/// Nanoseconds of one calibration step at full speed, measured on the machine of the study.
const FULL_SPEED: f64 = 1.95;

fn size(name: &str, default: usize) -> usize {
    match std::env::var(name) {
        Ok(text) => text.parse().expect("the size is a number"),
        Err(_) => default,
    }
}

fn wanted(question: &str) -> bool {
    let only = std::env::var("ZHIDA_BENCH_ONLY").unwrap_or_default();
    only.is_empty() || only.split(',').any(|name| name == question)
}

/// Nanoseconds a step of a dependent xorshift chain, on two threads for 60 ms.
fn calibration() -> f64 {
    let one = || {
        let start = Instant::now();
        let (mut x, mut steps) = (88_172_645_463_325_252_u64, 0_u64);
        while start.elapsed() < Duration::from_millis(60) {
            for _ in 0..10_000 {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
            }
            steps += 10_000;
        }
        black_box(x);
        start.elapsed().as_nanos() as f64 / steps as f64
    };
    thread::scope(|scope| {
        let other = scope.spawn(one);
        let mine = one();
        mine.max(other.join().expect("the loop does not panic"))
    })
}

/// Waits for full speed, a quarter of a minute at most.
fn gate(what: &str) {
    let start = Instant::now();
    loop {
        let speed = calibration();
        let late = start.elapsed() > Duration::from_secs(15);
        if speed < FULL_SPEED || late {
            let note = if speed < FULL_SPEED { "" } else { "  UNGATED" };
            println!("-- {what} (calibration {speed:.2} ns{note})");
            return;
        }
        thread::sleep(Duration::from_millis(500));
    }
}

fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    line.unwrap_or("VmRSS unknown").to_owned()
}

fn compiled(dictionary: &zhida_rules::Dictionary, world: &World, count: usize) -> Vec<ItemRules> {
    thread::scope(|scope| {
        let half = count / 2;
        let part = |range: std::ops::Range<usize>| {
            range
                .map(|number| item(dictionary, world.rule(number)))
                .collect::<Vec<_>>()
        };
        let second = scope.spawn(move || part(half..count));
        let mut items = part(0..half);
        items.extend(second.join().expect("rules compile"));
        items
    })
}

fn filled(program: &Arc<Program>, world: &World, attributes: &Attributes, count: u64) -> Store {
    let part = |range: std::ops::Range<u64>| {
        let mut builder = TableBuilder::new(program.dictionary());
        for id in range {
            let facts = world.enterprise(attributes, id);
            builder
                .push(id, &facts)
                .expect("the facts are of the dictionary");
        }
        builder
    };
    let start = Instant::now();
    let builder = thread::scope(|scope| {
        let second = scope.spawn(|| part(count / 2..count));
        let mut first = part(0..count / 2);
        first.join(second.join().expect("facts are collected"));
        first
    });
    println!(
        "   generate and collect {:.2?} (two threads)",
        start.elapsed()
    );
    let start = Instant::now();
    let table = builder.finish().expect("the ids are distinct");
    println!(
        "   sort and cut {:.2?}, {} MB of facts",
        start.elapsed(),
        table.bytes() >> 20
    );
    gate("encode");
    let start = Instant::now();
    let store = Store::encode(program, table);
    println!("   encode {:.2?}", start.elapsed());
    store
}

fn percentiles(mut times: Vec<u64>) -> String {
    times.sort_unstable();
    let at = |per_cent: usize| times[(times.len() - 1) * per_cent / 100] as f64 / 1_000.0;
    let mean = times.iter().sum::<u64>() as f64 / times.len() as f64 / 1_000.0;
    format!(
        "median {:.1} µs, mean {mean:.1} µs, p99 {:.1} µs",
        at(50),
        at(99)
    )
}

/// Time of each call, in nanoseconds.
fn timed<T>(inputs: &[T], mut call: impl FnMut(&T)) -> Vec<u64> {
    let mut times = Vec::with_capacity(inputs.len());
    for input in inputs {
        let start = Instant::now();
        call(input);
        times.push(start.elapsed().as_nanos() as u64);
    }
    times
}

fn one_enterprise(index: &Index, rows: &[Codes], facts: &[Facts]) {
    gate("P1: one enterprise, all items");
    let (mut desk, mut answer) = (Desk::default(), Answer::default());
    let (mut met, mut unknown, mut near) = (0, 0, 0);
    for codes in rows {
        index.answer(codes, true, &mut desk, &mut answer);
        met += answer.met.len();
        unknown += answer.unknown.len();
        near += answer.near.len();
    }
    let n = rows.len();
    println!(
        "   {} met, {} unknown, {} near misses on average",
        met / n,
        unknown / n,
        near / n
    );
    let times = timed(rows, |codes| {
        index.answer(codes, false, &mut desk, &mut answer)
    });
    println!("   lists of met and unknown: {}", percentiles(times));
    let times = timed(rows, |codes| {
        index.answer(codes, true, &mut desk, &mut answer)
    });
    println!("   with near misses: {}", percentiles(times));
    let program = index.program();
    let mut reasons = Vec::new();
    let times = timed(rows, |codes| {
        index.answer(codes, false, &mut desk, &mut answer);
        reasons.clear();
        for item in answer.met.iter().chain(&answer.unknown) {
            program.reasons(*item, codes, &mut reasons);
        }
    });
    println!("   with the reasons of all of them: {}", percentiles(times));
    let times = timed(facts, |facts| {
        black_box(program.encode(facts));
    });
    println!("   encoding hypothetical facts: {}", percentiles(times));
}

fn changed_facts(index: &Index, attributes: &Attributes, rows: &[Codes], facts: &[Facts]) {
    gate("P4: one changed fact, flips");
    let program = index.program();
    let random = &mut Random::new(77);
    let pairs: Vec<(Codes, Codes)> = rows
        .iter()
        .zip(facts)
        .map(|(codes, facts)| {
            let mut facts = facts.clone();
            let number = attributes.numbers[random.below(attributes.numbers.len())];
            let value = match facts
                .get(number, None)
                .and_then(|fact| fact.value.as_number())
            {
                Some(old) => {
                    old.clone()
                        * Number::ratio(70 + random.below(60) as i64, 100).expect("100 is not 0")
                }
                None => Number::integer(10_i64.pow(2 + random.below(5) as u32)),
            };
            facts.assume(number, None, Value::Number(value.round(0)));
            (codes.clone(), program.encode(&facts))
        })
        .collect();
    let mut desk = Desk::default();
    let mut flips = 0;
    let times = timed(&pairs, |(before, after)| {
        flips += index.flips(before, after, &mut desk).len();
    });
    println!(
        "   {}, {:.1} flips a change",
        percentiles(times),
        flips as f64 / pairs.len() as f64
    );
}

fn one_item(store: &Store) {
    gate("P2: one item, all enterprises");
    let random = &mut Random::new(5);
    let items: Vec<u32> = (0..400)
        .map(|_| random.below(store.program().len()) as u32)
        .collect();
    let want = Want {
        met: true,
        ..Want::default()
    };
    let times = timed(&items, |item| {
        black_box(store.one_item(*item, want).expect("the item exists"));
    });
    println!("   counts and met ids: {}", percentiles(times));
    let times = timed(&items, |item| {
        black_box(
            store
                .one_item(*item, Want::EVERYTHING)
                .expect("the item exists"),
        );
    });
    println!("   counts and all ids: {}", percentiles(times));
}

fn all_items(store: &Store) {
    let pairs = store.len() as f64 * store.program().len() as f64;
    for (what, near, lists) in [
        ("counts", false, false),
        ("counts and near misses", true, false),
        ("counts, near misses and a visit of every list", true, true),
    ] {
        gate(&format!("P3: all items, all enterprises: {what}"));
        let visited = AtomicU64::new(0);
        let visit = |block: &zhida_matcher::Block<'_>| {
            visited.fetch_add(block.met().count() as u64, Ordering::Relaxed);
        };
        for threads in [2, 1] {
            let options = Options {
                near,
                threads: Some(threads),
                ..Options::default()
            };
            let start = Instant::now();
            let counts = store
                .all_items(options, None, lists.then_some(&visit))
                .expect("the memory suffices");
            let time = start.elapsed();
            let sum = |of: fn(&zhida_matcher::Counts) -> u64| counts.iter().map(of).sum::<u64>();
            println!(
                "   {threads} threads: {time:.3?}, {:.0} G pairs/s; met {}, unknown {}, near {}",
                pairs / time.as_secs_f64() / 1e9,
                sum(|c| c.met),
                sum(|c| c.unknown),
                sum(|c| c.near_unmet + c.near_unknown),
            );
        }
    }
}

/// Lists in memory, and each set of instructions.
fn lists_and_instructions(store: &Store) {
    gate("P3: compressed lists");
    let options = Options {
        memory: 1 << 30,
        ..Options::default()
    };
    let start = Instant::now();
    let lists = store
        .match_lists(options, None)
        .expect("the memory suffices");
    let matches: u64 = lists.counts().iter().map(|counts| counts.met).sum();
    println!(
        "   {:.3?}: {matches} matches in {} MB",
        start.elapsed(),
        lists.bytes() >> 20
    );
    drop(lists);
    for instructions in Instructions::available() {
        gate(&format!("P3: counts with {instructions:?} instructions"));
        for near in [false, true] {
            let options = Options {
                near,
                instructions,
                ..Options::default()
            };
            let start = Instant::now();
            store
                .all_items(options, None, None)
                .expect("the memory suffices");
            println!("   near misses {near}: {:.3?}", start.elapsed());
        }
    }
}

/// A new item, from its text to its answers, while everything else is there.
fn new_item(store: &Store, world: &World) {
    let dictionary = store.table().dictionary();
    let on = ON.parse().expect("a date");
    let base = (0..20).map(|n| (n, Arc::new(item(dictionary, world.rule(n as usize)))));
    let engine = Engine::new(store.table().clone(), on, base.collect());
    gate("a new item, from text to all enterprises");
    let numbers: Vec<u64> = (1_000_000..1_000_010).collect();
    let times = timed(&numbers, |number| {
        let rules = Arc::new(item(dictionary, world.rule(*number as usize)));
        engine.change_items(vec![(*number, Some(rules))]);
        let found = engine.view().item(*number, Want::EVERYTHING);
        black_box(found.expect("the item is there"));
    });
    println!("   {}", percentiles(times));
}

/// Slow, and right by definition: a sample of pairs that the engine must not differ from.
fn check(index: &Index, items: &[ItemRules], facts: &[Facts], rows: &[Codes]) {
    let program = index.program();
    let dictionary = &**program.dictionary();
    let (mut pairs, mut wrong) = (0_u64, 0_u64);
    for (facts, codes) in facts.iter().zip(rows).take(20) {
        let env = Env {
            dictionary,
            facts,
            on: program.on(),
        };
        for (number, item) in (0..).zip(items) {
            pairs += 1;
            wrong += u64::from(program.finding(number, codes) != item.evaluate(&env).into());
        }
    }
    println!("   {pairs} pairs against the interpreter, {wrong} differ");
    assert_eq!(wrong, 0);
}

fn main() {
    let (count, enterprises) = (
        size("ZHIDA_BENCH_ITEMS", 46_000),
        size("ZHIDA_BENCH_ENTERPRISES", 1_400_000) as u64,
    );
    println!("{count} items, {enterprises} enterprises");
    let world = World::new();
    let dictionary = Arc::new(World::dictionary());
    let attributes = Attributes::of(&dictionary);

    gate("build");
    let start = Instant::now();
    let items = compiled(&dictionary, &world, count);
    println!("   rules from text {:.2?} (two threads)", start.elapsed());
    let start = Instant::now();
    let program = Program::compile(&dictionary, ON.parse().expect("a date"), &items);
    let program = Arc::new(program);
    println!("   program {:.2?}: {:?}", start.elapsed(), program.report());
    let start = Instant::now();
    let index = Index::build(&program);
    println!(
        "   index {:.2?}, {} MB of rows",
        start.elapsed(),
        index.bytes() >> 20
    );
    let random = &mut Random::new(3);
    let facts: Vec<Facts> = (0..2_000)
        .map(|_| world.enterprise(&attributes, random.below(enterprises as usize) as u64))
        .collect();
    let rows: Vec<Codes> = facts.iter().map(|facts| program.encode(facts)).collect();
    check(&index, &items, &facts, &rows);
    drop(items);
    if wanted("P1") {
        one_enterprise(&index, &rows, &facts);
    }
    if wanted("P4") {
        changed_facts(&index, &attributes, &rows, &facts);
    }
    drop(index);

    gate("store");
    let store = filled(&program, &world, &attributes, enterprises);
    println!("   {} MB of codes, {}", store.bytes() >> 20, resident());
    if wanted("P2") {
        one_item(&store);
    }
    if wanted("P3") {
        all_items(&store);
        lists_and_instructions(&store);
    }
    if wanted("new") {
        new_item(&store, &world);
    }
    println!("{}", resident());
}
