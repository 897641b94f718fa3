//! 政策直达: enterprises and items brought together, every verdict explained.
//!
//! Words: a verdict 结论 has a [`Label`] on screens: 符合 eligible, 条件符合，待人工核验 manual,
//! 只差一项 near miss, 缺一项数据 one unknown, 信息不足 unknown, 不符合 ineligible, 不在适用范围 out of
//! reach. 最优组合 is the best set of items that may be had together; 假设 a what-if.
//!
//! Facts come from the registry, rules from the catalogue of the policy library, and every answer is
//! computed from them for a day (基准日). What is stored is only whom full runs found, to tell what is
//! new since the last one (新匹配).

mod answers;
mod api;
mod bulk;
pub mod calculator;
pub mod combination;
mod eligible;
mod engine;
mod error;
pub mod everything;
pub mod explain;
mod item;
pub mod judge;
mod list;
mod migration;
pub mod model;
pub mod news;
mod pages;
mod preview;
pub mod rank;
pub mod rights;
mod service;
mod sight;
mod size_class;
pub mod text;
pub mod verdict;
mod views;
pub mod what_if;

use std::sync::Arc;

use zhida_platform::db::MigrationSet;
use zhida_platform::jobs::Jobs;
use zhida_platform::messages::EventKind;
use zhida_platform::room::{MenuItem, Room};

pub use answers::{Answers, field_name, from_json as answers_from_json};
pub use eligible::Eligible;
pub use engine::forget_snapshots;
pub use error::Error;
pub use everything::{RunOptions, Summary};
pub use judge::{Detail, Telling};
pub use service::{INTERACTIVE_MAX, Matching, Patience};
pub use verdict::{Counts, Label};

/// What the room tells.
pub const EVENTS: &[&EventKind] = &[&news::NEWS, &news::RUN];

/// The room: home page, calculator, matches of enterprises and items, and the API.
#[must_use]
pub fn room(matching: Arc<Matching>) -> Room {
    let item = |label, href, action| MenuItem {
        label,
        href,
        action,
    };
    Room {
        name: "matching",
        routes: pages::router(Arc::clone(&matching)),
        api: api::router(matching),
        migrations: migrations(),
        menu: vec![
            item("政策计算器", "/calculator", None),
            item("我符合吗", "/match/check", None),
            item("新匹配", "/match/news", Some(rights::LIST)),
        ],
    }
}

/// Registers what the room does in the background.
pub fn background(matching: &Arc<Matching>, jobs: &Jobs) {
    news::background(matching, jobs);
}

/// The steps that build the room's tables.
#[must_use]
pub fn migrations() -> MigrationSet {
    migration::MIGRATIONS
}
