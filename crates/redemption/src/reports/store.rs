//! The two queries of a report, over the same cases.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use zhida_platform::access::Reach;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx, Where};

use super::model::By;
use super::query::Asked;

/// What is noted of a case when it ends: working days without waiting for the enterprise, and whether an office was late.
pub(crate) const TIME: &str = "ALTER TABLE redemption_case ADD COLUMN days BIGINT;
ALTER TABLE redemption_case ADD COLUMN late BOOLEAN;";

pub(super) async fn note_time(
    tx: &Tx,
    case: &str,
    days: Option<u32>,
    late: bool,
) -> db::Result<u64> {
    let sql = "UPDATE redemption_case SET days = $2, late = $3 WHERE case_id = $1";
    let values = [case.into(), days.map(i64::from).into(), late.into()];
    db::execute(tx, sql, values).await
}

/// What one line counts. Departments are put together from items: who answers for one stands in the catalogue.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct CountRow {
    pub key: String,
    pub name: String,
    pub opened: i64,
    pub open: i64,
    pub overdue: i64,
    pub decided: i64,
    pub closed: i64,
    pub on_time: i64,
    pub paid: i64,
    pub ended: i64,
    pub paid_fen: i64,
}

/// How many closed cases of a line took so many days.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct DaysRow {
    pub key: String,
    pub days: i64,
    pub number: i64,
}

const FROM: &str = "FROM redemption_case c JOIN case_head h ON h.id = c.case_id";
const CLOSED: &str = "h.outcome IN ('paid', 'refused')";

fn key(by: By) -> &'static str {
    match by {
        By::Item | By::Department => "c.item",
        By::Place => "SUBSTR(c.place, 1, 6)",
    }
}

pub(super) async fn counts(
    conn: &impl ConnectionTrait,
    asked: &Asked,
    reach: &Reach,
    now: DateTime<Utc>,
) -> db::Result<Vec<CountRow>> {
    let Where { mut values, .. } = asked.conditions(reach);
    let conditions = asked.conditions(reach).sql();
    values.push(instant_text(now).into());
    let now = values.len();
    let one = |condition: &str| {
        format!("CAST(COALESCE(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) AS BIGINT)")
    };
    let sql = format!(
        "SELECT {key} AS key, MAX(c.item_name) AS name, COUNT(*) AS opened, {} AS open, {} AS overdue, {} AS decided,
                {} AS closed, {} AS on_time, {} AS paid, {} AS ended,
                CAST(COALESCE(SUM(c.paid_fen), 0) AS BIGINT) AS paid_fen
         {FROM} {conditions} GROUP BY {key}",
        one("h.closed_at IS NULL"),
        one(&format!("h.closed_at IS NULL AND h.due_at < ${now}")),
        one("c.decision IS NOT NULL OR h.outcome = 'refused'"),
        one(CLOSED),
        one(&format!("{CLOSED} AND NOT COALESCE(c.late, FALSE)")),
        one("h.outcome = 'paid'"),
        one(&format!("h.closed_at IS NOT NULL AND NOT ({CLOSED})")),
        key = key(asked.by),
    );
    db::query_all(conn, &sql, values).await
}

pub(super) async fn days(
    conn: &impl ConnectionTrait,
    asked: &Asked,
    reach: &Reach,
) -> db::Result<Vec<DaysRow>> {
    let mut found = asked.conditions(reach);
    found.always(CLOSED);
    found.always("c.days IS NOT NULL");
    let sql = format!(
        "SELECT {key} AS key, c.days AS days, COUNT(*) AS number {FROM} {} GROUP BY {key}, c.days",
        found.sql(),
        key = key(asked.by),
    );
    db::query_all(conn, &sql, found.values).await
}
