//! HTML pages of the room.

mod batch;
mod import;
mod import_job;
mod list;
mod show;
mod tags;
pub(crate) mod views;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::room::App;

/// Address of the list.
pub(crate) const LIST: &str = "/enterprises";
/// Address of the import page.
pub(crate) const IMPORT: &str = "/enterprises/import";
/// Address of imports that were asked for.
pub(crate) const JOBS: &str = "/enterprises/import/jobs";
/// Address of the tags.
pub(crate) const TAGS: &str = "/tags";

/// The room's pages.
pub(crate) fn routes(upload: DefaultBodyLimit) -> Router<App> {
    let uploads = Router::new()
        .route(IMPORT, get(import::form).post(import::upload))
        .layer(upload);
    Router::new()
        .route(LIST, get(list::list))
        .route("/enterprises/export.csv", get(list::export_csv))
        .route("/enterprises/export.xlsx", get(list::export_xlsx))
        .merge(uploads)
        .route("/enterprises/import/run", post(import::run))
        .route("/enterprises/import/jobs/{id}", get(import_job::show))
        .route("/enterprises/import/batches/{no}", get(batch::show))
        .route(
            "/enterprises/import/batches/{no}/rejects",
            get(batch::rejects),
        )
        .route("/enterprises/{code}", get(show::show))
        .route("/enterprises/{code}/views", get(views::show))
        .route("/enterprises/{code}/views.csv", get(views::csv))
        .route("/enterprises/{code}/views.xlsx", get(views::xlsx))
        .route(TAGS, get(tags::list).post(tags::add))
        .route("/tags/switch", post(tags::switch))
        .route("/tags/recompute", post(tags::recompute))
}
