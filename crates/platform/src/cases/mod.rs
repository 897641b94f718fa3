//! Cases as they are kept: the events, and what lists, counts and clocks ask of them.
//!
//! What may happen to a case is decided by [`zhida_casework`]; this module keeps it. A room has one
//! [`Cases`] of its kind; everything happens in the room's own transaction, beside its own table that has
//! the case's id as its key:
//!
//! ```text
//! const CASES: Cases<Grant> = Cases::new("redemption", "兑付");
//!
//! db.write(|tx| async move {
//!     let events = Case::open(&opening, &by, now, &rules)?;
//!     let loaded = CASES.open(&tx, &NewCase { enterprise, place, title, topic }, &events, &rules).await?;
//!     store::save(&tx, loaded.head.id, …).await?;          // the room's own row
//!     audit::append(&tx, &entry).await?;                    // last
//! })
//!
//! // later: load → decide → append
//! let loaded = CASES.need(&tx, id).await?;
//! loaded.expect_version(shown)?;                            // the page was not stale
//! let loaded = CASES.decide(&tx, &loaded, command, &by, now, &rules).await?;
//! ```
//!
//! - **`case_event`** is the truth and only grows. **`case_head`** (one row a case) and **`case_clock`** (one
//!   row a clock that is not stopped) follow from it; [`Cases::rebuild`] makes them again. A room may join
//!   both in the SQL of its own store: they are the platform's, like files and messages.
//! - **Two officers at once**: the head is written against the version that was loaded; the later one gets
//!   [`Error::Conflict`], which names who did what when.
//! - **Clocks**: `case_clock.look_at` is the next instant at which something happens by itself (a reminder,
//!   an escalation, the end of a notice). [`Cases::watch`] registers the job that looks for them.
//! - **The calendar** of the city is kept here too ([`calendar`]); when it changes, the same job computes
//!   open due dates again, an event each, and leaves closed cases alone.
//! - **A case that fails** keeps nobody else waiting: it is noted ([`stuck`]) and tried again after longer and longer
//!   waits, or when something happens to it.

mod book;
pub mod calendar;
mod departments;
mod error;
mod head;
mod hierarchy;
mod number;
pub(crate) mod schema;
mod store;
pub mod stuck;
mod watch;

pub use book::{Cases, DueCase, Loaded, NewCase};
pub use departments::Departments;
pub use error::{Conflict, Error};
pub use head::{Head, Scope};
pub use hierarchy::{Hierarchy, NoHierarchy};
pub use number::{NumberError, is_number, read as read_number};
pub use watch::{Reaction, Watch};

use uuid::Uuid;
use zhida_casework::{Organisation, Party, Person};

use crate::access::Viewer;

/// Whoever made a request, as a party of a case.
///
/// An enterprise's own people, and its agencies, act for the enterprise; whoever has a seat in a body acts
/// for it. The program is the system. `None` for visitors and for accounts without a seat: they are no party.
#[must_use]
pub fn party(viewer: &Viewer) -> Option<Party> {
    if viewer.is_visitor() {
        return None;
    }
    let Some(person) = viewer.as_person() else {
        return Some(of_nobody(viewer));
    };
    let seat = person.seat.as_ref()?;
    let by = Person {
        account: person.account,
        name: person.name.clone(),
    };
    if let Some(code) = &seat.enterprise {
        let agency = seat.on_behalf_of.as_ref();
        return Some(Party::Enterprise {
            code: code.clone(),
            person: Some(by),
            agency: agency.map(|_| seat.organisation_name.clone()),
        });
    }
    let id: Uuid = seat.organisation?;
    let name = seat.organisation_name.clone();
    Some(Party::Officer {
        person: by,
        organisation: Organisation { id, name },
    })
}

/// The program, or the officer of everything that the demonstration without sign-in has.
fn of_nobody(viewer: &Viewer) -> Party {
    let name = viewer.name().to_owned();
    match viewer.account() {
        None => Party::System { name },
        Some(account) => Party::Officer {
            organisation: Organisation {
                id: account,
                name: name.clone(),
            },
            person: Person { account, name },
        },
    }
}
