//! Jobs and schedules through the pages and the API.

use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use serde_json::json;
use tokio::sync::oneshot;
use zhida_platform::jobs::State;
use zhida_testkit::{TestDatabase, both_databases};

use crate::world::{World, until};

async fn lists_say_what_became_of_jobs(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app("sysadmin");
    let page = app.get("/office/jobs").await.expect_status(200);
    assert!(page.text().contains("还没有任务"));
    let failing = world.enqueue("test.fails").await;
    assert_eq!(world.run_due().await, 1);
    let waiting = world.enqueue("test.slow").await;
    let page = app.get("/office/jobs").await.expect_status(200);
    for words in [
        "做不成的事",
        "对方系统没有这份数据",
        "慢慢做的事",
        "共 2 个",
        "失败（1）",
        "排队（1）",
    ] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    let failed = app
        .get("/office/jobs?state=failed")
        .await
        .expect_status(200);
    assert!(failed.text().contains("共 1 个，本页 1 个"));
    let row = |id| format!("/office/jobs/{id}\"");
    assert!(failed.text().contains(&row(failing)) && !failed.text().contains(&row(waiting)));
    let none = app.get("/office/jobs?state=done").await.expect_status(200);
    assert!(none.text().contains("没有这样的任务"));
    let found = app
        .get("/api/v1/jobs?kind=test.fails")
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (&found["total"], &found["items"][0]["title"]),
        (&json!(1), &json!("做不成的事"))
    );
    for (asked, words) in [
        ("state=x", "没有任务状态「x」"),
        ("kind=test.none", "没有任务类别「test.none」"),
    ] {
        for path in ["/office/jobs", "/api/v1/jobs"] {
            let refused = app.get(&format!("{path}?{asked}")).await.expect_status(400);
            assert!(refused.text().contains(words), "{}", refused.text());
        }
    }
    for nobody in ["00000000-0000-7000-8000-000000000000", "none"] {
        for path in ["/office/jobs", "/api/v1/jobs"] {
            let none = app.get(&format!("{path}/{nobody}")).await;
            let none = none.expect_status(404);
            assert!(none.text().contains("没有找到"), "{}", none.text());
        }
    }
}

async fn one_that_failed_runs_again_and_one_that_waits_is_cancelled(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app("sysadmin");
    let id = world.enqueue("test.fails").await;
    assert_eq!(world.run_due().await, 1);
    let page = app
        .get(&format!("/office/jobs/{id}"))
        .await
        .expect_status(200);
    assert!(page.text().contains("重新运行") && !page.text().contains("取消任务"));
    let _ = app
        .post_form(&format!("/office/jobs/{id}/again"), &[])
        .await
        .expect_status(303);
    let page = app
        .get(&format!("/office/jobs/{id}"))
        .await
        .expect_status(200);
    assert!(page.text().contains("排队") && page.text().contains("取消任务"));
    let refused = app
        .post_json(&format!("/api/v1/jobs/{id}/again"), &json!({}))
        .await;
    assert_eq!(refused.expect_status(409).json()["code"], "conflict");
    let _ = app
        .post_form(&format!("/office/jobs/{id}/cancel"), &[])
        .await
        .expect_status(303);
    let page = app
        .get(&format!("/office/jobs/{id}"))
        .await
        .expect_status(200);
    assert!(page.text().contains("已取消") && page.text().contains("由谁取消"));
    assert_eq!(world.run_due().await, 0);
    // who did it is on record; cancelling what is over is nothing
    let _ = app
        .post_form(&format!("/office/jobs/{id}/cancel"), &[])
        .await
        .expect_status(303);
    let audit = world.app("auditor");
    for (action, times) in [("jobs.cancel", 1), ("jobs.run_again", 1)] {
        let found = audit
            .get(&format!("/api/v1/audit?action={action}"))
            .await
            .json();
        assert_eq!(found["total"], times, "{action}");
        assert_eq!(found["items"][0]["subject_id"], id.to_string());
    }
}

async fn a_running_job_shows_its_progress_and_stops_when_cancelled(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app("sysadmin");
    let (stop, stopped) = oneshot::channel::<()>();
    let worker = tokio::spawn(world.worker().run(async move {
        let _ended = stopped.await;
    }));
    let id = world.enqueue("test.slow").await;
    let path = format!("/office/jobs/{id}");
    let shows = async |words: &str| app.get(&path).await.text().contains(words);
    until("progress", async || shows("<progress").await).await;
    let page = app.get(&path).await.expect_status(200);
    assert!(page.text().contains("正在一步一步做") && page.text().contains("/ 1000"));
    let list = app
        .get("/office/jobs?state=running")
        .await
        .expect_status(200);
    assert!(list.text().contains("<progress"));
    let _ = app
        .post_form(&format!("{path}/cancel"), &[])
        .await
        .expect_status(303);
    until("cancelling", async || shows("已取消").await).await;
    let job = world.jobs.find(id).await.unwrap().unwrap();
    assert_eq!(
        (job.state, job.cancel_by.as_deref()),
        (State::Cancelled, Some("张三"))
    );
    // again, to its end
    world.hurry.store(true, Ordering::Relaxed);
    let _ = app
        .post_form(&format!("{path}/again"), &[])
        .await
        .expect_status(303);
    until("the end", async || shows("做完了").await).await;
    let _still_there = stop.send(());
    worker.await.unwrap();
}

async fn schedules_are_switched_and_run_now(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app("sysadmin");
    // a worker's first look declares them
    assert_eq!(world.run_due().await, 0);
    let page = app.get("/office/schedules").await.expect_status(200);
    for words in [
        "核验审计链",
        "每天 03:00",
        "2026年11月23日 03:00",
        "现在运行",
    ] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    let switch = async |name: &str, on: &str| {
        app.post_form(&format!("/office/schedules/{name}/switch"), &[("on", on)])
            .await
    };
    let _ = switch("files.sweep", "0").await.expect_status(303);
    let _ = switch("none", "0").await.expect_status(404);
    let found = app.get("/api/v1/schedules").await.json();
    let plan = |name: &str| {
        let mut plans = found.as_array().unwrap().iter();
        plans.find(|plan| plan["name"] == name).unwrap().clone()
    };
    assert_eq!(
        (
            &plan("files.sweep")["enabled"],
            &plan("audit.verify")["enabled"]
        ),
        (&json!(false), &json!(true))
    );
    let ran = app
        .post_form("/office/schedules/files.verify/run", &[])
        .await
        .expect_status(303);
    let job = ran.header("location").to_owned();
    assert!(job.starts_with("/office/jobs/"));
    assert_eq!(world.run_due().await, 1);
    let page = app.get(&job).await.expect_status(200);
    assert!(page.text().contains("读回 0 份"), "{}", page.text());
    world.clock.pass(TimeDelta::days(1));
    assert_eq!(world.run_due().await, 2, "all but what is switched off");
    let _ = switch("files.sweep", "1").await.expect_status(303);
    let audit = world.app("auditor");
    let found = audit.get("/api/v1/audit?action=jobs.switch").await.json();
    assert_eq!(found["total"], 2);
    assert_eq!(
        (&found["items"][0]["before"], &found["items"][0]["after"]),
        (&json!({ "enabled": false }), &json!({ "enabled": true }))
    );
}

async fn others_cannot_touch_jobs(db: TestDatabase) {
    let world = World::new(db).await;
    let id = world.enqueue("test.slow").await;
    for role in ["auditor", "secadmin", "data_manager", "legal"] {
        let app = world.app(role);
        for path in [
            format!("/office/jobs/{id}/cancel"),
            format!("/office/jobs/{id}/again"),
            format!("/api/v1/jobs/{id}/cancel"),
            "/office/schedules/files.verify/run".to_owned(),
            "/office/schedules/files.verify/switch".to_owned(),
        ] {
            let _ = app.post_form(&path, &[]).await.expect_status(403);
        }
        let _ = app
            .get(&format!("/office/jobs/{id}"))
            .await
            .expect_status(403);
    }
    let job = world.jobs.find(id).await.unwrap().unwrap();
    assert_eq!(job.state, State::Queued);
}

both_databases!(
    lists_say_what_became_of_jobs,
    one_that_failed_runs_again_and_one_that_waits_is_cancelled,
    a_running_job_shows_its_progress_and_stops_when_cancelled,
    schedules_are_switched_and_run_now,
    others_cannot_touch_jobs,
);
