//! The only code that touches the room's table.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use zhida_platform::clock::{instant_text, parse_instant};
use zhida_platform::db::{self, ConnectionTrait, Tx};

/// An e-mail address that waits for its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MailCheck {
    pub mail: String,
    pub digest: String,
    pub tries: i64,
    pub asked_at: DateTime<Utc>,
}

impl FromQueryResult for MailCheck {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let asked_at: String = row.try_get(prefix, "asked_at")?;
        Ok(Self {
            mail: row.try_get(prefix, "mail")?,
            digest: row.try_get(prefix, "digest")?,
            tries: row.try_get(prefix, "tries")?,
            asked_at: parse_instant(&asked_at).unwrap_or_default(),
        })
    }
}

pub(crate) async fn mail_check(
    conn: &impl ConnectionTrait,
    account: &str,
) -> db::Result<Option<MailCheck>> {
    let sql = "SELECT mail, digest, tries, asked_at FROM inbox_mail_check WHERE account = $1";
    db::query_one(conn, sql, [account.into()]).await
}

/// Keeps the newest code of an account.
pub(crate) async fn set_mail_check(tx: &Tx, account: &str, check: &MailCheck) -> db::Result<u64> {
    let sql = "INSERT INTO inbox_mail_check (account, mail, digest, tries, asked_at)
               VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (account) DO UPDATE SET mail = excluded.mail, digest = excluded.digest,
                   tries = excluded.tries, asked_at = excluded.asked_at";
    let values = [
        account.into(),
        check.mail.as_str().into(),
        check.digest.as_str().into(),
        check.tries.into(),
        instant_text(check.asked_at).into(),
    ];
    db::execute(tx, sql, values).await
}

/// Counts a try before it is looked at, so that many at once do not slip through; the row as it is then.
pub(crate) async fn take_try(tx: &Tx, account: &str) -> db::Result<Option<MailCheck>> {
    let sql = "UPDATE inbox_mail_check SET tries = tries + 1 WHERE account = $1
               RETURNING mail, digest, tries, asked_at";
    db::query_one(tx, sql, [account.into()]).await
}

pub(crate) async fn drop_mail_check(tx: &Tx, account: &str) -> db::Result<u64> {
    let sql = "DELETE FROM inbox_mail_check WHERE account = $1";
    db::execute(tx, sql, [account.into()]).await
}
