//! 附件: the original text of a policy document as its issuer published it.
//!
//! What is attached belongs to everybody once a scanner has passed it, or none is configured; until then editors see
//! that it waits. An upload never waits for the scanner.

use std::sync::Arc;

use axum::body::Bytes;
use futures::Stream;
use serde_json::{Value, json};
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::files::{
    Download, FileError, FileRecord, FileStore, FileUse, State, Subject, Upload, kinds,
};

use crate::error::Error;
use crate::query::Query;
use crate::rights::{EDIT, READ};
use crate::service::Policies;

/// What may be attached.
pub(crate) const ORIGINAL: FileUse = FileUse {
    name: "政策文件附件",
    kinds: &[kinds::PAGES, kinds::OFFICE, kinds::IMAGES],
    bytes_max: 50 << 20,
};
/// Files of one document at most.
const FILES_MAX: usize = 50;
/// Kind of what the files belong to.
const SUBJECT: &str = "policy_document";

/// The files of policy documents.
#[derive(Clone)]
pub(crate) struct Attachments {
    pub policies: Arc<Policies>,
    pub files: FileStore,
}

/// Whether anybody who may see the document may read the file.
fn is_public(file: &FileRecord) -> bool {
    matches!(
        file.state,
        State::Clean | State::Unscanned | State::Released
    )
}

impl Attachments {
    /// The document's files, oldest first; those that are held back are for editors only.
    pub(crate) async fn of(
        &self,
        viewer: &Viewer,
        document: &str,
    ) -> Result<Vec<FileRecord>, Error> {
        viewer.need(READ)?;
        self.need_document(viewer, document).await?;
        let subject = Subject {
            kind: SUBJECT,
            id: document,
        };
        let conn = self.policies.store.db.conn();
        let mut files = self.files.of_subject(conn, subject).await?;
        files.retain(|file| is_public(file) || viewer.may(EDIT));
        Ok(files)
    }

    /// A document without a published item is for editors, as its page is.
    async fn need_document(&self, viewer: &Viewer, id: &str) -> Result<(), Error> {
        let document = self.policies.document(id).await?;
        if viewer.may(EDIT) {
            return Ok(());
        }
        let query = Query {
            document: Some(document.id.clone()),
            ..Query::default()
        };
        match self.policies.count(&query).await? {
            0 => Err(Error::NoDocument(document.id)),
            _ => Ok(()),
        }
    }

    /// Attaches a file.
    pub(crate) async fn attach<S, E>(
        &self,
        viewer: &Viewer,
        document: &str,
        name: &str,
        content: S,
    ) -> Result<FileRecord, Error>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        viewer.need(EDIT)?;
        let there = self.of(viewer, document).await?.len();
        if there >= FILES_MAX {
            return Err(Error::TooMany {
                what: "附件，请先移除不用的",
                limit: FILES_MAX,
            });
        }
        let upload = Upload {
            name,
            bytes: None,
            purpose: &ORIGINAL,
        };
        let received = &self.files.receive(upload, content).await?;
        let by = &by(viewer);
        self.policies
            .store
            .db
            .write(|tx| async move {
                let subject = Subject {
                    kind: SUBJECT,
                    id: document,
                };
                let file = self.files.attach(&tx, received, subject, by).await?;
                let entry = self.entry(viewer, "policies.attach", document);
                audit::append(&tx, &entry.after(told(&file))).await?;
                Ok(file)
            })
            .await
    }

    /// Removes a file from its document.
    pub(crate) async fn detach(
        &self,
        viewer: &Viewer,
        document: &str,
        file: &str,
    ) -> Result<(), Error> {
        viewer.need(EDIT)?;
        self.of_document(document, file).await?;
        self.policies
            .store
            .db
            .write(|tx| async move {
                let file = self.files.detach(&tx, file).await?;
                let entry = self.entry(viewer, "policies.detach", document);
                audit::append(&tx, &entry.before(told(&file))).await?;
                Ok(())
            })
            .await
    }

    /// Opens a file; its bytes are compared with its digest on the way.
    pub(crate) async fn open(
        &self,
        viewer: &Viewer,
        document: &str,
        file: &str,
    ) -> Result<Download, Error> {
        viewer.need(READ)?;
        self.need_document(viewer, document).await?;
        let record = self.of_document(document, file).await?;
        if !is_public(&record) && !viewer.may(EDIT) {
            return Err(missing(file).into());
        }
        let db = &self.policies.store.db;
        Ok(self.files.open_for(db, file, &by(viewer)).await?)
    }

    /// The file, if it is one of this document's: an id alone opens no other room's files.
    async fn of_document(&self, document: &str, file: &str) -> Result<FileRecord, Error> {
        let record = self.files.get(self.policies.store.db.conn(), file).await?;
        match record.subject_kind == SUBJECT && record.subject_id == document {
            true => Ok(record),
            false => Err(missing(file).into()),
        }
    }

    fn entry(&self, viewer: &Viewer, action: &'static str, document: &str) -> Entry {
        let now = self.policies.clock.now();
        Entry::new(now, viewer, action, SUBJECT, document)
    }
}

fn missing(id: &str) -> FileError {
    FileError::NotFound { id: id.to_owned() }
}

/// Who handed a file in, for the store.
fn by(viewer: &Viewer) -> String {
    match viewer.account() {
        Some(account) => account.to_string(),
        None => viewer.name().to_owned(),
    }
}

fn told(file: &FileRecord) -> Value {
    json!({ "file": file.name, "bytes": file.bytes, "digest": file.digest })
}
