//! Cases: how they begin, go on, are decided, paid and end.
//!
//! Every step is one transaction: the case's events (`platform::cases`), the room's row, the money
//! (`funds`), messages, and last the audit record.

mod decide;
mod gate;
mod letter;
mod open;
mod overlap;
mod parts;
mod record;
mod repeal;
pub(crate) mod route;
mod run;
pub(crate) mod store;
mod watch;

pub use decide::Confirmed;
pub(crate) use decide::{UNFUNDED, agency};
pub(crate) use gate::Gate;
pub(crate) use open::NewCase;
pub(crate) use overlap::{Other, beside};
pub(crate) use record::ended;
pub use record::{CaseRecord, Origin};
pub(crate) use run::{CASES, CaseView, party};
pub(crate) use watch::background;
