//! The pages of the room put together. Every one works without JavaScript.

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use utoipa_axum::router::OpenApiRouter;
use zhida_platform::problem::Problem;
use zhida_ui::PageError;

use crate::error::Error;
use crate::service::Redemption;
use crate::{apply, clawback, closure, desk, evaluation, letters, notice, reports, scheme, talk};

/// What handlers answer.
pub(crate) type Answer = Result<Response, PageError>;

/// 我的兑付.
pub(crate) const MINE: &str = "/redemption";
/// 免申即享, for officers.
pub(crate) const CLOSURE: &str = "/redemption/closure";
/// 比对名单.
pub(crate) const LISTS: &str = "/redemption/lists";
/// 兑付方案.
pub(crate) const SCHEMES: &str = "/schemes";
/// 兑付评估.
pub(crate) const EVALUATION: &str = "/redemption/evaluation";

/// A case as its enterprise sees it.
pub(crate) fn case_address(id: &str) -> String {
    format!("{MINE}/cases/{id}")
}

pub(crate) fn routes(app: &Arc<Redemption>) -> Router {
    Router::new()
        .merge(scheme::routes(Arc::clone(app)))
        .merge(closure::routes(Arc::clone(app)))
        .merge(apply::routes(Arc::clone(app)))
        .merge(clawback::routes(Arc::clone(app)))
        .merge(evaluation::routes(Arc::clone(app)))
        .merge(reports::routes(Arc::clone(app)))
        .merge(letters::pages::routes(Arc::clone(&app.letters)))
        .merge(notice::routes(Arc::clone(app)))
        .merge(desk::routes(Arc::clone(app)))
        .merge(talk::routes(app))
}

pub(crate) fn api(app: &Arc<Redemption>) -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(scheme::api(Arc::clone(app)))
        .merge(closure::api(Arc::clone(app)))
        .merge(apply::api(Arc::clone(app)))
        .merge(clawback::api(Arc::clone(app)))
        .merge(evaluation::api(Arc::clone(app)))
        .merge(reports::api(Arc::clone(app)))
        .merge(letters::api(Arc::clone(&app.letters)))
        .merge(notice::api(Arc::clone(app)))
        .merge(desk::api(Arc::clone(app)))
        .merge(talk::api(Arc::clone(app)))
}

/// Goes on to another page after a write.
pub(crate) fn to(address: &str) -> Response {
    Redirect::to(address).into_response()
}

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        Problem::from(error).into()
    }
}
