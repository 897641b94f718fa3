//! What runs keep in the database.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ConnectionTrait, FromQueryResult};
use zhida_platform::audit;
use zhida_platform::clock::{instant_text, parse_instant};
use zhida_platform::db::{self, Bulk, Database, Tx};
use zhida_platform::problem::Problem;
use zhida_registry::{Query, Registry};

use super::met;
use super::runs::{RunRecord, RunState};
use crate::error::Error;

/// News of some enterprises that one run can bring: every item in force for each.
const TOLD_MAX: i64 = 10_000_000;

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
    /// Enterprises that may be found; `None` for all.
    pub within: Option<Query>,
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
struct StoredRun {
    no: i64,
    day: String,
    actor: String,
    started_at: String,
    finished_at: String,
    updated_at: String,
    items: i64,
    done: i64,
    news: i64,
    failure: String,
}

/// The latest runs, newest first. Only the newest can be unfinished.
pub(super) async fn latest(
    conn: &impl ConnectionTrait,
    limit: i64,
) -> Result<Vec<RunRecord>, Error> {
    let sql = "SELECT no, day, actor, started_at, finished_at, updated_at, items, done, news, \
               failure FROM match_run ORDER BY no DESC LIMIT $1";
    let runs: Vec<StoredRun> = db::query_all(conn, sql, [limit.into()]).await?;
    Ok(runs.into_iter().map(StoredRun::record).collect())
}

impl StoredRun {
    fn record(self) -> RunRecord {
        let instant = |text: &str| parse_instant(text).unwrap_or(DateTime::UNIX_EPOCH);
        let state = match (self.finished_at.as_str(), self.failure.as_str()) {
            ("", "") => RunState::Running,
            ("", _) => RunState::Failed,
            _ => RunState::Finished,
        };
        RunRecord {
            no: self.no,
            day: self.day.parse().unwrap_or_default(),
            actor: self.actor,
            state,
            started_at: instant(&self.started_at),
            updated_at: instant(&self.updated_at),
            items: self.items.unsigned_abs(),
            done: self.done.unsigned_abs(),
            news: self.news.unsigned_abs(),
            failure: Some(self.failure).filter(|text| !text.is_empty()),
        }
    }
}

/// Opens a run over so many items, or goes on with one that was interrupted.
pub(super) async fn open(
    db: &Database,
    actor: &str,
    day: NaiveDate,
    items: u64,
    at: DateTime<Utc>,
) -> Result<Run, Error> {
    db.write(|tx| open_in(tx, actor, day, items, at)).await
}

async fn open_in(
    tx: Tx,
    actor: &str,
    day: NaiveDate,
    items: u64,
    at: DateTime<Utc>,
) -> Result<Run, Error> {
    let counter = lock(&tx).await?;
    let known = latest(&tx, 2).await?;
    let finished = |run: &RunRecord| run.state == RunState::Finished;
    let open = known.first().filter(|run| !finished(run));
    let no = open.map_or(counter.next_run, |run| run.no);
    let sql = "UPDATE match_counter SET next_run = $1 WHERE id = 1";
    db::execute(&tx, sql, [(no + 1).into()]).await?;
    let sql = "INSERT INTO match_run \
               (no, day, actor, started_at, finished_at, updated_at, items, done, news, failure) \
               VALUES ($1, $2, $3, $4, '', $4, $5, 0, 0, '') \
               ON CONFLICT (no) DO UPDATE SET day = excluded.day, actor = excluded.actor, \
               updated_at = excluded.updated_at, items = excluded.items, done = 0, failure = ''";
    let values = [
        no.into(),
        day.to_string().into(),
        actor.into(),
        instant_text(at).into(),
        items.cast_signed().into(),
    ];
    db::execute(&tx, sql, values).await?;
    let first = !known.iter().any(finished);
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
    at: DateTime<Utc>,
) -> Result<(), Error> {
    db.write(|tx| compare_in(tx, run, items, at)).await
}

async fn compare_in(
    tx: Tx,
    run: Run,
    items: &[(String, Vec<u32>)],
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let Counter { next_news, .. } = lock(&tx).await?;
    let mut no = next_news;
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
                no.into(),
                run.no.into(),
                run.day.to_string().into(),
                item.as_str().into(),
                i64::from(*number).into(),
                known.is_none().into(),
            ];
            news.push(&tx, row).await?;
            no += 1;
        }
        states
            .push(&tx, [item.as_str().into(), text.into()])
            .await?;
    }
    news.finish(&tx).await?;
    states.finish(&tx).await?;
    let sql = "UPDATE match_counter SET next_news = $1 WHERE id = 1";
    db::execute(&tx, sql, [no.into()]).await?;
    let sql = "UPDATE match_run SET done = done + $2, news = news + $3, updated_at = $4 \
               WHERE no = $1";
    let values = [
        run.no.into(),
        (items.len() as i64).into(),
        (no - next_news).into(),
        instant_text(at).into(),
    ];
    db::execute(&tx, sql, values).await?;
    Ok(())
}

/// Notes why a run came no further; the next goes on with it.
pub(super) async fn fail(
    db: &Database,
    run: Run,
    reason: &str,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "UPDATE match_run SET failure = $2, updated_at = $3 \
               WHERE no = $1 AND finished_at = ''";
    db.write(|tx| async move {
        let values = [run.no.into(), reason.into(), instant_text(at).into()];
        db::execute(&tx, sql, values).await?;
        Ok(())
    })
    .await
}

/// Closes a run over these items and tells how many news it brought. Whoever met an item that is no
/// longer in force does not meet it any more: when it comes back, that is news.
pub(super) async fn close(
    db: &Database,
    actor: &str,
    run: Run,
    items: &[String],
    at: DateTime<Utc>,
) -> Result<u64, Error> {
    db.write(|tx| close_in(tx, actor, run, items, at)).await
}

async fn close_in(
    tx: Tx,
    actor: &str,
    run: Run,
    items: &[String],
    at: DateTime<Utc>,
) -> Result<u64, Error> {
    lock(&tx).await?;
    let members = db::text_members(&tx);
    let sql = format!("DELETE FROM match_met WHERE item NOT IN ({members})");
    let members = db::members_value(items.iter().map(String::as_str));
    db::execute(&tx, &sql, [members]).await?;
    let sql = "UPDATE match_run SET finished_at = $2, updated_at = $2 \
               WHERE no = $1 AND finished_at = ''";
    let values = [run.no.into(), instant_text(at).into()];
    let closed = db::execute(&tx, sql, values).await? > 0;
    let sql = "SELECT news FROM match_run WHERE no = $1";
    let news = db::query_count(&tx, sql, [run.no.into()]).await?;
    if closed {
        let entry = audit::Entry::new(at, actor, "matching.run", "match_run", run.no.to_string())
            .detail(serde_json::json!({ "day": run.day, "news": news }));
        audit::append(&tx, &entry).await?;
    }
    Ok(news.unsigned_abs())
}

impl Filter {
    /// The filter as text: the same for the same news.
    pub fn key(&self) -> Result<String, Error> {
        let asked = (self.enterprise, &self.item, &self.within);
        Ok(serde_json::to_string(&asked).map_err(Problem::internal)?)
    }

    fn conditions(&self, registry: &Registry) -> Result<(String, Vec<db::Value>), Error> {
        let mut clauses = vec!["1 = 1".to_owned()];
        let mut values: Vec<db::Value> = Vec::new();
        if let Some(within) = &self.within {
            let number = "match_news.enterprise";
            clauses.push(registry.condition(within, number, &mut values)?);
        }
        if let Some(enterprise) = self.enterprise {
            values.push(enterprise.into());
            clauses.push(format!("enterprise = ${}", values.len()));
        }
        if let Some(item) = &self.item {
            values.push(item.as_str().into());
            clauses.push(format!("item = ${}", values.len()));
        }
        Ok((clauses.join(" AND "), values))
    }
}

/// News below a number, newest first.
pub(super) async fn list(
    db: &Database,
    registry: &Registry,
    filter: &Filter,
    below: Option<i64>,
    limit: i64,
) -> Result<Vec<Line>, Error> {
    let (mut clause, mut values) = filter.conditions(registry)?;
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
pub(super) async fn count(
    db: &Database,
    registry: &Registry,
    filter: &Filter,
) -> Result<u64, Error> {
    let (clause, values) = filter.conditions(registry)?;
    let sql = format!("SELECT COUNT(*) FROM match_news WHERE {clause}");
    let count = db::query_count(db.conn(), &sql, values).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// A number that grows with every line of news.
pub(super) async fn version(db: &Database) -> Result<i64, Error> {
    let sql = "SELECT next_news FROM match_counter WHERE id = 1";
    Ok(db::query_count(db.conn(), sql, []).await?)
}

/// A finished run whose news are not told yet, or not to all.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct Untold {
    pub no: i64,
    day: String,
    pub news: i64,
    /// 统一社会信用代码 up to which enterprises were told.
    pub last_code: String,
}

impl Untold {
    /// The 基准日 of the run.
    pub fn day(&self) -> NaiveDate {
        self.day.parse().unwrap_or_default()
    }
}

/// The oldest run that is to be told of; its mark is made when there is none.
pub(super) async fn untold(tx: &Tx) -> Result<Option<Untold>, Error> {
    let sql = "INSERT INTO match_tell (run, last_code, told, finished_at) \
               SELECT no, '', 0, '' FROM match_run WHERE finished_at <> '' AND news > 0 \
               AND NOT EXISTS (SELECT 1 FROM match_tell t WHERE t.run = match_run.no) \
               ON CONFLICT (run) DO NOTHING";
    db::execute(tx, sql, []).await?;
    let sql = "SELECT r.no, r.day, r.news, t.last_code FROM match_tell t \
               JOIN match_run r ON r.no = t.run WHERE t.finished_at = '' ORDER BY t.run LIMIT 1";
    Ok(db::query_one(tx, sql, []).await?)
}

/// Moves the mark of a run on to the last of those that are told with it; false when another server did.
pub(super) async fn move_mark(
    tx: &Tx,
    run: &Untold,
    last_code: &str,
    told: u64,
) -> Result<bool, Error> {
    let sql = "UPDATE match_tell SET last_code = $3, told = told + $4 \
               WHERE run = $1 AND last_code = $2 AND finished_at = ''";
    let values = [
        run.no.into(),
        run.last_code.as_str().into(),
        last_code.into(),
        told.cast_signed().into(),
    ];
    Ok(db::execute(tx, sql, values).await? == 1)
}

/// Notes that all are told; how many enterprises, `None` when another server did.
pub(super) async fn close_telling(
    tx: &Tx,
    run: &Untold,
    at: DateTime<Utc>,
) -> Result<Option<u64>, Error> {
    #[derive(FromQueryResult)]
    struct Row {
        told: i64,
    }
    let sql = "UPDATE match_tell SET finished_at = $3 \
               WHERE run = $1 AND last_code = $2 AND finished_at = '' RETURNING told";
    let values = [
        run.no.into(),
        run.last_code.as_str().into(),
        instant_text(at).into(),
    ];
    let row: Option<Row> = db::query_one(tx, sql, values).await?;
    Ok(row.map(|row| row.told.unsigned_abs()))
}

/// The news of a run for these enterprises, in the order in which they were found.
pub(super) async fn of_run(
    conn: &impl ConnectionTrait,
    run: i64,
    enterprises: &[i64],
) -> Result<Vec<Line>, Error> {
    let sql = format!(
        "SELECT no, day, item, enterprise, new_item FROM match_news \
         WHERE enterprise IN ({}) AND run = $2 ORDER BY no LIMIT $3",
        db::number_members(conn)
    );
    let values = [
        db::members_value(enterprises.iter().copied()),
        run.into(),
        TOLD_MAX.into(),
    ];
    Ok(db::query_all(conn, &sql, values).await?)
}
