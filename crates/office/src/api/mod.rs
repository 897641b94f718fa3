//! JSON endpoints under `/api/v1`, for collectors of audit records and for watching over jobs and files.

mod audit;
mod calendar;
mod files;
mod jobs;

use std::sync::Arc;

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;

use crate::service::Office;

type App = State<Arc<Office>>;

pub(crate) fn routes(office: Arc<Office>) -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(audit::routes())
        .merge(jobs::routes())
        .merge(calendar::routes())
        .merge(files::routes())
        .with_state(office)
}
