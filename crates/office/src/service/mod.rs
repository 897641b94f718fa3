//! Use cases; pages and API call the same ones.

mod audit;
mod files;
mod jobs;
mod stuck;

use zhida_platform::clock::SharedClock;
use zhida_platform::db::Database;
use zhida_platform::files::FileStore;
use zhida_platform::jobs::Jobs;

pub use audit::Chain;
pub(crate) use jobs::counted;

/// 后台. Made once at start, after the migrations, and shared.
#[derive(Debug)]
pub struct Office {
    pub(crate) db: Database,
    pub(crate) clock: SharedClock,
    pub(crate) jobs: Jobs,
    pub(crate) files: FileStore,
}

impl Office {
    /// The room over a migrated database.
    #[must_use]
    pub fn new(db: Database, clock: SharedClock, jobs: Jobs, files: FileStore) -> Self {
        Self {
            db,
            clock,
            jobs,
            files,
        }
    }

    /// The store of files that it looks after.
    #[must_use]
    pub fn files(&self) -> &FileStore {
        &self.files
    }
}
