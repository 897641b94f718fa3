//! Shared by the tests: the interpreter's word on everything.

use chrono::NaiveDate;
use zhida_matcher::Finding;
use zhida_rules::{Dictionary, Env, Facts, ItemRules};

use crate::random;

/// Dictionary, items, enterprises and reference date of one random case.
pub struct Case {
    pub dictionary: Dictionary,
    pub items: Vec<ItemRules>,
    pub enterprises: Vec<Facts>,
    pub on: NaiveDate,
    /// The rules as written, for messages.
    pub texts: Vec<String>,
}

impl Case {
    /// What the interpreter says.
    pub fn truth(&self, item: usize, facts: &Facts) -> Finding {
        let env = Env {
            dictionary: &self.dictionary,
            facts,
            on: self.on,
        };
        self.items[item].evaluate(&env).into()
    }

    /// A random case drawn from bytes.
    pub fn draw(bytes: &[u8], items: usize, enterprises: usize) -> Self {
        random::case(bytes, items, enterprises)
    }
}
