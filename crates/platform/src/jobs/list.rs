use uuid::Uuid;

use super::model::{Job, State};
use super::registry::Jobs;
use super::store::{COLUMNS, Row};
use crate::db::{self, Value};
use crate::paging::{Page, PageRequest};
use crate::problem::Problem;

/// Name of the list in its cursors.
const LIST: &str = "job:id";

/// Which jobs are wanted; list and count take the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobQuery {
    /// In this state.
    pub state: Option<State>,
    /// Of this kind.
    pub kind: Option<String>,
}

impl JobQuery {
    fn conditions(&self) -> (Vec<String>, Vec<Value>) {
        let mut conditions = Vec::new();
        let mut values: Vec<Value> = Vec::new();
        if let Some(state) = self.state {
            values.push(state.slug().into());
            conditions.push(format!("state = ${}", values.len()));
        }
        if let Some(kind) = &self.kind {
            values.push(kind.as_str().into());
            conditions.push(format!("kind = ${}", values.len()));
        }
        (conditions, values)
    }
}

fn where_all(conditions: &[String]) -> String {
    match conditions.is_empty() {
        true => String::new(),
        false => format!("WHERE {}", conditions.join(" AND ")),
    }
}

impl Jobs {
    /// One page of jobs, the last enqueued first.
    ///
    /// # Errors
    /// 400 for a cursor of another list; when the database does not answer.
    pub async fn list(&self, query: &JobQuery, page: &PageRequest) -> Result<Page<Job>, Problem> {
        let (mut conditions, mut values) = query.conditions();
        if let Some(after) = page.cursor::<Uuid>(LIST)? {
            values.push(after.to_string().into());
            conditions.push(format!("id < ${}", values.len()));
        }
        values.push(page.rows_wanted().into());
        let sql = format!(
            "SELECT {COLUMNS} FROM job {} ORDER BY id DESC LIMIT ${}",
            where_all(&conditions),
            values.len()
        );
        let rows: Vec<Row> = db::query_all(self.db().conn(), &sql, values).await?;
        let jobs = rows
            .into_iter()
            .map(Row::into_job)
            .collect::<db::Result<Vec<Job>>>()?;
        Page::from_rows(jobs, page, LIST, |job| job.id)
    }

    /// How many jobs there are.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count(&self, query: &JobQuery) -> db::Result<u64> {
        let (conditions, values) = query.conditions();
        let sql = format!("SELECT COUNT(*) FROM job {}", where_all(&conditions));
        let count = db::query_count(self.db().conn(), &sql, values).await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }
}
