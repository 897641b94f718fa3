//! The API's document, as JSON and as a page.

use std::sync::Arc;

use askama::Template;
use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};
use utoipa::openapi::{
    ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, path::Operation,
};
use zhida_platform::access::{Open, Rights};
use zhida_ui::{Frame, Html, Page};

const PROBLEM: &str = "application/problem+json";

/// `/api/openapi.json` and `/api`.
pub fn router(mut document: OpenApi) -> Router {
    document_problems(&mut document);
    Router::new()
        .route("/api/openapi.json", get(json))
        .route("/api", get(page))
        .with_state(Arc::new(document))
}

async fn json(State(document): State<Arc<OpenApi>>) -> impl IntoResponse {
    Json(document.as_ref().clone())
}

/// What the outer layers do for all endpoints is said of all: who may, and that a refusal is a
/// problem (RFC 9457).
fn document_problems(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let operations = [
            ("GET", &mut item.get),
            ("POST", &mut item.post),
            ("PUT", &mut item.put),
            ("PATCH", &mut item.patch),
            ("DELETE", &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                document_rights(operation, right(method, path));
                document_refusals(operation);
            }
        }
    }
}

/// The Chinese name of what an endpoint asks for; empty when it asks for nothing.
fn right(method: &str, path: &str) -> &'static str {
    let rights = Rights::shipped();
    let routes = rights.routes_at(path).iter();
    let mut route = routes.filter(|route| route.method == method);
    match route.next().map(|route| &route.open) {
        Some(Open::To(action)) => rights.action_name(action).unwrap_or_default(),
        Some(Open::ToEveryone) | None => "",
    }
}

/// Visitors' rights are everybody's: no token lacks them but one that leaves them out.
fn document_rights(operation: &mut Operation, right: &str) {
    if right.is_empty() {
        return;
    }
    let responses = &mut operation.responses.responses;
    let told = [
        ("401", format!("没有登录，而访客没有“{right}”的权限")),
        ("403", format!("没有“{right}”的权限")),
    ];
    for (status, text) in told {
        responses.insert(status.to_owned(), RefOr::T(problem(&text)));
    }
}

fn document_refusals(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    for (status, response) in responses.iter_mut() {
        if let (false, RefOr::T(response)) = (status.starts_with('2'), response) {
            let taken = std::mem::take(&mut response.content);
            let kind = |_| PROBLEM.to_owned();
            response.content = taken.into_iter().map(|(k, v)| (kind(k), v)).collect();
        }
    }
    let other = || RefOr::T(refusal());
    responses.entry("default".to_owned()).or_insert_with(other);
}

fn refusal() -> Response {
    problem(
        "没有执行：参数有误、没有权限、内容太大，或系统出错；说明写在 detail、hint 和 fields 里",
    )
}

fn problem(description: &str) -> Response {
    let problem = Ref::from_schema_name("Problem");
    ResponseBuilder::new()
        .description(description)
        .content(PROBLEM, ContentBuilder::new().schema(Some(problem)).build())
        .build()
}

/// One endpoint.
struct Endpoint {
    method: &'static str,
    path: String,
    summary: String,
    right: &'static str,
}

#[derive(Template)]
#[template(path = "zhida/api.html")]
struct ApiPage {
    page: Page,
    endpoints: Vec<Endpoint>,
}

async fn page(State(document): State<Arc<OpenApi>>, frame: Frame) -> Html<ApiPage> {
    let page = frame
        .page("开放接口")
        .lead("企业、政策和匹配的 JSON 接口；完整说明是 OpenAPI 文档，可导入常用工具。")
        .active("/api");
    Html(ApiPage {
        page,
        endpoints: endpoints(&document),
    })
}

fn endpoints(document: &OpenApi) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in [
            ("GET", &item.get),
            ("POST", &item.post),
            ("PUT", &item.put),
            ("PATCH", &item.patch),
            ("DELETE", &item.delete),
        ] {
            if let Some(operation) = operation {
                let summary = operation.summary.clone().unwrap_or_default();
                endpoints.push(Endpoint {
                    method,
                    path: path.clone(),
                    summary,
                    right: right(method, path),
                });
            }
        }
    }
    endpoints
}
