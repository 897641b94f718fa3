//! The room's pages in a real browser.

use std::time::Duration;

use fantoccini::Locator;
use zhida_platform::access::Viewer;
use zhida_testkit::{Browser, TestServer, sqlite};

use crate::pages::site;
use crate::sample;

/// Waits until the page's text holds `words`.
async fn appears(browser: &Browser, words: &str) {
    for _ in 0..100 {
        let text = browser
            .execute("return document.body.innerText", vec![])
            .await
            .unwrap();
        if text.as_str().is_some_and(|text| text.contains(words)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("页面上没有出现“{words}”");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_accessible_and_the_editor_checks_while_typing() {
    let db = sqlite().await;
    let policies = sample(&db).await;
    let officer = Viewer::officer("经办员甲");
    let server = TestServer::start(site(&policies, officer)).await;
    let browser = Browser::start().await;
    for (path, name) in [
        ("/policies", "policies-list"),
        ("/policies/sample-yanfa-buzhu", "policies-item"),
        ("/policies/documents/sample-gaoqi-2026", "policies-document"),
        ("/policies/sample-yanfa-buzhu/edit", "policies-editor"),
    ] {
        browser.open(&server.url(path)).await;
        browser.screenshot(name).await;
        browser.axe(path).await;
    }
    let typed = "const rule = document.getElementById('rule-1'); rule.value = arguments[0];
        rule.dispatchEvent(new Event('change', { bubbles: true }));";
    let wrong = serde_json::json!("上年.没这个 > 1");
    browser.execute(typed, vec![wrong]).await.unwrap();
    appears(&browser, "不认识“没这个”").await;
    browser.screenshot("policies-editor-mistake").await;
    let right = serde_json::json!("上年.营业收入 不低于 2000万");
    browser.execute(typed, vec![right]).await.unwrap();
    appears(&browser, "上年.营业收入 >= 20000000").await;
    browser.phone().await;
    browser
        .open(&server.url("/policies/sample-yanfa-buzhu"))
        .await;
    browser.screenshot("policies-item-phone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_editor_checks_without_javascript() {
    let db = sqlite().await;
    let policies = sample(&db).await;
    let officer = Viewer::officer("经办员甲");
    let server = TestServer::start(site(&policies, officer)).await;
    let browser = Browser::without_javascript().await;
    browser
        .open(&server.url("/policies/sample-yanfa-buzhu/edit"))
        .await;
    let rule = browser.find(Locator::Css("#rule-1")).await.unwrap();
    rule.clear().await.unwrap();
    rule.send_keys("上年.没这个 > 1").await.unwrap();
    let button = Locator::Css("button[formaction='/policies/check']");
    browser.follow(button).await;
    let source = browser.source().await.unwrap();
    assert!(
        source.contains("不认识“没这个”") && source.contains("保存草稿"),
        "the whole editor comes back"
    );
}
