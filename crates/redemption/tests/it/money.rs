//! Never twice, never too much, never to the wrong one: the ways around the straight one.

use serde_json::{Value, json};
use zhida_platform::progress::Silent;
use zhida_policies::Delivery;
use zhida_redemption::words::Overlap;
use zhida_testkit::{TestDatabase, both_databases};

use crate::bank::{pay, pay_due, payer};
use crate::world::{World, boss, clerk, decider, fields, payee, treasurer};

/// An application of enterprise 1 that stands before its decision; its id.
async fn reviewed(world: &World, item: &str) -> String {
    let app = world.app(boss(1));
    let filed = app
        .post_form(&format!("/redemption/apply/{item}"), &fields(&payee(1)))
        .await;
    let _ = filed.expect_status(303);
    let id = world.case_id(1, item).await;
    for note in ["材料齐全", "符合条件"] {
        world.redemption.advance(&clerk(), &id, note).await.unwrap();
    }
    id
}

/// Grants a case, in yuan or as the rules say; what was refused, in words.
async fn grant(world: &World, id: &str, yuan: Option<i64>) -> Result<(), String> {
    let version = world.redemption_version(id).await.parse().unwrap();
    let fen = yuan.map(|yuan| yuan * 100);
    let granted = world
        .redemption
        .grant(&decider(), id, version, fen, "同意")
        .await;
    granted.map_err(|error| error.to_string())
}

/// One step of the case page by the clerk; the answer's status and text.
async fn step(world: &World, id: &str, step: &str, given: &[(&str, &str)]) -> (u16, String) {
    let version = world.redemption_version(id).await;
    let given = [given, &[("version", version.as_str())]].concat();
    let app = world.app(clerk());
    let path = format!("/redemption/desk/{id}/{step}");
    let answer = app.post_form(&path, &given).await;
    (answer.status.as_u16(), answer.text().to_owned())
}

async fn case(world: &World, id: &str) -> Value {
    let app = world.app(boss(1));
    let path = format!("/api/v1/redemption/cases/{id}");
    app.get(&path).await.expect_status(200).json()
}

/// Lets the notice pass.
async fn noticed(world: &World) {
    world.clock.pass(10);
    world.work().await;
}

/// Takes one line of a receipt for the only row of the newest batch.
async fn receipt(world: &World, result: &str) {
    let app = world.app(treasurer());
    let batches = app.get("/api/v1/payment-batches").await.expect_status(200);
    let batches = batches.json();
    let number = batches["items"][0]["number"].as_str().unwrap();
    let outstanding = &batches["items"][0];
    let fen = outstanding["drawn"].as_i64().unwrap();
    let day = zhida_platform::clock::Clock::today(&*world.clock);
    let file = format!(
        "付款参考号,结果,金额(元),日期,原因\n{number}-0001,{result},{}.{:02},{day},户名不符\n",
        fen / 100,
        fen % 100
    );
    let request = axum::http::Request::post("/api/v1/payment-receipts");
    let request = request.body(file.into()).unwrap();
    let taken = app.send(request).await.expect_status(200).json();
    assert_eq!(taken["unclaimed"], 0, "{taken}");
}

async fn people_grant_the_difference_and_no_more_than_the_rules_allow(db: TestDatabase) {
    let world = World::new(db).await;
    world.publish("jiuye", Delivery::Instant, |_| {}).await;
    let difference = |scheme: &mut zhida_redemption::Scheme| scheme.overlap = Overlap::Difference;
    world
        .publish("peiyu", Delivery::Application, difference)
        .await;
    world.publish("shifan", Delivery::Application, |_| {}).await;
    for item in ["jiuye", "peiyu", "shifan"] {
        world.pool(item, 1_000_000).await;
    }
    let app = world.app(boss(1));
    let filed = app
        .post_form("/redemption/apply/jiuye", &fields(&payee(1)))
        .await;
    let _ = filed.expect_status(303);
    let id = reviewed(&world, "peiyu").await;
    let much = grant(&world, &id, Some(30_001)).await.unwrap_err();
    assert!(
        much.contains("最多 30,000 元"),
        "80,000 less 50,000: {much}"
    );
    grant(&world, &id, None).await.unwrap();
    let decided = case(&world, &id).await["record"]["fen_decided"].as_i64();
    assert_eq!(decided, Some(3_000_000));

    // what people assess has an upper end all the same
    let id = reviewed(&world, "shifan").await;
    let none = grant(&world, &id, None).await.unwrap_err();
    assert!(none.contains("请填写核定金额"), "{none}");
    let much = grant(&world, &id, Some(500_001)).await.unwrap_err();
    assert!(much.contains("最多 500,000 元"), "{much}");
    grant(&world, &id, Some(500_000)).await.unwrap();
}

async fn what_is_sent_back_is_decided_and_paid_anew(db: TestDatabase) {
    let world = World::new(db).await;
    world.publish("yanfa", Delivery::Application, |_| {}).await;
    world.pool("yanfa", 1_000_000).await;
    let id = reviewed(&world, "yanfa").await;
    grant(&world, &id, Some(150_000)).await.unwrap();
    noticed(&world).await;
    let held = "SELECT reserved + committed FROM fund_pool";
    assert_eq!(world.count(held).await, 15_000_000);
    let back = [("return-to", "review"), ("return-reason", "发票金额有误")];
    assert_eq!(step(&world, &id, "return", &back).await.0, 303);
    let now = case(&world, &id).await;
    assert_eq!(now["record"]["fen_decided"], Value::Null, "{now}");
    assert_eq!(world.count(held).await, 0);
    let letters = "SELECT COUNT(*) FROM redemption_letter WHERE state = 'in_force'";
    assert_eq!(world.count(letters).await, 0);
    // the last approval is not passed without another decision
    world
        .redemption
        .advance(&clerk(), &id, "复核")
        .await
        .unwrap();
    let passed = world.redemption.advance(&decider(), &id, "通过").await;
    assert!(passed.is_err(), "{passed:?}");
    grant(&world, &id, Some(120_000)).await.unwrap();
    noticed(&world).await;
    let payer = payer(&world).await;

    // while it stands in a batch, money may be on its way
    let mine = world.app(treasurer());
    let drawn = mine
        .post_json("/api/v1/payment-batches", &json!({ "payer": payer }))
        .await;
    let drawn = drawn.expect_status(200).json();
    let (status, words) = step(&world, &id, "return", &back).await;
    assert_eq!(status, 422, "{words}");
    assert!(words.contains("已列入拨付批次"), "{words}");
    let batch = drawn["batch"].as_str().unwrap();
    let withdrawn = mine
        .post_form(
            &format!("/funds/batches/{batch}/withdraw"),
            &[("reason", "重新编制")],
        )
        .await;
    let _ = withdrawn.expect_status(303);
    pay(&world, &payer, 1).await;
    let paid = case(&world, &id).await;
    assert_eq!(paid["status"]["words"], "已办结：已兑付");
    assert_eq!(paid["record"]["paid_fen"].as_i64(), Some(12_000_000));
    let pool = "SELECT paid FROM fund_pool WHERE reserved + committed = 0";
    assert_eq!(world.count(pool).await, 12_000_000);
    assert_eq!(world.count(letters).await, 1);
}

async fn what_ends_after_its_grant_keeps_neither_letter_nor_money(db: TestDatabase) {
    let world = World::new(db).await;
    world.publish("yanfa", Delivery::Application, |_| {}).await;
    world.pool("yanfa", 1_000_000).await;
    let id = reviewed(&world, "yanfa").await;
    grant(&world, &id, None).await.unwrap();
    let letters =
        "SELECT COUNT(*) FROM redemption_letter WHERE kind = 'granted' AND state = 'in_force'";
    assert_eq!(world.count(letters).await, 1);
    let end = [("end-reason", "材料作废")];
    let (status, words) = step(&world, &id, "end", &end).await;
    assert_eq!(status, 303, "{words}");
    assert_eq!(world.count(letters).await, 0);
    let held = "SELECT reserved + committed FROM fund_pool";
    assert_eq!(world.count(held).await, 0);
}

async fn what_was_paid_in_part_is_not_decided_again(db: TestDatabase) {
    let world = World::new(db).await;
    let in_two = |scheme: &mut zhida_redemption::Scheme| {
        let part = |percent, when: &str| zhida_redemption::Part {
            percent,
            when: when.to_owned(),
        };
        scheme.parts = vec![part(80, "审定后"), part(20, "验收后")];
    };
    world.publish("yanfa", Delivery::Application, in_two).await;
    world.pool("yanfa", 1_000_000).await;
    let id = reviewed(&world, "yanfa").await;
    grant(&world, &id, None).await.unwrap();
    noticed(&world).await;
    let payer = payer(&world).await;
    pay(&world, &payer, 1).await;
    let back = [("return-to", "review"), ("return-reason", "发票金额有误")];
    let (status, words) = step(&world, &id, "return", &back).await;
    assert_eq!(status, 422, "{words}");
    assert!(words.contains("已经拨付过资金"), "{words}");
    let committed = "SELECT committed FROM fund_pool";
    assert_eq!(world.count(committed).await, 4_000_000, "nothing moved");
}

async fn what_the_bank_sends_back_later_is_still_paid_and_once(db: TestDatabase) {
    let world = World::new(db).await;
    world.publish("yanfa", Delivery::Application, |_| {}).await;
    world.pool("yanfa", 1_000_000).await;
    let id = reviewed(&world, "yanfa").await;
    grant(&world, &id, None).await.unwrap();
    noticed(&world).await;
    // somebody is asked while the money is on its way: the bank's word does not wait for the answer
    let ask = [
        ("question", "是否有未了结的处罚"),
        ("department-0", "历下区生态环境局"),
        ("term-0", "5 个工作日"),
    ];
    assert_eq!(step(&world, &id, "opinions", &ask).await.0, 303);
    let payer = payer(&world).await;
    pay(&world, &payer, 1).await;
    assert_eq!(case(&world, &id).await["status"]["words"], "已办结：已兑付");
    receipt(&world, "退回").await;
    let back = case(&world, &id).await;
    assert_eq!(back["record"]["paid_fen"].as_i64(), Some(0), "{back}");
    assert_eq!(back["status"]["words"], "已办结：已兑付，款项退回");
    let steps = back["status"]["steps"].as_array().unwrap();
    assert_eq!(steps.last().unwrap()["state"], "now", "{back}");
    for (viewer, list) in [
        (boss(1), "/redemption?show=closed"),
        (clerk(), "/redemption/desk?state=closed"),
        (clerk(), "/redemption/desk/export.csv?state=closed"),
    ] {
        let list = world.app(viewer).get(list).await.expect_status(200);
        assert!(list.text().contains("已兑付，款项退回"), "{}", list.text());
    }
    // the bank's own fault: to the same account once more
    let mine = world.app(treasurer());
    let list = mine.get("/funds/payments?state=returned").await;
    let list = list.expect_status(200);
    let (form, _) = list.text().split_once("/again\"").unwrap();
    let again = format!("{}/again", form.rsplit_once('"').unwrap().1);
    let again = mine
        .post_form(&again, &[("reason", "银行系统已恢复")])
        .await;
    let _ = again.expect_status(303);
    // who fails a condition since is not paid now either
    world.change(1, 100, "否", "2026-12-01").await;
    let none = mine
        .post_json("/api/v1/payment-batches", &json!({ "payer": payer }))
        .await;
    let none = none.expect_status(200).json();
    let why = none["out"][0]["reason"].as_str().unwrap();
    assert!(why.contains("不符合条件"), "{none}");
    world.change(1, 100, "是", "2026-12-02").await;
    pay(&world, &payer, 1).await;
    let paid = case(&world, &id).await;
    assert_eq!(paid["record"]["paid_fen"].as_i64(), Some(20_000_000));
    assert_eq!(paid["status"]["words"], "已办结：已兑付");
    assert_eq!(world.count("SELECT paid FROM fund_pool").await, 20_000_000);
    let again = mine
        .post_json("/api/v1/payment-batches", &json!({ "payer": payer }))
        .await;
    assert_eq!(again.expect_status(200).json()["batch"], Value::Null);
}

async fn a_year_that_is_over_is_not_had_beside_the_next(db: TestDatabase) {
    let world = World::new(db).await;
    world
        .publish("gaoqi", Delivery::NoApplication, |_| {})
        .await;
    let found = world.redemption.night(&Silent).await.unwrap();
    assert!(found.new > 0, "{found:?}");
    world.clock.pass(60);
    // released before the night has looked: the page is older than the year
    let late = world
        .redemption
        .release(&clerk(), "gaoqi", &[])
        .await
        .unwrap();
    assert_eq!(late.opened, 0);
    assert!(
        late.held
            .iter()
            .all(|one| one.reason.contains("（2026）已过")),
        "{late:?}"
    );
    let next = world.redemption.night(&Silent).await.unwrap();
    assert_eq!(next.new, found.new);
    let waiting = "SELECT COUNT(*) FROM redemption_candidate WHERE state = 'waiting'";
    assert_eq!(world.count(waiting).await, found.new.cast_signed());
    // and those of which nobody pressed a button are over with the night
    world.clock.pass(365);
    let last = world.redemption.night(&Silent).await.unwrap();
    assert_eq!(last.lost, found.new);
}

async fn who_meets_it_again_is_offered_it_again(db: TestDatabase) {
    let world = World::new(db).await;
    let room = &world.redemption;
    world
        .publish("gaoqi", Delivery::NoApplication, |_| {})
        .await;
    world.pool("gaoqi", 1_000_000).await;
    world.offer().await;
    let first = world.case_id(1, "gaoqi").await;
    // a mistake in the register, mended a day later
    world.change(1, 100, "否", "2026-11-20").await;
    let app = world.app(boss(1));
    let confirm = |id: &str| format!("/redemption/cases/{id}/confirm");
    let told = app.post_form(&confirm(&first), &fields(&payee(1))).await;
    assert!(!told.status.is_server_error(), "{}", told.text());
    let ended = case(&world, &first).await;
    assert_eq!(ended["status"]["words"], "已办结：不予兑付");
    world.change(1, 100, "是", "2026-11-21").await;
    assert_eq!(room.night(&Silent).await.unwrap().changed, 1);
    let again = room.release(&clerk(), "gaoqi", &[]).await.unwrap();
    assert_eq!(again.opened, 1, "{again:?}");
    let sql = "SELECT COUNT(*) FROM redemption_case WHERE slot IS NOT NULL";
    assert!(world.count(sql).await > 1);
    // who gave it up is not asked again
    let second = world.case_id(2, "gaoqi").await;
    let decline = format!("/redemption/cases/{second}/decline");
    let declined = world.app(boss(2)).post_form(&decline, &[]).await;
    let _ = declined.expect_status(303);
    let night = room.night(&Silent).await.unwrap();
    assert_eq!((night.new, night.changed), (0, 0), "{night:?}");
}

/// Numbers that look like chance and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn one<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Something that somebody might do now, whether it is possible or not.
async fn something(world: &World, dice: &mut Dice) {
    let number = 1 + dice.below(3);
    let app = world.app(boss(number));
    let item = *dice.one(&["jiuye", "yanfa"]);
    let path = match dice.below(8) {
        0..2 => format!("/redemption/apply/{item}"),
        2 => {
            let _ = world.redemption.night(&Silent).await.unwrap();
            let released = world.redemption.release(&clerk(), "gaoqi", &[]).await;
            released.unwrap();
            return;
        }
        _ => {
            let cases = app.get("/api/v1/redemption/cases").await.expect_status(200);
            let cases = cases.json();
            let cases = cases["items"].as_array().unwrap();
            if cases.is_empty() {
                return;
            }
            let id = dice.one(cases)["id"].as_str().unwrap();
            match dice.below(9) {
                0..3 => drop(world.redemption.advance(&clerk(), id, "符合").await),
                3..5 => drop(grant(world, id, None).await),
                5 => {
                    let back = [("return-to", "review"), ("return-reason", "不清")];
                    let _ = step(world, id, "return", &back).await;
                }
                6 => {
                    let version = world.redemption_version(id).await.parse().unwrap();
                    drop(
                        world
                            .redemption
                            .refuse(&decider(), id, version, "不符")
                            .await,
                    );
                }
                7 => drop(step(world, id, "end", &[("end-reason", "材料作废")]).await),
                _ => {}
            }
            let verb = *dice.one(&["confirm", "confirm", "decline", "withdraw"]);
            format!("/redemption/cases/{id}/{verb}")
        }
    };
    let answer = app.post_form(&path, &fields(&payee(number))).await;
    assert!(
        !answer.status.is_server_error(),
        "{path}: {}",
        answer.text()
    );
}

async fn what_is_kept_twice_agrees_whatever_happened(db: TestDatabase) {
    let world = World::new(db).await;
    world
        .publish("gaoqi", Delivery::NoApplication, |_| {})
        .await;
    world.publish("jiuye", Delivery::Instant, |_| {}).await;
    world.publish("yanfa", Delivery::Application, |_| {}).await;
    for item in ["gaoqi", "jiuye", "yanfa"] {
        world.pool(item, 400_000).await;
    }
    let payer = payer(&world).await;
    let mut dice = Dice(7);
    let mut paid = 0;
    for round in 0..90 {
        something(&world, &mut dice).await;
        // all of it within one year
        if round % 8 == 7 {
            world.clock.pass(3);
            world.work().await;
            paid += pay_due(&world, &payer).await;
        }
    }
    assert!(paid > 2, "{paid} were paid");
    let kinds = "SELECT COUNT(DISTINCT outcome) FROM redemption_case";
    assert!(world.count(kinds).await > 3, "{}", world.count(kinds).await);
    for (what, sql) in [
        (
            "what reports count by is what the case is",
            "SELECT COUNT(*) FROM redemption_case c JOIN case_head h ON h.id = c.case_id
             WHERE COALESCE(c.outcome, '') <> COALESCE(h.outcome, '') OR c.decided <> (c.decision IS NOT NULL)
                 OR (c.days IS NULL) <> (h.closed_at IS NULL) OR (h.outcome IS NULL) <> (h.closed_at IS NULL)",
        ),
        (
            "what is paid is what the funds paid",
            "SELECT COUNT(*) FROM redemption_case c LEFT JOIN fund_claim f ON f.case_id = c.case_id
             WHERE c.paid_fen <> COALESCE(f.paid, 0)",
        ),
        (
            "nothing is held for what is over",
            "SELECT COUNT(*) FROM fund_claim f JOIN case_head h ON h.id = f.case_id
             WHERE h.closed_at IS NOT NULL AND f.reserved + f.committed > 0",
        ),
        (
            "nobody is paid twice in a year",
            "SELECT COUNT(*) FROM (SELECT item FROM redemption_case WHERE paid_fen > 0
             GROUP BY item, enterprise HAVING COUNT(*) > 1) twice",
        ),
        (
            "a grant holds for what is granted only",
            "SELECT COUNT(*) FROM redemption_letter l JOIN redemption_case c ON c.case_id = l.case_id
             WHERE l.kind = 'granted' AND l.state = 'in_force' AND (c.decision IS NULL OR COALESCE(c.outcome, 'paid') <> 'paid')",
        ),
    ] {
        assert_eq!(world.count(sql).await, 0, "{what}");
    }
}

both_databases!(
    who_meets_it_again_is_offered_it_again,
    what_is_kept_twice_agrees_whatever_happened,
    people_grant_the_difference_and_no_more_than_the_rules_allow,
    what_is_sent_back_is_decided_and_paid_anew,
    what_ends_after_its_grant_keeps_neither_letter_nor_money,
    what_was_paid_in_part_is_not_decided_again,
    what_the_bank_sends_back_later_is_still_paid_and_once,
    a_year_that_is_over_is_not_had_beside_the_next,
);
