//! The API's document, as JSON and as a page.

use std::sync::Arc;

use askama::Template;
use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};
use utoipa::openapi::{
    ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, path::Operation,
};
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

/// What the outer layers do for all endpoints is said of all: a refusal is a problem (RFC 9457).
fn document_problems(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.post,
            &mut item.put,
            &mut item.patch,
            &mut item.delete,
        ];
        operations.into_iter().flatten().for_each(document_refusals);
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
    let problem = Ref::from_schema_name("Problem");
    ResponseBuilder::new()
        .description("没有执行：参数有误、没有权限、内容太大，或系统出错；说明写在 detail、hint 和 fields 里")
        .content(PROBLEM, ContentBuilder::new().schema(Some(problem)).build())
        .build()
}

/// One endpoint.
struct Endpoint {
    method: &'static str,
    path: String,
    summary: String,
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
                });
            }
        }
    }
    endpoints
}
