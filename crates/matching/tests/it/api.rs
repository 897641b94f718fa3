//! The JSON endpoints.

use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_testkit::{TestDatabase, both_databases};

use crate::support::{filled, first};

async fn an_officer_reads_matches(db: TestDatabase) {
    let setup = filled(db).await;
    let app = setup.officer();
    let path = format!("/api/v1/match/enterprises/{}?on=2026-11-22", first());
    let found = app.get(&path).await.expect_status(200).json();
    assert_eq!(found["counts"]["total"], 6);
    assert_eq!(found["near_misses"], json!(["jiuye"]));
    assert_eq!(
        found["best_combination"]["items"],
        json!(["gaoqi", "pingshen", "yanfa"])
    );
    let brief = app.get(&format!("{path}&explain=false")).await.json();
    assert!(brief["items"][0].get("conditions").is_none());

    let list = app
        .get("/api/v1/match/items/gaoqi?verdict=eligible&limit=3")
        .await
        .expect_status(200);
    let list = list.json();
    assert_eq!(list["enterprises"].as_array().unwrap().len(), 3);
    assert!(list["next"].is_string());
    assert_eq!(list["enterprises"][0]["amount"]["low"], "300000");

    let body = json!({"code": first(), "changes": {"从业人数": {"2025": 120}}});
    let news = app
        .post_json("/api/v1/match/what-if", &body)
        .await
        .expect_status(200)
        .json();
    assert_eq!(news["flips"][0]["id"], "jiuye");
    assert_eq!(news["flips"][0]["to"], "符合");
}

async fn anybody_calculates(db: TestDatabase) {
    let setup = filled(db).await;
    let app = setup.app(Viewer::visitor());
    let facts = json!({"所在区划": "370102", "高新技术企业": true, "从业人数": {"2025": 80}, "所属行业": "C35"});
    let body = json!({"facts": facts, "on": "2026-11-22"});
    let found = app
        .post_json("/api/v1/match/calculate", &body)
        .await
        .expect_status(200)
        .json();
    assert_eq!(found["items"][0]["id"], "gaoqi");
    assert_eq!(found["items"][0]["verdict"], true);
    assert_eq!(
        found["items"][0]["conditions"][1]["tests"][0]["facts"][0]["department"],
        "假设"
    );
}

async fn mistakes_are_named_at_their_field(db: TestDatabase) {
    let setup = filled(db).await;
    let app = setup.officer();
    let body = json!({"facts": {"利润率": 1, "从业人数": {"2025": "许多"}}});
    let problem = app
        .post_json("/api/v1/match/calculate", &body)
        .await
        .expect_status(400)
        .json();
    let fields: Vec<&str> = problem["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["利润率", "从业人数.2025"]);
    let _answered = app
        .get("/api/v1/match/items/keins")
        .await
        .expect_status(404);
    let _answered = app
        .get("/api/v1/match/items/gaoqi?verdict=maybe")
        .await
        .expect_status(400);
    let _answered = app
        .get("/api/v1/match/items/gaoqi?limit=100000")
        .await
        .expect_status(400);
    let path = format!("/api/v1/match/enterprises/{}?on=0001-01-01", first());
    let _answered = app.get(&path).await.expect_status(400);
}

async fn the_public_reads_nobodys_matches(db: TestDatabase) {
    let setup = filled(db).await;
    let app = setup.app(Viewer::visitor());
    for path in [
        format!("/api/v1/match/enterprises/{}", first()),
        "/api/v1/match/items/gaoqi".into(),
    ] {
        let problem = app.get(&path).await.expect_status(401).json();
        assert_eq!(problem["code"], "sign-in");
    }
    let body = json!({"code": first(), "changes": {}});
    let _answered = app
        .post_json("/api/v1/match/what-if", &body)
        .await
        .expect_status(401);
}

both_databases!(
    an_officer_reads_matches,
    anybody_calculates,
    mistakes_are_named_at_their_field,
    the_public_reads_nobodys_matches,
);
