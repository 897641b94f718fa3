//! Seats.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use uuid::Uuid;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx, Value};

use super::{Columns, WHOLE_MAX, count, id_value, maybe_day_value, maybe_id_value};
use crate::model::{Place, Seat};

/// A seat of an organisation whose own days are over gives no rights, either: its last day is the seat's at most.
const SELECT: &str = "SELECT s.id, s.account, a.name AS account_name, a.login AS account_login, \
     s.organisation, o.name AS organisation_name, o.division, s.enterprise, s.enterprise_name, s.role, \
     s.valid_from, CASE WHEN o.valid_until IS NOT NULL AND (s.valid_until IS NULL OR o.valid_until < s.valid_until) \
     THEN o.valid_until ELSE s.valid_until END AS valid_until, s.granted_by, s.ended_at, s.reason \
     FROM people_seat s JOIN people_account a ON a.id = s.account \
     LEFT JOIN people_organisation o ON o.id = s.organisation";

impl FromQueryResult for Seat {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let columns = Columns { row, prefix };
        Ok(Self {
            id: columns.id("id")?,
            account: columns.id("account")?,
            account_name: columns.text("account_name")?,
            account_login: columns.text("account_login")?,
            place: place(&columns)?,
            role: columns.text("role")?,
            valid_from: columns.day("valid_from")?,
            valid_until: columns.maybe_day("valid_until")?,
            granted_by: columns.text("granted_by")?,
            ended_at: columns.maybe_at("ended_at")?,
            reason: columns.text("reason")?,
        })
    }
}

/// Where: `organisation` with `organisation_name` and `division`, or `enterprise` with `enterprise_name`.
pub(super) fn place(columns: &Columns<'_>) -> Result<Place, DbErr> {
    match columns.maybe_id("organisation")? {
        Some(id) => Ok(Place::Organisation {
            id,
            name: columns.text("organisation_name")?,
            division: columns.text("division")?,
        }),
        None => Ok(Place::Enterprise {
            code: columns.text("enterprise")?,
            name: columns.text("enterprise_name")?,
        }),
    }
}

async fn select(conn: &impl ConnectionTrait, clause: &str, value: Value) -> db::Result<Vec<Seat>> {
    let sql = format!("{SELECT} WHERE {clause} ORDER BY s.ended_at IS NOT NULL, s.id LIMIT $2");
    db::query_all(conn, &sql, [value, WHOLE_MAX.into()]).await
}

pub(crate) async fn one(conn: &impl ConnectionTrait, id: Uuid) -> db::Result<Option<Seat>> {
    let sql = format!("{SELECT} WHERE s.id = $1");
    db::query_one(conn, &sql, [id_value(id)]).await
}

/// All seats of an account, past ones last.
pub(crate) async fn of_account(
    conn: &impl ConnectionTrait,
    account: Uuid,
) -> db::Result<Vec<Seat>> {
    select(conn, "s.account = $1", id_value(account)).await
}

/// All seats in an organisation, past ones last.
pub(crate) async fn in_organisation(
    conn: &impl ConnectionTrait,
    organisation: Uuid,
) -> db::Result<Vec<Seat>> {
    select(conn, "s.organisation = $1", id_value(organisation)).await
}

/// All seats in an enterprise, past ones last.
pub(crate) async fn in_enterprise(
    conn: &impl ConnectionTrait,
    code: &str,
) -> db::Result<Vec<Seat>> {
    select(conn, "s.enterprise = $1", code.into()).await
}

/// How many other people of open accounts hold a role without end, in one enterprise or, for the roles of
/// administrators, anywhere.
pub(crate) async fn other_holders(
    conn: &impl ConnectionTrait,
    seat: &Seat,
    today: NaiveDate,
) -> db::Result<u64> {
    let sql = "SELECT COUNT(DISTINCT s.account) FROM people_seat s JOIN people_account a ON a.id = s.account
               LEFT JOIN people_organisation o ON o.id = s.organisation
               WHERE s.role = $1 AND s.account <> $2 AND a.state = 'open' AND s.ended_at IS NULL
               AND s.valid_until IS NULL AND o.valid_until IS NULL AND s.valid_from <= $3
               AND ($4 = '' OR s.enterprise = $4)";
    let values = [
        seat.role.as_str().into(),
        id_value(seat.account),
        today.to_string().into(),
        seat.place.enterprise().unwrap_or_default().into(),
    ];
    Ok(count(db::query_count(conn, sql, values).await?))
}

pub(crate) async fn insert(tx: &Tx, seat: &Seat, at: DateTime<Utc>) -> db::Result<()> {
    let sql =
        "INSERT INTO people_seat (id, account, organisation, enterprise, enterprise_name, role,
                   valid_from, valid_until, granted_by, granted_at, reason)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '')";
    let enterprise = seat.place.enterprise().map(str::to_owned);
    let enterprise_name = match &seat.place {
        Place::Enterprise { name, .. } => name.as_str(),
        Place::Organisation { .. } => "",
    };
    let values = [
        id_value(seat.id),
        id_value(seat.account),
        maybe_id_value(seat.place.organisation()),
        enterprise.into(),
        enterprise_name.into(),
        seat.role.as_str().into(),
        seat.valid_from.to_string().into(),
        maybe_day_value(seat.valid_until),
        seat.granted_by.as_str().into(),
        instant_text(at).into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// How a seat ends.
pub(crate) struct Ending<'a> {
    pub at: DateTime<Utc>,
    /// `None`: at once; otherwise its last day.
    pub last_day: Option<NaiveDate>,
    pub by: &'a str,
    pub reason: &'a str,
    pub successor: Option<Uuid>,
}

pub(crate) async fn end(tx: &Tx, seat: Uuid, ending: &Ending<'_>) -> db::Result<()> {
    let (sql, when) = match ending.last_day {
        None => (
            "UPDATE people_seat SET ended_at = $2, ended_by = $3, reason = $4, successor = $5
             WHERE id = $1 AND ended_at IS NULL",
            instant_text(ending.at),
        ),
        Some(day) => (
            "UPDATE people_seat SET valid_until = $2, ended_by = $3, reason = $4, successor = $5
             WHERE id = $1 AND ended_at IS NULL",
            day.to_string(),
        ),
    };
    let values = [
        id_value(seat),
        when.into(),
        ending.by.into(),
        ending.reason.into(),
        maybe_id_value(ending.successor),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}
