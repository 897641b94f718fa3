//! The calendar and cases that are stuck, through pages and API.

use serde_json::json;
use zhida_office::Office;
use zhida_platform::access::Viewer;
use zhida_platform::audit;
use zhida_platform::db::{self, Database};
use zhida_testkit::{TestDatabase, both_databases};

use crate::world::World;

const NOTICE: &str = "日期,类别,节日
2027-01-01至2027-01-03,放假,元旦
2027-02-05至2027-02-11,放假,春节
2027-02-14,上班,春节
2027-04-03至2027-04-05,放假,清明节
2027-05-01至2027-05-05,放假,劳动节
2027-06-09,放假,端午节
2027-09-15,放假,中秋节
2027-10-01至2027-10-07,放假,国庆节
2027-10-09,上班,国庆节";

async fn recorded(db: &Database, action: &str) -> u64 {
    let query = audit::Query {
        action: Some(action.to_owned()),
        ..audit::Query::default()
    };
    audit::count(db, &query).await.unwrap()
}

async fn a_day_is_closed_after_its_effect_was_shown(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app("sysadmin");
    let page = app.get("/office/calendar").await.expect_status(200);
    for words in [
        "2026 年的工作日和放假",
        "2027 年",
        "暂按",
        "国庆节放假",
        "09:00-12:00, 14:00-18:00",
    ] {
        assert!(page.text().contains(words), "{words}");
    }
    let typed = [
        ("form", "day"),
        ("from", "2026-11-26"),
        ("day-kind", "closed"),
        ("why", "台风"),
    ];
    let shown = app
        .post_form("/office/calendar", &typed)
        .await
        .expect_status(200);
    assert!(
        shown.text().contains("2026-11-26 停止办公")
            && shown.text().contains("没有办件的到期日会受影响")
    );
    assert_eq!(
        recorded(&world.db, "calendar.change").await,
        0,
        "only shown"
    );
    let change = r#"{"kind":"closed","from":"2026-11-26","until":"2026-11-26"}"#;
    let save = [("change", change), ("why", "台风"), ("version", "0")];
    let _ = app
        .post_form("/office/calendar/save", &save)
        .await
        .expect_status(303);
    let stale = app
        .post_form("/office/calendar/save", &save)
        .await
        .expect_status(409);
    assert!(stale.text().contains("刚刚有人改过"));
    assert_eq!(recorded(&world.db, "calendar.change").await, 1);
    let page = app.get("/office/calendar").await.expect_status(200);
    assert!(page.text().contains("26 日 本地停止办公（台风）"));
    assert!(
        page.text().contains("2026-11-26 停止办公：台风"),
        "why it was changed last"
    );
}

async fn a_notice_replaces_what_was_provisional(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app("sysadmin");
    let before = app
        .get("/api/v1/calendar?year=2027")
        .await
        .expect_status(200)
        .json();
    assert_eq!(before["years"][7]["provisional"], json!(true));
    assert_eq!(before["to_do"].as_array().unwrap().len(), 2);
    let ask = json!({
        "change": { "kind": "notice", "year": 2027, "source": "国办发明电〔2026〕7号", "days": NOTICE },
        "why": "国务院办公厅公布 2027 年放假安排",
        "version": before["version"],
    });
    let tried = app
        .post_json("/api/v1/calendar/preview", &ask)
        .await
        .expect_status(200)
        .json();
    assert_eq!(tried["effect"]["concerned"], json!(0));
    let _ = app
        .post_json("/api/v1/calendar", &ask)
        .await
        .expect_status(204);
    let after = app
        .get("/api/v1/calendar?year=2027")
        .await
        .expect_status(200)
        .json();
    assert_eq!(after["years"][7]["provisional"], json!(false));
    assert_eq!(
        after["months"][1]["make_up"][0],
        json!("14 日 春节调休上班")
    );
    assert_eq!(
        after["to_do"].as_array().unwrap().len(),
        1,
        "2028 is still to come"
    );
    let _ = app
        .get("/api/v1/calendar?year=2028")
        .await
        .expect_status(404);
}

async fn what_cannot_be_is_refused_at_its_field(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app("sysadmin");
    let usual = ("why", "调整");
    for (fields, words) in [
        (
            vec![("form", "day"), ("from", "2026-11-26")],
            "请写明变更的原因",
        ),
        (
            vec![("form", "day"), ("from", "26 日"), usual],
            "请填写日期",
        ),
        (
            vec![
                ("form", "day"),
                ("from", "2026-11-26"),
                ("until", "2026-11-25"),
                usual,
            ],
            "不能早于第一天",
        ),
        (
            vec![
                ("form", "day"),
                ("from", "2026-11-01"),
                ("until", "2026-12-25"),
                usual,
            ],
            "最多变更 31 天",
        ),
        (
            vec![("form", "day"), ("from", "2031-11-26"), usual],
            "放假安排",
        ),
        (
            vec![("form", "usual"), ("usual", "9 点到 5 点"), usual],
            "看不懂",
        ),
        (
            vec![
                ("form", "weekday"),
                ("weekday", "7"),
                ("weekday-hours", "09:00-12:00"),
                usual,
            ],
            "只能为周一至周五",
        ),
        (
            vec![
                ("form", "season"),
                ("season", "夏"),
                ("season-from", "5月"),
                ("season-until", "09-30"),
                ("season-hours", "08:00-12:00"),
                usual,
            ],
            "不是日期",
        ),
        (
            vec![
                ("form", "notice"),
                ("year", "2027"),
                ("source", "x"),
                ("days", "2027-02-05,放假,春节"),
                usual,
            ],
            "没有“元旦”放假的日期",
        ),
        (
            vec![
                ("form", "notice"),
                ("year", "2027"),
                ("source", "x"),
                ("days", "2026-02-05,放假,春节"),
                usual,
            ],
            "不在这一年",
        ),
        (
            vec![("form", "notice"), ("year", "明年"), usual],
            "请填写年份",
        ),
    ] {
        let answer = app
            .post_form("/office/calendar", &fields)
            .await
            .expect_status(400);
        assert!(answer.text().contains(words), "{words}: {}", answer.text());
    }
    let _ = app
        .post_form("/office/calendar", &[("form", "x"), ("why", "y")])
        .await
        .expect_status(400);
    // others look at it; only who looks after the system changes it
    let auditor = world.app("auditor");
    let page = auditor.get("/office/calendar").await.expect_status(200);
    assert!(!page.text().contains("试算"));
    let _ = auditor
        .post_form("/office/calendar", &[("form", "day")])
        .await
        .expect_status(403);
}

async fn a_season_and_a_weekday_have_their_hours(db: TestDatabase) {
    let world = World::new(db).await;
    let office: &Office = &world.office;
    let viewer = &Viewer::system("测试");
    let change = async |change: serde_json::Value| {
        let change = serde_json::from_value(change).unwrap();
        let version = office.calendar(viewer).await.unwrap().version;
        office
            .change_calendar(viewer, &change, "夏令作息", version)
            .await
    };
    let summer = json!({ "kind": "season", "name": "夏令", "from": "05-01", "until": "09-30", "hours": "08:30-12:00, 15:00-18:00" });
    change(summer).await.unwrap();
    let winter = json!({ "kind": "season", "name": "冬令", "from": "09-30", "until": "02-01", "hours": "09:00-17:00" });
    let refused = change(winter).await.unwrap_err();
    assert!(refused.to_string().contains("重叠"), "{refused}");
    change(json!({ "kind": "weekday", "weekday": 5, "hours": "09:00-12:00" }))
        .await
        .unwrap();
    let calendar = office.calendar(viewer).await.unwrap().calendar;
    let hours = |day: &str| {
        let hours = calendar.hours_on(day.parse().unwrap()).unwrap();
        hours.map(ToString::to_string)
    };
    assert_eq!(
        hours("2026-07-01").as_deref(),
        Some("08:30-12:00, 15:00-18:00")
    );
    assert_eq!(
        hours("2026-07-03").as_deref(),
        Some("09:00-12:00"),
        "a Friday"
    );
    assert_eq!(
        hours("2026-11-24").as_deref(),
        Some("09:00-12:00, 14:00-18:00")
    );
    assert_eq!(hours("2026-07-04"), None);
}

async fn stuck_cases_are_listed_with_their_reason_and_tried_again(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app("sysadmin");
    let page = app.get("/office/stuck").await.expect_status(200);
    assert!(page.text().contains("没有受阻的办件"));
    let id = "019ab000-0000-7000-8000-000000000001";
    let sql = "INSERT INTO case_stuck (case_id, task, room, tries, since, failed_at, next_at, reason)
        VALUES ($1, 'due', 'redemption', 4, '2026-11-22T01:00:00.000000Z', '2026-11-22T01:14:00.000000Z',
            '2026-11-22T03:00:00.000000Z', '资金池不足')";
    db::execute(world.db.conn(), sql, [id.into()])
        .await
        .unwrap();
    let page = app.get("/office/stuck").await.expect_status(200);
    for words in [
        "资金池不足",
        "到期处理",
        "2026年11月22日 11:00",
        "立即重试",
        "共 1 件",
    ] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    let list = app
        .get("/api/v1/stuck-cases")
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (&list["total"], &list["items"][0]["tries"]),
        (&json!(1), &json!(4))
    );
    let _ = app
        .post_form(&format!("/office/stuck/{id}/due"), &[])
        .await
        .expect_status(303);
    let list = app
        .get("/api/v1/stuck-cases")
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        list["items"][0]["next_at"],
        json!("2026-11-22T02:00:00Z"),
        "now"
    );
    assert_eq!(recorded(&world.db, "cases.try_again").await, 1);
    let gone = app
        .post_form(&format!("/office/stuck/{id}/calendar"), &[])
        .await
        .expect_status(409);
    assert!(gone.text().contains("不必重试"));
    let _ = app
        .post_form(&format!("/office/stuck/{id}/x"), &[])
        .await
        .expect_status(404);
    let _ = app
        .post_form("/office/stuck/x/due", &[])
        .await
        .expect_status(404);
}

both_databases!(
    a_day_is_closed_after_its_effect_was_shown,
    a_notice_replaces_what_was_provisional,
    what_cannot_be_is_refused_at_its_field,
    a_season_and_a_weekday_have_their_hours,
    stuck_cases_are_listed_with_their_reason_and_tried_again,
);
