//! The queue's query and the tables of views.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use zhida_platform::access::Viewer;
use zhida_platform::cases::Head;
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, ConnectionTrait, Tx};
use zhida_platform::paging::{Page, PageRequest};

use super::query::DeskQuery;
use crate::error::Error;

const BY_DUE: &str = "redemption:desk:due";
const BY_OPENING: &str = "redemption:desk:opened";
/// What has no due date comes last.
const NEVER: &str = "9999";

/// A line of the queue.
#[derive(Debug, Clone)]
pub(crate) struct DeskRow {
    pub head: Head,
    pub enterprise_name: String,
    /// The item's name when the case began.
    pub item_name: String,
    pub fen: Option<i64>,
    /// Bodies that were asked and have not answered.
    pub waits: i64,
}

impl FromQueryResult for DeskRow {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let decided: Option<i64> = row.try_get(prefix, "fen_decided")?;
        let computed: Option<i64> = row.try_get(prefix, "fen")?;
        let head = Head::from_query_result(row, prefix)?;
        let enterprise_name: String = row.try_get(prefix, "enterprise_name")?;
        let whose = format!("：{enterprise_name}");
        Ok(Self {
            item_name: head
                .title
                .strip_suffix(&whose)
                .unwrap_or(&head.title)
                .to_owned(),
            head,
            enterprise_name,
            fen: decided.or(computed),
            waits: row.try_get(prefix, "waits")?,
        })
    }
}

impl DeskRow {
    fn key(&self) -> (String, String) {
        let due = self
            .head
            .due_at
            .map_or_else(|| NEVER.to_owned(), instant_text);
        (due, self.head.id.to_string())
    }
}

const FROM: &str = "FROM case_head h JOIN redemption_case c ON c.case_id = h.id";

/// A page of the queue: what is due first stands first; closed cases are newest first.
pub(super) async fn list(
    conn: &impl ConnectionTrait,
    query: &DeskQuery,
    viewer: &Viewer,
    now: DateTime<Utc>,
    page: &PageRequest,
) -> Result<Page<DeskRow>, Error> {
    let mut found = query.conditions(viewer, now);
    let (name, order) = match query.by_due() {
        true => (BY_DUE, format!("COALESCE(h.due_at, '{NEVER}'), h.id")),
        false => (BY_OPENING, "h.id DESC".to_owned()),
    };
    if let Some((due, id)) = page.cursor::<(String, String)>(name)? {
        if query.by_due() {
            found.values.extend([due.into(), id.into()]);
            let at = found.values.len();
            let key = format!("COALESCE(h.due_at, '{NEVER}')");
            found.always(format!(
                "({key} > ${0} OR ({key} = ${0} AND h.id > ${at}))",
                at - 1
            ));
        } else {
            found.and("h.id < ?", id);
        }
    }
    let sql = format!(
        "SELECT {}, c.enterprise_name, c.fen, c.fen_decided,
            (SELECT COUNT(*) FROM case_clock k WHERE k.case_id = h.id AND k.clock LIKE 'opinion:%') AS waits
         {FROM} {} ORDER BY {order} LIMIT {}",
        Head::COLUMNS,
        found.sql(),
        page.rows_wanted()
    );
    let rows: Vec<DeskRow> = db::query_all(conn, &sql, found.values).await?;
    Ok(Page::from_rows(rows, page, name, DeskRow::key)?)
}

/// How many rows [`list`] has in all.
pub(super) async fn count(
    conn: &impl ConnectionTrait,
    query: &DeskQuery,
    viewer: &Viewer,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let found = query.conditions(viewer, now);
    let sql = format!("SELECT COUNT(*) {FROM} {}", found.sql());
    let count = db::query_count(conn, &sql, found.values).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// A saved view.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct ViewRow {
    pub id: String,
    pub name: String,
    pub query: String,
}

/// Views of one account at most.
pub(super) const VIEWS_MAX: usize = 12;

pub(super) async fn views(conn: &impl ConnectionTrait, account: &str) -> db::Result<Vec<ViewRow>> {
    let sql = format!(
        "SELECT id, name, query FROM redemption_view WHERE account = $1 ORDER BY id LIMIT {VIEWS_MAX}"
    );
    db::query_all(conn, &sql, [account.into()]).await
}

/// Keeps a view; one of the same name is replaced.
pub(super) async fn save_view(
    tx: &Tx,
    id: &str,
    account: &str,
    name: &str,
    query: &str,
) -> db::Result<u64> {
    let sql = "INSERT INTO redemption_view (id, account, name, query) VALUES ($1, $2, $3, $4)
               ON CONFLICT (account, name) DO UPDATE SET query = excluded.query";
    db::execute(
        tx,
        sql,
        [id.into(), account.into(), name.into(), query.into()],
    )
    .await
}

pub(super) async fn remove_view(tx: &Tx, id: &str, account: &str) -> db::Result<u64> {
    let sql = "DELETE FROM redemption_view WHERE id = $1 AND account = $2";
    db::execute(tx, sql, [id.into(), account.into()]).await
}
