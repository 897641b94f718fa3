use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::record::{COLUMNS, Row};
use super::{Error, Record};
use crate::clock::instant_text;
use crate::db::{self, Database, Value};
use crate::paging::{Page, PageRequest};
use crate::problem::Problem;

/// Names of the list in its cursors, newest and oldest first.
const LISTS: [&str; 2] = ["audit:at", "audit:at:oldest"];

/// Which records are wanted; the list, its count and its exports take the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// From this instant on.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub until: Option<DateTime<Utc>>,
    /// Done with this account.
    pub account: Option<Uuid>,
    /// Done under exactly this name; together with a period, for no index helps here.
    pub actor: Option<String>,
    /// An action; one that ends with a dot stands for all of its room (`registry.`).
    pub action: Option<String>,
    /// Concerning the enterprise of this code.
    pub enterprise: Option<String>,
    /// Done to things of this kind.
    pub subject_kind: Option<String>,
    /// Done to this one.
    pub subject_id: Option<String>,
    /// Views only, or changes only.
    pub viewed: Option<bool>,
    /// From exactly this address; together with a period, for no index helps here.
    pub address: Option<String>,
    /// Oldest first instead of newest first.
    pub oldest_first: bool,
}

/// Conditions and the values of their parameters.
struct Where {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Where {
    /// Adds a condition whose `$` stand for the values, in order.
    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        let mut text = String::new();
        let mut values = values.into_iter();
        for part in condition.split_inclusive('$') {
            text.push_str(part);
            if part.ends_with('$') {
                self.values.extend(values.next());
                text.push_str(&self.values.len().to_string());
            }
        }
        self.conditions.push(text);
    }

    fn sql(&self) -> String {
        match self.conditions.is_empty() {
            true => String::new(),
            false => format!("WHERE {}", self.conditions.join(" AND ")),
        }
    }
}

impl Query {
    /// The name of the list in its cursors, so that a page of one order is not taken for one of the other.
    fn list(&self) -> &'static str {
        LISTS[usize::from(self.oldest_first)]
    }

    fn conditions(&self) -> Where {
        let mut found = Where {
            conditions: Vec::new(),
            values: Vec::new(),
        };
        let time = |at: DateTime<Utc>| Value::from(instant_text(at));
        let texts = [
            ("actor = $", &self.actor),
            ("enterprise = $", &self.enterprise),
            ("subject_kind = $", &self.subject_kind),
            ("subject_id = $", &self.subject_id),
            ("address = $", &self.address),
        ];
        for (condition, text) in texts {
            if let Some(text) = text {
                found.and(condition, [text.as_str().into()]);
            }
        }
        if let Some(from) = self.from {
            found.and("at >= $", [time(from)]);
        }
        if let Some(until) = self.until {
            found.and("at < $", [time(until)]);
        }
        if let Some(account) = self.account {
            found.and("account = $", [account.to_string().into()]);
        }
        match self
            .action
            .as_deref()
            .map(|action| (action, action.strip_suffix('.')))
        {
            // the sign after the dot in code point order is the slash
            Some((action, Some(room))) => {
                found.and(
                    "action >= $ AND action < $",
                    [action.into(), format!("{room}/").into()],
                );
            }
            Some((action, None)) => found.and("action = $", [action.into()]),
            None => {}
        }
        if let Some(viewed) = self.viewed {
            found.and("viewed = $", [viewed.into()]);
        }
        found
    }
}

/// One page of records, in the order of the query.
///
/// # Errors
/// 400 for a cursor of another list; when the database does not answer.
pub async fn list(
    db: &Database,
    query: &Query,
    page: &PageRequest,
) -> Result<Page<Record>, Problem> {
    let after = page.cursor::<Position>(query.list())?;
    let records = ordered(db, query, after, page.rows_wanted()).await?;
    Page::from_rows(records, page, query.list(), position)
}

/// How many records there are.
///
/// # Errors
/// When the database does not answer.
pub async fn count(db: &Database, query: &Query) -> db::Result<u64> {
    let found = query.conditions();
    let sql = format!("SELECT COUNT(*) FROM audit_event {}", found.sql());
    let count = db::query_count(db.conn(), &sql, found.values).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// As [`count`], giving up after `most`: beyond it the answer is `most + 1`, which stands for more. For pages, which would
/// otherwise read years of records for one number.
///
/// # Errors
/// When the database does not answer.
pub async fn count_up_to(db: &Database, query: &Query, most: u32) -> db::Result<u64> {
    let mut found = query.conditions();
    let conditions = found.sql();
    found.values.push((i64::from(most) + 1).into());
    let sql = format!(
        "SELECT COUNT(*) FROM (SELECT 1 FROM audit_event {conditions} LIMIT ${}) found",
        found.values.len()
    );
    let count = db::query_count(db.conn(), &sql, found.values).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// The record of this number, if there is one.
///
/// # Errors
/// When the database does not answer, or the record's time cannot be read.
pub async fn find(db: &Database, no: i64) -> Result<Option<Record>, Error> {
    let sql = format!(
        "SELECT {} FROM audit_event WHERE no = $1",
        COLUMNS.join(", ")
    );
    let row: Option<Row> = db::query_one(db.conn(), &sql, [no.into()]).await?;
    row.map(Row::into_record).transpose()
}

/// Who looked at the file of the enterprise, newest first: for its own page, count and export.
#[must_use]
pub fn views_of(code: &str) -> Query {
    Query {
        enterprise: Some(code.to_owned()),
        viewed: Some(true),
        ..Query::default()
    }
}

/// Where a list goes on: time and number of the last record seen.
pub(super) type Position = (DateTime<Utc>, i64);

pub(super) fn position(record: &Record) -> Position {
    (record.at, record.no)
}

/// Records after a position, in the order of the query.
pub(super) async fn ordered(
    db: &Database,
    query: &Query,
    after: Option<Position>,
    limit: i64,
) -> Result<Vec<Record>, Error> {
    let mut found = query.conditions();
    let (beyond, order) = match query.oldest_first {
        true => ("(at, no) > ($, $)", "at, no"),
        false => ("(at, no) < ($, $)", "at DESC, no DESC"),
    };
    if let Some((at, no)) = after {
        found.and(beyond, [instant_text(at).into(), no.into()]);
    }
    let sql = format!(
        "SELECT {} FROM audit_event {} ORDER BY {order} LIMIT ${}",
        COLUMNS.join(", "),
        found.sql(),
        found.values.len() + 1
    );
    found.values.push(limit.into());
    let rows: Vec<Row> = db::query_all(db.conn(), &sql, found.values).await?;
    rows.into_iter().map(Row::into_record).collect()
}
