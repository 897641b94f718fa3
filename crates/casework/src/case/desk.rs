//! Where a decision is made: the case as it is so far, and the events that were decided.

use chrono::{DateTime, Utc};

use super::{Case, Refusal, Rules};
use crate::clock::{Clock, Due, Resume};
use crate::event::{Change, ClockName, ClockSet, Event};
use crate::kind::{Kind, Named as _};
use crate::party::Party;
use crate::route::{Step, Turn};
use crate::term::Limit;

/// Cause of the pauses while it is the enterprise's turn by the route.
const TURN: &str = "turn";
/// Characters of a text at most.
const TEXT_MAX: usize = 2_000;

pub(super) struct Desk<'a, K: Kind> {
    pub(super) case: Case<K>,
    pub(super) by: &'a Party,
    pub(super) at: DateTime<Utc>,
    pub(super) rules: &'a Rules<'a, K>,
    events: Vec<Event<K>>,
}

impl<'a, K: Kind> Desk<'a, K> {
    pub(super) fn new(
        case: &Case<K>,
        by: &'a Party,
        at: DateTime<Utc>,
        rules: &'a Rules<'a, K>,
    ) -> Self {
        Self {
            case: case.clone(),
            by,
            // two servers' clocks may differ by a moment; the order of events does not
            at: at.max(case.last_at),
            rules,
            events: Vec::new(),
        }
    }

    pub(super) fn into_events(self) -> Vec<Event<K>> {
        self.events
    }

    /// Decides one more event and takes it in.
    pub(super) fn push(&mut self, change: Change<K>, clocks: Vec<ClockSet>) -> Result<(), Refusal> {
        let event = Event {
            seq: self.case.version + 1,
            at: self.at,
            by: self.by.clone(),
            change,
            clocks,
        };
        let applied = self.case.apply(&event);
        applied.map_err(|broken| Refusal::not(broken.to_string()))?;
        self.events.push(event);
        Ok(())
    }

    /// The step the case is at.
    pub(super) fn step(&self) -> Result<&'a Step<K>, Refusal> {
        self.step_of(self.case.stage)
    }

    pub(super) fn step_of(&self, stage: K::Stage) -> Result<&'a Step<K>, Refusal> {
        self.rules.route.step(stage).ok_or_else(|| {
            Refusal::not(format!(
                "流程“{}”没有环节“{}”，请核对事项所用的流程版本",
                self.rules.route.name,
                stage.name()
            ))
        })
    }

    /// A clock that begins now.
    pub(super) fn begin(&self, name: ClockName, limit: Limit) -> Result<ClockSet, Refusal> {
        self.set(name, Clock::start(limit, self.at))
    }

    /// A clock with its due date.
    pub(super) fn set(&self, name: ClockName, clock: Clock) -> Result<ClockSet, Refusal> {
        let due = clock.due(self.rules.calendar)?;
        Ok(ClockSet {
            name,
            clock: Some(clock),
            due,
        })
    }

    /// The clock changed, if the case has it and it is not stopped.
    pub(super) fn moved(
        &self,
        name: ClockName,
        change: impl FnOnce(&mut Clock),
    ) -> Result<Option<ClockSet>, Refusal> {
        let running = self.case.clocks.get(&name);
        let going = running.filter(|running| running.clock.stopped.is_none());
        going
            .map(|running| {
                let mut clock = running.clock.clone();
                change(&mut clock);
                self.set(name, clock)
            })
            .transpose()
    }

    /// The clock stopped now; its due date stays as it was frozen.
    pub(super) fn stopped(&self, name: ClockName) -> Option<ClockSet> {
        let running = self.case.clocks.get(&name)?;
        if running.clock.stopped.is_some() {
            return None;
        }
        let mut clock = running.clock.clone();
        clock.stopped = Some(self.at);
        Some(ClockSet {
            name,
            clock: Some(clock),
            due: running.due.clone(),
        })
    }

    pub(super) fn all_stopped(&self) -> Vec<ClockSet> {
        let names = self.case.clocks.keys();
        names.filter_map(|name| self.stopped(*name)).collect()
    }

    /// The office's clocks, each changed alike.
    pub(super) fn office_moved(
        &self,
        change: impl Fn(&mut Clock),
    ) -> Result<Vec<ClockSet>, Refusal> {
        let mut sets = Vec::new();
        for name in [ClockName::Stage, ClockName::Total] {
            sets.extend(self.moved(name, &change)?);
        }
        Ok(sets)
    }

    pub(super) fn office_paused(
        &self,
        cause: &str,
        why: &str,
        resume: Resume,
    ) -> Result<Vec<ClockSet>, Refusal> {
        self.office_moved(|clock| clock.pause(cause, why, resume, self.at))
    }

    pub(super) fn office_resumed(&self, cause: &str) -> Result<Vec<ClockSet>, Refusal> {
        self.office_moved(|clock| clock.resume(cause, self.at))
    }

    /// The clock of a step that is entered: from now, or on from the stage that it counts from, with what was paused.
    fn clock_of(&self, step: &Step<K>, limit: Limit) -> Clock {
        let since = step.since.and_then(|stage| self.case.entered.get(&stage));
        let Some(started) = since.copied() else {
            return Clock::start(limit, self.at);
        };
        let before = self.case.clocks.get(&ClockName::Stage);
        match before.filter(|running| running.clock.started == started) {
            Some(running) => running.clock.clone().with_limit(limit),
            None => Clock::start(limit, started),
        }
    }

    /// The clocks when a step is entered; the total begins anew with the case.
    pub(super) fn entering(&self, step: &Step<K>, anew: bool) -> Result<Vec<ClockSet>, Refusal> {
        let mut sets = Vec::new();
        match step.limit {
            Some(limit) => sets.push(self.set(ClockName::Stage, self.clock_of(step, limit))?),
            None if self.case.clocks.contains_key(&ClockName::Stage) => sets.push(ClockSet {
                name: ClockName::Stage,
                clock: None,
                due: None,
            }),
            None => {}
        }
        match (anew, self.rules.route.total) {
            (true, Some(limit)) => {
                let mut clock = Clock::start(limit, self.at);
                turn(&mut clock, step.turn, self.at);
                sets.push(self.set(ClockName::Total, clock)?);
            }
            _ => {
                let at = self.at;
                sets.extend(self.moved(ClockName::Total, |clock| turn(clock, step.turn, at))?);
            }
        }
        Ok(sets)
    }

    /// A reason, which must be there.
    pub(super) fn reason(&self, what: &str, text: &str) -> Result<String, Refusal> {
        let text = self.remark(what, text)?;
        match text.is_empty() {
            true => Err(Refusal::not(format!("请填写{what}"))),
            false => Ok(text),
        }
    }

    /// A text that may be empty.
    pub(super) fn remark(&self, what: &str, text: &str) -> Result<String, Refusal> {
        let text = text.trim();
        match text.chars().count() {
            0..=TEXT_MAX => Ok(text.to_owned()),
            n => Err(Refusal::not(format!(
                "{what}有 {n} 字，最多 {TEXT_MAX} 字，请精简"
            ))),
        }
    }

    /// The frozen due date of a clock that runs.
    pub(super) fn running_due(&self, name: ClockName) -> Option<&Due> {
        let running = self.case.clocks.get(&name)?;
        running.due.as_ref().filter(|_| running.clock.is_running())
    }
}

/// The total waits while the route has the enterprise act.
fn turn(clock: &mut Clock, turn: Turn, at: DateTime<Utc>) {
    let waits = clock
        .pauses
        .iter()
        .any(|pause| pause.cause == TURN && pause.to.is_none());
    match turn {
        Turn::Enterprise if !waits => clock.pause(TURN, "等待企业办理", Resume::Continue, at),
        Turn::Enterprise => {}
        Turn::Office | Turn::System => clock.resume(TURN, at),
    }
}
