//! Whether an enterprise meets an item, as it was judged: what is recorded with the case and shown years later.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zhida_matching::judge::match_pair;
use zhida_matching::model::{EnterpriseHead, PairMatch};
use zhida_platform::format::date_zh;
use zhida_policies::PublishedItem;
use zhida_registry::Enterprise;
use zhida_rules::{AmountKind, Env};
use zhida_ui::Mark;

use crate::error::Error;
use crate::scheme::Scheme;
use crate::service::Redemption;

/// 判定及其全部依据：事项的第几版、哪一天、各项条件和当时的数据。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Judgement {
    /// 基准日。
    pub on: NaiveDate,
    /// 事项的第几版。
    pub item_revision: i64,
    /// 是否符合；空是信息不足。
    pub verdict: Option<bool>,
    /// 能由数据判断的都符合，其余待人工核验。
    pub manual_only: bool,
    /// 结论。
    pub label: String,
    /// 一句话的原因。
    pub reason: String,
    /// 金额，单位：分；算不出确数时没有。
    #[serde(default)]
    pub fen: Option<i64>,
    /// The most that the rules allow, in fen: of a judgement just made; it is not kept, for each decision is judged anew.
    #[serde(skip)]
    pub most: Option<i64>,
    /// 金额的文字。
    #[serde(default)]
    pub amount: String,
    /// 金额怎样算出来：名称、公式、值。
    #[serde(default)]
    pub steps: Vec<JudgedStep>,
    /// 逐条的条件。
    pub conditions: Vec<JudgedCondition>,
}

/// 金额计算的一步。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JudgedStep {
    /// 名称。
    pub name: String,
    /// 公式。
    pub formula: String,
    /// 值。
    pub value: Option<String>,
}

/// 一项申报条件。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JudgedCondition {
    /// 条款原文。
    pub text: String,
    /// 是否符合；空是信息不足或待核验。
    pub verdict: Option<bool>,
    /// 规则。
    pub rule: Option<String>,
    /// 由谁怎样核验。
    pub manual: Option<String>,
    /// 逐项比较。
    pub tests: Vec<JudgedTest>,
}

/// 条件里的一处比较。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JudgedTest {
    /// 比较什么。
    pub subject: String,
    /// 要求。
    pub required: String,
    /// 已知。
    pub known: Option<String>,
    /// 依据的数据。
    pub facts: Vec<JudgedFact>,
    /// 怎样才能符合。
    pub change: Option<String>,
    /// 是否符合。
    pub verdict: Option<bool>,
}

/// 一项数据及其来源。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JudgedFact {
    /// 属性。
    pub attribute: String,
    /// 年度。
    #[serde(default)]
    pub year: Option<i32>,
    /// 值。
    pub value: String,
    /// 来源部门。
    pub department: String,
    /// 数据日期。
    #[serde(default)]
    pub as_of: Option<NaiveDate>,
    /// 批次。
    #[serde(default)]
    pub batch: Option<String>,
}

impl JudgedCondition {
    /// The mark on pages.
    #[must_use]
    pub fn mark(&self) -> Mark {
        match (self.verdict, &self.manual) {
            (Some(true), _) => Mark::Yes,
            (Some(false), _) => Mark::No,
            (None, Some(_)) => Mark::Manual,
            (None, None) => Mark::Unknown,
        }
    }

    /// What is required, in one line.
    #[must_use]
    pub fn required(&self) -> String {
        join(
            self.tests
                .iter()
                .map(|test| format!("{} {}", test.subject, test.required)),
        )
    }

    /// What is known, in one line.
    #[must_use]
    pub fn known(&self) -> String {
        join(self.tests.iter().filter_map(|test| test.known.clone()))
    }

    /// From whom and when, in one line.
    #[must_use]
    pub fn source(&self) -> String {
        let facts = self.tests.iter().flat_map(|test| &test.facts);
        join(facts.map(|fact| match fact.as_of {
            Some(day) => format!("{}，{}", fact.department, date_zh(day)),
            None => fact.department.clone(),
        }))
    }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    let mut words: Vec<String> = parts.collect();
    words.dedup();
    words.join("；")
}

impl Judgement {
    fn of(pair: &PairMatch) -> Result<Self, Error> {
        let item = &pair.item;
        let conditions = serde_json::to_value(&item.conditions).ok();
        let conditions = conditions.and_then(|value| serde_json::from_value(value).ok());
        let conditions: Option<Option<Vec<JudgedCondition>>> = conditions;
        let exact = item
            .amount
            .as_ref()
            .filter(|amount| amount.kind == AmountKind::Exact);
        let steps = item.amount.iter().flat_map(|amount| &amount.steps);
        Ok(Self {
            on: pair.on,
            item_revision: item.head.revision,
            verdict: item.verdict,
            manual_only: item.manual_only,
            label: item.label.words().to_owned(),
            reason: item.reason.clone(),
            fen: exact.and_then(|amount| amount.low.as_ref()?.round(2).to_fen()),
            most: item
                .amount
                .as_ref()
                .and_then(|amount| amount.high.as_ref()?.round(2).to_fen()),
            amount: item
                .amount
                .as_ref()
                .map(|amount| amount.text.clone())
                .unwrap_or_default(),
            steps: steps
                .map(|step| JudgedStep {
                    name: step.name.clone(),
                    formula: step.formula.clone(),
                    value: step.value.clone(),
                })
                .collect(),
            conditions: conditions.flatten().ok_or(Error::Stored("匹配结论"))?,
        })
    }

    /// Why the enterprise cannot file by this scheme; `None` when it can ([`Scheme::bars`]).
    #[must_use]
    pub fn bars(&self, scheme: &Scheme) -> Option<String> {
        scheme.bars(self.verdict, self.manual_only, &self.reason)
    }
}

impl Redemption {
    /// Judges an enterprise by one revision of an item and the facts of now.
    pub(crate) async fn judge(
        &self,
        enterprise: &Enterprise,
        item: &str,
        revision: i64,
    ) -> Result<Judgement, Error> {
        let on = self.clock.today();
        let current = self.policies.catalogue(on).find(item).cloned();
        let env = Env {
            dictionary: self.policies.dictionary(),
            facts: &enterprise.facts,
            on,
        };
        let head = EnterpriseHead::default();
        match current.filter(|current| current.revision == revision) {
            Some(item) => Judgement::of(&match_pair(head, &item, &env)),
            None => {
                let item = self.revised(item, revision).await?;
                Judgement::of(&match_pair(head, &item, &env))
            }
        }
    }

    /// An item as it was published once.
    pub(crate) async fn revised(&self, item: &str, revision: i64) -> Result<PublishedItem, Error> {
        let shown = self.policies.item(item).await?;
        let kept = self.policies.revision(&shown.record.id, revision).await?;
        let rules = kept.entry.compile(self.policies.dictionary());
        Ok(PublishedItem {
            id: shown.record.id,
            number: shown.record.number.unwrap_or_default(),
            revision,
            published_at: kept.published_at,
            name: kept.entry.item.name.clone(),
            automatic: kept.entry.automatic_conditions().len(),
            digest: kept.entry.digest(),
            rules: rules.map_err(|_| Error::Stored("事项的规则"))?,
            document: kept.entry.document,
            elements: kept.entry.item,
        })
    }
}
