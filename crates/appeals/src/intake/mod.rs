//! 登记: how appeals come, whatever the channel.
//!
//! All go through one door, [`take`]: page, QR code, operator's desk, JSON API and Open311. A text is looked over by
//! [`text`], files by `platform::files` (by content, so a renamed video is no picture), limits stand in [`settings`] and
//! are told before anybody writes.

mod api;
pub(crate) mod channels;
pub(crate) mod codes;
mod details;
mod migration;
mod pages;
mod posted;
pub(crate) mod settings;
pub(crate) mod store;
pub(crate) mod take;
pub(crate) mod text;

pub(crate) use details::told_by;
pub(crate) use migration::{MIGRATION, SALT};
pub(crate) use pages::{CODES, DESK, FOLLOW, MINE, NEW, SETTINGS, with_fields};

use std::sync::Arc;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;

use crate::service::Appeals;

/// The pages of intake.
pub(crate) fn routes(app: &Arc<Appeals>) -> Router {
    pages::routes(Arc::clone(app))
}

/// Its JSON endpoints.
pub(crate) fn api(app: &Arc<Appeals>) -> OpenApiRouter {
    api::routes(Arc::clone(app))
}
