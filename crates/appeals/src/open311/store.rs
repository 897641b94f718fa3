//! Keys, and the requests of a key.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use zhida_platform::cases::Head;
use zhida_platform::clock::{instant_text, parse_instant};
use zhida_platform::db::{self, ConnectionTrait, Tx, Where};

use super::ask::Search;
use super::catalogue::path_of;
use super::keys::Key;
use super::model::Status;
use crate::error::Error;
use crate::model::AppealRow;

/// Requests of one answer at most, by the specification.
const REQUESTS_MAX: i64 = 1_000;
const KEYS_MAX: i64 = 1_000;
const KEYS: &str = "SELECT id, hint, name, place, batch, used_at, ended_at FROM appeal_open311_key";

impl FromQueryResult for Key {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let text = |name: &str| row.try_get::<String>(prefix, name);
        let some = |name: &str| row.try_get::<Option<String>>(prefix, name);
        Ok(Self {
            id: text("id")?,
            hint: text("hint")?,
            name: text("name")?,
            place: text("place")?,
            batch: row.try_get(prefix, "batch")?,
            used_at: some("used_at")?.as_deref().and_then(parse_instant),
            ended: some("ended_at")?.is_some(),
        })
    }
}

pub(super) async fn keys(conn: &impl ConnectionTrait) -> Result<Vec<Key>, Error> {
    let sql = format!("{KEYS} ORDER BY ended_at IS NOT NULL, id DESC LIMIT $1");
    Ok(db::query_all(conn, &sql, [KEYS_MAX.into()]).await?)
}

pub(super) async fn key_by_digest(
    conn: &impl ConnectionTrait,
    digest: &str,
) -> Result<Option<Key>, Error> {
    let sql = format!("{KEYS} WHERE digest = $1");
    Ok(db::query_one(conn, &sql, [digest.into()]).await?)
}

pub(super) async fn insert_key(
    tx: &Tx,
    key: &Key,
    digest: &str,
    now: DateTime<Utc>,
    by: &str,
) -> Result<(), Error> {
    let sql =
        "INSERT INTO appeal_open311_key (id, digest, hint, name, place, batch, made_at, made_by)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = [
        key.id.as_str().into(),
        digest.into(),
        key.hint.as_str().into(),
        key.name.as_str().into(),
        key.place.as_str().into(),
        key.batch.into(),
        instant_text(now).into(),
        by.into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

pub(super) async fn end_key(tx: &Tx, id: &str, now: DateTime<Utc>) -> Result<bool, Error> {
    let sql = "UPDATE appeal_open311_key SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    Ok(db::execute(tx, sql, [id.into(), instant_text(now).into()]).await? == 1)
}

pub(super) async fn touch_key(tx: &Tx, id: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let sql = "UPDATE appeal_open311_key SET used_at = $2 WHERE id = $1";
    db::execute(tx, sql, [id.into(), instant_text(now).into()]).await?;
    Ok(())
}

/// A request with what only Open311 knows of it.
#[derive(Debug)]
pub(super) struct Requested {
    pub row: AppealRow,
    pub text: String,
    /// What was sent, as JSON.
    pub geo: Option<String>,
}

impl FromQueryResult for Requested {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self {
            row: AppealRow::from_query_result(row, prefix)?,
            text: row.try_get(prefix, "text")?,
            geo: row.try_get(prefix, "geo")?,
        })
    }
}

/// The requests of a key that are asked for, newest first.
pub(super) async fn requests(
    conn: &impl ConnectionTrait,
    key: &Key,
    search: &Search,
) -> Result<Vec<Requested>, Error> {
    let mut found = Where::default();
    found.and("i.source = ?", key.source());
    match search {
        Search::Ids(ids) => found.among("h.id", ids),
        Search::Where {
            codes,
            from,
            until,
            status,
            changed_since,
        } => {
            found.and("i.made_at >= ?", instant_text(*from));
            found.and("i.made_at <= ?", instant_text(*until));
            if !codes.is_empty() {
                let paths: Vec<String> = codes.iter().map(|code| path_of(code)).collect();
                found.among("a.category", &paths);
            }
            match status {
                Some(Status::Open) => found.always("h.closed_at IS NULL"),
                Some(Status::Closed) => found.always("h.closed_at IS NOT NULL"),
                None => {}
            }
            if let Some(since) = changed_since {
                found.and("h.changed_at > ?", instant_text(*since));
            }
        }
    }
    let sql = format!(
        "SELECT {}, {}, a.text, i.geo {} JOIN appeal_intake i ON i.case_id = h.id {} \
         ORDER BY i.made_at DESC, h.id DESC LIMIT {REQUESTS_MAX}",
        Head::COLUMNS,
        AppealRow::COLUMNS,
        AppealRow::FROM,
        found.sql()
    );
    Ok(db::query_all(conn, &sql, found.values).await?)
}
