use std::io::{Seek, SeekFrom};
use std::time::Duration;

use axum::body::Bytes;
use futures::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

use super::inspect::{Suspect, inspect};
use super::{FileError, FileStore, FileUse, Kind, clean_name, disk};

/// How long the next piece of an upload may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is known of a file before its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Upload<'a> {
    /// Its name, as the sender gives it.
    pub name: &'a str,
    /// Its length, if the sender announces one (`Content-Length`).
    pub bytes: Option<u64>,
    /// What it is wanted for.
    pub purpose: &'static FileUse,
}

/// Content that was received and checked, to be attached to a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    name: String,
    digest: String,
    bytes: u64,
    kind: Kind,
}

impl Received {
    /// Its name, cleaned.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of its bytes, as small hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Its length.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What its bytes are.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl FileStore {
    /// Takes a file piece by piece, at most 64 KiB or the sender's piece in
    /// memory, checks it and puts it in the folder. Nothing is left of a file
    /// that is refused.
    ///
    /// # Errors
    /// Each refusal that the module speaks of; when the sender stops; when the
    /// disk does not take it.
    pub async fn receive<S, E>(&self, upload: Upload<'_>, content: S) -> Result<Received, FileError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let name = clean_name(upload.name);
        let bytes_max = upload
            .purpose
            .bytes_max
            .min(self.inner.config.file_bytes_max);
        if upload.bytes.is_some_and(|bytes| bytes > bytes_max) {
            return Err(FileError::TooLarge { name, bytes_max });
        }
        let file = self.inner.disk.begin()?;
        let (digest, bytes) = write(&file, &name, bytes_max, content).await?;
        if bytes == 0 {
            return Err(FileError::Empty { name });
        }
        let store = self.clone();
        let purpose = upload.purpose;
        let finish = move || {
            store.finish(
                file,
                Received {
                    name,
                    digest,
                    bytes,
                    kind: Kind::Text,
                },
                purpose,
            )
        };
        // a blocking thread ends early only when it panics
        tokio::task::spawn_blocking(finish)
            .await
            .map_err(std::io::Error::other)?
    }

    fn finish(
        &self,
        mut file: NamedTempFile,
        received: Received,
        purpose: &'static FileUse,
    ) -> Result<Received, FileError> {
        let suspect = Suspect {
            file: file.as_file_mut(),
            name: &received.name,
            purpose,
            config: &self.inner.config,
        };
        let kind = inspect(suspect)?;
        // what lies on the disk, not what we believe to have written
        file.as_file_mut().seek(SeekFrom::Start(0))?;
        if disk::digest_of(file.as_file_mut())? != received.digest {
            return Err(
                std::io::Error::other("the disk returns other bytes than were written").into(),
            );
        }
        self.inner
            .disk
            .keep(file, &received.digest, self.inner.clock.now())?;
        Ok(Received { kind, ..received })
    }
}

/// Writes the pieces as they come; their digest and length.
async fn write<S, E>(
    file: &NamedTempFile,
    name: &str,
    bytes_max: u64,
    mut content: S,
) -> Result<(String, u64), FileError>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let interrupted = |source: Box<dyn std::error::Error + Send + Sync>| FileError::Interrupted {
        name: name.to_owned(),
        source,
    };
    let mut disk = tokio::fs::File::from_std(file.as_file().try_clone()?);
    let mut hasher = Sha256::new();
    let mut bytes = 0_u64;
    loop {
        let next = tokio::time::timeout(PATIENCE, content.next()).await;
        let Some(piece) = next.map_err(|slow| interrupted(slow.into()))? else {
            break;
        };
        let piece = piece.map_err(|error| interrupted(error.into()))?;
        bytes += piece.len() as u64;
        if bytes > bytes_max {
            return Err(FileError::TooLarge {
                name: name.to_owned(),
                bytes_max,
            });
        }
        hasher.update(&piece);
        disk.write_all(&piece).await?;
    }
    disk.flush().await?;
    Ok((disk::hex(&hasher.finalize()), bytes))
}
