//! Items and enterprises from the generator.

use std::{ops::Range, sync::Arc, thread};

use zhida_matcher::{Codes, Index, Program, Table, TableBuilder};
use zhida_rules::{Dictionary, Env, Facts, ItemRules};

use crate::{
    measure::once,
    workload::{Attributes, ON, Random, World, item},
};

/// Everything but the enterprises.
pub struct Base {
    pub world: World,
    pub dictionary: Arc<Dictionary>,
    pub attributes: Attributes,
}

impl Base {
    pub fn new() -> Self {
        let dictionary = Arc::new(World::dictionary());
        Self {
            world: World::new(),
            attributes: Attributes::of(&dictionary),
            dictionary,
        }
    }

    /// So many items from their texts, on two threads.
    pub fn items(&self, count: usize) -> Vec<ItemRules> {
        let part = |range: Range<usize>| {
            let rules = range.map(|number| item(&self.dictionary, self.world.rule(number)));
            rules.collect::<Vec<_>>()
        };
        thread::scope(|scope| {
            let second = scope.spawn(|| part(count / 2..count));
            let mut items = part(0..count / 2);
            items.extend(second.join().expect("rules compile"));
            items
        })
    }

    pub fn program<'i>(&self, items: impl IntoIterator<Item = &'i ItemRules>) -> Arc<Program> {
        let on = ON.parse().expect("a date");
        Arc::new(Program::compile(&self.dictionary, on, items))
    }

    /// Some of so many enterprises.
    pub fn sample(&self, size: usize, enterprises: u64) -> Vec<Facts> {
        let random = &mut Random::new(3);
        let numbers = (0..size).map(|_| random.below(enterprises as usize) as u64);
        numbers
            .map(|number| self.world.enterprise(&self.attributes, number))
            .collect()
    }

    /// The enterprises of these numbers, generated on two threads.
    pub fn table(&self, numbers: Range<u64>) -> Table {
        let part = |range: Range<u64>| {
            let mut builder = TableBuilder::new(&self.dictionary);
            for id in range {
                let facts = self.world.enterprise(&self.attributes, id);
                builder
                    .push(id, &facts)
                    .expect("the facts are of the dictionary");
            }
            builder
        };
        let middle = numbers.start.midpoint(numbers.end);
        let (builder, generating) = once(|| {
            thread::scope(|scope| {
                let second = scope.spawn(|| part(middle..numbers.end));
                let mut first = part(numbers.start..middle);
                first.join(second.join().expect("facts are collected"));
                first
            })
        });
        let (table, sorting) = once(|| builder.finish().expect("the ids are distinct"));
        println!(
            "   generate and collect {generating:.2?} (two threads), sort and cut {sorting:.2?}, \
             {} MB of facts",
            table.bytes() >> 20
        );
        table
    }
}

/// Slow, and right by definition: a sample of pairs that the engine must not differ from.
pub fn check(index: &Index, items: &[ItemRules], facts: &[Facts], rows: &[Codes]) {
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
