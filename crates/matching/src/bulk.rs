//! One item against many enterprises: compact rows, computed on two threads, kept for a while.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;
use zhida_registry::Enterprise;
use zhida_rules::{Amount, AmountKind, Dictionary, Env, ItemRules, Number};

use crate::model::{AmountRange, Cost, MatchedEnterprise, range_words};
use crate::verdict::{Counts, Label};

/// Rows that the cache keeps at most, over all its lists (about 150 bytes each).
const CACHED_ROWS_MAX: usize = 2_000_000;
/// Lists that the cache keeps at most.
const CACHED_LISTS_MAX: usize = 64;

/// One enterprise for the item; amounts in fen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
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
    /// Judges one enterprise.
    pub fn judge(
        rules: &ItemRules,
        dictionary: &Dictionary,
        enterprise: &Enterprise,
        on: NaiveDate,
    ) -> Self {
        let env = Env {
            dictionary,
            facts: &enterprise.facts,
            on,
        };
        let outcome = rules.evaluate(&env);
        let label = Label::of(outcome);
        // What somebody out of reach would get is nobody's question, and amounts cost most.
        let amount = match label {
            Label::OutOfReach => None,
            _ => rules.amount(&env),
        };
        // Amounts are rounded to fen or coarser by the formula itself.
        let fen = |end: fn(&Amount) -> &Option<Number>| {
            amount
                .as_ref()
                .and_then(|amount| end(amount).as_ref()?.round(2).to_fen())
        };
        Self {
            code: enterprise.code.as_str().into(),
            name: enterprise.name.as_str().into(),
            label,
            distance: outcome.distance,
            kind: amount.as_ref().map(|amount| amount.kind),
            low: fen(|amount| &amount.low),
            high: fen(|amount| &amount.high),
        }
    }

    /// The order of lists: label, distance, amount (largest first), code.
    fn order(&self) -> impl Ord + '_ {
        (
            self.label,
            self.distance,
            std::cmp::Reverse(self.low),
            std::cmp::Reverse(self.high),
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
        let counts = Counts::of(rows.iter().map(|row| row.label));
        Self {
            counts,
            cost: cost(&rows),
            rows,
        }
    }

    /// The rows with a label, or all.
    pub fn with(&self, label: Option<Label>) -> &[Row] {
        let Some(label) = label else {
            return &self.rows;
        };
        let from = self.rows.partition_point(|row| row.label < label);
        let to = self.rows.partition_point(|row| row.label <= label);
        &self.rows[from..to]
    }

    /// A page of [`RowList::with`] after a row, and the row to go on after.
    pub fn page(&self, label: Option<Label>, after: Option<&Row>, limit: usize) -> (&[Row], bool) {
        let rows = self.with(label);
        let start = match after {
            Some(after) => rows.partition_point(|row| row.order() <= after.order()),
            None => 0,
        };
        let end = rows.len().min(start.saturating_add(limit));
        (&rows[start..end], end < rows.len())
    }
}

fn cost(rows: &[Row]) -> Cost {
    let (mut low, mut high, mut open) = (0i128, 0i128, 0);
    for row in rows.iter().filter(|row| row.label.is_candidate()) {
        low += i128::from(row.low.unwrap_or(0));
        match (row.high, row.kind) {
            (Some(fen), _) => high += i128::from(fen),
            (None, Some(AmountKind::Right) | None) => {}
            (None, Some(_)) => open += 1,
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

/// Which list: item and revision, the query, the registry's version, the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Digest of the item's revision.
    pub digest: String,
    /// Id of the item.
    pub item: String,
    /// The registry's version.
    pub registry: i64,
    /// The day.
    pub on: NaiveDate,
    /// The query as JSON.
    pub query: String,
}

/// The most recent lists.
#[derive(Debug, Default)]
pub struct Cache {
    lists: Mutex<VecDeque<(Key, Arc<RowList>)>>,
}

impl Cache {
    /// The list, when it is kept.
    pub fn get(&self, key: &Key) -> Option<Arc<RowList>> {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let at = lists.iter().position(|(kept, _)| kept == key)?;
        let entry = lists.remove(at)?;
        let list = Arc::clone(&entry.1);
        lists.push_back(entry);
        Some(list)
    }

    /// Keeps a list; the longest unused ones go. Lists of older versions of the registry go first.
    pub fn put(&self, key: Key, list: &Arc<RowList>) {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.retain(|(kept, _)| kept.registry >= key.registry && *kept != key);
        lists.push_back((key, Arc::clone(list)));
        let mut total: usize = lists.iter().map(|(_, list)| list.rows.len()).sum();
        while lists.len() > 1 && (total > CACHED_ROWS_MAX || lists.len() > CACHED_LISTS_MAX) {
            if let Some((_, gone)) = lists.pop_front() {
                total -= gone.rows.len();
            }
        }
    }
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
    fn pages_cover_the_list_once_and_counts_equal_it() {
        let list = list();
        let codes: Vec<&str> = list.rows.iter().map(|row| &*row.code).collect();
        assert_eq!(codes, ["3", "1", "2", "4", "5"]);
        for limit in 1..7 {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let (rows, more) = list.page(None, after, limit);
                seen.extend(rows.iter().map(|row| &*row.code));
                after = rows.last();
                if !more {
                    break;
                }
            }
            assert_eq!(seen, codes);
        }
        for label in Label::ALL {
            assert_eq!(list.with(Some(label)).len() as u64, list.counts.get(label));
        }
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
    fn the_cache_forgets_older_versions_of_the_registry() {
        let cache = Cache::default();
        let on = NaiveDate::MIN;
        let key = |registry, query: &str| Key {
            digest: "d".into(),
            item: "i".into(),
            registry,
            on,
            query: query.into(),
        };
        let list = Arc::new(list());
        cache.put(key(1, "a"), &list);
        cache.put(key(1, "b"), &list);
        assert!(cache.get(&key(1, "a")).is_some());
        cache.put(key(2, "a"), &list);
        assert!(cache.get(&key(1, "b")).is_none());
        assert!(cache.get(&key(2, "a")).is_some());
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
