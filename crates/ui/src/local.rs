//! Where to go on after a form: an address of this site and of no other.

/// Characters of an address that is followed.
const LENGTH_MAX: usize = 2_000;

/// The address when it is a path of this site, else the home page.
///
/// Browsers read `\` as `/`, drop tabs and line ends, and take `//host` for another site.
#[must_use]
pub fn safe_address(address: &str) -> &str {
    let local = address.starts_with('/') && !address.starts_with("//");
    let plain = address
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if local && plain && address.len() <= LENGTH_MAX {
        address
    } else {
        "/"
    }
}

#[cfg(test)]
mod tests {
    use super::safe_address;

    #[test]
    fn only_paths_of_this_site_are_followed() {
        for good in ["/", "/policies?q=%E7%94%B2#top", "/enterprises/91330300"] {
            assert_eq!(safe_address(good), good);
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
            assert_eq!(safe_address(bad), "/", "{bad:?}");
        }
    }
}
