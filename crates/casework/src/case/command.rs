use uuid::Uuid;

use crate::escalation::Telling;
use crate::event::{ClockName, Lack, Point, Stance};
use crate::kind::Kind;
use crate::party::{Organisation, Person};
use crate::term::Limit;

/// How a case begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Opening {
    /// The body that holds it; `None` until somebody takes it.
    pub holder: Option<Organisation>,
    /// Who handles it there.
    pub handler: Option<Person>,
}

/// What somebody asks for. Every text is Chinese and is shown to whoever may see the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command<K: Kind> {
    /// Makes somebody handle it.
    Assign {
        /// Who.
        handler: Person,
    },
    /// Goes on to the next step.
    Advance {
        /// To this stage, leaving out optional ones; `None` is the next step.
        to: Option<K::Stage>,
        /// A remark; may be empty.
        note: String,
    },
    /// Goes back.
    Return {
        /// To this earlier stage.
        to: K::Stage,
        /// Why.
        reason: String,
    },
    /// Asks the enterprise to complete.
    AskCompletion {
        /// What is lacking.
        lack: Lack,
        /// Each thing.
        points: Vec<Point>,
    },
    /// The enterprise completed.
    AnswerCompletion {
        /// A remark; may be empty.
        note: String,
    },
    /// Asks other bodies.
    AskOpinions {
        /// What.
        question: String,
        /// Whom.
        organisations: Vec<Organisation>,
        /// Another time than the route's.
        limit: Option<Limit>,
    },
    /// Answers for the organisation of whoever gives it.
    GiveOpinion {
        /// What it says.
        stance: Stance,
        /// In words; needed unless it agrees.
        text: String,
    },
    /// Does not wait for a body any more.
    WithdrawOpinion {
        /// Which.
        organisation: Uuid,
        /// Why.
        reason: String,
    },
    /// Gives the stage more time.
    Extend {
        /// How much, in the stage's unit.
        amount: u32,
        /// Why.
        reason: String,
    },
    /// Gives the stage another limit, counted from the same beginning.
    Relimit {
        /// The new one.
        limit: Limit,
        /// Why.
        reason: String,
    },
    /// Hands it to another body; the clocks go on.
    Transfer {
        /// Which.
        to: Organisation,
        /// Why.
        reason: String,
    },
    /// The body that holds it says that it is not its own.
    Object {
        /// Why.
        reason: String,
    },
    /// Decides the objection; nobody can object after that.
    SettleObjection {
        /// Who has it from now on; the same body when the objection fails.
        to: Organisation,
        /// Why.
        reason: String,
    },
    /// Keeps it from going on.
    Hold {
        /// Id of what holds it, for instance an objection.
        hold: String,
        /// Why.
        reason: String,
    },
    /// Lets it go on.
    Release {
        /// Id of what held it.
        hold: String,
        /// How it was settled.
        result: String,
    },
    /// A clock is over: what the route says of it happens. By the system only.
    TimeUp {
        /// Which.
        clock: ClockName,
    },
    /// Somebody was told. By the system only.
    Tell(Telling),
    /// Computes the due dates again, for the calendar has changed.
    Recalculate {
        /// What changed.
        why: String,
    },
    /// Ends it.
    Close {
        /// How.
        outcome: K::Outcome,
        /// Why; may be empty.
        reason: String,
    },
    /// The enterprise takes it back.
    Withdraw {
        /// Why; may be empty.
        reason: String,
    },
    /// Takes a closed case up again.
    Reopen {
        /// Why.
        reason: String,
    },
    /// Notes something that changes nothing.
    Note {
        /// What.
        text: String,
    },
}
