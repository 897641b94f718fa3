//! Cases of which something that happens by itself does not succeed: kept until it does, tried again after longer and
//! longer waits, so that one broken case neither floods the log nor holds up the others.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::FromQueryResult;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::{instant_text, parse_instant};
use crate::db::{self, ConnectionTrait, Tx};
use crate::jobs::BackOff;
use crate::paging::{Page, PageRequest};
use crate::problem::Problem;
use crate::vocabulary;

/// The first wait is two minutes, the longest a day.
const WAITS: BackOff = BackOff {
    first: TimeDelta::minutes(2),
    most: TimeDelta::days(1),
};
/// Somebody is told after so many tries: what passes by itself is no news.
const TOLD_AFTER: i64 = 3;
/// Characters of a reason that are kept.
const REASON_MAX: usize = 500;
const LIST: &str = "case_stuck:since";
const COLUMNS: &str =
    "s.case_id, s.task, s.room, s.tries, s.since, s.failed_at, s.next_at, s.reason,
    (SELECT h.number FROM case_head h WHERE h.id = s.case_id) AS number";

vocabulary! {
    /// 受阻的是哪一步：due 到期处理、calendar 按新日历重算时限。
    Task {
        /// What is due: reminders, escalation, what the route says happens when time is up.
        Due = "due", "到期处理";
        /// Computing the due dates by another calendar.
        Calendar = "calendar", "按新日历重算时限";
    }
}

/// 一件受阻的办件。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stuck {
    /// 办件的标识。
    #[schema(value_type = String)]
    pub case: Uuid,
    /// 受阻的是哪一步。
    pub task: Task,
    /// 属于哪个库。
    pub room: String,
    /// 办件编号；办件已不在时为空。
    pub number: String,
    /// 试了几次。
    pub tries: i64,
    /// 第一次失败的时间。
    pub since: DateTime<Utc>,
    /// 最近一次失败的时间。
    pub failed_at: DateTime<Utc>,
    /// 下一次再试的时间。
    pub next_at: DateTime<Utc>,
    /// 最近一次失败的原因。
    pub reason: String,
}

impl FromQueryResult for Stuck {
    fn from_query_result(row: &sea_orm::QueryResult, prefix: &str) -> Result<Self, sea_orm::DbErr> {
        let text = |name: &str| row.try_get::<String>(prefix, name);
        let instant = |name: &str| Ok::<_, sea_orm::DbErr>(parse_instant(&text(name)?));
        let foreign = |name: &str| sea_orm::DbErr::Type(format!("case_stuck: {name}"));
        let number: Option<String> = row.try_get(prefix, "number")?;
        Ok(Self {
            case: text("case_id")?.parse().map_err(|_| foreign("case_id"))?,
            task: Task::parse(&text("task")?).ok_or_else(|| foreign("task"))?,
            room: text("room")?,
            number: number.unwrap_or_default(),
            tries: row.try_get(prefix, "tries")?,
            since: instant("since")?.unwrap_or_default(),
            failed_at: instant("failed_at")?.unwrap_or_default(),
            next_at: instant("next_at")?.unwrap_or_default(),
            reason: text("reason")?,
        })
    }
}

/// A page of the cases that are stuck, the longest first.
///
/// # Errors
/// When the cursor is not one of this list, or the database does not answer.
pub async fn list(conn: &impl ConnectionTrait, page: &PageRequest) -> Result<Page<Stuck>, Problem> {
    let (since, case, task): (String, String, String) = page.cursor(LIST)?.unwrap_or_default();
    let sql = format!(
        "SELECT {COLUMNS} FROM case_stuck s WHERE (s.since, s.case_id, s.task) > ($1, $2, $3)
         ORDER BY s.since, s.case_id, s.task LIMIT $4"
    );
    let values = [
        since.into(),
        case.into(),
        task.into(),
        page.rows_wanted().into(),
    ];
    let rows: Vec<Stuck> = db::query_all(conn, &sql, values).await?;
    Page::from_rows(rows, page, LIST, |row| {
        (
            instant_text(row.since),
            row.case.to_string(),
            row.task.slug(),
        )
    })
}

/// How many rows [`list`] has in all.
///
/// # Errors
/// When the database does not answer.
pub async fn count(conn: &impl ConnectionTrait) -> db::Result<u64> {
    let found = db::query_count(conn, "SELECT COUNT(*) FROM case_stuck", []).await?;
    Ok(u64::try_from(found).unwrap_or_default())
}

/// Has a stuck case tried with the next look of its room; whether it is stuck at all.
///
/// # Errors
/// When the database does not answer.
pub async fn try_again(tx: &Tx, case: Uuid, task: Task, now: DateTime<Utc>) -> db::Result<bool> {
    let sql = "UPDATE case_stuck SET next_at = $3 WHERE case_id = $1 AND task = $2";
    let values = [
        case.to_string().into(),
        task.slug().into(),
        instant_text(now).into(),
    ];
    Ok(db::execute(tx, sql, values).await? > 0)
}

/// Notes that it failed again, and when it is tried next.
pub(super) async fn note(
    tx: &Tx,
    (room, case, task): (&str, Uuid, Task),
    reason: &str,
    now: DateTime<Utc>,
) -> db::Result<()> {
    let key = [case.to_string().into(), task.slug().into()];
    let sql = "SELECT COALESCE(MAX(tries), 0) FROM case_stuck WHERE case_id = $1 AND task = $2";
    let tries = db::query_count(tx, sql, key).await? + 1;
    let sql = "INSERT INTO case_stuck (case_id, task, room, tries, since, failed_at, next_at, reason)
        VALUES ($1, $2, $3, $4, $5, $5, $6, $7)
        ON CONFLICT (case_id, task) DO UPDATE SET tries = excluded.tries, failed_at = excluded.failed_at,
            next_at = excluded.next_at, reason = excluded.reason";
    let reason: String = reason.chars().take(REASON_MAX).collect();
    let values = [
        case.to_string().into(),
        task.slug().into(),
        room.into(),
        tries.into(),
        instant_text(now).into(),
        instant_text(now + WAITS.after(tries, 1_000)).into(),
        reason.into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// Forgets that a task of a case was stuck, for it has succeeded.
pub(super) async fn clear(tx: &Tx, case: Uuid, task: Task) -> db::Result<()> {
    let sql = "DELETE FROM case_stuck WHERE case_id = $1 AND task = $2";
    let values = [case.to_string().into(), task.slug().into()];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// Forgets all of a case that has gone on: what failed may succeed now, and is tried at once.
pub(super) async fn clear_all(tx: &Tx, case: Uuid) -> db::Result<()> {
    let sql = "DELETE FROM case_stuck WHERE case_id = $1";
    db::execute(tx, sql, [case.to_string().into()]).await?;
    Ok(())
}

/// Cases of a room of which a task is to be tried again.
pub(super) async fn to_try(
    conn: &impl ConnectionTrait,
    room: &str,
    task: Task,
    now: DateTime<Utc>,
    limit: i64,
) -> db::Result<Vec<Uuid>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: String,
    }
    let sql = "SELECT case_id AS id FROM case_stuck
        WHERE room = $1 AND task = $2 AND next_at <= $3 ORDER BY next_at, case_id LIMIT $4";
    let values = [
        room.into(),
        task.slug().into(),
        instant_text(now).into(),
        limit.into(),
    ];
    let rows: Vec<Row> = db::query_all(conn, sql, values).await?;
    Ok(rows.iter().filter_map(|row| row.id.parse().ok()).collect())
}

/// Marks those as told of which nobody was told yet; how many, and the number of the first.
pub(crate) async fn take_untold(tx: &Tx, now: DateTime<Utc>) -> db::Result<Option<(i64, String)>> {
    #[derive(FromQueryResult)]
    struct First {
        number: Option<String>,
    }
    const UNTOLD: &str = "told_at IS NULL AND tries >= $1";
    let sql = format!(
        "SELECT (SELECT h.number FROM case_head h WHERE h.id = s.case_id) AS number
         FROM case_stuck s WHERE {UNTOLD} ORDER BY s.since, s.case_id LIMIT 1"
    );
    let first: Option<First> = db::query_one(tx, &sql, [TOLD_AFTER.into()]).await?;
    let Some(first) = first else {
        return Ok(None);
    };
    let sql = format!("UPDATE case_stuck SET told_at = $2 WHERE {UNTOLD}");
    let values = [TOLD_AFTER.into(), instant_text(now).into()];
    let told = db::execute(tx, &sql, values).await?;
    let number = first.number.unwrap_or_default();
    Ok(Some((i64::try_from(told).unwrap_or(i64::MAX), number)))
}
