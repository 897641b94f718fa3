//! The table of phrases.

use chrono::{DateTime, Utc};

use super::{NewPhrase, PHRASES_MAX};
use crate::clock::{instant_text, parse_instant};
use crate::db::{self, ConnectionTrait, FromQueryResult, Tx};

/// `owner_kind` is `organisation` or `account`; `owner` its id.
pub(crate) const SCHEMA: &str = "CREATE TABLE phrase (
    id TEXT NOT NULL PRIMARY KEY,
    room TEXT NOT NULL,
    owner_kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    purpose TEXT NOT NULL,
    name TEXT NOT NULL,
    words TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX phrase_owner ON phrase (owner, room);";

/// A phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// Its id.
    pub id: String,
    /// What it is for: a slug of the book.
    pub purpose: String,
    /// What it is called.
    pub name: String,
    /// The words, with places to be filled in.
    pub text: String,
    /// Whether it belongs to the body, not to one account.
    pub is_shared: bool,
    /// Who changed it last.
    pub updated_by: String,
    /// When.
    pub updated_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct Row {
    id: String,
    owner_kind: String,
    purpose: String,
    name: String,
    words: String,
    updated_by: String,
    updated_at: String,
}

pub(super) async fn list(
    conn: &impl ConnectionTrait,
    room: &str,
    account: &str,
    body: &str,
) -> db::Result<Vec<Phrase>> {
    let sql = format!(
        "SELECT id, owner_kind, purpose, name, words, updated_by, updated_at FROM phrase
         WHERE room = $1 AND ((owner = $2 AND owner_kind = 'account') OR (owner = $3 AND owner_kind = 'organisation'))
         ORDER BY purpose, owner_kind DESC, name, id LIMIT {}",
        2 * PHRASES_MAX
    );
    let rows: Vec<Row> =
        db::query_all(conn, &sql, [room.into(), account.into(), body.into()]).await?;
    let phrase = |row: Row| Phrase {
        is_shared: row.owner_kind == "organisation",
        updated_at: parse_instant(&row.updated_at).unwrap_or_default(),
        id: row.id,
        purpose: row.purpose,
        name: row.name,
        text: row.words,
        updated_by: row.updated_by,
    };
    Ok(rows.into_iter().map(phrase).collect())
}

/// How many phrases an owner has beside this one.
pub(super) async fn count(
    tx: &Tx,
    room: &str,
    (kind, owner): (&str, &str),
    but: &str,
) -> db::Result<u64> {
    let sql = "SELECT COUNT(*) FROM phrase WHERE owner = $1 AND room = $2 AND owner_kind = $3 AND id <> $4";
    let values = [owner.into(), room.into(), kind.into(), but.into()];
    let count = db::query_count(tx, sql, values).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

pub(super) async fn save(
    tx: &Tx,
    room: &str,
    id: &str,
    (kind, owner): (&str, &str),
    new: &NewPhrase<'_>,
    (by, now): (&str, DateTime<Utc>),
) -> db::Result<u64> {
    let sql = "INSERT INTO phrase (id, room, owner_kind, owner, purpose, name, words, updated_by, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
               ON CONFLICT (id) DO UPDATE SET owner_kind = excluded.owner_kind, owner = excluded.owner,
                   purpose = excluded.purpose, name = excluded.name, words = excluded.words,
                   updated_by = excluded.updated_by, updated_at = excluded.updated_at";
    let values = [
        id.into(),
        room.into(),
        kind.into(),
        owner.into(),
        new.purpose.into(),
        new.name.into(),
        new.text.into(),
        by.into(),
        instant_text(now).into(),
    ];
    db::execute(tx, sql, values).await
}

pub(super) async fn remove(tx: &Tx, id: &str) -> db::Result<u64> {
    db::execute(tx, "DELETE FROM phrase WHERE id = $1", [id.into()]).await
}
