//! Where to go after signing in: an address of this site and of no other.

/// Characters of an address that is followed.
const LENGTH_MAX: usize = 2_000;

/// The address when it is a path of this site, else the home page.
///
/// Browsers read `\` as `/`, drop tabs and line ends, and take `//host` for another site.
pub(crate) fn safe(next: &str) -> &str {
    let local = next.starts_with('/') && !next.starts_with("//");
    let plain = next
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if local && plain && next.len() <= LENGTH_MAX {
        next
    } else {
        "/"
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986).
pub(crate) fn percent(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _infallible = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn only_paths_of_this_site_are_followed() {
        for good in ["/", "/policies?q=%E7%94%B2#top", "/enterprises/91330300"] {
            assert_eq!(safe(good), good);
        }
        for bad in [
            "",
            "policies",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "/a\r\nSet-Cookie: x=y",
            " //evil.example",
            "javascript:alert(1)",
        ] {
            assert_eq!(safe(bad), "/", "{bad:?}");
        }
    }
}
