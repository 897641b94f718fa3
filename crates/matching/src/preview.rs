//! How many enterprises rules would reach that are not published yet, and what it would cost.
//!
//! The engine tells of all enterprises. While it is not ready, up to [`ALL_MAX`] enterprises are all
//! judged. Of more a sample is taken: of each stratum (part of the area and kind of registration,
//! which decide most) the first in the order of codes, whose organisation part follows no other
//! trait; each stratum is scaled up by itself, exactly.

use std::sync::Arc;

use chrono::NaiveDate;
use futures::future::BoxFuture;
use zhida_platform::access::Reach;
use zhida_platform::problem::Problem;
use zhida_policies::{Preview, PreviewResult};
use zhida_registry::Query;
use zhida_rules::{ItemRules, Number};

use crate::Matching;
use crate::bulk::{Row, RowList};
use crate::error::Error;
use crate::list::MatchList;
use crate::verdict::Label;

/// Enterprises that are all judged.
const ALL_MAX: u64 = 40_000;
/// Enterprises of a sample, about.
const SAMPLE: u64 = 20_000;
/// Enterprises of a stratum at least, as far as it has them.
const STRATUM_MIN: u64 = 50;
/// Kinds of registration by the beginning of the code: 企业, 个体工商户, 农民专业合作社 (GB 32100).
const KINDS: [&str; 3] = ["91", "92", "93"];

/// Figures of a group, scaled up.
#[derive(Debug, Default)]
struct Sums {
    matched: Number0,
    unknown: Number0,
    near: Number0,
    low: Number0,
    high: Number0,
    looked_at: u64,
}

/// A number that begins at zero.
#[derive(Debug)]
struct Number0(Number);

impl Default for Number0 {
    fn default() -> Self {
        Self(Number::zero())
    }
}

impl Number0 {
    fn add(&mut self, part: Number, scale: &Number) {
        self.0 = self.0.clone() + part * scale.clone();
    }

    fn rounded(&self) -> u64 {
        self.0
            .round(0)
            .to_i64()
            .and_then(|n| u64::try_from(n).ok())
            .unwrap_or(u64::MAX)
    }
}

impl Sums {
    /// Adds the rows of a group of `size` enterprises of which these are a part.
    fn add(&mut self, rows: Vec<Row>, size: u64) {
        let part = rows.len() as u64;
        let Some(scale) = Number::from(as_i64(size)).divide(&Number::from(as_i64(part))) else {
            return;
        };
        let list = RowList::new(rows);
        let count = |label| Number::from(as_i64(list.counts.get(label)));
        self.matched
            .add(count(Label::Eligible) + count(Label::Manual), &scale);
        self.unknown
            .add(count(Label::Unknown) + count(Label::OneUnknown), &scale);
        self.near.add(count(Label::NearMiss), &scale);
        self.low.add(list.cost.low, &scale);
        self.high.add(list.cost.high, &scale);
        self.looked_at += part;
    }
}

fn as_i64(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The figures of a whole list.
fn told(list: &MatchList) -> PreviewResult {
    let count = |label| list.counts.get(label);
    PreviewResult {
        matched: count(Label::Eligible) + count(Label::Manual),
        unknown: count(Label::Unknown) + count(Label::OneUnknown),
        near: count(Label::NearMiss),
        amount_low: Some(list.cost.low.round(0)),
        amount_high: Some(list.cost.high.round(0)),
        sampled: None,
    }
}

impl Preview for Matching {
    fn preview<'a>(
        &'a self,
        rules: &'a ItemRules,
        on: NaiveDate,
    ) -> BoxFuture<'a, Result<PreviewResult, Problem>> {
        Box::pin(async move { Ok(self.reach(rules, on).await?) })
    }
}

impl Matching {
    async fn reach(&self, rules: &ItemRules, on: NaiveDate) -> Result<PreviewResult, Error> {
        let on = self.day(Some(on))?;
        let rules = Arc::new(rules.clone());
        let _turn = self.turn.acquire().await;
        if let Some((_, list)) = self.by_engine(&rules, &Query::default(), on).await? {
            return Ok(told(&list));
        }
        let spread = self.spreads.current(&self.registry, Reach::All).await?;
        let mut sums = Sums::default();
        if spread.total <= ALL_MAX {
            let everyone = self.scan_rules(&rules, &Query::default(), on).await?;
            let size = everyone.len() as u64;
            sums.add(everyone, size);
        } else {
            for (place, in_place) in &spread.parts {
                for kind in KINDS {
                    let region = place.code.as_str().to_owned();
                    let query = Query {
                        region,
                        code: kind.to_owned(),
                        ..Query::default()
                    };
                    let size = self.registry.count(&query).await?.min(*in_place);
                    let share = u128::from(size) * u128::from(SAMPLE) / u128::from(spread.total);
                    let wanted = u64::try_from(share)
                        .unwrap_or(SAMPLE)
                        .max(STRATUM_MIN)
                        .min(size);
                    if wanted > 0 {
                        let rows = self.first_rows(&rules, &query, wanted, on).await?;
                        sums.add(rows, size);
                    }
                }
            }
        }
        Ok(PreviewResult {
            matched: sums.matched.rounded(),
            unknown: sums.unknown.rounded(),
            near: sums.near.rounded(),
            amount_low: Some(sums.low.0.round(0)),
            amount_high: Some(sums.high.0.round(0)),
            sampled: (spread.total > ALL_MAX).then_some(sums.looked_at),
        })
    }

    async fn first_rows(
        &self,
        rules: &Arc<ItemRules>,
        query: &Query,
        wanted: u64,
        on: NaiveDate,
    ) -> Result<Vec<Row>, Error> {
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        let enterprises = self.registry.scan_after(query, None, wanted).await?;
        self.judge_rows(Arc::clone(rules), enterprises, on).await
    }
}

#[cfg(test)]
mod tests {
    use zhida_rules::AmountKind;

    use super::*;

    fn row(label: Label, low: i64) -> Row {
        Row {
            seq: 1,
            code: "1".into(),
            name: "甲".into(),
            label,
            distance: 0,
            kind: Some(AmountKind::Exact),
            low: Some(low),
            high: Some(low),
        }
    }

    #[test]
    fn strata_are_scaled_up_by_themselves() {
        let mut sums = Sums::default();
        sums.add(
            vec![row(Label::Eligible, 300), row(Label::OutOfReach, 0)],
            10,
        );
        sums.add(
            vec![
                row(Label::NearMiss, 900),
                row(Label::Unknown, 0),
                row(Label::Manual, 100),
            ],
            3,
        );
        sums.add(Vec::new(), 0);
        assert_eq!(
            (
                sums.matched.rounded(),
                sums.near.rounded(),
                sums.unknown.rounded()
            ),
            (6, 1, 1)
        );
        assert_eq!(sums.low.0, 16.into(), "5 × 3 yuan and 1 yuan");
        assert_eq!(sums.looked_at, 5);
    }
}
