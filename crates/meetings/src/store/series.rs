//! The table of series.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use zhida_platform::access::Reach;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx, Where};

use super::{day, one};
use crate::error::Error;
use crate::model::Series;
use crate::rhythm::Rhythm;
use crate::words::Every;

const WHAT: &str = "例会";
/// Series of an installation at most that a list shows.
const SERIES_MAX: i64 = 200;
const COLUMNS: &str = "id, name, place, organisation, every, weekday, week, starts_on, at_time, venue, chair, members,
    task_days, active, secretary";

#[derive(Debug, FromQueryResult)]
struct Row {
    id: String,
    name: String,
    place: String,
    organisation: String,
    every: String,
    weekday: i64,
    week: i64,
    starts_on: String,
    at_time: String,
    venue: String,
    chair: String,
    members: String,
    task_days: i64,
    active: bool,
    secretary: String,
}

impl TryFrom<Row> for Series {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let small = |number: i64| u8::try_from(number).map_err(|_| Error::Stored(WHAT));
        let rhythm = Rhythm {
            every: Every::parse(&row.every).ok_or(Error::Stored(WHAT))?,
            weekday: small(row.weekday)?,
            week: small(row.week)?,
            starts_on: day(&row.starts_on, WHAT)?,
        };
        Ok(Self {
            id: row.id,
            name: row.name,
            place: row.place,
            organisation: row.organisation,
            rhythm,
            at_time: row.at_time,
            venue: row.venue,
            chair: row.chair,
            members: row.members,
            task_days: row.task_days,
            active: row.active,
            secretary: row.secretary,
        })
    }
}

async fn read(conn: &impl ConnectionTrait, found: Where) -> Result<Vec<Series>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM meeting_series {} ORDER BY id LIMIT {SERIES_MAX}",
        found.sql()
    );
    let rows: Vec<Row> = db::query_all(conn, &sql, found.values).await?;
    rows.into_iter().map(Series::try_from).collect()
}

/// Those within reach.
pub(crate) async fn list(conn: &impl ConnectionTrait, reach: &Reach) -> Result<Vec<Series>, Error> {
    let mut found = Where::default();
    found.within(reach, ("''", "place"));
    read(conn, found).await
}

/// Those that still meet.
pub(crate) async fn active(conn: &impl ConnectionTrait) -> Result<Vec<Series>, Error> {
    let mut found = Where::default();
    found.and("active = ?", true);
    read(conn, found).await
}

pub(crate) async fn find(conn: &impl ConnectionTrait, id: &str) -> Result<Option<Series>, Error> {
    let mut found = Where::default();
    found.and("id = ?", id);
    Ok(read(conn, found).await?.pop())
}

pub(crate) async fn insert(tx: &Tx, series: &Series, now: DateTime<Utc>) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO meeting_series ({COLUMNS}, changed_at) VALUES ({})",
        db::placeholders(1, 16)
    );
    let rhythm = &series.rhythm;
    let values = [
        series.id.as_str().into(),
        series.name.as_str().into(),
        series.place.as_str().into(),
        series.organisation.as_str().into(),
        rhythm.every.slug().into(),
        i64::from(rhythm.weekday).into(),
        i64::from(rhythm.week).into(),
        rhythm.starts_on.to_string().into(),
        series.at_time.as_str().into(),
        series.venue.as_str().into(),
        series.chair.as_str().into(),
        series.members.as_str().into(),
        series.task_days.into(),
        series.active.into(),
        series.secretary.as_str().into(),
        instant_text(now).into(),
    ];
    db::execute(tx, &sql, values).await?;
    Ok(())
}

pub(crate) async fn switch(
    tx: &Tx,
    id: &str,
    active: bool,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "UPDATE meeting_series SET active = $2, changed_at = $3 WHERE id = $1";
    let values = [id.into(), active.into(), instant_text(now).into()];
    one(db::execute(tx, sql, values).await?, WHAT)
}
