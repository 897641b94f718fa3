use chrono::{DateTime, Utc};

use super::{FileRecord, Received, State, Subject};
use crate::clock::{instant_text, parse_instant};
use crate::db::{self, ConnectionTrait, FromQueryResult, Tx, Value};
use crate::ids;

/// Files of one subject that are listed at most.
pub(super) const LIST_MAX: i64 = 500;

/// `scan_at`: when the content may be scanned next; set ahead while a server
/// scans it, so that another leaves it alone. `touched_at`: when a file last
/// came to refer to it, or ceased to.
pub(crate) const SCHEMA: &str = "CREATE TABLE file_content (
    digest TEXT NOT NULL PRIMARY KEY,
    bytes BIGINT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    scan_at TEXT NOT NULL,
    scan_attempts BIGINT NOT NULL,
    state_at TEXT NOT NULL,
    touched_at TEXT NOT NULL
);
CREATE INDEX file_content_scan ON file_content (state, scan_at);
CREATE INDEX file_content_touched ON file_content (touched_at);
CREATE TABLE file (
    id TEXT NOT NULL PRIMARY KEY,
    digest TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    uploaded_by TEXT NOT NULL,
    uploaded_at TEXT NOT NULL
);
CREATE INDEX file_digest ON file (digest);
CREATE INDEX file_subject ON file (subject_kind, subject_id, id);";

#[derive(FromQueryResult)]
struct Row {
    id: String,
    digest: String,
    name: String,
    media_type: String,
    bytes: i64,
    subject_kind: String,
    subject_id: String,
    uploaded_by: String,
    uploaded_at: String,
    state: Option<String>,
    reason: Option<String>,
}

impl From<Row> for FileRecord {
    fn from(row: Row) -> Self {
        Self {
            state: row.state.as_deref().map_or(State::Damaged, State::of_slug),
            reason: row.reason.unwrap_or_default(),
            uploaded_at: parse_instant(&row.uploaded_at).unwrap_or_default(),
            id: row.id,
            digest: row.digest,
            name: row.name,
            media_type: row.media_type,
            bytes: row.bytes,
            subject_kind: row.subject_kind,
            subject_id: row.subject_id,
            uploaded_by: row.uploaded_by,
        }
    }
}

const SELECT: &str = "SELECT f.id, f.digest, f.name, f.media_type, f.bytes, f.subject_kind,
    f.subject_id, f.uploaded_by, f.uploaded_at, c.state, c.reason
    FROM file f LEFT JOIN file_content c ON c.digest = f.digest";

pub(super) async fn get(conn: &impl ConnectionTrait, id: &str) -> db::Result<Option<FileRecord>> {
    let sql = format!("{SELECT} WHERE f.id = $1");
    let row: Option<Row> = db::query_one(conn, &sql, [id.into()]).await?;
    Ok(row.map(FileRecord::from))
}

pub(super) async fn of_subject(
    conn: &impl ConnectionTrait,
    subject: Subject<'_>,
) -> db::Result<Vec<FileRecord>> {
    let sql =
        format!("{SELECT} WHERE f.subject_kind = $1 AND f.subject_id = $2 ORDER BY f.id LIMIT $3");
    let values = [subject.kind.into(), subject.id.into(), LIST_MAX.into()];
    let rows: Vec<Row> = db::query_all(conn, &sql, values).await?;
    Ok(rows.into_iter().map(FileRecord::from).collect())
}

/// The content's state once its row is there and locked.
#[derive(Debug)]
pub(super) struct Kept {
    pub state: State,
    pub reason: String,
}

/// Makes or touches the row of received content. Damaged content has just been
/// replaced by good content, so it starts anew.
pub(super) async fn keep_content(
    tx: &Tx,
    received: &Received,
    fresh: State,
    now: DateTime<Utc>,
) -> db::Result<Kept> {
    #[derive(FromQueryResult)]
    struct Content {
        state: String,
        reason: String,
    }
    let now = instant_text(now);
    let content: Option<Content> = db::query_one(
        tx,
        "INSERT INTO file_content
             (digest, bytes, state, reason, scan_at, scan_attempts, state_at, touched_at)
         VALUES ($1, $2, $3, '', $4, 0, $4, $4)
         ON CONFLICT (digest) DO UPDATE SET
             touched_at = excluded.touched_at,
             state_at = CASE file_content.state WHEN 'damaged' THEN excluded.state_at
                        ELSE file_content.state_at END,
             scan_attempts = CASE file_content.state WHEN 'damaged' THEN 0
                             ELSE file_content.scan_attempts END,
             scan_at = CASE file_content.state WHEN 'damaged' THEN excluded.scan_at
                       ELSE file_content.scan_at END,
             reason = CASE file_content.state WHEN 'damaged' THEN '' ELSE file_content.reason END,
             state = CASE file_content.state WHEN 'damaged' THEN excluded.state
                     ELSE file_content.state END
         RETURNING state, reason",
        [
            received.digest().into(),
            bytes(received).into(),
            fresh.slug().into(),
            now.into(),
        ],
    )
    .await?;
    // an upsert returns its row
    Ok(content.map_or(
        Kept {
            state: fresh,
            reason: String::new(),
        },
        |content| Kept {
            state: State::of_slug(&content.state),
            reason: content.reason,
        },
    ))
}

pub(super) async fn insert(
    tx: &Tx,
    received: &Received,
    kept: Kept,
    subject: Subject<'_>,
    by: &str,
    now: DateTime<Utc>,
) -> db::Result<FileRecord> {
    let file = FileRecord {
        id: ids::next(now).to_string(),
        digest: received.digest().to_owned(),
        name: received.name().to_owned(),
        media_type: received.kind().media_type().to_owned(),
        bytes: bytes(received),
        subject_kind: subject.kind.to_owned(),
        subject_id: subject.id.to_owned(),
        uploaded_by: by.to_owned(),
        uploaded_at: now,
        state: kept.state,
        reason: kept.reason,
    };
    let values: [Value; 9] = [
        file.id.as_str().into(),
        file.digest.as_str().into(),
        file.name.as_str().into(),
        file.media_type.as_str().into(),
        file.bytes.into(),
        subject.kind.into(),
        subject.id.into(),
        by.into(),
        instant_text(now).into(),
    ];
    db::execute(
        tx,
        "INSERT INTO file (id, digest, name, media_type, bytes, subject_kind, subject_id,
             uploaded_by, uploaded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        values,
    )
    .await?;
    Ok(file)
}

pub(super) async fn remove(tx: &Tx, file: &FileRecord, now: DateTime<Utc>) -> db::Result<()> {
    db::execute(
        tx,
        "DELETE FROM file WHERE id = $1",
        [file.id.as_str().into()],
    )
    .await?;
    let values = [file.digest.as_str().into(), instant_text(now).into()];
    db::execute(
        tx,
        "UPDATE file_content SET touched_at = $2 WHERE digest = $1",
        values,
    )
    .await?;
    Ok(())
}

/// What waits for its scan, or would if there were a scanner.
pub(super) const UNSCANNED: &[State] = &[State::Pending, State::Unscanned];
/// What an officer can let out.
pub(super) const QUARANTINED: &[State] = &[State::Pending, State::Unscannable];
/// What may turn out to be spoilt: of what is infected the bytes are gone on purpose.
pub(super) const KEPT: &[State] = &[
    State::Pending,
    State::Clean,
    State::Unscanned,
    State::Unscannable,
    State::Released,
];

/// Changes the state of content that is still in one of the states `from`, whatever others do meanwhile; how many
/// rows that were.
pub(super) async fn set_state(
    tx: &Tx,
    digest: &str,
    from: &[State],
    state: State,
    reason: &str,
    now: DateTime<Utc>,
) -> db::Result<u64> {
    let from: Vec<String> = from.iter().map(|one| format!("'{}'", one.slug())).collect();
    let sql = format!(
        "UPDATE file_content SET state = $2, reason = $3, state_at = $4
         WHERE digest = $1 AND state IN ({})",
        from.join(", ")
    );
    db::execute(
        tx,
        &sql,
        [
            digest.into(),
            state.slug().into(),
            reason.into(),
            instant_text(now).into(),
        ],
    )
    .await
}

/// Takes the content that has waited longest for its scan and keeps others
/// from it until `until`; `None` when nothing is due.
pub(super) async fn claim_scan(
    tx: &Tx,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> db::Result<Option<Claimed>> {
    db::query_one(
        tx,
        "UPDATE file_content SET scan_at = $2, scan_attempts = scan_attempts + 1
         WHERE digest = (SELECT digest FROM file_content
                         WHERE state IN ('pending', 'unscanned') AND scan_at <= $1
                         ORDER BY scan_at LIMIT 1)
           AND state IN ('pending', 'unscanned') AND scan_at <= $1
         RETURNING digest, scan_attempts",
        [instant_text(now).into(), instant_text(until).into()],
    )
    .await
}

#[derive(Debug, FromQueryResult)]
pub(super) struct Claimed {
    pub digest: String,
    pub scan_attempts: i64,
}

pub(super) async fn scan_later(
    tx: &Tx,
    digest: &str,
    why: &str,
    at: DateTime<Utc>,
) -> db::Result<u64> {
    db::execute(
        tx,
        "UPDATE file_content SET scan_at = $2, reason = $3
         WHERE digest = $1 AND state IN ('pending', 'unscanned')",
        [digest.into(), instant_text(at).into(), why.into()],
    )
    .await
}

#[derive(Debug, FromQueryResult)]
pub(super) struct Digest {
    pub digest: String,
    pub bytes: i64,
    pub state: String,
}

/// Contents that nothing refers to since `before`.
pub(super) async fn unreferenced(
    conn: &impl ConnectionTrait,
    before: DateTime<Utc>,
    limit: i64,
) -> db::Result<Vec<Digest>> {
    db::query_all(
        conn,
        "SELECT c.digest, c.bytes, c.state FROM file_content c
         WHERE c.touched_at < $1 AND NOT EXISTS (SELECT 1 FROM file f WHERE f.digest = c.digest)
         ORDER BY c.touched_at LIMIT $2",
        [instant_text(before).into(), limit.into()],
    )
    .await
}

/// Removes the row if still nothing refers to it; whether it was removed. The
/// row stays locked until the transaction ends.
pub(super) async fn forget(tx: &Tx, digest: &str, before: DateTime<Utc>) -> db::Result<bool> {
    let gone = db::execute(
        tx,
        "DELETE FROM file_content WHERE digest = $1 AND touched_at < $2
           AND NOT EXISTS (SELECT 1 FROM file f WHERE f.digest = $1)",
        [digest.into(), instant_text(before).into()],
    )
    .await?;
    Ok(gone == 1)
}

/// Holds the digest of content that has no row, so that nobody attaches it
/// meanwhile; `false` when it has a row.
pub(super) async fn hold_orphan(tx: &Tx, digest: &str) -> db::Result<bool> {
    let mine = db::execute(
        tx,
        "INSERT INTO file_content
             (digest, bytes, state, reason, scan_at, scan_attempts, state_at, touched_at)
         VALUES ($1, 0, 'damaged', '', '', 0, '', '') ON CONFLICT (digest) DO NOTHING",
        [digest.into()],
    )
    .await?;
    Ok(mine == 1)
}

/// The next contents in the order of their digests, whatever their state.
pub(super) async fn contents_after(
    conn: &impl ConnectionTrait,
    digest: &str,
    limit: i64,
) -> db::Result<Vec<Digest>> {
    db::query_all(
        conn,
        "SELECT digest, bytes, state FROM file_content WHERE digest > $1 ORDER BY digest LIMIT $2",
        [digest.into(), limit.into()],
    )
    .await
}

pub(super) async fn state_of(
    conn: &impl ConnectionTrait,
    digest: &str,
) -> db::Result<Option<State>> {
    let sql = "SELECT digest, bytes, state FROM file_content WHERE digest = $1";
    let found: Option<Digest> = db::query_one(conn, sql, [digest.into()]).await?;
    Ok(found.map(|found| State::of_slug(&found.state)))
}

fn bytes(received: &Received) -> i64 {
    // the settings hold it under 2 GiB
    i64::try_from(received.bytes()).unwrap_or(i64::MAX)
}
