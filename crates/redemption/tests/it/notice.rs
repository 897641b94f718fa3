//! Public notices: rows appear by themselves, an objection stops one row and no other, what came of it is public.

use zhida_platform::access::Viewer;
use zhida_policies::Delivery;
use zhida_testkit::{TestDatabase, both_databases};

use crate::world::{World, boss, clerk, decider, fields, name, payee};

/// Enterprises 1 and 2 stand before the public with 吸纳就业奖励; the notice's path.
async fn noticed(world: &World) -> String {
    world.publish("jiuye", Delivery::Instant, |_| {}).await;
    world.pool("jiuye", 1_000_000).await;
    for number in [1, 2] {
        let app = world.app(boss(number));
        let _ = app
            .post_form("/redemption/apply/jiuye", &fields(&payee(number)))
            .await
            .expect_status(303);
    }
    let list = world
        .app(Viewer::visitor())
        .get("/api/v1/notices")
        .await
        .expect_status(200)
        .json();
    let items = list["items"].as_array().unwrap();
    assert_eq!(
        items.len(),
        1,
        "rows of one item and day stand in one list: {list}"
    );
    assert_eq!(
        (items[0]["rows"].as_i64(), items[0]["fen"].as_i64()),
        (Some(2), Some(9_000_000))
    );
    assert_eq!(
        (items[0]["starts_on"].as_str(), items[0]["ends_on"].as_str()),
        (Some("2026-11-23"), Some("2026-11-27"))
    );
    format!("/notices/{}", items[0]["id"].as_str().unwrap())
}

async fn row(world: &World, path: &str, number: usize) -> serde_json::Value {
    let list = world
        .app(Viewer::visitor())
        .get(&format!("/api/v1{path}/rows"))
        .await
        .expect_status(200)
        .json();
    let mut rows = list["items"].as_array().unwrap().iter();
    rows.find(|row| row["enterprise_name"] == name(number))
        .cloned()
        .unwrap_or_else(|| panic!("{list}"))
}

const WORDS: &str = "这家企业的社保人数不到五十人";

/// Enterprise 3's representative objects to a row; the objection's path.
async fn object(world: &World, row: &serde_json::Value) -> String {
    let path = format!("/notices/rows/{}/object", row["id"].as_str().unwrap());
    let given = [
        ("person", "李四"),
        ("phone", "0531-88880000"),
        ("words", WORDS),
    ];
    let done = world
        .app(boss(3))
        .post_form(&path, &given)
        .await
        .expect_status(303);
    done.header("location").to_owned()
}

async fn an_objection_stops_its_row_and_no_other(db: TestDatabase) {
    let world = World::new(db).await;
    let path = noticed(&world).await;
    let objection = object(&world, &row(&world, &path, 1).await).await;
    assert_eq!(row(&world, &path, 1).await["state"], "held");
    assert_eq!(row(&world, &path, 2).await["state"], "open");
    let id = world.case_id(1, "jiuye").await;

    world.clock.pass(5);
    world.work().await;
    assert_eq!(row(&world, &path, 2).await["state"], "passed");
    assert_eq!(row(&world, &path, 2).await["result"], "公示期满，没有异议");
    assert!(
        world.case(2, "jiuye").await["status"]["words"]
            .as_str()
            .unwrap()
            .starts_with("拨付")
    );
    let case = world.case(1, "jiuye").await;
    assert!(
        case["status"]["words"]
            .as_str()
            .unwrap()
            .starts_with("公示"),
        "{case}"
    );
    assert!(world.redemption.payment_bar(&id).await.unwrap().is_some());

    let refused = world
        .app(clerk())
        .post_form(&objection, &[("result", "dismissed"), ("words", WORDS)])
        .await;
    let _ = refused.expect_status(403);
    let early = world
        .app(decider())
        .post_form(&objection, &[("words", WORDS)])
        .await
        .expect_status(400);
    assert!(
        early.text().contains("请选择异议是否成立") && early.text().contains(WORDS),
        "{}",
        early.text()
    );
    let given = [
        ("result", "dismissed"),
        ("words", "经核对社保记录，人数符合"),
    ];
    let _ = world
        .app(decider())
        .post_form(&objection, &given)
        .await
        .expect_status(303);
    let again = world
        .app(decider())
        .post_form(&objection, &given)
        .await
        .expect_status(409);
    assert!(again.text().contains("已经由别人处理"), "{}", again.text());
    let back = row(&world, &path, 1).await;
    assert_eq!(back["state"], "open");
    assert!(
        back["ends_on"].as_str().unwrap() > "2026-11-27",
        "the days it was held do not count: {back}"
    );

    world.clock.pass(14);
    world.work().await;
    let over = row(&world, &path, 1).await;
    assert_eq!(
        (over["state"].as_str(), over["result"].as_str()),
        (
            Some("passed"),
            Some("公示期满，收到异议 1 件，经核查都不成立")
        )
    );
    assert_eq!(world.redemption.payment_bar(&id).await.unwrap(), None);
}

async fn an_upheld_objection_takes_the_row_down(db: TestDatabase) {
    let world = World::new(db).await;
    let path = noticed(&world).await;
    let objection = object(&world, &row(&world, &path, 1).await).await;
    let given = [("result", "upheld"), ("words", "社保人数四十八人，不符合")];
    let _ = world
        .app(decider())
        .post_form(&objection, &given)
        .await
        .expect_status(303);
    let taken = row(&world, &path, 1).await;
    assert_eq!(taken["state"], "upheld");
    assert!(
        taken["result"].as_str().unwrap().contains("四十八人"),
        "{taken}"
    );
    // nobody approves an item that data decide: there is nothing to go back to
    assert_eq!(
        world.case(1, "jiuye").await["status"]["words"],
        "已办结：不予兑付"
    );
    let told = world
        .count("SELECT COUNT(*) FROM message WHERE event = 'redemption.objection_decided'")
        .await;
    assert_eq!(told, 2, "who objected and the enterprise");
}

async fn who_objects_is_known_to_those_who_decide_only(db: TestDatabase) {
    let world = World::new(db).await;
    let path = noticed(&world).await;
    let target = row(&world, &path, 1).await;
    let form = format!("/notices/rows/{}/object", target["id"].as_str().unwrap());
    let _ = world
        .app(Viewer::visitor())
        .get(&form)
        .await
        .expect_status(401);
    for (field, value, told) in [
        ("person", "李", "真实姓名"),
        ("phone", "电话", "7 至 15 位数字"),
        ("words", "不服", "5 至 2000 字"),
    ] {
        let mut given = vec![
            ("person", "李四"),
            ("phone", "13800000000"),
            ("words", WORDS),
        ];
        given
            .iter_mut()
            .filter(|(name, _)| *name == field)
            .for_each(|one| one.1 = value);
        let refused = world
            .app(boss(3))
            .post_form(&form, &given)
            .await
            .expect_status(400);
        assert!(
            refused.text().contains(told) && refused.text().contains(value),
            "{}",
            refused.text()
        );
    }
    let objection = object(&world, &target).await;
    let twice = [
        ("person", "李四"),
        ("phone", "13800000000"),
        ("words", WORDS),
    ];
    let refused = world
        .app(boss(3))
        .post_form(&form, &twice)
        .await
        .expect_status(409);
    assert!(
        refused.text().contains("不用再提一次"),
        "{}",
        refused.text()
    );

    for viewer in [decider(), boss(3)] {
        let page = world.app(viewer).get(&objection).await.expect_status(200);
        assert!(
            page.text().contains("李四") && page.text().contains(WORDS),
            "{}",
            page.text()
        );
    }
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM audit_event WHERE action = 'redemption.view_objection'")
            .await,
        1
    );
    let _ = world.app(boss(1)).get(&objection).await.expect_status(404);
    let page = world
        .app(Viewer::visitor())
        .get(&path)
        .await
        .expect_status(200);
    assert!(
        page.text().contains("有异议，暂停") && !page.text().contains("李四"),
        "{}",
        page.text()
    );
    let queue = world
        .app(decider())
        .get("/redemption/objections")
        .await
        .expect_status(200);
    assert!(
        queue.text().contains("共 1 件") && queue.text().contains(&name(1)),
        "{}",
        queue.text()
    );
    let _ = world
        .app(boss(3))
        .post_form(&format!("{objection}/withdraw"), &[])
        .await
        .expect_status(303);
    assert_eq!(row(&world, &path, 1).await["state"], "open");
    // the day on which it was held does not count: the notice ends a working day later, on Monday
    world.clock.pass(8);
    let late = world
        .app(boss(3))
        .post_form(&form, &twice)
        .await
        .expect_status(422);
    assert!(
        late.text().contains("已于 2026-11-30 结束"),
        "{}",
        late.text()
    );
}

async fn list_count_and_export_are_one_query(db: TestDatabase) {
    let world = World::new(db).await;
    let path = noticed(&world).await;
    let public = world.app(Viewer::visitor());
    for (filter, expected) in [
        ("", 2),
        ("?q=样例企业1号", 1),
        ("?state=held", 0),
        ("?q=%25", 0),
    ] {
        let json = public
            .get(&format!("/api/v1{path}/rows{filter}"))
            .await
            .expect_status(200)
            .json();
        assert_eq!(
            json["items"].as_array().unwrap().len(),
            expected,
            "{filter}"
        );
        let page = public
            .get(&format!("{path}{filter}"))
            .await
            .expect_status(200);
        assert!(
            page.text().contains(&format!("共 {expected} 家")),
            "{filter}: {}",
            page.text()
        );
        let csv = public
            .get(&format!("{path}/export.csv{filter}"))
            .await
            .expect_status(200);
        assert_eq!(
            csv.text().lines().count(),
            expected + 1,
            "{filter}: {}",
            csv.text()
        );
    }
    for (state, expected) in [("open", 1), ("over", 0)] {
        let counted = public
            .get(&format!("/api/v1/notices/count?state={state}"))
            .await
            .expect_status(200)
            .json();
        assert_eq!(counted["count"].as_i64(), Some(expected), "{state}");
    }
    let _ = public.get("/notices/none").await.expect_status(404);
    let xlsx = public
        .get(&format!("{path}/export.xlsx"))
        .await
        .expect_status(200);
    assert!(xlsx.bytes.starts_with(b"PK"));
    let some = public
        .get(&format!("{path}/export.csv?columns=状态,企业名称"))
        .await
        .expect_status(200);
    assert!(
        some.text().starts_with("\u{feff}企业名称,状态\r\n"),
        "{}",
        some.text()
    );
    for kind in ["csv", "xlsx"] {
        let _unknown = public
            .get(&format!("{path}/export.{kind}?columns=电话"))
            .await
            .expect_status(400);
    }
}

both_databases!(
    an_objection_stops_its_row_and_no_other,
    an_upheld_objection_takes_the_row_down,
    who_objects_is_known_to_those_who_decide_only,
    list_count_and_export_are_one_query,
);
