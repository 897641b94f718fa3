//! Parts of an item's rules as rules of their own: what an engine that answers 符合, 不符合 and
//! 信息不足 has to be asked besides the item itself to tell labels apart.

use std::collections::BTreeSet;

use crate::{
    AttributeIndex, Check, Dictionary, Expr, ItemRules, Value,
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

    /// The attributes that the verdict, the distance or the amount can depend on, those that derived ones are
    /// computed from among them.
    #[must_use]
    pub fn attributes(&self, dictionary: &Dictionary) -> BTreeSet<AttributeIndex> {
        let rules = self.conditions.iter();
        let rules = rules.filter_map(|condition| match &condition.check {
            Check::Rule(expr) => Some(expr),
            _ => None,
        });
        self.needed(dictionary, rules.chain(self.priced_by()))
    }

    /// As [`ItemRules::attributes`], for the amount only.
    #[must_use]
    pub fn amount_attributes(&self, dictionary: &Dictionary) -> BTreeSet<AttributeIndex> {
        self.needed(dictionary, self.priced_by())
    }

    fn priced_by(&self) -> impl Iterator<Item = &Expr> {
        let benefit = self.benefit.iter();
        let parts = benefit.flat_map(|benefit| {
            [
                &benefit.formula,
                &benefit.cap,
                &benefit.floor,
                &benefit.de_minimis,
            ]
        });
        parts.flatten()
    }

    fn needed<'e>(
        &'e self,
        dictionary: &'e Dictionary,
        parts: impl Iterator<Item = &'e Expr>,
    ) -> BTreeSet<AttributeIndex> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&Expr> = parts.chain(&self.locals).collect();
        while let Some(expr) = open.pop() {
            let fresh = expr.attributes().into_iter();
            let fresh = fresh.filter(|index| found.insert(*index));
            open.extend(fresh.filter_map(|index| dictionary.formula(index)));
        }
        found
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

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::ItemRulesSource;

    static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| {
        let text = r#"
attributes:
  - { id: revenue, name: 营业收入, kind: number, unit: 元, department: 税务 }
  - { id: research, name: 研发费用, kind: number, unit: 元, department: 税务 }
  - { id: share, name: 研发占比, kind: number, formula: 研发费用 / 营业收入, department: 系统 }
  - { id: high_tech, name: 高新技术企业, kind: bool, department: 科技 }
  - { id: staff, name: 从业人数, kind: number, unit: 人, department: 人社 }
"#;
        Dictionary::from_yaml(text).expect("a dictionary")
    });

    fn ids(found: BTreeSet<AttributeIndex>) -> Vec<&'static str> {
        let id = |index| DICTIONARY.attribute(index).id.as_str();
        found.into_iter().map(id).collect()
    }

    #[test]
    fn what_an_amount_depends_on_is_found_through_locals_and_formulas() {
        let source = serde_json::json!({
            "conditions": [
                {"text": "", "rule": "高新技术企业"},
                {"text": "", "manual": "由专家评审"},
            ],
            "benefit": {"let": {"基数": "研发占比 * 100"}, "formula": "基数 * 2"},
        });
        let source: ItemRulesSource = serde_json::from_value(source).expect("a source");
        let rules = ItemRules::compile(&DICTIONARY, &source).expect("rules");
        let amount = ids(rules.amount_attributes(&DICTIONARY));
        assert_eq!(amount, ["revenue", "research", "share"]);
        let all = ids(rules.attributes(&DICTIONARY));
        assert_eq!(all, ["revenue", "research", "share", "high_tech"]);
    }
}
