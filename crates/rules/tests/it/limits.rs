//! Rules as long, as deep and as repetitive as can be typed: each is answered in time, and what is
//! accepted can be asked. Most of them hung or exhausted the stack once.

use std::time::{Duration, Instant};

use rstest::rstest;
use zhida_rules::{Formula, ItemRules, ItemRulesSource, Rule, Value, ValueError};

use crate::{exercise, tools::dictionary};

/// A hang takes hours; a slow test machine takes a minute.
const PATIENCE: Duration = Duration::from_secs(60);

fn code_of(text: &str) -> &'static str {
    let start = Instant::now();
    let found = Rule::compile(&dictionary(), text).map_or_else(|error| error.code, |_| "");
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    found
}

#[rstest]
#[case::sum(format!("从业人数 > 1{}", "+1".repeat(199_000)), "too_deep")]
#[case::signs(format!("从业人数 > {}1", "-".repeat(399_000)), "too_deep")]
#[case::equalities(format!("高新技术企业 {}", "= 是".repeat(99_000)), "too_deep")]
#[case::branches(format!("{}是", "if 是 then 是 else ".repeat(20_000)), "too_deep")]
#[case::nested_branches(format!("{}是{}", "if (".repeat(30), ") then 上市公司 else 否".repeat(30)), "too_large")]
#[case::brackets(format!("{}是{}", "(".repeat(1_100), ")".repeat(1_100)), "too_deep")]
#[case::factors(format!("从业人数 > 1{}", " / 0.99999".repeat(505)), "too_large")]
#[case::some_factors(format!("从业人数 > 1{}", " * 0.99999".repeat(16)), "too_large")]
#[case::fewer_factors(format!("从业人数 > 1{}", " * 0.99999".repeat(15)), "")]
#[case::divisors(format!("从业人数 > 1{}", " / 从业人数".repeat(17)), "too_large")]
#[case::fewer_divisors(format!("从业人数 > 1{}", " / 从业人数".repeat(16)), "")]
#[case::quotients(format!("从业人数 > 1{}", " + 1 / 从业人数".repeat(17)), "too_large")]
#[case::fewer_quotients(format!("从业人数 > 1{}", " + 1 / 从业人数".repeat(15)), "")]
#[case::rates_of_rates(format!("{}1{} > 1", "超额累进(1, [0, ".repeat(200), "])".repeat(200)), "too_large")]
#[case::no_word("啊".repeat(400_000), "unknown_name")]
#[case::no_spaces(format!("{}上市公司", "高新技术企业且".repeat(50_000)), "")]
#[case::magnitude(format!("从业人数 > 1{}", "万".repeat(399_000)), "number")]
#[case::list(format!("从业人数 in ({}1)", "1,".repeat(150_000)), "")]
#[case::digits(format!("从业人数 in ({}1)", "1,000,".repeat(60_000)), "")]
#[case::codes(format!("所在区划 in ({}\"330114\")", "\"330114\",".repeat(44_000)), "")]
#[case::more_codes(format!("所在区划 in ({}\"330114\")", "\"330114\",".repeat(50_000)), "too_long")]
#[case::conditions(format!("{}上市公司", "从业人数 + 1 > 1 and ".repeat(20_000)), "")]
fn long_rules_are_answered(#[case] text: String, #[case] code: &str) {
    assert_eq!(code_of(&text), code);
}

/// As deep as is allowed, on the small stack that a test's (and a server's) thread has.
#[rstest]
#[case::sum(format!("从业人数 > 1{}", "+1".repeat(498)))]
#[case::brackets(format!("从业人数 > {}1{}", "1+(".repeat(250), ")".repeat(250)))]
#[case::signs(format!("从业人数 > {}从业人数", "-".repeat(480)))]
#[case::branches(format!("{}是", "if 上市公司 then 是 else ".repeat(240)))]
#[case::only_brackets(format!("{}上市公司{}", "(".repeat(1_000), ")".repeat(1_000)))]
#[case::tables(format!("{}1{} > 5", "分档(从业人数, [0, ".repeat(240), "])".repeat(240)))]
#[case::branches_in_branches(format!("{}是{}", "if 上市公司 then ".repeat(240), " else 否".repeat(240)))]
#[case::mixed(format!("{}上市公司{}", "高新技术企业 and (上市公司 or not(".repeat(127), "))".repeat(127)))]
#[case::branches_of_conditions(format!("{}是{}", "if (".repeat(12), ") then 上市公司 else 否".repeat(12)))]
fn deep_rules_can_be_asked(#[case] text: String) {
    assert!(exercise::rule(&dictionary(), &text));
}

#[test]
fn quantities_that_double_are_refused() {
    let mut locals = serde_json::Map::new();
    locals.insert("量0".into(), "从业人数".into());
    for n in 1..40 {
        locals.insert(format!("量{n}"), format!("max(量{0}, 量{0})", n - 1).into());
    }
    let source: ItemRulesSource = serde_json::from_value(serde_json::json!({
        "conditions": [],
        "benefit": { "let": locals, "formula": "量39" },
    }))
    .unwrap();
    let errors = ItemRules::compile(&dictionary(), &source).unwrap_err();
    assert_eq!(errors[0].code, "too_large");
    assert!(
        errors[0].message.contains("超过 400000 个部分"),
        "{errors:?}"
    );
}

#[test]
fn factors_are_counted_through_intermediate_quantities() {
    let source: ItemRulesSource = serde_json::from_value(serde_json::json!({
        "conditions": [],
        "benefit": {
            "let": { "甲": format!("从业人数{}", " * 从业人数".repeat(7)) },
            "formula": "甲 * 甲 * 2",
        },
    }))
    .unwrap();
    let errors = ItemRules::compile(&dictionary(), &source).unwrap_err();
    assert_eq!(errors[0].code, "too_large");
    assert!(errors[0].message.contains("超过 16 个数"), "{errors:?}");
}

/// Each suffix makes the number longer, and longer numbers take longer to multiply.
#[test]
fn suffixes_of_a_number_end() {
    let dictionary = dictionary();
    let staff = dictionary.attribute(dictionary.find("从业人数").unwrap());
    for (text, number) in [
        ("1万亿", "1000000000000"),
        ("5万%", "500"),
        ("1亿人", "100000000"),
    ] {
        let expected = Value::Number(number.parse().unwrap());
        assert_eq!(staff.read_text(text), Ok(expected), "{text}");
    }
    let start = Instant::now();
    for text in ["1万万万".to_owned(), format!("1{}", "亿".repeat(3_999))] {
        let refused = staff.read_text(&text).unwrap_err();
        assert!(matches!(refused, ValueError::Number(_)), "{refused}");
    }
    assert!(start.elapsed() < PATIENCE / 30, "{:?}", start.elapsed());
}

#[test]
fn an_amount_of_nothing_is_refused() {
    for text in ["", " \n"] {
        let errors = Formula::compile(&dictionary(), text).unwrap_err();
        assert_eq!(errors[0].code, "formula");
    }
}
