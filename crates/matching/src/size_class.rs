//! 企业规模 for facts that were answered or changed: nobody has to know a class that can be computed.

use zhida_rules::{Dictionary, Facts, Value};
use zhida_standards::size::{self, SizeResult};

/// Words with which the registry marks a fact that it computed.
const COMPUTED: &str = "系统计算";

/// Computes the size class by 统计上大中小微型企业划分办法(2017) on the latest year whose figures
/// settle it, unless somebody stated it. `stated` says that the class itself was answered.
pub fn recompute(dictionary: &Dictionary, facts: &mut Facts, stated: bool) {
    let Some(class) = dictionary.find("size") else {
        return;
    };
    let known = facts.get(class, None);
    let by_register = known
        .and_then(|fact| fact.provenance.as_ref())
        .is_some_and(|provenance| !provenance.department.starts_with(COMPUTED));
    if stated || by_register {
        return;
    }
    if let Some(computed) = computed(dictionary, facts) {
        let same = known.is_some_and(|fact| fact.value.as_text() == Some(computed));
        if !same {
            facts.assume(class, None, Value::Text(computed.to_owned()));
        }
    }
}

fn computed(dictionary: &Dictionary, facts: &Facts) -> Option<&'static str> {
    let find = |id| dictionary.find(id);
    let industry = facts.get(find("industry")?, None)?.value.as_text()?;
    let inputs = [find("employees"), find("revenue"), find("assets")];
    let mut years: Vec<i32> = inputs
        .iter()
        .flatten()
        .flat_map(|index| facts.years(*index))
        .collect();
    years.sort_unstable();
    years.dedup();
    years.into_iter().rev().find_map(|year| {
        let number = |index: Option<_>| {
            facts
                .get(index?, Some(year))
                .and_then(|fact| fact.value.as_number())
        };
        let people = number(inputs[0]).and_then(|n| n.to_i64());
        let people = people.and_then(|people| u64::try_from(people).ok());
        let revenue = number(inputs[1]).and_then(|n| n.to_fen());
        let assets = number(inputs[2]).and_then(|n| n.to_fen());
        match size::classify(industry, people, revenue, assets) {
            SizeResult::Class(class) => Some(class.name()),
            _ => None,
        }
    })
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
