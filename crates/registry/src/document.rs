//! The facts document of one enterprise: JSON grouped by source,
//! `{"3@2025-12-31": {"name": "…", "revenue@2024": "1000000"}}`, where 3 is the batch. `"0"` is
//! the system's own computation.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write as _;
use std::str::FromStr;
use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::{Map, Value as Json};
use zhida_rules::{
    AttributeIndex, Dictionary, Fact, FactKey, Facts, Kind, Number, Provenance, Value,
};

/// Batch number of what the system computes.
pub(crate) const COMPUTED: i64 = 0;

/// Which statement a fact comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Origin {
    pub batch: i64,
    pub as_of: Option<NaiveDate>,
}

impl Origin {
    pub(crate) fn is_computed(self) -> bool {
        self.batch == COMPUTED
    }

    pub(crate) fn key(self) -> String {
        match self.as_of {
            Some(day) => format!("{}@{day}", self.batch),
            None => self.batch.to_string(),
        }
    }

    pub(crate) fn parse(key: &str) -> Option<Self> {
        let (batch, as_of) = match key.split_once('@') {
            Some((batch, day)) => (batch, Some(day.parse().ok()?)),
            None => (key, None),
        };
        Some(Self {
            batch: batch.parse().ok()?,
            as_of,
        })
    }
}

/// A current fact and its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stated {
    pub value: Value,
    pub origin: Origin,
}

/// All current facts of one enterprise.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Document {
    pub facts: BTreeMap<FactKey, Stated>,
    /// Groups with words that this dictionary does not know; kept as they are.
    unread: Map<String, Json>,
}

/// Department of each batch, by number.
pub(crate) type Departments = HashMap<i64, Arc<str>>;

impl Document {
    /// Reads the storage form. What the dictionary does not know (any more) is kept aside.
    pub(crate) fn parse(dictionary: &Dictionary, text: &str) -> Result<Self, serde_json::Error> {
        let groups: Map<String, Json> = serde_json::from_str(text)?;
        let mut document = Self::default();
        for (key, group) in groups {
            let (Some(origin), Json::Object(words)) = (Origin::parse(&key), group) else {
                continue;
            };
            for (word, json) in words {
                match read_word(dictionary, &word, &json) {
                    Some((fact, value)) => {
                        document.facts.insert(fact, Stated { value, origin });
                    }
                    None => document.keep_unread(&key, word, json),
                }
            }
        }
        Ok(document)
    }

    fn keep_unread(&mut self, key: &str, word: String, json: Json) {
        let group = self
            .unread
            .entry(key.to_owned())
            .or_insert_with(|| Json::Object(Map::new()));
        if let Some(group) = group.as_object_mut() {
            group.insert(word, json);
        }
    }

    /// The storage form.
    pub(crate) fn to_text(&self, dictionary: &Dictionary) -> String {
        let mut origins: Vec<Origin> = self.facts.values().map(|fact| fact.origin).collect();
        origins.sort_unstable();
        origins.dedup();
        let mut text = vec![b'{'];
        for origin in origins {
            let name = origin.key();
            push_name(&mut text, &name);
            text.push(b'{');
            if let Some(Json::Object(words)) = self.unread.get(&name) {
                for (word, json) in words {
                    push_name(&mut text, word);
                    push_json(&mut text, json);
                }
            }
            let facts = self.facts.iter();
            for (key, fact) in facts.filter(|(_, fact)| fact.origin == origin) {
                push_word(&mut text, dictionary, *key);
                push_value(&mut text, &fact.value);
            }
            text.push(b'}');
        }
        let written = |name: &str| self.facts.values().any(|fact| fact.origin.key() == name);
        for (name, words) in self.unread.iter().filter(|(name, _)| !written(name)) {
            push_name(&mut text, name);
            push_json(&mut text, words);
        }
        text.push(b'}');
        String::from_utf8(text).expect("JSON is written as UTF-8")
    }

    /// The batches whose departments are needed to show the facts.
    pub(crate) fn batches(&self) -> BTreeSet<i64> {
        let batches = self.facts.values().map(|stated| stated.origin.batch);
        batches.filter(|batch| *batch != COMPUTED).collect()
    }

    /// The facts with their sources in words.
    pub(crate) fn to_facts(&self, dictionary: &Dictionary, sources: &mut Sources<'_>) -> Facts {
        let mut facts = Facts::new();
        for (&(index, year), stated) in &self.facts {
            let provenance = sources.provenance(dictionary, index, stated.origin);
            facts.insert(
                index,
                year,
                Fact {
                    value: stated.value.clone(),
                    provenance: Some(provenance),
                },
            );
        }
        facts
    }

    /// The facts without their sources, for rules that only judge.
    pub(crate) fn to_bare_facts(&self) -> Facts {
        self.bare_facts(|_| true)
    }

    /// The wanted facts without their sources.
    pub(crate) fn bare_facts(&self, wanted: impl Fn(AttributeIndex) -> bool) -> Facts {
        let mut facts = Facts::new();
        for (&(index, year), stated) in &self.facts {
            if wanted(index) {
                facts.assume(index, year, stated.value.clone());
            }
        }
        facts
    }

    /// The value of an attribute.
    pub(crate) fn value(&self, index: Option<AttributeIndex>, year: Option<i32>) -> Option<&Value> {
        self.facts.get(&(index?, year)).map(|stated| &stated.value)
    }
}

/// Shares one provenance among all facts of a statement.
pub(crate) struct Sources<'a> {
    departments: &'a Departments,
    made: HashMap<(Origin, Option<AttributeIndex>), Arc<Provenance>>,
}

impl<'a> Sources<'a> {
    pub(crate) fn new(departments: &'a Departments) -> Self {
        Self {
            departments,
            made: HashMap::new(),
        }
    }

    pub(crate) fn provenance(
        &mut self,
        dictionary: &Dictionary,
        index: AttributeIndex,
        origin: Origin,
    ) -> Arc<Provenance> {
        let key = (origin, origin.is_computed().then_some(index));
        let departments = self.departments;
        let made = self.made.entry(key).or_insert_with(|| {
            let department = match origin.is_computed() {
                true => crate::derive::basis(&dictionary.attribute(index).id).to_owned(),
                false => department(departments, origin.batch).to_owned(),
            };
            let batch = (!origin.is_computed()).then(|| origin.batch.to_string());
            Arc::new(Provenance {
                department,
                as_of: origin.as_of,
                batch,
            })
        });
        Arc::clone(made)
    }
}

/// The department of a batch; a batch that is gone is said to be so.
pub(crate) fn department(departments: &Departments, batch: i64) -> &str {
    departments.get(&batch).map_or("来源批次不详", |name| name)
}

// The document is written straight into text: a tree of it first is twice the time.

fn push_json(text: &mut Vec<u8>, json: &(impl serde::Serialize + ?Sized)) {
    serde_json::to_writer(text, json).expect("memory takes every text");
}

/// A name and its colon, after a comma where one is needed.
fn push_name(text: &mut Vec<u8>, name: &str) {
    if text.last() != Some(&b'{') {
        text.push(b',');
    }
    push_json(text, name);
    text.push(b':');
}

fn push_word(text: &mut Vec<u8>, dictionary: &Dictionary, (index, year): FactKey) {
    push_name(text, &dictionary.attribute(index).id);
    if let Some(year) = year {
        text.truncate(text.len() - "\":".len());
        // a vector of bytes takes every text
        let _written = write!(text, "@{year}\":");
    }
}

/// As [`value_json`] has it.
fn push_value(text: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Text(value) => push_json(text, value),
        Value::Bool(_) | Value::Set(_) => push_json(text, &value_json(value)),
        Value::Number(_) | Value::Date(_) => {
            let _written = write!(text, "\"{value}\"");
        }
    }
}

fn read_word(dictionary: &Dictionary, word: &str, json: &Json) -> Option<(FactKey, Value)> {
    let (id, year) = match word.split_once('@') {
        Some((id, year)) => (id, Some(year.parse().ok()?)),
        None => (word, None),
    };
    let index = dictionary.find(id)?;
    Some((
        (index, year),
        value_of(dictionary.attribute(index).kind, json)?,
    ))
}

/// The storage form of a value.
pub(crate) fn value_json(value: &Value) -> Json {
    match value {
        Value::Bool(value) => Json::Bool(*value),
        Value::Set(members) => Json::Array(members.iter().cloned().map(Json::String).collect()),
        other => Json::String(other.to_string()),
    }
}

/// Reads a value that was checked when it came in, so only its form matters here.
pub(crate) fn value_of(kind: Kind, json: &Json) -> Option<Value> {
    match (kind, json) {
        (Kind::Bool, Json::Bool(value)) => Some(Value::Bool(*value)),
        (Kind::Number, Json::String(text)) => Number::from_str(text).ok().map(Value::Number),
        (Kind::Date, Json::String(text)) => text.parse().ok().map(Value::Date),
        (Kind::Set, Json::Array(members)) => members
            .iter()
            .map(|member| member.as_str().map(str::to_owned))
            .collect::<Option<BTreeSet<String>>>()
            .map(Value::Set),
        (Kind::Text | Kind::Choice | Kind::Division | Kind::Industry, Json::String(text)) => {
            Some(Value::Text(text.clone()))
        }
        _ => None,
    }
}
