//! A chunk of rows against what is stored: what will be written. Pure, so that a dry run and the real
//! one cannot differ.

use std::collections::HashMap;

use chrono::NaiveDate;
use zhida_rules::{AttributeIndex, Dictionary, FactKey, Value};

use super::rejects::Fault;
use super::row::{Parsed, Rejected};
use crate::derive::Derivation;
use crate::document::{self, Departments, Document, Origin, Stated};
use crate::model::PastFact;
use crate::precedence::{Decision, decide, rank};
use crate::tags::Tags;

/// A stored enterprise as the merge needs it.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    pub seq: i64,
    pub name: String,
    pub document: Document,
}

/// An enterprise to be written.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    /// `None`: it is new.
    pub seq: Option<i64>,
    pub code: String,
    /// The name differs from the stored one, so the search index is behind.
    pub renamed: bool,
    pub name: String,
    pub division: String,
    pub industry: String,
    pub size: String,
    pub status: String,
    pub registered_on: String,
    pub facts: String,
    pub tags: Vec<String>,
}

/// What a chunk amounts to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Merged {
    pub writes: Vec<Write>,
    pub changes: Vec<(String, Vec<PastFact>)>,
    pub rejected: Vec<Rejected>,
    pub accepted: u64,
    pub unchanged: u64,
    pub created: u64,
    /// Facts that lost against those already there.
    pub not_adopted: u64,
}

/// What all chunks of a batch share.
pub(crate) struct Merger<'a> {
    pub dictionary: &'a Dictionary,
    pub derivation: Derivation,
    pub tags: &'a Tags,
    pub departments: &'a Departments,
    pub origin: Origin,
    pub department: &'a str,
    /// The day on which tags are judged.
    pub today: NaiveDate,
    pub typed: Typed,
}

/// The attributes that have columns of their own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Typed {
    name: Option<AttributeIndex>,
    division: Option<AttributeIndex>,
    industry: Option<AttributeIndex>,
    size: Option<AttributeIndex>,
    status: Option<AttributeIndex>,
    registered_on: Option<AttributeIndex>,
}

impl Typed {
    pub(crate) fn new(dictionary: &Dictionary) -> Self {
        Self {
            name: dictionary.find("name"),
            division: dictionary.find("division"),
            industry: dictionary.find("industry"),
            size: dictionary.find("size"),
            status: dictionary.find("registration_status"),
            registered_on: dictionary.find("registered_on"),
        }
    }
}

/// Statements of the history that are known already, so that importing a file again adds nothing.
pub(crate) type Losers = HashMap<String, Vec<PastFact>>;

impl Merger<'_> {
    /// Merges the rows, in their order.
    pub(crate) fn merge(
        &self,
        rows: &[Parsed],
        mut stored: HashMap<String, Current>,
        losers: &Losers,
    ) -> Merged {
        let mut merged = Merged::default();
        for row in rows {
            let code = row.code.as_str().to_owned();
            match stored.remove(&code) {
                Some(current) => self.update(code, current, row, losers, &mut merged),
                None => self.create(code, row, &mut merged),
            }
        }
        merged
    }

    /// Codes of rows that lose with a fact: only for them the history has to be read.
    pub(crate) fn losing(&self, rows: &[Parsed], stored: &HashMap<String, Current>) -> Vec<String> {
        let loses = |row: &&Parsed| {
            stored.get(row.code.as_str()).is_some_and(|current| {
                let mut facts = row.facts.iter();
                facts.any(|(key, value)| {
                    self.decide(&current.document, *key, value) == Decision::Lose
                })
            })
        };
        rows.iter()
            .filter(loses)
            .map(|row| row.code.as_str().to_owned())
            .collect()
    }

    fn create(&self, code: String, row: &Parsed, merged: &mut Merged) {
        let named = row
            .facts
            .iter()
            .any(|((index, _), _)| Some(*index) == self.typed.name);
        if !named {
            merged.rejected.push(unnamed(row));
            return;
        }
        let mut document = Document::default();
        for (key, value) in &row.facts {
            document.facts.insert(
                *key,
                Stated {
                    value: value.clone(),
                    origin: self.origin,
                },
            );
        }
        self.derivation.apply(&code, &mut document);
        merged.accepted += 1;
        merged.created += 1;
        merged.writes.push(self.write(None, code, true, &document));
    }

    fn update(
        &self,
        code: String,
        current: Current,
        row: &Parsed,
        losers: &Losers,
        merged: &mut Merged,
    ) {
        let Current {
            seq,
            name,
            mut document,
        } = current;
        let (mut past, mut changed) = (Vec::new(), false);
        for (key, value) in &row.facts {
            let key = *key;
            let stated = || Stated {
                value: value.clone(),
                origin: self.origin,
            };
            match self.decide(&document, key, value) {
                Decision::Same => {}
                Decision::Lose => {
                    let fact = self.past(key, &stated(), false);
                    if !is_known(losers.get(&code), &fact) {
                        merged.not_adopted += 1;
                        past.push(fact);
                    }
                }
                Decision::Adopt => {
                    changed = true;
                    let replaced = document.facts.insert(key, stated());
                    past.extend(self.replaced(key, replaced, value));
                }
            }
        }
        if changed {
            for (key, before) in self.derivation.apply(&code, &mut document) {
                let now = document.facts.get(&key).map(|stated| stated.value.clone());
                match (before, now) {
                    (Some(before), Some(now)) => {
                        past.extend(self.replaced(key, Some(before), &now))
                    }
                    (Some(before), None) => past.push(self.past(key, &before, true)),
                    (None, _) => {}
                }
            }
            let write = self.write(Some(seq), code.clone(), false, &document);
            let renamed = write.name != name;
            merged.writes.push(Write { renamed, ..write });
        }
        match changed || !past.is_empty() {
            true => merged.accepted += 1,
            false => merged.unchanged += 1,
        }
        if !past.is_empty() {
            merged.changes.push((code, past));
        }
    }

    fn decide(&self, document: &Document, key: FactKey, value: &Value) -> Decision {
        let attribute = self.dictionary.attribute(key.0);
        let Some(current) = document.facts.get(&key) else {
            return Decision::Adopt;
        };
        let department = document::department(self.departments, current.origin.batch);
        let incoming = rank(attribute, self.origin, self.department);
        decide(
            (rank(attribute, current.origin, department), &current.value),
            (incoming, value),
        )
    }

    /// The replaced statement, when it said something else.
    fn replaced(&self, key: FactKey, before: Option<Stated>, now: &Value) -> Option<PastFact> {
        before
            .filter(|before| before.value != *now)
            .map(|before| self.past(key, &before, true))
    }

    fn past(&self, (index, year): FactKey, stated: &Stated, adopted: bool) -> PastFact {
        let origin = stated.origin;
        let attribute = &self.dictionary.attribute(index).id;
        let department = match origin {
            computed if computed.is_computed() => crate::derive::basis(attribute),
            own if own.batch == self.origin.batch => self.department,
            other => document::department(self.departments, other.batch),
        };
        PastFact {
            attribute: attribute.clone(),
            year,
            value: document::value_json(&stated.value),
            department: department.to_owned(),
            as_of: origin.as_of,
            batch: (!origin.is_computed()).then_some(origin.batch),
            adopted,
        }
    }

    fn write(&self, seq: Option<i64>, code: String, renamed: bool, document: &Document) -> Write {
        let text = |index| {
            document
                .value(index, None)
                .map(Value::to_string)
                .unwrap_or_default()
        };
        let facts = document.to_bare_facts();
        Write {
            seq,
            renamed,
            name: text(self.typed.name),
            division: text(self.typed.division),
            industry: text(self.typed.industry),
            size: text(self.typed.size),
            status: text(self.typed.status),
            registered_on: text(self.typed.registered_on),
            facts: document.to_text(self.dictionary),
            tags: self.tags.of(self.dictionary, &facts, self.today),
            code,
        }
    }
}

/// The refusal of a row that names no enterprise and whose code is unknown.
pub(crate) fn unnamed(row: &Parsed) -> Rejected {
    let reason = "库中没有这个代码的市场主体，而这一行没有企业名称";
    let mend = "请补上企业名称，或先导入登记信息";
    let fault = Fault::new("企业名称", row.code.as_str(), reason, mend);
    Rejected {
        row: row.row,
        faults: vec![fault],
        cells: row.cells.clone(),
    }
}

/// Whether the history holds the statement already, whichever batch brought it.
fn is_known(known: Option<&Vec<PastFact>>, fact: &PastFact) -> bool {
    known.is_some_and(|known| {
        known.iter().any(|other| {
            (
                &other.attribute,
                other.year,
                &other.value,
                &other.department,
                other.as_of,
            ) == (
                &fact.attribute,
                fact.year,
                &fact.value,
                &fact.department,
                fact.as_of,
            )
        })
    })
}
