use sea_orm::FromQueryResult;

use super::key::digest;
use super::record::{COLUMNS, Row};
use super::{Entry, Key};
use crate::db::{self, Bulk, Error, Result, Tx};

/// The hash before the first record.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The row of the chain's end, and of where it begins since older records were pruned.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub(super) struct Head {
    pub(super) no: i64,
    pub(super) hash: String,
    pub(super) key_id: String,
    seal: String,
    pub(super) base_no: i64,
    pub(super) base_hash: String,
}

const HEAD_COLUMNS: &str = "no, hash, key_id, seal, base_no, base_hash";

impl Head {
    pub(super) async fn read(conn: &impl db::ConnectionTrait) -> Result<Option<Self>> {
        let sql = format!("SELECT {HEAD_COLUMNS} FROM audit_head WHERE id = 1");
        db::query_one(conn, &sql, []).await
    }

    /// Takes the head for `records` more until the transaction ends; its number is then the new end,
    /// its hash still the old.
    pub(super) async fn take(tx: &Tx, records: i64) -> Result<Self> {
        let sql =
            format!("UPDATE audit_head SET no = no + $1 WHERE id = 1 RETURNING {HEAD_COLUMNS}");
        let head: Option<Self> = db::query_one(tx, &sql, [records.into()]).await?;
        let head = head.ok_or(Error::AuditHead)?;
        let mine = tx.audit_key().map_or("", Key::name);
        // from no key to a key is a beginning; any other change would look like a forgery
        if !head.key_id.is_empty() && head.key_id != mine {
            return Err(Error::AuditKey { name: head.key_id });
        }
        Ok(head)
    }

    /// Writes the end back; with a key its seal tells whether somebody else has put it back.
    pub(super) async fn put(&self, tx: &Tx) -> Result<()> {
        let key = tx.audit_key();
        let sql =
            "UPDATE audit_head SET hash = $1, key_id = $2, seal = $3, base_no = $4, base_hash = $5
            WHERE id = 1";
        let values = [
            self.hash.as_str().into(),
            key.map_or("", Key::name).into(),
            self.seal_with(key).into(),
            self.base_no.into(),
            self.base_hash.as_str().into(),
        ];
        db::execute(tx, sql, values).await?;
        Ok(())
    }

    /// Whether the seal is the one this key gives.
    pub(super) fn is_sealed_with(&self, key: Option<&Key>) -> bool {
        self.seal == self.seal_with(key)
    }

    fn seal_with(&self, key: Option<&Key>) -> String {
        let Self {
            no,
            hash,
            base_no,
            base_hash,
            ..
        } = self;
        let text = format!("zhida-audit-head-1\n{no}\n{hash}\n{base_no}\n{base_hash}\n");
        digest(key, &[text.as_bytes()])
    }
}

/// Writes the record within the transaction of what it records; its number. Call it last: see the
/// module's documentation.
///
/// # Errors
/// When a statement fails, or the chain has a key that this [`Database`](db::Database) does not hold.
pub async fn append(tx: &Tx, entry: &Entry) -> Result<i64> {
    append_all(tx, std::slice::from_ref(entry)).await
}

/// Writes several records at once; the number of the last, or 0 when there is none to write.
///
/// # Errors
/// As [`append`].
pub async fn append_all(tx: &Tx, entries: &[Entry]) -> Result<i64> {
    let records = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    if records == 0 {
        return Ok(0);
    }
    let mut head = Head::take(tx, records).await?;
    let mut bulk = Bulk::insert("audit_event", &COLUMNS);
    for (no, entry) in (head.no - records + 1..).zip(entries) {
        let row = Row::chained(entry, no, &head.hash, tx.audit_key());
        head.hash.clone_from(&row.hash);
        bulk.push(tx, row.into_values()).await?;
    }
    bulk.finish(tx).await?;
    head.put(tx).await?;
    Ok(head.no)
}
