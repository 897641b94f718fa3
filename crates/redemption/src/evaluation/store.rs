//! Ratings, and the sums of an item.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use zhida_platform::access::Reach;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx, Value};

use super::rating::Rated;
use crate::reach::within;

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
    (case, item): (&str, &str),
    rated: &Rated,
    by: &str,
    at: DateTime<Utc>,
) -> db::Result<bool> {
    let sql = "INSERT INTO redemption_rating (case_id, item, grade, words, rated_at, rated_by)
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (case_id) DO NOTHING";
    let values = [
        case.into(),
        item.into(),
        rated.grade.into(),
        rated.words.as_str().into(),
        instant_text(at).into(),
        by.into(),
    ];
    Ok(db::execute(tx, sql, values).await? == 1)
}

/// By what a case is reached.
const COLUMNS: (&str, &str) = ("c.enterprise", "c.place");

/// What an item's cases within reach came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromQueryResult)]
pub(super) struct Sums {
    pub cases: i64,
    pub offered: i64,
    pub applied: i64,
    pub open: i64,
    pub overdue: i64,
    pub paid: i64,
    pub paid_fen: i64,
    pub refused: i64,
    pub declined: i64,
}

pub(super) async fn sums(
    conn: &impl ConnectionTrait,
    item: &str,
    reach: &Reach,
    now: DateTime<Utc>,
) -> db::Result<Sums> {
    let mut values: Vec<Value> = vec![item.into(), instant_text(now).into()];
    let reach = within(reach, COLUMNS, &mut values);
    let one = |condition: &str| {
        format!("CAST(COALESCE(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) AS BIGINT)")
    };
    let sql = format!(
        "SELECT COUNT(*) AS cases, {} AS offered, {} AS applied, {} AS open, {} AS overdue, {} AS paid,
                CAST(COALESCE(SUM(c.paid_fen), 0) AS BIGINT) AS paid_fen, {} AS refused, {} AS declined
         FROM redemption_case c JOIN case_head h ON h.id = c.case_id WHERE c.item = $1 AND {reach}",
        one("c.origin = 'closure'"),
        one("c.origin = 'application'"),
        one("h.closed_at IS NULL"),
        one("h.closed_at IS NULL AND h.due_at < $2"),
        one("h.outcome = 'paid'"),
        one("h.outcome = 'refused'"),
        one("h.outcome = 'declined'"),
    );
    let sums: Option<Sums> = db::query_one(conn, &sql, values).await?;
    Ok(sums.unwrap_or_default())
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
    let mut values: Vec<Value> = vec![item.into()];
    let reach = within(reach, COLUMNS, &mut values);
    let sql = format!(
        "SELECT r.grade, COUNT(*) AS number FROM redemption_rating r JOIN redemption_case c ON c.case_id = r.case_id
         WHERE r.item = $1 AND {reach} GROUP BY r.grade"
    );
    let rows: Vec<GradeRow> = db::query_all(conn, &sql, values).await?;
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
    let mut values: Vec<Value> = vec![item.into()];
    let reach = within(reach, COLUMNS, &mut values);
    let sql = format!(
        "SELECT c.enterprise, c.filed_at FROM redemption_case c
         WHERE c.item = $1 AND c.paid_fen > 0 AND {reach} ORDER BY c.case_id DESC LIMIT {limit}"
    );
    let rows: Vec<Cohort> = db::query_all(conn, &sql, values).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.enterprise, row.filed_at))
        .collect())
}
