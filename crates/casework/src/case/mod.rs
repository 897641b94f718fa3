//! The state of a case: what follows from its events, and what may happen next.

mod choices;
mod command;
mod decide;
mod desk;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use choices::Choices;
pub use command::{Command, Opening};

use crate::calendar::{Calendar, CalendarError};
use crate::clock::{Clock, Due};
use crate::escalation::Urged;
use crate::event::{Change, ClockName, Event, Lack, Point, Stance};
use crate::kind::{Kind, Named as _};
use crate::party::{Organisation, Party, Person};
use crate::route::{Route, Turn};

/// What a decision rests on.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a, K: Kind> {
    /// The route the case started with.
    pub route: &'a Route<K>,
    /// The city's calendar today.
    pub calendar: &'a Calendar,
}

/// Why something cannot be done: one Chinese sentence that says what and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The case, or whoever asks, does not allow it.
    #[error("{0}")]
    Not(String),
    /// A due date cannot be computed.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
}

impl Refusal {
    pub(crate) fn not(sentence: impl Into<String>) -> Self {
        Self::Not(sentence.into())
    }
}

/// Events that cannot be those of one case: the store was changed by hand.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Broken {
    /// There are none.
    #[error("事项没有任何记录")]
    Empty,
    /// One is missing or there twice.
    #[error("事项的第 {expected} 条记录缺失或重复（读到第 {found} 条）")]
    Gap {
        /// The number that should come.
        expected: u32,
        /// The number that came.
        found: u32,
    },
    /// One cannot follow what was before.
    #[error("事项的第 {seq} 条记录（{kind}）与之前的记录不符")]
    Impossible {
        /// Its number.
        seq: u32,
        /// Its slug.
        kind: &'static str,
    },
}

/// A clock of the case, with its due date as it was frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The clock; it may be stopped, until the next of its name replaces it.
    pub clock: Clock,
    /// When it is due; `None` while it is paused.
    pub due: Option<Due>,
    /// Rungs of its ladder that were reached, each with the due date it was reached for.
    pub reached: Vec<(u32, DateTime<Utc>)>,
    /// The highest level that was told.
    pub level: u8,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Ending<K: Kind> {
    /// The outcome.
    pub outcome: K::Outcome,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: String,
    /// Whether the enterprise took it back.
    pub withdrawn: bool,
    /// Until when it can be reopened; later events never move it.
    pub reopen_until: Option<Due>,
}

/// A completion request that waits for the enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenCompletion {
    /// When it was asked.
    pub asked: DateTime<Utc>,
    /// What was lacking.
    pub lack: Lack,
    /// Each thing.
    pub points: Vec<Point>,
}

/// What became of a request for an opinion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpinionState {
    /// It is waited for.
    Waiting,
    /// It came.
    Given {
        /// What it says.
        stance: Stance,
        /// In words.
        text: String,
    },
    /// It is not needed any more.
    Withdrawn,
}

/// A body that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// Which.
    pub organisation: Organisation,
    /// When.
    pub asked: DateTime<Utc>,
    /// What.
    pub question: String,
    /// What became of it.
    pub state: OpinionState,
}

impl Opinion {
    /// Whether it is waited for.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == OpinionState::Waiting
    }
}

/// An objection to being given the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objection {
    /// Whose.
    pub organisation: Organisation,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: String,
    /// Whether it was decided.
    pub settled: bool,
}

/// A case, as its events say. Equal states have equal JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Case<K: Kind> {
    version: u32,
    stage: K::Stage,
    own_turn: Turn,
    holder: Option<Organisation>,
    handler: Option<Person>,
    opened_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
    ending: Option<Ending<K>>,
    clocks: BTreeMap<ClockName, Running>,
    completion: Option<OpenCompletion>,
    rounds: u32,
    opinions: Vec<Opinion>,
    holds: BTreeMap<String, String>,
    objection: Option<Objection>,
    held_since: DateTime<Utc>,
    entered: BTreeMap<K::Stage, DateTime<Utc>>,
    extensions: u32,
    reopenings: u32,
    urged: Option<Urged>,
}

impl<K: Kind> Case<K> {
    /// The events with which a case begins. Nothing is open before them.
    ///
    /// # Errors
    /// A due date that cannot be computed.
    pub fn open(
        opening: &Opening,
        by: &Party,
        at: DateTime<Utc>,
        rules: &Rules<'_, K>,
    ) -> Result<Vec<Event<K>>, Refusal> {
        decide::open(opening, by, at, rules)
    }

    /// What follows when somebody asks for something: events to be kept and applied, none when nothing
    /// changes. The case itself is not changed.
    ///
    /// # Errors
    /// Why it cannot be done.
    pub fn decide(
        &self,
        command: Command<K>,
        by: &Party,
        at: DateTime<Utc>,
        rules: &Rules<'_, K>,
    ) -> Result<Vec<Event<K>>, Refusal> {
        decide::decide(self, command, by, at, rules)
    }

    /// The state after events.
    ///
    /// # Errors
    /// They are not those of one case.
    pub fn replay(events: &[Event<K>]) -> Result<Self, Broken> {
        let (first, rest) = events.split_first().ok_or(Broken::Empty)?;
        let mut case = Self::begun(first)?;
        for event in rest {
            case.apply(event)?;
        }
        Ok(case)
    }

    fn begun(event: &Event<K>) -> Result<Self, Broken> {
        if event.seq != 1 {
            let found = event.seq;
            return Err(Broken::Gap { expected: 1, found });
        }
        let Change::Opened {
            stage,
            turn,
            holder,
        } = &event.change
        else {
            return Err(impossible(event));
        };
        let mut case = Self {
            version: 1,
            stage: *stage,
            own_turn: *turn,
            holder: holder.clone(),
            handler: None,
            opened_at: event.at,
            last_at: event.at,
            ending: None,
            clocks: BTreeMap::new(),
            completion: None,
            rounds: 0,
            opinions: Vec::new(),
            holds: BTreeMap::new(),
            objection: None,
            held_since: event.at,
            entered: BTreeMap::from([(*stage, event.at)]),
            extensions: 0,
            reopenings: 0,
            urged: None,
        };
        case.set_clocks(event);
        Ok(case)
    }

    /// Takes one more event in.
    ///
    /// # Errors
    /// It cannot follow what was before; the case is unchanged then.
    pub fn apply(&mut self, event: &Event<K>) -> Result<(), Broken> {
        if event.seq != self.version + 1 {
            return Err(Broken::Gap {
                expected: self.version + 1,
                found: event.seq,
            });
        }
        if event.at < self.last_at || !self.can_follow(&event.change) {
            return Err(impossible(event));
        }
        self.change(event);
        self.set_clocks(event);
        (self.version, self.last_at) = (event.seq, event.at);
        Ok(())
    }

    /// Whether an event fits the state, whatever the route allowed when it was decided.
    fn can_follow(&self, change: &Change<K>) -> bool {
        let open = self.ending.is_none();
        match change {
            Change::Opened { .. } => false,
            Change::Noted { .. } => true,
            Change::Reopened { .. } => !open,
            Change::CompletionAsked { .. } => open && self.completion.is_none(),
            Change::CompletionAnswered { .. } | Change::CompletionLapsed {} => {
                open && self.completion.is_some()
            }
            Change::OpinionGiven { organisation, .. }
            | Change::OpinionWithdrawn { organisation, .. } => {
                open && self.open_opinion(organisation).is_some()
            }
            Change::Objected { .. } => open && self.objection.is_none(),
            Change::ObjectionSettled { .. } => open && self.open_objection().is_some(),
            Change::Held { hold, .. } => open && !self.holds.contains_key(hold),
            Change::Released { hold, .. } => open && self.holds.contains_key(hold),
            Change::Escalated { clock, .. } => open && self.clocks.contains_key(clock),
            _ => open,
        }
    }

    fn change(&mut self, event: &Event<K>) {
        match &event.change {
            Change::Opened { .. }
            | Change::Relimited { .. }
            | Change::Recalculated { .. }
            | Change::Noted { .. } => {}
            Change::Assigned { handler } => self.handler = Some(handler.clone()),
            Change::Advanced { to, turn, .. } => {
                (self.stage, self.own_turn) = (*to, *turn);
                self.entered.insert(*to, event.at);
            }
            Change::Returned { to, turn, .. } => {
                (self.stage, self.own_turn) = (*to, *turn);
                self.entered = BTreeMap::from([(*to, event.at)]);
            }
            Change::CompletionAsked { lack, points, .. } => {
                self.rounds += 1;
                self.completion = Some(OpenCompletion {
                    asked: event.at,
                    lack: *lack,
                    points: points.clone(),
                });
            }
            Change::CompletionAnswered { .. } | Change::CompletionLapsed {} => {
                self.completion = None;
            }
            Change::OpinionsAsked {
                question,
                organisations,
            } => self.ask(question, organisations, event.at),
            Change::OpinionGiven {
                organisation,
                stance,
                text,
            } => self.settle(
                organisation,
                OpinionState::Given {
                    stance: *stance,
                    text: text.clone(),
                },
            ),
            Change::OpinionWithdrawn { organisation, .. } => {
                self.settle(organisation, OpinionState::Withdrawn);
            }
            Change::Extended { .. } => self.extensions += 1,
            Change::Transferred { to, .. } => self.give_to(to, event.at),
            Change::Objected {
                organisation,
                reason,
            } => {
                self.objection = Some(Objection {
                    organisation: organisation.clone(),
                    at: event.at,
                    reason: reason.clone(),
                    settled: false,
                });
            }
            Change::ObjectionSettled { to, moved, .. } => {
                if let Some(objection) = &mut self.objection {
                    objection.settled = true;
                }
                if *moved {
                    self.give_to(to, event.at);
                    self.entered = BTreeMap::from([(self.stage, event.at)]);
                }
            }
            Change::Held { hold, reason } => {
                self.holds.insert(hold.clone(), reason.clone());
            }
            Change::Released { hold, .. } => {
                self.holds.remove(hold);
            }
            Change::Escalated {
                clock,
                due,
                rung,
                action,
                ..
            } => self.reach(*clock, *rung, *due, *action),
            Change::Closed {
                outcome,
                reason,
                reopen_until,
            } => self.end(event.at, *outcome, reason, false, reopen_until.clone()),
            Change::Withdrawn { outcome, reason } => {
                self.end(event.at, *outcome, reason, true, None);
            }
            Change::Reopened { stage, turn, .. } => {
                (self.stage, self.own_turn) = (*stage, *turn);
                self.entered = BTreeMap::from([(*stage, event.at)]);
                self.ending = None;
                (self.rounds, self.extensions) = (0, 0);
                self.reopenings += 1;
            }
        }
    }

    fn give_to(&mut self, organisation: &Organisation, at: DateTime<Utc>) {
        self.holder = Some(organisation.clone());
        self.handler = None;
        self.held_since = at;
    }

    fn ask(&mut self, question: &str, organisations: &[Organisation], at: DateTime<Utc>) {
        for organisation in organisations {
            self.opinions
                .retain(|opinion| opinion.organisation.id != organisation.id);
            self.opinions.push(Opinion {
                organisation: organisation.clone(),
                asked: at,
                question: question.to_owned(),
                state: OpinionState::Waiting,
            });
        }
    }

    fn settle(&mut self, organisation: &Organisation, state: OpinionState) {
        for opinion in &mut self.opinions {
            if opinion.organisation.id == organisation.id && opinion.is_open() {
                opinion.state = state.clone();
            }
        }
    }

    fn reach(
        &mut self,
        clock: ClockName,
        rung: u32,
        due: DateTime<Utc>,
        action: crate::route::Act,
    ) {
        self.urged = self.urged.max(Some(action.into()));
        if let Some(running) = self.clocks.get_mut(&clock) {
            running.reached.push((rung, due));
            if let crate::route::Act::Escalate { level } = action {
                running.level = running.level.max(level);
            }
        }
    }

    fn end(
        &mut self,
        at: DateTime<Utc>,
        outcome: K::Outcome,
        reason: &str,
        withdrawn: bool,
        reopen_until: Option<Due>,
    ) {
        self.ending = Some(Ending {
            outcome,
            at,
            reason: reason.to_owned(),
            withdrawn,
            reopen_until,
        });
        self.completion = None;
        if let Some(objection) = &mut self.objection {
            objection.settled = true;
        }
        self.holds.clear();
        for opinion in &mut self.opinions {
            if opinion.is_open() {
                opinion.state = OpinionState::Withdrawn;
            }
        }
    }

    fn set_clocks(&mut self, event: &Event<K>) {
        for set in &event.clocks {
            let Some(clock) = &set.clock else {
                self.clocks.remove(&set.name);
                continue;
            };
            let before = self.clocks.remove(&set.name);
            // a clock that begins anew has reached nothing
            let same = before.filter(|before| before.clock.started == clock.started);
            let (reached, level) = same.map_or((Vec::new(), 0), |same| (same.reached, same.level));
            let running = Running {
                clock: clock.clone(),
                due: set.due.clone(),
                reached,
                level,
            };
            self.clocks.insert(set.name, running);
        }
    }

    /// Number of its last event: who saves against it finds out whether somebody was faster.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Where it is; where it ended, when it is closed.
    #[must_use]
    pub fn stage(&self) -> K::Stage {
        self.stage
    }

    /// Whose turn it is: the enterprise's while a completion is open, else the step's. A closed case is
    /// nobody's.
    #[must_use]
    pub fn turn(&self) -> Turn {
        match (&self.ending, &self.completion) {
            (Some(_), _) => Turn::System,
            (None, Some(_)) => Turn::Enterprise,
            (None, None) => self.own_turn,
        }
    }

    /// The body that holds it.
    #[must_use]
    pub fn holder(&self) -> Option<&Organisation> {
        self.holder.as_ref()
    }

    /// Who handles it there.
    #[must_use]
    pub fn handler(&self) -> Option<&Person> {
        self.handler.as_ref()
    }

    /// When it began.
    #[must_use]
    pub fn opened_at(&self) -> DateTime<Utc> {
        self.opened_at
    }

    /// How it ended; `None` while it is open.
    #[must_use]
    pub fn ending(&self) -> Option<&Ending<K>> {
        self.ending.as_ref()
    }

    /// Whether it goes on.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.ending.is_none()
    }

    /// Its clocks; stopped ones too, until they are replaced.
    #[must_use]
    pub fn clocks(&self) -> &BTreeMap<ClockName, Running> {
        &self.clocks
    }

    /// The earliest due date of those that run.
    #[must_use]
    pub fn due(&self) -> Option<(ClockName, &Due)> {
        self.clocks
            .iter()
            .filter(|(_, running)| running.clock.is_running())
            .filter_map(|(name, running)| Some((*name, running.due.as_ref()?)))
            .min_by_key(|(_, due)| due.at)
    }

    /// The completion request that is open.
    #[must_use]
    pub fn completion(&self) -> Option<&OpenCompletion> {
        self.completion.as_ref()
    }

    /// How often a completion was asked for.
    #[must_use]
    pub fn rounds(&self) -> u32 {
        self.rounds
    }

    /// Everybody that was asked, in order; “2/3” is how many of them are not open.
    #[must_use]
    pub fn opinions(&self) -> &[Opinion] {
        &self.opinions
    }

    fn open_opinion(&self, organisation: &Organisation) -> Option<&Opinion> {
        self.opinions
            .iter()
            .find(|opinion| opinion.is_open() && opinion.organisation.id == organisation.id)
    }

    /// The objection of a body to being given the case, decided or not.
    #[must_use]
    pub fn objection(&self) -> Option<&Objection> {
        self.objection.as_ref()
    }

    fn open_objection(&self) -> Option<&Objection> {
        self.objection
            .as_ref()
            .filter(|objection| !objection.settled)
    }

    /// Since when the body that holds it has had it; the opening while nobody has.
    #[must_use]
    pub fn held_since(&self) -> DateTime<Utc> {
        self.held_since
    }

    /// When each stage was last entered since the case began, went back or was reopened.
    #[must_use]
    pub fn entered(&self) -> &BTreeMap<K::Stage, DateTime<Utc>> {
        &self.entered
    }

    /// What holds it, with the reasons.
    #[must_use]
    pub fn holds(&self) -> &BTreeMap<String, String> {
        &self.holds
    }

    /// How often it was extended since it was opened or reopened.
    #[must_use]
    pub fn extensions(&self) -> u32 {
        self.extensions
    }

    /// How often it was reopened.
    #[must_use]
    pub fn reopenings(&self) -> u32 {
        self.reopenings
    }

    /// How far it was pressed for since it began; `None` when nobody was told anything.
    #[must_use]
    pub fn urged(&self) -> Option<Urged> {
        self.urged
    }

    /// One sentence for lists: 审核（待部门办理）, 已办结：已兑付.
    #[must_use]
    pub fn words(&self) -> String {
        match &self.ending {
            Some(ending) => format!("已办结：{}", ending.outcome.name()),
            None if !self.holds.is_empty() => format!("{}（暂停办理）", self.stage.name()),
            None if self.completion.is_some() => format!("{}（待企业补正）", self.stage.name()),
            None => format!("{}（{}）", self.stage.name(), self.turn().name()),
        }
    }
}

fn impossible<K: Kind>(event: &Event<K>) -> Broken {
    Broken::Impossible {
        seq: event.seq,
        kind: event.change.slug(),
    }
}
