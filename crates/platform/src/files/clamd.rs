use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

use super::FilesConfig;

/// Bytes sent to clamd at a time.
const CHUNK: usize = 64 << 10;
/// Bytes of an answer at most; clamd's are one short line.
const ANSWER_BYTES_MAX: u64 = 4 << 10;

/// A ClamAV daemon, asked over its socket with `INSTREAM`
/// (clamd(8), “COMMANDS”).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clamd {
    place: Place,
    patience: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Unix(PathBuf),
    Tcp(String),
}

/// What clamd says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing found.
    Clean,
    /// The name of what was found.
    Infected(String),
    /// Longer than clamd's `StreamMaxLength`.
    TooLarge,
}

/// Why clamd has said nothing of a file.
#[derive(Debug, thiserror::Error)]
pub enum ClamdError {
    /// The setting is not an address.
    #[error("files.clamd 写的是「{0}」，请写 unix:套接字路径、tcp:主机:端口，或留空")]
    Address(String),
    /// It cannot be reached, or stopped talking.
    #[error("连不上查毒程序 clamd：{0}")]
    Connection(#[from] std::io::Error),
    /// It took too long.
    #[error("查毒程序 clamd 超过 {} 秒没有答复", .0.as_secs())]
    Slow(Duration),
    /// It says something else.
    #[error("查毒程序 clamd 的答复看不懂：{0}")]
    Answer(String),
}

impl fmt::Display for Clamd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Unix(path) => write!(f, "unix:{}", path.display()),
            Place::Tcp(address) => write!(f, "tcp:{address}"),
        }
    }
}

impl Clamd {
    /// The configured one, if any.
    ///
    /// # Errors
    /// When the setting is not an address.
    pub fn from_config(config: &FilesConfig) -> Result<Option<Self>, ClamdError> {
        let wrong = || ClamdError::Address(config.clamd.clone());
        let place = match config.clamd.split_once(':') {
            _ if config.clamd.is_empty() => return Ok(None),
            Some(("unix", path)) if !path.is_empty() => Place::Unix(PathBuf::from(path)),
            Some(("tcp", address)) if address.contains(':') => Place::Tcp(address.to_owned()),
            _ => return Err(wrong()),
        };
        let patience = Duration::from_secs(config.clamd_timeout_seconds);
        Ok(Some(Self { place, patience }))
    }

    /// Sends the content and waits for the verdict.
    ///
    /// # Errors
    /// When clamd cannot be reached, takes too long, or answers anything but
    /// a verdict; the content is then as unknown as before.
    pub async fn scan(&self, content: impl AsyncRead + Unpin) -> Result<Verdict, ClamdError> {
        let answer = async {
            match &self.place {
                Place::Unix(path) => instream(UnixStream::connect(path).await?, content).await,
                Place::Tcp(address) => instream(TcpStream::connect(address).await?, content).await,
            }
        };
        let answer = tokio::time::timeout(self.patience, answer)
            .await
            .map_err(|_| ClamdError::Slow(self.patience))??;
        read_answer(&answer)
    }
}

async fn instream(
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
    content: impl AsyncRead + Unpin,
) -> std::io::Result<String> {
    // clamd stops reading and answers when the file is too large for it, so
    // the answer matters even when sending has failed
    let sent = send(&mut socket, content).await;
    let mut answer = Vec::new();
    let read = socket.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await;
    if answer.is_empty() {
        sent?;
        read?;
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

async fn send(
    socket: &mut (impl AsyncWrite + Unpin),
    mut content: impl AsyncRead + Unpin,
) -> std::io::Result<()> {
    // z: the command ends with NUL, as the answer will
    socket.write_all(b"zINSTREAM\0").await?;
    let mut buffer = vec![0; CHUNK];
    loop {
        let read = content.read(&mut buffer).await?;
        let length = u32::try_from(read).map_err(std::io::Error::other)?;
        socket.write_all(&length.to_be_bytes()).await?;
        socket.write_all(&buffer[..read]).await?;
        if read == 0 {
            return socket.flush().await;
        }
    }
}

fn read_answer(answer: &str) -> Result<Verdict, ClamdError> {
    let line = answer.trim_end_matches(['\0', '\n']).trim();
    let verdict = line.strip_prefix("stream: ").unwrap_or(line);
    if verdict == "OK" {
        return Ok(Verdict::Clean);
    }
    if let Some(name) = verdict.strip_suffix(" FOUND") {
        return Ok(Verdict::Infected(name.chars().take(200).collect()));
    }
    if verdict.contains("size limit exceeded") {
        return Ok(Verdict::TooLarge);
    }
    Err(ClamdError::Answer(line.chars().take(200).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let infected = Verdict::Infected("Win.Test.EICAR_HDB-1".to_owned());
        for (answer, verdict) in [
            ("stream: OK\0", Some(Verdict::Clean)),
            ("stream: OK\n", Some(Verdict::Clean)),
            ("stream: Win.Test.EICAR_HDB-1 FOUND\0", Some(infected)),
            (
                "INSTREAM size limit exceeded. ERROR\0",
                Some(Verdict::TooLarge),
            ),
            ("stream: NOT OK\0", None),
            ("COMMAND READ TIMED OUT\0", None),
            ("", None),
        ] {
            assert_eq!(read_answer(answer).ok(), verdict, "{answer:?}");
        }
    }

    #[test]
    fn addresses_are_checked() {
        let mut config = crate::config::Config::default().files;
        assert_eq!(Clamd::from_config(&config).expect("empty is fine"), None);
        for (address, good) in [
            ("unix:/run/clamav/clamd.ctl", true),
            ("tcp:127.0.0.1:3310", true),
            ("tcp:127.0.0.1", false),
            ("unix:", false),
            ("/run/clamav/clamd.ctl", false),
        ] {
            address.clone_into(&mut config.clamd);
            assert_eq!(Clamd::from_config(&config).is_ok(), good, "{address}");
        }
    }
}
