//! The pages of the room put together. Every one works without JavaScript.

mod list;
mod meeting;
mod series;
mod task;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use zhida_platform::problem::Problem;
use zhida_ui::{FormErrors, PageError};

use crate::error::Error;
use crate::service::Meetings;

/// What handlers answer.
type Answer = Result<Response, PageError>;
type App = State<Arc<Meetings>>;

/// 调度会.
pub(crate) const MEETINGS: &str = "/meetings";
/// 交办清单.
pub(crate) const TASKS: &str = "/meetings/tasks";
/// 例会.
pub(crate) const SERIES: &str = "/meetings/series";

pub(crate) fn routes(app: &Arc<Meetings>) -> Router {
    Router::new()
        .merge(list::routes())
        .merge(series::routes())
        .merge(task::routes())
        .merge(meeting::routes())
        .with_state(Arc::clone(app))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct After {
    after: Option<String>,
}

/// Goes on to another page after a write.
fn to(address: &str) -> Response {
    Redirect::to(address).into_response()
}

/// An address with the fields that are not empty.
fn address(path: &str, fields: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields.iter().filter(|(_, value)| !value.is_empty()));
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// What a form is shown again with; other errors are pages of their own.
fn form_errors(error: Error, at: &'static str) -> Result<FormErrors, PageError> {
    let problem = match error {
        Error::Field { .. } | Error::Refused(_) | Error::Stale(_) => Problem::from(error),
        other => return Err(other.into()),
    };
    if !problem.fields.is_empty() {
        return Ok(problem.fields.into());
    }
    let mut errors = FormErrors::none();
    errors.add(at, problem.detail);
    Ok(errors)
}
