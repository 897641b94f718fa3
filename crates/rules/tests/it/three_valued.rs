//! Unknown is not false: the logic, the verdicts, the amounts.

use proptest::prelude::*;
use rstest::rstest;
use zhida_rules::{AmountKind, Env, Facts, Formula, OUT_OF_REACH, Rule, Truth};

use crate::tools::{ON, dictionary, facts, item, truth};

const T: Option<bool> = Some(true);
const F: Option<bool> = Some(false);
const U: Option<bool> = None;

#[rstest]
#[case("上市公司 and 从业人数 > 5", r#"{"上市公司":false}"#, F)]
#[case("上市公司 and 从业人数 > 5", r#"{"上市公司":true}"#, U)]
#[case("上市公司 or 从业人数 > 5", r#"{"上市公司":true}"#, T)]
#[case("上市公司 or 从业人数 > 5", r#"{"上市公司":false}"#, U)]
#[case("not(上市公司)", "{}", U)]
#[case("not(高新技术企业)", "{}", T)]
#[case("企业规模 in (\"小型\")", "{}", U)]
#[case("企业规模 != \"小型\"", "{}", U)]
#[case("已知(上市公司)", "{}", F)]
#[case("not(已知(上市公司)) or 上市公司", "{}", T)]
#[case(
    "上年.研发强度 >= 5%",
    r#"{"营业收入":{"2025":100},"研发费用":{"2025":5}}"#,
    T
)]
#[case(
    "上年.研发强度 > 5%",
    r#"{"营业收入":{"2025":100},"研发费用":{"2025":5}}"#,
    F
)]
#[case(
    "上年.研发强度 > 5%",
    r#"{"营业收入":{"2025":0},"研发费用":{"2025":5}}"#,
    U
)]
#[case(
    "上年.研发费用 / 上年.营业收入 = 1/3",
    r#"{"营业收入":{"2025":3},"研发费用":{"2025":1}}"#,
    T
)]
#[case(
    "上年.营业收入增长率 >= 10%",
    r#"{"营业收入":{"2025":110,"2024":100}}"#,
    T
)]
#[case(
    "前年.营业收入增长率 >= 10%",
    r#"{"营业收入":{"2025":110,"2024":100}}"#,
    U
)]
#[case("成立月数 >= 12", r#"{"成立日期":"2025-11-22"}"#, T)]
#[case("成立月数 >= 12", r#"{"成立日期":"2025-11-23"}"#, F)]
#[case("所在区划 in (\"330100\")", r#"{"所在区划":"330114"}"#, T)]
#[case("所在区划 in (\"330100\")", r#"{"所在区划":"330282"}"#, F)]
#[case("所属行业 = \"C\"", r#"{"所属行业":"C2710"}"#, T)]
#[case("所属行业 = \"C2710\"", r#"{"所属行业":"C"}"#, U)]
#[case("所属行业 != \"C2710\"", r#"{"所属行业":"I"}"#, T)]
#[case("LPR一年期 = 3%", "{}", T)]
#[case(
    "if 上市公司 then 从业人数 > 5 else 从业人数 > 3",
    r#"{"从业人数":10}"#,
    T
)]
#[case("包含(企业标签, \"甲\")", "{}", U)]
#[case("包含全部(企业标签, \"甲\", \"乙\")", r#"{"企业标签":["甲"]}"#, F)]
fn is_kleene(#[case] rule: &str, #[case] json: &str, #[case] expected: Option<bool>) {
    assert_eq!(truth(rule, json), expected, "{rule} on {json}");
}

#[test]
fn a_lapsed_constant_is_unknown() {
    let dictionary = dictionary();
    let formula = Formula::compile(&dictionary, "LPR一年期 * 100").unwrap();
    let nothing = facts(&dictionary, "{}");
    let on = |day: &str| {
        let env = Env {
            dictionary: &dictionary,
            facts: &nothing,
            on: day.parse().unwrap(),
        };
        formula.amount(&env).kind
    };
    assert_eq!(on("2024-06-01"), AmountKind::Exact);
    assert_eq!(on("2025-06-01"), AmountKind::Range);
}

#[test]
fn silence_of_a_person_is_not_silence_of_a_register() {
    let dictionary = dictionary();
    let ask = |rule: &str, facts: &Facts| {
        let rule = Rule::compile(&dictionary, rule).unwrap();
        rule.evaluate(&Env {
            dictionary: &dictionary,
            facts,
            on: ON.parse().unwrap(),
        })
    };
    assert_eq!(
        ask("高新技术企业", &Facts::new()),
        F,
        "the register is complete"
    );
    assert_eq!(
        ask("高新技术企业", &Facts::stated()),
        U,
        "the visitor has not been asked"
    );
    assert_eq!(
        ask("列入经营异常名录", &Facts::stated()),
        F,
        "nobody is asked for it"
    );
}

const ITEM: &str = r#"
conditions:
  - { text: 在杭州, rule: '所在区划 in ("330100")' }
  - { text: 规模, rule: '企业规模 in ("小型","微型") or 高新技术企业' }
  - { text: 营收, rule: 上年.营业收入 >= 2000万 }
"#;

fn outcome(json: &str) -> (Truth, u32) {
    let dictionary = dictionary();
    let rules = item(&dictionary, ITEM);
    let facts = facts(&dictionary, json);
    let env = Env {
        dictionary: &dictionary,
        facts: &facts,
        on: ON.parse().unwrap(),
    };
    let outcome = rules.evaluate(&env);
    let explained = rules.explain(&env);
    assert_eq!(
        (explained.verdict, explained.distance),
        (outcome.verdict, outcome.distance)
    );
    (outcome.verdict, outcome.distance)
}

#[test]
fn near_misses_are_counted_and_places_are_out_of_reach() {
    let met = r#"{"所在区划":"330114","企业规模":"小型","营业收入":{"2025":20000000}}"#;
    assert_eq!(outcome(met), (Truth::True, 0));
    let poor = r#"{"所在区划":"330114","企业规模":"小型","营业收入":{"2025":19999999}}"#;
    assert_eq!(outcome(poor), (Truth::False, 1));
    let unknown = r#"{"所在区划":"330114","企业规模":"小型"}"#;
    assert_eq!(outcome(unknown), (Truth::Unknown, 1));
    let large = r#"{"所在区划":"330114","企业规模":"大型"}"#;
    assert_eq!(outcome(large), (Truth::False, 2));
    let elsewhere = r#"{"所在区划":"370102","企业规模":"小型","营业收入":{"2025":20000000}}"#;
    assert_eq!(outcome(elsewhere), (Truth::False, OUT_OF_REACH));
}

/// A quantity of a name of its own is no more out of reach than written out, nor less.
#[test]
fn intermediate_quantities_are_as_fixed_as_what_they_rest_on() {
    let dictionary = dictionary();
    let facts = facts(
        &dictionary,
        r#"{"从业人数":1,"营业收入":{"2025":2},"成立日期":"2025-01-01"}"#,
    );
    let env = Env {
        dictionary: &dictionary,
        facts: &facts,
        on: ON.parse().unwrap(),
    };
    for (rule, distance) in [
        ("占比 >= 1", 1),
        ("从业人数 / 上年.营业收入 >= 1", 1),
        ("两倍 >= 2", 1),
        ("够大", 1),
        ("not(已知(占比))", 1),
        ("年头 >= 3", OUT_OF_REACH),
        ("两倍 >= 2 and 年头 >= 3", OUT_OF_REACH),
        ("年头 + 占比 >= 3", 1),
    ] {
        let yaml = format!(
            r#"
conditions: [{{ text: 条件, rule: {rule} }}]
benefit:
  let: {{ 占比: 从业人数 / 上年.营业收入, 两倍: 占比 * 2, 够大: 两倍 >= 2, 年头: "满年数(成立日期, 基准日)" }}
  kind: right
"#
        );
        let rules = item(&dictionary, &yaml);
        let outcome = rules.evaluate(&env);
        assert_eq!(
            (outcome.verdict, outcome.distance),
            (Truth::False, distance),
            "{rule}"
        );
        let fixed = rules.within_reach(&dictionary).evaluate(&env).verdict;
        assert_eq!(fixed == Truth::False, distance == OUT_OF_REACH, "{rule}");
    }
}

#[test]
fn an_explanation_says_what_is_required_known_missing_and_what_would_change_it() {
    let dictionary = dictionary();
    let rules = item(&dictionary, ITEM);
    let facts = facts(
        &dictionary,
        r#"{"所在区划":"330114","营业收入":{"2025":{"value":"15000000","department":"税务","as_of":"2026-01-31"}}}"#,
    );
    let env = Env {
        dictionary: &dictionary,
        facts: &facts,
        on: ON.parse().unwrap(),
    };
    let explanation = rules.explain(&env);
    let tests: Vec<_> = explanation
        .conditions
        .iter()
        .flat_map(|c| c.node.iter().flat_map(|n| n.tests()))
        .collect();
    assert_eq!(tests[0].known.as_deref(), Some("浙江省杭州市钱塘区"));
    assert_eq!(tests[0].required, "在浙江省杭州市");
    assert_eq!(tests[1].missing[0].attribute, "企业规模");
    assert_eq!(tests[1].missing[0].department, "统计");
    assert_eq!(tests[2].facts[0].department, "科技（未登记即为否）");
    let revenue = tests[3];
    assert_eq!(revenue.subject, "上年营业收入");
    assert_eq!(revenue.required, "不低于2,000 万元");
    assert_eq!(revenue.known.as_deref(), Some("1,500 万元"));
    assert_eq!(
        revenue.change.as_deref(),
        Some("上年营业收入再增加 500 万元 即符合")
    );
    assert_eq!(revenue.facts[0].department, "税务");
    assert_eq!(revenue.facts[0].as_of, "2026-01-31".parse().ok());
}

#[test]
fn a_condition_that_people_verify_is_never_met_by_the_machine() {
    let dictionary = dictionary();
    let rules = item(
        &dictionary,
        "conditions: [{ text: 甲, rule: 从业人数 > 5 }, { text: 乙, manual: 专家评审 }]",
    );
    let facts = facts(&dictionary, r#"{"从业人数":10}"#);
    let env = Env {
        dictionary: &dictionary,
        facts: &facts,
        on: ON.parse().unwrap(),
    };
    let explanation = rules.explain(&env);
    assert_eq!(explanation.verdict, Truth::Unknown);
    assert!(explanation.manual_only);
}

fn amount(formula: &str, json: &str) -> (Option<String>, Option<String>) {
    let dictionary = dictionary();
    let formula =
        Formula::compile(&dictionary, formula).unwrap_or_else(|e| panic!("{formula}: {e:?}"));
    let facts = facts(&dictionary, json);
    let amount = formula.amount(&Env {
        dictionary: &dictionary,
        facts: &facts,
        on: ON.parse().unwrap(),
    });
    (
        amount.low.map(|n| n.to_string()),
        amount.high.map(|n| n.to_string()),
    )
}

fn exactly(text: &str) -> (Option<String>, Option<String>) {
    (Some(text.into()), Some(text.into()))
}

#[rstest]
// domain-rules.md part 3, family 2: 龙岗.
#[case(
    "分档(上年.营业收入, [300万, 5万], [1000万, 10万], [1亿, 100万], [10亿, 200万])",
    "3000000",
    "50000"
)]
#[case(
    "分档(上年.营业收入, [300万, 5万], [1000万, 10万], [1亿, 100万], [10亿, 200万])",
    "9999900",
    "50000"
)]
#[case(
    "分档(上年.营业收入, [300万, 5万], [1000万, 10万], [1亿, 100万], [10亿, 200万])",
    "10000000",
    "100000"
)]
#[case(
    "分档(上年.营业收入, [300万, 5万], [1000万, 10万], [1亿, 100万], [10亿, 200万])",
    "2999999",
    "0"
)]
// Family 4: 1.5 亿 gives 1000 + 250 = 1250 万.
#[case(
    "min(超额累进(上年.营业收入, [0, 10%], [1亿, 5%]), 4000万)",
    "150000000",
    "12500000"
)]
// Family 9: 深圳.
#[case("floor(上年.营业收入 / 1亿) * 50万", "299999999", "1000000")]
fn amounts_are_exact(#[case] formula: &str, #[case] revenue: &str, #[case] expected: &str) {
    let json = format!(r#"{{"营业收入":{{"2025":"{revenue}"}}}}"#);
    assert_eq!(amount(formula, &json), exactly(expected));
}

#[test]
fn an_unknown_fact_gives_a_range() {
    let zero = Some("0".to_owned());
    assert_eq!(
        amount("min(上年.研发费用 * 10%, 200万)", "{}"),
        (zero.clone(), Some("2000000".into()))
    );
    assert_eq!(amount("上年.研发费用 * 10%", "{}"), (zero.clone(), None));
    assert_eq!(
        amount("if 上市公司 then 5万 else 2万", "{}"),
        (Some("20000".into()), Some("50000".into()))
    );
    assert_eq!(
        amount("分档(上年.营业收入, [300万, 5万], [1000万, 10万])", "{}"),
        (zero.clone(), Some("100000".into()))
    );
    assert_eq!(
        amount("累计(已达阶段, [\"一期\", 50万], [\"二期\", 150万])", "{}"),
        (zero, Some("2000000".into()))
    );
    assert_eq!(
        amount(
            "补差(10万, 上年.研发费用)",
            r#"{"研发费用":{"2025":30000}}"#
        ),
        exactly("70000")
    );
}

/// What keeps slips out of the register is no promise of so much money.
#[test]
fn of_plausible_ends_only_those_of_shares_bound_an_amount() {
    let zero = || Some("0".to_owned());
    assert_eq!(amount("参保人数 * 500", "{}"), (zero(), None));
    assert_eq!(
        amount("min(参保人数 * 500, 100万)", "{}"),
        (zero(), Some("1000000".into()))
    );
    assert_eq!(
        amount("质押占比 * 20万", "{}"),
        (zero(), Some("200000".into()))
    );
}

proptest! {
    /// Knowing more never turns a settled verdict around, and narrows the amount.
    #[test]
    fn more_facts_only_settle(
        staff in proptest::option::of(0u32..40),
        revenue in proptest::option::of(0u64..40_000_000),
        listed in proptest::option::of(any::<bool>()),
        hide in 0u8..8,
    ) {
        let rule = "(从业人数 in [10..20) or 上市公司) and not(上年.营业收入 < 2000万 and 从业人数 > 5)";
        let formula = "min(上年.营业收入 * 10% + 从业人数 * 1500, if 上市公司 then 300万 else 100万)";
        let json = |hide: u8| {
            let mut parts = Vec::new();
            if let Some(staff) = staff.filter(|_| hide & 1 == 0) { parts.push(format!(r#""从业人数":{staff}"#)); }
            if let Some(revenue) = revenue.filter(|_| hide & 2 == 0) { parts.push(format!(r#""营业收入":{{"2025":{revenue}}}"#)); }
            if let Some(listed) = listed.filter(|_| hide & 4 == 0) { parts.push(format!(r#""上市公司":{listed}"#)); }
            format!("{{{}}}", parts.join(","))
        };
        let (less, more) = (truth(rule, &json(hide)), truth(rule, &json(0)));
        if less.is_some() { prop_assert_eq!(less, more); }
        let number = |text: &Option<String>| text.as_ref().map(|t| t.parse::<zhida_rules::Number>().unwrap());
        let ((low, high), (low2, high2)) = (amount(formula, &json(hide)), amount(formula, &json(0)));
        if let (Some(a), Some(b)) = (number(&low), number(&low2)) { prop_assert!(a <= b); }
        if let (Some(a), Some(b)) = (number(&high), number(&high2)) { prop_assert!(a >= b); }
    }
}
