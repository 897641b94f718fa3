//! Figures for the people who watch the system, in Prometheus's text format. They hold counts only: no
//! name, address, code or path of a request, but the template of its route (`/enterprises/:code`).
//!
//! They are not for everybody: `/metrics` has a listener of its own (`server.metrics_addr`), off by default
//! and meant for the loopback interface or the network of the monitoring. A token would have to be kept in the
//! monitoring's configuration and renewed; an address is what firewalls are good at.

use std::sync::LazyLock;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};
use sea_orm::FromQueryResult;

use crate::db::{self, Database, Engine};

/// The type of the text.
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;
/// Upper bounds of the latency histogram in seconds: a page within 0.1 s, a list of a million within 1 s.
const SECONDS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0,
];
/// The label of what is no route of ours, so that probing strangers cannot make new series.
const NO_ROUTE: &str = "none";

static REQUESTS: LazyLock<Requests> = LazyLock::new(Requests::new);

/// What the whole process has answered since it started.
struct Requests {
    registry: Registry,
    answered: IntCounterVec,
    seconds: HistogramVec,
    under_way: IntGauge,
}

impl Requests {
    fn new() -> Self {
        let made = || -> prometheus::Result<Self> {
            let registry = Registry::new();
            let answered = IntCounterVec::new(
                Opts::new("zhida_http_requests_total", "Requests answered."),
                &["method", "route", "status"],
            )?;
            let seconds = HistogramVec::new(
                HistogramOpts::new(
                    "zhida_http_request_duration_seconds",
                    "Time until the answer's head.",
                )
                .buckets(SECONDS.to_vec()),
                &["method", "route"],
            )?;
            let under_way =
                IntGauge::new("zhida_http_requests_under_way", "Requests being answered.")?;
            registry.register(Box::new(answered.clone()))?;
            registry.register(Box::new(seconds.clone()))?;
            registry.register(Box::new(under_way.clone()))?;
            registry.register(Box::new(ProcessCollector::for_self()))?;
            Ok(Self {
                registry,
                answered,
                seconds,
                under_way,
            })
        };
        made().expect("the names are sound and registered once, see the test")
    }
}

/// A request under way; it is counted as answered by [`UnderWay::answered`], and as ended when dropped.
pub(crate) struct UnderWay(());

impl UnderWay {
    pub(crate) fn begin() -> Self {
        REQUESTS.under_way.inc();
        Self(())
    }

    pub(crate) fn answered(
        self,
        method: &Method,
        route: Option<&str>,
        status: StatusCode,
        took: Duration,
    ) {
        // braces within a value are allowed, but not every reader of this format copes with them
        let route = route.map(|route| route.replace('{', ":").replace('}', ""));
        let (method, route) = (known(method), route.as_deref().unwrap_or(NO_ROUTE));
        REQUESTS
            .answered
            .with_label_values(&[method, route, status.as_str()])
            .inc();
        REQUESTS
            .seconds
            .with_label_values(&[method, route])
            .observe(took.as_secs_f64());
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        REQUESTS.under_way.dec();
    }
}

/// A client may invent methods; they are one series.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// A figure of a room, taken when it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gauge {
    /// Its name, `zhida_…`.
    pub name: &'static str,
    /// What it counts, in English as all of Prometheus.
    pub help: &'static str,
    /// The figure.
    pub value: i64,
}

/// All figures as text: those of the requests and the process, of the database, and the rooms' own.
///
/// # Errors
/// When the database does not answer or two figures have one name.
pub async fn text(db: &Database, version: &str, rooms: &[Gauge]) -> Result<String, MetricsError> {
    let registry = Registry::new();
    let one = |name: &str, help: &str, value: i64| -> prometheus::Result<()> {
        let gauge = IntGauge::new(name, help)?;
        gauge.set(value);
        registry.register(Box::new(gauge))
    };
    let many = |name, help, label, values: &[(String, i64)]| -> prometheus::Result<()> {
        let gauges = IntGaugeVec::new(Opts::new(name, help), &[label])?;
        for (value, figure) in values {
            gauges.with_label_values(&[value.as_str()]).set(*figure);
        }
        registry.register(Box::new(gauges))
    };
    let info = [(version.to_owned(), 1)];
    many("zhida_info", "The running version.", "version", &info)?;
    many(
        "zhida_database_connections",
        "Connections of the pool by state.",
        "state",
        &connections(db),
    )?;
    many(
        "zhida_jobs",
        "Background jobs by state.",
        "state",
        &by_state(db, "job").await?,
    )?;
    many(
        "zhida_message_deliveries",
        "Deliveries of messages by state.",
        "state",
        &by_state(db, "delivery").await?,
    )?;
    let sql = "SELECT no FROM audit_head WHERE id = 1";
    let head = db::query_count(db.conn(), sql, []).await?;
    one("zhida_audit_head", "Number of the last audit record.", head)?;
    for gauge in rooms {
        one(gauge.name, gauge.help, gauge.value)?;
    }
    let mut families = REQUESTS.registry.gather();
    families.extend(registry.gather());
    let mut text = Vec::new();
    TextEncoder::new().encode(&families, &mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The database did not answer.
    #[error(transparent)]
    Db(#[from] db::Error),
    /// A figure's name is wrong or taken.
    #[error("指标的名称不对或重复")]
    Figures(#[from] prometheus::Error),
}

fn connections(db: &Database) -> [(String, i64); 2] {
    let (size, idle) = match db.engine() {
        Engine::Sqlite => {
            let pool = db.conn().get_sqlite_connection_pool();
            (pool.size(), pool.num_idle())
        }
        Engine::Postgres => {
            let pool = db.conn().get_postgres_connection_pool();
            (pool.size(), pool.num_idle())
        }
    };
    let idle = i64::try_from(idle).unwrap_or(i64::MAX);
    [
        ("used".to_owned(), i64::from(size).saturating_sub(idle)),
        ("idle".to_owned(), idle),
    ]
}

#[derive(FromQueryResult)]
struct State {
    state: String,
    count: i64,
}

/// Rows of a table of the platform by their state; there is an index on it.
async fn by_state(db: &Database, table: &str) -> db::Result<Vec<(String, i64)>> {
    let sql = format!("SELECT state, COUNT(*) AS count FROM {table} GROUP BY state ORDER BY state");
    let rows: Vec<State> = db::query_all(db.conn(), &sql, []).await?;
    Ok(rows.into_iter().map(|row| (row.state, row.count)).collect())
}
