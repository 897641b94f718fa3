//! 小型微利企业 of the enterprise income tax.
//!
//! Not in a restricted or prohibited industry, taxable income at most 300 万元, at most 300
//! persons (劳务派遣 included), assets at most 5000 万元; persons and assets as seasonal averages:
//! 季度平均值 =（季初值 + 季末值）÷ 2, 全年 = 各季度平均值之和 ÷ 4, for a part of a year its actual
//! quarters (财税〔2019〕13号). Income × 25 % × 20 % = 5 %, until 2027-12-31 (财政部 税务总局公告
//! 2023 年第 12 号; the same burden for all income up to 300 万元 since 2023-01-01).

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{FEN_PER_WAN, Fen};

/// Taxable income may be at most this.
pub const INCOME_MAX: Fen = 300 * FEN_PER_WAN;
/// Average persons may be at most this.
pub const EMPLOYEES_MAX: i64 = 300;
/// Average assets may be at most this.
pub const ASSETS_MAX: Fen = 5000 * FEN_PER_WAN;
/// Tax years in which the reduced burden of 5 % holds.
pub const REDUCED_YEARS: std::ops::RangeInclusive<i32> = 2023..=2027;

/// A value at the start and the end of a quarter; `None` is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarter {
    /// Value at the start of the quarter.
    pub start: Option<i64>,
    /// Value at the end of the quarter.
    pub end: Option<i64>,
}

impl Quarter {
    /// A quarter of which both values are known.
    pub fn new(start: i64, end: i64) -> Self {
        Self {
            start: Some(start),
            end: Some(end),
        }
    }
}

/// What is known of an enterprise's tax year; `None` and an empty list are not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SmallProfitFacts<'a> {
    /// Whether the industry is restricted or prohibited (限制或禁止行业).
    pub restricted_industry: Option<bool>,
    /// 年度应纳税所得额, fen.
    pub taxable_income: Option<Fen>,
    /// Persons, at most four quarters: those in which the enterprise operated.
    pub employees: &'a [Quarter],
    /// Total assets in fen, at most four quarters.
    pub assets: &'a [Quarter],
}

/// One of the four conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// 从事国家非限制和禁止行业.
    Industry,
    /// 年度应纳税所得额不超过 300 万元.
    TaxableIncome,
    /// 从业人数不超过 300 人.
    Employees,
    /// 资产总额不超过 5000 万元.
    Assets,
}

impl Condition {
    /// The condition in Chinese.
    pub fn name(self) -> &'static str {
        match self {
            Self::Industry => "从事国家非限制和禁止行业",
            Self::TaxableIncome => "年度应纳税所得额不超过 300 万元",
            Self::Employees => "从业人数（含劳务派遣）季度平均不超过 300 人",
            Self::Assets => "资产总额季度平均不超过 5000 万元",
        }
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmallProfitResult {
    /// All four conditions hold.
    Qualifies,
    /// At least one condition fails, whatever is still unknown.
    DoesNot {
        /// The conditions that fail.
        failed: Vec<Condition>,
    },
    /// No condition is known to fail, but some are not known.
    Unknown {
        /// The conditions that cannot be told.
        missing: Vec<Condition>,
    },
}

/// Why a tax cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TaxError {
    /// The reduced burden of another year is not in the table.
    #[error("{year} 年度的小型微利企业税负未收录（已收录 2023–2027 年），请按当年公告人工计算")]
    Year {
        /// The tax year asked for.
        year: i32,
    },
}

/// Whether the enterprise is a 小型微利企业 in the year.
pub fn classify(facts: &SmallProfitFacts<'_>) -> SmallProfitResult {
    let conditions = [
        (
            Condition::Industry,
            facts.restricted_industry.map(|restricted| !restricted),
        ),
        (
            Condition::TaxableIncome,
            facts.taxable_income.map(|income| income <= INCOME_MAX),
        ),
        (
            Condition::Employees,
            average_at_most(facts.employees, EMPLOYEES_MAX),
        ),
        (Condition::Assets, average_at_most(facts.assets, ASSETS_MAX)),
    ];
    let select = |wanted: Option<bool>| -> Vec<Condition> {
        conditions
            .iter()
            .filter(|(_, holds)| *holds == wanted)
            .map(|(name, _)| *name)
            .collect()
    };
    let (failed, missing) = (select(Some(false)), select(None));
    if !failed.is_empty() {
        SmallProfitResult::DoesNot { failed }
    } else if !missing.is_empty() {
        SmallProfitResult::Unknown { missing }
    } else {
        SmallProfitResult::Qualifies
    }
}

/// Twice the sum of the quarterly averages and twice the number of quarters: the exact average is
/// their quotient. `None` when a value or every quarter is missing.
pub fn average(quarters: &[Quarter]) -> Option<(i128, i128)> {
    if quarters.is_empty() || quarters.len() > 4 {
        return None;
    }
    let mut sum = 0;
    for quarter in quarters {
        sum += i128::from(quarter.start?) + i128::from(quarter.end?);
    }
    Some((sum, 2 * quarters.len() as i128))
}

fn average_at_most(quarters: &[Quarter], max: i64) -> Option<bool> {
    average(quarters).map(|(sum, count)| sum <= i128::from(max) * count)
}

/// Income tax of a year in fen, rounded half up to the fen: 5 % for a 小型微利企业, else 25 %; none
/// on a loss.
///
/// # Errors
/// `qualifies` for a year outside [`REDUCED_YEARS`], whose burden is another.
pub fn income_tax(year: i32, taxable_income: Fen, qualifies: bool) -> Result<Fen, TaxError> {
    if qualifies && !REDUCED_YEARS.contains(&year) {
        return Err(TaxError::Year { year });
    }
    let percent: i128 = if qualifies { 5 } else { 25 };
    let exact = i128::from(taxable_income.max(0)) * percent;
    Ok(Fen::try_from((exact + 50) / 100).expect("a quarter of an i64 fits an i64"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a failed unwrap is the test's failure
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const STEADY: [Quarter; 4] = [Quarter {
        start: Some(10),
        end: Some(10),
    }; 4];

    fn facts(income: Fen) -> SmallProfitFacts<'static> {
        SmallProfitFacts {
            restricted_industry: Some(false),
            taxable_income: Some(income),
            employees: &STEADY,
            assets: &STEADY,
        }
    }

    #[rstest]
    #[case(30_000, true, 1500)] // 300 万 → 15 万
    #[case(30_001, false, 7500)] // 300.01 万 → 75.0025 万, all but the last digits
    fn the_published_vectors_hold(#[case] hundred: i64, #[case] small: bool, #[case] tax: i64) {
        let income = hundred * 100 * 100; // of 100 yuan
        let qualifies = classify(&facts(income)) == SmallProfitResult::Qualifies;
        assert_eq!(qualifies, small);
        let due = income_tax(2026, income, qualifies).unwrap();
        assert_eq!(due / 10_000, tax);
    }

    #[test]
    fn the_tax_is_exact_to_the_fen() {
        assert_eq!(income_tax(2026, 300_010_000, false), Ok(75_002_500)); // 75.0025 万元
        assert_eq!(income_tax(2026, 300_000_000, true), Ok(15_000_000));
        assert_eq!(income_tax(2026, 10, true), Ok(1)); // half a fen goes up
        assert_eq!(income_tax(2026, 9, true), Ok(0));
        assert_eq!(income_tax(2026, -5, true), Ok(0));
        assert_eq!(
            income_tax(2028, 100, true),
            Err(TaxError::Year { year: 2028 })
        );
        assert_eq!(income_tax(2028, 100, false), Ok(25));
        assert!(income_tax(2026, i64::MAX, false).is_ok());
    }

    #[test]
    fn averages_are_compared_without_rounding() {
        let at = [
            Quarter::new(300, 300),
            Quarter::new(299, 301),
            Quarter::new(0, 600),
            Quarter::new(300, 300),
        ];
        let over = [Quarter::new(300, 300), Quarter::new(300, 301)];
        assert_eq!(average(&at), Some((2400, 8)));
        let mut given = facts(1);
        given.employees = &at;
        assert_eq!(classify(&given), SmallProfitResult::Qualifies);
        given.employees = &over;
        assert_eq!(
            classify(&given),
            SmallProfitResult::DoesNot {
                failed: vec![Condition::Employees]
            }
        );
    }

    #[test]
    fn a_known_failure_outweighs_what_is_missing() {
        let mut given = SmallProfitFacts {
            restricted_industry: Some(true),
            ..Default::default()
        };
        assert_eq!(
            classify(&given),
            SmallProfitResult::DoesNot {
                failed: vec![Condition::Industry]
            }
        );
        given.restricted_industry = Some(false);
        assert_eq!(
            classify(&given),
            SmallProfitResult::Unknown {
                missing: vec![
                    Condition::TaxableIncome,
                    Condition::Employees,
                    Condition::Assets
                ]
            }
        );
        let half = [Quarter {
            start: Some(1),
            end: None,
        }];
        assert_eq!(average(&half), None);
        assert_eq!(average(&[Quarter::new(1, 1); 5]), None);
    }

    proptest! {
        #[test]
        fn more_of_anything_never_qualifies(
            income in 0..600 * FEN_PER_WAN, persons in 0..600_i64, assets in 0..10_000 * FEN_PER_WAN,
            more in 0..1_000_i64,
        ) {
            let judge = |income, persons, assets| classify(&SmallProfitFacts {
                restricted_industry: Some(false),
                taxable_income: Some(income),
                employees: &[Quarter::new(persons, persons)],
                assets: &[Quarter::new(assets, assets)],
            });
            if judge(income, persons, assets) != SmallProfitResult::Qualifies {
                prop_assert_ne!(judge(income + more, persons + more, assets + more), SmallProfitResult::Qualifies);
            }
        }
    }
}
