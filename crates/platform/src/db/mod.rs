//! One way to two databases: SQLite in a file and PostgreSQL by URL.
//!
//! Stores write plain portable SQL with `$1` parameters (stack.md, “Portable
//! SQL”). Columns are TEXT, BIGINT or BOOLEAN only. Three differences remain
//! and are the store's to mind: `SUM` of a BIGINT is NUMERIC on PostgreSQL, so
//! write `CAST(SUM(x) AS BIGINT)`; text order is by code point on both (the
//! tests' PostgreSQL uses `C.UTF-8`; in production choose `C` or `C.UTF-8`
//! too); and a NULL parameter must carry its type (`Option::<String>::None`).

mod bulk;
mod choices;
mod conditions;
mod connect;
mod counts;
mod error;
mod migrate;
mod schema;
mod write;

pub use bulk::Bulk;
pub use choices::Choices;
pub use conditions::{Where, like, within};
pub use connect::{Database, Engine, without_password};
pub use counts::Counts;
pub use error::Error;
pub use migrate::{MigrationSet, SchemaState, Step, step};
pub(crate) use migrate::{apply_steps, steps_of, tables_of};
pub use sea_orm::{ConnectionTrait, FromQueryResult, Value};
pub use write::Tx;

use futures::{Stream, StreamExt as _};
use sea_orm::{DatabaseConnection, Statement, StreamTrait as _};

/// What every function of this module answers.
pub type Result<T> = std::result::Result<T, Error>;

/// Parameters a statement may carry: SQLite's limit, the smaller of the two.
pub const PARAMETERS_MAX: usize = 32_766;

pub(crate) fn statement<C: ConnectionTrait>(
    conn: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    Statement::from_sql_and_values(conn.get_database_backend(), sql, values)
}

/// All rows of a query. The SQL carries its own LIMIT: every list has one.
///
/// # Errors
/// When the statement fails or a row does not fit `T`.
pub async fn query_all<T: FromQueryResult>(
    conn: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<T>> {
    let rows = conn.query_all_raw(statement(conn, sql, values)).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        items.push(T::from_query_result(row, "")?);
    }
    Ok(items)
}

/// The rows of a query one after another, for sums over more rows than memory should hold. A connection is held until
/// the stream ends.
///
/// # Errors
/// When the statement fails; an item, when its row does not fit `T`.
pub async fn stream<'c, T: FromQueryResult>(
    conn: &'c DatabaseConnection,
    sql: &str,
    values: Vec<Value>,
) -> Result<impl Stream<Item = Result<T>> + Send + use<'c, T>> {
    let rows = conn.stream_raw(statement(conn, sql, values)).await?;
    Ok(rows.map(|row| Ok(T::from_query_result(&row?, "")?)))
}

/// The first row of a query, if there is one.
///
/// # Errors
/// When the statement fails or the row does not fit `T`.
pub async fn query_one<T: FromQueryResult>(
    conn: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Option<T>> {
    let row = conn.query_one_raw(statement(conn, sql, values)).await?;
    Ok(match row {
        Some(row) => Some(T::from_query_result(&row, "")?),
        None => None,
    })
}

/// One BIGINT, for `SELECT COUNT(*) …`; 0 when there is no row or it is NULL.
///
/// # Errors
/// When the statement fails or its first column is not a BIGINT.
pub async fn query_count(
    conn: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<i64> {
    let row = conn.query_one_raw(statement(conn, sql, values)).await?;
    Ok(match row {
        Some(row) => row.try_get_by_index::<Option<i64>>(0)?.unwrap_or(0),
        None => 0,
    })
}

/// Runs a statement; how many rows it changed.
///
/// # Errors
/// When the statement fails.
pub async fn execute(
    conn: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<u64> {
    let done = conn.execute_raw(statement(conn, sql, values)).await?;
    Ok(done.rows_affected())
}

/// `$start, $start+1, …` for `n` parameters, as in `IN (…)`. SQLite's time to
/// read numbered parameters grows with their square: keep `n` to some hundreds,
/// and write many rows with [`Bulk`].
#[must_use]
pub fn placeholders(start: usize, n: usize) -> String {
    let mut text = String::with_capacity(n * 5);
    for number in start..start + n {
        if number > start {
            text.push_str(", ");
        }
        text.push('$');
        text.push_str(&number.to_string());
    }
    text
}

/// The inside of `column IN (…)` for many texts that are one parameter, `$1`, made by
/// [`members_value`]: thousands of parameters take longer to read than the rows.
#[must_use]
pub fn text_members(conn: &impl ConnectionTrait) -> &'static str {
    match conn.get_database_backend() {
        sea_orm::DbBackend::Sqlite => "SELECT value FROM json_each($1)",
        _ => "SELECT json_array_elements_text(CAST($1 AS json))",
    }
}

/// As [`text_members`], for a BIGINT column.
#[must_use]
pub fn number_members(conn: &impl ConnectionTrait) -> &'static str {
    match conn.get_database_backend() {
        sea_orm::DbBackend::Sqlite => "SELECT value FROM json_each($1)",
        _ => "SELECT CAST(json_array_elements_text(CAST($1 AS json)) AS BIGINT)",
    }
}

/// The parameter that goes with [`text_members`] or [`number_members`].
#[must_use]
pub fn members_value<T: Into<serde_json::Value>>(members: impl IntoIterator<Item = T>) -> Value {
    let members: Vec<serde_json::Value> = members.into_iter().map(Into::into).collect();
    serde_json::Value::from(members).to_string().into()
}

#[cfg(test)]
mod tests {
    use super::placeholders;

    #[test]
    fn placeholders_count_on_from_the_start() {
        assert_eq!(placeholders(3, 3), "$3, $4, $5");
        assert_eq!(placeholders(1, 1), "$1");
        assert_eq!(placeholders(1, 0), "");
    }
}
