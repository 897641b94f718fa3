//! Which snapshots were saved from this database.

use chrono::{DateTime, Utc};
use uuid::{NoContext, Timestamp, Uuid};
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, Database, Tx};

use crate::error::Error;

/// Notes that are kept: one for each save, and every server saves its own.
const NOTES_MAX: i64 = 100;

/// Notes that a snapshot is about to be saved; its name.
pub(super) async fn note(db: &Database, at: DateTime<Utc>) -> Result<Uuid, Error> {
    let seconds = u64::try_from(at.timestamp()).unwrap_or(0);
    let stamp = Timestamp::from_unix(NoContext, seconds, at.timestamp_subsec_nanos());
    let snapshot = Uuid::new_v7(stamp);
    db.write(|tx| async move {
        let sql = "INSERT INTO match_snapshot (id, saved_at) VALUES ($1, $2)";
        let values = [snapshot.to_string().into(), instant_text(at).into()];
        db::execute(&tx, sql, values).await?;
        let sql = "DELETE FROM match_snapshot WHERE id NOT IN \
                   (SELECT id FROM match_snapshot ORDER BY id DESC LIMIT $1)";
        db::execute(&tx, sql, [NOTES_MAX.into()]).await?;
        Ok::<_, Error>(snapshot)
    })
    .await
}

/// Was the snapshot saved from this database?
pub(super) async fn is_noted(db: &Database, snapshot: Uuid) -> Result<bool, Error> {
    let sql = "SELECT COUNT(*) FROM match_snapshot WHERE id = $1";
    let found = db::query_count(db.conn(), sql, [snapshot.to_string().into()]).await?;
    Ok(found > 0)
}

/// Forgets them all, so that no file is used: what a restored database holds is not what they were saved from.
///
/// # Errors
/// When the statement fails.
pub async fn forget_snapshots(tx: &Tx) -> db::Result<()> {
    db::execute(tx, "DELETE FROM match_snapshot", []).await?;
    Ok(())
}
