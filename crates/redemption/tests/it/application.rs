//! 即申即享 and 申报: from the conditions to the decision.

use serde_json::json;
use zhida_platform::db;
use zhida_policies::Delivery;
use zhida_testkit::{Part, TestDatabase, both_databases, seated};

use crate::talk::{form, hidden, send};
use crate::world::{World, agent, boss, clerk, decider, fields, name, payee};

async fn an_instant_item_is_filed_in_one_page_and_only_once(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app(boss(1));
    let none = app.get("/redemption/apply/jiuye").await.expect_status(422);
    assert!(
        none.text().contains("还没有发布兑付方案"),
        "{}",
        none.text()
    );
    world.publish("jiuye", Delivery::Instant, |_| {}).await;
    world.pool("jiuye", 1_000_000).await;
    let page = app.get("/redemption/apply/jiuye").await.expect_status(200);
    assert!(
        page.text().contains("5 万元") && page.text().contains("从业人数 50 人以上"),
        "{}",
        page.text()
    );
    let refused = app
        .post_form("/redemption/apply/jiuye", &[])
        .await
        .expect_status(400);
    assert!(refused.text().contains("请填写收款账户"));
    let (first, second) = (payee(1), payee(1));
    let (first, second) = (fields(&first), fields(&second));
    let (first, second) = tokio::join!(
        app.post_form("/redemption/apply/jiuye", &first),
        app.post_form("/redemption/apply/jiuye", &second),
    );
    let to = (
        first.header("location").to_owned(),
        second.header("location").to_owned(),
    );
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (303, 303));
    assert_eq!(to.0, to.1, "sent twice, both are shown the one case");
    assert_eq!(world.count("SELECT COUNT(*) FROM redemption_case").await, 1);
    assert_eq!(world.count("SELECT COUNT(*) FROM fund_claim").await, 1);
    let case = world.case(1, "jiuye").await;
    assert_eq!(
        case["record"]["fen_decided"].as_i64(),
        Some(5_000_000),
        "data decided"
    );
    assert!(
        case["status"]["words"]
            .as_str()
            .unwrap()
            .starts_with("公示")
    );
    let page = app.get("/redemption/apply/jiuye").await.expect_status(200);
    assert!(page.text().contains("已经有一件"));

    let unfit = world
        .app(boss(4))
        .get("/redemption/apply/jiuye")
        .await
        .expect_status(200);
    assert!(
        unfit.text().contains("现在不能申请") && !unfit.text().contains("提交申请"),
        "{}",
        unfit.text()
    );
    let refused = world
        .app(boss(4))
        .post_form("/redemption/apply/jiuye", &fields(&payee(4)))
        .await;
    assert!(refused.expect_status(422).text().contains("不符合条件"));
}

async fn the_rule_of_filing_is_recorded_and_an_agency_is_named(db: TestDatabase) {
    let world = World::new(db).await;
    world.publish("jiuye", Delivery::Instant, |_| {}).await;
    world.pool("jiuye", 1_000_000).await;
    // an agent in its own seat is told to choose for whom, and led nowhere
    for (viewer, leads) in [
        (seated("agent", Some("370100"), None), false),
        (agent(2), true),
    ] {
        let shown = world.app(viewer).get("/schemes/jiuye").await;
        let shown = shown.expect_status(200);
        let text = shown.text();
        assert_eq!(text.contains("/redemption/apply/jiuye"), leads, "{text}");
        assert_eq!(text.contains("换到那家企业的任职"), !leads, "{text}");
    }
    let filed = world
        .app(agent(2))
        .post_form("/redemption/apply/jiuye", &fields(&payee(2)))
        .await;
    let _ = filed.expect_status(303);
    let case = world.case(2, "jiuye").await;
    let judgement = &case["record"]["judgement"];
    assert_eq!(judgement["item_revision"].as_i64(), Some(1));
    assert_eq!(
        judgement["conditions"][1]["tests"][0]["facts"][0]["department"],
        "市场监管"
    );
    assert_eq!(case["record"]["agent"], "样例代办公司");
    let id = case["id"].as_str().unwrap();
    let page = world
        .app(boss(2))
        .get(&format!("/redemption/cases/{id}"))
        .await
        .expect_status(200);
    let label = format!("{}（由样例代办公司代办）", name(2));
    assert!(page.text().contains(&label), "{}", page.text());
    // another scheme and other facts later change nothing of it
    world.change(2, 20, "是", "2026-11-01").await;
    let after = world.case(2, "jiuye").await;
    assert_eq!(after["record"]["judgement"], *judgement);
    assert!(world.redemption.payment_bar(id).await.unwrap().is_some());
}

async fn people_decide_what_data_cannot_and_the_second_is_told_of_the_first(db: TestDatabase) {
    let world = World::new(db).await;
    world
        .publish("yanfa", Delivery::Application, |scheme| {
            scheme.period = zhida_redemption::words::Period::Any
        })
        .await;
    world.pool("yanfa", 1_000_000).await;
    let app = world.app(boss(1));
    let _ = app
        .post_form("/redemption/apply/yanfa", &fields(&payee(1)))
        .await
        .expect_status(303);
    let case = world.case(1, "yanfa").await;
    let id = case["id"].as_str().unwrap().to_owned();
    assert!(
        case["status"]["words"]
            .as_str()
            .unwrap()
            .starts_with("受理"),
        "{case}"
    );
    let room = &world.redemption;
    let early = room
        .grant(&decider(), &id, 1, None, "同意")
        .await
        .unwrap_err();
    assert!(early.to_string().contains("还不能核定"), "{early}");
    room.advance(&clerk(), &id, "材料齐全").await.unwrap();
    room.advance(&clerk(), &id, "符合").await.unwrap();
    let clerks = room
        .grant(&clerk(), &id, 3, None, "同意")
        .await
        .unwrap_err();
    assert!(clerks.to_string().contains("由审定人员决定"), "{clerks}");
    let much = room
        .grant(&decider(), &id, 3, Some(20_000_001), "同意")
        .await
        .unwrap_err();
    assert!(much.to_string().contains("最多 200,000 元"), "{much}");
    let (one, other) = (decider(), decider());
    let (first, second) = tokio::join!(
        room.grant(&one, &id, 3, Some(15_000_000), "同意"),
        room.refuse(&other, &id, 3, "不同意"),
    );
    let told = match (first, second) {
        (Ok(()), Err(error)) | (Err(error), Ok(())) => error.to_string(),
        both => panic!("one of two decides: {both:?}"),
    };
    assert!(told.contains("您操作之前"), "{told}");
    let decided = world.count("SELECT COUNT(*) FROM audit_event WHERE action IN ('redemption.grant', 'redemption.refuse')").await;
    assert_eq!(decided, 1);
    assert_eq!(
        world.count("SELECT COUNT(*) FROM redemption_letter").await,
        1
    );
}

async fn a_case_is_withdrawn_rated_once_and_counted(db: TestDatabase) {
    let world = World::new(db).await;
    world.publish("yanfa", Delivery::Application, |_| {}).await;
    let app = world.app(boss(1));
    let _ = app
        .post_form("/redemption/apply/yanfa", &fields(&payee(1)))
        .await
        .expect_status(303);
    let id = world.case_id(1, "yanfa").await;
    let _ = app
        .post_form(&format!("/redemption/cases/{id}/rating"), &[("grade", "5")])
        .await
        .expect_status(422);
    let _ = app
        .post_form(&format!("/redemption/cases/{id}/withdraw"), &[])
        .await
        .expect_status(303);
    assert_eq!(
        world.case(1, "yanfa").await["status"]["words"],
        "已办结：已撤回"
    );
    let _ = app
        .post_form("/redemption/apply/yanfa", &[])
        .await
        .expect_status(303);
    assert_eq!(
        world.count("SELECT COUNT(*) FROM redemption_case").await,
        2,
        "it may apply again"
    );
    let _ = app
        .post_form(&format!("/redemption/cases/{id}/rating"), &[("grade", "9")])
        .await
        .expect_status(400);
    let _ = app
        .post_form(
            &format!("/redemption/cases/{id}/rating"),
            &[("grade", "2"), ("words", "慢")],
        )
        .await
        .expect_status(303);
    let _ = app
        .post_form(&format!("/redemption/cases/{id}/rating"), &[("grade", "5")])
        .await
        .expect_status(409);
    let card = world
        .app(clerk())
        .get("/api/v1/redemption/scorecards/yanfa")
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (card["applied"].as_i64(), card["open"].as_i64()),
        (Some(2), Some(1))
    );
    assert_eq!(
        (card["grades"].clone(), card["satisfaction"].as_i64()),
        (json!([0, 1, 0, 0, 0]), Some(0))
    );
    let page = world
        .app(clerk())
        .get("/redemption/evaluation/yanfa")
        .await
        .expect_status(200);
    assert!(page.text().contains("0.0%"), "{}", page.text());
    let _ = world
        .app(boss(1))
        .get("/redemption/evaluation")
        .await
        .expect_status(403);
}

async fn a_stale_tab_files_nothing_and_loses_nothing(db: TestDatabase) {
    const FORM: &str = "/redemption/apply/yanfa/form";
    let world = World::new(db).await;
    world
        .publish("yanfa", Delivery::Application, |scheme| {
            scheme.form = Some(form());
            scheme.asks_payee = false;
        })
        .await;
    let own = world.app(boss(1));
    let old = own.get(FORM).await.expect_status(200);
    let texts = |project, action| [("project", project), ("amount", "120000"), ("do", action)];
    let _ = send(&own, FORM, &texts("电池回收", "upload"), Some("合同.pdf"))
        .await
        .expect_status(303);

    let (version, tab) = (hidden(old.text(), "version"), hidden(old.text(), "tab"));
    let mut parts = vec![Part::text("version", &version), Part::text("tab", &tab)];
    let stale = texts("电池再生", "submit");
    parts.extend(stale.iter().map(|(name, text)| Part::text(name, text)));
    let told = own.post_multipart(FORM, &parts).await.expect_status(409);
    assert!(
        told.text().contains("电池回收") && told.text().contains("电池再生"),
        "{}",
        told.text()
    );
    assert_eq!(world.count("SELECT COUNT(*) FROM redemption_case").await, 0);
}

async fn a_file_that_waits_for_its_scan_holds_up_nobody_and_says_so(db: TestDatabase) {
    const FORM: &str = "/redemption/apply/yanfa/form";
    let world = World::new(db).await;
    world
        .publish("yanfa", Delivery::Application, |scheme| {
            scheme.form = Some(form());
            scheme.asks_payee = false;
        })
        .await;
    world.pool("yanfa", 1_000_000).await;
    let own = world.app(boss(1));
    let texts = |action| {
        [
            ("project", "电池回收"),
            ("amount", "120000"),
            ("do", action),
        ]
    };
    let _ = send(&own, FORM, &texts("upload"), Some("合同.pdf"))
        .await
        .expect_status(303);
    let scan = "UPDATE file_content SET state = 'pending'";
    db::execute(world.db.conn(), scan, []).await.unwrap();
    let _ = send(&own, FORM, &texts("submit"), None)
        .await
        .expect_status(303);
    let case = world.case(1, "yanfa").await;
    let address = format!("/redemption/desk/{}", case["id"].as_str().unwrap());
    let desk = world.app(clerk());
    let page = desk.get(&address).await.expect_status(200);
    let (_, listed) = page.text().split_once("合同.pdf</a>").unwrap();
    let (listed, _) = listed.split_once("</li>").unwrap();
    assert!(listed.contains("待查毒"), "{listed}");
    let (before, _) = page.text().split_once("\">合同.pdf</a>").unwrap();
    let (_, file) = before.rsplit_once("href=\"").unwrap();
    let refused = desk.get(file).await.expect_status(403);
    assert!(refused.text().contains("待查毒"), "{}", refused.text());

    let scan = "UPDATE file_content SET state = 'clean'";
    db::execute(world.db.conn(), scan, []).await.unwrap();
    let page = desk.get(&address).await.expect_status(200);
    assert!(!page.text().contains("待查毒"));
    let _ = desk.get(file).await.expect_status(200);
}

both_databases!(
    a_file_that_waits_for_its_scan_holds_up_nobody_and_says_so,
    a_stale_tab_files_nothing_and_loses_nothing,
    an_instant_item_is_filed_in_one_page_and_only_once,
    the_rule_of_filing_is_recorded_and_an_agency_is_named,
    people_decide_what_data_cannot_and_the_second_is_told_of_the_first,
    a_case_is_withdrawn_rated_once_and_counted,
);
