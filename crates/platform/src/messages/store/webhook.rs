use chrono::{DateTime, Utc};

use super::super::book::Recipient;
use super::super::webhook::{EVERY_EVENT, Endpoint, Owner, Scope};
use super::Lease;
use crate::clock::{instant_text, parse_instant};
use crate::db::{self, ConnectionTrait, FromQueryResult, Tx, Value};

/// Endpoints that one message may go to.
const ENDPOINTS_MAX: i64 = 1_000;

pub(crate) async fn insert_endpoint(
    tx: &Tx,
    endpoint: &Endpoint,
    sealed: &str,
    by: &str,
) -> db::Result<u64> {
    let owner = endpoint.owner.recipient();
    let events = serde_json::Value::from(endpoint.events.clone()).to_string();
    let values: [Value; 9] = [
        endpoint.id.as_str().into(),
        owner.kind().into(),
        owner.id().into(),
        endpoint.scope.slug().into(),
        endpoint.url.as_str().into(),
        events.into(),
        sealed.into(),
        by.into(),
        instant_text(endpoint.created_at).into(),
    ];
    db::execute(
        tx,
        "INSERT INTO webhook_endpoint (id, owner_kind, owner, scope, url, events, secret,
             secret_previous, previous_until, state, off_reason, created_by, created_at,
             last_number, attempts, failing_since, due_at, lease_owner, lease_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, '', '', 'on', '', $8, $9, 0, 0, '', $9, '', '')",
        values,
    )
    .await
}

#[derive(FromQueryResult)]
struct EndpointRow {
    id: String,
    owner_kind: String,
    owner: String,
    scope: String,
    url: String,
    events: String,
    state: String,
    off_reason: String,
    last_number: i64,
    failing_since: String,
    created_at: String,
}

impl From<EndpointRow> for Endpoint {
    fn from(row: EndpointRow) -> Self {
        Self {
            id: row.id,
            owner: Owner::of(&row.owner_kind, row.owner),
            scope: if row.scope == Scope::All.slug() {
                Scope::All
            } else {
                Scope::Own
            },
            url: row.url,
            events: serde_json::from_str(&row.events).unwrap_or_default(),
            is_on: row.state == "on",
            off_reason: row.off_reason,
            last_number: row.last_number,
            failing_since: parse_instant(&row.failing_since),
            created_at: parse_instant(&row.created_at).unwrap_or_default(),
        }
    }
}

const ENDPOINT: &str = "SELECT id, owner_kind, owner, scope, url, events, state, off_reason,
    last_number, failing_since, created_at FROM webhook_endpoint";

/// Oldest first; those after `after` on later pages.
pub(crate) async fn all_endpoints(
    conn: &impl ConnectionTrait,
    after: Option<&str>,
    limit: i64,
) -> db::Result<Vec<Endpoint>> {
    let sql = format!("{ENDPOINT} WHERE id > $1 ORDER BY id LIMIT $2");
    let values = [after.unwrap_or_default().into(), limit.into()];
    let rows: Vec<EndpointRow> = db::query_all(conn, &sql, values).await?;
    Ok(rows.into_iter().map(Endpoint::from).collect())
}

/// How many endpoints there are.
pub(crate) async fn endpoint_count(conn: &impl ConnectionTrait) -> db::Result<i64> {
    db::query_count(conn, "SELECT COUNT(*) FROM webhook_endpoint", []).await
}

/// How many events wait for each of these endpoints; those for which none waits are left out.
pub(crate) async fn waiting(
    conn: &impl ConnectionTrait,
    ids: &[&str],
) -> db::Result<Vec<(String, i64)>> {
    #[derive(FromQueryResult)]
    struct Row {
        address: String,
        waiting: i64,
    }
    let sql = format!(
        "SELECT address, COUNT(*) AS waiting FROM delivery
         WHERE channel = 'webhook' AND state = 'queued' AND address IN ({}) GROUP BY address",
        db::text_members(conn)
    );
    let values = [db::members_value(ids.iter().copied())];
    let rows: Vec<Row> = db::query_all(conn, &sql, values).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.address, row.waiting))
        .collect())
}

pub(crate) async fn endpoint(
    conn: &impl ConnectionTrait,
    id: &str,
) -> db::Result<Option<Endpoint>> {
    let sql = format!("{ENDPOINT} WHERE id = $1");
    let row: Option<EndpointRow> = db::query_one(conn, &sql, [id.into()]).await?;
    Ok(row.map(Endpoint::from))
}

/// 统一社会信用代码 of the enterprises that have an endpoint, after this one.
pub(crate) async fn enterprises_with_endpoints(
    conn: &impl ConnectionTrait,
    after: &str,
    limit: i64,
) -> db::Result<Vec<String>> {
    #[derive(FromQueryResult)]
    struct Row {
        owner: String,
    }
    let sql = "SELECT DISTINCT owner FROM webhook_endpoint
               WHERE owner_kind = 'enterprise' AND owner > $1 ORDER BY owner LIMIT $2";
    let rows: Vec<Row> = db::query_all(conn, sql, [after.into(), limit.into()]).await?;
    Ok(rows.into_iter().map(|row| row.owner).collect())
}

pub(crate) async fn endpoints_of(
    conn: &impl ConnectionTrait,
    owner: &Owner,
) -> db::Result<Vec<Endpoint>> {
    let sql = format!("{ENDPOINT} WHERE owner = $1 AND owner_kind = $2 ORDER BY id LIMIT $3");
    let owner = owner.recipient();
    let values = [owner.id().into(), owner.kind().into(), ENDPOINTS_MAX.into()];
    let rows: Vec<EndpointRow> = db::query_all(conn, &sql, values).await?;
    Ok(rows.into_iter().map(Endpoint::from).collect())
}

/// The endpoints that a message goes to: its recipient's own, or those of all
/// subscribers. One that is off still collects what it will be sent later.
pub(crate) async fn endpoints_for(
    conn: &impl ConnectionTrait,
    to: Recipient<'_>,
    event: &str,
) -> db::Result<Vec<String>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: String,
        events: String,
    }
    let rows: Vec<Row> = match to {
        // an endpoint belongs to no body
        Recipient::Address(_) | Recipient::Organisation(_) => return Ok(Vec::new()),
        Recipient::Subscribers => {
            let sql = "SELECT id, events FROM webhook_endpoint WHERE scope = 'all'
                       ORDER BY id LIMIT $1";
            db::query_all(conn, sql, [ENDPOINTS_MAX.into()]).await?
        }
        Recipient::Account(_) | Recipient::Enterprise(_) | Recipient::Role(_) => {
            let sql = "SELECT id, events FROM webhook_endpoint
                       WHERE owner = $1 AND owner_kind = $2
                         AND (scope = 'own' OR owner_kind = 'role') ORDER BY id LIMIT $3";
            let values = [to.id().into(), to.kind().into(), ENDPOINTS_MAX.into()];
            db::query_all(conn, sql, values).await?
        }
    };
    let wants = |row: &Row| {
        let events: Vec<String> = serde_json::from_str(&row.events).unwrap_or_default();
        events
            .iter()
            .any(|wanted| wanted == event || wanted == EVERY_EVENT)
    };
    Ok(rows.into_iter().filter(wants).map(|row| row.id).collect())
}

/// `$1` to `$3`: one endpoint of this owner.
const OF_OWNER: &str = "id = $1 AND owner = $2 AND owner_kind = $3";

fn key(owner: &Owner, id: &str) -> [Value; 3] {
    let owner = owner.recipient();
    [id.into(), owner.id().into(), owner.kind().into()]
}

pub(crate) async fn renew_secret(
    tx: &Tx,
    owner: &Owner,
    id: &str,
    sealed: &str,
    until: DateTime<Utc>,
) -> db::Result<u64> {
    let sql = format!(
        "UPDATE webhook_endpoint SET secret_previous = secret, previous_until = $4, secret = $5
         WHERE {OF_OWNER}"
    );
    let more = [instant_text(until).into(), sealed.into()];
    db::execute(tx, &sql, key(owner, id).into_iter().chain(more)).await
}

pub(crate) async fn switch_on(
    tx: &Tx,
    owner: &Owner,
    id: &str,
    now: DateTime<Utc>,
) -> db::Result<u64> {
    let sql = format!(
        "UPDATE webhook_endpoint SET state = 'on', off_reason = '', attempts = 0,
             failing_since = '', due_at = $4
         WHERE {OF_OWNER}"
    );
    db::execute(
        tx,
        &sql,
        key(owner, id).into_iter().chain([instant_text(now).into()]),
    )
    .await
}

pub(crate) async fn switch_off(tx: &Tx, owner: &Owner, id: &str, why: &str) -> db::Result<u64> {
    let sql = format!(
        "UPDATE webhook_endpoint SET state = 'off', off_reason = $4, lease_owner = '',
             lease_until = ''
         WHERE {OF_OWNER}"
    );
    db::execute(tx, &sql, key(owner, id).into_iter().chain([why.into()])).await
}

pub(crate) async fn wake(tx: &Tx, owner: &Owner, id: &str, now: DateTime<Utc>) -> db::Result<u64> {
    let sql = format!("UPDATE webhook_endpoint SET due_at = $4 WHERE {OF_OWNER}");
    db::execute(
        tx,
        &sql,
        key(owner, id).into_iter().chain([instant_text(now).into()]),
    )
    .await
}

pub(crate) async fn remove_endpoint(tx: &Tx, owner: &Owner, id: &str) -> db::Result<u64> {
    let sql = format!("DELETE FROM webhook_endpoint WHERE {OF_OWNER}");
    let removed = db::execute(tx, &sql, key(owner, id)).await?;
    if removed == 1 {
        let sql = "DELETE FROM delivery WHERE address = $1 AND channel = 'webhook'";
        db::execute(tx, sql, [id.into()]).await?;
    }
    Ok(removed)
}

pub(crate) async fn replay(tx: &Tx, id: &str, from: i64) -> db::Result<u64> {
    let sql = "UPDATE delivery SET state = 'queued', error = '', sent_at = NULL
               WHERE address = $1 AND number >= $2 AND channel = 'webhook' AND state <> 'queued'";
    db::execute(tx, sql, [id.into(), from.into()]).await
}

/// An endpoint that this server serves.
#[derive(Clone, FromQueryResult)]
pub(crate) struct DueEndpoint {
    pub id: String,
    pub owner_kind: String,
    pub owner: String,
    pub url: String,
    pub secret: String,
    pub secret_previous: String,
    pub previous_until: String,
    pub last_number: i64,
    pub attempts: i64,
    pub failing_since: String,
}

/// Takes an endpoint that is on, due, and has something to be sent.
pub(crate) async fn claim_endpoint(tx: &Tx, lease: &Lease<'_>) -> db::Result<Option<DueEndpoint>> {
    let free = "state = 'on' AND due_at <= $1 AND lease_until <= $1";
    let sql = format!(
        "UPDATE webhook_endpoint SET lease_owner = $2, lease_until = $3
         WHERE id = (SELECT e.id FROM webhook_endpoint e
                     WHERE e.state = 'on' AND e.due_at <= $1 AND e.lease_until <= $1
                       AND EXISTS (SELECT 1 FROM delivery d
                                   WHERE d.address = e.id AND d.channel = 'webhook'
                                     AND d.state = 'queued')
                     ORDER BY e.due_at, e.id LIMIT 1)
           AND {free}
         RETURNING id, owner_kind, owner, url, secret, secret_previous, previous_until,
             last_number, attempts, failing_since"
    );
    let (now, until) = (instant_text(lease.now), instant_text(lease.until));
    db::query_one(tx, &sql, [now.into(), lease.owner.into(), until.into()]).await
}

/// An endpoint with its secrets, for a test.
pub(crate) async fn endpoint_to_test(
    conn: &impl ConnectionTrait,
    id: &str,
) -> db::Result<Option<DueEndpoint>> {
    let sql = "SELECT id, owner_kind, owner, url, secret, secret_previous, previous_until,
                   last_number, attempts, failing_since
               FROM webhook_endpoint WHERE id = $1";
    db::query_one(conn, sql, [id.into()]).await
}

#[derive(FromQueryResult)]
struct Id {
    id: String,
}

/// Gives the endpoint's newest events their numbers, in the order of their
/// ids. Only the server that holds the endpoint does this.
pub(crate) async fn number_events(tx: &Tx, endpoint: &DueEndpoint, limit: i64) -> db::Result<()> {
    let sql = "SELECT id FROM delivery WHERE address = $1 AND channel = 'webhook'
                 AND state = 'queued' AND number IS NULL ORDER BY id LIMIT $2";
    let values = [endpoint.id.as_str().into(), limit.into()];
    let new: Vec<Id> = db::query_all(tx, sql, values).await?;
    let mut number = endpoint.last_number;
    for event in &new {
        number += 1;
        let sql = "UPDATE delivery SET number = $2 WHERE id = $1";
        db::execute(tx, sql, [event.id.as_str().into(), number.into()]).await?;
    }
    if number > endpoint.last_number {
        let sql = "UPDATE webhook_endpoint SET last_number = $2 WHERE id = $1";
        db::execute(tx, sql, [endpoint.id.as_str().into(), number.into()]).await?;
    }
    Ok(())
}

/// An event to be sent, with its message.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct Event {
    pub id: String,
    pub number: i64,
    pub event: String,
    pub recipient_kind: String,
    pub recipient: String,
    pub title: String,
    pub body: String,
    pub link: String,
    pub fields: String,
    pub subject_kind: String,
    pub subject_id: String,
    pub created_at: String,
}

/// The endpoint's numbered events that wait, in order.
pub(crate) async fn next_events(
    conn: &impl ConnectionTrait,
    endpoint: &str,
    limit: i64,
) -> db::Result<Vec<Event>> {
    let sql = "SELECT d.id, d.number, m.event, m.recipient_kind, m.recipient, m.title, m.body,
                      m.link, m.fields, m.subject_kind, m.subject_id, m.created_at
               FROM delivery d JOIN message m ON m.id = d.message_id
               WHERE d.address = $1 AND d.channel = 'webhook' AND d.state = 'queued'
                 AND d.number IS NOT NULL
               ORDER BY d.number LIMIT $2";
    db::query_all(conn, sql, [endpoint.into(), limit.into()]).await
}

pub(crate) async fn renew_lease(tx: &Tx, id: &str, lease: &Lease<'_>) -> db::Result<u64> {
    let sql = "UPDATE webhook_endpoint SET lease_until = $3
               WHERE id = $1 AND lease_owner = $2 AND state = 'on' AND lease_until >= $4";
    let (now, until) = (instant_text(lease.now), instant_text(lease.until));
    db::execute(
        tx,
        sql,
        [id.into(), lease.owner.into(), until.into(), now.into()],
    )
    .await
}

/// Notes a try at an event: taken, or why not.
pub(crate) async fn settle_event(
    tx: &Tx,
    id: &str,
    fault: Option<&str>,
    now: DateTime<Utc>,
) -> db::Result<u64> {
    let (state, sent) = match fault {
        None => ("sent", Some(instant_text(now))),
        Some(_) => ("queued", None),
    };
    let sql = "UPDATE delivery SET state = $2, error = $3, sent_at = $4, attempts = attempts + 1
               WHERE id = $1";
    let fault = fault.unwrap_or_default();
    db::execute(
        tx,
        sql,
        [id.into(), state.into(), fault.into(), sent.into()],
    )
    .await
}

pub(crate) async fn recovered(tx: &Tx, id: &str) -> db::Result<u64> {
    let sql = "UPDATE webhook_endpoint SET attempts = 0, failing_since = ''
               WHERE id = $1 AND attempts > 0";
    db::execute(tx, sql, [id.into()]).await
}

/// Gives an endpoint back; after a failure with when failures began and when
/// the next try is due.
pub(crate) async fn release(
    tx: &Tx,
    id: &str,
    owner: &str,
    failed: Option<(DateTime<Utc>, DateTime<Utc>)>,
) -> db::Result<u64> {
    let free = "UPDATE webhook_endpoint SET lease_owner = '', lease_until = ''";
    let mine = "WHERE id = $1 AND lease_owner = $2";
    match failed {
        None => db::execute(tx, &format!("{free} {mine}"), [id.into(), owner.into()]).await,
        Some((since, due)) => {
            let sql =
                format!("{free}, attempts = attempts + 1, failing_since = $3, due_at = $4 {mine}");
            let (since, due) = (instant_text(since), instant_text(due));
            db::execute(
                tx,
                &sql,
                [id.into(), owner.into(), since.into(), due.into()],
            )
            .await
        }
    }
}

/// Removes events that are too old; those that never arrived with them.
pub(crate) async fn purge_events(tx: &Tx, before: DateTime<Utc>) -> db::Result<u64> {
    let sql = "DELETE FROM delivery WHERE channel = 'webhook' AND created_at < $1";
    db::execute(tx, sql, [instant_text(before).into()]).await
}
