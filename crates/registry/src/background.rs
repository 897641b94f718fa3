//! What the room does in the background: the imports that people asked for, and what imports leave behind.

use std::sync::Arc;
use std::time::SystemTime;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Actor, Entry};
use zhida_platform::config::Config;
use zhida_platform::db::Tx;
use zhida_platform::format::count;
use zhida_platform::jobs::{
    Cadence, Enqueued, Job, JobContext, JobError, JobQuery, Jobs, Kind, NewJob, Outcome, Schedule,
    State, Unique,
};
use zhida_platform::problem::Problem;

use crate::forms::ImportFields;
use crate::import::{ImportLimits, ImportOptions, Importer, REJECTS_PREFIX};
use crate::model::{Batch, BatchStatus};
use crate::room::App;
use crate::uploads::{self, KeptFile};
use crate::{Registry, RegistryError, rights, store};

/// Imports an uploaded file.
pub(crate) const IMPORT: &str = "registry.import";
/// Judges all tags anew: some depend on the day.
const TAGS: &str = "registry.tags";
/// Puts the indexes of lists back that an interrupted import has left dropped.
const INDEXES: &str = "registry.indexes";
/// Removes rejects files that nobody fetches any more.
const REJECTS: &str = "registry.rejects";

/// A batch that has not gone on for so long is not being imported: a chunk takes seconds.
const QUIET: TimeDelta = TimeDelta::minutes(10);
/// Days that a rejects file is kept: its rows are as they came, with what is personal in them.
const REJECTS_DAYS: i64 = 90;

/// Registers what the room does in the background.
pub fn background(registry: &Arc<Registry>, jobs: &Jobs, config: &Config) {
    let limits = ImportLimits::from(&config.limits);
    let room = Arc::clone(registry);
    let import = move |context: JobContext, asked: Asked| {
        let registry = Arc::clone(&room);
        async move { import(&registry, limits, &context, asked).await }
    };
    jobs.register(Kind::new(IMPORT, "导入市场主体", import));

    let room = Arc::clone(registry);
    let recompute = move |context: JobContext, _: Value| {
        let registry = Arc::clone(&room);
        async move { recompute_tags(&registry, &context).await }
    };
    let title = "重新计算标签";
    jobs.register(Kind::new(TAGS, title, recompute));
    jobs.schedule(Schedule::new(TAGS, title, TAGS, Cadence::daily(1, 30)));

    let (room, queue) = (Arc::clone(registry), jobs.clone());
    let restore = move |_: JobContext, _: Value| {
        let (registry, jobs) = (Arc::clone(&room), queue.clone());
        async move { restore_indexes(&registry, &jobs).await }
    };
    let title = "补建名录索引";
    jobs.register(Kind::new(INDEXES, title, restore));
    jobs.schedule(Schedule::new(INDEXES, title, INDEXES, Cadence::every(5)));

    let room = Arc::clone(registry);
    let sweep = move |_: JobContext, _: Value| {
        let registry = Arc::clone(&room);
        async move { sweep_rejects(&registry).await }
    };
    let title = "清理过期的退回明细";
    jobs.register(Kind::new(REJECTS, title, sweep));
    jobs.schedule(Schedule::new(
        REJECTS,
        title,
        REJECTS,
        Cadence::daily(3, 20),
    ));
}

/// What the job of an import is given; the day is fixed when it is asked, so that going on later means the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Asked {
    upload: String,
    file_name: String,
    department: String,
    as_of: NaiveDate,
    year: Option<i32>,
    sheet: Option<String>,
    mapping: Vec<(String, String)>,
    actor: String,
    account: Option<Uuid>,
    organisation: Option<String>,
    on_behalf_of: Option<String>,
}

impl Asked {
    fn new(file: &KeptFile, options: ImportOptions, today: NaiveDate) -> Self {
        Self {
            upload: file.token.clone(),
            file_name: file.name.clone(),
            department: options.department,
            as_of: options.as_of.unwrap_or(today),
            year: options.year,
            sheet: options.sheet,
            mapping: options.mapping,
            actor: options.actor.name,
            account: options.actor.account,
            organisation: options.actor.organisation,
            on_behalf_of: options.actor.on_behalf_of,
        }
    }

    fn options(self, job: Uuid, limits: ImportLimits) -> ImportOptions {
        ImportOptions {
            department: self.department,
            as_of: Some(self.as_of),
            year: self.year,
            mapping: self.mapping,
            sheet: self.sheet,
            file_name: Some(self.file_name),
            // from where it was asked stands in the record of the asking
            actor: Actor {
                account: self.account,
                name: self.actor,
                organisation: self.organisation,
                on_behalf_of: self.on_behalf_of,
                origin: None,
            },
            job: Some(job),
            limits,
            ..ImportOptions::default()
        }
    }
}

/// An import that was asked for.
#[derive(Debug)]
pub(crate) struct Import {
    pub job: Job,
    /// What it has begun, once the file is read.
    pub batch: Option<Batch>,
}

impl App {
    /// Checks an uploaded file as a whole and queues its import; the job. Asked twice for the same upload it is one.
    ///
    /// # Errors
    /// What is wrong with the file or the fields: then nothing is queued; the database.
    pub(crate) async fn ask_import(
        &self,
        viewer: &Viewer,
        file: &KeptFile,
        fields: ImportFields<'_>,
    ) -> Result<Uuid, RegistryError> {
        viewer.need(rights::IMPORT)?;
        let options = fields.options(&file.name, viewer, self.limits)?;
        self.importer().check(&file.path, &options).await?;
        let clock = self.registry.clock();
        file.touch(clock)?;
        let asked = Asked::new(file, options, clock.today());
        let detail = json!({
            "file": asked.file_name,
            "department": asked.department,
            "as_of": asked.as_of,
        });
        let job = &NewJob::new(IMPORT, json!(asked))
            .unique(Unique::Live(file.token.clone()))
            .asked_by(viewer.name());
        let detail = &detail;
        self.registry
            .db()
            .write(|tx: Tx| async move {
                let asked = self.jobs.enqueue(&tx, job).await.map_err(Problem::from)?;
                if let Enqueued::New(id) = asked {
                    let action = "registry.import_ask";
                    let entry = Entry::new(clock.now(), viewer, action, "job", id.to_string());
                    audit::append(&tx, &entry.detail(detail.clone())).await?;
                }
                Ok(asked.id())
            })
            .await
    }

    /// How far an import is.
    ///
    /// # Errors
    /// No right; there is no such import; the database.
    pub(crate) async fn import(&self, viewer: &Viewer, id: Uuid) -> Result<Import, RegistryError> {
        viewer.need(rights::IMPORT)?;
        let found = self.jobs.find(id).await.map_err(Problem::from)?;
        let job = found
            .filter(|job| job.kind == IMPORT)
            .ok_or(RegistryError::NoImport(id))?;
        let batch = store::batch_of_job(self.registry.db().conn(), id).await?;
        Ok(Import { job, batch })
    }
}

async fn import(
    registry: &Arc<Registry>,
    limits: ImportLimits,
    context: &JobContext,
    asked: Asked,
) -> Result<Outcome, JobError> {
    let file = uploads::kept(registry, &asked.upload, &asked.file_name);
    let known = store::batch_of_job(registry.db().conn(), context.id()).await?;
    if let Some(batch) = known.filter(|batch| batch.status == BatchStatus::Done) {
        // the server ended between the last rows and this job's end
        if let Ok(file) = file {
            file.forget();
        }
        return Ok(Outcome::done(words(
            batch.no,
            batch.accepted.unsigned_abs(),
            batch.rejected.unsigned_abs(),
        )));
    }
    let file = file.map_err(|error| JobError::Failed(error.to_string()))?;
    if let Err(error) = file.touch(registry.clock()) {
        tracing::warn!(%error, "上传的文件改不了时间");
    }
    let options = asked.options(context.id(), limits);
    let importer = Importer::new(Arc::clone(registry));
    let report = importer.run(&file.path, &options, context).await?;
    file.forget();
    Ok(Outcome::done(words(
        report.batch.unwrap_or_default(),
        report.accepted,
        report.rejected,
    )))
}

fn words(batch: i64, accepted: u64, rejected: u64) -> String {
    format!(
        "批次 {batch}：导入 {} 行，退回 {} 行",
        count(accepted),
        count(rejected)
    )
}

async fn recompute_tags(registry: &Registry, context: &JobContext) -> Result<Outcome, JobError> {
    match registry.recompute_tags(context.asked_by(), context).await {
        Ok(0) => Ok(Outcome::nothing()),
        Ok(enterprises) => {
            context.check()?;
            let enterprises = count(enterprises);
            Ok(Outcome::done(format!(
                "计算 {enterprises} 家市场主体的标签"
            )))
        }
        Err(RegistryError::Database(error)) => Err(error.into()),
        Err(error) => Err(JobError::Failed(error.to_string())),
    }
}

/// The indexes of lists again, unless an import is under way, which puts them back itself.
async fn restore_indexes(registry: &Registry, jobs: &Jobs) -> Result<Outcome, JobError> {
    let db = registry.db();
    if !store::lacks_list_indexes(db.conn()).await? {
        return Ok(Outcome::nothing());
    }
    for state in [State::Queued, State::Running] {
        let query = JobQuery {
            state: Some(state),
            kind: Some(IMPORT.to_owned()),
        };
        if jobs.count(&query).await? > 0 {
            return Ok(Outcome::nothing());
        }
    }
    let since = registry.clock().now() - QUIET;
    let restored = db.write(|tx: Tx| async move { restore_quiet(&tx, since).await });
    Ok(match restored.await? {
        true => Outcome::done("首次导入中断时停用的名录索引已经补建"),
        false => Outcome::nothing(),
    })
}

/// Under the lock that imports write under, so that none begins meanwhile.
async fn restore_quiet(tx: &Tx, since: DateTime<Utc>) -> Result<bool, JobError> {
    store::lock(tx).await?;
    if store::batch_goes_on(tx, since).await? {
        return Ok(false);
    }
    tx.expect_much().await?;
    store::restore_list_indexes(tx).await?;
    Ok(true)
}

async fn sweep_rejects(registry: &Registry) -> Result<Outcome, JobError> {
    let before = registry.clock().now() - TimeDelta::days(REJECTS_DAYS);
    let swept = sweep_folder(registry, before.into());
    match swept.map_err(|error| JobError::Retry(format!("退回明细所在的目录读不了：{error}")))?
    {
        0 => Ok(Outcome::nothing()),
        files => Ok(Outcome::done(format!(
            "清理 {REJECTS_DAYS} 天前的退回明细 {} 份",
            count(files)
        ))),
    }
}

fn sweep_folder(registry: &Registry, before: SystemTime) -> std::io::Result<u64> {
    let mut removed = 0;
    for entry in std::fs::read_dir(registry.folder()?)? {
        let entry = entry?;
        let name = entry.file_name();
        let old = entry.metadata()?.modified()? < before;
        if old && name.to_string_lossy().starts_with(REJECTS_PREFIX) {
            std::fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}
