//! Files that people hand in: kept once by content, checked before they are
//! taken, quarantined until scanned, verified while they are read.
//!
//! The bytes lie on disk under the SHA-256 of their content, in two levels of
//! folders (`ab/cd/abcd…`); the table `file` says who handed in what, for which
//! subject; the table `file_content` says what is known of the bytes. Several
//! servers share one folder, as they share one database.
//!
//! A file comes in two steps, so that no transaction waits for a slow upload:
//! [`FileStore::receive`] writes and checks the bytes, [`FileStore::attach`]
//! makes them belong to a subject within the caller's transaction. Bytes that
//! nobody attached, and those whose last file was removed with
//! [`FileStore::detach`], are collected by [`FileStore::sweep`].
//!
//! Over a network that breaks off a file comes in parts ([`uploads`]): they are
//! kept until the file is whole, which then goes through the same checks
//! ([`FileStore::receive_parts`]).
//!
//! What is refused, each with a sentence that says what was found: an empty
//! file, one that is too large (by its announced length and again by what
//! arrives), a type that the use does not allow, a name whose extension is not
//! the type's, a picture of too many pixels, an archive that unpacks to too
//! much, is nested too deeply, is locked, or would write outside its folder.
//!
//! A room that reads what it is sent by itself, such as tables to import, keeps
//! it in [`FileStore::room_folder`], unchecked; see there what is swept.
//!
//! With a `clamd` configured a new file is 待查毒 ([`State::Pending`]): it is
//! accepted at once and only its uploader can read it until
//! [`FileStore::scan_pending`] has asked clamd. Without one it is 未查毒
//! ([`State::Unscanned`]), and says so; it is scanned as soon as there is one.
//!
//! Who may see a file of a subject is decided by the caller (through
//! `platform::access`) before [`FileStore::open`]; this module adds only the
//! quarantine.
//!
//! ```no_run
//! use futures::Stream;
//! use zhida_platform::db::Database;
//! use zhida_platform::files::{FileError, FileStore, FileUse, Subject, Upload, kinds};
//!
//! /// 营业执照: a picture or a PDF of at most 10 MiB.
//! const LICENCE: FileUse = FileUse {
//!     name: "营业执照",
//!     kinds: &[kinds::IMAGES, kinds::PAGES],
//!     bytes_max: 10 << 20,
//! };
//!
//! async fn keep(
//!     store: &FileStore,
//!     db: &Database,
//!     content: impl Stream<Item = Result<axum::body::Bytes, axum::Error>> + Unpin,
//! ) -> Result<String, FileError> {
//!     let upload = Upload { name: "执照.jpg", bytes: None, purpose: &LICENCE };
//!     let received = &store.receive(upload, content).await?;
//!     let subject = Subject { kind: "application", id: "42" };
//!     let file = db.write(|tx| async move {
//!         store.attach(&tx, received, subject, "account-7").await
//!     });
//!     Ok(file.await?.id)
//! }
//! ```

mod archive;
mod clamd;
mod disk;
mod download;
mod error;
mod inspect;
mod kind;
mod name;
mod receive;
mod record;
mod scan;
mod settings;
mod store;
mod sweep;
mod tally;
mod text;
mod unfinished;
mod uploads;

pub use clamd::{Clamd, ClamdError, Verdict};
pub use download::Download;
pub use error::FileError;
pub use kind::{FileUse, Kind, kinds};
pub use name::{clean_name, content_disposition};
pub use receive::{Received, Upload};
pub use record::{FileRecord, State, Subject};
pub use scan::ScanReport;
pub use settings::FilesConfig;
pub(crate) use store::SCHEMA;
pub use sweep::{SweepReport, VerifyReport};
pub use tally::{ContentQuery, ContentRecord, Tally};
pub use unfinished::{Announced, UNFINISHED_MAX, Unfinished};
pub use uploads::{SENT, uploads};

use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::SharedClock;
use crate::db::{ConnectionTrait, Database, Tx};

use disk::Disk;

/// Folder in a room's own folder of what it has received and not dealt with yet.
pub const RECEIVED: &str = "received";

/// The store: cheap to clone, all clones share one folder.
#[derive(Debug, Clone)]
pub struct FileStore {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    disk: Disk,
    config: FilesConfig,
    clamd: Option<Clamd>,
    clock: SharedClock,
}

impl FileStore {
    /// The store in the configured folder, which the first file makes when it is missing.
    ///
    /// # Errors
    /// When the address of clamd is not one.
    pub fn open(config: &FilesConfig, clock: SharedClock) -> Result<Self, FileError> {
        let clamd = Clamd::from_config(config).map_err(|error| FileError::Settings {
            message: error.to_string(),
        })?;
        Ok(Self {
            inner: Arc::new(Inner {
                disk: Disk::at(&config.folder),
                config: config.clone(),
                clamd,
                clock,
            }),
        })
    }

    /// Makes the folder now, so that a server that cannot write there says so when it starts.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn make_folder(&self) -> Result<(), FileError> {
        self.inner.disk.make()
    }

    /// Where a room keeps files that it reads and writes itself; it makes the folder when it needs it.
    ///
    /// What lies in its [`RECEIVED`] and was not changed (by the store's clock) for `unreferenced_keep_hours` is swept
    /// like an upload that was never attached; the rest is the room's to remove.
    #[must_use]
    pub fn room_folder(&self, room: &str) -> PathBuf {
        self.inner.disk.of_room(room)
    }

    /// Whether new files are scanned for viruses here.
    #[must_use]
    pub fn scans(&self) -> bool {
        self.inner.clamd.is_some()
    }

    /// One file's record.
    ///
    /// # Errors
    /// When there is none, or the statement fails.
    pub async fn get(
        &self,
        conn: &impl ConnectionTrait,
        id: &str,
    ) -> Result<FileRecord, FileError> {
        store::get(conn, id)
            .await?
            .ok_or_else(|| FileError::NotFound { id: id.to_owned() })
    }

    /// The files of one subject, oldest first, [`store::LIST_MAX`] at most.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn of_subject(
        &self,
        conn: &impl ConnectionTrait,
        subject: Subject<'_>,
    ) -> Result<Vec<FileRecord>, FileError> {
        Ok(store::of_subject(conn, subject).await?)
    }

    /// Makes received content belong to a subject, in the caller's
    /// transaction; `by` is the account that handed it in.
    ///
    /// # Errors
    /// When the same content was found infected, when it has been swept since
    /// it was received (it must be handed in again), or a statement fails.
    pub async fn attach(
        &self,
        tx: &Tx,
        received: &Received,
        subject: Subject<'_>,
        by: &str,
    ) -> Result<FileRecord, FileError> {
        let now = self.inner.clock.now();
        let state = if self.scans() {
            State::Pending
        } else {
            State::Unscanned
        };
        // this locks the content's row, so that a sweep elsewhere is over or waits for us
        let kept = store::keep_content(tx, received, state, now).await?;
        if kept.state == State::Infected {
            return Err(FileError::Infected {
                name: received.name().to_owned(),
                reason: kept.reason,
            });
        }
        if !self.inner.disk.holds(received.digest()).await {
            return Err(FileError::Swept {
                name: received.name().to_owned(),
            });
        }
        Ok(store::insert(tx, received, kept, subject, by, now).await?)
    }

    /// Removes a file from its subject, in the caller's transaction; the bytes
    /// stay until nothing refers to them and a sweep passes.
    ///
    /// # Errors
    /// When there is no such file, or a statement fails.
    pub async fn detach(&self, tx: &Tx, id: &str) -> Result<FileRecord, FileError> {
        let file = self.get(tx, id).await?;
        store::remove(tx, &file, self.inner.clock.now()).await?;
        Ok(file)
    }

    /// Lets a file out of quarantine by an officer's decision (clamd cannot
    /// read it, or is away for long); the caller checks the right and writes
    /// the audit record. `why` is shown with the file.
    ///
    /// # Errors
    /// When the file is not in quarantine, or a statement fails.
    pub async fn release(&self, tx: &Tx, id: &str, why: &str) -> Result<(), FileError> {
        let file = self.get(tx, id).await?;
        match self.let_out(tx, &file.digest, why).await? {
            true => Ok(()),
            false => Err(FileError::NotQuarantined { name: file.name }),
        }
    }

    /// The same by the content's digest, for those who do not see the files that have it. What was found
    /// infected or damaged has no bytes left and stays.
    ///
    /// # Errors
    /// When no content of this digest is in quarantine, or a statement fails.
    pub async fn release_content(&self, tx: &Tx, digest: &str, why: &str) -> Result<(), FileError> {
        if self.let_out(tx, digest, why).await? {
            return Ok(());
        }
        Err(match store::state_of(tx, digest).await? {
            Some(_) => FileError::NotQuarantined {
                name: digest.to_owned(),
            },
            None => FileError::NotFound {
                id: digest.to_owned(),
            },
        })
    }

    /// Whether it was in quarantine.
    async fn let_out(&self, tx: &Tx, digest: &str, why: &str) -> Result<bool, FileError> {
        let (from, now) = (store::QUARANTINED, self.inner.clock.now());
        Ok(store::set_state(tx, digest, from, State::Released, why, now).await? > 0)
    }

    /// Whether the content was still there to be marked.
    async fn mark_damaged(
        &self,
        db: &Database,
        digest: &str,
        why: &str,
    ) -> Result<bool, FileError> {
        let (from, now) = (store::KEPT, self.inner.clock.now());
        let marked = db
            .write(|tx| async move {
                store::set_state(&tx, digest, from, State::Damaged, why, now).await
            })
            .await?;
        Ok(marked > 0)
    }
}
