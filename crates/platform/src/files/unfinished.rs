//! Files that arrive in parts, for networks that break off.
//!
//! An unfinished upload is a folder of its own with a description and its parts, each a file named by its place. A part
//! is written to its end before it gets its name, which fails when the name is taken: of two parts for one place one
//! counts, whichever servers took them, and what was acknowledged is there after a crash. So no table is needed, and
//! nothing is locked while a slow network sends.
//!
//! Whose it is stands in the folder's name, so another account does not find it. A finished one goes through
//! [`FileStore::receive`] like a file that came at once.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use axum::body::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::disk::{Disk, make_private, sync_folder};
use super::{FileError, FileStore, FileUse, Received, Upload, clean_name};
use crate::access::Viewer;
use crate::ids;

/// Bytes of a part at most; the route's body has this limit.
pub(super) const PART_BYTES_MAX: usize = 4 << 20;
/// Bytes of a part at least, but for the last: so a file is not thousands of parts.
pub(super) const PART_BYTES_MIN: usize = 64 << 10;
/// Unfinished uploads of an account; with one more, the one that lay still longest gives way.
pub const UNFINISHED_MAX: usize = 20;
/// Characters that say for which input it is.
const PLACE_CHARS_MAX: usize = 300;
/// Name of the description in the folder; parts have digits for names.
const ABOUT: &str = "about";

/// A file that is to come in parts, as its sender describes it. The same description again finds the same upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// When it was last changed, by its sender's clock; any number that tells two versions apart.
    #[serde(default)]
    pub modified: i64,
    /// The page and the input that it is for; kept apart, so that one file can go to two inputs at once.
    #[serde(default)]
    pub place: String,
}

/// An upload under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Names it to its owner.
    pub id: Uuid,
    /// The file's name, cleaned.
    pub name: String,
    /// The file's length.
    pub bytes: u64,
    /// How much of it has come, and where the next part goes.
    pub offset: u64,
}

impl Unfinished {
    /// Whether all of it has come.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.offset == self.bytes
    }
}

/// An upload as it lies on disk.
struct Lying {
    folder: PathBuf,
    id: Uuid,
    about: Announced,
    parts: Vec<PathBuf>,
    offset: u64,
    /// When the last part came.
    touched: DateTime<Utc>,
}

impl From<&Lying> for Unfinished {
    fn from(lying: &Lying) -> Self {
        Self {
            id: lying.id,
            name: lying.about.name.clone(),
            bytes: lying.about.bytes,
            offset: lying.offset,
        }
    }
}

impl Lying {
    /// `None` for what is no upload, or is being made or removed.
    fn read(folder: PathBuf) -> io::Result<Option<Self>> {
        match Self::look(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            found => found,
        }
    }

    fn look(folder: PathBuf) -> io::Result<Option<Self>> {
        let name = folder.file_name().and_then(|name| name.to_str());
        let id = name.and_then(|name| name.split_once('.')?.1.parse().ok());
        let Some(id) = id else {
            return Ok(None);
        };
        let Ok(about) = serde_json::from_slice(&fs::read(folder.join(ABOUT))?) else {
            return Ok(None);
        };
        let mut touched = fs::metadata(folder.join(ABOUT))?.modified()?;
        let mut found = Vec::new();
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let place = name.to_str().and_then(|name| name.parse::<u64>().ok());
            if let Some(place) = place {
                let facts = entry.metadata()?;
                touched = touched.max(facts.modified()?);
                found.push((place, facts.len(), entry.path()));
            }
        }
        found.sort();
        let (mut offset, mut parts) = (0_u64, Vec::new());
        for (place, bytes, path) in found {
            if place != offset {
                break;
            }
            offset += bytes;
            parts.push(path);
        }
        Ok(Some(Self {
            folder,
            id,
            about,
            parts,
            offset,
            touched: touched.into(),
        }))
    }

    fn append(
        &self,
        disk: &Disk,
        offset: u64,
        part: &Bytes,
        now: DateTime<Utc>,
    ) -> Result<u64, FileError> {
        let elsewhere = |holds| FileError::Elsewhere { holds };
        if offset != self.offset {
            return Err(elsewhere(self.offset));
        }
        let end = offset.saturating_add(part.len() as u64);
        if end > self.about.bytes {
            let fault = "比开始时说的长";
            return Err(FileError::Part { fault });
        }
        if part.is_empty() {
            return Ok(offset);
        }
        if part.len() < PART_BYTES_MIN && end < self.about.bytes {
            let fault = "太短";
            return Err(FileError::Part { fault });
        }
        let name = self.folder.join(format!("{offset:020}"));
        match put(disk, &name, part, now) {
            Ok(()) => Ok(end),
            // another part for this place was faster
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let now = Self::read(self.folder.clone())?.ok_or(FileError::NoUpload)?;
                Err(elsewhere(now.offset))
            }
            // it has just given way
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(FileError::NoUpload),
            Err(error) => Err(error.into()),
        }
    }
}

impl FileStore {
    /// Begins an upload, or finds the one that was begun with the same description.
    ///
    /// # Errors
    /// An empty file, one that is too large, somebody without an account, the disk.
    pub async fn announce(
        &self,
        viewer: &Viewer,
        announced: Announced,
    ) -> Result<Unfinished, FileError> {
        let account = owner(viewer)?;
        let announced = Announced {
            name: clean_name(&announced.name),
            place: announced.place.chars().take(PLACE_CHARS_MAX).collect(),
            ..announced
        };
        let (name, bytes_max) = (announced.name.clone(), self.inner.config.file_bytes_max);
        match announced.bytes {
            0 => return Err(FileError::Empty { name }),
            bytes if bytes > bytes_max => return Err(FileError::TooLarge { name, bytes_max }),
            _ => {}
        }
        let (now, since) = (self.inner.clock.now(), self.uploads_since());
        self.look(move |disk| {
            let mut own = all(disk, account)?;
            let known = own.iter().find(|one| one.about == announced);
            if let Some(known) = known.filter(|one| one.touched >= since) {
                return Ok(known.into());
            }
            let id = ids::next(now);
            let folder = disk.unfinished().join(format!("{account}.{id}"));
            make_private(&folder)?;
            let about = serde_json::to_vec(&announced).map_err(io::Error::other)?;
            put(disk, &folder.join(ABOUT), &about, now)?;
            sync_folder(&disk.unfinished())?;
            own.sort_by_key(|one| std::cmp::Reverse(one.touched));
            for old in own.iter().skip(UNFINISHED_MAX - 1) {
                remove(&old.folder)?;
            }
            Ok(Unfinished {
                id,
                name: announced.name,
                bytes: announced.bytes,
                offset: 0,
            })
        })
        .await
    }

    /// An own upload and how far it came.
    ///
    /// # Errors
    /// When the viewer has none of this id, or it lay too long.
    pub async fn unfinished(&self, viewer: &Viewer, id: &str) -> Result<Unfinished, FileError> {
        Ok(Unfinished::from(&self.lying(viewer, id).await?))
    }

    /// Takes the next part; how far the file has come with it.
    ///
    /// # Errors
    /// A part for another place, which says where the file goes on; one that is too short or too long; no such upload.
    pub async fn append(
        &self,
        viewer: &Viewer,
        id: &str,
        offset: u64,
        part: Bytes,
    ) -> Result<u64, FileError> {
        let (lying, now) = (self.lying(viewer, id).await?, self.inner.clock.now());
        self.look(move |disk| lying.append(disk, offset, &part, now))
            .await
    }

    /// Takes a file that has come in parts, as [`FileStore::receive`] takes one that comes at once. The parts stay
    /// until [`FileStore::forget`].
    ///
    /// # Errors
    /// Those of [`FileStore::receive`]; when parts are missing; when there is no such upload.
    pub async fn receive_parts(
        &self,
        viewer: &Viewer,
        id: &str,
        purpose: &'static FileUse,
    ) -> Result<Received, FileError> {
        let lying = self.lying(viewer, id).await?;
        if !Unfinished::from(&lying).is_whole() {
            let name = lying.about.name;
            return Err(FileError::Unfinished { name });
        }
        let upload = Upload {
            name: &lying.about.name,
            bytes: Some(lying.about.bytes),
            purpose,
        };
        let parts = stream::iter(lying.parts).then(|path| async {
            let part = tokio::fs::read(path).await;
            part.map(Bytes::from)
        });
        self.receive(upload, Box::pin(parts)).await
    }

    /// Removes an own upload; nothing to do when there is none.
    ///
    /// # Errors
    /// The disk.
    pub async fn forget(&self, viewer: &Viewer, id: Uuid) -> Result<(), FileError> {
        let account = owner(viewer)?;
        self.look(move |disk| {
            let folder = disk.unfinished().join(format!("{account}.{id}"));
            Ok(remove(&folder)?)
        })
        .await
    }

    /// Removes uploads that lie still since `before`; how many.
    pub(super) async fn sweep_unfinished(&self, before: DateTime<Utc>) -> Result<u64, FileError> {
        self.look(move |disk| {
            let mut swept = 0;
            for folder in disk.folders_of_unfinished()? {
                let touched = match (Lying::read(folder.clone())?, fs::metadata(&folder)) {
                    (Some(lying), _) => lying.touched,
                    (None, Ok(facts)) => facts.modified()?.into(),
                    // gone meanwhile
                    (None, Err(_)) => continue,
                };
                if touched < before {
                    remove(&folder)?;
                    swept += 1;
                }
            }
            Ok(swept)
        })
        .await
    }

    async fn lying(&self, viewer: &Viewer, id: &str) -> Result<Lying, FileError> {
        let account = owner(viewer)?;
        let id: Uuid = id.parse().map_err(|_| FileError::NoUpload)?;
        let since = self.uploads_since();
        self.look(move |disk| {
            let folder = disk.unfinished().join(format!("{account}.{id}"));
            let found = Lying::read(folder)?;
            let found = found.filter(|lying| lying.touched >= since);
            found.ok_or(FileError::NoUpload)
        })
        .await
    }

    /// What lies still since then is as good as swept.
    fn uploads_since(&self) -> DateTime<Utc> {
        self.inner.clock.now() - self.kept()
    }

    /// For how long what nobody refers to is kept.
    pub(super) fn kept(&self) -> TimeDelta {
        let hours = i64::try_from(self.inner.config.unreferenced_keep_hours).unwrap_or(24);
        TimeDelta::hours(hours)
    }

    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Disk) -> Result<T, FileError> + Send + 'static,
    ) -> Result<T, FileError> {
        let store = self.clone();
        let looked = tokio::task::spawn_blocking(move || look(&store.inner.disk));
        // a blocking thread ends early only when it panics
        looked.await.map_err(io::Error::other)?
    }
}

fn owner(viewer: &Viewer) -> Result<Uuid, FileError> {
    viewer.account().ok_or(FileError::NoUpload)
}

/// Uploads of an account, in no order.
fn all(disk: &Disk, account: Uuid) -> io::Result<Vec<Lying>> {
    let beginning = format!("{account}.");
    let mut found = Vec::new();
    for folder in disk.folders_of_unfinished()? {
        let name = folder.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name.starts_with(&beginning)) {
            found.extend(Lying::read(folder)?);
        }
    }
    Ok(found)
}

/// Writes a file to its end before it gets its name; fails when the name is taken.
fn put(disk: &Disk, name: &Path, content: &[u8], now: DateTime<Utc>) -> io::Result<()> {
    let mut file = disk.begin().map_err(io::Error::other)?;
    file.write_all(content)?;
    file.as_file().set_modified(SystemTime::from(now))?;
    file.as_file().sync_all()?;
    file.persist_noclobber(name).map_err(|error| error.error)?;
    name.parent().map_or(Ok(()), sync_folder)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
