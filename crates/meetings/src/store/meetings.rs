//! The tables of meetings, agendas and attendees.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::FromQueryResult;
use zhida_platform::access::Viewer;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx};
use zhida_platform::paging::{Page, PageRequest};

use super::{day, one};
use crate::error::Error;
use crate::model::{Attendee, Item, Line, Meeting};
use crate::query::MeetingQuery;
use crate::words::{AttendeePart, MeetingState};

const WHAT: &str = "调度会";
const LIST: &str = "meetings:meeting";
const COLUMNS: &str = "m.id, m.series, m.slot, m.title, m.place, m.organisation, m.held_on, m.at_time, m.venue, m.chair,
    m.moved, m.task_days, m.state, m.minutes, m.why, m.secretary, m.version";

#[derive(Debug, FromQueryResult)]
struct Row {
    id: String,
    series: Option<String>,
    slot: Option<String>,
    title: String,
    place: String,
    organisation: String,
    held_on: String,
    at_time: String,
    venue: String,
    chair: String,
    moved: String,
    task_days: i64,
    state: String,
    minutes: String,
    why: String,
    secretary: String,
    version: i64,
}

impl TryFrom<Row> for Meeting {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let slot = row.slot.map(|slot| day(&slot, WHAT)).transpose()?;
        Ok(Self {
            id: row.id,
            series: row.series,
            slot,
            title: row.title,
            place: row.place,
            organisation: row.organisation,
            held_on: day(&row.held_on, WHAT)?,
            at_time: row.at_time,
            venue: row.venue,
            chair: row.chair,
            moved: row.moved,
            task_days: row.task_days,
            state: MeetingState::parse(&row.state).ok_or(Error::Stored(WHAT))?,
            minutes: row.minutes,
            why: row.why,
            secretary: row.secretary,
            version: row.version,
        })
    }
}

#[derive(Debug, FromQueryResult)]
struct LineRow {
    #[sea_orm(nested)]
    meeting: Row,
    items: i64,
    tasks: i64,
    struck: i64,
}

/// Latest first.
pub(crate) async fn list(
    conn: &impl ConnectionTrait,
    query: &MeetingQuery,
    viewer: &Viewer,
    page: &PageRequest,
) -> Result<Page<Line>, Error> {
    let mut found = query.conditions(viewer);
    if let Some((held_on, id)) = page.cursor::<(String, String)>(LIST)? {
        found.values.extend([held_on.into(), id.into()]);
        let at = found.values.len();
        found.always(format!(
            "(m.held_on < ${} OR (m.held_on = ${} AND m.id < ${at}))",
            at - 1,
            at - 1
        ));
    }
    let sql = format!(
        "SELECT {COLUMNS},
         (SELECT COUNT(*) FROM meeting_item i WHERE i.meeting = m.id) AS items,
         (SELECT COUNT(*) FROM meeting_task t WHERE t.meeting = m.id) AS tasks,
         (SELECT COUNT(*) FROM meeting_task t WHERE t.meeting = m.id AND t.state = 'struck') AS struck
         FROM meeting m {} ORDER BY m.held_on DESC, m.id DESC LIMIT {}",
        found.sql(),
        page.rows_wanted()
    );
    let rows: Vec<LineRow> = db::query_all(conn, &sql, found.values).await?;
    let lines: Result<Vec<Line>, Error> = rows
        .into_iter()
        .map(|row| {
            Ok(Line {
                meeting: row.meeting.try_into()?,
                items: row.items,
                tasks: row.tasks,
                struck: row.struck,
            })
        })
        .collect();
    Ok(Page::from_rows(lines?, page, LIST, |line| {
        (line.meeting.held_on.to_string(), line.meeting.id.clone())
    })?)
}

pub(crate) async fn count(
    conn: &impl ConnectionTrait,
    query: &MeetingQuery,
    viewer: &Viewer,
) -> Result<u64, Error> {
    let found = query.conditions(viewer);
    let sql = format!("SELECT COUNT(*) FROM meeting m {}", found.sql());
    let count = db::query_count(conn, &sql, found.values).await?;
    Ok(count.unsigned_abs())
}

pub(crate) async fn find(conn: &impl ConnectionTrait, id: &str) -> Result<Option<Meeting>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM meeting m WHERE m.id = $1");
    let row: Option<Row> = db::query_one(conn, &sql, [id.into()]).await?;
    row.map(Meeting::try_from).transpose()
}

/// Whether a series has its meeting of this slot.
pub(crate) async fn has_slot(
    conn: &impl ConnectionTrait,
    series: &str,
    slot: NaiveDate,
) -> Result<bool, Error> {
    let sql = "SELECT COUNT(*) FROM meeting WHERE series = $1 AND slot = $2";
    let count = db::query_count(conn, sql, [series.into(), slot.to_string().into()]).await?;
    Ok(count > 0)
}

pub(crate) async fn insert(tx: &Tx, meeting: &Meeting, now: DateTime<Utc>) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO meeting (id, series, slot, title, place, organisation, held_on, at_time, venue, chair, moved, task_days,
         state, minutes, why, secretary, version, changed_at) VALUES ({})",
        db::placeholders(1, 18)
    );
    let values = [
        meeting.id.as_str().into(),
        meeting.series.clone().into(),
        meeting.slot.map(|slot| slot.to_string()).into(),
        meeting.title.as_str().into(),
        meeting.place.as_str().into(),
        meeting.organisation.as_str().into(),
        meeting.held_on.to_string().into(),
        meeting.at_time.as_str().into(),
        meeting.venue.as_str().into(),
        meeting.chair.as_str().into(),
        meeting.moved.as_str().into(),
        meeting.task_days.into(),
        meeting.state.slug().into(),
        meeting.minutes.as_str().into(),
        meeting.why.as_str().into(),
        meeting.secretary.as_str().into(),
        meeting.version.into(),
        instant_text(now).into(),
    ];
    db::execute(tx, &sql, values).await?;
    Ok(())
}

/// Writes what may change of a meeting that was read with this version.
pub(crate) async fn update(tx: &Tx, meeting: &Meeting, now: DateTime<Utc>) -> Result<(), Error> {
    let sql = "UPDATE meeting SET held_on = $3, at_time = $4, venue = $5, chair = $6, moved = $7, state = $8, minutes = $9,
        why = $10, changed_at = $11, version = version + 1 WHERE id = $1 AND version = $2";
    let values = [
        meeting.id.as_str().into(),
        meeting.version.into(),
        meeting.held_on.to_string().into(),
        meeting.at_time.as_str().into(),
        meeting.venue.as_str().into(),
        meeting.chair.as_str().into(),
        meeting.moved.as_str().into(),
        meeting.state.slug().into(),
        meeting.minutes.as_str().into(),
        meeting.why.as_str().into(),
        instant_text(now).into(),
    ];
    one(db::execute(tx, sql, values).await?, "这次会议")
}

#[derive(Debug, FromQueryResult)]
struct ItemRow {
    id: String,
    position: i64,
    appeal: Option<String>,
    number: String,
    title: String,
    enterprise_name: String,
    words: String,
    result: String,
}

/// The agenda in its order.
pub(crate) async fn items(conn: &impl ConnectionTrait, meeting: &str) -> Result<Vec<Item>, Error> {
    let sql = "SELECT id, position, appeal, number, title, enterprise_name, words, result FROM meeting_item
        WHERE meeting = $1 ORDER BY position";
    let rows: Vec<ItemRow> = db::query_all(conn, sql, [meeting.into()]).await?;
    let item = |row: ItemRow| Item {
        id: row.id,
        position: row.position,
        appeal: row.appeal,
        number: row.number,
        title: row.title,
        enterprise_name: row.enterprise_name,
        words: row.words,
        result: row.result,
    };
    Ok(rows.into_iter().map(item).collect())
}

pub(crate) async fn insert_item(tx: &Tx, meeting: &str, item: &Item) -> Result<(), Error> {
    let sql = "INSERT INTO meeting_item (id, meeting, position, appeal, number, title, enterprise_name, words, result)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = [
        item.id.as_str().into(),
        meeting.into(),
        item.position.into(),
        item.appeal.clone().into(),
        item.number.as_str().into(),
        item.title.as_str().into(),
        item.enterprise_name.as_str().into(),
        item.words.as_str().into(),
        item.result.as_str().into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

pub(crate) async fn remove_item(tx: &Tx, meeting: &str, id: &str) -> Result<bool, Error> {
    let sql = "DELETE FROM meeting_item WHERE meeting = $1 AND id = $2";
    Ok(db::execute(tx, sql, [meeting.into(), id.into()]).await? == 1)
}

/// Numbers the agenda anew, in the order given.
pub(crate) async fn order_items(tx: &Tx, items: &[Item]) -> Result<(), Error> {
    for (position, item) in (1_i64..).zip(items) {
        let sql = "UPDATE meeting_item SET position = $2 WHERE id = $1";
        db::execute(tx, sql, [item.id.as_str().into(), position.into()]).await?;
    }
    Ok(())
}

pub(crate) async fn set_result(tx: &Tx, id: &str, result: &str) -> Result<(), Error> {
    let sql = "UPDATE meeting_item SET result = $2 WHERE id = $1";
    db::execute(tx, sql, [id.into(), result.into()]).await?;
    Ok(())
}

#[derive(Debug, FromQueryResult)]
struct AttendeeRow {
    id: String,
    part: String,
    body: String,
    person: String,
    present: bool,
}

/// Whoever takes part, the chair first.
pub(crate) async fn attendees(
    conn: &impl ConnectionTrait,
    meeting: &str,
) -> Result<Vec<Attendee>, Error> {
    let sql = "SELECT id, part, body, person, present FROM meeting_attendee WHERE meeting = $1 ORDER BY id";
    let rows: Vec<AttendeeRow> = db::query_all(conn, sql, [meeting.into()]).await?;
    let attendee = |row: AttendeeRow| {
        Ok(Attendee {
            id: row.id,
            part: AttendeePart::parse(&row.part).ok_or(Error::Stored(WHAT))?,
            body: row.body,
            person: row.person,
            present: row.present,
        })
    };
    let mut found: Vec<Attendee> = rows
        .into_iter()
        .map(attendee)
        .collect::<Result<_, Error>>()?;
    found.sort_by_key(|one| one.part);
    Ok(found)
}

pub(crate) async fn insert_attendee(tx: &Tx, meeting: &str, one: &Attendee) -> Result<(), Error> {
    let sql = "INSERT INTO meeting_attendee (id, meeting, part, body, person, present) VALUES ($1, $2, $3, $4, $5, $6)";
    let values = [
        one.id.as_str().into(),
        meeting.into(),
        one.part.slug().into(),
        one.body.as_str().into(),
        one.person.as_str().into(),
        one.present.into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

pub(crate) async fn remove_attendee(tx: &Tx, meeting: &str, id: &str) -> Result<bool, Error> {
    let sql = "DELETE FROM meeting_attendee WHERE meeting = $1 AND id = $2";
    Ok(db::execute(tx, sql, [meeting.into(), id.into()]).await? == 1)
}

/// Says who was there.
pub(crate) async fn set_present(tx: &Tx, id: &str, present: bool) -> Result<(), Error> {
    let sql = "UPDATE meeting_attendee SET present = $2 WHERE id = $1";
    db::execute(tx, sql, [id.into(), present.into()]).await?;
    Ok(())
}
