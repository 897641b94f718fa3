//! 新匹配: who newly meets what since the last full run.
//!
//! A run compares, item by item, the enterprises that meet it with those of the run before, and
//! keeps the difference as news and the new state in one transaction. A run that was interrupted
//! goes on where it stopped; one that is repeated finds no difference. The very first run has
//! nothing to compare with and brings no news.

mod met;
mod migration;
mod store;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{NaiveDate, Timelike};
use serde::Serialize;
use tokio::task::spawn_blocking;
use utoipa::ToSchema;
use zhida_matcher::{MatcherError, Want};
use zhida_platform::clock::to_shanghai;
use zhida_platform::export::{Cell, Column, Table};
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;
use zhida_platform::progress::{Progress, Silent};

use crate::Matching;
use crate::engine::Snapshot;
use crate::error::Error;
pub(crate) use migration::MIGRATIONS;
use store::{Filter, Line};

/// Items that are compared in one transaction.
const CHUNK: usize = 50;
/// The hour of the night, in Shanghai, from which a day's run is due.
const HOUR: u32 = 2;
/// Who runs at night.
const NIGHT: &str = "系统";
/// Name of the list in its cursors.
const LIST: &str = "match_news";
/// Lines of an export that are read at a time.
const EXPORT_LINES: u32 = 2_000;

/// An item that an enterprise newly meets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct News {
    /// 统一社会信用代码.
    pub code: String,
    /// 企业名称.
    pub name: String,
    /// Id of the item.
    pub item: String,
    /// 事项名称.
    pub item_name: String,
    /// The 基准日 of the run that found it.
    pub since: NaiveDate,
    /// 新事项: the item itself is new; 情况变化: facts, the item or the day made the difference.
    pub reason: &'static str,
}

/// Which news; empty texts ask nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewsQuery {
    /// 统一社会信用代码.
    pub enterprise: String,
    /// Id or number of the item.
    pub item: String,
}

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunReport {
    /// Number of the run.
    pub no: i64,
    /// Items that were compared.
    pub items: u64,
    /// News that it brought.
    pub news: u64,
    /// It was the first: news count from now on.
    pub first: bool,
}

impl Matching {
    /// Runs all items in force today against all enterprises and keeps who newly meets what.
    ///
    /// # Errors
    /// Nothing to compare; the database.
    pub async fn save_run(&self, actor: &str, progress: &dyn Progress) -> Result<RunReport, Error> {
        let snapshot = self.keeper.bring_up(progress).await?;
        let snapshot = snapshot.ok_or(Error::NoEngine)?;
        if snapshot.view.table().is_empty() || snapshot.items.is_empty() {
            return Err(Error::NothingToCompare);
        }
        let day = snapshot.view.on();
        let run = store::open(&self.db, actor, day, self.clock.now()).await?;
        let mut keys: Vec<u64> = snapshot.items.keys().copied().collect();
        keys.sort_unstable();
        let total = keys.len() as u64;
        for (at, keys) in keys.chunks(CHUNK).enumerate() {
            let (snapshot, keys) = (Arc::clone(&snapshot), keys.to_vec());
            let met = spawn_blocking(move || met_by(&snapshot, &keys)).await??;
            store::compare(&self.db, run, &met).await?;
            let done = (at * CHUNK + met.len()) as u64;
            progress.report(done, Some(total), "正在比较新匹配");
        }
        let news = store::close(&self.db, actor, run, self.clock.now()).await?;
        Ok(RunReport {
            no: run.no,
            items: total,
            news,
            first: run.first,
        })
    }

    /// The night's run, when it is due.
    pub(crate) async fn save_nightly(&self) -> Result<(), Error> {
        let due = to_shanghai(self.clock.now()).hour() >= HOUR;
        if !due || store::is_done(&self.db, self.today()).await? {
            return Ok(());
        }
        match self.save_run(NIGHT, &Silent).await {
            Ok(report) => tracing::info!(run = report.no, news = report.news, "夜间全量匹配完成"),
            Err(Error::NothingToCompare) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

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
        store::count(&self.db, &self.news_filter(query).await?).await
    }

    /// All of the news for CSV and XLSX.
    ///
    /// # Errors
    /// As [`Matching::news`].
    pub async fn export_news(self: &Arc<Self>, query: &NewsQuery) -> Result<Table, Error> {
        let filter = Arc::new(self.news_filter(query).await?);
        let matching = Arc::clone(self);
        let columns = vec![
            Column::wide("统一社会信用代码", 22),
            Column::wide("企业名称", 40),
            Column::wide("事项", 40),
            Column::new("新符合日期"),
            Column::new("原因"),
        ];
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
        Ok(Table::by_pages("新匹配", columns, fetch))
    }

    async fn news_filter(&self, query: &NewsQuery) -> Result<Filter, Error> {
        let enterprise = match query.enterprise.trim() {
            "" => None,
            code => Some(self.enterprise(code).await?.seq),
        };
        let item = match query.item.trim() {
            "" => None,
            id => Some(self.item(id, self.today())?.id.clone()),
        };
        Ok(Filter { enterprise, item })
    }

    async fn news_page(&self, filter: &Filter, page: &PageRequest) -> Result<Page<News>, Error> {
        let below = page.cursor::<i64>(LIST)?;
        let lines = store::list(&self.db, filter, below, page.rows_wanted()).await?;
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

/// The enterprises that meet each of these items, in ascending order.
fn met_by(snapshot: &Snapshot, keys: &[u64]) -> Result<Vec<(String, Vec<u32>)>, MatcherError> {
    let want = Want {
        met: true,
        ..Want::default()
    };
    let mut found = Vec::with_capacity(keys.len());
    for key in keys {
        let Some(item) = snapshot.items.get(key) else {
            continue;
        };
        let met = snapshot.view.item(*key, want)?.met.into_iter();
        let mut met: Vec<u32> = met
            .filter_map(|number| u32::try_from(number).ok())
            .collect();
        met.sort_unstable();
        found.push((item.id.clone(), met));
    }
    Ok(found)
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
