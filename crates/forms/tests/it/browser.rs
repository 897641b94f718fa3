//! The gallery in a real browser: it saves itself, says so truthfully, follows conditions, and works without JavaScript.

use std::time::Duration;

use fantoccini::Locator;
use zhida_forms::Draft;
use zhida_testkit::{Browser, TestServer, sqlite};

use crate::gallery::{ENTERPRISE, routes};
use crate::world::World;

const PATH: &str = "/form/first";
const STATE: &str = "document.querySelector('[data-save-state]').textContent";

async fn served() -> (World, TestServer) {
    let world = World::new(sqlite().await).await;
    let server = TestServer::start(routes(std::sync::Arc::clone(&world.gallery))).await;
    (world, server)
}

async fn draft(world: &World) -> Draft {
    let found = world.gallery.drafts.find(ENTERPRISE, "first").await;
    found.expect("asked").expect("there")
}

async fn run(browser: &Browser, script: &str) {
    browser
        .execute(script, vec![])
        .await
        .expect("the script runs");
}

async fn value(browser: &Browser, script: &str) -> String {
    let found = browser
        .execute(&format!("return String({script})"), vec![])
        .await;
    found
        .expect("the script runs")
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// Waits until a script answers `true`.
async fn wait_for(browser: &Browser, script: &str) {
    for _ in 0..200 {
        if value(browser, script).await == "true" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let state = value(browser, STATE).await;
    panic!("never true: {script}; the page says {state}");
}

/// Types as a person does: the page hears of it.
async fn type_into(browser: &Browser, id: &str, text: &str) {
    let script = format!(
        "const input = document.getElementById('{id}'); input.value = '{text}'; \
         input.dispatchEvent(new Event('input', {{ bubbles: true }})); \
         input.dispatchEvent(new Event('change', {{ bubbles: true }}))"
    );
    run(browser, &script).await;
}

async fn saved(browser: &Browser) {
    wait_for(browser, &format!("{STATE}.startsWith('已保存')")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_is_accessible_on_desk_and_phone_and_with_faults() {
    let (_world, server) = served().await;
    let browser = Browser::start().await;
    browser.open(&server.url(PATH)).await;
    browser.axe("form").await;
    browser.screenshot("form").await;
    browser.follow(Locator::Css("button[value='submit']")).await;
    browser.axe("form with faults").await;
    browser.screenshot("form-faults").await;
    assert_ne!(
        value(
            &browser,
            "document.querySelectorAll('.govuk-error-summary a').length"
        )
        .await,
        "0"
    );
    // every line of the summary leads to an input
    let lost = "[...document.querySelectorAll('.govuk-error-summary a')].filter((a) => \
                !document.getElementById(decodeURIComponent(a.hash.slice(1)))).map((a) => a.hash).join()";
    assert_eq!(value(&browser, lost).await, "");
    browser.phone().await;
    browser.open(&server.url(PATH)).await;
    browser.axe("form on a phone").await;
    browser.screenshot("form-phone").await;
    let wider = value(
        &browser,
        "document.documentElement.scrollWidth > window.innerWidth",
    )
    .await;
    assert_eq!(wider, "false", "the page scrolls sideways on a phone");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_save_themselves_and_conditions_follow() {
    let (world, server) = served().await;
    let browser = Browser::start().await;
    browser.open(&server.url(PATH)).await;
    assert_eq!(value(&browser, STATE).await, "已保存 12:00");
    let hidden = |id: &str| format!("document.getElementById('ask-{id}').hidden === true");
    assert_eq!(value(&browser, &hidden("lender")).await, "true");
    type_into(&browser, "project", "生产线改造").await;
    saved(&browser).await;
    assert_eq!(draft(&world).await.answers.text("project"), "生产线改造");
    run(
        &browser,
        "document.querySelector('input[name=has_loan][value=true]').click()",
    )
    .await;
    wait_for(&browser, &format!("!({})", hidden("lender"))).await;
    type_into(&browser, "lender", "某银行").await;
    saved(&browser).await;
    run(
        &browser,
        "document.querySelector('input[name=has_loan][value=false]').click()",
    )
    .await;
    wait_for(&browser, &hidden("lender")).await;
    saved(&browser).await;
    let kept = draft(&world).await;
    assert_eq!(
        kept.answers.text("lender"),
        "某银行",
        "hidden answers are kept"
    );
    // what is typed while a save is under way is saved after it
    for text in ["一", "一二", "一二三"] {
        type_into(&browser, "summary", text).await;
    }
    wait_for(&browser, &format!("{STATE}.startsWith('已保存')")).await;
    assert_eq!(draft(&world).await.answers.text("summary"), "一二三");
    assert!(
        draft(&world).await.asides.is_empty(),
        "one tab is never in its own way"
    );
    browser.open(&server.url(PATH)).await;
    assert_eq!(
        value(&browser, "document.getElementById('summary').value").await,
        "一二三"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_never_says_saved_when_it_is_not() {
    let (world, server) = served().await;
    let browser = Browser::start().await;
    browser.open(&server.url(PATH)).await;
    run(
        &browser,
        "window.real = window.fetch; window.fetch = () => Promise.reject(new TypeError('offline'))",
    )
    .await;
    type_into(&browser, "project", "断网时写的").await;
    wait_for(&browser, &format!("{STATE}.includes('没有保存成功')")).await;
    assert_eq!(draft(&world).await.answers.text("project"), "");
    browser.screenshot("form-offline").await;
    // signed out meanwhile
    run(
        &browser,
        "window.fetch = () => Promise.resolve(new Response('', { status: 401 }))",
    )
    .await;
    type_into(&browser, "project", "退出后写的").await;
    wait_for(&browser, &format!("{STATE}.includes('登录已过期')")).await;
    // and back again
    run(
        &browser,
        "window.fetch = window.real; window.dispatchEvent(new Event('focus'))",
    )
    .await;
    saved(&browser).await;
    assert_eq!(draft(&world).await.answers.text("project"), "退出后写的");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_tab_loses_nothing() {
    let (world, server) = served().await;
    let browser = Browser::start().await;
    browser.open(&server.url(PATH)).await;
    // a colleague saves in another tab
    let colleague = world.app();
    let parts = [
        ("version", "1"),
        ("tab", "other"),
        ("project", "同事写的"),
        ("do", "autosave"),
    ];
    let parts = parts.map(|(name, text)| zhida_testkit::Part::text(name, text));
    let _ = colleague
        .post_multipart(PATH, &parts)
        .await
        .expect_status(200);
    type_into(&browser, "project", "我写的").await;
    wait_for(&browser, &format!("{STATE}.includes('另外保留')")).await;
    run(
        &browser,
        "document.querySelector('.zd-ask-form').dataset.leaving = ''; window.onbeforeunload = null",
    )
    .await;
    browser.follow(Locator::Css("button[value='save']")).await;
    let source = browser.source().await.expect("the page");
    assert!(
        source.contains("同事写的") && source.contains("我写的"),
        "both are shown"
    );
    browser.axe("form with a conflict").await;
    browser.screenshot("form-stale").await;
    run(
        &browser,
        "document.querySelector('input[name=take]').click()",
    )
    .await;
    browser
        .follow(Locator::Css("button[value^='settle:']"))
        .await;
    let settled = draft(&world).await;
    assert_eq!(
        (settled.answers.text("project"), settled.asides.len()),
        ("我写的", 0)
    );
    assert_eq!(
        value(&browser, "document.getElementById('project').value").await,
        "我写的"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_without_javascript() {
    let (world, server) = served().await;
    let browser = Browser::without_javascript().await;
    browser.open(&server.url(PATH)).await;
    let source = browser.source().await.expect("the page");
    assert!(
        source.contains("改动后请按"),
        "it does not claim to save by itself"
    );
    let project = browser.find(Locator::Id("project")).await.expect("there");
    project.send_keys("改造").await.expect("typed");
    browser
        .follow(Locator::Css("button[value='add:equipment']"))
        .await;
    assert_eq!(
        draft(&world).await.answers.text("project"),
        "改造",
        "a button saves the whole page"
    );
    browser
        .find(Locator::Id("equipment-1-device"))
        .await
        .expect("a second row");
    let yes = browser.find(Locator::Id("has_loan")).await.expect("there");
    yes.send_keys(" ").await.expect("chosen by keyboard");
    browser.follow(Locator::Css(".zd-savebar button")).await;
    let lender = browser.find(Locator::Id("lender")).await.expect("there");
    assert!(
        lender.is_displayed().await.expect("asked"),
        "the condition is followed after a save"
    );
}
