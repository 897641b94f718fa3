//! The shipped rules, changed at random: a short run of what `fuzz/` does for hours.

use std::sync::LazyLock;

use proptest::{prelude::*, test_runner::RngSeed};
use zhida_rules::{Dictionary, ItemRules, ItemRulesSource};

use crate::{exercise, hostile::PIECES};

#[derive(serde::Deserialize)]
struct File {
    items: Vec<Item>,
}

#[derive(serde::Deserialize)]
struct Item {
    id: String,
    #[serde(flatten)]
    rules: ItemRulesSource,
}

static SHIPPED: LazyLock<Vec<(String, ItemRulesSource)>> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/policies");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    paths.sort();
    paths
        .iter()
        .flat_map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            let file: File = serde_norway::from_str(&text).unwrap();
            file.items
        })
        .map(|item| (item.id, item.rules))
        .collect()
});

static COMPILED: LazyLock<Vec<(String, ItemRules)>> = LazyLock::new(|| {
    let compile = |source| ItemRules::compile(Dictionary::shipped(), source).unwrap();
    SHIPPED
        .iter()
        .map(|(id, source)| (id.clone(), compile(source)))
        .collect()
});

/// The shipped items, compiled.
pub fn shipped_items() -> &'static [(String, ItemRules)] {
    &COMPILED
}

/// The texts of the shipped rules.
fn texts() -> Vec<&'static str> {
    let benefits = SHIPPED.iter().flat_map(|(_, source)| &source.benefit);
    SHIPPED
        .iter()
        .flat_map(|(_, source)| source.conditions.iter().flat_map(|c| &c.rule))
        .chain(benefits.flat_map(|b| b.locals.values().chain(&b.formula).chain(&b.cap)))
        .map(String::as_str)
        .collect()
}

/// Bytes with a few of them flipped, lost, doubled or exchanged, as the seed says.
pub fn mutated(bytes: &[u8], seed: &[u8; 16]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for change in seed[1..].chunks(3) {
        let &[how, at, by] = change else { continue };
        let at = usize::from(at) * bytes.len() / 256;
        let end = (at + usize::from(by)).min(bytes.len());
        match (how % 5, bytes.get_mut(at)) {
            (0, Some(byte)) => *byte ^= 1 << (by % 8),
            (1, Some(byte)) => *byte = by,
            (2, _) => drop(bytes.drain(at..end)),
            (3, _) => drop(bytes.splice(at..at, [by])),
            _ => bytes.extend_from_within(at..end),
        }
    }
    bytes
}

/// Two shipped rules cut and joined, with pieces of the language strewn in.
fn mutant() -> impl Strategy<Value = String> {
    let text = || proptest::sample::select(texts());
    let piece = proptest::sample::select(&PIECES[..]);
    let changes = proptest::collection::vec((any::<u16>(), 0_usize..6, piece), 0..5);
    (text(), text(), any::<u16>(), any::<u16>(), changes).prop_map(|(a, b, x, y, changes)| {
        let place = |text: &str, at: u16| usize::from(at) % (text.chars().count() + 1);
        let mut text: String = a.chars().take(place(a, x)).collect();
        text.extend(b.chars().skip(place(b, y)));
        for (at, cut, piece) in changes {
            let at = place(&text, at);
            let head: String = text.chars().take(at).collect();
            let tail: String = text.chars().skip(at + cut).collect();
            text = format!("{head}{piece}{tail}");
        }
        text
    })
}

proptest! {
    // the same every time: chance is for `fuzz/`
    #![proptest_config(ProptestConfig {
        cases: 600, rng_seed: RngSeed::Fixed(3), ..ProptestConfig::default()
    })]

    #[test]
    fn changed_rules_are_understood_or_refused(text in mutant()) {
        exercise::rule(Dictionary::shipped(), &text);
    }
}

#[test]
fn the_shipped_rules_are_understood() {
    for text in texts() {
        // an amount may name the item's own quantities, a condition stands alone
        let _ = exercise::rule(Dictionary::shipped(), text);
    }
}
