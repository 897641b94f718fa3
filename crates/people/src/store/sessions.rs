//! Sessions.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use uuid::Uuid;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx};

use super::{Columns, WHOLE_MAX, id_value, maybe_id_value};
use crate::model::Session;

const COLUMNS: &str =
    "id, account, seat, mandate, factor, identity, address, agent, started_at, seen_at";

impl FromQueryResult for Session {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let columns = Columns { row, prefix };
        Ok(Self {
            id: columns.id("id")?,
            account: columns.id("account")?,
            seat: columns.maybe_id("seat")?,
            mandate: columns.maybe_id("mandate")?,
            factor: columns.flag("factor")?,
            identity: columns.maybe_id("identity")?,
            address: columns.text("address")?,
            agent: columns.text("agent")?,
            started_at: columns.at("started_at")?,
            seen_at: columns.at("seen_at")?,
        })
    }
}

pub(crate) async fn by_digest(
    conn: &impl ConnectionTrait,
    digest: &str,
) -> db::Result<Option<Session>> {
    let sql = format!("SELECT {COLUMNS} FROM people_session WHERE digest = $1");
    db::query_one(conn, &sql, [digest.into()]).await
}

/// The sessions of an account, the last used first.
pub(crate) async fn of_account(
    conn: &impl ConnectionTrait,
    account: Uuid,
) -> db::Result<Vec<Session>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM people_session WHERE account = $1 ORDER BY seen_at DESC, id LIMIT $2"
    );
    db::query_all(conn, &sql, [id_value(account), WHOLE_MAX.into()]).await
}

pub(crate) async fn insert(tx: &Tx, session: &Session, digest: &str) -> db::Result<()> {
    let sql = "INSERT INTO people_session
               (id, digest, account, seat, mandate, factor, identity, address, agent, started_at, seen_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = [
        id_value(session.id),
        digest.into(),
        id_value(session.account),
        maybe_id_value(session.seat),
        maybe_id_value(session.mandate),
        session.factor.into(),
        maybe_id_value(session.identity),
        session.address.as_str().into(),
        session.agent.as_str().into(),
        instant_text(session.started_at).into(),
        instant_text(session.seen_at).into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// Gives a session a new cookie and what it may act as; false when it has ended meanwhile.
pub(crate) async fn renew(tx: &Tx, session: &Session, digest: &str) -> db::Result<bool> {
    let sql =
        "UPDATE people_session SET digest = $2, seat = $3, mandate = $4, factor = $5 WHERE id = $1";
    let values = [
        id_value(session.id),
        digest.into(),
        maybe_id_value(session.seat),
        maybe_id_value(session.mandate),
        session.factor.into(),
    ];
    Ok(db::execute(tx, sql, values).await? == 1)
}

/// Notes that a session is in use.
pub(crate) async fn touch(tx: &Tx, id: Uuid, at: DateTime<Utc>) -> db::Result<()> {
    let sql = "UPDATE people_session SET seen_at = $2 WHERE id = $1";
    db::execute(tx, sql, [id_value(id), instant_text(at).into()]).await?;
    Ok(())
}

/// Ends one session of an account; false when it has none such.
pub(crate) async fn end(tx: &Tx, account: Uuid, id: Uuid) -> db::Result<bool> {
    let sql = "DELETE FROM people_session WHERE id = $1 AND account = $2";
    Ok(db::execute(tx, sql, [id_value(id), id_value(account)]).await? == 1)
}

/// Ends all sessions of an account but one; how many.
pub(crate) async fn end_all(tx: &Tx, account: Uuid, except: Option<Uuid>) -> db::Result<u64> {
    let sql = "DELETE FROM people_session WHERE account = $1 AND id <> $2";
    let except = except.unwrap_or_default();
    db::execute(tx, sql, [id_value(account), id_value(except)]).await
}

/// Ends all sessions of everybody: a restored backup would bring back those that had been ended since.
///
/// # Errors
/// When the statement fails.
pub async fn end_everybodys(tx: &Tx) -> db::Result<u64> {
    db::execute(tx, "DELETE FROM people_session", []).await
}

/// Removes what can no longer be used: not seen since, or started before.
pub(crate) async fn purge(
    tx: &Tx,
    not_seen_since: DateTime<Utc>,
    started_before: DateTime<Utc>,
) -> db::Result<()> {
    let sql = "DELETE FROM people_session WHERE seen_at < $1 OR started_at < $2";
    let values = [
        instant_text(not_seen_since).into(),
        instant_text(started_before).into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}
