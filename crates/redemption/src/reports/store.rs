//! The one query of a report, and what is kept for it.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use zhida_platform::access::Reach;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx, Value, Where};

use super::model::By;
use super::query::{Asked, Columns};
use crate::words::Outcome;

/// What is noted of a case when it ends: working days without waiting for the enterprise, and whether an office was late.
pub(crate) const TIME: &str = "ALTER TABLE redemption_case ADD COLUMN days BIGINT;
ALTER TABLE redemption_case ADD COLUMN late BOOLEAN;";

/// All that a report asks of a case in one index, in the order in which it is summed up: a million cases are read once, without
/// sorting and without their rows. `outcome` is noted when a case ends, `decided` when somebody decides.
pub(crate) const REPORT: &str = "ALTER TABLE redemption_case ADD COLUMN outcome TEXT;
ALTER TABLE redemption_case ADD COLUMN decided BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE redemption_case SET
    outcome = (SELECT h.outcome FROM case_head h WHERE h.id = redemption_case.case_id),
    decided = decision IS NOT NULL;
CREATE INDEX redemption_case_report ON redemption_case (item, place, outcome, late, days, decided, filed_at, paid_fen);";

/// How a case ended, for reports.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub outcome: Outcome,
    pub days: Option<u32>,
    pub late: bool,
}

pub(super) async fn note_end(tx: &Tx, case: &str, end: End) -> db::Result<u64> {
    let sql = "UPDATE redemption_case SET outcome = $2, days = $3, late = $4 WHERE case_id = $1";
    let values = [
        case.into(),
        end.outcome.slug().into(),
        end.days.map(i64::from).into(),
        end.late.into(),
    ];
    db::execute(tx, sql, values).await
}

/// So many cases of an item or a place that are alike. Departments are put together from items: who answers for one
/// stands in the catalogue.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct Alike {
    pub key: String,
    /// None of those under way.
    pub outcome: Option<String>,
    pub late: Option<bool>,
    pub days: Option<i64>,
    pub decided: bool,
    pub number: i64,
    /// Open cases that are late, of which the other rows have counted the number.
    pub overdue: i64,
    pub paid_fen: i64,
}

/// What is summed up, and what is late among it: one statement, so that all figures are of one moment.
fn counting(asked: &Asked, reach: &Reach, now: DateTime<Utc>) -> (String, Vec<Value>) {
    let mut all = Where::default();
    asked.conditions(reach, &Columns::OF_CASE, &mut all);
    let mut late = Where::after(std::mem::take(&mut all.values));
    // in the words of the index of open cases
    late.always("h.room = 'redemption'");
    late.always("h.closed_at IS NULL");
    late.and("COALESCE(h.due_at, '9999') < ?", instant_text(now));
    asked.conditions(reach, &Columns::OF_HEAD, &mut late);
    let (key, key_of_head) = match asked.by {
        By::Item | By::Department => ("g.item", "h.topic"),
        By::Place => ("SUBSTR(g.place, 1, 6)", "SUBSTR(h.place, 1, 6)"),
    };
    let sql = format!(
        "SELECT {key} AS key, g.outcome AS outcome, g.late AS late, g.days AS days, g.decided AS decided,
                CAST(SUM(g.number) AS BIGINT) AS number, CAST(0 AS BIGINT) AS overdue,
                CAST(SUM(g.paid_fen) AS BIGINT) AS paid_fen
         FROM (SELECT c.item, c.place, c.outcome, c.late, c.days, c.decided,
                      COUNT(*) AS number, CAST(SUM(c.paid_fen) AS BIGINT) AS paid_fen
               FROM redemption_case c {}
               GROUP BY c.item, c.place, c.outcome, c.late, c.days, c.decided) g
         GROUP BY {key}, g.outcome, g.late, g.days, g.decided
         UNION ALL
         SELECT {key_of_head}, CAST(NULL AS TEXT), FALSE, CAST(NULL AS BIGINT), FALSE,
                CAST(0 AS BIGINT), COUNT(*), CAST(0 AS BIGINT)
         FROM case_head h {} GROUP BY {key_of_head}",
        all.sql(),
        late.sql(),
    );
    (sql, late.values)
}

/// The cases that are asked for, like with like.
pub(super) async fn alike(
    conn: &impl ConnectionTrait,
    asked: &Asked,
    reach: &Reach,
    now: DateTime<Utc>,
) -> db::Result<Vec<Alike>> {
    let (sql, values) = counting(asked, reach, now);
    db::query_all(conn, &sql, values).await
}

/// What an item was called when its last case began: for items that are no longer published.
pub(super) async fn last_name(conn: &impl ConnectionTrait, item: &str) -> db::Result<String> {
    #[derive(FromQueryResult)]
    struct Row {
        item_name: String,
    }
    let sql = "SELECT item_name FROM redemption_case WHERE item = $1 ORDER BY case_id DESC LIMIT 1";
    let row: Option<Row> = db::query_one(conn, sql, [item.into()]).await?;
    Ok(row.map_or_else(|| item.to_owned(), |row| row.item_name))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

    use zhida_platform::db::Engine;
    use zhida_testkit::{TestDatabase, both_databases};

    use super::*;
    use crate::plan::{migrated, migrated_to, plan};
    use crate::reports::ReportQuery;

    fn now() -> DateTime<Utc> {
        "2026-11-23T02:00:00Z".parse().unwrap()
    }

    async fn a_report_reads_indexes_and_no_rows(db: TestDatabase) {
        migrated(&db).await;
        for by in ["item", "place", "department"] {
            let query = ReportQuery {
                by: by.to_owned(),
                ..ReportQuery::default()
            };
            let asked = query.asked().unwrap();
            let found = plan(&db, counting(&asked, &Reach::All, now())).await;
            assert!(found.contains("redemption_case_report"), "{found}");
            // without rows PostgreSQL takes any index of the heads
            let late = match db.engine() {
                Engine::Sqlite => "case_head_queue",
                Engine::Postgres => "case_head_",
            };
            assert!(found.contains(late), "{found}");
            let rows = found.lines().filter(|line| {
                line.contains("Seq Scan") || line.contains("SCAN c") && !line.contains("COVERING")
            });
            assert_eq!(rows.count(), 0, "{found}");
        }
    }

    /// Before the step reports read the heads of all cases: what stood there is taken over.
    async fn cases_of_before_are_taken_over(db: TestDatabase) {
        migrated_to(&db, 8).await;
        for sql in [
            "INSERT INTO case_head (id, room, number, enterprise, place, title, stage, outcome, turn, held, version, opened_at, changed_at)
             VALUES ('a', 'redemption', '1', 'E', '370102', '', 'payment', 'paid', 'system', FALSE, 1, '2026', '2026'),
                    ('b', 'redemption', '2', 'E', '370102', '', 'review', NULL, 'office', FALSE, 1, '2026', '2026')",
            "INSERT INTO redemption_case (case_id, item, item_name, item_revision, scheme_revision, enterprise, enterprise_name,
                 place, period, origin, filed_by, agent, filed_at, judgement, answers, paid_fen, parts, decision)
             VALUES ('a', 'jiuye', '', 1, 1, 'E', '', '370102', '', 'application', '', '', '2026', '{}', '{}', 5, 0, '同意'),
                    ('b', 'jiuye', '', 1, 1, 'E', '', '370102', '', 'application', '', '', '2026', '{}', '{}', 0, 0, NULL)",
        ] {
            let done = db.write(|tx| async move { db::execute(&tx, sql, []).await }).await;
            assert_eq!(done.unwrap(), 2, "{sql}");
        }
        migrated(&db).await;
        let asked = ReportQuery::default().asked().unwrap();
        let mut rows = alike(db.conn(), &asked, &Reach::All, now()).await.unwrap();
        rows.sort_by_key(|row| row.outcome.is_none());
        let found: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row.outcome.as_deref(),
                    row.decided,
                    row.number,
                    row.paid_fen,
                )
            })
            .collect();
        assert_eq!(found, [(Some("paid"), true, 1, 5), (None, false, 1, 0)]);
    }

    both_databases!(
        a_report_reads_indexes_and_no_rows,
        cases_of_before_are_taken_over
    );
}
