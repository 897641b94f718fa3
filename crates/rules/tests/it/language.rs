//! What may be written, how it is shown back, and what is said when it is wrong.

use rstest::rstest;
use zhida_rules::{Dictionary, DictionaryError, Rule};

use crate::tools::{dictionary, refusal, truth};

/// What a clerk types, and the normal form.
#[rstest]
#[case("企业规模 in (“小型”，“微型”）", r#"企业规模 in ("小型", "微型")"#)]
#[case("上年.营业收入 ≥ 2000万元", "上年.营业收入 >= 20000000")]
#[case("上年营业收入不低于1.5亿", "上年.营业收入 >= 150000000")]
#[case(
    "从业人数不超过300人且非高新技术企业",
    "从业人数 <= 300 and not(高新技术企业)"
)]
#[case(
    "（高新技术企业或上市公司）且从业人数>=20",
    "(高新技术企业 or 上市公司) and 从业人数 >= 20"
)]
#[case("20 <= 从业人数", "从业人数 >= 20")]
#[case("从业人数 between 20 and 300", "从业人数 in [20..300]")]
#[case("从业人数 in [20..300)", "从业人数 in [20..300)")]
#[case("从业人数 in (< 5, >= 100)", "从业人数 in (< 5, >= 100)")]
#[case("上年.研发强度 >= 5％", "上年.研发强度 >= 0.05")]
#[case("某年(营业收入, 2024) > 1,000元", "某年(营业收入, 2024) > 1000")]
#[case("上年.销售收入 > 0", "上年.营业收入 > 0")]
#[case("成立日期 < date(\"2020-01-01\")", "成立日期 < date(\"2020-01-01\")")]
#[case("成立日期 < \"2020年1月1日\"", "成立日期 < date(\"2020-01-01\")")]
#[case("高新技术企业 = 是", "高新技术企业")]
#[case("上市公司 = false", "not(上市公司)")]
#[case("所在区划 = \"3301\"", "所在区划 in (\"330100\")")]
#[case("所属行业 in (\"C27\", \"I\")", "所属行业 in (\"C27\", \"I\")")]
#[case(
    "包含任一（企业标签、“甲、乙”、“丙”）",
    "包含任一(企业标签, \"丙\", \"甲、乙\")"
)]
#[case(
    "已知(上市公司) and not(上市公司 or 高新技术企业)",
    "已知(上市公司) and not(上市公司 or 高新技术企业)"
)]
#[case(
    "(上年.营业收入 - 前年.营业收入) / 前年.营业收入 > 10%",
    "(上年.营业收入 - 前年.营业收入) / 前年.营业收入 > 0.1"
)]
#[case("min(从业人数, 100) * 2 = 200", "min(从业人数, 100) * 2 = 200")]
#[case(
    "if 高新技术企业 then 从业人数 > 10 else 从业人数 > 20",
    "if 高新技术企业 then 从业人数 > 10 else 从业人数 > 20"
)]
fn is_normalised(#[case] typed: &str, #[case] normal: &str) {
    let dictionary = dictionary();
    let rule = Rule::compile(&dictionary, typed).unwrap_or_else(|e| panic!("{typed}: {e}"));
    assert_eq!(rule.normal_text(&dictionary), normal);
    let again = Rule::compile(&dictionary, normal).unwrap_or_else(|e| panic!("{normal}: {e}"));
    assert_eq!(again.expr(), rule.expr(), "the normal form means the same");
}

/// A wrong rule, and a word that the message must hold.
#[rstest]
#[case("营收收入 > 5", "是不是：营业收入")]
#[case("营业收入 > 5", "上年.营业收入")]
#[case("上年.从业人数 > 5", "不分年度")]
#[case("企业规模 = \"小形\"", "是不是“小型”")]
#[case("企业规模 = 小型", "要加引号")]
#[case("企业规模 > \"小型\"", "不能比较大小")]
#[case("从业人数 > \"20\"", "数字不加引号")]
#[case("从业人数", "条件的结果应为")]
#[case("从业人数 >= 20 高新技术企业", "缺少连接词")]
#[case("(从业人数 >= 20", "没有配对")]
#[case("从业人数 >= 20)", "没有对应的左括号")]
#[case("从业人数 >=", "没有写完")]
#[case(">= 20", "前面缺少内容")]
#[case("", "规则是空的")]
#[case("所在区划 = \"990000\"", "不是行政区划代码")]
#[case("所在区划 = \"杭州市\"", "330100")]
#[case("所属行业 = \"医药制造业\"", "C27")]
#[case("成立日期 < \"0001-01-01\"", "不合理")]
#[case("从业人数 / 0 > 1", "不能除以 0")]
#[case("企业标签 = \"甲\"", "请写 包含(集合, \"内容\")")]
#[case(
    "包含(if 高新技术企业 then 企业标签 else \"甲\", \"甲\")",
    "请写 包含(集合, \"内容\")"
)]
#[case(
    "包含(if 高新技术企业 then \"甲\" else 企业标签, \"甲\")",
    "不能与集合比较"
)]
#[case("企业名称 = \"甲", "引号没有配对")]
#[case("企业规模 不属于 (\"大型\")", "not(企业规模")]
#[case("min() > 1", "min")]
#[case("从业人数 > 2 # 3", "不能出现在规则里")]
#[case("分档(从业人数, [100, 1], [50, 2]) > 0", "由小到大")]
#[case("for x in [1,2] return x", "不认识")]
fn is_refused_with_a_hint(#[case] rule: &str, #[case] part: &str) {
    let message = refusal(rule);
    assert!(message.contains(part), "“{rule}” says: {message}");
}

#[test]
fn a_mistake_has_its_place() {
    let error = Rule::compile(&dictionary(), "从业人数 >= 20 且 营收额 > 5").unwrap_err();
    let span = error.at.unwrap();
    let chars: Vec<char> = "从业人数 >= 20 且 营收额 > 5".chars().collect();
    assert_eq!(
        chars[span.start..span.end].iter().collect::<String>(),
        "营收额"
    );
}

#[test]
fn long_and_deep_rules_compile_or_are_refused() {
    let long = vec!["从业人数 > 1"; 10_000].join(" and ");
    let dictionary = dictionary();
    let rule = Rule::compile(&dictionary, &long).unwrap();
    assert_eq!(rule.size(), 10_000);
    let deep = format!("{}上市公司{}", "(".repeat(200), ")".repeat(200));
    assert!(Rule::compile(&dictionary, &deep).is_ok());
    let too_deep = format!("{}上市公司{}", "(".repeat(1_100), ")".repeat(1_100));
    assert!(refusal(&too_deep).contains("嵌套"));
    let alternating = (0..200).fold("上市公司".to_owned(), |inner, level| {
        format!(
            "({inner} {} 从业人数 > {level})",
            if level % 2 == 0 { "and" } else { "or" }
        )
    });
    assert!(Rule::compile(&dictionary, &alternating).is_ok());
    assert!(refusal(&"非".repeat(500_000)).contains("超过"));
}

#[test]
fn names_written_together_are_taken_apart() {
    assert_eq!(
        truth(
            "高新技术企业且上市公司",
            r#"{"高新技术企业":true,"上市公司":true}"#
        ),
        Some(true)
    );
}

#[test]
fn dictionaries_with_mistakes_are_refused() {
    let cycle = r#"
attributes:
  - { id: a, name: 甲, kind: number, department: 丁, formula: 乙 + 1 }
  - { id: b, name: 乙, kind: number, department: 丁, formula: 丙 * 2 }
  - { id: c, name: 丙, kind: number, department: 丁, formula: 甲 }
"#;
    let error = Dictionary::from_yaml(cycle).unwrap_err();
    assert!(
        matches!(&error, DictionaryError::Cycle(path) if path.len() == 4),
        "{error}"
    );
    assert!(error.to_string().contains("甲 → 乙 → 丙 → 甲"), "{error}");
    for (yaml, part) in [
        (
            "attributes: [{ id: a, name: 甲, kind: bool, department: 丁 }, { id: a, name: 乙, kind: bool, department: 丁 }]",
            "两次",
        ),
        (
            "attributes: [{ id: a, name: 且, kind: bool, department: 丁 }]",
            "保留词",
        ),
        (
            "attributes: [{ id: a, name: 甲, kind: choice, department: 丁 }]",
            "选项",
        ),
        (
            "attributes: [{ id: a, name: 甲, kind: number, department: 丁, formula: 丙 + 1 }]",
            "不认识",
        ),
        (
            "attributes: [{ id: a, name: 甲, kind: colour, department: 丁 }]",
            "格式",
        ),
        (
            "attributes: [{ id: a, name: 甲, kind: bool, department: 丁, absense: no }]",
            "absense",
        ),
    ] {
        let error = Dictionary::from_yaml(yaml).unwrap_err().to_string();
        assert!(error.contains(part), "{yaml}: {error}");
    }
}

#[rstest]
#[case("上年.研发费用 * 5% >= 50万", "上年研发费用×5%不低于50 万元")]
#[case(
    "上年.营业收入 >= 前年.营业收入 * 1.1",
    "上年营业收入不低于前年营业收入×1.1"
)]
#[case(
    "(上年.营业收入 - 前年.营业收入) / 前年.营业收入 >= 10%",
    "（上年营业收入－前年营业收入）÷前年营业收入不低于10%"
)]
#[case(
    "成立日期 >= \"2020-01-01\" and not(列入经营异常名录)",
    "成立日期不早于2020年1月1日，并且列入经营异常名录（否）"
)]
#[case(
    "企业规模 in (\"小型\",\"微型\") or 高新技术企业",
    "企业规模为小型 或 微型，或者高新技术企业（是）"
)]
#[case("所在区划 in (\"330100\")", "所在区划在浙江省杭州市")]
#[case("从业人数 in [20..300)", "从业人数为20 人（含）至300 人（不含）")]
fn is_said_in_plain_words(#[case] rule: &str, #[case] plain: &str) {
    let dictionary = dictionary();
    assert_eq!(
        Rule::compile(&dictionary, rule)
            .unwrap()
            .plain_text(&dictionary),
        plain
    );
}
