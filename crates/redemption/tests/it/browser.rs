//! The journeys in a real browser, without JavaScript, and what the pages look like on a desk and on a phone.

use fantoccini::Locator;
use zhida_platform::progress::Silent;
use zhida_policies::Delivery;
use zhida_testkit::{Browser, TestServer, sqlite};

use crate::world::{World, boss, clerk, decider, editor, payee};

pub(crate) async fn looks_right(browser: &Browser, server: &TestServer, path: &str, name: &str) {
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

pub(crate) async fn says(browser: &Browser, words: &str) {
    let source = browser.source().await.unwrap();
    assert!(source.contains(words), "{words} in {source}");
}

async fn fill_payee(browser: &Browser, number: usize) {
    for (field, text) in payee(number) {
        let field = browser.find(Locator::Id(field)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(&text).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_applying_an_officer_releases_and_the_enterprise_taps_once() {
    let world = World::new(sqlite().await).await;
    world
        .publish("gaoqi", Delivery::NoApplication, |_| {})
        .await;
    world.pool("gaoqi", 1_000_000).await;
    world.redemption.night(&Silent).await.unwrap();
    let browser = Browser::without_javascript().await;
    let office = TestServer::start(world.router(clerk())).await;
    browser.open(&office.url("/redemption/closure")).await;
    browser
        .follow(Locator::LinkText("高新技术企业认定奖励"))
        .await;
    browser.follow(Locator::Css("button[value='all']")).await;
    says(&browser, "已放行 4 家").await;
    let own = TestServer::start(world.router(boss(1))).await;
    browser.open(&own.url("/redemption")).await;
    says(&browser, "等您办理").await;
    browser
        .follow(Locator::LinkText("高新技术企业认定奖励"))
        .await;
    fill_payee(&browser, 1).await;
    browser
        .follow(Locator::Css("form[action$='/confirm'] button"))
        .await;
    says(&browser, "公示中").await;
    world.clock.pass(5);
    world.work().await;
    browser.open(&own.url("/redemption")).await;
    browser
        .follow(Locator::LinkText("高新技术企业认定奖励"))
        .await;
    says(&browser, "由财政部门拨付").await;
    says(&browser, "已锁定 100,000 元").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instant_item_takes_one_page_and_no_paper() {
    let world = World::new(sqlite().await).await;
    world.publish("jiuye", Delivery::Instant, |_| {}).await;
    world.pool("jiuye", 1_000_000).await;
    let browser = Browser::without_javascript().await;
    let own = TestServer::start(world.router(boss(2))).await;
    browser.open(&own.url("/redemption/apply/jiuye")).await;
    says(&browser, "4 万元").await;
    browser
        .follow(Locator::Css(
            "form[action='/redemption/apply/jiuye'] button",
        ))
        .await;
    says(&browser, "请填写收款账户").await;
    fill_payee(&browser, 2).await;
    browser
        .follow(Locator::Css(
            "form[action='/redemption/apply/jiuye'] button",
        ))
        .await;
    says(&browser, "公示中").await;
    says(&browser, "数据核对符合全部条件").await;
    browser.open(&own.url("/redemption/apply/jiuye")).await;
    says(&browser, "已经有一件").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_is_demanded_back_on_one_page_and_both_sides_see_it() {
    let world = World::new(sqlite().await).await;
    let id = crate::clawback::paid(&world).await;
    let path = format!("/redemption/cases/{id}/recovery");
    let browser = Browser::without_javascript().await;
    let office = TestServer::start(world.router(decider())).await;
    browser.open(&office.url(&path)).await;
    browser
        .follow(Locator::Css(&format!("form[action='{path}'] button")))
        .await;
    says(&browser, "请选择追回多少").await;
    for css in [
        "input[name=cause][value='false-materials']",
        "input[name=extent][value='whole']",
    ] {
        let radio = browser.find(Locator::Css(css)).await.unwrap();
        radio.click().await.unwrap();
    }
    for (field, words) in [("reason", "纳税数据虚报"), ("basis", "条例第十四条")] {
        let field = browser.find(Locator::Id(field)).await.unwrap();
        field.send_keys(words).await.unwrap();
    }
    browser
        .follow(Locator::Css(&format!("form[action='{path}'] button")))
        .await;
    says(&browser, "纳税数据虚报").await;
    let own = TestServer::start(world.router(boss(1))).await;
    let status = format!("/redemption/cases/{id}");
    let browser = Browser::start().await;
    looks_right(&browser, &own, &status, "redemption-clawed-back").await;
    says(&browser, "全额追回，撤销原决定").await;
    looks_right(&browser, &office, &path, "redemption-clawback").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_accessible_and_fit_a_phone() {
    let world = World::new(sqlite().await).await;
    world
        .publish("gaoqi", Delivery::NoApplication, |_| {})
        .await;
    world.publish("jiuye", Delivery::Instant, |_| {}).await;
    world.pool("gaoqi", 1_000_000).await;
    world.offer().await;
    let case = world.case(1, "gaoqi").await;
    let case = format!("/redemption/cases/{}", case["id"].as_str().unwrap());
    let browser = Browser::start().await;
    let server = TestServer::start(world.router(boss(1))).await;
    for (path, name) in [
        ("/redemption", "redemption-mine"),
        (case.as_str(), "redemption-status"),
        ("/redemption/apply/jiuye", "redemption-apply"),
    ] {
        looks_right(&browser, &server, path, name).await;
    }
    let server = TestServer::start(world.router(editor())).await;
    for (path, name) in [
        ("/schemes", "redemption-schemes"),
        ("/schemes/gaoqi", "redemption-scheme"),
        ("/schemes/gaoqi/edit", "redemption-scheme-edit"),
    ] {
        looks_right(&browser, &server, path, name).await;
    }
    let server = TestServer::start(world.router(clerk())).await;
    for (path, name) in [
        ("/redemption/closure", "redemption-closure"),
        ("/redemption/closure/gaoqi", "redemption-candidates"),
        ("/redemption/lists", "redemption-lists"),
        ("/redemption/evaluation", "redemption-evaluation"),
        ("/redemption/evaluation/gaoqi", "redemption-scorecard"),
        ("/redemption/reports", "redemption-reports"),
        (
            "/redemption/reports?by=place&from=2026-13-01",
            "redemption-reports-wrong",
        ),
    ] {
        looks_right(&browser, &server, path, name).await;
    }
}
