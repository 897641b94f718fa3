//! 评估: what enterprises say of a case that ended, what an item came to, what the money did.

mod api;
mod follow_up;
mod pages;
mod rating;
mod scorecard;
mod store;

pub(crate) use api::routes as api;
pub(crate) use pages::routes;
pub(crate) use rating::Rated;
pub(crate) use store::FIGURES;
