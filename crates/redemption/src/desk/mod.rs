//! 办件: the desk of those who review.
//!
//! The *queue* lists cases within reach; its filters are saved as *views*, and a view's count, list and export are one query.
//! The *case page* shows the conditions with their evidence beside what the enterprise wrote, what changed since the last
//! round, other departments' opinions, scores, objections, letters and the whole history, and offers what the route allows
//! now. Whoever is asked for an opinion, and whoever scores, sees the case and gives theirs, no more. A *batch* does one step
//! to many cases: a job that goes on where it stopped, with a result for each.

mod act;
mod api;
mod batch;
pub(crate) mod case;
mod departments;
mod experts;
mod export;
mod forms;
mod migration;
mod opinions;
pub(crate) mod page;
mod parts;
mod query;
mod queue;
mod scoring;
mod scoring_pages;
mod store;
mod views;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::service::Redemption;

pub use departments::Departments;
pub use experts::{Expert, Experts};

pub(crate) use api::routes as api;
pub(crate) use batch::background;
pub(crate) use migration::DESK as MIGRATION;

/// The queue.
pub(crate) const DESK: &str = "/redemption/desk";
/// What experts score.
pub(crate) const SCORING: &str = "/redemption/scoring";
/// Batches.
pub(crate) const BATCHES: &str = "/redemption/batches";

pub(crate) fn routes(redemption: Arc<Redemption>) -> Router {
    Router::new()
        .route("/redemption/desk", get(queue::list))
        .route("/redemption/desk/export.csv", get(queue::csv))
        .route("/redemption/desk/export.xlsx", get(queue::xlsx))
        .route("/redemption/desk/views", post(views::save))
        .route("/redemption/desk/views/{id}/remove", post(views::remove))
        .route("/redemption/desk/{id}", get(page::show))
        .route("/redemption/desk/{id}/files/{file}", get(page::file))
        .route("/redemption/desk/{id}/{step}", post(act::step))
        .route("/redemption/batches", post(batch::submit))
        .route("/redemption/batches/{id}", get(batch::show))
        .route("/redemption/scoring", get(scoring_pages::list))
        .route(
            "/redemption/scoring/{id}/files/{file}",
            get(scoring_pages::file),
        )
        .route(
            "/redemption/scoring/{id}",
            get(scoring_pages::show).post(scoring_pages::submit),
        )
        .with_state(redemption)
}
