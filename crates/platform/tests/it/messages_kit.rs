//! What the tests of messages share: an address book, a mail server, a
//! receiver of webhooks; all of them real, on sockets.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use sea_orm::prelude::async_trait::async_trait;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use zhida_platform::config::Config;
use zhida_platform::db::{self, Database, Tx};
use zhida_platform::messages::{
    AddressBook, Audience, Channel, Contact, EventKind, Field, MailAddress, Message, MessageError,
    Messages, Recipient, Side, Urgency,
};

use crate::files::HandClock;

pub(crate) const USCC: &str = "91330100MA27XF1C0G";

pub(crate) const PUBLISHED: EventKind = EventKind {
    slug: "test.published",
    name: "新政策发布",
    audience: Audience::Everyone,
    urgency: Urgency::Normal,
    channels: &[Channel::Mail, Channel::Sms],
    fields: &[Field {
        name: "item",
        label: "事项名称",
    }],
    title: "新政策：{事项名称}",
    body: "《{事项名称}》已发布。",
    sms: "{事项名称}已发布",
};
pub(crate) const DUE: EventKind = EventKind {
    slug: "test.due",
    name: "即将到期",
    urgency: Urgency::Urgent,
    title: "即将到期：{事项名称}",
    ..PUBLISHED
};

/// An address book that the test writes.
#[derive(Debug, Default)]
pub(crate) struct Book(Mutex<Vec<Contact>>);

impl Book {
    pub fn add(&self, account: &str, side: Side, mail: Option<&str>, phone: Option<&str>) {
        self.0.lock().expect("not poisoned").push(Contact {
            account: account.to_owned(),
            side,
            mail: mail.map(str::to_owned),
            mail_verified: true,
            phone: phone.map(str::to_owned),
        });
    }

    pub fn unverify(&self, account: &str) {
        for contact in self.0.lock().expect("not poisoned").iter_mut() {
            contact.mail_verified &= contact.account != account;
        }
    }
}

#[async_trait]
impl AddressBook for Book {
    async fn contacts(&self, _tx: &Tx, to: Recipient<'_>) -> db::Result<Vec<Contact>> {
        let is_meant = |contact: &&Contact| match to {
            Recipient::Account(id) => contact.account == id,
            Recipient::Enterprise(uscc) => {
                contact.side
                    == Side::Enterprise {
                        uscc: uscc.to_owned(),
                    }
            }
            Recipient::Role(role) => contact.account.starts_with(role),
            _ => false,
        };
        Ok(self
            .0
            .lock()
            .expect("not poisoned")
            .iter()
            .filter(is_meant)
            .cloned()
            .collect())
    }

    async fn enterprises(&self, _tx: &Tx, after: &str, limit: u64) -> db::Result<Vec<String>> {
        let book = self.0.lock().expect("not poisoned");
        let mut codes: Vec<String> = book
            .iter()
            .filter_map(|contact| match &contact.side {
                Side::Enterprise { uscc } if uscc.as_str() > after => Some(uscc.clone()),
                _ => None,
            })
            .collect();
        codes.sort_unstable();
        codes.dedup();
        codes.truncate(usize::try_from(limit).expect("small"));
        Ok(codes)
    }

    async fn mail_of(&self, _db: &Database, account: &str) -> db::Result<MailAddress> {
        let book = self.0.lock().expect("not poisoned");
        let contact = book.iter().find(|contact| contact.account == account);
        Ok(
            contact.map_or_else(MailAddress::default, |contact| MailAddress {
                address: contact.mail.clone().unwrap_or_default(),
                is_verified: contact.mail_verified,
            }),
        )
    }

    async fn keep_mail(
        &self,
        _tx: &Tx,
        account: &str,
        mail: &str,
        _at: DateTime<Utc>,
    ) -> db::Result<()> {
        let mut book = self.0.lock().expect("not poisoned");
        for contact in book.iter_mut().filter(|contact| contact.account == account) {
            contact.mail = Some(mail.to_owned());
            contact.mail_verified = true;
        }
        Ok(())
    }
}

/// A service with its surroundings.
pub(crate) struct Post {
    pub messages: Messages,
    pub book: Arc<Book>,
    pub clock: Arc<HandClock>,
    pub config: Config,
    pub folder: TempDir,
}

impl Post {
    pub fn new(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = Config::default();
        config.messages.site_url = "https://zhida.example.gov.cn/".to_owned();
        config.messages.sms_file = folder.path().join("sms.jsonl").display().to_string();
        change(&mut config);
        let (book, clock) = (Arc::new(Book::default()), HandClock::new());
        let messages = service(&config, book.clone(), clock.clone());
        Self {
            messages,
            book,
            clock,
            config,
            folder,
        }
    }

    /// Another server with the same settings.
    pub fn twin(&self) -> Messages {
        service(&self.config, self.book.clone(), self.clock.clone())
    }

    pub fn sms(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(self.folder.path().join("sms.jsonl"));
        let lines = text.unwrap_or_default();
        lines
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    pub async fn tell(&self, db: &Database, to: Recipient<'_>, item: &str) -> String {
        self.send(db, &PUBLISHED, to, item).await.expect("sent")
    }

    pub async fn send(
        &self,
        db: &Database,
        event: &'static EventKind,
        to: Recipient<'_>,
        item: &str,
    ) -> Result<String, MessageError> {
        let messages = &self.messages;
        db.write(|tx| async move {
            let message = Message {
                event,
                to,
                fields: &[("item", item)],
                link: Some("/policies/42"),
                subject: ("item", "42"),
            };
            messages.send(&tx, &message).await
        })
        .await
    }
}

fn service(config: &Config, book: Arc<Book>, clock: Arc<HandClock>) -> Messages {
    Messages::new(config, &[&PUBLISHED, &DUE], book, None, clock).expect("a service")
}

/// A certificate for `localhost` and the authority that signed it.
pub(crate) struct Certificate {
    acceptor: TlsAcceptor,
    pub authority: PathBuf,
    _folder: TempDir,
}

impl Certificate {
    pub fn new() -> Self {
        let mut params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca_key = rcgen::KeyPair::generate().expect("a key");
        let ca = params.self_signed(&ca_key).expect("an authority");
        let issuer = rcgen::Issuer::from_params(&params, &ca_key);
        let key = rcgen::KeyPair::generate().expect("a key");
        let own = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
            .expect("parameters")
            .signed_by(&key, &issuer)
            .expect("a certificate");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![own.der().clone()], key)
            .expect("a server");
        let folder = tempfile::tempdir().expect("a folder");
        let authority = folder.path().join("ca.pem");
        std::fs::write(&authority, ca.pem()).expect("written");
        Self {
            acceptor: TlsAcceptor::from(Arc::new(server)),
            authority,
            _folder: folder,
        }
    }
}

/// A mail as the server took it.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub to: String,
    pub text: String,
    pub was_encrypted: bool,
    pub login: Option<String>,
}

impl Taken {
    /// The value of a header, unfolded and decoded from RFC 2047's base64.
    pub fn header(&self, name: &str) -> String {
        let head = self
            .text
            .split("\r\n\r\n")
            .next()
            .expect("a head")
            .replace("\r\n ", " ");
        let start = format!("{name}: ");
        let mut lines = head.lines();
        let line = lines
            .find_map(|line| line.strip_prefix(&start))
            .expect("the header");
        let words = line.split(' ').map(|word| {
            let coded = word
                .strip_prefix("=?utf-8?b?")
                .and_then(|word| word.strip_suffix("?="));
            match coded {
                Some(coded) => {
                    String::from_utf8(STANDARD.decode(coded).expect("base64")).expect("UTF-8")
                }
                None => word.to_owned(),
            }
        });
        words.collect()
    }

    pub fn body(&self) -> String {
        let (_, body) = self.text.split_once("\r\n\r\n").expect("a body");
        match self.header("Content-Transfer-Encoding").as_str() {
            "base64" => {
                let coded: String = body.split_whitespace().collect();
                String::from_utf8(STANDARD.decode(coded).expect("base64")).expect("UTF-8")
            }
            "quoted-printable" => unquoted(body),
            _ => body.to_owned(),
        }
        .replace("\r\n", "\n")
    }
}

/// Quoted-printable (RFC 2045) read back.
fn unquoted(text: &str) -> String {
    let text = text.replace("=\r\n", "");
    let mut parts = text.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).expect("two hexadecimal digits"));
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).expect("UTF-8")
}

/// How the mail server meets its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Greeting {
    Plain,
    Starttls,
    Tls,
}

/// A mail server (RFC 5321) that takes what is sent to it, but refuses
/// `refused@…` for good and `busy@…` for now.
#[derive(Clone)]
pub(crate) struct MailServer {
    pub port: u16,
    taken: Arc<Mutex<Vec<Taken>>>,
    greeting: Greeting,
    tls: TlsAcceptor,
}

impl MailServer {
    pub async fn start(greeting: Greeting, certificate: &Certificate) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let server = Self {
            port: listener.local_addr().expect("an address").port(),
            taken: Arc::default(),
            greeting,
            tls: certificate.acceptor.clone(),
        };
        let this = server.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let this = this.clone();
                tokio::spawn(async move { this.serve(socket).await });
            }
        });
        server
    }

    pub async fn plain() -> Self {
        Self::start(Greeting::Plain, &Certificate::new()).await
    }

    pub fn configure(&self, config: &mut Config) {
        config.mail.server = "localhost".to_owned();
        config.mail.port = self.port;
        config.mail.from = "直达 <no-reply@example.gov.cn>".to_owned();
        config.mail.security = zhida_platform::messages::MailSecurity::None;
        config.mail.timeout_seconds = 5;
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().expect("not poisoned").clone()
    }

    async fn serve(&self, socket: TcpStream) {
        if self.greeting == Greeting::Tls {
            let Ok(socket) = self.tls.accept(socket).await else {
                return;
            };
            self.talk(socket, true, false).await;
            return;
        }
        let Some(socket) = self.talk(socket, false, false).await else {
            return;
        };
        // STARTTLS was asked for
        let Ok(socket) = self.tls.accept(socket).await else {
            return;
        };
        self.talk(socket, true, true).await;
    }

    /// Talks until the end; the socket when the client wants to encrypt it.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        socket: S,
        was_encrypted: bool,
        is_greeted: bool,
    ) -> Option<S> {
        let mut socket = BufReader::new(socket);
        if !is_greeted {
            say(&mut socket, "220 localhost").await?;
        }
        let (mut to, mut login) = (String::new(), None);
        loop {
            let mut line = String::new();
            if socket.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let line = line.trim_end();
            let verb = line.split(' ').next().unwrap_or_default().to_uppercase();
            let answer = match verb.as_str() {
                "EHLO" if self.greeting == Greeting::Starttls && !was_encrypted => {
                    "250-localhost\r\n250 STARTTLS"
                }
                "EHLO" => "250-localhost\r\n250 AUTH PLAIN",
                "STARTTLS" => {
                    say(&mut socket, "220 go on").await?;
                    return Some(socket.into_inner());
                }
                "AUTH" => {
                    let coded = line.rsplit(' ').next().unwrap_or_default();
                    let plain = STANDARD.decode(coded).expect("base64");
                    let plain = String::from_utf8(plain).expect("UTF-8");
                    let known = plain == "\0zhida\0s3cret";
                    login = Some(plain);
                    if known {
                        "235 welcome"
                    } else {
                        "535 wrong password"
                    }
                }
                "RCPT" => {
                    line.trim_start_matches("RCPT TO:<")
                        .trim_end_matches('>')
                        .clone_into(&mut to);
                    match to.split('@').next() {
                        Some("refused") => "550 no such user",
                        Some("busy") => "451 try again later",
                        _ => "250 ok",
                    }
                }
                "DATA" => {
                    say(&mut socket, "354 go on").await?;
                    let text = data(&mut socket).await?;
                    let taken = Taken {
                        to: to.clone(),
                        text,
                        was_encrypted,
                        login: login.clone(),
                    };
                    self.taken.lock().expect("not poisoned").push(taken);
                    "250 taken"
                }
                "QUIT" => {
                    say(&mut socket, "221 bye").await?;
                    return None;
                }
                _ => "250 ok",
            };
            say(&mut socket, answer).await?;
        }
    }
}

async fn say<S: AsyncWrite + Unpin>(socket: &mut S, line: &str) -> Option<()> {
    socket
        .write_all(format!("{line}\r\n").as_bytes())
        .await
        .ok()?;
    socket.flush().await.ok()
}

/// The lines of a mail, until a single dot.
async fn data<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut BufReader<S>) -> Option<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if line == ".\r\n" {
            return Some(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

/// A request as the receiver got it.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub head: String,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines();
        lines
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            .unwrap_or_else(|| panic!("{name} in {}", self.head))
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

/// A receiver of webhooks: answers what it was told to, then 204.
#[derive(Clone, Default)]
pub(crate) struct Receiver {
    requests: Arc<Mutex<Vec<Request>>>,
    answers: Arc<Mutex<VecDeque<String>>>,
}

impl Receiver {
    /// Listens on this machine, encrypted with a certificate if there is one.
    pub async fn start(certificate: Option<&Certificate>) -> (Self, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (receiver, acceptor) = (Self::default(), certificate.map(|own| own.acceptor.clone()));
        let this = receiver.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (this, acceptor) = (this.clone(), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        Some(acceptor) => {
                            let Ok(socket) = acceptor.accept(socket).await else {
                                return;
                            };
                            this.answer(socket).await;
                        }
                        None => this.answer(socket).await,
                    }
                });
            }
        });
        (receiver, address)
    }

    /// The next answers: a status line's number, then headers and body as
    /// they are.
    pub fn will_answer(&self, answers: &[&str]) {
        let answers = answers.iter().map(|answer| (*answer).to_owned());
        self.answers.lock().expect("not poisoned").extend(answers);
    }

    /// From now on it takes everything.
    pub fn recover(&self) {
        self.answers.lock().expect("not poisoned").clear();
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("not poisoned").clone()
    }

    /// The numbers of the events that came, in order.
    pub fn numbers(&self) -> Vec<i64> {
        let requests = self.requests();
        requests
            .iter()
            .map(|one| one.json()["number"].as_i64().expect("a number"))
            .collect()
    }

    async fn answer(&self, mut socket: impl AsyncRead + AsyncWrite + Unpin) {
        let Some(request) = request(&mut socket).await else {
            return;
        };
        self.requests.lock().expect("not poisoned").push(request);
        let answer = self.answers.lock().expect("not poisoned").pop_front();
        let answer = answer.unwrap_or_else(|| "204 No Content\r\n\r\n".to_owned());
        // the client may have had enough
        let _sent = socket
            .write_all(format!("HTTP/1.1 {answer}").as_bytes())
            .await;
        let _closed = socket.shutdown().await;
    }
}

async fn request(socket: &mut (impl AsyncRead + Unpin)) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4_096];
        match socket.read(&mut piece).await.ok()? {
            0 => return None,
            read => bytes.extend_from_slice(&piece[..read]),
        }
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.unwrap_or("0").parse().expect("a number");
        if body.len() >= length {
            return Some(Request {
                head: head.to_owned(),
                body: body.to_owned(),
            });
        }
    }
}
