//! The only code of the room that touches its table.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use uuid::Uuid;
use zhida_platform::clock::{instant_text, parse_instant};
use zhida_platform::db::{self, ConnectionTrait, Database, FromQueryResult, Tx};
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;

use crate::model::Verification;

/// Name of the list in its cursors.
const LIST: &str = "office_verification:id";
const COLUMNS: &str = "id, at, asked_by, whole, checked, findings, words,
    checkpoint_no, checkpoint_hash, checkpoint_at";
/// Earlier checkpoints that a verification compares with: a year of nights.
const CHECKPOINTS_MAX: i64 = 366;

#[derive(FromQueryResult)]
struct Row {
    id: String,
    at: String,
    asked_by: String,
    whole: bool,
    checked: i64,
    findings: i64,
    words: String,
    checkpoint_no: i64,
    checkpoint_hash: String,
    checkpoint_at: String,
}

impl Row {
    fn into_verification(self) -> db::Result<Verification> {
        let instant = |text: &str| parse_instant(text).ok_or_else(|| foreign(text));
        Ok(Verification {
            id: Uuid::parse_str(&self.id).map_err(|_| foreign(&self.id))?,
            at: instant(&self.at)?,
            checkpoint_at: instant(&self.checkpoint_at)?,
            asked_by: self.asked_by,
            whole: self.whole,
            checked: self.checked,
            findings: self.findings,
            words: self.words,
            checkpoint_no: self.checkpoint_no,
            checkpoint_hash: self.checkpoint_hash,
        })
    }
}

/// A value that this program did not write.
fn foreign(value: &str) -> db::Error {
    DbErr::Type(format!("office_verification: {value}")).into()
}

pub(crate) async fn insert(tx: &Tx, one: &Verification) -> db::Result<()> {
    let sql = format!(
        "INSERT INTO office_verification ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    );
    let values = [
        one.id.to_string().into(),
        instant_text(one.at).into(),
        one.asked_by.as_str().into(),
        one.whole.into(),
        one.checked.into(),
        one.findings.into(),
        one.words.as_str().into(),
        one.checkpoint_no.into(),
        one.checkpoint_hash.as_str().into(),
        instant_text(one.checkpoint_at).into(),
    ];
    db::execute(tx, &sql, values).await?;
    Ok(())
}

/// A page of verifications, the last first.
pub(crate) async fn list(db: &Database, page: &PageRequest) -> Result<Page<Verification>, Problem> {
    let before = page.cursor::<Uuid>(LIST)?;
    let sql = format!(
        "SELECT {COLUMNS} FROM office_verification {} ORDER BY id DESC LIMIT $1",
        if before.is_some() {
            "WHERE id < $2"
        } else {
            ""
        }
    );
    let mut values = vec![page.rows_wanted().into()];
    values.extend(before.map(|id| id.to_string().into()));
    let found = read(db.conn(), &sql, values).await?;
    Page::from_rows(found, page, LIST, |one| one.id)
}

/// How many verifications there are.
pub(crate) async fn count(db: &Database) -> db::Result<u64> {
    let count = db::query_count(db.conn(), "SELECT COUNT(*) FROM office_verification", []).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Whether all of the chain was verified at that instant or later.
pub(crate) async fn whole_since(db: &Database, since: DateTime<Utc>) -> db::Result<bool> {
    let sql = "SELECT COUNT(*) FROM office_verification WHERE whole AND at >= $1";
    Ok(db::query_count(db.conn(), sql, [instant_text(since).into()]).await? > 0)
}

/// The last one that found nothing, for going on from its checkpoint.
pub(crate) async fn last_sound(db: &Database) -> db::Result<Option<Verification>> {
    Ok(sound(db, 1).await?.pop())
}

/// Those that found nothing, whose checkpoints still hold.
pub(crate) async fn all_sound(db: &Database) -> db::Result<Vec<Verification>> {
    sound(db, CHECKPOINTS_MAX).await
}

async fn sound(db: &Database, limit: i64) -> db::Result<Vec<Verification>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM office_verification WHERE findings = 0 ORDER BY id DESC LIMIT $1"
    );
    read(db.conn(), &sql, vec![limit.into()]).await
}

async fn read(
    conn: &impl ConnectionTrait,
    sql: &str,
    values: Vec<db::Value>,
) -> db::Result<Vec<Verification>> {
    let rows: Vec<Row> = db::query_all(conn, sql, values).await?;
    rows.into_iter().map(Row::into_verification).collect()
}
