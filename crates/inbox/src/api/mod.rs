//! JSON endpoints under `/api/v1`.

mod office;
mod own;

use std::sync::Arc;

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;

use crate::service::Inbox;

type App = State<Arc<Inbox>>;

pub(crate) fn routes(inbox: Arc<Inbox>) -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(own::routes())
        .merge(office::routes())
        .with_state(inbox)
}
