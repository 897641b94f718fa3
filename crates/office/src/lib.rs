//! 后台: what those who run Zhida look after: the audit, jobs, files, the calendar, cases that do not go on.
//!
//! The three administrators see different things here: the auditor reads the audit and verifies its chain, the system
//! administrator looks after jobs and files, the security administrator finds the ways to accounts. The tables of
//! audit, jobs and files are the platform's; the room adds the verifications of the chain, each with the checkpoint
//! that it left.

pub mod actions;
mod api;
mod background;
mod calendar;
mod difference;
mod error;
mod filters;
mod migration;
mod model;
mod pages;
mod service;
mod store;
mod words;

use std::sync::Arc;

use zhida_platform::db::MigrationSet;
use zhida_platform::room::{MenuItem, Room};

pub use background::background;
pub use calendar::{
    CalendarChange, MonthView, Preview, YearLine, months, read_notice, to_do, years,
};
pub use error::Error;
pub use filters::AuditFilters;
pub use model::Verification;
pub use service::{Chain, Office};

/// The room's tables.
#[must_use]
pub fn migrations() -> MigrationSet {
    migration::MIGRATIONS
}

/// The room.
#[must_use]
pub fn room(office: Arc<Office>) -> Room {
    Room {
        name: "office",
        api: api::routes(Arc::clone(&office)),
        routes: pages::routes(office),
        migrations: migrations(),
        menu: vec![MenuItem {
            label: "后台",
            href: "/office",
            action: Some(actions::OFFICE),
        }],
    }
}
