//! Settings: `config.default.toml` (compiled in, and the documentation of
//! every setting), then a file, then `ZHIDA_SECTION__KEY` in the environment.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Value};
use figment::{Figment, Profile};
use serde::{Deserialize, Serialize};

use crate::files::FilesConfig;
use crate::messages::{MailConfig, MessagesConfig, WebhooksConfig};
use crate::paging;

const DEFAULTS: &str = include_str!("../../../config.default.toml");
/// Settings that are taken from the environment as they are written.
const SECRETS: [&str; 1] = ["mail.password"];
const ENV_PREFIX: &str = "ZHIDA_";
/// Variables with our prefix that are not settings: the path of the file
/// itself, and whatever tests pass to themselves.
const ENV_OTHERS: [&str; 2] = ["ZHIDA_CONFIG", "ZHIDA_TEST_"];
/// An upload of 2 GiB is refused whatever is configured.
const UPLOAD_BYTES_LIMIT: u64 = 1 << 31;

/// All settings. The meaning and default of each stands in `config.default.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// `[server]`
    pub server: ServerConfig,
    /// `[database]`
    pub database: DatabaseConfig,
    /// `[limits]`
    pub limits: LimitsConfig,
    /// `[sign_in]`
    pub sign_in: SignInConfig,
    /// `[files]`
    pub files: FilesConfig,
    /// `[mail]`
    pub mail: MailConfig,
    /// `[messages]`
    pub messages: MessagesConfig,
    /// `[webhooks]`
    pub webhooks: WebhooksConfig,
    /// `[log]`
    pub log: LogConfig,
}

/// Where the server listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerConfig {
    /// Address and port.
    pub addr: SocketAddr,
}

/// Where the data is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseConfig {
    /// `sqlite:PATH` or `postgres://…`; may hold a password, so never log it.
    pub url: String,
    /// Folder of what is made from the database to start faster; empty for the usual place.
    pub snapshots: String,
}

/// How much is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsConfig {
    /// Bytes of one upload.
    pub upload_bytes_max: u64,
    /// Rows of one import.
    pub import_rows_max: u64,
    /// Bytes of an XLSX once unpacked.
    pub xlsx_unpacked_bytes_max: u64,
    /// Items of a list's page.
    pub page_limit_max: u32,
}

/// How long somebody stays signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInConfig {
    /// Minutes without a request after which a session has ended.
    pub idle_minutes: u32,
    /// Hours after which a session has ended in any case.
    pub absolute_hours: u32,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogConfig {
    /// A level, or directives by module.
    pub level: String,
    /// Text or JSON lines.
    pub format: LogFormat,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For collectors.
    Json,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("读不到配置文件「{}」：请检查路径与读权限", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("配置文件「{}」不是正确的 TOML：{message}。可对照 config.default.toml 改正", .path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The parser's words, with line and column.
        message: String,
    },
    /// A key that does not exist.
    #[error("{origin}里的「{key}」不是直达的设置{}", nearest_words(.nearest))]
    UnknownKey {
        /// Where it stands: the file or the variable.
        origin: String,
        /// The key, `section.key`.
        key: String,
        /// The known key that looks most like it.
        nearest: Option<String>,
    },
    /// A value of the wrong type or outside its range.
    #[error("设置「{key}」的值不能用：{message}")]
    Value {
        /// The key, `section.key`.
        key: String,
        /// What is wanted.
        message: String,
    },
}

fn nearest_words(nearest: &Option<String>) -> String {
    match nearest {
        Some(known) => format!("：是不是想写「{known}」？全部设置见 config.default.toml"),
        None => "：全部设置见 config.default.toml".to_owned(),
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::from_parts(None, std::iter::empty())
            .expect("config.default.toml is compiled in and tested")
    }
}

impl Config {
    /// Reads the defaults, `file` if given, and the process's environment.
    ///
    /// # Errors
    /// When the file cannot be read, a key is unknown, or a value does not fit.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::from_parts(file, environment)
    }

    /// The same with a given environment.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from_parts(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        let known = known_keys(&figment);
        if let Some(path) = file {
            let values = read_file(path)?;
            check_keys(&values, &known, &format!("配置文件「{}」", path.display()))?;
            figment = figment.merge(Serialized::from(values, Profile::Default));
        }
        for (name, value) in environment {
            if let Some(key) = setting_of(&name, &known)? {
                let value: Value = if SECRETS.contains(&key.as_str()) {
                    // a password of digits is no number
                    value.into()
                } else {
                    value.parse().expect("parsing a figment value never fails")
                };
                figment = figment.merge(Serialized::default(&key, value));
            }
        }
        let config: Self = figment.extract().map_err(value_error)?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let limits = &self.limits;
        let page_limit_max = u64::from(paging::LIMIT_MAX);
        let own = [
            (
                "limits.upload_bytes_max",
                limits.upload_bytes_max,
                UPLOAD_BYTES_LIMIT - 1,
            ),
            (
                "limits.import_rows_max",
                limits.import_rows_max,
                u64::from(u32::MAX),
            ),
            (
                "limits.xlsx_unpacked_bytes_max",
                limits.xlsx_unpacked_bytes_max,
                1 << 40,
            ),
            (
                "limits.page_limit_max",
                u64::from(limits.page_limit_max),
                page_limit_max,
            ),
            (
                "sign_in.idle_minutes",
                u64::from(self.sign_in.idle_minutes),
                24 * 60,
            ),
            (
                "sign_in.absolute_hours",
                u64::from(self.sign_in.absolute_hours),
                7 * 24,
            ),
        ];
        let of_rooms = self
            .files
            .limits()
            .into_iter()
            .chain(self.mail.limits())
            .chain(self.messages.limits())
            .chain(self.webhooks.limits());
        for (key, value, max) in own.into_iter().chain(of_rooms) {
            if value == 0 || value > max {
                return Err(ConfigError::Value {
                    key: key.to_owned(),
                    message: format!("写的是 {value}，请写 1 至 {max} 的整数"),
                });
            }
        }
        self.check_messages()
    }

    fn check_messages(&self) -> Result<(), ConfigError> {
        let wrong = |key: &str, message: &str| {
            Err(ConfigError::Value {
                key: key.to_owned(),
                message: message.to_owned(),
            })
        };
        if self.messages.digest_time().is_none() {
            return wrong("messages.digest_at", "请写 时:分，如 08:30");
        }
        if self.mail.is_on() && self.mail.from.is_empty() {
            return wrong(
                "mail.from",
                "填了 mail.server，就要写发件人，如 直达 <no-reply@example.gov.cn>",
            );
        }
        Ok(())
    }
}

fn read_file(path: &Path) -> Result<Dict, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::File {
        path: path.to_owned(),
        source,
    })?;
    Toml::from_str(&text).map_err(|error| ConfigError::Syntax {
        path: path.to_owned(),
        // without the line itself, which may hold a password
        message: match error.span() {
            Some(span) => {
                let before = text.get(..span.start).unwrap_or_default();
                format!(
                    "第 {} 行，{}",
                    before.matches('\n').count() + 1,
                    error.message()
                )
            }
            None => error.message().to_owned(),
        },
    })
}

/// `section.key` of every setting.
fn known_keys(defaults: &Figment) -> Vec<String> {
    let values: Dict = defaults
        .extract()
        .expect("config.default.toml is compiled in and tested");
    let mut keys = Vec::new();
    for (section, settings) in &values {
        for key in settings.as_dict().into_iter().flat_map(Dict::keys) {
            keys.push(format!("{section}.{key}"));
        }
    }
    keys
}

fn check_keys(values: &Dict, known: &[String], origin: &str) -> Result<(), ConfigError> {
    for (section, settings) in values {
        let is_section = known
            .iter()
            .any(|key| key.starts_with(&format!("{section}.")));
        match settings.as_dict() {
            Some(settings) => {
                for key in settings.keys() {
                    check_key(&format!("{section}.{key}"), known, origin)?;
                }
                if settings.is_empty() && !is_section {
                    check_key(section, known, origin)?;
                }
            }
            None => check_key(section, known, origin)?,
        }
    }
    Ok(())
}

fn check_key(key: &str, known: &[String], origin: &str) -> Result<(), ConfigError> {
    if known.iter().any(|known| known == key) {
        return Ok(());
    }
    Err(ConfigError::UnknownKey {
        origin: origin.to_owned(),
        key: key.to_owned(),
        nearest: nearest(key, known),
    })
}

/// The setting that a variable names; `None` for a variable that is not ours.
fn setting_of(name: &str, known: &[String]) -> Result<Option<String>, ConfigError> {
    let Some(rest) = name.strip_prefix(ENV_PREFIX) else {
        return Ok(None);
    };
    if name == ENV_OTHERS[0] || name.starts_with(ENV_OTHERS[1]) {
        return Ok(None);
    }
    let key = rest.to_lowercase().replace("__", ".");
    match check_key(&key, known, &format!("环境变量「{name}」")) {
        Ok(()) => Ok(Some(key)),
        Err(ConfigError::UnknownKey {
            origin, nearest, ..
        }) => Err(ConfigError::UnknownKey {
            origin,
            key,
            nearest: nearest
                .map(|known| format!("{ENV_PREFIX}{}", known.replace('.', "__").to_uppercase())),
        }),
        Err(error) => Err(error),
    }
}

fn value_error(error: figment::Error) -> ConfigError {
    let key = error.path.join(".");
    let wanted = match key.as_str() {
        "server.addr" => "请写 IP:端口，如 127.0.0.1:8080",
        "log.format" => "请写 text 或 json",
        "mail.security" => "请写 starttls、tls 或 none",
        "webhooks.allow_http" => "请写 true 或 false",
        "webhooks.allowed_hosts" => "请写主机名的列表，如 [\"oa.example.gov.cn\"]",
        _ if wants_text(&error) => "请写文字",
        _ => "请写不带单位的正整数",
    };
    ConfigError::Value {
        key,
        message: wanted.to_owned(),
    }
}

fn wants_text(error: &figment::Error) -> bool {
    matches!(&error.kind, figment::error::Kind::InvalidType(_, wanted) if wanted.contains("string"))
}

/// The known key at the smallest edit distance, if it is near at all.
fn nearest(key: &str, known: &[String]) -> Option<String> {
    let far = key.chars().count().max(4) / 2;
    known
        .iter()
        .map(|candidate| (distance(key, candidate), candidate))
        .filter(|(distance, _)| *distance <= far)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.clone())
}

/// Levenshtein's edit distance; both texts are short.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_env(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::from_parts(None, pairs)
    }

    fn with_file(text: &str) -> Result<Config, ConfigError> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        Config::from_parts(Some(file.path()), std::iter::empty())
    }

    #[test]
    fn the_defaults_are_usable() {
        let config = Config::default();
        assert!(config.server.addr.ip().is_loopback());
        assert_eq!(config.database.url, "sqlite:zhida.db");
        assert_eq!(config.limits.upload_bytes_max, 512 << 20);
        assert_eq!(config.log.format, LogFormat::Text);
    }

    #[test]
    fn every_default_has_a_comment_above_it() {
        let lines: Vec<&str> = DEFAULTS.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            if line.contains(" = ") && !line.starts_with('#') {
                assert!(lines[index - 1].starts_with("# "), "{line}");
            }
        }
    }

    #[test]
    fn a_file_changes_some_and_the_environment_wins() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(
            file.path(),
            "[server]\naddr = \"127.0.0.1:1\"\n[log]\nformat = \"json\"\n",
        )
        .expect("written");
        let environment = [("ZHIDA_SERVER__ADDR".to_owned(), "0.0.0.0:2".to_owned())];
        let config = Config::from_parts(Some(file.path()), environment.into_iter()).expect("read");
        assert_eq!(config.server.addr.to_string(), "0.0.0.0:2");
        assert_eq!(config.log.format, LogFormat::Json);
        assert_eq!(config.limits, Config::default().limits);
    }

    #[test]
    fn an_unknown_key_is_named_with_its_neighbour() {
        for (text, key, near) in [
            ("[server]\nadr = \"x\"", "server.adr", "server.addr"),
            (
                "[limits]\nupload_byte_max = 1",
                "limits.upload_byte_max",
                "limits.upload_bytes_max",
            ),
            ("addr = \"x\"", "addr", "config.default.toml"),
            ("[server.addr]\nport = 1", "", "server.addr"),
            ("[sever]\naddr = \"x\"", "sever.addr", "server.addr"),
            ("[nonsense]", "nonsense", "config.default.toml"),
        ] {
            let message = with_file(text).expect_err(text).to_string();
            assert!(message.contains(key) && message.contains(near), "{message}");
        }
    }

    #[test]
    fn a_misspelt_variable_is_not_ignored() {
        for name in ["ZHIDA_SERVER_ADDR", "ZHIDA_SERVR__ADDR"] {
            let message = with_env(&[(name, "x")]).expect_err(name).to_string();
            assert!(
                message.contains(name) && message.contains("ZHIDA_SERVER__ADDR"),
                "{message}"
            );
        }
        assert!(with_env(&[("ZHIDA_CONFIG", "x"), ("PATH", "/"), ("ZHIDA_TEST_X", "1")]).is_ok());
    }

    #[test]
    fn values_outside_their_range_are_refused() {
        for (name, value, key) in [
            (
                "ZHIDA_LIMITS__UPLOAD_BYTES_MAX",
                "2147483648",
                "limits.upload_bytes_max",
            ),
            (
                "ZHIDA_LIMITS__UPLOAD_BYTES_MAX",
                "0",
                "limits.upload_bytes_max",
            ),
            (
                "ZHIDA_LIMITS__PAGE_LIMIT_MAX",
                "201",
                "limits.page_limit_max",
            ),
            (
                "ZHIDA_LIMITS__IMPORT_ROWS_MAX",
                "-1",
                "limits.import_rows_max",
            ),
            (
                "ZHIDA_LIMITS__IMPORT_ROWS_MAX",
                "一万",
                "limits.import_rows_max",
            ),
            ("ZHIDA_SERVER__ADDR", "8080", "server.addr"),
            ("ZHIDA_LOG__FORMAT", "xml", "log.format"),
        ] {
            let message = with_env(&[(name, value)]).expect_err(value).to_string();
            assert!(message.contains(key), "{message}");
        }
        assert!(with_env(&[("ZHIDA_LIMITS__UPLOAD_BYTES_MAX", "2147483647")]).is_ok());
    }

    #[test]
    fn a_broken_or_missing_file_is_named() {
        let message = with_file("[server\n").expect_err("broken").to_string();
        assert!(message.contains("TOML"), "{message}");
        let missing = Path::new("没有这个文件.toml");
        let message = Config::load(Some(missing))
            .expect_err("missing")
            .to_string();
        assert!(message.contains("没有这个文件.toml"), "{message}");
    }
}
