use std::time::Duration;

use axum::body::Bytes;
use http_body_util::Full;
use hyper::{Request, header};

use super::super::settings::read;
use super::super::{MessageError, WebhooksConfig};
use super::guard;
use crate::outgoing::Client;

/// Bytes of an answer's body that are read at most.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Characters of an answer that are kept for the owner.
const SNIPPET_CHARS: usize = 200;

/// Sends the requests: one connection each, to an address that was checked.
#[derive(Debug)]
pub(in crate::messages) struct Poster {
    config: WebhooksConfig,
    client: Client,
}

/// What is sent beside the body.
#[derive(Debug)]
pub(super) struct Headers<'a> {
    pub id: &'a str,
    pub timestamp: i64,
    pub signature: &'a str,
}

/// How an endpoint answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub status: u16,
    /// The start of its body, in one line.
    pub snippet: String,
}

impl Poster {
    pub(in crate::messages) fn from_config(config: &WebhooksConfig) -> Result<Self, MessageError> {
        let mut client = Client::default();
        if !config.ca_file.is_empty() {
            let pem = read(&config.ca_file, "webhooks.ca_file")?;
            client = Client::trusting(&pem)
                .map_err(|fault| MessageError::Settings(format!("webhooks.ca_file {fault}")))?;
        }
        Ok(Self {
            config: config.clone(),
            client,
        })
    }

    /// Whether the URL could be asked.
    pub(in crate::messages) fn check(&self, url: &str) -> Result<(), MessageError> {
        guard::check(url, &self.config)
            .map(|_| ())
            .map_err(MessageError::Endpoint)
    }

    /// Sends one request; `Err` says in Chinese why there is no answer.
    pub(super) async fn post(
        &self,
        url: &str,
        headers: &Headers<'_>,
        body: String,
    ) -> Result<Answer, String> {
        let seconds = self.config.timeout_seconds;
        let answer = self.ask(url, headers, body);
        let answer = tokio::time::timeout(Duration::from_secs(seconds), answer).await;
        answer.unwrap_or_else(|_| Err(format!("超过 {seconds} 秒没有答复")))
    }

    async fn ask(&self, url: &str, headers: &Headers<'_>, body: String) -> Result<Answer, String> {
        // the settings may have become stricter since it was added
        let url = guard::check(url, &self.config)?;
        let addresses = guard::resolve(&url, &self.config).await?;
        let request = request(headers, body)?;
        let answer = self
            .client
            .send(&url, &addresses, request, ANSWER_BYTES_MAX);
        let answer = answer.await?;
        Ok(Answer {
            status: answer.status().as_u16(),
            snippet: snippet(answer.body()),
        })
    }
}

/// Target and host are added where it is sent.
fn request(headers: &Headers<'_>, body: String) -> Result<Request<Full<Bytes>>, String> {
    Request::post("/")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "zhida-webhook/1")
        .header("webhook-id", headers.id)
        .header("webhook-timestamp", headers.timestamp)
        .header("webhook-signature", headers.signature)
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| format!("写不成请求：{error}"))
}

fn snippet(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    line.trim().chars().take(SNIPPET_CHARS).collect()
}
