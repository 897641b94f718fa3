//! An enterprise as plain whole numbers and booleans, the form that all peers are given.

use chrono::Datelike;
use zhida_rules::{AttributeIndex, Dictionary, Facts, Value};

use crate::{
    languages,
    workload::{CHOICES, DATES, NUMBERS, RATIOS, TAGS},
};

/// A cell; `None` in a row is unknown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell {
    Int(i64),
    Bool(bool),
}

/// Where the dictionary keeps each attribute.
pub struct Reader {
    attributes: Vec<(String, AttributeIndex)>,
}

impl Reader {
    pub fn new(dictionary: &Dictionary) -> Self {
        let names = ["region".to_owned(), "trade".to_owned()].into_iter();
        let list = |letter: &'static str, count| (0..count).map(move |n| format!("{letter}{n}"));
        let names = names
            .chain(list("c", CHOICES.len()))
            .chain(list("n", NUMBERS))
            .chain(list("d", DATES))
            .chain(list("t", TAGS));
        let attributes = names
            .map(|name| {
                let index = dictionary.find(&name).expect("the attribute was generated");
                (name, index)
            })
            .collect();
        Self { attributes }
    }

    /// The names of `columns`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(|(name, _)| name.as_str())
    }

    /// One cell for each attribute: leaf codes of the hierarchies (of industries the position among
    /// `leaves`), the numbers of the choices, days as yyyymmdd. A tag whose absence means “no” is
    /// false when absent, so that no peer needs to know.
    pub fn columns(&self, facts: &Facts, leaves: &[String]) -> Vec<Option<Cell>> {
        let cell = |(name, index): &(String, AttributeIndex)| {
            let Some(fact) = facts.get(*index, None) else {
                return absent(name);
            };
            Some(match &fact.value {
                Value::Bool(value) => Cell::Bool(*value),
                Value::Number(number) => Cell::Int(
                    number
                        .exact_text()
                        .and_then(|text| text.parse().ok())
                        .expect("generated numbers are whole"),
                ),
                Value::Date(date) => Cell::Int(
                    i64::from(date.year()) * 10_000
                        + i64::from(date.month()) * 100
                        + i64::from(date.day()),
                ),
                Value::Text(text) if name == "trade" => {
                    Cell::Int(leaves.binary_search(text).expect("a leaf") as i64)
                }
                Value::Text(text) => Cell::Int(
                    text.trim_start_matches('项')
                        .parse()
                        .expect("choices and divisions end in digits"),
                ),
                Value::Set(_) => unreachable!("no set was generated"),
            })
        };
        self.attributes.iter().map(cell).collect()
    }

    /// The attributes of the expression languages: each level of a hierarchy, everything else as in
    /// `columns`, and the ratios in whole per mille for those that cannot multiply.
    pub fn named(&self, facts: &Facts, leaves: &[String]) -> Vec<(String, Option<Cell>)> {
        let columns = self.columns(facts, leaves);
        let int = |at: usize| match columns[at] {
            Some(Cell::Int(value)) => Some(value),
            _ => None,
        };
        let region = int(0).expect("every enterprise has a place");
        let leaf = &leaves[int(1).expect("every enterprise has a trade") as usize];
        let mut named: Vec<(String, Option<Cell>)> = [
            ("city", region / 100_000),
            ("county", region / 1_000),
            ("street", region),
        ]
        .into_iter()
        .chain([1, 3, 4, 5].map(|length| languages::trade(&leaf[..length])))
        .map(|(name, value)| (name.to_owned(), Some(Cell::Int(value))))
        .collect();
        let names = self.names().map(str::to_owned);
        named.extend(names.zip(columns.iter().copied()).skip(2));
        let number = |n: usize| int(2 + CHOICES.len() + n);
        for (n, (top, bottom)) in RATIOS.iter().enumerate() {
            let ratio = number(*top).zip(number(*bottom)).map(|(top, bottom)| {
                assert!(bottom > 0, "generated denominators are above zero");
                Cell::Int(top * 1_000 / bottom)
            });
            named.push((format!("r{n}"), ratio));
        }
        named
    }
}

fn absent(name: &str) -> Option<Cell> {
    let tag = name.strip_prefix('t').and_then(|n| n.parse::<usize>().ok());
    matches!(tag, Some(n) if n % 2 == 0).then_some(Cell::Bool(false))
}
