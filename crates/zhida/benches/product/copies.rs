//! Copies of sample cases with all their rows: what a case has in any room is read as it stands, and written again
//! under other ids, for other enterprises, on other days.
//!
//! A cell of a sample becomes an expression of SQL, in which what names the sample is put together anew; so a copy
//! is as consistent as its sample, and columns that are added later come along. What is sealed is bound to its row
//! and is copied plain.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde_json::Value as Json;
use zhida_platform::{
    clock::{Clock as _, SystemClock},
    db::{self, ConnectionTrait as _, Database, Engine, FromQueryResult},
    seal::Place,
};

/// Copies made in one transaction.
const CHUNK: u64 = 20_000;
/// Days over which cases that are over are spread, and those that are not.
const DAYS: u64 = 300;
const RECENT_DAYS: u64 = 40;
/// Days from filing to the due date of a copy that is not over.
const TERM_DAYS: u64 = 20;

/// A case that the product itself brought to where it is.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The case.
    pub case: String,
    pub number: String,
    pub enterprise: String,
    pub name: String,
    /// Copies of it among a thousand.
    pub share: u64,
    /// Whether it is still under way.
    pub is_open: bool,
}

/// Rows that many cases share: they are copied once for so many copies of the case.
pub struct Shared {
    pub table: &'static str,
    /// The column by which the rows of cases name it.
    pub key: &'static str,
    /// Those of the sample `$1`.
    pub of_case: &'static str,
    pub size: u64,
}

/// How a room's rows hang on its cases.
pub struct Hanging {
    /// Table and condition on the sample's case `$1`; tables with a column `case_id` are found by themselves.
    pub rows: &'static [(&'static str, &'static str)],
    pub shared: &'static [Shared],
    /// Texts that must be different in each copy beside ids.
    pub unique: &'static [(&'static str, &'static str)],
    /// Texts that end with the case's period, of which a copy for an enterprise that has one gets another.
    pub period: &'static [(&'static str, &'static str)],
    /// Left as they are: what has a digest.
    pub verbatim: &'static [(&'static str, &'static str)],
    /// One row of an enterprise is enough.
    pub once: &'static [&'static str],
}

/// A text of a sample that a copy has otherwise, and as what.
type Keys = BTreeMap<String, Var>;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Var {
    /// A new id in a series of its own, for each so many copies.
    Id { series: usize, size: u64 },
    /// The text with the copy's number behind.
    Suffix { text: String, size: u64 },
    /// A digest, whose last digits become the copy's number.
    Digest { head: String, size: u64 },
    /// A column of the copy.
    Column(&'static str),
}

impl Var {
    /// In SQL; `n` is the copy, or the number of what is shared.
    fn sql(&self, shared: bool) -> String {
        let number = |size: u64| match shared || size == 1 {
            true => "CAST(100000000000 + n.i AS TEXT)".to_owned(),
            false => format!("CAST(100000000000 + n.i / {size} AS TEXT)"),
        };
        match self {
            Self::Id { series, size } => {
                let head = format!("018f{series:04x}-0000-7000-8000-");
                format!("'{head}' || {}", number(*size))
            }
            Self::Suffix { text, size } => format!("{} || '-' || {}", quoted(text), number(*size)),
            Self::Digest { head, size } => format!("{} || {}", quoted(head), number(*size)),
            Self::Column(column) => (*column).to_owned(),
        }
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[derive(FromQueryResult)]
struct Text {
    value: String,
}

async fn texts(db: &Database, sql: &str, parameter: Option<&str>) -> Vec<String> {
    let rows: Vec<Text> = db::query_all(db.conn(), sql, parameter.map(Into::into))
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.into_iter().map(|row| row.value).collect()
}

async fn columns(db: &Database, table: &str) -> Vec<String> {
    let sql = match db.engine() {
        Engine::Sqlite => format!("SELECT name AS value FROM pragma_table_info('{table}')"),
        Engine::Postgres => format!(
            "SELECT CAST(column_name AS TEXT) AS value FROM information_schema.columns
             WHERE table_schema = current_schema() AND table_name = '{table}' ORDER BY ordinal_position"
        ),
    };
    texts(db, &sql, None).await
}

/// Rows as they stand, column by column.
async fn rows(db: &Database, table: &str, condition: &str, case: &str) -> Vec<Vec<(String, Json)>> {
    let columns = columns(db, table).await;
    let pairs: Vec<String> = columns
        .iter()
        .map(|name| format!("'{name}', {name}"))
        .collect();
    let object = match db.engine() {
        Engine::Sqlite => format!("json_object({})", pairs.join(", ")),
        Engine::Postgres => format!("CAST(json_build_object({}) AS TEXT)", pairs.join(", ")),
    };
    let sql = format!("SELECT {object} AS value FROM {table} WHERE {condition}");
    let found = texts(db, &sql, Some(case)).await;
    let read = |text: String| {
        let mut row: Json = serde_json::from_str(&text).unwrap();
        let cells = columns
            .iter()
            .map(|name| (name.clone(), row[name.as_str()].take()));
        cells.collect()
    };
    found.into_iter().map(read).collect()
}

struct Row {
    table: &'static str,
    cells: Vec<(String, Json)>,
}

/// Everything of one sample.
struct Pattern {
    rows: Vec<Row>,
    shared: Vec<(Row, u64)>,
    keys: Keys,
    /// No two samples number alike.
    first_series: usize,
}

fn text<'r>(cells: &'r [(String, Json)], column: &str) -> Option<&'r str> {
    let (_, value) = cells.iter().find(|(name, _)| name == column)?;
    value.as_str()
}

impl Pattern {
    async fn of(
        db: &Database,
        (number, sample): (usize, &Sample),
        tables: &[(&'static str, String)],
        hanging: &Hanging,
    ) -> Self {
        let mut pattern = Self {
            rows: Vec::new(),
            shared: Vec::new(),
            keys: Keys::new(),
            first_series: 1 + number * 256,
        };
        // the later a copy, the later its id, whatever its sample
        pattern.key(&sample.case, Var::Id { series: 1, size: 1 });
        for (text, column) in [
            (&sample.number, "n.number"),
            (&sample.enterprise, "n.code"),
            (&sample.name, "n.name"),
        ] {
            pattern.key(text, Var::Column(column));
        }
        for (table, condition) in tables {
            for cells in rows(db, table, condition, &sample.case).await {
                pattern.learn(table, &cells, 1, hanging);
                pattern.rows.push(Row { table, cells });
            }
        }
        for shared in hanging.shared {
            let condition = format!("{} IN ({})", shared.key, shared.of_case);
            for cells in rows(db, shared.table, &condition, &sample.case).await {
                pattern.learn(shared.table, &cells, shared.size, hanging);
                let table = shared.table;
                pattern.shared.push((Row { table, cells }, shared.size));
            }
        }
        pattern.days();
        pattern.open(db);
        pattern
    }

    fn key(&mut self, text: &str, var: Var) {
        if !text.is_empty() {
            self.keys.entry(text.to_owned()).or_insert(var);
        }
    }

    /// Takes note of what a row calls itself.
    fn learn(&mut self, table: &str, cells: &[(String, Json)], size: u64, hanging: &Hanging) {
        if let Some(id) = text(cells, "id").filter(|id| id.len() == 36) {
            let series = self.first_series + self.keys.len();
            self.key(id, Var::Id { series, size });
        }
        if let Some(digest) =
            text(cells, "digest").filter(|digest| table.ends_with("_file") && digest.len() == 64)
        {
            let head = digest[..52].to_owned();
            self.key(digest, Var::Digest { head, size });
        }
        for (of, column) in hanging.unique {
            if let Some(found) = text(cells, column).filter(|_| *of == table) {
                let found = found.to_owned();
                let suffix = Var::Suffix {
                    text: found.clone(),
                    size,
                };
                self.key(&found, suffix);
            }
        }
    }

    /// The day on which the sample was made, and that on which it is due.
    fn days(&mut self) {
        let day = |text: Option<&str>| text.and_then(|text| text.get(..10)).map(str::to_owned);
        let head = self.rows.iter().find(|row| row.table == "case_head");
        let head = &head.expect("a case has a head").cells;
        let (opened, due) = (day(text(head, "opened_at")), day(text(head, "due_at")));
        for (day, column) in [(opened, "n.day"), (due, "n.due")] {
            self.key(&day.unwrap_or_default(), Var::Column(column));
        }
    }

    /// What is sealed opens in its own row only.
    fn open(&mut self, db: &Database) {
        for row in &mut self.rows {
            let id = text(&row.cells, "id").or_else(|| text(&row.cells, "case_id"));
            let id = id.unwrap_or_default().to_owned();
            for (column, value) in &mut row.cells {
                let Some(sealed) = value.as_str().filter(|text| text.starts_with("sm4-gcm")) else {
                    continue;
                };
                let place = Place::new(row.table, column, &id);
                let opened = db.sealer().open(place, sealed);
                let opened =
                    opened.unwrap_or_else(|error| panic!("{}.{column}: {error}", row.table));
                *value = format!("plain:{}", opened.secret.reveal()).into();
            }
        }
    }

    /// The statement that copies a row for the copies of a condition.
    fn statement(&self, row: &Row, from: &str, shared: bool, hanging: &Hanging) -> String {
        let within = |list: &[(&str, &str)], column: &str| list.contains(&(row.table, column));
        let mut columns = Vec::new();
        let mut cells = Vec::new();
        for (column, value) in &row.cells {
            let cell = match value {
                Json::String(text) if within(hanging.verbatim, column) => quoted(text),
                Json::String(text) => {
                    let mark = match within(hanging.period, column) {
                        true => " || n.mark",
                        false => "",
                    };
                    format!("{}{mark}", self.expression(text, shared))
                }
                Json::Null => "NULL".to_owned(),
                Json::Bool(true) => "TRUE".to_owned(),
                Json::Bool(false) => "FALSE".to_owned(),
                other => other.to_string(),
            };
            columns.push(column.as_str());
            cells.push(cell);
        }
        let once = match hanging.once.contains(&row.table) {
            true => " ON CONFLICT DO NOTHING",
            false => "",
        };
        format!(
            "INSERT INTO {} ({}) SELECT {} {from}{once}",
            row.table,
            columns.join(", "),
            cells.join(", ")
        )
    }

    /// A text with what names the sample put together anew; the longest names first, for some hold others.
    fn expression(&self, text: &str, shared: bool) -> String {
        let mut parts: Vec<String> = Vec::new();
        let (mut plain, mut rest) = (String::new(), text);
        while let Some(next) = rest.chars().next() {
            let key = self
                .keys
                .iter()
                .filter(|(key, _)| rest.starts_with(key.as_str()));
            match key.max_by_key(|(key, _)| key.len()) {
                Some((key, var)) => {
                    if !plain.is_empty() {
                        parts.push(quoted(&std::mem::take(&mut plain)));
                    }
                    match var {
                        // what is shared is of no one case
                        Var::Column(_) if shared => parts.push(quoted(key)),
                        var => parts.push(var.sql(shared)),
                    }
                    rest = &rest[key.len()..];
                }
                None => {
                    plain.push(next);
                    rest = &rest[next.len_utf8()..];
                }
            }
        }
        if !plain.is_empty() || parts.is_empty() {
            parts.push(quoted(&plain));
        }
        parts.join(" || ")
    }
}

/// Which copies are made.
#[derive(Debug, Clone, Copy)]
pub struct Copies<'a> {
    /// The number of the first: no two copies in a database have the same.
    pub from: u64,
    /// How many.
    pub cases: u64,
    /// How many of them are of the first sample's enterprise; the others are spread over the register.
    pub own: u64,
    /// What their case numbers begin with.
    pub prefix: &'a str,
}

impl Copies<'_> {
    /// First and last number of each chunk.
    fn chunks(self) -> impl Iterator<Item = (u64, u64)> {
        let end = self.from + self.cases;
        let chunks = (self.from..end).step_by(usize::try_from(CHUNK).unwrap());
        chunks.map(move |first| (first, (first + CHUNK).min(end) - 1))
    }
}

/// Copies samples, by their shares.
pub async fn fill(db: &Database, samples: &[Sample], hanging: &Hanging, copies: &Copies<'_>) {
    let mut tables: Vec<(&'static str, String)> = hanging
        .rows
        .iter()
        .map(|(table, condition)| (*table, (*condition).to_owned()))
        .collect();
    for table in db.tables().await.unwrap() {
        let known = tables.iter().any(|(known, _)| *known == table);
        if !known
            && columns(db, &table)
                .await
                .iter()
                .any(|name| name == "case_id")
        {
            tables.push((table.leak(), "case_id = $1".to_owned()));
        }
    }
    let mut patterns = Vec::new();
    for sample in samples.iter().enumerate() {
        patterns.push(Pattern::of(db, sample, &tables, hanging).await);
    }
    plan(db, samples, copies).await;
    let run = async |statements: Vec<String>| {
        let tx = db.begin().await.unwrap();
        tx.expect_much().await.unwrap();
        for sql in statements {
            let done = tx.execute_unprepared(&sql).await;
            done.unwrap_or_else(|error| panic!("{}: {error}", &sql[..sql.len().min(300)]));
        }
        tx.commit().await.unwrap();
    };
    let mut statements = Vec::new();
    for (number, pattern) in patterns.iter().enumerate() {
        for (row, size) in &pattern.shared {
            let from = format!(
                "FROM (SELECT DISTINCT i / {size} AS i FROM bench_copy WHERE sample = {number}) n"
            );
            statements.push(pattern.statement(row, &from, true, hanging));
        }
    }
    run(statements).await;
    for (first, last) in copies.chunks() {
        let mut statements = Vec::new();
        for (number, pattern) in patterns.iter().enumerate() {
            let from = format!(
                "FROM bench_copy n WHERE n.sample = {number} AND n.i BETWEEN {first} AND {last}"
            );
            let copy = |row| pattern.statement(row, &from, false, hanging);
            statements.extend(pattern.rows.iter().map(copy));
        }
        run(statements).await;
    }
    db.conn()
        .execute_unprepared("DROP TABLE bench_copy")
        .await
        .unwrap();
}

/// Which copy is of which sample, for which enterprise, of which day.
async fn plan(db: &Database, samples: &[Sample], copies: &Copies<'_>) {
    let Copies {
        from,
        cases,
        own,
        prefix,
    } = *copies;
    let run = async |sql: String| {
        let done = db.conn().execute_unprepared(&sql).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    };
    run("CREATE TABLE bench_copy (i BIGINT NOT NULL PRIMARY KEY, sample BIGINT NOT NULL, code TEXT NOT NULL,
         name TEXT NOT NULL, number TEXT NOT NULL, mark TEXT NOT NULL, day TEXT NOT NULL, due TEXT NOT NULL)"
        .to_owned())
    .await;
    run("CREATE TABLE bench_day (k BIGINT NOT NULL PRIMARY KEY, day TEXT NOT NULL, due TEXT NOT NULL)".to_owned())
        .await;
    let today: NaiveDate = SystemClock.today();
    let day = |k: u64| {
        let day = today - Days::new(DAYS - k);
        let due = day + Days::new(TERM_DAYS);
        format!("({k}, '{day}', '{due}')")
    };
    let days: Vec<String> = (0..=DAYS).map(day).collect();
    run(format!(
        "INSERT INTO bench_day (k, day, due) VALUES {}",
        days.join(", ")
    ))
    .await;
    let first = quoted(&samples[0].enterprise);
    // those of the samples were brought last
    let before = format!("SELECT seq - 1 FROM enterprise WHERE code = {first}");
    let enterprises = db::query_count(db.conn(), &before, []).await.unwrap();
    let (mut kind, mut recent, mut upto) = (String::new(), String::new(), 0);
    for (number, sample) in samples.iter().enumerate() {
        upto += sample.share;
        kind.push_str(&format!(" WHEN n.i * 619 % 1000 < {upto} THEN {number}"));
        let k = match sample.is_open {
            true => format!(
                "{} + (n.i - {from}) * {RECENT_DAYS} / {cases}",
                DAYS - RECENT_DAYS
            ),
            false => format!("(n.i - {from}) * {DAYS} / {cases}"),
        };
        recent.push_str(&format!(" WHEN n.i * 619 % 1000 < {upto} THEN {k}"));
    }
    assert_eq!(upto, 1_000, "the shares of the samples");
    let end_of_own = from + own;
    for (first_copy, last) in copies.chunks() {
        // neighbours in the register are not neighbours among the cases
        run(format!(
            "INSERT INTO bench_copy (i, sample, code, name, number, mark, day, due)
             WITH RECURSIVE n (i) AS (SELECT CAST({first_copy} AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {last})
             SELECT n.i, CASE{kind} END, e.code, e.name, '{prefix}-2020-' || CAST(1000000 + n.i AS TEXT) || '-0',
                    CASE WHEN n.i < {end_of_own} OR n.i >= {enterprises} THEN '-' || CAST(n.i AS TEXT) ELSE '' END, d.day, d.due
             FROM n JOIN enterprise e ON e.seq = CASE WHEN n.i < {end_of_own} THEN (SELECT seq FROM enterprise WHERE code = {first})
                                                      ELSE 1 + n.i * 7919 % {enterprises} END
             JOIN bench_day d ON d.k = CASE{recent} END"
        ))
        .await;
    }
    run("CREATE INDEX bench_copy_sample ON bench_copy (sample, i)".to_owned()).await;
    run("DROP TABLE bench_day".to_owned()).await;
    let made = db::query_count(db.conn(), "SELECT COUNT(*) FROM bench_copy", [])
        .await
        .unwrap();
    assert_eq!(u64::try_from(made).unwrap(), cases, "copies");
}
