//! Reading enterprises and their history.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, FromQueryResult};
use zhida_platform::db::{self, Engine};

use super::instant;
use super::query::Conditions;
use crate::RegistryError;
use crate::import::Losers;
use crate::model::{EnterpriseName, FactChange, Order, PastFact, Query};

/// Changes of one enterprise that are shown at most.
const HISTORY_MAX: i64 = 500;
/// Codes of one SELECT at most.
const CODES_MAX: usize = 5_000;

/// A whole enterprise as it is stored.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct StoredEnterprise {
    pub seq: i64,
    pub code: String,
    pub name: String,
    pub division: String,
    pub industry: String,
    pub size: String,
    pub status: String,
    pub registered_on: String,
    pub facts: String,
    pub version: i64,
    pub updated_at: String,
}

/// The columns besides the facts.
const HEAD: &str = "e.seq, e.code, e.name, e.division, e.industry, e.size, e.status, e.registered_on, \
                    e.version, e.updated_at";

/// A SELECT of whole enterprises from what stands for `enterprise e`.
fn whole(from: &str) -> String {
    format!("SELECT {HEAD}, f.facts FROM {from} JOIN enterprise_facts f ON f.seq = e.seq")
}

/// One enterprise by code.
pub(crate) async fn enterprise(
    conn: &impl ConnectionTrait,
    code: &str,
) -> db::Result<Option<StoredEnterprise>> {
    let sql = format!("{} WHERE e.code = $1", whole("enterprise e"));
    db::query_one(conn, &sql, [code.into()]).await
}

/// Those of these codes that there are, in no particular order.
pub(crate) async fn of_codes(
    conn: &impl ConnectionTrait,
    codes: &[&str],
) -> db::Result<Vec<StoredEnterprise>> {
    let sql = format!(
        "{} WHERE e.code IN ({})",
        whole("enterprise e"),
        db::text_members(conn)
    );
    db::query_all(conn, &sql, [db::members_value(codes.iter().copied())]).await
}

/// Whole enterprises of a query after a code, in code order.
pub(crate) async fn facts_after(
    conn: &impl ConnectionTrait,
    engine: Engine,
    query: &Query,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<StoredEnterprise>, RegistryError> {
    let mut conditions = Conditions::new(query, engine)?;
    let after = after.map(|code| (String::new(), code.to_owned()));
    conditions.after(Order::Code, after.as_ref());
    let (rows, values) = conditions.select(HEAD, Order::Code, limit);
    let sql = format!("{} ORDER BY e.code", whole(&format!("({rows}) e")));
    Ok(db::query_all(conn, &sql, values).await?)
}

/// Enterprises written after a version of the registry, in no particular order.
pub(crate) async fn changed_after(
    conn: &impl ConnectionTrait,
    version: i64,
    limit: i64,
) -> db::Result<Vec<StoredEnterprise>> {
    let changed = whole("enterprise e");
    let sql = format!("{changed} WHERE e.version > $1 LIMIT $2");
    db::query_all(conn, &sql, [version.into(), limit.into()]).await
}

/// Code and name of these enterprises.
pub(crate) async fn names(
    conn: &impl ConnectionTrait,
    seqs: &[i64],
) -> db::Result<Vec<EnterpriseName>> {
    let mut found = Vec::with_capacity(seqs.len());
    for chunk in seqs.chunks(CODES_MAX) {
        let sql = format!(
            "SELECT seq, code, name, division FROM enterprise WHERE seq IN ({})",
            db::number_members(conn)
        );
        let members = db::members_value(chunk.iter().copied());
        let rows: Vec<EnterpriseName> = db::query_all(conn, &sql, [members]).await?;
        found.extend(rows);
    }
    Ok(found)
}

/// What an import needs of a stored enterprise.
#[derive(Debug, FromQueryResult)]
pub(crate) struct Stored {
    pub seq: i64,
    pub code: String,
    pub name: String,
    pub facts: String,
}

/// What is stored of these codes.
pub(crate) async fn currents(
    conn: &impl ConnectionTrait,
    codes: &[&str],
) -> db::Result<Vec<Stored>> {
    let mut found = Vec::with_capacity(codes.len());
    for chunk in codes.chunks(CODES_MAX) {
        let sql = format!(
            "SELECT e.seq, e.code, e.name, f.facts FROM enterprise e \
             JOIN enterprise_facts f ON f.seq = e.seq WHERE e.code IN ({})",
            db::text_members(conn)
        );
        let members = db::members_value(chunk.iter().copied());
        let rows: Vec<Stored> = db::query_all(conn, &sql, [members]).await?;
        found.extend(rows);
    }
    Ok(found)
}

#[derive(FromQueryResult)]
struct StoredChange {
    code: String,
    batch: i64,
    at: String,
    changes: String,
}

/// Statements of these codes that were refused for good reason before.
pub(crate) async fn known_losers(
    conn: &impl ConnectionTrait,
    codes: &[String],
) -> Result<Losers, RegistryError> {
    let mut losers = Losers::new();
    for chunk in codes.chunks(CODES_MAX) {
        let sql = format!(
            "SELECT code, batch, at, changes FROM fact_change WHERE code IN ({})",
            db::text_members(conn)
        );
        let members = db::members_value(chunk.iter().map(String::as_str));
        let rows: Vec<StoredChange> = db::query_all(conn, &sql, [members]).await?;
        for row in rows {
            let facts = past_facts(&row)?;
            losers.entry(row.code).or_default().extend(facts);
        }
    }
    Ok(losers)
}

fn past_facts(row: &StoredChange) -> Result<Vec<PastFact>, RegistryError> {
    serde_json::from_str(&row.changes).map_err(|_| RegistryError::Damaged(row.code.clone()))
}

/// What was changed of an enterprise, newest first.
pub(crate) async fn history(
    conn: &impl ConnectionTrait,
    code: &str,
) -> Result<Vec<FactChange>, RegistryError> {
    let sql = "SELECT code, batch, at, changes FROM fact_change WHERE code = $1 ORDER BY seq DESC LIMIT $2";
    let rows: Vec<StoredChange> =
        db::query_all(conn, sql, [code.into(), HISTORY_MAX.into()]).await?;
    rows.iter()
        .map(|row| {
            Ok(FactChange {
                batch: row.batch,
                at: instant(&row.at),
                facts: past_facts(row)?,
            })
        })
        .collect()
}

#[derive(FromQueryResult)]
struct StoredTag {
    seq: i64,
    tag: String,
}

/// The tags of these enterprises.
pub(crate) async fn tags_of(
    conn: &impl ConnectionTrait,
    seqs: &[i64],
) -> db::Result<HashMap<i64, Vec<String>>> {
    let mut tags: HashMap<i64, Vec<String>> = HashMap::new();
    for chunk in seqs.chunks(CODES_MAX) {
        let sql = format!(
            "SELECT seq, tag FROM enterprise_tag WHERE seq IN ({}) ORDER BY seq, tag",
            db::number_members(conn)
        );
        let members = db::members_value(chunk.iter().copied());
        let rows: Vec<StoredTag> = db::query_all(conn, &sql, [members]).await?;
        for row in rows {
            tags.entry(row.seq).or_default().push(row.tag);
        }
    }
    Ok(tags)
}

/// The registry's version: it grows with every write that changes an enterprise.
pub(crate) async fn version(conn: &impl ConnectionTrait) -> db::Result<i64> {
    db::query_count(
        conn,
        "SELECT version FROM registry_version WHERE id = 1",
        [],
    )
    .await
}
