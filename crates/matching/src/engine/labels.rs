//! The label of every enterprise for one item, from the engine's lists.
//!
//! The engine tells 符合, 信息不足 and 只差一项. Two questions more tell the rest apart: which
//! enterprises meet all that can be computed (条件符合，待人工核验), and which fail where nothing can
//! be changed (不在适用范围).

use std::sync::Arc;

use chrono::NaiveDate;
use zhida_matcher::{ItemMatches, MatcherError, Program, Store, Table, Want};
use zhida_rules::{Dictionary, ItemRules, Truth};

use crate::verdict::Label;

/// The label of each number below `end`; of numbers that no enterprise has it means nothing.
pub(crate) fn labels(
    table: &Table,
    end: usize,
    rules: &ItemRules,
    on: NaiveDate,
) -> Result<Vec<Label>, MatcherError> {
    let dictionary: &Arc<Dictionary> = table.dictionary();
    let parts = [rules.within_reach(dictionary), rules.computed()];
    let asked = [rules, &parts[0], &parts[1]];
    let program = Arc::new(Program::compile(dictionary, on, asked));
    let store = Store::encode(&program, table.clone());
    let met = Want {
        met: true,
        ..Want::default()
    };
    let possible = Want {
        unknown: true,
        ..met
    };
    let item = store.one_item(0, Want::EVERYTHING)?;
    let reach = store.one_item(1, possible)?;
    let computed = match rules.manual_count() {
        0 => ItemMatches::default(),
        _ => store.one_item(2, met)?,
    };

    let mut labels = vec![Label::OutOfReach; end];
    let mut put = |number: u64, label| {
        if let Some(at) = labels.get_mut(number as usize) {
            *at = label;
        }
    };
    for number in reach.met().chain(reach.unknown()) {
        put(number, Label::Ineligible);
    }
    for named in item.named() {
        let label = match (named.verdict, named.near) {
            (Truth::True, _) => Label::Eligible,
            (Truth::Unknown, true) => Label::OneUnknown,
            (Truth::Unknown, false) => Label::Unknown,
            (Truth::False, _) => Label::NearMiss,
        };
        put(named.id, label);
    }
    for number in computed.met() {
        let label = labels.get_mut(number as usize);
        if let Some(label @ (Label::OutOfReach | Label::Ineligible | Label::Unknown)) = label {
            *label = Label::Manual;
        }
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::collections::HashSet;

    use rstest::rstest;
    use zhida_matcher::TableBuilder;
    use zhida_rules::{Env, Facts, ItemRulesSource};

    use super::*;

    const DICTIONARY: &str = r#"
attributes:
  - { id: place, name: 所在区划, kind: division, department: 市场监管, fixed: true }
  - { id: trade, name: 所属行业, kind: industry, department: 市场监管, fixed: true }
  - { id: staff, name: 从业人数, kind: number, unit: 人, department: 人社 }
  - { id: high_tech, name: 高新技术企业, kind: bool, department: 科技, absence: "no" }
"#;

    /// Every combination of a few values, unknown ones too.
    fn everybody(dictionary: &Dictionary) -> Vec<Facts> {
        let mut all = Vec::new();
        for place in ["", "370102", "330302"] {
            for trade in ["", "C35", "I65"] {
                for staff in ["", "5", "30"] {
                    for high_tech in ["", "true", "false"] {
                        let mut json = serde_json::Map::new();
                        let texts = [("place", place), ("trade", trade)];
                        for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
                            json.insert(name.to_owned(), text.into());
                        }
                        for (name, text) in [("staff", staff), ("high_tech", high_tech)] {
                            if let Ok(value) = serde_json::from_str(text) {
                                json.insert(name.to_owned(), value);
                            }
                        }
                        all.push(Facts::from_json(dictionary, &json.into()).unwrap());
                    }
                }
            }
        }
        all
    }

    #[rstest]
    #[case::place(&["所在区划 in (\"370100\")", "从业人数 >= 10"], false)]
    #[case::people(&["所在区划 in (\"370100\")", "从业人数 >= 10"], true)]
    #[case::people_only(&[], true)]
    #[case::either(&["所在区划 in (\"370100\") or 高新技术企业", "从业人数 >= 10"], true)]
    #[case::neither(&["not(所在区划 in (\"370100\") or 所属行业 in (\"I\"))", "高新技术企业"], false)]
    #[case::not_both(&["not(所在区划 in (\"370100\") and 从业人数 >= 10)"], true)]
    #[case::branches(&["if 所属行业 in (\"C\") then 从业人数 >= 20 else 所在区划 in (\"330000\")"], true)]
    #[case::not_branches(&["not(if 高新技术企业 then 所属行业 in (\"C\") else 从业人数 >= 20)"], false)]
    #[case::known(&["已知(所属行业) and 已知(从业人数)", "所属行业 in (\"C\")"], true)]
    fn every_enterprise_has_the_interpreters_label(#[case] rules: &[&str], #[case] people: bool) {
        let dictionary = Arc::new(Dictionary::from_yaml(DICTIONARY).unwrap());
        let on = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        let rules = rules
            .iter()
            .map(|rule| serde_json::json!({"text": "", "rule": rule}));
        let people = people.then(|| serde_json::json!({"text": "", "manual": "由专家评审"}));
        let conditions: Vec<_> = rules.chain(people).collect();
        let source = serde_json::json!({ "conditions": conditions });
        let source: ItemRulesSource = serde_json::from_value(source).unwrap();
        let rules = ItemRules::compile(&dictionary, &source).unwrap();

        let everybody = everybody(&dictionary);
        let mut builder = TableBuilder::new(&dictionary);
        for (number, facts) in (0..).zip(&everybody) {
            builder.push(number, facts).unwrap();
        }
        let table = builder.finish().unwrap();
        let found = labels(&table, everybody.len(), &rules, on).unwrap();
        let expected = everybody.iter().map(|facts| {
            let env = Env {
                dictionary: &dictionary,
                facts,
                on,
            };
            Label::of(rules.evaluate(&env))
        });
        assert_eq!(found, expected.collect::<Vec<_>>());
        let different: HashSet<Label> = found.into_iter().collect();
        assert!(
            different.len() > 1 || rules.conditions().len() == 1,
            "{different:?}"
        );
    }
}
