//! Cases (事项): something asked for that must end.
//!
//! Pure: no I/O, no wall clock, no database. A room brings its words ([`Kind`]: stages and outcomes), its
//! [`Route`] as data, and the city's [`Calendar`]; this library answers what may happen and by when.
//!
//! ```text
//! let rules = Rules { route: &route, calendar: &calendar };
//! let events = Case::open(&Opening { holder, .. }, &by, now, &rules)?;        // keep these
//! let mut case = Case::replay(&events)?;
//! let events = case.decide(Command::Advance { to: None, note }, &by, now, &rules)?;  // and these
//! for event in &events { case.apply(event)?; }
//! for action in due_actions(&case, now, &rules, &chain)? { … }                 // reminders, escalation
//! ```
//!
//! | module | what it answers |
//! |---|---|
//! | [`calendar`] | which days and hours the offices of a city work |
//! | [`term`] | “5 个工作日”, “24 小时（…）” as a value and as text |
//! | [`clock`] | when something is due, why, and how it stands now |
//! | [`route`] | the steps of one kind of case, as checked data |
//! | [`event`] | what happened to a case, append-only |
//! | [`case`] | the state that follows from the events; [`Case::decide`] has every transition |
//! | [`escalation`] | who is told what, and when |
//! | [`statistics`] | how long it took without waiting for the enterprise |
//!
//! Rules that hold everywhere: instants are UTC, days and hours are those of Asia/Shanghai; a due date is
//! frozen in the event that set it, with its derivation; nothing is decided by the time of a last change.

pub mod calendar;
pub mod case;
pub mod clock;
pub mod escalation;
pub mod event;
pub mod kind;
pub mod party;
pub mod route;
pub mod statistics;
pub mod term;

pub use calendar::{Calendar, CalendarError, OfficeHours};
pub use case::{Case, Choices, Command, Objection, Opening, Refusal, Rules};
pub use clock::{Clock, Due, Standing};
pub use escalation::{Action, Chain, Urged, due_actions, next_look};
pub use event::{Change, ClockName, ClockSet, Event};
pub use kind::{Kind, Named};
pub use party::{Organisation, Party, Person};
pub use route::{Draft, Route, Step, Turn};
pub use term::{Limit, Term, Unit};

/// For the macro [`words!`] only.
#[doc(hidden)]
pub use serde as __serde;
