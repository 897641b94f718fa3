//! What offices do with an appeal: replies, applications for more time, supervision.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx};

use crate::words::Supervision;

/// A reply as it is kept.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct ReplyRow {
    pub id: String,
    pub claim: String,
    pub text: String,
    pub signer: String,
    pub organisation_name: String,
    pub replied_by: String,
    pub replied_at: String,
}

pub(in crate::cases) async fn insert_reply(
    tx: &Tx,
    case: &str,
    reply: &ReplyRow,
) -> db::Result<u64> {
    let sql = "INSERT INTO appeal_reply (id, case_id, claim, text, signer, organisation_name, replied_by, replied_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = [
        reply.id.as_str().into(),
        case.into(),
        reply.claim.as_str().into(),
        reply.text.as_str().into(),
        reply.signer.as_str().into(),
        reply.organisation_name.as_str().into(),
        reply.replied_by.as_str().into(),
        reply.replied_at.as_str().into(),
    ];
    db::execute(tx, sql, values).await
}

pub(crate) async fn replies(conn: &impl ConnectionTrait, case: &str) -> db::Result<Vec<ReplyRow>> {
    let sql = "SELECT id, claim, text, signer, organisation_name, replied_by, replied_at FROM appeal_reply
        WHERE case_id = $1 ORDER BY id LIMIT 100";
    db::query_all(conn, sql, [case.into()]).await
}

/// An application for more time as it is kept.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct ExtensionRow {
    pub id: String,
    /// In which dispatch: another body's application is another's.
    pub round: i64,
    /// In the unit of handling.
    pub amount: i64,
    pub reason: String,
    pub asked_by: String,
    pub asked_at: String,
    pub granted: Option<bool>,
    pub words: String,
    pub decided_by: String,
}

const EXTENSION: &str =
    "SELECT id, round, amount, reason, asked_by, asked_at, granted, words, decided_by
    FROM appeal_extension";

pub(in crate::cases) async fn insert_extension(
    tx: &Tx,
    case: &str,
    row: &ExtensionRow,
) -> db::Result<u64> {
    let sql = "INSERT INTO appeal_extension (id, case_id, round, amount, reason, asked_by, asked_at, words, decided_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, '', '')";
    let values = [
        row.id.as_str().into(),
        case.into(),
        row.round.into(),
        row.amount.into(),
        row.reason.as_str().into(),
        row.asked_by.as_str().into(),
        row.asked_at.as_str().into(),
    ];
    db::execute(tx, sql, values).await
}

/// The application of a dispatch that nobody has decided.
pub(crate) async fn open_extension(
    conn: &impl ConnectionTrait,
    case: &str,
    round: i64,
) -> db::Result<Option<ExtensionRow>> {
    let sql = format!("{EXTENSION} WHERE case_id = $1 AND round = $2 AND granted IS NULL");
    db::query_one(conn, &sql, [case.into(), round.into()]).await
}

pub(crate) async fn extensions(
    conn: &impl ConnectionTrait,
    case: &str,
) -> db::Result<Vec<ExtensionRow>> {
    let sql = format!("{EXTENSION} WHERE case_id = $1 ORDER BY id LIMIT 100");
    db::query_all(conn, &sql, [case.into()]).await
}

pub(in crate::cases) async fn settle_extension(
    tx: &Tx,
    id: &str,
    granted: bool,
    (words, by): (&str, &str),
    now: DateTime<Utc>,
) -> db::Result<u64> {
    let sql =
        "UPDATE appeal_extension SET granted = $2, words = $3, decided_by = $4, decided_at = $5
        WHERE id = $1 AND granted IS NULL";
    let values = [
        id.into(),
        granted.into(),
        words.into(),
        by.into(),
        instant_text(now).into(),
    ];
    db::execute(tx, sql, values).await
}

/// A step of supervision as it is kept.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct SupervisionRow {
    pub step: String,
    pub words: String,
    pub due_on: String,
    pub taken_by: String,
    pub taken_at: String,
}

pub(in crate::cases) async fn insert_supervision(
    tx: &Tx,
    id: &str,
    case: &str,
    step: Supervision,
    (words, due_on, by): (&str, &str, &str),
    now: DateTime<Utc>,
) -> db::Result<u64> {
    let sql =
        "INSERT INTO appeal_supervision (id, case_id, step, words, due_on, taken_by, taken_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = [
        id.into(),
        case.into(),
        step.slug().into(),
        words.into(),
        due_on.into(),
        by.into(),
        instant_text(now).into(),
    ];
    db::execute(tx, sql, values).await
}

pub(crate) async fn supervision(
    conn: &impl ConnectionTrait,
    case: &str,
) -> db::Result<Vec<SupervisionRow>> {
    let sql = "SELECT step, words, due_on, taken_by, taken_at FROM appeal_supervision
        WHERE case_id = $1 ORDER BY id LIMIT 200";
    db::query_all(conn, sql, [case.into()]).await
}
