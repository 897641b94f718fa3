//! The keys of second factors, sealed ([`zhida_platform::seal`]): a copy of the database alone makes no codes.

use sea_orm::FromQueryResult;
use uuid::Uuid;
use zhida_platform::db::{self, Database, Tx};
use zhida_platform::messages::Secret as Revealed;
use zhida_platform::seal::{Place, SealError, Sealer};

use super::id_value;
use crate::error::Error;
use crate::secret::Secret;

/// Keys that are read at once when they are sealed anew.
const CHUNK: i64 = 500;

fn place(id: &str) -> Place<'_> {
    Place::new("people_account", "factor_key", id)
}

/// The key that is kept so.
pub(super) fn opened(sealer: &Sealer, id: Uuid, kept: &str) -> Result<Secret, SealError> {
    let opened = sealer.open(place(&id.to_string()), kept)?;
    Ok(Secret::from(opened.secret.reveal()))
}

/// Keeps a key that is not confirmed yet.
pub(crate) async fn set(tx: &Tx, id: Uuid, key: &Secret) -> Result<(), Error> {
    let sealed = tx.sealer().seal(place(&id.to_string()), key.expose())?;
    let sql = "UPDATE people_account SET factor_key = $2, factor_confirmed = $3 WHERE id = $1";
    db::execute(tx, sql, [id_value(id), sealed.into(), false.into()]).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Kept {
    id: String,
    factor_key: String,
}

/// A key that is to be sealed anew.
pub(crate) struct Stale {
    id: String,
    kept: String,
    key: Revealed,
}

/// The keys that were kept plain, or under an older key: those of a few accounts after `after`; the last account
/// looked at, `None` at the end.
pub(crate) async fn stale(
    db: &Database,
    after: &str,
) -> Result<(Vec<Stale>, Option<String>), Error> {
    let sql = "SELECT id, factor_key FROM people_account
               WHERE factor_key IS NOT NULL AND id > $1 ORDER BY id LIMIT $2";
    let rows: Vec<Kept> = db::query_all(db.conn(), sql, [after.into(), CHUNK.into()]).await?;
    let last = rows.last().map(|row| row.id.clone());
    let mut found = Vec::new();
    for row in rows {
        let opened = db.sealer().open(place(&row.id), &row.factor_key)?;
        if opened.stale {
            found.push(Stale {
                id: row.id,
                kept: row.factor_key,
                key: opened.secret,
            });
        }
    }
    Ok((found, last))
}

/// Seals a key anew, unless it was changed meanwhile.
pub(crate) async fn reseal(tx: &Tx, stale: &Stale) -> Result<bool, Error> {
    let sealed = tx.sealer().seal(place(&stale.id), stale.key.reveal())?;
    let sql = "UPDATE people_account SET factor_key = $3 WHERE id = $1 AND factor_key = $2";
    let values = [
        stale.id.as_str().into(),
        stale.kept.as_str().into(),
        sealed.into(),
    ];
    Ok(db::execute(tx, sql, values).await? == 1)
}
