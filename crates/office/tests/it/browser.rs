//! The pages in a real browser: on a desk and on a phone, with and without JavaScript.

use std::sync::atomic::Ordering;

use fantoccini::Locator;
use serde_json::json;
use tokio::sync::oneshot;
use zhida_platform::audit::Entry;
use zhida_platform::clock::Clock as _;
use zhida_testkit::{Browser, TestServer, sqlite};

use crate::world::{ENTERPRISE, World, until};

async fn looks_right(browser: &Browser, server: &TestServer, path: &str, name: &str) {
    browser.open(&server.url(path)).await;
    browser.screenshot(name).await;
    browser.axe(path).await;
    browser.phone().await;
    let wide = "return document.documentElement.scrollWidth - window.innerWidth";
    let wide = browser.execute(wide, vec![]).await.unwrap();
    browser.screenshot(&format!("{name}-phone")).await;
    browser.axe(path).await;
    assert_eq!(wide.as_i64(), Some(0), "{path} is wider than a phone");
    browser.set_window_size(1280, 900).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_auditors_pages_are_accessible_and_fit_a_phone() {
    let world = World::new(sqlite().await).await;
    let now = world.clock.now();
    let changed = Entry::new(
        now,
        "系统管理员甲",
        "people.change_organisation",
        "organisation",
        "7",
    )
    .before(json!({ "name": "样例市发展和改革委员会", "division": "330300" }))
    .after(json!({ "name": "样例市发展和改革局", "division": "330300" }))
    .detail(json!({ "reason": "机构改革" }));
    let viewed = Entry::view(now, "经办人员乙", "registry.view", "enterprise", ENTERPRISE)
        .enterprise(ENTERPRISE);
    world.record(&[changed, viewed]).await;
    let server = TestServer::start(world.router("auditor")).await;
    let browser = Browser::start().await;
    looks_right(
        &browser,
        &server,
        "/office/audit/chain",
        "office-chain-empty",
    )
    .await;
    let button = Locator::Css("main form .govuk-button");
    browser.follow(button).await;
    looks_right(
        &browser,
        &server,
        "/office/audit/chain",
        "office-chain-live",
    )
    .await;
    assert_eq!(world.run_due().await, 1);
    for (path, name) in [
        ("/office", "office-auditor"),
        ("/office/audit", "office-audit"),
        ("/office/audit?from=x", "office-audit-wrong"),
        ("/office/audit?actor=x", "office-audit-none"),
        ("/office/audit/1", "office-record"),
        ("/office/audit/chain", "office-chain"),
    ] {
        looks_right(&browser, &server, path, name).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_system_administrators_pages_are_accessible_and_fit_a_phone() {
    let world = World::new(sqlite().await).await;
    let failed = world.enqueue("test.fails").await;
    assert_eq!(world.run_due().await, 1);
    let _waiting = world.enqueue("test.slow").await;
    let server = TestServer::start(world.router("sysadmin")).await;
    let browser = Browser::start().await;
    for (path, name) in [
        ("/office", "office-sysadmin"),
        ("/office/jobs", "office-jobs"),
        (&format!("/office/jobs/{failed}"), "office-job"),
        ("/office/schedules", "office-schedules"),
        ("/office/files", "office-files"),
    ] {
        looks_right(&browser, &server, path, name).await;
    }
    let server = TestServer::start(world.router("secadmin")).await;
    looks_right(&browser, &server, "/office", "office-secadmin").await;
}

/// The words of the job's page as it stands in the browser; asked in one step, for htmx may replace it between two.
async fn words(browser: &Browser) -> String {
    let text = "return document.getElementById('job').innerText";
    let text = browser.execute(text, vec![]).await.unwrap();
    text.as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_watched_and_cancelled() {
    let world = World::new(sqlite().await).await;
    let (stop, stopped) = oneshot::channel::<()>();
    let worker = tokio::spawn(world.worker().run(async move {
        let _ended = stopped.await;
    }));
    let id = world.enqueue("test.slow").await;
    let server = TestServer::start(world.router("sysadmin")).await;

    // without JavaScript: reload, and the button
    let plain = Browser::without_javascript().await;
    let page = server.url(&format!("/office/jobs/{id}"));
    until("progress", async || {
        plain.open(&page).await;
        words(&plain).await.contains("正在一步一步做")
    })
    .await;
    let button = Locator::Css("#job form .govuk-button--warning");
    plain.follow(button).await;
    until("cancelling", async || {
        plain.open(&page).await;
        words(&plain).await.contains("已取消")
    })
    .await;
    let again = Locator::Css("#job form .govuk-button");
    plain.follow(again).await;

    // with it the page follows by itself
    let browser = Browser::start().await;
    browser.open(&page).await;
    until("running", async || {
        words(&browser).await.contains("正在一步一步做")
    })
    .await;
    browser.axe("a running job").await;
    world.hurry.store(true, Ordering::Relaxed);
    until("the end", async || words(&browser).await.contains("做完了")).await;
    let _still_there = stop.send(());
    worker.await.unwrap();
}
