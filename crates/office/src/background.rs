//! What is done in the background for the platform's own things: the audit is verified, files are scanned, read back
//! and swept.

use std::future::Future;
use std::time::Duration;

use chrono::Datelike;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zhida_platform::audit::{self, Actor, Checkpoint, Entry};
use zhida_platform::clock::{SharedClock, to_shanghai};
use zhida_platform::db::Database;
use zhida_platform::files::{FileError, FileStore, ScanReport, SweepReport, VerifyReport};
use zhida_platform::format::count;
use zhida_platform::ids;
use zhida_platform::jobs::{BY_TIME, Cadence, JobContext, JobError, Jobs, Kind, Outcome, Schedule};

use crate::error::Error;
use crate::filters::midnight;
use crate::model::Verification;
use crate::service::Office;
use crate::store;

/// Verifies the chain of the audit.
pub(crate) const VERIFY_AUDIT: &str = "audit.verify";
/// Scans what waits for it.
pub(crate) const SCAN: &str = "files.scan";
/// Removes what nothing refers to.
pub(crate) const SWEEP: &str = "files.sweep";
/// Reads every content back.
pub(crate) const VERIFY_FILES: &str = "files.verify";

/// Files that one run scans at most; the next run goes on.
const SCANS_MAX: u64 = 1_000;
/// A scan that takes longer has lost its scanner.
const SCAN_LIMIT: Duration = Duration::from_secs(3_600);

/// How much of the chain is verified.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// All of it, and not only what came after the last checkpoint.
    #[serde(default)]
    pub whole: bool,
}

/// Registers what the room does in the background.
pub fn background(office: &Office, jobs: &Jobs) {
    let Office {
        db, clock, files, ..
    } = office;
    let verify = Verifier {
        db: db.clone(),
        clock: clock.clone(),
    };
    jobs.register(verify.kind());
    let night = |name, title, minute| {
        jobs.schedule(Schedule::new(name, title, name, Cadence::daily(3, minute)));
    };
    night(VERIFY_AUDIT, "核验审计链", 0);
    let scan = of_files(SCAN, "查毒", office, |db, files, _| async move {
        let report = files.scan_pending(&db, SCANS_MAX).await?;
        Ok(match report == ScanReport::default() {
            true => Outcome::nothing(),
            false => Outcome::done(scanned(report)),
        })
    });
    // the next minute tries again
    jobs.register(scan.time_limit(SCAN_LIMIT).attempts(1));
    if files.scans() {
        jobs.schedule(Schedule::new(SCAN, "查毒", SCAN, Cadence::every(1)));
    }
    let sweep = of_files(SWEEP, "清理无主文件", office, |db, files, _| async move {
        Ok(Outcome::done(swept(files.sweep(&db).await?)))
    });
    jobs.register(sweep);
    night(SWEEP, "清理无主文件", 10);
    let verify = of_files(
        VERIFY_FILES,
        "核对文件内容",
        office,
        |db, files, context| async move {
            let report = files.verify(&db, &context).await?;
            context.check()?;
            Ok(Outcome::done(read_back(&report)))
        },
    );
    jobs.register(verify);
    night(VERIFY_FILES, "核对文件内容", 30);
}

fn of_files<F, Fut>(name: &'static str, title: &'static str, office: &Office, work: F) -> Kind
where
    F: Fn(Database, FileStore, JobContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Outcome, Failed>> + Send + 'static,
{
    let (db, files) = (office.db.clone(), office.files.clone());
    Kind::new(name, title, move |context, _: Value| {
        let work = work(db.clone(), files.clone(), context);
        async move { work.await.map_err(|Failed(error)| error) }
    })
}

/// Either error of work on files.
struct Failed(JobError);

impl From<FileError> for Failed {
    fn from(error: FileError) -> Self {
        Self(Error::Files(error).into())
    }
}

impl From<JobError> for Failed {
    fn from(error: JobError) -> Self {
        Self(error)
    }
}

fn scanned(report: ScanReport) -> String {
    let mut words = vec![format!("未发现病毒 {} 份", count(report.clean))];
    for (what, number) in [
        ("含病毒", report.infected),
        ("无法查毒", report.refused),
        ("查毒程序没有答复、稍后再试", report.postponed),
    ] {
        if number > 0 {
            words.push(format!("{what} {} 份", count(number)));
        }
    }
    words.join("，")
}

fn swept(report: SweepReport) -> String {
    format!(
        "清理无人使用的内容 {} 份（{} 字节）、没有传完或没有提交的 {} 份",
        count(report.contents),
        count(report.bytes),
        count(report.leftovers)
    )
}

fn read_back(report: &VerifyReport) -> String {
    let read = format!(
        "读回 {} 份（{} 字节）",
        count(report.checked),
        count(report.bytes)
    );
    match report.damaged.len() {
        0 => format!("{read}，与摘要全部一致"),
        damaged => format!("{read}，{} 份已损坏，请从备份恢复", count(damaged as u64)),
    }
}

/// Verifies the chain and keeps what was found, with a checkpoint for the next time.
#[derive(Clone)]
struct Verifier {
    db: Database,
    clock: SharedClock,
}

impl Verifier {
    fn kind(self) -> Kind {
        Kind::new(
            VERIFY_AUDIT,
            "核验审计链",
            move |context, asked: Option<Asked>| {
                let verifier = self.clone();
                async move {
                    let asked = asked.unwrap_or_default();
                    tokio::select! {
                        done = verifier.verify(&context, asked) => done,
                        // it only reads, so it can be left anywhere
                        () = context.cancelled() => Err(JobError::Cancelled),
                    }
                }
            },
        )
    }

    async fn verify(&self, context: &JobContext, asked: Asked) -> Result<Outcome, JobError> {
        let found = self.look(context.asked_by(), asked).await?;
        let kept = &found;
        self.db
            .write(|tx| async move {
                context.hold(&tx).await?;
                store::insert(&tx, kept).await?;
                let entry = entry(kept);
                audit::append(&tx, &entry).await.map_err(Error::from)?;
                Ok::<(), JobError>(())
            })
            .await?;
        // a collector of logs keeps it where nobody with the database can reach it
        tracing::info!(no = found.checkpoint_no, hash = %found.checkpoint_hash, "审计检查点");
        if !found.is_sound() {
            tracing::error!(
                findings = found.findings,
                "审计链核验发现问题：{}",
                found.words
            );
        }
        Ok(Outcome::done(summary(&found)))
    }

    async fn look(&self, by: &str, asked: Asked) -> Result<Verification, Error> {
        let started = self.clock.now();
        // taken first: the verification then covers it
        let checkpoint = Checkpoint::take(&self.db, started).await?;
        let last = store::last_sound(&self.db).await?;
        // every night what is new, and once a month all of it: on the first, or whenever the server is up again
        let today = to_shanghai(started).date_naive();
        let month = midnight(today.with_day(1).unwrap_or(today));
        let whole = asked.whole || last.is_none() || !store::whole_since(&self.db, month).await?;
        let report = match last.filter(|_| !whole) {
            Some(last) => audit::verify_since(&self.db, &last.checkpoint()).await?,
            None => {
                let known = store::all_sound(&self.db).await?;
                let mut known: Vec<_> = known.iter().map(Verification::checkpoint).collect();
                known.push(checkpoint.clone());
                audit::verify(&self.db, &known).await?
            }
        };
        let at = self.clock.now();
        Ok(Verification {
            id: ids::next(at),
            at,
            asked_by: by.to_owned(),
            whole,
            checked: i64::try_from(report.checked).unwrap_or(i64::MAX),
            findings: i64::try_from(report.findings_count).unwrap_or(i64::MAX),
            words: report.to_string(),
            checkpoint_no: checkpoint.no,
            checkpoint_hash: checkpoint.hash,
            checkpoint_at: checkpoint.at,
        })
    }
}

fn summary(found: &Verification) -> String {
    let checked = count(found.checked.unsigned_abs());
    match found.findings {
        0 => format!("核验 {checked} 条，完整"),
        findings => format!(
            "核验 {checked} 条，发现 {} 处问题，详见审计页",
            count(findings.unsigned_abs())
        ),
    }
}

fn entry(found: &Verification) -> Entry {
    let actor = match found.asked_by.as_str() {
        BY_TIME => Actor::system(),
        name => Actor::named(name),
    };
    let id = found.id.to_string();
    Entry::new(found.at, actor, "audit.verify", "audit_verification", id).detail(json!({
        "whole": found.whole,
        "checked": found.checked,
        "findings": found.findings,
        "checkpoint": { "no": found.checkpoint_no, "hash": found.checkpoint_hash },
    }))
}
