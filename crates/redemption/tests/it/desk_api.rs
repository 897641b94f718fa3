//! The desk's endpoints: the same queue, steps and batches as the pages.

use serde_json::{Value, json};
use zhida_platform::access::Viewer;
use zhida_policies::Delivery;
use zhida_testkit::{TestDatabase, TestResponse, both_databases};

use crate::world::{World, asked, boss, clerk, decider, fields, name, other_clerk, payee};

const DESK: &str = "/api/v1/redemption/desk";

/// Applications for 研发项目补助; their cases.
async fn applied(world: &World, enterprises: &[usize]) -> Vec<String> {
    world.publish("yanfa", Delivery::Application, |_| {}).await;
    world.pool("yanfa", 1_000_000).await;
    let mut ids = Vec::new();
    for number in enterprises {
        let app = world.app(boss(*number));
        let _ = app
            .post_form("/redemption/apply/yanfa", &fields(&payee(*number)))
            .await
            .expect_status(303);
        let case = world.case(*number, "yanfa").await;
        ids.push(case["id"].as_str().unwrap().to_owned());
    }
    ids
}

async fn version(world: &World, id: &str) -> i64 {
    world.redemption_version(id).await.parse().unwrap()
}

/// A step with the current version.
async fn step(world: &World, viewer: Viewer, id: &str, mut command: Value) -> TestResponse {
    command["version"] = version(world, id).await.into();
    let app = world.app(viewer);
    app.post_json(&format!("{DESK}/{id}"), &command).await
}

async fn a_case_is_listed_read_and_decided_by_another_system(db: TestDatabase) {
    let world = World::new(db).await;
    let ids = applied(&world, &[1, 2, 5]).await;
    let (id, desk) = (&ids[0], world.app(clerk()));
    let list = desk
        .get(&format!("{DESK}?limit=2"))
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (
            list["total"].as_i64(),
            list["items"].as_array().unwrap().len()
        ),
        (Some(3), 2)
    );
    let next = list["next"].as_str().unwrap();
    let rest = desk
        .get(&format!("{DESK}?limit=2&after={next}"))
        .await
        .json();
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    let one = desk.get(&format!("{DESK}?q=2号")).await.json();
    assert_eq!(
        (
            one["total"].as_i64(),
            one["items"][0]["enterprise_name"].as_str()
        ),
        (Some(1), Some(name(2).as_str()))
    );
    let county = world.app(other_clerk()).get(DESK).await.json();
    assert_eq!(county["total"].as_i64(), Some(2));
    let _ = world.app(boss(1)).get(DESK).await.expect_status(403);

    let case = desk
        .get(&format!("{DESK}/{id}"))
        .await
        .expect_status(200)
        .json();
    assert_eq!(case["record"]["enterprise"], case["head"]["enterprise"]);
    assert!(
        !case["record"]["judgement"]["conditions"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert!(
        !case["clocks"][0]["derivation"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let can: Vec<&str> = case["can"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(
        can.contains(&"take") && can.contains(&"advance") && !can.contains(&"grant"),
        "{can:?}"
    );
    for viewer in [boss(1), asked(0, "370112")] {
        let _ = world
            .app(viewer)
            .get(&format!("{DESK}/{id}"))
            .await
            .expect_status(404);
    }
    let outside = world
        .app(other_clerk())
        .get(&format!("{DESK}/{}", ids[2]))
        .await;
    let _ = outside.expect_status(404);

    // what is wrong is said at the field that was sent
    let wrong = step(
        &world,
        clerk(),
        id,
        json!({ "command": "return", "to": "nowhere", "reason": "不清" }),
    )
    .await;
    assert_eq!(wrong.expect_status(400).json()["fields"][0]["field"], "to");
    let wrong = step(&world, clerk(), id, json!({ "command": "dance" })).await;
    assert!(wrong.status.is_client_error(), "{}", wrong.status);

    let done = step(
        &world,
        clerk(),
        id,
        json!({ "command": "advance", "note": "齐全" }),
    )
    .await;
    assert!(
        done.expect_status(200).json()["state"]
            .as_str()
            .unwrap()
            .starts_with("审核")
    );
    let old = json!({ "command": "advance", "note": "也齐全", "version": 1 });
    let stale = world
        .app(decider())
        .post_json(&format!("{DESK}/{id}"), &old)
        .await
        .expect_status(409);
    let detail = stale.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("您操作之前") && detail.contains("clerk11"),
        "{detail}"
    );

    // opinions of two bodies, given through the same endpoint
    let ask = json!({ "command": "ask_opinions", "question": "是否有违法记录", "departments": [
        { "name": "历下区生态环境局", "term": "3 个工作日" }, { "name": "没有这个局", "term": "3 个工作日" } ] });
    let wrong = step(&world, clerk(), id, ask)
        .await
        .expect_status(400)
        .json();
    assert_eq!(wrong["fields"][0]["field"], "departments/1/name");
    let ask = json!({ "command": "ask_opinions", "question": "是否有违法记录", "departments": [
        { "name": "历下区生态环境局", "term": "3 个工作日" } ] });
    let _ = step(&world, clerk(), id, ask).await.expect_status(200);
    let refused = step(
        &world,
        asked(0, "370112"),
        id,
        json!({ "command": "refuse", "reason": "不行" }),
    )
    .await;
    let _ = refused.expect_status(403);
    let given = step(
        &world,
        asked(0, "370112"),
        id,
        json!({ "command": "give_opinion", "stance": "agree" }),
    )
    .await;
    let _ = given.expect_status(200);
    let case = desk.get(&format!("{DESK}/{id}")).await.json();
    assert_eq!(case["opinions"][0]["open"], false);
    let _ = step(&world, clerk(), id, json!({ "command": "advance" }))
        .await
        .expect_status(200);

    let much = step(
        &world,
        decider(),
        id,
        json!({ "command": "grant", "fen": 20_000_001, "words": "同意" }),
    )
    .await;
    assert_eq!(much.expect_status(400).json()["fields"][0]["field"], "fen");
    let _ = step(
        &world,
        decider(),
        id,
        json!({ "command": "grant", "fen": 15_000_000, "words": "同意" }),
    )
    .await
    .expect_status(200);
    assert_eq!(
        world.case(1, "yanfa").await["record"]["fen_decided"].as_i64(),
        Some(15_000_000)
    );
}

async fn messages_and_completions_go_both_ways(db: TestDatabase) {
    let world = World::new(db).await;
    let ids = applied(&world, &[1]).await;
    let (id, messages) = (
        &ids[0],
        format!("/api/v1/redemption/cases/{}/messages", ids[0]),
    );
    let (own, desk) = (world.app(boss(1)), world.app(clerk()));
    let _ = own
        .post_json(&messages, &json!({ "text": "合同下周给" }))
        .await
        .expect_status(201);
    let secret = json!({ "text": "先核查", "is_internal": true });
    assert_eq!(
        own.post_json(&messages, &secret)
            .await
            .expect_status(400)
            .json()["fields"][0]["field"],
        "remark"
    );
    let _ = desk.post_json(&messages, &secret).await.expect_status(201);
    assert_eq!(own.get(&messages).await.json()["total"].as_i64(), Some(1));
    let inside = desk.get(&messages).await.json();
    assert_eq!(
        (
            inside["total"].as_i64(),
            inside["standing"]["awaits"].as_str()
        ),
        (Some(2), Some("office"))
    );
    let _ = world.app(boss(2)).get(&messages).await.expect_status(404);
    let _ = world
        .app(boss(2))
        .post_json(&messages, &json!({ "text": "路过" }))
        .await
        .expect_status(404);
    let ask = json!({ "command": "ask_completion", "lack": "missing", "whole": "请补上项目合同" });
    let _ = step(&world, clerk(), id, ask).await.expect_status(200);
    let case = desk.get(&format!("{DESK}/{id}")).await.json();
    assert!(
        case["state"].as_str().unwrap().contains("补正"),
        "{}",
        case["state"]
    );
    assert!(case["events"].as_array().unwrap().len() > 1);
}

async fn a_batch_is_asked_for_and_its_rows_are_read(db: TestDatabase) {
    let world = World::new(db).await;
    let ids = applied(&world, &[1, 2]).await;
    let app = world.app(clerk());
    let batches = "/api/v1/redemption/batches";
    let cases = json!([{ "id": ids[0], "version": version(&world, &ids[0]).await }, { "id": ids[1], "version": 0 }]);
    let none = app
        .post_json(batches, &json!({ "action": "advance", "cases": [] }))
        .await;
    let _ = none.expect_status(422);
    let asked = app
        .post_json(
            batches,
            &json!({ "action": "advance", "words": "齐全", "cases": cases }),
        )
        .await;
    let asked = asked.expect_status(202).json();
    let job = asked["job"].as_str().unwrap();
    let job = world.jobs.find(job.parse().unwrap()).await.unwrap();
    assert_eq!(job.unwrap().kind, "redemption.batch");
    world.work().await;
    let path = format!("{batches}/{}", asked["id"].as_str().unwrap());
    let result = app.get(&path).await.expect_status(200).json();
    assert_eq!(
        (
            result["done"].as_i64(),
            result["failed"].as_i64(),
            result["total"].as_i64()
        ),
        (Some(2), Some(1), Some(2))
    );
    assert_eq!(
        (&result["items"][0]["state"], &result["items"][1]["state"]),
        (&json!("done"), &json!("failed"))
    );
    let _ = world.app(decider()).get(&path).await.expect_status(404);
    let _ = world.app(boss(1)).get(&path).await.expect_status(403);
}

both_databases!(
    a_case_is_listed_read_and_decided_by_another_system,
    messages_and_completions_go_both_ways,
    a_batch_is_asked_for_and_its_rows_are_read,
);
