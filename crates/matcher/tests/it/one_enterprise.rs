//! P1 and P4: an enterprise against all items, and what changed facts change.

use std::collections::BTreeMap;

use proptest::prelude::*;
use zhida_matcher::{Answer, Desk, Finding, Flip, Index, Instructions, Store, TableBuilder};
use zhida_rules::{Facts, Truth};

use crate::{
    random,
    tools::{Case, noise},
};

fn expected(case: &Case, facts: &Facts) -> Vec<Finding> {
    (0..case.items.len())
        .map(|item| case.truth(item, facts))
        .collect()
}

fn sorted(answer: &Answer) -> Answer {
    let mut answer = answer.clone();
    answer.met.sort_unstable();
    answer.unknown.sort_unstable();
    answer.near.sort_unstable();
    answer
}

fn answer_of(findings: &[Finding]) -> Answer {
    let mut answer = Answer::default();
    for (item, finding) in (0..).zip(findings) {
        match finding.verdict {
            Truth::True => answer.met.push(item),
            Truth::Unknown => answer.unknown.push(item),
            Truth::False => {}
        }
        if finding.is_near_miss() {
            answer.near.push((item, finding.verdict));
        }
    }
    answer
}

fn lists_agree(case: &Case) {
    let program = case.program();
    let index = Index::build(&program);
    let (mut desk, mut answer) = (Desk::default(), Answer::default());
    for facts in &case.enterprises {
        let codes = program.encode(facts);
        let expected = answer_of(&expected(case, facts));
        for instructions in Instructions::available() {
            desk.instructions = instructions;
            index.answer(&codes, true, &mut desk, &mut answer);
            assert_eq!(sorted(&answer), expected, "{:?}", case.texts);
            index.answer(&codes, false, &mut desk, &mut answer);
            let plain = sorted(&answer);
            assert_eq!(plain.met, expected.met);
            assert_eq!(plain.unknown, expected.unknown);
            assert!(plain.near.is_empty());
        }
    }
}

fn flips_agree(case: &Case, bytes: &[u8]) {
    let program = case.program();
    let index = Index::build(&program);
    let mut desk = Desk::default();
    let mut builder = TableBuilder::new(&case.dictionary);
    for (id, facts) in (0..).zip(&case.enterprises) {
        builder.push(id, facts).unwrap();
    }
    let mut store = Store::encode(&program, builder.finish().unwrap());
    for (row, facts) in case.enterprises.iter().enumerate() {
        let changed = random::change(&bytes[row..], &case.dictionary, facts);
        let (before, after) = (expected(case, facts), expected(case, &changed));
        let codes = program.encode(&changed);
        let old = store.codes(row as u64).unwrap();
        let flips: BTreeMap<u32, Flip> = index
            .flips(&old, &codes, &mut desk)
            .into_iter()
            .map(|flip| (flip.item, flip))
            .collect();
        for (item, (from, to)) in (0..).zip(before.iter().zip(&after)) {
            let flip = flips.get(&item).map(|flip| (flip.from, flip.to));
            let expected = (from != to).then_some((*from, *to));
            assert_eq!(flip, expected, "{}", case.texts[item as usize]);
        }
        // The store follows, and answers for the new facts.
        assert_eq!(store.put(row as u64, &changed), Ok(codes.clone()));
        assert_eq!(store.codes(row as u64), Some(codes));
    }
    // Enterprises come and go; who reads the store as it was does not notice.
    let (before, gone) = (store.clone(), case.enterprises.len() as u64 / 2);
    assert!(!store.remove(9_999));
    assert!(store.remove(gone) && !store.remove(gone));
    let nothing = Facts::new();
    store.put(9_999, &nothing).unwrap();
    assert_eq!(before.len(), case.enterprises.len());
    assert!(before.codes(9_999).is_none() && before.codes(gone).is_some());
    let mut changed: Vec<Facts> = case
        .enterprises
        .iter()
        .enumerate()
        .map(|(row, facts)| random::change(&bytes[row..], &case.dictionary, facts))
        .collect();
    changed[gone as usize] = nothing;
    assert_eq!(store.len(), changed.len());
    assert_eq!(store.table().ids().count(), changed.len());
    let counts = store.all_items(Default::default(), None, None).unwrap();
    for (item, counts) in counts.iter().enumerate() {
        let met = |facts: &&Facts| case.truth(item, facts).verdict == Truth::True;
        assert_eq!(counts.met, changed.iter().filter(met).count() as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn an_enterprise_against_items(seed in any::<u64>(), items in 1_usize..40) {
        lists_agree(&Case::draw(&noise(seed, 12_000), items, 12));
    }

    #[test]
    fn changed_facts(seed in any::<u64>(), items in 1_usize..25) {
        let bytes = noise(seed, 12_000);
        flips_agree(&Case::draw(&bytes, items, 20), &bytes);
    }

    #[test]
    fn changed_facts_of_items_of_few_places(seed in any::<u64>(), items in 1_usize..9) {
        let bytes = noise(seed, 12_000);
        let case = Case::draw(&bytes, items, 20);
        flips_agree(&case.of_places(&["330106", "330282"]), &bytes);
    }
}

/// A fact that passes a threshold flips what it should, and one enterprise is answered like the other.
#[test]
fn below_at_and_above_every_threshold() {
    for seed in 0..5 {
        let (case, _) = Case::draw(&noise(seed, 12_000), 8, 12).at_thresholds();
        lists_agree(&case);
        let program = case.program();
        let index = Index::build(&program);
        let mut desk = Desk::default();
        let mut seen = 0;
        for pair in case.enterprises.windows(2) {
            let [before, after] = [&pair[0], &pair[1]].map(|facts| expected(&case, facts));
            let [old, new] = [&pair[0], &pair[1]].map(|facts| program.encode(facts));
            let flips = index.flips(&old, &new, &mut desk);
            let flips = flips
                .into_iter()
                .map(|flip| (flip.item, (flip.from, flip.to)));
            let pairs = (0..).zip(before.into_iter().zip(after));
            let wanted = pairs.filter(|(_, (from, to))| from != to);
            let wanted: BTreeMap<u32, (Finding, Finding)> = wanted.collect();
            seen += wanted.len();
            assert_eq!(
                flips.collect::<BTreeMap<_, _>>(),
                wanted,
                "{:?}",
                case.texts
            );
        }
        assert!(seen > 0);
    }
}

/// Enough items that rare dimensions have no rows and several blocks exist.
#[test]
fn thousands_of_items() {
    for seed in [3, 4] {
        let bytes = noise(seed, 300_000);
        let case = Case::draw(&bytes, 2_500, 8);
        lists_agree(&case);
        flips_agree(&case, &bytes);
    }
}
