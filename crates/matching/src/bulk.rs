//! One item against many enterprises: compact rows in the order of lists.

use std::cmp::Reverse;

use zhida_rules::{AmountKind, Env, ItemRules, Number};

use crate::model::{AmountRange, Cost, MatchedEnterprise, range_words};
use crate::verdict::{Counts, Label};

/// One enterprise for the item; amounts in fen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Number of the enterprise.
    pub seq: i64,
    /// 统一社会信用代码.
    pub code: Box<str>,
    /// Name.
    pub name: Box<str>,
    /// Verdict.
    pub label: Label,
    /// See `Outcome::distance`.
    pub distance: u32,
    /// What can be said of the amount.
    pub kind: Option<AmountKind>,
    /// Lower end.
    pub low: Option<i64>,
    /// Upper end.
    pub high: Option<i64>,
}

impl Row {
    /// Judges one enterprise by the facts of `env`.
    pub fn judge(rules: &ItemRules, env: &Env<'_>, seq: i64, code: &str, name: &str) -> Self {
        let outcome = rules.evaluate(env);
        let label = Label::of(outcome);
        // What somebody out of reach would get is nobody's question, and amounts cost most.
        let worth = match label {
            Label::OutOfReach => None,
            _ => Worth::of(rules, env).map(|worth| worth.seen_by(label)),
        };
        Self {
            seq,
            code: code.into(),
            name: name.into(),
            label,
            distance: outcome.distance,
            kind: worth.map(|worth| worth.kind),
            low: worth.and_then(|worth| worth.low),
            high: worth.and_then(|worth| worth.high),
        }
    }

    /// What a candidate would get; the others' amounts are nobody's money.
    fn worth(&self) -> Option<Worth> {
        let kind = self.kind.filter(|_| self.label.is_candidate())?;
        Some(Worth {
            kind,
            low: self.low,
            high: self.high,
        })
    }

    /// The order of lists: label, among candidates amount (largest first), code.
    fn order(&self) -> impl Ord + '_ {
        (
            self.label,
            self.worth().map(|worth| worth.order()),
            &self.code,
        )
    }

    /// As the API shows it.
    pub fn view(&self) -> MatchedEnterprise {
        MatchedEnterprise {
            code: self.code.to_string(),
            name: self.name.to_string(),
            verdict: match self.label {
                Label::Eligible => Some(true),
                Label::Manual | Label::OneUnknown | Label::Unknown => None,
                Label::NearMiss | Label::Ineligible | Label::OutOfReach => Some(false),
            },
            label: self.label,
            amount: self.kind.map(|kind| AmountRange {
                low: self.low.map(yuan),
                high: self.high.map(yuan),
                text: amount_words(kind, self.low, self.high),
            }),
            distance: self.distance,
        }
    }
}

/// An amount in fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worth {
    /// What can be said of it.
    pub kind: AmountKind,
    /// Lower end.
    pub low: Option<i64>,
    /// Upper end.
    pub high: Option<i64>,
}

impl Worth {
    /// The amount by these facts; `None` when the item names none.
    pub fn of(rules: &ItemRules, env: &Env<'_>) -> Option<Self> {
        let ends = rules.amount_ends(env)?;
        // Amounts are rounded to fen or coarser by the formula itself.
        let fen = |end: Option<Number>| end?.round(2).to_fen();
        Some(Self {
            kind: ends.kind,
            low: fen(ends.low),
            high: fen(ends.high),
        })
    }

    /// As it is told to somebody whose verdict has this label.
    fn seen_by(self, label: Label) -> Self {
        match !label.is_candidate() && self.high == Some(0) {
            true => Self {
                kind: AmountKind::Range,
                high: None,
                ..self
            },
            false => self,
        }
    }

    /// The largest first.
    pub fn order(self) -> impl Ord {
        (Reverse(self.low), Reverse(self.high))
    }
}

/// Yuan of fen.
pub fn yuan(fen: i64) -> Number {
    Number::ratio(fen, 100).expect("a hundred is not zero")
}

/// An amount in words, as the rules say it.
fn amount_words(kind: AmountKind, low: Option<i64>, high: Option<i64>) -> String {
    let range = || range_words(&yuan(low.unwrap_or(0)), high.map(yuan).as_ref());
    match kind {
        AmountKind::Exact | AmountKind::Range => range(),
        AmountKind::Assessed if high.is_some() => format!("待评审，{}", range()),
        AmountKind::Assessed => "待评审".to_owned(),
        AmountKind::Right => "权益或资质".to_owned(),
    }
}

/// All rows of one question in the order of lists, with their counts.
#[derive(Debug, Default)]
pub struct RowList {
    /// The rows.
    pub rows: Vec<Row>,
    /// Counts of `rows`.
    pub counts: Counts,
    /// What the candidates would get.
    pub cost: Cost,
}

impl RowList {
    /// Sorts and counts.
    pub fn new(mut rows: Vec<Row>) -> Self {
        rows.sort_by(|a, b| a.order().cmp(&b.order()));
        let candidates = rows.iter().filter(|row| row.label.is_candidate());
        Self {
            counts: Counts::of(rows.iter().map(|row| row.label)),
            cost: cost(candidates.map(Row::worth)),
            rows,
        }
    }
}

/// What candidates would get together.
pub fn cost(candidates: impl Iterator<Item = Option<Worth>>) -> Cost {
    let (mut low, mut high, mut open) = (0i128, 0i128, 0);
    for worth in candidates.flatten() {
        low += i128::from(worth.low.unwrap_or(0));
        match (worth.high, worth.kind) {
            (Some(fen), _) => high += i128::from(fen),
            (None, AmountKind::Right) => {}
            (None, _) => open += 1,
        }
    }
    Cost {
        low: yuan_of_sum(low),
        high: yuan_of_sum(high),
        open,
    }
}

/// Sums may pass what fen in 64 bits hold.
fn yuan_of_sum(fen: i128) -> Number {
    let text = format!("{}.{:02}", fen / 100, (fen % 100).abs());
    text.parse().expect("digits with one point are a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(code: &str, label: Label, low: Option<i64>, high: Option<i64>) -> Row {
        let distance = match label {
            Label::Eligible | Label::Manual => 0,
            Label::NearMiss | Label::OneUnknown => 1,
            _ => 5,
        };
        let kind = Some(AmountKind::Range);
        Row {
            seq: code.parse().expect("a number"),
            code: code.into(),
            name: "甲".into(),
            label,
            distance,
            kind,
            low,
            high,
        }
    }

    fn list() -> RowList {
        RowList::new(vec![
            row("5", Label::NearMiss, Some(9), Some(9)),
            row("2", Label::Eligible, Some(100), Some(100)),
            row("1", Label::Eligible, Some(100), Some(100)),
            row("3", Label::Eligible, Some(300), None),
            row("4", Label::Manual, None, Some(50)),
        ])
    }

    #[test]
    fn candidates_come_by_amount_and_the_others_by_code() {
        let mut rows = list().rows;
        rows.push(row("0", Label::NearMiss, Some(1), Some(1)));
        let list = RowList::new(rows);
        let codes: Vec<&str> = list.rows.iter().map(|row| &*row.code).collect();
        assert_eq!(codes, ["3", "1", "2", "4", "0", "5"]);
    }

    #[test]
    fn the_cost_is_of_candidates_and_says_what_is_open() {
        let cost = list().cost;
        assert_eq!(
            (cost.low, cost.high, cost.open),
            (5.into(), Number::ratio(5, 2).expect("a ratio"), 1)
        );
    }

    #[test]
    fn amounts_are_worded_as_the_rules_word_them() {
        use AmountKind::{Assessed, Exact, Range, Right};
        let words = [
            amount_words(Exact, Some(31_250_000), Some(31_250_000)),
            amount_words(Range, Some(0), Some(20_000_000)),
            amount_words(Range, Some(100_000), Some(20_000_000)),
            amount_words(Range, Some(0), None),
            amount_words(Assessed, Some(0), Some(80_000_000)),
            amount_words(Assessed, None, None),
            amount_words(Right, None, None),
        ];
        let expected = [
            "31.25 万元",
            "最高 20 万元",
            "1,000 元～20 万元",
            "金额待定",
            "待评审，最高 80 万元",
            "待评审",
            "权益或资质",
        ];
        assert_eq!(words, expected);
    }
}
