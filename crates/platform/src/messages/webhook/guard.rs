//! Where a request may go: the guard against being used to reach into the
//! network we stand in (SSRF).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

use super::super::WebhooksConfig;
use super::URL_CHARS_MAX;

/// Whether an address is one of the public internet, by IANA's registries of
/// special-purpose addresses: not loopback, private, link-local (where clouds
/// keep their metadata), carrier-grade NAT, documentation, multicast, nor IPv4
/// inside IPv6.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        (0 | 10 | 127, ..) | (224.., ..) => true,
        // 100.100.100.200 is the metadata service of Alibaba's cloud
        (100, 64..=127, _) => true,
        (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => {
            true
        }
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // IETF protocols with Teredo; documentation; 6to4, which is IPv4 inside
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x2002, ..] => false,
        [0x3fff, 0..=0x0fff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// A URL that may be asked, as far as one can tell without resolving its name.
pub(super) fn check(text: &str, config: &WebhooksConfig) -> Result<Url, String> {
    if text.chars().count() > URL_CHARS_MAX {
        return Err(format!("超过 {URL_CHARS_MAX} 个字"));
    }
    let url = Url::parse(text).map_err(|_| "不是完整的网址，请写 https://主机/路径".to_owned())?;
    match url.scheme() {
        "https" => {}
        "http" if config.allow_http => {}
        "http" => return Err("请改用 https 地址".to_owned()),
        other => return Err(format!("不支持 {other} 协议，请用 https 地址")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("网址里不要写用户名和口令，请求已带签名".to_owned());
    }
    let port = url.port_or_known_default().unwrap_or(0);
    if !matches!(port, 80 | 443 | 1024..) {
        return Err(format!("不允许推送到 {port} 端口"));
    }
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Some(Host::Domain(_)) => None,
        None => return Err("网址里没有主机名".to_owned()),
    };
    if literal.is_some_and(|address| !is_public(address)) && !is_allowed(&url, config) {
        return Err(INSIDE.to_owned());
    }
    Ok(url)
}

const INSIDE: &str = "主机在内网、本机或保留地址段，不允许推送；确需推送的，请管理员在 webhooks.allowed_hosts 里写明主机名";

fn is_allowed(url: &Url, config: &WebhooksConfig) -> bool {
    let host = url.host_str().unwrap_or_default();
    config
        .allowed_hosts
        .iter()
        .any(|allowed| allowed.eq_ignore_ascii_case(host))
}

/// The addresses to connect to: those of the host, each of them checked. One
/// that is not public is enough to refuse all of them.
pub(super) async fn resolve(url: &Url, config: &WebhooksConfig) -> Result<Vec<SocketAddr>, String> {
    let port = url.port_or_known_default().unwrap_or(443);
    let addresses: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(address)) => vec![(address, port).into()],
        Some(Host::Ipv6(address)) => vec![(address, port).into()],
        Some(Host::Domain(name)) => tokio::net::lookup_host((name, port))
            .await
            .map_err(|error| format!("查不到主机「{name}」的地址：{error}"))?
            .collect(),
        None => Vec::new(),
    };
    if addresses.is_empty() {
        return Err("主机没有地址".to_owned());
    }
    if !is_allowed(url, config) && !addresses.iter().all(|address| is_public(address.ip())) {
        return Err(INSIDE.to_owned());
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn only_public_addresses_pass() {
        for (address, public) in [
            ("8.8.8.8", true),
            ("100.63.255.255", true),
            ("172.32.0.1", true),
            ("2400:3200::1", true),
            ("::ffff:8.8.8.8", true),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("100.100.100.200", false),
            ("127.0.0.1", false),
            ("127.255.255.254", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("192.168.1.1", false),
            ("192.0.2.1", false),
            ("198.18.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::127.0.0.1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:169.254.169.254", false),
            ("64:ff9b::7f00:1", false),
            ("2002:7f00:1::", false),
            ("2001::1", false),
            ("2001:db8::1", false),
            ("fc00::1", false),
            ("fd00:ec2::254", false),
            ("fe80::1", false),
            ("ff02::1", false),
        ] {
            let address: IpAddr = address.parse().expect("an address");
            assert_eq!(is_public(address), public, "{address}");
        }
    }

    #[test]
    fn urls_are_checked() {
        let config = Config::default().webhooks;
        for (url, good) in [
            ("https://erp.example.cn/zhida?x=1", true),
            ("https://erp.example.cn:8443/", true),
            ("https://8.8.8.8/", true),
            ("http://erp.example.cn/", false),
            ("ftp://erp.example.cn/", false),
            ("file:///etc/passwd", false),
            ("gopher://127.0.0.1:25/", false),
            ("https://user:secret@erp.example.cn/", false),
            ("https://erp.example.cn:25/", false),
            ("https://127.0.0.1/", false),
            // the same in other clothes
            ("https://2130706433/", false),
            ("https://0x7f.1/", false),
            ("https://0177.0.0.1/", false),
            ("https://127。0。0。1/", false),
            ("https://[::ffff:127.0.0.1]/", false),
            ("https://[::1]/", false),
            ("https://169.254.169.254/latest/meta-data/", false),
            ("erp.example.cn", false),
            ("", false),
        ] {
            assert_eq!(check(url, &config).is_ok(), good, "{url}");
        }
    }

    #[test]
    fn a_named_host_may_be_inside() {
        let mut config = Config::default().webhooks;
        config.allowed_hosts = vec!["10.1.2.3".to_owned()];
        assert!(check("https://10.1.2.3/", &config).is_ok());
        assert!(check("https://10.1.2.4/", &config).is_err());
    }

    #[tokio::test]
    async fn a_name_that_points_inside_is_refused() {
        let config = Config::default().webhooks;
        let url = check("https://localhost:8443/", &config).expect("a name says nothing yet");
        let fault = resolve(&url, &config).await.expect_err("loopback");
        assert!(fault.contains("allowed_hosts"), "{fault}");
    }
}
