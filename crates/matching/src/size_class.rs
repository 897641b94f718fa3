//! 企业规模 for facts that were answered or changed: nobody has to know a class that can be computed.

use zhida_registry::{SizeFigures, is_computed};
use zhida_rules::{Dictionary, FactKey, Facts, Value};

/// Computes the size class anew as the register does, unless somebody stated it. `stated` says that the class itself
/// was answered.
pub fn recompute(dictionary: &Dictionary, facts: &mut Facts, stated: bool) {
    let Some(class) = dictionary.find("size") else {
        return;
    };
    let known = facts.get(class, None);
    let source = known.and_then(|fact| fact.provenance.as_ref());
    if stated || source.is_some_and(|source| !is_computed(source)) {
        return;
    }
    let value = |&(index, year): &FactKey| facts.get(index, year).map(|fact| &fact.value);
    let keys = facts.iter().map(|(key, _)| key);
    let Some((computed, _)) = SizeFigures::new(dictionary).class(keys, value) else {
        return;
    };
    let computed = computed.name();
    if known.is_none_or(|fact| fact.value.as_text() != Some(computed)) {
        facts.assume(class, None, Value::Text(computed.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn facts(json: serde_json::Value) -> Facts {
        Facts::from_json(Dictionary::shipped(), &json).unwrap()
    }

    fn size(facts: &Facts) -> Option<String> {
        let dictionary = Dictionary::shipped();
        let fact = facts.get(dictionary.find("size").unwrap(), None)?;
        Some(fact.value.to_string())
    }

    fn recomputed(json: serde_json::Value, stated: bool) -> Option<String> {
        let mut facts = facts(json);
        recompute(Dictionary::shipped(), &mut facts, stated);
        size(&facts)
    }

    #[test]
    fn the_class_follows_the_latest_figures() {
        let json = serde_json::json!({
            "industry": "C35",
            "employees": {"2024": 10, "2025": 500},
            "revenue": {"2024": 2_000_000, "2025": 50_000_000},
        });
        assert_eq!(recomputed(json, false).as_deref(), Some("中型"));
    }

    #[test]
    fn what_somebody_stated_stays() {
        let stated = serde_json::json!({
            "industry": "C35", "employees": {"2025": 500}, "revenue": {"2025": 50_000_000},
            "size": {"value": "小型", "department": "统计"},
        });
        assert_eq!(recomputed(stated, false).as_deref(), Some("小型"));
        let answered = serde_json::json!({
            "industry": "C35", "employees": {"2025": 500}, "revenue": {"2025": 50_000_000},
            "size": "小型",
        });
        assert_eq!(recomputed(answered, true).as_deref(), Some("小型"));
    }

    #[test]
    fn a_computed_class_is_computed_anew() {
        let before = serde_json::json!({
            "industry": "C35", "employees": {"2025": 500}, "revenue": {"2025": 50_000_000},
            "size": {"value": "小型", "department": "系统计算（统计上大中小微型企业划分办法(2017)）"},
        });
        assert_eq!(recomputed(before, false).as_deref(), Some("中型"));
        assert_eq!(
            recomputed(serde_json::json!({"industry": "C35"}), false),
            None
        );
    }
}
