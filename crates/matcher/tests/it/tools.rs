//! Shared by the tests: the interpreter's word on everything.

use std::sync::Arc;

use chrono::NaiveDate;
use zhida_matcher::{Finding, Program};
use zhida_rules::{ConditionSource, Dictionary, Env, Facts, ItemRules, ItemRulesSource};

use crate::{boundary, random};

/// Dictionary, items, enterprises and reference date of one random case.
pub struct Case {
    pub dictionary: Arc<Dictionary>,
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

    /// Its items compiled.
    pub fn program(&self) -> Arc<Program> {
        Arc::new(Program::compile(&self.dictionary, self.on, &self.items))
    }

    /// The same items for one place each, so that tiles elsewhere need not be encoded; without
    /// what people verify and what is computed on the way.
    pub fn of_places(mut self, places: &[&str]) -> Self {
        for (position, text) in self.texts.iter_mut().enumerate() {
            let place = places[position % places.len()];
            let parts = text.split("\n & ");
            let plain = parts.filter(|part| !part.is_empty() && !part.contains(['人', '中']));
            let place = format!("地0 in (\"{place}\")");
            let parts: Vec<&str> = std::iter::once(&*place).chain(plain).collect();
            self.items[position] = item(&self.dictionary, &parts);
            *text = parts.join("\n & ");
        }
        self
    }

    /// The same rules, and each condition alone, for enterprises around each of their thresholds, three
    /// by three; gives how many threes some rule tells apart.
    pub fn at_thresholds(mut self) -> (Self, usize) {
        let parts = self.texts.iter().flat_map(|text| text.split("\n & "));
        let plain =
            parts.filter(|part| !(part.is_empty() || *part == "人工" || part.contains("中间")));
        // Joined with others it seldom decides.
        let alone: Vec<String> = plain.map(str::to_owned).collect();
        for text in alone {
            self.items.push(self.item(&text));
            self.texts.push(text);
        }
        let triples = boundary::triples(&self.dictionary, self.on, &self.items, &self.enterprises);
        let differ = |triple: &&[Facts; 3]| {
            (0..self.items.len()).any(|item| {
                let [below, at, above] = triple.each_ref().map(|facts| self.truth(item, facts));
                below != at || at != above
            })
        };
        let told = triples.iter().filter(differ).count();
        self.enterprises = triples.into_iter().flatten().collect();
        (self, told)
    }

    /// An item of one rule.
    pub fn item(&self, rule: &str) -> ItemRules {
        item(&self.dictionary, &[rule])
    }

    /// A random case drawn from bytes.
    pub fn draw(bytes: &[u8], items: usize, enterprises: usize) -> Self {
        random::case(bytes, items, enterprises)
    }
}

fn item(dictionary: &Dictionary, rules: &[&str]) -> ItemRules {
    let condition = |rule: &&str| ConditionSource {
        text: String::new(),
        rule: Some((*rule).to_owned()),
        manual: None,
    };
    let source = ItemRulesSource {
        conditions: rules.iter().map(condition).collect(),
        benefit: None,
    };
    ItemRules::compile(dictionary, &source).unwrap()
}

/// Generates pseudo-random bytes from a seed, for cases that proptest need not shrink.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let step = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed >> 40) as u8
    };
    std::iter::repeat_with(step).take(length).collect()
}
