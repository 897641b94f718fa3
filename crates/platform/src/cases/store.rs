//! The only code that touches the tables of the cases.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use uuid::Uuid;
use zhida_casework::{
    Case, ClockName, ClockSet, Event, Kind, Named as _, Party, Rules, Turn, Urged, next_look,
};

use super::{DueCase, Error, Head};
use crate::clock::{instant_text, parse_instant};
use crate::db::{self, Bulk, ConnectionTrait, Tx, Value};

const EVENT: [&str; 9] = [
    "case_id",
    "seq",
    "at",
    "kind",
    "party",
    "account",
    "organisation",
    "actor",
    "body",
];
const CLOCK: [&str; 8] = [
    "case_id",
    "clock",
    "room",
    "acts",
    "organisation",
    "due_at",
    "look_at",
    "level",
];

pub(super) async fn head(
    conn: &impl ConnectionTrait,
    room: &str,
    id: Uuid,
) -> db::Result<Option<Head>> {
    let sql = format!(
        "SELECT {} FROM case_head h WHERE h.id = $1 AND h.room = $2",
        Head::COLUMNS
    );
    db::query_one(conn, &sql, [id.to_string().into(), room.into()]).await
}

pub(super) async fn id_of(
    conn: &impl ConnectionTrait,
    room: &str,
    number: &str,
) -> db::Result<Option<Uuid>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: String,
    }
    let sql = "SELECT id FROM case_head WHERE number = $1 AND room = $2";
    let row: Option<Row> = db::query_one(conn, sql, [number.into(), room.into()]).await?;
    Ok(row.and_then(|row| row.id.parse().ok()))
}

/// The events after a version, in order.
pub(super) async fn events<K: Kind>(
    conn: &impl ConnectionTrait,
    id: Uuid,
    after: i64,
) -> Result<Vec<Event<K>>, Error> {
    #[derive(FromQueryResult)]
    struct Row {
        body: String,
    }
    // a case has some dozen events; its route and its limits keep it from having thousands
    let sql = "SELECT body FROM case_event WHERE case_id = $1 AND seq > $2 ORDER BY seq";
    let rows: Vec<Row> = db::query_all(conn, sql, [id.to_string().into(), after.into()]).await?;
    let read = |row: &Row| serde_json::from_str(&row.body).map_err(Error::from);
    rows.iter().map(read).collect()
}

pub(super) async fn add_events<K: Kind>(
    tx: &Tx,
    id: Uuid,
    events: &[Event<K>],
) -> Result<(), Error> {
    let mut bulk = Bulk::insert("case_event", &EVENT);
    for event in events {
        let organisation = event.by.organisation();
        let row = [
            id.to_string().into(),
            i64::from(event.seq).into(),
            instant_text(event.at).into(),
            event.change.slug().into(),
            event.by.slug().into(),
            event.by.account().map(|id| id.to_string()).into(),
            organisation.map(|body| body.id.to_string()).into(),
            event.by.words().into(),
            serde_json::to_string(event)?.into(),
        ];
        bulk.push(tx, row).await?;
    }
    bulk.finish(tx).await?;
    Ok(())
}

/// What never changes of a head.
pub(super) struct Fixed<'a> {
    pub(super) room: &'a str,
    pub(super) number: &'a str,
    pub(super) enterprise: &'a str,
    pub(super) place: &'a str,
    pub(super) title: &'a str,
    pub(super) topic: &'a str,
}

pub(super) async fn add_head<K: Kind>(
    tx: &Tx,
    id: Uuid,
    fixed: &Fixed<'_>,
    case: &Case<K>,
    at: DateTime<Utc>,
) -> db::Result<()> {
    let sql = "INSERT INTO case_head (id, version, stage, outcome, turn, held, holder, holder_name, handler,
            handler_name, closed_at, changed_at, due_at, due_clock, urged, opened_at, room, number, enterprise, place, title,
            topic)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)";
    let mut values = moving(id, case, at);
    values.push(instant_text(case.opened_at()).into());
    for text in [
        fixed.room,
        fixed.number,
        fixed.enterprise,
        fixed.place,
        fixed.title,
        fixed.topic,
    ] {
        values.push(text.into());
    }
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// Writes what follows from the events, if the head still has the version `before`.
pub(super) async fn change_head<K: Kind>(
    tx: &Tx,
    id: Uuid,
    before: i64,
    case: &Case<K>,
    at: DateTime<Utc>,
) -> db::Result<bool> {
    let sql = "UPDATE case_head SET version = $2, stage = $3, outcome = $4, turn = $5, held = $6, holder = $7,
            holder_name = $8, handler = $9, handler_name = $10, closed_at = $11, changed_at = $12, due_at = $13,
            due_clock = $14, urged = $15
        WHERE id = $1 AND version = $16";
    let mut values = moving(id, case, at);
    values.push(before.into());
    Ok(db::execute(tx, sql, values).await? == 1)
}

fn moving<K: Kind>(id: Uuid, case: &Case<K>, at: DateTime<Utc>) -> Vec<Value> {
    let (holder, handler) = (case.holder(), case.handler());
    let due = case.due();
    vec![
        id.to_string().into(),
        i64::from(case.version()).into(),
        case.stage().slug().into(),
        case.ending().map(|ending| ending.outcome.slug()).into(),
        case.turn().slug().into(),
        (!case.holds().is_empty()).into(),
        holder.map(|holder| holder.id.to_string()).into(),
        holder.map(|holder| holder.name.clone()).into(),
        handler.map(|handler| handler.account.to_string()).into(),
        handler.map(|handler| handler.name.clone()).into(),
        case.ending().map(|ending| instant_text(ending.at)).into(),
        instant_text(at).into(),
        due.map(|(_, due)| instant_text(due.at)).into(),
        due.map(|(name, _)| name.to_string()).into(),
        case.urged().map(Urged::slug).into(),
    ]
}

/// Writes the rows of the clocks that are not stopped; `now` tells which warnings are over.
pub(super) async fn set_clocks<K: Kind>(
    tx: &Tx,
    id: Uuid,
    room: &str,
    case: &Case<K>,
    rules: &Rules<'_, K>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "DELETE FROM case_clock WHERE case_id = $1";
    db::execute(tx, sql, [id.to_string().into()]).await?;
    let mut bulk = Bulk::insert("case_clock", &CLOCK);
    for (name, running) in case.clocks() {
        if running.clock.stopped.is_some() {
            continue;
        }
        let (acts, organisation) = actor(case, *name);
        let due = running.due.as_ref().filter(|_| !running.clock.is_paused());
        let look = next_look(case, *name, now, rules)?;
        let row = [
            id.to_string().into(),
            name.to_string().into(),
            room.into(),
            acts.slug().into(),
            organisation.map(|id| id.to_string()).into(),
            due.map(|due| instant_text(due.at)).into(),
            look.map(instant_text).into(),
            i64::from(running.level).into(),
        ];
        bulk.push(tx, row).await?;
    }
    bulk.finish(tx).await?;
    Ok(())
}

/// Who must act for a clock.
fn actor<K: Kind>(case: &Case<K>, name: ClockName) -> (Turn, Option<Uuid>) {
    match name {
        ClockName::Opinion(organisation) => (Turn::Office, Some(organisation)),
        ClockName::Completion => (Turn::Enterprise, None),
        // decided by another body than the one that holds the case
        ClockName::Objection => (Turn::Office, None),
        ClockName::Stage | ClockName::Total => (case.turn(), case.holder().map(|holder| holder.id)),
    }
}

#[derive(FromQueryResult)]
struct Found {
    id: String,
}

fn ids(rows: Vec<Found>) -> Vec<Uuid> {
    let parsed = rows.into_iter().filter_map(|row| row.id.parse().ok());
    parsed.collect()
}

/// Cases with a clock to be looked at, by since when; those that are stuck only when their next try is due.
pub(super) async fn due_before(
    conn: &impl ConnectionTrait,
    room: &str,
    now: DateTime<Utc>,
    after: Option<DueCase>,
    limit: i64,
) -> db::Result<Vec<DueCase>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: String,
        look_at: String,
    }
    let sql = "SELECT c.case_id AS id, c.look_at FROM case_clock c
        WHERE c.room = $1 AND c.look_at <= $2 AND (c.look_at, c.case_id) > ($3, $4)
          AND NOT EXISTS (SELECT 1 FROM case_stuck s
                          WHERE s.case_id = c.case_id AND s.task = 'due' AND s.next_at > $2)
        ORDER BY c.look_at, c.case_id LIMIT $5";
    let (since, id) = after.map_or_else(Default::default, |after| {
        (instant_text(after.look_at), after.id.to_string())
    });
    let values = [
        room.into(),
        instant_text(now).into(),
        since.into(),
        id.into(),
        limit.into(),
    ];
    let rows: Vec<Row> = db::query_all(conn, sql, values).await?;
    let read = |row: Row| {
        Some(DueCase {
            id: row.id.parse().ok()?,
            look_at: parse_instant(&row.look_at)?,
        })
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// Open cases, in the order of their ids.
pub(super) async fn open_after(
    conn: &impl ConnectionTrait,
    room: &str,
    after: Option<Uuid>,
    limit: i64,
) -> db::Result<Vec<Uuid>> {
    let sql = "SELECT id FROM case_head WHERE room = $1 AND id > $2 AND closed_at IS NULL ORDER BY id LIMIT $3";
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let values = [room.into(), after.into(), limit.into()];
    Ok(ids(db::query_all(conn, sql, values).await?))
}

/// Who did what last: for whoever was slower.
pub(super) async fn last_event<K: Kind>(
    conn: &impl ConnectionTrait,
    id: Uuid,
    after: i64,
) -> Result<Option<Event<K>>, Error> {
    Ok(events(conn, id, after).await?.pop())
}

/// When a case was last changed, as its head says.
pub(super) fn conflict<K: Kind>(event: &Event<K>) -> super::Conflict {
    super::Conflict {
        by: match &event.by {
            Party::System { name } => name.clone(),
            by => by.words(),
        },
        at: event.at,
        what: event.change.words(),
    }
}

/// The calendar's version, text and reason.
pub(super) async fn calendar(
    conn: &impl ConnectionTrait,
) -> db::Result<Option<(i64, String, String, Option<DateTime<Utc>>)>> {
    #[derive(FromQueryResult)]
    struct Row {
        version: i64,
        body: String,
        why: String,
        changed_at: String,
    }
    let sql = "SELECT version, body, why, changed_at FROM work_calendar WHERE id = 1";
    let row: Option<Row> = db::query_one(conn, sql, []).await?;
    Ok(row.map(|row| {
        (
            row.version,
            row.body,
            row.why,
            parse_instant(&row.changed_at),
        )
    }))
}

pub(super) async fn set_calendar(
    tx: &Tx,
    version: i64,
    body: &str,
    why: &str,
    now: DateTime<Utc>,
) -> db::Result<bool> {
    let sql =
        "INSERT INTO work_calendar (id, version, body, why, changed_at) VALUES (1, 1, $1, $2, $3)
        ON CONFLICT (id) DO UPDATE SET version = work_calendar.version + 1, body = excluded.body,
            why = excluded.why, changed_at = excluded.changed_at
        WHERE work_calendar.version = $4";
    let values = [
        body.into(),
        why.into(),
        instant_text(now).into(),
        version.into(),
    ];
    Ok(db::execute(tx, sql, values).await? == 1)
}

/// How far a room has come with computing its due dates by the calendar.
#[derive(Debug, Default, FromQueryResult)]
pub(super) struct Applied {
    /// The state of the calendar that all of them were computed with.
    pub(super) mark: String,
    /// The state that they are being computed with, and the last case that was.
    pub(super) towards: Option<String>,
    pub(super) after_id: Option<String>,
}

pub(super) async fn applied(conn: &impl ConnectionTrait, room: &str) -> db::Result<Applied> {
    let sql = "SELECT mark, towards, after_id FROM work_calendar_applied WHERE room = $1";
    let row = db::query_one(conn, sql, [room.into()]).await?;
    Ok(row.unwrap_or_default())
}

pub(super) async fn set_applied(tx: &Tx, room: &str, applied: &Applied) -> db::Result<()> {
    let sql =
        "INSERT INTO work_calendar_applied (room, mark, towards, after_id) VALUES ($1, $2, $3, $4)
        ON CONFLICT (room) DO UPDATE SET mark = excluded.mark, towards = excluded.towards,
            after_id = excluded.after_id";
    let values = [
        room.into(),
        applied.mark.as_str().into(),
        applied.towards.clone().into(),
        applied.after_id.clone().into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// Open cases of which a clock is due then or later, in the order of their ids, and how many there are.
pub(super) async fn due_from(
    conn: &impl ConnectionTrait,
    from: DateTime<Utc>,
    limit: i64,
) -> db::Result<(Vec<Uuid>, i64)> {
    let from = instant_text(from);
    let sql = "SELECT COUNT(DISTINCT case_id) FROM case_clock WHERE due_at >= $1";
    let number = db::query_count(conn, sql, [from.as_str().into()]).await?;
    let sql = "SELECT DISTINCT case_id AS id FROM case_clock WHERE due_at >= $1 ORDER BY case_id LIMIT $2";
    let found = db::query_all(conn, sql, [from.into(), limit.into()]).await?;
    Ok((ids(found), number))
}

/// The clocks of a case as its last events left them, whatever its room.
pub(super) async fn running(
    conn: &impl ConnectionTrait,
    id: Uuid,
) -> Result<BTreeMap<ClockName, ClockSet>, Error> {
    /// What all events have.
    #[derive(serde::Deserialize)]
    struct Any {
        #[serde(default)]
        clocks: Vec<ClockSet>,
    }
    #[derive(FromQueryResult)]
    struct Row {
        body: String,
    }
    let sql = "SELECT body FROM case_event WHERE case_id = $1 ORDER BY seq";
    let rows: Vec<Row> = db::query_all(conn, sql, [id.to_string().into()]).await?;
    let mut clocks = BTreeMap::new();
    for row in rows {
        let event: Any = serde_json::from_str(&row.body)?;
        clocks.extend(event.clocks.into_iter().map(|set| (set.name, set)));
    }
    Ok(clocks)
}
