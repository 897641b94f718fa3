//! Tags by rule: which tags an enterprise has on a day, and who may see them.

use chrono::NaiveDate;
use zhida_platform::access::Level;
use zhida_rules::{AttributeIndex, Dictionary, Env, Rule, RuleError, Sensitivity};

use crate::document::Document;
use crate::model::TagRule;

/// Characters of a tag at most.
pub(crate) const NAME_CHARS_MAX: usize = 20;
/// Characters of a tag's rule at most.
pub(crate) const RULE_CHARS_MAX: usize = 2_000;
/// Tag rules at most: each is evaluated for each enterprise.
pub(crate) const RULES_MAX: usize = 200;

/// One active tag rule, ready to evaluate.
#[derive(Debug, Clone)]
pub(crate) struct CompiledTag {
    pub name: String,
    pub rule: Rule,
    /// The most sensitive attribute that the tag gives away something about.
    pub level: Level,
}

/// All active tag rules.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tags {
    pub compiled: Vec<CompiledTag>,
    /// All attributes that the rules rest on, ascending.
    attributes: Vec<AttributeIndex>,
    /// Rules that this dictionary does not understand, with the reason.
    pub broken: Vec<(String, RuleError)>,
}

impl Tags {
    /// Compiles the active rules; a rule that no longer fits the dictionary gives no tag and is reported.
    pub(crate) fn compile(dictionary: &Dictionary, rules: &[TagRule]) -> Self {
        let mut tags = Self::default();
        for rule in rules.iter().filter(|rule| rule.active) {
            match Rule::compile(dictionary, &rule.rule) {
                Ok(compiled) => {
                    tags.attributes.extend(rests_on(dictionary, &compiled));
                    tags.compiled.push(CompiledTag {
                        name: rule.name.clone(),
                        level: level(dictionary, &compiled),
                        rule: compiled,
                    });
                }
                Err(error) => tags.broken.push((rule.name.clone(), error)),
            }
        }
        tags.attributes.sort_unstable();
        tags.attributes.dedup();
        tags
    }

    /// The tags of an enterprise: only rules that certainly hold; unknown gives no tag.
    pub(crate) fn of(
        &self,
        dictionary: &Dictionary,
        document: &Document,
        on: NaiveDate,
    ) -> Vec<String> {
        // copying all facts costs more than judging by these few
        let facts = document.bare_facts(|index| self.attributes.binary_search(&index).is_ok());
        let env = Env {
            dictionary,
            facts: &facts,
            on,
        };
        let holding = self
            .compiled
            .iter()
            .filter(|tag| tag.rule.evaluate(&env) == Some(true));
        let mut names: Vec<String> = holding.map(|tag| tag.name.clone()).collect();
        names.sort_unstable();
        names
    }
}

/// The sensitivity of what a rule rests on.
pub(crate) fn level(dictionary: &Dictionary, rule: &Rule) -> Level {
    let levels = rests_on(dictionary, rule)
        .into_iter()
        .map(|index| sensitivity_level(dictionary.attribute(index).sensitivity));
    levels.max().unwrap_or(Level::Public)
}

/// What a rule rests on, derived attributes followed to what they are computed from.
fn rests_on(dictionary: &Dictionary, rule: &Rule) -> Vec<AttributeIndex> {
    let mut open = rule.expr().attributes();
    let mut seen: Vec<AttributeIndex> = Vec::new();
    while let Some(index) = open.pop() {
        if seen.contains(&index) {
            continue;
        }
        seen.push(index);
        if let Some(formula) = dictionary.formula(index) {
            open.extend(formula.attributes());
        }
    }
    seen
}

/// The platform's word for a dictionary's sensitivity.
pub(crate) fn sensitivity_level(sensitivity: Sensitivity) -> Level {
    match sensitivity {
        Sensitivity::Public => Level::Public,
        Sensitivity::Internal => Level::Internal,
        Sensitivity::Confidential => Level::Confidential,
    }
}
