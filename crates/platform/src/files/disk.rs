//! The folder: content under its digest, written so that it is whole or not
//! there.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::{FileError, RECEIVED};

/// Folder of files under way.
const UNFINISHED: &str = "tmp";
/// Folder of uploads that come in parts.
const PARTS: &str = "parts";
/// Folder of the rooms' own files.
const ROOMS: &str = "rooms";

#[derive(Debug)]
pub(super) struct Disk {
    root: PathBuf,
}

/// A file on disk and when it was put there, by the store's clock.
#[derive(Debug)]
pub(super) struct OnDisk {
    pub path: PathBuf,
    /// `None` for what is not content: a file under way.
    pub digest: Option<String>,
    pub at: DateTime<Utc>,
}

impl Disk {
    /// The folder, made when it is first needed: a command that touches no files leaves none behind.
    pub(super) fn at(folder: &str) -> Self {
        Self {
            root: PathBuf::from(folder),
        }
    }

    pub(super) fn make(&self) -> Result<(), FileError> {
        make_private(&self.root.join(UNFINISHED)).map_err(|error| FileError::Settings {
            message: format!(
                "目录「{}」（files.folder）建不起来：{error}",
                self.root.display()
            ),
        })
    }

    /// A new file that vanishes unless it is [`Disk::keep`]t.
    pub(super) fn begin(&self) -> Result<NamedTempFile, FileError> {
        self.make()?;
        Ok(tempfile::Builder::new()
            .prefix("upload-")
            .tempfile_in(self.root.join(UNFINISHED))?)
    }

    /// Puts finished content in its place. Content that is there already is
    /// replaced by the same content, which mends it if the disk has spoilt it.
    pub(super) fn keep(
        &self,
        file: NamedTempFile,
        digest: &str,
        now: DateTime<Utc>,
    ) -> io::Result<()> {
        let path = self.path(digest);
        let folder = path.parent().unwrap_or(&self.root);
        make_private(folder)?;
        file.as_file().set_modified(SystemTime::from(now))?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        // the names too must survive a power cut
        sync_folder(folder)?;
        folder.parent().map_or(Ok(()), sync_folder)?;
        sync_folder(&self.root)
    }

    pub(super) fn path(&self, digest: &str) -> PathBuf {
        let (a, b) = (
            digest.get(..2).unwrap_or_default(),
            digest.get(2..4).unwrap_or_default(),
        );
        self.root.join(a).join(b).join(digest)
    }

    pub(super) async fn holds(&self, digest: &str) -> bool {
        tokio::fs::try_exists(self.path(digest))
            .await
            .unwrap_or(false)
    }

    /// Removes content; nothing to do when it is gone.
    pub(super) fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Where a room keeps files of its own.
    pub(super) fn of_room(&self, room: &str) -> PathBuf {
        self.root.join(ROOMS).join(room)
    }

    /// Where uploads that come in parts lie, each in a folder of its own.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.root.join(PARTS)
    }

    /// Their folders.
    pub(super) fn folders_of_unfinished(&self) -> io::Result<Vec<PathBuf>> {
        match folders_in(&self.unfinished()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            found => found,
        }
    }

    /// Everything that is the store's, one folder at a time: files under way, content, what rooms received.
    pub(super) fn walk(&self) -> io::Result<Vec<PathBuf>> {
        if !fs::exists(&self.root)? {
            return Ok(Vec::new());
        }
        let mut folders = Vec::new();
        for first in folders_in(&self.root)? {
            match first.file_name().and_then(|name| name.to_str()) {
                Some(UNFINISHED) => folders.push(first),
                // kept and swept upload by upload
                Some(PARTS) => {}
                Some(ROOMS) => {
                    let received = folders_in(&first)?.into_iter();
                    let received = received.map(|room| room.join(RECEIVED));
                    folders.extend(received.filter(|folder| folder.is_dir()));
                }
                _ => folders.extend(folders_in(&first)?),
            }
        }
        Ok(folders)
    }

    pub(super) fn list(&self, folder: &Path) -> io::Result<Vec<OnDisk>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // it may have been kept or removed meanwhile
            let Ok(facts) = entry.metadata() else {
                continue;
            };
            let digest = entry
                .file_name()
                .into_string()
                .ok()
                .filter(|name| is_digest(name));
            let at = DateTime::<Utc>::from(facts.modified()?);
            if facts.is_file() {
                found.push(OnDisk {
                    path: entry.path(),
                    digest,
                    at,
                });
            }
        }
        Ok(found)
    }
}

/// SHA-256 of everything that is left to read.
pub(super) fn digest_of(mut content: impl Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match content.read(&mut buffer)? {
            0 => return Ok(hex(&hasher.finalize())),
            read => hasher.update(&buffer[..read]),
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}

fn is_digest(name: &str) -> bool {
    name.len() == 64
        && name
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn folders_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}

/// Makes the folder for its owner's eyes only.
pub(super) fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
