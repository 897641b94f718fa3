//! Parts of an item's rules as rules of their own: what an engine that answers 符合, 不符合 and
//! 信息不足 has to be asked besides the item itself to tell labels apart.

use crate::{
    Check, Dictionary, Expr, ItemRules, Value,
    verdict::{Shape, is_fixed, shape},
};

impl ItemRules {
    /// The conditions that can be computed, without those that people verify, and no benefit.
    ///
    /// Where the item's verdict is unknown, these are met exactly when nothing but people's word is
    /// missing (or, after `if`, when both branches come to the same).
    #[must_use]
    pub fn computed(&self) -> Self {
        let rules = self.conditions.iter();
        let rules = rules.filter(|condition| matches!(condition.check, Check::Rule(_)));
        Self {
            conditions: rules.cloned().collect(),
            benefit: None,
            ..self.clone()
        }
    }

    /// The conditions that rest on what an enterprise cannot change; all others count as met.
    ///
    /// These are not met exactly when the item's distance is [`OUT_OF_REACH`](crate::OUT_OF_REACH).
    #[must_use]
    pub fn within_reach(&self, dictionary: &Dictionary) -> Self {
        let mut part = self.computed();
        for condition in &mut part.conditions {
            if let Check::Rule(expr) = &mut condition.check {
                *expr = fixed_part(dictionary, &self.locals, expr, false);
            }
        }
        part
    }

    /// Can two enterprises get different amounts on the same day?
    #[must_use]
    pub fn amount_varies(&self) -> bool {
        let Some(benefit) = &self.benefit else {
            return false;
        };
        let parts = [
            &benefit.formula,
            &benefit.cap,
            &benefit.floor,
            &benefit.de_minimis,
        ];
        let mut varies = false;
        for part in parts.into_iter().flatten() {
            part.visit(&mut |expr| {
                varies |= matches!(expr, Expr::Attribute(..) | Expr::Local(_));
            });
        }
        varies
    }
}

/// The condition with everything replaced by “met” that an enterprise could change.
fn fixed_part(dictionary: &Dictionary, locals: &[Expr], expr: &Expr, negated: bool) -> Expr {
    let part = |(expr, negated): (&Expr, bool)| fixed_part(dictionary, locals, expr, negated);
    match shape(expr, negated) {
        Shape::All(parts) => Expr::All(parts.into_iter().map(part).collect()),
        Shape::Any(parts) => Expr::Any(parts.into_iter().map(part).collect()),
        Shape::Branches(condition, yes, no) => {
            let when = |negated, branch| Expr::All(vec![part((condition, negated)), part(branch)]);
            Expr::Any(vec![when(false, yes), when(true, no)])
        }
        Shape::Single(single, negated) => match (is_fixed(dictionary, locals, single), negated) {
            (false, _) => Expr::Literal(Value::Bool(true)),
            (true, false) => single.clone(),
            (true, true) => Expr::Not(Box::new(single.clone())),
        },
    }
}
