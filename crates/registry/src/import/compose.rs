//! What is written of an enterprise, made from its facts alone: so it is made where rows are read, on
//! another core than the database's.

use chrono::NaiveDate;
use zhida_rules::{AttributeIndex, Dictionary, FactKey, Value};
use zhida_standards::uscc::Uscc;

use super::row::Parsed;
use crate::derive::Derivation;
use crate::document::{Document, Origin, Stated};
use crate::tags::Tags;

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

/// A row with what it would be if nothing were known of its enterprise.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub row: u64,
    pub code: Uscc,
    /// What it states.
    pub facts: Vec<(FactKey, Value)>,
    pub write: Write,
    /// A row without a name makes no enterprise.
    pub named: bool,
    /// The row as it stood, kept for a refusal when it has no name.
    pub cells: Vec<String>,
}

/// The attributes that have columns of their own.
#[derive(Debug, Clone, Copy)]
struct Typed {
    name: Option<AttributeIndex>,
    division: Option<AttributeIndex>,
    industry: Option<AttributeIndex>,
    size: Option<AttributeIndex>,
    status: Option<AttributeIndex>,
    registered_on: Option<AttributeIndex>,
}

/// What all rows of a run share.
#[derive(Debug)]
pub(crate) struct Composer {
    pub dictionary: &'static Dictionary,
    pub derivation: Derivation,
    pub tags: Tags,
    /// The origin of what the rows state.
    pub origin: Origin,
    /// The day on which tags are judged.
    pub today: NaiveDate,
    typed: Typed,
}

impl Composer {
    pub(crate) fn new(
        dictionary: &'static Dictionary,
        tags: Tags,
        origin: Origin,
        today: NaiveDate,
    ) -> Self {
        Self {
            dictionary,
            derivation: Derivation::new(dictionary),
            tags,
            origin,
            today,
            typed: Typed {
                name: dictionary.find("name"),
                division: dictionary.find("division"),
                industry: dictionary.find("industry"),
                size: dictionary.find("size"),
                status: dictionary.find("registration_status"),
                registered_on: dictionary.find("registered_on"),
            },
        }
    }

    /// The row as a new enterprise.
    pub(crate) fn prepare(&self, parsed: Parsed) -> Prepared {
        let mut document = Document::default();
        for (key, value) in parsed.facts {
            let origin = self.origin;
            document.facts.insert(key, Stated { value, origin });
        }
        let named = document.value(self.typed.name, None).is_some();
        self.derivation.apply(parsed.code.as_str(), &mut document);
        let code = parsed.code.as_str().to_owned();
        Prepared {
            row: parsed.row,
            code: parsed.code,
            write: self.write(None, code, &document),
            // a document takes several times the memory of its facts
            facts: stated(document),
            named,
            cells: if named { Vec::new() } else { parsed.cells },
        }
    }

    /// What is written of an enterprise with these facts.
    pub(crate) fn write(&self, seq: Option<i64>, code: String, document: &Document) -> Write {
        let text = |index| match document.value(index, None) {
            Some(Value::Text(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        Write {
            seq,
            renamed: true,
            name: text(self.typed.name),
            division: text(self.typed.division),
            industry: text(self.typed.industry),
            size: text(self.typed.size),
            status: text(self.typed.status),
            registered_on: text(self.typed.registered_on),
            facts: document.to_text(self.dictionary),
            tags: self.tags.of(self.dictionary, document, self.today),
            code,
        }
    }

    /// Whether the stored document says exactly what the row says, and whose word it is.
    pub(crate) fn stated_already(&self, row: &Prepared, stored: &str) -> Option<Origin> {
        let (fresh, name) = (
            row.write.facts.as_str(),
            format!("\"{}\"", self.origin.key()),
        );
        let (before, after) = fresh.split_once(name.as_str())?;
        let name = stored.strip_prefix(before)?.strip_suffix(after)?;
        Origin::parse(name.strip_prefix('"')?.strip_suffix('"')?)
    }
}

fn stated(document: Document) -> Vec<(FactKey, Value)> {
    let facts = document.facts.into_iter();
    let stated = facts.filter(|(_, fact)| !fact.origin.is_computed());
    stated.map(|(key, fact)| (key, fact.value)).collect()
}
