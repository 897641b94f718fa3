//! The tables of threads. Entries only grow.

use chrono::{DateTime, Utc};

use super::{About, Entry, NewEntry, Side};
use crate::access::Viewer;
use crate::clock::{instant_text, parse_instant};
use crate::db::{self, ConnectionTrait, FromQueryResult, Tx};

/// Entries of a thread that are shown at most: the last.
const ENTRIES_MAX: i64 = 500;

/// `thread`: one row for each subject about which a message was written; `awaits` is the side whose answer is waited
/// for. `thread_read.read_to`: the last entry that the reader has seen.
pub(crate) const SCHEMA: &str = "CREATE TABLE thread (
    room TEXT NOT NULL,
    subject TEXT NOT NULL,
    awaits TEXT,
    last_entry TEXT NOT NULL,
    last_at TEXT NOT NULL,
    PRIMARY KEY (room, subject)
);
CREATE INDEX thread_awaits ON thread (room, awaits, subject) WHERE awaits IS NOT NULL;
CREATE TABLE thread_entry (
    id TEXT NOT NULL PRIMARY KEY,
    room TEXT NOT NULL,
    subject TEXT NOT NULL,
    side TEXT NOT NULL,
    is_internal BOOLEAN NOT NULL,
    words TEXT NOT NULL,
    files BIGINT NOT NULL,
    account TEXT,
    author TEXT NOT NULL,
    written_at TEXT NOT NULL
);
CREATE INDEX thread_entry_subject ON thread_entry (room, subject, id);
CREATE TABLE thread_read (
    room TEXT NOT NULL,
    subject TEXT NOT NULL,
    account TEXT NOT NULL,
    side TEXT NOT NULL,
    read_to TEXT NOT NULL,
    read_at TEXT NOT NULL,
    PRIMARY KEY (room, subject, account)
);";

#[derive(FromQueryResult)]
struct Row {
    id: String,
    side: String,
    is_internal: bool,
    words: String,
    files: i64,
    author: String,
    written_at: String,
}

#[derive(FromQueryResult)]
struct Mark {
    side: String,
    read_to: String,
}

#[derive(FromQueryResult)]
struct Text {
    text: Option<String>,
}

/// Of entries that this side may read.
fn readable(side: Side) -> &'static str {
    match side {
        Side::Office => "",
        Side::Enterprise => " AND NOT is_internal",
    }
}

pub(super) async fn insert(
    tx: &Tx,
    about: About<'_>,
    id: &str,
    viewer: &Viewer,
    side: Side,
    (new, text): (&NewEntry<'_>, &str),
    now: DateTime<Utc>,
) -> db::Result<()> {
    let sql = "INSERT INTO thread_entry (id, room, subject, side, is_internal, words, files, account, author, written_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let account = viewer.account().map(|account| account.to_string());
    let files = i64::try_from(new.files.len()).unwrap_or(i64::MAX);
    let values = [
        id.into(),
        about.room.into(),
        about.id.into(),
        side.slug().into(),
        new.is_internal.into(),
        text.into(),
        files.into(),
        account.into(),
        author(viewer).into(),
        instant_text(now).into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// The body and the name; what an agent is called says for whom already.
fn author(viewer: &Viewer) -> String {
    let body = viewer
        .seat()
        .filter(|seat| seat.on_behalf_of.is_none())
        .map(|seat| seat.organisation_name.as_str())
        .filter(|name| !name.is_empty());
    match body {
        Some(body) => format!("{body} {}", viewer.name()),
        None => viewer.name().to_owned(),
    }
}

/// Notes the newest message and whose answer is waited for.
pub(super) async fn moved(
    tx: &Tx,
    about: About<'_>,
    awaits: Option<Side>,
    id: &str,
    now: DateTime<Utc>,
) -> db::Result<()> {
    let sql = "INSERT INTO thread (room, subject, awaits, last_entry, last_at) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (room, subject) DO UPDATE SET awaits = excluded.awaits, last_entry = excluded.last_entry,
                   last_at = excluded.last_at";
    let values = [
        about.room.into(),
        about.id.into(),
        awaits.map(Side::slug).into(),
        id.into(),
        instant_text(now).into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

pub(super) async fn settle(tx: &Tx, about: About<'_>) -> db::Result<u64> {
    let sql =
        "UPDATE thread SET awaits = NULL WHERE room = $1 AND subject = $2 AND awaits = 'office'";
    db::execute(tx, sql, [about.room.into(), about.id.into()]).await
}

/// The last entries a side may read, oldest first.
pub(super) async fn entries(
    conn: &impl ConnectionTrait,
    about: About<'_>,
    side: Side,
) -> db::Result<Vec<Entry>> {
    let sql = format!(
        "SELECT id, side, is_internal, words, files, author, written_at FROM thread_entry
         WHERE room = $1 AND subject = $2{} ORDER BY id DESC LIMIT {ENTRIES_MAX}",
        readable(side)
    );
    let rows: Vec<Row> = db::query_all(conn, &sql, [about.room.into(), about.id.into()]).await?;
    let entry = |row: Row| Entry {
        side: Side::parse(&row.side).unwrap_or(Side::Office),
        is_internal: row.is_internal,
        text: row.words,
        author: row.author,
        at: parse_instant(&row.written_at).unwrap_or_default(),
        is_read: false,
        files: Vec::new(),
        file_count: row.files,
        id: row.id,
    };
    Ok(rows.into_iter().rev().map(entry).collect())
}

/// How far each side has come: of each side the furthest mark.
pub(super) async fn marks(
    conn: &impl ConnectionTrait,
    about: About<'_>,
) -> db::Result<Vec<(Side, String)>> {
    let sql =
        "SELECT side, MAX(read_to) AS read_to FROM thread_read WHERE room = $1 AND subject = $2
               GROUP BY side LIMIT 2";
    let rows: Vec<Mark> = db::query_all(conn, sql, [about.room.into(), about.id.into()]).await?;
    let known = |mark: Mark| Some((Side::parse(&mark.side)?, mark.read_to));
    Ok(rows.into_iter().filter_map(known).collect())
}

/// Moves a reader's mark on, never back.
pub(super) async fn mark(
    tx: &Tx,
    about: About<'_>,
    account: &str,
    side: Side,
    to: &str,
    now: DateTime<Utc>,
) -> db::Result<()> {
    let sql = "INSERT INTO thread_read (room, subject, account, side, read_to, read_at) VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (room, subject, account) DO UPDATE SET read_to = excluded.read_to, read_at = excluded.read_at,
                   side = excluded.side
               WHERE thread_read.read_to < excluded.read_to";
    let values = [
        about.room.into(),
        about.id.into(),
        account.into(),
        side.slug().into(),
        to.into(),
        instant_text(now).into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

pub(super) async fn awaits(
    conn: &impl ConnectionTrait,
    about: About<'_>,
) -> db::Result<Option<Side>> {
    let sql = "SELECT awaits AS text FROM thread WHERE room = $1 AND subject = $2";
    let row: Option<Text> = db::query_one(conn, sql, [about.room.into(), about.id.into()]).await?;
    Ok(row
        .and_then(|row| row.text)
        .and_then(|slug| Side::parse(&slug)))
}

/// Entries that this account has not read; what it wrote itself moved its mark.
pub(super) async fn unread(
    conn: &impl ConnectionTrait,
    about: About<'_>,
    account: &str,
    side: Side,
) -> db::Result<i64> {
    let sql = format!(
        "SELECT COUNT(*) FROM thread_entry WHERE room = $1 AND subject = $2{} AND id > COALESCE(
             (SELECT r.read_to FROM thread_read r WHERE r.room = $1 AND r.subject = $2 AND r.account = $3), '')",
        readable(side)
    );
    let values = [about.room.into(), about.id.into(), account.into()];
    db::query_count(conn, &sql, values).await
}

pub(super) async fn last(
    conn: &impl ConnectionTrait,
    about: About<'_>,
    side: Side,
) -> db::Result<Option<String>> {
    let sql = format!(
        "SELECT MAX(id) AS text FROM thread_entry WHERE room = $1 AND subject = $2{}",
        readable(side)
    );
    let row: Option<Text> = db::query_one(conn, &sql, [about.room.into(), about.id.into()]).await?;
    Ok(row.and_then(|row| row.text))
}

/// Whether an entry belongs to this thread and the side may read it.
pub(super) async fn is_read_by(
    conn: &impl ConnectionTrait,
    about: About<'_>,
    id: &str,
    side: Side,
) -> db::Result<bool> {
    let sql = format!(
        "SELECT COUNT(*) FROM thread_entry WHERE id = $1 AND room = $2 AND subject = $3{}",
        readable(side)
    );
    let values = [id.into(), about.room.into(), about.id.into()];
    Ok(db::query_count(conn, &sql, values).await? > 0)
}
