//! Appeals: how they begin, are given to bodies, answered, visited, supervised, merged and end.
//!
//! Every step is one transaction: the case's events (`platform::cases`), the room's row, messages, and last the audit
//! record.

mod extension;
mod lists;
mod memory;
mod merge;
mod run;
mod step;
mod steps;
pub(crate) mod store;
mod submit;
mod supervise;
mod view;
mod visit;
mod watch;

pub(crate) use lists::{Followed, OwnStep};
pub(crate) use memory::Memory;
pub use memory::{Similar, SuggestedCategory};
pub(crate) use run::OPERATORS;
pub(crate) use run::due_words;
pub(crate) use step::Step;
pub(crate) use store::VoiceRow;
pub(crate) use submit::{FILES_OF, code_digest, random_code};
pub(crate) use view::Sight;
pub use view::{AppealView, Voice};
pub(crate) use watch::background;
