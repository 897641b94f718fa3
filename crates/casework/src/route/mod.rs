//! The steps that one kind of case runs through, as data that is checked when it is made.

mod check;
mod ladder;

use serde::{Deserialize, Serialize};

pub use check::RouteFault;
pub use ladder::{Act, Ladder, Rung, RungError, When};

use crate::clock::Resume;
use crate::kind::Kind;
use crate::term::{Limit, Term};

crate::words! {
    /// Whose turn it is.
    pub enum Turn {
        /// The enterprise's: its time is not the office's.
        Enterprise = "enterprise" "待企业办理",
        /// The office that holds the case.
        Office = "office" "待部门办理",
        /// Nobody's: time has to pass (公示), or another system acts (拨付).
        System = "system" "无需操作，等待中",
    }
}

/// What happens by itself when a step's time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", bound = "")]
pub enum AtDue<K: Kind> {
    /// Nothing: it is late.
    #[default]
    Nothing,
    /// It goes on to the next step: a public notice without an objection.
    Advance,
    /// It ends: nobody confirmed.
    Close(K::Outcome),
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "")]
pub struct Step<K: Kind> {
    /// Its stage; each stage is there once.
    pub stage: K::Stage,
    /// Whose turn it is.
    pub turn: Turn,
    /// How long it may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// From when it counts: the entering of this earlier stage, for promises such as “1 天响应、15 天办结” that all
    /// begin at once. From the entering of the step itself when nothing is said, and when the case went back since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<K::Stage>,
    /// Who is told when.
    #[serde(default, skip_serializing_if = "Ladder::is_empty")]
    pub ladder: Ladder,
    /// What happens when the time is over.
    #[serde(default)]
    pub at_due: AtDue<K>,
    /// Whether it may be left out.
    #[serde(default)]
    pub optional: bool,
    /// With which outcomes the case can be closed here.
    #[serde(default)]
    pub closes: Vec<K::Outcome>,
    /// Whether the enterprise may withdraw here.
    #[serde(default)]
    pub withdrawable: bool,
    /// Whether a completion (补正) may be asked for here.
    #[serde(default)]
    pub completable: bool,
}

impl<K: Kind> Step<K> {
    /// A step without anything but its turn.
    #[must_use]
    pub fn new(stage: K::Stage, turn: Turn) -> Self {
        Self {
            stage,
            turn,
            limit: None,
            since: None,
            ladder: Ladder::default(),
            at_due: AtDue::Nothing,
            optional: false,
            closes: Vec::new(),
            withdrawable: false,
            completable: false,
        }
    }

    /// Sets how long it may take.
    #[must_use]
    pub fn limit(mut self, limit: Limit) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Counts its limit from the entering of an earlier stage.
    #[must_use]
    pub fn since(mut self, stage: K::Stage) -> Self {
        self.since = Some(stage);
        self
    }

    /// Sets who is told when.
    #[must_use]
    pub fn ladder(mut self, ladder: Ladder) -> Self {
        self.ladder = ladder;
        self
    }

    /// Sets what happens when the time is over.
    #[must_use]
    pub fn at_due(mut self, at_due: AtDue<K>) -> Self {
        self.at_due = at_due;
        self
    }

    /// It may be left out.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Sets with which outcomes the case can be closed here.
    #[must_use]
    pub fn closes(mut self, outcomes: impl IntoIterator<Item = K::Outcome>) -> Self {
        self.closes = outcomes.into_iter().collect();
        self
    }

    /// The enterprise may withdraw here.
    #[must_use]
    pub fn withdrawable(mut self) -> Self {
        self.withdrawable = true;
        self
    }

    /// A completion may be asked for here.
    #[must_use]
    pub fn completable(mut self) -> Self {
        self.completable = true;
        self
    }
}

/// What happens when an enterprise does not complete in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", bound = "")]
pub enum Lapse<K: Kind> {
    /// The office decides on what it has: the clocks go on.
    #[default]
    Continue,
    /// The case ends.
    Close(K::Outcome),
}

/// Completion requests (补正).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "")]
pub struct Completion<K: Kind> {
    /// The enterprise's time.
    pub limit: Limit,
    /// Who is told when.
    #[serde(default, skip_serializing_if = "Ladder::is_empty")]
    pub ladder: Ladder,
    /// How often at most; 1 is “一次告知” (《中华人民共和国行政许可法》第三十二条).
    pub rounds: u32,
    /// How the clocks go on after something missing was sent.
    #[serde(default = "continues")]
    pub missing: Resume,
    /// How the clocks go on after something wrong was mended.
    #[serde(default = "continues")]
    pub wrong: Resume,
    /// What happens when nothing comes.
    #[serde(default)]
    pub lapse: Lapse<K>,
}

fn continues() -> Resume {
    Resume::Continue
}

/// Extensions (延期) of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extensions {
    /// How often in one case.
    pub times: u32,
    /// By how much at most each time; its unit is the step's.
    pub most: Term,
    /// How long before the due date it must be granted; until then if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead: Option<Term>,
}

/// Opinions of other bodies (征求意见、联审).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opinions {
    /// Each body's time, unless the request says otherwise.
    pub limit: Limit,
    /// Who is told when.
    #[serde(default, skip_serializing_if = "Ladder::is_empty")]
    pub ladder: Ladder,
}

/// Objections of a body to being given a case (派单异议、职责异议). They are decided once: whoever has the case then
/// keeps it. The clocks go on meanwhile; if another body gets it, its step begins anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objections {
    /// Until when after the body got the case.
    pub window: Limit,
    /// The time for deciding.
    pub decide: Limit,
    /// Who is told when.
    #[serde(default, skip_serializing_if = "Ladder::is_empty")]
    pub ladder: Ladder,
}

/// Reopening (重新办理) of a case that was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "")]
pub struct Reopening<K: Kind> {
    /// How long after the closing; later comments do not move it.
    pub window: Limit,
    /// Where it goes on.
    pub stage: K::Stage,
    /// How often.
    pub times: u32,
    /// After which outcomes.
    pub outcomes: Vec<K::Outcome>,
}

/// A route as it is written; [`Route`] is one that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "")]
pub struct Draft<K: Kind> {
    /// Its name, for pages and logs.
    pub name: String,
    /// The steps in their order.
    pub steps: Vec<Step<K>>,
    /// How long all steps of the offices may take together; the enterprise's own steps do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Limit>,
    /// Who is told when the total is at stake.
    #[serde(default, skip_serializing_if = "Ladder::is_empty")]
    pub total_ladder: Ladder,
    /// Whether and how completions are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion: Option<Completion<K>>,
    /// Whether and how steps are extended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Extensions>,
    /// Whether and how others are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opinions: Option<Opinions>,
    /// Whether and how a body may object to being given the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objection: Option<Objections>,
    /// Whether and how a closed case is taken up again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopening: Option<Reopening<K>>,
    /// The outcome of a withdrawal; needed where a step can be withdrawn from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<K::Outcome>,
    /// Outcomes with which it can be closed anywhere and whatever is open: 政策废止.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anytime: Vec<K::Outcome>,
}

impl<K: Kind> Draft<K> {
    /// A route of these steps and nothing else.
    #[must_use]
    pub fn new(name: &str, steps: impl IntoIterator<Item = Step<K>>) -> Self {
        Self {
            name: name.to_owned(),
            steps: steps.into_iter().collect(),
            total: None,
            total_ladder: Ladder::default(),
            completion: None,
            extension: None,
            opinions: None,
            objection: None,
            reopening: None,
            withdrawn: None,
            anytime: Vec::new(),
        }
    }
}

/// A route that holds together. It reads like its [`Draft`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Draft<K>", into = "Draft<K>", bound = "")]
pub struct Route<K: Kind>(Draft<K>);

impl<K: Kind> std::ops::Deref for Route<K> {
    type Target = Draft<K>;

    fn deref(&self) -> &Draft<K> {
        &self.0
    }
}

impl<K: Kind> From<Route<K>> for Draft<K> {
    fn from(route: Route<K>) -> Self {
        route.0
    }
}

impl<K: Kind> TryFrom<Draft<K>> for Route<K> {
    type Error = RouteFault;

    fn try_from(draft: Draft<K>) -> Result<Self, RouteFault> {
        Self::new(draft)
    }
}

impl<K: Kind> Route<K> {
    /// Checks a draft.
    ///
    /// # Errors
    /// Everything that is wrong with it, one sentence each.
    pub fn new(draft: Draft<K>) -> Result<Self, RouteFault> {
        check::check(&draft)?;
        Ok(Self(draft))
    }

    /// The step of a stage.
    #[must_use]
    pub fn step(&self, stage: K::Stage) -> Option<&Step<K>> {
        self.steps.iter().find(|step| step.stage == stage)
    }

    /// The first step.
    #[must_use]
    pub fn first(&self) -> Option<&Step<K>> {
        self.steps.first()
    }

    /// Where a stage stands, from 0.
    #[must_use]
    pub fn position(&self, stage: K::Stage) -> Option<usize> {
        self.steps.iter().position(|step| step.stage == stage)
    }

    /// Where a case can go on to from a stage: the next step, and beyond as far as steps may be left out.
    #[must_use]
    pub fn onward(&self, stage: K::Stage) -> Vec<K::Stage> {
        let rest = self
            .position(stage)
            .map_or(&[][..], |at| &self.steps[at + 1..]);
        let skipped = rest.iter().take_while(|step| step.optional).count();
        rest.iter()
            .take(skipped + 1)
            .map(|step| step.stage)
            .collect()
    }

    /// Where a case can be returned to: every earlier step.
    #[must_use]
    pub fn back(&self, stage: K::Stage) -> Vec<K::Stage> {
        let before = self.position(stage).map_or(&[][..], |at| &self.steps[..at]);
        before.iter().map(|step| step.stage).collect()
    }
}
