//! 兑付方案: how one item is carried from the enterprise to the money.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zhida_casework::Term;
use zhida_platform::problem::Problem;
use zhida_policies::Delivery;

use crate::words::{Overlap, Period, Release, Stage};

/// 事项的兑付方案。按版本发布，发布后不再改动；办件始终按开办时的版本办理。
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// 事项标识。
    pub item: String,
    /// 预设的标识。
    pub preset: String,
    /// 预设中的类别。
    pub class: String,
    /// 兑现方式，与事项一致。
    pub delivery: Delivery,
    /// 环节，按先后次序。
    pub route: Vec<Step>,
    /// 补正期限。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub completion: Option<Term>,
    /// 一个环节最多延期几次，每次最长多久。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Extension>,
    /// 联审部门。
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviewers: Vec<Reviewer>,
    /// 比对名单的标识：名单上的企业不放行。
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<String>,
    /// 分期拨付；不写就是一次付清。
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// 评审打分表。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scoring: Option<Scoring>,
    /// 一家企业可以享受几次。
    #[serde(default = "Scheme::period_default")]
    pub period: Period,
    /// 免申候选怎样放行。
    #[serde(default = "Scheme::release_default")]
    pub release: Release,
    /// 已享受同组或互斥的事项时怎么办。
    #[serde(default = "Scheme::overlap_default")]
    pub overlap: Overlap,
    /// 收款账户由企业填写；不填写就由财政按已有账户拨付。
    #[serde(default)]
    pub asks_payee: bool,
    /// 一家企业每年在这个事项上最多多少元。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_yuan: Option<i64>,
    /// 决定书的文字。
    #[serde(default)]
    pub letter: LetterWords,
    /// 申请表。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub form: Option<serde_json::Value>,
}

/// 流程的一个环节及其时限。
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SchemeStep)]
pub struct Step {
    /// 环节。
    pub stage: Stage,
    /// 时限。
    #[schema(value_type = String)]
    pub term: Term,
}

/// 一个环节可以延期几次、每次最长多久。
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SchemeExtension)]
pub struct Extension {
    /// 次数。
    pub times: u32,
    /// 每次最长。
    #[schema(value_type = String)]
    pub term: Term,
}

/// 参加联审的一个部门。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SchemeReviewer)]
pub struct Reviewer {
    /// 部门名称。
    pub department: String,
    /// 回复期限。
    #[schema(value_type = String)]
    pub term: Term,
}

/// 分期拨付的一期。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SchemePart)]
pub struct Part {
    /// 占核定金额的百分之几，1 至 100。
    pub percent: u32,
    /// 何时拨付，例如“审定后”“验收后”。
    pub when: String,
}

/// 评审打分表.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SchemeScoring)]
pub struct Scoring {
    /// 专家人数，奇数。
    pub experts: u32,
    /// 平均分达到多少为通过。
    pub pass: u32,
    /// 专家可以自己领取名额；否则只由部门指派。
    #[serde(default)]
    pub self_taking: bool,
    /// 评分项。
    pub criteria: Vec<Criterion>,
}

/// 评分表的一项指标。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SchemeCriterion)]
pub struct Criterion {
    /// 名称。
    pub name: String,
    /// 满分。
    pub max: u32,
}

/// 决定书上除办理数据以外的内容。
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = SchemeLetter)]
pub struct LetterWords {
    /// 予以兑付时的话。
    pub granted: String,
    /// 不予兑付时的话，例如救济途径。
    pub refused: String,
}

impl Scheme {
    fn period_default() -> Period {
        Period::Year
    }

    fn overlap_default() -> Overlap {
        Overlap::Refuse
    }

    fn release_default() -> Release {
        Release::Officer
    }

    /// A scheme with a preset's default route; `None` when the class does not know the delivery.
    #[must_use]
    pub fn of_preset(item: &str, preset: &str, class: &str, delivery: Delivery) -> Option<Self> {
        let (_, limits) = super::preset::class(preset, class)?;
        let route = limits.routes.get(&delivery)?.clone();
        let asks = route
            .iter()
            .any(|step| step.stage == Stage::Accept || step.stage == Stage::Review);
        Some(Self {
            item: item.to_owned(),
            preset: preset.to_owned(),
            class: class.to_owned(),
            delivery,
            route,
            completion: asks.then(|| "10 个工作日".parse().ok()).flatten(),
            extension: None,
            reviewers: Vec::new(),
            lists: Vec::new(),
            parts: Vec::new(),
            scoring: None,
            period: Self::period_default(),
            release: Self::release_default(),
            overlap: Self::overlap_default(),
            asks_payee: true,
            cap_yuan: None,
            letter: LetterWords::default(),
            form: None,
        })
    }

    /// Reads a scheme from YAML or JSON.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn read(text: &str) -> Result<Self, Problem> {
        serde_norway::from_str(text).map_err(|error| {
            let place = error.location().map_or_else(String::new, |at| {
                format!("第 {} 行第 {} 列：", at.line(), at.column())
            });
            Problem::bad_input(format!("{place}兑付方案看不懂（{error}）"))
        })
    }

    /// The term of a stage; `None` when cases do not run through it.
    #[must_use]
    pub fn term(&self, stage: Stage) -> Option<Term> {
        let step = self.route.iter().find(|step| step.stage == stage);
        step.map(|step| step.term)
    }

    /// Whether cases run through a stage.
    #[must_use]
    pub fn has(&self, stage: Stage) -> bool {
        self.term(stage).is_some()
    }

    /// Whether nobody approves: what is filed or confirmed is decided by the data at that moment.
    #[must_use]
    pub fn decides_at_once(&self) -> bool {
        !self.route.iter().any(|step| step.stage.is_approval())
    }

    /// Whether filing or confirming holds money at that moment.
    #[must_use]
    pub fn holds_money_at_once(&self) -> bool {
        self.has(Stage::Payment) && self.decides_at_once()
    }

    /// Why an enterprise with this verdict cannot file; `None` when it can. What data decide must be met; what
    /// people verify may be open where somebody does so; what is unknown may be shown by an application.
    pub(crate) fn bars(
        &self,
        verdict: Option<bool>,
        manual_only: bool,
        reason: &str,
    ) -> Option<String> {
        let applies = self.delivery == Delivery::Application;
        match verdict {
            Some(true) => None,
            None if applies || (manual_only && !self.decides_at_once()) => None,
            Some(false) => Some(format!("不符合条件：{reason}")),
            None => Some(format!("现有数据还不能认定符合条件：{reason}")),
        }
    }

    /// The stage after another; the first without one.
    #[must_use]
    pub fn next(&self, after: Option<Stage>) -> Option<Stage> {
        let stages = self.route.iter().map(|step| step.stage);
        match after {
            None => stages.min(),
            Some(after) => stages.filter(|stage| *stage > after).min(),
        }
    }

    /// The stages in words: 意愿确认 → 公示 → 拨付.
    #[must_use]
    pub fn route_words(&self) -> String {
        let words: Vec<&str> = self.route.iter().map(|step| step.stage.word()).collect();
        words.join(" → ")
    }
}
