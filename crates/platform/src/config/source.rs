//! Settings with where each comes from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use figment::providers::Serialized;
use figment::value::Value;
use figment::{Figment, Profile};
use toml_edit::ImDocument;

use super::read::{check_keys, defaults, known_keys, setting_of, text_of, value_error, values_of};
use super::{Config, ConfigError};
use crate::db::without_password;

/// Settings that are taken from the environment as they are written, with quotes and all.
const SECRETS: [&str; 3] = ["mail.password", "audit.key", "secrets.key"];
/// Shown without the password in it.
const DATABASE_URL: &str = "database.url";

/// Where the value of a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `config.default.toml`.
    Default,
    /// The configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: Option<usize>,
    },
    /// A variable of the environment.
    Environment(String),
    /// An option of the command.
    CommandLine(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("默认"),
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::File {
                path,
                line: Some(line),
            } => write!(f, "{} 第 {line} 行", path.display()),
            Self::Environment(name) => write!(f, "环境变量 {name}"),
            Self::CommandLine(option) => write!(f, "命令行 {option}"),
        }
    }
}

/// One setting as it may be shown: secrets are `***`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// `section.key`.
    pub key: String,
    /// The value as TOML writes it.
    pub value: String,
    /// Where it comes from.
    pub source: Source,
}

/// All settings, and where each comes from.
#[derive(Debug, Clone)]
pub struct Traced {
    /// The settings.
    pub config: Config,
    sources: BTreeMap<String, Source>,
}

impl Traced {
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
    /// As [`Traced::load`].
    pub fn from_parts(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let shipped = defaults();
        let mut figment = shipped.clone();
        let known = known_keys(&figment);
        let mut sources = BTreeMap::new();
        if let Some(path) = file {
            let text = text_of(path)?;
            let values = values_of(path, &text)?;
            check_keys(&values, &known, &format!("配置文件「{}」", path.display()))?;
            note_lines(path, &text, &mut sources);
            figment = figment.merge(Serialized::from(values, Profile::Default));
        }
        for (name, value) in environment {
            if let Some(key) = setting_of(&name, &known)? {
                let value = read(&shipped, &key, value);
                figment = figment.merge(Serialized::default(&key, value));
                sources.insert(key, Source::Environment(name));
            }
        }
        let config: Config = figment.extract().map_err(value_error)?;
        config.check()?;
        Ok(Self { config, sources })
    }

    /// The database that an option of the command names, which goes before all else.
    pub fn set_database(&mut self, option: &'static str, url: &str) {
        url.clone_into(&mut self.config.database.url);
        self.sources
            .insert(DATABASE_URL.to_owned(), Source::CommandLine(option));
    }

    /// Where a setting comes from.
    #[must_use]
    pub fn source(&self, key: &str) -> Source {
        self.sources.get(key).cloned().unwrap_or(Source::Default)
    }

    /// Every setting, in the order of `config.default.toml`'s sections.
    #[must_use]
    pub fn settings(&self) -> Vec<Setting> {
        let all = serde_json::to_value(&self.config).unwrap_or_default();
        let sections = all.as_object().into_iter().flatten();
        let settings = sections.flat_map(|(section, settings)| {
            let settings = settings.as_object().into_iter().flatten();
            settings.map(move |(key, value)| (format!("{section}.{key}"), value))
        });
        let shown = settings.map(|(key, value)| Setting {
            value: match value.as_str() {
                Some(url) if key == DATABASE_URL => format!("{:?}", without_password(url)),
                _ => value.to_string(),
            },
            source: self.source(&key),
            key,
        });
        shown.collect()
    }
}

/// A value of the environment. What the defaults have as text stays text: a name or password of digits is no number.
fn read(shipped: &Figment, key: &str, value: String) -> Value {
    if SECRETS.contains(&key) {
        return value.into();
    }
    let read: Value = value.parse().expect("parsing a figment value never fails");
    let is_text = matches!(shipped.find_value(key), Ok(Value::String(..)));
    match read {
        Value::String(..) => read,
        _ if is_text => value.into(),
        _ => read,
    }
}

/// Notes the line of each setting of a file; the file has been read before and is sound.
fn note_lines(path: &Path, text: &str, sources: &mut BTreeMap<String, Source>) {
    let Ok(document) = ImDocument::parse(text) else {
        return;
    };
    let line_of = |at: usize| text[..at].matches('\n').count() + 1;
    for (section, settings) in document.iter() {
        let Some(settings) = settings.as_table_like() else {
            continue;
        };
        for (key, value) in settings.iter() {
            let span = settings.key(key).and_then(|key| key.span());
            let span = span.or_else(|| value.span());
            let source = Source::File {
                path: path.to_owned(),
                line: span.map(|span| line_of(span.start)),
            };
            sources.insert(format!("{section}.{key}"), source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_tells_where_it_comes_from_and_no_secret() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let text = "# 说明\n[server]\naddr = \"127.0.0.1:1\"\n\n[mail]\nserver = 'mx'\nfrom = 'a@b.cn'\n\
            [messages]\nsite_url = \"https://a.cn\"\n[[sign_in.oidc]]\nid = \"city\"\nname = \"市\"\n\
            issuer = \"https://sso.cn\"\nclient_id = \"z\"\n";
        std::fs::write(file.path(), text).expect("written");
        let environment = [
            ("ZHIDA_SERVER__ADDR", "127.0.0.1:2"),
            ("ZHIDA_MAIL__PASSWORD", "314159"),
            ("ZHIDA_AUDIT__KEY", "271828"),
            ("ZHIDA_MAIL__USERNAME", "10086"),
            ("ZHIDA_LOG__FORMAT", "\"json\""),
            ("ZHIDA_DATABASE__URL", "postgres://u:s3cret@h/d"),
            ("ZHIDA_SERVER__TRUSTED_PROXIES", "[\"10.0.0.0/8\"]"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let traced = Traced::from_parts(Some(file.path()), environment.into_iter());
        let mut traced = traced.expect("read");
        let line = |line| Source::File {
            path: file.path().to_owned(),
            line: Some(line),
        };
        let variable = |name: &str| Source::Environment(name.to_owned());
        for (key, source) in [
            ("server.addr", variable("ZHIDA_SERVER__ADDR")),
            ("mail.server", line(6)),
            ("mail.from", line(7)),
            ("sign_in.oidc", line(10)),
            ("mail.password", variable("ZHIDA_MAIL__PASSWORD")),
            ("log.level", Source::Default),
        ] {
            assert_eq!(traced.source(key), source, "{key}");
        }
        assert_eq!(traced.config.server.proxies().len(), 1);
        assert_eq!(traced.config.mail.username, "10086", "no number");
        assert_eq!(
            traced
                .settings()
                .iter()
                .find(|one| one.key == "log.format")
                .map(|one| one.value.as_str()),
            Some("\"json\"")
        );
        let shown = format!("{:?}", traced.settings());
        for secret in ["314159", "271828", "s3cret"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        assert!(shown.contains("postgres://u:***@h/d"), "{shown}");
        traced.set_database("--database", "sqlite:b.db");
        let settings = traced.settings();
        let url = settings.iter().find(|one| one.key == "database.url");
        let url = url.expect("a setting");
        assert_eq!(url.value, "\"sqlite:b.db\"");
        assert_eq!(url.source.to_string(), "命令行 --database");
    }

    #[test]
    fn all_settings_of_the_defaults_are_shown() {
        let traced = Traced::from_parts(None, std::iter::empty()).expect("read");
        let shown: Vec<String> = traced.settings().into_iter().map(|s| s.key).collect();
        let mut known = known_keys(&defaults());
        known.sort();
        let mut sorted = shown.clone();
        sorted.sort();
        assert_eq!(sorted, known);
        assert_eq!(shown[0], "server.addr");
    }
}
