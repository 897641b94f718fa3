//! 追回: from the demand to the money that came back.

use serde_json::{Value, json};
use zhida_policies::Delivery;
use zhida_testkit::{TestDatabase, TestResponse, both_databases};

use crate::bank::{pay, payer};
use crate::world::{World, boss, clerk, code, decider, decider_of, fields, payee, treasurer};

const WHOLE: [(&str, &str); 6] = [
    ("number", "1"),
    ("cause", "no-longer"),
    ("extent", "whole"),
    ("reason", "2027 年 3 月迁出本市"),
    ("basis", "申报指南第六条"),
    ("days", "20"),
];

/// Enterprise 1 has confirmed; the case's id.
async fn confirmed(world: &World) -> String {
    world
        .publish("gaoqi", Delivery::NoApplication, |_| {})
        .await;
    world.pool("gaoqi", 1_000_000).await;
    world.offer().await;
    let id = world.case_id(1, "gaoqi").await;
    let _ = world
        .app(boss(1))
        .post_form(
            &format!("/redemption/cases/{id}/confirm"),
            &fields(&payee(1)),
        )
        .await
        .expect_status(303);
    id
}

pub(crate) async fn paid(world: &World) -> String {
    let id = confirmed(world).await;
    world.clock.pass(5);
    world.work().await;
    let payer = payer(world).await;
    pay(world, &payer, 1).await;
    id
}

async fn ask(world: &World, id: &str, given: &[(&str, &str)]) -> TestResponse {
    let path = format!("/redemption/cases/{id}/recovery");
    world.app(decider()).post_form(&path, given).await
}

async fn recoveries(world: &World, id: &str) -> Value {
    let path = format!("/api/v1/redemption/cases/{id}/recoveries");
    let found = world.app(boss(1)).get(&path).await;
    found.expect_status(200).json()["items"].clone()
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("{before} in {text}"));
    rest.split_once(after).unwrap().0
}

/// The case as its enterprise sees it.
async fn own_page(world: &World, id: &str) -> TestResponse {
    let path = format!("/redemption/cases/{id}");
    world.app(boss(1)).get(&path).await.expect_status(200)
}

/// The check code of the case's letter.
async fn letter(world: &World, id: &str) -> String {
    let page = own_page(world, id).await;
    let letter = between(page.text(), "/redemption/letters/", "\"").to_owned();
    let page = world
        .app(boss(1))
        .get(&format!("/redemption/letters/{letter}"))
        .await
        .expect_status(200);
    between(page.text(), "/verify/", "\"").to_owned()
}

async fn a_grant_is_withdrawn_and_its_money_comes_back(db: TestDatabase) {
    let world = World::new(db).await;
    let id = paid(&world).await;
    let code_of_letter = letter(&world, &id).await;
    let verify = format!("/verify/{code_of_letter}");
    let before = world.app(boss(2)).get(&verify).await.expect_status(200);
    assert!(!before.text().contains("已撤销"), "{}", before.text());

    let path = format!("/redemption/cases/{id}/recovery");
    let page = world.app(decider()).get(&path).await.expect_status(200);
    assert!(
        page.text().contains("还可以追回") && page.text().contains("100,000 元"),
        "{}",
        page.text()
    );
    let _ = ask(&world, &id, &WHOLE).await.expect_status(303);
    // the same press twice is one
    let _ = ask(&world, &id, &WHOLE).await.expect_status(303);
    assert_eq!(world.count("SELECT COUNT(*) FROM fund_recovery").await, 1);
    let sql = "SELECT COUNT(*) FROM message WHERE event = 'funds.demanded'";
    assert_eq!(world.count(sql).await, 1);
    let sql = "SELECT COUNT(*) FROM audit_event WHERE action = 'redemption.claw_back'";
    assert_eq!(world.count(sql).await, 1);
    let other = [&WHOLE[..4], &[("basis", "别的依据"), ("days", "20")]].concat();
    let late = ask(&world, &id, &other).await.expect_status(409);
    assert!(late.text().contains("刚刚由别人作出"), "{}", late.text());

    let line = &recoveries(&world, &id).await[0];
    assert_eq!(
        json!([
            line["cause"],
            line["fen"],
            line["left"],
            line["number"],
            line["is_late"]
        ]),
        json!(["不再符合条件", 10_000_000, 10_000_000, 1, false])
    );
    let status = own_page(&world, &id).await;
    for words in [
        "全额追回，撤销原决定",
        "2027 年 3 月迁出本市",
        "依据：申报指南第六条",
        "已撤销",
        "追回 100,000 元",
        "还差 100,000 元",
    ] {
        assert!(status.text().contains(words), "{words}: {}", status.text());
    }
    assert!(
        !status.text().contains("/recovery\""),
        "not the enterprise's to do"
    );
    let inbox = "SELECT COUNT(*) FROM message WHERE event = 'funds.demanded' AND link LIKE '/redemption/cases/%'";
    assert_eq!(world.count(inbox).await, 1, "the message leads to the case");

    // anybody with the code learns that it does not hold any more, and no more than the cause
    let verified = world.app(boss(2)).get(&verify).await.expect_status(200);
    assert!(
        verified.text().contains("已撤销") && verified.text().contains("不再符合条件"),
        "{}",
        verified.text()
    );
    assert!(!verified.text().contains("迁出"), "{}", verified.text());
    let json = world
        .app(boss(2))
        .get(&format!("/api/v1/letters/{code_of_letter}"))
        .await
        .expect_status(200)
        .json();
    assert_eq!(json["state"], "revoked");

    // the money comes back in two steps; each is told to the case
    let page = world.app(treasurer()).get("/funds/recoveries").await;
    let page = page.expect_status(200);
    let recovery = between(page.text(), "/funds/recoveries/", "\"").to_owned();
    let (amount, reason) = (format!("amount-{recovery}"), format!("reason-{recovery}"));
    for (yuan, left) in [("60000", 4_000_000), ("40000", 0)] {
        let given = [
            (amount.as_str(), yuan),
            (reason.as_str(), "缴款书 7 号"),
            ("kind", "repaid"),
        ];
        let _ = world
            .app(treasurer())
            .post_form(&format!("/funds/recoveries/{recovery}"), &given)
            .await
            .expect_status(303);
        assert_eq!(
            recoveries(&world, &id).await[0]["left"].as_i64(),
            Some(left)
        );
    }
    let status = own_page(&world, &id).await;
    for words in [
        "已全部退回",
        "追回登记：已退回 60,000 元，还差 40,000 元",
        "追回登记：已退回 40,000 元，这笔追回已结清",
    ] {
        assert!(status.text().contains(words), "{words}: {}", status.text());
    }
    let sql = "SELECT COUNT(*) FROM message WHERE event = 'redemption.repaid'";
    assert_eq!(world.count(sql).await, 2);
    let page = world.app(decider()).get(&path).await.expect_status(200);
    assert!(page.text().contains("已经全部要求退回"), "{}", page.text());
}

async fn a_part_leaves_the_decision_and_never_more_than_was_paid(db: TestDatabase) {
    let world = World::new(db).await;
    let id = paid(&world).await;
    let code_of_letter = letter(&world, &id).await;
    let part = |number: &'static str, cause: &'static str, amount: &'static str| {
        [
            ("number", number),
            ("cause", cause),
            ("extent", "part"),
            ("amount", amount),
            ("reason", "多算了 30 人"),
            ("basis", "政策第一条"),
            ("days", "30"),
        ]
    };
    for (given, words) in [
        (part("1", "false-materials", "30000"), "应当全额追回"),
        (part("1", "overpaid", "100000.01"), "还可以追回 100,000 元"),
        (part("1", "overpaid", ""), "请填写追回的金额"),
        (part("1", "overpaid", "三万"), "不是金额"),
        (part("1", "", "1"), "请选择追回的原因"),
    ] {
        let refused = ask(&world, &id, &given).await.expect_status(400);
        assert!(
            refused.text().contains(words),
            "{words}: {}",
            refused.text()
        );
        assert!(
            refused.text().contains("多算了 30 人"),
            "what was typed stays"
        );
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM fund_recovery").await, 0);
    let _ = ask(&world, &id, &part("1", "overpaid", "30000"))
        .await
        .expect_status(303);
    let skipped = ask(&world, &id, &part("3", "overpaid", "30000")).await;
    let _ = skipped.expect_status(409);
    let verified = world
        .app(boss(2))
        .get(&format!("/api/v1/letters/{code_of_letter}"))
        .await
        .expect_status(200)
        .json();
    assert_eq!(verified["state"], "in_force");

    // through the API, for the rest: what was paid and not demanded yet
    let whole = json!({
        "number": 2, "cause": "audit", "extent": "whole",
        "reason": "审计整改", "basis": "审计报告〔2027〕5 号",
    });
    let api = format!("/api/v1/redemption/cases/{id}/recoveries");
    let made = world.app(decider()).post_json(&api, &whole).await;
    let made = made.expect_status(200).json();
    assert_eq!(made["fen"].as_i64(), Some(7_000_000));
    assert_eq!(recoveries(&world, &id).await.as_array().unwrap().len(), 2);
    let none = json!({
        "number": 3, "cause": "audit", "extent": "whole", "reason": "再来", "basis": "同上",
    });
    let refused = world.app(decider()).post_json(&api, &none).await;
    let _ = refused.expect_status(422);
    let causes = world
        .app(boss(1))
        .get("/api/v1/redemption/recovery-causes")
        .await
        .expect_status(200)
        .json();
    assert_eq!(causes["total"], 5);
}

async fn only_who_decides_there_and_only_what_was_paid(db: TestDatabase) {
    let world = World::new(db).await;
    let id = confirmed(&world).await;
    let open = ask(&world, &id, &WHOLE).await.expect_status(422);
    assert!(open.text().contains("还没有办结"), "{}", open.text());
    let path = format!("/redemption/cases/{id}/recovery");
    let api = format!("/api/v1/redemption/cases/{id}/recoveries");
    for (viewer, status) in [
        (clerk(), 403),
        (boss(1), 403),
        (decider_of("370112"), 404),
        (decider(), 200),
        (decider_of("370102"), 200),
    ] {
        let app = world.app(viewer.clone());
        let _ = app.get(&path).await.expect_status(status);
        if status != 200 {
            let _ = app.post_form(&path, &WHOLE).await.expect_status(status);
        }
    }
    let _ = world
        .app(decider_of("370112"))
        .get(&api)
        .await
        .expect_status(404);
    let _ = world.app(boss(2)).get(&api).await.expect_status(404);
    // declined: nothing was paid
    let declined = world.case_id(2, "gaoqi").await;
    let _ = world
        .app(boss(2))
        .post_form(&format!("/redemption/cases/{declined}/decline"), &[])
        .await
        .expect_status(303);
    let nothing = ask(&world, &declined, &WHOLE).await.expect_status(422);
    assert!(nothing.text().contains("没有拨付过"), "{}", nothing.text());
    let gone = ask(&world, &uuid::Uuid::from_u128(7).to_string(), &WHOLE).await;
    let _ = gone.expect_status(404);
}

async fn what_was_withdrawn_stands_in_nobodys_way(db: TestDatabase) {
    let world = World::new(db).await;
    world.publish("jiuye", Delivery::Instant, |_| {}).await;
    world.publish("kuogang", Delivery::Instant, |_| {}).await;
    world.pool("jiuye", 1_000_000).await;
    world.pool("kuogang", 1_000_000).await;
    let file = async |item: &str| {
        let path = format!("/redemption/apply/{item}");
        world
            .app(boss(1))
            .post_form(&path, &fields(&payee(1)))
            .await
    };
    let _ = file("jiuye").await.expect_status(303);
    world.clock.pass(5);
    world.work().await;
    let payer = payer(&world).await;
    pay(&world, &payer, 1).await;
    let _ = file("kuogang").await.expect_status(422);
    let id = world.case_id(1, "jiuye").await;
    let code_of_letter = letter(&world, &id).await;
    let _ = ask(&world, &id, &WHOLE).await.expect_status(303);
    let verified = world
        .app(boss(2))
        .get(&format!("/api/v1/letters/{code_of_letter}"))
        .await
        .expect_status(200)
        .json();
    assert_eq!(verified["state"], "revoked", "what the data decided, too");
    let _ = file("kuogang").await.expect_status(303);
    let case = world.case(1, "kuogang").await;
    assert_eq!(case["record"]["fen_decided"].as_i64(), Some(8_000_000));
    assert_eq!(case["record"]["enterprise"], code(1));
}

both_databases!(
    a_grant_is_withdrawn_and_its_money_comes_back,
    a_part_leaves_the_decision_and_never_more_than_was_paid,
    only_who_decides_there_and_only_what_was_paid,
    what_was_withdrawn_stands_in_nobodys_way,
);
