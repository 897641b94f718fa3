//! The store of files: what is in quarantine, what was found, releasing.

use std::fs;

use axum::body::Bytes;
use futures::stream;
use serde_json::json;
use zhida_platform::files::{FileRecord, FileUse, Subject, Upload, kinds};
use zhida_testkit::{TestDatabase, both_databases};

use crate::world::World;

const NOTE: FileUse = FileUse {
    name: "说明",
    kinds: &[kinds::TEXT],
    bytes_max: 1 << 20,
};

async fn hand_in(world: &World, name: &str, text: &str) -> FileRecord {
    let upload = Upload {
        name,
        bytes: None,
        purpose: &NOTE,
    };
    let content = stream::iter([Ok::<_, std::io::Error>(Bytes::from(text.to_owned()))]);
    let received = &world.files.receive(upload, content).await.unwrap();
    let subject = Subject {
        kind: "application",
        id: "1",
    };
    world
        .db
        .write(|tx| async move {
            world
                .files
                .attach(&tx, received, subject, "account-7")
                .await
        })
        .await
        .unwrap()
}

async fn without_a_scanner_it_is_said_and_nothing_is_held_back(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app("sysadmin");
    let page = app.get("/office/files").await.expect_status(200);
    assert!(page.text().contains("没有配置查毒程序") && page.text().contains("还没有存放文件"));
    let file = hand_in(&world, "张三的说明.txt", "两千字节以内的说明").await;
    let page = app.get("/office/files").await.expect_status(200);
    assert!(page.text().contains("未查毒") && page.text().contains(&file.digest[..16]));
    assert!(
        !page.text().contains("张三的说明"),
        "names are others' business"
    );
    let found = app.get("/api/v1/files").await.json();
    assert_eq!(
        (&found["scans"], &found["states"][2]),
        (
            &json!(false),
            &json!({
                "state": "unscanned", "contents": 1, "bytes": file.bytes
            })
        )
    );
    let here = app
        .get("/office/files?state=unscanned")
        .await
        .expect_status(200);
    assert!(here.text().contains("共 1 份，本页 1 份"));
    let none = app
        .get("/office/files?state=infected")
        .await
        .expect_status(200);
    assert!(none.text().contains("没有这种状态的内容"));
    let wrong = app.get("/office/files?state=zz").await.expect_status(400);
    assert!(wrong.text().contains("没有文件状态「zz」"));
    let one = app
        .get(&format!("/office/files/{}", file.digest))
        .await
        .expect_status(200);
    assert!(!one.text().contains("放行"), "it is not in quarantine");
    let _ = app.get("/office/files/none").await.expect_status(404);
}

async fn what_waits_for_its_scan_is_released_with_a_reason(db: TestDatabase) {
    // nobody listens there: the scanner is away
    let world = World::with_clamd(db, "tcp:127.0.0.1:1").await;
    let app = world.app("sysadmin");
    let file = hand_in(&world, "甲.txt", "甲").await;
    world.clock.set("2026-11-22T02:01:30Z");
    assert_eq!(world.run_due().await, 0, "declared just now");
    world.clock.set("2026-11-22T02:02:30Z");
    assert_eq!(world.run_due().await, 1, "every minute");
    let page = app.get("/office/files").await.expect_status(200);
    assert!(
        page.text().contains("查毒程序没有答复、稍后再试 1 份"),
        "{}",
        page.text()
    );
    assert!(!page.text().contains("请安装 ClamAV"));
    let overview = app.get("/office").await.expect_status(200);
    assert!(overview.text().contains("待查毒"));
    let path = format!("/office/files/{}", file.digest);
    let page = app.get(&path).await.expect_status(200);
    assert!(page.text().contains("连不上查毒程序") && page.text().contains("放行"));
    let refused = app
        .post_form(&format!("{path}/release"), &[("reason", " ")])
        .await;
    assert!(
        refused
            .expect_status(400)
            .text()
            .contains("请写明为什么放行")
    );
    let why = [("reason", "查毒机维修，已在另一台机器上查过")];
    let _ = app
        .post_form(&format!("{path}/release"), &why)
        .await
        .expect_status(303);
    let page = app.get(&path).await.expect_status(200);
    assert!(page.text().contains("未查毒，人工放行") && page.text().contains(why[0].1));
    let again = app.post_form(&format!("{path}/release"), &why).await;
    let _ = again.expect_status(409);
    let audit = world.app("auditor");
    let found = audit.get("/api/v1/audit?action=files.release").await.json();
    assert_eq!(
        (&found["total"], &found["items"][0]["detail"]["reason"]),
        (&json!(1), &json!(why[0].1))
    );
    let refused = audit.post_form(&format!("{path}/release"), &why).await;
    let _ = refused.expect_status(403);
}

async fn a_scan_with_nothing_to_do_leaves_no_trace(db: TestDatabase) {
    let world = World::with_clamd(db, "tcp:127.0.0.1:1").await;
    assert_eq!(world.run_due().await, 0);
    world.clock.set("2026-11-22T02:01:00Z");
    assert_eq!(world.run_due().await, 1);
    let app = world.app("sysadmin");
    assert_eq!(app.get("/api/v1/jobs").await.json()["total"], 0);
    let page = app.get("/office/schedules").await.expect_status(200);
    assert!(page.text().contains("每分钟") && page.text().contains("2026年11月22日 10:02"));
}

async fn the_night_reads_back_and_sweeps(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app("sysadmin");
    let good = hand_in(&world, "甲.txt", "甲").await;
    let bad = hand_in(&world, "乙.txt", "乙乙").await;
    let gone = &hand_in(&world, "丙.txt", "丙丙丙").await.id;
    let files = &world.files;
    world
        .db
        .write(|tx| async move { files.detach(&tx, gone).await })
        .await
        .unwrap();
    let folder = world.folder.path().join("files");
    let lies = folder
        .join(&bad.digest[..2])
        .join(&bad.digest[2..4])
        .join(&bad.digest);
    fs::write(lies, "坏了").unwrap();
    assert_eq!(world.run_due().await, 0);
    world.clock.set("2026-11-24T19:30:00Z");
    assert_eq!(world.run_due().await, 3);
    let page = app.get("/office/files").await.expect_status(200);
    for words in [
        "1 份已损坏，请从备份恢复",
        "清理无人使用的内容 1 份（9 字节）",
        "存储内容已损坏",
    ] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    assert!(page.text().contains(&good.digest[..16]));
    let damaged = app
        .get("/office/files?state=damaged")
        .await
        .expect_status(200);
    assert!(
        damaged.text().contains(&bad.digest[..16]) && !damaged.text().contains(&good.digest[..16])
    );
}

both_databases!(
    without_a_scanner_it_is_said_and_nothing_is_held_back,
    what_waits_for_its_scan_is_released_with_a_reason,
    a_scan_with_nothing_to_do_leaves_no_trace,
    the_night_reads_back_and_sweeps,
);
