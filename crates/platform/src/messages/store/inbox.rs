use std::collections::BTreeMap;
use std::iter;

use chrono::{DateTime, Utc};

use super::super::inbox::{InboxMessage, Reader};
use crate::clock::{instant_text, parse_instant};
use crate::db::{self, ConnectionTrait, FromQueryResult, Tx, Value};

/// Kinds of messages at most: each is declared by hand.
const EVENTS_MAX: i64 = 1_000;

/// A message as it is written.
#[derive(Debug)]
pub(crate) struct MessageRow<'a> {
    pub id: &'a str,
    pub event: &'a str,
    pub recipient_kind: &'a str,
    pub recipient: &'a str,
    pub title: &'a str,
    pub body: &'a str,
    pub link: &'a str,
    pub fields: &'a str,
    pub subject_kind: &'a str,
    pub subject_id: &'a str,
    pub topics: &'a str,
    pub created_at: DateTime<Utc>,
}

pub(crate) async fn insert_message(tx: &Tx, row: &MessageRow<'_>) -> db::Result<u64> {
    db::execute(
        tx,
        "INSERT INTO message (id, event, recipient_kind, recipient, title, body, link, fields,
             subject_kind, subject_id, created_at, topics)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        [
            row.id.into(),
            row.event.into(),
            row.recipient_kind.into(),
            row.recipient.into(),
            row.title.into(),
            row.body.into(),
            row.link.into(),
            row.fields.into(),
            row.subject_kind.into(),
            row.subject_id.into(),
            instant_text(row.created_at).into(),
            row.topics.into(),
        ],
    )
    .await
}

/// Whether somebody was told this about it at that time or later.
pub(crate) async fn has_subject(
    conn: &impl ConnectionTrait,
    event: &str,
    (kind, id): (&str, &str),
    since: DateTime<Utc>,
) -> db::Result<bool> {
    let sql = "SELECT COUNT(*) FROM message
               WHERE subject_kind = $1 AND subject_id = $2 AND event = $3 AND created_at >= $4";
    let values = [
        kind.into(),
        id.into(),
        event.into(),
        instant_text(since).into(),
    ];
    Ok(db::query_count(conn, sql, values).await? > 0)
}

/// Removes messages from before `before`, and from before `outsiders` those that went to an address itself, with what
/// became of them; how many. What waits to be sent stays, and what webhooks can be sent again.
pub(crate) async fn purge_messages(
    tx: &Tx,
    before: DateTime<Utc>,
    outsiders: DateTime<Utc>,
) -> db::Result<u64> {
    const OLD: &str = "SELECT m.id FROM message m
        WHERE (m.created_at < $1 OR m.recipient_kind = 'address' AND m.created_at < $2)
          AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.message_id = m.id
                          AND (d.state = 'queued' OR d.channel = 'webhook'))";
    let values = || [instant_text(before).into(), instant_text(outsiders).into()];
    for table in ["message_read", "message_without", "delivery"] {
        let sql = format!("DELETE FROM {table} WHERE message_id IN ({OLD})");
        db::execute(tx, &sql, values()).await?;
    }
    let sql = format!("DELETE FROM message WHERE id IN ({OLD})");
    db::execute(tx, &sql, values()).await
}

#[derive(FromQueryResult)]
struct Row {
    id: String,
    event: String,
    recipient_kind: String,
    recipient: String,
    title: String,
    body: String,
    link: String,
    subject_kind: String,
    subject_id: String,
    created_at: String,
    topics: String,
    read_at: Option<String>,
}

impl From<Row> for InboxMessage {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            event: row.event,
            enterprise: (row.recipient_kind == "enterprise").then_some(row.recipient),
            title: row.title,
            body: row.body,
            link: Some(row.link).filter(|link| !link.is_empty()),
            subject_kind: row.subject_kind,
            subject_id: row.subject_id,
            created_at: parse_instant(&row.created_at).unwrap_or_default(),
            topics: serde_json::from_str(&row.topics).unwrap_or_default(),
            read_at: row.read_at.as_deref().and_then(parse_instant),
        }
    }
}

/// The messages that a reader may see, as a condition on `message m`; its
/// values are `$1` (the account, the enterprises, the role and the body, which
/// never look alike) and `$2` (the account). One list of recipients, so that
/// every database finds them in its index.
fn visible(conn: &impl ConnectionTrait) -> String {
    format!(
        "m.recipient IN ({}) AND m.recipient_kind IN ('account', 'enterprise', 'role', 'organisation')
         AND (m.recipient_kind = 'account') = (m.recipient = $2)
         AND NOT EXISTS (SELECT 1 FROM message_without w
                         WHERE w.message_id = m.id AND w.account = $2)",
        db::text_members(conn)
    )
}

fn reader_values(reader: &Reader<'_>) -> [Value; 2] {
    [
        db::members_value(
            iter::once(reader.account)
                .chain(reader.enterprises.iter().copied())
                .chain(reader.role)
                .chain(reader.organisation),
        ),
        reader.account.into(),
    ]
}

/// What reads messages, with whether `$2` has read them.
const READ: &str = "SELECT m.id, m.event, m.recipient_kind, m.recipient, m.title, m.body, m.link,
        m.subject_kind, m.subject_id, m.created_at, m.topics, r.read_at
    FROM message m LEFT JOIN message_read r ON r.message_id = m.id AND r.account = $2";

pub(crate) async fn message(
    conn: &impl ConnectionTrait,
    reader: &Reader<'_>,
    id: &str,
) -> db::Result<Option<InboxMessage>> {
    let sql = format!("{READ} WHERE {} AND m.id = $3", visible(conn));
    let values = reader_values(reader).into_iter().chain([id.into()]);
    let row: Option<Row> = db::query_one(conn, &sql, values).await?;
    Ok(row.map(InboxMessage::from))
}

/// The newest first; those before `before` on later pages.
pub(crate) async fn inbox(
    conn: &impl ConnectionTrait,
    reader: &Reader<'_>,
    unread_only: bool,
    before: Option<&str>,
    limit: i64,
) -> db::Result<Vec<InboxMessage>> {
    let unread = if unread_only {
        "AND r.read_at IS NULL"
    } else {
        ""
    };
    let sql = format!(
        "{READ} WHERE {} {unread} AND m.id < $3 ORDER BY m.id DESC LIMIT $4",
        visible(conn)
    );
    // no id sorts after this
    let before = before.unwrap_or("g");
    let values = reader_values(reader)
        .into_iter()
        .chain([before.into(), limit.into()]);
    let rows: Vec<Row> = db::query_all(conn, &sql, values).await?;
    Ok(rows.into_iter().map(InboxMessage::from).collect())
}

pub(crate) async fn unread(
    conn: &impl ConnectionTrait,
    reader: &Reader<'_>,
    most: i64,
) -> db::Result<i64> {
    let sql = format!(
        "SELECT COUNT(*) FROM (SELECT m.id FROM message m
         WHERE {} AND NOT EXISTS (SELECT 1 FROM message_read r
                                  WHERE r.message_id = m.id AND r.account = $2)
         LIMIT $3) first",
        visible(conn)
    );
    let values = reader_values(reader).into_iter().chain([most.into()]);
    db::query_count(conn, &sql, values).await
}

/// How many messages of each kind the reader has got since then.
pub(crate) async fn told_since(
    conn: &impl ConnectionTrait,
    reader: &Reader<'_>,
    since: DateTime<Utc>,
) -> db::Result<BTreeMap<String, i64>> {
    #[derive(FromQueryResult)]
    struct Told {
        event: String,
        messages: i64,
    }
    let sql = format!(
        "SELECT m.event, COUNT(*) AS messages FROM message m
         WHERE {} AND m.created_at >= $3 GROUP BY m.event LIMIT $4",
        visible(conn)
    );
    let more = [instant_text(since).into(), EVENTS_MAX.into()];
    let values = reader_values(reader).into_iter().chain(more);
    let rows: Vec<Told> = db::query_all(conn, &sql, values).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.event, row.messages))
        .collect())
}

/// Marks one message that the reader may see, or all of them.
pub(crate) async fn mark_read(
    tx: &Tx,
    reader: &Reader<'_>,
    id: Option<&str>,
    now: DateTime<Utc>,
) -> db::Result<u64> {
    let one = if id.is_some() { "AND m.id = $4" } else { "" };
    let sql = format!(
        "INSERT INTO message_read (account, message_id, read_at)
         SELECT $2, m.id, $3 FROM message m WHERE {} {one}
         ON CONFLICT (account, message_id) DO NOTHING",
        visible(tx)
    );
    let values = reader_values(reader)
        .into_iter()
        .chain([instant_text(now).into()]);
    db::execute(tx, &sql, values.chain(id.map(Value::from))).await
}
