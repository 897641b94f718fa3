use std::fs::File;
use std::io;

use chrono::{DateTime, Utc};

use super::disk::{self, Disk, OnDisk};
use super::store::{self, Digest};
use super::{FileError, FileStore, State};
use crate::db::Database;
use crate::progress::Progress;

/// Contents looked at in one query.
const BATCH: i64 = 200;

/// What a run of [`FileStore::sweep`] has removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Contents that nothing refers to.
    pub contents: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Uploads that never ended, or were never attached.
    pub leftovers: u64,
}

/// What a run of [`FileStore::verify`] has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Contents that should be there and were read.
    pub checked: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Digests of contents that are gone or are other bytes; marked as such.
    pub damaged: Vec<String>,
}

impl FileStore {
    /// Removes what nothing has referred to for `unreferenced_keep_hours`:
    /// contents, uploads that were never attached, uploads that broke off.
    /// Safe beside uploads and other servers' sweeps.
    ///
    /// # Errors
    /// When the database or the disk fails; what was removed stays removed.
    pub async fn sweep(&self, db: &Database) -> Result<SweepReport, FileError> {
        let before = self.inner.clock.now() - self.kept();
        let mut report = SweepReport::default();
        loop {
            let found = store::unreferenced(db.conn(), before, BATCH).await?;
            let mut removed = 0;
            for content in &found {
                if self.sweep_content(db, content, before).await? {
                    removed += 1;
                    report.bytes += u64::try_from(content.bytes).unwrap_or(0);
                }
            }
            report.contents += removed;
            // all of the rest came back into use meanwhile
            if removed == 0 {
                break;
            }
        }
        for folder in self.on_disk(Disk::walk).await? {
            for found in self.on_disk(move |disk| disk.list(&folder)).await? {
                report.leftovers += u64::from(self.sweep_leftover(db, &found, before).await?);
            }
        }
        report.leftovers += self.sweep_unfinished(before).await?;
        Ok(report)
    }

    async fn on_disk<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Disk) -> io::Result<T> + Send + 'static,
    ) -> Result<T, FileError> {
        let store = self.clone();
        let looked = tokio::task::spawn_blocking(move || look(&store.inner.disk));
        // a blocking thread ends early only when it panics
        Ok(looked.await.map_err(io::Error::other)??)
    }

    async fn sweep_content(
        &self,
        db: &Database,
        content: &Digest,
        before: DateTime<Utc>,
    ) -> Result<bool, FileError> {
        db.write(|tx| async move {
            // the row's lock keeps `attach` waiting until the bytes are gone, and
            // it then sees that they are
            let gone = store::forget(&tx, &content.digest, before).await?;
            if gone {
                self.inner
                    .disk
                    .remove(&self.inner.disk.path(&content.digest))?;
            }
            Ok(gone)
        })
        .await
    }

    async fn sweep_leftover(
        &self,
        db: &Database,
        found: &OnDisk,
        before: DateTime<Utc>,
    ) -> Result<bool, FileError> {
        if found.at >= before {
            return Ok(false);
        }
        let Some(digest) = found.digest.as_deref() else {
            self.inner.disk.remove(&found.path)?;
            return Ok(true);
        };
        match store::state_of(db.conn(), digest).await? {
            // handed in again after it was removed, and refused
            Some(State::Infected) => {
                self.inner.disk.remove(&found.path)?;
                Ok(true)
            }
            Some(_) => Ok(false),
            None => self.sweep_orphan(db, digest, found).await,
        }
    }

    async fn sweep_orphan(
        &self,
        db: &Database,
        digest: &str,
        found: &OnDisk,
    ) -> Result<bool, FileError> {
        db.write(|tx| async move {
            if !store::hold_orphan(&tx, digest).await? {
                return Ok(false);
            }
            self.inner.disk.remove(&found.path)?;
            store::forget(&tx, digest, self.inner.clock.now()).await?;
            Ok(true)
        })
        .await
    }

    /// Reads every content back and compares it with its digest; what is gone
    /// or spoilt is marked, so that readers are told instead of misled. For a
    /// nightly job; reads all bytes, or as many as it came to when it is cancelled.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn verify(
        &self,
        db: &Database,
        progress: &impl Progress,
    ) -> Result<VerifyReport, FileError> {
        let total = crate::db::query_count(db.conn(), "SELECT COUNT(*) FROM file_content", []);
        let total = u64::try_from(total.await?).ok();
        let mut report = VerifyReport::default();
        let (mut after, mut done) = (String::new(), 0);
        loop {
            let contents = store::contents_after(db.conn(), &after, BATCH).await?;
            let Some(last) = contents.last() else {
                return Ok(report);
            };
            after.clone_from(&last.digest);
            for content in &contents {
                if progress.is_cancelled() {
                    return Ok(report);
                }
                self.verify_content(db, content, &mut report).await?;
                done += 1;
                progress.report(done, total, "核对文件内容");
            }
        }
    }

    async fn verify_content(
        &self,
        db: &Database,
        content: &Digest,
        report: &mut VerifyReport,
    ) -> Result<(), FileError> {
        if content.state == State::Infected.slug() {
            return Ok(());
        }
        let path = self.inner.disk.path(&content.digest);
        let read = move || File::open(path).and_then(disk::digest_of);
        let found = tokio::task::spawn_blocking(read)
            .await
            .map_err(io::Error::other)?;
        let known = content.state == State::Damaged.slug();
        if !known {
            report.checked += 1;
            report.bytes += u64::try_from(content.bytes).unwrap_or(0);
        }
        let why = match found {
            Ok(found) if found == content.digest && known => return self.heal(db, content).await,
            Ok(found) if found == content.digest => return Ok(()),
            // told once
            _ if known => return Ok(()),
            Ok(_) => "核对时读出的内容与摘要不一致".to_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                format!("核对时读不出来：{error}")
            }
            // the disk's fault, not the content's: the whole look is tried again
            Err(error) => return Err(error.into()),
        };
        // what is being swept loses its bytes before its row; marking waits for the row
        if self.mark_damaged(db, &content.digest, &why).await? {
            report.damaged.push(content.digest.clone());
        }
        Ok(())
    }

    /// Bytes that are back, from a backup or a folder that was away, are looked at as new ones are.
    async fn heal(&self, db: &Database, content: &Digest) -> Result<(), FileError> {
        let state = match self.scans() {
            true => State::Pending,
            false => State::Unscanned,
        };
        let (digest, now) = (content.digest.as_str(), self.inner.clock.now());
        let from = &[State::Damaged];
        db.write(|tx| async move { store::set_state(&tx, digest, from, state, "", now).await })
            .await?;
        Ok(())
    }
}
