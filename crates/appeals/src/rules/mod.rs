//! 时限规则 and 诉求分类: what a city sets up, in revisions that never change.

mod catalogue;
mod preset;
mod route;
mod store;

pub use catalogue::{Catalogue, Category, Refusal};
pub use preset::{Example, Extension, Objection, Preset, TrackLimit, presets};
pub use store::{CityRules, PublishedCatalogue, PublishedRules};
pub(crate) use store::{catalogue, rules_in, rules_of};

pub(crate) use catalogue::{CLOSED, shipped as shipped_catalogue};
pub(crate) use route::of as route_of;
