//! The index of names made anew, where rows came without it.

use zhida_platform::db::{self, FromQueryResult, Tx};

use super::NAMES;

/// Enterprises read at a time.
const PAGE: i64 = 5_000;

#[derive(FromQueryResult)]
struct Named {
    seq: i64,
    name: String,
}

/// Fills the empty search index from the enterprises: after a restored backup, which holds no indexes.
///
/// # Errors
/// When a statement fails.
pub async fn reindex(tx: &Tx) -> db::Result<()> {
    NAMES.drop_lookup(tx).await?;
    let sql = "SELECT seq, name FROM enterprise WHERE seq > $1 ORDER BY seq LIMIT $2";
    let mut last = i64::MIN;
    loop {
        let page: Vec<Named> = db::query_all(tx, sql, [last.into(), PAGE.into()]).await?;
        let Some(end) = page.last() else {
            return NAMES.restore_lookup(tx).await;
        };
        last = end.seq;
        let texts = page.into_iter().map(|row| (row.seq, row.name));
        NAMES.upsert_many(tx, texts).await?;
    }
}
