//! A table kept in a folder, so that a restart need not collect the facts again.
//!
//! | file | what it holds |
//! |---|---|
//! | `enterprises.parquet` | a row for each enterprise, a column for each attribute and year |
//! | `rules.bin` | bytes of the caller, such as compiled rules |
//! | `manifest.json` | format version, length and SHA-256 of the others, the caller's mark |
//!
//! The columns are those of [`crate::sql`], by name and type, so that a predicate written there
//! runs over the file in any engine that reads Parquet. Next to them stand `id`, `county` and
//! `chunk`, which tell how rows are cut. A number that is no decimal of at most six places is NULL
//! there and stands as a fraction in the text column `<name>__exact`; so does, as JSON, a set with
//! a line feed within a member.
//!
//! A snapshot outlives changes of the dictionary: a new attribute is unknown for all, one that was
//! removed is left out, and one whose kind changed makes the snapshot unusable, which is said.
//! [`Loaded::same_dictionary`] tells whether there was any such change.
//!
//! Files are written into a folder beside the old one, which is exchanged for it when all of it
//! has reached the disk. Whenever the machine stops, [`load`] finds the old snapshot or the new one,
//! whole. One process may save at a time. A folder that holds anything but a snapshot's files is
//! never replaced or removed: the name was then given by mistake.
//!
//! File access stands here, in a crate that is otherwise pure, because the file is the table's own
//! layout: what would be handed to another crate is the private form of its chunks. No rule and no
//! verdict depends on it.

mod columns;
mod error;
mod exact;
mod layout;
mod manifest;
mod read;
mod write;

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use sha2::{Digest, Sha256};
use zhida_rules::Dictionary;

use crate::table::Table;
pub use error::SnapshotError;
use manifest::{Manifest, fingerprint, hexadecimal};

/// Raised whenever the form of a file or what it means changes.
const VERSION: u32 = 1;
/// Chunks in a row group, at most.
const CHUNKS: usize = 32;
/// Bytes that a manifest may have.
const MANIFEST_BYTES: u64 = 16 << 20;

const ENTERPRISES: &str = "enterprises.parquet";
const RULES: &str = "rules.bin";
const MANIFEST: &str = "manifest.json";
const FILES: [&str; 3] = [ENTERPRISES, RULES, MANIFEST];

/// What a snapshot held.
pub struct Loaded {
    /// The enterprises.
    pub table: Table,
    /// What the caller said at [`save`] of the state that it holds.
    pub mark: String,
    /// The caller's bytes.
    pub rules: Vec<u8>,
    /// Were the attributes the present ones? If not, facts of new ones are missing here.
    pub same_dictionary: bool,
}

/// Saves a table, in place of the snapshot that stands there, if any.
///
/// # Errors
/// When the folder cannot be written or holds other things, or the id of an attribute is the name of
/// another column.
pub fn save(table: &Table, mark: &str, rules: &[u8], folder: &Path) -> Result<(), SnapshotError> {
    let fresh = beside(folder, ".new");
    for place in [folder, &beside(folder, ".old")] {
        check_own(place)?;
    }
    remove(&fresh)?;
    fs::create_dir_all(&fresh)?;
    let to = Summed::create(&fresh.join(ENTERPRISES))?;
    let enterprises = write::write(table, to)?.finish()?;
    let mut to = Summed::create(&fresh.join(RULES))?;
    to.write_all(rules)?;
    let manifest = Manifest {
        version: VERSION,
        mark: mark.to_owned(),
        rows: table.len() as u64,
        dictionary: fingerprint(&table.dictionary),
        enterprises,
        rules: to.finish()?,
        manifest: String::new(),
    };
    let manifest = manifest.summed()?;
    let text = serde_json::to_vec_pretty(&manifest).map_err(io::Error::from)?;
    let mut to = Summed::create(&fresh.join(MANIFEST))?;
    to.write_all(&text)?;
    to.finish()?;
    sync(&fresh)?;
    exchange(&fresh, folder)?;
    Ok(())
}

/// Reads a snapshot.
///
/// # Errors
/// When there is none, when it cannot be used, or when the folder cannot be read.
pub fn load(dictionary: &Arc<Dictionary>, folder: &Path) -> Result<Loaded, SnapshotError> {
    // The machine may have stopped between the two steps of an exchange.
    let old = beside(folder, ".old");
    let folder = match !folder.exists() && old.exists() {
        true => &old,
        false => folder,
    };
    let manifest = match File::open(folder.join(MANIFEST)) {
        Ok(file) => {
            let mut text = Vec::new();
            file.take(MANIFEST_BYTES).read_to_end(&mut text)?;
            Manifest::from_json(&text)?
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(SnapshotError::Missing);
        }
        Err(error) => return Err(error.into()),
    };
    let rules = checked(folder, RULES, &manifest.rules)?;
    let enterprises = checked(folder, ENTERPRISES, &manifest.enterprises)?;
    let table = read::read(dictionary, enterprises.into())?;
    if table.len() as u64 != manifest.rows {
        return Err(SnapshotError::damaged("企业数不符"));
    }
    Ok(Loaded {
        table,
        mark: manifest.mark,
        rules,
        same_dictionary: manifest.dictionary == fingerprint(dictionary),
    })
}

/// Reads the bytes of an `enterprises.parquet` whatever their sum; for fuzzing.
///
/// # Errors
/// When they are none.
#[doc(hidden)]
pub fn parse(dictionary: &Arc<Dictionary>, file: Vec<u8>) -> Result<Table, SnapshotError> {
    read::read(dictionary, file.into())
}

/// A file that is as the manifest says.
fn checked(folder: &Path, name: &str, file: &manifest::File) -> Result<Vec<u8>, SnapshotError> {
    let damaged = || SnapshotError::damaged(format!("文件 {name} 与清单不符"));
    let path = folder.join(name);
    let found = match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(damaged()),
        found => found?,
    };
    if !found.is_file() || found.len() != file.bytes {
        return Err(damaged());
    }
    let bytes = fs::read(&path)?;
    match manifest::File::of(&bytes) == *file {
        true => Ok(bytes),
        false => Err(damaged()),
    }
}

/// A file that is summed while it is written.
struct Summed {
    file: File,
    sum: Sha256,
    bytes: u64,
}

impl Summed {
    fn create(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: File::create(path)?,
            sum: Sha256::new(),
            bytes: 0,
        })
    }

    fn finish(self) -> io::Result<manifest::File> {
        self.file.sync_all()?;
        Ok(manifest::File {
            bytes: self.bytes,
            sha256: hexadecimal(self.sum.finalize()),
        })
    }
}

impl Write for Summed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sum.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A folder of the same name with an ending.
fn beside(folder: &Path, ending: &str) -> PathBuf {
    // Without the slash that the path may end with.
    let mut name: OsString = folder.components().as_path().into();
    name.push(ending);
    name.into()
}

/// Removes a folder of ours, if there is one.
fn remove(folder: &Path) -> Result<(), SnapshotError> {
    check_own(folder)?;
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => Ok(done?),
    }
}

/// Refuses a folder with anything in it that is no file of a snapshot, whole or begun.
fn check_own(folder: &Path) -> Result<(), SnapshotError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    for entry in entries {
        let entry = entry?;
        let ours = FILES.iter().any(|file| entry.file_name() == *file);
        if !ours || !entry.file_type()?.is_file() {
            return Err(SnapshotError::Foreign(entry.path()));
        }
    }
    Ok(())
}

/// Puts the fresh folder where the old one stands. A folder cannot be renamed over another, so the
/// old one steps aside first; until the fresh one stands there, [`load`] looks for it.
fn exchange(fresh: &Path, folder: &Path) -> Result<(), SnapshotError> {
    let old = beside(folder, ".old");
    if folder.exists() {
        remove(&old)?;
        fs::rename(folder, &old)?;
    }
    fs::rename(fresh, folder)?;
    if let Some(parent) = folder
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        sync(parent)?;
    }
    remove(&old)
}

/// Waits until the names in a folder are on the disk, where folders can be opened as files.
fn sync(folder: &Path) -> io::Result<()> {
    match cfg!(unix) {
        true => File::open(folder)?.sync_all(),
        false => Ok(()),
    }
}
