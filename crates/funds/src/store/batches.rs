use chrono::{DateTime, NaiveDate, Utc};
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, Bulk, ConnectionTrait, Tx};

use super::Select;
use crate::model::{Batch, BatchRow, BatchState, Day, RowState};

/// Rows of a batch that are read at once; a batch has no more.
const ROWS_MAX: i64 = 5_000;

/// What a batch's rows come to; `w` are its rows.
const FIGURES: &str = "CAST(SUM(CASE WHEN w.state <> 'out' THEN 1 ELSE 0 END) AS BIGINT) AS rows_in, \
     CAST(SUM(CASE WHEN w.state <> 'out' THEN w.amount ELSE 0 END) AS BIGINT) AS drawn, \
     CAST(SUM(CASE WHEN w.state = 'paid' THEN w.amount ELSE 0 END) AS BIGINT) AS paid, \
     CAST(SUM(CASE WHEN w.state = 'returned' THEN w.amount ELSE 0 END) AS BIGINT) AS returned, \
     CAST(SUM(CASE WHEN w.state = 'open' THEN w.amount ELSE 0 END) AS BIGINT) AS outstanding, \
     CAST(SUM(CASE WHEN w.state = 'out' THEN 1 ELSE 0 END) AS BIGINT) AS taken_out";

const COLUMNS: &str = "b.id, b.number, b.state, b.payer, b.place, b.drawn_by, b.drawn_name, b.drawn_at, \
     b.approved_name, b.approved_at, b.exported_at, b.sent_on, b.reason";

const ROW: &str = "SELECT w.id, w.batch, w.payment, y.claim, w.reference, w.amount, w.state, w.reason, w.settled_on,
         y.case_id, y.case_number, y.enterprise, y.enterprise_name, y.label, y.part, p.item_name, w.payee, e.holder,
         e.bank, e.cnaps, e.last_four, e.account, e.is_current
     FROM fund_batch_row w JOIN fund_payment y ON y.id = w.payment JOIN fund_pool p ON p.id = y.pool
         JOIN fund_payee e ON e.id = w.payee";

pub(crate) async fn insert(tx: &Tx, batch: &Batch) -> db::Result<u64> {
    let sql = "INSERT INTO fund_batch (id, number, payer, place, state, drawn_by, drawn_name, drawn_at, reason)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '')";
    let values = [
        batch.id.as_str().into(),
        batch.number.as_str().into(),
        batch.payer.as_str().into(),
        batch.place.as_str().into(),
        batch.state.slug().into(),
        batch.drawn_by.as_str().into(),
        batch.drawn_name.as_str().into(),
        instant_text(batch.drawn_at).into(),
    ];
    db::execute(tx, sql, values).await
}

/// A row that goes into a batch.
#[derive(Debug, Clone)]
pub(crate) struct NewRow {
    pub id: String,
    pub payment: String,
    pub reference: String,
    pub payee: String,
    pub amount: i64,
}

pub(crate) async fn insert_rows(tx: &Tx, batch: &str, rows: Vec<NewRow>) -> db::Result<()> {
    let columns = [
        "id",
        "batch",
        "payment",
        "reference",
        "payee",
        "amount",
        "state",
        "is_live",
        "reason",
        "bank_reference",
    ];
    let mut bulk = Bulk::insert("fund_batch_row", &columns);
    for row in rows {
        let values = [
            row.id.into(),
            batch.into(),
            row.payment.into(),
            row.reference.into(),
            row.payee.into(),
            row.amount.into(),
            RowState::Open.slug().into(),
            true.into(),
            "".into(),
            "".into(),
        ];
        bulk.push(tx, values).await?;
    }
    bulk.finish(tx).await?;
    Ok(())
}

/// Holds a batch against every other writer until the transaction ends; whether there is one.
pub(crate) async fn lock(tx: &Tx, id: &str) -> db::Result<bool> {
    let sql = "UPDATE fund_batch SET reason = reason WHERE id = $1";
    Ok(db::execute(tx, sql, [id.into()]).await? == 1)
}

pub(crate) async fn get(conn: &impl ConnectionTrait, id: &str) -> db::Result<Option<Batch>> {
    let mut select = Select::default();
    select.only("b.id = $", id);
    Ok(list(conn, select, None, 1).await?.pop())
}

/// The id of the batch with this number.
pub(crate) async fn id_of(conn: &impl ConnectionTrait, number: &str) -> db::Result<Option<String>> {
    #[derive(sea_orm::FromQueryResult)]
    struct Id {
        id: String,
    }
    let sql = "SELECT id FROM fund_batch WHERE number = $1";
    let id: Option<Id> = db::query_one(conn, sql, [number.into()]).await?;
    Ok(id.map(|id| id.id))
}

/// Batches with what their rows come to, the newest first.
pub(crate) async fn list(
    conn: &impl ConnectionTrait,
    mut select: Select,
    before: Option<&str>,
    limit: i64,
) -> db::Result<Vec<Batch>> {
    if let Some(before) = before {
        select.only("b.id < $", before);
    }
    let filter = select.filter();
    let limit = select.push(limit);
    // the page first, then its sums
    let sql = format!(
        "SELECT {COLUMNS}, {FIGURES}
         FROM (SELECT b.* FROM fund_batch b{filter} ORDER BY b.id DESC LIMIT ${limit}) b
             LEFT JOIN fund_batch_row w ON w.batch = b.id
         GROUP BY {COLUMNS} ORDER BY b.id DESC"
    );
    db::query_all(conn, &sql, select.values()).await
}

pub(crate) async fn count(conn: &impl ConnectionTrait, select: &Select) -> db::Result<u64> {
    let sql = format!("SELECT COUNT(*) FROM fund_batch b{}", select.filter());
    let number = db::query_count(conn, &sql, select.values()).await?;
    Ok(u64::try_from(number).unwrap_or(0))
}

/// What was handed to the bank, day by day, the newest first; of the days before one.
pub(crate) async fn days(
    conn: &impl ConnectionTrait,
    mut select: Select,
    before: Option<&str>,
    limit: i64,
) -> db::Result<Vec<Day>> {
    select.only("b.state = $", BatchState::Sent.slug());
    if let Some(before) = before {
        select.only("b.sent_on < $", before);
    }
    let filter = select.filter();
    let limit = select.push(limit);
    // the days first, then their sums
    let sql = format!(
        "SELECT b.sent_on, COUNT(DISTINCT b.id) AS batches, {FIGURES}
         FROM fund_batch b JOIN fund_batch_row w ON w.batch = b.id{filter}
             AND b.sent_on IN (SELECT DISTINCT b.sent_on FROM fund_batch b{filter} ORDER BY b.sent_on DESC LIMIT ${limit})
         GROUP BY b.sent_on ORDER BY b.sent_on DESC"
    );
    db::query_all(conn, &sql, select.values()).await
}

/// How many days [`days`] has in all.
pub(crate) async fn count_days(conn: &impl ConnectionTrait, mut select: Select) -> db::Result<u64> {
    select.only("b.state = $", BatchState::Sent.slug());
    let sql = format!(
        "SELECT COUNT(DISTINCT b.sent_on) FROM fund_batch b{}",
        select.filter()
    );
    let number = db::query_count(conn, &sql, select.values()).await?;
    Ok(u64::try_from(number).unwrap_or(0))
}

/// The rows of a batch, in its order.
pub(crate) async fn rows(conn: &impl ConnectionTrait, batch: &str) -> db::Result<Vec<BatchRow>> {
    let sql = format!("{ROW} WHERE w.batch = $1 ORDER BY w.reference LIMIT $2");
    db::query_all(conn, &sql, [batch.into(), ROWS_MAX.into()]).await
}

pub(crate) async fn row_of(
    conn: &impl ConnectionTrait,
    reference: &str,
) -> db::Result<Option<BatchRow>> {
    let sql = format!("{ROW} WHERE w.reference = $1");
    db::query_one(conn, &sql, [reference.into()]).await
}

pub(crate) async fn approve(
    tx: &Tx,
    id: &str,
    (by, name): (&str, &str),
    now: DateTime<Utc>,
) -> db::Result<u64> {
    let sql = "UPDATE fund_batch SET state = $2, approved_by = $3, approved_name = $4, approved_at = $5 WHERE id = $1";
    let values = [
        id.into(),
        BatchState::Approved.slug().into(),
        by.into(),
        name.into(),
        instant_text(now).into(),
    ];
    db::execute(tx, sql, values).await
}

/// Notes that the file to the bank has left.
pub(crate) async fn set_exported(tx: &Tx, id: &str, now: DateTime<Utc>) -> db::Result<u64> {
    let sql = "UPDATE fund_batch SET exported_at = $2 WHERE id = $1";
    db::execute(tx, sql, [id.into(), instant_text(now).into()]).await
}

pub(crate) async fn send(tx: &Tx, id: &str, on: NaiveDate, name: &str) -> db::Result<u64> {
    let sql = "UPDATE fund_batch SET state = $2, sent_on = $3, sent_name = $4 WHERE id = $1";
    let values = [
        id.into(),
        BatchState::Sent.slug().into(),
        on.to_string().into(),
        name.into(),
    ];
    db::execute(tx, sql, values).await
}

pub(crate) async fn withdraw(tx: &Tx, id: &str, reason: &str) -> db::Result<u64> {
    let sql = "UPDATE fund_batch SET state = $2, reason = $3 WHERE id = $1";
    let values = [
        id.into(),
        BatchState::Withdrawn.slug().into(),
        reason.into(),
    ];
    db::execute(tx, sql, values).await
}

/// What became of a row: it is not live any more.
pub(crate) async fn settle_row(
    tx: &Tx,
    id: &str,
    state: RowState,
    (reason, bank_reference): (&str, &str),
    on: Option<NaiveDate>,
) -> db::Result<u64> {
    let sql = "UPDATE fund_batch_row SET state = $2, is_live = $3, reason = $4, bank_reference = $5, settled_on = $6
               WHERE id = $1";
    let values = [
        id.into(),
        state.slug().into(),
        false.into(),
        reason.into(),
        bank_reference.into(),
        on.map(|on| on.to_string()).into(),
    ];
    db::execute(tx, sql, values).await
}
