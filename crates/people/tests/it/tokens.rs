//! API tokens: scope, expiry, end.

use axum::body::Body;
use axum::http::{Method, Request};
use chrono::TimeDelta;
use serde_json::{Value, json};
use zhida_testkit::{TestDatabase, TestResponse, both_databases, sqlite};

use crate::world::{Browser, World, between, system};

async fn make(browser: &mut Browser, actions: &[&str], days: &str) -> String {
    let mut fields = vec![("name", "人事系统"), ("days", days)];
    fields.extend(actions.iter().map(|action| ("actions", *action)));
    let page = browser
        .post("/account/tokens/new", &fields)
        .await
        .expect_status(200);
    assert_eq!(page.header("cache-control"), "no-store");
    between(page.text(), "data-copy=\"", "\"")
}

async fn call(
    world: &World,
    token: &str,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> TestResponse {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    world.app.send(request.body(body).unwrap()).await
}

async fn a_token_does_what_it_was_made_for_until_it_ends(db: TestDatabase) {
    let world = World::new(&db).await;
    let mut sys = world.administrator("sys").await;
    let token = make(&mut sys, &["organisation.read", "account.own"], "30").await;
    assert!(token.starts_with("zhida_"), "{token}");
    let get = async |path: &str| call(&world, &token, Method::GET, path, None).await;
    let found = get("/api/v1/organisations").await.expect_status(200).json();
    assert_eq!(found["total"], 1);
    let me = get("/api/v1/me").await.expect_status(200).json();
    assert_eq!(me["login"], "sys");
    assert!(
        !me["actions"]
            .as_array()
            .unwrap()
            .contains(&json!("organisation.manage"))
    );
    // the seat may, the token may not
    let new = json!({ "name": "局", "kind": "department", "division": "330300", "valid_from": "2026-11-22" });
    let path = "/api/v1/organisations";
    let refused = call(&world, &token, Method::POST, path, Some(new.clone())).await;
    assert_eq!(refused.expect_status(403).json()["code"], "forbidden");
    // a token makes no tokens and changes no password
    let _ = get("/account/password").await.expect_status(401);
    let fields = [
        ("name", "x"),
        ("days", "1"),
        ("actions", "organisation.read"),
    ];
    let body = fields
        .map(|(name, value)| format!("{name}={value}"))
        .join("&");
    let request = Request::post("/account/tokens/new")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/x-www-form-urlencoded");
    let _ = world
        .app
        .send(request.body(Body::from(body)).unwrap())
        .await
        .expect_status(401);

    let managing = make(
        &mut sys,
        &["organisation.manage", "organisation.read"],
        "365",
    )
    .await;
    let made = call(&world, &managing, Method::POST, path, Some(new)).await;
    assert_eq!(made.expect_status(201).json()["name"], "局");
    let account = json!({ "login": "clerk.one", "name": "经某" });
    let made = call(
        &world,
        &managing,
        Method::POST,
        "/api/v1/accounts",
        Some(account),
    )
    .await;
    assert_eq!(
        made.expect_status(201).json()["initial_password"]
            .as_str()
            .unwrap()
            .len(),
        19
    );

    let list = get("/api/v1/tokens").await.expect_status(200).json();
    assert_eq!(list.as_array().unwrap().len(), 2);
    assert!(!list.to_string().contains(&token));
    world.clock.pass(TimeDelta::days(30));
    let over = get("/api/v1/organisations").await.expect_status(401).json();
    assert_eq!(over["code"], "token");
}

async fn a_token_ends_with_its_seat_its_account_and_by_hand(db: TestDatabase) {
    let world = World::new(&db).await;
    let (_, seat) = world.staff("boss", "legal").await;
    let (id, _) = world.staff("second", "legal").await;
    let mut boss = world.signed_in("boss").await;
    let mut second = world.signed_in("second").await;
    let path = "/api/v1/me";
    let first = make(&mut boss, &["account.own"], "10").await;
    let by_hand = make(&mut boss, &["account.own"], "10").await;
    let other = make(&mut second, &["account.own"], "10").await;
    for token in [&first, &by_hand, &other] {
        let _ = call(&world, token, Method::GET, path, None)
            .await
            .expect_status(200);
    }
    let own = call(&world, &by_hand, Method::GET, "/api/v1/tokens", None)
        .await
        .json();
    let tokens = own.as_array().unwrap();
    let one = tokens
        .iter()
        .find(|one| by_hand.starts_with(one["hint"].as_str().unwrap()))
        .unwrap();
    let ending = format!("/api/v1/tokens/{}", one["id"].as_str().unwrap());
    // nobody ends another's
    let _ = call(&world, &other, Method::DELETE, &ending, None)
        .await
        .expect_status(404);
    let _ = call(&world, &by_hand, Method::DELETE, &ending, None)
        .await
        .expect_status(204);
    let _ = call(&world, &by_hand, Method::GET, path, None)
        .await
        .expect_status(401);
    let _ = call(&world, &first, Method::GET, path, None)
        .await
        .expect_status(200);
    world.people.end_seat(&system(), seat.id, "").await.unwrap();
    let _ = call(&world, &first, Method::GET, path, None)
        .await
        .expect_status(401);
    let closed = world.people.set_account_open(&system(), id, false).await;
    assert!(
        closed
            .unwrap_err()
            .to_string()
            .contains("最后一个在任的法定代表人")
    );
    world.people.end_access(&system(), id).await.unwrap();
    let _ = call(&world, &other, Method::GET, path, None)
        .await
        .expect_status(401);
}

both_databases!(
    a_token_does_what_it_was_made_for_until_it_ends,
    a_token_ends_with_its_seat_its_account_and_by_hand,
);

#[tokio::test]
async fn a_token_is_no_wider_than_the_seat_and_no_longer_than_a_year() {
    let db = sqlite().await;
    let world = World::new(&db).await;
    world.staff("boss", "legal").await;
    let mut boss = world.signed_in("boss").await;
    for (action, days, field) in [
        ("seat.grant", "10", "actions"),
        ("nothing", "10", "actions"),
        ("account.own", "366", "days"),
        ("account.own", "0", "days"),
        ("account.own", "x", "days"),
    ] {
        let fields = [("name", "x"), ("days", days), ("actions", action)];
        let refused = boss
            .post("/account/tokens/new", &fields)
            .await
            .expect_status(400);
        assert!(
            refused.text().contains(&format!("href=\"#{field}\"")),
            "{action} {days}"
        );
    }
    for wrong in ["zhida_", "zhida_xxx", "Zhida_a"] {
        let answer = call(&world, wrong, Method::GET, "/api/v1/me", None).await;
        let _ = answer.expect_status(401);
    }
}
