use std::io;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;

use super::{FileError, FileRecord, FileStore, State, content_disposition, disk};
use crate::db::Database;

/// Bytes read at a time.
const PIECE: usize = 64 << 10;
const DAMAGED: &str = "读出的内容与上传时的摘要不一致";
/// For what opens in place: nothing in it may run or load anything.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'";

/// A file on its way to a reader; as an answer it carries the headers that
/// keep it a file (name, type, no sniffing, no caching by others).
pub struct Download {
    /// What it is.
    pub record: FileRecord,
    /// Its bytes. When they turn out to be others than were handed in, the
    /// last piece is withheld and the stream ends with an error, so that no
    /// reader takes a damaged file for a whole one.
    pub content: BoxStream<'static, io::Result<Bytes>>,
    /// Whether a browser should save it even if it could show it.
    pub as_attachment: bool,
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download")
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

impl FileStore {
    /// Opens a file for `reader`, an account that the caller has found to have
    /// the right to see its subject. Quarantined files open for their uploader
    /// only, and are then always saved, never shown.
    ///
    /// # Errors
    /// When there is no such file, it is quarantined, infected or damaged.
    pub async fn open_for(
        &self,
        db: &Database,
        id: &str,
        reader: &str,
    ) -> Result<Download, FileError> {
        let record = self.get(db.conn(), id).await?;
        let (name, reason) = (record.name.clone(), record.reason.clone());
        match record.state {
            State::Infected => return Err(FileError::Infected { name, reason }),
            State::Damaged => return Err(FileError::Damaged { name, reason }),
            state if state.is_quarantined() && record.uploaded_by != reader => {
                return Err(FileError::Quarantined {
                    name,
                    state: state.word(),
                });
            }
            _ => {}
        }
        let file = match tokio::fs::File::open(self.inner.disk.path(&record.digest)).await {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let reason = "存储目录里没有这份内容".to_owned();
                self.mark_damaged(db, &record.digest, &reason).await?;
                return Err(FileError::Damaged { name, reason });
            }
            Err(error) => return Err(error.into()),
        };
        let as_attachment = record.state.is_quarantined();
        let content = self.verified(db.clone(), record.digest.clone(), file);
        Ok(Download {
            record,
            content,
            as_attachment,
        })
    }

    fn verified(
        &self,
        db: Database,
        digest: String,
        file: tokio::fs::File,
    ) -> BoxStream<'static, io::Result<Bytes>> {
        let reading = Reading {
            store: self.clone(),
            db,
            digest,
            file,
            hasher: Sha256::new(),
            held: None,
        };
        stream::unfold(Some(reading), |reading| async move {
            let mut reading = reading?;
            match reading.next().await {
                Ok(Some(piece)) => Some((Ok(piece), Some(reading))),
                Ok(None) => reading.held.take().map(|last| (Ok(last), None)),
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }
}

/// A file being read and hashed, always one piece ahead of its reader.
struct Reading {
    store: FileStore,
    db: Database,
    digest: String,
    file: tokio::fs::File,
    hasher: Sha256,
    held: Option<Bytes>,
}

impl Reading {
    /// The next piece but the last, which stays in `held`; `None` once all is
    /// read and found whole.
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            let read = (&mut self.file)
                .take(PIECE as u64)
                .read_to_end(&mut piece)
                .await?;
            if read == 0 {
                return self.finish().await.map(|()| None);
            }
            self.hasher.update(&piece);
            if let Some(before) = self.held.replace(piece.into()) {
                return Ok(Some(before));
            }
        }
    }

    async fn finish(&mut self) -> io::Result<()> {
        let found = disk::hex(&std::mem::take(&mut self.hasher).finalize());
        if found == self.digest {
            return Ok(());
        }
        tracing::error!(digest = %self.digest, "存储的文件已损坏");
        let marked = self
            .store
            .mark_damaged(&self.db, &self.digest, DAMAGED)
            .await;
        marked.map_err(io::Error::other)?;
        Err(io::Error::new(io::ErrorKind::InvalidData, DAMAGED))
    }
}

impl Download {
    /// Saved rather than shown, whatever its type.
    #[must_use]
    pub fn attachment(mut self) -> Self {
        self.as_attachment = true;
        self
    }

    /// Whether a browser may show it in place.
    #[must_use]
    pub fn is_inline(&self) -> bool {
        !self.as_attachment && self.record.kind().is_some_and(super::Kind::is_inline)
    }
}

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        let disposition = content_disposition(&self.record.name, self.is_inline());
        let media_type = match self.record.kind() {
            Some(kind @ (super::Kind::Csv | super::Kind::Text)) => {
                // its encoding is not known, so the browser is not told one
                HeaderValue::from_static(kind.media_type())
            }
            Some(kind) => HeaderValue::from_static(kind.media_type()),
            None => HeaderValue::from_static("application/octet-stream"),
        };
        let mut response = Body::from_stream(self.content).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, media_type);
        headers.insert(header::CONTENT_LENGTH, self.record.bytes.into());
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        );
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-store"),
        );
        // the cleaned name is percent-encoded, so it always fits a header
        if let Ok(disposition) = HeaderValue::try_from(disposition) {
            headers.insert(header::CONTENT_DISPOSITION, disposition);
        }
        response
    }
}
