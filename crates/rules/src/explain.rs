//! Why a verdict is what it is: the rule's own structure, each single condition with what is
//! required, what is known, from whom, and what would change it.

use chrono::NaiveDate;
use serde::Serialize;

use crate::{
    Comparison, Expr, Outcome, Truth, Value, Year,
    evaluate::Context,
    render::{Render, code_name, show, show_number},
    verdict::{Shape, shape},
};

/// A node of an explanation; it follows the structure of the rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Node {
    /// All parts are needed.
    All {
        /// Verdict of the whole.
        verdict: Truth,
        /// The parts.
        parts: Vec<Node>,
    },
    /// One part is enough.
    Any {
        /// Verdict of the whole.
        verdict: Truth,
        /// The parts.
        parts: Vec<Node>,
    },
    /// A single condition.
    Test(Test),
}

/// A single condition, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Test {
    /// Verdict.
    pub verdict: Truth,
    /// What it is about: “上年营业收入”.
    pub subject: String,
    /// What is required: “不低于 2,000 万元”.
    pub required: String,
    /// What is known: “1,500 万元”; `None` when unknown.
    pub known: Option<String>,
    /// The facts on which it rests, with their sources.
    pub facts: Vec<Used>,
    /// Facts that are missing, and whose they are.
    pub missing: Vec<Missing>,
    /// The smallest change that would make it met; `None` when it is met or cannot be changed.
    pub change: Option<String>,
}

/// A fact used in a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Used {
    /// The attribute's name.
    pub attribute: String,
    /// The attribute's id.
    pub id: String,
    /// The year, when annual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
    /// The value as a person reads it.
    pub value: String,
    /// Who brought it; 假设 for a hypothetical value, 登记即为准 when silence means no.
    pub department: String,
    /// The day for which it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<NaiveDate>,
    /// The import batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
}

/// A fact that is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The attribute's name.
    pub attribute: String,
    /// The attribute's id.
    pub id: String,
    /// The year, when annual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
    /// The department that owns it.
    pub department: String,
}

impl Node {
    /// The verdict of the node.
    pub fn verdict(&self) -> Truth {
        match self {
            Node::All { verdict, .. } | Node::Any { verdict, .. } => *verdict,
            Node::Test(test) => test.verdict,
        }
    }

    /// All single conditions in order.
    pub fn tests(&self) -> Vec<&Test> {
        match self {
            Node::All { parts, .. } | Node::Any { parts, .. } => {
                parts.iter().flat_map(Node::tests).collect()
            }
            Node::Test(test) => vec![test],
        }
    }
}

/// Explains conditions of one dictionary, with one item's intermediate quantities.
pub(crate) struct Explainer<'a> {
    pub context: Context<'a>,
    pub render: Render<'a>,
}

impl Explainer<'_> {
    pub(crate) fn node(&self, expr: &Expr, negated: bool) -> Node {
        let parts = |list: Vec<(&Expr, bool)>| -> Vec<Node> {
            list.into_iter()
                .map(|(part, negated)| self.node(part, negated))
                .collect()
        };
        let verdict = || -> Truth {
            self.context
                .truth(expr)
                .map(|truth| truth != negated)
                .into()
        };
        match shape(expr, negated) {
            Shape::All(list) => Node::All {
                verdict: verdict(),
                parts: parts(list),
            },
            Shape::Any(list) => Node::Any {
                verdict: verdict(),
                parts: parts(list),
            },
            Shape::Branches(condition, yes, no) => {
                let branch = |negated, branch: (&Expr, bool)| {
                    let parts = parts(vec![(condition, negated), branch]);
                    let verdict = parts
                        .iter()
                        .map(Node::verdict)
                        .min()
                        .unwrap_or(Truth::Unknown);
                    Node::All { verdict, parts }
                };
                Node::Any {
                    verdict: verdict(),
                    parts: vec![branch(false, yes), branch(true, no)],
                }
            }
            Shape::Single(single, negated) => Node::Test(self.test(single, negated)),
        }
    }

    fn test(&self, single: &Expr, negated: bool) -> Test {
        let Outcome { verdict, .. } = self.context.outcome(single, negated);
        let mut missing = Vec::new();
        if verdict == Truth::Unknown {
            self.context.missing(single, &mut missing);
        }
        let mut facts = Vec::new();
        self.used(single, self.context, &mut facts);
        Test {
            verdict,
            subject: self.render.subject(single),
            required: self.required(single, negated),
            known: self.known(single),
            change: self.change(single, negated, verdict),
            facts,
            missing: missing
                .into_iter()
                .map(|(index, year)| self.missing(index, year))
                .collect(),
        }
    }

    pub(crate) fn missing(&self, index: crate::AttributeIndex, year: Option<i32>) -> Missing {
        let attribute = self.render.dictionary.attribute(index);
        Missing {
            attribute: attribute.name.clone(),
            id: attribute.id.clone(),
            year,
            department: attribute.department.clone(),
        }
    }

    /// What is required; a computed bound shows its value too.
    fn required(&self, single: &Expr, negated: bool) -> String {
        let text = self.render.required(single, negated);
        if let Expr::Compare(_, left, right) = single
            && !matches!(right.as_ref(), Expr::Literal(_))
            && let Some(value) = self.context.eval(right)
        {
            return format!("{text}（即 {}）", show(&value, self.render.unit(left)));
        }
        text
    }

    /// The subject's known value.
    fn known(&self, single: &Expr) -> Option<String> {
        let subject = match single {
            Expr::Compare(_, left, _) | Expr::In(left, ..) | Expr::Contains(_, left, _) => left,
            other => other,
        };
        let value = self.context.eval(subject)?;
        if let (Expr::In(_, _, Some(hierarchy)), Value::Text(code)) = (single, &value) {
            return Some(code_name(*hierarchy, code));
        }
        Some(show(&value, self.render.unit(subject)))
    }

    fn used(&self, expr: &Expr, context: Context<'_>, facts: &mut Vec<Used>) {
        if let Expr::Local(position) = expr
            && let Some(local) = context.locals.get(*position)
        {
            self.used(local, context, facts);
        }
        if let Expr::Attribute(index, year) = expr {
            self.used_attribute(*index, *year, context, facts);
        }
        expr.children(&mut |child| self.used(child, context, facts));
    }

    fn used_attribute(
        &self,
        index: crate::AttributeIndex,
        year: Year,
        context: Context<'_>,
        facts: &mut Vec<Used>,
    ) {
        let dictionary = self.render.dictionary;
        let calendar_year = context.year_of(year);
        if let Some(formula) = dictionary.formula(index) {
            let year = calendar_year.unwrap_or(context.year);
            return self.used(
                formula,
                Context {
                    year,
                    locals: &[],
                    ..context
                },
                facts,
            );
        }
        let attribute = dictionary.attribute(index);
        let Some(value) = context.attribute(index, year) else {
            return;
        };
        let fact = context.env.facts.get(index, calendar_year);
        let provenance = fact.and_then(|fact| fact.provenance.as_deref());
        let department = match (fact, provenance) {
            (_, Some(provenance)) => provenance.department.clone(),
            (Some(_), None) => "假设".to_owned(),
            (None, _) => format!("{}（未登记即为否）", attribute.department),
        };
        let value = match (attribute.kind, &value) {
            (crate::Kind::Division, Value::Text(code)) => {
                code_name(crate::Hierarchy::Division, code)
            }
            (crate::Kind::Industry, Value::Text(code)) => {
                code_name(crate::Hierarchy::Industry, code)
            }
            _ => show(&value, attribute.unit.as_deref()),
        };
        let used = Used {
            attribute: attribute.name.clone(),
            id: attribute.id.clone(),
            year: calendar_year,
            value,
            department,
            as_of: provenance.and_then(|provenance| provenance.as_of),
            batch: provenance.and_then(|provenance| provenance.batch.clone()),
        };
        if !facts.contains(&used) {
            facts.push(used);
        }
    }

    /// The smallest change that would make a condition met.
    fn change(&self, single: &Expr, negated: bool, verdict: Truth) -> Option<String> {
        if verdict != Truth::False {
            return None;
        }
        if self.context.is_fixed(single) {
            return None;
        }
        let subject = self.render.subject(single);
        if let Expr::Compare(comparison, left, right) = single
            && let (Some(known), Some(bound)) =
                (self.context.number(left), self.context.number(right))
        {
            let comparison = if negated {
                comparison.negated()
            } else {
                *comparison
            };
            let unit = self.render.unit(left);
            let gap = show_number(&(bound.clone() - known.clone()).abs(), unit);
            return Some(match comparison {
                Comparison::GreaterOrEqual => format!("{subject}再增加 {gap} 即符合"),
                Comparison::Greater => format!("{subject}还须增加 {gap} 以上"),
                Comparison::LessOrEqual => format!("{subject}减少 {gap} 即符合"),
                Comparison::Less => format!("{subject}还须减少 {gap} 以上"),
                _ => format!("{subject}须{}", self.required(single, negated)),
            });
        }
        match single {
            Expr::Attribute(..) | Expr::Local(_) if negated => {
                Some(format!("“{subject}”消除后即符合"))
            }
            Expr::Attribute(..) | Expr::Local(_) => Some(format!("取得“{subject}”后即符合")),
            _ => Some(format!("{subject}须{}", self.required(single, negated))),
        }
    }
}
