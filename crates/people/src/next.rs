//! Where to go after signing in: an address of this site and of no other.

pub(crate) use zhida_ui::safe_address as safe;

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
