//! Two journeys in a real browser without JavaScript, from desk to desk: joint handling of what the hotline took down, and
//! what follows when the appellant is not satisfied, twice. What the pages look like with axe and on a phone.

use fantoccini::Locator;
use zhida_appeals::words::Confidentiality;
use zhida_testkit::{Browser, TestServer, sqlite};

use crate::browser_intake::{looks_right, says};
use crate::journey::supervisor;
use crate::world::{World, boss, clerk, code, manager, operator};

/// Opens the part of the page with these words, if it is not open.
async fn open(browser: &Browser, words: &str) {
    let closed = format!("//details[not(@open)]/summary[contains(., '{words}')]");
    if let Ok(summary) = browser.find(Locator::XPath(&closed)).await {
        summary.click().await.unwrap();
    }
}

async fn fill(browser: &Browser, id: &str, text: &str) {
    let field = browser.find(Locator::Id(id)).await.unwrap();
    field.clear().await.unwrap();
    field.send_keys(text).await.unwrap();
}

async fn choose(browser: &Browser, id: &str, value: &str) {
    let select = browser.find(Locator::Id(id)).await.unwrap();
    select.select_by_value(value).await.unwrap();
}

async fn tick(browser: &Browser, name: &str, value: &str) {
    let radio = format!("input[name='{name}'][value='{value}']");
    browser
        .find(Locator::Css(&radio))
        .await
        .unwrap()
        .click()
        .await
        .unwrap();
}

async fn send(browser: &Browser, step: &str) {
    let button = format!("form[action$='/steps/{step}'] button");
    browser.follow(Locator::Css(&button)).await;
}

async fn accept_and_dispatch(browser: &Browser, helpers: &str) {
    choose(browser, "accept-category", "labour/insurance/injury").await;
    tick(browser, "accept-track", "joint").await;
    send(browser, "accept").await;
    fill(browser, "dispatch-helpers", helpers).await;
    fill(browser, "dispatch-note", "请会同办理").await;
    send(browser, "dispatch").await;
}

async fn reply(browser: &Browser, text: &str, signer: &str) {
    open(browser, "答复，转入回访").await;
    tick(browser, "reply-claim", "solved").await;
    fill(browser, "reply-text", text).await;
    fill(browser, "reply-signer", signer).await;
    send(browser, "reply").await;
}

async fn visit(browser: &Browser, satisfaction: &str, words: &str) {
    choose(browser, "visit-satisfaction", satisfaction).await;
    fill(browser, "visit-words", words).await;
    send(browser, "visit").await;
}

/// Somebody calls: the operator writes it down, reads it back, registers it and opens it; its address.
async fn taken_down(browser: &Browser, desk: &TestServer) -> String {
    browser
        .open(&desk.url("/appeals/intake?channel=hotline"))
        .await;
    for (field, text) in [
        (
            "text",
            "工伤待遇从上月起没有到账，影响职工看病，请尽快处理。",
        ),
        ("title", "工伤待遇没有到账"),
        ("phone", "13800001111"),
        ("enterprise", &code(1)),
    ] {
        fill(browser, field, text).await;
    }
    browser.follow(Locator::Css("button[value='look']")).await;
    says(browser, "复述给对方听").await;
    fill(browser, "name", "张三").await;
    browser.follow(Locator::Css("button[value='submit']")).await;
    says(browser, "请念给对方记下").await;
    browser.follow(Locator::LinkText("打开这件诉求")).await;
    browser.current_url().await.unwrap().path().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_hotline_to_joint_handling() {
    let world = World::new(sqlite().await).await;
    let desk = TestServer::start(world.router(operator())).await;
    let lead = TestServer::start(world.router(clerk(0))).await;
    let helper = TestServer::start(world.router(clerk(1))).await;
    let browser = Browser::without_javascript().await;
    let path = taken_down(&browser, &desk).await;
    says(&browser, "13800001111").await;
    accept_and_dispatch(&browser, "供电公司").await;
    says(&browser, "人力资源和社会保障局").await;
    // the lead body cannot answer before the others have spoken
    browser.open(&lead.url(&path)).await;
    reply(&browser, "已经办好", "").await;
    says(&browser, "还有 1 个部门未反馈意见（供电公司）").await;
    browser.open(&helper.url("/appeals?who=asked")).await;
    browser
        .follow(Locator::Css("td a[href^='/appeals/']"))
        .await;
    fill(&browser, "opinion-text", "用电记录已经提供").await;
    send(&browser, "opinion").await;
    browser.open(&lead.url(&path)).await;
    says(&browser, "用电记录已经提供").await;
    reply(&browser, "待遇已经补发", "").await;
    // the enterprise has the last word
    let own = TestServer::start(world.router(boss(1))).await;
    browser.open(&own.url(&path)).await;
    says(&browser, "待遇已经补发").await;
    tick(&browser, "satisfaction", "satisfied").await;
    browser
        .follow(Locator::Css("form[action$='/own'] button"))
        .await;
    says(&browser, "已解决").await;
    browser.open(&desk.url(&path)).await;
    says(&browser, "本人网上评价：满意").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unsatisfied_twice_ends_with_the_supervisors() {
    let world = World::new(sqlite().await).await;
    let made = world
        .appeal(Some(1), "工伤待遇没有到账", Confidentiality::Normal)
        .await;
    let path = format!("/appeals/{}", made.case_id);
    let desk = TestServer::start(world.router(operator())).await;
    let lead = TestServer::start(world.router(clerk(0))).await;
    let above = TestServer::start(world.router(supervisor())).await;
    let browser = Browser::without_javascript().await;
    browser.open(&desk.url(&path)).await;
    accept_and_dispatch(&browser, "").await;
    browser.open(&lead.url(&path)).await;
    reply(&browser, "已经办好", "").await;
    browser.open(&desk.url(&path)).await;
    visit(&browser, "not", "钱还没有到").await;
    says(&browser, "回访不满意：钱还没有到").await;
    fill(&browser, "dispatch-note", "二次交办").await;
    send(&browser, "dispatch").await;
    browser.open(&lead.url(&path)).await;
    reply(&browser, "已经办好", "").await;
    says(&browser, "由分管领导回复").await;
    reply(&browser, "已经重新核发", "李副局长").await;
    browser.open(&desk.url(&path)).await;
    visit(&browser, "not", "少发了一个月").await;
    browser
        .open(&above.url("/appeals?standing=supervised"))
        .await;
    browser
        .follow(Locator::Css("td a[href^='/appeals/']"))
        .await;
    open(&browser, "催办、督办、约谈、问责").await;
    tick(&browser, "supervise-kind", "interview").await;
    fill(&browser, "supervise-words", "请局长到场说明").await;
    send(&browser, "supervise").await;
    says(&browser, "约谈：请局长到场说明").await;
    fill(&browser, "rehandle-reason", "三天内补齐").await;
    send(&browser, "rehandle").await;
    browser.open(&lead.url(&path)).await;
    reply(&browser, "已经补齐", "王局长").await;
    browser.open(&desk.url(&path)).await;
    visit(&browser, "satisfied", "收到了").await;
    says(&browser, "已解决").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_desks_are_accessible_and_fit_a_phone() {
    let world = World::new(sqlite().await).await;
    let made = world
        .appeal(Some(1), "工伤待遇没有到账", Confidentiality::Normal)
        .await;
    world.handled(&made.case_id).await;
    let other = world.appeal(Some(2), "停电", Confidentiality::Normal).await;
    let path = format!("/appeals/{}", made.case_id);
    let browser = Browser::start().await;
    let desk = TestServer::start(world.router(operator())).await;
    for (path, name) in [
        ("/appeals", "appeals-desk"),
        (&path, "appeals-case"),
        (
            &format!("/appeals/{}", other.case_id),
            "appeals-intake-case",
        ),
    ] {
        looks_right(&browser, &desk, path, name).await;
    }
    let own = TestServer::start(world.router(boss(1))).await;
    looks_right(&browser, &own, &path, "appeals-follow").await;
    let setup = TestServer::start(world.router(manager())).await;
    looks_right(&browser, &setup, "/appeals/setup", "appeals-setup").await;
    let category = "/appeals/setup/category?path=labour/dispute";
    looks_right(&browser, &setup, category, "appeals-category").await;
}
