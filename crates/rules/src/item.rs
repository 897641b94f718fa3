//! The rules of one policy item: its conditions beside their text, and its benefit.

use serde::{Deserialize, Serialize};

use crate::{
    Amount, AmountEnds, AttributeIndex, Benefit, BenefitSource, Dictionary, Env, Expr, Missing,
    Node, Outcome, RuleError, Truth,
    compile::{self, Locals},
    explain::Explainer,
    render::Render,
    verdict::shape,
};

/// One condition as written in an item's file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionSource {
    /// The clause of the policy's text.
    pub text: String,
    /// The clause as a rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// How, and by whom, it is verified when it cannot be computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manual: Option<String>,
}

/// The rules of an item as written in its file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ItemRulesSource {
    /// The conditions; all are needed.
    #[serde(default)]
    pub conditions: Vec<ConditionSource>,
    /// The benefit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub benefit: Option<BenefitSource>,
}

/// A compiled condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The clause of the policy's text.
    pub text: String,
    /// The rule, or how the clause is verified by people.
    pub check: Check,
}

/// How a condition is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// By rule.
    Rule(Expr),
    /// By people; says how and by whom.
    Manual(String),
}

/// The compiled rules of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRules {
    pub(crate) conditions: Vec<Condition>,
    pub(crate) benefit: Option<Benefit>,
    pub(crate) local_names: Vec<String>,
    pub(crate) locals: Vec<Expr>,
}

/// An explained verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Verdict: `true` 符合, `false` 不符合, `null` 信息不足. A condition that people must verify is
    /// unknown to the machine.
    pub verdict: Truth,
    /// Everything that can be computed is met; only conditions that people verify remain.
    pub manual_only: bool,
    /// See [`Outcome::distance`].
    pub distance: u32,
    /// The conditions in the order of the policy's text.
    pub conditions: Vec<ConditionExplanation>,
}

/// One condition, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConditionExplanation {
    /// The clause of the policy's text.
    pub text: String,
    /// Verdict.
    pub verdict: Truth,
    /// The rule in its normal form; `None` when people verify it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// How people verify it; `None` when it is computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manual: Option<String>,
    /// The explanation of the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<Node>,
}

impl ItemRules {
    /// Checks and compiles an item's rules; all mistakes are reported at once.
    pub fn compile(
        dictionary: &Dictionary,
        source: &ItemRulesSource,
    ) -> Result<Self, Vec<RuleError>> {
        let mut errors = Vec::new();
        let mut names = Locals::default();
        let mut locals = Vec::new();
        for (name, text) in source.benefit.iter().flat_map(|benefit| &benefit.locals) {
            match names.define(dictionary, name, text) {
                Ok(expr) => locals.push(expr),
                Err(error) => errors.push(prefixed(error, &format!("中间量“{name}”"))),
            }
        }
        let mut conditions = Vec::new();
        for (position, condition) in source.conditions.iter().enumerate() {
            match Condition::compile(dictionary, &names, condition) {
                Ok(condition) => conditions.push(condition),
                Err(error) => errors.push(prefixed(error, &format!("第 {} 条", position + 1))),
            }
        }
        let benefit = match &source.benefit {
            None => None,
            Some(benefit) => match Benefit::compile(dictionary, &names, benefit) {
                Ok(benefit) => Some(benefit),
                Err(more) => {
                    errors.extend(more);
                    None
                }
            },
        };
        if errors.is_empty() {
            Ok(Self {
                conditions,
                benefit,
                local_names: names.names,
                locals,
            })
        } else {
            Err(errors)
        }
    }

    /// The compiled conditions in order.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// The compiled benefit.
    pub fn benefit(&self) -> Option<&Benefit> {
        self.benefit.as_ref()
    }

    /// The intermediate quantities in order.
    pub fn locals(&self) -> &[Expr] {
        &self.locals
    }

    /// Conditions that people verify.
    pub fn manual_count(&self) -> usize {
        self.conditions
            .iter()
            .filter(|c| matches!(c.check, Check::Manual(_)))
            .count()
    }

    /// The rule of a condition in its normal form.
    pub fn normal_text(&self, dictionary: &Dictionary, condition: &Condition) -> Option<String> {
        match &condition.check {
            Check::Rule(expr) => Some(self.render(dictionary).feel(expr)),
            Check::Manual(_) => None,
        }
    }

    /// The rule of a condition in plain Chinese.
    pub fn plain_text(&self, dictionary: &Dictionary, condition: &Condition) -> String {
        match &condition.check {
            Check::Rule(expr) => self.render(dictionary).plain(expr),
            Check::Manual(how) => how.clone(),
        }
    }

    fn render<'a>(&'a self, dictionary: &'a Dictionary) -> Render<'a> {
        Render {
            dictionary,
            locals: &self.local_names,
        }
    }

    /// Verdict and distance: what lists and counts need.
    pub fn evaluate(&self, env: &Env<'_>) -> Outcome {
        let context = env.context(&self.locals);
        Outcome::and(
            self.conditions
                .iter()
                .map(|condition| match &condition.check {
                    Check::Rule(expr) => context.outcome(expr, false),
                    Check::Manual(_) => Outcome {
                        verdict: Truth::Unknown,
                        distance: 0,
                    },
                }),
        )
    }

    /// Verdict and distance with the reason for them.
    pub fn explain(&self, env: &Env<'_>) -> Explanation {
        let context = env.context(&self.locals);
        let render = self.render(env.dictionary);
        let explainer = Explainer { context, render };
        let conditions: Vec<ConditionExplanation> = self
            .conditions
            .iter()
            .map(|condition| match &condition.check {
                Check::Rule(expr) => {
                    let node = explainer.node(expr, false);
                    ConditionExplanation {
                        text: condition.text.clone(),
                        verdict: node.verdict(),
                        rule: Some(render.feel(expr)),
                        manual: None,
                        node: Some(node),
                    }
                }
                Check::Manual(how) => ConditionExplanation {
                    text: condition.text.clone(),
                    verdict: Truth::Unknown,
                    rule: None,
                    manual: Some(how.clone()),
                    node: None,
                },
            })
            .collect();
        let Outcome { verdict, distance } = self.evaluate(env);
        let computed = conditions
            .iter()
            .filter(|condition| condition.manual.is_none());
        let manual_only =
            verdict == Truth::Unknown && computed.clone().all(|c| c.verdict == Truth::True);
        Explanation {
            verdict,
            manual_only,
            distance,
            conditions,
        }
    }

    /// How much the enterprise would get if it meets the conditions.
    pub fn amount(&self, env: &Env<'_>) -> Option<Amount> {
        let context = env.context(&self.locals);
        Some(
            self.benefit
                .as_ref()?
                .amount(context, self.render(env.dictionary)),
        )
    }

    /// As [`ItemRules::amount`] without its words, which cost most.
    pub fn amount_ends(&self, env: &Env<'_>) -> Option<AmountEnds> {
        let context = env.context(&self.locals);
        let (kind, interval) = self.benefit.as_ref()?.extent(&context);
        Some(AmountEnds {
            kind,
            low: interval.low,
            high: interval.high,
        })
    }

    /// Missing facts that the verdict still depends on: none once it is settled.
    pub fn missing(&self, env: &Env<'_>) -> Vec<Missing> {
        let context = env.context(&self.locals);
        let explainer = Explainer {
            context,
            render: self.render(env.dictionary),
        };
        let found = self.missing_keys(env);
        found
            .into_iter()
            .map(|(index, year)| explainer.missing(index, year))
            .collect()
    }

    /// As [`ItemRules::missing`], by attribute and year.
    pub fn missing_keys(&self, env: &Env<'_>) -> Vec<(AttributeIndex, Option<i32>)> {
        let context = env.context(&self.locals);
        let mut found = Vec::new();
        if self.evaluate(env).verdict != Truth::Unknown {
            return found;
        }
        for condition in &self.conditions {
            if let Check::Rule(expr) = &condition.check
                && context.truth(expr).is_none()
            {
                context.missing(expr, &mut found);
            }
        }
        found
    }
}

impl Condition {
    fn compile(
        dictionary: &Dictionary,
        locals: &Locals,
        source: &ConditionSource,
    ) -> Result<Self, RuleError> {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let check = match (filled(&source.rule), filled(&source.manual)) {
            (Some(rule), None) => Check::Rule(compile::condition(dictionary, locals, &rule)?),
            (None, Some(how)) => Check::Manual(how),
            (None, None) => {
                return Err(
                    RuleError::new("condition", "条件既没有规则，也没有声明人工核验")
                        .hint("请写 rule；无法计算的请写 manual 并说明由谁核验"),
                );
            }
            (Some(_), Some(_)) => {
                return Err(
                    RuleError::new("condition", "条件不能既计算又人工核验").hint("请拆成两条")
                );
            }
        };
        Ok(Self {
            text: source.text.clone(),
            check,
        })
    }
}

fn prefixed(mut error: RuleError, place: &str) -> RuleError {
    error.message = format!("{place}：{}", error.message);
    error
}

/// A single rule outside an item: a tag, a check, `zhida rule eval`.
#[derive(Debug, Clone)]
pub struct Rule {
    expr: Expr,
}

impl Rule {
    /// Checks and compiles a condition.
    pub fn compile(dictionary: &Dictionary, text: &str) -> Result<Self, RuleError> {
        Ok(Self {
            expr: compile::condition(dictionary, &Locals::default(), text)?,
        })
    }

    /// The typed expression.
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// `None` is unknown.
    pub fn evaluate(&self, env: &Env<'_>) -> Option<bool> {
        env.context(&[]).truth(&self.expr)
    }

    /// Verdict and distance.
    pub fn outcome(&self, env: &Env<'_>) -> Outcome {
        env.context(&[]).outcome(&self.expr, false)
    }

    /// The reason for the verdict.
    pub fn explain(&self, env: &Env<'_>) -> Node {
        let render = Render {
            dictionary: env.dictionary,
            locals: &[],
        };
        Explainer {
            context: env.context(&[]),
            render,
        }
        .node(&self.expr, false)
    }

    /// The normal form.
    pub fn normal_text(&self, dictionary: &Dictionary) -> String {
        Render {
            dictionary,
            locals: &[],
        }
        .feel(&self.expr)
    }

    /// In plain Chinese.
    pub fn plain_text(&self, dictionary: &Dictionary) -> String {
        Render {
            dictionary,
            locals: &[],
        }
        .plain(&self.expr)
    }

    /// How many single conditions it has.
    pub fn size(&self) -> usize {
        fn count(expr: &Expr) -> usize {
            match shape(expr, false) {
                crate::verdict::Shape::All(parts) | crate::verdict::Shape::Any(parts) => {
                    parts.into_iter().map(|(part, _)| count(part)).sum()
                }
                crate::verdict::Shape::Branches(a, (b, _), (c, _)) => {
                    count(a) + count(b) + count(c)
                }
                crate::verdict::Shape::Single(..) => 1,
            }
        }
        count(&self.expr)
    }
}

/// A single amount formula outside an item.
#[derive(Debug, Clone)]
pub struct Formula {
    benefit: Benefit,
}

impl Formula {
    /// Checks and compiles an amount in yuan.
    pub fn compile(dictionary: &Dictionary, text: &str) -> Result<Self, Vec<RuleError>> {
        let source = BenefitSource {
            formula: Some(text.to_owned()),
            ..Default::default()
        };
        Ok(Self {
            benefit: Benefit::compile(dictionary, &Locals::default(), &source)?,
        })
    }

    /// The amount.
    pub fn amount(&self, env: &Env<'_>) -> Amount {
        let render = Render {
            dictionary: env.dictionary,
            locals: &[],
        };
        self.benefit.amount(env.context(&[]), render)
    }
}
