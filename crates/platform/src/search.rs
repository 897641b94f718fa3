//! Finding Chinese text by any part of it, alike on both databases.
//!
//! A text is normalised (full-width letters to half-width, lower case,
//! everything but letters and digits dropped) and cut into bigrams here, so
//! neither database's own idea of words matters. A query of several words
//! separated by spaces asks for all of them; each is found exactly where the
//! normalised text contains it.
//!
//! SQLite: a contentless FTS5 table, words as phrases. PostgreSQL: a tsvector
//! of the bigrams without positions (they end at 16,383 and at 256 a word),
//! so the normalised text is kept beside and confirms a hit.

use sea_orm::{ConnectionTrait, Value};

use crate::db::{self, Bulk, Engine, placeholders};

/// Characters an indexed text may have; keeps a tsvector under its 1 MiB.
pub const TEXT_CHARS_MAX: usize = 60_000;
/// Words of a query that count; the rest is ignored.
const WORDS_MAX: usize = 8;
/// Characters of a word that count; the rest is ignored.
const WORD_CHARS_MAX: usize = 64;
/// Rows deleted with one statement.
const DELETE_ROWS: usize = 500;

/// The text as it is compared: half-width, lower case, letters and digits only.
#[must_use]
pub fn normalise(text: &str) -> String {
    text.chars()
        .map(half_width)
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric())
        .collect()
}

/// Full-width ASCII (U+FF01–U+FF5E) has the same order as ASCII.
fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(c) - 0xfee0).expect("the range maps onto ASCII")
        }
        other => other,
    }
}

/// The tokens of a text, separated by spaces: each pair of neighbours, then
/// the last character alone, so that a one-character query is a prefix query.
#[must_use]
pub fn bigrams(text: &str) -> String {
    tokens(&normalise(text), true)
}

fn tokens(normal: &str, with_last: bool) -> String {
    let chars: Vec<char> = normal.chars().collect();
    let mut text = String::with_capacity(normal.len() * 2 + chars.len());
    for pair in chars.windows(2) {
        text.extend(pair);
        text.push(' ');
    }
    if let (true, Some(last)) = (with_last, chars.last()) {
        text.push(*last);
    }
    text.truncate(text.trim_end().len());
    text
}

/// The words of a query, normalised and limited.
fn words(query: &str) -> Vec<String> {
    query
        .split_whitespace()
        .map(|word| {
            normalise(word)
                .chars()
                .take(WORD_CHARS_MAX)
                .collect::<String>()
        })
        .filter(|word| !word.is_empty())
        .take(WORDS_MAX)
        .collect()
}

/// The parameter that goes with [`Index::match_condition`]; `None` when the
/// query holds nothing to search for, so there is no condition.
#[must_use]
pub fn match_value(engine: Engine, query: &str) -> Option<Value> {
    let words = words(query);
    if words.is_empty() {
        return None;
    }
    Some(match engine {
        Engine::Sqlite => words
            .iter()
            .map(|word| fts5_phrase(word))
            .collect::<Vec<_>>()
            .join(" AND ")
            .into(),
        Engine::Postgres => {
            let query: Vec<String> = words.iter().map(|word| tsquery(word)).collect();
            let patterns: Vec<String> = words.iter().map(|word| format!("%{word}%")).collect();
            format!("{}|{}", query.join(" & "), patterns.join(" ")).into()
        }
    })
}

// words hold letters and digits only: nothing in them can end a quotation

fn fts5_phrase(word: &str) -> String {
    match tokens(word, false).as_str() {
        "" => format!("\"{word}\" *"),
        phrase => format!("\"{phrase}\""),
    }
}

fn tsquery(word: &str) -> String {
    let bigrams = tokens(word, false);
    if bigrams.is_empty() {
        return format!("'{word}':*");
    }
    bigrams
        .split(' ')
        .map(|token| format!("'{token}'"))
        .collect::<Vec<_>>()
        .join(" & ")
}

/// The migration step that makes an index: `search_step!("003-search", "enterprise_search")`.
#[macro_export]
macro_rules! search_step {
    ($id:literal, $table:literal) => {
        $crate::db::Step {
            id: $id,
            sql_sqlite: concat!(
                "CREATE VIRTUAL TABLE ",
                $table,
                " USING fts5(tokens, content='', contentless_delete=1, tokenize='ascii')"
            ),
            sql_postgres: concat!(
                "CREATE TABLE ",
                $table,
                " (seq BIGINT NOT NULL PRIMARY KEY, normal TEXT NOT NULL, tokens TSVECTOR NOT NULL); ",
                "CREATE INDEX ",
                $table,
                "_tokens ON ",
                $table,
                " USING GIN (tokens)"
            ),
        }
    };
}

/// A search index, made by [`search_step!`](crate::search_step) and kept in
/// step by its store, row by row keyed by a BIGINT `seq`.
#[derive(Debug, Clone, Copy)]
pub struct Index {
    /// Its table.
    pub table: &'static str,
}

impl Index {
    /// Sets the texts of these rows; each `seq` at most once.
    ///
    /// # Errors
    /// When a text is longer than [`TEXT_CHARS_MAX`] or a statement fails.
    pub async fn upsert_many<T: AsRef<str>>(
        &self,
        conn: &impl ConnectionTrait,
        rows: impl IntoIterator<Item = (i64, T)>,
    ) -> db::Result<()> {
        match conn.get_database_backend() {
            sea_orm::DbBackend::Sqlite => self.upsert_fts5(conn, rows).await,
            _ => self.upsert_tsvector(conn, rows).await,
        }
    }

    async fn upsert_fts5<T: AsRef<str>>(
        &self,
        conn: &impl ConnectionTrait,
        rows: impl IntoIterator<Item = (i64, T)>,
    ) -> db::Result<()> {
        let mut bulk = Bulk::replace(self.table, &["rowid", "tokens"]);
        for (seq, text) in rows {
            let normal = checked(text.as_ref())?;
            bulk.push(conn, [seq.into(), tokens(&normal, true).into()])
                .await?;
        }
        bulk.finish(conn).await?;
        Ok(())
    }

    async fn upsert_tsvector<T: AsRef<str>>(
        &self,
        conn: &impl ConnectionTrait,
        rows: impl IntoIterator<Item = (i64, T)>,
    ) -> db::Result<()> {
        let mut bulk = Bulk::insert(self.table, &["seq", "normal", "tokens"])
            .cast(2, "array_to_tsvector(string_to_array($, ' '))")
            .on_conflict(
                "ON CONFLICT (seq) DO UPDATE SET normal = excluded.normal, tokens = excluded.tokens",
            );
        for (seq, text) in rows {
            let normal = checked(text.as_ref())?;
            let tokens = tokens(&normal, true);
            bulk.push(conn, [seq.into(), normal.into(), tokens.into()])
                .await?;
        }
        bulk.finish(conn).await?;
        Ok(())
    }

    /// Drops what makes PostgreSQL find quickly, for a bulk load; searching still finds. FTS5 cannot do
    /// without its index and merges what is new cheaply.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn drop_lookup(&self, conn: &impl ConnectionTrait) -> db::Result<()> {
        if conn.get_database_backend() != sea_orm::DbBackend::Sqlite {
            let sql = format!("DROP INDEX IF EXISTS {}_tokens", self.table);
            db::execute(conn, &sql, []).await?;
        }
        Ok(())
    }

    /// Makes again what [`Index::drop_lookup`] dropped; nothing when it is there.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn restore_lookup(&self, conn: &impl ConnectionTrait) -> db::Result<()> {
        if conn.get_database_backend() != sea_orm::DbBackend::Sqlite {
            let table = self.table;
            let sql =
                format!("CREATE INDEX IF NOT EXISTS {table}_tokens ON {table} USING GIN (tokens)");
            db::execute(conn, &sql, []).await?;
        }
        Ok(())
    }

    /// Forgets these rows.
    ///
    /// # Errors
    /// When a statement fails.
    pub async fn delete(&self, conn: &impl ConnectionTrait, seqs: &[i64]) -> db::Result<()> {
        let key = match conn.get_database_backend() {
            sea_orm::DbBackend::Sqlite => "rowid",
            _ => "seq",
        };
        for chunk in seqs.chunks(DELETE_ROWS) {
            let sql = format!(
                "DELETE FROM {} WHERE {key} IN ({})",
                self.table,
                placeholders(1, chunk.len())
            );
            db::execute(conn, &sql, chunk.iter().map(|seq| (*seq).into())).await?;
        }
        Ok(())
    }

    /// `key IN (…)`: the rows whose text contains the query, which is
    /// parameter `$param_no` and comes from [`match_value`]. `key` is the
    /// caller's BIGINT column, for instance `e.seq`.
    #[must_use]
    pub fn match_condition(&self, engine: Engine, key: &str, param_no: usize) -> String {
        let table = self.table;
        match engine {
            Engine::Sqlite => {
                format!("{key} IN (SELECT rowid FROM {table} WHERE {table} MATCH ${param_no})")
            }
            Engine::Postgres => format!(
                "{key} IN (SELECT seq FROM {table} \
                 WHERE tokens @@ CAST(split_part(${param_no}, '|', 1) AS tsquery) \
                 AND normal LIKE ALL (string_to_array(split_part(${param_no}, '|', 2), ' ')))"
            ),
        }
    }
}

impl Index {
    /// As [`Index::match_condition`], asked of each row by itself: for texts that many rows contain, when a few of
    /// them are read in the order of another index. SQLite would look for all of them first.
    #[must_use]
    pub fn match_each(&self, engine: Engine, key: &str, param_no: usize) -> String {
        let table = self.table;
        match engine {
            Engine::Sqlite => format!(
                "EXISTS (SELECT 1 FROM {table} WHERE {table} MATCH ${param_no} AND rowid = {key})"
            ),
            Engine::Postgres => self.match_condition(engine, key, param_no),
        }
    }
}

fn checked(text: &str) -> db::Result<String> {
    let normal = normalise(text);
    let chars = normal.chars().count();
    if chars > TEXT_CHARS_MAX {
        return Err(db::Error::SearchTextTooLong {
            chars,
            limit: TEXT_CHARS_MAX,
        });
    }
    Ok(normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_normalised() {
        for (text, normal) in [
            ("江城（集团）有限公司", "江城集团有限公司"),
            ("ＡＢＣ－１２３", "abc123"),
            ("Abc　d e\n", "abcde"),
            ("·-—。，'\"%_\\|", ""),
            ("", ""),
        ] {
            assert_eq!(normalise(text), normal);
        }
    }

    #[test]
    fn tokens_are_pairs_and_the_last_character() {
        assert_eq!(bigrams("江城科技"), "江城 城科 科技 技");
        assert_eq!(bigrams("江"), "江");
        assert_eq!(bigrams("（）"), "");
    }

    #[test]
    fn a_query_of_punctuation_is_no_condition() {
        assert_eq!(match_value(Engine::Sqlite, " 。' \" "), None);
        assert_eq!(match_value(Engine::Postgres, ""), None);
    }

    #[test]
    fn words_are_limited() {
        assert_eq!(words(&"甲 ".repeat(1_000)).len(), WORDS_MAX);
        assert_eq!(
            words(&"甲".repeat(1_000))[0].chars().count(),
            WORD_CHARS_MAX
        );
    }
}
