//! The table of candidates, and who of them stands on comparison lists.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use zhida_platform::access::Reach;
use zhida_platform::clock::{instant_text, parse_instant};
use zhida_platform::db::{self, Bulk, ConnectionTrait, Tx, Value};

use super::model::{Candidate, CandidateQuery, CandidateState, ItemCount};
use crate::reach::within;

/// Candidates that are read at a time.
const CHUNK: i64 = 5_000;

#[derive(FromQueryResult)]
struct Entry {
    enterprise: String,
    reason: String,
}

/// Who stands on one of these lists, and why: “失信名单（未履行判决）”.
pub(super) async fn listed(
    conn: &impl ConnectionTrait,
    lists: &[String],
) -> db::Result<HashMap<String, String>> {
    let mut found = HashMap::new();
    for list in lists {
        let mut after = String::new();
        loop {
            let sql = format!(
                "SELECT e.enterprise, CASE WHEN e.reason = '' THEN l.name ELSE l.name || '（' || e.reason || '）' END AS reason
                 FROM redemption_list_entry e JOIN redemption_list l ON l.id = e.list
                 WHERE e.list = $1 AND e.enterprise > $2 ORDER BY e.enterprise LIMIT {CHUNK}"
            );
            let values = [list.as_str().into(), after.as_str().into()];
            let rows: Vec<Entry> = db::query_all(conn, &sql, values).await?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.enterprise);
            for row in rows {
                found.entry(row.enterprise).or_insert(row.reason);
            }
        }
    }
    Ok(found)
}

/// On which of these lists an enterprise stands.
pub(crate) async fn held_back(
    conn: &impl ConnectionTrait,
    lists: &[String],
    enterprise: &str,
) -> db::Result<Option<String>> {
    let sql = "SELECT e.enterprise, CASE WHEN e.reason = '' THEN l.name ELSE l.name || '（' || e.reason || '）' END AS reason
               FROM redemption_list_entry e JOIN redemption_list l ON l.id = e.list
               WHERE e.list = $1 AND e.enterprise = $2";
    for list in lists {
        let values = [list.as_str().into(), enterprise.into()];
        let row: Option<Entry> = db::query_one(conn, sql, values).await?;
        if let Some(row) = row {
            return Ok(Some(row.reason));
        }
    }
    Ok(None)
}

const COLUMNS: &str = "id, item, enterprise, name, place, period, state, fen, fen_before, blocked_by, case_id, changed_at";

impl FromQueryResult for Candidate {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let (state, changed_at): (String, String) = (
            row.try_get(prefix, "state")?,
            row.try_get(prefix, "changed_at")?,
        );
        Ok(Self {
            id: row.try_get(prefix, "id")?,
            item: row.try_get(prefix, "item")?,
            enterprise: row.try_get(prefix, "enterprise")?,
            name: row.try_get(prefix, "name")?,
            place: row.try_get(prefix, "place")?,
            period: row.try_get(prefix, "period")?,
            state: CandidateState::parse(&state).unwrap_or(CandidateState::Lost),
            fen: row.try_get(prefix, "fen")?,
            fen_before: row.try_get(prefix, "fen_before")?,
            blocked_by: row.try_get(prefix, "blocked_by")?,
            case_id: row.try_get(prefix, "case_id")?,
            changed_at: parse_instant(&changed_at).unwrap_or_default(),
        })
    }
}

/// All candidates of an item in a period, by enterprise.
pub(super) async fn known(
    conn: &impl ConnectionTrait,
    item: &str,
    period: &str,
) -> db::Result<HashMap<String, Candidate>> {
    let mut found = HashMap::new();
    let mut after = String::new();
    loop {
        let sql = format!(
            "SELECT {COLUMNS} FROM redemption_candidate
             WHERE item = $1 AND period = $2 AND enterprise > $3 ORDER BY enterprise LIMIT {CHUNK}"
        );
        let values = [item.into(), period.into(), after.as_str().into()];
        let rows: Vec<Candidate> = db::query_all(conn, &sql, values).await?;
        let Some(last) = rows.last() else { break };
        after.clone_from(&last.enterprise);
        found.extend(rows.into_iter().map(|row| (row.enterprise.clone(), row)));
    }
    Ok(found)
}

/// Writes candidates as they are now, new ones and changed ones alike. One that was released meanwhile stays so.
pub(super) async fn put(tx: &Tx, candidates: &[Candidate], at: DateTime<Utc>) -> db::Result<u64> {
    let columns = [
        "id",
        "item",
        "enterprise",
        "name",
        "place",
        "period",
        "state",
        "fen",
        "fen_before",
        "blocked_by",
        "case_id",
        "seen_at",
        "changed_at",
    ];
    let conflict = "ON CONFLICT (item, enterprise, period) DO UPDATE SET name = excluded.name,
        place = excluded.place, state = excluded.state, fen = excluded.fen, fen_before = excluded.fen_before,
        blocked_by = excluded.blocked_by, seen_at = excluded.seen_at, changed_at = excluded.changed_at
        WHERE redemption_candidate.state <> 'released'";
    let mut bulk = Bulk::insert("redemption_candidate", &columns).on_conflict(conflict);
    for one in candidates {
        let row: [Value; 13] = [
            one.id.as_str().into(),
            one.item.as_str().into(),
            one.enterprise.as_str().into(),
            one.name.as_str().into(),
            one.place.as_str().into(),
            one.period.as_str().into(),
            one.state.slug().into(),
            one.fen.into(),
            one.fen_before.into(),
            one.blocked_by.as_str().into(),
            Option::<String>::None.into(),
            instant_text(at).into(),
            instant_text(one.changed_at).into(),
        ];
        bulk.push(tx, row).await?;
    }
    bulk.finish(tx).await
}

/// Nobody who waits for an item has it any more, but in this period.
pub(super) async fn lose(
    tx: &Tx,
    item: &str,
    but: Option<&str>,
    at: DateTime<Utc>,
) -> db::Result<u64> {
    let sql = "UPDATE redemption_candidate SET state = 'lost', changed_at = $3
               WHERE item = $1 AND state IN ('waiting', 'blocked') AND period <> $2";
    let values = [
        item.into(),
        // without a period none is spared: no candidate is of an empty one
        but.unwrap_or_default().into(),
        instant_text(at).into(),
    ];
    db::execute(tx, sql, values).await
}

/// Whoever was offered something and does not meet it any more: it is offered again when it does.
pub(crate) async fn lose_offered(
    tx: &Tx,
    (item, enterprise): (&str, &str),
    case: &str,
    at: DateTime<Utc>,
) -> db::Result<u64> {
    let sql = "UPDATE redemption_candidate SET state = 'lost', changed_at = $4
               WHERE item = $1 AND enterprise = $2 AND case_id = $3 AND state = 'released'";
    let values = [
        item.into(),
        enterprise.into(),
        case.into(),
        instant_text(at).into(),
    ];
    db::execute(tx, sql, values).await
}

/// Notes that a candidate was released as this case; false when somebody else was first, or it was lost.
pub(super) async fn release(tx: &Tx, id: &str, case: &str, at: DateTime<Utc>) -> db::Result<bool> {
    let sql = "UPDATE redemption_candidate SET state = 'released', case_id = $2, changed_at = $3
               WHERE id = $1 AND state = 'waiting'";
    let values = [id.into(), case.into(), instant_text(at).into()];
    Ok(db::execute(tx, sql, values).await? == 1)
}

pub(super) async fn candidate(
    conn: &impl ConnectionTrait,
    id: &str,
) -> db::Result<Option<Candidate>> {
    let sql = format!("SELECT {COLUMNS} FROM redemption_candidate WHERE id = $1");
    db::query_one(conn, &sql, [id.into()]).await
}

/// The conditions of a list: item, filter, reach.
fn filter(item: &str, query: &CandidateQuery, reach: &Reach) -> (String, Vec<Value>) {
    let mut sql = "item = $1".to_owned();
    let mut values: Vec<Value> = vec![item.into()];
    if let Some(state) = query.state {
        values.push(state.slug().into());
        sql.push_str(&format!(" AND state = ${}", values.len()));
    }
    let text = query.q.trim();
    if !text.is_empty() {
        values.push(text.to_ascii_uppercase().into());
        values.push(format!("%{}%", text.replace(['%', '_'], "")).into());
        let at = values.len();
        sql.push_str(&format!(
            " AND (enterprise = ${} OR name LIKE ${at})",
            at - 1
        ));
    }
    let reach = within(reach, ("enterprise", "place"), &mut values);
    (format!("{sql} AND {reach}"), values)
}

pub(super) async fn list(
    conn: &impl ConnectionTrait,
    item: &str,
    query: &CandidateQuery,
    reach: &Reach,
    after: Option<String>,
    limit: i64,
) -> db::Result<Vec<Candidate>> {
    let (filter, mut values) = filter(item, query, reach);
    values.push(after.unwrap_or_default().into());
    let at = values.len();
    let sql = format!(
        "SELECT {COLUMNS} FROM redemption_candidate WHERE {filter} AND id > ${at} ORDER BY id LIMIT {limit}"
    );
    db::query_all(conn, &sql, values).await
}

pub(super) async fn count(
    conn: &impl ConnectionTrait,
    item: &str,
    query: &CandidateQuery,
    reach: &Reach,
) -> db::Result<i64> {
    let (filter, values) = filter(item, query, reach);
    let sql = format!("SELECT COUNT(*) FROM redemption_candidate WHERE {filter}");
    db::query_count(conn, &sql, values).await
}

#[derive(FromQueryResult)]
struct StateCount {
    state: String,
    number: i64,
}

pub(crate) async fn counts(
    conn: &impl ConnectionTrait,
    item: &str,
    reach: &Reach,
) -> db::Result<ItemCount> {
    let (filter, values) = filter(item, &CandidateQuery::default(), reach);
    let sql = format!(
        "SELECT state, COUNT(*) AS number FROM redemption_candidate WHERE {filter} GROUP BY state"
    );
    let rows: Vec<StateCount> = db::query_all(conn, &sql, values).await?;
    let number = |state: CandidateState| {
        let row = rows.iter().find(|row| row.state == state.slug());
        row.map_or(0, |row| row.number)
    };
    Ok(ItemCount {
        waiting: number(CandidateState::Waiting),
        blocked: number(CandidateState::Blocked),
        released: number(CandidateState::Released),
        lost: number(CandidateState::Lost),
    })
}
