//! P1 and P4: one enterprise.

use std::{hint::black_box, thread};

use zhida_matcher::{Answer, Codes, Desk, Index};
use zhida_rules::{Facts, Number, Value};

use crate::{
    measure::{calm, cores, once, percentiles, timed},
    workload::{Attributes, Random},
};

/// Rounds over the sample that each thread makes when enterprises a second are counted.
const ROUNDS: usize = 20;

/// One enterprise → all items.
pub fn all_items(index: &Index, rows: &[Codes], facts: &[Facts]) {
    calm("P1: one enterprise, all items");
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

/// Enterprises a second on all cores, from their codes and from their facts.
pub fn throughput(index: &Index, rows: &[Codes], facts: &[Facts]) {
    calm("P1: enterprises a second, all cores");
    let threads = cores();
    let count = (threads * ROUNDS * rows.len()) as f64;
    let (_, time) = once(|| {
        on_all_cores(|thread| {
            let (mut desk, mut answer) = (Desk::default(), Answer::default());
            for at in turns(thread, rows.len()) {
                index.answer(&rows[at], false, &mut desk, &mut answer);
                black_box(&answer);
            }
        })
    });
    println!(
        "   {threads} threads, lists of met and unknown: {:.0} a second",
        count / time.as_secs_f64()
    );
    let (_, time) = once(|| {
        on_all_cores(|thread| {
            let (mut desk, mut answer) = (Desk::default(), Answer::default());
            for at in turns(thread, facts.len()) {
                let codes = index.program().encode(&facts[at]);
                index.answer(&codes, false, &mut desk, &mut answer);
                black_box(&answer);
            }
        })
    });
    println!(
        "   {threads} threads, the facts encoded too: {:.0} a second",
        count / time.as_secs_f64()
    );
}

/// Does something on all cores; `work` is told which of them it is on.
fn on_all_cores(work: impl Fn(usize) + Sync) {
    thread::scope(|scope| {
        let work = &work;
        for thread in 0..cores() {
            scope.spawn(move || work(thread));
        }
    });
}

/// The whole sample several times over, each thread from a place of its own.
fn turns(thread: usize, length: usize) -> impl Iterator<Item = usize> {
    let first = thread * length / cores();
    (first..first + ROUNDS * length).map(move |at| at % length)
}

/// What flips when one number of an enterprise changes.
pub fn changed_facts(index: &Index, attributes: &Attributes, rows: &[Codes], facts: &[Facts]) {
    calm("P4: one changed fact, flips");
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
