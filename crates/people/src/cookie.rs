//! The cookies of sessions and of sign-ins that are under way: for this host and this site only, unreadable for scripts, over TLS only unless the address
//! names this machine.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::secret::Secret;

/// Browsers take a cookie of this name only over TLS, for this host and all of its paths (RFC 6265bis §4.1.3.2), so
/// that no neighbouring host can put one in its place.
const SECURE_NAME: &str = "__Host-zhida";
const LOCAL_NAME: &str = "zhida";
/// The cookie of a sign-in with a provider that is under way.
const SECURE_FLOW: &str = "__Host-zhida-flow";
const LOCAL_FLOW: &str = "zhida-flow";
/// It is of no use for longer.
const FLOW_SECONDS: &str = "; Max-Age=600";
/// Characters of a cookie that is looked up.
const LENGTH_MAX: usize = 100;

/// How the browser reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Door {
    /// Whether cookies may travel over TLS only.
    pub secure: bool,
}

impl Door {
    fn session(self) -> &'static str {
        if self.secure { SECURE_NAME } else { LOCAL_NAME }
    }

    fn flow(self) -> &'static str {
        if self.secure { SECURE_FLOW } else { LOCAL_FLOW }
    }

    /// The session's secret that the browser sent.
    pub(crate) fn read(self, headers: &HeaderMap) -> Option<Secret> {
        found(headers, self.session())
    }

    /// The secret of the sign-in that is under way.
    pub(crate) fn read_flow(self, headers: &HeaderMap) -> Option<Secret> {
        found(headers, self.flow())
    }

    /// The header that gives the browser a session's secret.
    pub(crate) fn set(self, secret: &Secret) -> Option<HeaderValue> {
        self.header(self.session(), secret.expose(), "")
    }

    /// The header that gives the browser the secret of a sign-in that is under way.
    pub(crate) fn set_flow(self, secret: &Secret) -> Option<HeaderValue> {
        self.header(self.flow(), secret.expose(), FLOW_SECONDS)
    }

    /// The header that takes the session away.
    pub(crate) fn clear(self) -> Option<HeaderValue> {
        self.header(self.session(), "", "; Max-Age=0")
    }

    /// The header that takes the sign-in away.
    pub(crate) fn clear_flow(self) -> Option<HeaderValue> {
        self.header(self.flow(), "", "; Max-Age=0")
    }

    fn header(self, name: &str, value: &str, more: &str) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}");
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

fn found(headers: &HeaderMap, name: &str) -> Option<Secret> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let mut pairs = cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(known, _)| *known == name)?;
    (1..=LENGTH_MAX)
        .contains(&value.len())
        .then(|| Secret::from(value))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[test]
    fn a_cookie_has_every_guard_there_is() {
        let secret = Secret::from("abc");
        let secure = Door { secure: true }.set(&secret).unwrap();
        assert_eq!(
            secure,
            "__Host-zhida=abc; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        let local = Door { secure: false }.set(&secret).unwrap();
        assert_eq!(local, "zhida=abc; Path=/; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=b; xzhida=no"));
        let door = Door { secure: false };
        assert_eq!(door.read(&headers), None);
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("zhida=yes; __Host-zhida=tls"),
        );
        assert_eq!(door.read(&headers).unwrap().expose(), "yes");
        assert_eq!(
            Door { secure: true }.read(&headers).unwrap().expose(),
            "tls"
        );
    }
}
