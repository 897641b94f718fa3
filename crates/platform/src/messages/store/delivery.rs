use chrono::{DateTime, Utc};

use super::super::delivery::{Delivery, DeliveryFilter, DeliveryState};
use super::super::event::Channel;
use super::super::reached::Refusal;
use crate::clock::{instant_text, parse_instant};
use crate::db::{self, Bulk, ConnectionTrait, FromQueryResult, Tx, Value};

/// Items of one digest that are sent together.
const DIGEST_MAX: i64 = 1_000;

/// A delivery as it is written.
#[derive(Debug, Clone)]
pub(crate) struct NewDelivery {
    pub id: String,
    pub channel: Channel,
    pub account: String,
    pub address: String,
    pub mode: &'static str,
    pub held: bool,
    pub title: String,
    pub body: String,
    pub state: DeliveryState,
    pub error: String,
    pub due_at: DateTime<Utc>,
}

/// What the deliveries of one message have in common.
#[derive(Debug)]
pub(crate) struct Common<'a> {
    pub message: &'a str,
    pub event: &'a str,
    pub link: &'a str,
    pub now: DateTime<Utc>,
}

pub(crate) async fn insert_deliveries(
    tx: &Tx,
    common: &Common<'_>,
    rows: Vec<NewDelivery>,
) -> db::Result<u64> {
    let columns = [
        "id",
        "message_id",
        "event",
        "channel",
        "account",
        "address",
        "mode",
        "held",
        "title",
        "body",
        "link",
        "state",
        "attempts",
        "error",
        "due_at",
        "lease_owner",
        "lease_until",
        "created_at",
    ];
    let mut bulk = Bulk::insert("delivery", &columns);
    for row in rows {
        let values: [Value; 18] = [
            row.id.into(),
            common.message.into(),
            common.event.into(),
            row.channel.slug().into(),
            row.account.into(),
            row.address.into(),
            row.mode.into(),
            row.held.into(),
            row.title.into(),
            row.body.into(),
            common.link.into(),
            row.state.slug().into(),
            0_i64.into(),
            row.error.into(),
            instant_text(row.due_at).into(),
            "".into(),
            "".into(),
            instant_text(common.now).into(),
        ];
        bulk.push(tx, values).await?;
    }
    bulk.finish(tx).await
}

/// A server's hold on rows.
#[derive(Debug, Clone)]
pub(crate) struct Lease<'a> {
    pub owner: &'a str,
    pub now: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

/// A delivery that this server holds.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct Held {
    pub id: String,
    pub event: String,
    pub account: String,
    pub channel: String,
    pub address: String,
    pub title: String,
    pub body: String,
    pub link: String,
    pub attempts: i64,
}

/// What is free to be taken, as a condition whose `$1` is now.
const FREE: &str = "state = 'queued' AND due_at <= $1 AND lease_until <= $1";

/// Which deliveries a server takes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Which<'a> {
    /// Whether mails wait: this minute has had as many as it may.
    pub no_mail: bool,
    /// The kinds of messages; empty for all.
    pub events: &'a [&'a str],
}

impl Which<'_> {
    /// As a condition, whose values follow those that are there.
    fn condition(&self, values: &mut Vec<Value>) -> String {
        let mut condition = String::new();
        if self.no_mail {
            condition.push_str(" AND channel <> 'mail'");
        }
        if !self.events.is_empty() {
            let first = values.len() + 1;
            values.extend(self.events.iter().map(|event| Value::from(*event)));
            let places: Vec<String> = (first..=values.len()).map(|at| format!("${at}")).collect();
            condition.push_str(&format!(" AND event IN ({})", places.join(", ")));
        }
        condition
    }
}

/// Takes the delivery that has been due longest; `None` when none is free, or
/// another server was faster.
pub(crate) async fn claim_one(
    tx: &Tx,
    lease: &Lease<'_>,
    which: Which<'_>,
) -> db::Result<Option<Held>> {
    let mut values = lease_values(lease).to_vec();
    let which = which.condition(&mut values);
    let sql = format!(
        "UPDATE delivery SET lease_owner = $2, lease_until = $3, attempts = attempts + 1
         WHERE id = (SELECT id FROM delivery
                     WHERE {FREE} AND mode = 'now'{which} ORDER BY due_at, id LIMIT 1)
           AND {FREE}
         RETURNING id, event, account, channel, address, title, body, link, attempts"
    );
    db::query_one(tx, &sql, values).await
}

/// Gives back what was not tried, as if it had never been taken.
pub(crate) async fn give_back(tx: &Tx, ids: &[&str], owner: &str) -> db::Result<u64> {
    let sql = format!(
        "UPDATE delivery SET lease_owner = '', lease_until = '', attempts = attempts - 1
         WHERE id IN ({}) AND lease_owner = $2",
        db::text_members(tx)
    );
    let members = db::members_value(ids.iter().copied());
    db::execute(tx, &sql, [members, owner.into()]).await
}

/// Takes everything that waits for one person's digest on one channel, oldest
/// first; empty when no digest is due.
pub(crate) async fn claim_digest(
    tx: &Tx,
    lease: &Lease<'_>,
    which: Which<'_>,
) -> db::Result<Vec<Held>> {
    #[derive(FromQueryResult)]
    struct Group {
        channel: String,
        address: String,
    }
    let mut values: Vec<Value> = vec![instant_text(lease.now).into()];
    let which = which.condition(&mut values);
    let sql = format!(
        "SELECT channel, address FROM delivery WHERE {FREE} AND mode = 'digest'{which}
         ORDER BY due_at, id LIMIT 1"
    );
    let group: Option<Group> = db::query_one(tx, &sql, values).await?;
    let Some(group) = group else {
        return Ok(Vec::new());
    };
    let sql = format!(
        "UPDATE delivery SET lease_owner = $2, lease_until = $3, attempts = attempts + 1
         WHERE id IN (SELECT id FROM delivery
                      WHERE {FREE} AND mode = 'digest' AND address = $5 AND channel = $4
                      ORDER BY id LIMIT $6)
           AND {FREE}
         RETURNING id, event, account, channel, address, title, body, link, attempts"
    );
    let more = [
        group.channel.into(),
        group.address.into(),
        DIGEST_MAX.into(),
    ];
    let values = lease_values(lease).into_iter().chain(more);
    let mut held: Vec<Held> = db::query_all(tx, &sql, values).await?;
    held.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(held)
}

fn lease_values(lease: &Lease<'_>) -> [Value; 3] {
    [
        instant_text(lease.now).into(),
        lease.owner.into(),
        instant_text(lease.until).into(),
    ]
}

/// What has become of what a server held.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Sent,
    /// To be tried again.
    Later {
        why: String,
        at: DateTime<Utc>,
    },
    /// Not to be tried again.
    GivenUp {
        why: String,
    },
    /// Not to be tried again: the address takes no mail.
    Refused {
        why: String,
    },
}

/// Notes the outcome and gives the row back; how many rows this server still
/// held.
pub(crate) async fn settle(
    tx: &Tx,
    ids: &[&str],
    owner: &str,
    outcome: &Outcome,
    now: DateTime<Utc>,
) -> db::Result<u64> {
    let (state, why, due, sent) = match outcome {
        Outcome::Sent => (DeliveryState::Sent, "", now, Some(instant_text(now))),
        Outcome::Later { why, at } => (DeliveryState::Queued, why.as_str(), *at, None),
        Outcome::GivenUp { why } => (DeliveryState::GivenUp, why.as_str(), now, None),
        Outcome::Refused { why } => (DeliveryState::Refused, why.as_str(), now, None),
    };
    let sql = format!(
        "UPDATE delivery SET state = $2, error = $3, due_at = $4, sent_at = $5,
             lease_owner = '', lease_until = ''
         WHERE id IN ({}) AND lease_owner = $6",
        db::text_members(tx)
    );
    let values: [Value; 6] = [
        db::members_value(ids.iter().copied()),
        state.slug().into(),
        why.into(),
        instant_text(due).into(),
        sent.into(),
        owner.into(),
    ];
    db::execute(tx, &sql, values).await
}

/// Puts a delivery that was given up back into the queue.
pub(crate) async fn requeue(tx: &Tx, id: &str, now: DateTime<Utc>) -> db::Result<u64> {
    let Some(found) = delivery(tx, id).await? else {
        return Ok(0);
    };
    if !found.can_retry() {
        return Ok(0);
    }
    let sql = "UPDATE delivery SET state = 'queued', mode = 'now', attempts = 0, due_at = $2
               WHERE id = $1 AND state IN ('given-up', 'refused', 'undeliverable')";
    db::execute(tx, sql, [id.into(), instant_text(now).into()]).await
}

/// Refusals that one query looks at.
const REFUSALS_MAX: i64 = 1_000;

/// Those of these addresses that refused a mail, and have taken none since, each with its newest refusal.
pub(crate) async fn refusals(
    conn: &impl ConnectionTrait,
    addresses: &[&str],
) -> db::Result<Vec<(String, Refusal)>> {
    #[derive(FromQueryResult)]
    struct Refused {
        address: String,
        error: String,
        due_at: String,
    }
    if addresses.is_empty() {
        return Ok(Vec::new());
    }
    // of what is settled, `due_at` is when that was
    let sql = format!(
        "SELECT d.address, d.error, d.due_at FROM delivery d
         WHERE d.address IN ({}) AND d.channel = 'mail' AND d.state = 'refused'
           AND NOT EXISTS (SELECT 1 FROM delivery s WHERE s.address = d.address
                           AND s.channel = 'mail' AND s.state = 'sent' AND s.sent_at > d.due_at)
         ORDER BY d.due_at DESC LIMIT $2",
        db::text_members(conn)
    );
    let members = db::members_value(addresses.iter().copied());
    let rows: Vec<Refused> = db::query_all(conn, &sql, [members, REFUSALS_MAX.into()]).await?;
    let mut newest: Vec<(String, Refusal)> = Vec::new();
    for row in rows {
        if newest.iter().all(|(known, _)| *known != row.address) {
            let refusal = Refusal {
                why: row.error,
                at: parse_instant(&row.due_at).unwrap_or_default(),
            };
            newest.push((row.address, refusal));
        }
    }
    Ok(newest)
}

#[derive(FromQueryResult)]
struct Row {
    id: String,
    message_id: String,
    event: String,
    recipient_kind: String,
    recipient: String,
    channel: String,
    account: String,
    address: String,
    mode: String,
    held: bool,
    title: String,
    state: String,
    attempts: i64,
    error: String,
    number: Option<i64>,
    due_at: String,
    created_at: String,
    sent_at: Option<String>,
}

impl From<Row> for Delivery {
    fn from(row: Row) -> Self {
        let instant = |text: &str| parse_instant(text).unwrap_or_default();
        Self {
            created_at: instant(&row.created_at),
            due_at: instant(&row.due_at),
            sent_at: row.sent_at.as_deref().map(instant),
            state: DeliveryState::of_slug(&row.state),
            id: row.id,
            message_id: row.message_id,
            event: row.event,
            recipient_kind: row.recipient_kind,
            recipient: row.recipient,
            channel: row.channel,
            account: row.account,
            address: row.address,
            is_digest: row.mode == "digest",
            is_held: row.held,
            title: row.title,
            attempts: row.attempts,
            error: row.error,
            number: row.number,
        }
    }
}

/// What list and count read.
const FROM: &str = "FROM delivery d JOIN message m ON m.id = d.message_id";
const COLUMNS: &str = "d.id, d.message_id, d.event, m.recipient_kind, m.recipient, d.channel,
    d.account, d.address, d.mode, d.held, d.title, d.state, d.attempts, d.error, d.number,
    d.due_at, d.created_at, d.sent_at";

/// The conditions of a filter, and its values after those that are there.
fn conditions(filter: &DeliveryFilter<'_>, values: &mut Vec<Value>) -> String {
    let mut conditions = String::new();
    let wanted = [
        ("d.state", filter.state.map(DeliveryState::slug)),
        ("d.channel", filter.channel.map(Channel::slug)),
        ("d.event", filter.event),
        ("d.address", filter.address),
        ("m.recipient", filter.recipient),
        ("d.message_id", filter.message),
    ];
    for (column, value) in wanted {
        if let Some(value) = value {
            values.push(value.into());
            conditions.push_str(&format!(" AND {column} = ${}", values.len()));
        }
    }
    conditions
}

/// The newest first; those before `before` on later pages.
pub(crate) async fn deliveries(
    conn: &impl ConnectionTrait,
    filter: &DeliveryFilter<'_>,
    before: Option<&str>,
    limit: i64,
) -> db::Result<Vec<Delivery>> {
    // no id sorts after this
    let mut values: Vec<Value> = vec![before.unwrap_or("g").into(), limit.into()];
    let conditions = conditions(filter, &mut values);
    let sql =
        format!("SELECT {COLUMNS} {FROM} WHERE d.id < $1{conditions} ORDER BY d.id DESC LIMIT $2");
    let rows: Vec<Row> = db::query_all(conn, &sql, values).await?;
    Ok(rows.into_iter().map(Delivery::from).collect())
}

/// How many deliveries there are.
pub(crate) async fn delivery_count(
    conn: &impl ConnectionTrait,
    filter: &DeliveryFilter<'_>,
) -> db::Result<i64> {
    let mut values: Vec<Value> = Vec::new();
    let conditions = conditions(filter, &mut values);
    let sql = format!("SELECT COUNT(*) {FROM} WHERE 1 = 1{conditions}");
    db::query_count(conn, &sql, values).await
}

pub(crate) async fn delivery(
    conn: &impl ConnectionTrait,
    id: &str,
) -> db::Result<Option<Delivery>> {
    let sql = format!("SELECT {COLUMNS} {FROM} WHERE d.id = $1");
    let row: Option<Row> = db::query_one(conn, &sql, [id.into()]).await?;
    Ok(row.map(Delivery::from))
}
