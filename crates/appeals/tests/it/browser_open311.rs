//! The journey of another system in a real browser without JavaScript: its key is made on the page, what it hands in is handled at
//! the desks, and it sees how that ended.

use fantoccini::Locator;
use serde_json::{Value, json};
use zhida_platform::access::Viewer;
use zhida_testkit::{App, Browser, TestServer, sqlite};

use crate::browser_intake::{says, write};
use crate::world::{World, clerk, manager, operator};

/// The request of an id, as its system sees it.
async fn request(client: &App, key: &str, id: &str) -> Value {
    let path = format!("/open311/v2/requests/{id}.json?api_key={key}");
    client.get(&path).await.expect_status(200).json()[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_hands_in_and_sees_how_it_ended() {
    let world = World::new(sqlite().await).await;
    let setup = TestServer::start(world.router(manager())).await;
    let desk = TestServer::start(world.router(operator())).await;
    let browser = Browser::without_javascript().await;
    browser.open(&setup.url("/appeals/setup")).await;
    browser
        .follow(Locator::LinkText("Open311 接口的密钥"))
        .await;
    write(&browser, "name", "市 12345 热线平台").await;
    let make = "form[action='/appeals/open311-keys'] button";
    browser.follow(Locator::Css(make)).await;
    says(&browser, "只显示这一次").await;
    let key = browser.find(Locator::Css(".zd-copy__text")).await.unwrap();
    let key = key.text().await.unwrap();

    let client = world.app(Viewer::visitor());
    let fields = [
        ("api_key", key.as_str()),
        ("service_code", "utilities.power.outage"),
        ("address_string", "样例大道 1 号"),
        (
            "description",
            "厂区从昨天起停电，两条生产线停产，请尽快恢复。",
        ),
        ("phone", "13800001111"),
    ];
    let posted = client.post_form("/open311/v2/requests.json", &fields).await;
    let posted = posted.expect_status(200).json();
    let id = posted[0]["service_request_id"].as_str().unwrap();
    assert_eq!(request(&client, &key, id).await["status"], "open");

    // at the desk it is one appeal among others
    browser.open(&desk.url("/appeals?channel=open311")).await;
    browser
        .follow(Locator::Css("td a[href^='/appeals/']"))
        .await;
    for words in ["样例大道 1 号", "13800001111", "Open311"] {
        says(&browser, words).await;
    }
    let accept =
        json!({ "step": "accept", "category": "utilities/power/outage", "track": "single" });
    world.step(operator(), id, accept).await;
    let dispatch = json!({ "step": "dispatch", "department": "供电公司" });
    world.step(operator(), id, dispatch).await;
    let reply =
        json!({ "step": "reply", "claim": "solved", "text": "已经恢复供电", "signer": "李副局长" });
    world.step(clerk(1), id, reply).await;
    let now = request(&client, &key, id).await;
    assert_eq!(now["status"], "open", "until somebody was asked");
    assert_eq!(now["service_notice"], "已经恢复供电");
    assert_eq!(now["agency_responsible"], "供电公司");
    let voice = world.voice(id).await;
    world.visited(id, &voice, "satisfied").await;
    let now = request(&client, &key, id).await;
    assert_eq!(
        (&now["status"], &now["status_notes"]),
        (&json!("closed"), &json!("已解决"))
    );

    // whoever ends the key shuts the system out
    browser.open(&setup.url("/appeals/open311-keys")).await;
    let end = "form[action$='/end'] button";
    browser.follow(Locator::Css(end)).await;
    says(&browser, "已停用").await;
    let path = format!("/open311/v2/requests.json?api_key={key}");
    let refused = client.get(&path).await.expect_status(403);
    assert!(refused.text().contains("已停用"));
}
