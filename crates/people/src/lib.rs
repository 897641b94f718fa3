//! 组织与账号: organisations, accounts, seats, mandates; signing in, sessions, API tokens.
//!
//! Words: an *organisation* 组织 is a government body, park or agency in a tree with a division; an *account* 账号 is
//! somebody who can sign in and alone may do nothing; a *seat* 任职 is an account in an organisation or enterprise, in
//! a role, for a time, and rights attach to it alone; a *mandate* 代办授权 lets an agency act for an enterprise; an
//! *invitation* 邀请 is a one-time code for a seat; a *hand-over* 交接 ends somebody's seats and seats the successor.
//!
//! The three administrators do nothing that another does: the system administrator makes organisations and accounts,
//! the security administrator grants seats and ends sessions, the auditor reads the record. Nobody holds two of these
//! roles, and each keeps a holder.
//!
//! An *identity* 统一身份 is who an account is with a city's identity provider (OpenID Connect): linked by an
//! administrator or the person, and no more than another way to sign in; seats and their ends are kept here alone.
//!
//! A session is a row here and a cookie there: 256 random bits, of which the row has the SHA-256. Who somebody is and
//! what that allows is looked up for every request ([`identified`]), so that what has ended gives nothing any more.

pub mod actions;
mod address_book;
mod api;
mod cookie;
mod error;
mod factor;
mod hierarchy;
mod identify;
mod migration;
mod model;
mod next;
mod oidc;
mod pages;
mod password;
mod record;
mod secret;
mod service;
mod store;
mod told;

use std::sync::Arc;

use zhida_platform::db::MigrationSet;
use zhida_platform::room::{MenuItem, Room};

pub use address_book::Directory;
pub use error::Error;
#[doc(hidden)]
pub use factor::code_at;
pub use identify::identified;
pub use model::{
    Account, Identity, Invitation, Mandate, Organisation, OrganisationKind, Place, Seat, Session,
    Token,
};
pub use pages::demo::DemoHint;
pub use secret::Secret;
pub use service::{
    Current, DemoAccount, Enterprises, HandOver, NewAccount, NewInvitation, NewMandate, NewSeat,
    NewToken, OrganisationForm, People, PlaceKey, SetUp, SetUpAccount, Settings, Stage,
};
pub use store::accounts::AccountQuery;
pub use store::organisations::OrganisationQuery;
pub use store::sessions::end_everybodys as end_all_sessions;
pub use told::EVENTS;

/// The room's tables.
#[must_use]
pub fn migrations() -> MigrationSet {
    migration::MIGRATIONS
}

/// The page on which the demonstration is entered in a role, for `zhida demo` alone.
pub fn demo_routes(people: Arc<People>, hints: &'static [DemoHint]) -> axum::Router {
    pages::demo::routes(people, hints)
}

/// The room. Its pages know who looks only inside of [`identified`].
#[must_use]
pub fn room(people: Arc<People>) -> Room {
    let item = |label, href, action| MenuItem {
        label,
        href,
        action: Some(action),
    };
    Room {
        name: "people",
        api: api::routes(Arc::clone(&people)),
        routes: pages::routes(people),
        migrations: migrations(),
        menu: vec![
            item("本企业人员", "/staff", actions::STAFF),
            item("组织机构", "/organisations", actions::ORGANISATION_READ),
            item("账号", "/accounts", actions::ACCOUNT_READ),
            item("邀请", "/invitations", actions::SEAT_GRANT),
        ],
    }
}
