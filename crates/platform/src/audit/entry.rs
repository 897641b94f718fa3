use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::access::{self, Viewer};
use crate::http::current_request_id;

/// Who acts, as the record shows it years later, when the account may be gone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Actor {
    /// The account, when somebody was signed in.
    pub account: Option<Uuid>,
    /// The person's name, or what acts by itself: `系统`, `命令行`.
    pub name: String,
    /// The organisation acted for by right of office, for instance 江城市经济和信息化局.
    pub organisation: Option<String>,
    /// On whose behalf by mandate (由…代办): the enterprise or body that gave it.
    pub on_behalf_of: Option<String>,
    /// From where, when it came over the network.
    pub origin: Option<Origin>,
}

/// From where a request came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The client's address; behind a trusted proxy the one it reports.
    pub address: String,
    /// The `User-Agent` header; kept up to 512 characters.
    pub agent: String,
    /// The request's id, the one in the log.
    pub request: String,
}

impl Actor {
    /// Somebody known by name only.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// The program itself: schedules, nightly runs.
    #[must_use]
    pub fn system() -> Self {
        Self::named("系统")
    }
}

impl From<&str> for Actor {
    fn from(name: &str) -> Self {
        Self::named(name)
    }
}

impl From<String> for Actor {
    fn from(name: String) -> Self {
        Self::named(name)
    }
}

impl From<&Viewer> for Actor {
    /// Whoever made the request, in the seat it was made in.
    fn from(viewer: &Viewer) -> Self {
        let seat = viewer.seat();
        Self {
            account: viewer.account(),
            name: viewer.name().to_owned(),
            organisation: seat.map(|seat| seat.organisation_name.clone()),
            on_behalf_of: seat.and_then(|seat| seat.on_behalf_of.clone()),
            origin: viewer
                .as_person()
                .map(|person| Origin::from(&person.origin)),
        }
    }
}

impl From<&access::Origin> for Origin {
    fn from(origin: &access::Origin) -> Self {
        Self {
            address: origin
                .address
                .map(|address| address.to_string())
                .unwrap_or_default(),
            agent: origin.agent.clone(),
            request: current_request_id(),
        }
    }
}

impl From<&Actor> for Actor {
    fn from(actor: &Actor) -> Self {
        actor.clone()
    }
}

/// What is to be recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When it was done, by the caller's clock.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: Actor,
    /// What was done, a stable slug `room.verb`, for instance `registry.import`.
    pub action: &'static str,
    /// Whether nothing changed, but something was looked at.
    pub viewed: bool,
    /// What it was done to: a kind, for instance `import_batch`.
    pub subject_kind: &'static str,
    /// Which one.
    pub subject_id: String,
    /// Whose file it concerns: the enterprise's 统一社会信用代码.
    pub enterprise: Option<String>,
    /// What stood there before.
    pub before: Option<Value>,
    /// What stands there now.
    pub after: Option<Value>,
    /// Anything else worth keeping; `Null` for nothing.
    pub detail: Value,
}

impl Entry {
    /// A change. Never put secrets (passwords, tokens, keys) into any part of it.
    #[must_use]
    pub fn new(
        at: DateTime<Utc>,
        actor: impl Into<Actor>,
        action: &'static str,
        subject_kind: &'static str,
        subject_id: impl Into<String>,
    ) -> Self {
        Self {
            at,
            actor: actor.into(),
            action,
            viewed: false,
            subject_kind,
            subject_id: subject_id.into(),
            enterprise: None,
            before: None,
            after: None,
            detail: Value::Null,
        }
    }

    /// A view of personal or confidential data, an export included. A list that shows several
    /// enterprises gives one entry for each, so that each can see who looked.
    #[must_use]
    pub fn view(
        at: DateTime<Utc>,
        actor: impl Into<Actor>,
        action: &'static str,
        subject_kind: &'static str,
        subject_id: impl Into<String>,
    ) -> Self {
        Self {
            viewed: true,
            ..Self::new(at, actor, action, subject_kind, subject_id)
        }
    }

    /// Says whose file it concerns (统一社会信用代码).
    #[must_use]
    pub fn enterprise(mut self, code: impl Into<String>) -> Self {
        self.enterprise = Some(code.into());
        self
    }

    /// Says what stood there before.
    #[must_use]
    pub fn before(mut self, value: Value) -> Self {
        self.before = Some(value);
        self
    }

    /// Says what stands there now.
    #[must_use]
    pub fn after(mut self, value: Value) -> Self {
        self.after = Some(value);
        self
    }

    /// Adds whatever else is worth keeping.
    #[must_use]
    pub fn detail(mut self, value: Value) -> Self {
        self.detail = value;
        self
    }
}
