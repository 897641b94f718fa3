//! The pages in a real browser: with and without JavaScript, on a desk and on a phone.

use fantoccini::Locator;
use zhida_platform::messages::{Recipient, Side};
use zhida_testkit::{Browser, TestServer, sqlite};

use crate::world::{ENTERPRISE, NEWS, RESET, World, account, staff, sysadmin};

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

async fn filled() -> World {
    let world = World::new(sqlite().await).await;
    let boss = staff("legal", ENTERPRISE, 11);
    let side = Side::Enterprise {
        uscc: ENTERPRISE.to_owned(),
    };
    world
        .book
        .add(&boss, side, "a-rather-long-address@department.example.cn");
    for item in [
        "关于促进中小企业高质量发展的若干政策之稳岗返还",
        "研发后补助",
    ] {
        world
            .tell(&NEWS, Recipient::Enterprise(ENTERPRISE), item)
            .await;
    }
    world
        .tell(&RESET, Recipient::Account(&account(&boss)), "密码")
        .await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_accessible_and_fit_a_phone() {
    let world = filled().await;
    let browser = Browser::start().await;
    let server = TestServer::start(world.router(staff("legal", ENTERPRISE, 11))).await;
    for (path, name) in [
        ("/messages", "inbox-messages"),
        ("/messages?show=all", "inbox-all"),
        ("/messages/preferences", "inbox-preferences"),
    ] {
        looks_right(&browser, &server, path, name).await;
    }
    let admin = world.app(sysadmin());
    let fields = [
        (
            "url",
            "https://erp.department.example.gov.cn/a/rather/long/path/of/an/endpoint",
        ),
        ("events", "test.news"),
    ];
    let made = admin
        .post_form("/office/webhooks/new", &fields)
        .await
        .expect_status(200);
    let id = crate::world::between(made.text(), "href=\"/office/webhooks/", "\"");
    world.tell(&NEWS, Recipient::Subscribers, "给系统").await;
    let server = TestServer::start(world.router(sysadmin())).await;
    for (path, name) in [
        ("/office/deliveries", "inbox-deliveries"),
        ("/office/webhooks", "inbox-webhooks"),
        ("/office/webhooks/new", "inbox-webhook-new"),
        (&format!("/office/webhooks/{id}"), "inbox-webhook"),
        ("/office/templates", "inbox-templates"),
        ("/office/templates/test.news/mail", "inbox-template"),
    ] {
        looks_right(&browser, &server, path, name).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_read_and_choices_made_without_javascript() {
    let world = filled().await;
    let server = TestServer::start(world.router(staff("legal", ENTERPRISE, 11))).await;
    let browser = Browser::without_javascript().await;
    browser.open(&server.url("/messages")).await;
    let source = browser.source().await.unwrap();
    assert!(source.contains("未读消息 3"), "{source}");
    browser
        .follow(Locator::Css("form[action='/messages/read-all'] button"))
        .await;
    let source = browser.source().await.unwrap();
    assert!(source.contains("没有未读消息"), "{source}");
    browser.open(&server.url("/messages/preferences")).await;
    let option = "select[name='test.news/mail'] option[value='digest']";
    browser
        .find(Locator::Css(option))
        .await
        .unwrap()
        .click()
        .await
        .unwrap();
    let save = "form[action='/messages/preferences'] button";
    browser.follow(Locator::Css(save)).await;
    let source = browser.source().await.unwrap();
    assert!(source.contains("接收方式已保存"), "{source}");
}
