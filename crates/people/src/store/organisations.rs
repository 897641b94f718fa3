//! Organisations.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use uuid::Uuid;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx};
use zhida_platform::paging::{Page, PageRequest};

use super::{
    Columns, Parameters, WHOLE_MAX, containing, count, id_value, maybe_day_value, maybe_id_value,
};
use crate::error::Error;
use crate::model::{Organisation, OrganisationKind};

const LIST: &str = "people_organisation:name";
const COLUMNS: &str = "id, parent, name, kind, division, valid_from, valid_until";

/// Which organisations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrganisationQuery {
    /// A part of the name.
    pub text: String,
    /// The whole name; empty for any.
    pub name: String,
    /// Those directly below this one.
    pub parent: Option<Uuid>,
    /// Those at the root only, when no parent is given.
    pub roots: bool,
    /// Of this kind.
    pub kind: Option<OrganisationKind>,
    /// Those that there are on this day.
    pub held_on: Option<NaiveDate>,
}

impl FromQueryResult for Organisation {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let columns = Columns { row, prefix };
        Ok(Self {
            id: columns.id("id")?,
            parent: columns.maybe_id("parent")?,
            name: columns.text("name")?,
            kind: columns.one("kind", OrganisationKind::parse)?,
            division: columns.text("division")?,
            valid_from: columns.day("valid_from")?,
            valid_until: columns.maybe_day("valid_until")?,
        })
    }
}

pub(crate) async fn one(conn: &impl ConnectionTrait, id: Uuid) -> db::Result<Option<Organisation>> {
    let sql = format!("SELECT {COLUMNS} FROM people_organisation WHERE id = $1");
    db::query_one(conn, &sql, [id_value(id)]).await
}

fn clause(query: &OrganisationQuery, parameters: &mut Parameters) -> String {
    let mut clause = "1 = 1".to_owned();
    match query.parent {
        Some(parent) => {
            clause += &format!(" AND parent = {}", parameters.add(parent.to_string()));
        }
        None if query.roots => clause += " AND parent IS NULL",
        None => {}
    }
    if !query.text.is_empty() {
        let text = parameters.add(containing(&query.text));
        clause += &format!(" AND name LIKE {text} ESCAPE '\\'");
    }
    if !query.name.is_empty() {
        clause += &format!(" AND name = {}", parameters.add(query.name.as_str()));
    }
    if let Some(kind) = query.kind {
        clause += &format!(" AND kind = {}", parameters.add(kind.slug()));
    }
    if let Some(day) = query.held_on {
        let day = parameters.add(day.to_string());
        clause +=
            &format!(" AND valid_from <= {day} AND (valid_until IS NULL OR valid_until >= {day})");
    }
    clause
}

pub(crate) async fn list(
    conn: &impl ConnectionTrait,
    query: &OrganisationQuery,
    page: &PageRequest,
) -> Result<Page<Organisation>, Error> {
    let mut parameters = Parameters::default();
    let mut clause = clause(query, &mut parameters);
    if let Some((name, id)) = page.cursor::<(String, String)>(LIST)? {
        let (name, id) = (parameters.add(name), parameters.add(id));
        clause += &format!(" AND (name, id) > ({name}, {id})");
    }
    let limit = parameters.add(page.rows_wanted());
    let sql = format!(
        "SELECT {COLUMNS} FROM people_organisation WHERE {clause} ORDER BY name, id LIMIT {limit}"
    );
    let rows: Vec<Organisation> = db::query_all(conn, &sql, parameters.0).await?;
    Ok(Page::from_rows(rows, page, LIST, |row| {
        (row.name.clone(), row.id.to_string())
    })?)
}

pub(crate) async fn number(
    conn: &impl ConnectionTrait,
    query: &OrganisationQuery,
) -> db::Result<u64> {
    let mut parameters = Parameters::default();
    let clause = clause(query, &mut parameters);
    let sql = format!("SELECT COUNT(*) FROM people_organisation WHERE {clause}");
    Ok(count(db::query_count(conn, &sql, parameters.0).await?))
}

/// Those above, nearest first.
pub(crate) async fn above(conn: &impl ConnectionTrait, id: Uuid) -> db::Result<Vec<Organisation>> {
    let sql = "WITH RECURSIVE above (id, depth) AS (
             SELECT parent, 1 FROM people_organisation WHERE id = $1
             UNION ALL
             SELECT o.parent, a.depth + 1 FROM people_organisation o JOIN above a ON o.id = a.id
             WHERE a.depth < 32
         )
         SELECT o.* FROM above a JOIN people_organisation o ON o.id = a.id
         ORDER BY a.depth LIMIT $2";
    db::query_all(conn, sql, [id_value(id), WHOLE_MAX.into()]).await
}

pub(crate) async fn children(
    conn: &impl ConnectionTrait,
    id: Uuid,
) -> db::Result<Vec<Organisation>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM people_organisation WHERE parent = $1 ORDER BY name, id LIMIT $2"
    );
    db::query_all(conn, &sql, [id_value(id), WHOLE_MAX.into()]).await
}

pub(crate) async fn insert(
    tx: &Tx,
    organisation: &Organisation,
    at: DateTime<Utc>,
) -> db::Result<()> {
    let sql = "INSERT INTO people_organisation
               (id, parent, name, kind, division, valid_from, valid_until, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = [
        id_value(organisation.id),
        maybe_id_value(organisation.parent),
        organisation.name.as_str().into(),
        organisation.kind.slug().into(),
        organisation.division.as_str().into(),
        organisation.valid_from.to_string().into(),
        maybe_day_value(organisation.valid_until),
        instant_text(at).into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

pub(crate) async fn update(tx: &Tx, organisation: &Organisation) -> db::Result<()> {
    let sql = "UPDATE people_organisation
               SET parent = $2, name = $3, kind = $4, division = $5, valid_from = $6, valid_until = $7
               WHERE id = $1";
    let values = [
        id_value(organisation.id),
        maybe_id_value(organisation.parent),
        organisation.name.as_str().into(),
        organisation.kind.slug().into(),
        organisation.division.as_str().into(),
        organisation.valid_from.to_string().into(),
        maybe_day_value(organisation.valid_until),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}
