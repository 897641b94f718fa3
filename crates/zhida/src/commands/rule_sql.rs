//! `zhida rule sql`: rules as conditions for a database of one's own.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    io::{self, BufWriter, Write},
};

use anyhow::Result;
use serde::Serialize;
use zhida_matcher::sql;
use zhida_platform::clock::{Clock, SystemClock};
use zhida_rules::{AttributeIndex, Dictionary};

use super::{
    Outcome,
    rule::{dictionary, read_rules},
};
use crate::cli::RuleSql;

#[derive(Serialize)]
struct Written<'a> {
    id: &'a str,
    /// Absent when the rule has no form in SQL; `problem` says why.
    sql: Option<String>,
    /// The condition of a near miss; likewise.
    near_miss: Option<String>,
    /// The columns that it reads, with their types.
    columns: Vec<Column<'a>>,
    problem: Option<String>,
}

#[derive(Serialize)]
struct Column<'a> {
    /// As it stands in the text, in double quotes.
    name: String,
    r#type: &'static str,
    attribute: &'a str,
    year: Option<i32>,
}

type Used = BTreeSet<(AttributeIndex, Option<i32>)>;

/// `zhida rule sql`.
pub fn sql(arguments: &RuleSql) -> Result<Outcome> {
    let dictionary = dictionary(arguments.dictionary.as_deref())?;
    let rules = read_rules(&dictionary, &arguments.rules)?;
    let on = arguments.on.unwrap_or_else(|| SystemClock.today());
    let mut out = BufWriter::new(io::stdout().lock());
    let mut all = true;
    for (id, item) in &rules {
        let used: RefCell<Used> = RefCell::default();
        let column = |index: AttributeIndex, year| {
            used.borrow_mut().insert((index, year));
            sql::column_name(&dictionary, index, year)
        };
        let found = sql::predicate(&dictionary, item, on, &column);
        let near = sql::near_miss(&dictionary, item, on, &column);
        all &= found.is_ok();
        let written = Written {
            id,
            columns: match found {
                Ok(_) => columns(&dictionary, &used.borrow()),
                Err(_) => Vec::new(),
            },
            problem: [&found, &near]
                .iter()
                .find_map(|found| found.as_ref().err())
                .map(ToString::to_string),
            sql: found.ok(),
            near_miss: near.ok(),
        };
        if arguments.json {
            serde_json::to_writer(&mut out, &written)?;
            writeln!(out)?;
        } else {
            write_text(&mut out, &written)?;
        }
    }
    out.flush()?;
    Ok(Outcome::of(all))
}

fn columns<'a>(dictionary: &'a Dictionary, used: &Used) -> Vec<Column<'a>> {
    let column = |(index, year): &(AttributeIndex, Option<i32>)| {
        let attribute = dictionary.attribute(*index);
        Column {
            name: sql::column_name(dictionary, *index, *year),
            r#type: sql::column_type(attribute.kind),
            attribute: &attribute.name,
            year: *year,
        }
    };
    used.iter().map(column).collect()
}

/// As a script: what is no condition stands in comments.
fn write_text(out: &mut impl Write, written: &Written<'_>) -> io::Result<()> {
    writeln!(out, "-- {}", written.id.replace(['\n', '\r'], " "))?;
    for column in &written.columns {
        let year = column
            .year
            .map_or(String::new(), |year| format!("{year}年"));
        let (name, kind) = (&column.name, column.r#type);
        writeln!(out, "-- {name} {kind}  {year}{}", column.attribute)?;
    }
    match (&written.sql, &written.problem) {
        (Some(text), _) => writeln!(out, "{text}\n"),
        (None, problem) => writeln!(out, "-- {}\n", problem.as_deref().unwrap_or_default()),
    }
}
