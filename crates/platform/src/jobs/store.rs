//! Rows of jobs: enqueueing, cancelling, finding and sweeping. What a run does to its row is in `lease`.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult};
use serde_json::Value;
use uuid::Uuid;

use super::model::{Job, NewJob, State, Unique};
use crate::clock::{instant_text, parse_instant};
use crate::db::{self, ConnectionTrait, Database, Error, Result, Tx};
use crate::ids;

/// Columns of [`Row`].
pub(super) const COLUMNS: &str =
    "id, kind, payload, state, run_at, asked_by, attempts, attempts_max,
    lease_until, cancel_by, done, total, note, result, created_at, started_at, finished_at";
/// Finished jobs removed in one transaction.
const SWEEP: i64 = 1_000;

/// A job as the table holds it.
#[derive(Debug, FromQueryResult)]
pub(super) struct Row {
    id: String,
    kind: String,
    payload: String,
    state: String,
    run_at: String,
    asked_by: String,
    attempts: i64,
    attempts_max: i64,
    lease_until: Option<String>,
    cancel_by: Option<String>,
    done: i64,
    total: Option<i64>,
    note: String,
    result: String,
    created_at: String,
    started_at: Option<String>,
    finished_at: Option<String>,
}

impl Row {
    pub(super) fn into_job(self) -> Result<Job> {
        let optional = |text: Option<String>| text.map(|text| instant(&text)).transpose();
        Ok(Job {
            id: uuid(&self.id)?,
            payload: json(&self.payload)?,
            state: State::parse(&self.state).ok_or_else(|| foreign("state", &self.state))?,
            run_at: instant(&self.run_at)?,
            lease_until: optional(self.lease_until)?,
            created_at: instant(&self.created_at)?,
            started_at: optional(self.started_at)?,
            finished_at: optional(self.finished_at)?,
            kind: self.kind,
            asked_by: self.asked_by,
            attempts: self.attempts,
            attempts_max: self.attempts_max,
            cancel_by: self.cancel_by,
            done: self.done,
            total: self.total,
            note: self.note,
            result: self.result,
        })
    }
}

/// A value that this program did not write.
pub(super) fn foreign(column: &str, value: &str) -> Error {
    Error::Statement(DbErr::Type(format!("job.{column}: {value}")))
}

pub(super) fn instant(text: &str) -> Result<DateTime<Utc>> {
    parse_instant(text).ok_or_else(|| foreign("instant", text))
}

pub(super) fn uuid(text: &str) -> Result<Uuid> {
    Uuid::parse_str(text).map_err(|_| foreign("id", text))
}

pub(super) fn json(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|_| foreign("payload", text))
}

/// A unique key as stored: one of another kind is another key.
fn live_key(job: &NewJob) -> (Option<String>, bool) {
    match &job.unique {
        None => (None, false),
        Some(Unique::Waiting(key)) => (Some(format!("{} {key}", job.kind)), false),
        Some(Unique::Live(key)) => (Some(format!("{} {key}", job.kind)), true),
    }
}

/// Adds the job; the one that has its key already, if there is one.
pub(super) async fn insert(
    tx: &Tx,
    job: &NewJob,
    attempts_max: i64,
    now: DateTime<Utc>,
) -> Result<(Uuid, bool)> {
    let (key, key_while_running) = live_key(job);
    let id = ids::next(now);
    let sql =
        "INSERT INTO job (id, kind, payload, state, priority, run_at, live_key, key_while_running,
            asked_by, attempts, attempts_max, owner, done, note, result, created_at, updated_at)
        VALUES ($1, $2, $3, 'queued', $4, $5, $6, $7, $8, 0, $9, '', 0, '', '', $10, $10)
        ON CONFLICT (live_key) DO NOTHING";
    loop {
        let values = [
            id.to_string().into(),
            job.kind.into(),
            job.payload.to_string().into(),
            job.priority.number().into(),
            instant_text(job.run_at.unwrap_or(now)).into(),
            key.clone().into(),
            key_while_running.into(),
            job.asked_by.as_str().into(),
            attempts_max.into(),
            instant_text(now).into(),
        ];
        if db::execute(tx, sql, values).await? > 0 {
            return Ok((id, true));
        }
        if let Some(there) = with_key(tx, key.as_deref().unwrap_or_default()).await? {
            return Ok((there, false));
        }
        // it has just given its key up: the next try finds the way free, or another
    }
}

#[derive(FromQueryResult)]
pub(super) struct Id {
    pub(super) id: String,
}

async fn with_key(tx: &Tx, key: &str) -> Result<Option<Uuid>> {
    let sql = "SELECT id FROM job WHERE live_key = $1";
    let row: Option<Id> = db::query_one(tx, sql, [key.into()]).await?;
    row.map(|row| uuid(&row.id)).transpose()
}

/// Cancels a job that waits; false when none of this id waits.
pub(super) async fn cancel_waiting(
    tx: &Tx,
    id: Uuid,
    by: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let sql =
        "UPDATE job SET state = 'cancelled', cancel_by = $2, result = '已取消', live_key = NULL,
            finished_at = $3, updated_at = $3
        WHERE id = $1 AND state = 'queued'";
    let values = [id.to_string().into(), by.into(), instant_text(now).into()];
    Ok(db::execute(tx, sql, values).await? > 0)
}

/// Asks a running job to stop; false when none of this id runs.
pub(super) async fn cancel_running(
    tx: &Tx,
    id: Uuid,
    by: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let sql = "UPDATE job SET cancel_by = $2, updated_at = $3 WHERE id = $1 AND state = 'running'";
    let values = [id.to_string().into(), by.into(), instant_text(now).into()];
    Ok(db::execute(tx, sql, values).await? > 0)
}

/// Notes that somebody wants what waits or runs already.
pub(super) async fn ask(tx: &Tx, id: Uuid, by: &str) -> Result<u64> {
    let sql = "UPDATE job SET asked_by = $2 WHERE id = $1 AND state IN ('queued', 'running')";
    db::execute(tx, sql, [id.to_string().into(), by.into()]).await
}

/// Lets a job that failed or was cancelled wait again, from its first attempt; false when there is none.
pub(super) async fn again(tx: &Tx, id: Uuid, by: &str, now: DateTime<Utc>) -> Result<bool> {
    let sql = "UPDATE job SET state = 'queued', run_at = $3, updated_at = $3, asked_by = $2, attempts = 0,
            cancel_by = NULL, finished_at = NULL, result = ''
        WHERE id = $1 AND state IN ('failed', 'cancelled')";
    let values = [id.to_string().into(), by.into(), instant_text(now).into()];
    Ok(db::execute(tx, sql, values).await? > 0)
}

pub(super) async fn find(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<Job>> {
    let sql = format!("SELECT {COLUMNS} FROM job WHERE id = $1");
    let row: Option<Row> = db::query_one(conn, &sql, [id.to_string().into()]).await?;
    row.map(Row::into_job).transpose()
}

/// Removes jobs that ended before `before`; how many.
pub(super) async fn sweep(db: &Database, before: DateTime<Utc>) -> Result<u64> {
    let before = &instant_text(before);
    let sql = "DELETE FROM job WHERE id IN
        (SELECT id FROM job WHERE finished_at < $1 ORDER BY finished_at LIMIT $2)";
    let mut removed = 0;
    loop {
        let step = db
            .write(|tx| async move { db::execute(&tx, sql, [before.into(), SWEEP.into()]).await })
            .await?;
        removed += step;
        if i64::try_from(step).unwrap_or(SWEEP) < SWEEP {
            return Ok(removed);
        }
    }
}
