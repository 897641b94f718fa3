//! What a case must be like, said a second time and as simply as possible: a position, flags and sets.
//! It knows the route of [`crate::kit::draft`] by heart and looks at no code of the crate but the calendar.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveTime, Utc};
use uuid::Uuid;
use zhida_casework::calendar::instant;
use zhida_casework::event::Stance;
use zhida_casework::{Case, ClockName, Command, Named as _, Party, Rules};

use crate::kit::{Grant, Outcome, Stage};

const STAGES: [Stage; 7] = [
    Stage::Accept,
    Stage::Review,
    Stage::Inspect,
    Stage::Decide,
    Stage::Confirm,
    Stage::Notice,
    Stage::Pay,
];
const INSPECT: usize = 2;
const DECIDE: usize = 3;
const CONFIRM: usize = 4;
const NOTICE: usize = 5;
const PAY: usize = 6;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    pub place: usize,
    pub ended: Option<Outcome>,
    pub completion: bool,
    pub rounds: u32,
    pub opinions: BTreeSet<Uuid>,
    pub holds: BTreeSet<String>,
    pub extensions: u32,
    pub reopenings: u32,
    pub holder: Uuid,
}

impl Model {
    pub fn new(holder: Uuid) -> Self {
        Self {
            place: 0,
            ended: None,
            completion: false,
            rounds: 0,
            opinions: BTreeSet::new(),
            holds: BTreeSet::new(),
            extensions: 0,
            reopenings: 0,
            holder,
        }
    }

    fn free(&self) -> bool {
        !self.completion && self.opinions.is_empty() && self.holds.is_empty()
    }

    fn in_turn(&self, by: &Party) -> bool {
        match by {
            Party::System { .. } => true,
            Party::Enterprise { .. } => self.place == CONFIRM,
            Party::Officer { .. } => self.place != CONFIRM,
        }
    }

    fn paused(&self) -> bool {
        self.completion || !self.holds.is_empty()
    }

    fn closes(&self) -> &'static [Outcome] {
        match self.place {
            0 => &[Outcome::Refused, Outcome::Lapsed],
            1 | DECIDE => &[Outcome::Refused],
            CONFIRM => &[Outcome::Declined],
            PAY => &[Outcome::Paid],
            _ => &[],
        }
    }

    fn onward(&self) -> Vec<usize> {
        match self.place {
            PAY => Vec::new(),
            1 => vec![INSPECT, DECIDE],
            place => vec![place + 1],
        }
    }

    /// Does what is asked if it is allowed, and says whether it was. Due dates are read from `case`, which
    /// other tests hold to the calendar.
    pub fn ask(
        &mut self,
        command: &Command<Grant>,
        by: &Party,
        at: DateTime<Utc>,
        case: &Case<Grant>,
        rules: &Rules<'_, Grant>,
    ) -> bool {
        let enterprise = matches!(by, Party::Enterprise { .. });
        let system = matches!(by, Party::System { .. });
        let open = self.ended.is_none();
        let office = open && !enterprise;
        let due = |name: ClockName| case.clocks().get(&name)?.due.clone();
        match command {
            Command::Note { .. } => true,
            Command::Assign { .. } | Command::Tell(_) => office,
            Command::Recalculate { .. } => !enterprise,
            Command::Advance { to, .. } => {
                let onward = self.onward();
                let place = to.map_or(onward.first().copied(), position);
                let place = place.filter(|place| onward.contains(place));
                let ok = open && self.in_turn(by) && self.free() && place.is_some();
                self.go(ok, place)
            }
            Command::Return { to, .. } => {
                let place = position(*to).filter(|place| *place < self.place);
                self.go(office && self.free() && place.is_some(), place)
            }
            Command::AskCompletion { .. } => {
                let ok = office && self.place == 0 && !self.completion && self.rounds == 0;
                self.rounds += u32::from(ok);
                self.completion |= ok;
                ok
            }
            Command::AnswerCompletion { .. } => {
                let ok = open && enterprise && self.completion;
                self.completion &= !ok;
                ok
            }
            Command::AskOpinions { organisations, .. } => {
                let ids: BTreeSet<Uuid> = organisations.iter().map(|body| body.id).collect();
                let new = ids.len() == organisations.len() && ids.is_disjoint(&self.opinions);
                let ok = office && new && !ids.is_empty();
                if ok {
                    self.opinions.extend(ids);
                }
                ok
            }
            Command::GiveOpinion { stance, text } => {
                let said = *stance == Stance::Agree || !text.is_empty();
                open && said
                    && by
                        .organisation()
                        .is_some_and(|body| self.opinions.remove(&body.id))
            }
            Command::WithdrawOpinion { organisation, .. } => {
                office && self.opinions.remove(organisation)
            }
            Command::Extend { amount, .. } => {
                let last = due(ClockName::Stage).and_then(|due| {
                    let day = rules.calendar.working_day_before(due.day, 1).ok()?;
                    Some(instant((day + Days::new(1)).and_time(NaiveTime::MIN)))
                });
                let in_days = matches!(self.place, 0 | 1 | NOTICE | PAY);
                let ok = office
                    && in_days
                    && !self.paused()
                    && self.extensions == 0
                    && (1..=5).contains(amount)
                    && last.is_some_and(|last| at <= last);
                self.extensions += u32::from(ok);
                ok
            }
            Command::Relimit { .. } => office && !matches!(self.place, INSPECT | DECIDE),
            Command::Transfer { to, .. } => {
                let ok = office && to.id != self.holder;
                if ok {
                    self.holder = to.id;
                }
                ok
            }
            // this route has no objections; `objections.rs` has one
            Command::Object { .. } | Command::SettleObjection { .. } => false,
            Command::Hold { hold, .. } => office && self.holds.insert(hold.clone()),
            Command::Release { hold, .. } => office && self.holds.remove(hold),
            Command::TimeUp { clock } => {
                let over = due(*clock).is_some_and(|due| due.at < at);
                let ok = open && system && over;
                match (clock, self.place) {
                    (ClockName::Completion, _) => {
                        let ok = ok && self.completion;
                        self.end(ok, Outcome::Lapsed)
                    }
                    (ClockName::Stage, CONFIRM) => {
                        let ok = ok && self.free();
                        self.end(ok, Outcome::Declined)
                    }
                    (ClockName::Stage, NOTICE) => {
                        let ok = ok && self.free();
                        self.go(ok, Some(PAY))
                    }
                    _ => false,
                }
            }
            Command::Close { outcome, .. } => {
                let ok = match outcome {
                    Outcome::Ended => office,
                    outcome => {
                        open && self.in_turn(by) && self.free() && self.closes().contains(outcome)
                    }
                };
                self.end(ok, *outcome)
            }
            Command::Withdraw { .. } => {
                let ok = open && enterprise && self.place <= 1;
                self.end(ok, Outcome::Withdrawn)
            }
            Command::Reopen { .. } => {
                let until = case.ending().and_then(|ending| ending.reopen_until.clone());
                let ok = self.ended == Some(Outcome::Refused)
                    && self.reopenings == 0
                    && until.is_some_and(|until| at <= until.at);
                if ok {
                    (self.ended, self.place) = (None, 1);
                    (self.rounds, self.extensions) = (0, 0);
                    self.reopenings += 1;
                }
                ok
            }
        }
    }

    fn go(&mut self, ok: bool, place: Option<usize>) -> bool {
        if let Some(place) = place.filter(|_| ok) {
            self.place = place;
        }
        ok
    }

    fn end(&mut self, ok: bool, outcome: Outcome) -> bool {
        if ok {
            self.ended = Some(outcome);
            self.completion = false;
            self.opinions.clear();
            self.holds.clear();
        }
        ok
    }

    /// Holds the case to what it must be.
    pub fn check(&self, case: &Case<Grant>, rules: &Rules<'_, Grant>) {
        assert_eq!(case.stage().slug(), STAGES[self.place].slug());
        assert_eq!(case.ending().map(|ending| ending.outcome), self.ended);
        assert_eq!(case.completion().is_some(), self.completion);
        assert_eq!(case.rounds(), self.rounds);
        assert_eq!(case.extensions(), self.extensions);
        assert_eq!(case.reopenings(), self.reopenings);
        assert_eq!(case.holder().map(|holder| holder.id), Some(self.holder));
        let holds: BTreeSet<String> = case.holds().keys().cloned().collect();
        assert_eq!(holds, self.holds);
        let open: BTreeSet<Uuid> = case
            .opinions()
            .iter()
            .filter(|opinion| opinion.is_open())
            .map(|opinion| opinion.organisation.id)
            .collect();
        assert_eq!(open, self.opinions);
        for (name, running) in case.clocks() {
            let clock = &running.clock;
            if self.ended.is_some() {
                assert!(clock.stopped.is_some(), "{name} runs in a closed case");
                continue;
            }
            if clock.stopped.is_some() {
                continue;
            }
            let paused = match name {
                ClockName::Stage => self.paused(),
                ClockName::Total => self.paused() || self.place == CONFIRM,
                ClockName::Completion | ClockName::Objection => false,
                ClockName::Opinion(id) => {
                    assert!(self.opinions.contains(id), "a clock of nobody");
                    false
                }
            };
            assert_eq!(clock.is_paused(), paused, "{name}");
            // the calendar has not changed, so what was frozen is what it would be
            assert_eq!(running.due, clock.due(rules.calendar).unwrap(), "{name}");
            assert_eq!(running.due.is_none(), paused, "{name}");
        }
        let has_limit = !matches!(self.place, INSPECT | DECIDE);
        let stage = case.clocks().contains_key(&ClockName::Stage);
        assert_eq!(stage, has_limit);
        assert!(self.ended.is_none() || case.due().is_none());
    }
}

fn position(stage: Stage) -> Option<usize> {
    STAGES.iter().position(|other| *other == stage)
}
