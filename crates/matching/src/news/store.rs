//! The only file of the room that touches the database.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::FromQueryResult;
use zhida_platform::audit;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, Bulk, Database, Tx};

use super::met;
use crate::error::Error;

/// A full run that is not finished yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub no: i64,
    pub day: NaiveDate,
    /// Nothing was ever compared before: what is met now is where news count from.
    pub first: bool,
}

/// A line of the news.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct Line {
    pub no: i64,
    pub day: String,
    pub item: String,
    pub enterprise: i64,
    pub new_item: bool,
}

/// Which news.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    pub enterprise: Option<i64>,
    pub item: Option<String>,
}

#[derive(FromQueryResult)]
struct Counter {
    next_run: i64,
    next_news: i64,
}

/// Until the transaction ends no other run goes on.
async fn lock(tx: &Tx) -> db::Result<Counter> {
    let sql =
        "UPDATE match_counter SET next_run = next_run WHERE id = 1 RETURNING next_run, next_news";
    let counter = db::query_one(tx, sql, []).await?;
    counter.ok_or_else(|| sea_orm::DbErr::RecordNotFound("match_counter".to_owned()).into())
}

#[derive(FromQueryResult)]
struct Number {
    no: i64,
}

/// Opens a run, or goes on with one that was interrupted.
pub(super) async fn open(
    db: &Database,
    actor: &str,
    day: NaiveDate,
    at: DateTime<Utc>,
) -> Result<Run, Error> {
    db.write(|tx| open_in(tx, actor, day, at)).await
}

async fn open_in(tx: Tx, actor: &str, day: NaiveDate, at: DateTime<Utc>) -> Result<Run, Error> {
    let counter = lock(&tx).await?;
    let finished = "SELECT COUNT(*) FROM match_run WHERE finished_at <> ''";
    let first = db::query_count(&tx, finished, []).await? == 0;
    let open = "SELECT no FROM match_run WHERE finished_at = ''";
    let open: Option<Number> = db::query_one(&tx, open, []).await?;
    let no = match open {
        Some(Number { no }) => {
            let sql = "UPDATE match_run SET day = $2 WHERE no = $1";
            db::execute(&tx, sql, [no.into(), day.to_string().into()]).await?;
            no
        }
        None => {
            let sql = "UPDATE match_counter SET next_run = next_run + 1 WHERE id = 1";
            db::execute(&tx, sql, []).await?;
            let sql = "INSERT INTO match_run (no, day, actor, started_at, finished_at) \
                           VALUES ($1, $2, $3, $4, '')";
            let values = [
                counter.next_run.into(),
                day.to_string().into(),
                actor.into(),
                instant_text(at).into(),
            ];
            db::execute(&tx, sql, values).await?;
            counter.next_run
        }
    };
    Ok(Run { no, day, first })
}

#[derive(FromQueryResult)]
struct Met {
    item: String,
    met: String,
}

/// Compares what these items' enterprises were with what they are, and keeps both the difference and
/// the new state. Done twice it finds no difference.
pub(super) async fn compare(
    db: &Database,
    run: Run,
    items: &[(String, Vec<u32>)],
) -> Result<(), Error> {
    db.write(|tx| compare_in(tx, run, items)).await
}

async fn compare_in(tx: Tx, run: Run, items: &[(String, Vec<u32>)]) -> Result<(), Error> {
    let mut counter = lock(&tx).await?;
    let sql = format!(
        "SELECT item, met FROM match_met WHERE item IN ({})",
        db::text_members(&tx)
    );
    let members = db::members_value(items.iter().map(|(item, _)| item.as_str()));
    let before: Vec<Met> = db::query_all(&tx, &sql, [members]).await?;
    let before: HashMap<String, String> =
        before.into_iter().map(|row| (row.item, row.met)).collect();
    let columns = ["no", "run", "day", "item", "enterprise", "new_item"];
    let mut news = Bulk::insert("match_news", &columns);
    let mut states = Bulk::insert("match_met", &["item", "met"])
        .on_conflict("ON CONFLICT (item) DO UPDATE SET met = excluded.met");
    for (item, now) in items {
        let text = met::write(now);
        let known = before.get(item);
        if known == Some(&text) {
            continue;
        }
        let was = match known {
            Some(known) => met::read(known).ok_or_else(|| Error::Damaged(item.clone()))?,
            None => Vec::new(),
        };
        let fresh = now
            .iter()
            .filter(|number| was.binary_search(number).is_err());
        for number in fresh.filter(|_| !run.first) {
            let row = [
                counter.next_news.into(),
                run.no.into(),
                run.day.to_string().into(),
                item.as_str().into(),
                i64::from(*number).into(),
                known.is_none().into(),
            ];
            news.push(&tx, row).await?;
            counter.next_news += 1;
        }
        states
            .push(&tx, [item.as_str().into(), text.into()])
            .await?;
    }
    news.finish(&tx).await?;
    states.finish(&tx).await?;
    let sql = "UPDATE match_counter SET next_news = $1 WHERE id = 1";
    db::execute(&tx, sql, [counter.next_news.into()]).await?;
    Ok(())
}

/// Closes a run and tells how many news it brought.
pub(super) async fn close(
    db: &Database,
    actor: &str,
    run: Run,
    at: DateTime<Utc>,
) -> Result<u64, Error> {
    db.write(|tx| close_in(tx, actor, run, at)).await
}

async fn close_in(tx: Tx, actor: &str, run: Run, at: DateTime<Utc>) -> Result<u64, Error> {
    lock(&tx).await?;
    let sql = "SELECT COUNT(*) FROM match_news WHERE run = $1";
    let news = db::query_count(&tx, sql, [run.no.into()]).await?;
    let sql = "UPDATE match_run SET finished_at = $2 WHERE no = $1 AND finished_at = ''";
    let values = [run.no.into(), instant_text(at).into()];
    if db::execute(&tx, sql, values).await? > 0 {
        let entry = audit::Entry {
            at,
            actor: actor.to_owned(),
            action: "matching.run",
            subject_kind: "match_run",
            subject_id: run.no.to_string(),
            detail: serde_json::json!({ "day": run.day, "news": news }),
        };
        audit::append(&tx, &entry).await?;
    }
    Ok(u64::try_from(news).unwrap_or_default())
}

/// Is there a finished run of this day or a later one?
pub(super) async fn is_done(db: &Database, day: NaiveDate) -> Result<bool, Error> {
    let sql = "SELECT COUNT(*) FROM match_run WHERE finished_at <> '' AND day >= $1";
    Ok(db::query_count(db.conn(), sql, [day.to_string().into()]).await? > 0)
}

impl Filter {
    fn conditions(&self) -> (String, Vec<db::Value>) {
        let mut clauses = vec!["1 = 1".to_owned()];
        let mut values: Vec<db::Value> = Vec::new();
        if let Some(enterprise) = self.enterprise {
            values.push(enterprise.into());
            clauses.push(format!("enterprise = ${}", values.len()));
        }
        if let Some(item) = &self.item {
            values.push(item.as_str().into());
            clauses.push(format!("item = ${}", values.len()));
        }
        (clauses.join(" AND "), values)
    }
}

/// News below a number, newest first.
pub(super) async fn list(
    db: &Database,
    filter: &Filter,
    below: Option<i64>,
    limit: i64,
) -> Result<Vec<Line>, Error> {
    let (mut clause, mut values) = filter.conditions();
    if let Some(below) = below {
        values.push(below.into());
        clause.push_str(&format!(" AND no < ${}", values.len()));
    }
    values.push(limit.into());
    let sql = format!(
        "SELECT no, day, item, enterprise, new_item FROM match_news WHERE {clause} \
         ORDER BY no DESC LIMIT ${}",
        values.len()
    );
    Ok(db::query_all(db.conn(), &sql, values).await?)
}

/// How many news there are.
pub(super) async fn count(db: &Database, filter: &Filter) -> Result<u64, Error> {
    let (clause, values) = filter.conditions();
    let sql = format!("SELECT COUNT(*) FROM match_news WHERE {clause}");
    let count = db::query_count(db.conn(), &sql, values).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}
