use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use zhida_platform::config::Config;
use zhida_platform::messages::MailSecurity;

/// A mail as the server took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenMail {
    /// Recipient.
    pub to: String,
    /// Subject, decoded.
    pub subject: String,
    /// Text, decoded.
    pub text: String,
}

/// A mail server (RFC 5321) on a free port of this machine, without encryption and sign-in, that
/// takes what is sent to it but what is for `refused@…`.
#[derive(Debug, Clone)]
pub struct MailServer {
    port: u16,
    taken: Arc<Mutex<Vec<TakenMail>>>,
}

impl MailServer {
    /// Starts serving; ends with the test's runtime.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let server = Self {
            port: listener.local_addr().expect("an address").port(),
            taken: Arc::default(),
        };
        let this = server.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let this = this.clone();
                tokio::spawn(async move { this.serve(BufReader::new(socket)).await });
            }
        });
        server
    }

    /// The settings that send through it.
    pub fn configure(&self, config: &mut Config) {
        "127.0.0.1".clone_into(&mut config.mail.server);
        config.mail.port = self.port;
        "直达 <no-reply@example.gov.cn>".clone_into(&mut config.mail.from);
        config.mail.security = MailSecurity::None;
        config.mail.timeout_seconds = 5;
    }

    /// What was sent so far.
    ///
    /// # Panics
    /// When the server has panicked.
    #[must_use]
    pub fn taken(&self) -> Vec<TakenMail> {
        self.taken.lock().expect("not poisoned").clone()
    }

    async fn serve(&self, mut socket: BufReader<TcpStream>) -> Option<()> {
        say(&mut socket, "220 localhost").await?;
        let mut to = String::new();
        loop {
            let line = line(&mut socket).await?;
            match line.split(' ').next().unwrap_or_default() {
                "EHLO" => say(&mut socket, "250-localhost\r\n250 8BITMIME").await?,
                "RCPT" => {
                    let address = line.trim_start_matches("RCPT TO:<");
                    address.trim_end_matches('>').clone_into(&mut to);
                    let answer = match to.starts_with("refused@") {
                        true => "550 5.1.1 no such mailbox",
                        false => "250 ok",
                    };
                    say(&mut socket, answer).await?;
                }
                "DATA" => {
                    say(&mut socket, "354 go on").await?;
                    let mail = read(&mut socket, &to).await?;
                    self.taken.lock().expect("not poisoned").push(mail);
                    say(&mut socket, "250 taken").await?;
                }
                "QUIT" => return say(&mut socket, "221 bye").await,
                _ => say(&mut socket, "250 ok").await?,
            }
        }
    }
}

async fn say(socket: &mut BufReader<TcpStream>, line: &str) -> Option<()> {
    let line = format!("{line}\r\n");
    socket.write_all(line.as_bytes()).await.ok()?;
    socket.flush().await.ok()
}

/// A line without its end; `None` when the client has gone.
async fn line(socket: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = socket.read_line(&mut line).await.ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}

/// The mail until a single dot.
async fn read(socket: &mut BufReader<TcpStream>, to: &str) -> Option<TakenMail> {
    let mut lines = Vec::new();
    loop {
        let line = line(socket).await?;
        if line == "." {
            break;
        }
        lines.push(line.strip_prefix('.').map(str::to_owned).unwrap_or(line));
    }
    let all = lines.join("\n");
    let (head, body) = all.split_once("\n\n")?;
    let head = head.replace("\n ", " ");
    let header = |name: &str| {
        let mut lines = head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    Some(TakenMail {
        to: to.to_owned(),
        subject: decoded(header("Subject")?),
        text: match header("Content-Transfer-Encoding") {
            Some("base64") => coded(body),
            _ => body.to_owned(),
        }
        .replace("\r\n", "\n"),
    })
}

/// A header (RFC 2047), as lettre writes them: a space counts unless it stands between two coded
/// words.
fn decoded(header: &str) -> String {
    let (mut text, mut was_coded) = (String::new(), true);
    for word in header.split(' ') {
        let inner = word.strip_prefix("=?utf-8?b?");
        let inner = inner.and_then(|inner| inner.strip_suffix("?="));
        if !(was_coded && inner.is_some() || text.is_empty()) {
            text.push(' ');
        }
        match inner {
            Some(inner) => text.push_str(&coded(inner)),
            None => text.push_str(word),
        }
        was_coded = inner.is_some();
    }
    text
}

fn coded(text: &str) -> String {
    let text: String = text.split_whitespace().collect();
    let bytes = STANDARD.decode(text).expect("base64");
    String::from_utf8(bytes).expect("UTF-8")
}
