//! The chain is verified in the background, and what was found is told.

use serde_json::json;
use zhida_platform::audit::Entry;
use zhida_platform::clock::Clock as _;
use zhida_platform::db::ConnectionTrait as _;
use zhida_testkit::{TestDatabase, both_databases};

use crate::world::World;

async fn filled(db: TestDatabase) -> World {
    let world = World::new(db).await;
    let entry = |n: u32| {
        Entry::new(
            world.clock.now(),
            "张三",
            "people.sign_in",
            "account",
            n.to_string(),
        )
    };
    world.record(&(0..5).map(entry).collect::<Vec<_>>()).await;
    world
}

async fn asking_verifies_all_and_leaves_a_checkpoint(db: TestDatabase) {
    let world = filled(db).await;
    let app = world.app("auditor");
    let page = app.get("/office/audit/chain").await.expect_status(200);
    assert!(page.text().contains("还没有核验过"));
    let asked = app
        .post_form("/office/audit/chain/verify", &[])
        .await
        .expect_status(303);
    assert_eq!(asked.header("location"), "/office/audit/chain");
    // once more while it waits is the same
    let _ = app
        .post_form("/office/audit/chain/verify", &[])
        .await
        .expect_status(303);
    let page = app.get("/office/audit/chain").await.expect_status(200);
    assert!(
        page.text().contains("已排队，由张三发起"),
        "{}",
        page.text()
    );
    assert_eq!(world.run_due().await, 1);
    let found = app.get("/api/v1/audit-verifications").await.json();
    let one = &found["items"][0];
    assert_eq!(
        (&found["total"], &found["live"]),
        (&json!(1), &json!(false))
    );
    // five, and that it was asked for twice
    assert_eq!(
        (
            &one["checked"],
            &one["findings"],
            &one["whole"],
            &one["asked_by"]
        ),
        (&json!(7), &json!(0), &json!(true), &json!("张三"))
    );
    assert_eq!(one["checkpoint_no"], 7);
    let seventh = app.get("/api/v1/audit/7").await.json();
    assert_eq!(seventh["hash"], one["checkpoint_hash"]);
    let page = app.get("/office/audit/chain").await.expect_status(200);
    assert!(page.text().contains("完整，没有改动") && page.text().contains("第 7 条"));
    let told = app.get("/api/v1/audit?action=audit.verify").await.json();
    assert_eq!(told["items"][0]["detail"]["checkpoint"]["no"], 7);
    let overview = app.get("/office").await.expect_status(200);
    assert!(overview.text().contains("完整"));
}

async fn the_night_verifies_what_is_new_and_finds_what_was_changed(db: TestDatabase) {
    let world = filled(db).await;
    let app = world.app("auditor");
    assert_eq!(world.run_due().await, 0, "not in the morning");
    // three in the night, in Shanghai
    world.clock.set("2026-11-22T19:00:00Z");
    assert_eq!(world.run_due().await, 1);
    world.clock.set("2026-11-23T19:00:00Z");
    let runs = world.run_due().await;
    assert_eq!(
        runs, 3,
        "with sweeping and reading back, which were due at ten past"
    );
    let found = app.get("/api/v1/audit-verifications").await.json();
    let told = |at: usize| {
        (
            found["items"][at]["whole"].clone(),
            found["items"][at]["checked"].clone(),
        )
    };
    // from the checkpoint's own record on: it and what the first night wrote
    assert_eq!(
        (told(1), told(0)),
        ((json!(true), json!(5)), (json!(false), json!(2)))
    );

    world
        .db
        .conn()
        .execute_unprepared("UPDATE audit_event SET actor = '李四' WHERE no = 3")
        .await
        .unwrap();
    let _ = app
        .post_json("/api/v1/audit-verifications", &json!({}))
        .await
        .expect_status(202);
    let _runs = world.run_due().await;
    let found = app.get("/api/v1/audit-verifications").await.json();
    assert_eq!(found["items"][0]["findings"], 1);
    let page = app.get("/office/audit/chain").await.expect_status(200);
    for words in ["核验发现问题", "第 3 条与校验值不符", "请保留现状"] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    assert!(app.get("/office").await.text().contains("有问题"));
    // the first of the month reads all of it again
    world.clock.set("2026-11-30T19:00:00Z");
    let _runs = world.run_due().await;
    let found = app.get("/api/v1/audit-verifications").await.json();
    assert_eq!(
        (&found["items"][0]["whole"], &found["items"][0]["findings"]),
        (&json!(true), &json!(1))
    );
    // and a server that was down on the first does so when it is up again, once
    for (night, whole) in [
        ("2027-01-04T19:00:00Z", true),
        ("2027-01-05T19:00:00Z", false),
    ] {
        world.clock.set(night);
        let _runs = world.run_due().await;
        let found = app.get("/api/v1/audit-verifications").await.json();
        assert_eq!(found["items"][0]["whole"], json!(whole), "{night}");
    }
}

async fn an_end_that_was_cut_off_with_its_head_is_found_by_the_checkpoint(db: TestDatabase) {
    let world = filled(db).await;
    let app = world.app("auditor");
    let ask = async || {
        let _ = app
            .post_json("/api/v1/audit-verifications", &json!({}))
            .await
            .expect_status(202);
        let _runs = world.run_due().await;
        app.get("/api/v1/audit-verifications").await.json()["items"][0].clone()
    };
    assert_eq!(ask().await["findings"], 0);
    // everything after the fourth goes, and the head is put back to it: the chain alone looks whole
    let conn = world.db.conn();
    conn.execute_unprepared("DELETE FROM audit_event WHERE no > 4")
        .await
        .unwrap();
    conn.execute_unprepared(
        "UPDATE audit_head SET no = 4, hash = (SELECT hash FROM audit_event WHERE no = 4)",
    )
    .await
    .unwrap();
    let found = ask().await;
    assert!(found["findings"].as_i64().unwrap() > 0, "{found}");
    assert!(
        found["words"].as_str().unwrap().contains("链尾被截断"),
        "{found}"
    );
}

both_databases!(
    asking_verifies_all_and_leaves_a_checkpoint,
    the_night_verifies_what_is_new_and_finds_what_was_changed,
    an_end_that_was_cut_off_with_its_head_is_found_by_the_checkpoint,
);
