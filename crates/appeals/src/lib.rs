//! 诉求: every appeal answered, under a clock, until the enterprise says it is solved.
//!
//! Words: an *appeal* 诉求 comes by a *channel* 渠道 and has one or more *voices* (who said it; merging 并案 loses none); it
//! has a *category* 分类 with a *duty list* 职责清单, a *track* 办理类型 that decides its time, a *lead body* 主办 and *co-handlers*
//! 协办; it is *dispatched* 交办, *replied* to 答复, every voice is *visited* 回访, and what is not satisfied is dispatched again
//! 二次交办, then *supervised* 督查督办.
//!
//! What holds: an appeal ends as solved only by its appellant's word; its clocks are those of the rules that it began
//! with; whoever may not know whose it is finds out nowhere; what is counted is what is listed ([`AppealQuery`]).

mod cases;
mod desk;
mod error;
mod intake;
mod migration;
mod model;
mod numbers;
mod open311;
mod pages;
mod query;
pub mod rights;
mod rules;
mod service;
mod talk;
mod themes;
mod told;
pub mod words;

use std::sync::Arc;

use zhida_platform::db::MigrationSet;
use zhida_platform::jobs::Jobs;
use zhida_platform::room::{MenuItem, Room};

pub use cases::{AppealView, Similar, SuggestedCategory, Voice};
pub use error::Error;
pub use model::{
    AppealRow, Contact, FILES_MAX, KnownContact, NewAppeal, Submitted, TEXT_MAX, TITLE_MAX,
};
pub use numbers::{Counted, Dimension, Figures, Group, Measure, Month, Report, ReportFile};
pub use open311::{Key as Open311Key, NewOpen311Key};
pub use query::{AppealQuery, SILENT_DAYS};
pub use rules::{
    Catalogue, Category, CityRules, Example, Extension, Objection, Preset, PublishedCatalogue,
    PublishedRules, Refusal, TrackLimit, presets,
};
pub use service::{Appeals, Ground};
pub use themes::{MeasureState, NewRemedy, Night, Remedy, Theme, ThemeState};
pub use told::EVENTS;

/// The room's tables.
#[must_use]
pub fn migrations() -> MigrationSet {
    migration::MIGRATIONS
}

/// The room.
#[must_use]
pub fn room(appeals: Arc<Appeals>) -> Room {
    let item = |label, href, action| MenuItem {
        label,
        href,
        action,
    };
    Room {
        name: "appeals",
        routes: pages::routes(&appeals),
        api: pages::api(&appeals),
        migrations: migrations(),
        menu: vec![
            item("提诉求", intake::NEW, None),
            item("我的诉求", intake::MINE, Some(rights::OWN)),
            item("诉求登记", intake::DESK, Some(rights::INTAKE)),
            item("诉求办理", desk::DESK, Some(rights::HANDLE)),
            item("诉求查询", desk::DESK, Some(rights::READ)),
            item("诉求数据", numbers::NUMBERS, Some(rights::NUMBERS)),
            item("一类事", themes::THEMES, Some(rights::NUMBERS)),
            item("诉求设置", desk::SETUP, Some(rights::SETUP)),
            item("诉求二维码", intake::CODES, Some(rights::SETUP)),
        ],
    }
}

/// Registers what the room does in the background.
pub fn background(appeals: &Arc<Appeals>, jobs: &Jobs) {
    cases::background(appeals, jobs);
    themes::background(appeals, jobs);
}
