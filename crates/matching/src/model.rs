//! What matching says, in the one form that pages, API, CLI and files share. Keys and values are
//! stable; amounts are decimal texts in yuan.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use zhida_rules::{AmountKind, Number};

use crate::verdict::{Counts, Label};

/// 匹配的企业；访客测算时只有回答过的内容。
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct EnterpriseHead {
    /// 统一社会信用代码；不针对具体企业时没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// 名称。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 区划代码。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub division: Option<String>,
    /// 从省起的区划名称。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub division_name: Option<String>,
    /// 行业代码。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    /// 行业名称。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub industry_name: Option<String>,
    /// 企业规模。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
}

/// 一家企业对全部事项的匹配结果。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EnterpriseMatch {
    /// 匹配的企业。
    pub enterprise: EnterpriseHead,
    /// 基准日。
    pub on: NaiveDate,
    /// 各类结果的数量。
    pub counts: Counts,
    /// 在办的事项，按推荐顺序。
    pub items: Vec<MatchedItem>,
    /// 只差一项的事项标识，按推荐顺序。
    pub near_misses: Vec<String>,
    /// 没有判断的事项和原因。
    pub not_open: Vec<NotOpen>,
    /// 可以同时享受的最佳组合。
    pub best_combination: BestCombination,
}

/// 基准日不能办理、因此没有判断的事项。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NotOpen {
    /// 事项标识。
    pub id: String,
    /// 事项名称。
    pub name: String,
    /// 原因，如“已于 2025年12月31日 到期”。
    pub reason: String,
}

/// 事项的概要。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ItemHead {
    /// 事项标识。
    pub id: String,
    /// 事项编号。
    pub number: String,
    /// 版本。
    pub revision: i64,
    /// 名称。
    pub name: String,
    /// 政策文件名称。
    pub document: String,
    /// 发布层级。
    pub level: String,
    /// 主题分类。
    pub theme: String,
    /// 兑现方式。
    pub delivery: String,
    /// 责任部门。
    pub department: String,
    /// 申报截止日和文件有效期中较早的一天。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<NaiveDate>,
}

/// 一家企业与一个事项的匹配结果。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MatchedItem {
    /// 事项。
    #[serde(flatten)]
    pub head: ItemHead,
    /// true 符合，false 不符合，null 信息不足。
    pub verdict: Option<bool>,
    /// 结论。
    #[schema(value_type = String)]
    pub label: Label,
    /// 能计算的条件都符合，其余待人工核验。
    pub manual_only: bool,
    /// 还不能确定符合的条件有几条。
    pub distance: u32,
    /// 兑现标准；事项没有写的没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<AmountView>,
    /// 一句话的原因：第一条不符合、不知道或不能计算的条件。
    pub reason: String,
    /// 逐条说明；没有要求时没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Vec<ConditionView>>,
}

/// 一家企业与一个事项的匹配结果，逐条说明。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PairMatch {
    /// 匹配的企业。
    pub enterprise: EnterpriseHead,
    /// 基准日。
    pub on: NaiveDate,
    /// 基准日不能办理的原因；能办理的没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_open: Option<String>,
    /// 事项和它的条件。
    pub item: MatchedItem,
}

/// 金额（元）。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AmountView {
    /// exact 确定金额、range 范围、assessed 由评审确定、right 权益。
    #[schema(value_type = String)]
    pub kind: AmountKind,
    /// 下限；不确定时为 null。
    #[schema(value_type = Option<String>)]
    pub low: Option<Number>,
    /// 上限；不确定时为 null。
    #[schema(value_type = Option<String>)]
    pub high: Option<Number>,
    /// 用文字表示。
    pub text: String,
    /// 计算步骤。
    pub steps: Vec<StepView>,
    /// 补上后可以算准的数据。
    pub missing: Vec<MissingView>,
}

impl AmountView {
    /// The amount in fen, when the facts make it exact.
    #[must_use]
    pub fn exact_fen(&self) -> Option<i64> {
        let exact = self.low.as_ref().filter(|_| self.kind == AmountKind::Exact);
        exact?.round(2).to_fen()
    }

    /// Only words, no figure: 待评审, 权益或资质, 金额待定.
    #[must_use]
    pub fn is_words(&self) -> bool {
        self.high.is_none() && self.low.as_ref().is_none_or(Number::is_zero)
    }
}

/// 一步计算。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StepView {
    /// 名称。
    pub name: String,
    /// 公式的白话。
    pub formula: String,
    /// 结果；不知道时为 null。
    pub value: Option<String>,
}

/// 一条条件。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MatchedCondition)]
pub struct ConditionView {
    /// 政策条款。
    pub text: String,
    /// true 符合，false 不符合，null 不知道。
    pub verdict: Option<bool>,
    /// 规则的规范形式；人工核验的为 null。
    pub rule: Option<String>,
    /// 怎样人工核验；自动计算的为 null。
    pub manual: Option<String>,
    /// 各项比较满足一项即可（否则关系见 rule）。
    pub any: bool,
    /// 各项比较。
    pub tests: Vec<TestView>,
}

/// 条件里的一项比较。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TestView {
    /// 比较什么。
    pub subject: String,
    /// 要求。
    pub required: String,
    /// 已知的情况；不知道或查看者不能看的为 null。
    pub known: Option<String>,
    /// 依据的数据。
    pub facts: Vec<FactView>,
    /// 缺少的数据。
    pub missing: Vec<MissingView>,
    /// 最少怎样改变就能符合。
    pub change: Option<String>,
    /// true 符合，false 不符合，null 不知道。
    pub verdict: Option<bool>,
    /// 查看者不能看所需的数据，因此不显示结论。
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub withheld: bool,
}

/// 一项数据和它的来源。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MatchedFact)]
pub struct FactView {
    /// 属性名称。
    pub attribute: String,
    /// 属性标识。
    pub id: String,
    /// 年度指标的年份。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
    /// 值。
    pub value: String,
    /// 数据来源部门。
    pub department: String,
    /// 数据日期。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<NaiveDate>,
    /// 导入批次。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
}

/// 缺少的一项数据。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MissingView {
    /// 属性名称。
    pub attribute: String,
    /// 属性标识。
    pub id: String,
    /// 年度指标的年份。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
    /// 主管部门。
    pub department: String,
}

impl MissingView {
    /// In words, with the year where it has one: “2025 年研发费用（科技）”.
    #[must_use]
    pub fn words(&self) -> String {
        match self.year {
            Some(year) => format!("{year} 年{}（{}）", self.attribute, self.department),
            None => format!("{}（{}）", self.attribute, self.department),
        }
    }
}

/// 最佳组合。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BestCombination {
    /// 选中的事项标识，按推荐顺序。
    pub items: Vec<String>,
    /// 合计下限（元）。
    #[schema(value_type = String)]
    pub total_low: Number,
    /// 合计上限（元）；有事项不确定时为 null。
    #[schema(value_type = Option<String>)]
    pub total_high: Option<Number>,
    /// true 没有更好的组合；false 组合太多，没有查完。
    pub exact: bool,
    /// 没有选中的事项，以及与哪些选中的事项冲突。
    pub left_out: Vec<LeftOut>,
}

/// 不能与选中的事项同时享受的事项。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LeftOut {
    /// 事项标识。
    pub id: String,
    /// 与之冲突的选中事项的标识。
    pub because: Vec<String>,
}

/// 一个事项对各企业的匹配结果，一页。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ItemMatch {
    /// 事项。
    pub item: ItemHead,
    /// 基准日。
    pub on: NaiveDate,
    /// 基准日不能办理的原因；能办理的没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_open: Option<String>,
    /// 各类结论的企业数，不受按结论筛选的影响。
    pub counts: Counts,
    /// 符合和待人工核验的企业合计可得的金额。
    pub cost: Cost,
    /// 本页的企业。
    pub enterprises: Vec<MatchedEnterprise>,
    /// 下一页的 after；最后一页为 null。
    pub next: Option<String>,
}

/// 一个事项对一家企业的匹配结果。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MatchedEnterprise {
    /// 统一社会信用代码。
    pub code: String,
    /// 名称。
    pub name: String,
    /// true 符合，false 不符合，null 信息不足。
    pub verdict: Option<bool>,
    /// 结论。
    #[schema(value_type = String)]
    pub label: Label,
    /// 兑现标准；事项没有写的没有。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<AmountRange>,
    /// 还不能确定符合的条件有几条。
    pub distance: u32,
}

/// 金额，不带计算步骤。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AmountRange {
    /// 下限（元）；不确定时为 null。
    #[schema(value_type = Option<String>)]
    pub low: Option<Number>,
    /// 上限（元）；不确定时为 null。
    #[schema(value_type = Option<String>)]
    pub high: Option<Number>,
    /// 用文字表示。
    pub text: String,
}

/// 候选企业合计可得的金额（元）。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Cost {
    /// 下限合计。
    #[schema(value_type = String)]
    pub low: Number,
    /// 已知上限的合计。
    #[schema(value_type = String)]
    pub high: Number,
    /// 上限不确定的企业数，没有计入 high。
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

/// 数据改变后结果有什么不同。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WhatIf {
    /// 匹配的企业。
    pub enterprise: EnterpriseHead,
    /// 基准日。
    pub on: NaiveDate,
    /// 改变的数据。
    pub changes: Vec<FactChangeView>,
    /// 改变前各类结论的数量。
    pub before: Counts,
    /// 改变后各类结论的数量。
    pub after: Counts,
    /// 结论改变的事项，变好的在前。
    pub flips: Vec<Flip>,
    /// 结论不变、金额改变的事项。
    pub amounts: Vec<Flip>,
}

/// 一项改变的数据。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FactChangeView {
    /// 属性名称。
    pub attribute: String,
    /// 属性标识。
    pub id: String,
    /// 年度指标的年份。
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
    /// 改变前的值；不知道时为 null。
    pub from: Option<String>,
    /// 改变后的值；不知道时为 null。
    pub to: Option<String>,
}

/// 一个事项改变前后的结果。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Flip {
    /// 事项。
    #[serde(flatten)]
    pub head: ItemHead,
    /// 改变前的结论。
    #[schema(value_type = String)]
    pub from: Label,
    /// 改变后的结论。
    #[schema(value_type = String)]
    pub to: Label,
    /// 改变前的金额。
    pub amount_from: Option<String>,
    /// 改变后的金额。
    pub amount_to: Option<String>,
}

impl Flip {
    /// Is it better after than before?
    pub fn opens(&self) -> bool {
        self.to < self.from
    }
}
