//! 调度会: what leaders meet for, whom they charge with it, and what became of it.
//!
//! Words: a *series* 例会 meets by its *rhythm* 节奏 (every week, every two weeks, some weekday of a month, moved to a working
//! day); a *meeting* 调度会 has an *agenda* 议程 of appeals and free *items* 议题, *attendees* 参会人员 and *minutes* 纪要; it
//! charges a *body* 责任单位 with a *task* 交办事项, which is *struck off* 销号 by the chair.
//!
//! What holds: a task from an appeal is struck off when its enterprise has said that it is solved, or with a stated reason
//! that stays with the task; whoever reports that something is done does not strike it off; minutes that were issued do not
//! change; what a meeting decides on an appeal stands on the appeal's case, too.

mod api;
mod appeals;
mod error;
mod job;
mod migration;
mod model;
mod pages;
mod papers;
mod presets;
mod query;
mod questions;
pub mod rhythm;
pub mod rights;
mod service;
mod store;
mod told;
pub mod words;

use std::sync::Arc;

use zhida_platform::db::MigrationSet;
use zhida_platform::room::{MenuItem, Room};

pub use error::Error;
pub use job::background;
pub use model::{Attendee, Item, Line, Meeting, NewMeeting, NewTask, Note, Series, Tally, Task};
pub use papers::{Format, Paper};
pub use presets::{Preset, presets};
pub use query::{MeetingQuery, TaskQuery};
pub use questions::{Question, Questions};
pub use service::{Ground, Meetings};
pub use told::EVENTS;

/// The room's tables.
#[must_use]
pub fn migrations() -> MigrationSet {
    migration::MIGRATIONS
}

/// The room.
#[must_use]
pub fn room(meetings: Arc<Meetings>) -> Room {
    Room {
        name: "meetings",
        routes: pages::routes(&meetings),
        api: api::routes(meetings),
        migrations: migrations(),
        menu: vec![
            MenuItem {
                label: "调度会",
                href: pages::MEETINGS,
                action: Some(rights::READ),
            },
            MenuItem {
                label: "交办清单",
                href: pages::TASKS,
                action: Some(rights::TASK),
            },
        ],
    }
}
