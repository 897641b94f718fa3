//! Invitations.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use uuid::Uuid;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx, Value};

use super::{Columns, WHOLE_MAX, id_value, maybe_id_value, seats};
use crate::model::{Invitation, Place};

const SELECT: &str = "SELECT i.id, i.organisation, o.name AS organisation_name, o.division, i.enterprise, \
     i.enterprise_name, i.role, i.invitee, i.created_by, i.created_by_account, i.created_at, i.expires_at, i.used_at, i.revoked_at \
     FROM people_invitation i LEFT JOIN people_organisation o ON o.id = i.organisation";

impl FromQueryResult for Invitation {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let columns = Columns { row, prefix };
        Ok(Self {
            id: columns.id("id")?,
            place: seats::place(&columns)?,
            role: columns.text("role")?,
            invitee: columns.text("invitee")?,
            created_by: columns.text("created_by")?,
            created_by_account: columns.maybe_id("created_by_account")?,
            created_at: columns.at("created_at")?,
            expires_at: columns.at("expires_at")?,
            used_at: columns.maybe_at("used_at")?,
            revoked_at: columns.maybe_at("revoked_at")?,
        })
    }
}

pub(crate) async fn one(conn: &impl ConnectionTrait, id: Uuid) -> db::Result<Option<Invitation>> {
    let sql = format!("{SELECT} WHERE i.id = $1");
    db::query_one(conn, &sql, [id_value(id)]).await
}

pub(crate) async fn by_digest(
    conn: &impl ConnectionTrait,
    digest: &str,
) -> db::Result<Option<Invitation>> {
    let sql = format!("{SELECT} WHERE i.digest = $1");
    db::query_one(conn, &sql, [digest.into()]).await
}

/// The newest invitations: to seats in one enterprise, or all.
pub(crate) async fn newest(
    conn: &impl ConnectionTrait,
    enterprise: Option<&str>,
) -> db::Result<Vec<Invitation>> {
    let (clause, values): (&str, Vec<Value>) = match enterprise {
        Some(code) => ("i.enterprise = $2", vec![WHOLE_MAX.into(), code.into()]),
        None => ("1 = 1", vec![WHOLE_MAX.into()]),
    };
    let sql = format!("{SELECT} WHERE {clause} ORDER BY i.id DESC LIMIT $1");
    db::query_all(conn, &sql, values).await
}

pub(crate) async fn insert(tx: &Tx, invitation: &Invitation, digest: &str) -> db::Result<()> {
    let sql = "INSERT INTO people_invitation (id, digest, organisation, enterprise, enterprise_name, role,
                   invitee, created_by, created_by_account, created_at, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let enterprise_name = match &invitation.place {
        Place::Enterprise { name, .. } => name.as_str(),
        Place::Organisation { .. } => "",
    };
    let values = [
        id_value(invitation.id),
        digest.into(),
        maybe_id_value(invitation.place.organisation()),
        invitation.place.enterprise().map(str::to_owned).into(),
        enterprise_name.into(),
        invitation.role.as_str().into(),
        invitation.invitee.as_str().into(),
        invitation.created_by.as_str().into(),
        maybe_id_value(invitation.created_by_account),
        instant_text(invitation.created_at).into(),
        instant_text(invitation.expires_at).into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(())
}

/// Uses an invitation up; false when it was used, taken back or has expired.
pub(crate) async fn take(tx: &Tx, id: Uuid, by: Uuid, at: DateTime<Utc>) -> db::Result<bool> {
    let sql = "UPDATE people_invitation SET used_by = $2, used_at = $3
               WHERE id = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $3";
    let values = [id_value(id), id_value(by), instant_text(at).into()];
    Ok(db::execute(tx, sql, values).await? == 1)
}

/// Takes an invitation back; false when it was used or taken back already.
pub(crate) async fn revoke(tx: &Tx, id: Uuid, at: DateTime<Utc>) -> db::Result<bool> {
    let sql = "UPDATE people_invitation SET revoked_at = $2
               WHERE id = $1 AND used_at IS NULL AND revoked_at IS NULL";
    Ok(db::execute(tx, sql, [id_value(id), instant_text(at).into()]).await? == 1)
}
