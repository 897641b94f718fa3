//! How large a rule is once everything it names is written out, and how large it may be.
//!
//! The interpreter follows an expression call by call and looks at each part again wherever it is
//! named, so a short text can ask for endless work: quantities that double, branches within
//! conditions of branches, factors without end. Such rules are refused when they are compiled.

use crate::{Dictionary, Expr, Function, RuleError, Table};

/// Levels that an expression may nest.
pub const LEVELS_MAX: usize = 512;
/// Parts that a rule may have when its intermediate quantities and derived attributes are written
/// out; as many as the longest text could have without them.
pub const PARTS_MAX: usize = 400_000;
/// Numbers that one result may be computed from: exact results grow with each of them.
pub const OPERANDS_MAX: usize = 500;

/// The size of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    levels: usize,
    parts: usize,
    operands: usize,
}

impl Size {
    pub(crate) const ONE: Self = Self {
        levels: 1,
        parts: 1,
        operands: 1,
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
                });
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
