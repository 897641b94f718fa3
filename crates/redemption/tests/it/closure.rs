//! 免申即享: from the night's list to the money in the account.

use zhida_platform::db;
use zhida_platform::paging::PageRequest;
use zhida_platform::progress::Silent;
use zhida_policies::Delivery;
use zhida_redemption::words::Release;
use zhida_redemption::{CandidateQuery, CandidateState, ListToSave};
use zhida_testkit::{TestDatabase, both_databases, sqlite};

use crate::world::{World, boss, clerk, code, editor, fields, name, other_clerk, payee};

async fn with_scheme(db: TestDatabase) -> World {
    let world = World::new(db).await;
    world
        .publish("gaoqi", Delivery::NoApplication, |_| {})
        .await;
    world.pool("gaoqi", 1_000_000).await;
    world
}

/// Enterprises of an item with their state and amount, by name.
async fn candidates(world: &World) -> Vec<(String, CandidateState, Option<i64>, Option<i64>)> {
    let query = CandidateQuery::default();
    let page = PageRequest::first(100);
    let found = world
        .redemption
        .candidates(&clerk(), "gaoqi", &query, &page)
        .await
        .unwrap();
    let count = world
        .redemption
        .candidate_count(&clerk(), "gaoqi", &query)
        .await
        .unwrap();
    assert_eq!(found.items.len() as u64, count, "the list is the count");
    let mut found: Vec<_> = found
        .items
        .into_iter()
        .map(|one| (one.name, one.state, one.fen, one.fen_before))
        .collect();
    found.sort();
    found
}

async fn the_night_finds_new_lost_and_changed_ones_once(db: TestDatabase) {
    let world = with_scheme(db).await;
    let night = || async { world.redemption.night(&Silent).await.unwrap() };
    let first = night().await;
    assert_eq!(
        (first.items, first.new, first.lost, first.changed),
        (1, 4, 0, 0)
    );
    let waiting = CandidateState::Waiting;
    let expected = [
        (1, 10_000_000),
        (2, 8_000_000),
        (3, 6_000_000),
        (5, 5_000_000),
    ]
    .map(|(number, fen)| (name(number), waiting, Some(fen), None));
    assert_eq!(candidates(&world).await, expected);
    assert_eq!(night().await.new, 0, "begun again it finds nothing");

    world.change(1, 120, "是", "2026-09-30").await;
    world.change(2, 80, "否", "2026-09-30").await;
    world.change(4, 40, "是", "2026-09-30").await;
    let second = night().await;
    assert_eq!((second.new, second.lost, second.changed), (1, 1, 1));
    let found = candidates(&world).await;
    assert_eq!(
        found[0],
        (name(1), waiting, Some(12_000_000), Some(10_000_000))
    );
    assert_eq!(found[1].1, CandidateState::Lost);
    world.change(2, 80, "是", "2026-10-31").await;
    assert_eq!(night().await.changed, 1, "it is there again");
}

async fn lists_hold_back_and_officers_see_their_place_only(db: TestDatabase) {
    let world = with_scheme(db).await;
    let list = ListToSave {
        id: "court".to_owned(),
        name: "失信被执行人".to_owned(),
        department: "市中级人民法院".to_owned(),
        lines: format!("{} 未履行判决\n\n{}", code(2), code(4)),
    };
    assert_eq!(
        world.redemption.save_list(&clerk(), &list).await.unwrap(),
        2
    );
    let wrong = ListToSave {
        lines: "9137\n".to_owned(),
        ..list.clone()
    };
    let refused = world
        .redemption
        .save_list(&clerk(), &wrong)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("第 1 行"), "{refused}");

    let mut scheme = world
        .redemption
        .scheme_revision("gaoqi", 1)
        .await
        .unwrap()
        .scheme;
    scheme.lists = vec!["court".to_owned()];
    world
        .redemption
        .publish_scheme(&editor(), &scheme, 1)
        .await
        .unwrap();
    world.redemption.night(&Silent).await.unwrap();
    let app = world.app(clerk());
    let page = app
        .get("/redemption/closure/gaoqi")
        .await
        .expect_status(200);
    assert!(
        page.text().contains("失信被执行人（未履行判决）"),
        "{}",
        page.text()
    );
    let page = world
        .app(other_clerk())
        .get("/redemption/closure/gaoqi")
        .await
        .expect_status(200);
    assert!(
        page.text().contains(&name(1)) && !page.text().contains(&name(5)),
        "another county"
    );

    let report = app
        .post_form("/redemption/closure/gaoqi", &[("do", "all")])
        .await
        .expect_status(200);
    assert!(report.text().contains("已放行 3 家"), "{}", report.text());
    let _ = world
        .app(boss(1))
        .get("/redemption/closure")
        .await
        .expect_status(403);
    let _ = app
        .post_form("/redemption/closure/gaoqi", &[("do", "named")])
        .await
        .expect_status(422);
}

async fn one_tap_leads_through_the_notice_to_a_payment(db: TestDatabase) {
    let world = with_scheme(db).await;
    world.redemption.night(&Silent).await.unwrap();
    let released = world
        .redemption
        .release(&clerk(), "gaoqi", &[])
        .await
        .unwrap();
    assert_eq!((released.opened, released.left), (4, 0));
    let again = world
        .redemption
        .release(&clerk(), "gaoqi", &[])
        .await
        .unwrap();
    assert_eq!(again.opened, 0, "nobody twice");

    let case = world.case(1, "gaoqi").await;
    assert!(case["record"]["answers"].is_array(), "as of others: {case}");
    let id = case["id"].as_str().unwrap();
    let app = world.app(boss(1));
    let page = app
        .get(&format!("/redemption/cases/{id}"))
        .await
        .expect_status(200);
    assert!(
        page.text().contains("确认领取 100,000 元"),
        "{}",
        page.text()
    );
    assert!(page.text().contains("请贵单位办理"));
    let _ = world
        .app(boss(2))
        .get(&format!("/redemption/cases/{id}"))
        .await
        .expect_status(404);
    let confirm = format!("/redemption/cases/{id}/confirm");
    let refused = app.post_form(&confirm, &[]).await.expect_status(400);
    assert!(
        refused.text().contains("请填写收款账户"),
        "{}",
        refused.text()
    );
    let mut wrong = payee(1);
    wrong[2].1 = "102100099995".to_owned();
    let refused = app
        .post_form(&confirm, &fields(&wrong))
        .await
        .expect_status(400);
    assert!(refused.text().contains("行号"), "{}", refused.text());
    let _ = app
        .post_form(&confirm, &fields(&payee(1)))
        .await
        .expect_status(303);
    let _ = app
        .post_form(&confirm, &fields(&payee(1)))
        .await
        .expect_status(409);

    let case = world.case(1, "gaoqi").await;
    assert_eq!(case["record"]["fen_decided"].as_i64(), Some(10_000_000));
    assert!(
        case["status"]["words"]
            .as_str()
            .unwrap()
            .starts_with("公示"),
        "{case}"
    );
    // 2026-11-23 is a Monday and counts: the notice ends on Friday
    assert!(
        case["status"]["due"].as_str().unwrap().contains("11月27日"),
        "{case}"
    );
    let notices = world.app(boss(4)).get("/notices").await.expect_status(200);
    assert!(
        notices.text().contains("高新技术企业认定奖励"),
        "{}",
        notices.text()
    );

    world.clock.pass(5);
    world.work().await;
    let case = world.case(1, "gaoqi").await;
    assert!(
        case["status"]["words"]
            .as_str()
            .unwrap()
            .starts_with("拨付"),
        "{case}"
    );
    let page = app
        .get(&format!("/redemption/cases/{id}"))
        .await
        .expect_status(200);
    assert!(page.text().contains("已锁定 100,000 元"), "{}", page.text());
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM audit_event WHERE action = 'redemption.confirm'")
            .await,
        1
    );
}

async fn who_fails_a_condition_since_is_not_paid(db: TestDatabase) {
    let world = with_scheme(db).await;
    world.offer().await;
    // before the confirmation
    world.change(2, 80, "否", "2026-11-01").await;
    let case = world.case(2, "gaoqi").await;
    let confirm = format!("/redemption/cases/{}/confirm", case["id"].as_str().unwrap());
    let refused = world
        .app(boss(2))
        .post_form(&confirm, &fields(&payee(2)))
        .await
        .expect_status(422);
    assert!(refused.text().contains("不再符合"), "{}", refused.text());
    assert_eq!(
        world.case(2, "gaoqi").await["status"]["words"],
        "已办结：不予兑付"
    );
    // between the confirmation and the payment
    let case = world.case(3, "gaoqi").await;
    let id = case["id"].as_str().unwrap().to_owned();
    let confirm = format!("/redemption/cases/{id}/confirm");
    let _ = world
        .app(boss(3))
        .post_form(&confirm, &fields(&payee(3)))
        .await
        .expect_status(303);
    world.clock.pass(5);
    world.work().await;
    assert_eq!(world.redemption.payment_bar(&id).await.unwrap(), None);
    world.change(3, 60, "否", "2026-11-02").await;
    let reason = world.redemption.payment_bar(&id).await.unwrap();
    assert!(
        reason
            .as_deref()
            .is_some_and(|reason| reason.contains("不符合条件")),
        "{reason:?}"
    );
}

async fn a_policy_that_ended_takes_no_confirmation_and_declining_is_for_good(db: TestDatabase) {
    let world = with_scheme(db).await;
    world.offer().await;
    let case = world.case(1, "gaoqi").await;
    let decline = format!("/redemption/cases/{}/decline", case["id"].as_str().unwrap());
    let _ = world
        .app(boss(1))
        .post_form(&decline, &[])
        .await
        .expect_status(303);
    assert_eq!(
        world.case(1, "gaoqi").await["status"]["words"],
        "已办结：已放弃"
    );
    assert_eq!(
        world.redemption.night(&Silent).await.unwrap().new,
        0,
        "not offered again"
    );

    // filed while it was in force: goes on
    let open = world.case(3, "gaoqi").await;
    let confirm = format!("/redemption/cases/{}/confirm", open["id"].as_str().unwrap());
    let _ = world
        .app(boss(3))
        .post_form(&confirm, &fields(&payee(3)))
        .await
        .expect_status(303);
    world
        .policies
        .withdraw("政策管理员", "gaoqi")
        .await
        .unwrap();
    // before the night a confirmation ends the case, after it it has ended
    let two = world
        .app(boss(2))
        .get("/api/v1/redemption/cases")
        .await
        .json();
    let id = two["items"][0]["id"].as_str().unwrap().to_owned();
    let confirm = format!("/redemption/cases/{id}/confirm");
    let refused = world
        .app(boss(2))
        .post_form(&confirm, &fields(&payee(2)))
        .await
        .expect_status(422);
    assert!(refused.text().contains("政策已废止"), "{}", refused.text());
    assert_eq!(
        world.redemption.night(&Silent).await.unwrap().ended,
        1,
        "of the fifth enterprise"
    );
    let page = world
        .app(boss(3))
        .get(&format!(
            "/redemption/cases/{}",
            open["id"].as_str().unwrap()
        ))
        .await;
    assert!(
        page.expect_status(200)
            .text()
            .contains("按受理时的版本办完")
    );
}

/// 504 that wait, of whom only the last can be released.
async fn all_but_the_last_refused() -> World {
    let world = with_scheme(sqlite().await).await;
    let mut text = "统一社会信用代码,企业名称,所在区划,从业人数,高新技术企业\n".to_owned();
    for number in 1_001..=1_500 {
        text.push_str(&format!("{},{},370102,50,是\n", code(number), name(number)));
    }
    world.bring(&text, "2026-06-30").await;
    let found = world.redemption.night(&Silent).await.unwrap();
    assert_eq!(found.new, 504, "more than are released in one go");
    // somebody else is always faster, but with the last
    let faster = "CREATE TRIGGER faster BEFORE UPDATE ON redemption_candidate
        WHEN NEW.state = 'released' AND NEW.id < (SELECT MAX(id) FROM redemption_candidate)
        BEGIN SELECT RAISE(IGNORE); END";
    let made = world
        .db
        .write(|tx| async move { db::execute(&tx, faster, []).await });
    made.await.unwrap();
    world
}

#[tokio::test]
async fn one_press_passes_by_those_who_cannot_be_released() {
    let world = all_but_the_last_refused().await;
    let room = &world.redemption;
    let report = room.release(&clerk(), "gaoqi", &[]).await.unwrap();
    assert_eq!((report.opened, report.left), (1, 503));
    assert_eq!((report.held.len(), &report.next), (503, &None));
    let waiting = CandidateQuery {
        state: Some(CandidateState::Waiting),
        ..CandidateQuery::default()
    };
    let page = PageRequest {
        after: None,
        limit: 500,
    };
    let first = room.candidates(&clerk(), "gaoqi", &waiting, &page).await;
    let last = first.unwrap().items.pop().unwrap().id;
    let behind = room.release_waiting(&clerk(), "gaoqi", Some(last)).await;
    assert_eq!(behind.unwrap().held.len(), 3, "those behind it alone");
    let page = world.app(clerk());
    let page = page.post_form("/redemption/closure/gaoqi", &[("do", "all")]);
    let page = page.await.expect_status(200);
    assert!(page.text().contains("503 家没有放行"), "{}", page.text());
    assert!(page.text().contains("：503 家，"), "{}", page.text());
    assert!(page.text().len() < 60_000, "the names of all are not told");
}

#[tokio::test]
async fn who_cannot_be_released_keeps_nobody_behind_them_waiting() {
    let world = all_but_the_last_refused().await;
    let room = &world.redemption;
    let mut scheme = room.scheme_revision("gaoqi", 1).await.unwrap().scheme;
    scheme.release = Release::Automatic;
    room.publish_scheme(&editor(), &scheme, 1).await.unwrap();
    let night = room.night(&Silent).await.unwrap();
    assert_eq!(night.released, 1, "{night:?}");
    let waiting = "SELECT COUNT(*) FROM redemption_candidate WHERE state = 'waiting'";
    assert_eq!(world.count(waiting).await, 503);
}

both_databases!(
    the_night_finds_new_lost_and_changed_ones_once,
    lists_hold_back_and_officers_see_their_place_only,
    one_tap_leads_through_the_notice_to_a_payment,
    who_fails_a_condition_since_is_not_paid,
    a_policy_that_ended_takes_no_confirmation_and_declining_is_for_good,
);
