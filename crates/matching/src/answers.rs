//! Facts from an address: what a visitor answers in the calculator and what an officer changes in
//! a what-if form. `division=330106&revenue.2025=2000万&high_tech=是&size=?`
//!
//! The names are attribute ids, with `.year` for annual ones; `?` says that the visitor does not
//! know, an empty value that nothing is answered yet. Repeated names are members of a set.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use zhida_platform::problem::FieldError;
use zhida_rules::{Dictionary, FactKey, Facts, Kind, Value};

/// Fields that are read at most; more are an attack or a mistake.
pub const FIELDS_MAX: usize = 300;
/// The answer “不清楚”.
pub const DECLINED: &str = "?";

/// What was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// Values by attribute and year; nothing says where they come from.
    pub values: BTreeMap<FactKey, Value>,
    /// Questions answered with 不清楚.
    pub declined: BTreeSet<FactKey>,
    /// The texts as typed, by field name.
    pub texts: BTreeMap<String, String>,
    /// Fields that could not be read.
    pub errors: Vec<FieldError>,
}

impl Answers {
    /// Reads the fields of an address. Names that are no attribute are somebody else's.
    pub fn parse(dictionary: &Dictionary, fields: &[(String, String)], on: NaiveDate) -> Self {
        let mut answers = Self::default();
        for (name, text) in fields.iter().take(FIELDS_MAX) {
            let text = text.trim();
            if text.is_empty() || read_name(dictionary, name, on).is_none() {
                continue;
            }
            let joined = answers.texts.entry(name.clone()).or_default();
            if !joined.is_empty() {
                joined.push('、');
            }
            joined.push_str(text);
        }
        for (name, text) in answers.texts.clone() {
            let Some(key) = read_name(dictionary, &name, on) else {
                continue;
            };
            let attribute = dictionary.attribute(key.0);
            if text == DECLINED {
                answers.declined.insert(key);
                continue;
            }
            match attribute.read_text(&text) {
                Ok(value) => {
                    answers.values.insert(key, value);
                }
                Err(error) => answers.errors.push(FieldError {
                    field: name,
                    message: format!("{}：{error}", attribute.name),
                }),
            }
        }
        answers
    }

    /// The answers as facts.
    pub fn facts(&self) -> Facts {
        let mut facts = Facts::stated();
        self.apply(&mut facts);
        facts
    }

    /// Puts the answers over facts; 不清楚 makes a fact unknown.
    pub fn apply(&self, facts: &mut Facts) {
        for ((index, year), value) in &self.values {
            facts.assume(*index, *year, value.clone());
        }
        for (index, year) in &self.declined {
            facts.remove(*index, *year);
        }
    }

    /// How many questions were dealt with.
    pub fn count(&self) -> usize {
        self.values.len() + self.declined.len()
    }
}

/// The name of a fact's field.
pub fn field_name(dictionary: &Dictionary, key: FactKey) -> String {
    let id = &dictionary.attribute(key.0).id;
    match key.1 {
        Some(year) => format!("{id}.{year}"),
        None => id.clone(),
    }
}

/// The fact of a field's name: `revenue.2025`, `revenue` (the year before the day), `high_tech`.
/// Derived attributes are computed and cannot be given; what tells of persons decides nothing.
pub fn read_name(dictionary: &Dictionary, name: &str, on: NaiveDate) -> Option<FactKey> {
    let (word, year) = match name.rsplit_once('.') {
        Some((word, year)) => (word, Some(year)),
        None => (name, None),
    };
    let index = dictionary.find(word)?;
    let attribute = dictionary.attribute(index);
    if attribute.formula.is_some() || attribute.personal.is_some() {
        return None;
    }
    match (attribute.annual, year) {
        (false, None) => Some((index, None)),
        (true, None) => Some((index, Some(on.year() - 1))),
        (true, Some(year)) => {
            let year = year
                .parse()
                .ok()
                .filter(|year| (1900..=2200).contains(year))?;
            Some((index, Some(year)))
        }
        (false, Some(_)) => None,
    }
}

/// Does a set attribute offer its members to tick?
pub fn is_multiple(dictionary: &Dictionary, key: FactKey) -> bool {
    let attribute = dictionary.attribute(key.0);
    attribute.kind == Kind::Set && !attribute.choices.is_empty()
}

/// Changes as JSON: `{"营业收入": {"2025": "3000万"}, "高新技术企业": true, "企业规模": null}`;
/// attributes by name or id, `null` makes a fact unknown.
///
/// # Errors
/// Every field that cannot be read.
pub fn from_json(
    dictionary: &Dictionary,
    json: &serde_json::Value,
    on: NaiveDate,
) -> Result<Answers, Vec<FieldError>> {
    let error = |field: &str, message: String| FieldError {
        field: field.to_owned(),
        message,
    };
    let Some(object) = json.as_object() else {
        return Err(vec![error(
            "facts",
            "应为 {\"属性\": 值} 形式的对象".to_owned(),
        )]);
    };
    let mut answers = Answers::default();
    for (word, value) in object.iter().take(FIELDS_MAX) {
        let years: Vec<(String, &serde_json::Value)> = match value.as_object() {
            Some(years) => years
                .iter()
                .map(|(year, v)| (format!("{word}.{year}"), v))
                .collect(),
            None => vec![(word.clone(), value)],
        };
        for (name, value) in years {
            let Some(key) = read_name(dictionary, &name, on) else {
                let known = dictionary.find(word).is_some();
                let why = if known {
                    "年份或写法不对，或是由公式计算的属性"
                } else {
                    "属性字典中没有这个属性"
                };
                answers.errors.push(error(&name, why.to_owned()));
                continue;
            };
            if value.is_null() {
                answers.declined.insert(key);
                continue;
            }
            match dictionary.attribute(key.0).read_json(value) {
                Ok(value) => {
                    answers.values.insert(key, value);
                }
                Err(why) => answers.errors.push(error(&name, why.to_string())),
            }
        }
    }
    if answers.errors.is_empty() {
        Ok(answers)
    } else {
        Err(answers.errors)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn dictionary() -> Dictionary {
        Dictionary::from_yaml(
            r#"
attributes:
  - { id: revenue, name: 营业收入, kind: number, unit: 元, annual: true, department: 税务, min: 0 }
  - { id: staff, name: 从业人数, kind: number, department: 人社 }
  - { id: per_head, name: 人均收入, kind: number, annual: true, department: 统计, formula: 营业收入 / 从业人数 }
  - { id: tags, name: 企业标签, kind: set, choices: [专精特新, 瞪羚], department: 工信 }
"#,
        )
        .unwrap()
    }

    fn on() -> NaiveDate {
        "2026-11-22".parse().unwrap()
    }

    fn parse(fields: &[(&str, &str)]) -> Answers {
        let fields: Vec<(String, String)> = fields
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect();
        Answers::parse(&dictionary(), &fields, on())
    }

    #[test]
    fn an_address_is_read_as_a_person_writes() {
        let answers = parse(&[
            ("revenue.2025", "2000万"),
            ("staff", "?"),
            ("tags", "专精特新"),
            ("tags", "瞪羚"),
            ("item", "p001"),
            ("per_head", "3"),
            ("staff.2025", "3"),
        ]);
        let dictionary = dictionary();
        let revenue = (dictionary.find("revenue").unwrap(), Some(2025));
        assert_eq!(answers.values[&revenue], Value::Number(20_000_000.into()));
        assert_eq!(answers.declined.len(), 1);
        assert_eq!(
            answers.values.len(),
            2,
            "no derived attribute, no stray year, no other field"
        );
        assert!(answers.errors.is_empty());
        assert_eq!(field_name(&dictionary, revenue), "revenue.2025");
        assert_eq!(answers.count(), 3);
    }

    #[test]
    fn a_wrong_value_is_told_at_its_field_and_the_rest_is_kept() {
        let answers = parse(&[("revenue", "负数"), ("staff", "12")]);
        assert_eq!(answers.errors[0].field, "revenue");
        assert!(answers.errors[0].message.starts_with("营业收入："));
        assert_eq!(answers.values.len(), 1);
        assert_eq!(
            answers.texts["revenue"], "负数",
            "what was typed is shown again"
        );
    }

    #[test]
    fn declining_makes_a_known_fact_unknown() {
        let mut facts = parse(&[("staff", "12")]).facts();
        parse(&[("staff", "?")]).apply(&mut facts);
        assert!(facts.is_empty());
    }

    #[test]
    fn json_changes_name_every_mistake() {
        let json = serde_json::json!({"营业收入": {"2025": "3000万"}, "staff": null});
        let answers = from_json(&dictionary(), &json, on()).unwrap();
        assert_eq!((answers.values.len(), answers.declined.len()), (1, 1));
        let wrong = serde_json::json!({"利润": 1, "营业收入": {"25": 1}, "staff": [1], "人均收入": {"2025": 1}});
        let errors = from_json(&dictionary(), &wrong, on()).unwrap_err();
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["利润", "营业收入.25", "staff", "人均收入.2025"]);
        assert!(from_json(&dictionary(), &serde_json::json!([]), on()).is_err());
    }
}
