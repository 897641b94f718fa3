//! Rules as large as the language allows, and data as poor as it gets: right answers, no panics.

use std::fmt::Write;

use zhida_matcher::{Answer, Desk, Index, Options, Store, TableBuilder, Want};
use zhida_rules::{ConditionSource, Dictionary, Facts, ItemRules, ItemRulesSource, Truth, Value};

use crate::tools::Case;

fn case(rules: &[String], enterprises: Vec<Facts>) -> Case {
    let dictionary = dictionary();
    let compile = |rule: &String| {
        let source = ItemRulesSource {
            conditions: vec![ConditionSource {
                text: String::new(),
                rule: Some(rule.clone()),
                manual: None,
            }],
            benefit: None,
        };
        ItemRules::compile(&dictionary, &source).unwrap()
    };
    Case {
        items: rules.iter().map(compile).collect(),
        texts: rules
            .iter()
            .map(|rule| rule.chars().take(60).collect())
            .collect(),
        on: "2026-11-22".parse().unwrap(),
        dictionary: dictionary.into(),
        enterprises,
    }
}

fn dictionary() -> Dictionary {
    Dictionary::from_yaml(
        r#"
attributes:
  - { id: staff, name: 人数, kind: number, department: 测 }
  - { id: listed, name: 上市, kind: bool, department: 测 }
  - { id: name, name: 名称, kind: text, department: 测 }
  - { id: never, name: 无人知晓, kind: number, department: 测 }
  - { id: region, name: 地, kind: division, department: 测, fixed: true }
"#,
    )
    .unwrap()
}

fn facts(staff: Option<i64>, listed: Option<bool>, name: Option<&str>) -> Facts {
    let dictionary = dictionary();
    let mut facts = Facts::new();
    let mut add = |word: &str, value: Option<Value>| {
        if let Some(value) = value {
            facts.assume(dictionary.find(word).unwrap(), None, value);
        }
    };
    add("人数", staff.map(|n| Value::Number(n.into())));
    add("上市", listed.map(Value::Bool));
    add("名称", name.map(|text| Value::Text(text.to_owned())));
    facts
}

fn everybody() -> Vec<Facts> {
    let mut list = vec![Facts::new()];
    for staff in [
        None,
        Some(0),
        Some(1),
        Some(9_998),
        Some(9_999),
        Some(10_000),
        Some(70_001),
    ] {
        for listed in [None, Some(true), Some(false)] {
            list.push(facts(staff, listed, Some("名49999")));
            list.push(facts(staff, listed, None));
        }
    }
    list
}

fn agree(case: &Case) -> Vec<u32> {
    let program = case.program();
    let index = Index::build(&program);
    let mut builder = TableBuilder::new(&case.dictionary);
    for (id, facts) in (0..).zip(&case.enterprises) {
        builder.push(id, facts).unwrap();
    }
    let store = Store::encode(&program, builder.finish().unwrap());
    let counts = store.all_items(Options::default(), None, None).unwrap();
    let (mut desk, mut answer) = (Desk::default(), Answer::default());
    for (item, counts) in counts.iter().enumerate() {
        let one = store.one_item(item as u32, Want::EVERYTHING).unwrap();
        assert_eq!(one.counts, *counts);
        let truths: Vec<_> = case
            .enterprises
            .iter()
            .map(|f| case.truth(item, f))
            .collect();
        let number = |verdict| truths.iter().filter(|t| t.verdict == verdict).count() as u64;
        assert_eq!(one.counts.met, number(Truth::True), "{}", case.texts[item]);
        assert_eq!(
            one.counts.unknown,
            number(Truth::Unknown),
            "{}",
            case.texts[item]
        );
        let near = truths.iter().filter(|truth| truth.is_near_miss()).count();
        assert_eq!(one.near().count(), near, "{}", case.texts[item]);
        for (facts, truth) in case.enterprises.iter().zip(&truths) {
            let codes = program.encode(facts);
            assert_eq!(program.finding(item as u32, &codes), *truth);
            index.answer(&codes, true, &mut desk, &mut answer);
            assert_eq!(
                answer.met.contains(&(item as u32)),
                truth.verdict == Truth::True
            );
        }
    }
    program.report().interpreted.clone()
}

#[test]
fn ten_thousand_conditions() {
    let chain = |word: &str| {
        let parts: Vec<String> = (0..10_000).map(|n| format!("人数 != {n}")).collect();
        parts.join(word)
    };
    let interpreted = agree(&case(&[chain(" and "), chain(" or ")], everybody()));
    assert!(interpreted.is_empty());
}

#[test]
fn two_hundred_levels() {
    let mut deep = "人数 > 1".to_owned();
    for level in 0..99 {
        deep = format!("(({deep}) and not(上市) or 人数 = {level})");
    }
    assert!(agree(&case(&[deep], everybody())).is_empty());
}

#[test]
fn branches_that_double_are_interpreted_and_reported() {
    let mut nested = "人数 > 5".to_owned();
    for level in 0..40 {
        nested = format!("(if 上市 then 人数 > {level} else {nested})");
    }
    let plain = "人数 > 5".to_owned();
    let interpreted = agree(&case(&[plain.clone(), nested, plain], everybody()));
    assert_eq!(interpreted, [1]);
}

#[test]
fn a_set_of_twenty_thousand() {
    let mut names = String::from("名称 in (");
    for n in 0..20_000 {
        write!(names, "\"名{}\",", n + 30_000).unwrap();
    }
    names.push_str("\"尾\")");
    assert!(agree(&case(&[names], everybody())).is_empty());
}

#[test]
fn more_thresholds_than_codes() {
    let chain = |from: usize| {
        let parts: Vec<String> = (from..from + 20_000).map(|n| n.to_string()).collect();
        format!("人数 in ({})", parts.join(","))
    };
    // Two borders a number: the second rule finds no room and opens a further dimension.
    let rules = [chain(0), chain(20_000), "人数 >= 9999".to_owned()];
    let some = everybody().into_iter().step_by(6).collect();
    let case = case(&rules, some);
    assert!(agree(&case).is_empty());
    let program = case.program();
    let report = program.report();
    assert_eq!((report.computed, report.dimensions), (0, 2));
}

/// It is computed row by row, and no row pays for what stands in the rule.
#[test]
fn a_list_longer_than_a_dimension() {
    let list: Vec<String> = (0..30_001).map(|n| (2 * n).to_string()).collect();
    let rules = [format!("人数 in ({})", list.join(","))];
    let few = everybody().into_iter().step_by(7).collect();
    let case = case(&rules, few);
    assert!(agree(&case).is_empty());
    assert_eq!(case.program().report().computed, 1);
}

#[test]
fn what_nobody_knows() {
    let rules = [
        "无人知晓 > 5".to_owned(),
        "not(已知(无人知晓))".to_owned(),
        "无人知晓 > 5 and 上市".to_owned(),
        "地 in (\"330000\")".to_owned(),
    ];
    assert!(agree(&case(&rules, everybody())).is_empty());
}
