//! Accounts, their passwords and second factors.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use uuid::Uuid;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Database, Tx};
use zhida_platform::ids;
use zhida_platform::paging::{Page, PageRequest};

use super::{Columns, Parameters, containing, count, id_value};
use crate::error::Error;
use crate::model::Account;
use crate::password::HISTORY;
use crate::secret::{Secret, digest};

const LIST: &str = "people_account:login";
const COLUMNS: &str = "id, login, name, phone, email, state, demo, must_change, \
                       factor_confirmed, created_at, signed_in_at";

/// Which accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountQuery {
    /// A part of the login or name.
    pub text: String,
    /// In use, or closed.
    pub open: Option<bool>,
}

impl FromQueryResult for Account {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let columns = Columns { row, prefix };
        Ok(Self {
            id: columns.id("id")?,
            login: columns.text("login")?,
            name: columns.text("name")?,
            phone: columns.text("phone")?,
            email: columns.text("email")?,
            open: columns.text("state")? == state(true),
            demo: columns.flag("demo")?,
            must_change: columns.flag("must_change")?,
            factor: columns.flag("factor_confirmed")?,
            created_at: columns.at("created_at")?,
            signed_in_at: columns.maybe_at("signed_in_at")?,
        })
    }
}

fn state(open: bool) -> &'static str {
    if open { "open" } else { "closed" }
}

/// What proves who somebody is; it has no `Debug` and leaves the store for checking only.
pub(crate) struct Credentials {
    pub password: Option<String>,
    pub factor_key: Option<Secret>,
    pub factor_step: i64,
}

#[derive(FromQueryResult)]
struct Kept {
    password: Option<String>,
    factor_key: Option<String>,
    factor_step: i64,
}

pub(crate) async fn one(conn: &impl ConnectionTrait, id: Uuid) -> db::Result<Option<Account>> {
    let sql = format!("SELECT {COLUMNS} FROM people_account WHERE id = $1");
    db::query_one(conn, &sql, [id_value(id)]).await
}

pub(crate) async fn by_login(
    conn: &impl ConnectionTrait,
    login: &str,
) -> db::Result<Option<Account>> {
    let sql = format!("SELECT {COLUMNS} FROM people_account WHERE login = $1");
    db::query_one(conn, &sql, [login.into()]).await
}

/// Whoever may be signing in.
pub(crate) struct Candidate {
    pub account: Account,
    /// The password's hash, and when it was set.
    pub password: Option<String>,
    pub password_at: Option<DateTime<Utc>>,
}

impl FromQueryResult for Candidate {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let columns = Columns { row, prefix };
        Ok(Self {
            password: columns.get("password")?,
            password_at: columns.maybe_at("password_at")?,
            account: Account::from_query_result(row, prefix)?,
        })
    }
}

/// The account with this login and its password's hash, in one question whether there is one or not.
pub(crate) async fn to_sign_in(
    conn: &impl ConnectionTrait,
    login: &str,
) -> db::Result<Option<Candidate>> {
    let sql =
        format!("SELECT {COLUMNS}, password, password_at FROM people_account WHERE login = $1");
    db::query_one(conn, &sql, [login.into()]).await
}

pub(crate) async fn any(conn: &impl ConnectionTrait) -> db::Result<bool> {
    let sql = "SELECT COUNT(*) FROM (SELECT id FROM people_account LIMIT 1) AS first";
    Ok(db::query_count(conn, sql, []).await? > 0)
}

pub(crate) async fn credentials(db: &Database, id: Uuid) -> Result<Option<Credentials>, Error> {
    let sql = "SELECT password, factor_key, factor_step FROM people_account WHERE id = $1";
    let Some(kept) = db::query_one::<Kept>(db.conn(), sql, [id_value(id)]).await? else {
        return Ok(None);
    };
    let key = kept.factor_key;
    let key = key.map(|key| super::factors::opened(db.sealer(), id, &key));
    Ok(Some(Credentials {
        password: kept.password,
        factor_key: key.transpose()?,
        factor_step: kept.factor_step,
    }))
}

fn clause(query: &AccountQuery, parameters: &mut Parameters) -> String {
    let mut clause = "1 = 1".to_owned();
    if !query.text.is_empty() {
        let name = parameters.add(containing(&query.text));
        let login = parameters.add(containing(&query.text.to_lowercase()));
        clause += &format!(" AND (name LIKE {name} ESCAPE '\\' OR login LIKE {login} ESCAPE '\\')");
    }
    if let Some(open) = query.open {
        clause += &format!(" AND state = {}", parameters.add(state(open)));
    }
    clause
}

pub(crate) async fn list(
    conn: &impl ConnectionTrait,
    query: &AccountQuery,
    page: &PageRequest,
) -> Result<Page<Account>, Error> {
    let mut parameters = Parameters::default();
    let mut clause = clause(query, &mut parameters);
    if let Some(login) = page.cursor::<String>(LIST)? {
        clause += &format!(" AND login > {}", parameters.add(login));
    }
    let limit = parameters.add(page.rows_wanted());
    let sql =
        format!("SELECT {COLUMNS} FROM people_account WHERE {clause} ORDER BY login LIMIT {limit}");
    let rows: Vec<Account> = db::query_all(conn, &sql, parameters.0).await?;
    Ok(Page::from_rows(rows, page, LIST, |row| row.login.clone())?)
}

pub(crate) async fn number(conn: &impl ConnectionTrait, query: &AccountQuery) -> db::Result<u64> {
    let mut parameters = Parameters::default();
    let clause = clause(query, &mut parameters);
    let sql = format!("SELECT COUNT(*) FROM people_account WHERE {clause}");
    Ok(count(db::query_count(conn, &sql, parameters.0).await?))
}

/// Keeps a new account; false when its login is taken.
pub(crate) async fn insert(tx: &Tx, account: &Account) -> db::Result<bool> {
    let sql = "INSERT INTO people_account
               (id, login, name, phone, email, state, demo, must_change, factor_confirmed, factor_step, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
               ON CONFLICT (login) DO NOTHING";
    let values = [
        id_value(account.id),
        account.login.as_str().into(),
        account.name.as_str().into(),
        account.phone.as_str().into(),
        account.email.as_str().into(),
        state(account.open).into(),
        account.demo.into(),
        account.must_change.into(),
        false.into(),
        0_i64.into(),
        instant_text(account.created_at).into(),
    ];
    Ok(db::execute(tx, sql, values).await? == 1)
}

pub(crate) async fn set_details(
    tx: &Tx,
    id: Uuid,
    name: &str,
    phone: &str,
    email: &str,
) -> db::Result<()> {
    let sql = "UPDATE people_account SET name = $2, phone = $3, email = $4 WHERE id = $1";
    let values = [id_value(id), name.into(), phone.into(), email.into()];
    db::execute(tx, sql, values).await?;
    Ok(())
}

pub(crate) async fn set_open(tx: &Tx, id: Uuid, open: bool) -> db::Result<()> {
    let sql = "UPDATE people_account SET state = $2 WHERE id = $1";
    db::execute(tx, sql, [id_value(id), state(open).into()]).await?;
    Ok(())
}

pub(crate) async fn signed_in(tx: &Tx, id: Uuid, at: DateTime<Utc>) -> db::Result<()> {
    let sql = "UPDATE people_account SET signed_in_at = $2 WHERE id = $1";
    db::execute(tx, sql, [id_value(id), instant_text(at).into()]).await?;
    Ok(())
}

/// Keeps a password's hash, also among those that may not be used again.
pub(crate) async fn set_password(
    tx: &Tx,
    id: Uuid,
    hash: &str,
    must_change: bool,
    at: DateTime<Utc>,
) -> db::Result<()> {
    let sql = "UPDATE people_account SET password = $2, must_change = $3, password_at = $4
               WHERE id = $1";
    let values = [
        id_value(id),
        hash.into(),
        must_change.into(),
        instant_text(at).into(),
    ];
    db::execute(tx, sql, values).await?;
    let sql = "INSERT INTO people_password (id, account, hash) VALUES ($1, $2, $3)";
    let values = [id_value(ids::next(at)), id_value(id), hash.into()];
    db::execute(tx, sql, values).await?;
    let sql = "DELETE FROM people_password WHERE account = $1 AND id NOT IN (
                   SELECT id FROM people_password WHERE account = $1 ORDER BY id DESC LIMIT $2)";
    db::execute(tx, sql, [id_value(id), history_limit()]).await?;
    Ok(())
}

fn history_limit() -> db::Value {
    i64::try_from(HISTORY).unwrap_or(i64::MAX).into()
}

#[derive(FromQueryResult)]
struct Hash {
    hash: String,
}

/// The hashes of the last passwords, the current one included.
pub(crate) async fn last_passwords(
    conn: &impl ConnectionTrait,
    id: Uuid,
) -> db::Result<Vec<String>> {
    let sql = "SELECT hash FROM people_password WHERE account = $1 ORDER BY id DESC LIMIT $2";
    let rows: Vec<Hash> = db::query_all(conn, sql, [id_value(id), history_limit()]).await?;
    Ok(rows.into_iter().map(|row| row.hash).collect())
}

/// Forgets a key that was never confirmed: whoever saw it before must not know the one that will be.
pub(crate) async fn drop_unconfirmed_key(tx: &Tx, id: Uuid) -> db::Result<()> {
    let sql = "UPDATE people_account SET factor_key = NULL WHERE id = $1 AND factor_confirmed = $2";
    db::execute(tx, sql, [id_value(id), false.into()]).await?;
    Ok(())
}

pub(crate) async fn confirm_factor(tx: &Tx, id: Uuid) -> db::Result<()> {
    let sql = "UPDATE people_account SET factor_confirmed = $2 WHERE id = $1";
    db::execute(tx, sql, [id_value(id), true.into()]).await?;
    Ok(())
}

/// Takes the second factor off: key, accepted step and recovery codes.
pub(crate) async fn clear_factor(tx: &Tx, id: Uuid) -> db::Result<()> {
    let sql = "UPDATE people_account
               SET factor_key = NULL, factor_confirmed = $2, factor_step = 0 WHERE id = $1";
    db::execute(tx, sql, [id_value(id), false.into()]).await?;
    let sql = "DELETE FROM people_recovery_code WHERE account = $1";
    db::execute(tx, sql, [id_value(id)]).await?;
    Ok(())
}

/// Notes the step of an accepted code; false when one as late was accepted meanwhile.
pub(crate) async fn take_step(tx: &Tx, id: Uuid, step: i64) -> db::Result<bool> {
    let sql = "UPDATE people_account SET factor_step = $2 WHERE id = $1 AND factor_step < $2";
    Ok(db::execute(tx, sql, [id_value(id), step.into()]).await? == 1)
}

/// What is kept of a recovery code: it belongs to one account.
pub(crate) fn recovery_digest(account: Uuid, code_digest: &str) -> String {
    digest(&format!("{account}:{code_digest}"))
}

/// Puts a new set of recovery codes in place of the old.
pub(crate) async fn set_recovery_codes(tx: &Tx, id: Uuid, digests: &[String]) -> db::Result<()> {
    let sql = "DELETE FROM people_recovery_code WHERE account = $1";
    db::execute(tx, sql, [id_value(id)]).await?;
    for digest in digests {
        let sql = "INSERT INTO people_recovery_code (account, digest) VALUES ($1, $2)";
        db::execute(tx, sql, [id_value(id), digest.as_str().into()]).await?;
    }
    Ok(())
}

/// Uses up a recovery code; false when there is none such.
pub(crate) async fn take_recovery_code(
    tx: &Tx,
    id: Uuid,
    digest: &str,
    at: DateTime<Utc>,
) -> db::Result<bool> {
    let sql = "UPDATE people_recovery_code SET used_at = $3
               WHERE account = $1 AND digest = $2 AND used_at IS NULL";
    let values = [id_value(id), digest.into(), instant_text(at).into()];
    Ok(db::execute(tx, sql, values).await? == 1)
}

pub(crate) async fn recovery_codes_left(conn: &impl ConnectionTrait, id: Uuid) -> db::Result<u64> {
    let sql = "SELECT COUNT(*) FROM people_recovery_code WHERE account = $1 AND used_at IS NULL";
    Ok(count(db::query_count(conn, sql, [id_value(id)]).await?))
}
