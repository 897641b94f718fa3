use chrono::TimeDelta;

use super::store::{self, Claimed};
use super::{Clamd, FileError, FileStore, State, Verdict};
use crate::db::Database;

/// How much longer than clamd's own time a server keeps others from a file.
const LEASE_EXTRA: TimeDelta = TimeDelta::seconds(60);
/// The first pause after clamd could not be asked; doubles up to an hour.
const PAUSE: TimeDelta = TimeDelta::seconds(30);
const PAUSE_MAX: TimeDelta = TimeDelta::hours(1);
/// Tries to find out whether another server took what we wanted, or nothing is due.
const MISSES_MAX: u32 = 3;

/// What a run of [`FileStore::scan_pending`] has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScanReport {
    /// Found without virus.
    pub clean: u64,
    /// Found infected; their bytes are removed.
    pub infected: u64,
    /// Not taken by the scanner, or not on the disk.
    pub refused: u64,
    /// To be tried again later.
    pub postponed: u64,
}

impl FileStore {
    /// Scans what waits for it, `files_max` files at most; nothing without a
    /// scanner. Safe to run on several servers at once. When clamd cannot be
    /// asked the file waits, longer each time, and the run ends: the others
    /// would fare no better.
    ///
    /// # Errors
    /// When the database or the disk fails; what was scanned is kept.
    pub async fn scan_pending(
        &self,
        db: &Database,
        files_max: u64,
    ) -> Result<ScanReport, FileError> {
        let mut report = ScanReport::default();
        let Some(clamd) = &self.inner.clamd else {
            return Ok(report);
        };
        let mut misses = 0;
        for _ in 0..files_max {
            let Some(claimed) = self.claim(db).await? else {
                // another server may have taken the one we saw
                misses += 1;
                if misses == MISSES_MAX {
                    break;
                }
                continue;
            };
            misses = 0;
            let reached = self.scan_one(db, clamd, &claimed, &mut report).await?;
            if !reached {
                break;
            }
        }
        Ok(report)
    }

    async fn claim(&self, db: &Database) -> Result<Option<Claimed>, FileError> {
        let now = self.inner.clock.now();
        let seconds = i64::try_from(self.inner.config.clamd_timeout_seconds).unwrap_or(3_600);
        let until = now + TimeDelta::seconds(seconds) + LEASE_EXTRA;
        let claimed = db.write(|tx| async move { store::claim_scan(&tx, now, until).await });
        Ok(claimed.await?)
    }

    /// Whether clamd could be asked.
    async fn scan_one(
        &self,
        db: &Database,
        clamd: &Clamd,
        claimed: &Claimed,
        report: &mut ScanReport,
    ) -> Result<bool, FileError> {
        let digest = claimed.digest.as_str();
        let path = self.inner.disk.path(digest);
        let content = match tokio::fs::File::open(&path).await {
            Ok(content) => content,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                report.refused += 1;
                self.mark_damaged(db, digest, "存储目录里没有这份内容")
                    .await?;
                return Ok(true);
            }
            Err(error) => return Err(error.into()),
        };
        match clamd.scan(content).await {
            Ok(Verdict::Clean) => {
                report.clean += 1;
                self.set(db, digest, store::UNSCANNED, State::Clean, "")
                    .await?;
            }
            Ok(Verdict::Infected(virus)) => {
                report.infected += 1;
                tracing::warn!(digest, virus, "文件含病毒，已移除内容");
                // also what an officer has just let out
                self.set(db, digest, State::ALL, State::Infected, &virus)
                    .await?;
                self.inner.disk.remove(&path)?;
            }
            Ok(Verdict::TooLarge) => {
                report.refused += 1;
                let why = "超过查毒程序的大小上限（clamd 的 StreamMaxLength）";
                self.set(db, digest, store::UNSCANNED, State::Unscannable, why)
                    .await?;
            }
            Err(error) => {
                report.postponed += 1;
                tracing::warn!(digest, %error, clamd = %clamd, "查毒没有完成，稍后再试");
                let at = self.inner.clock.now() + pause(claimed.scan_attempts);
                let why = &error.to_string();
                db.write(|tx| async move { store::scan_later(&tx, digest, why, at).await })
                    .await?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn set(
        &self,
        db: &Database,
        digest: &str,
        from: &[State],
        state: State,
        reason: &str,
    ) -> Result<(), FileError> {
        let now = self.inner.clock.now();
        db.write(|tx| async move { store::set_state(&tx, digest, from, state, reason, now).await })
            .await?;
        Ok(())
    }
}

fn pause(attempts: i64) -> TimeDelta {
    let doublings = u32::try_from(attempts.saturating_sub(1))
        .unwrap_or(u32::MAX)
        .min(16);
    (PAUSE * 2_i32.pow(doublings)).min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        let seconds: Vec<i64> = (1..=9)
            .map(|attempts| pause(attempts).num_seconds())
            .collect();
        assert_eq!(seconds, [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
        assert_eq!(pause(i64::MAX), PAUSE_MAX);
    }
}
