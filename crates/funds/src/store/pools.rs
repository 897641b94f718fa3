use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx, Where};
use zhida_standards::Fen;

use super::Select;
use crate::model::{Balance, Entry, Pool};

pub(crate) const COLUMNS: &str = "p.id, p.item, p.item_name, p.year, p.organisation, p.place, p.amount, p.reserved, \
     p.committed, p.paid, p.is_open, p.note";

pub(crate) async fn insert(tx: &Tx, pool: &Pool, now: DateTime<Utc>) -> db::Result<bool> {
    let sql = "INSERT INTO fund_pool (id, item, item_name, year, organisation, place, amount, reserved, committed, paid,
                   is_open, note, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0, $7, $8, $9) ON CONFLICT (item, year) DO NOTHING";
    let values = [
        pool.id.as_str().into(),
        pool.item.as_str().into(),
        pool.item_name.as_str().into(),
        pool.year.into(),
        pool.organisation.as_str().into(),
        pool.place.as_str().into(),
        pool.is_open.into(),
        pool.note.as_str().into(),
        instant_text(now).into(),
    ];
    Ok(db::execute(tx, sql, values).await? == 1)
}

/// The pool of an item and year, held against every other writer until the transaction ends.
pub(crate) async fn lock_of(tx: &Tx, item: &str, year: i64) -> db::Result<Option<Pool>> {
    let sql = format!("{LOCK} WHERE item = $1 AND year = $2 RETURNING {}", plain());
    db::query_one(tx, &sql, [item.into(), year.into()]).await
}

/// The same by its id.
pub(crate) async fn lock(tx: &Tx, id: &str) -> db::Result<Option<Pool>> {
    let sql = format!("{LOCK} WHERE id = $1 RETURNING {}", plain());
    db::query_one(tx, &sql, [id.into()]).await
}

/// A write that changes nothing holds the row on both databases.
const LOCK: &str = "UPDATE fund_pool SET amount = amount";

/// The columns without the table's short name, which SQLite does not know after RETURNING.
fn plain() -> String {
    COLUMNS.replace("p.", "")
}

/// Moves money; false when there is not enough of it, and nothing was moved.
pub(crate) async fn shift(tx: &Tx, id: &str, by: Balance) -> db::Result<bool> {
    let sql = "UPDATE fund_pool SET amount = amount + $2, reserved = reserved + $3, committed = committed + $4,
                   paid = paid + $5
               WHERE id = $1 AND reserved + $3 >= 0 AND committed + $4 >= 0 AND paid + $5 >= 0
                   AND reserved + $3 + committed + $4 + paid + $5 <= amount + $2";
    let values = [
        id.into(),
        by.amount.into(),
        by.reserved.into(),
        by.committed.into(),
        by.paid.into(),
    ];
    Ok(db::execute(tx, sql, values).await? == 1)
}

pub(crate) async fn set_open(tx: &Tx, id: &str, is_open: bool) -> db::Result<u64> {
    let sql = "UPDATE fund_pool SET is_open = $2 WHERE id = $1";
    db::execute(tx, sql, [id.into(), is_open.into()]).await
}

/// Whether an item has a pool of a year that takes reservations.
pub(crate) async fn has_open(
    conn: &impl ConnectionTrait,
    item: &str,
    year: i64,
) -> db::Result<bool> {
    let sql = "SELECT COUNT(*) FROM fund_pool WHERE item = $1 AND year = $2 AND is_open";
    Ok(db::query_count(conn, sql, [item.into(), year.into()]).await? > 0)
}

/// Those of these items that have a pool of a year that takes reservations.
pub(crate) async fn open_among(
    conn: &impl ConnectionTrait,
    items: &[String],
    year: i64,
) -> db::Result<HashSet<String>> {
    #[derive(FromQueryResult)]
    struct Open {
        item: String,
    }
    let mut found = Where::default();
    found.and("year = ?", year);
    found.always("is_open");
    found.among("item", items);
    let sql = format!("SELECT DISTINCT item FROM fund_pool {}", found.sql());
    let rows: Vec<Open> = db::query_all(conn, &sql, found.values).await?;
    Ok(rows.into_iter().map(|row| row.item).collect())
}

pub(crate) async fn get(conn: &impl ConnectionTrait, id: &str) -> db::Result<Option<Pool>> {
    let sql = format!("SELECT {COLUMNS} FROM fund_pool p WHERE p.id = $1");
    db::query_one(conn, &sql, [id.into()]).await
}

/// Pools, the newest year first, then by the item's name.
pub(crate) async fn list(
    conn: &impl ConnectionTrait,
    mut select: Select,
    after: Option<&(i64, String, String)>,
    limit: i64,
) -> db::Result<Vec<Pool>> {
    if let Some((year, name, id)) = after {
        let year = select.push(*year);
        let (name, id) = (select.push(name.as_str()), select.push(id.as_str()));
        select.only_if(&format!(
            "(p.year < ${year} OR p.year = ${year} AND (p.item_name, p.id) > (${name}, ${id}))"
        ));
    }
    let filter = select.filter();
    let limit = select.push(limit);
    let sql = format!(
        "SELECT {COLUMNS} FROM fund_pool p{filter} ORDER BY p.year DESC, p.item_name, p.id LIMIT ${limit}"
    );
    db::query_all(conn, &sql, select.values()).await
}

/// How many pools, and the sums of their amounts, reserved, committed and paid.
pub(crate) async fn totals(
    conn: &impl ConnectionTrait,
    select: &Select,
) -> db::Result<(u64, Balance)> {
    #[derive(sea_orm::FromQueryResult)]
    struct Sums {
        number: i64,
        amount: Option<i64>,
        reserved: Option<i64>,
        committed: Option<i64>,
        paid: Option<i64>,
    }
    let sql = format!(
        "SELECT COUNT(*) AS number, CAST(SUM(p.amount) AS BIGINT) AS amount,
             CAST(SUM(p.reserved) AS BIGINT) AS reserved, CAST(SUM(p.committed) AS BIGINT) AS committed,
             CAST(SUM(p.paid) AS BIGINT) AS paid FROM fund_pool p{}",
        select.filter()
    );
    let sums: Option<Sums> = db::query_one(conn, &sql, select.values()).await?;
    Ok(sums.map_or((0, Balance::default()), |sums| {
        let or_zero = |sum: Option<Fen>| sum.unwrap_or(0);
        let balance = Balance::of(
            or_zero(sums.amount),
            or_zero(sums.reserved),
            or_zero(sums.committed),
            or_zero(sums.paid),
        );
        (u64::try_from(sums.number).unwrap_or(0), balance)
    }))
}

/// Adds a line to the ledger.
pub(crate) async fn append(
    tx: &Tx,
    entry: &Entry,
    pool: &str,
    claim: Option<&str>,
) -> db::Result<u64> {
    let sql = "INSERT INTO fund_entry (id, pool, claim, kind, amount, reason, at, by_name)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = [
        entry.id.as_str().into(),
        pool.into(),
        claim.map(str::to_owned).into(),
        entry.kind.slug().into(),
        entry.amount.into(),
        entry.reason.as_str().into(),
        instant_text(entry.at).into(),
        entry.by.as_str().into(),
    ];
    db::execute(tx, sql, values).await
}

/// A pool's ledger, the newest first.
pub(crate) async fn ledger(
    conn: &impl ConnectionTrait,
    pool: &str,
    before: Option<&str>,
    limit: i64,
) -> db::Result<Vec<Entry>> {
    let mut select = Select::default();
    select.only("e.pool = $", pool);
    if let Some(before) = before {
        select.only("e.id < $", before);
    }
    let filter = select.filter();
    let limit = select.push(limit);
    let sql = format!(
        "SELECT e.id, e.kind, e.amount, e.reason, e.at, e.by_name, c.case_number, c.enterprise_name
         FROM fund_entry e LEFT JOIN fund_claim c ON c.id = e.claim{filter} ORDER BY e.id DESC LIMIT ${limit}"
    );
    db::query_all(conn, &sql, select.values()).await
}
