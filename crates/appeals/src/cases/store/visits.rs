//! Return visits.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx};

use crate::words::{Satisfaction, Way};

/// A return visit as it is kept.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct VisitRow {
    pub round: i64,
    pub way: String,
    pub satisfaction: String,
    pub resolved: Option<bool>,
    pub words: String,
    pub visited_by: String,
    pub visited_at: String,
}

pub(in crate::cases) struct NewVisitRow<'a> {
    pub id: &'a str,
    pub case: &'a str,
    pub voice: &'a str,
    pub round: i64,
    pub way: Way,
    pub satisfaction: Satisfaction,
    pub resolved: Option<bool>,
    pub words: &'a str,
    pub by: &'a str,
    pub at: DateTime<Utc>,
}

pub(in crate::cases) async fn insert_visit(tx: &Tx, visit: &NewVisitRow<'_>) -> db::Result<u64> {
    let sql = "INSERT INTO appeal_visit (id, case_id, voice, round, way, satisfaction, resolved, words, visited_by,
            visited_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = [
        visit.id.into(),
        visit.case.into(),
        visit.voice.into(),
        visit.round.into(),
        visit.way.slug().into(),
        visit.satisfaction.slug().into(),
        visit.resolved.into(),
        visit.words.into(),
        visit.by.into(),
        instant_text(visit.at).into(),
    ];
    db::execute(tx, sql, values).await
}

pub(crate) async fn visits(conn: &impl ConnectionTrait, case: &str) -> db::Result<Vec<VisitRow>> {
    let sql =
        "SELECT round, way, satisfaction, resolved, words, visited_by, visited_at FROM appeal_visit
        WHERE case_id = $1 ORDER BY id LIMIT 1000";
    db::query_all(conn, sql, [case.into()]).await
}

/// What each voice said last in a round of whether it is solved; whoever said nothing of it is not among them.
pub(in crate::cases) async fn resolutions(
    conn: &impl ConnectionTrait,
    case: &str,
    round: i64,
) -> db::Result<Vec<bool>> {
    #[derive(FromQueryResult)]
    struct Said {
        resolved: bool,
    }
    let sql = "SELECT i.resolved FROM appeal_visit i
        WHERE i.case_id = $1 AND i.round = $2 AND i.resolved IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM appeal_visit later WHERE later.case_id = i.case_id AND later.round = i.round
                AND later.voice = i.voice AND later.resolved IS NOT NULL AND later.id > i.id)";
    let said: Vec<Said> = db::query_all(conn, sql, [case.into(), round.into()]).await?;
    Ok(said.into_iter().map(|one| one.resolved).collect())
}
