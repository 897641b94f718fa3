//! Lists of cases: the room's rows beside the platform's heads.

use sea_orm::{DbErr, FromQueryResult, QueryResult};
use zhida_platform::access::Reach;
use zhida_platform::cases::Head;
use zhida_platform::db::{self, ConnectionTrait, Value};

use crate::cases::{CaseRecord, store::COLUMNS};
use crate::conditions::Where;
use crate::reach::within;

/// A case with both rows.
#[derive(Debug, Clone)]
pub(crate) struct Both {
    pub head: Head,
    pub record: CaseRecord,
    /// The side whose answer to a message is waited for.
    pub awaits: Option<String>,
}

impl FromQueryResult for Both {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self {
            head: Head::from_query_result(row, prefix)?,
            record: CaseRecord::from_query_result(row, prefix)?,
            awaits: row.try_get(prefix, "awaits")?,
        })
    }
}

fn filter(open: Option<bool>, reach: &Reach) -> (String, Vec<Value>) {
    let mut values = Vec::new();
    let reach = within(reach, ("c.enterprise", "c.place"), &mut values);
    let open = match open {
        None => "",
        Some(true) => " AND h.closed_at IS NULL",
        Some(false) => " AND h.closed_at IS NOT NULL",
    };
    (format!("{reach}{open}"), values)
}

/// Cases within reach, newest first.
pub(super) async fn list(
    conn: &impl ConnectionTrait,
    open: Option<bool>,
    reach: &Reach,
    before: Option<String>,
    limit: i64,
) -> db::Result<Vec<Both>> {
    let (mut filter, mut values) = filter(open, reach);
    if let Some(before) = before {
        values.push(before.into());
        filter.push_str(&format!(" AND c.case_id < ${}", values.len()));
    }
    let sql = format!(
        "SELECT {}, {COLUMNS},
            (SELECT t.awaits FROM thread t WHERE t.room = 'redemption' AND t.subject = h.id) AS awaits
         FROM redemption_case c JOIN case_head h ON h.id = c.case_id
         WHERE {filter} ORDER BY c.case_id DESC LIMIT {limit}",
        // both tables have enterprise and place, with the same values
        Head::COLUMNS.replace("h.enterprise, h.place, ", "")
    );
    db::query_all(conn, &sql, values).await
}

pub(super) async fn count(
    conn: &impl ConnectionTrait,
    open: Option<bool>,
    reach: &Reach,
) -> db::Result<i64> {
    let (filter, values) = filter(open, reach);
    let sql = format!(
        "SELECT COUNT(*) FROM redemption_case c JOIN case_head h ON h.id = c.case_id WHERE {filter}"
    );
    db::query_count(conn, &sql, values).await
}

#[derive(FromQueryResult)]
struct Days {
    days: i64,
}

/// How many working days the newest cases of an item within reach took that ended with this outcome.
pub(crate) async fn days(
    conn: &impl ConnectionTrait,
    item: &str,
    outcome: &str,
    reach: &Reach,
    limit: i64,
) -> db::Result<Vec<u32>> {
    let mut found = Where::default();
    found.and("c.item = ?", item);
    found.always("c.days IS NOT NULL");
    found.and("h.outcome = ?", outcome);
    found.within(reach, ("c.enterprise", "c.place"));
    let sql = format!(
        "SELECT c.days FROM redemption_case c JOIN case_head h ON h.id = c.case_id {}
         ORDER BY c.case_id DESC LIMIT {limit}",
        found.sql()
    );
    let rows: Vec<Days> = db::query_all(conn, &sql, found.values).await?;
    let days = |row: Days| u32::try_from(row.days).unwrap_or(u32::MAX);
    Ok(rows.into_iter().map(days).collect())
}
