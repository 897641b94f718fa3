//! 资金池.

use serde::Deserialize;
use serde_json::json;
use std::collections::HashSet;
use std::sync::Arc;
use utoipa::IntoParams;
use zhida_platform::access::{Row, Viewer};
use zhida_platform::audit;
use zhida_platform::db::{ConnectionTrait, Tx};
use zhida_platform::export::{Cell, Column, Table};
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;
use zhida_standards::Fen;
use zhida_standards::division::{self, DivisionCode};

use super::Funds;
use crate::actions::{MANAGE, READ};
use crate::error::Error;
use crate::files::yuan;
use crate::model::{AMOUNT_MAX, Balance, ClaimRow, Entry, Kind, Pool, Recovery};
use crate::store::{self, Select};

/// Years that a pool may be of.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;
/// Who waits for a pool, as its page shows at most.
const QUEUE_SHOWN: i64 = 100;
/// Characters of a name, a note or a reason at most.
const TEXT_CHARS_MAX: usize = 500;

/// A pool that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewPool {
    /// The item's id.
    pub item: String,
    /// The item's name.
    pub item_name: String,
    /// 预算年度.
    pub year: i32,
    /// 责任单位.
    pub organisation: String,
    /// Division of those who look after it.
    pub place: String,
    /// Money, in fen.
    pub amount: Fen,
    /// 备注.
    pub note: String,
}

/// Which pools; empty texts ask nothing. List, count and exports take the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct PoolFilters {
    /// 预算年度，四位数字。
    pub year: String,
    /// 事项名称的一部分，或完整的事项标识。
    pub q: String,
}

impl PoolFilters {
    fn select(&self, viewer: &Viewer) -> Result<Select, Error> {
        let mut select = Select::default();
        select.reach(&viewer.reach(READ), None, "p.place");
        let year = self.year.trim();
        if !year.is_empty() {
            let year = year.parse::<i64>();
            let year = year.map_err(|_| Error::field("year", "年度请写四位数字，如 2026"))?;
            select.only("p.year = $", year);
        }
        let text = self.q.trim();
        if !text.is_empty() {
            let like = text.replace(['!', '%', '_'], "");
            let (like, id) = (select.push(format!("%{like}%")), select.push(text));
            select.only_if(&format!("(p.item_name LIKE ${like} OR p.item = ${id})"));
        }
        Ok(select)
    }
}

impl Funds {
    /// Pools, the newest year first; how many, and the sums over all of them.
    pub(crate) async fn pools(
        &self,
        viewer: &Viewer,
        filters: &PoolFilters,
        page: &PageRequest,
    ) -> Result<((u64, Balance), Page<Pool>), Error> {
        viewer.need(READ)?;
        let select = filters.select(viewer)?;
        let totals = store::pools::totals(self.db.conn(), &select).await?;
        let after: Option<(i64, String, String)> = page.cursor("pools")?;
        let conn = self.db.conn();
        let rows = store::pools::list(conn, select, after.as_ref(), page.rows_wanted()).await?;
        let key = |pool: &Pool| (pool.year, pool.item_name.clone(), pool.id.clone());
        Ok((totals, Page::from_rows(rows, page, "pools", key)?))
    }

    /// The whole list for CSV and XLSX.
    pub(crate) fn export_pools(
        self: &Arc<Self>,
        viewer: &Viewer,
        filters: &PoolFilters,
    ) -> Result<Table, Error> {
        viewer.need(READ)?;
        filters.select(viewer)?;
        let (funds, viewer, filters) = (Arc::clone(self), viewer.clone(), filters.clone());
        let fetch = move |after: Option<String>| {
            let (funds, viewer, filters) = (Arc::clone(&funds), viewer.clone(), filters.clone());
            async move {
                let page = PageRequest { after, limit: 200 };
                let found = funds.pools(&viewer, &filters, &page).await;
                let (_, found) = found.map_err(Problem::from)?;
                Ok((found.items.iter().map(cells).collect(), found.next))
            }
        };
        Ok(Table::by_pages("资金池", pool_columns(), fetch))
    }

    /// The ledger of a pool, the newest first.
    pub(crate) async fn ledger(
        &self,
        viewer: &Viewer,
        id: &str,
        page: &PageRequest,
    ) -> Result<Page<Entry>, Error> {
        self.pool(viewer, id).await?;
        let before: Option<String> = page.cursor("ledger")?;
        let conn = self.db.conn();
        let rows = store::pools::ledger(conn, id, before.as_deref(), page.rows_wanted()).await?;
        Ok(Page::from_rows(rows, page, "ledger", |entry| {
            entry.id.clone()
        })?)
    }

    /// 等待资金: how many wait for a pool, what they want, and the first of them in the order in which they are served.
    pub(crate) async fn queue(
        &self,
        viewer: &Viewer,
        id: &str,
    ) -> Result<((i64, Fen), Vec<ClaimRow>), Error> {
        self.pool(viewer, id).await?;
        let totals = store::claims::queue(self.db.conn(), id, None).await?;
        let first = store::claims::waiting(self.db.conn(), id, QUEUE_SHOWN).await?;
        Ok((totals, first))
    }

    /// 追回: those with the earliest limit first.
    pub(crate) async fn recoveries(
        &self,
        viewer: &Viewer,
        page: &PageRequest,
    ) -> Result<Page<Recovery>, Error> {
        viewer.need(READ)?;
        let mut select = Select::default();
        select.reach(&viewer.reach(READ), Some("r.enterprise"), "p.place");
        let after: Option<(String, String)> = page.cursor("recoveries")?;
        let conn = self.db.conn();
        let wanted = page.rows_wanted();
        let rows = store::claims::recoveries(conn, select, after.as_ref(), wanted).await?;
        let key = |one: &Recovery| (one.due_on.to_string(), one.id.clone());
        Ok(Page::from_rows(rows, page, "recoveries", key)?)
    }

    /// Makes the pool of an item and year.
    ///
    /// # Errors
    /// Without the right, beyond its reach, when there is one already or no such item, or a field is wrong.
    pub async fn open_pool(&self, viewer: &Viewer, new: &NewPool) -> Result<Pool, Error> {
        viewer.need(MANAGE)?;
        let pool = &self.checked(viewer, new)?;
        if let Some(items) = self.items()
            && !items.has_item(&pool.item).await?
        {
            let words = format!(
                "没有标识为“{}”的政策事项，请从事项的页面核对标识",
                pool.item
            );
            return Err(Problem::refused(words.clone()).field("item", words).into());
        }
        self.db
            .write(|tx| async move {
                if !store::pools::insert(&tx, &Pool { amount: 0, ..pool.clone() }, self.now()).await? {
                    return Err(Error::field(
                        "item",
                        format!("这个事项 {} 年已经有资金池，要改金额请到它的页面办理", pool.year),
                    ));
                }
                self.set_budget(&tx, pool, pool.amount, "建立资金池", viewer.actor()).await?;
                let entry = self
                    .entry(viewer, "funds.open_pool", "pool", &pool.id)
                    .after(json!({ "item": pool.item, "year": pool.year, "fen": pool.amount, "place": pool.place }));
                audit::append(&tx, &entry).await?;
                Ok(pool.clone())
            })
            .await
    }

    fn checked(&self, viewer: &Viewer, new: &NewPool) -> Result<Pool, Error> {
        let filled = |field, label: &str, text: &str| match text.trim() {
            "" => Err(Error::field(field, format!("请填写{label}"))),
            text if text.chars().count() > TEXT_CHARS_MAX => Err(Error::field(
                field,
                format!("{label}太长，最多 {TEXT_CHARS_MAX} 个字"),
            )),
            text => Ok(text.to_owned()),
        };
        if !YEARS.contains(&new.year) {
            return Err(Error::field("year", "年度请写四位数字，如 2026"));
        }
        let place = DivisionCode::parse(new.place.trim())
            .ok()
            .filter(|code| division::get(*code).is_some())
            .ok_or_else(|| Error::field("place", "请写行政区划代码，如 330302"))?;
        let place = place.as_str().to_owned();
        let row = Row {
            division: Some(&place),
            ..Row::default()
        };
        if !viewer.covers(MANAGE, &row) {
            return Err(Error::field("place", "这个区划不在您的管理范围之内"));
        }
        if !(0..=AMOUNT_MAX).contains(&new.amount) {
            return Err(Error::field("amount", "金额不能小于零，也不能超过系统上限"));
        }
        if new.note.chars().count() > TEXT_CHARS_MAX {
            return Err(Error::field(
                "note",
                format!("备注太长，最多 {TEXT_CHARS_MAX} 个字"),
            ));
        }
        Ok(Pool {
            id: self.new_id(),
            item: filled("item", "事项标识", &new.item)?,
            item_name: filled("item_name", "事项名称", &new.item_name)?,
            year: new.year.into(),
            organisation: filled("organisation", "责任单位", &new.organisation)?,
            place,
            amount: new.amount,
            reserved: 0,
            committed: 0,
            paid: 0,
            is_open: true,
            note: new.note.trim().to_owned(),
        })
    }

    /// 追加、核减: sets the amount of a pool; who waits is served when it grows.
    ///
    /// # Errors
    /// [`Error::CutTooDeep`] with the figures when less would be left than is spoken for; without a reason, or beyond reach.
    pub async fn change_budget(
        &self,
        viewer: &Viewer,
        id: &str,
        amount: Fen,
        reason: &str,
    ) -> Result<(), Error> {
        viewer.need(MANAGE)?;
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > TEXT_CHARS_MAX {
            return Err(Error::field(
                "reason",
                "请写明增减预算的依据，最多 500 个字",
            ));
        }
        if !(0..=AMOUNT_MAX).contains(&amount) {
            return Err(Error::field("amount", "金额不能小于零，也不能超过系统上限"));
        }
        self.db
            .write(|tx| async move {
                let pool = self.managed(&tx, viewer, id).await?;
                self.set_budget(&tx, &pool, amount - pool.amount, reason, viewer.actor())
                    .await?;
                let entry = self
                    .entry(viewer, "funds.change_budget", "pool", id)
                    .before(json!({ "fen": pool.amount }))
                    .after(json!({ "fen": amount }))
                    .detail(json!({ "reason": reason }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// Changes a pool's amount and serves who waits; the pool's row is held.
    async fn set_budget(
        &self,
        tx: &Tx,
        pool: &Pool,
        change: Fen,
        reason: &str,
        by: &str,
    ) -> Result<(), Error> {
        let kind = if change < 0 { Kind::Cut } else { Kind::Raise };
        let amount = change.abs();
        if amount == 0 {
            return Ok(());
        }
        if !store::pools::shift(tx, &pool.id, kind.effect().times(amount)).await? {
            return Err(Error::CutTooDeep {
                wanted: pool.amount + change,
                reserved: pool.reserved,
                committed: pool.committed,
                paid: pool.paid,
            });
        }
        self.note(tx, &pool.id, None, (kind, amount), reason, by)
            .await?;
        self.serve(tx, &pool.id, None, by).await
    }

    /// 停用、启用: a closed pool takes no new reservations; what it holds goes on.
    ///
    /// # Errors
    /// Without the right, or beyond its reach.
    pub async fn switch_pool(&self, viewer: &Viewer, id: &str, is_open: bool) -> Result<(), Error> {
        viewer.need(MANAGE)?;
        self.db
            .write(|tx| async move {
                let pool = self.managed(&tx, viewer, id).await?;
                store::pools::set_open(&tx, &pool.id, is_open).await?;
                if is_open {
                    self.serve(&tx, &pool.id, None, viewer.actor()).await?;
                }
                let entry = self
                    .entry(viewer, "funds.switch_pool", "pool", id)
                    .before(json!({ "open": pool.is_open }))
                    .after(json!({ "open": is_open }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// A pool within reach, its row held.
    async fn managed(&self, tx: &Tx, viewer: &Viewer, id: &str) -> Result<Pool, Error> {
        let pool = store::pools::lock(tx, id).await?;
        within(pool, |row| viewer.covers(MANAGE, row))
    }

    /// Whether an item has a pool of this year that takes reservations; without one nothing of it can be reserved.
    ///
    /// # Errors
    /// The database.
    pub async fn has_open_pool(
        &self,
        conn: &impl ConnectionTrait,
        item: &str,
        year: i32,
    ) -> Result<bool, Error> {
        Ok(store::pools::has_open(conn, item, year.into()).await?)
    }

    /// Those of these items that have a pool of a year that takes reservations.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn open_pools(
        &self,
        conn: &impl ConnectionTrait,
        items: &[String],
        year: i32,
    ) -> Result<HashSet<String>, Error> {
        Ok(store::pools::open_among(conn, items, year.into()).await?)
    }

    /// One pool.
    ///
    /// # Errors
    /// When there is none within reach.
    pub async fn pool(&self, viewer: &Viewer, id: &str) -> Result<Pool, Error> {
        viewer.need(READ)?;
        let pool = store::pools::get(self.db.conn(), id).await?;
        within(pool, |row| viewer.covers(READ, row))
    }
}

fn within(pool: Option<Pool>, covers: impl Fn(&Row<'_>) -> bool) -> Result<Pool, Error> {
    let reached = |pool: &Pool| {
        covers(&Row {
            division: Some(&pool.place),
            ..Row::default()
        })
    };
    pool.filter(reached)
        .ok_or_else(|| Error::missing("这个资金池"))
}

/// The columns of [`Funds::export_pools`].
pub(crate) fn pool_columns() -> Vec<Column> {
    vec![
        Column::wide("事项", 32),
        Column::new("年度"),
        Column::wide("责任单位", 28),
        Column::new("预算(元)"),
        Column::new("预占(元)"),
        Column::new("锁定(元)"),
        Column::new("已拨付(元)"),
        Column::new("余额(元)"),
        Column::new("状态"),
    ]
}

fn cells(pool: &Pool) -> Vec<Cell> {
    let yuan = |fen: Fen| Cell::Decimal(yuan(fen));
    vec![
        pool.item_name.as_str().into(),
        pool.year.into(),
        pool.organisation.as_str().into(),
        yuan(pool.amount),
        yuan(pool.reserved),
        yuan(pool.committed),
        yuan(pool.paid),
        yuan(pool.left()),
        if pool.is_open { "启用" } else { "停用" }.into(),
    ]
}
