//! Problems as pages: the same sentences as the API's problem+json, with an error summary on top.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use zhida_platform::access::{Viewer, sign_in_address};
use zhida_platform::problem::Problem;

use crate::{Page, Shell};

/// The error type of page handlers: `async fn show(...) -> Result<Html<ShowPage>, PageError>`.
///
/// It becomes a page inside the frame, or a short notice when htmx asked for a fragment
/// ([`crate::with_frame`] knows the request and renders it).
#[derive(Clone, Debug)]
pub struct PageError(Box<Problem>);

impl From<Problem> for PageError {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl PageError {
    /// The problem inside.
    pub fn problem(&self) -> &Problem {
        &self.0
    }

    /// Renders the whole page; `here` is where somebody who signs in comes back to.
    pub(crate) fn page(&self, shell: &Shell, viewer: &Viewer, here: &str) -> Response {
        let page = Page::new(shell, viewer, self.0.title.clone()).own_heading();
        let sign_in = match self.0.status {
            StatusCode::UNAUTHORIZED => sign_in_address(here),
            _ => String::new(),
        };
        self.render(ErrorPage {
            page,
            sign_in,
            problem: &self.0,
        })
    }

    /// Renders the short notice that htmx puts where the fragment would have been.
    pub(crate) fn fragment(&self) -> Response {
        self.render(ErrorFragment { problem: &self.0 })
    }

    fn render(&self, template: impl Template) -> Response {
        let body = template
            .render()
            .unwrap_or_else(|_| format!("{}", self.0.status));
        let mut response = (
            self.0.status,
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            body,
        )
            .into_response();
        response.extensions_mut().insert(self.0.as_ref().clone());
        response
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        self.page(&Shell::default(), &Viewer::visitor(), "/")
    }
}

#[derive(Template)]
#[template(path = "ui/error.html")]
struct ErrorPage<'a> {
    page: Page,
    /// Where to sign in; empty when that would not help.
    sign_in: String,
    problem: &'a Problem,
}

#[derive(Template)]
#[template(path = "ui/error_fragment.html")]
struct ErrorFragment<'a> {
    problem: &'a Problem,
}
