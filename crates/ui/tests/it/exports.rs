//! Choosing columns on a page and keeping them: as a form sends it, and in a browser by keyboard, on a phone, without
//! JavaScript.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::NaiveDate;
use fantoccini::Locator;
use uuid::Uuid;
use zhida_platform::access::{Origin, Person, Viewer};
use zhida_platform::clock::FixedClock;
use zhida_platform::config::Config;
use zhida_platform::export::{
    Chosen, Column, ExportTemplates, Table, csv_response, percent_encoded, xlsx_response,
};
use zhida_testkit::{App, Browser, TestDatabase, TestServer, block_on, sqlite};
use zhida_ui::exports::router;
use zhida_ui::{Exports, Frame, Html, Page, PageError, Shell, with_frame};

#[derive(Template)]
#[template(
    source = r#"{% extends "ui/frame.html" %}{% import "ui/components.html" as ui %}{% block content %}<div id="results">{{ ui::exports(exports) }}</div>{% endblock %}"#,
    ext = "html"
)]
struct ListPage {
    page: Page,
    exports: Exports,
}

type Asked = Query<Vec<(String, String)>>;

fn given<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    let found = asked.iter().find(|(field, _)| field == name);
    found.map(|(_, value)| value.as_str())
}

/// The list has the column 规模 unless somebody sees less.
fn columns(asked: &Asked) -> Vec<Column> {
    let all = ["编号", "=企业", "规模"].map(Column::new);
    let seen = if given(asked, "less").is_some() { 2 } else { 3 };
    all.into_iter().take(seen).collect()
}

async fn list(frame: Frame, asked: Asked) -> Result<Response, PageError> {
    let query: Vec<String> = asked
        .iter()
        .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
        .collect();
    let csv = match query.is_empty() {
        true => "/things/export.csv".to_owned(),
        false => format!("/things/export.csv?{}", query.join("&")),
    };
    let exports = frame
        .exports("test.things", &csv, &columns(&asked), "共 1 件")
        .await?;
    let page = frame.page("名单");
    Ok(Html(ListPage { page, exports }).into_response())
}

/// One row that says which filter came along.
fn table(asked: &Asked) -> Table {
    let row = [
        "1".into(),
        given(asked, "q").unwrap_or_default().into(),
        "大型".into(),
    ];
    let columns = columns(asked);
    let row = row.into_iter().take(columns.len()).collect();
    Table::new("名单", columns, futures::stream::iter([Ok(row)]))
}

async fn csv(asked: Asked, chosen: Chosen) -> Result<Response, PageError> {
    Ok(csv_response(table(&asked).only(&chosen)?))
}

async fn xlsx(asked: Asked, chosen: Chosen) -> Result<Response, PageError> {
    Ok(xlsx_response(table(&asked).only(&chosen)?).await?)
}

fn routes(db: &TestDatabase, viewer: Viewer) -> Router {
    let day = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a date");
    let templates = ExportTemplates::new(db.handle(), Arc::new(FixedClock::on(day)));
    let routes = Router::new()
        .route("/things", get(list))
        .route("/things/export.csv", get(csv))
        .route("/things/export.xlsx", get(xlsx))
        .merge(router(templates.clone()));
    let shell = Shell {
        viewer,
        templates: Some(templates),
        ..Shell::default()
    };
    with_frame(routes, shell, &Config::default())
}

fn person(account: u128) -> Viewer {
    Viewer::person(Person {
        account: Uuid::from_u128(account),
        name: "张三".to_owned(),
        seat: None,
        second_factor: true,
        token: None,
        origin: Origin::default(),
    })
}

async fn database() -> TestDatabase {
    let db = sqlite().await;
    db.migrate(&[]).await.expect("the schema is built");
    db
}

/// What stands between two texts, each time.
fn between<'p>(page: &'p str, start: &str, end: &str) -> Vec<&'p str> {
    let rests = page.split(start).skip(1);
    rests.filter_map(|rest| rest.split(end).next()).collect()
}

/// The addresses of a template's downloads, as a browser reads them.
fn downloads(page: &str) -> Vec<String> {
    let lists = between(page, "class=\"zd-exports__templates\"", "</ul>");
    let links = lists.iter().flat_map(|list| between(list, "href=\"", "\""));
    links.map(|link| link.replace("&#38;", "&")).collect()
}

async fn saved(app: &App, back: &str, name: &str, columns: &[&str]) -> u16 {
    let path = format!(
        "/export-templates?list=test.things&back={}",
        percent_encoded(back)
    );
    let mut fields = vec![("q", "甲"), ("columns", "")];
    fields.extend(columns.iter().map(|column| ("columns", *column)));
    fields.push(("template-name", name));
    let answer = app.post_form(&path, &fields).await;
    if answer.status == 303 {
        assert_eq!(answer.header("location"), back);
    }
    answer.status.as_u16()
}

#[tokio::test]
async fn the_form_of_an_export_brings_the_filters_and_all_columns_are_checked() {
    let db = database().await;
    let page = App::new(routes(&db, Viewer::visitor()))
        .get("/things?q=%E7%94%B2%26&size=big")
        .await
        .expect_status(200);
    let page = page.text();
    let boxes = between(page, "type=\"checkbox\" value=\"", "\" checked>");
    assert_eq!(boxes, ["编号", "=企业", "规模"]);
    for part in [
        r#"<input type="hidden" name="q" value="甲&#38;">"#,
        r#"<input type="hidden" name="size" value="big">"#,
        r#"<input type="hidden" name="columns" value="">"#,
        r#"<form action="/things/export.csv" method="get">"#,
        r#"formaction="/things/export.xlsx""#,
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("存为模板"), "a visitor has no templates");
    let signed_in = App::new(routes(&db, person(1))).get("/things").await;
    assert!(signed_in.text().contains("存为模板"));
}

#[tokio::test]
async fn what_was_checked_leaves_in_the_order_of_the_list() {
    let db = database().await;
    let app = App::new(routes(&db, Viewer::visitor()));
    let sent = "q=%E7%94%B2&columns=&columns=%E8%A7%84%E6%A8%A1&columns=%E7%BC%96%E5%8F%B7";
    let csv = app.get(&format!("/things/export.csv?{sent}")).await;
    let csv = csv.expect_status(200);
    assert_eq!(csv.text(), "\u{feff}编号,规模\r\n1,大型\r\n");
    let xlsx = app.get(&format!("/things/export.xlsx?{sent}")).await;
    assert!(xlsx.expect_status(200).bytes.starts_with(b"PK"));
    let whole = app.get("/things/export.csv?q=%E7%94%B2").await;
    assert_eq!(
        whole.text(),
        "\u{feff}编号,'=企业,规模\r\n1,甲,大型\r\n",
        "no parameter is all columns"
    );
    for kind in ["csv", "xlsx"] {
        let path = format!("/things/export.{kind}?columns=");
        let none = app.get(&path).await.expect_status(400);
        assert!(none.text().contains("至少选择一列"), "{}", none.text());
        let evil = percent_encoded("<x-evil>=1+1");
        let path = format!("{path}{evil}");
        let unknown = app.get(&path).await.expect_status(400);
        let words = unknown.text();
        assert!(words.contains("可选的列：编号、=企业、规模"), "{words}");
        assert!(!words.contains("<x-evil>"), "{words}");
    }
    // who sees less is not told of what there is to see
    let less = app.get("/things/export.csv?less=1&columns=x").await;
    assert!(!less.expect_status(400).text().contains("规模"));
}

#[tokio::test]
async fn a_template_is_one_press_away_under_the_filters_of_the_moment() {
    let db = database().await;
    let app = App::new(routes(&db, person(1)));
    let back = "/things?q=%E7%94%B2";
    assert_eq!(saved(&app, back, "月报", &["规模", "编号"]).await, 303);
    assert_eq!(saved(&app, back, "只看规模", &["规模"]).await, 303);
    let page = app.get("/things?q=%E4%B9%99").await.expect_status(200);
    let links = downloads(page.text());
    assert_eq!(links.len(), 4, "{links:?}");
    let csv = app.get(&links[0]).await.expect_status(200);
    assert_eq!(csv.text(), "\u{feff}编号,规模\r\n1,大型\r\n");
    assert!(links[0].starts_with("/things/export.csv?q="), "{links:?}");
    assert!(links[1].starts_with("/things/export.xlsx?q="), "{links:?}");
    // a column that is there no more
    let page = app.get("/things?less=1").await.expect_status(200);
    let page = page.text();
    assert!(page.contains("“规模”一列没有了，不再导出"), "{page}");
    assert!(page.contains("其中的列都没有了"), "{page}");
    let links = downloads(page);
    assert_eq!(links.len(), 2, "nothing is left of the other: {links:?}");
    let csv = app.get(&links[0]).await.expect_status(200);
    assert_eq!(csv.text(), "\u{feff}编号\r\n1\r\n");
    // what cannot be kept is said
    assert_eq!(saved(&app, back, "", &["规模"]).await, 400);
    assert_eq!(saved(&app, back, "空的", &[]).await, 400);
}

#[tokio::test]
async fn templates_are_removed_by_their_account_only_and_lead_back_to_this_site() {
    let db = database().await;
    let (app, other) = (
        App::new(routes(&db, person(1))),
        App::new(routes(&db, person(2))),
    );
    let evil = "\"'><x-evil>=1";
    assert_eq!(saved(&app, "/things", evil, &["编号", evil]).await, 303);
    let page = app.get("/things").await.expect_status(200);
    assert!(!page.text().contains("<x-evil"), "{}", page.text());
    let removal = between(page.text(), "action=\"/export-templates/", "\"")[0];
    let id = removal.split('/').next().expect("an id");
    assert!(removal.ends_with("?back=%2Fthings"), "{removal}");
    let theirs = other.get("/things").await;
    assert!(!theirs.text().contains("x-evil"));
    let path = format!("/export-templates/{id}/remove");
    let _ = other.post_form(&path, &[]).await.expect_status(404);
    let visitor = App::new(routes(&db, Viewer::visitor()));
    let _ = visitor.post_form(&path, &[]).await.expect_status(401);
    let back = format!("{path}?back=//evil.example");
    let removed = app.post_form(&back, &[]).await.expect_status(303);
    assert_eq!(removed.header("location"), "/");
    let page = app.get("/things").await;
    assert!(!page.text().contains("x-evil"));
    let _ = app.post_form(&path, &[]).await.expect_status(404);
}

/// Answers the value of a script run in the page.
async fn value(browser: &Browser, script: &str) -> String {
    let found = browser
        .execute(&format!("return String({script})"), vec![])
        .await
        .expect("the script runs");
    found.as_str().unwrap_or_default().to_owned()
}

async fn press(browser: &Browser, keys: &str) {
    let active = browser.active_element().await.expect("something has focus");
    active.send_keys(keys).await.expect("keys are pressed");
}

#[test]
fn columns_are_chosen_by_keyboard_on_a_phone() {
    block_on(async {
        let db = database().await;
        let server = TestServer::start(routes(&db, person(1))).await;
        let browser = Browser::start().await;
        browser.phone().await;
        browser.open(&server.url("/things?q=x")).await;
        let _ = browser
            .execute(
                "document.querySelector('.zd-exports summary').focus()",
                vec![],
            )
            .await
            .expect("the script runs");
        press(&browser, "\u{e007}").await;
        browser.axe("选择列").await;
        browser.screenshot("exports-phone").await;
        let wider = "document.documentElement.scrollWidth > window.innerWidth";
        assert_eq!(value(&browser, wider).await, "false");
        let checked = "document.querySelectorAll('input[name=columns]:checked').length";
        assert_eq!(value(&browser, checked).await, "3");
        press(&browser, "\u{e004}").await;
        press(&browser, " ").await;
        assert_eq!(
            value(&browser, checked).await,
            "2",
            "the first box has focus"
        );
        let all = "document.querySelector('[data-check-all]')";
        assert_eq!(value(&browser, &format!("{all}.textContent")).await, "全选");
        for (count, label) in [("3", "全不选"), ("0", "全选")] {
            let _ = browser
                .execute(&format!("{all}.click()"), vec![])
                .await
                .expect("the script runs");
            assert_eq!(value(&browser, checked).await, count);
            assert_eq!(value(&browser, &format!("{all}.textContent")).await, label);
        }
    });
}

#[test]
fn without_javascript_a_template_is_kept_and_removed() {
    block_on(async {
        let db = database().await;
        let server = TestServer::start(routes(&db, person(1))).await;
        let browser = Browser::without_javascript().await;
        browser.open(&server.url("/things?q=x")).await;
        let find = async |css: &'static str| {
            let found = browser.find(Locator::Css(css)).await;
            found.expect(css)
        };
        find(".zd-exports summary")
            .await
            .click()
            .await
            .expect("it opens");
        find("label[for=columns-3]")
            .await
            .click()
            .await
            .expect("a box");
        let name = find("#template-name").await;
        name.send_keys("月报").await.expect("typed");
        browser
            .follow(Locator::Css(".zd-exports__save button"))
            .await;
        let address = browser.current_url().await.expect("the browser answers");
        assert_eq!(address.query(), Some("q=x"), "back to the list");
        let kept = find(".zd-exports__templates").await;
        let words = kept.text().await.expect("its words");
        assert!(words.starts_with("月报"), "{words}");
        find(".zd-exports summary")
            .await
            .click()
            .await
            .expect("it opens");
        let kept = find(".zd-exports__kept").await;
        let words = kept.text().await.expect("its words");
        assert!(
            words.contains("编号、=企业") && !words.contains("规模"),
            "{words}"
        );
        browser
            .follow(Locator::Css(".zd-exports__kept button"))
            .await;
        let left = browser
            .find_all(Locator::Css(".zd-exports__templates"))
            .await;
        assert!(left.expect("the browser answers").is_empty());
    });
}
