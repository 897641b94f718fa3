use super::super::topics::{MutedTopic, Topic};
use crate::clock::{instant_text, parse_instant};
use crate::db::{self, Bulk, ConnectionTrait, FromQueryResult, Tx};

/// `message_muted`: what an account is told no more of. `message_without`: who behind a message's recipient does not get
/// it. `topics` of a message is a JSON list of those that it names, empty where it has none.
pub(crate) const MUTED: &str = "CREATE TABLE message_muted (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    event TEXT NOT NULL,
    topic TEXT NOT NULL,
    label TEXT NOT NULL,
    muted_at TEXT NOT NULL,
    UNIQUE (account, event, topic)
);
CREATE INDEX message_muted_topic ON message_muted (event, topic, account);
CREATE TABLE message_without (
    message_id TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (message_id, account)
);
ALTER TABLE message ADD COLUMN topics TEXT NOT NULL DEFAULT '';";

/// Topics that one account can mute: more than there are items in a city.
const MUTED_MAX: i64 = 10_000;

#[derive(FromQueryResult)]
struct Row {
    id: String,
    event: String,
    topic: String,
    label: String,
    muted_at: String,
}

impl From<Row> for MutedTopic {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            event: row.event,
            topic: Topic {
                id: row.topic,
                label: row.label,
            },
            muted_at: parse_instant(&row.muted_at).unwrap_or_default(),
        }
    }
}

/// Accounts that have muted some of these topics, with which.
pub(crate) async fn muting(
    tx: &Tx,
    event: &str,
    topics: &[&str],
) -> db::Result<Vec<(String, String)>> {
    #[derive(FromQueryResult)]
    struct Muting {
        account: String,
        topic: String,
    }
    let sql = format!(
        "SELECT account, topic FROM message_muted WHERE topic IN ({}) AND event = $2
         ORDER BY account, topic LIMIT $3",
        db::text_members(tx)
    );
    let values = [
        db::members_value(topics.iter().copied()),
        event.into(),
        MUTED_MAX.into(),
    ];
    let rows: Vec<Muting> = db::query_all(tx, &sql, values).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.account, row.topic))
        .collect())
}

pub(crate) async fn mute_topic(tx: &Tx, account: &str, muted: &MutedTopic) -> db::Result<u64> {
    let sql = "INSERT INTO message_muted (id, account, event, topic, label, muted_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account, event, topic) DO NOTHING";
    let values = [
        muted.id.as_str().into(),
        account.into(),
        muted.event.as_str().into(),
        muted.topic.id.as_str().into(),
        muted.topic.label.as_str().into(),
        instant_text(muted.muted_at).into(),
    ];
    db::execute(tx, sql, values).await
}

pub(crate) async fn unmute_topic(tx: &Tx, account: &str, id: &str) -> db::Result<u64> {
    let sql = "DELETE FROM message_muted WHERE id = $1 AND account = $2";
    db::execute(tx, sql, [id.into(), account.into()]).await
}

pub(crate) async fn muted_topics(
    conn: &impl ConnectionTrait,
    account: &str,
) -> db::Result<Vec<MutedTopic>> {
    let sql = "SELECT id, event, topic, label, muted_at FROM message_muted WHERE account = $1
        ORDER BY id DESC LIMIT $2";
    let rows: Vec<Row> = db::query_all(conn, sql, [account.into(), MUTED_MAX.into()]).await?;
    Ok(rows.into_iter().map(MutedTopic::from).collect())
}

pub(crate) async fn muted_topic(
    conn: &impl ConnectionTrait,
    account: &str,
    event: &str,
    topic: &str,
) -> db::Result<Option<MutedTopic>> {
    let sql = "SELECT id, event, topic, label, muted_at FROM message_muted
        WHERE account = $1 AND event = $2 AND topic = $3";
    let values = [account.into(), event.into(), topic.into()];
    let row: Option<Row> = db::query_one(conn, sql, values).await?;
    Ok(row.map(MutedTopic::from))
}

/// Keeps a message out of the inboxes of these accounts.
pub(crate) async fn leave_out(tx: &Tx, message: &str, accounts: &[&str]) -> db::Result<()> {
    let mut bulk = Bulk::insert("message_without", &["message_id", "account"]);
    for account in accounts {
        bulk.push(tx, [message.into(), (*account).into()]).await?;
    }
    bulk.finish(tx).await?;
    Ok(())
}
