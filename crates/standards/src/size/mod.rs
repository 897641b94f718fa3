//! 统计上大中小微型企业划分办法(2017), 国统字〔2017〕213号: large, medium, small or micro.
//!
//! 大、中、小型 must meet every lower bound of their row, otherwise one step down; for 微型 one
//! indicator suffices. Scopes by GB/T 4754-2017. The rows 物业管理, 租赁和商务服务业 and
//! 其他未列明行业 carry the values of 工信部联企业〔2011〕300号, which the method of 2017 repeats.

mod table;

use serde::{Deserialize, Serialize};

use crate::Fen;
use crate::industry;
use table::Reach;

/// The size class, from small to large in the order of the enum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// 微型.
    Micro,
    /// 小型.
    Small,
    /// 中型.
    Medium,
    /// 大型.
    Large,
}

impl Size {
    /// All classes, from small to large.
    pub const ALL: [Self; 4] = [Self::Micro, Self::Small, Self::Medium, Self::Large];

    /// The class in Chinese.
    pub fn name(self) -> &'static str {
        match self {
            Self::Micro => "微型",
            Self::Small => "小型",
            Self::Medium => "中型",
            Self::Large => "大型",
        }
    }

    /// The class of a Chinese name, with or without 型 or 企业 (小型, 小, 小型企业).
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.trim();
        let name = name.strip_suffix("企业").unwrap_or(name);
        let name = name.strip_suffix('型').unwrap_or(name);
        Self::ALL
            .into_iter()
            .find(|size| size.name().strip_suffix('型') == Some(name))
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// What the method measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Indicator {
    /// 行业代码, absent or too coarse to choose a row (F without 51 or 52).
    Industry,
    /// 从业人员, persons at the end of the period.
    Employees,
    /// 营业收入, fen a year.
    Revenue,
    /// 资产总额, fen.
    Assets,
}

impl Indicator {
    /// The indicator in Chinese.
    pub fn name(self) -> &'static str {
        match self {
            Self::Industry => "行业代码",
            Self::Employees => "从业人员",
            Self::Revenue => "营业收入",
            Self::Assets => "资产总额",
        }
    }
}

/// The answer of the method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SizeResult {
    /// The class is certain.
    Class(Size),
    /// 不适用: the method does not reach this industry.
    NotApplicable {
        /// Why, in Chinese.
        reason: &'static str,
    },
    /// The class depends on indicators that are not known.
    Unknown {
        /// What would have to be known, in the order of [`Indicator`]; never empty.
        missing: Vec<Indicator>,
    },
}

/// The class of an enterprise. A missing indicator matters only where it could change the class:
/// 工业 with ten persons is 微型 whatever it turns over.
///
/// `industry_code` in any spelling of [`industry::parse`]; a code it refuses counts as missing.
/// `employees` in persons, amounts in fen.
pub fn classify(
    industry_code: &str,
    employees: Option<u64>,
    revenue: Option<Fen>,
    assets: Option<Fen>,
) -> SizeResult {
    let given = Given {
        employees,
        revenue,
        assets,
    };
    let Some(industry) = industry::lookup(industry_code) else {
        return SizeResult::Unknown {
            missing: vec![Indicator::Industry],
        };
    };
    let reaches = table::reaches(industry);
    let mut outcomes = reaches.iter().map(|&reach| given.classify(reach));
    let first = outcomes
        .next()
        .expect("every industry falls in a row or outside");
    // A coarse code: certain only when each row it may fall in gives the same answer.
    if outcomes.all(|outcome| outcome == first) {
        return first;
    }
    SizeResult::Unknown {
        missing: vec![Indicator::Industry],
    }
}

/// The classes still possible, from small to large; empty when the method may not apply at all.
/// A rule for 中小微企业 holds as soon as no possible class is 大型.
pub fn possible(
    industry_code: &str,
    employees: Option<u64>,
    revenue: Option<Fen>,
    assets: Option<Fen>,
) -> Vec<Size> {
    let given = Given {
        employees,
        revenue,
        assets,
    };
    let Some(industry) = industry::lookup(industry_code) else {
        return Vec::new();
    };
    let mut highest = Size::Micro;
    let mut lowest = Size::Large;
    for reach in table::reaches(industry) {
        let Reach::Row(row) = reach else {
            return Vec::new();
        };
        let (at_most, missing) = given.limit(row);
        highest = highest.max(at_most);
        lowest = lowest.min(if missing.is_empty() {
            at_most
        } else {
            Size::Micro
        });
    }
    Size::ALL
        .into_iter()
        .filter(|&size| lowest <= size && size <= highest)
        .collect()
}

/// The name of the method's row that an industry falls in, `None` when the code is unknown, too
/// coarse or outside the method.
pub fn row_name(industry_code: &str) -> Option<&'static str> {
    match table::reaches(industry::lookup(industry_code)?)[..] {
        [Reach::Row(row)] => Some(row.name),
        _ => None,
    }
}

struct Given {
    employees: Option<u64>,
    revenue: Option<Fen>,
    assets: Option<Fen>,
}

impl Given {
    fn classify(&self, reach: Reach) -> SizeResult {
        let row = match reach {
            Reach::Row(row) => row,
            Reach::Outside(reason) => return SizeResult::NotApplicable { reason },
        };
        match self.limit(row) {
            // Nothing is below 微型, so what is missing cannot change it.
            (Size::Micro, _) => SizeResult::Class(Size::Micro),
            (size, missing) if missing.is_empty() => SizeResult::Class(size),
            (_, missing) => SizeResult::Unknown { missing },
        }
    }

    /// The largest class that the known indicators allow, and the indicators not known.
    fn limit(&self, row: &table::Row) -> (Size, Vec<Indicator>) {
        let mut at_most = Size::Large;
        let mut missing = Vec::new();
        for (indicator, bounds) in row.bounds {
            match self.value(*indicator) {
                Some(value) => at_most = at_most.min(class_of(value, bounds)),
                None => missing.push(*indicator),
            }
        }
        (at_most, missing)
    }

    fn value(&self, indicator: Indicator) -> Option<i64> {
        match indicator {
            Indicator::Employees => self.employees.map(|n| i64::try_from(n).unwrap_or(i64::MAX)),
            Indicator::Revenue => self.revenue,
            Indicator::Assets => self.assets,
            Indicator::Industry => None,
        }
    }
}

/// The class of one value by the lower bounds of 大, 中 and 小.
fn class_of(value: i64, [large, medium, small]: &[i64; 3]) -> Size {
    match value {
        value if value >= *large => Size::Large,
        value if value >= *medium => Size::Medium,
        value if value >= *small => Size::Small,
        _ => Size::Micro,
    }
}

#[cfg(test)]
mod tests;
