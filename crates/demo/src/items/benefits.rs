//! Benefit formulas of the families that real items show (domain-rules, part 3).

use indexmap::IndexMap;
use zhida_rules::{BenefitKind, BenefitSource, RoundTo};

use super::numbers::{round, yuan};
use super::themes::Theme;
use crate::random::Random;

/// A family of formulas.
#[derive(Clone, Copy)]
pub(super) enum Family {
    /// So much for an event.
    Flat,
    /// Tiers by revenue.
    TierRevenue,
    /// Tiers by research expenses.
    TierResearch,
    /// A rate of the research expenses, with a cap.
    Rate,
    /// Marginal rates of the investment.
    Marginal,
    /// A base and a share of its growth.
    Growth,
    /// So much a head.
    Heads,
    /// A share of the premium by size.
    Premium,
    /// A share of the interest.
    Interest,
    /// So much for every full step.
    Step,
    /// By amount and growth.
    Matrix,
    /// Stages that add up.
    Stages,
    /// Shares of several bills under one cap.
    Utilities,
    /// What another award has not covered.
    TopUp,
    /// A rate with amounts too small to pay.
    Insurance,
    /// A share of the equipment.
    Equipment,
    /// A share of a digital project.
    Digital,
    /// A share of a tax.
    Tax,
    /// A share of technology contracts.
    Contracts,
    /// A share of the contribution to the local budget.
    Contribution,
    /// By review.
    Assessed,
    /// A right or service.
    Right,
}

/// A benefit of one of the theme's families.
pub(super) fn draw(random: &mut Random, theme: Theme) -> BenefitSource {
    let family = random.pick(theme.families);
    match family {
        Family::Flat => {
            let amount = yuan(round(random, 4, 5));
            money(format!("一次性奖励 {amount}元"), amount)
        }
        Family::TierRevenue => tiers(random, "上年.营业收入", "上年度营业收入", 7),
        Family::TierResearch => tiers(random, "上年.研发费用", "上年度研发费用", 6),
        Family::Marginal => marginal(random),
        Family::Growth => growth(random),
        Family::Step => {
            let (step, each) = (yuan(round(random, 6, 7)), yuan(round(random, 4, 4)));
            let formula = format!("floor((上年.零售额 - 前年.零售额) / {step}) * {each}");
            let text = format!("零售额比前一年每增加 {step}元奖励 {each}元");
            BenefitSource {
                floor: Some("0".into()),
                ..capped(random, text, formula, 5)
            }
        }
        Family::Matrix => matrix(random),
        Family::Stages => stages(random),
        Family::TopUp => {
            let full = yuan(round(random, 5, 5));
            money(
                format!("奖励 {full}元，已获其他财政资助的只补差额"),
                format!("补差({full}, 同一项目已获其他财政资助额)"),
            )
        }
        Family::Assessed => BenefitSource {
            kind: BenefitKind::Assessed,
            floor: Some("0".into()),
            cap: Some(yuan(round(random, 5, 6))),
            text: "经专家评审择优确定，总额以当年预算为限".into(),
            ..Default::default()
        },
        Family::Right => BenefitSource {
            kind: BenefitKind::Right,
            text: "优先列入培育计划，提供一对一指导服务".into(),
            ..Default::default()
        },
        proportional => proportion(random, proportional),
    }
}

/// Families that multiply an amount by a rate.
fn proportion(random: &mut Random, family: Family) -> BenefitSource {
    let rate = random.pick(&[2, 3, 5, 5, 8, 10, 10, 15, 20, 30]);
    let half = random.pick(&[30, 50, 50, 60, 80]);
    match family {
        Family::Heads => {
            let each = random.pick(&[500, 1000, 1500, 1500, 2000]);
            let formula = format!("(扩岗招用人数 - 扩岗人员已享吸纳就业补贴人数) * {each}");
            BenefitSource {
                floor: Some("0".into()),
                ..money(
                    format!("每招用 1 人补助 {each} 元，不与一次性吸纳就业补贴重复"),
                    formula,
                )
            }
        }
        Family::Premium => {
            let large = random.pick(&[30, 30, 50]);
            let formula = format!(
                "上年.失业保险缴费额 * (if 企业规模 in (\"小型\", \"微型\", \"中型\") then {half}% else {large}%)"
            );
            money(
                format!("返还上年度失业保险费，大型企业 {large}%，中小微企业 {half}%"),
                formula,
            )
        }
        Family::Interest => {
            let formula = format!(
                "贷款额 * min(贷款年利率, 贷款合同适用LPR * 1.4) * {half}% * min(贷款计息天数, 365) / 365"
            );
            let text = format!("按实际利息的 {half}% 贴息，利率以 LPR 的 1.4 倍为限");
            capped(random, text, formula, 5)
        }
        Family::Utilities => {
            let formula = format!("补助期电费 * {rate}% + 补助期用水量 * 0.8 + 补助期用气量 * 0.2");
            let text = format!("电费补助 {rate}%，用水每吨 0.8 元，用气每立方米 0.2 元");
            capped(random, text, formula, 5)
        }
        Family::Insurance => {
            let formula = format!("传统市场信保保费 * {half}% + 新兴市场信保保费 * 80%");
            let text = format!("出口信用保险保费补助 {half}%（新兴市场 80%），1000 元以下不予资助");
            BenefitSource {
                de_minimis: Some("1000".into()),
                ..capped(random, text, formula, 5)
            }
        }
        Family::Equipment => of(random, "设备购置额", "设备购置额", rate),
        Family::Digital => of(random, "数字化改造实际投入", "数字化改造实际投入", half),
        Family::Tax => money(
            format!("减征 {half}%"),
            format!("上年.六税两费应纳额 * {half}%"),
        ),
        Family::Contracts => of(
            random,
            "上年.技术合同成交额",
            "上年度技术合同成交额",
            rate.min(5),
        ),
        Family::Contribution => of(random, "上年.地方财政贡献", "上年度地方财政贡献", half),
        _ => of(random, "上年.研发费用", "上年度研发费用", rate),
    }
}

fn money(text: String, formula: String) -> BenefitSource {
    BenefitSource {
        formula: Some(formula),
        text: format!("{text}。"),
        ..Default::default()
    }
}

fn capped(random: &mut Random, text: String, formula: String, power: u32) -> BenefitSource {
    let cap = yuan(round(random, power, power + 1));
    let round_to = random.pick(&[RoundTo::Fen, RoundTo::Yuan, RoundTo::Yuan, RoundTo::Wan]);
    BenefitSource {
        round_to,
        budget_limited: random.per_mille(80),
        cap: Some(cap.clone()),
        ..money(format!("{text}，最高 {cap}元"), formula)
    }
}

fn of(random: &mut Random, name: &str, text: &str, rate: i64) -> BenefitSource {
    capped(
        random,
        format!("按{text}的 {rate}% 给予补助"),
        format!("{name} * {rate}%"),
        5,
    )
}

fn tiers(random: &mut Random, name: &str, text: &str, power: u32) -> BenefitSource {
    let (mut at, mut amount) = (round(random, power, power), round(random, 4, 4));
    let mut formula = format!("分档({name}");
    let mut clauses = Vec::new();
    for _ in 0..random.between(2, 5) {
        let (from, gives) = (yuan(at), yuan(amount));
        formula += &format!(", [{from}, {gives}]");
        clauses.push(format!("{from}元以上奖励 {gives}元"));
        at *= random.pick(&[2, 5, 5, 10]);
        amount *= random.pick(&[2, 2, 3, 5]);
    }
    money(format!("{text} {}", clauses.join("，")), formula + ")")
}

fn marginal(random: &mut Random) -> BenefitSource {
    let (from, rate) = (round(random, 6, 6), random.pick(&[5, 8, 10, 12]));
    let (above, less) = (yuan(from * 10), rate / 2);
    let from = yuan(from);
    let text = format!("技改投资 {from}元至 {above}元的部分补助 {rate}%，超过部分补助 {less}%");
    capped(
        random,
        text,
        format!("超额累进(上年.技改投资额, [{from}, {rate}%], [{above}, {less}%])"),
        6,
    )
}

fn growth(random: &mut Random) -> BenefitSource {
    let (rate, most) = (random.pick(&[1, 2, 3, 5]), random.pick(&[30, 50, 50, 100]));
    let locals = IndexMap::from([("补贴基数".to_owned(), format!("上年.研发费用 * {rate}%"))]);
    let formula = format!("补贴基数 * (1 + min(max(上年.研发费用增长率, 0), {most}%))");
    let text =
        format!("以上年度研发费用的 {rate}% 为基数，按研发费用增长率上浮，上浮不超过 {most}%");
    BenefitSource {
        locals,
        ..capped(random, text, formula, 5)
    }
}

fn matrix(random: &mut Random) -> BenefitSource {
    let (from, amount) = (round(random, 6, 7), round(random, 4, 4));
    let formula = format!(
        "二维分档(上年.营业收入, 上年.营业收入增长率, [{}, 10%, {}], [{}, 20%, {}], [{}, 10%, {}])",
        yuan(from),
        yuan(amount),
        yuan(from),
        yuan(amount * 2),
        yuan(from * 10),
        yuan(amount * 3),
    );
    money("按上年度营业收入和增长率分档奖励".into(), formula)
}

fn stages(random: &mut Random) -> BenefitSource {
    let [first, second, third] = [4, 5, 5].map(|power| round(random, power, power));
    let (first, second, third) = (yuan(first), yuan(second), yuan(third));
    money(
        format!("股改入库 {first}元、辅导验收 {second}元、上市成功 {third}元，分阶段累计"),
        format!(
            "累计(上市进程, [\"入库并股改\", {first}], [\"辅导验收\", {second}], [\"上市成功\", {third}])"
        ),
    )
}
