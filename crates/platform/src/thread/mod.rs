//! Threads 留言: what an enterprise and an office write to each other about one subject, and what officers remark among
//! themselves.
//!
//! A thread belongs to a subject of a room, for instance a case. *Messages* are read by both sides; *remarks* 内部备注 by
//! the office only, and no reading function gives them to the enterprise. Each entry may carry files, which are the
//! thread's: an id alone opens nothing. Who may see the subject is decided by the room before it asks this module.
//!
//! - **Whose answer is waited for** ([`Standing::awaits`]): what the enterprise writes waits for the office, until the
//!   office answers or says that no answer is needed; what the office writes waits for the enterprise only when it asks
//!   for an answer. The table `thread` holds it, so that a room's queue can filter by it: `EXISTS (SELECT 1 FROM thread t
//!   WHERE t.room = 'redemption' AND t.subject = h.id AND t.awaits = 'office')`.
//! - **Read marks**: each reader has one mark; an entry is read when somebody of the other side has come that far.
//! - Nothing here is ever changed or removed.
//!
//! ```no_run
//! use axum::extract::Multipart;
//! use zhida_platform::access::Viewer;
//! use zhida_platform::db::Database;
//! use zhida_platform::messages::{Messages, Recipient};
//! use zhida_platform::thread::{About, NewEntry, Posted, Side, ThreadError, Threads, Told};
//!
//! async fn answer(
//!     db: &Database, threads: &Threads, messages: &Messages, viewer: &Viewer, form: Multipart,
//! ) -> Result<(), ThreadError> {
//!     let posted = &Posted::read(threads.files(), viewer, form).await?;   // files come in outside the transaction
//!     let about = About { room: "redemption", id: "42" };
//!     db.write(|tx| async move {
//!         let new = NewEntry { wants_reply: true, ..NewEntry::message(posted.get("message"), &posted.files) };
//!         threads.write(&tx, about, viewer, Side::Office, &new).await?;
//!         let told = Told { to: Recipient::Enterprise("91330100…"), title: "稳岗返还", number: "兑付-2026-000001-2",
//!             link: "/redemption/cases/42#messages" };
//!         threads.tell(&tx, messages, about, Side::Office, &told).await?;
//!         // the room appends its audit record last
//!         Ok(())
//!     })
//!     .await
//! }
//! ```

mod entry;
mod error;
mod posted;
mod store;
mod tell;

pub use entry::{About, Entry, FileLine, NewEntry, Side, Standing};
pub use error::ThreadError;
pub use posted::{Posted, Wanted, uploads};
pub(crate) use store::SCHEMA;
pub use tell::{EVENTS, Told};

use crate::access::Viewer;
use crate::audit::{self, Entry as Record};
use crate::clock::SharedClock;
use crate::db::{ConnectionTrait, Database, Tx};
use crate::files::{Download, FileError, FileStore, FileUse, Subject, kinds};
use crate::ids;

/// Characters of an entry at most.
pub const WORDS_MAX: usize = 2_000;
/// Files of an entry at most.
pub const FILES_MAX: usize = 5;
/// What may be attached.
pub const ATTACHMENT: FileUse = FileUse {
    name: "留言附件",
    kinds: &[
        kinds::PAGES,
        kinds::IMAGES,
        kinds::OFFICE,
        kinds::TABLES,
        kinds::ARCHIVES,
    ],
    bytes_max: 20 << 20,
};
/// The kind of subject that an entry's files have in the store.
const FILES_OF: &str = "thread";

/// The threads: cheap to clone.
#[derive(Debug, Clone)]
pub struct Threads {
    files: FileStore,
    clock: SharedClock,
}

impl Threads {
    /// Threads whose files lie in this store.
    #[must_use]
    pub fn new(files: FileStore, clock: SharedClock) -> Self {
        Self { files, clock }
    }

    /// The store of files, for [`Posted::read`].
    #[must_use]
    pub fn files(&self) -> &FileStore {
        &self.files
    }

    /// Writes an entry in the caller's transaction; the caller tells the other side ([`Threads::tell`]) and appends the
    /// audit record, last. Its id.
    ///
    /// # Errors
    /// Neither words nor files, too many of them, a remark of an enterprise; a file that was swept or found infected;
    /// the database.
    pub async fn write(
        &self,
        tx: &Tx,
        about: About<'_>,
        viewer: &Viewer,
        side: Side,
        new: &NewEntry<'_>,
    ) -> Result<String, ThreadError> {
        let text = new.checked(side)?;
        let now = self.clock.now();
        let id = ids::next(now).to_string();
        store::insert(tx, about, &id, viewer, side, (new, &text), now).await?;
        let by = reader(viewer);
        for received in new.files {
            let subject = Subject {
                kind: FILES_OF,
                id: &id,
            };
            self.files.attach(tx, received, subject, &by).await?;
        }
        if !new.is_internal {
            let awaits = match side {
                Side::Enterprise => Some(Side::Office),
                Side::Office => new.wants_reply.then_some(Side::Enterprise),
            };
            store::moved(tx, about, awaits, &id, now).await?;
        }
        // whoever writes has read what stands above
        store::mark(tx, about, &by, side, &id, now).await?;
        Ok(id)
    }

    /// Says that the office need not answer, in the caller's transaction; whether it was waited for.
    ///
    /// # Errors
    /// The database.
    pub async fn settle(&self, tx: &Tx, about: About<'_>) -> Result<bool, ThreadError> {
        Ok(store::settle(tx, about).await? > 0)
    }

    /// What a side may read, oldest first, the last 500 entries; with files and marks.
    ///
    /// # Errors
    /// The database.
    pub async fn entries(
        &self,
        conn: &impl ConnectionTrait,
        about: About<'_>,
        side: Side,
    ) -> Result<Vec<Entry>, ThreadError> {
        let mut entries = store::entries(conn, about, side).await?;
        let marks = store::marks(conn, about).await?;
        for entry in &mut entries {
            entry.is_read = marks
                .iter()
                .any(|(of, to)| *of != entry.side && to.as_str() >= entry.id.as_str());
            if entry.file_count > 0 {
                let subject = Subject {
                    kind: FILES_OF,
                    id: &entry.id,
                };
                let files = self.files.of_subject(conn, subject).await?;
                entry.files = files.into_iter().map(FileLine::from).collect();
            }
        }
        Ok(entries)
    }

    /// Whose answer is waited for, and how much this reader has not read.
    ///
    /// # Errors
    /// The database.
    pub async fn standing(
        &self,
        conn: &impl ConnectionTrait,
        about: About<'_>,
        viewer: &Viewer,
        side: Side,
    ) -> Result<Standing, ThreadError> {
        Ok(Standing {
            awaits: store::awaits(conn, about).await?,
            unread: store::unread(conn, about, &reader(viewer), side).await?,
        })
    }

    /// Notes that a reader has read everything, with an audit record; writes nothing when nothing was new.
    ///
    /// # Errors
    /// The database.
    pub async fn read(
        &self,
        db: &Database,
        about: About<'_>,
        viewer: &Viewer,
        side: Side,
    ) -> Result<(), ThreadError> {
        let by = &reader(viewer);
        let unread = store::unread(db.conn(), about, by, side).await?;
        let Some(last) = store::last(db.conn(), about, side)
            .await?
            .filter(|_| unread > 0)
        else {
            return Ok(());
        };
        let now = self.clock.now();
        let last = last.as_str();
        let record = &Record::new(now, viewer, "thread.read", "thread", about.id)
            .detail(serde_json::json!({ "room": about.room, "entries": unread }));
        db.write(|tx| async move {
            store::mark(&tx, about, by, side, last, now).await?;
            audit::append(&tx, record).await?;
            Ok(())
        })
        .await
    }

    /// Opens a file of this thread that the side may read; the caller has found the viewer to see the subject, and
    /// records the look.
    ///
    /// # Errors
    /// The thread has no such file for this side; it is in quarantine, infected or damaged.
    pub async fn file(
        &self,
        db: &Database,
        about: About<'_>,
        (viewer, side): (&Viewer, Side),
        file: &str,
    ) -> Result<Download, ThreadError> {
        let missing = || ThreadError::NoFile;
        let record = match self.files.get(db.conn(), file).await {
            Ok(record) if record.subject_kind == FILES_OF => record,
            Ok(_) | Err(FileError::NotFound { .. }) => return Err(missing()),
            Err(error) => return Err(error.into()),
        };
        match store::is_read_by(db.conn(), about, &record.subject_id, side).await? {
            true => Ok(self.files.open_for(db, file, &reader(viewer)).await?),
            false => Err(missing()),
        }
    }
}

/// The account that reads and writes; the program's own name when nobody has signed in.
fn reader(viewer: &Viewer) -> String {
    let account = viewer.account().map(|account| account.to_string());
    account.unwrap_or_else(|| viewer.actor().to_owned())
}
