//! What lies in the store, for those who look after it: contents by what is known of them, without names.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{FileStore, State};
use crate::clock::parse_instant;
use crate::db::{self, Database, FromQueryResult, Value};
use crate::paging::{Page, PageRequest};
use crate::problem::Problem;

/// Name of the list in its cursors.
const LIST: &str = "file_content:state_at";

/// 一种状态的文件内容有多少。
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Tally {
    /// 状态。
    pub state: State,
    /// 份数；同样的内容只存一份。
    pub contents: i64,
    /// 字节数。
    pub bytes: i64,
}

/// 一份文件内容。文件名和内容是业务数据，不在其中。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContentRecord {
    /// 内容的 SHA-256。
    pub digest: String,
    /// 字节数。
    pub bytes: i64,
    /// 状态。
    pub state: State,
    /// 原因：病毒名称、损坏的情形、放行的理由、查毒没有完成的原因。
    pub reason: String,
    /// 何时成为这一状态。
    pub state_at: DateTime<Utc>,
    /// 有几个文件用到它。
    pub files: i64,
}

/// Which contents; list and count take the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ContentQuery {
    /// In this state; `None` for all.
    pub state: Option<State>,
}

const SELECT: &str = "SELECT c.digest, c.bytes, c.state, c.reason, c.state_at,
    (SELECT COUNT(*) FROM file f WHERE f.digest = c.digest) AS files FROM file_content c";

#[derive(FromQueryResult)]
struct Counted {
    state: String,
    contents: i64,
    bytes: i64,
}

#[derive(FromQueryResult)]
struct Row {
    digest: String,
    bytes: i64,
    state: String,
    reason: String,
    state_at: String,
    files: i64,
}

impl From<Row> for ContentRecord {
    fn from(row: Row) -> Self {
        Self {
            state: State::of_slug(&row.state),
            state_at: parse_instant(&row.state_at).unwrap_or_default(),
            digest: row.digest,
            bytes: row.bytes,
            reason: row.reason,
            files: row.files,
        }
    }
}

impl ContentQuery {
    fn conditions(self) -> (String, Vec<Value>) {
        match self.state {
            Some(state) => ("c.state = $1".to_owned(), vec![state.slug().into()]),
            None => ("1 = 1".to_owned(), Vec::new()),
        }
    }
}

impl FileStore {
    /// How many contents there are in each state, all states named, and their bytes.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn tally(&self, db: &Database) -> db::Result<Vec<Tally>> {
        let sql = "SELECT state, COUNT(*) AS contents, CAST(SUM(bytes) AS BIGINT) AS bytes
            FROM file_content GROUP BY state";
        let counted: Vec<Counted> = db::query_all(db.conn(), sql, []).await?;
        let tally = State::ALL.iter().map(|&state| {
            let mut of_state = counted
                .iter()
                .filter(|one| State::of_slug(&one.state) == state);
            let (contents, bytes) = of_state
                .by_ref()
                .fold((0, 0), |sum, one| (sum.0 + one.contents, sum.1 + one.bytes));
            Tally {
                state,
                contents,
                bytes,
            }
        });
        Ok(tally.collect())
    }

    /// A page of contents, those whose state changed last first.
    ///
    /// # Errors
    /// 400 for a cursor of another list; when the statement fails.
    pub async fn contents(
        &self,
        db: &Database,
        query: ContentQuery,
        page: &PageRequest,
    ) -> Result<Page<ContentRecord>, Problem> {
        let (mut condition, mut values) = query.conditions();
        if let Some((at, digest)) = page.cursor::<(String, String)>(LIST)? {
            let n = values.len();
            condition.push_str(&format!(
                " AND (c.state_at, c.digest) < (${}, ${})",
                n + 1,
                n + 2
            ));
            values.extend([at.into(), digest.into()]);
        }
        values.push(page.rows_wanted().into());
        let sql = format!(
            "{SELECT} WHERE {condition}
             ORDER BY c.state_at DESC, c.digest DESC LIMIT ${}",
            values.len()
        );
        let rows: Vec<Row> = db::query_all(db.conn(), &sql, values).await?;
        let page = Page::from_rows(rows, page, LIST, |row| {
            (row.state_at.clone(), row.digest.clone())
        })?;
        Ok(page.map(ContentRecord::from))
    }

    /// The content of this digest, if there is one.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn content(&self, db: &Database, digest: &str) -> db::Result<Option<ContentRecord>> {
        let sql = format!("{SELECT} WHERE c.digest = $1");
        let row: Option<Row> = db::query_one(db.conn(), &sql, [digest.into()]).await?;
        Ok(row.map(ContentRecord::from))
    }

    /// How many contents [`FileStore::contents`] has in all.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn contents_count(&self, db: &Database, query: ContentQuery) -> db::Result<u64> {
        let (condition, values) = query.conditions();
        let sql = format!("SELECT COUNT(*) FROM file_content c WHERE {condition}");
        let count = db::query_count(db.conn(), &sql, values).await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }
}
