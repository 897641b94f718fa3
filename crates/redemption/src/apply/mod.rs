//! The enterprise's side: what it may confirm, what it applies for, where each case is.

mod api;
mod applicable;
mod file;
mod mine;
pub(crate) mod pages;
mod status;
mod store;

pub(crate) use api::routes as api;
pub(crate) use pages::routes;
pub(crate) use status::TypicalDays;
