use std::collections::BTreeSet;
use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::Value;
use tokio::task::JoinHandle;
use tower::ServiceExt;

const FORM: &str = "application/x-www-form-urlencoded";
const BOUNDARY: &str = "zhida-testkit-boundary";

/// A router asked in the process, without a port.
#[derive(Debug, Clone)]
pub struct App {
    router: Router,
}

/// One part of a multipart form.
#[derive(Debug, Clone)]
pub struct Part {
    name: String,
    file_name: Option<String>,
    content: Vec<u8>,
}

impl Part {
    /// An ordinary field.
    #[must_use]
    pub fn text(name: &str, value: &str) -> Self {
        Self {
            name: name.to_owned(),
            file_name: None,
            content: value.as_bytes().to_vec(),
        }
    }

    /// A file.
    #[must_use]
    pub fn file(name: &str, file_name: &str, content: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.to_owned(),
            file_name: Some(file_name.to_owned()),
            content: content.into(),
        }
    }
}

impl App {
    /// Takes the finished router.
    #[must_use]
    pub fn new(router: Router) -> Self {
        Self { router }
    }

    /// Sends any request.
    ///
    /// # Panics
    /// When the answer breaks off, or is a page on which an id stands twice: labels, messages of errors and screen readers
    /// would lead to the wrong field.
    pub async fn send(&self, request: Request<Body>) -> TestResponse {
        let asked = format!("{} {}", request.method(), request.uri());
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let response = TestResponse {
            status: parts.status,
            headers: parts.headers,
            bytes: to_bytes(body, usize::MAX)
                .await
                .expect("the answer is complete"),
        };
        if response.header("content-type").starts_with("text/html") {
            let repeated = repeated_ids(response.text());
            assert!(
                repeated.is_empty(),
                "{asked} 的页面上重复的 id：{repeated:?}"
            );
        }
        response
    }

    /// GET.
    pub async fn get(&self, path: &str) -> TestResponse {
        self.send(request(Method::GET, path, None, Body::empty()))
            .await
    }

    /// POST of a form as a browser sends it.
    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> TestResponse {
        let encode =
            |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        self.send(request(Method::POST, path, Some(FORM), body.join("&")))
            .await
    }

    /// POST of JSON.
    pub async fn post_json(&self, path: &str, body: &Value) -> TestResponse {
        let json = Some("application/json");
        self.send(request(Method::POST, path, json, body.to_string()))
            .await
    }

    /// POST of a multipart form with files.
    pub async fn post_multipart(&self, path: &str, parts: &[Part]) -> TestResponse {
        let mut body = Vec::new();
        for part in parts {
            let file = part.file_name.as_ref();
            let file = file.map_or(String::new(), |name| format!("; filename=\"{name}\""));
            let head = format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"{file}\r\n\r\n",
                part.name
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(&part.content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.send(request(Method::POST, path, Some(&kind), body))
            .await
    }
}

/// The ids that stand on a page more than once. What people wrote has its quotation marks escaped and is not taken for one.
fn repeated_ids(page: &str) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    let ids = page.split(" id=\"").skip(1);
    let ids = ids.filter_map(|rest| rest.split('"').next());
    ids.filter(|id| !seen.insert(*id)).collect()
}

fn request(method: Method, path: &str, kind: Option<&str>, body: impl Into<Body>) -> Request<Body> {
    let mut builder = Request::builder().method(method).uri(path);
    if let Some(kind) = kind {
        builder = builder.header(header::CONTENT_TYPE, kind);
    }
    builder
        .body(body.into())
        .expect("the path is a valid URI: percent-encode Chinese")
}

/// A complete answer.
#[derive(Debug, Clone)]
pub struct TestResponse {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub bytes: Bytes,
}

impl TestResponse {
    /// The body as text.
    ///
    /// # Panics
    /// When it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).expect("the answer is UTF-8")
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not JSON; shows it.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| {
            panic!(
                "{} 的答复不是 JSON（{error}）：{}",
                self.status,
                self.text()
            )
        })
    }

    /// A header as text, empty when absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).map(|value| value.to_str());
        value.and_then(Result::ok).unwrap_or_default()
    }

    /// The same response, when its status is this one.
    ///
    /// # Panics
    /// When it is not; shows the body.
    #[must_use]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(
            self.status.as_u16(),
            status,
            "{}",
            String::from_utf8_lossy(&self.bytes)
        );
        self
    }
}

/// A router on a free port of 127.0.0.1, for the browser; ends when dropped.
#[derive(Debug)]
pub struct TestServer {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl TestServer {
    /// Starts serving.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(router: Router) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("a bound port has an address");
        let task = tokio::spawn(async move {
            axum::serve(listener, router)
                .await
                .expect("axum::serve never ends by itself");
        });
        Self { address, task }
    }

    /// The address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::repeated_ids;

    #[test]
    fn an_id_that_stands_twice_is_found() {
        let page =
            r#"<p id="a"></p><input data-id="a" id="b"><p id="a">&quot; id=&quot;b&quot;</p>"#;
        assert_eq!(repeated_ids(page), ["a"]);
    }
}
