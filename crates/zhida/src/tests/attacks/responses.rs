//! What goes with every answer: security headers, cookies, no stranger's file.

use axum::{
    body::Body,
    http::{Request, header},
};
use zhida_platform::access::{Rights, Viewer};

use super::super::city::{City, FORM, form};

const HEADERS: [(&str, &[&str]); 6] = [
    (
        "content-security-policy",
        &[
            "default-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ],
    ),
    ("x-content-type-options", &["nosniff"]),
    ("referrer-policy", &["same-origin"]),
    ("cross-origin-opener-policy", &["same-origin"]),
    ("cross-origin-resource-policy", &["same-origin"]),
    ("x-frame-options", &["DENY"]),
];

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let city = City::new().await;
    let viewers = [Viewer::visitor(), Viewer::officer("工作人员")];
    for route in Rights::shipped().routes() {
        for viewer in &viewers {
            let path = route.path.replace(['{', '}'], "");
            let answer = city
                .ask_as(viewer, route.method.as_str(), &path, "x=1")
                .await;
            let told = format!("{} {path} {}", route.method, answer.status);
            for (name, parts) in HEADERS {
                let value = answer.header(name);
                for part in parts {
                    assert!(value.contains(part), "{told}: {name}: {value}");
                }
            }
            let policy = answer.header("content-security-policy");
            assert!(
                !policy.contains("unsafe") && !policy.contains('*'),
                "{told}: {policy}"
            );
            assert!(
                !answer.headers.contains_key("access-control-allow-origin"),
                "{told}"
            );
            assert!(!answer.headers.contains_key("server"), "{told}");
            let typed = answer.bytes.is_empty() || !answer.header("content-type").is_empty();
            assert!(typed, "{told}: a body without a type");
        }
    }
}

/// The cookie of a browser that reached us by this name.
async fn cookie(city: &City, host: &str) -> String {
    let fields = [("login", "handler"), ("password", city.password())];
    let request = Request::post("/sign-in")
        .header(header::HOST, host)
        .header(header::CONTENT_TYPE, FORM)
        .body(Body::from(form(&fields)));
    let answer = city
        .open_site()
        .send(request.unwrap())
        .await
        .expect_status(303);
    answer.header("set-cookie").to_owned()
}

#[tokio::test]
async fn the_cookie_is_guarded_and_over_tls_bound_to_the_host() {
    let city = City::new().await;
    let (local, public) = (
        cookie(&city, "localhost").await,
        cookie(&city, "zhida.example").await,
    );
    for cookie in [&local, &public] {
        for part in ["; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(!cookie.contains("Domain="), "{cookie}");
    }
    assert!(
        public.starts_with("__Host-zhida=") && public.contains("; Secure"),
        "{public}"
    );
}

#[tokio::test]
async fn assets_lead_out_of_no_folder() {
    let city = City::new().await;
    for name in [
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e%2fCargo.toml",
        "..%5c..%5cwindows%5cwin.ini",
        "%2fetc%2fpasswd",
        "zhida.css%00.txt",
        "%ff%fe",
        ".git%2fconfig",
    ] {
        let path = format!("/assets/{name}");
        let answer = city.ask("", "GET", &path, "", "").await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        assert!(
            !String::from_utf8_lossy(&answer.bytes).contains("root:"),
            "{path}"
        );
    }
    for path in [
        "/.git/config",
        "/.env",
        "/Cargo.toml",
        "/config.toml",
        "/assets/",
    ] {
        let answer = city.ask("", "GET", path, "", "").await;
        assert_eq!(answer.status, 404, "{path}");
    }
}

/// TRACE would show a script what it must not read.
#[tokio::test]
async fn unused_methods_are_refused() {
    let city = City::new().await;
    for method in ["TRACE", "CONNECT", "PROPFIND", "PATCH", "DELETE"] {
        for path in ["/", "/enterprises", "/api/v1/enterprises"] {
            let answer = city.ask("", method, path, "", "").await;
            assert_eq!(answer.status, 405, "{method} {path}");
        }
    }
}
