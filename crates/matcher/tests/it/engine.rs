//! The engine stays equal to the interpreter whatever changes, and a view stays as it was.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use chrono::NaiveDate;
use proptest::prelude::*;
use zhida_matcher::{Desk, Engine, Finding, Options, Standing, TableBuilder, View, Want};
use zhida_rules::{Env, Facts, ItemRules, Truth};

use crate::{
    random,
    tools::{Case, noise},
};

/// What the engine should know.
#[derive(Clone, Default)]
struct World {
    items: BTreeMap<u64, Arc<ItemRules>>,
    enterprises: BTreeMap<u64, Facts>,
}

impl World {
    fn truth(&self, case: &Case, item: u64, facts: &Facts) -> Finding {
        let env = Env {
            dictionary: &case.dictionary,
            facts,
            on: case.on,
        };
        self.items[&item].evaluate(&env).into()
    }

    fn findings(&self, case: &Case) -> HashMap<(u64, u64), Finding> {
        let pairs = self.items.keys().flat_map(|item| {
            let enterprises = self.enterprises.iter();
            enterprises.map(|(id, facts)| ((*id, *item), self.truth(case, *item, facts)))
        });
        pairs.collect()
    }

    fn agree(&self, case: &Case, view: &View) {
        assert_eq!(view.items(), self.items.len());
        assert_eq!(view.table().len(), self.enterprises.len());
        let mut desk = Desk::default();
        let findings = self.findings(case);
        let mut counts: BTreeMap<u64, [u64; 4]> = BTreeMap::new();
        for (id, facts) in &self.enterprises {
            let found = view.enterprise(facts, true, &mut desk);
            for item in self.items.keys() {
                let finding = findings[&(*id, *item)];
                let (met, unknown) = (found.met.contains(item), found.unknown.contains(item));
                assert_eq!(met, finding.verdict == Truth::True);
                assert_eq!(unknown, finding.verdict == Truth::Unknown);
                let near = found.near.contains(&(*item, finding.verdict));
                assert_eq!(near, finding.is_near_miss());
                let counts = counts.entry(*item).or_default();
                counts[0] += u64::from(met);
                counts[1] += u64::from(unknown);
                counts[2] += u64::from(near && finding.verdict == Truth::False);
                counts[3] += u64::from(near && finding.verdict == Truth::Unknown);
            }
            assert_eq!(
                found
                    .met
                    .iter()
                    .filter(|k| !self.items.contains_key(k))
                    .count(),
                0
            );
        }
        let all = view.all(Options::default(), None, None).unwrap();
        assert_eq!(all.len(), self.items.len());
        for (item, found) in all {
            let expected = counts.get(&item).copied().unwrap_or_default();
            let found = [
                found.met,
                found.unknown,
                found.near_unmet,
                found.near_unknown,
            ];
            assert_eq!(found, expected);
            let one = view.item(item, Want::default()).unwrap().counts;
            assert_eq!([one.met, one.unknown], expected[..2]);
            let rule = view.rule(&self.items[&item], Want::default()).counts;
            assert_eq!(rule, one);
        }
    }
}

fn standing(finding: Finding) -> Standing {
    Standing {
        verdict: finding.verdict,
        near: finding.is_near_miss(),
    }
}

/// One change to both, and what it should flip.
fn step(case: &Case, engine: &Engine, world: &mut World, byte: [u8; 3], bytes: &[u8]) {
    let [kind, which, what] = byte.map(usize::from);
    let before = world.findings(case);
    let earlier = engine.view();
    if kind % 2 == 0 {
        let key = (which % 12) as u64;
        let rules = match kind % 8 {
            0 => None,
            _ => Some(Arc::new(case.items[what % case.items.len()].clone())),
        };
        match rules.clone() {
            Some(rules) => world.items.insert(key, rules),
            None => world.items.remove(&key),
        };
        let passing = Some(Arc::new(case.items[which % case.items.len()].clone()));
        engine.change_items(vec![(key, passing), (key, rules)]);
        let after = world.findings(case);
        let flips = engine.view().item_flips(&earlier, key).unwrap();
        let expected = world.enterprises.keys().filter_map(|id| {
            let of = |side: &HashMap<_, Finding>| side.get(&(*id, key)).copied().map(standing);
            let (from, to) = (of(&before), of(&after));
            (from != to).then_some((*id, from, to))
        });
        // Without an item before or after there is nobody to name but those it matters to.
        let nothing = Standing {
            verdict: Truth::False,
            near: false,
        };
        let matters = |(_, from, to): &(u64, Option<Standing>, Option<Standing>)| {
            [from, to]
                .iter()
                .any(|side| side.is_some_and(|s| s != nothing))
        };
        let expected: Vec<_> = expected.filter(matters).collect();
        let flips = flips
            .iter()
            .map(|flip| (flip.enterprise, flip.from, flip.to));
        assert_eq!(flips.collect::<Vec<_>>(), expected);
    } else {
        let id = (which % 30) as u64;
        let facts = match kind % 16 {
            1 => None,
            3 => Some(case.enterprises[what % case.enterprises.len()].clone()),
            _ => {
                let old = world.enterprises.get(&id).cloned().unwrap_or_default();
                Some(random::change(&bytes[what..], &case.dictionary, &old))
            }
        };
        let old = world.enterprises.get(&id);
        // What came earlier in the same batch counts for nothing.
        let passing = Some(case.enterprises[which % case.enterprises.len()].clone());
        let batch = [(id, passing), (id, None), (id, facts.clone())];
        let flips = engine.change_facts(&batch).unwrap();
        let expected = world.items.keys().filter_map(|item| {
            let to = world.truth(case, *item, facts.as_ref()?);
            let Some(old) = old else {
                let matters = to.verdict != Truth::False || to.is_near_miss();
                return matters.then_some((*item, (id, None, to)));
            };
            let from = world.truth(case, *item, old);
            (from != to).then_some((*item, (id, Some(from), to)))
        });
        let flips = flips.iter();
        let flips = flips.map(|f| (f.item, (f.enterprise, f.from, f.to)));
        assert_eq!(flips.collect::<BTreeMap<_, _>>(), expected.collect());
        match facts {
            Some(facts) => world.enterprises.insert(id, facts),
            None => world.enterprises.remove(&id),
        };
    }
}

fn changes(seed: u64, steps: usize) {
    let bytes = noise(seed, 12_000);
    let case = Case::draw(&bytes, 20, 25);
    let mut world = World::default();
    let mut builder = TableBuilder::new(&case.dictionary);
    for (id, facts) in (0..).zip(&case.enterprises) {
        builder.push(id, facts).unwrap();
        world.enterprises.insert(id, facts.clone());
    }
    for (key, rules) in (0..).zip(case.items.iter().take(8)) {
        world.items.insert(key, Arc::new(rules.clone()));
    }
    let keyed = |world: &World| world.items.clone().into_iter().collect();
    let engine = Engine::new(builder.finish().unwrap(), case.on, keyed(&world));
    let (first, first_world) = (engine.view(), world.clone());
    world.agree(&case, &first);
    for at in 0..steps {
        let byte = [0, 1, 2].map(|n| bytes[100 + at * 3 + n]);
        step(&case, &engine, &mut world, byte, &bytes);
        if at % 5 == 0 {
            world.agree(&case, &engine.view());
        }
    }
    world.agree(&case, &engine.view());
    engine.rebuild(case.on, keyed(&world), None);
    world.agree(&case, &engine.view());
    first_world.agree(&case, &first);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn whatever_changes(seed in any::<u64>(), steps in 1_usize..60) {
        changes(seed, steps);
    }
}

/// When a day passes, what flips is the difference of both days, of items that expire with it, too.
#[test]
fn a_day_that_passes() {
    let (mut flipped, mut expired) = (0, 0);
    for seed in 0..6 {
        let case = Case::draw(&noise(seed, 12_000), 16, 25);
        let mut builder = TableBuilder::new(&case.dictionary);
        for (id, facts) in (0..).zip(&case.enterprises) {
            builder.push(id, facts).unwrap();
        }
        let open = |keys: std::ops::Range<u64>| {
            let items = case.items.iter().cloned().map(Arc::new);
            let keyed = (0..).zip(items).filter(|(key, _)| keys.contains(key));
            keyed.collect::<Vec<_>>()
        };
        // last year's numbers are another year's
        let next = "2027-01-01".parse().unwrap();
        let engine = Engine::new(builder.finish().unwrap(), case.on, open(0..12));
        let earlier = engine.view();
        engine.rebuild(next, open(4..16), None);
        let view = engine.view();
        assert_eq!((earlier.on(), view.on()), (case.on, next));
        let standing = |key: u64, facts: &Facts, on: NaiveDate| {
            let env = Env {
                dictionary: &case.dictionary,
                facts,
                on,
            };
            standing(case.items[key as usize].evaluate(&env).into())
        };
        let nothing = Standing {
            verdict: Truth::False,
            near: false,
        };
        for key in 0..16 {
            let expected = (0..).zip(&case.enterprises).filter_map(|(id, facts)| {
                let from = (key < 12).then(|| standing(key, facts, case.on));
                let to = (key >= 4).then(|| standing(key, facts, next));
                let known = from.unwrap_or(nothing) != nothing || to.unwrap_or(nothing) != nothing;
                (from != to && known).then_some((id, from, to))
            });
            let expected: Vec<_> = expected.collect();
            let flips = view.item_flips(&earlier, key).unwrap();
            let flips = flips
                .iter()
                .map(|flip| (flip.enterprise, flip.from, flip.to));
            assert_eq!(flips.collect::<Vec<_>>(), expected, "item {key}");
            match key {
                0..4 => expired += expected.len(),
                4..12 => flipped += expected.len(),
                _ => {}
            }
        }
    }
    assert!(flipped > 20 && expired > 20, "{flipped} {expired}");
}

/// Whoever waits for a full run is told of every tile of every part.
#[test]
fn progress_comes_to_its_end() {
    let case = Case::draw(&noise(5, 12_000), 20, 25);
    let mut builder = TableBuilder::new(&case.dictionary);
    for (id, facts) in (0..9_000).zip(case.enterprises.iter().cycle()) {
        builder.push(id, facts).unwrap();
    }
    let items = case.items.iter().cloned().map(Arc::new);
    let engine = Engine::new(
        builder.finish().unwrap(),
        case.on,
        (0..).zip(items).collect(),
    );
    for key in [3, 100] {
        let rules = Arc::new(case.items[7].clone());
        engine.change_items(vec![(key, Some(rules))]);
    }
    for threads in [1, 2] {
        let told = Mutex::new(Vec::new());
        let note = |done, of| told.lock().unwrap().push((done, of));
        let options = Options {
            threads: Some(threads),
            ..Options::default()
        };
        engine.view().all(options, Some(&note), None).unwrap();
        let mut told = told.into_inner().unwrap();
        assert!(threads > 1 || told.is_sorted(), "{told:?}");
        told.sort_unstable();
        let (last, of) = told[told.len() - 1];
        assert!(told.len() > 6 && last == of && told.iter().all(|(_, all)| *all == of));
        assert!(told.windows(2).all(|pair| pair[0] < pair[1]), "{told:?}");
    }
}
