//! Benefit formulas: how much an enterprise gets.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::{
    Dictionary, Expr, Missing, Number, RuleError,
    bounds::Interval,
    compile::{self, Locals},
    evaluate::Context,
    explain::Explainer,
    render::{Render, show, show_number},
};

/// What kind of benefit an item gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BenefitKind {
    /// An amount of money by formula.
    #[default]
    Money,
    /// 待评审: the amount follows from a competition or review.
    Assessed,
    /// A right, a qualification, a service: no amount.
    Right,
}

/// The last digit of an amount that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum RoundTo {
    /// 分, rounded half up.
    #[default]
    #[serde(rename = "分")]
    Fen,
    /// 元; the rest is dropped.
    #[serde(rename = "元")]
    Yuan,
    /// 万元; the rest is dropped.
    #[serde(rename = "万元")]
    Wan,
}

/// A benefit as written in an item's file (docs/rules.md, 兑现金额).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BenefitSource {
    /// Kind of benefit.
    #[serde(default)]
    pub kind: BenefitKind,
    /// Intermediate quantities by name, in order; conditions may name them too.
    #[serde(default, rename = "let", skip_serializing_if = "IndexMap::is_empty")]
    pub locals: IndexMap<String, String>,
    /// The amount in yuan.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "text_or_number"
    )]
    pub formula: Option<String>,
    /// The most that is given, in yuan.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "text_or_number"
    )]
    pub cap: Option<String>,
    /// The least that is given, in yuan.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "text_or_number"
    )]
    pub floor: Option<String>,
    /// Amounts up to this one, in yuan, are not paid (惠州: ≤ 1000 元不予资助).
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "text_or_number"
    )]
    pub de_minimis: Option<String>,
    /// The last digit kept.
    #[serde(default)]
    pub round_to: RoundTo,
    /// The budget may lower the amount: the result is only an upper end.
    #[serde(default)]
    pub budget_limited: bool,
    /// The text of the policy on the amount.
    #[serde(default)]
    pub text: String,
}

/// YAML writes `cap: 500000` and `cap: 50万` alike.
fn text_or_number<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Null => Ok(None),
        serde_json::Value::String(text) => Ok(Some(text)),
        serde_json::Value::Number(number) => Ok(Some(number.to_string())),
        other => Err(serde::de::Error::custom(format!(
            "应为公式或数字，而不是 {other}"
        ))),
    }
}

/// A compiled benefit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Benefit {
    pub(crate) kind: BenefitKind,
    pub(crate) formula: Option<Expr>,
    pub(crate) cap: Option<Expr>,
    pub(crate) floor: Option<Expr>,
    pub(crate) de_minimis: Option<Expr>,
    pub(crate) round_to: RoundTo,
    pub(crate) budget_limited: bool,
}

/// How much: exactly, within a range, or 待评审. Amounts are in yuan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Amount {
    /// What can be said.
    pub kind: AmountKind,
    /// Lower end; equal to `high` when exact; `None` when open.
    pub low: Option<Number>,
    /// Upper end; `None` when open.
    pub high: Option<Number>,
    /// The amount in words: “31.25 万元”, “0～200 万元”, “待评审，最高 800 万元”.
    pub text: String,
    /// How it came about, step by step.
    pub steps: Vec<Step>,
    /// Facts that would make it exact.
    pub missing: Vec<Missing>,
}

/// How much, without the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmountEnds {
    /// What can be said.
    pub kind: AmountKind,
    /// Lower end in yuan; equal to `high` when exact; `None` when open.
    pub low: Option<Number>,
    /// Upper end in yuan; `None` when open.
    pub high: Option<Number>,
}

/// What can be said of an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AmountKind {
    /// Exactly this much.
    Exact,
    /// Within a range.
    Range,
    /// By review or competition.
    Assessed,
    /// No money.
    Right,
}

/// An intermediate quantity and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// Its formula in plain Chinese.
    pub formula: String,
    /// Its value; `None` when unknown.
    pub value: Option<String>,
}

impl Benefit {
    /// Compiles a benefit whose intermediate quantities are defined already.
    pub(crate) fn compile(
        dictionary: &Dictionary,
        locals: &Locals,
        source: &BenefitSource,
    ) -> Result<Self, Vec<RuleError>> {
        let mut errors = Vec::new();
        let mut compiled = |text: &Option<String>, what: &str| {
            let text = text.as_deref().filter(|text| !text.trim().is_empty())?;
            match compile::amount(dictionary, locals, text) {
                Ok(expr) => Some(expr),
                Err(mut error) => {
                    error.message = format!("{what}：{}", error.message);
                    errors.push(error);
                    None
                }
            }
        };
        let benefit = Self {
            kind: source.kind,
            formula: compiled(&source.formula, "兑现公式"),
            cap: compiled(&source.cap, "最高金额"),
            floor: compiled(&source.floor, "最低金额"),
            de_minimis: compiled(&source.de_minimis, "不予资助的限额"),
            round_to: source.round_to,
            budget_limited: source.budget_limited,
        };
        let blank = |text: &String| text.trim().is_empty();
        if source.kind == BenefitKind::Money && source.formula.as_ref().is_none_or(blank) {
            errors.push(
                RuleError::new("formula", "金额类事项缺少兑现公式")
                    .hint("请写 formula；无法计算的请用 kind: assessed"),
            );
        }
        if errors.is_empty() {
            Ok(benefit)
        } else {
            Err(errors)
        }
    }

    /// Kind of benefit.
    pub fn kind(&self) -> BenefitKind {
        self.kind
    }

    /// Is there an upper end?
    pub fn is_capped(&self) -> bool {
        self.cap.is_some()
    }

    /// The formula, when there is one.
    pub fn formula(&self) -> Option<&Expr> {
        self.formula.as_ref()
    }

    /// What can be said of the amount, and the interval in which it lies.
    pub(crate) fn extent(&self, context: &Context<'_>) -> (AmountKind, Interval) {
        let interval = self.interval(context);
        let kind = match (self.kind, interval.exact()) {
            (BenefitKind::Right, _) => AmountKind::Right,
            (BenefitKind::Assessed, _) => AmountKind::Assessed,
            (BenefitKind::Money, Some(_)) if !self.budget_limited => AmountKind::Exact,
            (BenefitKind::Money, _) => AmountKind::Range,
        };
        (kind, interval)
    }

    pub(crate) fn amount(&self, context: Context<'_>, render: Render<'_>) -> Amount {
        let (kind, interval) = self.extent(&context);
        let explainer = Explainer { context, render };
        let mut missing = Vec::new();
        if kind == AmountKind::Range {
            for expr in self.formula.iter().chain(&self.cap) {
                context.missing(expr, &mut missing);
            }
        }
        let steps = render
            .locals
            .iter()
            .zip(context.locals)
            .map(|(name, local)| Step {
                name: name.clone(),
                formula: render.plain(local),
                value: context
                    .eval(local)
                    .map(|value| show(&value, render.unit(local))),
            })
            .collect();
        Amount {
            kind,
            text: self.text(kind, &interval),
            low: interval.low,
            high: interval.high,
            steps,
            missing: missing
                .into_iter()
                .map(|(i, year)| explainer.missing(i, year))
                .collect(),
        }
    }

    /// The interval in which the amount lies, in yuan.
    pub(crate) fn interval(&self, context: &Context<'_>) -> Interval {
        let zero = Number::zero();
        let end = |expr: &Option<Expr>| expr.as_ref().map(|expr| context.bounds(expr));
        let mut interval = match (&self.formula, self.kind) {
            (Some(formula), _) => context.bounds(formula),
            (None, BenefitKind::Right) => {
                return Interval {
                    low: None,
                    high: None,
                };
            }
            (None, _) => Interval {
                low: end(&self.floor)
                    .and_then(|floor| floor.low)
                    .or(Some(zero.clone())),
                high: end(&self.cap).and_then(|cap| cap.high),
            },
        };
        if let (Some(_), Some(cap)) = (&self.formula, end(&self.cap)) {
            interval = Interval {
                low: interval.low.map(|low| match cap.low {
                    Some(cap) => low.min(cap),
                    None => low,
                }),
                high: match (interval.high, cap.high) {
                    (Some(high), Some(cap)) => Some(high.min(cap)),
                    (high, cap) => high.or(cap),
                },
            };
        }
        if let (Some(_), Some(floor)) = (&self.formula, end(&self.floor)) {
            interval = Interval {
                low: interval.low.max(floor.low),
                high: interval.high.map(|high| match floor.high {
                    Some(f) => high.max(f),
                    None => high,
                }),
            };
        }
        let limit = self
            .de_minimis
            .as_ref()
            .and_then(|limit| context.number(limit));
        let interval = interval.rising(|n| {
            let n = self.rounded(n.max(zero.clone()));
            match &limit {
                Some(limit) if n <= *limit => zero.clone(),
                _ => n,
            }
        });
        let low = match (self.budget_limited, &interval.low) {
            (true, _) | (false, None) => Some(zero),
            (false, Some(low)) => Some(low.clone()),
        };
        Interval {
            low,
            high: interval.high,
        }
    }

    fn rounded(&self, amount: Number) -> Number {
        let fen = amount.round(2);
        match self.round_to {
            RoundTo::Fen => fen,
            RoundTo::Yuan => fen.floor(),
            RoundTo::Wan => {
                let wan = Number::integer(10_000);
                fen.divide(&wan).map_or(fen, |n| n.floor() * wan)
            }
        }
    }

    fn text(&self, kind: AmountKind, interval: &Interval) -> String {
        let yuan = |n: &Number| show_number(n, Some("元"));
        let range = || match (&interval.low, &interval.high) {
            (Some(low), Some(high)) if low == high => yuan(low),
            (Some(low), Some(high)) if low.is_zero() => format!("最高 {}", yuan(high)),
            (Some(low), Some(high)) => format!("{}～{}", yuan(low), yuan(high)),
            (Some(low), None) if !low.is_zero() => format!("{} 以上", yuan(low)),
            _ => "金额待定".to_owned(),
        };
        match kind {
            AmountKind::Exact | AmountKind::Range => range(),
            AmountKind::Assessed if interval.high.is_some() => format!("待评审，{}", range()),
            AmountKind::Assessed => "待评审".to_owned(),
            AmountKind::Right => "权益或资质".to_owned(),
        }
    }
}
