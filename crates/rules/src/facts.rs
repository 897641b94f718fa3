//! What is known of one enterprise: values with their sources.

use std::{collections::BTreeMap, sync::Arc};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{Absence, Attribute, AttributeIndex, Dictionary, Value, read::ValueError};

/// Where a fact comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Provenance {
    /// The department or person that brought it.
    pub department: String,
    /// The day for which it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<NaiveDate>,
    /// The import batch, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
}

/// A known value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The value.
    pub value: Value,
    /// Its source; `None` for a hypothetical value (calculator, what-if).
    pub provenance: Option<Arc<Provenance>>,
}

/// An attribute, and the year when it is annual.
pub type FactKey = (AttributeIndex, Option<i32>);

/// The known facts of one enterprise; what is not here is unknown (or “no”, where the dictionary
/// says that silence means no).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    entries: BTreeMap<FactKey, Fact>,
    stated: bool,
}

/// Why facts could not be read from JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    /// No such attribute.
    #[error("属性字典中没有“{0}”，请检查写法或先在字典中登记")]
    UnknownAttribute(String),
    /// A year where none belongs, or the other way round.
    #[error("“{0}”{1}")]
    Year(String, &'static str),
    /// A value that the attribute does not allow.
    #[error("“{0}”的值有误：{1}")]
    Value(String, ValueError),
    /// Derived attributes are computed, not given.
    #[error("“{0}”由公式计算，不能直接填报")]
    Derived(String),
    /// Not an object of attributes.
    #[error("事实应为 {{\"属性\": 值}} 形式的对象")]
    Shape,
}

impl Facts {
    /// Nothing known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing known yet of what a person will state. No register stands behind it, so silence
    /// means unknown wherever the person can be asked, even if the dictionary says that it means
    /// “no”; what nobody is asked (credit lists) keeps the register's meaning.
    pub fn stated() -> Self {
        Self {
            stated: true,
            ..Self::default()
        }
    }

    /// What silence on an attribute means here.
    pub fn absence(&self, attribute: &Attribute) -> Absence {
        match self.stated && attribute.question.is_some() {
            true => Absence::Unknown,
            false => attribute.absence,
        }
    }

    /// The fact for an attribute (and year).
    pub fn get(&self, attribute: AttributeIndex, year: Option<i32>) -> Option<&Fact> {
        self.entries.get(&(attribute, year))
    }

    /// Records a fact, replacing one for the same attribute and year.
    pub fn insert(&mut self, attribute: AttributeIndex, year: Option<i32>, fact: Fact) {
        self.entries.insert((attribute, year), fact);
    }

    /// Records a hypothetical value.
    pub fn assume(&mut self, attribute: AttributeIndex, year: Option<i32>, value: Value) {
        self.insert(
            attribute,
            year,
            Fact {
                value,
                provenance: None,
            },
        );
    }

    /// Forgets a fact, making it unknown.
    pub fn remove(&mut self, attribute: AttributeIndex, year: Option<i32>) -> Option<Fact> {
        self.entries.remove(&(attribute, year))
    }

    /// All facts in the order of the dictionary, then by year.
    pub fn iter(&self) -> impl Iterator<Item = (&FactKey, &Fact)> {
        self.entries.iter()
    }

    /// How many facts are known.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Is nothing known?
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Years for which an annual attribute is known, ascending.
    pub fn years(&self, attribute: AttributeIndex) -> impl Iterator<Item = i32> {
        self.entries
            .range((attribute, None)..=(attribute, Some(i32::MAX)))
            .filter_map(|((_, year), _)| *year)
    }

    /// Reads `{"企业规模":"小型","营业收入":{"2025":"20000000"}}`; attributes by name or id, values
    /// as JSON or text, and optionally `{"value":…,"department":…,"as_of":…}` for the source.
    /// `null` is unknown.
    pub fn from_json(
        dictionary: &Dictionary,
        json: &serde_json::Value,
    ) -> Result<Self, FactsError> {
        let object = json.as_object().ok_or(FactsError::Shape)?;
        let mut facts = Self::new();
        for (word, value) in object {
            let index = dictionary
                .find(word)
                .ok_or_else(|| FactsError::UnknownAttribute(word.clone()))?;
            let attribute = dictionary.attribute(index);
            if attribute.formula.is_some() {
                return Err(FactsError::Derived(word.clone()));
            }
            match (attribute.annual, value) {
                (_, serde_json::Value::Null) => {}
                (true, serde_json::Value::Object(years)) => {
                    for (year, value) in years {
                        let year = year
                            .parse()
                            .ok()
                            .filter(|year| (1900..=2200).contains(year))
                            .ok_or(FactsError::Year(
                                word.clone(),
                                "的年份应写成四位数字，如 2025",
                            ))?;
                        facts.read_one(dictionary, index, Some(year), word, value)?;
                    }
                }
                (true, _) => {
                    return Err(FactsError::Year(
                        word.clone(),
                        "是分年度的，请写成 {\"2025\": 值} 的形式",
                    ));
                }
                (false, value) => facts.read_one(dictionary, index, None, word, value)?,
            }
        }
        Ok(facts)
    }

    fn read_one(
        &mut self,
        dictionary: &Dictionary,
        index: AttributeIndex,
        year: Option<i32>,
        word: &str,
        json: &serde_json::Value,
    ) -> Result<(), FactsError> {
        let sourced = json
            .as_object()
            .filter(|object| object.contains_key("value"));
        let plain = sourced
            .and_then(|object| object.get("value"))
            .unwrap_or(json);
        if plain.is_null() {
            return Ok(());
        }
        let value = dictionary
            .attribute(index)
            .read_json(plain)
            .map_err(|error| FactsError::Value(word.to_owned(), error))?;
        let provenance = sourced.and_then(|object| {
            let text = |key: &str| object.get(key).and_then(serde_json::Value::as_str);
            text("department").map(|department| {
                Arc::new(Provenance {
                    department: department.to_owned(),
                    as_of: text("as_of").and_then(|day| day.parse().ok()),
                    batch: text("batch").map(str::to_owned),
                })
            })
        });
        self.insert(index, year, Fact { value, provenance });
        Ok(())
    }
}
