//! What people and programs carry to prove who they are: made of the system's randomness, shown once, kept as
//! digests only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// 256 bits: OWASP asks for 128 of a session.
const BYTES: usize = 32;
/// What an API token begins with, so that scanners of source code recognise a leaked one.
pub(crate) const TOKEN_PREFIX: &str = "zhida_";
/// Base32 of RFC 4648: no 0, 1, 8 or 9 that could be read as letters.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A secret. It cannot be printed by accident: only [`Secret::expose`] gives the text.
#[derive(Clone, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Secret {
    /// A session's cookie value.
    pub(crate) fn session() -> Self {
        Self(URL_SAFE_NO_PAD.encode(random::<BYTES>()))
    }

    /// An API token.
    pub(crate) fn token() -> Self {
        Self(format!(
            "{TOKEN_PREFIX}{}",
            URL_SAFE_NO_PAD.encode(random::<BYTES>())
        ))
    }

    /// A code that people copy: `groups` of four letters and digits, 20 bits each.
    pub(crate) fn code(groups: usize) -> Self {
        let letters = Self::base32(groups * 4).0;
        let parts: Vec<&str> = (0..groups).map(|at| &letters[at * 4..at * 4 + 4]).collect();
        Self(parts.join("-"))
    }

    /// So many letters and digits of base32, 5 bits each.
    pub(crate) fn base32(letters: usize) -> Self {
        let mut text = String::with_capacity(letters);
        while text.len() < letters {
            let more = random::<BYTES>();
            // 256 is a multiple of 32, so every letter is equally likely
            let more = more.iter().map(|byte| ALPHABET[usize::from(byte & 31)]);
            text.extend(more.map(char::from).take(letters - text.len()));
        }
        Self(text)
    }

    /// The text itself, to be shown once or compared.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it: SHA-256. Enough for secrets of 80 random bits and more, which nobody guesses.
    pub(crate) fn digest(&self) -> String {
        digest(&self.0)
    }
}

/// The digest of a code as somebody typed it: spaces, dashes and small letters do not matter.
pub(crate) fn code_digest(typed: &str) -> String {
    let plain: String = typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_uppercase())
        .collect();
    digest(&plain)
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn digest(text: &str) -> String {
    use std::fmt::Write as _;
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        let _infallible = write!(hex, "{byte:02x}");
    }
    hex
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn secrets_are_long_differ_and_do_not_print() {
        let many: HashSet<String> = (0..100).map(|_| Secret::session().0).collect();
        assert_eq!(many.len(), 100);
        assert!(many.iter().all(|one| one.len() == 43));
        let token = Secret::token();
        assert!(token.expose().starts_with("zhida_") && token.expose().len() == 49);
        assert_eq!(format!("{token:?}"), "Secret(***)");
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = Secret::code(4);
        assert_eq!(code.expose().len(), 19, "{}", code.expose());
        let typed = format!(" {} ", code.expose().to_lowercase().replace('-', " "));
        assert_eq!(code_digest(&typed), code_digest(code.expose()));
        assert_ne!(code_digest("AAAA"), code_digest("AAAB"));
    }
}
