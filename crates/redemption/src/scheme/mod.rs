//! 兑付方案: per item, published in revisions that never change.

mod api;
mod difference;
mod editor;
mod fields;
mod lint;
mod model;
mod pages;
mod preset;
mod service;
pub(crate) mod store;

pub use lint::Finding;
pub use model::{Criterion, Extension, LetterWords, Part, Reviewer, Scheme, Scoring, Step};
pub use preset::{Class, Preset, class, presets};
pub use service::{Checked, Published, SchemeLine, Shown};

pub(crate) use api::routes as api;
pub(crate) use pages::routes;
