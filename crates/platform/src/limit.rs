//! How often one address may ask: looking, changing and signing in are counted apart (`[rate_limit]`).
//!
//! An IPv6 visitor holds a whole /64, so that is what is counted. This machine's own requests are not
//! limited, nor are the assets of the pages. The counts are each server's own: behind two servers an
//! address gets twice as much.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::access::SIGN_IN;
use crate::config::RateLimitConfig;
use crate::problem::Problem;

/// Files of the pages; a page asks for several at once, and browsers keep them.
const ASSETS: &str = "/assets/";
/// Requests after which addresses that have long been silent are forgotten.
const TIDY_EVERY: u32 = 4_096;

/// Counts requests by address; clones share the counts.
#[derive(Debug, Clone)]
pub struct RateLimits {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    reads: Option<Limiter>,
    writes: Option<Limiter>,
    sign_ins: Option<Limiter>,
    seen: AtomicU32,
}

type Limiter = DefaultKeyedRateLimiter<IpAddr>;

impl RateLimits {
    /// As configured; fresh counts.
    #[must_use]
    pub fn new(config: &RateLimitConfig) -> Self {
        let limiter = |per_minute| {
            let quota = Quota::per_minute(NonZeroU32::new(per_minute)?);
            Some(RateLimiter::keyed(quota))
        };
        Self {
            inner: Arc::new(Inner {
                reads: limiter(config.reads_per_minute),
                writes: limiter(config.writes_per_minute),
                sign_ins: limiter(config.sign_ins_per_minute),
                seen: AtomicU32::new(0),
            }),
        }
    }

    /// Counts a request of this address; how many seconds it has to wait, if it does.
    fn wait(&self, limiter: &Limiter, address: IpAddr) -> Option<u64> {
        let seen = self.inner.seen.fetch_add(1, Ordering::Relaxed);
        if seen.is_multiple_of(TIDY_EVERY) {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        let refused = limiter.check_key(&counted(address)).err()?;
        let wait = refused.wait_time_from(DefaultClock::default().now());
        Some(wait.as_secs() + 1)
    }

    /// What is counted for a request, in words too; `None` for what is not.
    fn of(&self, request: &Request) -> Option<(&Limiter, &'static str)> {
        let path = request.uri().path();
        let reads = matches!(
            *request.method(),
            Method::GET | Method::HEAD | Method::OPTIONS
        );
        let (limiter, what) = match reads {
            true if path.starts_with(ASSETS) => return None,
            true => (&self.inner.reads, "浏览"),
            false if path.starts_with(SIGN_IN) => (&self.inner.sign_ins, "登录"),
            false => (&self.inner.writes, "提交"),
        };
        limiter.as_ref().map(|limiter| (limiter, what))
    }
}

/// The layer: answers 429 when an address asks too often.
pub(crate) async fn limit(
    State(limits): State<RateLimits>,
    request: Request,
    next: Next,
) -> Response {
    let client = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let client = client.map(|client| client.0.ip().to_canonical());
    let Some(client) = client.filter(|client| !client.is_loopback()) else {
        return next.run(request).await;
    };
    let refused = limits
        .of(&request)
        .and_then(|(limiter, what)| Some((limits.wait(limiter, client)?, what)));
    match refused {
        Some((seconds, what)) => refusal(seconds, what),
        None => next.run(request).await,
    }
}

fn refusal(seconds: u64, what: &str) -> Response {
    let problem = Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-requests",
        "请求太频繁",
        format!("您所在的网络地址在一分钟里{what}的次数超过了限制"),
    )
    .hint(format!(
        "请 {seconds} 秒后再试；多人共用一个地址的单位，请联系管理员调整设置 rate_limit"
    ));
    let mut response = problem.into_response();
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// The address as it is counted.
fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        let limits = RateLimits::new(&RateLimitConfig {
            reads_per_minute: 2,
            writes_per_minute: 0,
            sign_ins_per_minute: 1,
        });
        let reads = limits.inner.reads.as_ref().expect("on");
        assert_eq!(limits.wait(reads, address("2001:db8::1")), None);
        assert_eq!(limits.wait(reads, address("2001:db8::2")), None);
        let wait = limits.wait(reads, address("2001:db8::ffff:3"));
        assert!(
            wait.is_some_and(|seconds| (1..=31).contains(&seconds)),
            "{wait:?}"
        );
        assert_eq!(limits.wait(reads, address("2001:db8:0:1::1")), None);
        assert_eq!(limits.wait(reads, address("::ffff:192.0.2.1")), None);
        assert_eq!(limits.wait(reads, address("192.0.2.1")), None);
        assert!(limits.wait(reads, address("192.0.2.1")).is_some());
        assert!(limits.inner.writes.is_none(), "0 is no limit");
    }
}
