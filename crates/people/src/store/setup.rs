//! The address of the first run.

use chrono::{DateTime, Utc};
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx};

/// Puts a new address in place of the last.
pub(crate) async fn set(tx: &Tx, digest: &str, at: DateTime<Utc>) -> db::Result<()> {
    let sql = "INSERT INTO people_setup (name, digest, created_at) VALUES ('first-run', $1, $2)
               ON CONFLICT (name) DO UPDATE SET digest = $1, created_at = $2";
    db::execute(tx, sql, [digest.into(), instant_text(at).into()]).await?;
    Ok(())
}

/// Whether this is the address.
pub(crate) async fn is(conn: &impl ConnectionTrait, digest: &str) -> db::Result<bool> {
    let sql = "SELECT COUNT(*) FROM people_setup WHERE name = 'first-run' AND digest = $1";
    Ok(db::query_count(conn, sql, [digest.into()]).await? == 1)
}

/// Uses the address up; false when it is another or was used.
pub(crate) async fn take(tx: &Tx, digest: &str) -> db::Result<bool> {
    let sql = "DELETE FROM people_setup WHERE name = 'first-run' AND digest = $1";
    Ok(db::execute(tx, sql, [digest.into()]).await? == 1)
}
