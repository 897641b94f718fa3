//! Reading and exporting the audit.

use std::io::Cursor;

use calamine::{Reader as _, Xlsx};
use chrono::TimeDelta;
use serde_json::{Value, json};
use zhida_platform::audit::{self, Actor, Entry, Origin};
use zhida_platform::clock::Clock as _;
use zhida_testkit::{App, TestDatabase, both_databases};

use crate::world::{ENTERPRISE, World};

/// A hundred and twenty records over three days: two people, views and changes, an enterprise in some.
async fn filled(db: TestDatabase) -> World {
    let world = World::new(db).await;
    world.clock.pass(TimeDelta::days(-2));
    for n in 0..120_u32 {
        world.clock.pass(TimeDelta::minutes(24));
        let name = if n % 3 == 0 { "李四" } else { "张三" };
        let actor = Actor {
            origin: Some(Origin {
                address: format!("10.0.0.{}", n % 4),
                agent: "浏览器".to_owned(),
                request: n.to_string(),
            }),
            ..Actor::named(name)
        };
        let now = world.clock.now();
        let entry = match n % 2 {
            0 => Entry::view(now, actor, "registry.view", "enterprise", ENTERPRISE)
                .enterprise(ENTERPRISE),
            _ => Entry::new(
                now,
                actor,
                "people.change_account",
                "account",
                n.to_string(),
            )
            .before(json!({ "name": "=1+1" }))
            .after(json!({ "name": "新名" })),
        };
        world.record(&[entry]).await;
    }
    world.clock.pass(TimeDelta::minutes(1));
    world
}

/// How many records list, count and the three exports have for one question.
async fn counts(app: &App, asked: &str) -> [u64; 6] {
    let (mut listed, mut after, mut total) = (0, String::new(), 0);
    loop {
        let page = app
            .get(&format!("/api/v1/audit?limit=50&after={after}&{asked}"))
            .await
            .expect_status(200)
            .json();
        listed += page["items"].as_array().unwrap().len() as u64;
        total = page["total"].as_u64().unwrap().max(total);
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    let page = app
        .get(&format!("/office/audit?{asked}"))
        .await
        .expect_status(200);
    let shown = page.text().split("共 ").nth(1).unwrap_or("0 ");
    let shown = shown
        .split(' ')
        .next()
        .unwrap()
        .replace(',', "")
        .parse()
        .unwrap();
    let get = async |kind: &str| {
        let path = format!("/office/audit/export.{kind}?{asked}");
        app.get(&path).await.expect_status(200)
    };
    let csv = get("csv").await.text().lines().count() as u64 - 1;
    let json = get("jsonl").await;
    let lines = json
        .text()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let json = lines.count() as u64;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(get("xlsx").await.bytes)).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    [listed, total, shown, csv, json, sheet.height() as u64 - 1]
}

async fn list_count_and_exports_are_one_query(db: TestDatabase) {
    let world = filled(db).await;
    let app = world.app("auditor");
    // what the exports themselves leave is named audit.export and not asked for here
    for (asked, expected) in [
        ("action=registry.view", 60),
        ("action=people.", 60),
        ("actor=%E6%9D%8E%E5%9B%9B", 40),
        ("actor=%E6%9D%8E", 0),
        (
            "actor=%E6%9D%8E%E5%9B%9B&nature=viewed&action=registry.",
            20,
        ),
        ("kind=account&object=7", 1),
        ("enterprise=91370102PDY000001K&action=registry.view", 60),
        ("address=10.0.0.3", 30),
        ("from=2026-11-21&to=2026-11-21&action=registry.view", 30),
        ("to=2026-11-20&action=registry.view", 17),
    ] {
        assert_eq!(counts(&app, asked).await, [expected; 6], "{asked}");
    }
    // a page counts up to a limit, beyond which one more stands for all others
    let query = audit::Query {
        action: Some("registry.view".to_owned()),
        ..audit::Query::default()
    };
    for (most, counted) in [(59, 60), (60, 60), (61, 60), (10, 11), (0, 1)] {
        let found = audit::count_up_to(&world.db, &query, most).await;
        assert_eq!(found.unwrap(), counted, "{most}");
    }
}

async fn an_export_is_on_record_and_does_not_count_itself(db: TestDatabase) {
    let world = filled(db).await;
    let app = world.app("auditor");
    let csv = app
        .get("/office/audit/export.csv?nature=viewed")
        .await
        .expect_status(200);
    assert_eq!(csv.text().lines().count() - 1, 60);
    assert_eq!(csv.header("cache-control"), "no-store");
    let found = app.get("/api/v1/audit?action=audit.export").await.json();
    let record = &found["items"][0];
    assert_eq!(found["total"], 1);
    assert_eq!(
        (&record["actor"], &record["viewed"]),
        (&json!("张三"), &json!(true))
    );
    assert_eq!(record["detail"]["rows"], 60);
    assert_eq!(record["detail"]["filters"]["nature"], "viewed");
    // a cell that a spreadsheet would run stays text
    let csv = app
        .get("/office/audit/export.csv?kind=account&object=7")
        .await;
    assert!(csv.text().contains("=1+1") && !csv.text().contains(",=1+1"));
    let refused = app
        .get("/office/audit/export.csv?from=x")
        .await
        .expect_status(400);
    assert!(refused.text().contains("请写日期"));
    assert_eq!(
        app.get("/api/v1/audit?action=audit.export").await.json()["total"],
        2
    );
}

async fn a_record_shows_the_difference_and_that_somebody_looked(db: TestDatabase) {
    let world = filled(db).await;
    let app = world.app("auditor");
    let page = app.get("/office/audit/8").await.expect_status(200);
    for words in ["修改账号", "=1+1", "新名", "有变化", "10.0.0.3", "校验值"] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    let _ = app.get("/office/audit/7").await.expect_status(200);
    let looks = app.get("/api/v1/audit?action=audit.view").await.json();
    assert_eq!(looks["total"], 2);
    assert_eq!(looks["items"][0]["enterprise"], ENTERPRISE);
    assert_eq!(looks["items"][0]["subject_id"], "7");
    assert_eq!(looks["items"][1]["enterprise"], Value::Null);
    let _ = app.get("/office/audit/9999").await.expect_status(404);
    let _ = app.get("/api/v1/audit/9999").await.expect_status(404);
    let _ = app.get("/office/audit/x").await.expect_status(404);
}

async fn wrong_filters_are_named_at_their_fields(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app("auditor");
    let page = app
        .get("/office/audit?from=2026-11-22&to=2026-11-21&actor=%E5%BC%A0")
        .await
        .expect_status(400);
    assert!(page.text().contains("截止日要不早于起始日"));
    assert!(page.text().contains("value=\"张\""), "what was asked stays");
    let problem = app
        .get("/api/v1/audit?nature=x")
        .await
        .expect_status(400)
        .json();
    assert_eq!(problem["fields"][0]["field"], "nature");
    let empty = app.get("/office/audit").await.expect_status(200);
    assert!(empty.text().contains("还没有审计记录"));
    let none = app
        .get("/office/audit?actor=%E6%97%A0")
        .await
        .expect_status(200);
    assert!(none.text().contains("没有符合条件的记录"));
}

async fn each_administrator_has_what_is_theirs(db: TestDatabase) {
    let world = World::new(db).await;
    let paths = [
        "/office/audit",
        "/office/audit/chain",
        "/office/jobs",
        "/office/schedules",
        "/office/files",
    ];
    for (role, allowed) in [
        ("auditor", &paths[..2]),
        ("sysadmin", &paths[2..]),
        ("secadmin", &[]),
    ] {
        let app = world.app(role);
        let overview = app.get("/office").await.expect_status(200);
        for path in paths {
            let may = allowed.contains(&path);
            let answer = app.get(path).await;
            assert_eq!(
                answer.status.as_u16(),
                if may { 200 } else { 403 },
                "{role} {path}"
            );
            let link = format!("href=\"{path}\"");
            assert_eq!(overview.text().contains(&link), may, "{role} {path}");
        }
        for (path, holder) in [
            ("/api/v1/audit", "auditor"),
            ("/api/v1/audit-verifications", "auditor"),
            ("/api/v1/jobs", "sysadmin"),
            ("/api/v1/schedules", "sysadmin"),
            ("/api/v1/files", "sysadmin"),
        ] {
            let status = if role == holder { 200 } else { 403 };
            assert_eq!(app.get(path).await.status.as_u16(), status, "{role} {path}");
        }
    }
    for role in ["clerk", "data_manager", "leader", "supervisor"] {
        let _ = world.app(role).get("/office").await.expect_status(403);
    }
}

both_databases!(
    list_count_and_exports_are_one_query,
    an_export_is_on_record_and_does_not_count_itself,
    a_record_shows_the_difference_and_that_somebody_looked,
    wrong_filters_are_named_at_their_fields,
    each_administrator_has_what_is_theirs,
);
