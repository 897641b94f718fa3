//! The review desk in a real browser: a joint review across two districts without JavaScript, and what its pages look like.

use fantoccini::Locator;
use zhida_platform::access::Viewer;
use zhida_policies::Delivery;
use zhida_testkit::{Browser, Part, TestServer, sqlite};

use crate::browser::{looks_right, says};
use crate::talk::PDF;
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

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_talk_and_phrases_are_chosen_without_javascript() {
    let world = World::new(sqlite().await).await;
    world.publish("yanfa", Delivery::Application, |_| {}).await;
    let id = filed(&world, 1, "yanfa").await;
    let browser = Browser::without_javascript().await;
    let own = TestServer::start(world.router(boss(1))).await;
    browser
        .open(&own.url(&format!("/redemption/cases/{id}")))
        .await;
    fill(&browser, "message", "合同还在盖章，可以晚两天交吗？").await;
    send(&browser, "messages").await;
    says(&browser, "等部门答复").await;

    let office = TestServer::start(world.router(clerk())).await;
    browser.open(&office.url("/redemption/phrases")).await;
    let purpose = browser.find(Locator::Css("option[value='reply']")).await;
    purpose.unwrap().click().await.unwrap();
    fill(&browser, "name", "可以晚交").await;
    fill(&browser, "text", "{企业名称}：可以，请在{截止日期}前交来。").await;
    browser
        .follow(Locator::Css("form[action='/redemption/phrases'] button"))
        .await;
    says(&browser, "可以晚交").await;
    browser
        .open(&office.url("/redemption/desk?reply=office"))
        .await;
    says(&browser, "留言待答复").await;
    browser
        .follow(Locator::Css("td a[href^='/redemption/desk/']"))
        .await;
    let phrase = Locator::Css("#message-phrase option:nth-child(2)");
    let phrase = browser.find(phrase).await.unwrap();
    phrase.click().await.unwrap();
    browser
        .follow(Locator::Css("button[name='apply'][value='message']"))
        .await;
    let words = browser.find(Locator::Id("message")).await.unwrap();
    let words = words.prop("value").await.unwrap().unwrap_or_default();
    assert!(words.contains("可以，请在2026年"), "{words}");
    browser
        .follow(Locator::Css(
            "form[action$='/messages'] .zd-actions button:first-child",
        ))
        .await;
    says(&browser, "可以，请在2026年").await;
    browser
        .open(&own.url(&format!("/redemption/cases/{id}")))
        .await;
    says(&browser, "可以，请在2026年").await;
    says(&browser, "对方已读").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_phrases_batches_and_scores_are_accessible_and_fit_a_phone() {
    let world = World::new(sqlite().await).await;
    let id = crate::scoring::waiting(&world, false).await;
    let post = async |viewer: Viewer, path: &str, field: &str, text: &str| {
        let parts = [
            Part::text(field, text),
            Part::file("files", "合同.pdf", PDF),
        ];
        let sent = world.app(viewer).post_multipart(path, &parts).await;
        let _ = sent.expect_status(303);
    };
    let (case, desk) = (
        format!("/redemption/cases/{id}"),
        format!("/redemption/desk/{id}"),
    );
    let words = "合同还在盖章，可以晚两天交吗？";
    post(boss(1), &format!("{case}/messages"), "message", words).await;
    post(clerk(), &format!("{desk}/messages"), "message", "可以。").await;
    let remark = "合同像是补签的，现场再核一次";
    post(clerk(), &format!("{desk}/remarks"), "remark", remark).await;
    let phrase = [
        ("purpose", "reply"),
        ("name", "可以晚交"),
        ("text", "{企业名称}：可以，请在{截止日期}前交来。"),
        ("shared", "yes"),
    ];
    let app = world.app(clerk());
    let saved = app.post_form("/redemption/phrases", &phrase).await;
    let _ = saved.expect_status(303);
    let version = world.redemption_version(&id).await;
    let named = [("version", version.as_str()), ("expert", "expert401")];
    let named = app.post_form(&format!("{desk}/assign"), &named).await;
    let _ = named.expect_status(303);
    let chosen = format!("{id}:{version}");
    let batch = [("action", "take"), ("case", chosen.as_str())];
    let batch = app.post_form("/redemption/batches", &batch).await;
    world.work().await;

    let browser = Browser::start().await;
    let own = TestServer::start(world.router(boss(1))).await;
    looks_right(&browser, &own, &case, "redemption-thread-own").await;
    let office = TestServer::start(world.router(clerk())).await;
    for (path, name) in [
        (desk.as_str(), "redemption-thread-desk"),
        ("/redemption/phrases", "redemption-phrases"),
        (batch.header("location"), "redemption-batch"),
    ] {
        looks_right(&browser, &office, path, name).await;
    }
    // with JavaScript only the area changes: a file that was chosen stays chosen
    browser.open(&office.url(&desk)).await;
    fill(&browser, "remark", "先写的备注").await;
    let option = Locator::Css("#message-phrase option:nth-child(2)");
    let option = browser.find(option).await.unwrap();
    option.click().await.unwrap();
    let apply = Locator::Css("button[name='apply'][value='message']");
    browser.find(apply).await.unwrap().click().await.unwrap();
    let mut filled = String::new();
    for _ in 0..50 {
        // the area may be put in its place between finding and reading it
        let area = browser.find(Locator::Id("message")).await.unwrap();
        let value = area.prop("value").await.unwrap_or_default();
        filled = value.unwrap_or_default();
        if filled.contains("请在") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(filled.contains("请在2026年"), "{filled}");
    let remark = browser.find(Locator::Id("remark")).await.unwrap();
    let remark = remark.prop("value").await.unwrap().unwrap_or_default();
    assert_eq!(remark, "先写的备注");

    let scoring = format!("/redemption/scoring/{id}");
    let experts = TestServer::start(world.router(expert(1))).await;
    looks_right(&browser, &experts, &scoring, "redemption-declare").await;
    let free = [("step", "declare"), ("conflict", "none")];
    let declared = world.app(expert(1)).post_form(&scoring, &free).await;
    let _ = declared.expect_status(303);
    looks_right(&browser, &experts, &scoring, "redemption-score").await;
}
