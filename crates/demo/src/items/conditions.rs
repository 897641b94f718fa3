//! The conditions of generated items.

use chrono::{Datelike, Months};
use zhida_rules::ConditionSource;

use super::numbers::{round, yuan};
use super::themes::Theme;
use crate::City;
use crate::random::Random;

/// How a threshold is written.
#[derive(Clone, Copy)]
enum Unit {
    /// 10^low to 10^high yuan.
    Yuan(u32, u32),
    /// Per cent.
    Percent(i64, i64),
    /// A count with its word.
    Count(i64, i64, &'static str),
}

/// A number that policies set a limit to: clause, name in rules, unit, whether it is an upper one.
type Limit = (&'static str, &'static str, Unit, bool);

const LIMITS: [Limit; 20] = [
    ("上年度营业收入", "上年.营业收入", Unit::Yuan(6, 8), false),
    ("上年度营业收入", "上年.营业收入", Unit::Yuan(6, 8), false),
    (
        "上年度营业收入增长率",
        "上年.营业收入增长率",
        Unit::Percent(1, 40),
        false,
    ),
    (
        "上年度研发费用占营业收入的比例",
        "上年.研发强度",
        Unit::Percent(1, 12),
        false,
    ),
    ("上年度研发费用", "上年.研发费用", Unit::Yuan(5, 7), false),
    (
        "上年度研发费用增长率",
        "上年.研发费用增长率",
        Unit::Percent(1, 30),
        false,
    ),
    (
        "上年度从业人数",
        "上年.从业人数",
        Unit::Count(3, 300, "人"),
        false,
    ),
    (
        "上年度社保参保人数",
        "上年.社保参保人数",
        Unit::Count(1, 200, "人"),
        false,
    ),
    (
        "上年度资产负债率",
        "上年.资产负债率",
        Unit::Percent(40, 90),
        true,
    ),
    ("上年度资产总额", "上年.资产总额", Unit::Yuan(6, 9), true),
    ("上年度纳税总额", "上年.纳税总额", Unit::Yuan(4, 6), false),
    (
        "上年度科技人员占比",
        "上年.科技人员占比",
        Unit::Percent(5, 30),
        false,
    ),
    ("注册资本", "注册资本", Unit::Yuan(5, 7), false),
    ("成立月数", "成立月数", Unit::Count(6, 60, ""), false),
    ("成立月数", "成立月数", Unit::Count(24, 120, ""), true),
    ("上年度裁员率", "上年.裁员率", Unit::Percent(2, 20), true),
    (
        "Ⅰ类知识产权数",
        "Ⅰ类知识产权数",
        Unit::Count(1, 10, "项"),
        false,
    ),
    (
        "Ⅱ类知识产权数",
        "Ⅱ类知识产权数",
        Unit::Count(1, 20, "项"),
        false,
    ),
    (
        "上年度工业总产值",
        "上年.工业总产值",
        Unit::Yuan(6, 9),
        false,
    ),
    (
        "上年度主营业务收入占比",
        "上年.主营业务收入占比",
        Unit::Percent(50, 90),
        false,
    ),
];

const FLAGS: [&str; 14] = [
    "高新技术企业",
    "高新技术企业",
    "科技型中小企业",
    "科技型中小企业",
    "创新型中小企业",
    "专精特新中小企业",
    "专精特新小巨人",
    "瞪羚企业",
    "规上企业",
    "规上企业",
    "限上企业",
    "软件企业",
    "绿色工厂",
    "中小微企业",
];

const FAULTS: [&str; 8] = [
    "列入经营异常名录",
    "列入经营异常名录",
    "严重失信主体",
    "严重失信主体",
    "失信被执行人",
    "近一年重大安全环保事故",
    "欠税",
    "科研严重失信行为",
];

/// So many conditions, beginning with the theme's own.
pub(super) fn draw(
    random: &mut Random,
    theme: Theme,
    wanted: usize,
    city: &City,
) -> Vec<ConditionSource> {
    let mut found: Vec<ConditionSource> = Vec::with_capacity(wanted);
    let mut left = wanted;
    let alternatives = random.per_mille(310);
    let without_faults = random.per_mille(290) && (wanted > 1 || !alternatives);
    let own = random.pick(theme.own);
    let mut plan: Vec<Shape> = Vec::new();
    if alternatives {
        plan.push(Shape::Alternatives);
    }
    if without_faults {
        plan.push(Shape::Fault);
    }
    if left > plan.len() {
        plan.insert(0, Shape::Own);
    }
    plan.truncate(wanted);
    left -= plan.len();
    for _ in 0..left {
        plan.push(match random.below(100) {
            0..60 => Shape::Limit,
            60..84 => Shape::Flag,
            84..92 => Shape::Founded,
            92..96 => Shape::Status,
            _ => Shape::Manual,
        });
    }
    for shape in plan {
        let condition = shape.condition(random, own, city);
        // The same words twice would be the same condition twice.
        if !found.iter().any(|other| same_subject(other, &condition)) {
            found.push(condition);
        }
    }
    found
}

#[derive(Clone, Copy)]
enum Shape {
    Own,
    Alternatives,
    Fault,
    Limit,
    Flag,
    Founded,
    Status,
    Manual,
}

impl Shape {
    fn condition(
        self,
        random: &mut Random,
        own: (&'static str, &'static str),
        city: &City,
    ) -> ConditionSource {
        match self {
            Self::Own => rule(own.0, own.1),
            Self::Alternatives => alternatives(random),
            Self::Fault if random.per_mille(70) => {
                let (one, other) = (random.pick(&FAULTS[..2]), random.pick(&FAULTS[2..]));
                rule(
                    format!("未{one}，也无{other}"),
                    format!("not({one} or {other})"),
                )
            }
            Self::Fault => {
                let fault = random.pick(&FAULTS);
                rule(
                    format!("申报时不存在“{fault}”的情形"),
                    format!("not({fault})"),
                )
            }
            Self::Limit => {
                let (text, with) = limit(random);
                rule(text, with)
            }
            Self::Flag => {
                let flag = random.pick(&FLAGS);
                rule(format!("为{flag}"), flag)
            }
            Self::Founded => founded(random, city),
            Self::Status => rule("登记状态正常", "登记状态 = \"存续\""),
            Self::Manual => ConditionSource {
                text: "对产业发展具有较强的示范带动作用".to_owned(),
                rule: None,
                manual: Some("由主管部门组织专家评审认定".to_owned()),
            },
        }
    }
}

fn rule(text: impl Into<String>, rule: impl Into<String>) -> ConditionSource {
    ConditionSource {
        text: text.into(),
        rule: Some(rule.into()),
        manual: None,
    }
}

fn limit(random: &mut Random) -> (String, String) {
    let (text, name, unit, upper) = random.pick(&LIMITS);
    let (value, word) = match unit {
        Unit::Yuan(low, high) => (yuan(round(random, low, high)), "元"),
        Unit::Percent(low, high) => (format!("{}%", percent(random, low, high)), ""),
        Unit::Count(low, high, word) => (count(random, low, high).to_string(), word),
    };
    match upper {
        true => (
            format!("{text}不超过{value}{word}"),
            format!("{name} <= {value}"),
        ),
        false => (
            format!("{text}不低于{value}{word}"),
            format!("{name} >= {value}"),
        ),
    }
}

/// Mostly a multiple of five, or small.
fn percent(random: &mut Random, low: i64, high: i64) -> i64 {
    let any = random.skewed(low, high);
    if any > 5 && random.per_mille(850) {
        any / 5 * 5
    } else {
        any
    }
}

fn count(random: &mut Random, low: i64, high: i64) -> i64 {
    let any = random.skewed(low, high);
    match any {
        100.. => any / 50 * 50,
        20.. if random.per_mille(850) => any / 10 * 10,
        _ => any,
    }
}

/// Two or three ways to meet a condition; one of them may ask for two things.
fn alternatives(random: &mut Random) -> ConditionSource {
    let mut texts = Vec::new();
    let mut rules = Vec::new();
    let ways = random.between(2, 3);
    for way in 0..ways {
        let (text, with) = match random.per_mille(500) {
            true => {
                let flag = random.pick(&FLAGS);
                (format!("为{flag}"), flag.to_owned())
            }
            false => limit(random),
        };
        if rules.contains(&with) {
            continue;
        }
        if way == 1 && random.per_mille(250) {
            let (also, and) = limit(random);
            texts.push(format!("{text}且{also}"));
            rules.push(format!("({with} and {and})"));
        } else {
            texts.push(text);
            rules.push(with);
        }
    }
    rule(
        format!("符合下列条件之一：{}", texts.join("；")),
        rules.join(" or "),
    )
}

/// Founded since a new year's day some years back.
fn founded(random: &mut Random, city: &City) -> ConditionSource {
    let back = Months::new(12 * random.between(1, 10) as u32);
    let year = city
        .reference_date
        .checked_sub_months(back)
        .map_or(2020, |day| day.year());
    match random.per_mille(600) {
        true => rule(
            format!("{year}年1月1日以后成立"),
            format!("成立日期 >= date(\"{year}-01-01\")"),
        ),
        false => rule(
            format!("{year}年12月31日以前成立"),
            format!("成立日期 <= date(\"{year}-12-31\")"),
        ),
    }
}

/// Both begin with the same attribute.
fn same_subject(one: &ConditionSource, other: &ConditionSource) -> bool {
    let subject = |condition: &ConditionSource| {
        let rule = condition.rule.clone().unwrap_or_default();
        rule.split([' ', '(']).next().unwrap_or_default().to_owned()
    };
    let (one, other) = (subject(one), subject(other));
    one == other && one != "not" && one != "包含任一"
}
