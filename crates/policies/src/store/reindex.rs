//! The search index made anew, where rows came without it.

use zhida_platform::db::{self, FromQueryResult, Tx};

use super::write::search_text;
use crate::error::Error;
use crate::model::PolicyEntry;
use crate::query::SEARCH;

/// Items read at a time.
const PAGE: i64 = 500;

#[derive(FromQueryResult)]
struct Published {
    seq: i64,
    number: String,
    content: String,
}

/// Fills the empty search index from the newest revisions: after a restored backup, which holds no indexes.
///
/// # Errors
/// When a statement fails, or a revision is damaged.
pub async fn reindex(tx: &Tx) -> Result<(), Error> {
    SEARCH.drop_lookup(tx).await?;
    let sql = "SELECT i.seq, i.number, r.content FROM policy_item i
               JOIN policy_revision r ON r.item_id = i.id AND r.revision = i.revision
               WHERE i.seq > $1 AND i.number IS NOT NULL ORDER BY i.seq LIMIT $2";
    let mut last = i64::MIN;
    loop {
        let page: Vec<Published> = db::query_all(tx, sql, [last.into(), PAGE.into()]).await?;
        let Some(end) = page.last() else {
            return Ok(SEARCH.restore_lookup(tx).await?);
        };
        last = end.seq;
        let mut texts = Vec::with_capacity(page.len());
        for row in &page {
            let entry: PolicyEntry = serde_json::from_str(&row.content)
                .map_err(|error| db::Error::from(sea_orm::DbErr::Json(error.to_string())))?;
            texts.push((row.seq, search_text(&row.number, &entry)));
        }
        SEARCH.upsert_many(tx, texts).await?;
    }
}
