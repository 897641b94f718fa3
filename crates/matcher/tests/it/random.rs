//! Random dictionaries, rules of every kind of node, and enterprises whose values lie on, just
//! below and just above the thresholds of those rules.
//!
//! Everything is drawn from one string of bytes, so that proptest can shrink it.

use chrono::{Days, NaiveDate};
use zhida_rules::{
    BenefitKind, BenefitSource, ConditionSource, Dictionary, Facts, ItemRules, ItemRulesSource,
    Kind, Number, Value,
};

use crate::tools::Case;

const CHOICES: [&str; 4] = ["大型", "中型", "小型", "微型"];
const TAGS: [&str; 3] = ["临床前", "一期", "二期"];
const TEXTS: [&str; 3] = ["甲", "乙", "丙"];
const DIVISIONS: [&str; 9] = [
    "330000", "330100", "330102", "330106", "330200", "330282", "440000", "441900", "110105",
];
const PLACES: [&str; 10] = [
    "330100",
    "330000",
    "330102",
    "330106",
    "330282",
    "441900",
    "441900003",
    "110105",
    "330106001",
    "650105",
];
const INDUSTRIES: [&str; 7] = ["C", "C13", "C1311", "C27", "I", "I65", "I6513"];
const TRADES: [&str; 7] = ["C1311", "C2710", "I6513", "A0111", "C1312", "C13", "I"];
const NUMBERS: [&str; 7] = ["0", "1", "5", "100", "0.05", "2000万", "-3"];
const VALUES: [&str; 14] = [
    "0", "1", "-1", "5", "4", "6", "99", "100", "101", "0.05", "20000000", "19999999", "20000001",
    "0.049",
];
const DAYS: [&str; 4] = ["2020-02-29", "2023-11-22", "2025-01-31", "2026-11-22"];

/// Draws choices from bytes; when they run out every choice is the first.
struct Draw<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Draw<'_> {
    fn below(&mut self, n: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte) % n
    }

    fn of<'t>(&mut self, list: &[&'t str]) -> &'t str {
        list[self.below(list.len())]
    }

    fn chance(&mut self, of: usize) -> bool {
        self.below(of) == of - 1
    }
}

/// Attributes of every kind; some are annual, fixed or closed-world by chance.
fn dictionary(draw: &mut Draw<'_>) -> Dictionary {
    let mut yaml = String::from("attributes:\n");
    let mut add = |draw: &mut Draw<'_>, id: &str, name: &str, rest: &str, annual: bool| {
        let fixed = draw.chance(3);
        yaml.push_str(&format!(
            "  - {{ id: {id}, name: {name}, department: 测试, fixed: {fixed}, annual: {annual}, {rest} }}\n"
        ));
    };
    let closed = |draw: &mut Draw<'_>| match draw.chance(2) {
        true => ", absence: \"no\"",
        false => "",
    };
    for n in 0..3 {
        let rest = format!("kind: bool{}", closed(draw));
        add(draw, &format!("b{n}"), &format!("是{n}"), &rest, n == 2);
    }
    for n in 0..4 {
        add(
            draw,
            &format!("n{n}"),
            &format!("数{n}"),
            "kind: number",
            n < 2,
        );
    }
    add(draw, "d0", "日0", "kind: date", false);
    add(draw, "d1", "日1", "kind: date", false);
    add(
        draw,
        "c0",
        "选0",
        "kind: choice, choices: [大型, 中型, 小型, 微型]",
        false,
    );
    add(
        draw,
        "c1",
        "选1",
        "kind: choice, choices: [大型, 中型, 小型, 微型]",
        true,
    );
    let rest = format!("kind: set, choices: [临床前, 一期, 二期]{}", closed(draw));
    add(draw, "s0", "集0", &rest, false);
    add(draw, "t0", "文0", "kind: text", false);
    add(draw, "g0", "地0", "kind: division", false);
    add(draw, "i0", "业0", "kind: industry", false);
    for (id, name, kind, annual, formula) in [
        ("f0", "率0", "number", true, "数0 / 数1"),
        ("f1", "率1", "number", true, "(数0 - 上年.数0) / 上年.数0"),
        ("f2", "龄", "number", false, "满月数(日0, 基准日)"),
        (
            "f3",
            "率2",
            "number",
            false,
            "if 是0 then 数2 / 数3 else 数2",
        ),
        ("f4", "派是", "bool", false, "if 是0 then 数2 > 5 else 是1"),
        (
            "f5",
            "派选",
            "choice",
            false,
            "if 是1 then 选0 else \"微型\"",
        ),
        ("f6", "派日", "date", false, "if 是0 then 日0 else 日1"),
    ] {
        let choices = if kind == "choice" {
            ", choices: [大型, 中型, 小型, 微型]"
        } else {
            ""
        };
        let rest = format!("kind: {kind}, formula: '{formula}'{choices}");
        add(draw, id, name, &rest, annual);
    }
    yaml.push_str(
        "constants:\n  - { name: 旧率, source: 测, values: [{ from: 2020-01-01, until: 2021-01-01, value: \"5\" }] }\n  - { name: 现率, source: 测, values: [{ from: 2020-01-01, value: \"5\" }] }\n",
    );
    Dictionary::from_yaml(&yaml).unwrap()
}

fn year(draw: &mut Draw<'_>, name: &str) -> String {
    match draw.below(4) {
        0 => format!("上年.{name}"),
        1 => format!("本年.{name}"),
        2 => format!("前年.{name}"),
        _ => format!("某年({name}, 2024)"),
    }
}

fn flag(draw: &mut Draw<'_>) -> String {
    match draw.below(4) {
        0 => "是0".into(),
        1 => "是1".into(),
        2 => year(draw, "是2"),
        _ => "派是".into(),
    }
}

fn quantity(draw: &mut Draw<'_>) -> String {
    match draw.below(9) {
        0 => "数2".into(),
        1 => "数3".into(),
        2 => year(draw, "数0"),
        3 => year(draw, "数1"),
        4 => year(draw, "率0"),
        5 => year(draw, "率1"),
        6 => "龄".into(),
        7 => "率2".into(),
        _ => "中间".into(),
    }
}

fn number(draw: &mut Draw<'_>, depth: usize) -> String {
    if depth == 0 {
        return quantity(draw);
    }
    let inner = |draw: &mut Draw<'_>| number(draw, depth - 1);
    match draw.below(18) {
        0..=7 => quantity(draw),
        8 => draw.of(&NUMBERS).into(),
        9 => format!("({} + {})", inner(draw), inner(draw)),
        10 => format!("({} - {})", inner(draw), inner(draw)),
        11 => format!("({} * {})", inner(draw), draw.of(&NUMBERS)),
        12 => format!("({} / {})", inner(draw), quantity(draw)),
        13 => match draw.below(6) {
            0 => format!("min({}, {})", inner(draw), inner(draw)),
            1 => format!("max({}, {})", inner(draw), inner(draw)),
            2 => format!("abs({})", inner(draw)),
            3 => format!("floor({})", inner(draw)),
            4 => format!("round({}, 1)", inner(draw)),
            _ => format!("补差({}, {})", inner(draw), inner(draw)),
        },
        14 => format!(
            "(if {} then {} else {})",
            flag(draw),
            inner(draw),
            inner(draw)
        ),
        15 => format!("分档({}, [0, 1], [5, 100], [100, 5])", inner(draw)),
        16 => format!("超额累进({}, [0, 0.05], [5, 1])", inner(draw)),
        _ => match draw.below(4) {
            0 => "天数(日0, 日1)".into(),
            1 => "满年数(日0, 基准日)".into(),
            2 => format!("累计(集0, [\"一期\", {}], [\"二期\", 5])", inner(draw)),
            _ => "现率".into(),
        },
    }
}

fn comparison<'t>(draw: &mut Draw<'_>) -> &'t str {
    draw.of(&["=", "!=", "<", "<=", ">", ">="])
}

fn quoted(draw: &mut Draw<'_>, list: &[&str]) -> String {
    let count = 1 + draw.below(3);
    let texts: Vec<String> = (0..count)
        .map(|_| format!("\"{}\"", draw.of(list)))
        .collect();
    texts.join(",")
}

fn leaf(draw: &mut Draw<'_>) -> String {
    match draw.below(20) {
        0 => flag(draw),
        1..=3 => format!(
            "{} {} {}",
            quantity(draw),
            comparison(draw),
            draw.of(&NUMBERS)
        ),
        4 => format!(
            "{} in [{}..{})",
            quantity(draw),
            draw.of(&NUMBERS),
            draw.of(&NUMBERS)
        ),
        5 => format!(
            "{} between {} and {}",
            quantity(draw),
            draw.of(&NUMBERS),
            draw.of(&NUMBERS)
        ),
        6 => format!(
            "{} in ({}, > {})",
            quantity(draw),
            draw.of(&NUMBERS),
            draw.of(&NUMBERS)
        ),
        7 => format!(
            "{} {} {}",
            number(draw, 2),
            comparison(draw),
            number(draw, 1)
        ),
        8 => format!("选0 in ({})", quoted(draw, &CHOICES)),
        9 => format!("{} != \"{}\"", year(draw, "选1"), draw.of(&CHOICES)),
        10 => format!("派选 = \"{}\"", draw.of(&CHOICES)),
        11 => format!("包含任一(集0, {})", quoted(draw, &TAGS)),
        12 => format!("包含全部(集0, {})", quoted(draw, &TAGS)),
        13 => format!("文0 in ({})", quoted(draw, &TEXTS)),
        14 => format!("地0 in ({})", quoted(draw, &DIVISIONS)),
        15 => format!("业0 in ({})", quoted(draw, &INDUSTRIES)),
        16 => format!(
            "{} {} date(\"{}\")",
            draw.of(&["日0", "日1", "派日"]),
            comparison(draw),
            draw.of(&DAYS)
        ),
        17 => match draw.below(9) {
            0 => format!("已知({})", quantity(draw)),
            1 => "已知(集0)".into(),
            2 => "已知(地0)".into(),
            3 => "已知(选0)".into(),
            4 => "已知(派是)".into(),
            5 => "已知(是0)".into(),
            6 => "日0 in [@\"2020-02-29\"..基准日]".into(),
            7 => "已知(数2 > 5 and 是0)".into(),
            _ => "业0 != \"C\"".into(),
        },
        18 => match draw.below(7) {
            0 => "旧率 = 5".into(),
            1 => "现率 > 5".into(),
            2 => "现率 = 5".into(),
            3 => "数2 > 旧率".into(),
            4 => "选0 = 派选".into(),
            5 => "是0 = 是1".into(),
            _ => "日0 < 日1".into(),
        },
        _ => draw.of(&["true", "false", "中间是"]).into(),
    }
}

fn condition(draw: &mut Draw<'_>, depth: usize) -> String {
    if depth == 0 {
        return leaf(draw);
    }
    let inner = |draw: &mut Draw<'_>| condition(draw, depth - 1);
    match draw.below(9) {
        0..=3 => leaf(draw),
        4 => format!("({} and {})", inner(draw), inner(draw)),
        5 => format!("({} or {})", inner(draw), inner(draw)),
        6 => format!("({} or {} or {})", inner(draw), inner(draw), inner(draw)),
        7 => format!("not({})", inner(draw)),
        _ => format!(
            "(if {} then {} else {})",
            inner(draw),
            inner(draw),
            inner(draw)
        ),
    }
}

fn item(draw: &mut Draw<'_>, dictionary: &Dictionary) -> (ItemRules, String) {
    let mut conditions = Vec::new();
    for _ in 0..draw.below(5) {
        conditions.push(match draw.chance(12) {
            true => ConditionSource {
                text: "人工".into(),
                rule: None,
                manual: Some("组织专家认定".into()),
            },
            false => ConditionSource {
                text: "规则".into(),
                rule: Some(condition(draw, 3)),
                manual: None,
            },
        });
    }
    let locals = [
        ("中间", "数2 + 数3"),
        ("中间是", "if 是0 then 数2 > 5 else 是1"),
    ];
    let benefit = BenefitSource {
        kind: BenefitKind::Right,
        locals: locals
            .into_iter()
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect(),
        ..Default::default()
    };
    let text = conditions
        .iter()
        .map(|c| c.rule.clone().unwrap_or_else(|| "人工".into()))
        .collect::<Vec<_>>()
        .join("\n & ");
    let source = ItemRulesSource {
        conditions,
        benefit: Some(benefit),
    };
    let compiled = ItemRules::compile(dictionary, &source);
    (
        compiled.unwrap_or_else(|errors| panic!("{text}: {errors:?}")),
        text,
    )
}

fn value(draw: &mut Draw<'_>, kind: Kind) -> Value {
    match kind {
        Kind::Bool => Value::Bool(draw.chance(2)),
        Kind::Number => Value::Number(draw.of(&VALUES).parse::<Number>().unwrap()),
        Kind::Text => Value::Text(draw.of(&["甲", "乙", "丁"]).into()),
        Kind::Choice => Value::Text(draw.of(&CHOICES).into()),
        Kind::Set => {
            let members = (0..draw.below(3)).map(|_| draw.of(&TAGS).to_owned());
            Value::Set(members.collect())
        }
        Kind::Date => {
            let day: NaiveDate = draw.of(&DAYS).parse().unwrap();
            Value::Date(match draw.below(3) {
                0 => day,
                1 => day - Days::new(1),
                _ => day + Days::new(1),
            })
        }
        Kind::Division => Value::Text(draw.of(&PLACES).into()),
        Kind::Industry => Value::Text(draw.of(&TRADES).into()),
    }
}

fn enterprise(draw: &mut Draw<'_>, dictionary: &Dictionary) -> Facts {
    let mut facts = match draw.chance(6) {
        true => Facts::stated(),
        false => Facts::new(),
    };
    for index in dictionary.indices() {
        let attribute = dictionary.attribute(index);
        if attribute.formula.is_some() {
            continue;
        }
        let years: &[Option<i32>] = match attribute.annual {
            true => &[Some(2023), Some(2024), Some(2025), Some(2026)],
            false => &[None],
        };
        for year in years {
            if !draw.chance(4) {
                let value = value(draw, attribute.kind);
                facts.assume(index, *year, value);
            }
        }
    }
    facts
}

/// Changes some facts, as a calculator or an import would.
pub fn change(bytes: &[u8], dictionary: &Dictionary, facts: &Facts) -> Facts {
    let draw = &mut Draw { bytes, at: 0 };
    let mut changed = facts.clone();
    let indices: Vec<_> = dictionary
        .indices()
        .filter(|index| dictionary.attribute(*index).formula.is_none())
        .collect();
    for _ in 0..1 + draw.below(3) {
        let index = indices[draw.below(indices.len())];
        let attribute = dictionary.attribute(index);
        let year = attribute.annual.then(|| 2023 + draw.below(4) as i32);
        if draw.chance(4) {
            changed.remove(index, year);
        } else {
            let value = value(draw, attribute.kind);
            changed.assume(index, year, value);
        }
    }
    changed
}

pub fn case(bytes: &[u8], items: usize, enterprises: usize) -> Case {
    let draw = &mut Draw { bytes, at: 0 };
    let dictionary = dictionary(draw);
    let (items, texts) = (0..items).map(|_| item(draw, &dictionary)).unzip();
    let enterprises = (0..enterprises)
        .map(|_| enterprise(draw, &dictionary))
        .collect();
    Case {
        dictionary: dictionary.into(),
        items,
        enterprises,
        on: "2026-11-22".parse().unwrap(),
        texts,
    }
}
