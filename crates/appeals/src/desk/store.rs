//! The table of saved views.

use sea_orm::FromQueryResult;
use zhida_platform::db::{self, ConnectionTrait, Tx};

/// A saved view.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct ViewRow {
    pub id: String,
    pub name: String,
    pub query: String,
}

/// Views of one account at most.
pub(super) const VIEWS_MAX: usize = 12;

pub(super) async fn views(conn: &impl ConnectionTrait, account: &str) -> db::Result<Vec<ViewRow>> {
    let sql = format!(
        "SELECT id, name, query FROM appeal_view WHERE account = $1 ORDER BY id LIMIT {VIEWS_MAX}"
    );
    db::query_all(conn, &sql, [account.into()]).await
}

/// Keeps a view; one of the same name is replaced.
pub(super) async fn save_view(
    tx: &Tx,
    id: &str,
    account: &str,
    name: &str,
    query: &str,
) -> db::Result<u64> {
    let sql = "INSERT INTO appeal_view (id, account, name, query) VALUES ($1, $2, $3, $4)
               ON CONFLICT (account, name) DO UPDATE SET query = excluded.query";
    let values = [id.into(), account.into(), name.into(), query.into()];
    db::execute(tx, sql, values).await
}

pub(super) async fn remove_view(tx: &Tx, id: &str, account: &str) -> db::Result<u64> {
    let sql = "DELETE FROM appeal_view WHERE id = $1 AND account = $2";
    db::execute(tx, sql, [id.into(), account.into()]).await
}
