//! Whom messages reach, verified e-mail addresses, and the kinds of browser that accounts use.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::FromQueryResult;
use uuid::Uuid;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx, Value};

use super::id_value;

/// People behind one recipient at most, however many seats each has.
const PEOPLE_MAX: i64 = 5_000;
/// Seats in charge of a body and of those above it at most.
const SEATS_MAX: i64 = 5_000;
/// Bodies above one at most.
const LEVELS_MAX: i64 = 32;
/// Kinds of browser that are remembered of one account.
const DEVICES_MAX: i64 = 50;
/// The columns of [`Line`] after those of a seat.
const COLUMNS: &str = "a.id, a.email, a.phone,
    (SELECT v.email FROM people_verified_mail v WHERE v.account = a.id) AS verified";
/// A seat of an open account that gives its rights on the day `$2`.
const SEATED: &str = "FROM people_seat s JOIN people_account a ON a.id = s.account
    LEFT JOIN people_organisation o ON o.id = s.organisation
    WHERE a.state = 'open' AND s.ended_at IS NULL AND s.valid_from <= $2
      AND (s.valid_until IS NULL OR s.valid_until >= $2)
      AND (o.valid_until IS NULL OR o.valid_until >= $2)";

/// Somebody who may be told something, in one seat or none.
#[derive(Debug, FromQueryResult)]
pub(crate) struct Line {
    pub id: String,
    pub email: String,
    pub phone: String,
    pub verified: Option<String>,
    pub enterprise: Option<String>,
    pub role: String,
}

/// Whose seats.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whose<'a> {
    Account(&'a str),
    Enterprise(&'a str),
    Role(&'a str),
    Organisation(&'a str),
}

/// The people in these seats on a day, by when the seats were granted.
pub(crate) async fn seated(
    conn: &impl ConnectionTrait,
    whose: Whose<'_>,
    day: NaiveDate,
) -> db::Result<Vec<Line>> {
    let (column, value) = match whose {
        Whose::Account(id) => ("a.id", id),
        Whose::Enterprise(code) => ("s.enterprise", code),
        Whose::Role(role) => ("s.role", role),
        Whose::Organisation(id) => ("s.organisation", id),
    };
    let sql = format!(
        "SELECT s.enterprise, s.role, {COLUMNS} {SEATED} AND {column} = $1 AND a.id IN (
             SELECT a.id {SEATED} AND {column} = $1 GROUP BY a.id ORDER BY MIN(s.id) LIMIT $3)
         ORDER BY s.id"
    );
    let values: [Value; 3] = [value.into(), day.to_string().into(), PEOPLE_MAX.into()];
    db::query_all(conn, &sql, values).await
}

/// A body on the way up from another, with somebody in charge there.
#[derive(Debug, FromQueryResult)]
pub(crate) struct Head {
    /// 1 for the body itself.
    pub depth: i64,
    pub organisation: String,
    pub organisation_name: String,
    /// `None` when nobody is in charge on the day.
    pub account: Option<String>,
    pub account_name: Option<String>,
}

/// Who is in charge of a body and of those above it, nearest first: leaders before supervisors, then by when the seats
/// were granted.
pub(crate) async fn heads(
    conn: &impl ConnectionTrait,
    body: Uuid,
    day: NaiveDate,
) -> db::Result<Vec<Head>> {
    let sql = format!(
        "WITH RECURSIVE line (id, depth) AS (
             SELECT CAST($1 AS TEXT), CAST(1 AS BIGINT)
             UNION ALL
             SELECT o.parent, l.depth + 1 FROM people_organisation o JOIN line l ON o.id = l.id
             WHERE o.parent IS NOT NULL AND l.depth < $4
         ), seated (organisation, role, seat, account, account_name) AS (
             SELECT s.organisation, s.role, s.id, a.id, a.name {SEATED} AND s.role IN ('leader', 'supervisor')
         )
         SELECT l.depth, b.id AS organisation, b.name AS organisation_name, s.account, s.account_name
         FROM line l JOIN people_organisation b ON b.id = l.id LEFT JOIN seated s ON s.organisation = b.id
         ORDER BY l.depth, s.role, s.seat LIMIT $3"
    );
    let values: [Value; 4] = [
        id_value(body),
        day.to_string().into(),
        SEATS_MAX.into(),
        LEVELS_MAX.into(),
    ];
    db::query_all(conn, &sql, values).await
}

/// An open account by itself.
pub(crate) async fn unseated(
    conn: &impl ConnectionTrait,
    account: &str,
) -> db::Result<Option<Line>> {
    let sql = format!(
        "SELECT CAST(NULL AS TEXT) AS enterprise, '' AS role, {COLUMNS} FROM people_account a
         WHERE a.id = $1 AND a.state = 'open'"
    );
    db::query_one(conn, &sql, [account.into()]).await
}

/// Codes of enterprises in which somebody has a seat on a day, after this one.
pub(crate) async fn enterprises(
    conn: &impl ConnectionTrait,
    after: &str,
    day: NaiveDate,
    limit: i64,
) -> db::Result<Vec<String>> {
    #[derive(FromQueryResult)]
    struct Code {
        enterprise: String,
    }
    let sql = format!(
        "SELECT DISTINCT s.enterprise {SEATED} AND s.enterprise > $1 ORDER BY s.enterprise LIMIT $3"
    );
    let values: [Value; 3] = [after.into(), day.to_string().into(), limit.into()];
    let rows: Vec<Code> = db::query_all(conn, &sql, values).await?;
    Ok(rows.into_iter().map(|row| row.enterprise).collect())
}

/// The address of an account, and the one that was verified.
#[derive(Debug, FromQueryResult)]
pub(crate) struct Mail {
    pub email: String,
    pub verified: Option<String>,
}

pub(crate) async fn mail_of(
    conn: &impl ConnectionTrait,
    account: &str,
) -> db::Result<Option<Mail>> {
    let sql = "SELECT a.email, v.email AS verified FROM people_account a
               LEFT JOIN people_verified_mail v ON v.account = a.id WHERE a.id = $1";
    db::query_one(conn, sql, [account.into()]).await
}

/// Keeps an address that was verified.
pub(crate) async fn keep_mail(
    tx: &Tx,
    account: &str,
    mail: &str,
    at: DateTime<Utc>,
) -> db::Result<()> {
    let sql = "UPDATE people_account SET email = $2 WHERE id = $1";
    db::execute(tx, sql, [account.into(), mail.into()]).await?;
    let sql = "INSERT INTO people_verified_mail (account, email, verified_at) VALUES ($1, $2, $3)
               ON CONFLICT (account) DO UPDATE SET email = excluded.email,
                   verified_at = excluded.verified_at";
    let values = [account.into(), mail.into(), instant_text(at).into()];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// Remembers a kind of browser, by its digest; true when the account has used others, but never this one.
pub(crate) async fn remember_device(
    tx: &Tx,
    account: Uuid,
    kind: &str,
    at: DateTime<Utc>,
) -> db::Result<bool> {
    let values = || [id_value(account), kind.into(), instant_text(at).into()];
    let sql = "UPDATE people_device SET seen_at = $3 WHERE account = $1 AND digest = $2";
    if db::execute(tx, sql, values()).await? > 0 {
        return Ok(false);
    }
    let sql = "SELECT COUNT(*) FROM people_device WHERE account = $1";
    let before = db::query_count(tx, sql, [id_value(account)]).await?;
    let sql = "INSERT INTO people_device (account, digest, seen_at) VALUES ($1, $2, $3)
               ON CONFLICT (account, digest) DO NOTHING";
    db::execute(tx, sql, values()).await?;
    let sql = "DELETE FROM people_device WHERE account = $1 AND digest NOT IN (
                   SELECT digest FROM people_device WHERE account = $1
                   ORDER BY seen_at DESC, digest LIMIT $2)";
    db::execute(tx, sql, [id_value(account), DEVICES_MAX.into()]).await?;
    Ok(before > 0)
}
