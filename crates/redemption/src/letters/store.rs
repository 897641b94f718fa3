//! The table of letters.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use sha2::{Digest, Sha256};
use zhida_platform::clock::{instant_text, parse_instant};
use zhida_platform::db::{self, ConnectionTrait, Tx};

use super::model::{Decided, Kept, LetterKind, LetterState};
use crate::error::Error;

/// Letters of one case at most: a case is decided again only when it is sent back.
const OF_CASE_MAX: i64 = 50;

#[derive(Debug, FromQueryResult)]
struct LetterRow {
    id: String,
    code: String,
    number: String,
    kind: String,
    enterprise: String,
    enterprise_name: String,
    place: String,
    item_name: String,
    organisation: String,
    fen: Option<i64>,
    decided_on: String,
    content: String,
    digest: String,
    state: String,
    state_at: String,
    state_why: String,
    file: Option<String>,
    file_digest: Option<String>,
}

const SELECT: &str = "SELECT id, code, number, kind, enterprise, enterprise_name, place, item_name,
    organisation, fen, decided_on, content, digest, state, state_at, state_why, file, file_digest
    FROM redemption_letter";

impl TryFrom<LetterRow> for Kept {
    type Error = Error;

    fn try_from(row: LetterRow) -> Result<Self, Error> {
        let unreadable = || Error::Stored("决定书");
        Ok(Self {
            is_intact: digest(&row.content) == row.digest,
            letter: serde_json::from_str(&row.content).map_err(|_| unreadable())?,
            kind: LetterKind::parse(&row.kind).ok_or_else(unreadable)?,
            state: LetterState::parse(&row.state).ok_or_else(unreadable)?,
            decided_on: row.decided_on.parse().map_err(|_| unreadable())?,
            state_at: parse_instant(&row.state_at).ok_or_else(unreadable)?,
            id: row.id,
            code: row.code,
            number: row.number,
            enterprise: row.enterprise,
            enterprise_name: row.enterprise_name,
            place: row.place,
            item_name: row.item_name,
            organisation: row.organisation,
            fen: row.fen,
            state_why: row.state_why,
            file: row.file,
            file_digest: row.file_digest,
        })
    }
}

/// SHA-256 as small hexadecimal digits.
pub(super) fn digest(content: impl AsRef<[u8]>) -> String {
    use std::fmt::Write as _;
    let bytes = Sha256::digest(content);
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// A letter to be kept.
pub(super) struct NewLetter<'a> {
    pub id: &'a str,
    pub code: &'a str,
    pub number: &'a str,
    pub content: &'a str,
    pub by: &'a str,
    pub at: DateTime<Utc>,
}

pub(super) async fn insert(tx: &Tx, decided: &Decided<'_>, new: &NewLetter<'_>) -> db::Result<u64> {
    let sql = "INSERT INTO redemption_letter (id, code, case_id, number, kind, enterprise, enterprise_name, place, item,
                   item_name, organisation, fen, decided_on, content, digest, issued_at, issued_by, state, state_at,
                   state_why, file, file_digest)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $16, '', NULL, NULL)";
    let values = [
        new.id.into(),
        new.code.into(),
        decided.case.into(),
        new.number.into(),
        decided.kind().slug().into(),
        decided.enterprise.into(),
        decided.enterprise_name.into(),
        decided.place.into(),
        decided.item.into(),
        decided.item_name.into(),
        decided.organisation.into(),
        decided.fen().into(),
        decided.on.to_string().into(),
        new.content.into(),
        digest(new.content).into(),
        instant_text(new.at).into(),
        new.by.into(),
        LetterState::InForce.slug().into(),
    ];
    db::execute(tx, sql, values).await
}

/// Another letter takes the place of what is in force of a case.
pub(super) async fn replace(tx: &Tx, case: &str, why: &str, at: DateTime<Utc>) -> db::Result<u64> {
    end(tx, "", (case, LetterState::Replaced), why, at).await
}

/// Ends the grant that is in force of a case; how many letters.
pub(super) async fn revoke(tx: &Tx, case: &str, why: &str, at: DateTime<Utc>) -> db::Result<u64> {
    let grant = format!(" AND kind = '{}'", LetterKind::Granted.slug());
    end(tx, &grant, (case, LetterState::Revoked), why, at).await
}

async fn end(
    tx: &Tx,
    which: &str,
    (case, state): (&str, LetterState),
    why: &str,
    at: DateTime<Utc>,
) -> db::Result<u64> {
    let sql = format!(
        "UPDATE redemption_letter SET state = $2, state_why = $3, state_at = $4
         WHERE case_id = $1 AND state = $5{which}"
    );
    let values = [
        case.into(),
        state.slug().into(),
        why.into(),
        instant_text(at).into(),
        LetterState::InForce.slug().into(),
    ];
    db::execute(tx, &sql, values).await
}

pub(super) async fn count_of_case(tx: &Tx, case: &str) -> db::Result<i64> {
    let sql = "SELECT COUNT(*) FROM redemption_letter WHERE case_id = $1";
    db::query_count(tx, sql, [case.into()]).await
}

/// Newest first.
pub(super) async fn of_case(conn: &impl ConnectionTrait, case: &str) -> Result<Vec<Kept>, Error> {
    let sql = format!("{SELECT} WHERE case_id = $1 ORDER BY id DESC LIMIT {OF_CASE_MAX}");
    let rows: Vec<LetterRow> = db::query_all(conn, &sql, [case.into()]).await?;
    rows.into_iter().map(Kept::try_from).collect()
}

pub(super) async fn find(conn: &impl ConnectionTrait, id: &str) -> Result<Option<Kept>, Error> {
    by(conn, "id", id).await
}

pub(super) async fn by_code(
    conn: &impl ConnectionTrait,
    code: &str,
) -> Result<Option<Kept>, Error> {
    by(conn, "code", code).await
}

async fn by(
    conn: &impl ConnectionTrait,
    column: &'static str,
    value: &str,
) -> Result<Option<Kept>, Error> {
    let sql = format!("{SELECT} WHERE {column} = $1");
    let row: Option<LetterRow> = db::query_one(conn, &sql, [value.into()]).await?;
    row.map(Kept::try_from).transpose()
}

/// Keeps the PDF of a letter that has none yet; false when somebody else was first.
pub(super) async fn set_file(tx: &Tx, id: &str, file: &str, digest: &str) -> db::Result<bool> {
    let sql =
        "UPDATE redemption_letter SET file = $2, file_digest = $3 WHERE id = $1 AND file IS NULL";
    let changed = db::execute(tx, sql, [id.into(), file.into(), digest.into()]).await?;
    Ok(changed > 0)
}
