//! The engine's table on disk, so that a restart need not read the whole registry.
//!
//! A snapshot says for which version of the registry it holds, and has a name that is noted in the
//! database before it is saved. A database with this note was in that state once, so all that is
//! missing is what it wrote since. One that was made anew or restored from an older backup has no
//! such note, whatever its version has grown to.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zhida_matcher::Table;
use zhida_matcher::snapshot::{self, SnapshotError};
use zhida_rules::Dictionary;

use super::{Snapshot, roll::Member};

/// The state that a snapshot holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// Version of the program: another one may read the registry's documents otherwise.
    pub program: String,
    /// Version of the registry.
    pub registry: i64,
    /// Its name, which the database has noted.
    pub snapshot: Uuid,
}

impl Mark {
    pub fn new(registry: i64, snapshot: Uuid) -> Self {
        Self {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            registry,
            snapshot,
        }
    }
}

/// What a snapshot held.
pub(super) struct Kept {
    pub mark: Mark,
    pub table: Table,
    pub members: Vec<Member>,
}

/// Why there is nothing to start from.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error("匹配快照无法读写：{0}")]
    Io(#[from] io::Error),
    #[error("匹配快照由另一版本的程序保存，将从企业档案重新建立")]
    Program,
    #[error("属性字典在保存匹配快照之后改变了，将从企业档案重新建立")]
    Dictionary,
    #[error("匹配快照不是从这个数据库的现有数据保存的，将从企业档案重新建立")]
    Database,
    #[error("匹配快照中的企业名册已损坏，将从企业档案重新建立")]
    Members,
}

/// A folder with a snapshot. It is private: facts stand in it that only officers may see.
#[derive(Debug, Clone)]
pub(super) struct Shelf(PathBuf);

impl Shelf {
    /// The shelf in a folder that may hold other things too, and be less private.
    pub fn in_folder(folder: &Path) -> Self {
        Self(folder.join("matching"))
    }

    fn snapshot(&self) -> PathBuf {
        self.0.join("snapshot")
    }

    /// Processes take turns by locking a file.
    fn turn(&self) -> io::Result<File> {
        private(&self.0)?;
        let path = self.0.join("lock");
        File::options().create(true).append(true).open(path)
    }

    /// The snapshot; `None` when there is none.
    pub fn read(&self, dictionary: &Arc<Dictionary>) -> Result<Option<Kept>, Unusable> {
        if !self.0.exists() {
            return Ok(None);
        }
        let turn = self.turn()?;
        turn.lock_shared()?;
        let loaded = match snapshot::load(dictionary, &self.snapshot()) {
            Err(SnapshotError::Missing) => return Ok(None),
            loaded => loaded?,
        };
        // Attributes may hold facts that the snapshot knows nothing of.
        if !loaded.same_dictionary {
            return Err(Unusable::Dictionary);
        }
        let mark: Mark = serde_json::from_str(&loaded.mark).map_err(|_| Unusable::Program)?;
        if mark != Mark::new(mark.registry, mark.snapshot) {
            return Err(Unusable::Program);
        }
        let (entries, rest) = loaded.rules.as_chunks();
        let members: Option<Vec<Member>> = entries.iter().map(Member::read).collect();
        let members = members.filter(|all| all.len() == loaded.table.len() && rest.is_empty());
        Ok(Some(Kept {
            mark,
            table: loaded.table,
            members: members.ok_or(Unusable::Members)?,
        }))
    }

    /// Saves a snapshot; `false` when another process is just doing so.
    pub fn write(&self, state: &Snapshot, mark: &Mark) -> Result<bool, Unusable> {
        let turn = self.turn()?;
        match turn.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error.into()),
            Ok(()) => {}
        }
        let members = state.roll.members(&state.groups);
        let members: Vec<u8> = members.flat_map(|member| member.bytes()).collect();
        let mark = serde_json::to_string(mark).map_err(io::Error::from)?;
        snapshot::save(state.view.table(), &mark, &members, &self.snapshot())?;
        Ok(true)
    }
}

/// Makes a folder that only its owner may read, where the system knows such a thing.
fn private(folder: &Path) -> io::Result<()> {
    if folder.exists() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
