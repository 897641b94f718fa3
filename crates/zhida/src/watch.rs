//! What the machines that watch the server ask for: is it alive, is it ready, how much does it do.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Request, State},
    handler::Handler,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};
use zhida_matching::Matching;
use zhida_platform::{
    db::{self, Database, SchemaState},
    metrics::{self, Gauge},
    problem::Problem,
};

use crate::app::migrations;

/// A database that takes longer to say a word is not ready.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is watched.
#[derive(Clone)]
pub struct Watch {
    db: Database,
    matching: Arc<Matching>,
}

/// The answer of `/readyz`.
#[derive(Serialize)]
struct Ready {
    ready: bool,
    database: &'static str,
    schema: &'static str,
    /// Requests are answered while it loads, only more slowly.
    engine: &'static str,
}

impl Watch {
    /// Watches these.
    pub fn new(db: Database, matching: Arc<Matching>) -> Self {
        Self { db, matching }
    }

    /// `/healthz`: the process answers; restart it when it does not. `/readyz`: it can do its work; send
    /// visitors elsewhere when it cannot.
    pub fn routes(self) -> Router {
        Router::new()
            .route("/healthz", get(async || "ok\n"))
            .route("/readyz", get(ready))
            .with_state(self)
    }

    /// `/metrics`, on a listener of its own.
    pub fn serve_metrics(self, listener: TcpListener) -> JoinHandle<()> {
        let service = figures.with_state(self).into_make_service();
        tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, service).await {
                tracing::error!(%error, "监控指标的监听已停止");
            }
        })
    }

    async fn state(&self) -> Ready {
        let answers = db::query_count(self.db.conn(), "SELECT 1", []);
        let database = matches!(timeout(PATIENCE, answers).await, Ok(Ok(_)));
        let schema = match database {
            true => timeout(PATIENCE, self.db.schema_state(&migrations())).await,
            false => Ok(Ok(SchemaState::Empty)),
        };
        let current = matches!(schema, Ok(Ok(SchemaState::Current)));
        Ready {
            ready: database && current,
            database: if database { "ok" } else { "unreachable" },
            schema: if current { "current" } else { "not-current" },
            engine: match self.matching.is_ready() {
                true => "loaded",
                false => "loading",
            },
        }
    }

    fn gauges(&self) -> [Gauge; 2] {
        let items = self.matching.items_ready();
        [
            Gauge {
                name: "zhida_engine_ready",
                help: "1 when the matching engine is loaded.",
                value: i64::from(items.is_some()),
            },
            Gauge {
                name: "zhida_engine_items",
                help: "Policy items that the matching engine holds.",
                value: i64::try_from(items.unwrap_or(0)).unwrap_or(i64::MAX),
            },
        ]
    }
}

async fn ready(State(watch): State<Watch>) -> Response {
    let state = watch.state().await;
    let status = match state.ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(state)).into_response()
}

async fn figures(State(watch): State<Watch>, request: Request) -> Response {
    if request.uri().path() != "/metrics" {
        return Problem::not_found("这个地址")
            .hint("这里只有监控指标，地址是 /metrics")
            .into_response();
    }
    let gauges = watch.gauges();
    let text = metrics::text(&watch.db, env!("CARGO_PKG_VERSION"), &gauges);
    match timeout(PATIENCE, text).await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Ok(Err(error)) => Problem::internal(error).into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
