//! From the rules' explanations to what is shown.

use zhida_rules::{
    Amount, AmountKind, ConditionExplanation, Explanation, Missing, Node, Number, TestExplanation,
    Truth, Used,
};

use crate::model::{
    AmountView, ConditionView, FactView, MissingView, StepView, TestView, range_words,
};
use crate::verdict::Label;

/// The conditions of an explanation.
pub fn conditions(explanation: &Explanation) -> Vec<ConditionView> {
    explanation.conditions.iter().map(condition).collect()
}

fn condition(condition: &ConditionExplanation) -> ConditionView {
    let tests = condition
        .node
        .iter()
        .flat_map(Node::tests)
        .map(test)
        .collect();
    ConditionView {
        text: condition.text.clone(),
        verdict: condition.verdict.known(),
        rule: condition.rule.clone(),
        manual: condition.manual.clone(),
        any: matches!(&condition.node, Some(Node::Any { parts, .. }) if parts.iter().all(is_test)),
        tests,
    }
}

fn is_test(node: &Node) -> bool {
    matches!(node, Node::Test(_))
}

fn test(test: &TestExplanation) -> TestView {
    TestView {
        subject: test.subject.clone(),
        required: test.required.clone(),
        known: test.known.clone(),
        facts: test.facts.iter().map(fact).collect(),
        missing: test.missing.iter().map(missing).collect(),
        change: test.change.clone(),
        verdict: test.verdict.known(),
        withheld: false,
    }
}

fn fact(used: &Used) -> FactView {
    FactView {
        attribute: used.attribute.clone(),
        id: used.id.clone(),
        year: used.year,
        value: used.value.clone(),
        department: used.department.clone(),
        as_of: used.as_of,
        batch: used.batch.clone(),
    }
}

fn missing(missing: &Missing) -> MissingView {
    MissingView {
        attribute: missing.attribute.clone(),
        id: missing.id.clone(),
        year: missing.year,
        department: missing.department.clone(),
    }
}

/// The amount with its steps, for somebody whose verdict has this label.
pub fn amount(amount: &Amount, label: Label) -> AmountView {
    let steps = amount.steps.iter().map(|step| StepView {
        name: step.name.clone(),
        formula: step.formula.clone(),
        value: step.value.clone(),
    });
    let shown = AmountView {
        kind: amount.kind,
        low: amount.low.clone(),
        high: amount.high.clone(),
        text: amount.text.clone(),
        steps: steps.collect(),
        missing: amount.missing.iter().map(missing).collect(),
    };
    match !label.is_candidate() && shown.high.as_ref().is_some_and(Number::is_zero) {
        true => AmountView {
            kind: AmountKind::Range,
            high: None,
            text: range_words(&Number::zero(), None),
            ..shown
        },
        false => shown,
    }
}

/// The reason of a verdict in one line: the first condition that is not met; else the first that is
/// unknown, with what is missing; else who verifies; empty when all are met.
pub fn reason(explanation: &Explanation) -> String {
    let find = |truth: Truth, manual: bool| {
        explanation
            .conditions
            .iter()
            .find(|condition| condition.verdict == truth && condition.manual.is_some() == manual)
    };
    if explanation.verdict == Truth::False {
        return find(Truth::False, false).map_or_else(String::new, unmet);
    }
    if let Some(condition) = find(Truth::Unknown, false) {
        return unknown(condition);
    }
    match find(Truth::Unknown, true) {
        Some(condition) => format!("待核验：{}", condition.text),
        None => String::new(),
    }
}

fn unmet(condition: &ConditionExplanation) -> String {
    let tests: Vec<&TestExplanation> = condition.node.iter().flat_map(Node::tests).collect();
    let change = tests
        .iter()
        .filter(|test| test.verdict == Truth::False)
        .find_map(|test| test.change.clone());
    change.unwrap_or_else(|| format!("不满足：{}", condition.text))
}

fn unknown(condition: &ConditionExplanation) -> String {
    let tests = condition.node.iter().flat_map(Node::tests);
    let mut names: Vec<String> = Vec::new();
    for missing in tests.flat_map(|test| &test.missing) {
        let name = match missing.year {
            Some(year) => format!("{year} 年{}", missing.attribute),
            None => missing.attribute.clone(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return format!("暂不能判断：{}", condition.text);
    }
    format!("缺少数据：{}", names.join("、"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use zhida_rules::{Dictionary, Env, Facts, ItemRules, ItemRulesSource};

    use super::*;

    fn dictionary() -> Dictionary {
        Dictionary::from_yaml(
            r#"
attributes:
  - { id: revenue, name: 营业收入, kind: number, unit: 元, annual: true, department: 税务, sensitivity: confidential }
  - { id: staff, name: 从业人数, kind: number, unit: 人, department: 人社, sensitivity: public }
  - { id: high_tech, name: 高新技术企业, kind: bool, department: 科技, sensitivity: public, absence: "no" }
"#,
        )
        .unwrap()
    }

    fn explained(dictionary: &Dictionary, rules: &[&str], facts: serde_json::Value) -> Explanation {
        let conditions = rules
            .iter()
            .map(|rule| serde_json::json!({"text": rule, "rule": rule}));
        let source: ItemRulesSource = serde_json::from_value(
            serde_json::json!({"conditions": conditions.collect::<Vec<_>>()}),
        )
        .unwrap();
        let facts = Facts::from_json(dictionary, &facts).unwrap();
        let env = Env {
            dictionary,
            facts: &facts,
            on: "2026-11-22".parse().unwrap(),
        };
        ItemRules::compile(dictionary, &source)
            .unwrap()
            .explain(&env)
    }

    #[test]
    fn the_reason_names_the_way_or_the_gap() {
        let dictionary = dictionary();
        let why = |rules: &[&str], facts| reason(&explained(&dictionary, rules, facts));
        let rules = ["高新技术企业", "上年.营业收入 >= 2000万", "从业人数 >= 20"];
        let empty = || serde_json::json!({});
        assert_eq!(why(&rules, empty()), "取得“高新技术企业”后即符合");
        assert_eq!(why(&rules[1..], empty()), "缺少数据：2025 年营业收入");
        assert_eq!(why(&rules[2..], serde_json::json!({"staff": 30})), "");
    }

    #[test]
    fn alternatives_are_marked_only_where_one_test_is_enough() {
        let dictionary = dictionary();
        let any =
            |rule: &str| conditions(&explained(&dictionary, &[rule], serde_json::json!({})))[0].any;
        assert!(any("从业人数 >= 20 or 高新技术企业"));
        assert!(!any("从业人数 >= 20 and 高新技术企业"));
        assert!(!any("(从业人数 >= 20 and 高新技术企业) or 从业人数 >= 50"));
    }
}
