//! The tools of the tests, tested.

use axum::Router;
use axum::extract::{Form, Multipart};
use axum::response::Html;
use axum::routing::{get, post};
use serde_json::Value;
use zhida_platform::db::{self, Engine};
use zhida_testkit::{App, Browser, Part, TestServer, block_on, databases};

const PAGE: &str = "<!doctype html><html lang='zh-CN'><head><meta charset='utf-8'><title>直达</title></head>\
    <body><main><h1>江城</h1><p id='p'>没有脚本</p>\
    <form method='post' action='/echo'><label>名称 <input name='name'></label><button>查找</button></form>\
    <script>document.getElementById('p').textContent = '有脚本'</script></main></body></html>";

async fn upload(mut form: Multipart) -> String {
    let mut told = Vec::new();
    while let Some(field) = form.next_field().await.expect("a field") {
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().unwrap_or_default().to_owned();
        told.push(format!(
            "{name}/{file}/{}",
            field.text().await.expect("text")
        ));
    }
    told.join("|")
}

fn router() -> Router {
    Router::new()
        .route("/", get(async || Html(PAGE)))
        .route(
            "/bad",
            get(async || Html("<html><body><img src='x'><p>无</p></body></html>")),
        )
        .route(
            "/echo",
            post(async |Form(form): Form<Value>| axum::Json(form)),
        )
        .route("/upload", post(upload))
}

#[test]
fn each_database_is_fresh_and_of_its_engine() {
    block_on(async {
        for _ in 0..2 {
            let databases = databases().await;
            let engines: Vec<Engine> = databases.iter().map(|db| db.engine()).collect();
            assert_eq!(engines, [Engine::Sqlite, Engine::Postgres]);
            for db in &databases {
                db.write(|tx| async move {
                    db::execute(&tx, "CREATE TABLE fresh (id BIGINT)", []).await
                })
                .await
                .expect("no such table before");
            }
        }
    });
}

#[test]
fn the_app_sends_forms_json_and_files() {
    block_on(async {
        let app = App::new(router());
        let form = app
            .post_form("/echo", &[("name", "江城 & 1"), ("b", "=")])
            .await;
        assert_eq!(form.expect_status(200).json()["name"], "江城 & 1");
        let parts = [
            Part::text("as", "dry run"),
            Part::file("file", "企业.csv", "名称\r\n甲"),
        ];
        let upload = app.post_multipart("/upload", &parts).await;
        assert_eq!(upload.text(), "as//dry run|file/企业.csv/名称\r\n甲");
        assert_eq!(app.get("/nowhere").await.status.as_u16(), 404);
    });
}

#[test]
fn the_browser_reads_types_and_takes_pictures() {
    block_on(async {
        let server = TestServer::start(router()).await;
        let browser = Browser::start().await;
        browser.open(&server.url("/")).await;
        assert_eq!(text_of(&browser, "#p").await, "有脚本");
        browser.axe("/").await;
        let picture = browser.screenshot("testkit").await;
        assert!(std::fs::metadata(picture).expect("a picture").len() > 1_000);
        let name = browser
            .find(fantoccini::Locator::Css("input"))
            .await
            .expect("a field");
        name.send_keys("江城\u{e007}").await.expect("typed");
        browser
            .wait()
            .for_url(&server.url("/echo").parse().expect("a URL"))
            .await
            .expect("sent");
        assert!(browser.source().await.expect("a page").contains("江城"));
    });
}

#[test]
fn the_browser_can_do_without_javascript() {
    block_on(async {
        let server = TestServer::start(router()).await;
        let browser = Browser::without_javascript().await;
        browser.open(&server.url("/")).await;
        assert_eq!(text_of(&browser, "#p").await, "没有脚本");
    });
}

#[test]
#[should_panic(expected = "image-alt")]
fn axe_tells_what_is_wrong() {
    block_on(async {
        let server = TestServer::start(router()).await;
        let browser = Browser::start().await;
        browser.open(&server.url("/bad")).await;
        browser.axe("/bad").await;
    });
}

async fn text_of(browser: &Browser, css: &str) -> String {
    let element = browser
        .find(fantoccini::Locator::Css(css))
        .await
        .expect("found");
    element.text().await.expect("text")
}
