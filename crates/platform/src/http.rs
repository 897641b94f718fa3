//! The outer layers around every page and endpoint, in one place: request id,
//! access log, figures, the client's address behind proxies, rate limits,
//! panics, body limit and pauses, security headers, writes asked for by other
//! sites, and plain-text refusals of the framework turned into problems in
//! Chinese.

mod client;
mod refusal;

use std::any::Any;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::access::{Person, Viewer};
use crate::config::Config;
use crate::limit::{RateLimits, limit};
use crate::metrics::UnderWay;
use crate::paging::ConfiguredLimit;
use crate::problem::Problem;

/// Sent with every answer, unless a handler has set its own.
const SECURITY_HEADERS: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), payment=()",
    ),
];
/// A year, as OWASP ASVS asks.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");
/// What somebody sees who has signed in stays in no cache, unless its handler says so.
const NOT_KEPT: HeaderValue = HeaderValue::from_static("no-store");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Bytes of a framework's refusal that are worth repeating.
const REFUSAL_BYTES_MAX: usize = 2_048;
/// How axum's refusal of a path begins: what stands there is no id, so there is nothing at this address.
const WRONG_PATH: &str = "Invalid URL:";

tokio::task_local! {
    static CURRENT: String;
}

/// The id of the request being answered, for the log and for the visitor; a
/// new one outside a request.
#[must_use]
pub fn current_request_id() -> String {
    request_id().unwrap_or_else(|| Uuid::now_v7().to_string())
}

/// The id of the request being answered; `None` outside one.
pub(crate) fn request_id() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Puts all outer layers around the finished router.
///
/// Bodies that a handler reads into memory keep axum's limit of 2 MB; a route
/// that takes uploads adds [`upload_limit`].
pub fn harden(router: Router, config: &Config) -> Router {
    let bytes_max = config.limits.upload_bytes_max;
    let page_limit = ConfiguredLimit(config.limits.page_limit_max);
    let pause = Duration::from_secs(config.server.read_timeout_seconds);
    router
        .layer(axum::Extension(page_limit))
        .layer(RequestBodyLimitLayer::new(saturating(bytes_max)))
        .layer(RequestBodyTimeoutLayer::new(pause))
        .layer(CatchPanicLayer::custom(on_panic))
        .layer(from_fn_with_state(bytes_max, explain_refusals))
        .layer(from_fn(refuse_other_sites))
        .layer(from_fn_with_state(
            RateLimits::new(&config.rate_limit),
            limit,
        ))
        .layer(from_fn_with_state(
            client::Proxies::new(config.server.proxies()),
            client::find,
        ))
        .layer(from_fn(add_security_headers))
        .layer(from_fn(with_request_id))
}

/// The layer of a route that takes uploads: lets its body grow to
/// `limits.upload_bytes_max`.
pub fn upload_limit(config: &Config) -> DefaultBodyLimit {
    DefaultBodyLimit::max(saturating(config.limits.upload_bytes_max))
}

/// Answers only requests that name this machine (`localhost`, a loopback
/// address). A page of another site can point its own name at 127.0.0.1 and
/// then counts as the same site to the browser (DNS rebinding); the name in
/// `Host` gives it away.
pub fn loopback_only(router: Router) -> Router {
    router.layer(from_fn(async |request: Request, next: Next| {
        if names_loopback(&request) {
            return next.run(request).await;
        }
        Problem::forbidden("这个程序只回答发给本机的请求，地址里的主机名不是本机")
            .hint("请在本机浏览器打开 http://localhost 或 http://127.0.0.1 加端口")
            .into_response()
    }))
}

/// Whether the request names this machine: then it does not leave it, and needs no TLS.
pub fn names_loopback(request: &Request) -> bool {
    let Some(host) = host(request) else {
        return false;
    };
    let name = host.host().trim_start_matches('[').trim_end_matches(']');
    match name.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    }
}

/// Whom the request is for: the address line of HTTP/2, else the header.
fn host(request: &Request) -> Option<Authority> {
    let named = || request.headers().get(header::HOST)?.to_str().ok();
    request
        .uri()
        .authority()
        .cloned()
        .or_else(|| named()?.parse().ok())
}

/// Another site's page must not write with what this visitor may do here.
///
/// The browser says where a request comes from: `Sec-Fetch-Site` (W3C Fetch
/// Metadata), and where that is missing, as on plain HTTP, `Origin` (RFC 6454),
/// which is compared with `Host`. Programs send neither and are not browsers
/// that could be misled.
async fn refuse_other_sites(request: Request, next: Next) -> Response {
    let reads = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if reads || from_here(&request) {
        return next.run(request).await;
    }
    Problem::forbidden("这个请求来自别的网站，没有执行")
        .hint("请从本系统的页面操作；经反向代理访问的，请让代理原样传递 Host 头")
        .into_response()
}

fn from_here(request: &Request) -> bool {
    let headers = request.headers();
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    // `null`, the origin of sandboxed and forwarded pages, has no host and is refused
    let origin = origin.to_str().ok().and_then(|text| {
        let (_, authority) = text.split_once("://")?;
        authority.parse::<Authority>().ok()
    });
    origin.is_some() && origin == host(request)
}

fn saturating(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

async fn with_request_id(request: Request, next: Next) -> Response {
    // always ours: a client's id could forge lines of the log
    let id = Uuid::now_v7().to_string();
    // whatever is logged meanwhile carries the id, at every level
    let span = tracing::error_span!("request", request_id = %id);
    CURRENT
        .scope(id.clone(), answered(id, request, next))
        .instrument(span)
        .await
}

async fn answered(id: String, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let under_way = UnderWay::begin();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    // the path only: queries may hold names and codes of people
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let (status, took) = (response.status(), started.elapsed());
    under_way.answered(
        &method,
        route.as_ref().map(MatchedPath::as_str),
        status,
        took,
    );
    // the account by its id only: whose refusals these are can be found out, names are not for a log
    let account = person(&response).map(|person| person.account.to_string());
    tracing::info!(
        %method,
        path,
        account = account.as_deref(),
        status = status.as_u16(),
        elapsed_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "请求"
    );
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

async fn add_security_headers(request: Request, next: Next) -> Response {
    let elsewhere = host(&request).is_some() && !names_loopback(&request);
    let mut response = next.run(request).await;
    let signed_in = person(&response).is_some();
    let headers = response.headers_mut();
    for (name, value) in SECURITY_HEADERS {
        headers
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    if elsewhere {
        // browsers heed it only over TLS (RFC 6797, section 8.1)
        headers
            .entry(header::STRICT_TRANSPORT_SECURITY)
            .or_insert(HSTS);
    }
    if signed_in {
        headers.entry(header::CACHE_CONTROL).or_insert(NOT_KEPT);
    }
    response
}

/// Who it turned out to be that asked: a layer further in leaves the viewer in the answer.
fn person(response: &Response) -> Option<&Person> {
    response.extensions().get::<Viewer>()?.as_person()
}

fn on_panic(panic: Box<dyn Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("panic without a text");
    let id = current_request_id();
    tracing::error!(panic = text, "处理请求时崩溃");
    Problem::broken(&id).into_response()
}

/// Extractors and the router refuse in English plain text or with nothing;
/// our own answers have a type and pass.
async fn explain_refusals(State(bytes_max): State<u64>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || !is_plain(&response) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = refusal_text(body).await;
    let mut explained = problem_of(status, &path, bytes_max, &text).into_response();
    if let Some(allow) = parts.headers.get(header::ALLOW) {
        explained.headers_mut().insert(header::ALLOW, allow.clone());
    }
    explained
}

fn is_plain(response: &Response) -> bool {
    match response.headers().get(header::CONTENT_TYPE) {
        None => true,
        Some(kind) => kind.as_bytes().starts_with(b"text/plain"),
    }
}

async fn refusal_text(body: Body) -> String {
    match to_bytes(body, REFUSAL_BYTES_MAX).await {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    }
}

fn problem_of(status: StatusCode, path: &str, bytes_max: u64, text: &str) -> Problem {
    match status {
        StatusCode::NOT_FOUND => Problem::not_found(format!("地址「{path}」")),
        StatusCode::BAD_REQUEST if text.starts_with(WRONG_PATH) => {
            Problem::not_found(format!("地址「{path}」"))
        }
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(bytes_max),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(
            status,
            "method-not-allowed",
            "请求方法不对",
            format!("地址「{path}」不接受这种请求方法"),
        )
        .hint("可用的方法见答复的 Allow 头"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(
            status,
            "unsupported-media-type",
            "内容类型不对",
            "请求头 Content-Type 不是这个地址接受的类型",
        )
        .hint("JSON 请写 application/json，上传请写 multipart/form-data"),
        _ if status.is_client_error() && text.is_empty() => {
            Problem::new(status, "refused", "请求被拒绝", "请求不能处理").hint("请核对地址与参数")
        }
        _ if status.is_client_error() => {
            let mut problem = refusal::problem(text);
            problem.status = status;
            problem
        }
        _ => Problem::internal(format!("{status}: {text}")),
    }
}
