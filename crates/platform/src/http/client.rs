//! Who is at the other end: behind trusted proxies (`server.trusted_proxies`) the address they report.
//!
//! A proxy appends to `X-Forwarded-For` whom it took the request from, so the header is read from the right: the
//! first address that is no trusted proxy is the client. What stands further left was written by the client
//! and may be anything. From everybody else the header is ignored.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The proxies whose word counts.
#[derive(Debug, Clone)]
pub(super) struct Proxies {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    networks: Vec<IpNet>,
    /// Whether it was said that a proxy is at work which is not trusted.
    warned: AtomicBool,
}

impl Proxies {
    pub(super) fn new(networks: Vec<IpNet>) -> Self {
        Self {
            inner: Arc::new(Inner {
                networks,
                warned: AtomicBool::new(false),
            }),
        }
    }

    fn trust(&self, address: IpAddr) -> bool {
        let mut networks = self.inner.networks.iter();
        networks.any(|network| network.contains(&address))
    }

    fn warn(&self) {
        if !self.inner.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "请求带着 X-Forwarded-For，来的地址却不在 server.trusted_proxies 里，已忽略；\
                 本系统在反向代理之后的话，请把代理的地址写进这项设置，否则所有人算作同一个地址"
            );
        }
    }

    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let values = headers.get_all(FORWARDED_FOR).iter();
        let values: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
        let mut reported = values.iter().rev().flat_map(|value| value.rsplit(','));
        while self.trust(client) {
            // what is no address ends the chain: who wrote it is the last that is known
            match reported.next().and_then(address) {
                Some(next) => client = next,
                None => return client,
            }
        }
        if client == peer.to_canonical() && !values.is_empty() {
            self.warn();
        }
        client
    }
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    address.or_else(with_port).map(|found| found.to_canonical())
}

/// The layer: whoever asks further in for the connection's address gets the client's.
pub(super) async fn find(
    State(proxies): State<Proxies>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(&ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() {
        let client = proxies.client(peer.ip(), request.headers());
        let client = SocketAddr::new(client, peer.port());
        request.extensions_mut().insert(ConnectInfo(client));
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(peer: &str, headers: &[&str]) -> String {
        let networks = ["127.0.0.1/32", "10.0.0.0/8", "2001:db8::/32"];
        let networks = networks.map(|text| text.parse().expect("a network"));
        let mut map = HeaderMap::new();
        for value in headers {
            map.append(
                FORWARDED_FOR,
                HeaderValue::from_bytes(value.as_bytes()).expect("a value"),
            );
        }
        let peer = peer.parse().expect("an address");
        let found = Proxies::new(networks.to_vec()).client(peer, &map);
        found.to_string()
    }

    #[test]
    fn the_rightmost_address_that_is_no_proxy_is_the_client() {
        for (peer, headers, expected) in [
            ("127.0.0.1", &["203.0.113.5"][..], "203.0.113.5"),
            ("127.0.0.1", &["198.51.100.1, 203.0.113.5"], "203.0.113.5"),
            ("127.0.0.1", &["203.0.113.5, 10.1.2.3"], "203.0.113.5"),
            (
                "127.0.0.1",
                &["198.51.100.1", "203.0.113.5,10.1.2.3"],
                "203.0.113.5",
            ),
            ("127.0.0.1", &["203.0.113.5:4711"], "203.0.113.5"),
            ("2001:db8::1", &["[2001:4860::1]:80"], "2001:4860::1"),
            ("127.0.0.1", &["::ffff:203.0.113.5"], "203.0.113.5"),
            ("::ffff:127.0.0.1", &["203.0.113.5"], "203.0.113.5"),
            // written by the client
            ("127.0.0.1", &["127.0.0.1, 203.0.113.5"], "203.0.113.5"),
            ("127.0.0.1", &["203.0.113.5, x"], "127.0.0.1"),
            ("127.0.0.1", &["203.0.113.5, 密, 10.0.0.1"], "127.0.0.1"),
            // only proxies, or nothing reported
            ("127.0.0.1", &["10.0.0.9"], "10.0.0.9"),
            ("127.0.0.1", &[], "127.0.0.1"),
            // nobody believes a stranger
            ("203.0.113.9", &["127.0.0.1"], "203.0.113.9"),
            ("203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
        ] {
            assert_eq!(client(peer, headers), expected, "{peer} {headers:?}");
        }
    }
}
