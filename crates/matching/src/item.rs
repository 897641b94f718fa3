//! Use cases of one item against many enterprises: counts, pages, exports.

use std::sync::Arc;

use chrono::NaiveDate;
use futures::{StreamExt, TryStreamExt, stream};
use tokio::task::spawn_blocking;
use zhida_platform::export::{Cell, Column, Table};
use zhida_platform::paging::{Cursor, PageRequest};
use zhida_platform::problem::Problem;
use zhida_policies::PublishedItem;
use zhida_registry::{Enterprise, Query};
use zhida_rules::{Env, ItemRules, Number};

use crate::Matching;
use crate::bulk::Row;
use crate::engine::{Found, Snapshot};
use crate::error::Error;
use crate::judge;
use crate::list::{Key, MatchList};
use crate::model::ItemMatch;
use crate::service::{INTERACTIVE_MAX, Patience};
use crate::verdict::Label;

/// Enterprises that are read and judged at a time.
const CHUNK: usize = 2_000;
/// Chunks judged at the same time.
const WORKERS: usize = 2;
/// Times that a filter is read anew because the registry changed meanwhile.
const ATTEMPTS: usize = 3;

impl Matching {
    /// All enterprises of a query for one item, in the order of lists.
    pub(crate) async fn list(
        &self,
        item: &Arc<PublishedItem>,
        query: &Query,
        on: NaiveDate,
        patience: Patience,
    ) -> Result<Arc<MatchList>, Error> {
        let on = self.day(Some(on))?;
        let mut key = Key {
            digest: item.digest.clone(),
            item: item.id.clone(),
            registry: self.registry.version().await?,
            on,
            query: serde_json::to_string(query).map_err(Problem::internal)?,
        };
        if let Some(list) = self.cache.get(&key) {
            return Ok(list);
        }
        let _turn = self.turn.acquire().await;
        if let Some(list) = self.cache.get(&key) {
            return Ok(list);
        }
        let rules = Arc::new(item.rules.clone());
        let list = match self.by_engine(&rules, query, on).await? {
            Some((version, list)) => {
                key.registry = version;
                list
            }
            None => self.one_by_one(&rules, query, on, patience).await?,
        };
        let list = Arc::new(list);
        self.cache.put(key, &list);
        Ok(list)
    }

    /// The list by the engine, with the version of the registry that it holds for; `None` when the
    /// engine cannot tell.
    pub(crate) async fn by_engine(
        &self,
        rules: &Arc<ItemRules>,
        query: &Query,
        on: NaiveDate,
    ) -> Result<Option<(i64, MatchList)>, Error> {
        for _ in 0..ATTEMPTS {
            let Some(snapshot) = self.keeper.current().await? else {
                return Ok(None);
            };
            let version = snapshot.registry;
            let only = match snapshot.groups.found(query) {
                Some(found) => found,
                None => {
                    let numbers = self.registry.seqs(query).await?;
                    if self.registry.version().await? != version {
                        continue;
                    }
                    Found::Marked(marked(&numbers, snapshot.roll.end()))
                }
            };
            let list = self.compute(snapshot, only, rules, on).await?;
            return Ok(Some((version, list)));
        }
        Ok(None)
    }

    async fn compute(
        &self,
        snapshot: Arc<Snapshot>,
        only: Found,
        rules: &Arc<ItemRules>,
        on: NaiveDate,
    ) -> Result<MatchList, Error> {
        let (rules, dictionary) = (Arc::clone(rules), self.dictionary);
        let compute = move || {
            let only = only.marked();
            MatchList::computed(&snapshot, only, &rules, dictionary, on)
        };
        Ok(spawn_blocking(compute).await??)
    }

    /// The list by the interpreter, from the database.
    async fn one_by_one(
        &self,
        rules: &Arc<ItemRules>,
        query: &Query,
        on: NaiveDate,
        patience: Patience,
    ) -> Result<MatchList, Error> {
        if patience == Patience::Page {
            let wanted = self.registry.count(query).await?;
            if wanted > INTERACTIVE_MAX {
                return Err(Error::TooMany(wanted, INTERACTIVE_MAX));
            }
        }
        Ok(MatchList::judged(self.scan_rules(rules, query, on).await?))
    }

    pub(crate) async fn scan_rules(
        &self,
        rules: &Arc<ItemRules>,
        query: &Query,
        on: NaiveDate,
    ) -> Result<Vec<Row>, Error> {
        let chunks = self.registry.scan(query, CHUNK);
        chunks
            .map_err(Error::from)
            .map_ok(|chunk| self.judge_rows(Arc::clone(rules), chunk, on))
            .try_buffered(WORKERS)
            .try_concat()
            .await
    }

    pub(crate) async fn judge_rows(
        &self,
        rules: Arc<ItemRules>,
        enterprises: Vec<Enterprise>,
        on: NaiveDate,
    ) -> Result<Vec<Row>, Error> {
        let dictionary = self.dictionary;
        let judge = move || -> Vec<Row> {
            let row = |enterprise: &Enterprise| {
                let Enterprise {
                    seq,
                    code,
                    name,
                    facts,
                    ..
                } = enterprise;
                let env = Env {
                    dictionary,
                    facts,
                    on,
                };
                Row::judge(&rules, &env, *seq, code, name)
            };
            enterprises.iter().map(row).collect()
        };
        Ok(spawn_blocking(judge).await?)
    }

    /// A page of the enterprises for one item.
    ///
    /// # Errors
    /// No such item; a cursor of another list; too many enterprises for a page; the database.
    pub async fn for_item(
        &self,
        id: &str,
        query: &Query,
        label: Option<Label>,
        on: NaiveDate,
        page: &PageRequest,
        patience: Patience,
    ) -> Result<ItemMatch, Error> {
        let item = self.item(id, on)?;
        let list = self.list(&item, query, on, patience).await?;
        let name = format!("match:{}", item.id);
        let after: Option<i64> = page.cursor(&name)?;
        let from = after.map_or(0, |after| list.after(label, after));
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let rows = list.rows(&self.registry, label, from, limit).await?;
        let next = match rows.last() {
            Some(last) if list.len(label) > from.saturating_add(limit) => {
                Some(Cursor::encode(&name, &last.seq)?)
            }
            _ => None,
        };
        Ok(ItemMatch {
            item: judge::head(&item),
            on,
            not_open: judge::not_open_reason(&item, on),
            counts: list.counts,
            cost: list.cost.clone(),
            enterprises: rows.iter().map(Row::view).collect(),
            next,
        })
    }

    /// The same list as a table for CSV and XLSX.
    ///
    /// # Errors
    /// As [`Matching::for_item`].
    pub async fn export_item(
        &self,
        id: &str,
        query: &Query,
        label: Option<Label>,
        on: NaiveDate,
        patience: Patience,
    ) -> Result<Table, Error> {
        let counted = self.export_item_counted(id, query, label, on, patience);
        Ok(counted.await?.0)
    }

    /// The same, with the number of its lines, for the record of the export.
    pub(crate) async fn export_item_counted(
        &self,
        id: &str,
        query: &Query,
        label: Option<Label>,
        on: NaiveDate,
        patience: Patience,
    ) -> Result<(Table, u64), Error> {
        let item = self.item(id, on)?;
        let list = self.list(&item, query, on, patience).await?;
        let lines = list.len(label);
        let registry = Arc::clone(&self.registry);
        let starts = (0..lines).step_by(CHUNK);
        let chunks = stream::iter(starts).map(move |from| {
            let (list, registry) = (Arc::clone(&list), Arc::clone(&registry));
            async move {
                let rows = list.rows(&registry, label, from, CHUNK).await;
                let rows = rows.map_err(Problem::from)?;
                let cells = rows.into_iter().map(|row| Ok(cells(&row)));
                Ok::<_, Problem>(stream::iter(cells))
            }
        });
        // while one portion is written the next is read and judged
        let rows = chunks.buffered(WORKERS);
        let name = format!("{}_匹配企业_{on}", item.name);
        let table = Table::new(name, columns(), rows.try_flatten());
        Ok((table, lines as u64))
    }
}

/// The places of these numbers marked, of so many.
fn marked(numbers: &[i64], end: usize) -> Vec<bool> {
    let mut marked = vec![false; end];
    for number in numbers {
        let at = usize::try_from(*number).ok();
        if let Some(mark) = at.and_then(|at| marked.get_mut(at)) {
            *mark = true;
        }
    }
    marked
}

/// The columns of [`Matching::export_item`].
pub(crate) fn columns() -> Vec<Column> {
    vec![
        Column::wide("统一社会信用代码", 22),
        Column::wide("企业名称", 40),
        Column::wide("结论", 22),
        Column::new("未满足条件数"),
        Column::new("金额下限（元）"),
        Column::new("金额上限（元）"),
        Column::wide("金额说明", 28),
    ]
}

fn cells(row: &Row) -> Vec<Cell> {
    let view = row.view();
    let distance = match row.label {
        Label::OutOfReach => Cell::Empty,
        _ => Cell::Integer(i64::from(row.distance)),
    };
    let (low, high, text) = match view.amount {
        Some(amount) => (amount.low, amount.high, Cell::Text(amount.text)),
        None => (None, None, Cell::Empty),
    };
    let decimal =
        |end: Option<Number>| end.map_or(Cell::Empty, |number| Cell::Decimal(number.to_string()));
    vec![
        Cell::Text(view.code),
        Cell::Text(view.name),
        Cell::Text(row.label.words().to_owned()),
        distance,
        decimal(low),
        decimal(high),
        text,
    ]
}
