//! API tokens.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use uuid::Uuid;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx};

use super::{Columns, WHOLE_MAX, count, id_value, words_value};
use crate::model::Token;

const COLUMNS: &str =
    "id, hint, account, seat, name, actions, created_at, expires_at, used_at, ended_at";

impl FromQueryResult for Token {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let columns = Columns { row, prefix };
        Ok(Self {
            id: columns.id("id")?,
            hint: columns.text("hint")?,
            account: columns.id("account")?,
            seat: columns.id("seat")?,
            name: columns.text("name")?,
            actions: columns.words("actions")?,
            created_at: columns.at("created_at")?,
            expires_at: columns.at("expires_at")?,
            used_at: columns.maybe_at("used_at")?,
            ended_at: columns.maybe_at("ended_at")?,
        })
    }
}

pub(crate) async fn by_digest(
    conn: &impl ConnectionTrait,
    digest: &str,
) -> db::Result<Option<Token>> {
    let sql = format!("SELECT {COLUMNS} FROM people_token WHERE digest = $1");
    db::query_one(conn, &sql, [digest.into()]).await
}

/// The tokens of an account, newest first, ended ones last.
pub(crate) async fn of_account(
    conn: &impl ConnectionTrait,
    account: Uuid,
) -> db::Result<Vec<Token>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM people_token WHERE account = $1 \
         ORDER BY ended_at IS NOT NULL, id DESC LIMIT $2"
    );
    db::query_all(conn, &sql, [id_value(account), WHOLE_MAX.into()]).await
}

/// How many tokens of an account can be used.
pub(crate) async fn open(
    conn: &impl ConnectionTrait,
    account: Uuid,
    at: DateTime<Utc>,
) -> db::Result<u64> {
    let sql = "SELECT COUNT(*) FROM people_token
               WHERE account = $1 AND ended_at IS NULL AND expires_at > $2";
    let values = [id_value(account), instant_text(at).into()];
    Ok(count(db::query_count(conn, sql, values).await?))
}

pub(crate) async fn insert(tx: &Tx, token: &Token, digest: &str) -> db::Result<()> {
    let sql = "INSERT INTO people_token
               (id, digest, hint, account, seat, name, actions, created_at, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = [
        id_value(token.id),
        digest.into(),
        token.hint.as_str().into(),
        id_value(token.account),
        id_value(token.seat),
        token.name.as_str().into(),
        words_value(&token.actions),
        instant_text(token.created_at).into(),
        instant_text(token.expires_at).into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// Notes that a token is in use.
pub(crate) async fn touch(tx: &Tx, id: Uuid, at: DateTime<Utc>) -> db::Result<()> {
    let sql = "UPDATE people_token SET used_at = $2 WHERE id = $1";
    db::execute(tx, sql, [id_value(id), instant_text(at).into()]).await?;
    Ok(())
}

/// Ends one token of an account; false when it has none such.
pub(crate) async fn end(tx: &Tx, account: Uuid, id: Uuid, at: DateTime<Utc>) -> db::Result<bool> {
    let sql = "UPDATE people_token SET ended_at = $3
               WHERE id = $1 AND account = $2 AND ended_at IS NULL";
    let values = [id_value(id), id_value(account), instant_text(at).into()];
    Ok(db::execute(tx, sql, values).await? == 1)
}

/// Ends all tokens of an account; how many.
pub(crate) async fn end_all(tx: &Tx, account: Uuid, at: DateTime<Utc>) -> db::Result<u64> {
    let sql = "UPDATE people_token SET ended_at = $2 WHERE account = $1 AND ended_at IS NULL";
    db::execute(tx, sql, [id_value(account), instant_text(at).into()]).await
}
