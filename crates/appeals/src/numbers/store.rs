//! The figures' SQL: one statement over the query of the list.

use futures::Stream;
use sea_orm::{DatabaseConnection, DbErr, FromQueryResult, QueryResult};
use zhida_casework::Event;
use zhida_platform::access::Viewer;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait};

use super::counted::Counted;
use super::figures::{Dimension, Figures};
use crate::error::Error;
use crate::model::AppealRow;
use crate::query::AppealQuery;
use crate::rights::INTAKE;
use crate::words::Appeal;

/// Figures of one appeal, or of those that have key and name in common and are counted by the same figures.
pub(super) struct Raw {
    /// Key and name of each dimension, in the order of [`Dimension::ALL`]; empty where it was not asked for.
    pub keys: [(String, String); Dimension::ALL.len()],
    pub figures: Figures,
}

impl FromQueryResult for Raw {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let text = |name: String| row.try_get::<Option<String>>(prefix, &name);
        let mut keys: [(String, String); Dimension::ALL.len()] = Default::default();
        for (at, key) in keys.iter_mut().enumerate() {
            *key = (
                text(format!("k{at}"))?.unwrap_or_default(),
                text(format!("n{at}"))?.unwrap_or_default(),
            );
        }
        let count: i64 = row.try_get(prefix, "number")?;
        Ok(Self {
            keys,
            figures: Figures::of(row.try_get(prefix, "marks")?, count.unsigned_abs()),
        })
    }
}

/// What appeals are grouped by: key and name. Days begin at eight in the evening of UTC, so weeks are summed from hours.
fn key(by: Dimension, viewer: &Viewer) -> (String, &'static str) {
    let named = match viewer.may(INTAKE) {
        true => "h.enterprise",
        false => "CASE WHEN a.confidentiality = 'normal' THEN h.enterprise ELSE '' END",
    };
    match by {
        Dimension::Channel => ("a.channel".to_owned(), "''"),
        Dimension::Category => ("a.category".to_owned(), "a.category_name"),
        Dimension::Department => ("h.holder".to_owned(), "h.holder_name"),
        Dimension::Place => ("h.place".to_owned(), "''"),
        Dimension::Enterprise => (named.to_owned(), "a.enterprise_name"),
        Dimension::Week => ("SUBSTR(h.opened_at, 1, 13)".to_owned(), "''"),
    }
}

/// The figures of a query by dimensions, in one pass over its appeals: each is looked at once, and has a mark (a bit) for
/// every figure that counts it. By several dimensions hardly two appeals have all keys in common: then each comes by
/// itself, which spares the database the sorting.
pub(super) async fn figures(
    conn: &DatabaseConnection,
    query: &AppealQuery,
    by: &[Dimension],
    viewer: &Viewer,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<impl Stream<Item = db::Result<Raw>> + Send, Error> {
    let mut found = query.conditions(viewer, now);
    found.values.push(instant_text(now).into());
    let moment = format!("${}", found.values.len());
    let marks: Vec<String> = Counted::ALL
        .iter()
        .enumerate()
        .map(|(at, counted)| {
            let condition = counted.condition().replace('?', &moment);
            format!("CASE WHEN {condition} THEN {} ELSE 0 END", 1_i64 << at)
        })
        .collect();
    let grouped = by.len() <= 1;
    let (mut columns, mut places) = (Vec::new(), vec!["1".to_owned()]);
    for (at, dimension) in Dimension::ALL.iter().enumerate() {
        let (key, name) = match by.contains(dimension) {
            true => key(*dimension, viewer),
            false => ("''".to_owned(), "''"),
        };
        columns.push(format!("{key} AS k{at}, {name} AS n{at}"));
        places.extend([(2 + 2 * at).to_string(), (3 + 2 * at).to_string()]);
    }
    let (number, groups) = match grouped {
        true => ("COUNT(*)", format!("GROUP BY {}", places.join(", "))),
        false => ("CAST(1 AS BIGINT)", String::new()),
    };
    let sql = format!(
        "SELECT CAST({} AS BIGINT) AS marks, {}, {number} AS number {} {} {groups}",
        marks.join(" + "),
        columns.join(", "),
        AppealRow::FROM,
        found.sql(),
    );
    Ok(db::stream(conn, &sql, found.values).await?)
}

/// The events of the newest appeals of a query that were handled to an end, case by case, each in its order.
pub(super) async fn closed(
    conn: &impl ConnectionTrait,
    query: &AppealQuery,
    viewer: &Viewer,
    now: chrono::DateTime<chrono::Utc>,
    limit: i64,
) -> Result<Vec<Vec<Event<Appeal>>>, Error> {
    #[derive(FromQueryResult)]
    struct Row {
        case_id: String,
        body: String,
    }
    let mut found = query.conditions(viewer, now);
    found.always(Counted::Closed.condition());
    let sql = format!(
        "SELECT e.case_id, e.body FROM case_event e WHERE e.case_id IN
            (SELECT h.id {} {} ORDER BY h.id DESC LIMIT {limit}) ORDER BY e.case_id, e.seq",
        AppealRow::FROM,
        found.sql()
    );
    let rows: Vec<Row> = db::query_all(conn, &sql, found.values).await?;
    let read =
        |row: &Row| serde_json::from_str(&row.body).map_err(|_| Error::Stored("诉求的办理过程"));
    rows.chunk_by(|one, other| one.case_id == other.case_id)
        .map(|case| case.iter().map(read).collect())
        .collect()
}
