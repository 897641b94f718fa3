//! The queue as a table, and who takes it away.

use serde_json::json;
use zhida_casework::{Named as _, Urged};
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::clock::to_shanghai;
use zhida_platform::export::{Cell, Chosen, Column, Table};
use zhida_platform::format::until;
use zhida_platform::paging::{Page, PageRequest};

use super::query::DeskQuery;
use super::store::{self, DeskRow};
use crate::error::Error;
use crate::rights::{HANDLE, OPINION};
use crate::service::Redemption;
use crate::words::Stage;

/// Rows read at a time.
const ROWS_PER_PAGE: u32 = 1_000;

impl Redemption {
    /// A page of the queue.
    pub(crate) async fn desk(
        &self,
        viewer: &Viewer,
        query: &DeskQuery,
        page: &PageRequest,
    ) -> Result<Page<DeskRow>, Error> {
        self.may_look(viewer)?;
        store::list(self.db.conn(), query, viewer, self.clock.now(), page).await
    }

    /// How many rows [`Redemption::desk`] has in all.
    pub(crate) async fn desk_count(
        &self,
        viewer: &Viewer,
        query: &DeskQuery,
    ) -> Result<u64, Error> {
        self.may_look(viewer)?;
        store::count(self.db.conn(), query, viewer, self.clock.now()).await
    }

    /// The same for several queries, in their order.
    pub(crate) async fn desk_counts(
        &self,
        viewer: &Viewer,
        queries: &[DeskQuery],
    ) -> Result<Vec<u64>, Error> {
        self.may_look(viewer)?;
        let queries: Vec<&DeskQuery> = queries.iter().collect();
        store::counts(self.db.conn(), &queries, viewer, self.clock.now()).await
    }

    fn may_look(&self, viewer: &Viewer) -> Result<(), Error> {
        match viewer.may(OPINION) {
            true => Ok(()),
            false => Ok(viewer.need(HANDLE)?),
        }
    }

    /// The chosen columns of the queue as a table; that it was taken away is on record before the first row leaves.
    pub(crate) async fn desk_table(
        &self,
        viewer: &Viewer,
        query: DeskQuery,
        chosen: &Chosen,
        format: &str,
    ) -> Result<Table, Error> {
        let rows = self.desk_count(viewer, &query).await?;
        let now = self.clock.now();
        let entry = Entry::view(now, viewer, "redemption.desk_export", "case", format)
            .detail(chosen.told(json!({ "filters": query, "rows": rows })));
        let (db, viewer) = (self.db.clone(), viewer.clone());
        let fetch = move |after: Option<String>| {
            let (db, viewer, query) = (db.clone(), viewer.clone(), query.clone());
            async move {
                let page = PageRequest {
                    after,
                    limit: ROWS_PER_PAGE,
                };
                let found = store::list(db.conn(), &query, &viewer, now, &page).await?;
                Ok((found.items.into_iter().map(cells).collect(), found.next))
            }
        };
        let table = Table::by_pages("兑付办件", columns(), fetch).only(chosen)?;
        audit::record(&self.db, &[entry]).await?;
        Ok(table)
    }
}

/// The columns of the queue.
pub(super) fn columns() -> Vec<Column> {
    let columns = [
        ("办件编号", 22),
        ("企业", 36),
        ("统一社会信用代码", 22),
        ("事项", 36),
        ("金额（元）", 16),
        ("环节", 12),
        ("结果", 12),
        ("轮到", 10),
        ("承办单位", 26),
        ("经办人员", 12),
        ("受理日期", 12),
        ("到期日", 12),
        ("到期时间", 10),
        ("办结日期", 12),
        ("催办", 10),
    ];
    columns
        .map(|(heading, width)| Column::wide(heading, width))
        .to_vec()
}

fn cells(row: DeskRow) -> Vec<Cell> {
    let ended = row.ended();
    let head = row.head;
    let day = |at: chrono::DateTime<chrono::Utc>| to_shanghai(at).date_naive();
    let yuan = row
        .fen
        .map(|fen| Cell::Decimal(format!("{}.{:02}", fen / 100, fen % 100)));
    let (due_on, due_time) = head.due_at.map(until).unzip();
    vec![
        head.number.into(),
        row.enterprise_name.into(),
        head.enterprise.into(),
        row.item_name.into(),
        yuan.unwrap_or(Cell::Empty),
        stage_word(&head.stage).into(),
        head.outcome.is_some().then_some(ended).into(),
        turn_word(&head.turn).into(),
        head.holder_name.into(),
        head.handler_name.into(),
        day(head.opened_at).into(),
        due_on.into(),
        due_time.into(),
        head.closed_at.map(day).into(),
        head.urged
            .as_deref()
            .and_then(Urged::from_slug)
            .map(Urged::name)
            .into(),
    ]
}

pub(super) fn stage_word(slug: &str) -> &'static str {
    Stage::from_slug(slug).map_or("", Stage::word)
}

pub(super) fn turn_word(slug: &str) -> &'static str {
    match slug {
        "enterprise" => "企业",
        "office" => "部门",
        _ => "系统",
    }
}
