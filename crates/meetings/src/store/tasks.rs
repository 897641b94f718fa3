//! The tables of tasks and their notes.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::FromQueryResult;
use zhida_platform::access::Viewer;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx};
use zhida_platform::ids;
use zhida_platform::paging::{Page, PageRequest};

use super::{day, instant, one};
use crate::error::Error;
use crate::model::{Note, Tally, Task};
use crate::query::TaskQuery;
use crate::words::{NoteKind, TaskState};

const WHAT: &str = "交办事项";
const LIST: &str = "meetings:task";
const SELECT: &str = "SELECT t.id, t.meeting, m.title AS meeting_title, m.held_on AS meeting_on, t.position, t.item, t.appeal,
    t.appeal_number, t.place, t.matter, t.measure, t.leader, t.body, t.body_id, t.person, t.due_on, t.state, t.done_on,
    t.struck_at, t.struck_by, t.version FROM meeting_task t JOIN meeting m ON m.id = t.meeting";

#[derive(Debug, FromQueryResult)]
struct Row {
    id: String,
    meeting: String,
    meeting_title: String,
    meeting_on: String,
    position: i64,
    item: Option<String>,
    appeal: Option<String>,
    appeal_number: String,
    place: String,
    matter: String,
    measure: String,
    leader: String,
    body: String,
    body_id: String,
    person: String,
    due_on: String,
    state: String,
    done_on: Option<String>,
    struck_at: Option<String>,
    struck_by: String,
    version: i64,
}

impl TryFrom<Row> for Task {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let done_on = row.done_on.map(|on| day(&on, WHAT)).transpose()?;
        let struck_at = row.struck_at.map(|at| instant(&at, WHAT)).transpose()?;
        Ok(Self {
            meeting_on: day(&row.meeting_on, WHAT)?,
            due_on: day(&row.due_on, WHAT)?,
            state: TaskState::parse(&row.state).ok_or(Error::Stored(WHAT))?,
            id: row.id,
            meeting: row.meeting,
            meeting_title: row.meeting_title,
            position: row.position,
            item: row.item,
            appeal: row.appeal,
            appeal_number: row.appeal_number,
            place: row.place,
            matter: row.matter,
            measure: row.measure,
            leader: row.leader,
            body: row.body,
            body_id: row.body_id,
            person: row.person,
            done_on,
            struck_at,
            struck_by: row.struck_by,
            version: row.version,
        })
    }
}

/// What is due first comes first.
pub(crate) async fn list(
    conn: &impl ConnectionTrait,
    query: &TaskQuery,
    viewer: &Viewer,
    today: NaiveDate,
    page: &PageRequest,
) -> Result<Page<Task>, Error> {
    let mut found = query.conditions(viewer, today);
    if let Some((due_on, id)) = page.cursor::<(String, String)>(LIST)? {
        found.values.extend([due_on.into(), id.into()]);
        let at = found.values.len();
        found.always(format!(
            "(t.due_on > ${} OR (t.due_on = ${} AND t.id > ${at}))",
            at - 1,
            at - 1
        ));
    }
    let sql = format!(
        "{SELECT} {} ORDER BY t.due_on, t.id LIMIT {}",
        found.sql(),
        page.rows_wanted()
    );
    let rows: Vec<Row> = db::query_all(conn, &sql, found.values).await?;
    let tasks: Result<Vec<Task>, Error> = rows.into_iter().map(Task::try_from).collect();
    Ok(Page::from_rows(tasks?, page, LIST, |task| {
        (task.due_on.to_string(), task.id.clone())
    })?)
}

#[derive(Debug, FromQueryResult)]
struct TallyRow {
    tasks: i64,
    open: Option<i64>,
    overdue: Option<i64>,
    done: Option<i64>,
    struck: Option<i64>,
    on_time: Option<i64>,
}

/// How the tasks of a query stand: each number is the count of the same query with that state.
pub(crate) async fn tally(
    conn: &impl ConnectionTrait,
    query: &TaskQuery,
    viewer: &Viewer,
    today: NaiveDate,
) -> Result<Tally, Error> {
    let mut found = query.conditions(viewer, today);
    found.values.push(today.to_string().into());
    let at = found.values.len();
    let sum =
        |condition: &str| format!("CAST(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END) AS BIGINT)");
    let sql = format!(
        "SELECT COUNT(*) AS tasks, {} AS open, {} AS overdue, {} AS done, {} AS struck, {} AS on_time
         FROM meeting_task t {}",
        sum("t.state = 'open'"),
        sum(&format!("t.state = 'open' AND t.due_on < ${at}")),
        sum("t.state = 'done'"),
        sum("t.state = 'struck'"),
        sum("t.done_on IS NOT NULL AND t.done_on <= t.due_on"),
        found.sql()
    );
    let row: Option<TallyRow> = db::query_one(conn, &sql, found.values).await?;
    let number = |number: Option<i64>| number.unwrap_or_default().unsigned_abs();
    Ok(row.map_or_else(Tally::default, |row| Tally {
        all: row.tasks.unsigned_abs(),
        open: number(row.open),
        overdue: number(row.overdue),
        done: number(row.done),
        struck: number(row.struck),
        on_time: number(row.on_time),
    }))
}

pub(crate) async fn find(conn: &impl ConnectionTrait, id: &str) -> Result<Option<Task>, Error> {
    let sql = format!("{SELECT} WHERE t.id = $1");
    let row: Option<Row> = db::query_one(conn, &sql, [id.into()]).await?;
    row.map(Task::try_from).transpose()
}

/// The tasks of a meeting in the order in which they were given.
pub(crate) async fn of_meeting(
    conn: &impl ConnectionTrait,
    meeting: &str,
) -> Result<Vec<Task>, Error> {
    let sql = format!("{SELECT} WHERE t.meeting = $1 ORDER BY t.position");
    let rows: Vec<Row> = db::query_all(conn, &sql, [meeting.into()]).await?;
    rows.into_iter().map(Task::try_from).collect()
}

/// Open tasks that are due until a day and of which nobody was reminded that day.
pub(crate) async fn due_until(
    conn: &impl ConnectionTrait,
    until: NaiveDate,
    today: NaiveDate,
    limit: i64,
) -> Result<Vec<Task>, Error> {
    let sql = format!(
        "{SELECT} WHERE t.state = 'open' AND t.due_on <= $1 AND t.reminded_on < $2 ORDER BY t.due_on, t.id LIMIT {limit}"
    );
    let values = [until.to_string().into(), today.to_string().into()];
    let rows: Vec<Row> = db::query_all(conn, &sql, values).await?;
    rows.into_iter().map(Task::try_from).collect()
}

pub(crate) async fn set_reminded(tx: &Tx, id: &str, on: NaiveDate) -> Result<(), Error> {
    let sql = "UPDATE meeting_task SET reminded_on = $2 WHERE id = $1";
    db::execute(tx, sql, [id.into(), on.to_string().into()]).await?;
    Ok(())
}

pub(crate) async fn insert(tx: &Tx, task: &Task, now: DateTime<Utc>) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO meeting_task (id, meeting, position, item, appeal, appeal_number, place, matter, measure, leader, body,
         body_id, person, due_on, state, given_at, struck_by, reminded_on, version) VALUES ({})",
        db::placeholders(1, 19)
    );
    let values = [
        task.id.as_str().into(),
        task.meeting.as_str().into(),
        task.position.into(),
        task.item.clone().into(),
        task.appeal.clone().into(),
        task.appeal_number.as_str().into(),
        task.place.as_str().into(),
        task.matter.as_str().into(),
        task.measure.as_str().into(),
        task.leader.as_str().into(),
        task.body.as_str().into(),
        task.body_id.as_str().into(),
        task.person.as_str().into(),
        task.due_on.to_string().into(),
        task.state.slug().into(),
        instant_text(now).into(),
        "".into(),
        "".into(),
        task.version.into(),
    ];
    db::execute(tx, &sql, values).await?;
    Ok(())
}

/// Writes what may change of a task that was read with this version.
pub(crate) async fn update(tx: &Tx, task: &Task) -> Result<(), Error> {
    let sql = "UPDATE meeting_task SET due_on = $3, state = $4, done_on = $5, struck_at = $6, struck_by = $7,
        version = version + 1 WHERE id = $1 AND version = $2";
    let values = [
        task.id.as_str().into(),
        task.version.into(),
        task.due_on.to_string().into(),
        task.state.slug().into(),
        task.done_on.map(|on| on.to_string()).into(),
        task.struck_at.map(instant_text).into(),
        task.struck_by.as_str().into(),
    ];
    one(db::execute(tx, sql, values).await?, "这个事项")
}

#[derive(Debug, FromQueryResult)]
struct NoteRow {
    kind: String,
    words: String,
    noted_at: String,
    noted_by: String,
}

/// What happened to a task, newest first.
pub(crate) async fn notes(conn: &impl ConnectionTrait, task: &str) -> Result<Vec<Note>, Error> {
    let sql =
        "SELECT kind, words, noted_at, noted_by FROM meeting_note WHERE task = $1 ORDER BY id DESC";
    let rows: Vec<NoteRow> = db::query_all(conn, sql, [task.into()]).await?;
    let note = |row: NoteRow| {
        Ok(Note {
            kind: NoteKind::parse(&row.kind).ok_or(Error::Stored(WHAT))?,
            at: instant(&row.noted_at, WHAT)?,
            words: row.words,
            by: row.noted_by,
        })
    };
    rows.into_iter().map(note).collect()
}

pub(crate) async fn insert_note(
    tx: &Tx,
    task: &str,
    kind: NoteKind,
    words: &str,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "INSERT INTO meeting_note (id, task, kind, words, noted_at, noted_by) VALUES ($1, $2, $3, $4, $5, $6)";
    let values = [
        ids::next(now).to_string().into(),
        task.into(),
        kind.slug().into(),
        words.into(),
        instant_text(now).into(),
        by.into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}
