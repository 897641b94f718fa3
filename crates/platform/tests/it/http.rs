use axum::body::{Body, Bytes};
use axum::extract::{Json, Path};
use axum::http::{HeaderValue, Request, header};
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures::stream;
use serde_json::{Value, json};
use zhida_platform::access::Viewer;
use zhida_platform::config::Config;
use zhida_platform::http::{harden, loopback_only, upload_limit};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_testkit::{App, TestResponse};

fn app() -> App {
    let mut config = Config::default();
    config.limits.upload_bytes_max = 4 << 20;
    config.limits.page_limit_max = 50;
    let length = |bytes: Bytes| async move { bytes.len().to_string() };
    let router = Router::new()
        .route("/ok", get(async || "好"))
        .route("/panic", get(panics))
        .route("/fails", get(fails))
        .route(
            "/own",
            get(async || {
                (
                    [(header::CONTENT_SECURITY_POLICY, "default-src 'none'")],
                    "",
                )
            }),
        )
        .route(
            "/json",
            post(async |Json(body): Json<Numbers>| body.n.to_string()),
        )
        .route("/number/{n}", get(async |Path(n): Path<u32>| n.to_string()))
        .route(
            "/list",
            get(async |page: PageRequest| page.limit.to_string()),
        )
        .route(
            "/who",
            get(async |viewer: Viewer| viewer.actor().to_owned()),
        )
        .route(
            "/officer",
            get(async |viewer: Viewer| viewer.actor().to_owned())
                .layer(Extension(Viewer::officer("甲"))),
        )
        .route("/small", post(length))
        .route("/upload", post(length).layer(upload_limit(&config)));
    App::new(harden(router, &config))
}

#[derive(serde::Deserialize)]
struct Numbers {
    n: u32,
}

async fn panics() -> String {
    panic!("s3cret 机密")
}

async fn fails() -> Result<Json<Value>, Problem> {
    Err(sea_orm::DbErr::Custom("s3cret 机密".to_owned()))?;
    Ok(Json(json!({})))
}

fn problem(response: &TestResponse, status: u16, code: &str) -> Value {
    assert_eq!(response.status.as_u16(), status, "{}", response.text());
    assert_eq!(response.header("content-type"), "application/problem+json");
    let body = response.json();
    assert_eq!(body["code"], code, "{body}");
    assert_eq!(body["status"], status, "{body}");
    body
}

#[tokio::test]
async fn every_answer_has_the_headers_and_an_id() {
    for path in ["/ok", "/panic", "/nowhere"] {
        let response = app().get(path).await;
        let policy = response.header("content-security-policy");
        assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"));
        assert_eq!(response.header("x-content-type-options"), "nosniff");
        assert_eq!(response.header("x-request-id").len(), 36, "{path}");
    }
    let own = app().get("/own").await;
    assert_eq!(own.header("content-security-policy"), "default-src 'none'");
}

#[tokio::test]
async fn other_machines_are_told_to_use_tls() {
    for (host, told) in [
        ("zhida.example.gov.cn", true),
        ("192.168.1.2:8080", true),
        ("127.0.0.1:8080", false),
        ("localhost", false),
    ] {
        let answer = sent(&app(), "GET", &[("host", host)]).await;
        let policy = answer.header("strict-transport-security");
        assert_eq!(
            policy.contains("max-age=31536000"),
            told,
            "{host}: {policy}"
        );
    }
}

#[tokio::test]
async fn what_somebody_sees_who_has_signed_in_is_not_kept() {
    let person = zhida_testkit::seated("auditor", None, None);
    let as_person = |router: Router| {
        router.layer(axum::middleware::map_response(
            move |mut response: axum::response::Response| {
                let person = person.clone();
                async move {
                    response.extensions_mut().insert(person);
                    response
                }
            },
        ))
    };
    let routes = Router::new().route("/mine", get(async || "好")).route(
        "/asset",
        get(async || ([(header::CACHE_CONTROL, "public")], "好")),
    );
    let config = Config::default();
    let app = App::new(harden(as_person(routes.clone()), &config));
    assert_eq!(app.get("/mine").await.header("cache-control"), "no-store");
    assert_eq!(app.get("/asset").await.header("cache-control"), "public");
    let visitor = App::new(harden(routes, &config));
    assert_eq!(visitor.get("/mine").await.header("cache-control"), "");
}

#[tokio::test]
async fn panics_and_errors_tell_the_request_id_and_nothing_else() {
    for path in ["/panic", "/fails"] {
        let response = app().get(path).await;
        let body = problem(&response, 500, "internal");
        let id = response.header("x-request-id");
        assert!(
            body["detail"]
                .as_str()
                .is_some_and(|detail| detail.contains(id)),
            "{body}"
        );
        assert_eq!(body["instance"], format!("urn:uuid:{id}"), "{body}");
        assert!(!response.text().contains("s3cret") && !response.text().contains("机密"));
    }
}

#[tokio::test]
async fn refusals_of_the_framework_are_chinese_problems() {
    let app = app();
    let body = problem(&app.get("/nowhere").await, 404, "not-found");
    assert!(
        body["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("/nowhere"))
    );
    let wrong_method = app.post_form("/ok", &[]).await;
    problem(&wrong_method, 405, "method-not-allowed");
    assert!(wrong_method.header("allow").contains("GET"));
    problem(
        &app.post_form("/json", &[("n", "1")]).await,
        415,
        "unsupported-media-type",
    );
    let body = problem(
        &app.post_json("/json", &json!({"n": "一"})).await,
        422,
        "bad-input",
    );
    assert!(
        body["title"]
            .as_str()
            .is_some_and(|title| title.contains("有误"))
    );
    let body = problem(&app.get("/number/x").await, 404, "not-found");
    assert!(!body.to_string().contains("Invalid URL"), "{body}");
    assert_eq!(app.post_json("/json", &json!({"n": 1})).await.text(), "1");
}

#[tokio::test]
async fn bodies_are_limited_and_uploads_may_be_larger() {
    let app = app();
    let three = vec![b'x'; 3 << 20];
    let send = async |path: &str, body: Body| {
        app.send(Request::post(path).body(body).expect("a request"))
            .await
    };
    problem(
        &send("/small", three.clone().into()).await,
        413,
        "too-large",
    );
    assert_eq!(
        send("/upload", three.into()).await.text(),
        (3 << 20).to_string()
    );
    let five = vec![b'x'; 5 << 20];
    problem(
        &send("/upload", five.clone().into()).await,
        413,
        "too-large",
    );
    let pieces = stream::iter(
        five.chunks(1 << 16)
            .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()))
            .collect::<Vec<_>>(),
    );
    problem(
        &send("/upload", Body::from_stream(pieces)).await,
        413,
        "too-large",
    );
    let mut lying = Request::post("/upload")
        .body(Body::from("x"))
        .expect("a request");
    lying
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(2_u64 << 30));
    let body = problem(&app.send(lying).await, 413, "too-large");
    assert!(
        body["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("4,194,304")),
        "{body}"
    );
}

#[tokio::test]
async fn the_configured_page_limit_holds() {
    let app = app();
    assert_eq!(app.get("/list").await.text(), "20");
    assert_eq!(app.get("/list?limit=50").await.text(), "50");
    for path in ["/list?limit=51", "/list?limit=0", "/list?limit=x"] {
        problem(&app.get(path).await, 400, "bad-input");
    }
}

#[tokio::test]
async fn nobody_is_an_officer_unless_made_one() {
    let app = app();
    assert_eq!(app.get("/who").await.text(), "公众");
    assert_eq!(app.get("/officer").await.text(), "甲");
}

async fn sent(app: &App, method: &str, headers: &[(&str, &str)]) -> TestResponse {
    let mut request = Request::builder().method(method).uri("/small");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::empty()).expect("a request"))
        .await
}

#[tokio::test]
async fn other_sites_cannot_write() {
    let app = app();
    let host = ("host", "zhida.example:8080");
    for headers in [
        &[host, ("sec-fetch-site", "cross-site")][..],
        &[host, ("sec-fetch-site", "same-site")],
        &[host, ("sec-fetch-site", "")],
        &[
            host,
            ("sec-fetch-site", "cross-site"),
            ("origin", "http://zhida.example:8080"),
        ],
        &[host, ("origin", "http://evil.example")],
        &[host, ("origin", "http://zhida.example")],
        &[host, ("origin", "http://zhida.example:8081")],
        &[host, ("origin", "http://zhida.example:8080.evil.example")],
        &[host, ("origin", "null")],
        &[host, ("origin", "")],
        &[("origin", "http://zhida.example:8080")],
    ] {
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            let body = problem(&sent(&app, method, headers).await, 403, "forbidden");
            let detail = body["detail"].as_str().expect("a detail");
            assert!(detail.contains("来自别的网站"), "{headers:?}: {body}");
        }
        let read = sent(&app, "GET", headers).await;
        assert_eq!(read.status, 405, "reading is not refused: {headers:?}");
    }
    for headers in [
        &[][..],
        &[host, ("sec-fetch-site", "same-origin")],
        &[host, ("sec-fetch-site", "none"), ("origin", "null")],
        &[host, ("origin", "http://zhida.example:8080")],
        &[host, ("origin", "https://ZHIDA.example:8080")],
    ] {
        let written = sent(&app, "POST", headers).await;
        assert_eq!(written.status, 200, "{headers:?}: {}", written.text());
    }
}

#[tokio::test]
async fn names_that_are_not_this_machine_are_refused() {
    let app = App::new(loopback_only(
        Router::new().route("/small", get(async || "好")),
    ));
    for host in [
        "localhost",
        "LOCALHOST:8080",
        "127.0.0.1:8080",
        "127.1.2.3",
        "[::1]",
        "[::1]:8080",
    ] {
        let response = sent(&app, "GET", &[("host", host)]).await;
        assert_eq!(response.status, 200, "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example:8080",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "0.0.0.0:8080",
        "192.168.1.2:8080",
        "",
        "localhost/..",
    ] {
        let response = sent(&app, "GET", &[("host", host)]).await;
        problem(&response, 403, "forbidden");
    }
    problem(&sent(&app, "GET", &[]).await, 403, "forbidden");
}
