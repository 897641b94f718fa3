//! Problems as pages: the same sentences as the API's problem+json, with an error summary on top.

use askama::Template;
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
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

/// What an error page has to know of the request it answers.
#[derive(Default)]
pub(crate) struct Asked {
    /// Where somebody who signs in comes back to: what was written in a form is gone then, so its page.
    here: String,
    /// Whether a form was sent.
    posted: bool,
}

impl Asked {
    pub(crate) fn by(request: &Request) -> Self {
        let uri = request.uri();
        let posted = !matches!(*request.method(), Method::GET | Method::HEAD);
        let here = match posted {
            true => uri.path(),
            false => uri.path_and_query().map_or("/", |asked| asked.as_str()),
        };
        Self {
            here: here.to_owned(),
            posted,
        }
    }

    /// Whether to say that what was written is still there: only of a form, and only where it can be sent again.
    fn keeps(&self, problem: &Problem) -> bool {
        let again = [StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY];
        self.posted && again.contains(&problem.status)
    }
}

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

    /// Renders the whole page.
    pub(crate) fn page(&self, shell: &Shell, viewer: &Viewer, asked: &Asked) -> Response {
        let page = Page::new(shell, viewer, self.0.title.clone()).own_heading();
        let sign_in = match self.0.status {
            StatusCode::UNAUTHORIZED => sign_in_address(&asked.here),
            _ => String::new(),
        };
        let fields = self.0.fields.iter().map(|field| field.message.as_str());
        self.render(ErrorPage {
            page,
            sign_in,
            more: fields
                .filter(|message| !self.0.detail.contains(message))
                .collect(),
            kept: asked.keeps(&self.0),
            problem: &self.0,
        })
    }

    /// Renders the short notice that htmx puts where the fragment would have been.
    pub(crate) fn fragment(&self, asked: &Asked) -> Response {
        self.render(ErrorFragment {
            kept: asked.keeps(&self.0),
            problem: &self.0,
        })
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
        self.page(&Shell::default(), &Viewer::visitor(), &Asked::default())
    }
}

#[derive(Template)]
#[template(path = "ui/error.html")]
struct ErrorPage<'a> {
    page: Page,
    /// Where to sign in; empty when that would not help.
    sign_in: String,
    /// What is wrong with single fields, unless the detail says it.
    more: Vec<&'a str>,
    /// Whether what was written is still there.
    kept: bool,
    problem: &'a Problem,
}

#[derive(Template)]
#[template(path = "ui/error_fragment.html")]
struct ErrorFragment<'a> {
    kept: bool,
    problem: &'a Problem,
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn shown(problem: Problem) -> String {
        shown_after(Method::GET, problem).await
    }

    async fn shown_after(method: Method, problem: Problem) -> String {
        let request = axum::http::Request::builder().method(method).uri("/here");
        let asked = Asked::by(&request.body(axum::body::Body::empty()).expect("address"));
        let page = PageError::from(problem).page(&Shell::default(), &Viewer::visitor(), &asked);
        let bytes = to_bytes(page.into_body(), usize::MAX)
            .await
            .expect("the whole page");
        String::from_utf8(bytes.into()).expect("a page is text")
    }

    #[tokio::test]
    async fn what_the_detail_says_is_said_once() {
        let problem = Problem::bad_input("年度请写四位数字").field("year", "年度请写四位数字");
        let page = shown(problem.field("note", "备注太长")).await;
        assert_eq!(page.matches("年度请写四位数字").count(), 1, "{page}");
        assert!(page.contains("备注太长"), "{page}");
    }

    #[tokio::test]
    async fn what_was_written_is_said_to_be_there_of_forms_only() {
        let kept = "填写的内容还在";
        for problem in [Problem::bad_input("写错"), Problem::refused("办不成")] {
            let listed = shown_after(Method::GET, problem.clone()).await;
            assert!(!listed.contains(kept), "{listed}");
            let sent = shown_after(Method::POST, problem).await;
            assert!(sent.contains(kept), "{sent}");
        }
        let gone = shown_after(Method::POST, Problem::not_found("办件")).await;
        assert!(!gone.contains(kept), "{gone}");
    }

    #[tokio::test]
    async fn whoever_has_to_sign_in_is_told_what_to_press_and_no_header() {
        let hint = "请到 /sign-in 登录；程序请在 Authorization 头里带访问令牌";
        let page = shown(Problem::sign_in("要先登录").hint(hint)).await;
        assert!(page.contains("点下面的“登录”"), "{page}");
        assert!(page.contains("/sign-in?next="), "{page}");
        assert!(!page.contains("Authorization"), "{page}");
    }
}
