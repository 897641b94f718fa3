//! 新匹配: who newly meets what since the last full run.
//!
//! A run compares, item by item, the enterprises that meet it with those of the run before, and
//! keeps the difference as news and the new state in one transaction. An item that is no longer in
//! force is met by nobody, so that its next opening is news. A run that was interrupted
//! goes on where it stopped; one that is repeated finds no difference. The very first run has
//! nothing to compare with and brings no news.

mod job;
mod met;
mod mute;
mod runs;
mod store;
mod tell;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use zhida_platform::access::Reach;
use zhida_platform::export::{Cell, Column, Table};
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;
use zhida_registry::Query;

use crate::Matching;
use crate::error::Error;
pub(crate) use job::background;
pub use runs::{RunRecord, RunReport, RunState};
use store::{Filter, Line};
pub(crate) use tell::{NEWS, RUN};

/// Name of the list in its cursors.
const LIST: &str = "match_news";
/// Lines of an export that are read at a time.
const EXPORT_LINES: u32 = 2_000;

/// 一家企业新符合的一个事项。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct News {
    /// 统一社会信用代码。
    pub code: String,
    /// 企业名称。
    pub name: String,
    /// 事项标识。
    pub item: String,
    /// 事项名称。
    pub item_name: String,
    /// 发现它的那次匹配的基准日。
    pub since: NaiveDate,
    /// “新事项”：事项是新的，或重新开放了；“情况变化”：数据、事项或日期变了。
    pub reason: &'static str,
}

/// Which news; empty texts ask nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewsQuery {
    /// 统一社会信用代码.
    pub enterprise: String,
    /// Id or number of the item.
    pub item: String,
    /// The enterprises whose news may be found at all: all for the program itself; for somebody who
    /// looks, what [`zhida_platform::access::Viewer::reach`] says.
    pub reach: Reach,
}

impl Default for NewsQuery {
    fn default() -> Self {
        Self {
            enterprise: String::new(),
            item: String::new(),
            reach: Reach::All,
        }
    }
}

/// The columns of [`Matching::export_news`].
pub(crate) fn columns() -> Vec<Column> {
    vec![
        Column::wide("统一社会信用代码", 22),
        Column::wide("企业名称", 40),
        Column::wide("事项", 40),
        Column::new("新符合日期"),
        Column::new("原因"),
    ]
}

impl Matching {
    /// A page of the news, newest first.
    ///
    /// # Errors
    /// No such enterprise or item; a cursor of another list; the database.
    pub async fn news(&self, query: &NewsQuery, page: &PageRequest) -> Result<Page<News>, Error> {
        let filter = self.news_filter(query).await?;
        self.news_page(&filter, page).await
    }

    /// How many lines [`Matching::news`] has in all.
    ///
    /// # Errors
    /// As [`Matching::news`].
    pub async fn news_count(&self, query: &NewsQuery) -> Result<u64, Error> {
        let filter = self.news_filter(query).await?;
        let key = filter.key()?;
        let version = (
            self.registry.version().await?,
            store::version(&self.db).await?,
        );
        if let Some(count) = self.news_counts.get(version, &key) {
            return Ok(count);
        }
        let count = store::count(&self.db, &self.registry, &filter).await?;
        self.news_counts.put(version, key, count);
        Ok(count)
    }

    /// All of the news for CSV and XLSX.
    ///
    /// # Errors
    /// As [`Matching::news`].
    pub async fn export_news(self: &Arc<Self>, query: &NewsQuery) -> Result<Table, Error> {
        let filter = Arc::new(self.news_filter(query).await?);
        let matching = Arc::clone(self);
        let fetch = move |after: Option<String>| {
            let (matching, filter) = (Arc::clone(&matching), Arc::clone(&filter));
            async move {
                let page = PageRequest {
                    after,
                    limit: EXPORT_LINES,
                };
                let found = matching.news_page(&filter, &page).await;
                let found = found.map_err(Problem::from)?;
                Ok((found.items.into_iter().map(cells).collect(), found.next))
            }
        };
        Ok(Table::by_pages("新匹配", columns(), fetch))
    }

    async fn news_filter(&self, query: &NewsQuery) -> Result<Filter, Error> {
        let enterprise = match query.enterprise.trim() {
            "" => None,
            code => {
                let enterprise = self.enterprise(code).await?;
                if !query.reach.covers(&enterprise.access()) {
                    return Err(Error::NoEnterprise(enterprise.code));
                }
                Some(enterprise.seq)
            }
        };
        let item = match query.item.trim() {
            "" => None,
            id => Some(self.item(id, self.today())?.id.clone()),
        };
        Ok(Filter {
            within: match enterprise {
                Some(_) => None,
                None => self.within(&query.reach).await?,
            },
            enterprise,
            item,
        })
    }

    /// The enterprises within reach; `None` when all are, so that officers of the whole city do not
    /// pay for a filter that leaves nothing out.
    async fn within(&self, reach: &Reach) -> Result<Option<Query>, Error> {
        if *reach == Reach::All {
            return Ok(None);
        }
        let within = Query {
            reach: reach.clone(),
            ..Query::default()
        };
        let all = self.registry.count(&Query::default()).await?;
        let found = self.registry.count(&within).await?;
        Ok((found < all).then_some(within))
    }

    async fn news_page(&self, filter: &Filter, page: &PageRequest) -> Result<Page<News>, Error> {
        let below = page.cursor::<i64>(LIST)?;
        let lines =
            store::list(&self.db, &self.registry, filter, below, page.rows_wanted()).await?;
        let page = Page::from_rows(lines, page, LIST, |line| line.no)?;
        let numbers: Vec<i64> = page.items.iter().map(|line| line.enterprise).collect();
        let names = self.registry.names(&numbers).await?;
        let names: HashMap<i64, _> = names.into_iter().map(|name| (name.seq, name)).collect();
        let catalogue = self.policies.catalogue(self.today());
        Ok(page.map(|line| {
            let Line {
                day,
                item,
                enterprise,
                new_item,
                ..
            } = line;
            let known = names.get(&enterprise).cloned();
            let (code, name) = known.map(|name| (name.code, name.name)).unwrap_or_default();
            let found = catalogue.find(&item);
            News {
                code,
                name,
                item_name: found.map_or_else(|| item.clone(), |found| found.name.clone()),
                item,
                since: day.parse().unwrap_or_default(),
                reason: if new_item {
                    "新事项"
                } else {
                    "情况变化"
                },
            }
        }))
    }
}

fn cells(news: News) -> Vec<Cell> {
    vec![
        news.code.into(),
        news.name.into(),
        news.item_name.into(),
        Some(news.since).into(),
        Cell::Text(news.reason.to_owned()),
    ]
}
