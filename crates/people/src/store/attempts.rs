//! Failures to sign in, by login, whether it exists or not: otherwise the pause would tell which exist.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, Tx};

use super::Columns;
use crate::secret::digest;

/// Failures before a pause.
pub(crate) const FAILURES_MAX: i64 = 5;
/// Minutes of the first pause; each further one is twice as long, up to eight times.
const PAUSE_MINUTES: i64 = 15;
const DOUBLINGS_MAX: i64 = 3;
/// Failures are forgotten when nothing happened for so long.
const FORGET: TimeDelta = TimeDelta::hours(24);

struct Attempt {
    failures: i64,
    lockouts: i64,
    locked_until: Option<DateTime<Utc>>,
}

impl FromQueryResult for Attempt {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let columns = Columns { row, prefix };
        Ok(Self {
            failures: columns.get("failures")?,
            lockouts: columns.get("lockouts")?,
            locked_until: columns.maybe_at("locked_until")?,
        })
    }
}

/// Whether an attempt may be made.
pub(crate) enum Turn {
    /// It may, and counts as a failure until it succeeds: a hundred at the same time are not a hundred guesses.
    Go,
    /// Not before then.
    Wait(DateTime<Utc>),
}

/// The key of a login: what was typed may be a password by mistake, so it is not kept.
fn key(login: &str) -> String {
    digest(&login.trim().to_lowercase())
}

/// Takes one attempt of those that a login has.
pub(crate) async fn take(tx: &Tx, login: &str, at: DateTime<Utc>) -> db::Result<Turn> {
    let key = key(login);
    let sql = "DELETE FROM people_attempt WHERE updated_at < $1";
    db::execute(tx, sql, [instant_text(at - FORGET).into()]).await?;
    // counts and locks the row in one statement
    let sql = "INSERT INTO people_attempt (login, failures, lockouts, updated_at) VALUES ($1, 1, 0, $2)
               ON CONFLICT (login) DO UPDATE SET updated_at = $2, failures = people_attempt.failures +
                   CASE WHEN people_attempt.locked_until > $2 THEN 0 ELSE 1 END
               RETURNING failures, lockouts, locked_until";
    let values = [key.as_str().into(), instant_text(at).into()];
    let Some(attempt) = db::query_one::<Attempt>(tx, sql, values).await? else {
        return Ok(Turn::Go);
    };
    if let Some(until) = attempt.locked_until.filter(|until| at < *until) {
        return Ok(Turn::Wait(until));
    }
    if attempt.failures >= FAILURES_MAX {
        let minutes = PAUSE_MINUTES << attempt.lockouts.clamp(0, DOUBLINGS_MAX);
        let until = at + TimeDelta::minutes(minutes);
        let sql =
            "UPDATE people_attempt SET failures = 0, lockouts = lockouts + 1, locked_until = $2
                   WHERE login = $1";
        db::execute(tx, sql, [key.into(), instant_text(until).into()]).await?;
    }
    Ok(Turn::Go)
}

/// Forgets the failures of a login.
pub(crate) async fn forget(tx: &Tx, login: &str) -> db::Result<()> {
    let sql = "DELETE FROM people_attempt WHERE login = $1";
    db::execute(tx, sql, [key(login).into()]).await?;
    Ok(())
}
