//! From the decision to the receipt: parts, settlement, a policy repealed with cases open.

use zhida_platform::progress::Silent;
use zhida_policies::Delivery;
use zhida_redemption::{Part, Scheme};
use zhida_testkit::{TestDatabase, both_databases};

use crate::bank::{pay, payer};
use crate::world::{World, boss, clerk, decider, fields, payee};

fn in_two(scheme: &mut Scheme) {
    let part = |percent, when: &str| Part {
        percent,
        when: when.to_owned(),
    };
    scheme.parts = vec![part(80, "审定后"), part(20, "验收后")];
}

async fn parts_are_paid_one_after_the_other_and_the_last_closes_the_case(db: TestDatabase) {
    let world = World::new(db).await;
    world
        .publish("gaoqi", Delivery::NoApplication, in_two)
        .await;
    world.pool("gaoqi", 1_000_000).await;
    world.offer().await;
    let id = world.case_id(1, "gaoqi").await;
    let app = world.app(boss(1));
    let confirm = format!("/redemption/cases/{id}/confirm");
    let _ = app
        .post_form(&confirm, &fields(&payee(1)))
        .await
        .expect_status(303);
    let part = format!("/redemption/cases/{id}/part");
    let early = world
        .app(clerk())
        .post_form(&part, &[])
        .await
        .expect_status(422);
    assert!(early.text().contains("没有下一期"), "{}", early.text());
    world.clock.pass(5);
    world.work().await;
    let payer = payer(&world).await;
    pay(&world, &payer, 1).await;
    let case = world.case(1, "gaoqi").await;
    assert_eq!(case["record"]["paid_fen"].as_i64(), Some(8_000_000));
    assert!(
        case["status"]["words"]
            .as_str()
            .unwrap()
            .starts_with("拨付"),
        "open until the last: {case}"
    );
    let _ = app.post_form(&part, &[]).await.expect_status(403);
    let much = world
        .app(clerk())
        .post_form(&part, &[("total", "100000.01")])
        .await
        .expect_status(400);
    assert!(
        much.text().contains("0 至核定的 100,000 元"),
        "{}",
        much.text()
    );
    let _ = world
        .app(clerk())
        .post_form(&part, &[("total", "95000")])
        .await
        .expect_status(303);
    let twice = world
        .app(clerk())
        .post_form(&part, &[])
        .await
        .expect_status(422);
    assert!(twice.text().contains("没有下一期"), "{}", twice.text());
    pay(&world, &payer, 1).await;
    let case = world.case(1, "gaoqi").await;
    assert_eq!(case["status"]["words"], "已办结：已兑付");
    assert_eq!(case["record"]["paid_fen"].as_i64(), Some(9_500_000));
    assert_eq!(world.count("SELECT paid FROM fund_pool").await, 9_500_000);
}

async fn a_repealed_policy_pays_what_was_decided_and_ends_what_was_not(db: TestDatabase) {
    let world = World::new(db).await;
    world.publish("yanfa", Delivery::Application, |_| {}).await;
    world.pool("yanfa", 1_000_000).await;
    let room = &world.redemption;
    let mut ids = Vec::new();
    for number in [1, 2, 3] {
        let app = world.app(boss(number));
        let filed = app
            .post_form("/redemption/apply/yanfa", &fields(&payee(number)))
            .await;
        let _ = filed.expect_status(303);
        ids.push(world.case_id(number, "yanfa").await);
    }
    for id in &ids[..2] {
        room.advance(&clerk(), id, "齐全").await.unwrap();
        room.advance(&clerk(), id, "符合").await.unwrap();
    }
    room.grant(&decider(), &ids[0], 3, None, "同意")
        .await
        .unwrap();
    world
        .policies
        .withdraw("政策管理员", "yanfa")
        .await
        .unwrap();
    let late = room
        .grant(&decider(), &ids[1], 3, None, "同意")
        .await
        .unwrap_err();
    assert!(late.to_string().contains("事项已撤下"), "{late}");
    assert_eq!(room.night(&Silent).await.unwrap().ended, 2);
    assert_eq!(room.night(&Silent).await.unwrap().ended, 0);
    for (number, words) in [(2, "已办结：已终止"), (3, "已办结：已终止")] {
        let app = world.app(boss(number));
        let id = &ids[number - 1];
        let case = app
            .get(&format!("/api/v1/redemption/cases/{id}"))
            .await
            .expect_status(200)
            .json();
        assert_eq!(case["status"]["words"], words);
    }
    world.clock.pass(5);
    world.work().await;
    assert_eq!(
        room.payment_bar(&ids[0]).await.unwrap(),
        None,
        "what was decided is paid"
    );
    let payer = payer(&world).await;
    pay(&world, &payer, 1).await;
    let app = world.app(boss(1));
    let case = app
        .get(&format!("/api/v1/redemption/cases/{}", ids[0]))
        .await
        .expect_status(200)
        .json();
    assert_eq!(case["status"]["words"], "已办结：已兑付");
}

both_databases!(
    parts_are_paid_one_after_the_other_and_the_last_closes_the_case,
    a_repealed_policy_pays_what_was_decided_and_ends_what_was_not,
);
