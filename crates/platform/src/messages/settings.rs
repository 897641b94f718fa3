use std::fmt;
use std::path::Path;

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

use super::MessageError;

/// `[mail]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailConfig {
    /// Host name of the SMTP server; empty: no mail is sent.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: MailSecurity,
    /// Account there; empty: none.
    pub username: String,
    /// Its password; from the environment, or from `password_file`.
    pub password: Secret,
    /// File whose first line is the password.
    pub password_file: String,
    /// Sender, `名称 <地址>`.
    pub from: String,
    /// More certificate authorities to trust, PEM.
    pub ca_file: String,
    /// How long the server may take for one mail.
    pub timeout_seconds: u64,
    /// Mails that all servers together hand over in a minute; 0: as many as there are.
    pub per_minute: u32,
}

/// How the connection to the mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// From the first byte (usually port 465).
    Tls,
    /// After the greeting; a server that does not offer it is refused (587).
    Starttls,
    /// Not at all: only for a server on the same machine.
    None,
}

/// `[messages]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagesConfig {
    /// Address of this site as people reach it, for links in mails.
    pub site_url: String,
    /// When digests go out, `HH:MM` of Asia/Shanghai.
    pub digest_at: String,
    /// Messages that are pushed to an enterprise in a day; the others wait for
    /// the next day's digest.
    pub enterprise_pushes_per_day: u64,
    /// Tries before a message is given up.
    pub attempts_max: u64,
    /// Where the file gateway writes text messages; empty: none are sent.
    pub sms_file: String,
    /// Days that messages and what became of them are kept.
    pub keep_days: u64,
}

/// `[webhooks]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhooksConfig {
    /// Whether endpoints may be plain HTTP.
    pub allow_http: bool,
    /// Hosts that may be inside the network.
    pub allowed_hosts: Vec<String>,
    /// More certificate authorities to trust, PEM.
    pub ca_file: String,
    /// How long an endpoint may take.
    pub timeout_seconds: u64,
    /// Days of failure after which an endpoint is switched off.
    pub off_after_days: u64,
    /// Days that events are kept for replay.
    pub keep_days: u64,
}

/// Text that is never shown: not by `Debug`, not when settings are written out.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for where it is used.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    const fn shown(&self) -> &'static str {
        if self.0.is_empty() { "" } else { "***" }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.shown())
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.shown())
    }
}

impl MailConfig {
    /// Whether mail is sent at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.server.is_empty()
    }

    /// The password, from wherever it is.
    pub(super) fn password(&self) -> Result<Secret, MessageError> {
        if self.password_file.is_empty() {
            return Ok(self.password.clone());
        }
        let text = read(&self.password_file, "mail.password_file")?;
        let text = String::from_utf8(text)
            .map_err(|_| MessageError::Settings("mail.password_file 不是文本文件".to_owned()))?;
        Ok(Secret::new(text.lines().next().unwrap_or_default()))
    }

    pub(crate) fn limits(&self) -> [(&'static str, u64, u64); 2] {
        [
            ("mail.port", u64::from(self.port), 65_535),
            // a lease outlives it, see `deliver`
            ("mail.timeout_seconds", self.timeout_seconds, 120),
        ]
    }
}

impl MessagesConfig {
    pub(crate) fn limits(&self) -> [(&'static str, u64, u64); 3] {
        [
            (
                "messages.enterprise_pushes_per_day",
                self.enterprise_pushes_per_day,
                1_000,
            ),
            ("messages.attempts_max", self.attempts_max, 100),
            ("messages.keep_days", self.keep_days, 36_500),
        ]
    }

    /// Days at least: a failed job is told of once as long as the message is there, and jobs are kept 30 days.
    pub(crate) const KEEP_DAYS_MIN: u64 = 31;

    /// `digest_at` as a time; `None` when it is not one.
    pub(crate) fn digest_time(&self) -> Option<NaiveTime> {
        NaiveTime::parse_from_str(&self.digest_at, "%H:%M").ok()
    }
}

impl WebhooksConfig {
    pub(crate) fn limits(&self) -> [(&'static str, u64, u64); 3] {
        [
            ("webhooks.timeout_seconds", self.timeout_seconds, 60),
            ("webhooks.off_after_days", self.off_after_days, 365),
            ("webhooks.keep_days", self.keep_days, 3_650),
        ]
    }
}

/// The bytes of a file that a setting names.
pub(super) fn read(path: &str, setting: &str) -> Result<Vec<u8>, MessageError> {
    std::fs::read(Path::new(path)).map_err(|error| {
        MessageError::Settings(format!("读不到 {setting} 指的文件「{path}」：{error}"))
    })
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn a_secret_is_never_shown() {
        let environment = [("ZHIDA_MAIL__PASSWORD".to_owned(), "0123".to_owned())];
        let config = Config::from_parts(None, environment.into_iter()).expect("read");
        assert_eq!(
            config.mail.password.reveal(),
            "0123",
            "not read as a number"
        );
        let shown = format!(
            "{config:?}{}",
            serde_json::to_string(&config).expect("written")
        );
        assert!(!shown.contains("0123") && shown.contains("***"), "{shown}");
    }

    #[test]
    fn the_password_may_lie_in_a_file() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "s3cret\n").expect("written");
        let mut config = Config::default().mail;
        config.password_file = file.path().display().to_string();
        assert_eq!(config.password().expect("read").reveal(), "s3cret");
        config.password_file = "没有这个文件".to_owned();
        let message = config.password().expect_err("missing").to_string();
        assert!(message.contains("mail.password_file"), "{message}");
    }
}
