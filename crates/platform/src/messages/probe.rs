//! One mail by hand, step by step: what an administrator runs when mails do not arrive.

use std::net::SocketAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::book::is_mail_address;
use super::mail::{self, Mail, Mailer};
use super::{MailConfig, MessageError};
use crate::ids;

/// How long an address may take to answer at all.
const CONNECT: Duration = Duration::from_secs(10);

/// One step of [`probe_mail`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeStep {
    /// What was done: 解析主机名, 建立连接, 加密, 登录, 交付.
    pub name: &'static str,
    /// What came of it; `Err` says in Chinese what is wrong and how to mend it.
    pub outcome: Result<String, String>,
}

/// Sends one test mail to `to` by these settings and tells each step as it is
/// done; whether the server took it. It needs no database and no running server.
///
/// # Errors
/// When mail is not configured, `to` is no mail address, or a setting cannot be used.
pub async fn probe_mail(
    config: &MailConfig,
    to: &str,
    now: DateTime<Utc>,
    tell: &mut (dyn FnMut(ProbeStep) + Send),
) -> Result<bool, MessageError> {
    if !is_mail_address(to) {
        return Err(MessageError::Address {
            address: to.escape_debug().to_string(),
        });
    }
    let mailer = Mailer::from_config(config)?;
    let mailer = mailer.ok_or_else(|| {
        MessageError::Settings("没有配置邮件服务器：请填写 mail.server 和 mail.from".to_owned())
    })?;
    let probe = Probe {
        config,
        mailer,
        tls: mail::tls(config)?,
        patience: Duration::from_secs(config.timeout_seconds),
    };
    let mut steps = Steps { tell };
    Ok(probe.run(to, now, &mut steps).await.is_some())
}

struct Steps<'a> {
    tell: &'a mut (dyn FnMut(ProbeStep) + Send),
}

impl Steps<'_> {
    /// Tells a step; `None` ends the probe.
    fn note<T>(
        &mut self,
        name: &'static str,
        outcome: Result<T, String>,
        words: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        let told = match &outcome {
            Ok(value) => Ok(words(value)),
            Err(why) => Err(why.clone()),
        };
        (self.tell)(ProbeStep {
            name,
            outcome: told,
        });
        outcome.ok()
    }
}

struct Probe<'a> {
    config: &'a MailConfig,
    mailer: Mailer,
    tls: Tls,
    patience: Duration,
}

impl Probe<'_> {
    async fn run(&self, to: &str, now: DateTime<Utc>, steps: &mut Steps<'_>) -> Option<()> {
        let addresses = steps.note("解析主机名", self.resolve().await, |found| {
            let found: Vec<String> = found.iter().map(|one| one.ip().to_string()).collect();
            format!("{} → {}", self.config.server, found.join("、"))
        })?;
        let address = steps.note("建立连接", self.reach(&addresses).await, |address| {
            format!("{address} 接通")
        })?;
        let talking = match &self.tls {
            Tls::Wrapper(parameters) => {
                let connected = self.greet(address, Some(parameters.clone())).await;
                steps.note("加密", connected, |_| "TLS 握手成功，证书可信".to_owned())?
            }
            Tls::Required(parameters) => {
                let greeted = self.greet(address, None).await;
                let greeted = steps.note("问候", greeted, |_| "服务器应答正常".to_owned())?;
                let encrypted = self.starttls(greeted, parameters.clone()).await;
                steps.note("加密", encrypted, |_| {
                    "STARTTLS 成功，证书可信".to_owned()
                })?
            }
            _ => {
                let greeted = self.greet(address, None).await;
                steps.note("问候", greeted, |_| {
                    "服务器应答正常（没有加密：mail.security 是 none）".to_owned()
                })?
            }
        };
        let signed_in = self.sign_in(talking).await;
        let mut talking = steps.note("登录", signed_in, |_| {
            match self.config.username.as_str() {
                "" => "没有设置账号，不登录".to_owned(),
                name => format!("账号 {name} 登录成功"),
            }
        })?;
        let sent = self.hand_over(&mut talking, to, now).await;
        steps.note("交付", sent, |answer| {
            format!("服务器已收下（{answer}）。收不到请查垃圾邮件箱和退信")
        })?;
        // the mail is taken; how the server says good-bye does not matter
        let _ = timeout(self.patience, talking.quit()).await;
        Some(())
    }

    async fn resolve(&self) -> Result<Vec<SocketAddr>, String> {
        let host = (self.config.server.as_str(), self.config.port);
        let hint = "请检查 mail.server 是否写错，以及这台机器的 DNS";
        let found = timeout(self.patience, lookup_host(host)).await;
        let found = found.map_err(|_| format!("域名服务器没有答复。{hint}"))?;
        let found: Vec<SocketAddr> = found
            .map_err(|error| format!("找不到主机“{}”（{error}）。{hint}", self.config.server))?
            .collect();
        match found.is_empty() {
            true => Err(format!("主机“{}”没有地址。{hint}", self.config.server)),
            false => Ok(found),
        }
    }

    async fn reach(&self, addresses: &[SocketAddr]) -> Result<SocketAddr, String> {
        let mut fault = String::new();
        for address in addresses {
            match timeout(CONNECT, TcpStream::connect(address)).await {
                Ok(Ok(_)) => return Ok(*address),
                Ok(Err(error)) => fault = format!("{address}：{error}"),
                Err(_) => fault = format!("{address}：{} 秒没有接通", CONNECT.as_secs()),
            }
        }
        Err(format!(
            "连不上（{fault}）。请检查 mail.port（starttls 一般是 587，tls 一般是 465），以及防火墙是否放行"
        ))
    }

    async fn greet(
        &self,
        address: SocketAddr,
        tls: Option<TlsParameters>,
    ) -> Result<AsyncSmtpConnection, String> {
        let hint = match tls {
            Some(_) => {
                "请检查证书（自签的写在 mail.ca_file），以及这个端口是不是直接加密的（否则 mail.security 用 starttls）"
            }
            None => {
                "请检查这个端口是不是 SMTP；直接加密的端口（一般是 465）请把 mail.security 改为 tls"
            }
        };
        let hello = ClientId::default();
        let connection =
            AsyncSmtpConnection::connect_tokio1(address, Some(self.patience), &hello, tls, None);
        self.patiently(connection, hint).await
    }

    async fn starttls(
        &self,
        mut connection: AsyncSmtpConnection,
        tls: TlsParameters,
    ) -> Result<AsyncSmtpConnection, String> {
        if !connection.can_starttls() {
            return Err(
                "服务器不支持 STARTTLS。请改用 tls 端口（一般是 465），或换一台支持加密的服务器"
                    .to_owned(),
            );
        }
        let hello = ClientId::default();
        let hint = "请检查证书是否可信、主机名是否与证书一致；自签的证书颁发机构写在 mail.ca_file";
        self.patiently(connection.starttls(tls, &hello), hint)
            .await?;
        Ok(connection)
    }

    async fn sign_in(
        &self,
        mut connection: AsyncSmtpConnection,
    ) -> Result<AsyncSmtpConnection, String> {
        if self.config.username.is_empty() {
            return Ok(connection);
        }
        let password = self.config.password().map_err(|error| error.to_string())?;
        let login = Credentials::new(self.config.username.clone(), password.reveal().to_owned());
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        let hint = "请检查 mail.username 和口令（ZHIDA_MAIL__PASSWORD 或 mail.password_file）；有的邮箱要用“授权码”代替密码";
        self.patiently(connection.auth(&mechanisms, &login), hint)
            .await?;
        Ok(connection)
    }

    async fn hand_over(
        &self,
        connection: &mut AsyncSmtpConnection,
        to: &str,
        now: DateTime<Utc>,
    ) -> Result<String, String> {
        let mail = Mail {
            id: ids::next(now).to_string(),
            to: to.to_owned(),
            title: "直达测试邮件".to_owned(),
            text:
                "这是系统管理员用“zhida message test”发出的测试邮件。收到它，说明邮件设置可用。\n"
                    .to_owned(),
            unsubscribe: None,
            at: now,
        };
        let message = self.mailer.compose(&mail).map_err(|error| error.why)?;
        let hint = "请检查发件人 mail.from 是否允许使用、收件人是否存在";
        let text = message.formatted();
        let sent = connection.send(message.envelope(), &text);
        let answer = self.patiently(sent, hint).await?;
        Ok(format!(
            "{} {}",
            answer.code(),
            answer.message().collect::<Vec<_>>().join(" ")
        ))
    }

    async fn patiently<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
        hint: &str,
    ) -> Result<T, String> {
        let seconds = self.patience.as_secs();
        match timeout(self.patience, work).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(format!("{}。{hint}", words(&error))),
            Err(_) => Err(format!("超过 {seconds} 秒没有答复。{hint}")),
        }
    }
}

/// What the library says, with its source.
fn words(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(&format!("（{inner_text}）"));
        }
        source = inner.source();
    }
    text
}
