//! Who may do what, to which rows, and what of them they see: the one place that decides.
//!
//! A right attaches to a seat (任职): an account in an organisation or enterprise, in a role, for a
//! time. Which role may do what stands in `data/rights.toml` ([`Rights`]), which a person can read.
//! Three questions are asked of the [`Viewer`] of a request:
//!
//! - May the action be done at all? The [`gate`] asks it before every route; code that is reached
//!   in other ways asks [`Viewer::need`].
//! - On which rows? Lists, counts and exports put [`Viewer::reach`] into their one query; a single
//!   row is asked for with [`Viewer::covers`], and one outside is answered like one that is not there.
//! - Which columns? [`Viewer::can_see`] by how widely a fact may be shown; what names a person is
//!   masked ([`mask`]) unless [`Viewer::sees_personal`].

mod gate;
pub mod mask;
mod reach;
mod rights;
mod viewer;

pub use gate::{SIGN_IN, gate, guard, sign_in_address};
pub use reach::{Reach, Row};
pub use rights::{Open, Rights, RightsError, Role, Route, Scope, Side};
pub use viewer::{Origin, Person, Seat, Viewer};

/// Something that may be done, for instance `enterprise.read`. A room names its actions as
/// constants; a test of the room checks that each stands in `data/rights.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Action(pub &'static str);

impl Action {
    /// Its Chinese name by `data/rights.toml`, else the slug.
    #[must_use]
    pub fn name(self) -> &'static str {
        Rights::shipped().action_name(self.0).unwrap_or(self.0)
    }
}

/// How widely a fact may be shown, from everyone to the officers in charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// 公开: anyone may see it.
    Public,
    /// 内部: the enterprise itself and officers.
    Internal,
    /// 保密: the enterprise itself and officers whose work needs it; marked as such where shown.
    Confidential,
}
