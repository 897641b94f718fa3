//! Batches and receipts, through the front door.

use chrono::TimeDelta;
use serde_json::{Value, json};
use zhida_funds::{Claim, Demand, Standing};
use zhida_platform::access::Viewer;
use zhida_testkit::{Part, TestDatabase, both_databases};

use crate::bank::{HEAD, approve, approved, approver, batch, draw, figures, ready, take};
use crate::world::{BY, ENTERPRISE, NAME, OTHER, OTHER_NAME, officer, staff, treasurer};

async fn four_eyes_export_receipts_and_reconciliation(db: TestDatabase) {
    let (world, payer) = ready(db).await;
    world.due("A", "1", 50_000).await;
    world.due("A", "2", 30_000).await;
    world.due("A", "3", 20_000).await;
    let drawn = draw(&world, &payer).await;
    assert_eq!(drawn["rows"], 3);
    let id = drawn["batch"].as_str().unwrap();
    // a payment stands in one open batch: nothing is left to draw
    assert_eq!(draw(&world, &payer).await["batch"], Value::Null);
    // nothing leaves before a second person has looked
    let (api, mine) = (
        format!("/api/v1/payment-batches/{id}"),
        world.app(treasurer()),
    );
    let early = mine.get(&format!("{api}/pain001")).await.expect_status(409);
    assert!(early.text().contains("另一人复核"), "{}", early.text());
    // nor does whoever drew it look twice, in whatever role
    let same = world.app(officer("payment_approver", 11));
    let answer = same.post_json(&format!("{api}/approve"), &json!({})).await;
    assert!(
        answer
            .expect_status(403)
            .text()
            .contains("编制批次的人不能复核")
    );
    let _ = mine
        .post_json(&format!("{api}/approve"), &json!({}))
        .await
        .expect_status(403);
    assert_eq!(approve(&world, id).await["rows"], 3);
    let again = world.app(approver());
    let _ = again
        .post_json(&format!("{api}/approve"), &json!({}))
        .await
        .expect_status(409);
    // the file: plain numbers, in both formats, for the treasurer only
    let xml = mine
        .get(&format!("/funds/batches/{id}/pain001.xml"))
        .await
        .expect_status(200);
    assert!(
        xml.text().contains("<CtrlSum>1000.00</CtrlSum>"),
        "{}",
        xml.text()
    );
    assert!(
        xml.text().contains("1202022419900012345") && xml.text().contains("33050162858300000123")
    );
    let csv = mine
        .get(&format!("/funds/batches/{id}/payments.csv"))
        .await
        .expect_status(200);
    assert!(csv.text().contains("1202022419900012345"), "{}", csv.text());
    let _ = world
        .app(approver())
        .get(&format!("{api}/pain001"))
        .await
        .expect_status(403);
    let page = mine
        .get(&format!("/funds/batches/{id}"))
        .await
        .expect_status(200);
    assert!(page.text().contains("**** 2345") && !page.text().contains("1202022419900012345"));
    let exported = "SELECT COUNT(*) FROM audit_event WHERE action = 'funds.export_batch'";
    assert_eq!(world.count(exported).await, 2);
    let _ = mine
        .post_json(&format!("{api}/sent"), &json!({ "on": "2026-11-23" }))
        .await
        .expect_status(400);
    let _ = mine
        .post_json(&format!("{api}/sent"), &json!({ "on": "2026-11-22" }))
        .await
        .expect_status(204);
    // one paid, one returned, one not heard of, one unknown, one with a wrong amount
    let number = batch(&world, id).await["number"]
        .as_str()
        .unwrap()
        .to_owned();
    let file = format!(
        "{HEAD}{number}-0001,已付,500.00,2026-11-22,\n{number}-0002,退回,300,2026-11-22,账号不存在\n\
         ZD2026009999-0001,已付,1.00,2026-11-22,\n{number}-0003,已付,200.01,2026-11-22,\n"
    );
    let taken = take(&world, &file).await;
    assert_eq!(
        ["receipts", "paid", "returned", "repeated", "unclaimed"].map(|name| taken[name].as_i64()),
        [Some(4), Some(1), Some(1), Some(0), Some(2)]
    );
    let after = batch(&world, id).await;
    assert_eq!(figures(&after), [100_000, 50_000, 30_000, 20_000]);
    world.balances_hold().await;
    assert_eq!(
        world.cases.heard(),
        ["1 paid 50000 last", "2 returned 30000: 账号不存在"]
    );
    assert_eq!(world.money("1").await.standing, Standing::Paid);
    assert_eq!(world.money("2").await.committed, 30_000);
    // the same file again, and the same line in another file: nothing is done twice
    assert_eq!(take(&world, &file).await["again"], true);
    let other = take(
        &world,
        &format!("{HEAD}{number}-0001,已付,500.00,2026-11-22,\n"),
    )
    .await;
    assert_eq!(
        (other["repeated"].as_i64(), other["again"].as_bool()),
        (Some(1), Some(false))
    );
    assert_eq!(figures(&batch(&world, id).await), figures(&after));
    assert!(world.cases.heard().is_empty());
    let days = mine
        .get("/api/v1/payment-reconciliation")
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        figures(&days["items"][0]),
        [100_000, 50_000, 30_000, 20_000]
    );
    // the two that fit nothing are listed with the reason until somebody has looked
    let list = mine.get("/funds/unclaimed").await.expect_status(200);
    assert!(
        list.text().contains("没有这个付款参考号"),
        "{}",
        list.text()
    );
    assert!(
        list.text()
            .contains("金额不符：回单 200.01 元，应付 200 元")
    );
    let (_, rest) = list
        .text()
        .split_once("action=\"/funds/unclaimed/")
        .unwrap();
    let one = format!("/funds/unclaimed/{}", rest.split_once('"').unwrap().0);
    let _ = mine
        .post_form(&one, &[("note", "")])
        .await
        .expect_status(400);
    let _ = mine
        .post_form(&one, &[("note", "银行串户，已更正")])
        .await
        .expect_status(303);
    let _ = mine
        .post_form(&one, &[("note", "又一次")])
        .await
        .expect_status(409);
    let found = mine.get("/funds/unclaimed").await.expect_status(200);
    assert!(found.text().contains("共 1 条"), "{}", found.text());
    // the messages: one of each, to the enterprise
    for (event, number) in [("funds.paid", 1), ("funds.returned", 1)] {
        let sql = format!(
            "SELECT COUNT(*) FROM message WHERE event = '{event}' AND recipient = '{ENTERPRISE}'"
        );
        assert_eq!(world.count(&sql).await, number, "{event}");
    }
}

async fn what_came_back_is_paid_again_when_the_account_is_mended(db: TestDatabase) {
    let (world, payer) = ready(db).await;
    world.due("A", "1", 50_000).await;
    let first = approved(&world, &payer).await;
    let number = batch(&world, &first).await["number"]
        .as_str()
        .unwrap()
        .to_owned();
    let line = |result: &str, day: &str| {
        format!("{HEAD}{number}-0001,{result},500,2026-11-{day},户名不符\n")
    };
    take(&world, &line("已付", "22")).await;
    // the bank had said paid, and takes it back: it is committed again, not lost
    take(&world, &line("退回", "23")).await;
    assert_eq!(
        world.cases.heard(),
        ["1 paid 50000 last", "1 returned 50000 after paid: 户名不符"]
    );
    let money = world.money("1").await;
    assert_eq!(
        (money.standing, money.committed, money.paid),
        (Standing::Committed, 50_000, 0)
    );
    world.balances_hold().await;
    // and now says paid once more: that is for people
    let odd = take(&world, &line("已付", "24")).await;
    assert_eq!(odd["unclaimed"], 1);
    // not drawn while the account is the one the bank refused
    assert_eq!(draw(&world, &payer).await["batch"], Value::Null);
    let own = world.app(staff(ENTERPRISE, NAME));
    let page = own.get("/payee").await.expect_status(200);
    assert!(
        page.text().contains("户名不符") && page.text().contains("已退回"),
        "{}",
        page.text()
    );
    let wrong = [
        ("holder", NAME),
        ("bank", "银行"),
        ("cnaps", "102100099997"),
        ("account", "1202022419900054321"),
    ];
    let refused = own.post_form("/payee", &wrong).await.expect_status(400);
    assert!(refused.text().contains("校验位不对"), "{}", refused.text());
    let right = [
        ("holder", NAME),
        ("bank", "银行"),
        ("cnaps", "102100099996"),
        ("account", "1202022419900054321"),
    ];
    let _ = own.post_form("/payee", &right).await.expect_status(303);
    let second = approved(&world, &payer).await;
    let number = batch(&world, &second).await["number"]
        .as_str()
        .unwrap()
        .to_owned();
    take(
        &world,
        &format!("{HEAD}{number}-0001,已付,500,2026-11-24,\n"),
    )
    .await;
    assert_eq!(world.money("1").await.standing, Standing::Paid);
    // the first batch stays as the bank left it
    assert_eq!(
        figures(&batch(&world, &first).await),
        [50_000, 0, 50_000, 0]
    );
    assert_eq!(
        figures(&batch(&world, &second).await),
        [50_000, 50_000, 0, 0]
    );
    world.balances_hold().await;
    // what was paid can be demanded back, once, and no more than that
    let funds = &world.funds;
    let demand = |key: &'static str, amount| {
        world.db.write(move |tx| async move {
            let demand = Demand {
                key,
                amount,
                reason: "不再符合条件",
                due_on: "2026-12-31".parse().unwrap(),
                link: "/payee",
            };
            funds.demand(&tx, Claim::of("1"), &demand, BY).await
        })
    };
    let made = demand("a", 40_000).await.unwrap();
    assert_eq!(demand("a", 40_000).await.unwrap(), made);
    assert!(demand("b", 10_001).await.is_err());
    let app = world.app(treasurer());
    let path = format!("/funds/recoveries/{}", made.id);
    let (amount, reason) = (format!("amount-{}", made.id), format!("reason-{}", made.id));
    let given = |yuan| {
        [
            (amount.as_str(), yuan),
            (reason.as_str(), "缴款书 7 号"),
            ("kind", "repaid"),
        ]
    };
    let _ = app
        .post_form(&path, &given("400.01"))
        .await
        .expect_status(400);
    let _ = world.cases.heard();
    let _ = app.post_form(&path, &given("300")).await.expect_status(303);
    assert_eq!(world.cases.heard(), ["1 repaid 30000, left 10000"]);
    let page = app.get("/funds/recoveries").await.expect_status(200);
    assert!(page.text().contains("100 元"), "{}", page.text());
    world.balances_hold().await;
}

async fn the_last_check_keeps_rows_out_at_both_moments(db: TestDatabase) {
    let (world, payer) = ready(db).await;
    for case in ["1", "2", "3"] {
        world.due("A", case, 10_000).await;
    }
    world
        .reserve_for((OTHER, OTHER_NAME), "A", "4", 10_000, &[])
        .await
        .unwrap();
    world.commit("4", 10_000).await.unwrap();
    world.payable("4", 1, 10_000).await.unwrap();
    world.cases.refuse("2", "公示有异议，正在核查");
    let drawn = draw(&world, &payer).await;
    assert_eq!(drawn["rows"], 2);
    let out: Vec<&str> = drawn["out"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["reason"].as_str().unwrap())
        .collect();
    assert_eq!(out, ["公示有异议，正在核查", "企业还没有登记收款账户"]);
    // between drawing and approving another one fails
    world.cases.refuse("3", "企业已列入严重失信名单");
    let id = drawn["batch"].as_str().unwrap();
    let checked = approve(&world, id).await;
    assert_eq!(
        (
            checked["rows"].as_i64(),
            checked["out"].as_array().unwrap().len()
        ),
        (Some(1), 1)
    );
    let kept = batch(&world, id).await;
    assert_eq!(
        (figures(&kept), kept["taken_out"].as_i64()),
        ([10_000, 0, 0, 10_000], Some(1))
    );
    let list = world
        .app(treasurer())
        .get("/funds/payments")
        .await
        .expect_status(200);
    for words in [
        "公示有异议，正在核查",
        "企业还没有登记收款账户",
        "企业已列入严重失信名单",
    ] {
        assert!(list.text().contains(words), "{words}");
    }
    // a receipt for the row that was taken out pays nothing
    let number = kept["number"].as_str().unwrap();
    let taken = take(
        &world,
        &format!("{HEAD}{number}-0002,已付,100,2026-11-22,\n"),
    )
    .await;
    assert_eq!(taken["unclaimed"], 1);
    // an objection that comes after the approval still stops its row, until the file has left
    for case in ["5", "6"] {
        world.due("A", case, 10_000).await;
    }
    let late = approved(&world, &payer).await;
    world.cases.refuse("6", "公示有异议");
    let mine = world.app(treasurer());
    let xml = mine
        .get(&format!("/funds/batches/{late}/pain001.xml"))
        .await
        .expect_status(200);
    assert!(
        xml.text().contains("<NbOfTxs>1</NbOfTxs>"),
        "{}",
        xml.text()
    );
    assert!(xml.text().contains("兑付-5") && !xml.text().contains("兑付-6"));
    world.cases.refuse("5", "公示有异议");
    let again = mine
        .get(&format!("/funds/batches/{late}/payments.csv"))
        .await
        .expect_status(200);
    assert!(
        again.text().contains("兑付-5"),
        "the bank may have the file already"
    );
    // the enterprise changed its account after the batch was drawn: that row must be drawn anew
    world.cases.allow("2");
    let drawn = draw(&world, &payer).await;
    assert_eq!(drawn["rows"], 1);
    world.keep_payee(ENTERPRISE, NAME).await;
    let id = drawn["batch"].as_str().unwrap();
    let checked = approve(&world, id).await;
    assert_eq!(checked["batch"], Value::Null);
    assert_eq!(batch(&world, id).await["state"], "withdrawn");
    world.balances_hold().await;
}

async fn withdrawn_batches_and_unreadable_files_pay_nothing(db: TestDatabase) {
    let (world, payer) = ready(db).await;
    world.due("A", "1", 10_000).await;
    let drawn = draw(&world, &payer).await;
    let id = drawn["batch"].as_str().unwrap();
    let app = world.app(treasurer());
    // what stands in an open batch is not released: money may be on its way
    assert!(
        world
            .release("1")
            .await
            .unwrap_err()
            .to_string()
            .contains("已列入拨付批次")
    );
    let _ = app
        .post_form(&format!("/funds/batches/{id}/withdraw"), &[("reason", "")])
        .await
        .expect_status(400);
    let _ = app
        .post_form(
            &format!("/funds/batches/{id}/withdraw"),
            &[("reason", "金额有误")],
        )
        .await
        .expect_status(303);
    let number = batch(&world, id).await["number"]
        .as_str()
        .unwrap()
        .to_owned();
    let taken = take(
        &world,
        &format!("{HEAD}{number}-0001,已付,100,2026-11-22,\n"),
    )
    .await;
    assert_eq!(taken["unclaimed"], 1);
    let second = draw(&world, &payer).await;
    let second = second["batch"].as_str().unwrap();
    let reject = world.app(approver());
    let _ = reject
        .post_form(
            &format!("/funds/batches/{second}/reject"),
            &[("reason", "不对")],
        )
        .await
        .expect_status(303);
    assert_eq!(world.release("1").await.unwrap(), 10_000);
    let good = format!("{HEAD}{number}-0001,已付,100,2026-11-22,\n");
    for (file, words) in [
        (good.replace("已付", "在途"), "第 2 行的“结果”不对"),
        (good.replace("结果", "状态"), "缺少“结果”一列"),
        (HEAD.to_owned(), "文件里没有一条回单"),
        ("<a/>".to_owned(), "看不懂这个文件"),
        (String::new(), "请选择银行给的回单文件"),
    ] {
        let parts = [Part::file("file", "回单.csv", file.clone().into_bytes())];
        let answer = app
            .post_multipart("/funds/receipts", &parts)
            .await
            .expect_status(400);
        assert!(answer.text().contains(words), "{words}: {}", answer.text());
    }
    assert_eq!(
        world.count("SELECT COUNT(*) FROM fund_receipt_file").await,
        1
    );
    world.balances_hold().await;
}

async fn a_file_that_has_left_is_stopped_at_the_bank_before_its_batch_is_withdrawn(
    db: TestDatabase,
) {
    let (world, payer) = ready(db).await;
    world.due("A", "1", 10_000).await;
    let id = approved(&world, &payer).await;
    let app = world.app(treasurer());
    let path = format!("/funds/batches/{id}");
    let page = app.get(&path).await.expect_status(200);
    assert!(!page.text().contains("name=\"stopped\""), "{}", page.text());
    let _ = app
        .get(&format!("{path}/pain001.xml"))
        .await
        .expect_status(200);
    let withdraw = format!("{path}/withdraw");
    let refused = app.post_form(&withdraw, &[("reason", "金额有误")]).await;
    let refused = refused.expect_status(400);
    assert!(
        refused.text().contains("请先向银行核实") && refused.text().contains("name=\"stopped\""),
        "{}",
        refused.text()
    );
    assert_eq!(draw(&world, &payer).await["batch"], Value::Null);
    let given = [("reason", "金额有误"), ("stopped", "yes")];
    let _ = app.post_form(&withdraw, &given).await.expect_status(303);
    assert_eq!(draw(&world, &payer).await["rows"], 1);
}

async fn what_was_released_is_made_payable_anew_with_another_amount(db: TestDatabase) {
    let (world, payer) = ready(db).await;
    world.due("A", "1", 10_000).await;
    assert_eq!(world.release("1").await.unwrap(), 10_000);
    world.due("A", "1", 7_000).await;
    assert!(world.payable("1", 1, 8_000).await.is_err());
    let id = approved(&world, &payer).await;
    assert_eq!(figures(&batch(&world, &id).await), [7_000, 0, 0, 7_000]);
    assert_eq!(world.count("SELECT COUNT(*) FROM fund_payment").await, 1);
    world.balances_hold().await;
}

async fn lists_counts_and_exports_are_one_query_within_reach(db: TestDatabase) {
    let (world, _) = ready(db).await;
    world.due("A", "1", 10_000).await;
    world.clock.pass(TimeDelta::days(3));
    let app = world.app(treasurer());
    let list = app.get("/api/v1/payments").await.expect_status(200).json();
    assert_eq!(
        (list["total"].as_i64(), list["amount"].as_i64()),
        (Some(1), Some(10_000))
    );
    let page = app.get("/funds/payments").await.expect_status(200);
    assert!(
        page.text().contains("3 天") && page.text().contains("共 1 笔，100 元"),
        "{}",
        page.text()
    );
    let csv = app
        .get("/funds/payments/export.csv")
        .await
        .expect_status(200);
    assert!(
        csv.text().contains("兑付-1") && csv.text().contains("100.00"),
        "{}",
        csv.text()
    );
    let _ = app
        .get("/funds/payments/export.xlsx")
        .await
        .expect_status(200);
    let csv = app.get("/funds/export.csv").await.expect_status(200);
    assert!(csv.text().contains("事项A"), "{}", csv.text());
    let _ = app.get("/funds/export.xlsx").await.expect_status(200);
    let _ = app
        .get("/api/v1/payments?state=nonsense")
        .await
        .expect_status(400);
    for viewer in [officer("leader", 5), officer("supervisor", 6), approver()] {
        let list = world
            .app(viewer)
            .get("/api/v1/payments")
            .await
            .expect_status(200)
            .json();
        assert_eq!(list["total"], 1);
    }
    let elsewhere = world.app(zhida_testkit::seated("treasurer", Some("330100"), None));
    let list = elsewhere
        .get("/api/v1/payments")
        .await
        .expect_status(200)
        .json();
    assert_eq!(list["total"], 0);
    let pools = elsewhere
        .get("/api/v1/fund-pools")
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (pools["total"].as_i64(), pools["amount"].as_i64()),
        (Some(0), Some(0))
    );
    for viewer in [
        officer("clerk", 7),
        staff(ENTERPRISE, NAME),
        Viewer::visitor(),
    ] {
        let status = if viewer.is_visitor() { 401 } else { 403 };
        let _ = world
            .app(viewer)
            .get("/api/v1/payments")
            .await
            .expect_status(status);
    }
    // who waits for money is shown in order, with what is missing
    let pool = world.pool("B", 1_000).await;
    world.reserve("B", "8", 1_500).await.unwrap();
    world.reserve("B", "9", 500).await.unwrap();
    let page = app
        .get(&format!("/funds/pools/{}", pool.id))
        .await
        .expect_status(200);
    assert!(
        page.text().contains("共 2 件，合计 20 元，还差 10 元"),
        "{}",
        page.text()
    );
    // an enterprise sees its own and nobody else's
    let own = world
        .app(staff(ENTERPRISE, NAME))
        .get("/payee")
        .await
        .expect_status(200);
    assert!(own.text().contains("兑付-1"), "{}", own.text());
    let other = world
        .app(staff(OTHER, OTHER_NAME))
        .get("/payee")
        .await
        .expect_status(200);
    assert!(!other.text().contains("兑付-1") && other.text().contains("还没有登记收款账户"));
}

/// Another place's officers get the answer that they would get for what does not exist.
async fn what_is_another_places_is_answered_like_nothing(db: TestDatabase) {
    const NOTHING: &str = "0192f3a0-0000-7000-8000-000000000000";
    let (world, payer) = ready(db).await;
    let pool = world.pool("C", 1_000).await.id;
    world.due("A", "1", 50_000).await;
    world.due("A", "2", 30_000).await;
    let batch = draw(&world, &payer).await["batch"]
        .as_str()
        .unwrap()
        .to_owned();
    approve(&world, &batch).await;
    let taken = take(
        &world,
        &format!("{HEAD}没有这一笔,成功,300.00,2026-11-20,\n"),
    )
    .await;
    let digest = taken["digest"].as_str().unwrap_or(NOTHING).to_owned();
    let asked = [
        ("GET", format!("/funds/pools/{pool}")),
        ("POST", format!("/funds/pools/{pool}/budget")),
        ("POST", format!("/funds/pools/{pool}/switch")),
        ("GET", format!("/api/v1/fund-pools/{pool}")),
        ("GET", format!("/funds/batches/{batch}")),
        ("POST", format!("/funds/batches/{batch}/approve")),
        ("POST", format!("/funds/batches/{batch}/reject")),
        ("POST", format!("/funds/batches/{batch}/withdraw")),
        ("POST", format!("/funds/batches/{batch}/sent")),
        ("GET", format!("/funds/batches/{batch}/payments.csv")),
        ("GET", format!("/funds/batches/{batch}/pain001.xml")),
        ("GET", format!("/api/v1/payment-batches/{batch}")),
        ("GET", format!("/api/v1/payment-batches/{batch}/pain001")),
        ("POST", format!("/funds/payers/{payer}/switch")),
        ("GET", format!("/funds/receipts/{digest}")),
    ];
    let balances = figures(&crate::bank::batch(&world, &batch).await);
    let mut hidden = 0;
    for role in ["treasurer", "payment_approver", "supervisor"] {
        let app = world.app(zhida_testkit::seated(role, Some("330100"), None));
        for (method, theirs) in &asked {
            let ids = [&pool, &batch, &payer, &digest];
            let none = ids
                .iter()
                .fold(theirs.clone(), |path, id| path.replace(*id, NOTHING));
            let ask = async |path: &str| {
                let fields = [("amount", "1"), ("reason", "x"), ("note", "x")];
                match *method {
                    "GET" => app.get(path).await,
                    _ => app.post_form(path, &fields).await,
                }
            };
            let (one, other) = (ask(theirs).await, ask(&none).await);
            assert_eq!(one.status, other.status, "{role} {method} {theirs}");
            assert!(
                one.status.is_client_error(),
                "{role} {method} {theirs}: {}",
                one.status
            );
            hidden += usize::from(one.status == 404);
        }
    }
    assert!(hidden >= asked.len(), "{hidden} hidden");
    assert_eq!(figures(&crate::bank::batch(&world, &batch).await), balances);
}

both_databases!(
    four_eyes_export_receipts_and_reconciliation,
    what_came_back_is_paid_again_when_the_account_is_mended,
    the_last_check_keeps_rows_out_at_both_moments,
    withdrawn_batches_and_unreadable_files_pay_nothing,
    a_file_that_has_left_is_stopped_at_the_bank_before_its_batch_is_withdrawn,
    what_was_released_is_made_payable_anew_with_another_amount,
    lists_counts_and_exports_are_one_query_within_reach,
    what_is_another_places_is_answered_like_nothing,
);
