use chrono::{DateTime, Utc};
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx};
use zhida_standards::Fen;

use super::Select;
use crate::model::{Balance, Cap, Claim, ClaimRow, Recovery, Standing};

const COLUMNS: &str = "c.id, c.case_id, c.purpose, c.case_number, c.pool, c.item, c.year, c.enterprise, \
     c.enterprise_name, c.wanted, c.reserved, c.committed, c.paid, c.standing, c.turn";

/// Claims of a case at most.
const CASE_CLAIMS_MAX: i64 = 100;

/// Keeps a claim; false when the case has it already.
pub(crate) async fn insert(tx: &Tx, row: &ClaimRow, now: DateTime<Utc>) -> db::Result<bool> {
    let sql = "INSERT INTO fund_claim (id, case_id, purpose, case_number, pool, item, year, enterprise, enterprise_name,
                   wanted, reserved, committed, paid, standing, turn, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, 0, $11, $12, $13)
               ON CONFLICT (case_id, purpose) DO NOTHING";
    let values = [
        row.id.as_str().into(),
        row.case.as_str().into(),
        row.purpose.as_str().into(),
        row.case_number.as_str().into(),
        row.pool.as_str().into(),
        row.item.as_str().into(),
        row.year.into(),
        row.enterprise.as_str().into(),
        row.enterprise_name.as_str().into(),
        row.wanted.into(),
        row.standing.slug().into(),
        row.turn.as_str().into(),
        instant_text(now).into(),
    ];
    Ok(db::execute(tx, sql, values).await? == 1)
}

/// Asks again for a claim that was released, at the end of the queue.
pub(crate) async fn renew(tx: &Tx, row: &ClaimRow) -> db::Result<u64> {
    let sql = "UPDATE fund_claim SET wanted = $2, standing = $3, pool = $4, item = $5, year = $6, turn = $7
               WHERE id = $1";
    let values = [
        row.id.as_str().into(),
        row.wanted.into(),
        row.standing.slug().into(),
        row.pool.as_str().into(),
        row.item.as_str().into(),
        row.year.into(),
        row.turn.as_str().into(),
    ];
    db::execute(tx, sql, values).await
}

pub(crate) async fn find(
    conn: &impl ConnectionTrait,
    claim: Claim<'_>,
) -> db::Result<Option<ClaimRow>> {
    let sql = format!("SELECT {COLUMNS} FROM fund_claim c WHERE c.case_id = $1 AND c.purpose = $2");
    db::query_one(conn, &sql, [claim.case.into(), claim.purpose.into()]).await
}

pub(crate) async fn get(conn: &impl ConnectionTrait, id: &str) -> db::Result<Option<ClaimRow>> {
    let sql = format!("SELECT {COLUMNS} FROM fund_claim c WHERE c.id = $1");
    db::query_one(conn, &sql, [id.into()]).await
}

/// All claims of a case, oldest first.
pub(crate) async fn of_case(conn: &impl ConnectionTrait, case: &str) -> db::Result<Vec<ClaimRow>> {
    let sql =
        format!("SELECT {COLUMNS} FROM fund_claim c WHERE c.case_id = $1 ORDER BY c.id LIMIT $2");
    db::query_all(conn, &sql, [case.into(), CASE_CLAIMS_MAX.into()]).await
}

/// Moves a claim's money; the pool's row is held, so nobody else does.
pub(crate) async fn shift(tx: &Tx, id: &str, by: Balance, standing: Standing) -> db::Result<u64> {
    let sql = "UPDATE fund_claim SET reserved = reserved + $2, committed = committed + $3, paid = paid + $4,
                   standing = $5 WHERE id = $1";
    let values = [
        id.into(),
        by.reserved.into(),
        by.committed.into(),
        by.paid.into(),
        standing.slug().into(),
    ];
    db::execute(tx, sql, values).await
}

/// The first in the queue 等待资金 of a pool.
pub(crate) async fn first_waiting(tx: &Tx, pool: &str) -> db::Result<Option<ClaimRow>> {
    Ok(waiting(tx, pool, 1).await?.pop())
}

/// The queue 等待资金 of a pool, in order.
pub(crate) async fn waiting(
    conn: &impl ConnectionTrait,
    pool: &str,
    limit: i64,
) -> db::Result<Vec<ClaimRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM fund_claim c WHERE c.pool = $1 AND c.standing = $2 ORDER BY c.turn LIMIT $3"
    );
    let values = [pool.into(), Standing::Waiting.slug().into(), limit.into()];
    db::query_all(conn, &sql, values).await
}

#[derive(sea_orm::FromQueryResult)]
struct Queue {
    number: i64,
    wanted: Option<i64>,
}

/// How many wait for a pool up to this turn (`None`: all), and what they want together.
pub(crate) async fn queue(
    conn: &impl ConnectionTrait,
    pool: &str,
    turn: Option<&str>,
) -> db::Result<(i64, Fen)> {
    let mut select = Select::default();
    select.only("pool = $", pool);
    select.only("standing = $", Standing::Waiting.slug());
    if let Some(turn) = turn {
        select.only("turn <= $", turn);
    }
    let sql = format!(
        "SELECT COUNT(*) AS number, CAST(SUM(wanted) AS BIGINT) AS wanted FROM fund_claim{}",
        select.filter()
    );
    let queue: Option<Queue> = db::query_one(conn, &sql, select.values()).await?;
    Ok(queue.map_or((0, 0), |queue| (queue.number, queue.wanted.unwrap_or(0))))
}

/// Takes the row that all reservations of an enterprise and year take, so that caps are counted one after the other.
pub(crate) async fn lock_enterprise(tx: &Tx, enterprise: &str, year: i64) -> db::Result<u64> {
    let sql = "INSERT INTO fund_enterprise_year (enterprise, year, claims) VALUES ($1, $2, 1)
               ON CONFLICT (enterprise, year) DO UPDATE SET claims = fund_enterprise_year.claims + 1";
    db::execute(tx, sql, [enterprise.into(), year.into()]).await
}

/// What an enterprise has got, holds or waits for within a cap.
pub(crate) async fn used(
    conn: &impl ConnectionTrait,
    enterprise: &str,
    year: i64,
    cap: &Cap,
    item: &str,
) -> db::Result<Fen> {
    let mut select = Select::default();
    select.only("enterprise = $", enterprise);
    select.only("year = $", year);
    select.only("standing <> $", Standing::Released.slug());
    let items: Vec<String> = match cap.items.is_empty() {
        true => vec![format!("${}", select.push(item))],
        false => cap
            .items
            .iter()
            .map(|item| format!("${}", select.push(item.as_str())))
            .collect(),
    };
    select.only_if(&format!("item IN ({})", items.join(", ")));
    let waiting = select.push(Standing::Waiting.slug());
    let sql = format!(
        "SELECT CAST(SUM(CASE WHEN standing = ${waiting} THEN wanted ELSE reserved + committed + paid END) AS BIGINT)
         FROM fund_claim{}",
        select.filter()
    );
    db::query_count(conn, &sql, select.values()).await
}

const RECOVERY: &str = "r.id, r.case_number, r.enterprise, r.enterprise_name, r.amount, r.repaid, r.written_off, \
     r.reason, r.due_on";

pub(crate) async fn insert_recovery(
    tx: &Tx,
    recovery: &Recovery,
    claim: &ClaimRow,
    key: &str,
    now: DateTime<Utc>,
) -> db::Result<u64> {
    let sql = "INSERT INTO fund_recovery (id, claim, key, case_number, pool, enterprise, enterprise_name, amount, repaid,
                   written_off, reason, due_on, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9, $10, $11)";
    let values = [
        recovery.id.as_str().into(),
        claim.id.as_str().into(),
        key.into(),
        recovery.case_number.as_str().into(),
        claim.pool.as_str().into(),
        recovery.enterprise.as_str().into(),
        recovery.enterprise_name.as_str().into(),
        recovery.amount.into(),
        recovery.reason.as_str().into(),
        recovery.due_on.to_string().into(),
        instant_text(now).into(),
    ];
    db::execute(tx, sql, values).await
}

pub(crate) async fn recovery_of(
    conn: &impl ConnectionTrait,
    claim: &str,
    key: &str,
) -> db::Result<Option<Recovery>> {
    let sql = format!("SELECT {RECOVERY} FROM fund_recovery r WHERE r.claim = $1 AND r.key = $2");
    db::query_one(conn, &sql, [claim.into(), key.into()]).await
}

/// What was demanded back of a claim, oldest first.
pub(crate) async fn recoveries_of(
    conn: &impl ConnectionTrait,
    claim: Claim<'_>,
) -> db::Result<Vec<Recovery>> {
    let sql = format!(
        "SELECT {RECOVERY} FROM fund_recovery r JOIN fund_claim c ON c.id = r.claim
         WHERE c.case_id = $1 AND c.purpose = $2 ORDER BY r.id LIMIT {CASE_CLAIMS_MAX}"
    );
    db::query_all(conn, &sql, [claim.case.into(), claim.purpose.into()]).await
}

/// How much was demanded back of a claim.
pub(crate) async fn demanded(conn: &impl ConnectionTrait, claim: &str) -> db::Result<Fen> {
    let sql = "SELECT CAST(SUM(amount) AS BIGINT) FROM fund_recovery WHERE claim = $1";
    db::query_count(conn, sql, [claim.into()]).await
}

/// Recoveries, those with the earliest limit first.
pub(crate) async fn recoveries(
    conn: &impl ConnectionTrait,
    mut select: Select,
    after: Option<&(String, String)>,
    limit: i64,
) -> db::Result<Vec<Recovery>> {
    if let Some((due_on, id)) = after {
        let (due_on, id) = (select.push(due_on.as_str()), select.push(id.as_str()));
        select.only_if(&format!("(r.due_on, r.id) > (${due_on}, ${id})"));
    }
    let filter = select.filter();
    let limit = select.push(limit);
    let sql = format!(
        "SELECT {RECOVERY} FROM fund_recovery r JOIN fund_pool p ON p.id = r.pool{filter}
         ORDER BY r.due_on, r.id LIMIT ${limit}"
    );
    db::query_all(conn, &sql, select.values()).await
}

/// The pool and claim of a recovery.
pub(crate) async fn recovery_home(
    conn: &impl ConnectionTrait,
    id: &str,
) -> db::Result<Option<(String, String)>> {
    #[derive(sea_orm::FromQueryResult)]
    struct Home {
        pool: String,
        claim: String,
    }
    let sql = "SELECT pool, claim FROM fund_recovery WHERE id = $1";
    let home: Option<Home> = db::query_one(conn, sql, [id.into()]).await?;
    Ok(home.map(|home| (home.pool, home.claim)))
}

/// Notes money that came back or is given up; false when it is more than what is still to come.
pub(crate) async fn settle_recovery(
    tx: &Tx,
    id: &str,
    repaid: Fen,
    written_off: Fen,
) -> db::Result<bool> {
    let sql = "UPDATE fund_recovery SET repaid = repaid + $2, written_off = written_off + $3
               WHERE id = $1 AND repaid + $2 + written_off + $3 <= amount";
    let values = [id.into(), repaid.into(), written_off.into()];
    Ok(db::execute(tx, sql, values).await? == 1)
}
