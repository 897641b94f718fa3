//! The review desk in a real browser: a joint review across two districts without JavaScript, and what its pages look like.

use fantoccini::Locator;
use zhida_platform::access::Viewer;
use zhida_policies::Delivery;
use zhida_testkit::{Browser, TestServer, sqlite};

use crate::browser::{looks_right, says};
use crate::world::{World, asked, boss, clerk, decider, expert, fields, payee};

/// Files an application; its case.
async fn filed(world: &World, number: usize, item: &str) -> String {
    let path = format!("/redemption/apply/{item}");
    let app = world.app(boss(number));
    let _ = app
        .post_form(&path, &fields(&payee(number)))
        .await
        .expect_status(303);
    let case = world.case(number, item).await;
    case["id"].as_str().unwrap().to_owned()
}

/// Opens the part of the page with these words.
async fn open(browser: &Browser, words: &str) {
    let summary = format!("//summary[contains(., '{words}')]");
    let summary = browser.find(Locator::XPath(&summary)).await.unwrap();
    summary.click().await.unwrap();
}

async fn fill(browser: &Browser, id: &str, text: &str) {
    let field = browser.find(Locator::Id(id)).await.unwrap();
    field.clear().await.unwrap();
    field.send_keys(text).await.unwrap();
}

async fn send(browser: &Browser, step: &str) {
    let button = format!("form[action$='/{step}'] button");
    browser.follow(Locator::Css(&button)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_districts_review_together_and_the_letter_can_be_checked() {
    let world = World::new(sqlite().await).await;
    world.publish("yanfa", Delivery::Application, |_| {}).await;
    world.pool("yanfa", 1_000_000).await;
    let case = format!("/redemption/desk/{}", filed(&world, 1, "yanfa").await);
    let browser = Browser::without_javascript().await;
    let office = TestServer::start(world.router(clerk())).await;
    browser.open(&office.url("/redemption/desk")).await;
    browser
        .follow(Locator::Css("td a[href^='/redemption/desk/']"))
        .await;
    send(&browser, "take").await;
    open(&browser, "征求其他部门的意见").await;
    fill(&browser, "question", "是否有违法记录").await;
    fill(&browser, "department-0", "历下区生态环境局").await;
    fill(&browser, "term-0", "3 个工作日").await;
    fill(&browser, "department-1", "槐荫区应急管理局").await;
    send(&browser, "opinions").await;
    says(&browser, "已反馈 0/2").await;

    let mut districts = Vec::new();
    for (body, place) in [(0, "370112"), (1, "370104")] {
        let district = TestServer::start(world.router(asked(body, place))).await;
        browser
            .open(&district.url("/redemption/desk?who=asked"))
            .await;
        browser
            .follow(Locator::Css("td a[href^='/redemption/desk/']"))
            .await;
        let agree = browser.find(Locator::Css("input[value='agree']")).await;
        agree.unwrap().click().await.unwrap();
        send(&browser, "opinion").await;
        districts.push(district);
    }
    for _ in ["受理", "审核"] {
        browser.open(&office.url(&case)).await;
        says(&browser, "已反馈 2/2").await;
        open(&browser, "送下一环节").await;
        fill(&browser, "advance-note", "没有问题").await;
        send(&browser, "advance").await;
    }
    let deciding = TestServer::start(world.router(decider())).await;
    browser.open(&deciding.url(&case)).await;
    fill(&browser, "amount", "150000").await;
    fill(&browser, "grant-words", "同意").await;
    send(&browser, "grant").await;
    says(&browser, "公示").await;
    browser
        .follow(Locator::Css("a[href^='/redemption/letters/']"))
        .await;
    says(&browser, "壹拾伍万元整").await;
    browser.follow(Locator::LinkText("核验页面")).await;
    says(&browser, "150,000 元").await;
    says(&browser, "有效").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_desk_are_accessible_and_fit_a_phone() {
    let world = World::new(sqlite().await).await;
    world.publish("yanfa", Delivery::Application, |_| {}).await;
    world.publish("jiuye", Delivery::Instant, |_| {}).await;
    world.pool("yanfa", 1_000_000).await;
    world.pool("jiuye", 1_000_000).await;
    let case = filed(&world, 1, "yanfa").await;
    let _ = filed(&world, 2, "jiuye").await;
    let public = TestServer::start(world.router(Viewer::visitor())).await;
    let list = world.app(Viewer::visitor()).get("/api/v1/notices").await;
    let notice = list.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let rows = format!("/api/v1/notices/{notice}/rows");
    let rows = world.app(Viewer::visitor()).get(&rows).await.json();
    let row = rows["items"][0]["id"].as_str().unwrap().to_owned();
    let browser = Browser::start().await;
    for (path, name) in [
        ("/notices", "redemption-notices"),
        (&format!("/notices/{notice}"), "redemption-notice"),
        ("/verify", "redemption-verify"),
    ] {
        looks_right(&browser, &public, path, name).await;
    }
    let own = TestServer::start(world.router(boss(3))).await;
    let object = format!("/notices/rows/{row}/object");
    looks_right(&browser, &own, &object, "redemption-object").await;
    let given = [
        ("person", "李四"),
        ("phone", "0531-88880000"),
        ("words", "社保人数不到五十人"),
    ];
    let made = world.app(boss(3)).post_form(&object, &given).await;
    let office = TestServer::start(world.router(decider())).await;
    for (path, name) in [
        ("/redemption/desk", "redemption-desk"),
        (&format!("/redemption/desk/{case}"), "redemption-case"),
        ("/redemption/objections", "redemption-objections"),
        (made.header("location"), "redemption-objection"),
    ] {
        looks_right(&browser, &office, path, name).await;
    }
    let experts = TestServer::start(world.router(expert(1))).await;
    let tasks = "/redemption/scoring";
    looks_right(&browser, &experts, tasks, "redemption-scoring").await;
}
