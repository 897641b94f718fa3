//! Who is told what, and when: reminders and escalation, and what happens by itself.
//!
//! - Everything is told within office hours; what falls outside waits for the next opening, and a warning
//!   ahead of time comes at the beginning of the office hours before.
//! - Each rung is told once for a due date. A due date that moves (extension, pause) has its rungs again.
//! - A warning ahead of time is not told any more when the time is over.
//! - Where nobody handles a case, the head of the body is told, or all who work there if no head is known;
//!   where a level is missing, the next one, and the gap is reported.

mod moment;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::calendar::CalendarError;
use crate::case::{Case, Rules, Running};
use crate::event::ClockName;
use crate::kind::Kind;
use crate::party::{Organisation, Person};
use crate::route::{Act, AtDue, Ladder, Turn, When};

pub(crate) use moment::ahead;

crate::words! {
    /// How far a case was pressed for in all: what was told of it stays, whatever becomes of the clock.
    pub enum Urged {
        /// Somebody who must act was reminded.
        Reminded = "reminded" "催办过",
        /// Somebody above was told.
        Escalated = "escalated" "已上报",
    }
}

impl From<Act> for Urged {
    fn from(act: Act) -> Self {
        match act {
            Act::Remind => Self::Reminded,
            Act::Escalate { .. } => Self::Escalated,
        }
    }
}

/// Somebody above.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Superior {
    /// The body, or the department within it.
    pub organisation: Organisation,
    /// The person; `None` means whoever is in charge there.
    pub person: Option<Person>,
}

/// Who stands above each body of a case: for its id, level 1 (the head of the department) first. A level
/// that nobody holds is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chain(pub BTreeMap<Uuid, Vec<Option<Superior>>>);

impl Chain {
    /// The levels above one body.
    #[must_use]
    pub fn of(organisation: Uuid, levels: Vec<Option<Superior>>) -> Self {
        Self(BTreeMap::from([(organisation, levels)]))
    }

    /// Whoever is at `level` or next above it, and the levels that were empty.
    fn at(&self, organisation: Option<Uuid>, level: u8) -> (Option<(u8, &Superior)>, Vec<u8>) {
        let levels = organisation.and_then(|id| self.0.get(&id));
        let mut missing = Vec::new();
        let known = levels.map_or(0, |levels| u8::try_from(levels.len()).unwrap_or(u8::MAX));
        for level in level.max(1)..=known.max(level) {
            let found = levels
                .and_then(|levels| levels.get(usize::from(level) - 1))
                .and_then(Option::as_ref);
            match found {
                Some(superior) => return (Some((level, superior)), missing),
                None => missing.push(level),
            }
        }
        (None, missing)
    }
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "recipient", rename_all = "snake_case")]
pub enum Recipient {
    /// Who handles the case.
    Handler {
        /// Who.
        person: Person,
    },
    /// The enterprise.
    Enterprise,
    /// A body, all who work on such cases there.
    Body {
        /// Which.
        organisation: Organisation,
    },
    /// Somebody above.
    Superior {
        /// How far up.
        level: u8,
        /// Who.
        superior: Superior,
    },
    /// Nobody was found: the administrators.
    Administrators,
}

impl Recipient {
    /// For the history.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Handler { person } => person.name.clone(),
            Self::Enterprise => "企业".to_owned(),
            Self::Body { organisation } => organisation.name.clone(),
            Self::Superior { superior, .. } => match &superior.person {
                Some(person) => format!("{} {}", superior.organisation.name, person.name),
                None => format!("{}负责人", superior.organisation.name),
            },
            Self::Administrators => "系统管理员".to_owned(),
        }
    }
}

/// Something to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// Which clock.
    pub clock: ClockName,
    /// Its due date.
    pub due: DateTime<Utc>,
    /// Which rung of its ladder, from 0.
    pub rung: u32,
    /// Whether it reminds or escalates.
    pub act: Act,
    /// Whom.
    pub to: Recipient,
    /// Levels at which nobody was found: to be reported to whoever keeps the organisations.
    pub missing: Vec<u8>,
}

/// Something that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Somebody is to be told: [`crate::Command::Tell`].
    Tell(Telling),
    /// The route says what happens now: [`crate::Command::TimeUp`].
    TimeUp {
        /// Whose time is over.
        clock: ClockName,
    },
}

/// What is due at `now`, in the order of the clocks. Read the clock once for a whole batch.
///
/// # Errors
/// A day lies in a year that is not known.
pub fn due_actions<K: Kind>(
    case: &Case<K>,
    now: DateTime<Utc>,
    rules: &Rules<'_, K>,
    chain: &Chain,
) -> Result<Vec<Action>, CalendarError> {
    let mut actions = Vec::new();
    if !case.is_open() {
        return Ok(actions);
    }
    let open = rules.calendar.is_open(now)?;
    for (name, running) in case.clocks() {
        if time_is_up(case, *name, running, now, rules) {
            actions.push(Action::TimeUp { clock: *name });
            // what it does may stop this clock: the rest is for the next look
            return Ok(actions);
        }
        let Some(due) = running
            .due
            .as_ref()
            .filter(|_| open && running.clock.is_running())
        else {
            continue;
        };
        for (rung, at, act) in pending(case, *name, running, now, rules)? {
            if at <= now {
                let (to, missing) = recipient(case, *name, act, chain);
                actions.push(Action::Tell(Telling {
                    clock: *name,
                    due: due.at,
                    rung,
                    act,
                    to,
                    missing,
                }));
            }
        }
    }
    Ok(actions)
}

/// When to look at a clock next: when a rung is reached or its time is up; `None` when nothing will happen
/// by itself. `now` tells which warnings are over.
///
/// # Errors
/// A day lies in a year that is not known.
pub fn next_look<K: Kind>(
    case: &Case<K>,
    name: ClockName,
    now: DateTime<Utc>,
    rules: &Rules<'_, K>,
) -> Result<Option<DateTime<Utc>>, CalendarError> {
    let Some(running) = case.clocks().get(&name) else {
        return Ok(None);
    };
    if !case.is_open() || !running.clock.is_running() {
        return Ok(None);
    }
    let rungs = pending(case, name, running, now, rules)?;
    let mut looks: Vec<DateTime<Utc>> = rungs.iter().map(|(_, at, _)| *at).collect();
    if passes_by_itself(case, name, rules) {
        // done at the due instant is in time, so it is over only after it
        let over = running.due.as_ref().map(|due| due.at);
        looks.extend(over.map(|at| at + chrono::TimeDelta::microseconds(1)));
    }
    Ok(looks.into_iter().min())
}

/// Rungs that were not told yet, with their moments.
fn pending<K: Kind>(
    case: &Case<K>,
    name: ClockName,
    running: &Running,
    now: DateTime<Utc>,
    rules: &Rules<'_, K>,
) -> Result<Vec<(u32, DateTime<Utc>, Act)>, CalendarError> {
    let (Some(due), Some(ladder)) = (&running.due, ladder(case, name, rules)) else {
        return Ok(Vec::new());
    };
    let mut pending = Vec::new();
    for (number, rung) in (0..).zip(&ladder.0) {
        if running.reached.contains(&(number, due.at)) {
            continue;
        }
        let at = moment::of(*rung, due, running.clock.limit.term().unit, rules.calendar)?;
        let warning = matches!(rung.when, When::Before(_));
        if warning && (due.at < now || at <= running.clock.started) {
            continue;
        }
        pending.push((number, at, rung.act));
    }
    Ok(pending)
}

fn ladder<'a, K: Kind>(
    case: &Case<K>,
    name: ClockName,
    rules: &Rules<'a, K>,
) -> Option<&'a Ladder> {
    let route = rules.route;
    match name {
        ClockName::Stage => route.step(case.stage()).map(|step| &step.ladder),
        ClockName::Total => Some(&route.total_ladder),
        ClockName::Completion => route.completion.as_ref().map(|policy| &policy.ladder),
        ClockName::Opinion(_) => route.opinions.as_ref().map(|policy| &policy.ladder),
        ClockName::Objection => route.objection.as_ref().map(|policy| &policy.ladder),
    }
}

fn passes_by_itself<K: Kind>(case: &Case<K>, name: ClockName, rules: &Rules<'_, K>) -> bool {
    match name {
        ClockName::Stage => {
            let step = rules.route.step(case.stage());
            // what waits for somebody is decided by them, not by the clock
            let free = case.holds().is_empty()
                && case.completion().is_none()
                && !case.opinions().iter().any(crate::case::Opinion::is_open);
            free && step.is_some_and(|step| step.at_due != AtDue::Nothing)
        }
        ClockName::Completion => case.completion().is_some(),
        ClockName::Total | ClockName::Opinion(_) | ClockName::Objection => false,
    }
}

fn time_is_up<K: Kind>(
    case: &Case<K>,
    name: ClockName,
    running: &Running,
    now: DateTime<Utc>,
    rules: &Rules<'_, K>,
) -> bool {
    let over = running.due.as_ref().is_some_and(|due| due.at < now);
    over && running.clock.is_running() && passes_by_itself(case, name, rules)
}

/// Whom a rung of a clock tells.
fn recipient<K: Kind>(
    case: &Case<K>,
    name: ClockName,
    act: Act,
    chain: &Chain,
) -> (Recipient, Vec<u8>) {
    let body = match name {
        ClockName::Opinion(organisation) => Some(organisation),
        _ => case.holder().map(|holder| holder.id),
    };
    let upward = |level: u8| {
        let (found, missing) = chain.at(body, level);
        let to = found.map_or(Recipient::Administrators, |(level, superior)| {
            Recipient::Superior {
                level,
                superior: superior.clone(),
            }
        });
        (to, missing)
    };
    match (act, name) {
        (Act::Escalate { level }, _) => upward(level),
        (Act::Remind, ClockName::Completion) => (Recipient::Enterprise, Vec::new()),
        (Act::Remind, ClockName::Opinion(id)) => {
            let asked = case
                .opinions()
                .iter()
                .find(|opinion| opinion.organisation.id == id);
            match asked {
                Some(opinion) => {
                    let organisation = opinion.organisation.clone();
                    (Recipient::Body { organisation }, Vec::new())
                }
                None => upward(1),
            }
        }
        // decided above the body that objects
        (Act::Remind, ClockName::Objection) => upward(1),
        (Act::Remind, ClockName::Stage | ClockName::Total) => match (case.turn(), case.handler()) {
            (Turn::Enterprise, _) => (Recipient::Enterprise, Vec::new()),
            (_, Some(person)) => {
                let person = person.clone();
                (Recipient::Handler { person }, Vec::new())
            }
            // nobody handles it: the head of the department is told, or the body as a whole
            (_, None) => match (upward(1), case.holder()) {
                ((Recipient::Administrators, missing), Some(holder)) => {
                    let organisation = holder.clone();
                    (Recipient::Body { organisation }, missing)
                }
                (found, _) => found,
            },
        },
    }
}
