//! 市场主体库: one file per enterprise (一企一档), every fact dated and sourced.
//!
//! A department brings a file; [`import::Importer`] checks it, normalises it and stores its facts as a
//! batch. Which of two statements about a fact is current is decided by one rule: the later as-of date
//! wins; on the same date the word of the department that owns the attribute; then the later batch. What
//! loses or is replaced is kept in the history.
//!
//! Words: 市场主体 enterprise, 统一社会信用代码 code, 批次 batch, 数据日期 as-of date, 退回 reject, 标签 tag.

mod api;
mod background;
mod derive;
mod document;
mod error;
mod forms;
pub mod import;
mod listing;
mod migration;
pub mod model;
mod pages;
mod precedence;
pub mod rights;
mod room;
mod service;
mod size_class;
mod store;
mod tagging;
mod tags;
mod together;
mod told;
mod uploads;
mod views;

pub use background::background;
pub use derive::is_computed;
pub use error::RegistryError;
pub use migration::MIGRATIONS;
pub use model::{
    Batch, BatchStatus, Enterprise, EnterpriseName, FactChange, Order, PastFact, Query, Row,
    TagRule,
};
pub use room::room;
pub use service::Registry;
pub use size_class::SizeFigures;
pub use store::reindex;
pub use tagging::{TagPreview, TagState};
pub use told::EVENTS;
pub use views::FileView;

use zhida_platform::db::MigrationSet;

/// The steps that build the room's tables.
pub fn migrations() -> MigrationSet {
    MIGRATIONS
}
