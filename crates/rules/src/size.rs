//! How large a rule is once everything it names is written out, and how large it may be.
//!
//! The interpreter follows an expression call by call and looks at each part again wherever it is
//! named, so a short text can ask for endless work: quantities that double, branches within
//! conditions of branches, factors without end. Such rules are refused when they are compiled.

use crate::{Dictionary, Expr, Function, Operator, RuleError, Table};

/// Levels that an expression may nest.
pub const LEVELS_MAX: usize = 512;
/// Parts that a rule may have when its intermediate quantities and derived attributes are written
/// out; as many as the longest text could have without them.
pub const PARTS_MAX: usize = 400_000;
/// Numbers that one result may be computed from.
pub const OPERANDS_MAX: usize = 500;
/// Numbers that may be multiplied into the numerator or the denominator of one result: an exact
/// result has the digits of all of them together, and is reduced at each step.
pub const FACTORS_MAX: usize = 16;

/// The size of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    levels: usize,
    parts: usize,
    operands: usize,
    factors: Factors,
}

/// How many numbers are multiplied into a result's numerator and denominator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Factors {
    above: usize,
    below: usize,
}

impl Size {
    pub(crate) const ONE: Self = Self {
        levels: 1,
        parts: 1,
        operands: 1,
        factors: Factors::ONE,
    };

    /// The size of an expression; `locals` are those of the intermediate quantities.
    pub(crate) fn of(expr: &Expr, dictionary: &Dictionary, locals: &[Self]) -> Self {
        let mut parts = Vec::new();
        expr.children(&mut |child| parts.push(Self::of(child, dictionary, locals)));
        Self::joined(expr, &parts, dictionary, locals)
    }

    /// The size of an expression whose direct parts have these sizes, in order.
    pub(crate) fn joined(
        expr: &Expr,
        parts: &[Self],
        dictionary: &Dictionary,
        locals: &[Self],
    ) -> Self {
        match expr {
            Expr::Attribute(index, _) => dictionary.size(*index).named(),
            Expr::Local(position) => locals.get(*position).copied().unwrap_or(Self::ONE).named(),
            _ => {
                let adds_up = adds_up(expr);
                let alone = Self {
                    operands: usize::from(!adds_up),
                    ..Self::ONE
                };
                let mut all = parts.iter().fold(alone, |all, part| Self {
                    levels: all.levels.max(part.levels + 1),
                    parts: all.parts.saturating_add(part.parts),
                    operands: match adds_up {
                        true => all.operands.saturating_add(part.operands),
                        false => all.operands.max(part.operands),
                    },
                    factors: all.factors,
                });
                all.factors = Factors::joined(expr, parts);
                // the condition is asked for each branch
                if let (Expr::If(..), Some(condition)) = (expr, parts.first()) {
                    all.parts = all.parts.saturating_add(condition.parts);
                }
                all
            }
        }
    }

    fn named(self) -> Self {
        Self {
            levels: self.levels + 1,
            parts: self.parts.saturating_add(1),
            ..self
        }
    }

    /// Refuses what is too large.
    pub(crate) fn check(self) -> Result<Self, RuleError> {
        if self.levels > LEVELS_MAX {
            return Err(too_deep());
        }
        if self.parts > PARTS_MAX {
            return Err(RuleError::new(
                "too_large",
                format!("规则展开中间量、派生属性和分支后超过 {PARTS_MAX} 个部分"),
            )
            .hint("请拆成几条条件，少在中间量和“如果”的条件里重复引用"));
        }
        if self.factors.above.max(self.factors.below) > FACTORS_MAX {
            return Err(RuleError::new(
                "too_large",
                format!("一个算式展开后有超过 {FACTORS_MAX} 个数相乘、相除"),
            )
            .hint("请先把常数乘好，减少连乘、连除；几个商相加的，请先相加再除"));
        }
        if self.operands > OPERANDS_MAX {
            return Err(RuleError::new(
                "too_large",
                format!("一个算式展开后超过 {OPERANDS_MAX} 个数"),
            )
            .hint("请拆成几个算式"));
        }
        Ok(self)
    }
}

impl Factors {
    const ONE: Self = Self { above: 1, below: 0 };

    fn joined(expr: &Expr, parts: &[Size]) -> Self {
        let factors = || parts.iter().map(|part| part.factors);
        let largest = |parts: &[Size]| parts.iter().map(|part| part.factors.above).max();
        let common = factors().fold(0_usize, |sum, part| sum.saturating_add(part.below));
        let above = largest(parts).unwrap_or(1);
        match (expr, parts) {
            (Expr::Arithmetic(Operator::Multiply, ..), [left, right]) => Self {
                above: left.factors.above.saturating_add(right.factors.above),
                below: common,
            },
            (Expr::Arithmetic(Operator::Divide, ..), [left, right]) => Self {
                above: left.factors.above.saturating_add(right.factors.below),
                below: left.factors.below.saturating_add(right.factors.above),
            },
            // of the subject or a start, times a rate
            (Expr::Table(Table::Marginal, ..), [_, cells @ ..]) => Self {
                above: above
                    .saturating_add(largest(cells).unwrap_or(1))
                    .saturating_add(common),
                below: common,
            },
            // each is brought to the denominators of all
            _ if adds_up(expr) => {
                let brought = factors().map(|f| f.above.saturating_add(common - f.below));
                Self {
                    above: brought.max().unwrap_or(1),
                    below: common,
                }
            }
            _ => Self {
                above,
                below: factors().map(|part| part.below).max().unwrap_or(0),
            },
        }
    }
}

/// Does the result hold the digits of all its parts, rather than of one of them?
fn adds_up(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Arithmetic(..)
            | Expr::Call(Function::Sum | Function::TopUp, _)
            | Expr::Table(Table::Marginal, ..)
            | Expr::Stages(..)
    )
}

pub(crate) fn too_deep() -> RuleError {
    RuleError::new("too_deep", format!("规则嵌套超过 {LEVELS_MAX} 层"))
        .hint("请拆成几条条件，或用中间量")
}
