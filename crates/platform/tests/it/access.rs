//! The gate in front of routes, with routes of the shipped table.

use axum::body::Body;
use axum::http::{Method, Request};
use axum::routing::{get, post, put};
use axum::{Extension, Router};
use rstest::rstest;
use uuid::Uuid;
use zhida_platform::access::{Origin, Person, Seat, Viewer, guard};
use zhida_platform::config::Config;
use zhida_platform::http::harden;
use zhida_testkit::{App, TestResponse};

fn app(viewer: Viewer) -> App {
    let router = Router::new()
        .route("/api/openapi.json", get(async || "{}"))
        .route("/policies", get(async || "政策"))
        .route("/tags", get(async || "标签").post(async || "新标签"))
        .route("/tags/switch", post(async || "换了"))
        .route("/forgotten", get(async || "秘密"))
        // the table has no PUT for it
        .route("/policies/{id}", get(async || "一项").put(async || "秘密"))
        .route("/api/v1/enterprise-tags/{name}", put(async || ""));
    App::new(harden(guard(router), &Config::default()).layer(Extension(viewer)))
}

fn clerk(second_factor: bool, token: Option<&[&str]>) -> Viewer {
    Viewer::person(Person {
        account: Uuid::from_u128(7),
        name: "李四".to_owned(),
        seat: Some(Seat {
            id: Uuid::from_u128(8),
            organisation: Some(Uuid::from_u128(9)),
            organisation_name: "某区经信局".to_owned(),
            role: "data_manager".to_owned(),
            division: Some("330106".to_owned()),
            enterprise: None,
            on_behalf_of: None,
        }),
        second_factor,
        token: token.map(|actions| actions.iter().map(|slug| (*slug).to_owned()).collect()),
        origin: Origin::default(),
    })
}

async fn asked(viewer: &Viewer, method: Method, path: &str) -> TestResponse {
    let request = Request::builder().method(method).uri(path);
    let request = request.body(Body::empty()).expect("an address");
    app(viewer.clone()).send(request).await
}

#[rstest]
#[case::open_to_all(Method::GET, "/api/openapi.json", 200)]
#[case::what_visitors_may(Method::GET, "/policies", 200)]
#[case::with_a_parameter(Method::GET, "/policies/p001", 200)]
#[case::head_like_get(Method::HEAD, "/policies", 200)]
#[case::not_for_visitors(Method::GET, "/tags", 401)]
#[case::nor_its_head(Method::HEAD, "/tags", 401)]
#[case::nor_writing(Method::POST, "/tags", 401)]
#[case::nor_by_the_api(Method::PUT, "/api/v1/enterprise-tags/a", 401)]
#[case::not_in_the_table(Method::GET, "/forgotten", 403)]
#[case::a_method_not_in_the_table(Method::PUT, "/policies/p001", 405)]
#[case::a_method_of_nobody(Method::DELETE, "/tags", 405)]
#[case::an_unknown_address(Method::GET, "/nowhere", 404)]
#[tokio::test]
async fn a_visitor_passes_where_the_table_says(
    #[case] method: Method,
    #[case] path: &str,
    #[case] status: u16,
) {
    let response = asked(&Viewer::visitor(), method.clone(), path).await;
    assert_eq!(response.status.as_u16(), status, "{}", response.text());
    if status >= 400 {
        assert_eq!(response.header("content-type"), "application/problem+json");
        assert!(!response.text().contains("秘密"));
    }
}

#[tokio::test]
async fn an_officer_passes_but_not_where_the_table_is_silent() {
    let officer = Viewer::officer("甲");
    for (method, path) in [(Method::GET, "/tags"), (Method::POST, "/tags/switch")] {
        assert_eq!(asked(&officer, method, path).await.status.as_u16(), 200);
    }
    let forgotten = asked(&officer, Method::GET, "/forgotten").await;
    assert_eq!(forgotten.status.as_u16(), 403);
    let method = asked(&officer, Method::DELETE, "/tags").await;
    assert_eq!(method.header("allow"), "GET,POST");
}

#[tokio::test]
async fn a_refusal_says_what_is_missing() {
    let refused = asked(&Viewer::visitor(), Method::GET, "/tags").await;
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    let hint = refused.json()["hint"].to_string();
    assert!(hint.contains("/sign-in"), "{hint}");
    assert_eq!(
        asked(&clerk(true, None), Method::GET, "/tags").await.status,
        200
    );
    let whole = ["tag.manage", "policy.read"];
    let token = clerk(true, Some(&whole));
    assert_eq!(asked(&token, Method::GET, "/tags").await.status, 200);
    for (viewer, says) in [
        (clerk(false, None), "第二因素"),
        (clerk(true, Some(&["policy.read"])), "访问令牌"),
    ] {
        let refused = asked(&viewer, Method::GET, "/tags").await;
        assert_eq!(refused.status.as_u16(), 403);
        let body = refused.json();
        assert!(
            body["detail"].to_string().contains("管理企业标签"),
            "{body}"
        );
        assert!(body["hint"].to_string().contains(says), "{body}");
    }
    // a token may no more than what it names, not even what everybody may
    let token = clerk(true, Some(&["tag.manage"]));
    assert_eq!(asked(&token, Method::GET, "/policies").await.status, 403);
    let officer = asked(&Viewer::officer("甲"), Method::GET, "/tags").await;
    assert_eq!(officer.status, 200);
}
