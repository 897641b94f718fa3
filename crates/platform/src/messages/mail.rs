use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::settings::read;
use super::{MailConfig, MailSecurity, MessageError, SendError};

/// Sends mail through the configured SMTP server.
#[derive(Clone)]
pub(super) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    patience: Duration,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // the transport holds the password
        f.debug_struct("Mailer")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// One mail: plain text, so that nothing in it can be markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mail {
    /// Stays the same when it is sent again, so that a second copy can be
    /// recognised.
    pub id: String,
    pub to: String,
    pub title: String,
    pub text: String,
    /// Where one click switches mails of the kind off (RFC 8058).
    pub unsubscribe: Option<String>,
    pub at: DateTime<Utc>,
}

impl Mailer {
    /// The configured one; `None` when there is none.
    pub(super) fn from_config(config: &MailConfig) -> Result<Option<Self>, MessageError> {
        if !config.is_on() {
            return Ok(None);
        }
        let from: Mailbox = config.from.parse().map_err(|_| {
            let from = &config.from;
            MessageError::Settings(format!("mail.from 写的是「{from}」，请写 名称 <地址>"))
        })?;
        let patience = Duration::from_secs(config.timeout_seconds);
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.server)
            .port(config.port)
            .timeout(Some(patience))
            .tls(tls(config)?);
        if !config.username.is_empty() {
            let password = config.password()?;
            let login = Credentials::new(config.username.clone(), password.reveal().to_owned());
            builder = builder.credentials(login);
        }
        Ok(Some(Self {
            transport: builder.build(),
            from,
            patience,
        }))
    }

    pub(super) async fn send(&self, mail: &Mail) -> Result<(), SendError> {
        let message = self.compose(mail)?;
        let sent = tokio::time::timeout(self.patience, self.transport.send(message)).await;
        match sent {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(explain(&error)),
            Err(_) => {
                let seconds = self.patience.as_secs();
                Err(SendError::later(format!(
                    "邮件服务器超过 {seconds} 秒没有答复"
                )))
            }
        }
    }

    pub(super) fn compose(&self, mail: &Mail) -> Result<lettre::Message, SendError> {
        let to: lettre::Address = mail
            .to
            .parse()
            .map_err(|_| SendError::never("不是一个邮箱地址"))?;
        let id = format!("<{}@{}>", mail.id, self.from.email.domain());
        let mut message = lettre::Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&mail.title)
            .message_id(Some(id))
            .date(SystemTime::from(mail.at))
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text.clone())
            .map_err(|error| SendError::never(format!("写不成邮件：{error}")))?;
        // RFC 3834: automatic replies are not for us
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let headers = message.headers_mut();
        headers.insert_raw(HeaderValue::new(automatic, "auto-generated".to_owned()));
        if let Some(address) = &mail.unsubscribe {
            let list = HeaderName::new_from_ascii_str("List-Unsubscribe");
            headers.insert_raw(HeaderValue::new(list, format!("<{address}>")));
            let post = HeaderName::new_from_ascii_str("List-Unsubscribe-Post");
            let click = "List-Unsubscribe=One-Click".to_owned();
            headers.insert_raw(HeaderValue::new(post, click));
        }
        Ok(message)
    }
}

pub(super) fn tls(config: &MailConfig) -> Result<Tls, MessageError> {
    let fault = |error| MessageError::Settings(format!("mail.ca_file 不能用：{error}"));
    if config.security == MailSecurity::None {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(config.server.clone());
    if !config.ca_file.is_empty() {
        let pem = read(&config.ca_file, "mail.ca_file")?;
        parameters = parameters.add_root_certificate(Certificate::from_pem(&pem).map_err(fault)?);
    }
    let parameters = parameters.build().map_err(fault)?;
    Ok(match config.security {
        MailSecurity::Tls => Tls::Wrapper(parameters),
        _ => Tls::Required(parameters),
    })
}

/// A refusal of this recipient or this mail is final; anything about the
/// connection or our login there is not the mail's fault.
fn explain(error: &lettre::transport::smtp::Error) -> SendError {
    let code = error.status().map(u16::from);
    let why = format!("邮件服务器没有收下：{error}");
    match code {
        Some(code @ 550..=559) if error.is_permanent() => match is_of_address(code, &why) {
            true => SendError::refused(why),
            false => SendError::never(why),
        },
        _ => SendError::later(why),
    }
}

/// Whether a final answer is about the address: by its enhanced status (RFC 3463) if it has one, else by its code,
/// unless it speaks of relaying or of what the mail contains.
fn is_of_address(code: u16, words: &str) -> bool {
    let status = words.split_whitespace().find_map(|word| {
        let mut parts = word.trim_matches(|c: char| !c.is_ascii_digit()).split('.');
        let status = (parts.next()?, parts.next()?, parts.next()?);
        (status.0 == "5" && parts.next().is_none()).then_some((status.1, status.2))
    });
    let other = ["relay", "spam", "policy", "block"];
    match status {
        Some(("1", _) | ("2", "1")) => true,
        Some(_) => false,
        None => {
            let words = words.to_lowercase();
            matches!(code, 550 | 551 | 553) && !other.iter().any(|other| words.contains(other))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_the_address_is_told_from_one_of_the_mail() {
        for (code, words, expected) in [
            (
                550,
                "permanent error (550): 5.1.1 <a@example.cn>: unknown",
                true,
            ),
            (550, "permanent error (550): no such mailbox", true),
            (553, "permanent error (553): 5.1.3 bad address", true),
            (554, "permanent error (554): 5.2.1 mailbox disabled", true),
            (550, "permanent error (550): 5.7.1 rejected as spam", false),
            (550, "permanent error (550): Relay not permitted", false),
            (552, "permanent error (552): 5.2.2 mailbox full", false),
            (554, "permanent error (554): transaction failed", false),
            (550, "permanent error (550): 5.1.1.1 is blocked", false),
        ] {
            assert_eq!(is_of_address(code, words), expected, "{words}");
        }
    }
}
