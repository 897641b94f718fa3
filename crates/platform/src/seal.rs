//! Secrets at rest: what the program must be able to read again (the keys of second factors, of webhooks,
//! later account numbers), but a copy of the database alone must not give away.
//!
//! Sealed with **SM4-GCM** (SM4: GB/T 32907-2016; GCM: GB/T 36624-2018, as in RFC 8998), through RustCrypto's
//! `sm4` and the generic construction of `aes-gcm`. Chinese government systems have to use the SM ciphers
//! (密评, GB/T 39786), GCM is their AEAD, and both crates are safe code. The 128 bits of the cipher's key are made
//! from the 32 bytes in the file by one step of HKDF-Expand (RFC 5869) with HMAC-SM3; the nonce is 96 random bits,
//! fresh for each text, good for 2^32 texts a key.
//!
//! # How to use it
//! The key comes with the database's handle, as that of the audit does: a store asks its transaction or its
//! database for the [`Sealer`] and keeps no other.
//!
//! ```text
//! // writing, in store.rs
//! let place = Place::new("people_account", "factor_key", &id);
//! let sealed = tx.sealer().seal(place, secret)?;         // TEXT, about 70 characters more than the secret
//! // reading
//! let opened = db.sealer().open(place, &row.factor_key)?;
//! use_it(opened.secret.reveal());
//! if opened.stale { /* seal it again and write it back: it was plain, or under an older key */ }
//! ```
//!
//! The place is bound to the text: moved into another row or column it does not open. So a row's id must be
//! known before its secret is sealed, and never change.
//!
//! # Where the key is
//! `secrets.key_file` (or `ZHIDA_SECRETS__KEY`). Its first line seals; further lines open what older keys have sealed.
//! Without the setting an SQLite database has its key in a file beside it, `zhida.db-secrets.key`, made at the
//! first start with mode 600: the demonstration and a small office are sealed without doing anything, and a copy of
//! the database file or a backup does not hold the key. A PostgreSQL database has no such place: without the
//! setting its secrets are kept plain, and every start says so in the log.
//!
//! # Form
//! `sm4-gcm.1:KEY:BASE64` with the key's name and base64url of nonce ‖ ciphertext ‖ tag; `plain:TEXT` where there is
//! no key. A text with neither is from before there were seals, and is read as it stands.

use std::sync::Arc;

use aes_gcm::AesGcm;
use aes_gcm::aead::array::typenum::U12;
use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sm3::Sm3;
use sm4::Sm4;
use zeroize::Zeroizing;

use crate::keys::KeyBytes;
use crate::messages::Secret;
use crate::problem::Problem;

/// Names the form; another form gets another name.
const SEALED: &str = "sm4-gcm.1:";
const PLAIN: &str = "plain:";
const NONCE_BYTES: usize = 12;
const KEY_BYTES: usize = 16;
/// What the cipher's key and its name are made from (RFC 5869, `info` and the counter 1).
const KEY_TEXT: &[u8] = b"zhida seal sm4-gcm\x01";
const NAME_TEXT: &[u8] = b"zhida seal name\x01";
/// Bytes of a key's name.
const NAME_BYTES: usize = 4;

type Sm4Gcm = AesGcm<Sm4, U12>;

/// Seals and opens; cheap to clone. [`Sealer::default`] has no key and keeps texts plain.
#[derive(Clone, Default)]
pub struct Sealer {
    /// The first seals, all open.
    keys: Arc<[Key]>,
}

struct Key {
    name: String,
    cipher: Sm4Gcm,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.keys.iter().map(|key| &key.name);
        f.debug_list().entries(names).finish()
    }
}

/// Where a sealed text stands; it opens nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    table: &'a str,
    column: &'a str,
    row: &'a str,
}

impl<'a> Place<'a> {
    /// Table, column and id of the row.
    #[must_use]
    pub fn new(table: &'a str, column: &'a str, row: &'a str) -> Self {
        Self { table, column, row }
    }

    /// Netstrings: no text can be moved from one part to the next.
    fn bytes(&self) -> Vec<u8> {
        let parts = [self.table, self.column, self.row];
        let texts = parts.map(|part| format!("{}:{part},", part.len()));
        texts.concat().into_bytes()
    }
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}（{}）", self.table, self.column, self.row)
    }
}

/// What was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The text.
    pub secret: Secret,
    /// Whether it should be sealed again: it was plain, or under an older key.
    pub stale: bool,
}

/// Why a text cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It was sealed with a key that the program does not have.
    #[error(
        "{place} 用密钥「{name}」封存，本程序没有这把密钥：请把那时的密钥加到 secrets.key_file 指的文件里，另起一行"
    )]
    NoKey {
        /// Where it stands.
        place: String,
        /// Name of the key.
        name: String,
    },
    /// It is not what was sealed there.
    #[error("{place} 打不开：内容被改动过，或是从别处移来的。请从备份恢复，或重新设置")]
    Broken {
        /// Where it stands.
        place: String,
    },
    /// The operating system has no randomness, or the text is longer than 64 GiB.
    #[error("{place} 不能封存：系统取不到随机数")]
    Refused {
        /// Where it would stand.
        place: String,
    },
}

impl From<SealError> for Problem {
    fn from(error: SealError) -> Self {
        Self::internal(error)
    }
}

impl Sealer {
    /// With these keys: the first seals, all open.
    #[must_use]
    pub fn new(keys: &[KeyBytes]) -> Self {
        Self {
            keys: keys.iter().map(Key::new).collect(),
        }
    }

    /// Whether what it is given is sealed at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Name of the key that seals.
    #[must_use]
    pub fn key_name(&self) -> Option<&str> {
        self.keys.first().map(|key| key.name.as_str())
    }

    /// Whether it opens what the key of this name has sealed.
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        self.keys.iter().any(|key| key.name == name)
    }

    /// The text to be kept at this place.
    ///
    /// # Errors
    /// When the operating system has no randomness.
    pub fn seal(&self, place: Place<'_>, secret: &str) -> Result<String, SealError> {
        let Some(key) = self.keys.first() else {
            return Ok(format!("{PLAIN}{secret}"));
        };
        let refused = || SealError::Refused {
            place: place.to_string(),
        };
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| refused())?;
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: &place.bytes(),
        };
        let sealed = key.cipher.encrypt(&nonce.into(), payload);
        let bytes = [&nonce[..], &sealed.map_err(|_| refused())?].concat();
        let text = URL_SAFE_NO_PAD.encode(bytes);
        Ok(format!("{SEALED}{}:{text}", key.name))
    }

    /// What was kept at this place.
    ///
    /// # Errors
    /// When its key is not here, or it was changed or moved.
    pub fn open(&self, place: Place<'_>, kept: &str) -> Result<Opened, SealError> {
        let Some(sealed) = kept.strip_prefix(SEALED) else {
            return Ok(Opened {
                secret: Secret::new(kept.strip_prefix(PLAIN).unwrap_or(kept)),
                stale: self.is_on(),
            });
        };
        let broken = || SealError::Broken {
            place: place.to_string(),
        };
        let (name, text) = sealed.split_once(':').ok_or_else(broken)?;
        let at = self.keys.iter().position(|key| key.name == name);
        let at = at.ok_or_else(|| SealError::NoKey {
            place: place.to_string(),
            name: name.to_owned(),
        })?;
        let secret = self.keys[at].open(place, text).ok_or_else(broken)?;
        Ok(Opened {
            secret: Secret::new(secret),
            stale: at > 0,
        })
    }
}

impl Key {
    fn new(bytes: &KeyBytes) -> Self {
        let made = |text| {
            let mac = Hmac::<Sm3>::new_from_slice(bytes.reveal());
            let mac = mac.expect("HMAC takes keys of any length");
            Zeroizing::new(<[u8; 32]>::from(
                mac.chain_update(text).finalize().into_bytes(),
            ))
        };
        let name = made(NAME_TEXT);
        let key = made(KEY_TEXT);
        Self {
            name: name[..NAME_BYTES]
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect(),
            cipher: Sm4Gcm::new_from_slice(&key[..KEY_BYTES])
                .expect("SM4 takes 16 bytes, GB/T 32907"),
        }
    }

    fn open(&self, place: Place<'_>, text: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload {
            msg: sealed,
            aad: &place.bytes(),
        };
        let opened = self.cipher.decrypt(&(*nonce).into(), payload).ok()?;
        String::from_utf8(opened).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place {
        table: "people_account",
        column: "factor_key",
        row: "7",
    };

    fn key(byte: u8) -> KeyBytes {
        KeyBytes::new([byte; 32])
    }

    fn bytes(hex: &str) -> Vec<u8> {
        let at = (0..hex.len()).step_by(2);
        at.map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal"))
            .collect()
    }

    #[test]
    fn the_example_of_rfc_8998() {
        // appendix A.1, SM4-GCM Test Vectors
        let cipher = Sm4Gcm::new_from_slice(&bytes("0123456789abcdeffedcba9876543210"));
        let cipher = cipher.expect("16 bytes");
        let nonce: [u8; 12] = bytes("00001234567800000000abcd").try_into().expect("12");
        let plain = bytes(
            "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd\
             eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
        );
        let aad = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let expected = "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735\
             d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d\
             83de3541e4c2b58177e065a9bf7b62ec";
        let payload = Payload {
            msg: &plain,
            aad: &aad,
        };
        let sealed = cipher.encrypt(&nonce.into(), payload).expect("sealed");
        assert_eq!(sealed, bytes(expected));
    }

    #[test]
    fn the_example_of_gb_t_32907() {
        // GB/T 32907-2016, appendix A.1
        use sm4::cipher::BlockCipherEncrypt as _;
        let text = bytes("0123456789abcdeffedcba9876543210");
        let cipher = Sm4::new_from_slice(&text).expect("16 bytes");
        let block: [u8; 16] = text.try_into().expect("16 bytes");
        let mut block = block.into();
        cipher.encrypt_block(&mut block);
        assert_eq!(block[..], bytes("681edf34d206965e86b3e94f536e4246"));
    }

    #[test]
    fn a_secret_opens_at_its_place_and_nowhere_else() {
        let sealer = Sealer::new(&[key(1)]);
        let sealed = sealer.seal(PLACE, "JBSWY3DPEHPK3PXP").expect("sealed");
        assert!(sealed.starts_with(SEALED) && !sealed.contains("JBSW"));
        let opened = sealer.open(PLACE, &sealed).expect("opened");
        assert_eq!(opened.secret.reveal(), "JBSWY3DPEHPK3PXP");
        assert!(!opened.stale);
        let again = sealer.seal(PLACE, "JBSWY3DPEHPK3PXP").expect("sealed");
        assert_ne!(again, sealed, "each text has its own nonce");
        for place in [
            Place { row: "8", ..PLACE },
            Place {
                column: "password",
                ..PLACE
            },
            Place {
                table: "people_account_factor_key",
                column: "",
                ..PLACE
            },
        ] {
            let error = sealer.open(place, &sealed);
            assert!(matches!(error, Err(SealError::Broken { .. })), "{place}");
        }
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let sealer = Sealer::new(&[key(1)]);
        let sealed = sealer.seal(PLACE, "密").expect("sealed");
        for (at, letter) in sealed.char_indices().skip(SEALED.len()) {
            let other = if letter == 'A' { "B" } else { "A" };
            let mut changed = sealed.clone();
            changed.replace_range(at..=at, other);
            assert!(sealer.open(PLACE, &changed).is_err(), "{changed}");
        }
        for cut in SEALED.len()..sealed.len() {
            assert!(sealer.open(PLACE, &sealed[..cut]).is_err());
        }
    }

    #[test]
    fn keys_are_rotated_by_putting_the_new_one_first() {
        let (old, both) = (Sealer::new(&[key(1)]), Sealer::new(&[key(2), key(1)]));
        let sealed = old.seal(PLACE, "secret").expect("sealed");
        let opened = both.open(PLACE, &sealed).expect("opened");
        assert!(opened.stale && opened.secret.reveal() == "secret");
        let sealed = both.seal(PLACE, "secret").expect("sealed");
        assert!(!both.open(PLACE, &sealed).expect("opened").stale);
        let error = old.open(PLACE, &sealed).expect_err("a newer key");
        assert!(matches!(error, SealError::NoKey { .. }), "{error}");
        assert!(error.to_string().contains("secrets.key_file"), "{error}");
        assert_ne!(old.key_name(), both.key_name());
    }

    #[test]
    fn without_a_key_texts_are_plain_and_those_of_before_are_read() {
        let (plain, sealer) = (Sealer::default(), Sealer::new(&[key(1)]));
        for text in ["JBSW", "plain:x", "sm4-gcm.1:x:y"] {
            let kept = plain.seal(PLACE, text).expect("kept");
            let opened = plain.open(PLACE, &kept).expect("opened");
            assert!(!opened.stale && opened.secret.reveal() == text);
            let opened = sealer.open(PLACE, &kept).expect("opened");
            assert!(opened.stale && opened.secret.reveal() == text);
        }
        let opened = sealer.open(PLACE, "JBSW").expect("opened");
        assert!(opened.stale && opened.secret.reveal() == "JBSW");
        assert!(!plain.is_on() && sealer.is_on());
    }
}
