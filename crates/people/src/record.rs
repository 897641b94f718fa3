//! Audit records of the room.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use zhida_platform::access::{self, Viewer};
use zhida_platform::audit::{Actor, Entry, Origin};
use zhida_platform::http::current_request_id;

use crate::model::Account;

/// The record of what a viewer did.
pub(crate) fn entry(
    at: DateTime<Utc>,
    viewer: &Viewer,
    action: &'static str,
    kind: &'static str,
    id: Uuid,
) -> Entry {
    Entry::new(at, actor(viewer), action, kind, id.to_string())
}

fn actor(viewer: &Viewer) -> Actor {
    let seat = viewer.seat();
    Actor {
        account: viewer.account(),
        name: viewer.name().to_owned(),
        organisation: seat.map(|seat| seat.organisation_name.clone()),
        on_behalf_of: seat.and_then(|seat| seat.on_behalf_of.clone()),
        origin: viewer.as_person().map(|person| from(&person.origin)),
    }
}

/// The record of what somebody did to the own account, signed in or about to be.
pub(crate) fn own_entry(
    at: DateTime<Utc>,
    account: &Account,
    origin: &access::Origin,
    action: &'static str,
) -> Entry {
    let actor = Actor {
        account: Some(account.id),
        origin: Some(from(origin)),
        ..Actor::named(account.name.as_str())
    };
    Entry::new(at, actor, action, "account", account.id.to_string())
}

/// The record of a failure to sign in; a login that does not exist is not told, for it may be a password that
/// was typed into the wrong field.
pub(crate) fn failure(
    at: DateTime<Utc>,
    account: Option<&Account>,
    origin: &access::Origin,
    action: &'static str,
) -> Entry {
    let actor = Actor {
        origin: Some(from(origin)),
        ..Actor::named("公众")
    };
    let subject = account.map_or_else(|| "没有这个登录名".to_owned(), |one| one.id.to_string());
    Entry::new(at, actor, action, "account", subject)
}

fn from(origin: &access::Origin) -> Origin {
    Origin {
        address: address(origin),
        agent: origin.agent.clone(),
        request: current_request_id(),
    }
}

/// The client's address as text, empty when it is not known.
pub(crate) fn address(origin: &access::Origin) -> String {
    origin
        .address
        .map(|address| address.to_string())
        .unwrap_or_default()
}
