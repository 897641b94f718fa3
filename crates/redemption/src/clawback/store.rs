//! The table of claw-backs; the money itself is the funds'.

use sea_orm::FromQueryResult;
use zhida_platform::db::{self, ConnectionTrait, Tx};

/// `number` counts a case's claw-backs from 1; `recovery` is the funds' id.
pub(crate) const CLAWBACK: &str = "CREATE TABLE redemption_clawback (
    case_id TEXT NOT NULL REFERENCES redemption_case (case_id),
    number BIGINT NOT NULL,
    recovery TEXT NOT NULL UNIQUE,
    cause TEXT NOT NULL,
    extent TEXT NOT NULL,
    fen BIGINT NOT NULL,
    reason TEXT NOT NULL,
    basis TEXT NOT NULL,
    made_at TEXT NOT NULL,
    made_by TEXT NOT NULL,
    PRIMARY KEY (case_id, number)
);";

/// A case's claw-backs at most.
const OF_CASE_MAX: i64 = 100;

/// A claw-back as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub(super) struct ClawbackRow {
    pub number: i64,
    pub recovery: String,
    pub cause: String,
    pub extent: String,
    pub fen: i64,
    pub reason: String,
    pub basis: String,
    pub made_at: String,
    pub made_by: String,
}

pub(super) async fn insert(tx: &Tx, case: &str, row: &ClawbackRow) -> db::Result<u64> {
    let sql = "INSERT INTO redemption_clawback (case_id, number, recovery, cause, extent, fen, reason, basis, made_at,
                   made_by)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = [
        case.into(),
        row.number.into(),
        row.recovery.as_str().into(),
        row.cause.as_str().into(),
        row.extent.as_str().into(),
        row.fen.into(),
        row.reason.as_str().into(),
        row.basis.as_str().into(),
        row.made_at.as_str().into(),
        row.made_by.as_str().into(),
    ];
    db::execute(tx, sql, values).await
}

/// Whether the grant itself was taken away, not only some of its money.
pub(crate) async fn is_taken_away(conn: &impl ConnectionTrait, case: &str) -> db::Result<bool> {
    let sql = "SELECT COUNT(*) FROM redemption_clawback WHERE case_id = $1 AND extent = 'whole'";
    Ok(db::query_count(conn, sql, [case.into()]).await? > 0)
}

/// Oldest first.
pub(super) async fn of_case(
    conn: &impl ConnectionTrait,
    case: &str,
) -> db::Result<Vec<ClawbackRow>> {
    let sql = format!(
        "SELECT number, recovery, cause, extent, fen, reason, basis, made_at, made_by FROM redemption_clawback
         WHERE case_id = $1 ORDER BY number LIMIT {OF_CASE_MAX}"
    );
    db::query_all(conn, &sql, [case.into()]).await
}
