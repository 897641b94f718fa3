//! What a change of facts changes: items that flip, and amounts.

use std::collections::HashMap;
use std::sync::Arc;

use zhida_policies::PublishedItem;
use zhida_rules::{AttributeIndex, Dictionary, Env, FactKey, Facts, Kind, Value, show};

use crate::judge::{Detail, match_items};
use crate::model::{EnterpriseHead, FactChangeView, Flip, MatchedItem, WhatIf};

/// Compares the matches of two sets of facts on the same day.
pub fn compare(
    enterprise: EnterpriseHead,
    items: &[Arc<PublishedItem>],
    dictionary: &Dictionary,
    before: &Facts,
    after: &Facts,
    on: chrono::NaiveDate,
) -> WhatIf {
    let judged = |facts: &Facts| {
        match_items(
            EnterpriseHead::default(),
            items,
            &Env {
                dictionary,
                facts,
                on,
            },
            Detail::Brief,
        )
    };
    let (old, new) = (judged(before), judged(after));
    let by_id: HashMap<&str, &MatchedItem> = old
        .items
        .iter()
        .map(|item| (item.head.id.as_str(), item))
        .collect();
    let (mut flips, mut amounts) = (Vec::new(), Vec::new());
    for item in &new.items {
        let Some(was) = by_id.get(item.head.id.as_str()) else {
            continue;
        };
        let words = |item: &MatchedItem| item.amount.as_ref().map(|amount| amount.text.clone());
        let flip = Flip {
            head: item.head.clone(),
            from: was.label,
            to: item.label,
            amount_from: words(was),
            amount_to: words(item),
        };
        if flip.from != flip.to {
            flips.push(flip);
        } else if flip.amount_from != flip.amount_to && item.label.is_candidate() {
            amounts.push(flip);
        }
    }
    WhatIf {
        enterprise,
        on,
        changes: changes(dictionary, before, after),
        before: old.counts,
        after: new.counts,
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
