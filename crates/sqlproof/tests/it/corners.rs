//! Every construct at its corners: values on a grid around each threshold, unknowns among them.

use zhida_rules::{
    ConditionSource, Dictionary, Facts, ItemRules, ItemRulesSource, Kind, Number, Value,
};

use crate::tools::Case;

pub fn item(dictionary: &Dictionary, rule: &str) -> ItemRules {
    let source = ItemRulesSource {
        conditions: vec![ConditionSource {
            text: String::new(),
            rule: Some(rule.into()),
            manual: None,
        }],
        benefit: None,
    };
    ItemRules::compile(dictionary, &source).unwrap_or_else(|errors| panic!("{rule}: {errors:?}"))
}

pub fn cases() -> [Case; 4] {
    [numbers(), long_tables(), days(), words()]
}

/// Each first value with each second one; no text is unknown.
fn grid(dictionary: &str, first: &[&str], second: &[&str], rules: Vec<String>) -> Case {
    let dictionary = Dictionary::from_yaml(dictionary).unwrap();
    let indices: Vec<_> = dictionary.indices().take(2).collect();
    let value = |kind, text: &str| match kind {
        Kind::Number => Value::Number(text.parse::<Number>().unwrap()),
        Kind::Date => Value::Date(text.parse().unwrap()),
        Kind::Set => Value::Set(text.split_terminator('、').map(str::to_owned).collect()),
        _ => Value::Text(text.into()),
    };
    let mut enterprises = Vec::new();
    for a in first {
        for b in second {
            let mut facts = Facts::new();
            for (index, text) in indices.iter().zip([a, b]) {
                if *text != "未知" {
                    let kind = dictionary.attribute(*index).kind;
                    facts.assume(*index, None, value(kind, text));
                }
            }
            enterprises.push(facts);
        }
    }
    Case {
        items: rules.iter().map(|rule| item(&dictionary, rule)).collect(),
        dictionary: dictionary.into(),
        enterprises,
        on: "2026-11-30".parse().unwrap(),
        texts: rules,
    }
}

/// Rounding, tables and quotients.
pub fn numbers() -> Case {
    let dictionary = "attributes:\n\
        \x20 - { id: a, name: 甲, kind: number, department: 测 }\n\
        \x20 - { id: b, name: 乙, kind: number, department: 测 }\n\
        \x20 - { id: g, name: 地, kind: division, department: 测 }\n\
        \x20 - { id: h, name: 另地, kind: division, department: 测 }\n\
        \x20 - { id: s, name: 集, kind: set, department: 测 }\n\
        \x20 - { id: t, name: 文, kind: text, department: 测 }\n\
        \x20 - { id: i, name: 派地, kind: division, department: 测, \
        formula: 'if 甲 > 0 then 文 else \"33abc\"' }\n\
        \x20 - { id: j, name: 派业, kind: industry, department: 测, formula: 文 }\n";
    let quantities = [
        "floor(甲)",
        "ceiling(甲)",
        "round(甲, 0)",
        "round(甲, 1)",
        "floor(甲 / 乙)",
        "ceiling(甲 / 乙)",
        "round(甲 / 乙, 0)",
        "round(甲 / 乙, 1)",
        "round(甲 / 12, 1)",
        "甲 / 3",
        "甲 / 乙",
        "甲 / (甲 / 乙)",
        "(甲 / 乙) / (乙 / 3)",
        "甲 / 乙 + 甲 / 乙",
        "甲 / 乙 - 乙 / 甲",
        "abs(甲 / 乙)",
        "补差(甲 / 乙, 0.5)",
        "min(甲 / 乙, 乙, 1)",
        "max(甲, 甲 / 乙, 0)",
        "sum(甲, 乙, 0.5)",
        "分档(甲, [-1, 2], [0, 1], [1, 0.5])",
        "分档(甲 / 乙, [0, 乙], [1, 0.5])",
        "分档(甲, [乙, 1], [乙 + 1, 2], [1, 甲 / 乙])",
        "分档(甲, [乙, 1], [乙, 0.5])",
        "二维分档(甲, 乙, [0, 0, 1], [1, -1, 2], [-1, 1, 0.5])",
        "二维分档(甲, 乙, [0, 0, 乙], [1, -1, 甲], [乙, 甲, 0.5])",
        "超额累进(甲, [0, 0.5], [1, 2])",
        "超额累进(甲, [-1, 1], [0, 0.5], [1, 2])",
        "超额累进(甲 / 乙, [0, 1], [0.5, 2], [1, 0.5])",
        "超额累进(甲, [乙, 1], [1, 乙], [乙 + 1, 2])",
        "(if 甲 > 乙 then 甲 / 乙 else 1)",
    ];
    let bounds = ["-1", "0", "0.3", "0.5", "1", "2"];
    let mut rules = Vec::new();
    for quantity in quantities {
        rules.push(format!("已知({quantity})"));
        for bound in bounds {
            rules.push(format!("{quantity} >= {bound}"));
            rules.push(format!("{quantity} = {bound}"));
        }
    }
    let values = [
        "未知", "0", "1", "-1", "0.5", "-0.5", "1.5", "-1.5", "2", "0.25", "0.35", "-0.35",
        "0.349", "3", "-3", "7", "0.001",
    ];
    grid(dictionary, &values, &values, rules)
}

/// More rows than an engine nests brackets.
fn long_tables() -> Case {
    let dictionary = "attributes:\n\
        \x20 - { id: a, name: 甲, kind: number, department: 测 }\n\
        \x20 - { id: b, name: 乙, kind: number, department: 测 }\n";
    let rows = |value: fn(u32) -> u32| {
        let rows = (0..120).map(|n| format!("[{n}, {}]", value(n)));
        rows.collect::<Vec<_>>().join(", ")
    };
    let (steps, rates) = (rows(|n| 2 * n), rows(|n| n % 3));
    let many = ["甲"; 50].join(", ");
    let mut rules = Vec::new();
    for bound in ["0", "1", "3.5", "4", "117", "238"] {
        rules.push(format!("分档(甲, {steps}) >= {bound}"));
        rules.push(format!("分档(甲 / 乙, {steps}) = {bound}"));
        rules.push(format!("超额累进(甲, {rates}) >= {bound}"));
        rules.push(format!("超额累进(甲 / 乙, {rates}) > {bound}"));
        rules.push(format!("sum({many}) > {bound}"));
    }
    let values = [
        "未知", "-1", "0", "1", "2", "3.5", "4", "118", "119", "119.5",
    ];
    grid(dictionary, &values, &values, rules)
}

/// A number of 29 digits.
pub fn long(rules: &[&str]) -> Case {
    let dictionary = "attributes:\n\
        \x20 - { id: a, name: 甲, kind: number, department: 测 }\n\
        \x20 - { id: b, name: 乙, kind: number, department: 测 }\n";
    let rules = rules.iter().map(|rule| (*rule).to_owned()).collect();
    grid(
        dictionary,
        &["99999999999999999999999999999"],
        &["1"],
        rules,
    )
}

/// Days between ends of months, in both directions.
fn days() -> Case {
    let dictionary = "attributes:\n\
        \x20 - { id: a, name: 甲, kind: date, department: 测 }\n\
        \x20 - { id: b, name: 乙, kind: date, department: 测 }\n";
    let mut rules = Vec::new();
    for (from, to) in [("甲", "乙"), ("甲", "基准日"), ("基准日", "乙")] {
        rules.push(format!("已知(满月数({from}, {to}))"));
        for bound in [-25, -13, -12, -2, -1, 0, 1, 2, 11, 12, 13, 24, 48] {
            rules.push(format!("满月数({from}, {to}) >= {bound}"));
            rules.push(format!("天数({from}, {to}) > {bound}"));
        }
        for bound in [-2, -1, 0, 1, 2, 4] {
            rules.push(format!("满年数({from}, {to}) >= {bound}"));
            rules.push(format!("满年数({from}, {to}) = {bound}"));
        }
    }
    rules.push("(if 甲 > 乙 then 甲 else 基准日) >= 乙".into());
    let values = [
        "未知",
        "2024-01-31",
        "2024-02-28",
        "2024-02-29",
        "2024-03-01",
        "2024-03-30",
        "2025-01-30",
        "2025-02-28",
        "2025-03-01",
        "2025-12-31",
        "2026-01-01",
        "2026-10-31",
        "2026-11-01",
        "2026-11-29",
        "2026-11-30",
        "2026-12-30",
        "2028-02-29",
        "1999-12-31",
    ];
    grid(dictionary, &values, &values, rules)
}

/// Codes too coarse to tell, sets, conditions compared with conditions.
fn words() -> Case {
    let dictionary = "attributes:\n\
        \x20 - { id: s, name: 集, kind: set, choices: [一期, 二期, 三期], department: 测 }\n\
        \x20 - { id: g, name: 地, kind: division, department: 测 }\n\
        \x20 - { id: t, name: 派集, kind: set, choices: [一期, 二期, 三期], department: 测, \
        formula: 'if 地 in (\"330100\") then 集 else 集' }\n\
        \x20 - { id: h, name: 派地, kind: division, department: 测, \
        formula: 'if 包含(集, \"一期\") then 地 else \"330106\"' }\n";
    let mut rules = vec![
        "累计(集, [\"一期\", 1], [\"二期\", 2]) >= 2".into(),
        "累计(集, [\"一期\", 1 / 3], [\"二期\", 2]) > 2".into(),
        "已知(累计(集, [\"一期\", 1], [\"三期\", 2]))".into(),
        "累计(派集, [\"一期\", 1], [\"三期\", 2]) = 3".into(),
        "包含全部(派集, \"一期\", \"二期\")".into(),
        "包含任一(派集, \"三期\")".into(),
        "已知(派集)".into(),
        "包含(集, \"一期\") = 包含(集, \"二期\")".into(),
        "包含(集, \"一期\") != (地 = \"330000\")".into(),
        "已知(地 = \"330106\")".into(),
    ];
    for code in ["330000", "330100", "330106", "441900"] {
        rules.push(format!("地 = \"{code}\""));
        rules.push(format!("地 != \"{code}\""));
        rules.push(format!("地 in (\"{code}\", \"110000\")"));
        rules.push(format!("派地 in (\"{code}\", \"110000\")"));
    }
    grid(
        dictionary,
        &[
            "未知",
            "",
            "一期",
            "二期",
            "一期、二期",
            "一期、三期",
            "一期、二期、三期",
        ],
        &[
            "未知",
            "330000",
            "330100",
            "330106",
            "330106001",
            "330102",
            "440000",
            "441900",
            "441900003",
            "110105",
        ],
        rules,
    )
}
