//! The loop that takes connections, the layers that look at addresses, and the figures.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{Method, Request};
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use zhida_platform::config::Config;
use zhida_platform::http::harden;
use zhida_platform::metrics::{self, Gauge};
use zhida_platform::server::serve;
use zhida_testkit::{App, TestDatabase, TestResponse, both_databases};

fn router(config: &Config) -> Router {
    let router = Router::new()
        .route(
            "/who",
            get(async |ConnectInfo(who): ConnectInfo<SocketAddr>| who.ip().to_string()),
        )
        .route("/sign-in", post(async || "好"))
        .route("/things/{id}", get(async || "好").post(async || "好"))
        .route("/assets/{name}", get(async || "好"))
        .route(
            "/length",
            post(async |bytes: Bytes| bytes.len().to_string()),
        )
        .route(
            "/slow",
            get(async || {
                tokio::time::sleep(Duration::from_secs(2)).await;
                "好"
            }),
        );
    harden(router, config)
}

/// What the in-process app sees as the connection.
async fn ask(app: &App, peer: &str, method: Method, path: &str, via: Option<&str>) -> TestResponse {
    let peer: SocketAddr = format!("{peer}:4711").parse().expect("an address");
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .extension(ConnectInfo(peer));
    if let Some(via) = via {
        request = request.header("x-forwarded-for", via);
    }
    app.send(request.body(Body::empty()).expect("a request"))
        .await
}

#[tokio::test]
async fn only_trusted_proxies_say_who_asks() {
    let mut config = Config::default();
    config.server.trusted_proxies = vec!["127.0.0.1".to_owned(), "10.0.0.0/8".to_owned()];
    let app = App::new(router(&config));
    for (peer, via, client) in [
        (
            "127.0.0.1",
            Some("198.51.100.7, 203.0.113.5"),
            "203.0.113.5",
        ),
        ("10.1.2.3", Some("203.0.113.5, 10.9.9.9"), "203.0.113.5"),
        ("192.0.2.1", Some("203.0.113.5"), "192.0.2.1"),
        ("192.0.2.1", None, "192.0.2.1"),
    ] {
        let answer = ask(&app, peer, Method::GET, "/who", via).await;
        assert_eq!(answer.text(), client, "{peer} {via:?}");
    }
    let nobody = App::new(router(&Config::default()));
    let answer = ask(
        &nobody,
        "127.0.0.1",
        Method::GET,
        "/who",
        Some("203.0.113.5"),
    )
    .await;
    assert_eq!(answer.text(), "127.0.0.1", "by default no proxy is trusted");
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_again() {
    let mut config = Config::default();
    config.server.trusted_proxies = vec!["127.0.0.1".to_owned()];
    config.rate_limit.reads_per_minute = 3;
    config.rate_limit.writes_per_minute = 2;
    config.rate_limit.sign_ins_per_minute = 1;
    let app = App::new(router(&config));
    for (method, path, times) in [
        (Method::GET, "/things/1", 3),
        (Method::POST, "/things/1", 2),
        (Method::POST, "/sign-in", 1),
    ] {
        for _ in 0..times {
            let answer = ask(&app, "203.0.113.5", method.clone(), path, None).await;
            assert_eq!(answer.status, 200, "{method} {path}");
        }
        let refused = ask(&app, "203.0.113.5", method.clone(), path, None).await;
        let body = refused.clone().expect_status(429).json();
        assert_eq!(body["code"], "too-many-requests", "{body}");
        let seconds: u64 = refused.header("retry-after").parse().expect("seconds");
        assert!((1..=61).contains(&seconds), "{seconds}");
        // somebody else is not hindered, nor is he behind the proxy, nor are the assets, nor this machine
        for (peer, via) in [
            ("203.0.113.6", None),
            ("127.0.0.1", Some("203.0.113.7")),
            ("127.0.0.1", None),
        ] {
            let answer = ask(&app, peer, method.clone(), path, via).await;
            assert_eq!(answer.status, 200, "{peer} {via:?}");
        }
        let refused = ask(&app, "127.0.0.1", method, path, Some("203.0.113.5")).await;
        assert_eq!(refused.status, 429, "the same address through the proxy");
    }
    for _ in 0..10 {
        let answer = ask(&app, "203.0.113.5", Method::GET, "/assets/a.css", None).await;
        assert_eq!(answer.status, 200);
    }
}

/// A running server: its address, the word to stop, and how it ended.
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<bool>,
}

async fn start(read_seconds: u64, stop_seconds: u64) -> Running {
    let mut config = Config::default();
    config.server.read_timeout_seconds = read_seconds;
    config.server.stop_seconds = stop_seconds;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(async move {
        let stopped = async {
            let _dropped = stopped.await;
        };
        serve(listener, router(&config), &config.server, stopped).await
    });
    Running {
        address,
        stop,
        ended,
    }
}

async fn sent(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(text.as_bytes()).await.expect("sent");
    stream
}

async fn answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("read");
    text
}

#[tokio::test]
async fn a_head_that_does_not_come_and_a_body_that_stops_are_cut_off() {
    let server = start(1, 1).await;
    let begun = Instant::now();
    let mut slow = sent(server.address, "GET /who HTTP/1.1\r\nHost: a\r\nX-Slow: ").await;
    let text = answer(&mut slow).await;
    assert!(!text.contains("200 OK"), "{text}");
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    let head =
        "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nConnection: close\r\n\r\nab";
    let mut slow = sent(server.address, head).await;
    let text = answer(&mut slow).await;
    assert!(text.starts_with("HTTP/1.1 4"), "{text}");
    assert!(
        begun.elapsed() < Duration::from_secs(9),
        "{:?}",
        begun.elapsed()
    );
    // who sends at once is served
    let mut quick = sent(server.address, &format!("{head}cdefghi")).await;
    assert!(answer(&mut quick).await.ends_with("\r\n\r\n9"));
    let who = "GET /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let mut quick = sent(server.address, who).await;
    assert!(answer(&mut quick).await.ends_with("127.0.0.1"));
}

#[tokio::test]
async fn a_stop_lets_requests_end_but_not_for_ever() {
    let slow = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
    let server = start(30, 20).await;
    let mut under_way = sent(server.address, slow).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.stop.send(()).expect("running");
    assert!(answer(&mut under_way).await.contains("200 OK"));
    assert!(server.ended.await.expect("no panic"), "all ended in time");
    assert!(TcpStream::connect(server.address).await.is_err());

    let server = start(30, 1).await;
    let mut head = sent(server.address, "GET /who HTTP/1.1\r\nHost: a\r\n").await;
    let mut under_way = sent(server.address, slow).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    server.stop.send(()).expect("running");
    assert!(!server.ended.await.expect("no panic"), "the deadline came");
    assert!(
        begun.elapsed() < Duration::from_millis(1_900),
        "{:?}",
        begun.elapsed()
    );
    let _unanswered = head.shutdown().await;
    assert!(answer(&mut under_way).await.len() < 4_096);
}

both_databases!(figures_are_what_others_read);

async fn figures_are_what_others_read(db: TestDatabase) {
    use prometheus_parse::{Scrape, Value};
    db.migrate(&[]).await.expect("migrated");
    let app = App::new(router(&Config::default()));
    for path in ["/things/1", "/things/2", "/nowhere/1", "/nowhere/2"] {
        app.get(path).await;
    }
    let sql = "INSERT INTO job (id, kind, payload, state, priority, run_at, key_while_running, asked_by, attempts,
        attempts_max, owner, done, note, result, created_at, updated_at)
        VALUES ('1', 'k', '', 'failed', 0, '', FALSE, '', 0, 0, '', 0, '', '', '', '')";
    db.write(|tx| async move { zhida_platform::db::execute(&tx, sql, []).await })
        .await
        .expect("written");
    let room = Gauge {
        name: "zhida_engine_ready",
        help: "1 when loaded.",
        value: 1,
    };
    let text = metrics::text(&db, "1.2.3", std::slice::from_ref(&room)).await;
    let text = text.expect("figures");
    let scrape = Scrape::parse(text.lines().map(|line| Ok(line.to_owned())));
    let scrape = scrape.expect("the text format");
    let value = |name: &str, labels: &[(&str, &str)]| {
        let found = scrape.samples.iter().find(|sample| {
            sample.metric == name && labels.iter().all(|(k, v)| sample.labels.get(k) == Some(*v))
        });
        let found = found.unwrap_or_else(|| panic!("{name} {labels:?} is not in\n{text}"));
        match &found.value {
            Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value) => *value,
            Value::Histogram(buckets) => buckets.last().map_or(0.0, |bucket| bucket.count),
            Value::Summary(_) => panic!("no summary"),
        }
    };
    let things = [("method", "GET"), ("route", "/things/:id")];
    let answered = value(
        "zhida_http_requests_total",
        &[things[0], things[1], ("status", "200")],
    );
    assert!(answered >= 2.0, "{answered}");
    assert!(value("zhida_http_request_duration_seconds", &things) >= 2.0);
    let nowhere = [("route", "none"), ("status", "404")];
    assert!(value("zhida_http_requests_total", &nowhere) >= 2.0);
    assert!(!text.contains("/nowhere"), "{text}");
    assert_eq!(value("zhida_jobs", &[("state", "failed")]), 1.0);
    assert_eq!(value("zhida_audit_head", &[]), 0.0);
    assert_eq!(value("zhida_engine_ready", &[]), 1.0);
    assert_eq!(value("zhida_info", &[("version", "1.2.3")]), 1.0);
    assert!(value("zhida_database_connections", &[("state", "idle")]) >= 0.0);
    assert!(value("process_resident_memory_bytes", &[]) > 1e6);
    let twice = metrics::text(&db, "", &[room.clone(), room]).await;
    assert!(twice.is_err(), "one name, two figures");
}
