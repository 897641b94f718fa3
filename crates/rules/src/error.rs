//! What is wrong with a rule, said so that a clerk can mend it.

use std::fmt;

use serde::Serialize;

/// A place in a rule's text, counted in characters from 0; `end` is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// First character.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
}

/// One mistake in a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleError {
    /// Stable name of the kind of mistake.
    pub code: &'static str,
    /// Where, when it can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Span>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl RuleError {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            at: None,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn at(mut self, start: usize, end: usize) -> Self {
        self.at = Some(Span { start, end });
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(span) = self.at {
            write!(f, "第 {} 个字：", span.start + 1)?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "。{hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for RuleError {}
