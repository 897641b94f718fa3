//! Classes as paths, and texts with their class.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Levels that a path may have.
pub const LEVELS: usize = 3;

/// A class as its path of one to three names, written with slashes: `labour/insurance/injury`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClassPath(Vec<String>);

/// Why something is no [`ClassPath`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("分类“{0}”不是一至三级的路径：各级之间用“/”分开，每一级都不能为空")]
pub struct PathError(pub String);

impl ClassPath {
    /// The names from the first level on.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// How many levels the path has, 1 to 3.
    #[must_use]
    pub fn level(&self) -> usize {
        self.0.len()
    }

    /// The path of the first `level` names (at least one; all of them if there are fewer).
    #[must_use]
    pub fn to_level(&self, level: usize) -> ClassPath {
        ClassPath(self.0[..level.clamp(1, self.0.len())].to_vec())
    }

    /// Whether this is `other` or lies above it.
    #[must_use]
    pub fn holds(&self, other: &ClassPath) -> bool {
        other.0.starts_with(&self.0)
    }

    /// The name at a level counted from zero; beyond the end the empty one, which means “here”.
    pub(crate) fn name_at(&self, depth: usize) -> &str {
        self.0.get(depth).map_or("", String::as_str)
    }

    pub(crate) fn from_names(names: &[&str]) -> ClassPath {
        ClassPath(names.iter().map(ToString::to_string).collect())
    }
}

impl FromStr for ClassPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let names: Vec<String> = text.split('/').map(|name| name.trim().into()).collect();
        if names.len() > LEVELS || names.iter().any(String::is_empty) {
            return Err(PathError(text.chars().take(80).collect()));
        }
        Ok(ClassPath(names))
    }
}

impl TryFrom<String> for ClassPath {
    type Error = PathError;

    fn try_from(text: String) -> Result<Self, PathError> {
        text.parse()
    }
}

impl From<ClassPath> for String {
    fn from(path: ClassPath) -> String {
        path.to_string()
    }
}

impl fmt::Display for ClassPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

/// A text to be sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Text<'a> {
    /// The title; may be empty.
    pub title: &'a str,
    /// The text itself; may be empty.
    pub body: &'a str,
}

/// A text whose class is known: what a model is made from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sample {
    /// The class it belongs to.
    pub class: ClassPath,
    /// Its title; may be empty.
    #[serde(default)]
    pub title: String,
    /// Its text.
    pub text: String,
}

impl Sample {
    /// The text without the class.
    #[must_use]
    pub fn as_text(&self) -> Text<'_> {
        Text {
            title: &self.title,
            body: &self.text,
        }
    }
}
