//! Who somebody is with an identity provider, and sign-ins there that are under way.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use uuid::Uuid;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx};

use super::{Columns, WHOLE_MAX, id_value, maybe_id_value};
use crate::model::Identity;

const COLUMNS: &str =
    "id, account, issuer, expected, subject, trusted, linked_by, linked_at, signed_in_at";

impl FromQueryResult for Identity {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let columns = Columns { row, prefix };
        Ok(Self {
            id: columns.id("id")?,
            account: columns.id("account")?,
            issuer: columns.text("issuer")?,
            expected: columns.get("expected")?,
            subject: columns.get("subject")?,
            trusted: columns.flag("trusted")?,
            linked_by: columns.text("linked_by")?,
            linked_at: columns.at("linked_at")?,
            signed_in_at: columns.maybe_at("signed_in_at")?,
        })
    }
}

/// The identity of a subject; else the one that waits for whoever comes with this value.
pub(crate) async fn found(
    conn: &impl ConnectionTrait,
    issuer: &str,
    subject: &str,
    value: Option<&str>,
) -> db::Result<Option<Identity>> {
    let sql = format!("SELECT {COLUMNS} FROM people_identity WHERE issuer = $1 AND subject = $2");
    let known = db::query_one(conn, &sql, [issuer.into(), subject.into()]).await?;
    let (None, Some(value)) = (&known, value) else {
        return Ok(known);
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM people_identity
         WHERE issuer = $1 AND expected = $2 AND subject IS NULL"
    );
    db::query_one(conn, &sql, [issuer.into(), value.into()]).await
}

pub(crate) async fn one(conn: &impl ConnectionTrait, id: Uuid) -> db::Result<Option<Identity>> {
    let sql = format!("SELECT {COLUMNS} FROM people_identity WHERE id = $1");
    db::query_one(conn, &sql, [id_value(id)]).await
}

pub(crate) async fn of_account(
    conn: &impl ConnectionTrait,
    account: Uuid,
) -> db::Result<Vec<Identity>> {
    let sql =
        format!("SELECT {COLUMNS} FROM people_identity WHERE account = $1 ORDER BY id LIMIT $2");
    db::query_all(conn, &sql, [id_value(account), WHOLE_MAX.into()]).await
}

/// Keeps an identity; false when it is another account's, or the account has one with this provider.
pub(crate) async fn insert(tx: &Tx, identity: &Identity) -> db::Result<bool> {
    let sql = "INSERT INTO people_identity
               (id, account, issuer, expected, subject, trusted, linked_by, linked_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
    let values = [
        id_value(identity.id),
        id_value(identity.account),
        identity.issuer.as_str().into(),
        identity.expected.clone().into(),
        identity.subject.clone().into(),
        identity.trusted.into(),
        identity.linked_by.as_str().into(),
        instant_text(identity.linked_at).into(),
    ];
    Ok(db::execute(tx, sql, values).await? == 1)
}

/// Notes a sign-in, and at the first one whose identity it is; false when it became another's meanwhile.
pub(crate) async fn used(
    tx: &Tx,
    id: Uuid,
    subject: &str,
    trusted: bool,
    at: DateTime<Utc>,
) -> db::Result<bool> {
    let sql = "UPDATE people_identity SET subject = $2, trusted = $3, signed_in_at = $4
               WHERE id = $1 AND (subject IS NULL OR subject = $2)";
    let values = [
        id_value(id),
        subject.into(),
        trusted.into(),
        instant_text(at).into(),
    ];
    Ok(db::execute(tx, sql, values).await? == 1)
}

/// From now on the provider's word for a second factor counts.
pub(crate) async fn trust(tx: &Tx, id: Uuid) -> db::Result<()> {
    let sql = "UPDATE people_identity SET trusted = $2 WHERE id = $1";
    db::execute(tx, sql, [id_value(id), true.into()]).await?;
    Ok(())
}

/// Removes an identity and ends the sessions that came with it.
pub(crate) async fn remove(tx: &Tx, id: Uuid) -> db::Result<()> {
    db::execute(
        tx,
        "DELETE FROM people_session WHERE identity = $1",
        [id_value(id)],
    )
    .await?;
    let sql = "DELETE FROM people_identity WHERE id = $1";
    db::execute(tx, sql, [id_value(id)]).await?;
    Ok(())
}

/// A sign-in that is under way.
pub(crate) struct Started {
    /// Where to go on.
    pub next: String,
    /// The session whose account is to be linked; `None` for signing in.
    pub session: Option<Uuid>,
}

impl FromQueryResult for Started {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let columns = Columns { row, prefix };
        Ok(Self {
            next: columns.text("next")?,
            session: columns.maybe_id("session")?,
        })
    }
}

/// Notes that a sign-in was started; what has expired is removed.
pub(crate) async fn start(
    tx: &Tx,
    digest: &str,
    provider: &str,
    started: &Started,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> db::Result<()> {
    let sql = "DELETE FROM people_flow WHERE expires_at < $1";
    db::execute(tx, sql, [instant_text(now).into()]).await?;
    let sql = "INSERT INTO people_flow (digest, provider, next, session, expires_at)
               VALUES ($1, $2, $3, $4, $5)";
    let values = [
        digest.into(),
        provider.into(),
        started.next.as_str().into(),
        maybe_id_value(started.session),
        instant_text(expires_at).into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// Uses a started sign-in up; `None` when there is none such, or no longer.
pub(crate) async fn take(
    tx: &Tx,
    digest: &str,
    provider: &str,
    now: DateTime<Utc>,
) -> db::Result<Option<Started>> {
    let sql = "DELETE FROM people_flow WHERE digest = $1 AND provider = $2 AND expires_at > $3
               RETURNING next, session";
    let values = [digest.into(), provider.into(), instant_text(now).into()];
    db::query_one(tx, sql, values).await
}
