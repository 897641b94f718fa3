//! The figures' SQL: one statement over the query of the list.

use sea_orm::{DbErr, FromQueryResult, QueryResult};
use zhida_platform::access::Viewer;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait};

use super::counted::Counted;
use super::figures::{Dimension, Figures};
use crate::error::Error;
use crate::model::AppealRow;
use crate::query::AppealQuery;
use crate::rights::INTAKE;

/// Groups that one statement answers at most: hours of two years.
const GROUPS_MAX: i64 = 20_000;

/// Figures under a key that is finer than the group that is shown.
pub(super) struct Raw {
    pub key: String,
    pub name: String,
    pub figures: Figures,
}

impl FromQueryResult for Raw {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let mut counts = [0; Counted::ALL.len()];
        for (at, count) in counts.iter_mut().enumerate() {
            let found: Option<i64> = row.try_get(prefix, &format!("c{at}"))?;
            *count = found.unwrap_or_default().unsigned_abs();
        }
        let text = |name: &str| row.try_get::<Option<String>>(prefix, name);
        Ok(Self {
            key: text("group_key")?.unwrap_or_default(),
            name: text("group_name")?.unwrap_or_default(),
            figures: Figures::new(counts),
        })
    }
}

/// What appeals are grouped by: key and name. Days begin at eight in the evening of UTC, so weeks are summed from hours.
fn key(by: Option<Dimension>, viewer: &Viewer) -> (String, &'static str) {
    let named = match viewer.may(INTAKE) {
        true => "h.enterprise",
        false => "CASE WHEN a.confidentiality = 'normal' THEN h.enterprise ELSE '' END",
    };
    match by {
        None => ("''".to_owned(), "''"),
        Some(Dimension::Channel) => ("a.channel".to_owned(), "''"),
        Some(Dimension::Category) => ("a.category".to_owned(), "a.category_name"),
        Some(Dimension::Department) => ("h.holder".to_owned(), "h.holder_name"),
        Some(Dimension::Place) => ("h.place".to_owned(), "''"),
        Some(Dimension::Enterprise) => (named.to_owned(), "a.enterprise_name"),
        Some(Dimension::Week) => ("SUBSTR(h.opened_at, 1, 13)".to_owned(), "''"),
    }
}

/// The figures of a query by a dimension, or in one.
pub(super) async fn figures(
    conn: &impl ConnectionTrait,
    query: &AppealQuery,
    by: Option<Dimension>,
    viewer: &Viewer,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Vec<Raw>, Error> {
    let mut found = query.conditions(viewer, now);
    found.values.push(instant_text(now).into());
    let moment = format!("${}", found.values.len());
    let (key, name) = key(by, viewer);
    let sums: Vec<String> = Counted::ALL
        .iter()
        .enumerate()
        .map(|(at, counted)| {
            let condition = counted.condition().replace('?', &moment);
            format!("CAST(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END) AS BIGINT) AS c{at}")
        })
        .collect();
    let sql = format!(
        "SELECT {key} AS group_key, MAX({name}) AS group_name, {} {} {} GROUP BY 1 LIMIT {GROUPS_MAX}",
        sums.join(", "),
        AppealRow::FROM,
        found.sql()
    );
    Ok(db::query_all(conn, &sql, found.values).await?)
}

#[derive(Debug, FromQueryResult)]
struct Id {
    id: String,
}

/// The newest appeals of a query that were handled to an end.
pub(super) async fn closed(
    conn: &impl ConnectionTrait,
    query: &AppealQuery,
    viewer: &Viewer,
    now: chrono::DateTime<chrono::Utc>,
    limit: i64,
) -> Result<Vec<String>, Error> {
    let mut found = query.conditions(viewer, now);
    found.always(Counted::Closed.condition());
    let sql = format!(
        "SELECT h.id {} {} ORDER BY h.id DESC LIMIT {limit}",
        AppealRow::FROM,
        found.sql()
    );
    let rows: Vec<Id> = db::query_all(conn, &sql, found.values).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
