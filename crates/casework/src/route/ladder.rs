//! Who is told what and when: 到期前 1 个工作日提醒 → 到期提醒 → 逾期 1 个工作日上报 1 级.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::term::{Term, TermError, as_text};

/// The highest level: beyond the head of the city there is nobody.
const LEVEL_MAX: u8 = 9;

/// When a rung is reached, against a due date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum When {
    /// So long before.
    Before(Term),
    /// When it is over.
    AtDue,
    /// So long after.
    After(Term),
}

/// What is done on a rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Whoever must act is told.
    Remind,
    /// A superior is told, 1 being the next one.
    Escalate {
        /// How far up.
        level: u8,
    },
}

/// One rung. As text: `到期前 1 个工作日 提醒`, `到期 提醒`, `逾期 1 个工作日 上报 1 级`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rung {
    /// When.
    pub when: When,
    /// What.
    pub act: Act,
}

impl Rung {
    /// Tells whoever must act.
    #[must_use]
    pub const fn remind(when: When) -> Self {
        Self {
            when,
            act: Act::Remind,
        }
    }

    /// Tells a superior.
    #[must_use]
    pub const fn escalate(when: When, level: u8) -> Self {
        Self {
            when,
            act: Act::Escalate { level },
        }
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.when {
            When::Before(term) => write!(f, "到期前 {term} ")?,
            When::AtDue => f.write_str("到期 ")?,
            When::After(term) => write!(f, "逾期 {term} ")?,
        }
        match self.act {
            Act::Remind => f.write_str("提醒"),
            Act::Escalate { level } => write!(f, "上报 {level} 级"),
        }
    }
}

/// Why a text is no rung.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RungError {
    /// Its form is another.
    #[error(
        "催办规则「{0}」看不懂，请按“到期前 1 个工作日 提醒”“到期 提醒”“逾期 1 个工作日 上报 1 级”填写"
    )]
    Form(String),
    /// Its level is 0 or too high.
    #[error("催办规则「{0}」的上报级数应在 1 至 9 之间")]
    Level(String),
    /// Its time is none.
    #[error("催办规则「{text}」的时间有误：{source}")]
    Term {
        /// The whole text.
        text: String,
        /// What is wrong with the time.
        source: TermError,
    },
}

impl FromStr for Rung {
    type Err = RungError;

    fn from_str(text: &str) -> Result<Self, RungError> {
        let form = || RungError::Form(text.to_owned());
        let trimmed = text.trim();
        let (when, act) = if let Some(when) = trimmed.strip_suffix("提醒") {
            (when, Act::Remind)
        } else {
            let (when, level) = trimmed.split_once("上报").ok_or_else(form)?;
            let level = level.trim().trim_end_matches('级').trim().parse().ok();
            let level = level
                .filter(|level| (1..=LEVEL_MAX).contains(level))
                .ok_or_else(|| RungError::Level(text.to_owned()))?;
            (when, Act::Escalate { level })
        };
        let term = |words: &str| {
            words.parse::<Term>().map_err(|source| RungError::Term {
                text: text.to_owned(),
                source,
            })
        };
        let when = when.trim();
        let when = if let Some(before) = when.strip_prefix("到期前") {
            When::Before(term(before)?)
        } else if let Some(after) = when.strip_prefix("逾期") {
            When::After(term(after)?)
        } else if matches!(when, "到期" | "到期时") {
            When::AtDue
        } else {
            return Err(form());
        };
        Ok(Self { when, act })
    }
}

as_text!(Rung);

/// The rungs of one clock.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ladder(pub Vec<Rung>);

impl Ladder {
    /// Whether nobody is told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What offices usually do: a working day before, at the due date, then one level up after 1 working day
    /// and two after 3.
    #[must_use]
    pub fn usual() -> Self {
        Self(vec![
            Rung::remind(When::Before(Term::working_days(1))),
            Rung::remind(When::AtDue),
            Rung::escalate(When::After(Term::working_days(1)), 1),
            Rung::escalate(When::After(Term::working_days(3)), 2),
        ])
    }
}
