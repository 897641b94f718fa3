//! How many enterprises would match rules that are not published yet, and what it would cost:
//! another room can tell, this one only asks.

use chrono::NaiveDate;
use futures::future::BoxFuture;
use zhida_platform::problem::Problem;
use zhida_rules::{ItemRules, Number};

/// The answer of a preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewResult {
    /// Enterprises that meet the rules.
    pub matched: u64,
    /// Enterprises of which not enough is known.
    pub unknown: u64,
    /// Enterprises that miss one condition.
    pub near: u64,
    /// Sum of the least amounts of those that match, in yuan; `None` when it cannot be told.
    pub amount_low: Option<Number>,
    /// Sum of the greatest amounts, in yuan.
    pub amount_high: Option<Number>,
    /// Enterprises looked at, when not all were: the figures are then scaled up by the provider.
    pub sampled: Option<u64>,
}

/// Tells whom rules would reach.
pub trait Preview: Send + Sync {
    /// Evaluates the rules against all enterprises, or a sample of them.
    fn preview<'a>(
        &'a self,
        rules: &'a ItemRules,
        on: NaiveDate,
    ) -> BoxFuture<'a, Result<PreviewResult, Problem>>;
}
