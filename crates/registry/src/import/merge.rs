//! A chunk of rows against what is stored: what will be written. Pure, so that a dry run and the real
//! one cannot differ.

use std::collections::HashMap;

use std::borrow::Cow;

use zhida_rules::{FactKey, Value};

use super::compose::{Composer, Prepared, Write};
use super::rejects::Fault;
use super::row::Rejected;
use crate::document::{self, Departments, Document, Stated};
use crate::model::PastFact;
use crate::precedence::{Decision, decide, rank};

/// A stored enterprise as the merge needs it.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    pub seq: i64,
    pub name: String,
    /// `None`: it says what the row says, by the same department of the same day.
    pub document: Option<Document>,
}

/// What a chunk amounts to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Merged<'a> {
    pub writes: Vec<Cow<'a, Write>>,
    pub changes: Vec<(String, Vec<PastFact>)>,
    pub rejected: Vec<Rejected>,
    pub accepted: u64,
    pub unchanged: u64,
    pub created: u64,
    /// Facts that lost against those already there.
    pub not_adopted: u64,
}

/// What the chunks of a batch share.
pub(crate) struct Merger<'a> {
    pub composer: &'a Composer,
    pub departments: &'a Departments,
    pub department: &'a str,
}

/// Statements of the history that are known already, so that importing a file again adds nothing.
pub(crate) type Losers = HashMap<String, Vec<PastFact>>;

impl Merger<'_> {
    /// Merges the rows, in their order.
    pub(crate) fn merge<'r>(
        &self,
        rows: &'r [Prepared],
        mut stored: HashMap<String, Current>,
        losers: &Losers,
    ) -> Merged<'r> {
        let mut merged = Merged::default();
        for row in rows {
            match stored.remove(row.code.as_str()) {
                Some(current) => self.update(current, row, losers, &mut merged),
                None if row.named => {
                    merged.accepted += 1;
                    merged.created += 1;
                    merged.writes.push(Cow::Borrowed(&row.write));
                }
                None => merged.rejected.push(unnamed(row)),
            }
        }
        merged
    }

    /// Whether a stored document holds the row's facts with the same weight, so that nothing can change.
    /// Told by the text: most rows of a file that comes again are such.
    pub(crate) fn is_same(&self, row: &Prepared, stored: &str) -> bool {
        let origin = self.composer.stated_already(row, stored);
        origin.is_some_and(|origin| {
            let department = self.departments.get(&origin.batch);
            origin.as_of == self.composer.origin.as_of
                && department.is_some_and(|department| **department == *self.department)
        })
    }

    /// Codes of rows that lose with a fact: only for them the history has to be read.
    pub(crate) fn losing(
        &self,
        rows: &[Prepared],
        stored: &HashMap<String, Current>,
    ) -> Vec<String> {
        let loses = |row: &&Prepared| {
            let current = stored.get(row.code.as_str());
            let document = current.and_then(|current| current.document.as_ref());
            document.is_some_and(|document| {
                let mut facts = row.facts.iter();
                facts.any(|(key, value)| self.decide(document, *key, value) == Decision::Lose)
            })
        };
        rows.iter()
            .filter(loses)
            .map(|row| row.code.as_str().to_owned())
            .collect()
    }

    fn update(&self, current: Current, row: &Prepared, losers: &Losers, merged: &mut Merged<'_>) {
        let Some(mut document) = current.document else {
            merged.unchanged += 1;
            return;
        };
        let code = row.code.as_str().to_owned();
        let (mut past, mut changed) = (Vec::new(), false);
        for (key, value) in &row.facts {
            let key = *key;
            let stated = || Stated {
                value: value.clone(),
                origin: self.composer.origin,
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
            for (key, before) in self.composer.derivation.apply(&code, &mut document) {
                let now = document.facts.get(&key).map(|stated| stated.value.clone());
                match (before, now) {
                    (Some(before), Some(now)) => {
                        past.extend(self.replaced(key, Some(before), &now))
                    }
                    (Some(before), None) => past.push(self.past(key, &before, true)),
                    (None, _) => {}
                }
            }
            let (seq, code) = (Some(current.seq), code.clone());
            let write = self.composer.write(seq, code, &document);
            let renamed = write.name != current.name;
            merged.writes.push(Cow::Owned(Write { renamed, ..write }));
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
        let attribute = self.composer.dictionary.attribute(key.0);
        let Some(current) = document.facts.get(&key) else {
            return Decision::Adopt;
        };
        let department = document::department(self.departments, current.origin.batch);
        let incoming = rank(attribute, self.composer.origin, self.department);
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
        let attribute = &self.composer.dictionary.attribute(index).id;
        let department = match origin {
            computed if computed.is_computed() => crate::derive::basis(attribute),
            own if own.batch == self.composer.origin.batch => self.department,
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
}

/// The refusal of a row that names no enterprise and whose code is unknown.
pub(crate) fn unnamed(row: &Prepared) -> Rejected {
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
