//! A form as it was sent: what was answered, and where each answer comes from.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use zhida_standards::Fen;

use crate::answers::{Answers, FileRef};
use crate::difference::Line;
use crate::typed::{BankAccount, Typed};

/// A form that was sent. It holds everything in plain; whoever keeps it seals it ([`crate::Drafts`] does).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Filled {
    /// Digest of the form that was filled in.
    pub form: String,
    /// The form's name then.
    pub title: String,
    /// 基准日 of the conditions and of 上年.
    pub on: NaiveDate,
    /// The answers in the order of the page; what was hidden or left empty is not there.
    pub entries: Vec<Entry>,
    /// As they were typed, for a later round.
    pub answers: Answers,
}

impl std::fmt::Debug for Filled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Filled({}, {} 项)", self.title, self.entries.len())
    }
}

/// One answer.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The field.
    pub id: String,
    /// Its repeatable group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Its row there, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    /// The name of its input, by which marks refer to it.
    pub path: String,
    /// What was asked, with the row.
    pub label: String,
    /// The value.
    pub value: Typed,
    /// In words, nothing hidden.
    pub plain: String,
    /// In words, with what tells of persons and accounts masked.
    pub shown: String,
    /// The fact that a disputed answer stands against, in words, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fact: Option<String>,
    /// Whose word it is.
    pub origin: Origin,
}

/// Whose word an answer is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Origin {
    /// The enterprise's.
    Stated,
    /// The register's.
    Fact {
        /// From whom and when.
        source: String,
    },
    /// The enterprise's, against the register's: an officer decides.
    Disputed {
        /// What the register says.
        fact: Typed,
        /// From whom and when.
        source: String,
        /// Why the enterprise says that it is wrong.
        why: String,
    },
}

impl Filled {
    /// The value of a field outside repeatable groups.
    #[must_use]
    pub fn value(&self, id: &str) -> Option<&Typed> {
        let mut entries = self.entries.iter();
        entries
            .find(|entry| entry.id == id && entry.row.is_none())
            .map(|entry| &entry.value)
    }

    /// A text, a choice or a code.
    #[must_use]
    pub fn text(&self, id: &str) -> Option<&str> {
        match self.value(id)? {
            Typed::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An amount of money.
    #[must_use]
    pub fn money(&self, id: &str) -> Option<Fen> {
        match self.value(id)? {
            Typed::Money(fen) => Some(*fen),
            _ => None,
        }
    }

    /// A bank account.
    #[must_use]
    pub fn bank_account(&self, id: &str) -> Option<&BankAccount> {
        match self.value(id)? {
            Typed::Account(account) => Some(account),
            _ => None,
        }
    }

    /// The first bank account, whatever its field is called.
    #[must_use]
    pub fn payee(&self) -> Option<&BankAccount> {
        self.entries.iter().find_map(|entry| match &entry.value {
            Typed::Account(account) => Some(account),
            _ => None,
        })
    }

    /// The files of a field.
    #[must_use]
    pub fn files(&self, id: &str) -> &[FileRef] {
        match self.value(id) {
            Some(Typed::Files(files)) => files,
            _ => &[],
        }
    }

    /// All files, those of rows too.
    #[must_use]
    pub fn all_files(&self) -> Vec<&FileRef> {
        self.answers.files()
    }

    /// The entries of each row of a repeatable group.
    #[must_use]
    pub fn rows(&self, group: &str) -> Vec<Vec<&Entry>> {
        let here = || {
            self.entries
                .iter()
                .filter(|entry| entry.group.as_deref() == Some(group))
        };
        let count = here()
            .filter_map(|entry| entry.row)
            .max()
            .map_or(0, |last| last + 1);
        let row = |row| here().filter(|entry| entry.row == Some(row)).collect();
        (0..count).map(row).collect()
    }

    /// What the enterprise says against the register.
    pub fn disputes(&self) -> impl Iterator<Item = &Entry> {
        let disputed = |entry: &&Entry| matches!(entry.origin, Origin::Disputed { .. });
        self.entries.iter().filter(disputed)
    }

    /// The answers as lines, to be compared with another round.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let line = |entry: &Entry| Line {
            id: entry.group.clone().unwrap_or_else(|| entry.id.clone()),
            path: entry.path.clone(),
            label: entry.label.clone(),
            plain: entry.plain.clone(),
            shown: entry.shown.clone(),
        };
        self.entries.iter().map(line).collect()
    }
}
