//! Ratings, and the sums of an item.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use zhida_platform::access::Reach;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx};

use super::rating::Rated;
use crate::cases::{CaseRecord, Origin};
use crate::conditions::Where;

/// What figures of an item are read from: a rating is reached as its case is, the usual time and those who were paid are
/// found among the newest, and sums read indexes only. A case's topic is its item.
pub(crate) const FIGURES: &str = "UPDATE case_head
    SET topic = (SELECT c.item FROM redemption_case c WHERE c.case_id = case_head.id)
    WHERE room = 'redemption' AND id IN (SELECT case_id FROM redemption_case);
ALTER TABLE redemption_rating ADD COLUMN enterprise TEXT NOT NULL DEFAULT '';
ALTER TABLE redemption_rating ADD COLUMN place TEXT NOT NULL DEFAULT '';
UPDATE redemption_rating SET
    enterprise = (SELECT c.enterprise FROM redemption_case c WHERE c.case_id = redemption_rating.case_id),
    place = (SELECT c.place FROM redemption_case c WHERE c.case_id = redemption_rating.case_id);
DROP INDEX redemption_rating_item;
CREATE INDEX redemption_rating_item ON redemption_rating (item, place, grade);
DROP INDEX redemption_case_item;
CREATE INDEX redemption_case_item ON redemption_case (item, case_id, place, origin, paid_fen);
CREATE INDEX redemption_case_days ON redemption_case (item, case_id, place, days) WHERE days IS NOT NULL;
CREATE INDEX redemption_case_paid ON redemption_case (item, case_id, place, enterprise, filed_at) WHERE paid_fen > 0;
DROP INDEX redemption_candidate_list;
CREATE INDEX redemption_candidate_list ON redemption_candidate (item, state, id, place);";

#[derive(FromQueryResult)]
struct RatingRow {
    grade: i64,
    words: String,
}

pub(super) async fn rating(conn: &impl ConnectionTrait, case: &str) -> db::Result<Option<Rated>> {
    let sql = "SELECT grade, words FROM redemption_rating WHERE case_id = $1";
    let row: Option<RatingRow> = db::query_one(conn, sql, [case.into()]).await?;
    Ok(row.and_then(|row| Rated::of(row.grade, row.words)))
}

/// Keeps a rating; false when the case has one.
pub(super) async fn rate(
    tx: &Tx,
    of: &CaseRecord,
    rated: &Rated,
    by: &str,
    at: DateTime<Utc>,
) -> db::Result<bool> {
    let sql = "INSERT INTO redemption_rating (case_id, item, grade, words, rated_at, rated_by, enterprise, place)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (case_id) DO NOTHING";
    let values = [
        of.case_id.as_str().into(),
        of.item.as_str().into(),
        rated.grade.into(),
        rated.words.as_str().into(),
        instant_text(at).into(),
        by.into(),
        of.enterprise.as_str().into(),
        of.place.as_str().into(),
    ];
    Ok(db::execute(tx, sql, values).await? == 1)
}

/// How the cases of an item within reach stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromQueryResult)]
pub(super) struct Standing {
    pub open: i64,
    pub paid: i64,
    pub refused: i64,
    pub declined: i64,
}

/// Where they came from, and what was paid.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromQueryResult)]
pub(super) struct Origins {
    pub offered: i64,
    pub applied: i64,
    pub paid_fen: i64,
}

fn of_item(item: &str, reach: &Reach) -> Where {
    let mut found = Where::default();
    found.always("h.room = 'redemption'");
    found.and("h.topic = ?", item);
    found.within(reach, ("h.enterprise", "h.place"));
    found
}

pub(super) async fn standing(
    conn: &impl ConnectionTrait,
    item: &str,
    reach: &Reach,
) -> db::Result<Standing> {
    let found = of_item(item, reach);
    let sql = format!(
        "SELECT COUNT(*) - COUNT(h.outcome) AS open, {} AS paid, {} AS refused, {} AS declined FROM case_head h {}",
        number("h.outcome", "paid"),
        number("h.outcome", "refused"),
        number("h.outcome", "declined"),
        found.sql()
    );
    Ok(db::query_one(conn, &sql, found.values)
        .await?
        .unwrap_or_default())
}

/// How many open cases are late.
pub(super) async fn overdue(
    conn: &impl ConnectionTrait,
    item: &str,
    reach: &Reach,
    now: DateTime<Utc>,
) -> db::Result<i64> {
    let mut found = of_item(item, reach);
    found.always("h.closed_at IS NULL");
    found.and("COALESCE(h.due_at, '9999') < ?", instant_text(now));
    let sql = format!("SELECT COUNT(*) FROM case_head h {}", found.sql());
    db::query_count(conn, &sql, found.values).await
}

pub(super) async fn origins(
    conn: &impl ConnectionTrait,
    item: &str,
    reach: &Reach,
) -> db::Result<Origins> {
    let mut found = Where::default();
    found.and("c.item = ?", item);
    found.within(reach, ("c.enterprise", "c.place"));
    let sql = format!(
        "SELECT {} AS offered, {} AS applied, CAST(COALESCE(SUM(c.paid_fen), 0) AS BIGINT) AS paid_fen
         FROM redemption_case c {}",
        number("c.origin", Origin::Closure.slug()),
        number("c.origin", Origin::Application.slug()),
        found.sql()
    );
    Ok(db::query_one(conn, &sql, found.values)
        .await?
        .unwrap_or_default())
}

/// How many rows have this value.
fn number(column: &str, value: &str) -> String {
    format!("COUNT(CASE WHEN {column} = '{value}' THEN 1 END)")
}

#[derive(FromQueryResult)]
struct GradeRow {
    grade: i64,
    number: i64,
}

/// How many ratings of each grade the cases of an item within reach have.
pub(super) async fn grades(
    conn: &impl ConnectionTrait,
    item: &str,
    reach: &Reach,
) -> db::Result<[i64; 5]> {
    let mut found = Where::default();
    found.and("r.item = ?", item);
    found.within(reach, ("r.enterprise", "r.place"));
    let sql = format!(
        "SELECT r.grade, COUNT(*) AS number FROM redemption_rating r {} GROUP BY r.grade",
        found.sql()
    );
    let rows: Vec<GradeRow> = db::query_all(conn, &sql, found.values).await?;
    let mut grades = [0; 5];
    for row in rows {
        let at = usize::try_from(row.grade - 1).ok();
        if let Some(grade) = at.and_then(|at| grades.get_mut(at)) {
            *grade = row.number;
        }
    }
    Ok(grades)
}

#[derive(FromQueryResult)]
struct Cohort {
    enterprise: String,
    filed_at: String,
}

/// The enterprises within reach that were paid for an item, with the year in which they filed; the newest first.
pub(super) async fn paid(
    conn: &impl ConnectionTrait,
    item: &str,
    reach: &Reach,
    limit: i64,
) -> db::Result<Vec<(String, String)>> {
    let mut found = Where::default();
    found.and("c.item = ?", item);
    found.always("c.paid_fen > 0");
    found.within(reach, ("c.enterprise", "c.place"));
    let sql = format!(
        "SELECT c.enterprise, c.filed_at FROM redemption_case c {} ORDER BY c.case_id DESC LIMIT {limit}",
        found.sql()
    );
    let rows: Vec<Cohort> = db::query_all(conn, &sql, found.values).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.enterprise, row.filed_at))
        .collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

    use zhida_platform::db::MigrationSet;
    use zhida_testkit::{TestDatabase, both_databases};

    use super::*;
    use crate::migration::MIGRATIONS;

    #[derive(FromQueryResult)]
    struct Moved {
        topic: String,
        enterprise: String,
        place: String,
    }

    async fn cases_of_before_get_their_topic_and_ratings_their_place(db: TestDatabase) {
        let before = MigrationSet {
            steps: &MIGRATIONS.steps[..7],
            ..MIGRATIONS
        };
        let others = [zhida_forms::migrations(), zhida_funds::migrations()];
        db.migrate(&[others[0], others[1], before]).await.unwrap();
        for sql in [
            "INSERT INTO case_head (id, room, number, enterprise, place, title, stage, turn, held, version, opened_at, changed_at)
             VALUES ('a', 'redemption', '1', 'E', '370102', '事项：企业', 'review', 'office', FALSE, 1, '2026', '2026'),
                    ('b', 'appeals', '2', 'E', '370102', '诉求', 'intake', 'office', FALSE, 1, '2026', '2026')",
            "INSERT INTO redemption_case (case_id, item, item_name, item_revision, scheme_revision, enterprise, enterprise_name,
                 place, period, origin, filed_by, agent, filed_at, judgement, answers, paid_fen, parts)
             VALUES ('a', 'jiuye', '事项', 1, 1, 'E', '企业', '370102', '2026', 'application', '', '', '2026', '{}', '{}', 0, 0)",
            "INSERT INTO redemption_rating (case_id, item, grade, words, rated_at, rated_by)
             VALUES ('a', 'jiuye', 5, '', '2026', '')",
        ] {
            let done = db.write(|tx| async move { db::execute(&tx, sql, []).await }).await;
            assert!(done.unwrap() > 0, "{sql}");
        }
        db.migrate(&[others[0], others[1], MIGRATIONS])
            .await
            .unwrap();
        let sql = "SELECT h.topic, r.enterprise, r.place FROM case_head h JOIN redemption_rating r ON r.case_id = h.id";
        let moved: Moved = db::query_one(db.conn(), sql, []).await.unwrap().unwrap();
        assert_eq!(
            [moved.topic, moved.enterprise, moved.place],
            ["jiuye", "E", "370102"]
        );
        let sql = "SELECT COUNT(*) FROM case_head WHERE topic = ''";
        assert_eq!(db::query_count(db.conn(), sql, []).await.unwrap(), 1);
    }

    both_databases!(cases_of_before_get_their_topic_and_ratings_their_place);
}
