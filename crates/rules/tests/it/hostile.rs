//! Rule texts are hostile: whatever is typed, the answer is a rule or a message, never a panic, and
//! what is accepted means the same after being written in its normal form.

use proptest::prelude::*;
use zhida_rules::{Env, Facts, Formula, Rule};

use crate::tools::{ON, dictionary};

/// Pieces that make near-rules more often than random characters do.
pub const PIECES: [&str; 48] = [
    "上年.营业收入",
    "上年",
    ".",
    "营业收入",
    "从业人数",
    "高新技术企业",
    "上市公司",
    "企业规模",
    "企业标签",
    "所在区划",
    "成立日期",
    "基准日",
    "LPR一年期",
    "且",
    "或",
    "非",
    "and",
    "or",
    "not",
    "in",
    "between",
    "if",
    "then",
    "else",
    "true",
    "(",
    ")",
    "[",
    "]",
    ",",
    "..",
    ">=",
    "<",
    "=",
    "!=",
    "+",
    "-",
    "*",
    "/",
    "5%",
    "2000万",
    "\"小型\"",
    "\"3301\"",
    "@\"2025-01-01\"",
    "min",
    "包含",
    "已知",
    "某年",
];

fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        9 => proptest::sample::select(&PIECES[..]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn soup_is_understood_or_refused(text in soup()) {
        let dictionary = dictionary();
        let facts = Facts::new();
        let env = Env { dictionary: &dictionary, facts: &facts, on: ON.parse().unwrap() };
        if let Ok(rule) = Rule::compile(&dictionary, &text) {
            let normal = rule.normal_text(&dictionary);
            let again = Rule::compile(&dictionary, &normal);
            let again = again.unwrap_or_else(|error| panic!("{text} → {normal}: {error}"));
            prop_assert_eq!(again.expr(), rule.expr(), "{} → {}", text, normal);
            prop_assert_eq!(rule.outcome(&env).verdict.known(), rule.evaluate(&env));
            prop_assert_eq!(rule.explain(&env).verdict().known(), rule.evaluate(&env));
            rule.plain_text(&dictionary);
        }
        if let Ok(formula) = Formula::compile(&dictionary, &text) {
            formula.amount(&env);
        }
    }

    #[test]
    fn noise_is_refused_without_panic(text in any::<String>()) {
        let dictionary = dictionary();
        let _ = Rule::compile(&dictionary, &text);
    }

    /// Conditions joined at random come back from their normal form unchanged.
    #[test]
    fn normal_form_is_faithful(rule in conditions()) {
        let dictionary = dictionary();
        let compiled = Rule::compile(&dictionary, &rule).unwrap_or_else(|e| panic!("{rule}: {e}"));
        let normal = compiled.normal_text(&dictionary);
        let again = Rule::compile(&dictionary, &normal).unwrap_or_else(|e| panic!("{normal}: {e}"));
        prop_assert_eq!(again.expr(), compiled.expr(), "{} → {}", rule, normal);
        prop_assert_eq!(again.normal_text(&dictionary), normal);
    }
}

/// Conditions with every form of the language.
pub fn conditions() -> impl Strategy<Value = String> {
    let value = amounts().boxed();
    let single = prop_oneof![
        (
            value.clone(),
            proptest::sample::select(&["<", "<=", ">", ">=", "=", "!="][..]),
            value
        )
            .prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        Just("高新技术企业".to_owned()),
        Just("企业规模 in (\"小型\", \"微型\")".to_owned()),
        Just("从业人数 in (3..7]".to_owned()),
        Just("所属行业 in (\"C\", \"I65\")".to_owned()),
        Just("包含任一(企业标签, \"甲\", \"乙\")".to_owned()),
        Just("已知(上市公司)".to_owned()),
        Just("企业名称 != \"甲\"".to_owned()),
        Just("成立日期 <= @\"2020-02-29\"".to_owned()),
        Just("成立日期 in (> date(\"2020-01-01\"), 基准日)".to_owned()),
        Just("成立月数 >= 12".to_owned()),
        Just("某年(营业收入, 2024) between 1 and 2.5".to_owned()),
        Just("所在区划 != \"330114\"".to_owned()),
        Just("包含全部(已达阶段, \"一期\", \"二期\")".to_owned()),
        Just("上市公司 = 高新技术企业".to_owned()),
    ];
    single.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) and ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) or ({b})")),
            inner.clone().prop_map(|a| format!("not({a})")),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c)| format!("if {a} then {b} else {c}")),
        ]
    })
}

/// Numbers with every function of the language.
pub fn amounts() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("从业人数".to_owned()),
        Just("上年.营业收入".to_owned()),
        Just("上年.研发强度".to_owned()),
        Just("LPR一年期".to_owned()),
        Just("满月数(成立日期, 基准日)".to_owned()),
        Just("天数(date(\"2020-02-29\"), 成立日期)".to_owned()),
        Just("累计(已达阶段, [\"一期\", 5万], [\"二期\", 0.5])".to_owned()),
        (0i64..1000).prop_map(|n| n.to_string()),
        (0i64..1000).prop_map(|n| format!("-{n}.{n}%")),
    ];
    value.prop_recursive(2, 6, 2, |inner| {
        let operator = proptest::sample::select(&["+", "-", "*", "/ 7 +"][..]);
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(a, operator, b)| format!("({a} {operator} {b})")),
            inner
                .clone()
                .prop_map(|a| format!("min({a}, max(1, 2), abs({a}))")),
            inner.clone().prop_map(|a| format!("round(floor({a}), 1)")),
            inner
                .clone()
                .prop_map(|a| format!("分档({a}, [0, 1], [5, {a}])")),
            inner
                .clone()
                .prop_map(|a| format!("超额累进({a}, [0, 10%], [1亿, 5%])")),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("二维分档({a}, {b}, [0, 1, 2], [5, 6, 7])")),
            inner.prop_map(|a| format!("(if 上市公司 then 补差({a}, 1) else {a})")),
        ]
    })
}
