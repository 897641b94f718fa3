//! Rules as large as the language allows, and data as poor as it gets: right answers, no panics.

use std::fmt::Write;

use zhida_matcher::{
    Answer, Desk, Finding, Index, MatcherError, Options, Store, TableBuilder, Want,
};
use zhida_rules::{ConditionSource, Dictionary, Facts, ItemRules, ItemRulesSource, Truth, Value};
use zhida_standards::division;

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
            list.push(facts(staff, listed, Some("c34f")));
            list.push(facts(staff, listed, None));
        }
    }
    list
}

/// All four questions say what the interpreter says; gives the items that it had to answer itself.
fn agree(case: &Case) -> Vec<u32> {
    let program = case.program();
    let index = Index::build(&program);
    let mut builder = TableBuilder::new(&case.dictionary);
    for (id, facts) in (0..).zip(&case.enterprises) {
        builder.push(id, facts).unwrap();
    }
    let store = Store::encode(&program, builder.finish().unwrap());
    let counts = store.all_items(Options::default(), None, None).unwrap();
    let truths: Vec<Vec<Finding>> = (0..case.items.len())
        .map(|item| {
            let truth = |facts| case.truth(item, facts);
            case.enterprises.iter().map(truth).collect()
        })
        .collect();
    for (item, (counts, truths)) in counts.iter().zip(&truths).enumerate() {
        let one = store.one_item(item as u32, Want::EVERYTHING).unwrap();
        assert_eq!(one.counts, *counts);
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
    }
    enterprises_agree(case, &index, &truths);
    program.report().interpreted.clone()
}

/// One enterprise after the other, and what flips from one to the next.
fn enterprises_agree(case: &Case, index: &Index, truths: &[Vec<Finding>]) {
    let program = index.program();
    let (mut desk, mut answer) = (Desk::default(), Answer::default());
    let mut before: Option<usize> = None;
    for (at, facts) in case.enterprises.iter().enumerate() {
        let codes = program.encode(facts);
        index.answer(&codes, true, &mut desk, &mut answer);
        let flips = before.map(|before| {
            let before = program.encode(&case.enterprises[before]);
            index.flips(&before, &codes, &mut desk)
        });
        for (item, truths) in (0..).zip(truths) {
            let text = &case.texts[item as usize];
            let truth = truths[at];
            assert_eq!(program.finding(item, &codes), truth, "{text}");
            let verdict = truth.verdict;
            assert_eq!(answer.met.contains(&item), verdict == Truth::True);
            assert_eq!(answer.unknown.contains(&item), verdict == Truth::Unknown);
            let near = answer.near.contains(&(item, verdict));
            assert_eq!(near, truth.is_near_miss(), "{text}");
            let (Some(flips), Some(before)) = (&flips, before) else {
                continue;
            };
            let flip = flips.iter().find(|flip| flip.item == item);
            let differ = (truths[before] != truth).then_some((truths[before], truth));
            assert_eq!(flip.map(|flip| (flip.from, flip.to)), differ, "{text}");
        }
        before = Some(at);
    }
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
fn a_set_of_fifty_thousand() {
    let mut names = String::from("名称 in (");
    for n in 0..50_000 {
        write!(names, "\"{n:04x}\",").unwrap();
    }
    names.push_str("\"尾\")");
    let case = case(&[names], everybody());
    assert!(agree(&case).is_empty());
    assert!(
        case.enterprises
            .iter()
            .any(|facts| case.truth(0, facts).verdict == Truth::True)
    );
}

/// As many as one text takes, and in the next rule the others.
#[test]
fn all_townships_there_are() {
    let townships = division::all_townships();
    let (first, rest) = townships.split_at(32_000);
    let rule = |list: &[division::Division]| {
        let codes: Vec<String> = list.iter().map(|d| format!("\"{}\"", d.code)).collect();
        format!("地 in ({})", codes.join(","))
    };
    let rules = [rule(first), rule(rest)];
    let index = dictionary().find("地").unwrap();
    let mut places: Vec<String> = ["650105", "990101001"].map(str::to_owned).into();
    for township in [first.first(), first.last(), rest.first(), rest.last()] {
        let itself = township.map(|township| township.code);
        let upwards = std::iter::successors(itself, |code| code.parent());
        places.extend(upwards.map(|code| code.to_string()));
    }
    let mut enterprises = vec![Facts::new()];
    for place in places {
        let mut facts = Facts::new();
        facts.assume(index, None, Value::Text(place));
        enterprises.push(facts);
    }
    let case = case(&rules, enterprises);
    assert!(agree(&case).is_empty());
    let program = case.program();
    assert_eq!(
        (program.report().computed, program.report().dimensions),
        (0, 1)
    );
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

/// The bound that a refusal names is the one that does.
#[test]
fn memory_is_the_callers() {
    let rules: Vec<String> = (0..40)
        .map(|n| format!("人数 > {n} or not(上市)"))
        .collect();
    let case = case(&rules, everybody());
    let mut builder = TableBuilder::new(&case.dictionary);
    for (id, facts) in (0..).zip(&case.enterprises) {
        builder.push(id, facts).unwrap();
    }
    let store = Store::encode(&case.program(), builder.finish().unwrap());
    let bound = |memory| Options {
        memory,
        ..Options::default()
    };
    let refused = store.all_items(bound(1), None, None).unwrap_err();
    let MatcherError::Memory { given: 1, needed } = refused else {
        panic!("{refused:?}");
    };
    let words = format!("允许使用的内存为 1 字节，至少需要 {needed} 字节，请调大内存上限");
    assert_eq!(refused.to_string(), words);
    let counts = store.all_items(bound(needed), None, None).unwrap();
    assert_eq!(
        counts,
        store.all_items(Options::default(), None, None).unwrap()
    );
    assert!(store.all_items(bound(needed - 1), None, None).is_err());
}

/// Lists that grow beyond the bound are refused; the counts alone would fit.
#[test]
fn lists_stay_within_the_callers_memory() {
    let rules: Vec<String> = (0..500)
        .map(|n| format!("人数 >= 0 and 人数 != {n}.5"))
        .collect();
    let case = case(&rules, vec![facts(Some(1), None, None)]);
    let mut builder = TableBuilder::new(&case.dictionary);
    for id in 0..60_000 {
        builder.push(id, &case.enterprises[0]).unwrap();
    }
    let store = Store::encode(&case.program(), builder.finish().unwrap());
    let bound = |memory| Options {
        memory,
        threads: Some(1),
        ..Options::default()
    };
    let refused = store.all_items(bound(1), None, None).unwrap_err();
    let MatcherError::Memory { needed, .. } = refused else {
        panic!("{refused:?}");
    };
    let refused = store.match_lists(bound(needed), None).err();
    assert_eq!(refused, Some(MatcherError::Lists { given: needed }));
    let words = refused.unwrap().to_string();
    assert!(words.contains("请调大内存上限，或分批计算"), "{words}");
    let counts = store.all_items(bound(needed), None, None).unwrap();
    assert!(counts.iter().all(|counts| counts.met == 60_000));
    let lists = store.match_lists(Options::default(), None).unwrap();
    assert_eq!((lists.counts(), lists.met(499).count()), (&*counts, 60_000));
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
