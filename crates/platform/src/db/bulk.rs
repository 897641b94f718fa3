use sea_orm::{ConnectionTrait, DbBackend, Value};

use super::{Error, PARAMETERS_MAX, Result, execute};

/// Rows a statement takes at most: beyond this nothing gets faster.
const ROWS_MAX: usize = 500;

/// Many rows with few statements: `INSERT INTO t (…) VALUES (…), (…), …`,
/// split by the databases' parameter limit.
///
/// ```text
/// let mut bulk = Bulk::insert("fact", &["id", "value"])
///     .on_conflict("ON CONFLICT (id) DO UPDATE SET value = excluded.value");
/// for fact in facts {
///     bulk.push(&tx, [fact.id.into(), fact.value.into()]).await?;
/// }
/// let written = bulk.finish(&tx).await?;
/// ```
///
/// PostgreSQL refuses a key that comes twice in one statement with DO UPDATE:
/// the caller makes keys unique first.
#[derive(Debug)]
pub struct Bulk {
    table: String,
    head: String,
    conflict: String,
    cast: Option<(usize, &'static str)>,
    width: usize,
    rows_per_statement: usize,
    full_statement: Option<String>,
    values: Vec<Value>,
    affected: u64,
}

impl Bulk {
    /// Rows for these columns, in this order. `table` and `columns` are part
    /// of the SQL text and so must never come from a user.
    #[must_use]
    pub fn insert(table: &str, columns: &[&str]) -> Self {
        Self::with_verb("INSERT INTO", table, columns)
    }

    /// SQLite's `REPLACE INTO`, the only upsert of its virtual tables.
    pub(crate) fn replace(table: &str, columns: &[&str]) -> Self {
        Self::with_verb("REPLACE INTO", table, columns)
    }

    fn with_verb(verb: &str, table: &str, columns: &[&str]) -> Self {
        let width = columns.len().max(1);
        Self {
            table: table.to_owned(),
            head: format!("{verb} {table} ({}) VALUES ", columns.join(", ")),
            conflict: String::new(),
            cast: None,
            width,
            rows_per_statement: (PARAMETERS_MAX / width).clamp(1, ROWS_MAX),
            full_statement: None,
            values: Vec::new(),
            affected: 0,
        }
    }

    /// Adds a clause such as `ON CONFLICT (id) DO NOTHING`.
    #[must_use]
    pub fn on_conflict(mut self, clause: &str) -> Self {
        clause.clone_into(&mut self.conflict);
        self
    }

    /// Wraps the parameter of one column (counted from 0) in an expression,
    /// where `$` stands for the parameter.
    pub(crate) fn cast(mut self, column: usize, expression: &'static str) -> Self {
        self.cast = Some((column, expression));
        self
    }

    /// Takes one row; writes when a statement is full.
    ///
    /// # Errors
    /// When the row's width is wrong or the statement fails.
    pub async fn push(
        &mut self,
        conn: &impl ConnectionTrait,
        row: impl IntoIterator<Item = Value>,
    ) -> Result<()> {
        let before = self.values.len();
        self.values.extend(row);
        let found = self.values.len() - before;
        if found != self.width {
            self.values.truncate(before);
            return Err(Error::RowWidth {
                table: self.table.clone(),
                expected: self.width,
                found,
            });
        }
        if self.values.len() == self.rows_per_statement * self.width {
            self.flush(conn).await?;
        }
        Ok(())
    }

    /// Writes what is left; how many rows all statements changed.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn finish(mut self, conn: &impl ConnectionTrait) -> Result<u64> {
        self.flush(conn).await?;
        Ok(self.affected)
    }

    async fn flush(&mut self, conn: &impl ConnectionTrait) -> Result<()> {
        let rows = self.values.len() / self.width;
        if rows == 0 {
            return Ok(());
        }
        let values = std::mem::take(&mut self.values);
        self.affected += if rows == self.rows_per_statement {
            if self.full_statement.is_none() {
                self.full_statement = Some(self.sql(conn.get_database_backend(), rows));
            }
            let sql = self.full_statement.as_deref().unwrap_or_default();
            execute(conn, sql, values).await?
        } else {
            execute(conn, &self.sql(conn.get_database_backend(), rows), values).await?
        };
        self.values.reserve(self.rows_per_statement * self.width);
        Ok(())
    }

    fn sql(&self, backend: DbBackend, rows: usize) -> String {
        let mut sql = self.head.clone();
        for row in 0..rows {
            sql.push_str(if row == 0 { "(" } else { ", (" });
            for column in 0..self.width {
                if column > 0 {
                    sql.push_str(", ");
                }
                self.push_parameter(&mut sql, backend, row, column);
            }
            sql.push(')');
        }
        sql.push(' ');
        sql.push_str(&self.conflict);
        sql
    }

    fn push_parameter(&self, sql: &mut String, backend: DbBackend, row: usize, column: usize) {
        // SQLite searches its list of names for every `$n`, which is most of
        // the time with thousands of them; a bare `?` has no name
        let parameter = match backend {
            DbBackend::Sqlite => "?".to_owned(),
            _ => format!("${}", row * self.width + column + 1),
        };
        match self.cast {
            Some((cast, expression)) if cast == column => {
                sql.push_str(&expression.replace('$', &parameter));
            }
            _ => sql.push_str(&parameter),
        }
    }
}
