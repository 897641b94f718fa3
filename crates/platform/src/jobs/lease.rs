//! What a run does to its job's row: taking it, keeping it, ending it.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::model::{BY_PROGRAM, Job, State};
use super::schedule::BY_TIME;
use super::store::{COLUMNS, Id, Row, uuid};
use crate::clock::instant_text;
use crate::db::{self, Database, Result, Tx};

/// The jobs of these kinds to be run now, the first first.
pub(super) async fn due(
    db: &Database,
    kinds: &[&str],
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<Uuid>> {
    if kinds.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT id FROM job WHERE state = 'queued' AND run_at <= $1 AND kind IN ({})
         ORDER BY priority DESC, run_at, id LIMIT $2",
        db::placeholders(3, kinds.len())
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut values = vec![instant_text(now).into(), limit.into()];
    values.extend(kinds.iter().map(|kind| db::Value::from(*kind)));
    let rows: Vec<Id> = db::query_all(db.conn(), &sql, values).await?;
    rows.iter().map(|row| uuid(&row.id)).collect()
}

/// Takes the job for `owner` until `lease`; `None` when somebody else was faster.
pub(super) async fn claim(
    db: &Database,
    id: Uuid,
    owner: Uuid,
    now: DateTime<Utc>,
    lease: DateTime<Utc>,
) -> Result<Option<Job>> {
    let sql = format!(
        "UPDATE job SET state = 'running', owner = $2, started_at = $3, updated_at = $3, lease_until = $4,
            attempts = attempts + 1, done = 0, total = NULL, note = '',
            live_key = CASE WHEN key_while_running THEN live_key END
         WHERE id = $1 AND state = 'queued' RETURNING {COLUMNS}"
    );
    let sql = &sql;
    let row: Option<Row> = db
        .write(|tx| async move {
            let values = [
                id.to_string().into(),
                owner.to_string().into(),
                instant_text(now).into(),
                instant_text(lease).into(),
            ];
            db::query_one(&tx, sql, values).await
        })
        .await?;
    row.map(Row::into_job).transpose()
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Progressed {
    pub(super) done: i64,
    pub(super) total: Option<i64>,
    pub(super) note: String,
}

/// What a run's row says of it.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub(super) struct Held {
    pub(super) cancel_by: Option<String>,
}

/// Whether the run still holds its job, without writing.
pub(super) async fn held(db: &Database, id: Uuid, owner: Uuid) -> Result<Option<Held>> {
    let sql = "SELECT cancel_by FROM job WHERE id = $1 AND owner = $2 AND state = 'running'";
    let values = [id.to_string().into(), owner.to_string().into()];
    db::query_one(db.conn(), sql, values).await
}

/// Renews the lease and tells the progress; `None` when the run has lost its job.
pub(super) async fn beat(
    db: &Database,
    id: Uuid,
    owner: Uuid,
    now: DateTime<Utc>,
    lease: DateTime<Utc>,
    progressed: &Progressed,
) -> Result<Option<Held>> {
    let sql = "UPDATE job SET lease_until = $3, updated_at = $4, done = $5, total = $6, note = $7
        WHERE id = $1 AND owner = $2 AND state = 'running' RETURNING cancel_by";
    db.write(|tx| async move {
        let values = [
            id.to_string().into(),
            owner.to_string().into(),
            instant_text(lease).into(),
            instant_text(now).into(),
            progressed.done.into(),
            progressed.total.into(),
            progressed.note.as_str().into(),
        ];
        db::query_one(&tx, sql, values).await
    })
    .await
}

/// Keeps others from taking the job over until the transaction ends; false when the run has lost it.
pub(super) async fn hold(tx: &Tx, id: Uuid, owner: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let sql = "UPDATE job SET updated_at = $3 WHERE id = $1 AND owner = $2 AND state = 'running'";
    let values = [
        id.to_string().into(),
        owner.to_string().into(),
        instant_text(now).into(),
    ];
    Ok(db::execute(tx, sql, values).await? > 0)
}

/// How a run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    pub(super) state: State,
    /// When it runs again, for [`State::Queued`].
    pub(super) run_at: Option<DateTime<Utc>>,
    /// The server stopped it: the attempt does not count.
    pub(super) uncounted: bool,
    /// There was nothing to do: the job's row goes, unless somebody asked for it and looks for the answer.
    pub(super) forget: bool,
    pub(super) result: String,
}

const OVER: &str = "state = $3, result = $4, live_key = NULL, finished_at = $10";
/// Somebody may have cancelled it since the handler looked.
const AGAIN: &str = "run_at = $10,
    state = CASE WHEN cancel_by IS NULL THEN $3 ELSE 'cancelled' END,
    result = CASE WHEN cancel_by IS NULL THEN $4 ELSE '已取消' END,
    live_key = CASE WHEN cancel_by IS NULL THEN live_key END,
    finished_at = CASE WHEN cancel_by IS NULL THEN NULL ELSE CAST($10 AS TEXT) END";

/// Writes how a run ended; false when it has lost its job.
pub(super) async fn settle(
    db: &Database,
    id: Uuid,
    owner: Uuid,
    now: DateTime<Utc>,
    end: &End,
    progressed: &Progressed,
) -> Result<bool> {
    if end.forget && forget(db, id, owner).await? {
        return Ok(true);
    }
    let over = end.state != State::Queued;
    let sql = format!(
        "UPDATE job SET updated_at = $5, done = $6, total = $7, note = $8, attempts = attempts - $9,
            owner = '', lease_until = NULL, {}
         WHERE id = $1 AND owner = $2 AND state = 'running'",
        if over { OVER } else { AGAIN }
    );
    let sql = &sql;
    let changed = db
        .write(|tx| async move {
            let values = [
                id.to_string().into(),
                owner.to_string().into(),
                end.state.slug().into(),
                end.result.as_str().into(),
                instant_text(now).into(),
                progressed.done.into(),
                progressed.total.into(),
                progressed.note.as_str().into(),
                i64::from(end.uncounted).into(),
                instant_text(end.run_at.unwrap_or(now)).into(),
            ];
            db::execute(&tx, sql, values).await
        })
        .await?;
    Ok(changed > 0)
}

/// Removes a job that nobody asked for; false when somebody did, if only while it ran.
async fn forget(db: &Database, id: Uuid, owner: Uuid) -> Result<bool> {
    let sql = "DELETE FROM job
        WHERE id = $1 AND owner = $2 AND state = 'running' AND asked_by IN ($3, $4)";
    let removed = db
        .write(|tx| async move {
            let values = [
                id.to_string().into(),
                owner.to_string().into(),
                BY_TIME.into(),
                BY_PROGRAM.into(),
            ];
            db::execute(&tx, sql, values).await
        })
        .await?;
    Ok(removed > 0)
}

/// Gives jobs whose lease is over back; how many.
pub(super) async fn recover(db: &Database, now: DateTime<Utc>) -> Result<u64> {
    let now = &instant_text(now);
    let lost = "SELECT COUNT(*) FROM job WHERE state = 'running' AND lease_until <= $1";
    if db::query_count(db.conn(), lost, [now.into()]).await? == 0 {
        return Ok(0);
    }
    // conditions read the row as it was before
    let sql = "UPDATE job SET owner = '', lease_until = NULL, run_at = $1, updated_at = $1,
            state = CASE WHEN cancel_by IS NOT NULL THEN 'cancelled'
                WHEN attempts >= attempts_max THEN 'failed' ELSE 'queued' END,
            result = CASE WHEN cancel_by IS NOT NULL THEN '已取消'
                ELSE '运行它的服务器中断了' END,
            live_key = CASE WHEN cancel_by IS NULL AND attempts < attempts_max THEN live_key END,
            finished_at = CASE WHEN cancel_by IS NULL AND attempts < attempts_max THEN NULL
                ELSE CAST($1 AS TEXT) END
        WHERE state = 'running' AND lease_until <= $1";
    db.write(|tx| async move { db::execute(&tx, sql, [now.into()]).await })
        .await
}
