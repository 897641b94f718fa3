//! The only code that touches the room's tables.

pub(crate) mod accounts;
pub(crate) mod attempts;
pub(crate) mod contacts;
pub(crate) mod factors;
pub(crate) mod identities;
pub(crate) mod invitations;
pub(crate) mod mandates;
pub(crate) mod organisations;
pub(crate) mod seats;
pub(crate) mod sessions;
pub(crate) mod setup;
pub(crate) mod tokens;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, QueryResult, TryGetable};
use uuid::Uuid;
use zhida_platform::clock::parse_instant;
use zhida_platform::db::{self, Tx, Value};

/// Rows of a list that is shown whole: seats of one account, children of one body.
pub(crate) const WHOLE_MAX: i64 = 500;

/// Changes of seats wait for each other, so that two of them cannot each leave the other as the last holder of a
/// role.
pub(crate) async fn lock_seats(tx: &Tx) -> db::Result<()> {
    let sql = "UPDATE people_lock SET value = value + 1 WHERE name = 'seats'";
    db::execute(tx, sql, []).await?;
    Ok(())
}

/// Reads the columns of a row in the forms in which they are stored.
struct Columns<'a> {
    row: &'a QueryResult,
    prefix: &'a str,
}

impl Columns<'_> {
    fn get<T: TryGetable>(&self, column: &str) -> Result<T, DbErr> {
        self.row.try_get(self.prefix, column)
    }

    fn text(&self, column: &str) -> Result<String, DbErr> {
        self.get(column)
    }

    fn flag(&self, column: &str) -> Result<bool, DbErr> {
        self.get(column)
    }

    fn maybe<T>(&self, column: &str, read: fn(&str) -> Option<T>) -> Result<Option<T>, DbErr> {
        let text: Option<String> = self.get(column)?;
        text.map(|text| read(&text).ok_or_else(|| damaged(column)))
            .transpose()
    }

    fn one<T>(&self, column: &str, read: fn(&str) -> Option<T>) -> Result<T, DbErr> {
        self.maybe(column, read)?.ok_or_else(|| damaged(column))
    }

    fn id(&self, column: &str) -> Result<Uuid, DbErr> {
        self.one(column, uuid)
    }

    fn maybe_id(&self, column: &str) -> Result<Option<Uuid>, DbErr> {
        self.maybe(column, uuid)
    }

    fn day(&self, column: &str) -> Result<NaiveDate, DbErr> {
        self.one(column, day)
    }

    fn maybe_day(&self, column: &str) -> Result<Option<NaiveDate>, DbErr> {
        self.maybe(column, day)
    }

    fn at(&self, column: &str) -> Result<DateTime<Utc>, DbErr> {
        self.one(column, parse_instant)
    }

    fn maybe_at(&self, column: &str) -> Result<Option<DateTime<Utc>>, DbErr> {
        self.maybe(column, parse_instant)
    }

    fn words(&self, column: &str) -> Result<Vec<String>, DbErr> {
        self.one(column, |text| serde_json::from_str(text).ok())
    }
}

fn uuid(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text).ok()
}

fn day(text: &str) -> Option<NaiveDate> {
    text.parse().ok()
}

fn damaged(column: &str) -> DbErr {
    DbErr::Type(format!("列 {column} 的内容无法识别"))
}

/// Parameters of one statement, numbered as they are added.
#[derive(Default)]
struct Parameters(Vec<Value>);

impl Parameters {
    /// Adds a value; its `$n`.
    fn add(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }
}

fn id_value(id: Uuid) -> Value {
    id.to_string().into()
}

fn maybe_id_value(id: Option<Uuid>) -> Value {
    id.map(|id| id.to_string()).into()
}

fn maybe_day_value(day: Option<NaiveDate>) -> Value {
    day.map(|day| day.to_string()).into()
}

fn words_value(words: &[String]) -> Value {
    serde_json::Value::from(words).to_string().into()
}

/// `%text%` for LIKE, its own signs escaped by `\`.
fn containing(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    format!("%{escaped}%")
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
