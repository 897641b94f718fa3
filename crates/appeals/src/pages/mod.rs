//! The pages of the room put together. Every one works without JavaScript.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use utoipa_axum::router::OpenApiRouter;
use zhida_ui::PageError;

use crate::service::Appeals;
use crate::{desk, intake, numbers, open311, talk, themes};

/// What handlers answer.
pub(crate) type Answer = Result<Response, PageError>;

pub(crate) fn routes(app: &Arc<Appeals>) -> Router {
    Router::new()
        .merge(desk::routes(app))
        .merge(intake::routes(app))
        .merge(open311::routes(app))
        .merge(numbers::routes(app))
        .merge(talk::routes(app))
        .merge(themes::routes(app))
}

pub(crate) fn api(app: &Arc<Appeals>) -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(desk::api(app))
        .merge(intake::api(app))
        .merge(numbers::api(app))
        .merge(talk::api(Arc::clone(app)))
        .merge(themes::api(app))
}

/// Goes on to another page after a write.
pub(crate) fn to(address: &str) -> Response {
    Redirect::to(address).into_response()
}

/// A file that is saved under a name.
pub(crate) fn attachment(media: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media)),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, bytes).into_response()
}
