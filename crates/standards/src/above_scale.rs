//! 规上（四上）: whether an enterprise is above the scale that monthly statistics survey.
//!
//! Thresholds of the statistical reporting system as published by statistics bureaus
//! (domain-rules §2.3(d)): 工业 and 批发 2000 万元, 零售 500 万元, 住宿餐饮 200 万元, 建筑业 with a
//! 总承包 or 专业承包 qualification, 房地产开发经营 with activity, services 2000, 1000 or 500 万元.
//! It tells who meets the threshold; who is in the survey's directory is the bureau's decision.

use serde::{Deserialize, Serialize};

use crate::industry::{self, Industry};
use crate::{FEN_PER_WAN, Fen};

/// What the threshold of an industry asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleCriterion {
    /// Annual revenue of at least so many fen; 主营业务收入 for 工业.
    Revenue(Fen),
    /// A 总承包 or 专业承包 qualification.
    ConstructionQualification,
    /// Development or operation going on.
    DevelopmentActivity,
}

/// What may be missing to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleIndicator {
    /// 行业代码, absent or too coarse.
    Industry,
    /// 年主营业务收入 (营业收入).
    Revenue,
    /// 建筑业总承包或专业承包资质.
    ConstructionQualification,
    /// 房地产开发经营活动.
    DevelopmentActivity,
}

impl ScaleIndicator {
    /// The indicator in Chinese.
    pub fn name(self) -> &'static str {
        match self {
            Self::Industry => "行业代码",
            Self::Revenue => "年主营业务收入",
            Self::ConstructionQualification => "建筑业总承包或专业承包资质",
            Self::DevelopmentActivity => "房地产开发经营活动",
        }
    }
}

/// What is known of an enterprise; `None` is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScaleFacts {
    /// Annual 主营业务收入 (营业收入 for services), fen.
    pub revenue: Option<Fen>,
    /// Whether a construction firm holds a 总承包 or 专业承包 qualification.
    pub construction_qualification: Option<bool>,
    /// Whether a developer has development or operation going on.
    pub development_activity: Option<bool>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScaleResult {
    /// 规上.
    Above {
        /// The threshold that is met.
        criterion: ScaleCriterion,
    },
    /// 规下.
    Below {
        /// The threshold that is not met.
        criterion: ScaleCriterion,
    },
    /// 不适用: no threshold for this industry.
    NotApplicable {
        /// Why, in Chinese.
        reason: &'static str,
    },
    /// Not to be told from what is known.
    Unknown {
        /// What would have to be known; never empty.
        missing: Vec<ScaleIndicator>,
    },
}

/// Whether an enterprise of an industry is 规上. `industry_code` in any spelling of
/// [`industry::parse`]; a code it refuses counts as missing.
pub fn classify(industry_code: &str, facts: &ScaleFacts) -> ScaleResult {
    let Some(industry) = industry::lookup(industry_code) else {
        return ScaleResult::Unknown {
            missing: vec![ScaleIndicator::Industry],
        };
    };
    let mut outcomes = criteria(industry)
        .into_iter()
        .map(|criterion| judge(criterion, facts));
    let first = outcomes
        .next()
        .expect("every industry has a criterion or none");
    let rest: Vec<_> = outcomes.collect();
    let agrees = |other: &ScaleResult| {
        other == &first
            || std::mem::discriminant(other) == std::mem::discriminant(&first)
                && !matches!(other, ScaleResult::Unknown { .. })
    };
    if rest.iter().all(agrees) {
        return first;
    }
    ScaleResult::Unknown {
        missing: vec![ScaleIndicator::Industry],
    }
}

/// The threshold of an industry; `None` when there is none, the code is unknown or too coarse.
pub fn criterion(industry_code: &str) -> Option<ScaleCriterion> {
    match criteria(industry::lookup(industry_code)?)[..] {
        [criterion] => criterion,
        _ => None,
    }
}

fn judge(criterion: Option<ScaleCriterion>, facts: &ScaleFacts) -> ScaleResult {
    let Some(criterion) = criterion else {
        return ScaleResult::NotApplicable {
            reason: "四上统计没有为该行业设定规模标准",
        };
    };
    let (met, indicator) = match criterion {
        ScaleCriterion::Revenue(at_least) => (
            facts.revenue.map(|revenue| revenue >= at_least),
            ScaleIndicator::Revenue,
        ),
        ScaleCriterion::ConstructionQualification => (
            facts.construction_qualification,
            ScaleIndicator::ConstructionQualification,
        ),
        ScaleCriterion::DevelopmentActivity => (
            facts.development_activity,
            ScaleIndicator::DevelopmentActivity,
        ),
    };
    match met {
        Some(true) => ScaleResult::Above { criterion },
        Some(false) => ScaleResult::Below { criterion },
        None => ScaleResult::Unknown {
            missing: vec![indicator],
        },
    }
}

/// The different criteria within an industry: one for a code fine enough.
fn criteria(industry: &'static Industry) -> Vec<Option<ScaleCriterion>> {
    if let Some(single) = single(industry.code) {
        return vec![single];
    }
    let mut found = Vec::new();
    for child in industry::children(industry.code) {
        for criterion in criteria(child) {
            if !found.contains(&criterion) {
                found.push(criterion);
            }
        }
    }
    found
}

/// The criterion of a code in normal form: outer `None` when its parts differ, inner `None` when
/// there is no threshold.
fn single(code: &str) -> Option<Option<ScaleCriterion>> {
    let wan = |amount| Some(Some(ScaleCriterion::Revenue(amount * FEN_PER_WAN)));
    match &code[..1] {
        "B" | "C" | "D" | "G" | "I" | "N" => wan(2000),
        "E" => Some(Some(ScaleCriterion::ConstructionQualification)),
        "H" => wan(200),
        "L" | "M" | "P" => wan(1000),
        "O" | "R" => wan(500),
        "F" | "Q" | "K" if code.len() == 1 => None,
        "F" if code.starts_with("F51") => wan(2000),
        "F" => wan(500),
        "Q" if code.starts_with("Q84") => wan(2000),
        "Q" => wan(500),
        "K" if code.len() == 3 => None,
        "K" if code.starts_with("K701") => Some(Some(ScaleCriterion::DevelopmentActivity)),
        "K" => wan(1000),
        _ => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn with_revenue(wan: i64) -> ScaleFacts {
        ScaleFacts {
            revenue: Some(wan * FEN_PER_WAN),
            ..ScaleFacts::default()
        }
    }

    #[rstest]
    #[case("C2710", 2000)]
    #[case("B06", 2000)]
    #[case("F51", 2000)]
    #[case("F52", 500)]
    #[case("H61", 200)]
    #[case("H", 200)]
    #[case("G54", 2000)]
    #[case("I65", 2000)]
    #[case("N77", 2000)]
    #[case("Q84", 2000)]
    #[case("L72", 1000)]
    #[case("M73", 1000)]
    #[case("P83", 1000)]
    #[case("K702", 1000)]
    #[case("K703", 1000)]
    #[case("K704", 1000)]
    #[case("K709", 1000)]
    #[case("O80", 500)]
    #[case("R88", 500)]
    #[case("Q85", 500)]
    fn revenue_decides_at_the_threshold(#[case] code: &str, #[case] wan: i64) {
        let criterion = ScaleCriterion::Revenue(wan * FEN_PER_WAN);
        assert_eq!(
            classify(code, &with_revenue(wan)),
            ScaleResult::Above { criterion }
        );
        let just_below = ScaleFacts {
            revenue: Some(wan * FEN_PER_WAN - 1),
            ..ScaleFacts::default()
        };
        assert_eq!(
            classify(code, &just_below),
            ScaleResult::Below { criterion }
        );
        assert_eq!(super::criterion(code), Some(criterion));
    }

    #[test]
    fn builders_and_developers_are_not_measured_by_revenue() {
        let mut facts = with_revenue(1);
        assert_eq!(
            classify("E47", &facts),
            ScaleResult::Unknown {
                missing: vec![ScaleIndicator::ConstructionQualification]
            }
        );
        facts.construction_qualification = Some(true);
        facts.development_activity = Some(false);
        assert!(matches!(classify("E47", &facts), ScaleResult::Above { .. }));
        assert!(matches!(
            classify("K7010", &facts),
            ScaleResult::Below { .. }
        ));
    }

    #[test]
    fn unknown_is_not_below() {
        let nothing = ScaleFacts::default();
        assert_eq!(
            classify("C13", &nothing),
            ScaleResult::Unknown {
                missing: vec![ScaleIndicator::Revenue]
            }
        );
        let industry = ScaleResult::Unknown {
            missing: vec![ScaleIndicator::Industry],
        };
        assert_eq!(classify("", &with_revenue(9000)), industry);
        assert_eq!(classify("F", &with_revenue(600)), industry);
        assert_eq!(classify("K", &with_revenue(600)), industry);
        assert!(matches!(
            classify("F", &with_revenue(9000)),
            ScaleResult::Above { .. }
        ));
        assert!(matches!(
            classify("Q", &with_revenue(1)),
            ScaleResult::Below { .. }
        ));
        assert!(matches!(
            classify("J66", &with_revenue(9)),
            ScaleResult::NotApplicable { .. }
        ));
        assert!(matches!(
            classify("A01", &nothing),
            ScaleResult::NotApplicable { .. }
        ));
    }
}
