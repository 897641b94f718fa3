//! The desks: the *queue* with saved views and exports; the *case page*, on which operators, lead bodies, co-handlers,
//! visitors and supervisors each find their steps; the page on which an *appellant* follows; and *setting up* clocks and
//! categories. One query stands behind list, count, view and export ([`crate::AppealQuery`]).

mod api;
pub(crate) mod case;
mod category;
mod choose;
mod export;
pub(crate) mod follow;
mod forms;
mod queue;
pub(crate) mod setup;
mod store;
mod views;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use utoipa_axum::router::OpenApiRouter;

use crate::service::Appeals;

/// The queue.
pub(crate) const DESK: &str = "/appeals";
/// Rules and categories.
pub(crate) const SETUP: &str = "/appeals/setup";

pub(crate) fn routes(app: &Arc<Appeals>) -> Router {
    Router::new()
        .route("/appeals", get(queue::list))
        .route("/appeals/export.csv", get(queue::csv))
        .route("/appeals/export.xlsx", get(queue::xlsx))
        .route("/appeals/views", post(views::save))
        .route("/appeals/views/{id}/remove", post(views::remove))
        .route("/appeals/setup", get(setup::show))
        .route("/appeals/setup/rules", post(setup::rules))
        .route("/appeals/setup/categories", post(setup::categories))
        .route(
            "/appeals/setup/category",
            get(category::show).post(category::save),
        )
        .route(
            "/appeals/f/{code}",
            get(follow::by_code).post(follow::act_by_code),
        )
        .route("/appeals/{id}", get(case::show))
        .route("/appeals/{id}/own", post(follow::act_as_owner))
        .route("/appeals/{id}/steps/{step}", post(case::step))
        .route("/appeals/{id}/files/{file}", get(case::file))
        .with_state(Arc::clone(app))
}

pub(crate) fn api(app: &Arc<Appeals>) -> OpenApiRouter {
    api::routes(Arc::clone(app))
}
