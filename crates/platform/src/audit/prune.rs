use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::chain::Head;
use super::{Actor, Entry, Error, append};
use crate::clock::{instant_text, to_shanghai};
use crate::db::{self, Database, Tx};

/// Days that a record is kept at least: six months are 184 days at most.
/// 《中华人民共和国网络安全法》（2025 年修正）第二十三条第三项：采取监测、记录网络运行状态、网络安全事件的技术措施，并按照
/// 规定留存相关的网络日志不少于六个月.
pub const RETENTION_DAYS_MIN: i64 = 184;

/// Records removed in one transaction: other writers wait meanwhile.
const RECORDS_PER_STEP: i64 = 20_000;
/// The action under which the chain says what was removed.
pub(super) const ACTION: &str = "audit.prune";

/// What [`prune`] removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pruned {
    /// How many records.
    pub removed: u64,
    /// The last number removed so far, by this and earlier calls; 0 when there was none.
    pub up_to: i64,
}

/// What the record of a pruning says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Base {
    pub(super) up_to: i64,
    pub(super) hash: String,
}

/// Removes the records that are older than `before`, from the beginning of the chain up to the first that
/// is not, and says so in the chain: [`super::verify`] goes on from there.
///
/// # Errors
/// When `before` is less than [`RETENTION_DAYS_MIN`] days before `now`, or the database does not answer.
pub async fn prune(
    db: &Database,
    actor: &Actor,
    now: DateTime<Utc>,
    before: DateTime<Utc>,
) -> Result<Pruned, Error> {
    let latest = now - TimeDelta::days(RETENTION_DAYS_MIN);
    if before > latest {
        return Err(Error::TooYoung {
            before: to_shanghai(before).date_naive(),
            latest: to_shanghai(latest).date_naive(),
        });
    }
    let mut removed = 0;
    loop {
        let step = db
            .write(|tx| async move { step(&tx, actor, now, before).await })
            .await?;
        removed += step.removed;
        if step.removed == 0 {
            return Ok(Pruned { removed, ..step });
        }
    }
}

async fn step(
    tx: &Tx,
    actor: &Actor,
    now: DateTime<Utc>,
    before: DateTime<Utc>,
) -> Result<Pruned, Error> {
    // the head comes first here: nobody may append between choosing and removing
    let mut head = Head::take(tx, 0).await?;
    let Some(last) = last_of_step(tx, before).await? else {
        let up_to = head.base_no;
        return Ok(Pruned { removed: 0, up_to });
    };
    if last > 0 {
        head.base_hash = hash_of(tx, last).await?;
        head.base_no = last;
    }
    let sql = "DELETE FROM audit_event WHERE no <= $1";
    let removed = db::execute(tx, sql, [last.into()]).await?;
    head.put(tx).await?;
    let base = Base {
        up_to: head.base_no,
        hash: head.base_hash,
    };
    let entry = Entry::new(now, actor, ACTION, "audit", base.up_to.to_string())
        .detail(json!({ "up_to": base.up_to, "hash": base.hash, "removed": removed }));
    append(tx, &entry).await?;
    let up_to = base.up_to;
    Ok(Pruned { removed, up_to })
}

#[derive(FromQueryResult)]
struct Step {
    young: Option<i64>,
    last: Option<i64>,
}

/// The last number that may go now: all records up to it are older than `before`.
async fn last_of_step(tx: &Tx, before: DateTime<Utc>) -> Result<Option<i64>, Error> {
    let sql = "SELECT MIN(CASE WHEN at >= $1 THEN no END) AS young, MAX(no) AS last
        FROM (SELECT no, at FROM audit_event ORDER BY no LIMIT $2) AS step";
    let values = [instant_text(before).into(), RECORDS_PER_STEP.into()];
    let step: Option<Step> = db::query_one(tx, sql, values).await?;
    let Some(Step { young, last }) = step else {
        return Ok(None);
    };
    let Some(young) = young else {
        return Ok(last);
    };
    let sql = "SELECT MAX(no) AS young, MAX(no) AS last FROM audit_event WHERE no < $1";
    let older: Option<Step> = db::query_one(tx, sql, [young.into()]).await?;
    Ok(older.and_then(|older| older.last))
}

#[derive(FromQueryResult)]
struct Hash {
    hash: String,
}

async fn hash_of(tx: &Tx, no: i64) -> Result<String, Error> {
    let sql = "SELECT hash FROM audit_event WHERE no = $1";
    let row: Option<Hash> = db::query_one(tx, sql, [no.into()]).await?;
    Ok(row.ok_or(Error::Unreadable { no })?.hash)
}
