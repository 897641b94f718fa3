//! Import batches: what was brought, by whom, and how far it is.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, Tx};

use super::instant;
use super::write::Counters;
use crate::document::Departments;
use crate::model::{Batch, BatchStatus};

/// Batches whose departments are held in memory at most.
const DEPARTMENTS_MAX: i64 = 1_000_000;

/// A batch that begins.
#[derive(Debug, Clone)]
pub(crate) struct NewBatch {
    pub department: String,
    pub file_name: String,
    pub sha256: String,
    pub as_of: NaiveDate,
    /// Everything besides the file that decides what its rows mean.
    pub options: String,
    pub owner: String,
    pub actor: String,
    /// The job that imports, empty when none does.
    pub job: String,
    pub total: i64,
    pub at: DateTime<Utc>,
}

/// How far a batch is after a chunk.
#[derive(Debug, Clone)]
pub(crate) struct Progressed {
    pub position: i64,
    pub accepted: i64,
    pub unchanged: i64,
    pub rejected: i64,
    pub created: i64,
    pub status: BatchStatus,
    pub rejects: String,
    pub at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct StoredBatch {
    no: i64,
    department: String,
    file_name: String,
    sha256: String,
    as_of: String,
    status: String,
    actor: String,
    total: i64,
    position: i64,
    accepted: i64,
    unchanged: i64,
    rejected: i64,
    created: i64,
    rejects: String,
    job: String,
    started_at: String,
    updated_at: String,
}

impl From<StoredBatch> for Batch {
    fn from(row: StoredBatch) -> Self {
        Self {
            no: row.no,
            department: row.department,
            file_name: row.file_name,
            sha256: row.sha256,
            as_of: row.as_of.parse().unwrap_or(NaiveDate::MIN),
            status: BatchStatus::parse(&row.status).unwrap_or(BatchStatus::Running),
            actor: row.actor,
            total: row.total,
            position: row.position,
            accepted: row.accepted,
            unchanged: row.unchanged,
            rejected: row.rejected,
            created: row.created,
            rejects: row.rejects,
            job: row.job.parse().ok(),
            started_at: instant(&row.started_at),
            updated_at: instant(&row.updated_at),
        }
    }
}

const COLUMNS: &str = "no, department, file_name, sha256, as_of, status, actor, total, position, accepted, \
                       unchanged, rejected, created, rejects, job, started_at, updated_at";

/// Begins a batch; its number.
pub(crate) async fn create_batch(
    tx: &Tx,
    counters: &mut Counters,
    new: &NewBatch,
) -> db::Result<i64> {
    let no = counters.next_batch;
    counters.next_batch += 1;
    let at = instant_text(new.at);
    let sql = "INSERT INTO import_batch (no, department, file_name, sha256, as_of, options, status, owner, actor, \
               job, total, position, accepted, unchanged, rejected, created, rejects, started_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, 'running', $7, $8, $9, $10, 0, 0, 0, 0, 0, '', $11, $11)";
    let values = [
        no.into(),
        new.department.as_str().into(),
        new.file_name.as_str().into(),
        new.sha256.as_str().into(),
        new.as_of.to_string().into(),
        new.options.as_str().into(),
        new.owner.as_str().into(),
        new.actor.as_str().into(),
        new.job.as_str().into(),
        new.total.into(),
        at.as_str().into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(no)
}

/// The unfinished batch of the same file with the same meaning.
pub(crate) async fn running_batch(
    conn: &impl ConnectionTrait,
    new: &NewBatch,
) -> db::Result<Option<Batch>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM import_batch WHERE sha256 = $1 AND status = 'running' AND department = $2 \
         AND as_of = $3 AND options = $4 ORDER BY no DESC LIMIT 1"
    );
    let values = [
        &new.sha256,
        &new.department,
        &new.as_of.to_string(),
        &new.options,
    ]
    .map(|text| text.as_str().into());
    let row: Option<StoredBatch> = db::query_one(conn, &sql, values).await?;
    Ok(row.map(Batch::from))
}

/// Makes this process, and its job, the one that goes on with a batch.
pub(crate) async fn take_over(tx: &Tx, no: i64, by: &NewBatch) -> db::Result<()> {
    let sql = "UPDATE import_batch SET owner = $1, job = $2, updated_at = $3 \
               WHERE no = $4 AND status = 'running'";
    let values = [
        by.owner.as_str().into(),
        by.job.as_str().into(),
        instant_text(by.at).into(),
        no.into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// The batch that a job has begun or taken over, the latest.
pub(crate) async fn batch_of_job(
    conn: &impl ConnectionTrait,
    job: Uuid,
) -> db::Result<Option<Batch>> {
    let sql = format!("SELECT {COLUMNS} FROM import_batch WHERE job = $1 ORDER BY no DESC LIMIT 1");
    let row: Option<StoredBatch> = db::query_one(conn, &sql, [job.to_string().into()]).await?;
    Ok(row.map(Batch::from))
}

/// Whether a batch has gone on since.
pub(crate) async fn batch_goes_on(
    conn: &impl ConnectionTrait,
    since: DateTime<Utc>,
) -> db::Result<bool> {
    let sql = "SELECT COUNT(*) FROM import_batch WHERE status = 'running' AND updated_at > $1";
    let count = db::query_count(conn, sql, [instant_text(since).into()]).await?;
    Ok(count > 0)
}

/// Records how far the batch is; `false` when another process has taken it over.
pub(crate) async fn advance(tx: &Tx, no: i64, owner: &str, to: &Progressed) -> db::Result<bool> {
    let sql = "UPDATE import_batch SET position = $1, accepted = $2, unchanged = $3, rejected = $4, created = $5, \
               status = $6, rejects = $7, updated_at = $8 WHERE no = $9 AND owner = $10";
    let values = [
        to.position.into(),
        to.accepted.into(),
        to.unchanged.into(),
        to.rejected.into(),
        to.created.into(),
        to.status.slug().into(),
        to.rejects.as_str().into(),
        instant_text(to.at).into(),
        no.into(),
        owner.into(),
    ];
    Ok(db::execute(tx, sql, values).await? == 1)
}

/// One batch.
pub(crate) async fn batch(conn: &impl ConnectionTrait, no: i64) -> db::Result<Option<Batch>> {
    let sql = format!("SELECT {COLUMNS} FROM import_batch WHERE no = $1");
    let row: Option<StoredBatch> = db::query_one(conn, &sql, [no.into()]).await?;
    Ok(row.map(Batch::from))
}

/// Batches, newest first, below a number.
pub(crate) async fn batches(
    conn: &impl ConnectionTrait,
    below: Option<i64>,
    limit: i64,
) -> db::Result<Vec<Batch>> {
    let sql = format!("SELECT {COLUMNS} FROM import_batch WHERE no < $1 ORDER BY no DESC LIMIT $2");
    let values = [below.unwrap_or(i64::MAX).into(), limit.into()];
    let rows: Vec<StoredBatch> = db::query_all(conn, &sql, values).await?;
    Ok(rows.into_iter().map(Batch::from).collect())
}

#[derive(FromQueryResult)]
struct Source {
    no: i64,
    department: String,
}

/// The departments of the batches above a number.
pub(crate) async fn departments(
    conn: &impl ConnectionTrait,
    above: i64,
) -> db::Result<Departments> {
    let sql = "SELECT no, department FROM import_batch WHERE no > $1 ORDER BY no LIMIT $2";
    let rows: Vec<Source> =
        db::query_all(conn, sql, [above.into(), DEPARTMENTS_MAX.into()]).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.no, Arc::from(row.department)))
        .collect())
}
