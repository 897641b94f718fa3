//! The queue as a table, and who takes it away.

use std::sync::Arc;

use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::clock::to_shanghai;
use zhida_platform::export::{Cell, Chosen, Column, Table};
use zhida_platform::format::until_zh;
use zhida_platform::paging::PageRequest;

use crate::error::Error;
use crate::model::AppealRow;
use crate::query::AppealQuery;
use crate::service::Appeals;
use crate::words::{Satisfaction, Supervision};

/// Rows read at a time.
const ROWS_PER_PAGE: u32 = 200;

impl Appeals {
    /// The chosen columns of the queue as a table; that it was taken away is on record before the first row leaves.
    pub(super) async fn table(
        self: &Arc<Self>,
        viewer: &Viewer,
        query: AppealQuery,
        chosen: &Chosen,
        format: &str,
    ) -> Result<Table, Error> {
        let rows = self.count(viewer, &query).await?;
        let entry = Entry::view(self.clock.now(), viewer, "appeals.export", "appeal", format)
            .detail(chosen.told(json!({ "filters": query, "rows": rows })));
        let (app, viewer) = (Arc::clone(self), viewer.clone());
        let fetch = move |after: Option<String>| {
            let (app, viewer, query) = (Arc::clone(&app), viewer.clone(), query.clone());
            async move {
                let page = PageRequest {
                    after,
                    limit: ROWS_PER_PAGE,
                };
                let found = app.list(&viewer, &query, &page).await?;
                Ok((found.items.into_iter().map(cells).collect(), found.next))
            }
        };
        let table = Table::by_pages("诉求", columns(), fetch).only(chosen)?;
        audit::record(&self.db, &[entry]).await?;
        Ok(table)
    }
}

/// The columns of the queue.
pub(super) fn columns() -> Vec<Column> {
    let columns = [
        ("办件编号", 22),
        ("标题", 40),
        ("企业", 36),
        ("统一社会信用代码", 22),
        ("渠道", 10),
        ("分类", 30),
        ("办理类型", 10),
        ("状态", 12),
        ("主办单位", 26),
        ("诉求人数", 10),
        ("评价", 10),
        ("督办", 10),
        ("登记日期", 12),
        ("期限", 18),
        ("办结日期", 12),
    ];
    columns
        .map(|(heading, width)| Column::wide(heading, width))
        .to_vec()
}

fn cells(row: AppealRow) -> Vec<Cell> {
    let day = |at: chrono::DateTime<chrono::Utc>| to_shanghai(at).date_naive();
    vec![
        row.head.number.clone().into(),
        row.head.title.clone().into(),
        row.enterprise_name.clone().into(),
        row.head.enterprise.clone().into(),
        row.channel.word().into(),
        row.category_name.clone().into(),
        row.track.word().into(),
        row.state_words().into(),
        row.head.holder_name.clone().unwrap_or_default().into(),
        row.voices.into(),
        row.satisfaction.map_or("", Satisfaction::word).into(),
        row.supervision.map_or("", Supervision::word).into(),
        day(row.head.opened_at).into(),
        row.head.due_at.map(until_zh).into(),
        row.head.closed_at.map(day).into(),
    ]
}
