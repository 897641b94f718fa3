//! Several counts in one pass.

use super::{ConnectionTrait, Result, Value, Where, statement};

/// Several choices from the same rows: each is counted, the rows are read once.
///
/// ```
/// use zhida_platform::db::{Choices, Where};
///
/// let mut rows = Where::default();
/// rows.and("h.room = ?", "appeals");
/// let mut counts = Choices::among(rows);
/// counts.choose(|choice| choice.and("h.stage = ?", "visit"));
/// counts.choose(|_| ());
/// let (sql, values) = counts.sql("FROM case_head h");
/// assert_eq!(sql, "SELECT COUNT(CASE WHEN h.stage = $2 THEN 1 END), COUNT(CASE WHEN 1 = 1 THEN 1 END) \
///     FROM case_head h WHERE h.room = $1");
/// assert_eq!(values.len(), 2);
/// ```
#[derive(Debug)]
pub struct Choices {
    rows: String,
    counts: Vec<String>,
    values: Vec<Value>,
}

impl Choices {
    /// The rows that are chosen from.
    #[must_use]
    pub fn among(rows: Where) -> Self {
        Self {
            rows: rows.sql(),
            counts: Vec::new(),
            values: rows.values,
        }
    }

    /// Adds a choice by its conditions.
    pub fn choose(&mut self, choice: impl FnOnce(&mut Where)) {
        let mut chosen = Where::after(std::mem::take(&mut self.values));
        choice(&mut chosen);
        let conditions = chosen.together();
        self.counts
            .push(format!("COUNT(CASE WHEN {conditions} THEN 1 END)"));
        self.values = chosen.values;
    }

    /// The statement with its parameters; `from` names the tables: `FROM case_head h`.
    #[must_use]
    pub fn sql(self, from: &str) -> (String, Vec<Value>) {
        let counts = self.counts.join(", ");
        (format!("SELECT {counts} {from} {}", self.rows), self.values)
    }

    /// How many rows each choice has, in the order of the choices.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn count(self, conn: &impl ConnectionTrait, from: &str) -> Result<Vec<u64>> {
        let choices = self.counts.len();
        if choices == 0 {
            return Ok(Vec::new());
        }
        let (sql, values) = self.sql(from);
        let row = conn.query_one_raw(statement(conn, &sql, values)).await?;
        let Some(row) = row else {
            return Ok(vec![0; choices]);
        };
        let counts = (0..choices).map(|at| Ok(row.try_get_by_index::<i64>(at)?.unsigned_abs()));
        counts.collect()
    }
}
