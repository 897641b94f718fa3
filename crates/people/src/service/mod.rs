//! Use cases: load → decide → save with its audit record in one transaction. Pages, API and command line call
//! the same ones.

mod accounts;
mod demo;
mod hand_over;
mod identities;
mod invitations;
mod mandates;
mod organisations;
mod own;
mod recognise;
mod seats;
mod setup;
mod sign_in;
mod tokens;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures::future::BoxFuture;
use uuid::Uuid;
use zhida_platform::clock::SharedClock;
use zhida_platform::config::SignInConfig;
use zhida_platform::db::Database;
use zhida_platform::ids;
use zhida_platform::messages::Messages;
use zhida_platform::problem::Problem;

pub use accounts::NewAccount;
pub use demo::DemoAccount;
pub use hand_over::HandOver;
pub(crate) use identities::{Arrival, Returned};
pub use invitations::NewInvitation;
pub(crate) use invitations::may_register;
pub use mandates::NewMandate;
pub(crate) use mandates::{mandate_actions, own_enterprise};
pub use organisations::OrganisationForm;
pub(crate) use recognise::Recognised;
pub use recognise::{Current, Stage};
pub(crate) use seats::roles_in;
pub use seats::{NewSeat, PlaceKey};
pub use setup::{ADMINISTRATORS, SetUp, SetUpAccount};
pub(crate) use sign_in::Entrance;
pub use tokens::NewToken;
pub(crate) use tokens::token_actions;

use crate::error::Error;
use crate::oidc::Provider;
use crate::password::Hasher;

/// Tells the names of enterprises, which another room keeps.
pub trait Enterprises: Send + Sync {
    /// The name of the enterprise with this code; `None` when there is none.
    fn name<'a>(&'a self, code: &'a str) -> BoxFuture<'a, Result<Option<String>, Problem>>;
}

/// How long a session lasts, and whether this is the demonstration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// A session that is not used for so long has ended.
    pub idle: TimeDelta,
    /// A session that was started so long ago has ended.
    pub absolute: TimeDelta,
    /// Whether demonstration accounts may sign in; only `zhida demo` says so.
    pub demo: bool,
}

impl Settings {
    /// Those of the configuration.
    #[must_use]
    pub fn new(config: &SignInConfig, demo: bool) -> Self {
        Self {
            idle: TimeDelta::minutes(config.idle_minutes.into()),
            absolute: TimeDelta::hours(config.absolute_hours.into()),
            demo,
        }
    }
}

/// 组织与账号. Made once at start, after the migrations, and shared.
pub struct People {
    pub(crate) db: Database,
    pub(crate) clock: SharedClock,
    pub(crate) settings: Settings,
    pub(crate) hasher: Hasher,
    pub(crate) enterprises: Arc<dyn Enterprises>,
    pub(crate) providers: Vec<Arc<Provider>>,
    /// Tells people what happens to their accounts; without it nobody is told.
    pub(crate) messages: Option<Messages>,
}

impl People {
    /// The room over a migrated database.
    ///
    /// # Errors
    /// When passwords cannot be hashed on this machine.
    pub fn new(
        db: Database,
        clock: SharedClock,
        settings: Settings,
        enterprises: Arc<dyn Enterprises>,
    ) -> Result<Self, Error> {
        Ok(Self {
            db,
            clock,
            settings,
            hasher: Hasher::new()?,
            enterprises,
            providers: Vec::new(),
            messages: None,
        })
    }

    /// Tells people what happens to their accounts from now on; the service must know [`crate::EVENTS`].
    #[must_use]
    pub fn with_messages(mut self, messages: Messages) -> Self {
        self.messages = Some(messages);
        self
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Today in Shanghai.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.clock.today()
    }

    fn new_id(&self) -> Uuid {
        ids::next(self.now())
    }
}
