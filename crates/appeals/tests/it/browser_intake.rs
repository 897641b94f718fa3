//! The journey of somebody without an account in a real browser, on a phone and without JavaScript, and what the pages of
//! intake look like.

use fantoccini::Locator;
use zhida_platform::access::Viewer;
use zhida_platform::db;
use zhida_testkit::{Browser, TestServer, sqlite};

use crate::intake::{PNG, make_code};
use crate::world::{World, boss, code, manager, operator};

pub(crate) async fn says(browser: &Browser, words: &str) {
    let source = browser.source().await.unwrap();
    assert!(source.contains(words), "{words} in {source}");
}

pub(crate) async fn write(browser: &Browser, field: &str, text: &str) {
    let field = browser.find(Locator::Id(field)).await.unwrap();
    field.send_keys(text).await.unwrap();
}

/// Accessible, and no wider than a phone.
async fn fits(browser: &Browser, name: &str) {
    let wide = "return document.documentElement.scrollWidth - window.innerWidth";
    let wide = browser.execute(wide, vec![]).await.unwrap();
    browser.screenshot(name).await;
    assert_eq!(wide.as_i64(), Some(0), "{name} is wider than a phone");
    browser.axe(name).await;
}

pub(crate) async fn looks_right(browser: &Browser, server: &TestServer, path: &str, name: &str) {
    browser.open(&server.url(path)).await;
    let source = browser.source().await.unwrap();
    assert!(!source.contains("zd-error__status"), "{path}: {source}");
    browser.screenshot(name).await;
    browser.axe(path).await;
    browser.phone().await;
    fits(browser, &format!("{name}-phone")).await;
    browser.set_window_size(1280, 900).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_scans_a_code_sends_a_picture_and_follows() {
    let world = World::new(sqlite().await).await;
    let id = make_code(&world, "window", "政务服务中心 5 号窗口", "").await;
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("现场.png");
    std::fs::write(&picture, PNG).unwrap();
    let server = TestServer::start(world.router(Viewer::visitor())).await;
    let browser = Browser::without_javascript().await;
    browser.phone().await;
    browser.open(&server.url(&format!("/q/{id}"))).await;
    says(&browser, "政务服务中心 5 号窗口").await;
    let button = Locator::Css("main form button[type='submit']");
    browser.follow(button).await;
    says(&browser, "请写什么事").await;
    write(
        &browser,
        "text",
        "窗口只有一个人，排队三个小时，请增加人手。",
    )
    .await;
    write(&browser, "files", picture.to_str().unwrap()).await;
    browser.follow(button).await;
    says(&browser, "您的诉求已经登记").await;
    let shown = browser
        .find_all(Locator::Css(".zd-copy__text"))
        .await
        .unwrap();
    let (number, check) = (
        shown[0].text().await.unwrap(),
        shown[1].text().await.unwrap(),
    );
    browser.follow(Locator::LinkText("查诉求进度")).await;
    write(&browser, "number", &number).await;
    write(&browser, "code", &check).await;
    browser.follow(button).await;
    says(&browser, "受理").await;
    // handled and answered; then the one who scanned has the last word
    let status = browser.current_url().await.unwrap();
    let id = case_of(&world, &number).await;
    world.handled(&id).await;
    browser.open(status.as_str()).await;
    says(&browser, "已经补缴并恢复待遇").await;
    let grade = browser
        .find(Locator::Css("input[value='satisfied'] + label"))
        .await;
    grade.unwrap().click().await.unwrap();
    browser
        .follow(Locator::Css("main form button[type='submit']"))
        .await;
    says(&browser, "已解决").await;
}

async fn case_of(world: &World, number: &str) -> String {
    let sql = "SELECT id FROM case_head WHERE number = $1";
    let row: Option<Case> = db::query_one(world.db.conn(), sql, [number.into()])
        .await
        .unwrap();
    row.unwrap().id
}

#[derive(sea_orm::FromQueryResult)]
struct Case {
    id: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_intake_are_accessible_and_fit_a_phone() {
    let world = World::new(sqlite().await).await;
    let id = make_code(&world, "enterprise", "一号厂门口", &code(1)).await;
    let browser = Browser::start().await;
    let visitor = TestServer::start(world.router(Viewer::visitor())).await;
    for (path, name) in [
        ("/appeals/new".to_owned(), "appeals-new"),
        (format!("/q/{id}"), "appeals-code"),
        ("/appeals/follow".to_owned(), "appeals-follow"),
    ] {
        looks_right(&browser, &visitor, &path, name).await;
    }
    browser.phone().await;
    browser.open(&visitor.url("/appeals/new")).await;
    write(&browser, "text", "😡").await;
    browser
        .follow(Locator::Css("main form button[type='submit']"))
        .await;
    fits(&browser, "appeals-new-refused").await;
    write(&browser, "text", "昨天起全厂停电，请尽快恢复").await;
    browser
        .follow(Locator::Css("main form button[type='submit']"))
        .await;
    says(&browser, "您的诉求已经登记").await;
    fits(&browser, "appeals-received").await;
    let number = browser.find(Locator::Css(".zd-copy__text")).await.unwrap();
    let case = case_of(&world, &number.text().await.unwrap()).await;
    world.handled(&case).await;
    browser.follow(Locator::LinkText("看办理进度")).await;
    says(&browser, "请您评价").await;
    fits(&browser, "appeals-rate").await;
    browser.set_window_size(1280, 900).await.unwrap();
    let own = TestServer::start(world.router(boss(1))).await;
    looks_right(&browser, &own, "/appeals/mine", "appeals-mine").await;
    let desk = TestServer::start(world.router(operator())).await;
    looks_right(&browser, &desk, "/appeals/intake", "appeals-intake").await;
    browser
        .open(&desk.url("/appeals/intake?channel=visit"))
        .await;
    write(&browser, "text", "昨天起全厂停电了，请尽快恢复供电").await;
    write(&browser, "channel-on", "2026-11-20").await;
    write(&browser, "channel-by", "李四").await;
    browser.follow(Locator::Css("button[value='look']")).await;
    says(&browser, "复述给对方听").await;
    browser.axe("look").await;
    browser.screenshot("appeals-intake-look").await;
    let office = TestServer::start(world.router(manager())).await;
    for (path, name) in [
        ("/appeals/codes".to_owned(), "appeals-codes"),
        (format!("/appeals/codes/{id}"), "appeals-sheet"),
        (
            "/appeals/intake/settings".to_owned(),
            "appeals-intake-settings",
        ),
        ("/appeals/open311-keys".to_owned(), "appeals-keys"),
    ] {
        looks_right(&browser, &office, &path, name).await;
    }
}
