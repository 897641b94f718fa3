//! The shipped dictionary and items: they compile, and give what their sources say.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde::Deserialize;
use zhida_rules::{AmountKind, Dictionary, Env, Facts, ItemRules, ItemRulesSource, Truth};

fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data")
}

#[derive(Deserialize)]
struct File {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    id: String,
    #[serde(flatten)]
    rules: ItemRulesSource,
}

fn items() -> BTreeMap<String, ItemRules> {
    let mut items = BTreeMap::new();
    for entry in fs::read_dir(data().join("policies")).unwrap() {
        let path = entry.unwrap().path();
        let is_yaml = path
            .extension()
            .is_some_and(|extension| extension == "yaml");
        if !is_yaml || path.ends_with("vectors.yaml") {
            continue;
        }
        let file: File = serde_norway::from_str(&fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for item in file.items {
            let rules =
                ItemRules::compile(Dictionary::shipped(), &item.rules).unwrap_or_else(|e| {
                    let lines: Vec<String> = e.iter().map(ToString::to_string).collect();
                    panic!("{} in {}:\n{}", item.id, path.display(), lines.join("\n"))
                });
            assert!(
                items.insert(item.id.clone(), rules).is_none(),
                "{} twice",
                item.id
            );
        }
    }
    items
}

#[test]
fn the_shipped_dictionary_is_sound() {
    assert!(Dictionary::shipped().attributes().len() >= 80);
}

#[test]
fn at_least_sixty_items_compile() {
    assert!(items().len() >= 60);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    item: String,
    on: chrono::NaiveDate,
    facts: serde_json::Value,
    expect: Expected,
    #[serde(default)]
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    #[serde(default, deserialize_with = "present")]
    verdict: Option<Option<bool>>,
    amount: Option<zhida_rules::Number>,
    range: Option<(zhida_rules::Number, zhida_rules::Number)>,
    assessed: Option<bool>,
}

/// Tells `verdict: null` from no verdict.
fn present<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Option<bool>>, D::Error> {
    Option::<bool>::deserialize(d).map(Some)
}

#[test]
fn items_give_what_their_sources_say() {
    let dictionary = Dictionary::shipped();
    let items = items();
    let text = fs::read_to_string(data().join("policies/vectors.yaml")).unwrap();
    let vectors: Vec<Vector> = serde_norway::from_str(&text).unwrap();
    assert!(vectors.len() >= 60, "only {} vectors", vectors.len());
    let mut wrong = Vec::new();
    for (position, vector) in vectors.iter().enumerate() {
        let mut say = |what: String| {
            wrong.push(format!(
                "#{position} {} ({}): {what}",
                vector.item, vector.why
            ));
        };
        let Some(item) = items.get(&vector.item) else {
            say("no such item".into());
            continue;
        };
        let facts = match Facts::from_json(dictionary, &vector.facts) {
            Ok(facts) => facts,
            Err(error) => {
                say(error.to_string());
                continue;
            }
        };
        let env = Env {
            dictionary,
            facts: &facts,
            on: vector.on,
        };
        if let Some(expected) = vector.expect.verdict {
            let explained = item.explain(&env);
            if explained.verdict != Truth::from(expected) {
                let parts: Vec<String> = explained
                    .conditions
                    .iter()
                    .map(|c| format!("{}={:?}", c.text, c.verdict))
                    .collect();
                say(format!(
                    "verdict {:?}, expected {expected:?}: {parts:?}",
                    explained.verdict
                ));
            }
        }
        let amount = item.amount(&env);
        let ends = amount.as_ref().map(|a| (a.low.clone(), a.high.clone()));
        if let Some(expected) = &vector.expect.amount {
            let both = (Some(expected.clone()), Some(expected.clone()));
            if ends != Some(both) {
                say(format!("amount {ends:?}, expected {expected}"));
            }
        }
        if let Some((low, high)) = &vector.expect.range
            && ends != Some((Some(low.clone()), Some(high.clone())))
        {
            say(format!("range {ends:?}, expected {low}..{high}"));
        }
        if vector.expect.assessed == Some(true)
            && amount.as_ref().map(|a| a.kind) != Some(AmountKind::Assessed)
        {
            say("should be 待评审".into());
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        vectors.len(),
        wrong.join("\n")
    );
}
