//! Mandates.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use uuid::Uuid;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx, Value};

use super::{Columns, WHOLE_MAX, id_value, words_value};
use crate::model::Mandate;

const SELECT: &str = "SELECT m.id, m.enterprise, m.enterprise_name, m.organisation, o.name AS organisation_name, \
     m.actions, m.valid_from, m.valid_until, m.granted_by, m.ended_at \
     FROM people_mandate m JOIN people_organisation o ON o.id = m.organisation";

impl FromQueryResult for Mandate {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let columns = Columns { row, prefix };
        Ok(Self {
            id: columns.id("id")?,
            enterprise: columns.text("enterprise")?,
            enterprise_name: columns.text("enterprise_name")?,
            organisation: columns.id("organisation")?,
            organisation_name: columns.text("organisation_name")?,
            actions: columns.words("actions")?,
            valid_from: columns.day("valid_from")?,
            valid_until: columns.day("valid_until")?,
            granted_by: columns.text("granted_by")?,
            ended_at: columns.maybe_at("ended_at")?,
        })
    }
}

async fn select(
    conn: &impl ConnectionTrait,
    clause: &str,
    value: Value,
) -> db::Result<Vec<Mandate>> {
    let sql =
        format!("{SELECT} WHERE {clause} ORDER BY m.ended_at IS NOT NULL, m.id DESC LIMIT $2");
    db::query_all(conn, &sql, [value, WHOLE_MAX.into()]).await
}

pub(crate) async fn one(conn: &impl ConnectionTrait, id: Uuid) -> db::Result<Option<Mandate>> {
    let sql = format!("{SELECT} WHERE m.id = $1");
    db::query_one(conn, &sql, [id_value(id)]).await
}

/// Those an enterprise gave, newest first, past ones last.
pub(crate) async fn of_enterprise(
    conn: &impl ConnectionTrait,
    code: &str,
) -> db::Result<Vec<Mandate>> {
    select(conn, "m.enterprise = $1", code.into()).await
}

/// Those an agency was given, newest first, past ones last.
pub(crate) async fn of_agency(
    conn: &impl ConnectionTrait,
    organisation: Uuid,
) -> db::Result<Vec<Mandate>> {
    select(conn, "m.organisation = $1", id_value(organisation)).await
}

pub(crate) async fn insert(tx: &Tx, mandate: &Mandate, at: DateTime<Utc>) -> db::Result<()> {
    let sql = "INSERT INTO people_mandate (id, enterprise, enterprise_name, organisation, actions,
                   valid_from, valid_until, granted_by, granted_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = [
        id_value(mandate.id),
        mandate.enterprise.as_str().into(),
        mandate.enterprise_name.as_str().into(),
        id_value(mandate.organisation),
        words_value(&mandate.actions),
        mandate.valid_from.to_string().into(),
        mandate.valid_until.to_string().into(),
        mandate.granted_by.as_str().into(),
        instant_text(at).into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// Takes a mandate back; false when it had ended already.
pub(crate) async fn end(tx: &Tx, id: Uuid, at: DateTime<Utc>, by: &str) -> db::Result<bool> {
    let sql = "UPDATE people_mandate SET ended_at = $2, ended_by = $3
               WHERE id = $1 AND ended_at IS NULL";
    let values = [id_value(id), instant_text(at).into(), by.into()];
    Ok(db::execute(tx, sql, values).await? == 1)
}
