//! Reports: every figure from one query, within reach.

use serde_json::{Value, json};
use zhida_platform::access::Viewer;
use zhida_policies::Delivery;
use zhida_testkit::{TestDatabase, both_databases, seated};

use crate::bank::{pay, payer};
use crate::world::{World, boss, clerk, clerk_of, decider, editor, fields, payee};

const API: &str = "/api/v1/redemption/reports";

async fn report(world: &World, viewer: Viewer, query: &str) -> Value {
    let app = world.app(viewer);
    let path = format!("{API}?{query}");
    app.get(&path).await.expect_status(200).json()
}

/// What tells a line: 受理, 在办, 逾期, 已决定, 办结, 按时, 已兑付, 终止, 按时率, 已拨付.
fn figures(line: &Value) -> Value {
    let names = [
        "opened",
        "open",
        "overdue",
        "decided",
        "closed",
        "on_time",
        "paid",
        "ended",
        "on_time_percent",
        "paid_fen",
    ];
    names.map(|name| line[name].clone()).to_vec().into()
}

/// 高企: 1 and 5 paid, 2 declined, 3 in notice. 研发: 1 refused too late, 2 open and overdue.
async fn busy(db: TestDatabase) -> World {
    let world = World::new(db).await;
    world
        .publish("gaoqi", Delivery::NoApplication, |_| {})
        .await;
    world.publish("yanfa", Delivery::Application, |_| {}).await;
    world.pool("gaoqi", 1_000_000).await;
    world.pool("yanfa", 1_000_000).await;
    let room = &world.redemption;
    world.offer().await;
    for number in [1, 5] {
        step(&world, number, "confirm").await;
    }
    step(&world, 2, "decline").await;
    world.clock.pass(7);
    world.work().await;
    let payer = payer(&world).await;
    pay(&world, &payer, 2).await;
    step(&world, 3, "confirm").await;
    for number in [1, 2] {
        let app = world.app(boss(number));
        let _ = app
            .post_form("/redemption/apply/yanfa", &fields(&payee(number)))
            .await
            .expect_status(303);
    }
    world.clock.pass(200);
    let id = world.case_id(1, "yanfa").await;
    for note in ["齐全", "核查"] {
        room.advance(&clerk(), &id, note).await.unwrap();
    }
    let version = world.redemption_version(&id).await.parse().unwrap();
    room.refuse(&decider(), &id, version, "材料不实")
        .await
        .unwrap();
    world
}

async fn step(world: &World, number: usize, verb: &str) {
    let id = world.case_id(number, "gaoqi").await;
    let given = match verb {
        "confirm" => payee(number),
        _ => Vec::new(),
    };
    let _ = world
        .app(boss(number))
        .post_form(&format!("/redemption/cases/{id}/{verb}"), &fields(&given))
        .await
        .expect_status(303);
}

async fn lines_are_of_items_places_or_departments_and_add_up(db: TestDatabase) {
    let world = busy(db).await;
    let all = report(&world, clerk(), "").await;
    assert_eq!(all["total"], 2);
    let (gaoqi, yanfa) = (&all["items"][0], &all["items"][1]);
    assert_eq!(gaoqi["key"], "gaoqi");
    // 3 waits in a notice whose end nobody looked at: due, and open
    assert_eq!(
        figures(gaoqi),
        json!([4, 1, 1, 3, 2, 2, 2, 1, "66.67%", 15_000_000])
    );
    assert_eq!(figures(yanfa), json!([2, 1, 1, 1, 1, 0, 0, 0, "0.00%", 0]));
    assert_eq!(
        figures(&all["sum"]),
        json!([6, 2, 2, 4, 3, 2, 2, 1, "40.00%", 15_000_000])
    );
    assert_eq!(gaoqi["days"]["count"], 2);
    assert!(yanfa["days"]["median"].as_i64().unwrap() > 100, "{yanfa}");
    assert_eq!(all["sum"]["days"]["p90"], yanfa["days"]["p90"]);

    let places = report(&world, clerk(), "by=place").await;
    assert_eq!(places["items"][0]["key"], "370102");
    assert_eq!(places["items"][0]["name"], "山东省济南市历下区");
    assert_eq!(
        figures(&places["items"][1]),
        json!([1, 0, 0, 1, 1, 1, 1, 0, "100.00%", 5_000_000])
    );
    assert_eq!(places["sum"], all["sum"]);
    let departments = report(&world, clerk(), "by=department").await;
    assert_eq!(departments["total"], 1);
    assert_eq!(departments["items"][0]["name"], "市科学技术局");
    assert_eq!(figures(&departments["items"][0]), figures(&all["sum"]));
    assert_eq!(departments["items"][0]["days"], all["sum"]["days"]);

    let late = report(&world, clerk(), "from=2026-11-30").await;
    assert_eq!(
        (late["total"].clone(), late["items"][0]["key"].clone()),
        (json!(1), json!("yanfa"))
    );
    let early = report(&world, clerk(), "until=2026-11-23").await;
    assert_eq!(early["items"][0]["opened"], 4);
    let one = report(&world, clerk(), "item=yanfa&by=place").await;
    assert_eq!(one["sum"]["opened"], 2);
}

async fn each_sees_its_place_on_the_page_and_in_files(db: TestDatabase) {
    let world = busy(db).await;
    let county = report(&world, clerk_of("370112"), "").await;
    assert_eq!(figures(&county["sum"])[0], 1);
    let none = report(&world, clerk_of("370103"), "").await;
    assert_eq!(
        (none["total"].clone(), none["sum"]["opened"].clone()),
        (json!(0), json!(0))
    );
    for role in ["supervisor", "leader"] {
        let viewer = seated(role, Some("370112"), None);
        assert_eq!(
            report(&world, viewer, "").await["sum"],
            county["sum"],
            "{role}"
        );
    }
    for viewer in [boss(1), editor(), Viewer::visitor()] {
        let app = world.app(viewer);
        let answer = app.get(API).await;
        assert!(
            matches!(answer.status.as_u16(), 401 | 403),
            "{}",
            answer.status
        );
    }
    let page = world
        .app(clerk_of("370112"))
        .get("/redemption/reports?by=place")
        .await
        .expect_status(200);
    assert!(
        page.text().contains("长清区") || page.text().contains("历城区"),
        "{}",
        page.text()
    );
    assert!(!page.text().contains("历下区"), "{}", page.text());
    let wrong = world
        .app(clerk())
        .get("/redemption/reports?from=昨天")
        .await
        .expect_status(400);
    assert!(wrong.text().contains("不是日期"), "{}", wrong.text());
    let _ = world
        .app(clerk())
        .get(&format!("{API}?by=stage"))
        .await
        .expect_status(400);
    let csv = world
        .app(clerk())
        .get("/redemption/reports/export.csv?by=item")
        .await
        .expect_status(200);
    let lines: Vec<&str> = csv.text().lines().collect();
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(
        lines[3].starts_with("合计,6,2,2,4,3,2,40.00%,2,1,"),
        "{}",
        lines[3]
    );
    let xlsx = world
        .app(clerk())
        .get("/redemption/reports/export.xlsx")
        .await;
    let _ = xlsx.expect_status(200);
}

async fn without_money_of_this_year_it_is_said_before_anything_is_typed(db: TestDatabase) {
    let world = World::new(db).await;
    let pool = |checked: &zhida_redemption::Checked| {
        let mut findings = checked.findings.iter();
        let found = findings.rfind(|one| one.code == "pool");
        found.map(|one| one.message.clone())
    };
    world.publish("jiuye", Delivery::Instant, |_| {}).await;
    let scheme = world
        .redemption
        .scheme_revision("jiuye", 1)
        .await
        .unwrap()
        .scheme;
    let checked = world.redemption.check_scheme(&scheme).await.unwrap();
    assert!(checked.errors().is_empty(), "it may be published before");
    let told = pool(&checked).unwrap();
    assert!(
        told.contains("2026 年资金池") && told.contains("提交不了"),
        "{told}"
    );
    let app = world.app(boss(2));
    let page = app.get("/redemption/apply/jiuye").await.expect_status(200);
    assert!(
        page.text().contains("今年的资金还没有安排") && !page.text().contains("name=\"account\""),
        "{}",
        page.text()
    );
    let _ = app
        .post_form("/redemption/apply/jiuye", &fields(&payee(2)))
        .await
        .expect_status(422);
    assert_eq!(world.count("SELECT COUNT(*) FROM redemption_case").await, 0);

    // what the data offers waits for its money, too
    world
        .publish("gaoqi", Delivery::NoApplication, |_| {})
        .await;
    world.offer().await;
    let id = world.case_id(1, "gaoqi").await;
    let own = world.app(boss(1));
    let status = format!("/redemption/cases/{id}");
    let page = own.get(&status).await.expect_status(200);
    assert!(
        page.text().contains("今年的资金还没有安排") && !page.text().contains("确认领取"),
        "{}",
        page.text()
    );
    let early = own
        .post_form(&format!("{status}/confirm"), &fields(&payee(1)))
        .await
        .expect_status(422);
    assert!(early.text().contains("不影响资格"), "{}", early.text());

    world.pool("jiuye", 1_000_000).await;
    world.pool("gaoqi", 1_000_000).await;
    let checked = world.redemption.check_scheme(&scheme).await.unwrap();
    assert_eq!(pool(&checked), None);
    let _ = app
        .post_form("/redemption/apply/jiuye", &fields(&payee(2)))
        .await
        .expect_status(303);
    let _ = own
        .post_form(&format!("{status}/confirm"), &fields(&payee(1)))
        .await
        .expect_status(303);
}

both_databases!(
    lines_are_of_items_places_or_departments_and_add_up,
    each_sees_its_place_on_the_page_and_in_files,
    without_money_of_this_year_it_is_said_before_anything_is_typed,
);
