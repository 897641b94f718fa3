//! Settings: `config.default.toml` (compiled in, and the documentation of
//! every setting), then a file, then `ZHIDA_SECTION__KEY` in the environment.

mod oidc;
mod read;
mod source;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::files::FilesConfig;
use crate::keys::KeyConfig;
use crate::messages::{MailConfig, MessagesConfig, WebhooksConfig};
use crate::paging;

pub use oidc::OidcConfig;
pub use source::{Setting, Source, Traced};

const DEFAULTS: &str = include_str!("../../../config.default.toml");
/// An upload of 2 GiB is refused whatever is configured.
const UPLOAD_BYTES_LIMIT: u64 = 1 << 31;
/// More requests a minute from one address are no limit.
const RATE_MAX: u32 = 1_000_000;

/// All settings. The meaning and default of each stands in `config.default.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// `[server]`
    pub server: ServerConfig,
    /// `[rate_limit]`
    pub rate_limit: RateLimitConfig,
    /// `[audit]`
    pub audit: KeyConfig,
    /// `[secrets]`
    pub secrets: KeyConfig,
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
    /// `[letters]`
    pub letters: LettersConfig,
    /// `[log]`
    pub log: LogConfig,
}

/// Where the server listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerConfig {
    /// Address and port.
    pub addr: SocketAddr,
    /// Address and port of the metrics; empty: none.
    pub metrics_addr: String,
    /// Networks whose word on a client's address counts.
    pub trusted_proxies: Vec<String>,
    /// How long a request's head may take, and its body pause.
    pub read_timeout_seconds: u64,
    /// How long requests under way may take once the server is told to stop.
    pub stop_seconds: u64,
}

impl ServerConfig {
    /// Where the metrics are; `None` when they are off.
    #[must_use]
    pub fn metrics(&self) -> Option<SocketAddr> {
        self.metrics_addr.parse().ok()
    }

    /// [`ServerConfig::trusted_proxies`], read; what is none has been refused before.
    #[must_use]
    pub fn proxies(&self) -> Vec<IpNet> {
        self.trusted_proxies
            .iter()
            .filter_map(|text| network(text))
            .collect()
    }
}

/// A network, or a single address as one.
fn network(text: &str) -> Option<IpNet> {
    let single = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse().ok().or_else(single)
}

/// How often one address may ask, in requests a minute; 0: as often as it likes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimitConfig {
    /// Looking.
    pub reads_per_minute: u32,
    /// Changing.
    pub writes_per_minute: u32,
    /// Trying to sign in.
    pub sign_ins_per_minute: u32,
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
    /// `[[sign_in.oidc]]`
    pub oidc: Vec<OidcConfig>,
}

/// How letters are printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LettersConfig {
    /// The font's file; empty: the first of the usual ones.
    pub font: String,
}

impl LettersConfig {
    /// The configured font; `None` when the usual ones are looked through.
    #[must_use]
    pub fn font(&self) -> Option<&Path> {
        (!self.font.is_empty()).then_some(Path::new(&self.font))
    }
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
        Ok(Traced::load(file)?.config)
    }

    /// The same with a given environment.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from_parts(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        Ok(Traced::from_parts(file, environment)?.config)
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
            (
                "server.read_timeout_seconds",
                self.server.read_timeout_seconds,
                600,
            ),
            ("server.stop_seconds", self.server.stop_seconds, 600),
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
        self.check_server()?;
        self.check_messages()?;
        self.check_oidc()
    }

    fn check_server(&self) -> Result<(), ConfigError> {
        let server = &self.server;
        let wrong = |key: &str, message: String| {
            Err(ConfigError::Value {
                key: key.to_owned(),
                message,
            })
        };
        if !server.metrics_addr.is_empty() && server.metrics().is_none() {
            return wrong(
                "server.metrics_addr",
                "请写 IP:端口，如 127.0.0.1:9464；不用就空着".to_owned(),
            );
        }
        let bad = server.trusted_proxies.iter().find(|t| network(t).is_none());
        if let Some(bad) = bad {
            let message = format!("“{bad}”不是网段，请写成 10.1.2.0/24 或 127.0.0.1");
            return wrong("server.trusted_proxies", message);
        }
        let rates = &self.rate_limit;
        for (key, value) in [
            ("rate_limit.reads_per_minute", rates.reads_per_minute),
            ("rate_limit.writes_per_minute", rates.writes_per_minute),
            ("rate_limit.sign_ins_per_minute", rates.sign_ins_per_minute),
            ("mail.per_minute", self.mail.per_minute),
        ] {
            if value > RATE_MAX {
                return wrong(
                    key,
                    format!("写的是 {value}，请写 0（不限）至 {RATE_MAX} 的整数"),
                );
            }
        }
        Ok(())
    }

    fn check_oidc(&self) -> Result<(), ConfigError> {
        let wrong = |key: String, message: &str| {
            Err(ConfigError::Value {
                key,
                message: message.to_owned(),
            })
        };
        let providers = &self.sign_in.oidc;
        for (at, provider) in providers.iter().enumerate() {
            let twin = providers[..at]
                .iter()
                .any(|other| other.id == provider.id || other.issuer == provider.issuer);
            let fault = match twin {
                true => Some(("id", "每个身份源的 id 和 issuer 都要不同")),
                false => provider.fault(),
            };
            if let Some((key, message)) = fault {
                return wrong(format!("sign_in.oidc.{at}.{key}"), message);
            }
        }
        if !providers.is_empty() && !oidc::is_safe(&self.messages.site_url) {
            return wrong(
                "messages.site_url".to_owned(),
                "填了 sign_in.oidc，就要写本系统的 https 网址：身份源把登录的人送回这里",
            );
        }
        Ok(())
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
        if self.messages.keep_days < MessagesConfig::KEEP_DAYS_MIN {
            return wrong("messages.keep_days", "消息至少保留 31 天");
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
