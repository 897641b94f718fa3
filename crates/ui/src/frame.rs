//! The layer around all pages: shell, and error pages inside the frame.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use zhida_platform::access::Viewer;
use zhida_platform::config::Config;
use zhida_platform::http::harden;
use zhida_platform::problem::Problem;

use crate::error_page::Asked;
use crate::{PageError, Shell, assets, is_htmx};

/// Below this path problems stay problem+json.
const API: &str = "/api/";

/// Puts the frame around the rooms' routes: assets, menu, error pages, and platform's outer layers
/// (security headers, limits, request ids, refusals in Chinese).
///
/// Call it once, in the binary, on the merged router of all rooms and the API.
pub fn with_frame(router: Router, shell: Shell, config: &Config) -> Router {
    // The frame is outermost, so that refusals and panics become pages, too.
    harden(router.merge(assets::router()), config).layer(from_fn_with_state(shell, frame))
}

async fn frame(State(shell): State<Shell>, mut request: Request, next: Next) -> Response {
    let htmx = is_htmx(request.headers());
    let json = request.uri().path().starts_with(API);
    let asked = Asked::by(&request);
    let viewer = request
        .extensions_mut()
        .get_or_insert_with(|| shell.viewer.clone())
        .clone();
    request.extensions_mut().insert(shell.clone());
    let mut response = next.run(request).await;
    // Who it turned out to be, when a layer further in found out.
    let viewer = response
        .extensions_mut()
        .remove::<Viewer>()
        .unwrap_or(viewer);
    // Problems of pages come out as problem+json or without a menu; here the request is known.
    if !json && let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let error = PageError::from(problem);
        let page = if htmx {
            error.fragment(&asked)
        } else {
            error.page(&shell, &viewer, &asked)
        };
        response = in_place_of(response, page);
    }
    describe_html(&mut response);
    response
}

/// The page with the headers that other layers gave the answer it replaces.
fn in_place_of(replaced: Response, mut page: Response) -> Response {
    for (name, value) in replaced.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page
}

/// The same address answers a page or a fragment, for one viewer: caches must ask again and not mix them.
fn describe_html(response: &mut Response) {
    let headers = response.headers_mut();
    let html = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if html {
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("private, no-cache"));
        headers.append(
            header::VARY,
            HeaderValue::from_static("HX-Request, HX-Request-Type"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use axum::response::IntoResponse;
    use axum::routing::get;
    use tower::ServiceExt;

    async fn body_of(response: Response) -> String {
        let bytes = to_bytes(response.into_body(), 1 << 20).await.expect("body");
        String::from_utf8(bytes.to_vec()).expect("utf-8")
    }

    async fn fetch(path: &str, htmx: bool) -> Response {
        let routes = Router::new()
            .route(
                "/fails",
                get(async || Err::<(), _>(PageError::from(Problem::bad_input("日期写错 <b>")))),
            )
            .route(
                "/closed",
                get(async || Problem::sign_in("查看档案，要先登录").into_response()),
            )
            .route(
                "/api/fails",
                get(async || Problem::bad_input("日期写错").into_response()),
            )
            .route(
                "/who",
                get(async |viewer: Viewer| viewer.actor().to_owned()),
            );
        let shell = Shell {
            demo: true,
            viewer: Viewer::officer("演示管理员"),
            ..Shell::default()
        };
        let mut request = Request::get(path);
        if htmx {
            request = request.header("hx-request", "true");
        }
        with_frame(routes, shell, &Config::default())
            .oneshot(request.body(Body::empty()).expect("address"))
            .await
            .expect("infallible")
    }

    #[tokio::test]
    async fn a_problem_of_a_page_is_a_page_with_the_frame() {
        let response = fetch("/fails", false).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let headers = response.headers().clone();
        let body = body_of(response).await;
        assert!(body.contains("日期写错") && !body.contains("<b>"), "{body}");
        assert!(body.contains("企业和数据都是生成的样例"));
        assert!(body.contains("演示管理员"));
        assert!(
            headers[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .is_ok_and(|policy| policy.starts_with("default-src 'self'"))
        );
        assert!(!body.contains("style=") && !body.contains("onclick"));
    }

    #[tokio::test]
    async fn htmx_gets_a_short_notice_in_place_of_the_fragment() {
        let body = body_of(fetch("/fails", true).await).await;
        assert!(
            body.contains("日期写错") && !body.contains("<html"),
            "{body}"
        );
    }

    #[tokio::test]
    async fn the_api_keeps_problem_json_and_unknown_addresses_are_404() {
        let response = fetch("/api/fails", false).await;
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
        let response = fetch("/api/nothing", false).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
        let response = fetch("/nothing", false).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert!(body_of(response).await.contains("没有找到"));
    }

    #[tokio::test]
    async fn a_page_that_asks_to_sign_in_leads_there_and_back() {
        let response = fetch("/closed?q=a%20b", false).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
        let body = body_of(response).await;
        let link = r#"href="/sign-in?next=%2Fclosed%3Fq%3Da%2520b""#;
        assert!(body.contains(link), "{body}");
    }

    #[tokio::test]
    async fn handlers_learn_who_is_looking() {
        assert_eq!(body_of(fetch("/who", false).await).await, "演示管理员");
    }
}
