//! The only code that touches the room's tables.

pub(crate) mod batches;
pub(crate) mod claims;
pub(crate) mod payees;
pub(crate) mod payments;
pub(crate) mod pools;
pub(crate) mod receipts;
mod select;

pub(crate) use select::Select;

use zhida_platform::db::{self, Tx};

/// The next running number of a kind in a year, from 1 and without gaps: an undone transaction gives it back.
pub(crate) async fn next_number(tx: &Tx, kind: &str, year: i32) -> db::Result<i64> {
    let sql = "INSERT INTO fund_number (kind, year, last) VALUES ($1, $2, 1)
               ON CONFLICT (kind, year) DO UPDATE SET last = fund_number.last + 1 RETURNING last";
    db::query_count(tx, sql, [kind.into(), i64::from(year).into()]).await
}
