use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sm3::{Digest as _, Sm3};

use super::Error;
use crate::keys::KeyConfig;

/// Bytes of a key at least: those of SM3's hash (RFC 2104, section 3).
pub(super) const BYTES_MIN: usize = 32;
/// What a key's name is made from.
const NAME_TEXT: &[u8] = b"zhida audit key";
/// Hexadecimal digits of a key's name.
const NAME_DIGITS: usize = 16;

/// The key that turns the chain's SM3 into HMAC-SM3. It comes from a file outside the database and its
/// backups; lost, the chain can still be read, but not verified.
#[derive(Clone)]
pub struct Key {
    inner: Arc<Inner>,
}

struct Inner {
    mac: Hmac<Sm3>,
    name: String,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.inner.name)
    }
}

impl Key {
    /// A key of 32 bytes or more.
    ///
    /// # Errors
    /// When there are fewer.
    pub fn new(bytes: &[u8]) -> Result<Self, Error> {
        let short = Error::KeyTooShort { bytes: bytes.len() };
        if bytes.len() < BYTES_MIN {
            return Err(short);
        }
        let mac = Hmac::<Sm3>::new_from_slice(bytes).map_err(|_| short)?;
        let mut name = hex(&mac.clone().chain_update(NAME_TEXT).finalize().into_bytes());
        name.truncate(NAME_DIGITS);
        Ok(Self {
            inner: Arc::new(Inner { mac, name }),
        })
    }

    /// The configured key; `None` when there is none, and the chain is plain SM3.
    ///
    /// # Errors
    /// When it cannot be read, see [`KeyConfig`].
    pub fn from_config(config: &KeyConfig) -> Result<Option<Self>, Error> {
        match config.read_one("audit")? {
            Some(bytes) => Self::new(bytes.reveal()).map(Some),
            None => Ok(None),
        }
    }

    /// The name that records carry, which tells keys apart and nothing else.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }
}

/// SM3 (GB/T 32905-2016) of the parts, with a key HMAC-SM3 (RFC 2104), as 64 hexadecimal digits.
pub(super) fn digest(key: Option<&Key>, parts: &[&[u8]]) -> String {
    match key {
        Some(key) => {
            let mut mac = key.inner.mac.clone();
            parts.iter().for_each(|part| mac.update(part));
            hex(&mac.finalize().into_bytes())
        }
        None => {
            let mut hash = Sm3::new();
            parts.iter().for_each(|part| hash.update(part));
            hex(&hash.finalize())
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Secret;

    #[test]
    fn the_standard_example_of_sm3() {
        // GB/T 32905-2016, appendix A.1
        let expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
        assert_eq!(digest(None, &[b"a", b"bc"]), expected);
    }

    #[test]
    fn another_key_gives_another_hash_and_name() {
        let (one, two) = (Key::new(&[1; 32]), Key::new(&[2; 32]));
        let (one, two) = (one.expect("long enough"), two.expect("long enough"));
        assert_ne!(digest(Some(&one), &[b"a"]), digest(Some(&two), &[b"a"]));
        assert_ne!(digest(Some(&one), &[b"a"]), digest(None, &[b"a"]));
        assert_ne!(one.name(), two.name());
        assert_eq!(one.name().len(), NAME_DIGITS);
    }

    #[test]
    fn the_key_comes_from_the_configuration() {
        let short = Key::new(&[1; 31]).expect_err("too short").to_string();
        assert!(short.contains("31") && short.contains("32"), "{short}");
        let none = Key::from_config(&KeyConfig::default()).expect("nothing");
        assert!(none.is_none());
        let config = KeyConfig {
            key: Secret::new("07".repeat(32)),
            ..KeyConfig::default()
        };
        let read = Key::from_config(&config).expect("read").expect("a key");
        let same = Key::new(&[7; 32]).expect("long enough");
        assert_eq!(read.name(), same.name());
        let config = KeyConfig {
            key_file: "没有这个文件".to_owned(),
            ..KeyConfig::default()
        };
        let missing = Key::from_config(&config).expect_err("no such file");
        assert!(missing.to_string().contains("没有这个文件"), "{missing}");
    }
}
