//! What matching says, in the one form that pages, API, CLI and files share. Keys and values are
//! stable; amounts are decimal texts in yuan.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use zhida_rules::{AmountKind, Number};

use crate::verdict::{Counts, Label};

/// The enterprise that was matched; of a visitor nothing but what was answered is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct EnterpriseHead {
    /// 统一社会信用代码; absent for facts without an enterprise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Division code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub division: Option<String>,
    /// Names of the division from the province down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub division_name: Option<String>,
    /// Industry code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    /// Name of the industry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub industry_name: Option<String>,
    /// Size class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
}

/// All items for one enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EnterpriseMatch {
    /// Who was matched.
    pub enterprise: EnterpriseHead,
    /// 基准日.
    pub on: NaiveDate,
    /// Counts of `items`.
    pub counts: Counts,
    /// Open items in the order of rank.
    pub items: Vec<MatchedItem>,
    /// Ids of the items with 只差一项, in the order of rank.
    pub near_misses: Vec<String>,
    /// Items that were not judged, and why.
    pub not_open: Vec<NotOpen>,
    /// What can be had together.
    pub best_combination: BestCombination,
}

/// An item that was not judged because nobody can have it on this day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NotOpen {
    /// Id of the item.
    pub id: String,
    /// Name of the item.
    pub name: String,
    /// Why, in words: 已于 2025年12月31日 到期.
    pub reason: String,
}

/// What a list needs to know of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ItemHead {
    /// Stable id.
    pub id: String,
    /// The number people read out.
    pub number: String,
    /// Revision.
    pub revision: i64,
    /// Name.
    pub name: String,
    /// Title of the document.
    pub document: String,
    /// 发布层级 in words.
    pub level: String,
    /// 主题分类 in words.
    pub theme: String,
    /// 兑现方式 in words.
    pub delivery: String,
    /// 责任部门.
    pub department: String,
    /// Last day to apply, or the document's last day, whichever is sooner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<NaiveDate>,
}

/// One item for one enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MatchedItem {
    /// The item.
    #[serde(flatten)]
    pub head: ItemHead,
    /// `true` 符合, `false` 不符合, `null` 信息不足.
    pub verdict: Option<bool>,
    /// The verdict in words.
    #[schema(value_type = String)]
    pub label: Label,
    /// All that can be computed is met; people verify the rest.
    pub manual_only: bool,
    /// Single conditions that are not known to be met.
    pub distance: u32,
    /// The benefit; absent when the item names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<AmountView>,
    /// The reason in one line: the first condition that is not met, not known or not computed.
    pub reason: String,
    /// The conditions explained; absent when not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Vec<ConditionView>>,
}

/// One item for one enterprise, explained in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PairMatch {
    /// Who was matched.
    pub enterprise: EnterpriseHead,
    /// 基准日.
    pub on: NaiveDate,
    /// Why nobody can have the item on this day; absent when it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_open: Option<String>,
    /// The item with its conditions.
    pub item: MatchedItem,
}

/// A benefit in yuan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AmountView {
    /// exact, range, assessed or right.
    #[schema(value_type = String)]
    pub kind: AmountKind,
    /// Lower end; `null` when open.
    #[schema(value_type = Option<String>)]
    pub low: Option<Number>,
    /// Upper end; `null` when open.
    #[schema(value_type = Option<String>)]
    pub high: Option<Number>,
    /// In words.
    pub text: String,
    /// How it came about.
    pub steps: Vec<StepView>,
    /// Facts that would make it exact.
    pub missing: Vec<MissingView>,
}

impl AmountView {
    /// Only words, no figure: 待评审, 权益或资质, 金额待定.
    pub(crate) fn is_words(&self) -> bool {
        self.high.is_none() && self.low.as_ref().is_none_or(Number::is_zero)
    }
}

/// A step of a computation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StepView {
    /// Its name.
    pub name: String,
    /// Its formula in plain Chinese.
    pub formula: String,
    /// Its value; `null` when unknown.
    pub value: Option<String>,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MatchedCondition)]
pub struct ConditionView {
    /// The clause of the policy's text.
    pub text: String,
    /// `true` met, `false` not met, `null` unknown.
    pub verdict: Option<bool>,
    /// The rule in its normal form; `null` when people verify it.
    pub rule: Option<String>,
    /// How people verify it; `null` when it is computed.
    pub manual: Option<String>,
    /// One of the tests is enough (otherwise see `rule` for how they are joined).
    pub any: bool,
    /// The single tests.
    pub tests: Vec<TestView>,
}

/// A single test of a condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TestView {
    /// What it is about.
    pub subject: String,
    /// What is required.
    pub required: String,
    /// What is known; `null` when unknown or not for this viewer.
    pub known: Option<String>,
    /// The facts it rests on.
    pub facts: Vec<FactView>,
    /// Facts that are missing.
    pub missing: Vec<MissingView>,
    /// The smallest change that would make it met.
    pub change: Option<String>,
    /// `true` met, `false` not met, `null` unknown.
    pub verdict: Option<bool>,
    /// Unknown because this viewer may not see what it needs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub withheld: bool,
}

/// A fact with its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MatchedFact)]
pub struct FactView {
    /// Name of the attribute.
    pub attribute: String,
    /// Id of the attribute.
    pub id: String,
    /// Year of an annual attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
    /// Value in words.
    pub value: String,
    /// Who brought it.
    pub department: String,
    /// The day for which it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<NaiveDate>,
    /// The import batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
}

/// A fact that is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MissingView {
    /// Name of the attribute.
    pub attribute: String,
    /// Id of the attribute.
    pub id: String,
    /// Year of an annual attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
    /// The department that owns it.
    pub department: String,
}

/// The best combination of items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BestCombination {
    /// Ids of the chosen items in the order of rank.
    pub items: Vec<String>,
    /// Lower end of the total in yuan.
    #[schema(value_type = String)]
    pub total_low: Number,
    /// Upper end of the total in yuan; `null` when an item's is open.
    #[schema(value_type = Option<String>)]
    pub total_high: Option<Number>,
    /// No better combination exists; `false` when the search was cut off.
    pub exact: bool,
    /// Items left out and the chosen ones they collide with.
    pub left_out: Vec<LeftOut>,
}

/// An item that cannot be had together with chosen ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LeftOut {
    /// Id of the item.
    pub id: String,
    /// Ids of the chosen items it collides with.
    pub because: Vec<String>,
}

/// A page of the enterprises for one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ItemMatch {
    /// The item.
    pub item: ItemHead,
    /// 基准日.
    pub on: NaiveDate,
    /// Why nobody can have the item on this day; absent when it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_open: Option<String>,
    /// Counts of all enterprises asked for, whatever the filter by verdict.
    pub counts: Counts,
    /// What the candidates (符合 and 待人工核验) would get together.
    pub cost: Cost,
    /// The page.
    pub enterprises: Vec<MatchedEnterprise>,
    /// Cursor of the next page; `null` on the last.
    pub next: Option<String>,
}

/// One enterprise for one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MatchedEnterprise {
    /// 统一社会信用代码.
    pub code: String,
    /// Name.
    pub name: String,
    /// `true` 符合, `false` 不符合, `null` 信息不足.
    pub verdict: Option<bool>,
    /// The verdict in words.
    #[schema(value_type = String)]
    pub label: Label,
    /// The benefit in words; absent when the item names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<AmountRange>,
    /// Single conditions that are not known to be met.
    pub distance: u32,
}

/// A benefit without its steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AmountRange {
    /// Lower end in yuan; `null` when open.
    #[schema(value_type = Option<String>)]
    pub low: Option<Number>,
    /// Upper end in yuan; `null` when open.
    #[schema(value_type = Option<String>)]
    pub high: Option<Number>,
    /// In words.
    pub text: String,
}

/// What candidates would get together, in yuan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Cost {
    /// Sum of the lower ends.
    #[schema(value_type = String)]
    pub low: Number,
    /// Sum of the upper ends that are known.
    #[schema(value_type = String)]
    pub high: Number,
    /// Candidates whose upper end is not known; they are not in `high`.
    pub open: u64,
}

impl Default for Cost {
    fn default() -> Self {
        Self {
            low: Number::zero(),
            high: Number::zero(),
            open: 0,
        }
    }
}

impl Cost {
    /// The sum in words: “1,200 万元”, “300 万元～1,200 万元”.
    pub fn words(&self) -> String {
        range_words(&self.low, (self.open == 0).then_some(&self.high))
    }
}

impl BestCombination {
    /// The total in words.
    pub fn words(&self) -> String {
        range_words(&self.total_low, self.total_high.as_ref())
    }
}

/// An interval of money in words.
pub(crate) fn range_words(low: &Number, high: Option<&Number>) -> String {
    let yuan = |number: &Number| zhida_rules::show_number(number, Some("元"));
    match high {
        Some(high) if high == low => yuan(low),
        Some(high) if low.is_zero() => format!("最高 {}", yuan(high)),
        Some(high) => format!("{}～{}", yuan(low), yuan(high)),
        None if low.is_zero() => "金额待定".to_owned(),
        None => format!("{}以上", yuan(low)),
    }
}

/// What changes when facts change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WhatIf {
    /// Who was matched.
    pub enterprise: EnterpriseHead,
    /// 基准日.
    pub on: NaiveDate,
    /// The changed facts in words.
    pub changes: Vec<FactChangeView>,
    /// Counts before.
    pub before: Counts,
    /// Counts after.
    pub after: Counts,
    /// Items whose label changes, best first.
    pub flips: Vec<Flip>,
    /// Items that keep their label and change their amount.
    pub amounts: Vec<Flip>,
}

/// A fact that was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FactChangeView {
    /// Name of the attribute.
    pub attribute: String,
    /// Id of the attribute.
    pub id: String,
    /// Year of an annual attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
    /// Value before; `null` when unknown.
    pub from: Option<String>,
    /// Value after; `null` when unknown.
    pub to: Option<String>,
}

/// One item before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Flip {
    /// The item.
    #[serde(flatten)]
    pub head: ItemHead,
    /// Label before.
    #[schema(value_type = String)]
    pub from: Label,
    /// Label after.
    #[schema(value_type = String)]
    pub to: Label,
    /// Amount before, in words.
    pub amount_from: Option<String>,
    /// Amount after, in words.
    pub amount_to: Option<String>,
}

impl Flip {
    /// Is it better after than before?
    pub fn opens(&self) -> bool {
        self.to < self.from
    }
}
