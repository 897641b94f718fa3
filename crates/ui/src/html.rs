//! Rendering of templates as HTTP answers.

use askama::Template;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use zhida_platform::problem::Problem;

use crate::PageError;

/// A template as an answer: 200, `text/html; charset=utf-8`.
///
/// Use `(status, Html(page))` for another status. A template that fails to render answers 500 with the error page.
pub struct Html<T: Template>(pub T);

impl<T: Template> IntoResponse for Html<T> {
    fn into_response(self) -> Response {
        match self.0.render() {
            Ok(body) => {
                ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response()
            }
            Err(error) => PageError::from(Problem::internal(error)).into_response(),
        }
    }
}

/// Whether htmx asks for a part of a page, so that the handler may answer with a fragment only.
///
/// False for plain requests, for requests whose target is the whole body, and when htmx restores a page from history.
pub fn is_htmx(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &str| {
        headers
            .get(name)
            .is_some_and(|found| found.as_bytes() == value.as_bytes())
    };
    is("hx-request", "true")
        && !is("hx-request-type", "full")
        && !is("hx-history-restore-request", "true")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    axum::http::HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn only_partial_requests_of_htmx_get_fragments() {
        assert!(!is_htmx(&headers(&[])));
        assert!(is_htmx(&headers(&[("hx-request", "true")])));
        assert!(is_htmx(&headers(&[
            ("hx-request", "true"),
            ("hx-request-type", "partial")
        ])));
        assert!(!is_htmx(&headers(&[
            ("hx-request", "true"),
            ("hx-request-type", "full")
        ])));
        assert!(!is_htmx(&headers(&[
            ("hx-request", "true"),
            ("hx-history-restore-request", "true")
        ])));
    }
}
