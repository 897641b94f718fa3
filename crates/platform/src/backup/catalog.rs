//! The tables of a database and their columns.

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult};

use super::{BackupError, Column, ColumnKind};
use crate::db;

/// Columns of a schema at most.
const COLUMNS_MAX: i64 = 100_000;
/// What the steps have made of the schema; it is in the manifest.
pub(super) const STEPS: &str = "schema_migration";

/// Ordinary tables only: virtual ones are search indexes.
const SQLITE: &str = "SELECT t.name AS table_name, c.name AS name, c.type AS kind
    FROM pragma_table_list AS t JOIN pragma_table_info(t.name) AS c
    WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!'
    ORDER BY t.name, c.cid LIMIT $1";
const POSTGRES: &str =
    "SELECT CAST(t.relname AS TEXT) AS table_name, CAST(c.attname AS TEXT) AS name,
        UPPER(format_type(c.atttypid, c.atttypmod)) AS kind
    FROM pg_attribute c JOIN pg_class t ON t.oid = c.attrelid
    WHERE t.relnamespace = CAST(current_schema() AS regnamespace) AND t.relkind IN ('r', 'p')
      AND c.attnum > 0 AND NOT c.attisdropped
      AND NOT EXISTS (SELECT 1 FROM pg_attribute s WHERE s.attrelid = t.oid
          AND s.atttypid = CAST('tsvector' AS regtype))
    ORDER BY CAST(t.relname AS TEXT) COLLATE \"C\", c.attnum LIMIT $1";

#[derive(FromQueryResult)]
struct Row {
    table_name: String,
    name: String,
    kind: String,
}

/// A table that is kept in a backup.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub name: String,
    pub columns: Vec<Column>,
}

impl Table {
    /// The names of its columns, quoted: some are words of SQL.
    pub fn column_list(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|c| quoted(&c.name)).collect();
        names.join(", ")
    }
}

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The tables to keep, by name; of those that are `wanted`.
pub(super) async fn tables(
    conn: &impl ConnectionTrait,
    wanted: &[String],
) -> Result<Vec<Table>, BackupError> {
    let sql = match conn.get_database_backend() {
        DbBackend::Sqlite => SQLITE,
        _ => POSTGRES,
    };
    let rows: Vec<Row> = db::query_all(conn, sql, [COLUMNS_MAX.into()]).await?;
    let mut tables: Vec<Table> = Vec::new();
    for row in rows {
        if row.table_name == STEPS || !wanted.contains(&row.table_name) {
            continue;
        }
        let kind = match row.kind.as_str() {
            "TEXT" => ColumnKind::Text,
            "BIGINT" => ColumnKind::Bigint,
            "BOOLEAN" => ColumnKind::Boolean,
            _ => {
                return Err(BackupError::Column {
                    table: row.table_name,
                    column: row.name,
                    kind: row.kind,
                });
            }
        };
        let name = row.name;
        let column = Column { name, kind };
        match tables.last_mut() {
            Some(table) if table.name == row.table_name => table.columns.push(column),
            _ => tables.push(Table {
                name: row.table_name,
                columns: vec![column],
            }),
        }
    }
    Ok(tables)
}
