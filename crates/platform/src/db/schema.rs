use sea_orm::FromQueryResult;

use super::{Database, Engine, Result, query_all};

/// Tables of a schema that are read back at most.
const OBJECTS_MAX: i64 = 10_000;

#[derive(FromQueryResult)]
struct Object {
    text: String,
}

#[derive(FromQueryResult)]
struct Line {
    table_name: String,
    text: String,
}

impl Database {
    /// The names of the tables in its schema, in order; without the shadow tables of FTS5, which are its
    /// own affair.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn tables(&self) -> Result<Vec<String>> {
        let sql = match self.engine() {
            Engine::Sqlite => TABLES_SQLITE,
            Engine::Postgres => TABLES_POSTGRES,
        };
        let tables: Vec<Object> = query_all(self.conn(), sql, [OBJECTS_MAX.into()]).await?;
        Ok(tables.into_iter().map(|table| table.text).collect())
    }

    /// The whole schema as SQL text, in a fixed order, for `schema/*.sql` and
    /// the test that compares it. It is for reading, not for restoring.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn dump_schema(&self) -> Result<String> {
        match self.engine() {
            Engine::Sqlite => self.dump_sqlite().await,
            Engine::Postgres => self.dump_postgres().await,
        }
    }

    async fn dump_sqlite(&self) -> Result<String> {
        // the shadow tables of FTS5 are its own affair
        let objects: Vec<Object> = query_all(
            self.conn(),
            "SELECT sql AS text FROM sqlite_master
             WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!'
               AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')
             ORDER BY tbl_name, CASE type WHEN 'table' THEN 0 ELSE 1 END, name
             LIMIT $1",
            [OBJECTS_MAX.into()],
        )
        .await?;
        Ok(objects
            .iter()
            .map(|object| format!("{};\n", object.text.trim()))
            .collect())
    }

    async fn dump_postgres(&self) -> Result<String> {
        let columns = self.catalogue(COLUMNS).await?;
        let constraints = self.catalogue(CONSTRAINTS).await?;
        let indexes = self.catalogue(INDEXES).await?;
        let mut tables: Vec<&str> = columns
            .iter()
            .map(|line| line.table_name.as_str())
            .collect();
        tables.dedup();
        let mut text = String::new();
        for table in tables {
            let parts: Vec<String> = of(&columns, table)
                .chain(of(&constraints, table))
                .map(|part| format!("    {part}"))
                .collect();
            text.push_str(&format!(
                "CREATE TABLE {table} (\n{}\n);\n",
                parts.join(",\n")
            ));
            for index in of(&indexes, table) {
                text.push_str(index);
                text.push_str(";\n");
            }
        }
        Ok(text)
    }

    async fn catalogue(&self, sql: &str) -> Result<Vec<Line>> {
        query_all(self.conn(), sql, [OBJECTS_MAX.into()]).await
    }
}

fn of<'a>(lines: &'a [Line], table: &'a str) -> impl Iterator<Item = &'a str> {
    lines
        .iter()
        .filter(move |line| line.table_name == table)
        .map(|line| line.text.as_str())
}

const TABLES_SQLITE: &str = "SELECT name AS text FROM pragma_table_list
    WHERE schema = 'main' AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite!_%' ESCAPE '!'
    ORDER BY name LIMIT $1";

const TABLES_POSTGRES: &str = "SELECT CAST(c.relname AS TEXT) AS text FROM pg_class c
    WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relkind IN ('r', 'p')
    ORDER BY CAST(c.relname AS TEXT) COLLATE \"C\" LIMIT $1";

const COLUMNS: &str = "SELECT CAST(c.relname AS TEXT) AS table_name,
    CONCAT(a.attname, ' ', UPPER(format_type(a.atttypid, a.atttypmod)),
        CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END,
        CASE WHEN a.attgenerated = 's'
             THEN CONCAT(' GENERATED ALWAYS AS (', pg_get_expr(d.adbin, d.adrelid), ') STORED')
             WHEN d.adbin IS NOT NULL THEN CONCAT(' DEFAULT ', pg_get_expr(d.adbin, d.adrelid))
             ELSE '' END) AS text
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relkind IN ('r', 'p')
      AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY CAST(c.relname AS TEXT) COLLATE \"C\", a.attnum LIMIT $1";

const CONSTRAINTS: &str = "SELECT CAST(c.relname AS TEXT) AS table_name, pg_get_constraintdef(k.oid) AS text
    FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid
    WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND k.contype IN ('p', 'u', 'c', 'f')
    ORDER BY CAST(c.relname AS TEXT) COLLATE \"C\",
        CASE k.contype WHEN 'p' THEN 0 WHEN 'u' THEN 1 WHEN 'c' THEN 2 ELSE 3 END,
        CAST(k.conname AS TEXT) COLLATE \"C\" LIMIT $1";

const INDEXES: &str = "SELECT CAST(c.relname AS TEXT) AS table_name,
    REPLACE(pg_get_indexdef(i.indexrelid), CONCAT(' ON ', current_schema(), '.'), ' ON ') AS text
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indrelid
    JOIN pg_class x ON x.oid = i.indexrelid
    WHERE c.relnamespace = CAST(current_schema() AS regnamespace)
      AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)
    ORDER BY CAST(c.relname AS TEXT) COLLATE \"C\", CAST(x.relname AS TEXT) COLLATE \"C\" LIMIT $1";
