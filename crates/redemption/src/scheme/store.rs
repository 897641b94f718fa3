//! The tables of schemes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx};

use crate::words::Release;

/// Schemes at most: a list of items, not of cases.
const SCHEMES_MAX: i64 = 20_000;
/// Revisions that are shown at most.
const REVISIONS_MAX: i64 = 200;

/// What stands of one item's scheme.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct SchemeRow {
    pub item: String,
    /// 0 before the first publication.
    pub revision: i64,
    pub release_by: String,
    pub paused: bool,
    pub draft: Option<String>,
    pub draft_by: String,
}

/// A revision as stored.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct RevisionRow {
    pub revision: i64,
    pub content: String,
    pub digest: String,
    pub item_revision: i64,
    pub published_at: String,
    pub published_by: String,
}

const COLUMNS: &str = "item, revision, release_by, paused, draft, draft_by";
const REVISION: &str = "revision, content, digest, item_revision, published_at, published_by";

pub(crate) async fn all(conn: &impl ConnectionTrait) -> db::Result<Vec<SchemeRow>> {
    let sql = format!("SELECT {COLUMNS} FROM redemption_scheme ORDER BY item LIMIT {SCHEMES_MAX}");
    db::query_all(conn, &sql, []).await
}

pub(crate) async fn find(conn: &impl ConnectionTrait, item: &str) -> db::Result<Option<SchemeRow>> {
    let sql = format!("SELECT {COLUMNS} FROM redemption_scheme WHERE item = $1");
    db::query_one(conn, &sql, [item.into()]).await
}

/// The items whose scheme takes new cases, without those of which the enterprise has one under way.
pub(crate) async fn open_to(
    conn: &impl ConnectionTrait,
    enterprise: &str,
) -> db::Result<Vec<String>> {
    #[derive(FromQueryResult)]
    struct Open {
        item: String,
    }
    let sql = format!(
        "SELECT item FROM redemption_scheme WHERE revision > 0 AND NOT paused AND item NOT IN (
             SELECT c.item FROM redemption_case c JOIN case_head h ON h.id = c.case_id
             WHERE c.enterprise = $1 AND h.closed_at IS NULL)
         ORDER BY item LIMIT {SCHEMES_MAX}"
    );
    let rows: Vec<Open> = db::query_all(conn, &sql, [enterprise.into()]).await?;
    Ok(rows.into_iter().map(|row| row.item).collect())
}

/// The content of an item's current revision.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct CurrentRow {
    pub item: String,
    pub content: String,
}

/// The current revisions of these items; none where nothing is published.
pub(crate) async fn current(
    conn: &impl ConnectionTrait,
    items: &[String],
) -> db::Result<Vec<CurrentRow>> {
    let members = db::text_members(conn);
    let sql = format!(
        "SELECT r.item, r.content FROM redemption_scheme s
         JOIN redemption_scheme_revision r ON r.item = s.item AND r.revision = s.revision
         WHERE s.item IN ({members})"
    );
    let members = db::members_value(items.iter().map(String::as_str));
    db::query_all(conn, &sql, [members]).await
}

/// The items whose scheme is published and of this delivery, and how each releases.
pub(crate) async fn published(
    conn: &impl ConnectionTrait,
    delivery: &str,
) -> db::Result<Vec<SchemeRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM redemption_scheme WHERE revision > 0 AND delivery = $1
         ORDER BY item LIMIT {SCHEMES_MAX}"
    );
    db::query_all(conn, &sql, [delivery.into()]).await
}

pub(crate) async fn revision(
    conn: &impl ConnectionTrait,
    item: &str,
    revision: i64,
) -> db::Result<Option<RevisionRow>> {
    let sql = format!(
        "SELECT {REVISION} FROM redemption_scheme_revision WHERE item = $1 AND revision = $2"
    );
    db::query_one(conn, &sql, [item.into(), revision.into()]).await
}

pub(crate) async fn revisions(
    conn: &impl ConnectionTrait,
    item: &str,
) -> db::Result<Vec<RevisionRow>> {
    let sql = format!(
        "SELECT {REVISION} FROM redemption_scheme_revision WHERE item = $1
         ORDER BY revision DESC LIMIT {REVISIONS_MAX}"
    );
    db::query_all(conn, &sql, [item.into()]).await
}

/// How many cases under way stay on each revision.
pub(crate) async fn running(
    conn: &impl ConnectionTrait,
    item: &str,
) -> db::Result<BTreeMap<i64, i64>> {
    #[derive(FromQueryResult)]
    struct Running {
        revision: i64,
        cases: i64,
    }
    let sql = format!(
        "SELECT c.scheme_revision AS revision, COUNT(*) AS cases
         FROM case_head h JOIN redemption_case c ON c.case_id = h.id
         WHERE h.room = 'redemption' AND h.topic = $1 AND h.closed_at IS NULL
         GROUP BY c.scheme_revision LIMIT {REVISIONS_MAX}"
    );
    let rows: Vec<Running> = db::query_all(conn, &sql, [item.into()]).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.revision, row.cases))
        .collect())
}

/// Makes the item's row, if there is none.
async fn ensure(tx: &Tx, item: &str, delivery: &str, at: DateTime<Utc>) -> db::Result<u64> {
    let sql = "INSERT INTO redemption_scheme
                   (item, revision, delivery, release_by, paused, draft, draft_by, updated_at)
               VALUES ($1, 0, $2, '', FALSE, NULL, '', $3) ON CONFLICT (item) DO NOTHING";
    let values = [item.into(), delivery.into(), instant_text(at).into()];
    db::execute(tx, sql, values).await
}

pub(crate) async fn save_draft(
    tx: &Tx,
    item: &str,
    delivery: &str,
    content: &str,
    by: &str,
    at: DateTime<Utc>,
) -> db::Result<u64> {
    ensure(tx, item, delivery, at).await?;
    let sql =
        "UPDATE redemption_scheme SET draft = $2, draft_by = $3, updated_at = $4 WHERE item = $1";
    let values = [
        item.into(),
        content.into(),
        by.into(),
        instant_text(at).into(),
    ];
    db::execute(tx, sql, values).await
}

/// A revision to be published.
pub(crate) struct NewRevision<'a> {
    pub item: &'a str,
    pub delivery: &'a str,
    pub release: Release,
    /// The revision that it follows.
    pub after: i64,
    pub content: &'a str,
    pub digest: &'a str,
    pub item_revision: i64,
    pub by: &'a str,
    pub at: DateTime<Utc>,
}

/// Publishes a revision after `after`; false when another was published meanwhile.
pub(crate) async fn publish(tx: &Tx, new: &NewRevision<'_>) -> db::Result<bool> {
    ensure(tx, new.item, new.delivery, new.at).await?;
    let at = instant_text(new.at);
    let sql = "UPDATE redemption_scheme
               SET revision = revision + 1, delivery = $3, release_by = $4, draft = NULL, draft_by = '',
                   updated_at = $5
               WHERE item = $1 AND revision = $2";
    let values = [
        new.item.into(),
        new.after.into(),
        new.delivery.into(),
        new.release.slug().into(),
        at.as_str().into(),
    ];
    if db::execute(tx, sql, values).await? == 0 {
        return Ok(false);
    }
    let sql = "INSERT INTO redemption_scheme_revision
                   (item, revision, content, digest, item_revision, published_at, published_by)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = [
        new.item.into(),
        (new.after + 1).into(),
        new.content.into(),
        new.digest.into(),
        new.item_revision.into(),
        at.into(),
        new.by.into(),
    ];
    db::execute(tx, sql, values).await?;
    Ok(true)
}

pub(crate) async fn pause(tx: &Tx, item: &str, paused: bool, at: DateTime<Utc>) -> db::Result<u64> {
    let sql = "UPDATE redemption_scheme SET paused = $2, updated_at = $3 WHERE item = $1 AND revision > 0";
    db::execute(
        tx,
        sql,
        [item.into(), paused.into(), instant_text(at).into()],
    )
    .await
}
