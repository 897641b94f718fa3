//! Requests to an identity provider. The operator names the issuer, which may stand in the city's own network; where
//! its documents point besides, only the public internet is asked, so that no provider can reach inside through us.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::body::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http_body_util::Full;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use url::{Host, Url};
use zhida_platform::messages::webhook::is_public;
use zhida_platform::outgoing::Client;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer.
const BYTES_MAX: usize = 512 << 10;

/// Why there is no answer, for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct AskError(String);

/// Asks one provider.
pub(crate) struct Asker {
    client: Client,
    issuer: Url,
}

impl Asker {
    pub(crate) fn new(client: Client, issuer: Url) -> Self {
        Self { client, issuer }
    }

    pub(crate) async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, AskError> {
        let answer = tokio::time::timeout(PATIENCE, self.asked(request)).await;
        let late = || Err(format!("超过 {} 秒没有答复", PATIENCE.as_secs()));
        answer.unwrap_or_else(|_| late()).map_err(AskError)
    }

    async fn asked(&self, request: HttpRequest) -> Result<HttpResponse, String> {
        let url = Url::parse(&request.uri().to_string())
            .map_err(|_| format!("不是完整的网址：{}", request.uri()))?;
        let addresses = self.addresses(&url).await?;
        let request = request.map(|body| Full::new(Bytes::from(body)));
        self.client.send(&url, &addresses, request, BYTES_MAX).await
    }

    /// Where a URL leads, when it may be asked.
    async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, String> {
        let own = url.origin() == self.issuer.origin();
        if url.scheme() != "https" && !own {
            return Err(format!("{url} 不是 https 地址"));
        }
        let port = url.port_or_known_default().unwrap_or(443);
        let addresses: Vec<SocketAddr> = match url.host() {
            Some(Host::Ipv4(address)) => vec![(IpAddr::V4(address), port).into()],
            Some(Host::Ipv6(address)) => vec![(IpAddr::V6(address), port).into()],
            Some(Host::Domain(name)) => tokio::net::lookup_host((name, port))
                .await
                .map_err(|error| format!("查不到主机「{name}」的地址：{error}"))?
                .collect(),
            None => Vec::new(),
        };
        if addresses.is_empty() {
            return Err(format!("{url} 的主机没有地址"));
        }
        if !own && !addresses.iter().all(|address| is_public(address.ip())) {
            return Err(format!("{url} 不是身份源自己的地址，又在内网，不去访问"));
        }
        Ok(addresses)
    }
}

impl<'c> AsyncHttpClient<'c> for Asker {
    type Error = AskError;
    type Future = BoxFuture<'c, Result<HttpResponse, AskError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        self.ask(request).boxed()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[tokio::test]
    async fn a_provider_does_not_lead_into_the_network_we_stand_in() {
        for (issuer, url, good) in [
            ("https://10.1.2.3/realm", "https://10.1.2.3/keys", true),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000/token", true),
            ("https://10.1.2.3", "https://8.8.8.8/keys", true),
            ("https://10.1.2.3", "https://10.1.2.4/keys", false),
            ("https://10.1.2.3", "https://10.1.2.3:8443/keys", false),
            ("https://10.1.2.3", "http://10.1.2.3/keys", false),
            ("https://8.8.8.8", "https://169.254.169.254/latest", false),
            ("https://8.8.8.8", "https://[::ffff:127.0.0.1]/", false),
            ("https://8.8.8.8", "http://8.8.4.4/", false),
            ("http://127.0.0.1:3000", "http://127.0.0.1:22/", false),
            ("https://8.8.8.8", "file:///etc/passwd", false),
        ] {
            let issuer = Url::parse(issuer).unwrap();
            let asker = Asker::new(Client::default(), issuer.clone());
            let found = asker.addresses(&Url::parse(url).unwrap()).await;
            assert_eq!(found.is_ok(), good, "{issuer} {url}: {found:?}");
        }
    }
}
