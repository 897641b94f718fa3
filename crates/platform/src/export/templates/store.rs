//! The table of export templates.

use chrono::{DateTime, Utc};

use super::TEMPLATES_MAX;
use crate::clock::instant_text;
use crate::db::{self, ConnectionTrait, FromQueryResult, Tx};

/// `list` is a list's own name, `headings` a JSON array of the columns' headings.
pub(crate) const SCHEMA: &str = "CREATE TABLE export_template (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    list TEXT NOT NULL,
    name TEXT NOT NULL,
    headings TEXT NOT NULL,
    saved_at TEXT NOT NULL
);
CREATE UNIQUE INDEX export_template_name ON export_template (account, list, name);";

/// An export template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportTemplate {
    /// Its id.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// Headings of the columns.
    pub headings: Vec<String>,
}

#[derive(FromQueryResult)]
struct Row {
    id: String,
    list: String,
    name: String,
    headings: String,
}

impl From<Row> for ExportTemplate {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            headings: serde_json::from_str(&row.headings).unwrap_or_default(),
        }
    }
}

pub(super) async fn list(
    conn: &impl ConnectionTrait,
    account: &str,
    list: &str,
) -> db::Result<Vec<ExportTemplate>> {
    let sql = format!(
        "SELECT id, list, name, headings FROM export_template WHERE account = $1 AND list = $2
         ORDER BY id LIMIT {TEMPLATES_MAX}"
    );
    let rows: Vec<Row> = db::query_all(conn, &sql, [account.into(), list.into()]).await?;
    Ok(rows.into_iter().map(ExportTemplate::from).collect())
}

/// An account's template with the list that it is of.
pub(super) async fn get(
    conn: &impl ConnectionTrait,
    account: &str,
    id: &str,
) -> db::Result<Option<(String, ExportTemplate)>> {
    let sql = "SELECT id, list, name, headings FROM export_template WHERE id = $1 AND account = $2";
    let row: Option<Row> = db::query_one(conn, sql, [id.into(), account.into()]).await?;
    Ok(row.map(|row| (row.list.clone(), row.into())))
}

pub(super) async fn named(
    conn: &impl ConnectionTrait,
    account: &str,
    list: &str,
    name: &str,
) -> db::Result<Option<ExportTemplate>> {
    let sql = "SELECT id, list, name, headings FROM export_template
               WHERE account = $1 AND list = $2 AND name = $3";
    let values = [account.into(), list.into(), name.into()];
    let row: Option<Row> = db::query_one(conn, sql, values).await?;
    Ok(row.map(ExportTemplate::from))
}

pub(super) async fn count(
    conn: &impl ConnectionTrait,
    account: &str,
    list: &str,
) -> db::Result<i64> {
    let sql = "SELECT COUNT(*) FROM export_template WHERE account = $1 AND list = $2";
    db::query_count(conn, sql, [account.into(), list.into()]).await
}

/// How many an account has of all lists together.
pub(super) async fn count_all(conn: &impl ConnectionTrait, account: &str) -> db::Result<i64> {
    let sql = "SELECT COUNT(*) FROM export_template WHERE account = $1";
    db::query_count(conn, sql, [account.into()]).await
}

/// Keeps a template; one of the same name is replaced.
pub(super) async fn save(
    tx: &Tx,
    id: &str,
    (account, list, name): (&str, &str, &str),
    headings: &[String],
    now: DateTime<Utc>,
) -> db::Result<u64> {
    let sql = "INSERT INTO export_template (id, account, list, name, headings, saved_at)
               VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (account, list, name) DO UPDATE SET headings = excluded.headings, saved_at = excluded.saved_at";
    let values = [
        id.into(),
        account.into(),
        list.into(),
        name.into(),
        serde_json::json!(headings).to_string().into(),
        instant_text(now).into(),
    ];
    db::execute(tx, sql, values).await
}

pub(super) async fn remove(tx: &Tx, account: &str, id: &str) -> db::Result<u64> {
    let sql = "DELETE FROM export_template WHERE id = $1 AND account = $2";
    db::execute(tx, sql, [id.into(), account.into()]).await
}
