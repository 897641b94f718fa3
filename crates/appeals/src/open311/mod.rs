//! Open311 GeoReport v2 (<https://wiki.open311.org/GeoReport_v2>): how hotlines and other systems hand appeals in and
//! follow them. A service is a category, a service request an appeal; docs/open311.md says where we differ and why.

mod ask;
mod catalogue;
mod keys;
mod migration;
mod model;
mod pages;
mod render;
mod serve;
mod store;

pub use keys::{Key, NewOpen311Key};
pub(crate) use migration::MIGRATION;
pub(crate) use pages::routes;
