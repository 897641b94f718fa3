use std::path::PathBuf;

use sea_orm::prelude::async_trait::async_trait;
use serde::Serialize;
use tokio::io::AsyncWriteExt;

use super::SendError;

/// One text message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sms {
    /// Stays the same when it is sent again; gateways use it to send once.
    pub id: String,
    /// Mobile phone.
    pub phone: String,
    /// Text, without the signature that gateways add.
    pub text: String,
    /// When it was handed over, `YYYY-MM-DDTHH:MM:SS.ffffffZ`.
    pub at: String,
}

/// Sends text messages: the one thing to write for a city's own provider.
#[async_trait]
pub trait SmsGateway: Send + Sync + std::fmt::Debug {
    /// Hands one message over.
    ///
    /// # Errors
    /// [`SendError::later`] when it may be tried again, [`SendError::never`]
    /// when the provider refuses this number or text for good.
    async fn send(&self, sms: &Sms) -> Result<(), SendError>;
}

/// Appends each message to a file as a line of JSON, for another program to
/// send, or for trying things out.
#[derive(Debug, Clone)]
pub struct FileGateway {
    path: PathBuf,
}

impl FileGateway {
    /// Writes to this file; it is made when it is missing.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

#[async_trait]
impl SmsGateway for FileGateway {
    async fn send(&self, sms: &Sms) -> Result<(), SendError> {
        let line =
            serde_json::to_string(sms).map_err(|error| SendError::never(error.to_string()))?;
        let append = async {
            let mut options = tokio::fs::OpenOptions::new();
            options.append(true).create(true);
            #[cfg(unix)]
            options.mode(0o600);
            let mut file = options.open(&self.path).await?;
            // one write, so that two servers' lines do not mix
            file.write_all(format!("{line}\n").as_bytes()).await?;
            file.sync_data().await
        };
        let written: std::io::Result<()> = append.await;
        written.map_err(|error| SendError::later(format!("写不进短信文件：{error}")))
    }
}
