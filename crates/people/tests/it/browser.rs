//! The pages in a real browser: with and without JavaScript, on a desk and on a phone.

use chrono::TimeDelta;
use fantoccini::Locator;
use zhida_people::code_at;
use zhida_platform::clock::Clock;
use zhida_testkit::{Browser, TestServer, sqlite};

use crate::world::{PASSWORD, World, between, router};

async fn fill(browser: &Browser, fields: &[(&str, &str)]) {
    for (name, value) in fields {
        let field = browser.find(Locator::Id(name)).await.unwrap();
        field.send_keys(value).await.unwrap();
    }
    let button = Locator::Css("main form .govuk-button");
    browser.follow(button).await;
}

async fn looks_right(browser: &Browser, server: &TestServer, path: &str, name: &str) {
    browser.open(&server.url(path)).await;
    browser.screenshot(name).await;
    browser.axe(path).await;
    browser.phone().await;
    let wide = "return document.documentElement.scrollWidth - window.innerWidth";
    let wide = browser.execute(wide, vec![]).await.unwrap();
    browser.screenshot(&format!("{name}-phone")).await;
    assert_eq!(wide.as_i64(), Some(0), "{path} is wider than a phone");
    browser.set_window_size(1280, 900).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_comes_in_without_javascript() {
    let db = sqlite().await;
    let world = World::new(&db).await;
    let server = TestServer::start(router(&world.people)).await;
    let browser = Browser::without_javascript().await;
    browser.open(&server.url("/organisations")).await;
    let link = Locator::LinkText("登录");
    browser.follow(link).await;
    fill(
        &browser,
        &[("login", "sys"), ("password", &world.initial[0])],
    )
    .await;
    let new = [
        ("old", world.initial[0].as_str()),
        ("new", PASSWORD),
        ("again", PASSWORD),
    ];
    fill(&browser, &new).await;
    let page = browser.source().await.unwrap();
    let key = between(&page, "<code class=\"zd-code\">", "</code>").replace(' ', "");
    let code = code_at(&key, world.clock.now()).unwrap();
    browser.screenshot("people-factor").await;
    fill(&browser, &[("code", &code)]).await;
    let page = browser.source().await.unwrap();
    assert!(page.contains("恢复码 8"), "{page}");
    browser.open(&server.url("/organisations")).await;
    let page = browser.source().await.unwrap();
    assert!(page.contains("样例市发展和改革局") && page.contains("系统管理员"));
    let out = Locator::Css("form[action='/sign-out'] button");
    browser.follow(out).await;
    browser.open(&server.url("/organisations")).await;
    assert!(
        !browser
            .source()
            .await
            .unwrap()
            .contains("样例市发展和改革局")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_accessible_and_fit_a_phone() {
    let db = sqlite().await;
    let world = World::new(&db).await;
    world.staff("boss", "legal").await;
    world.agency().await;
    let server = TestServer::start(router(&world.people)).await;
    let browser = Browser::start().await;
    looks_right(&browser, &server, "/sign-in", "people-sign-in").await;
    looks_right(&browser, &server, "/invitations/accept", "people-accept").await;
    browser.open(&server.url("/sign-in")).await;
    fill(&browser, &[("login", "boss"), ("password", PASSWORD)]).await;
    for (path, name) in [
        ("/account", "people-account"),
        ("/account/password", "people-password"),
        ("/account/factor", "people-factor-set-up"),
        ("/account/tokens/new", "people-token"),
        ("/staff", "people-staff"),
        ("/staff/invitations/new", "people-invite"),
        ("/staff/mandates/new", "people-mandate"),
    ] {
        looks_right(&browser, &server, path, name).await;
    }
    let mut first = world.browser();
    first.sign_in("sec", &world.initial[1]).await;
    first.change_password(&world.initial[1], PASSWORD).await;
    let (key, _) = first.set_up_factor().await;
    let list = first.get("/api/v1/accounts").await.expect_status(200);
    let id = between(list.text(), "\"id\":\"", "\"");
    let out = Locator::Css("form[action='/sign-out'] button");
    browser.follow(out).await;
    browser.open(&server.url("/sign-in")).await;
    fill(&browser, &[("login", "sec"), ("password", PASSWORD)]).await;
    world.clock.pass(TimeDelta::seconds(30));
    let code = code_at(&key, world.clock.now()).unwrap();
    fill(&browser, &[("code", &code)]).await;
    for (path, name) in [
        ("/organisations", "people-organisations"),
        ("/accounts", "people-accounts"),
        (&format!("/accounts/{id}"), "people-person"),
        (&format!("/accounts/{id}/seats/new"), "people-grant"),
        (&format!("/accounts/{id}/hand-over"), "people-hand-over"),
        ("/invitations", "people-invitations"),
    ] {
        looks_right(&browser, &server, path, name).await;
    }
    // the field suggests while somebody types
    browser
        .open(&server.url(&format!("/accounts/{id}/seats/new")))
        .await;
    let nothing = "document.getElementById('organisation-list').innerHTML = ''";
    browser.execute(nothing, vec![]).await.unwrap();
    let field = browser.find(Locator::Id("organisation")).await.unwrap();
    field.send_keys("发展和").await.unwrap();
    let suggested = Locator::Css("#organisation-list option[value^='样例市发展和改革局']");
    browser.wait().for_element(suggested).await.unwrap();
}
