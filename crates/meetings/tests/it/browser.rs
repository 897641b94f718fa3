//! The meeting's journey in a real browser without JavaScript, and what the pages look like on a desk and on a phone.

use fantoccini::Locator;
use zhida_testkit::{Browser, TestServer, sqlite};

use crate::world::{World, clerk_of, leader, supervisor};

async fn looks_right(browser: &Browser, server: &TestServer, path: &str, name: &str) {
    browser.open(&server.url(path)).await;
    browser.screenshot(name).await;
    browser.axe(path).await;
    browser.phone().await;
    let wide = "return document.documentElement.scrollWidth - window.innerWidth";
    let wide = browser.execute(wide, vec![]).await.unwrap();
    browser.screenshot(&format!("{name}-phone")).await;
    assert_eq!(wide.as_i64(), Some(0), "{path} is wider than a phone");
    browser.axe(path).await;
    browser.set_window_size(1280, 900).await.unwrap();
}

async fn says(browser: &Browser, words: &str) {
    let source = browser.source().await.unwrap();
    assert!(source.contains(words), "{words} in {source}");
}

async fn fill(browser: &Browser, id: &str, text: &str) {
    let field = browser.find(Locator::Id(id)).await.unwrap();
    field.clear().await.unwrap();
    field.send_keys(text).await.unwrap();
}

async fn press(browser: &Browser, css: &str) {
    browser.follow(Locator::Css(css)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_an_overdue_appeal_to_striking_off() {
    let world = World::new(sqlite().await).await;
    let browser = Browser::without_javascript().await;
    let office = TestServer::start(world.router(supervisor())).await;
    browser.open(&office.url("/meetings")).await;
    browser.follow(Locator::LinkText("新建调度会")).await;
    press(&browser, "form[action='/meetings/new'] button").await;
    says(&browser, "请填写名称").await;
    fill(&browser, "title", "企业面对面解难题双周调度会").await;
    fill(&browser, "chair", "分管副县长").await;
    fill(&browser, "members", "县自然资源局").await;
    press(&browser, "form[action='/meetings/new'] button").await;
    let tick = browser.find(Locator::Id("appeal-7")).await.unwrap();
    tick.click().await.unwrap();
    press(&browser, "form[action$='/appeals'] button").await;
    says(&browser, "诉求-2026-000007-1").await;
    press(&browser, "form[action$='/hold'] button").await;
    says(&browser, "已召开").await;
    let choose = "#item option:nth-child(2)";
    browser
        .find(Locator::Css(choose))
        .await
        .unwrap()
        .click()
        .await
        .unwrap();
    fill(&browser, "measure", "两周内报批").await;
    fill(&browser, "body", "县自然资源局").await;
    fill(&browser, "person", "王股长").await;
    press(&browser, "form[action$='/task'] button").await;
    browser
        .follow(Locator::LinkText("厂房扩建用地指标迟迟不下"))
        .await;
    let path = browser.current_url().await.unwrap().path().to_owned();
    let body = TestServer::start(world.router(clerk_of(0))).await;
    browser.open(&body.url(&path)).await;
    fill(&browser, "words", "指标已经下达到企业").await;
    press(&browser, "button[formaction$='/done']").await;
    says(&browser, "待销号").await;
    let chair = TestServer::start(world.router(leader())).await;
    browser.open(&chair.url(&path)).await;
    press(&browser, "button[formaction$='/strike']").await;
    says(&browser, "企业还没有确认解决").await;
    world.heard.confirm("7");
    browser.open(&chair.url(&path)).await;
    press(&browser, "button[formaction$='/strike']").await;
    says(&browser, "已销号").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_accessible_and_fit_a_phone() {
    let world = World::new(sqlite().await).await;
    let planned = world.planned().await;
    let held = world.held().await;
    let task = world.given(&held).await;
    let browser = Browser::start().await;
    let office = TestServer::start(world.router(supervisor())).await;
    for (path, name) in [
        ("/meetings", "meetings"),
        ("/meetings/new", "meeting-new"),
        ("/meetings/series", "meeting-series"),
        (planned.as_str(), "meeting-planned"),
        (held.as_str(), "meeting-held"),
        ("/meetings/tasks", "meeting-tasks"),
        (&format!("/meetings/tasks/{task}"), "meeting-task"),
    ] {
        looks_right(&browser, &office, path, name).await;
    }
}
