//! How the demonstration acts: it asks the program's own pages and interface, in the process and without a port, as
//! somebody in a seat would. So it can do nothing that a person could not, and everything leaves its records.

use anyhow::{Context, Result, anyhow, bail};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, header},
};
use serde_json::Value;
use tower::ServiceExt;
use zhida_platform::{access::Viewer, config::Config};

use crate::app::App;

/// Bytes of an answer at most.
const ANSWER_MAX: usize = 16 << 20;
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const BOUNDARY: &str = "zhida-demo-boundary";

/// The program, to be asked.
pub struct Stage {
    router: Router,
}

impl Stage {
    pub fn new(app: &App, config: &Config) -> Self {
        Self {
            router: app.router(config, Viewer::visitor(), false),
        }
    }

    /// What the interface knows.
    pub async fn get(&self, viewer: &Viewer, path: &str) -> Result<Value> {
        let answer = self
            .ask(viewer, Method::GET, path, JSON, String::new())
            .await?;
        serde_json::from_str(&answer.text).with_context(|| format!("{path} 的回答不是 JSON"))
    }

    /// A page, as text.
    pub async fn page(&self, viewer: &Viewer, path: &str) -> Result<String> {
        let answer = self
            .ask(viewer, Method::GET, path, FORM, String::new())
            .await?;
        Ok(answer.text)
    }

    /// Something sent to the interface.
    pub async fn post(&self, viewer: &Viewer, path: &str, body: &Value) -> Result<()> {
        let sent = self.ask(viewer, Method::POST, path, JSON, body.to_string());
        sent.await.map(drop)
    }

    /// A form that is sent; where it leads.
    pub async fn form(
        &self,
        viewer: &Viewer,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<String> {
        let answer = self.ask(viewer, Method::POST, path, FORM, body(fields));
        Ok(answer.await?.location)
    }

    /// What a system that sends a form is answered.
    pub async fn answer(&self, path: &str, fields: &[(&str, &str)]) -> Result<Value> {
        let visitor = Viewer::visitor();
        let answer = self.ask(&visitor, Method::POST, path, FORM, body(fields));
        serde_json::from_str(&answer.await?.text).with_context(|| format!("{path} 的回答不是 JSON"))
    }

    /// A form that takes files, sent without any; where it leads.
    pub async fn parts(
        &self,
        viewer: &Viewer,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<String> {
        let mut body = String::new();
        for (name, value) in fields {
            body.push_str(&format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(&format!("--{BOUNDARY}--\r\n"));
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let answer = self.ask(viewer, Method::POST, path, &kind, body).await?;
        Ok(answer.location)
    }

    async fn ask(
        &self,
        viewer: &Viewer,
        method: Method,
        path: &str,
        kind: &str,
        body: String,
    ) -> Result<Answer> {
        let mut request = Request::builder()
            .method(&method)
            .uri(path)
            .header(header::HOST, "127.0.0.1")
            .header(header::CONTENT_TYPE, kind)
            .body(Body::from(body))?;
        request.extensions_mut().insert(viewer.clone());
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, ANSWER_MAX).await?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if parts.status >= StatusCode::BAD_REQUEST {
            bail!(
                "{}：{method} {path} {}，{}",
                viewer.name(),
                parts.status,
                why(&text)
            );
        }
        let location = parts.headers.get(header::LOCATION);
        let location = location.and_then(|value| value.to_str().ok());
        Ok(Answer {
            location: location.unwrap_or_default().to_owned(),
            text,
        })
    }
}

struct Answer {
    location: String,
    text: String,
}

/// What a refusal says: the sentence of a problem, or the summary of a page's errors.
fn why(text: &str) -> String {
    if let Ok(problem) = serde_json::from_str::<Value>(text) {
        return problem.to_string();
    }
    let from = text.find("<main").unwrap_or_default();
    let mut plain = String::new();
    let mut inside = false;
    for one in text[from..].chars() {
        match one {
            '<' => inside = true,
            '>' => inside = false,
            one if !inside && !one.is_control() => plain.push(one),
            _ => {}
        }
    }
    plain.chars().take(300).collect()
}

/// The value of a hidden field of a page.
pub fn hidden(page: &str, name: &str) -> Result<String> {
    let mark = format!("name=\"{name}\" value=\"");
    let (_, rest) = page
        .split_once(&mark)
        .ok_or_else(|| anyhow!("页面上没有“{name}”这一栏"))?;
    let value = rest.split('"').next().unwrap_or_default();
    Ok(value.to_owned())
}

/// The body of a form.
fn body(fields: &[(&str, &str)]) -> String {
    let fields = fields.iter();
    let pairs = fields.map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
