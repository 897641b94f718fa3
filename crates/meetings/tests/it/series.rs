//! Series: meetings follow from the rhythm, once each, on working days.

use zhida_testkit::{TestDatabase, both_databases};

use crate::world::{World, leader, neighbour, supervisor};

const WEDNESDAY: [(&str, &str); 8] = [
    ("title", "周三亲清直通车"),
    ("every", "week"),
    ("weekday", "3"),
    ("week", "0"),
    ("starts_on", "2026-11-23"),
    ("at_time", "14:30"),
    ("chair", "市领导"),
    ("task_days", "14"),
];

async fn the_next_two_weeks_are_planned_once(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app(supervisor());
    let mut fields = WEDNESDAY.to_vec();
    fields.push(("members", "市经信局\n市科技局"));
    let _ = app
        .post_form("/meetings/series", &fields)
        .await
        .expect_status(303);
    let list = app.get("/api/v1/meetings").await.json();
    let days: Vec<&str> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["meeting"]["held_on"].as_str().unwrap())
        .collect();
    assert_eq!(days, ["2026-12-02", "2026-11-25"]);
    assert_eq!(
        world.meetings.plan_series().await.unwrap(),
        0,
        "repeated it finds nothing"
    );
    world.clock.pass(7);
    assert_eq!(world.meetings.plan_series().await.unwrap(), 1);
    let sql = "SELECT COUNT(*) FROM message WHERE event = 'meeting.coming'";
    assert_eq!(
        world.count(sql).await,
        3,
        "whoever founded it is told of each"
    );
    assert_eq!(
        world.count("SELECT COUNT(*) FROM meeting_attendee").await,
        9
    );
    let page = world
        .app(leader())
        .get("/meetings/series")
        .await
        .expect_status(200);
    assert!(page.text().contains("每周星期三"), "{}", page.text());
    assert!(
        !world
            .app(neighbour())
            .get("/meetings/series")
            .await
            .text()
            .contains("每周星期三")
    );
}

async fn a_holiday_moves_the_meeting_and_a_series_can_rest(db: TestDatabase) {
    let world = World::new(db).await;
    // Friday, 25 September 2026 is the Mid-Autumn Festival: the clock goes back before it
    world.clock.pass(-63);
    let app = world.app(supervisor());
    let mut fields = WEDNESDAY.to_vec();
    fields[2] = ("weekday", "5");
    fields[4] = ("starts_on", "2026-09-21");
    let _ = app
        .post_form("/meetings/series", &fields)
        .await
        .expect_status(303);
    let list = app.get("/api/v1/meetings").await.json();
    let first = list["items"].as_array().unwrap().last().unwrap();
    assert_eq!(first["meeting"]["held_on"], "2026-09-28");
    assert!(
        first["meeting"]["moved"].as_str().unwrap().contains("中秋"),
        "{first}"
    );
    let id = first["meeting"]["series"].as_str().unwrap();
    let switch = format!("/meetings/series/{id}/switch");
    let _ = world
        .app(neighbour())
        .post_form(&switch, &[("active", "false")])
        .await
        .expect_status(404);
    let _ = app
        .post_form(&switch, &[("active", "false")])
        .await
        .expect_status(303);
    world.clock.pass(30);
    assert_eq!(world.meetings.plan_series().await.unwrap(), 0);
}

async fn wrong_fields_are_said_and_what_was_typed_is_kept(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app(supervisor());
    for (at, field, words) in [
        (1, ("every", "sometimes"), "请选多久一次"),
        (5, ("at_time", "25:00"), "请写时间，例如 09:30"),
        (4, ("starts_on", "明天"), "请写日期"),
        (7, ("task_days", "很多"), "请写 1 至 365 之间的天数"),
    ] {
        let mut fields = WEDNESDAY.to_vec();
        fields[at] = field;
        let page = app
            .post_form("/meetings/series", &fields)
            .await
            .expect_status(400);
        assert!(page.text().contains(words), "{words}: {}", page.text());
        assert!(page.text().contains("周三亲清直通车"));
    }
    let page = app
        .get("/meetings/series?preset=guantao-month")
        .await
        .expect_status(200);
    assert!(page.text().contains("党企月商会") && page.text().contains("可以改"));
}

both_databases!(
    the_next_two_weeks_are_planned_once,
    a_holiday_moves_the_meeting_and_a_series_can_rest,
    wrong_fields_are_said_and_what_was_typed_is_kept,
);
