use chrono::{DateTime, NaiveDate, Utc};

use super::super::event::Channel;
use super::super::plan::Mode;
use crate::clock::instant_text;
use crate::db::{self, ConnectionTrait, FromQueryResult, Tx};

/// Templates and preferences that one query may return: each has a row an
/// event and channel, and events are declared by hand.
const ROWS_MAX: i64 = 10_000;

#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct TemplateRow {
    pub event: String,
    pub channel: String,
    pub title: String,
    pub body: String,
    pub updated_by: String,
    pub updated_at: String,
}

/// The templates that administrators have written for this event.
pub(crate) async fn templates_of(
    conn: &impl ConnectionTrait,
    event: &str,
) -> db::Result<Vec<TemplateRow>> {
    let sql = "SELECT event, channel, title, body, updated_by, updated_at FROM message_template
               WHERE event = $1 ORDER BY channel LIMIT $2";
    db::query_all(conn, sql, [event.into(), ROWS_MAX.into()]).await
}

pub(crate) async fn all_templates(conn: &impl ConnectionTrait) -> db::Result<Vec<TemplateRow>> {
    let sql = "SELECT event, channel, title, body, updated_by, updated_at FROM message_template
               ORDER BY event, channel LIMIT $1";
    db::query_all(conn, sql, [ROWS_MAX.into()]).await
}

pub(crate) async fn set_template(tx: &Tx, row: &TemplateRow) -> db::Result<u64> {
    db::execute(
        tx,
        "INSERT INTO message_template (event, channel, title, body, updated_by, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (event, channel) DO UPDATE SET title = excluded.title, body = excluded.body,
             updated_by = excluded.updated_by, updated_at = excluded.updated_at",
        [
            row.event.as_str().into(),
            row.channel.as_str().into(),
            row.title.as_str().into(),
            row.body.as_str().into(),
            row.updated_by.as_str().into(),
            row.updated_at.as_str().into(),
        ],
    )
    .await
}

pub(crate) async fn reset_template(tx: &Tx, event: &str, channel: Channel) -> db::Result<u64> {
    let sql = "DELETE FROM message_template WHERE event = $1 AND channel = $2";
    db::execute(tx, sql, [event.into(), channel.slug().into()]).await
}

#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct PreferenceRow {
    pub account: String,
    pub event: String,
    pub channel: String,
    pub mode: String,
}

/// What these accounts have chosen for one event.
pub(crate) async fn preferences_for(
    conn: &impl ConnectionTrait,
    event: &str,
    accounts: &[&str],
) -> db::Result<Vec<PreferenceRow>> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT account, event, channel, mode FROM message_preference
         WHERE account IN ({}) AND event = $2 LIMIT $3",
        db::text_members(conn)
    );
    let members = db::members_value(accounts.iter().copied());
    db::query_all(conn, &sql, [members, event.into(), ROWS_MAX.into()]).await
}

pub(crate) async fn preferences_of(
    conn: &impl ConnectionTrait,
    account: &str,
) -> db::Result<Vec<PreferenceRow>> {
    let sql = "SELECT account, event, channel, mode FROM message_preference
               WHERE account = $1 ORDER BY event, channel LIMIT $2";
    db::query_all(conn, sql, [account.into(), ROWS_MAX.into()]).await
}

/// Keeps a choice; `None` forgets it, so that the default holds again.
pub(crate) async fn set_preference(
    tx: &Tx,
    account: &str,
    event: &str,
    channel: Channel,
    mode: Option<Mode>,
) -> db::Result<u64> {
    let key = [account.into(), event.into(), channel.slug().into()];
    let Some(mode) = mode else {
        let sql =
            "DELETE FROM message_preference WHERE account = $1 AND event = $2 AND channel = $3";
        return db::execute(tx, sql, key).await;
    };
    let sql = "INSERT INTO message_preference (account, event, channel, mode)
               VALUES ($1, $2, $3, $4)
               ON CONFLICT (account, event, channel) DO UPDATE SET mode = excluded.mode";
    db::execute(tx, sql, key.into_iter().chain([mode.slug().into()])).await
}

/// Counts one more push to an enterprise today; how many there are now. The
/// row stays locked until the transaction ends, so that nobody overshoots.
pub(crate) async fn count_push(tx: &Tx, enterprise: &str, day: NaiveDate) -> db::Result<i64> {
    db::query_count(
        tx,
        "INSERT INTO message_push (enterprise, day, pushes) VALUES ($1, $2, 1)
         ON CONFLICT (enterprise, day) DO UPDATE SET pushes = message_push.pushes + 1
         RETURNING pushes",
        [enterprise.into(), day.to_string().into()],
    )
    .await
}

pub(crate) async fn forget_pushes(tx: &Tx, before: NaiveDate) -> db::Result<u64> {
    db::execute(
        tx,
        "DELETE FROM message_push WHERE day < $1",
        [before.to_string().into()],
    )
    .await
}

pub(crate) fn text(at: DateTime<Utc>) -> String {
    instant_text(at)
}
