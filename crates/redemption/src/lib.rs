//! 兑付: from a match to money in the account.
//!
//! Words: a *scheme* 兑付方案 says how an item is carried out, in revisions; a *candidate* 免申候选 is an enterprise that
//! meets a 免申 item; a *case* 办件 runs through the *stages* 环节 of the scheme it began with and ends with an *outcome*
//! 结果; what was judged when it was filed is its *judgement* 结论, kept with the case.
//!
//! What holds: a case stays on the revisions of item and scheme it began with; an enterprise has an item once a period;
//! the conditions are looked at again before the decision and before every payment, and nobody is paid who fails one.

mod apply;
mod cases;
mod clawback;
mod closure;
mod conditions;
mod desk;
mod error;
mod evaluation;
mod fields;
mod form;
mod judgement;
mod letters;
mod migration;
mod notice;
mod pages;
#[cfg(test)]
mod plan;
mod reach;
mod reports;
pub mod rights;
mod scheme;
mod service;
mod talk;
mod told;
pub mod words;

use std::sync::Arc;

use zhida_platform::db::MigrationSet;
use zhida_platform::jobs::Jobs;
use zhida_platform::room::{MenuItem, Room};

pub use cases::Confirmed;
pub use clawback::{Cause, Extent, RecoveryLine, ToClawBack, Withdraws, causes};
pub use closure::{
    Candidate, CandidateQuery, CandidateState, ComparisonList, ItemCount, ListToSave, NightReport,
    Released,
};
pub use desk::{Departments, Expert, Experts};
pub use error::Error;
pub use judgement::Judgement;
pub use letters::Letters;
pub use reports::{By, Report, ReportLine, ReportQuery};
pub use scheme::{
    Checked, Class, Criterion, Extension, Finding, LetterWords, Part, Preset, Published, Reviewer,
    Scheme, SchemeLine, Scoring, Shown, Step, class, presets,
};
pub use service::{Ground, Redemption};
pub use told::EVENTS;
pub use zhida_casework::Organisation;

/// The room's tables.
#[must_use]
pub fn migrations() -> MigrationSet {
    migration::MIGRATIONS
}

/// The room.
#[must_use]
pub fn room(redemption: Arc<Redemption>) -> Room {
    let item = |label, href, action| MenuItem {
        label,
        href,
        action: Some(action),
    };
    Room {
        name: "redemption",
        routes: pages::routes(&redemption),
        api: pages::api(&redemption),
        migrations: migrations(),
        menu: vec![
            item("我的兑付", pages::MINE, rights::APPLY),
            item("兑付办件", desk::DESK, rights::HANDLE),
            item("免申即享", pages::CLOSURE, rights::HANDLE),
            item("比对名单", pages::LISTS, rights::LISTS_ALL),
            item("兑付方案", pages::SCHEMES, rights::SCHEME),
            item("公示异议", "/redemption/objections", rights::DECIDE),
            item("评审任务", desk::SCORING, rights::SCORE),
            item("兑付评估", pages::EVALUATION, rights::HANDLE),
            item("兑付报表", reports::REPORTS, rights::REPORT),
            MenuItem {
                label: "公示",
                href: "/notices",
                action: None,
            },
        ],
    }
}

/// Registers what the room does in the background.
pub fn background(redemption: &Arc<Redemption>, jobs: &Jobs) {
    closure::background(redemption, jobs);
    cases::background(redemption, jobs);
    desk::background(redemption, jobs);
}
