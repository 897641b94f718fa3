//! The pages in a real browser: a treasurer draws, another approves, the bank answers; without JavaScript, on a desk and on a phone.

use std::io::Write;

use fantoccini::Locator;
use zhida_testkit::{Browser, TestServer, sqlite};

use crate::bank::{HEAD, approver, ready};
use crate::world::{ENTERPRISE, NAME, World, staff, treasurer};

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

async fn shows(browser: &Browser, words: &str) {
    let source = browser.source().await.unwrap();
    assert!(source.contains(words), "{words} is not in {source}");
}

async fn write(browser: &Browser, field: &str, text: &str) {
    let field = browser.find(Locator::Css(field)).await.unwrap();
    field.clear().await.unwrap();
    field.send_keys(text).await.unwrap();
}

/// Where the browser is, without the host and what was done.
async fn path(browser: &Browser) -> String {
    browser.current_url().await.unwrap().path().to_owned()
}

async fn number(browser: &Browser) -> String {
    let heading = browser.find(Locator::Css("h1")).await.unwrap();
    let text = heading.text().await.unwrap();
    text.trim_start_matches("批次 ").to_owned()
}

async fn prepared() -> World {
    let (world, _) = ready(sqlite().await).await;
    world.due("A", "1", 50_000).await;
    world.due("A", "2", 30_000).await;
    world.due("A", "3", 20_000).await;
    world.cases.refuse("3", "公示有异议，正在核查");
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn one_draws_another_approves_and_the_bank_answers() {
    let world = prepared().await;
    let mine = TestServer::start(world.router(treasurer())).await;
    let theirs = TestServer::start(world.router(approver())).await;
    let browser = Browser::without_javascript().await;
    // the treasurer draws: one row stays out, with the reason
    browser.open(&mine.url("/funds/payments")).await;
    shows(&browser, "共 3 笔，1,000 元").await;
    browser.follow(Locator::LinkText("编制批次")).await;
    let payer = browser
        .find(Locator::Css("input[name='payer']"))
        .await
        .unwrap();
    payer.click().await.unwrap();
    let draw = "form[action='/funds/batches/new'] button";
    browser.follow(Locator::Css(draw)).await;
    shows(&browser, "批次里有 2 笔").await;
    shows(&browser, "公示有异议，正在核查").await;
    browser.follow(Locator::LinkText("查看批次")).await;
    shows(&browser, "编制批次的人不能复核同一批次").await;
    let (batch, number) = (path(&browser).await, number(&browser).await);
    // somebody else approves
    browser.open(&theirs.url(&batch)).await;
    browser
        .follow(Locator::Css("form[action$='/approve'] button"))
        .await;
    shows(&browser, "已复核，可以导出付款文件交银行").await;
    // the treasurer hands the file over and notes it
    browser.open(&mine.url(&batch)).await;
    shows(&browser, "ISO 20022 pain.001").await;
    browser
        .follow(Locator::Css("form[action$='/sent'] button"))
        .await;
    shows(&browser, "已登记交银行").await;
    // the bank's answer
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("回单.csv");
    let mut receipts = std::fs::File::create(&file).unwrap();
    writeln!(
        receipts,
        "{HEAD}{number}-0001,已付,500,2026-11-22,\n{number}-0002,退回,300,2026-11-22,账号不存在\nXX-1,已付,1,2026-11-22,"
    )
    .unwrap();
    for words in ["已导入。1 条没有认领", "已经导入过，这次什么也没有做"] {
        browser.open(&mine.url("/funds/receipts")).await;
        let field = browser
            .find(Locator::Css("input[type='file']"))
            .await
            .unwrap();
        field.send_keys(file.to_str().unwrap()).await.unwrap();
        let take = "form[action='/funds/receipts'] button";
        browser.follow(Locator::Css(take)).await;
        shows(&browser, words).await;
    }
    browser.open(&mine.url("/funds/unclaimed")).await;
    write(&browser, "input[name='note']", "银行串户").await;
    browser
        .follow(Locator::Css("form[action^='/funds/unclaimed/'] button"))
        .await;
    shows(&browser, "没有未认领的回单").await;
    browser.open(&mine.url("/funds/reconciliation")).await;
    for words in ["2026年11月22日", "800 元", "500 元", "300 元", "平"] {
        shows(&browser, words).await;
    }
    // the enterprise mends its account
    let own = TestServer::start(world.router(staff(ENTERPRISE, NAME))).await;
    browser.open(&own.url("/payee")).await;
    shows(&browser, "银行退回过付到这个账户的款").await;
    write(&browser, "#bank", "中国农业银行江城支行").await;
    write(&browser, "#cnaps", "103100000027").await;
    write(&browser, "#account", "1202022419900054321").await;
    let keep = "form[action='/payee'] button";
    browser.follow(Locator::Css(keep)).await;
    shows(&browser, "校验位不对").await;
    write(&browser, "#cnaps", "103100000026").await;
    browser.follow(Locator::Css(keep)).await;
    shows(&browser, "收款账户已保存").await;
    shows(&browser, "**** 4321").await;
    shows(&browser, "待拨付").await;
    world.balances_hold().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_accessible_and_fit_a_phone() {
    let world = prepared().await;
    let pool = world
        .pool("关于促进中小企业高质量发展的若干政策之研发后补助", 100_000)
        .await;
    world.reserve(&pool.item, "9", 90_000).await.unwrap();
    world.reserve(&pool.item, "10", 90_000).await.unwrap();
    let server = TestServer::start(world.router(treasurer())).await;
    let browser = Browser::start().await;
    browser.open(&server.url("/funds/batches/new")).await;
    looks_right(&browser, &server, "/funds/batches/new", "funds-batch-new").await;
    let payer = browser
        .find(Locator::Css("input[name='payer']"))
        .await
        .unwrap();
    payer.click().await.unwrap();
    let draw = "form[action='/funds/batches/new'] button";
    browser.follow(Locator::Css(draw)).await;
    browser.follow(Locator::LinkText("查看批次")).await;
    let (batch, number) = (path(&browser).await, number(&browser).await);
    let approve = world.app(approver());
    let _ = approve
        .post_form(&format!("{batch}/approve"), &[])
        .await
        .expect_status(303);
    let file = format!(
        "{HEAD}{number}-0001,已付,500,2026-11-22,\n{number}-0002,退回,300,2026-11-22,账号不存在\nXX-1,已付,1,2026-11-22,\n"
    );
    let app = world.app(treasurer());
    let parts = [zhida_testkit::Part::file(
        "file",
        "回单.csv",
        file.into_bytes(),
    )];
    let taken = app
        .post_multipart("/funds/receipts", &parts)
        .await
        .expect_status(303);
    let receipts = taken.header("location").to_owned();
    let claim = zhida_funds::Claim::of("1");
    let funds = &world.funds;
    let demand = &zhida_funds::Demand {
        key: "a",
        amount: 10_000,
        reason: "不再符合条件",
        due_on: "2026-11-01".parse().unwrap(),
        link: "/payee",
    };
    let demanded = world
        .db
        .write(|tx| async move { funds.demand(&tx, claim, demand, "张三").await });
    demanded.await.unwrap();
    for (path, name) in [
        ("/funds", "funds-pools"),
        ("/funds/pools/new", "funds-pool-new"),
        (&format!("/funds/pools/{}", pool.id), "funds-pool"),
        ("/funds/payments", "funds-payments"),
        ("/funds/batches", "funds-batches"),
        (&batch, "funds-batch"),
        ("/funds/receipts", "funds-receipts"),
        (&receipts, "funds-receipt-file"),
        ("/funds/unclaimed", "funds-unclaimed"),
        ("/funds/reconciliation", "funds-reconciliation"),
        ("/funds/recoveries", "funds-recoveries"),
        ("/funds/payers", "funds-payers"),
    ] {
        looks_right(&browser, &server, path, name).await;
    }
    let own = TestServer::start(world.router(staff(ENTERPRISE, NAME))).await;
    looks_right(&browser, &own, "/payee", "funds-payee").await;
}
