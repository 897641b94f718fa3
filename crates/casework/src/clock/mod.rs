//! When something is due, and why.
//!
//! A [`Clock`] is a value: when it started, by which [`Limit`], its pauses and extensions. [`Clock::due`]
//! computes from these alone, so what was decided can be computed again by anybody. `docs/casework.md`
//! shows one derivation for each kind of clock.
//!
//! - **Days** (working or calendar): the day after the event is day 1, unless the limit counts the same day.
//!   A pause takes out the days from the request to the return, both included; the clock goes on the day
//!   after the return. Calendar days that end on a day off end with the next working day
//!   (《中华人民共和国民法典》第二百零三条).
//! - **Hours and minutes**: a pause takes out its time exactly. Working ones pass in office hours only.

mod days;
mod flow;
mod standing;
mod words;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

pub use standing::Standing;

use crate::calendar::{Calendar, CalendarError, local};
use crate::term::{Limit, Term};

/// How a clock goes on after a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resume {
    /// 继续计算: with what was left.
    Continue,
    /// 重新计算: from the beginning.
    Restart,
}

/// A time that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When it began.
    pub from: DateTime<Utc>,
    /// When it was over; `None` while it lasts.
    pub to: Option<DateTime<Utc>>,
    /// How the clock goes on.
    pub resume: Resume,
    /// What it belongs to, so that the right one is ended: `completion`, `hold:…`.
    pub cause: String,
    /// Why, in Chinese, for the derivation: 等待补正.
    pub why: String,
}

/// Time that was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// When it was granted.
    pub at: DateTime<Utc>,
    /// How much, in the clock's unit.
    pub amount: u32,
    /// Why, in Chinese.
    pub why: String,
}

/// A term that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// How long, and how it is counted.
    pub limit: Limit,
    /// The event that set it going.
    pub started: DateTime<Utc>,
    /// Pauses, in the order of their beginning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
    /// Extensions, in the order they were granted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Extension>,
    /// When what it was for was done, or no longer needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<DateTime<Utc>>,
}

/// A due date with its derivation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The instant: done at or before it is in time.
    pub at: DateTime<Utc>,
    /// The last day, in China: 24:00 of it is the next day's first instant.
    pub day: NaiveDate,
    /// Whether a year on the way has no holiday notice yet, so that it may still move.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
    /// How it came about, one Chinese sentence each.
    pub derivation: Vec<String>,
}

impl Due {
    /// For screens: 2026年9月24日 24:00, 2026年9月21日 09:30.
    #[must_use]
    pub fn words(&self) -> String {
        words::until(self.day, local(self.at))
    }

    /// The derivation in one paragraph, its sentences joined by ；.
    #[must_use]
    pub fn explain(&self) -> String {
        format!("{}。", self.derivation.join("；"))
    }
}

impl Clock {
    /// A clock that is set going.
    #[must_use]
    pub fn start(limit: Limit, at: DateTime<Utc>) -> Self {
        Self {
            limit,
            started: at,
            pauses: Vec::new(),
            extensions: Vec::new(),
            stopped: None,
        }
    }

    /// Stops counting from now on. Several causes may overlap; the clock goes on when all are over.
    pub fn pause(&mut self, cause: &str, why: &str, resume: Resume, at: DateTime<Utc>) {
        self.pauses.push(Pause {
            from: at,
            to: None,
            resume,
            cause: cause.to_owned(),
            why: why.to_owned(),
        });
    }

    /// Ends the pause of a cause; nothing happens when there is none.
    pub fn resume(&mut self, cause: &str, at: DateTime<Utc>) {
        for pause in &mut self.pauses {
            if pause.cause == cause && pause.to.is_none() {
                pause.to = Some(at);
            }
        }
    }

    /// Adds time, in the clock's unit.
    pub fn extend(&mut self, amount: u32, why: &str, at: DateTime<Utc>) {
        self.extensions.push(Extension {
            at,
            amount,
            why: why.to_owned(),
        });
    }

    /// Another limit from the same beginning: what was paused or added stays (another unit drops additions,
    /// which were granted in the old one).
    #[must_use]
    pub fn with_limit(mut self, limit: Limit) -> Self {
        if limit.term().unit != self.limit.term().unit {
            self.extensions.clear();
        }
        self.limit = limit;
        self
    }

    /// Whether a pause lasts.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.stopped.is_none() && self.pauses.iter().any(|pause| pause.to.is_none())
    }

    /// Whether it is neither paused nor stopped.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.stopped.is_none() && !self.is_paused()
    }

    /// The term with its extensions.
    #[must_use]
    pub fn total(&self) -> Term {
        let term = self.limit.term();
        let added: u32 = self
            .extensions
            .iter()
            .fold(0, |sum, extension| sum.saturating_add(extension.amount));
        Term::new(term.amount.saturating_add(added), term.unit)
    }

    /// When it is due; `None` while it is paused, for nobody knows yet. A stopped clock answers what held
    /// when it was stopped.
    ///
    /// # Errors
    /// A day on the way lies in a year that is not known.
    pub fn due(&self, calendar: &Calendar) -> Result<Option<Due>, CalendarError> {
        if self.pauses.iter().any(|pause| pause.to.is_none()) {
            return Ok(None);
        }
        match self.limit.term().unit.is_days() {
            true => days::due(self, calendar).map(Some),
            false => flow::due(self, calendar).map(Some),
        }
    }

    /// How it stands at `now` against the due date that was frozen in its event.
    ///
    /// # Errors
    /// As [`Clock::due`].
    pub fn standing(
        &self,
        due: Option<&Due>,
        now: DateTime<Utc>,
        calendar: &Calendar,
    ) -> Result<Standing, CalendarError> {
        standing::standing(self, due, now, calendar)
    }

    /// What has been counted up to `now`, in whole units of the clock.
    ///
    /// # Errors
    /// As [`Clock::due`].
    pub fn used(&self, now: DateTime<Utc>, calendar: &Calendar) -> Result<Term, CalendarError> {
        let amount = match self.limit.term().unit.is_days() {
            true => days::used(self, now, calendar)?,
            false => flow::used(self, now, calendar)?,
        };
        Ok(Term::new(amount, self.limit.term().unit))
    }

    /// The last end of a pause after which everything is counted anew.
    fn restarted(&self) -> Option<&Pause> {
        self.pauses
            .iter()
            .filter(|pause| pause.resume == Resume::Restart && pause.to.is_some())
            .max_by_key(|pause| pause.to)
    }
}
