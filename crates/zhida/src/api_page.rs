//! The API's document, as JSON and as a page.

use std::sync::Arc;

use askama::Template;
use axum::{Json, Router, extract::State, response::IntoResponse, routing::get};
use utoipa::openapi::OpenApi;
use zhida_ui::{Frame, Html, Page};

/// `/api/openapi.json` and `/api`.
pub fn router(document: OpenApi) -> Router {
    Router::new()
        .route("/api/openapi.json", get(json))
        .route("/api", get(page))
        .with_state(Arc::new(document))
}

async fn json(State(document): State<Arc<OpenApi>>) -> impl IntoResponse {
    Json(document.as_ref().clone())
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
