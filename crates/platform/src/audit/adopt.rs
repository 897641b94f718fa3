use chrono::{DateTime, Utc};
use serde_json::json;

use super::chain::Head;
use super::{Actor, Entry, Key, append};
use crate::db::{ConnectionTrait, Database, Result};

/// The action under which the chain says from where a key protects it.
const ACTION: &str = "audit.key";

/// Makes the key of this [`Database`] the chain's, when it has none yet: from the next record on, which says so and
/// up to which number records are without. Those stay as they are, and sound. Whether it did.
///
/// # Errors
/// When the chain has another key, or one and this program none; when the database does not answer.
pub async fn adopt_key(db: &Database, now: DateTime<Utc>) -> Result<bool> {
    db.write(|tx| async move {
        // locks the head, and refuses a key that is not the chain's
        let head = Head::take(&tx, 0).await?;
        let Some(name) = tx.audit_key().map(Key::name) else {
            return Ok(false);
        };
        if head.key_id == name {
            return Ok(false);
        }
        let entry = Entry::new(now, Actor::system(), ACTION, "audit", name)
            .detail(json!({ "without_key_up_to": head.no }));
        append(&tx, &entry).await?;
        Ok(true)
    })
    .await
}

/// The name of the key that protects the chain's end; `None` when none does, or there is no head.
///
/// # Errors
/// When the database does not answer.
pub async fn key_name(conn: &impl ConnectionTrait) -> Result<Option<String>> {
    let head = Head::read(conn).await?;
    Ok(head.map(|head| head.key_id).filter(|name| !name.is_empty()))
}
