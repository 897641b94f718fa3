//! `[[sign_in.oidc]]`: identity providers of the city.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// An identity provider with which people sign in (OpenID Connect). The meaning of each setting stands in
/// `config.default.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// A word for addresses, such as `city`.
    pub id: String,
    /// Its name on the pages.
    pub name: String,
    /// Its issuer identifier, under which its discovery document lies.
    pub issuer: String,
    /// Who we are there.
    pub client_id: String,
    /// File whose first line is our secret there; empty for a public client.
    #[serde(default)]
    pub client_secret_file: String,
    /// What is asked for besides `openid`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The claim by which an administrator names somebody before the first sign-in.
    #[serde(default = "subject")]
    pub claim: String,
    /// What that claim is called on the pages.
    #[serde(default = "subject_name")]
    pub claim_name: String,
    /// Values of `amr` or `acr` that count as a second factor.
    #[serde(default)]
    pub second_factor: Vec<String>,
    /// More certificate authorities to trust, PEM.
    #[serde(default)]
    pub ca_file: String,
}

fn subject() -> String {
    "sub".to_owned()
}

fn subject_name() -> String {
    "统一身份标识".to_owned()
}

impl OidcConfig {
    /// What is wrong with it: the key and the sentence.
    pub(super) fn fault(&self) -> Option<(&'static str, &'static str)> {
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.id.is_empty() || self.id.len() > 30 || !self.id.chars().all(word) {
            return Some(("id", "请写 1 至 30 个小写字母、数字或 -，如 city"));
        }
        if self.name.trim().is_empty() || self.name.chars().count() > 30 {
            return Some(("name", "请写登录页上显示的名称，最多 30 个字"));
        }
        if !is_safe(&self.issuer) {
            let fault = "请写身份源的 https 地址，不带用户名、问号和井号；http 只能用于本机";
            return Some(("issuer", fault));
        }
        if self.client_id.is_empty() {
            return Some(("client_id", "请写身份源给本系统的客户端标识"));
        }
        if self.claim.is_empty() || self.claim_name.is_empty() {
            return Some((
                "claim",
                "请写声明的名称和页面上的叫法，如 employee_number、工号",
            ));
        }
        None
    }
}

/// Whether a base address of a site can be trusted with secrets: TLS, or this very machine.
pub(super) fn is_safe(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let local = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => return false,
    };
    plain && (url.scheme() == "https" || url.scheme() == "http" && local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_use_tls_or_are_this_machine() {
        for (issuer, good) in [
            ("https://sso.example.gov.cn", true),
            ("https://sso.example.gov.cn:8443/realms/city", true),
            ("http://127.0.0.1:3000", true),
            ("http://[::1]:3000", true),
            ("http://localhost:3000", true),
            ("http://sso.example.gov.cn", false),
            ("http://localhost.example.cn", false),
            ("https://user:word@sso.example.gov.cn", false),
            ("https://sso.example.gov.cn/?a=b", false),
            ("https://sso.example.gov.cn/#a", false),
            ("ftp://sso.example.gov.cn", false),
            ("sso.example.gov.cn", false),
            ("", false),
        ] {
            assert_eq!(is_safe(issuer), good, "{issuer}");
        }
    }
}
