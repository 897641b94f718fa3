//! Requests to other servers over HTTP/1.1: one connection each, to addresses that the caller has looked up and
//! checked, so that nobody is led elsewhere between the check and the connection. Redirects are not followed.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::Url;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// Bytes of an answer's headers.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// Sends requests and trusts the system's certificate authorities, and those it was given besides.
#[derive(Default)]
pub struct Client {
    authorities: Vec<CertificateDer<'static>>,
    /// Made at the first request: reading the system's authorities takes time.
    tls: OnceLock<Arc<ClientConfig>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("authorities", &self.authorities.len())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Trusts the authorities of a PEM file besides the system's.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn trusting(pem: &[u8]) -> Result<Self, String> {
        let authorities = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        Ok(Self {
            authorities: authorities.map_err(|error| format!("不是 PEM 证书：{error}"))?,
            tls: OnceLock::new(),
        })
    }

    /// Sends one request to the first of `addresses` that takes the connection. Method, headers and body are the
    /// request's; target and host are the URL's. Of the answer's body at most `bytes_max` bytes are read.
    ///
    /// # Errors
    /// Why there is no answer, in Chinese. The caller limits the time.
    pub async fn send(
        &self,
        url: &Url,
        addresses: &[SocketAddr],
        request: Request<Full<Bytes>>,
        bytes_max: usize,
    ) -> Result<Response<Vec<u8>>, String> {
        let request = addressed(url, request)?;
        let stream = connect(addresses).await?;
        if url.scheme() == "http" {
            return exchange(stream, request, bytes_max).await;
        }
        let name = server_name(url)?;
        let connector = TlsConnector::from(self.tls()?);
        let connected = connector.connect(name, stream).await;
        let stream = connected.map_err(|error| format!("TLS 连接没有成功：{error}"))?;
        exchange(stream, request, bytes_max).await
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

fn addressed(url: &Url, mut request: Request<Full<Bytes>>) -> Result<Request<Full<Bytes>>, String> {
    let unfit = |_| "写不成请求：网址里有不能用的字符".to_owned();
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let host = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    };
    *request.uri_mut() = target
        .parse()
        .map_err(|_| "写不成请求：网址里有不能用的字符".to_owned())?;
    let headers = request.headers_mut();
    headers.insert(header::HOST, HeaderValue::from_str(&host).map_err(unfit)?);
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    Ok(request)
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

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
    bytes_max: usize,
) -> Result<Response<Vec<u8>>, String> {
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
        while body.len() < bytes_max {
            let Some(frame) = response.body_mut().frame().await else {
                break;
            };
            // how the body ends does not matter: what is missing is seen when it is read
            let Ok(frame) = frame else { break };
            if let Some(data) = frame.data_ref() {
                let room = bytes_max - body.len();
                body.extend_from_slice(&data[..data.len().min(room)]);
            }
        }
        Ok(response.map(|_| body))
    };
    tokio::pin!(talk);
    tokio::pin!(connection);
    tokio::select! {
        biased;
        answer = &mut talk => answer,
        ended = &mut connection => {
            if let Err(error) = ended {
                tracing::debug!(%error, "连接没有好好结束");
            }
            // the answer may already be here; without one, this says why
            talk.await
        }
    }
}
