//! The tables of comparison lists.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use zhida_platform::access::Reach;
use zhida_platform::clock::{instant_text, parse_instant};
use zhida_platform::db::{self, Bulk, ConnectionTrait, Tx, Value};
use zhida_standards::division;

use super::model::ComparisonList;
use crate::reach::within;

/// Lists that a scheme may choose from, at most.
const LISTS_MAX: i64 = 1_000;

/// Steps of the tables.
pub(crate) const OWNERS: &str =
    "ALTER TABLE redemption_list ADD COLUMN organisation TEXT NOT NULL DEFAULT '';
ALTER TABLE redemption_list ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE redemption_list ADD COLUMN place TEXT NOT NULL DEFAULT '';";

const SELECT: &str = "SELECT l.id, l.name, l.department, l.organisation, l.owner, l.place, l.updated_at, l.updated_by,
    (SELECT COUNT(*) FROM redemption_list_entry e WHERE e.list = l.id) AS entries FROM redemption_list l";

impl FromQueryResult for ComparisonList {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let updated_at: String = row.try_get(prefix, "updated_at")?;
        Ok(Self {
            id: row.try_get(prefix, "id")?,
            name: row.try_get(prefix, "name")?,
            department: row.try_get(prefix, "department")?,
            organisation: row.try_get(prefix, "organisation")?,
            owner: row.try_get(prefix, "owner")?,
            place: row.try_get(prefix, "place")?,
            may_replace: false,
            entries: row.try_get(prefix, "entries")?,
            updated_at: parse_instant(&updated_at).unwrap_or_default(),
            updated_by: row.try_get(prefix, "updated_by")?,
        })
    }
}

/// The lists that concern a reach: those of places within it, and of the places that it lies in, whose lists hold back
/// its enterprises too.
fn concerning(reach: &Reach, values: &mut Vec<Value>) -> String {
    let mut parts = vec![within(reach, ("l.id", "l.place"), values)];
    if let Reach::Places(places) = reach {
        for place in places {
            for above in division::ancestors(place.as_str()) {
                values.push(above.code.as_str().into());
                parts.push(format!("l.place = ${}", values.len()));
            }
        }
    }
    format!("({})", parts.join(" OR "))
}

pub(super) async fn page(
    conn: &impl ConnectionTrait,
    reach: &Reach,
    after: Option<(String, String)>,
    limit: i64,
) -> db::Result<Vec<ComparisonList>> {
    let mut values = Vec::new();
    let concerning = concerning(reach, &mut values);
    let (name, id) = after.unwrap_or_default();
    values.extend([name.into(), id.into()]);
    let at = values.len();
    let sql = format!(
        "{SELECT} WHERE {concerning} AND (l.name, l.id) > (${}, ${at}) ORDER BY l.name, l.id LIMIT {limit}",
        at - 1
    );
    db::query_all(conn, &sql, values).await
}

pub(super) async fn count(conn: &impl ConnectionTrait, reach: &Reach) -> db::Result<i64> {
    let mut values = Vec::new();
    let concerning = concerning(reach, &mut values);
    let sql = format!("SELECT COUNT(*) FROM redemption_list l WHERE {concerning}");
    db::query_count(conn, &sql, values).await
}

/// What a scheme may choose from: every list of the city by its name.
#[derive(Debug, FromQueryResult)]
pub(crate) struct Named {
    pub id: String,
    pub name: String,
    pub department: String,
}

pub(crate) async fn named(conn: &impl ConnectionTrait) -> db::Result<Vec<Named>> {
    let sql = format!(
        "SELECT id, name, department FROM redemption_list ORDER BY name, id LIMIT {LISTS_MAX}"
    );
    db::query_all(conn, &sql, []).await
}

/// The head of a list as it is to be.
pub(super) struct Head<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub department: &'a str,
    /// Id of the body that keeps it; empty for the program itself.
    pub organisation: &'a str,
    pub owner: &'a str,
    pub place: &'a str,
}

/// Takes an id that nobody has, for whoever saves; the list as it stands, which may be another's.
pub(super) async fn take(
    tx: &Tx,
    head: &Head<'_>,
    by: &str,
    at: DateTime<Utc>,
) -> db::Result<Option<ComparisonList>> {
    let sql = "INSERT INTO redemption_list (id, name, department, organisation, owner, place, updated_at, updated_by)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING";
    let values = [
        head.id.into(),
        head.name.into(),
        head.department.into(),
        head.organisation.into(),
        head.owner.into(),
        head.place.into(),
        instant_text(at).into(),
        by.into(),
    ];
    db::execute(tx, sql, values).await?;
    let sql = format!("{SELECT} WHERE l.id = $1");
    db::query_one(tx, &sql, [head.id.into()]).await
}

/// Puts name, department and entries of a list in place of what they were; whose it is stays.
pub(super) async fn put(
    tx: &Tx,
    head: &Head<'_>,
    entries: &[(String, String)],
    by: &str,
    at: DateTime<Utc>,
) -> db::Result<u64> {
    let sql = "UPDATE redemption_list SET name = $2, department = $3, updated_at = $4, updated_by = $5 WHERE id = $1";
    let values = [
        head.id.into(),
        head.name.into(),
        head.department.into(),
        instant_text(at).into(),
        by.into(),
    ];
    db::execute(tx, sql, values).await?;
    let sql = "DELETE FROM redemption_list_entry WHERE list = $1";
    db::execute(tx, sql, [head.id.into()]).await?;
    let mut bulk = Bulk::insert("redemption_list_entry", &["list", "enterprise", "reason"]);
    for (enterprise, reason) in entries {
        let row = [
            head.id.into(),
            enterprise.as_str().into(),
            reason.as_str().into(),
        ];
        bulk.push(tx, row).await?;
    }
    bulk.finish(tx).await
}
