//! What a change of facts changes: items that flip, and amounts.

use std::collections::HashMap;
use std::sync::Arc;

use zhida_policies::PublishedItem;
use zhida_rules::{AttributeIndex, Dictionary, Env, FactKey, Facts, Kind, Value, show};

use crate::judge::{Judged, Ranking, head};
use crate::model::{EnterpriseHead, FactChangeView, Flip, WhatIf};

/// Compares the matches of two sets of facts on the same day.
pub fn compare(
    enterprise: EnterpriseHead,
    items: &[Arc<PublishedItem>],
    dictionary: &Dictionary,
    before: &Facts,
    after: &Facts,
    on: chrono::NaiveDate,
) -> WhatIf {
    let env = |facts| Env {
        dictionary,
        facts,
        on,
    };
    let (before_env, after_env) = (env(before), env(after));
    let (old, new) = (
        Ranking::of(items, &before_env),
        Ranking::of(items, &after_env),
    );
    let by_id: HashMap<&str, &Judged<'_>> = old
        .judged
        .iter()
        .map(|judged| (judged.item.id.as_str(), judged))
        .collect();
    let (mut flips, mut amounts) = (Vec::new(), Vec::new());
    for is in &new.judged {
        let Some(was) = by_id.get(is.item.id.as_str()) else {
            continue;
        };
        if was.label == is.label && !is.label.is_candidate() {
            continue;
        }
        let words = |judged: &Judged<'_>, env| judged.amount(env).map(|amount| amount.text);
        let flip = Flip {
            head: head(is.item),
            from: was.label,
            to: is.label,
            amount_from: words(was, &before_env),
            amount_to: words(is, &after_env),
        };
        if flip.from != flip.to {
            flips.push(flip);
        } else if flip.amount_from != flip.amount_to {
            amounts.push(flip);
        }
    }
    WhatIf {
        enterprise,
        on,
        changes: changes(dictionary, before, after),
        before: old.counts(),
        after: new.counts(),
        flips,
        amounts,
    }
}

/// The facts that differ, in the dictionary's order.
fn changes(dictionary: &Dictionary, before: &Facts, after: &Facts) -> Vec<FactChangeView> {
    let mut keys: Vec<FactKey> = before
        .iter()
        .chain(after.iter())
        .map(|(key, _)| *key)
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let value =
        |facts: &Facts, key: FactKey| facts.get(key.0, key.1).map(|fact| fact.value.clone());
    keys.into_iter()
        .filter(|key| value(before, *key) != value(after, *key))
        .map(|key| {
            let attribute = dictionary.attribute(key.0);
            let words = |facts| value(facts, key).map(|value| words(dictionary, key.0, &value));
            FactChangeView {
                attribute: attribute.name.clone(),
                id: attribute.id.clone(),
                year: key.1,
                from: words(before),
                to: words(after),
            }
        })
        .collect()
}

/// A value as a person reads it; codes with their names.
pub fn words(dictionary: &Dictionary, index: AttributeIndex, value: &Value) -> String {
    let attribute = dictionary.attribute(index);
    match (attribute.kind, value) {
        (Kind::Division, Value::Text(code)) => {
            zhida_standards::division::full_name(code).unwrap_or_else(|| code.clone())
        }
        (Kind::Industry, Value::Text(code)) => zhida_standards::industry::lookup(code)
            .map_or_else(|| code.clone(), |industry| industry.name.to_owned()),
        _ => show(value, attribute.unit.as_deref()),
    }
}
