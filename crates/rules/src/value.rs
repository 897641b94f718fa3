//! Values of facts and of expressions.

use std::{collections::BTreeSet, fmt};

use chrono::NaiveDate;
use serde::{Serialize, Serializer};

use crate::Number;

/// A known value. An unknown one is the absence of a value (`Option::None`), never a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// 是 / 否.
    Bool(bool),
    /// A number in the attribute's unit (money in yuan, ratios plain).
    Number(Number),
    /// Text, one of an attribute's choices, or a division or industry code in normal form.
    Text(String),
    /// A calendar day.
    Date(NaiveDate),
    /// Several of an attribute's choices.
    Set(BTreeSet<String>),
}

impl Value {
    /// The truth value, when it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, when it is one.
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Value::Number(value) => Some(value),
            _ => None,
        }
    }

    /// The text, when it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(value) => Some(value),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    /// The storage form: true/false, decimal text, ISO date, members joined by “、”.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(value) => write!(f, "{value}"),
            Value::Number(value) => write!(f, "{value}"),
            Value::Text(value) => f.write_str(value),
            Value::Date(value) => write!(f, "{value}"),
            Value::Set(members) => f.write_str(
                &members
                    .iter()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .join("、"),
            ),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Set(members) => members.serialize(serializer),
            other => serializer.serialize_str(&other.to_string()),
        }
    }
}
