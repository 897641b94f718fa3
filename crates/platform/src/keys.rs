//! Keys that come from outside the database: read from a file that only its owner can read, or from the
//! environment. A key is 32 random bytes, written as 64 hexadecimal digits or as base64, one a line;
//! `openssl rand -hex 32` makes one. Lines that begin with `#` are remarks.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::messages::Secret;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
/// Rights that a key's file must not give: any to others, writing to the group. Reading by the group is
/// how containers hand in secrets.
const RIGHTS_REFUSED: u32 = 0o037;

/// Where a key is: `[audit]` and `[secrets]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeyConfig {
    /// File with the key; empty: none.
    pub key_file: String,
    /// The key itself, from the environment; not used when there is a file.
    pub key: Secret,
}

/// 32 secret bytes, wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct KeyBytes([u8; KEY_BYTES]);

impl std::fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyBytes(***)")
    }
}

impl KeyBytes {
    /// These bytes.
    #[must_use]
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes, for where they are used.
    #[must_use]
    pub fn reveal(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = match text.len() {
            64 => from_hex(text)?,
            _ => Zeroizing::new(STANDARD.decode(text).ok()?),
        };
        bytes.as_slice().try_into().ok().map(Self)
    }
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("读不到密钥文件「{}」（设置 {setting}）：{source}。请检查路径与读权限", .path.display())]
    File {
        /// The setting that names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// Others may read the file.
    #[error(
        "密钥文件「{}」的权限是 {mode:03o}，别的用户也能读写：请运行 chmod 600 「{}」", .path.display(), .path.display()
    )]
    Rights {
        /// The file.
        path: PathBuf,
        /// Its rights.
        mode: u32,
    },
    /// A line is no key.
    #[error(
        "{origin}第 {line} 行不是密钥：要 32 个随机字节，写成 64 位十六进制或 Base64。可用 openssl rand -hex 32 生成"
    )]
    Form {
        /// The file or the variable.
        origin: String,
        /// The line, counted from 1.
        line: usize,
    },
    /// There is no key.
    #[error("{origin}里没有密钥。可用 openssl rand -hex 32 生成一把写进去")]
    Empty {
        /// The file or the variable.
        origin: String,
    },
    /// More keys than one where only one makes sense.
    #[error("{origin}里有 {count} 把密钥，这里只能有一把")]
    Many {
        /// The file or the variable.
        origin: String,
        /// How many.
        count: usize,
    },
    /// A fresh key could not be made or kept.
    #[error("建不了密钥文件「{}」：{source}。请检查目录的写权限", .path.display())]
    Make {
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
}

impl KeyConfig {
    /// Whether a key is configured at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.key_file.is_empty() || !self.key.reveal().is_empty()
    }

    /// The keys, the current one first; none when nothing is configured. `setting` names the section in
    /// messages.
    ///
    /// # Errors
    /// When the file cannot be read, is open to others, or holds something else.
    pub fn read(&self, setting: &'static str) -> Result<Vec<KeyBytes>, KeyError> {
        if !self.key_file.is_empty() {
            return read_file(setting, Path::new(&self.key_file));
        }
        match self.key.reveal() {
            "" => Ok(Vec::new()),
            text => parse(&format!("设置 {setting}.key "), text),
        }
    }

    /// The same where there can be only one.
    ///
    /// # Errors
    /// As [`KeyConfig::read`], and when there are several.
    pub fn read_one(&self, setting: &'static str) -> Result<Option<KeyBytes>, KeyError> {
        let mut keys = self.read(setting)?;
        match keys.len() {
            0 | 1 => Ok(keys.pop()),
            count => Err(KeyError::Many {
                origin: format!("设置 {setting} 指的密钥"),
                count,
            }),
        }
    }
}

/// The keys in a file; a missing file is made with a fresh key that only its owner can read.
///
/// # Errors
/// As [`KeyConfig::read`], and when the file cannot be made.
pub fn read_or_make(path: &Path) -> Result<Vec<KeyBytes>, KeyError> {
    if !path.exists() {
        make(path).map_err(|source| KeyError::Make {
            path: path.to_owned(),
            source,
        })?;
    }
    read_file("secrets.key_file", path)
}

/// Whole or not at all: a second program that starts now finds the same key.
fn make(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    getrandom::fill(bytes.as_mut()).map_err(io::Error::other)?;
    // made with mode 600
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(
        file,
        "# 直达的密钥，封存数据库里的双因素密钥、推送密钥等。请另行备份，丢失后不能找回。"
    )?;
    writeln!(file, "{}", Zeroizing::new(hex(bytes.as_ref())).as_str())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        _ => Ok(()),
    }
}

fn read_file(setting: &'static str, path: &Path) -> Result<Vec<KeyBytes>, KeyError> {
    let refused = |source| KeyError::File {
        setting,
        path: path.to_owned(),
        source,
    };
    let mode = mode(path).map_err(refused)?;
    if mode & RIGHTS_REFUSED != 0 {
        let path = path.to_owned();
        return Err(KeyError::Rights { path, mode });
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(refused)?);
    parse(&format!("密钥文件「{}」", path.display()), &text)
}

#[cfg(unix)]
fn mode(path: &Path) -> io::Result<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::metadata(path)?.permissions().mode() & 0o777)
}

/// Elsewhere rights are no numbers; whoever runs the program sees to them.
#[cfg(not(unix))]
fn mode(path: &Path) -> io::Result<u32> {
    fs::metadata(path).map(|_| 0)
}

fn parse(origin: &str, text: &str) -> Result<Vec<KeyBytes>, KeyError> {
    let mut keys = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        keys.push(KeyBytes::parse(line).ok_or_else(|| KeyError::Form {
            origin: origin.to_owned(),
            line: index + 1,
        })?);
    }
    match keys.is_empty() {
        true => Err(KeyError::Empty {
            origin: origin.to_owned(),
        }),
        false => Ok(keys),
    }
}

fn from_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let pairs = (0..text.len()).step_by(2);
    let bytes = pairs.map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok());
    let bytes: Option<Vec<u8>> = bytes.collect();
    bytes.map(Zeroizing::new)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const BASE64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn file(text: &str) -> (tempfile::NamedTempFile, KeyConfig) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), text).expect("written");
        let config = KeyConfig {
            key_file: file.path().display().to_string(),
            ..KeyConfig::default()
        };
        (file, config)
    }

    #[test]
    fn a_key_is_read_from_a_file_or_the_environment_in_either_form() {
        let (_file, config) = file(&format!("# 说明\n{HEX}\r\n\n{BASE64}\n"));
        let keys = config.read("secrets").expect("read");
        assert_eq!(keys.len(), 2);
        assert_eq!(keys[0].reveal(), keys[1].reveal());
        assert_eq!(keys[0].reveal()[31], 31);
        let error = config.read_one("audit").expect_err("two");
        assert!(error.to_string().contains("2 把"), "{error}");
        let config = KeyConfig {
            key: Secret::new(HEX),
            ..KeyConfig::default()
        };
        let key = config.read_one("audit").expect("read").expect("one");
        assert_eq!(key.reveal(), keys[0].reveal());
        assert!(
            KeyConfig::default()
                .read("audit")
                .expect("nothing")
                .is_empty()
        );
    }

    #[test]
    fn what_is_no_key_is_refused_with_its_line_and_never_shown() {
        for (text, part) in [
            (format!("{HEX}\n0123456789abcdef"), "第 2 行"),
            (HEX.replace('0', "g"), "第 1 行"),
            ("# 只有说明\n".to_owned(), "没有密钥"),
        ] {
            let (_file, config) = file(&text);
            let error = config.read("secrets").expect_err(&text).to_string();
            assert!(error.contains(part) && error.contains("openssl"), "{error}");
            assert!(!error.contains("0123456789abcdef"), "{error}");
        }
        let config = KeyConfig {
            key_file: "没有这个文件".to_owned(),
            ..KeyConfig::default()
        };
        let error = config.read("audit").expect_err("missing").to_string();
        assert!(error.contains("没有这个文件"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let (file, config) = file(HEX);
        for (mode, good) in [
            (0o600, true),
            (0o440, true),
            (0o644, false),
            (0o660, false),
            (0o604, false),
        ] {
            let rights = fs::Permissions::from_mode(mode);
            fs::set_permissions(file.path(), rights).expect("changed");
            let read = config.read("audit");
            assert_eq!(read.is_ok(), good, "{mode:o}");
            if let Err(error) = read {
                assert!(error.to_string().contains("chmod 600"), "{error}");
            }
        }
    }

    #[test]
    fn a_missing_key_is_made_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("zhida.db-secrets.key");
        let made = read_or_make(&path).expect("made");
        let again = read_or_make(&path).expect("read");
        assert_eq!(made[0].reveal(), again[0].reveal());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let nowhere = folder.path().join("none").join("key");
        let error = read_or_make(&nowhere).expect_err("no folder").to_string();
        assert!(error.contains("写权限"), "{error}");
    }
}
