//! Lists of cases: the room's rows beside the platform's heads.

use sea_orm::{DbErr, FromQueryResult, QueryResult};
use zhida_platform::access::Reach;
use zhida_platform::cases::Head;
use zhida_platform::db::{self, ConnectionTrait, Value};

use crate::cases::{CaseRecord, store::COLUMNS};
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
struct Id {
    case_id: String,
}

/// The newest cases of an item within reach that ended with this outcome.
pub(crate) async fn ended(
    conn: &impl ConnectionTrait,
    item: &str,
    outcome: &str,
    reach: &Reach,
    limit: i64,
) -> db::Result<Vec<String>> {
    let mut values: Vec<Value> = vec![item.into(), outcome.into()];
    let reach = within(reach, ("c.enterprise", "c.place"), &mut values);
    let sql = format!(
        "SELECT c.case_id FROM redemption_case c JOIN case_head h ON h.id = c.case_id
         WHERE c.item = $1 AND h.outcome = $2 AND {reach} ORDER BY c.case_id DESC LIMIT {limit}"
    );
    let rows: Vec<Id> = db::query_all(conn, &sql, values).await?;
    Ok(rows.into_iter().map(|row| row.case_id).collect())
}
