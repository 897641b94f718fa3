use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::Url;

use super::super::settings::read;
use super::super::{MessageError, WebhooksConfig};
use super::guard;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// Bytes of an answer's body that are read at most.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Bytes of an answer's headers.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// Characters of an answer that are kept for the owner.
const SNIPPET_CHARS: usize = 200;

/// Sends the requests: one connection each, to an address that was checked.
pub(in crate::messages) struct Poster {
    config: WebhooksConfig,
    /// The authorities of `ca_file`.
    authorities: Vec<CertificateDer<'static>>,
    /// Made at the first request: reading the system's authorities takes time.
    tls: OnceLock<Arc<ClientConfig>>,
}

impl std::fmt::Debug for Poster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poster")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
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
        let mut authorities = Vec::new();
        if !config.ca_file.is_empty() {
            let pem = read(&config.ca_file, "webhooks.ca_file")?;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                authorities.push(certificate.map_err(|error| {
                    MessageError::Settings(format!("webhooks.ca_file 不是 PEM 证书：{error}"))
                })?);
            }
        }
        Ok(Self {
            config: config.clone(),
            authorities,
            tls: OnceLock::new(),
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
        let request = request(&url, headers, body)?;
        let stream = connect(&addresses).await?;
        if url.scheme() == "http" {
            return exchange(stream, request).await;
        }
        let name = server_name(&url)?;
        let connector = TlsConnector::from(self.tls()?);
        let connected = connector.connect(name, stream).await;
        let stream = connected.map_err(|error| format!("TLS 连接没有成功：{error}"))?;
        exchange(stream, request).await
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, String> {
        if let Some(tls) = self.tls.get() {
            return Ok(Arc::clone(tls));
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots.add_parsable_certificates(self.authorities.iter().cloned());
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS 不可用：{error}"))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::clone(self.tls.get_or_init(|| Arc::new(tls))))
    }
}

/// The first address that takes the connection.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, String> {
    let mut fault = String::new();
    for address in addresses {
        match tokio::time::timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => fault = error.to_string(),
            Err(_) => fault = format!("{} 秒内没有接通", CONNECT.as_secs()),
        }
    }
    Err(format!("连不上：{fault}"))
}

fn server_name(url: &Url) -> Result<ServerName<'static>, String> {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(host.to_owned()).map_err(|_| "主机名不能用于 TLS".to_owned())
}

fn request(url: &Url, headers: &Headers<'_>, body: String) -> Result<Request<Full<Bytes>>, String> {
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let host = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    };
    Request::post(target)
        .header(header::HOST, host)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "zhida-webhook/1")
        .header(header::CONNECTION, "close")
        .header("webhook-id", headers.id)
        .header("webhook-timestamp", headers.timestamp)
        .header("webhook-signature", headers.signature)
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| format!("写不成请求：{error}"))
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Answer, String> {
    let broken = |error: hyper::Error| format!("对方中断了连接：{error}");
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_BYTES_MAX);
    let (mut sender, connection) = builder
        .handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    // dropped with this future, so that nothing outlives the time-out
    let talk = async move {
        let mut response = sender.send_request(request).await.map_err(broken)?;
        let mut body = Vec::new();
        while body.len() < ANSWER_BYTES_MAX {
            let Some(frame) = response.body_mut().frame().await else {
                break;
            };
            // the status is what counts; how the body ends does not matter
            let Ok(frame) = frame else { break };
            if let Some(data) = frame.data_ref() {
                let room = ANSWER_BYTES_MAX - body.len();
                body.extend_from_slice(&data[..data.len().min(room)]);
            }
        }
        Ok(Answer {
            status: response.status().as_u16(),
            snippet: snippet(&body),
        })
    };
    tokio::pin!(talk);
    tokio::pin!(connection);
    tokio::select! {
        biased;
        answer = &mut talk => answer,
        ended = &mut connection => match ended {
            // the rest of the answer may already be here
            Ok(()) => talk.await,
            Err(error) => Err(broken(error)),
        },
    }
}

fn snippet(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    line.trim().chars().take(SNIPPET_CHARS).collect()
}
