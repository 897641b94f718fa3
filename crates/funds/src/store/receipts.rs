use chrono::{DateTime, Utc};
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx};

use super::Select;
use crate::model::{Fate, KeptReceipt, ReceiptFile};

const FILE: &str = "f.digest, f.name, f.format, f.place, f.receipts, f.paid, f.returned, f.repeated, f.unclaimed, \
     f.taken_at, f.taken_by";

const RECEIPT: &str = "r.id, r.line, r.reference, r.amount, r.result, r.settled_on, r.bank_reference, r.reason, \
     r.fate, r.why, r.place, r.handled_by, r.handled_note";

/// Keeps a file's name and digest before its receipts; false when the same content was taken before.
pub(crate) async fn insert_file(tx: &Tx, file: &ReceiptFile) -> db::Result<bool> {
    let sql = "INSERT INTO fund_receipt_file (digest, name, format, place, receipts, paid, returned, repeated, unclaimed,
                   taken_at, taken_by)
               VALUES ($1, $2, $3, $4, 0, 0, 0, 0, 0, $5, $6) ON CONFLICT (digest) DO NOTHING";
    let values = [
        file.digest.as_str().into(),
        file.name.as_str().into(),
        file.format.as_str().into(),
        file.place.as_str().into(),
        instant_text(file.taken_at).into(),
        file.taken_by.as_str().into(),
    ];
    Ok(db::execute(tx, sql, values).await? == 1)
}

/// Notes what came of a file.
pub(crate) async fn set_counts(tx: &Tx, file: &ReceiptFile) -> db::Result<u64> {
    let sql = "UPDATE fund_receipt_file SET receipts = $2, paid = $3, returned = $4, repeated = $5, unclaimed = $6
               WHERE digest = $1";
    let values = [
        file.digest.as_str().into(),
        file.receipts.into(),
        file.paid.into(),
        file.returned.into(),
        file.repeated.into(),
        file.unclaimed.into(),
    ];
    db::execute(tx, sql, values).await
}

pub(crate) async fn file(
    conn: &impl ConnectionTrait,
    digest: &str,
) -> db::Result<Option<ReceiptFile>> {
    let sql = format!("SELECT {FILE} FROM fund_receipt_file f WHERE f.digest = $1");
    db::query_one(conn, &sql, [digest.into()]).await
}

/// Files, the newest first.
pub(crate) async fn files(
    conn: &impl ConnectionTrait,
    mut select: Select,
    before: Option<&(String, String)>,
    limit: i64,
) -> db::Result<Vec<ReceiptFile>> {
    if let Some((taken_at, digest)) = before {
        let (taken_at, digest) = (select.push(taken_at.as_str()), select.push(digest.as_str()));
        select.only_if(&format!(
            "(f.taken_at, f.digest) < (${taken_at}, ${digest})"
        ));
    }
    let filter = select.filter();
    let limit = select.push(limit);
    let sql = format!(
        "SELECT {FILE} FROM fund_receipt_file f{filter} ORDER BY f.taken_at DESC, f.digest DESC LIMIT ${limit}"
    );
    db::query_all(conn, &sql, select.values()).await
}

pub(crate) async fn insert(tx: &Tx, file: &str, receipt: &KeptReceipt) -> db::Result<u64> {
    let sql = "INSERT INTO fund_receipt (id, file, line, reference, amount, result, settled_on, bank_reference, reason,
                   fate, why, place)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let values = [
        receipt.id.as_str().into(),
        file.into(),
        receipt.line.into(),
        receipt.reference.as_str().into(),
        receipt.amount.into(),
        receipt.outcome.slug().into(),
        receipt.on.as_str().into(),
        receipt.bank_reference.as_str().into(),
        receipt.reason.as_str().into(),
        receipt.fate.slug().into(),
        receipt.why.as_str().into(),
        receipt.place.as_str().into(),
    ];
    db::execute(tx, sql, values).await
}

/// The receipts of a file, in its order.
pub(crate) async fn of_file(
    conn: &impl ConnectionTrait,
    digest: &str,
    after: i64,
    limit: i64,
) -> db::Result<Vec<KeptReceipt>> {
    let sql = format!(
        "SELECT {RECEIPT} FROM fund_receipt r WHERE r.file = $1 AND r.line > $2 ORDER BY r.line LIMIT $3"
    );
    db::query_all(conn, &sql, [digest.into(), after.into(), limit.into()]).await
}

/// What is 未认领 and not dealt with, in the order of arrival.
pub(crate) fn open_unclaimed(select: &mut Select) {
    select.only("r.fate = $", Fate::Unclaimed.slug());
    select.only_if("r.handled_at IS NULL");
}

pub(crate) async fn list(
    conn: &impl ConnectionTrait,
    mut select: Select,
    after: Option<&str>,
    limit: i64,
) -> db::Result<Vec<KeptReceipt>> {
    if let Some(after) = after {
        select.only("r.id > $", after);
    }
    let filter = select.filter();
    let limit = select.push(limit);
    let sql = format!("SELECT {RECEIPT} FROM fund_receipt r{filter} ORDER BY r.id LIMIT ${limit}");
    db::query_all(conn, &sql, select.values()).await
}

pub(crate) async fn count(conn: &impl ConnectionTrait, select: &Select) -> db::Result<u64> {
    let sql = format!("SELECT COUNT(*) FROM fund_receipt r{}", select.filter());
    let number = db::query_count(conn, &sql, select.values()).await?;
    Ok(u64::try_from(number).unwrap_or(0))
}

pub(crate) async fn get(conn: &impl ConnectionTrait, id: &str) -> db::Result<Option<KeptReceipt>> {
    let sql = format!("SELECT {RECEIPT} FROM fund_receipt r WHERE r.id = $1");
    db::query_one(conn, &sql, [id.into()]).await
}

/// Notes how an unclaimed receipt was dealt with; false when somebody did before.
pub(crate) async fn handle(
    tx: &Tx,
    id: &str,
    (by, note): (&str, &str),
    now: DateTime<Utc>,
) -> db::Result<bool> {
    let sql = "UPDATE fund_receipt SET handled_at = $2, handled_by = $3, handled_note = $4
               WHERE id = $1 AND fate = $5 AND handled_at IS NULL";
    let values = [
        id.into(),
        instant_text(now).into(),
        by.into(),
        note.into(),
        Fate::Unclaimed.slug().into(),
    ];
    Ok(db::execute(tx, sql, values).await? == 1)
}
