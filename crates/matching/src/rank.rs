//! The order of a list of matches: what is worth most, closes first and costs least effort.
//!
//! Compared in turn:
//! 1. the label, best first ([`Label`]);
//! 2. the distance, smallest first (only undetermined and unmet items differ in it);
//! 3. the benefit: the lower end of the amount, largest first; then the upper end (an open one
//!    counts as its lower end); items without an amount last;
//! 4. the last day to apply, soonest first; items without one last;
//! 5. the effort: 免申即享 before 即申即享 before 申报, then fewer materials;
//! 6. the item's id, so that equal items never change places.

use std::cmp::Reverse;

use chrono::NaiveDate;
use zhida_rules::{AmountEnds, Number, Outcome};

use crate::verdict::Label;

/// What the order depends on besides verdict and amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort<'a> {
    /// Last day to apply.
    pub deadline: Option<NaiveDate>,
    /// 0 免申即享, 1 即申即享, 2 申报.
    pub delivery: u8,
    /// How many materials are asked for.
    pub materials: usize,
    /// The item's id.
    pub id: &'a str,
}

/// Sort key; smaller comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RankKey<'a> {
    label: Label,
    distance: u32,
    low: Reverse<Option<&'a Number>>,
    high: Reverse<Option<&'a Number>>,
    deadline: (bool, Option<NaiveDate>),
    delivery: u8,
    materials: usize,
    id: &'a str,
}

/// The sort key of a match.
pub fn key<'a>(
    outcome: Outcome,
    amount: Option<&'a AmountEnds>,
    effort: Effort<'a>,
) -> RankKey<'a> {
    let low = amount.and_then(|amount| amount.low.as_ref());
    let high = amount.and_then(|amount| amount.high.as_ref()).or(low);
    RankKey {
        label: Label::of(outcome),
        distance: outcome.distance,
        low: Reverse(low),
        high: Reverse(high),
        deadline: (effort.deadline.is_none(), effort.deadline),
        delivery: effort.delivery,
        materials: effort.materials,
        id: effort.id,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use zhida_rules::{AmountKind, Truth};

    use super::*;

    fn amount(low: i64, high: Option<i64>) -> AmountEnds {
        AmountEnds {
            kind: AmountKind::Range,
            low: Some(low.into()),
            high: high.map(Number::integer),
        }
    }

    fn ranked(mut rows: Vec<(RankKey<'_>, &'static str)>) -> Vec<&'static str> {
        rows.sort();
        rows.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn each_criterion_decides_in_its_turn() {
        let met = Outcome {
            verdict: Truth::True,
            distance: 0,
        };
        let near = Outcome {
            verdict: Truth::False,
            distance: 1,
        };
        let far = Outcome {
            verdict: Truth::False,
            distance: 3,
        };
        let farther = Outcome {
            verdict: Truth::False,
            distance: 4,
        };
        let plain = Effort {
            deadline: None,
            delivery: 2,
            materials: 3,
            id: "m",
        };
        let soon = Effort {
            deadline: Some("2026-12-01".parse().unwrap()),
            ..plain
        };
        let later = Effort {
            deadline: Some("2026-12-31".parse().unwrap()),
            ..plain
        };
        let free = Effort {
            delivery: 0,
            materials: 9,
            ..plain
        };
        let light = Effort {
            materials: 1,
            ..plain
        };
        let rich = amount(900, Some(900));
        let exact = amount(500, Some(500));
        let wide = amount(500, Some(800));
        let expected = [
            "最多",
            "上限高",
            "截止早",
            "截止晚",
            "免申",
            "材料少",
            "编号小",
            "一般",
            "无金额",
            "差一项",
            "差三项",
            "差四项",
        ];
        let rows = vec![
            (key(farther, Some(&rich), plain), "差四项"),
            (key(far, Some(&exact), plain), "差三项"),
            (key(near, Some(&rich), soon), "差一项"),
            (key(met, None, free), "无金额"),
            (key(met, Some(&exact), plain), "一般"),
            (
                key(met, Some(&exact), Effort { id: "a", ..plain }),
                "编号小",
            ),
            (key(met, Some(&exact), light), "材料少"),
            (key(met, Some(&exact), free), "免申"),
            (key(met, Some(&exact), later), "截止晚"),
            (key(met, Some(&exact), soon), "截止早"),
            (key(met, Some(&wide), plain), "上限高"),
            (key(met, Some(&rich), plain), "最多"),
        ];
        assert_eq!(ranked(rows), expected);
    }
}
