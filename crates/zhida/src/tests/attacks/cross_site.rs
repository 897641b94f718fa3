//! CSRF: a page of another site must not write with what the visitor may do here.

use axum::{
    body::Body,
    http::{Request, header},
};
use zhida_platform::access::{Rights, Viewer};

use super::super::city::{City, FORM, JSON};

/// How a request of another site looks: what browsers say of it, or only its origin on plain HTTP.
const FOREIGN: [&[(&str, &str)]; 5] = [
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
    &[
        ("sec-fetch-site", "cross-site"),
        ("origin", "http://localhost"),
    ],
];

#[tokio::test]
async fn no_writing_route_takes_a_request_of_another_site() {
    let city = City::new().await;
    let before = city.changes().await;
    let mut tried = 0;
    for route in Rights::shipped().routes() {
        if ["GET", "HEAD"].contains(&route.method.as_str()) {
            continue;
        }
        let path = filled(&route.path);
        let (kind, body) = match path.starts_with("/api/") {
            true => (JSON, "{}"),
            false => (FORM, "x=1"),
        };
        for headers in FOREIGN {
            let mut request = Request::builder()
                .method(route.method.as_str())
                .uri(&path)
                .header(header::HOST, "localhost")
                .header(header::CONTENT_TYPE, kind)
                .extension(Viewer::officer("被冒用的人"));
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = city
                .site
                .send(request.body(Body::from(body)).unwrap())
                .await;
            let told = format!("{} {path} {headers:?}", route.method);
            assert_eq!(answer.status, 403, "{told}");
            assert!(
                answer.text().contains("来自别的网站"),
                "{told}: {}",
                answer.text()
            );
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried}");
    assert_eq!(city.changes().await, before);
}

/// Reading changes nothing, so links from other sites may lead here.
#[tokio::test]
async fn no_reading_route_changes_anything() {
    let city = City::new().await;
    let before = city.changes().await;
    for route in Rights::shipped().routes() {
        if route.method == "GET" {
            let path = filled(&route.path);
            let officer = Viewer::officer("工作人员");
            let _any = city.ask_as(&officer, "GET", &path, "").await;
        }
    }
    assert_eq!(city.changes().await, before);
}

/// The address with something in the place of each parameter.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| match part.starts_with('{') {
        true => "1",
        false => part,
    });
    parts.collect::<Vec<_>>().join("/")
}
