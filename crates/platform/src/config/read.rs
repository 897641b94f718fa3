//! Reading the parts: which keys there are, and what is wrong with those that are not.

use std::path::Path;

use figment::Figment;
use figment::providers::{Format, Toml};
use figment::value::Dict;

use super::{ConfigError, DEFAULTS};

const ENV_PREFIX: &str = "ZHIDA_";
/// Variables with our prefix that are not settings: the path of the file
/// itself, and whatever tests pass to themselves.
const ENV_OTHERS: [&str; 2] = ["ZHIDA_CONFIG", "ZHIDA_TEST_"];

/// The compiled-in settings.
pub(super) fn defaults() -> Figment {
    Figment::from(Toml::string(DEFAULTS))
}

/// The text of a configuration file.
pub(super) fn text_of(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::File {
        path: path.to_owned(),
        source,
    })
}

/// What the text sets.
pub(super) fn values_of(path: &Path, text: &str) -> Result<Dict, ConfigError> {
    Toml::from_str(text).map_err(|error| ConfigError::Syntax {
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
pub(super) fn known_keys(defaults: &Figment) -> Vec<String> {
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

pub(super) fn check_keys(values: &Dict, known: &[String], origin: &str) -> Result<(), ConfigError> {
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
pub(super) fn setting_of(name: &str, known: &[String]) -> Result<Option<String>, ConfigError> {
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

pub(super) fn value_error(error: figment::Error) -> ConfigError {
    let key = error.path.join(".");
    let wanted = match key.as_str() {
        "server.addr" => "请写 IP:端口，如 127.0.0.1:8080",
        "log.format" => "请写 text 或 json",
        "server.trusted_proxies" => "请写网段的列表，如 [\"127.0.0.1\", \"10.1.2.0/24\"]",
        "mail.security" => "请写 starttls、tls 或 none",
        "webhooks.allow_http" => "请写 true 或 false",
        "webhooks.allowed_hosts" => "请写主机名的列表，如 [\"oa.example.gov.cn\"]",
        key if key.starts_with("sign_in.oidc") => {
            "每个身份源写一段 [[sign_in.oidc]]，各项见 config.default.toml"
        }
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
