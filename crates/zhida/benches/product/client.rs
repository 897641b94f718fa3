//! Somebody with a browser on this machine.

use axum::{
    body::Body,
    http::{Request, header},
};
use zhida_platform::access::Viewer;
use zhida_testkit::{App as Site, TestResponse};

const FORM: &str = "application/x-www-form-urlencoded";

/// Who asks.
#[derive(Clone)]
enum Who {
    Visitor,
    /// Has come in, and shows the cookie of the session.
    Session(String),
    /// Somebody without an account.
    Seated(Box<Viewer>),
}

/// Somebody who asks the product.
#[derive(Clone)]
pub struct Client {
    site: Site,
    who: Who,
}

impl Client {
    pub fn visitor(site: &Site) -> Self {
        Self {
            site: site.clone(),
            who: Who::Visitor,
        }
    }

    pub fn seated(site: &Site, viewer: Viewer) -> Self {
        Self {
            site: site.clone(),
            who: Who::Seated(Box::new(viewer)),
        }
    }

    /// Comes in as the demonstration's account of a role.
    pub async fn enter(site: &Site, role: &str) -> Self {
        let visitor = Self::visitor(site);
        let answer = visitor.form("/demo", &[("role", role)]).await;
        let answer = answer.expect_status(303);
        let cookie = answer.header("set-cookie").split(';').next().unwrap();
        Self {
            site: site.clone(),
            who: Who::Session(cookie.to_owned()),
        }
    }

    pub async fn get(&self, path: &str) -> TestResponse {
        self.send("GET", path, "", Body::empty()).await
    }

    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> TestResponse {
        let pairs: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", percent(name), percent(value)))
            .collect();
        self.send("POST", path, FORM, pairs.join("&")).await
    }

    pub async fn json(&self, path: &str, body: &serde_json::Value) -> TestResponse {
        self.send("POST", path, "application/json", body.to_string())
            .await
    }

    pub async fn send(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: impl Into<Body>,
    ) -> TestResponse {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .header("x-file-name", "receipts.csv");
        if !kind.is_empty() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let request = match &self.who {
            Who::Visitor => request,
            Who::Session(cookie) => request.header(header::COOKIE, cookie),
            Who::Seated(viewer) => request.extension(Viewer::clone(viewer)),
        };
        self.site.send(request.body(body.into()).unwrap()).await
    }
}

/// Percent-encodes everything but unreserved characters.
pub fn percent(text: &str) -> String {
    let encoded = |byte: u8| match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(encoded).collect()
}
