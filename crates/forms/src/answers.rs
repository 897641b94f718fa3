//! What somebody filled in, as it was typed: a draft keeps also what is not yet right.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value as Json;

use crate::form::Form;

/// Answers to a form. In JSON: `{"fields": {"staff": "120"}, "disputes": {…}}`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// Answers by the id of their field, rows by the id of their group.
    #[serde(default)]
    pub fields: BTreeMap<String, Answer>,
    /// What the enterprise says is wrong among what was prefilled, by the id of the field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub disputes: BTreeMap<String, Dispute>,
}

/// “这是错的”: kept beside the fact, never in its place.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// What is right.
    pub value: Answer,
    /// Why, or where it can be seen.
    #[serde(default)]
    pub why: String,
}

/// One answer.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// A text, as typed: also of numbers, dates, 是/否 (`true`, `false`).
    Text(String),
    /// What was chosen of several.
    Texts(Vec<String>),
    /// The parts of a bank account: `holder`, `bank`, `cnaps`, `number`.
    Parts(BTreeMap<String, String>),
    /// Files that were handed in.
    Files(Vec<FileRef>),
    /// The rows of a repeatable group.
    Rows(Vec<Row>),
}

/// One row: answers by field.
pub type Row = BTreeMap<String, Answer>;

/// A file of the platform's store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRef {
    /// Its id there.
    pub file: String,
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

impl Answers {
    /// The text of a field, empty when it has none.
    #[must_use]
    pub fn text(&self, id: &str) -> &str {
        match self.fields.get(id) {
            Some(Answer::Text(text)) => text,
            _ => "",
        }
    }

    /// Sets a field's text.
    pub fn set(&mut self, id: impl Into<String>, text: impl Into<String>) {
        self.fields.insert(id.into(), Answer::Text(text.into()));
    }

    /// The rows of a group.
    #[must_use]
    pub fn rows(&self, group: &str) -> &[Row] {
        match self.fields.get(group) {
            Some(Answer::Rows(rows)) => rows,
            _ => &[],
        }
    }

    /// The answer at a field's place: `staff`, or `equipment-0-price` of a row.
    pub(crate) fn at_mut(&mut self, place: &Place) -> Option<&mut Answer> {
        match place {
            Place::Field(id) => self.fields.get_mut(id),
            Place::Cell(group, row, id) => match self.fields.get_mut(group)? {
                Answer::Rows(rows) => rows.get_mut(*row)?.get_mut(id),
                _ => None,
            },
        }
    }

    pub(crate) fn put(&mut self, place: &Place, answer: Answer) {
        match place {
            Place::Field(id) => {
                self.fields.insert(id.clone(), answer);
            }
            Place::Cell(group, row, id) => {
                let rows = self.fields.entry(group.clone());
                let rows = rows.or_insert_with(|| Answer::Rows(Vec::new()));
                if let Answer::Rows(rows) = rows {
                    while rows.len() <= *row {
                        rows.push(Row::new());
                    }
                    rows[*row].insert(id.clone(), answer);
                }
            }
        }
    }

    /// All files, wherever they were handed in.
    pub(crate) fn files(&self) -> Vec<&FileRef> {
        fn of<'a>(answer: &'a Answer, files: &mut Vec<&'a FileRef>) {
            match answer {
                Answer::Files(here) => files.extend(here),
                Answer::Rows(rows) => rows.iter().flat_map(Row::values).for_each(|a| of(a, files)),
                _ => {}
            }
        }
        let mut files = Vec::new();
        self.fields
            .values()
            .for_each(|answer| of(answer, &mut files));
        files
    }

    /// The answers that have a place in a form, and those that have none (any more), as when a draft was begun on an
    /// earlier revision.
    #[must_use]
    pub fn split(&self, form: &Form) -> (Self, Self) {
        let has_place = |id: &String| form.field(id).is_some() || form.group(id).is_some();
        let fields = self.fields.clone().into_iter();
        let (fields, other_fields) = fields.partition(|(id, _)| has_place(id));
        let disputes = self.disputes.clone().into_iter();
        let (disputes, other_disputes) = disputes.partition(|(id, _)| has_place(id));
        let rest = Self {
            fields: other_fields,
            disputes: other_disputes,
        };
        (Self { fields, disputes }, rest)
    }

    /// Whether nothing was answered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.disputes.is_empty()
    }

    /// Takes one field, or all rows of a group, from other answers.
    pub fn take(&mut self, id: &str, other: &Self) {
        match other.fields.get(id) {
            Some(answer) => self.fields.insert(id.to_owned(), answer.clone()),
            None => self.fields.remove(id),
        };
        match other.disputes.get(id) {
            Some(dispute) => self.disputes.insert(id.to_owned(), dispute.clone()),
            None => self.disputes.remove(id),
        };
    }
}

/// Where an answer stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Field(String),
    /// Group, row, field.
    Cell(String, usize, String),
}

impl Place {
    /// Reads the name of an input back: ids have no hyphen.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('-').collect();
        match parts.as_slice() {
            [id] => Some(Self::Field((*id).to_owned())),
            [group, row, id] => Some(Self::Cell(
                (*group).to_owned(),
                row.parse().ok()?,
                (*id).to_owned(),
            )),
            _ => None,
        }
    }
}

impl Answer {
    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.trim().is_empty(),
            Self::Texts(texts) => texts.is_empty(),
            Self::Parts(parts) => parts.values().all(|part| part.trim().is_empty()),
            Self::Files(files) => files.is_empty(),
            Self::Rows(rows) => rows.is_empty(),
        }
    }

    fn from_json(json: Json) -> Result<Self, String> {
        let text = |json: &Json| match json {
            Json::String(text) => Some(text.clone()),
            Json::Number(number) => Some(number.to_string()),
            Json::Bool(value) => Some(value.to_string()),
            Json::Null => Some(String::new()),
            _ => None,
        };
        if let Some(text) = text(&json) {
            return Ok(Self::Text(text));
        }
        match json {
            Json::Object(parts) => parts
                .iter()
                .map(|(key, part)| Some((key.clone(), text(part)?)))
                .collect::<Option<_>>()
                .map(Self::Parts)
                .ok_or_else(|| "对象里应是文字".to_owned()),
            Json::Array(list) if list.iter().all(|one| !one.is_object()) => list
                .iter()
                .map(text)
                .collect::<Option<_>>()
                .map(Self::Texts)
                .ok_or_else(|| "列表里应是文字或对象".to_owned()),
            Json::Array(list) if list.iter().all(is_file) => {
                let files = list.into_iter().map(serde_json::from_value);
                let files = files.collect::<Result<_, _>>();
                files.map(Self::Files).map_err(|error| error.to_string())
            }
            Json::Array(list) => list
                .into_iter()
                .map(row)
                .collect::<Result<_, _>>()
                .map(Self::Rows),
            _ => Err("不是答案".to_owned()),
        }
    }
}

/// Files have exactly these members, their length a number; in rows every value is an answer by field.
fn is_file(json: &Json) -> bool {
    json.as_object().is_some_and(|members| {
        members.len() == 3
            && members.get("file").is_some_and(Json::is_string)
            && members.get("name").is_some_and(Json::is_string)
            && members.get("bytes").is_some_and(Json::is_u64)
    })
}

fn row(json: Json) -> Result<Row, String> {
    match json {
        Json::Object(cells) => cells
            .into_iter()
            .map(|(id, cell)| Answer::from_json(cell).map(|answer| (id, answer)))
            .collect(),
        _ => Err("每一行应是对象".to_owned()),
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            Self::Texts(texts) => texts.serialize(serializer),
            Self::Parts(parts) => parts.serialize(serializer),
            Self::Files(files) => files.serialize(serializer),
            Self::Rows(rows) => rows.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_json(Json::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

// what people filled in stays out of logs

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<&String> = self.fields.keys().collect();
        f.debug_struct("Answers")
            .field("fields", &ids)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answer(…)")
    }
}

impl std::fmt::Debug for Dispute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dispute(…)")
    }
}
