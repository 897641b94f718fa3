//! 只差一项 as SQL: how many conditions are missing, as the interpreter counts them.

use zhida_rules::{Expr, ItemRules, is_fixed};

use super::{Lowered, Writer, joined, limited};
use crate::{
    flatten::{Flattener, Scope},
    node::NodeId,
};

/// The conditions of an item, joined as their distances are.
pub(super) enum Missing {
    /// A single condition.
    Single {
        node: NodeId,
        negated: bool,
        /// When it is not met, can the enterprise not change that?
        fixed: bool,
    },
    /// All are needed: distances are added.
    All(Vec<Missing>),
    /// One is enough: the smallest counts.
    Any(Vec<Missing>),
}

impl Missing {
    pub fn of(
        expr: &Expr,
        negated: bool,
        item: &ItemRules,
        flattener: &mut Flattener<'_>,
        scope: Scope<'_>,
    ) -> Self {
        let mut part = |expr: &Expr, negated: bool| Self::of(expr, negated, item, flattener, scope);
        match (expr, negated) {
            (Expr::Not(inner), _) => part(inner, !negated),
            (Expr::All(list), false) | (Expr::Any(list), true) => {
                Self::All(list.iter().map(|expr| part(expr, negated)).collect())
            }
            (Expr::Any(list), false) | (Expr::All(list), true) => {
                Self::Any(list.iter().map(|expr| part(expr, negated)).collect())
            }
            (Expr::If(condition, yes, no), _) => Self::Any(vec![
                Self::All(vec![part(condition, false), part(yes, negated)]),
                Self::All(vec![part(condition, true), part(no, negated)]),
            ]),
            (single, _) => Self::Single {
                node: flattener.truth(single, scope),
                negated,
                fixed: is_fixed(flattener.dictionary, item.locals(), single),
            },
        }
    }
}

impl Writer<'_, '_> {
    /// How many conditions are missing; what cannot be changed counts as two.
    pub(super) fn missing(&self, missing: &Missing) -> Lowered<String> {
        match missing {
            Missing::Single {
                node,
                negated,
                fixed,
            } => {
                let truth = self.truth(*node)?;
                let (met, unmet) = if *negated {
                    ("FALSE", "TRUE")
                } else {
                    ("TRUE", "FALSE")
                };
                let distance = 1 + u8::from(*fixed);
                // Unknown is neither.
                limited(format!(
                    "(CASE {truth} WHEN {met} THEN 0 WHEN {unmet} THEN {distance} ELSE 1 END)"
                ))
            }
            Missing::All(parts) => joined(" + ", parts.iter().map(|part| self.missing(part))),
            Missing::Any(parts) => {
                let parts = joined(", ", parts.iter().map(|part| self.missing(part)))?;
                Ok(format!("LEAST{parts}"))
            }
        }
    }
}
