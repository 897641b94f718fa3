//! Codes that follow from another program's are those that the facts give, and items that nobody
//! compiled yet are answered as after.

use std::sync::Arc;

use proptest::prelude::*;
use zhida_matcher::{
    Counts, Desk, Engine, Instructions, ItemMatches, Program, Store, TableBuilder, Want,
};
use zhida_rules::Truth;

use crate::{
    random,
    tools::{Case, noise},
};

/// The counts and the lists of an item, sorted.
fn said(found: &ItemMatches<'_>) -> (Counts, [Vec<u64>; 2], Vec<(u64, Truth)>) {
    let mut lists: [Vec<u64>; 2] = [found.met().collect(), found.unknown().collect()];
    lists.iter_mut().for_each(|list| list.sort_unstable());
    let mut near: Vec<(u64, Truth)> = found.near().collect();
    near.sort_unstable();
    (found.counts, lists, near)
}

fn agree(seed: u64, split: usize) {
    let bytes = noise(seed, 12_000);
    let case = Case::draw(&bytes, 24, 60);
    let mut builder = TableBuilder::new(&case.dictionary);
    for (id, facts) in (0..).zip(&case.enterprises) {
        builder.push(id, facts).unwrap();
    }
    let mut table = builder.finish().unwrap();
    let (older, newer) = case.items.split_at(split.min(case.items.len()));
    let base = Arc::new(Program::compile(&case.dictionary, case.on, older));
    let base = Store::encode(&base, table.clone());
    let program = Arc::new(Program::compile(&case.dictionary, case.on, newer));
    let same = |table: &zhida_matcher::Table| {
        let alone = Store::encode(&program, table.clone());
        let beside = Store::encode_beside(&program, table.clone(), Some(&base));
        for id in table.ids() {
            assert_eq!(alone.codes(id), beside.codes(id), "enterprise {id}");
        }
        // lists that were filled before are filled again
        let mut found = ItemMatches::default();
        for item in 0..program.len() as u32 {
            let best = Instructions::best();
            let again = beside.one_item_into(item, Want::EVERYTHING, best, &mut found);
            again.unwrap();
            let alone = alone.one_item(item, Want::EVERYTHING).unwrap();
            assert_eq!(said(&found), said(&alone));
        }
    };
    same(&table);
    let changed = random::change(&bytes[50..], &case.dictionary, &case.enterprises[0]);
    table.put(0, &changed).unwrap();
    same(&table);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn codes_beside_a_base_are_the_codes_alone(seed in any::<u64>(), split in 1_usize..24) {
        agree(seed, split);
    }

    #[test]
    fn an_engine_answers_the_same_before_it_is_warm(seed in any::<u64>()) {
        let bytes = noise(seed, 12_000);
        let case = Case::draw(&bytes, 30, 12);
        let mut builder = TableBuilder::new(&case.dictionary);
        for (id, facts) in (0..).zip(&case.enterprises) {
            builder.push(id, facts).unwrap();
        }
        // so many that they are not compiled for one question
        let rules = case.items.iter().cycle().take(90).cloned().map(Arc::new);
        let engine = Engine::new(builder.finish().unwrap(), case.on, (0..).zip(rules).collect());
        let view = engine.view();
        let ask = || {
            let mut desk = Desk::default();
            let one = case.enterprises.iter().map(|facts| {
                let mut found = view.enterprise(facts, true, &mut desk);
                for list in [&mut found.met, &mut found.unknown] {
                    list.sort_unstable();
                }
                found.near.sort_unstable();
                found
            });
            let one: Vec<_> = one.collect();
            let all = (0..90).map(|key| said(&view.item(key, Want::EVERYTHING).unwrap()));
            (one, all.collect::<Vec<_>>())
        };
        let cold = ask();
        view.warm();
        prop_assert_eq!(cold, ask());
    }
}
