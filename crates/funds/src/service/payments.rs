//! 拨付: what is to be paid and what became of it.

use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use utoipa::IntoParams;
use zhida_platform::access::{Reach, Row, Viewer};
use zhida_platform::audit;
use zhida_platform::export::{Cell, Column, Table};
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;
use zhida_standards::Fen;

use super::Funds;
use crate::actions::{DRAW, PAYEE, READ};
use crate::error::Error;
use crate::files::yuan;
use crate::model::{Batch, BatchState, Day, Payment, PaymentState, PaymentView};
use crate::store::{self, Select};

/// The columns of [`Funds::export_payments`].
pub(crate) fn payment_columns() -> Vec<Column> {
    vec![
        Column::new("拨付编号"),
        Column::wide("办件编号", 22),
        Column::wide("事项", 32),
        Column::new("年度"),
        Column::wide("企业", 32),
        Column::wide("统一社会信用代码", 22),
        Column::new("期次"),
        Column::new("金额（元）"),
        Column::new("状态"),
        Column::wide("说明", 40),
        Column::new("批次"),
        Column::new("拨付日期"),
        Column::new("已等天数"),
    ]
}

/// Lines of an export that are read at a time.
const EXPORT_LINES: u32 = 1_000;
/// due, drawn and returned, in the words of an index.
const UNPAID: &str = "y.state NOT IN ('paid', 'cancelled')";

/// Which payments; empty texts ask nothing but what is not paid yet. List, count and exports take the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct PaymentFilters {
    /// 状态：due、drawn、paid、returned、cancelled；不写是全部未拨付的（due、drawn、returned）；all 是全部。
    pub state: String,
    /// 办件编号、拨付编号或统一社会信用代码，要写完整。
    pub q: String,
    /// 资金池标识。
    pub pool: String,
}

impl PaymentFilters {
    fn select(&self, reach: &Reach) -> Result<Select, Error> {
        let mut select = Select::default();
        select.payments_within(reach);
        match self.state.trim() {
            "" => select.only_if(UNPAID),
            "all" => {}
            state => {
                let state = PaymentState::parse(state).ok_or_else(|| {
                    Error::field(
                        "state",
                        "状态请写 due、drawn、paid、returned、cancelled 或 all",
                    )
                })?;
                select.only("y.state = $", state.slug());
            }
        }
        let text = self.q.trim();
        if !text.is_empty() {
            let [a, b, c] = [text.to_owned(), text.to_owned(), text.to_uppercase()]
                .map(|text| select.push(text));
            select.only_if(&format!(
                "(y.case_number = ${a} OR y.number = ${b} OR y.enterprise = ${c})"
            ));
        }
        if !self.pool.trim().is_empty() {
            select.only("y.pool = $", self.pool.trim());
        }
        Ok(select)
    }
}

impl Funds {
    /// Payments, the oldest first; how many there are and what they come to.
    pub(crate) async fn payments(
        &self,
        viewer: &Viewer,
        filters: &PaymentFilters,
        page: &PageRequest,
    ) -> Result<((u64, Fen), Page<PaymentView>), Error> {
        viewer.need(READ)?;
        let select = filters.select(&viewer.reach(READ))?;
        self.listed(select, page).await
    }

    async fn listed(
        &self,
        select: Select,
        page: &PageRequest,
    ) -> Result<((u64, Fen), Page<PaymentView>), Error> {
        let totals = store::payments::totals(self.db.conn(), &select).await?;
        Ok((totals, self.page_of(select, page).await?))
    }

    async fn page_of(
        &self,
        select: Select,
        page: &PageRequest,
    ) -> Result<Page<PaymentView>, Error> {
        let after: Option<(String, String)> = page.cursor("payments")?;
        let conn = self.db.conn();
        let rows = store::payments::list(conn, select, after.as_ref(), page.rows_wanted()).await?;
        Ok(Page::from_rows(
            rows,
            page,
            "payments",
            store::payments::key,
        )?)
    }

    /// The payments of the viewer's own enterprise.
    pub(crate) async fn own_payments(
        &self,
        viewer: &Viewer,
        page: &PageRequest,
    ) -> Result<((u64, Fen), Page<PaymentView>), Error> {
        viewer.need(PAYEE)?;
        let filters = PaymentFilters {
            state: "all".to_owned(),
            ..PaymentFilters::default()
        };
        let select = filters.select(&viewer.reach(PAYEE))?;
        self.listed(select, page).await
    }

    /// How many days a payment has waited.
    pub(crate) fn age(&self, payment: &Payment) -> i64 {
        let made = zhida_platform::clock::to_shanghai(payment.created_at).date_naive();
        (self.today() - made).num_days()
    }

    /// The whole list for CSV and XLSX.
    pub(crate) fn export_payments(
        self: &Arc<Self>,
        viewer: &Viewer,
        filters: &PaymentFilters,
    ) -> Result<Table, Error> {
        viewer.need(READ)?;
        let select = filters.select(&viewer.reach(READ))?;
        let funds = Arc::clone(self);
        let fetch = move |after: Option<String>| {
            let (funds, select) = (Arc::clone(&funds), select.clone());
            async move {
                let page = PageRequest {
                    after,
                    limit: EXPORT_LINES,
                };
                let found = funds.page_of(select, &page).await.map_err(Problem::from)?;
                let rows = found.items.iter().map(|one| funds.cells(one)).collect();
                Ok((rows, found.next))
            }
        };
        Ok(Table::by_pages("拨付", payment_columns(), fetch))
    }

    fn cells(&self, view: &PaymentView) -> Vec<Cell> {
        let payment = &view.payment;
        vec![
            payment.number.as_str().into(),
            payment.case_number.as_str().into(),
            view.item_name.as_str().into(),
            view.year.into(),
            payment.enterprise_name.as_str().into(),
            payment.enterprise.as_str().into(),
            payment.label.as_str().into(),
            Cell::Decimal(yuan(payment.amount)),
            payment.state.word().into(),
            payment.reason.as_str().into(),
            view.batch.as_str().into(),
            payment.paid_on.into(),
            match payment.state {
                PaymentState::Paid | PaymentState::Cancelled => Cell::Empty,
                _ => self.age(payment).into(),
            },
        ]
    }

    /// 再次拨付: a payment that the bank sent back is due again to the same account, because the reason lay elsewhere.
    pub(crate) async fn pay_again(
        &self,
        viewer: &Viewer,
        id: &str,
        reason: &str,
    ) -> Result<(), Error> {
        viewer.need(DRAW)?;
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > 500 {
            return Err(Error::field(
                "reason",
                "请写明为什么可以再付到原账户，最多 500 个字",
            ));
        }
        self.db
            .write(|tx| async move {
                let payment = store::payments::get(&tx, id).await?;
                let payment = payment.ok_or_else(|| Error::missing("这笔拨付"))?;
                let pool = store::pools::lock(&tx, &payment.pool).await?;
                let place = pool.map(|pool| pool.place).unwrap_or_default();
                let row = Row {
                    division: Some(&place),
                    ..Row::default()
                };
                if !viewer.covers(DRAW, &row) {
                    return Err(Error::missing("这笔拨付"));
                }
                let (from, to) = (PaymentState::Returned, PaymentState::Due);
                if !store::payments::change(&tx, id, from, to, reason).await? {
                    return Err(Error::moved("只有银行退回的拨付才能再次拨付"));
                }
                if let Some(payee) = store::payees::current(&tx, &payment.enterprise).await? {
                    store::payees::set_fault(&tx, &payee.id, "").await?;
                }
                let entry = self
                    .entry(viewer, "funds.pay_again", "payment", id)
                    .enterprise(payment.enterprise)
                    .detail(json!({ "reason": reason }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// Batches in a state (empty: all), the newest first; how many.
    pub(crate) async fn batches(
        &self,
        viewer: &Viewer,
        state: &str,
        page: &PageRequest,
    ) -> Result<(u64, Page<Batch>), Error> {
        viewer.need(READ)?;
        let mut select = Select::default();
        select.reach(&viewer.reach(READ), None, "b.place");
        if !state.trim().is_empty() {
            let state = BatchState::parse(state.trim()).ok_or_else(|| {
                Error::field("state", "状态请写 drawn、approved、sent 或 withdrawn")
            })?;
            select.only("b.state = $", state.slug());
        }
        let total = store::batches::count(self.db.conn(), &select).await?;
        let before: Option<String> = page.cursor("batches")?;
        let conn = self.db.conn();
        let rows =
            store::batches::list(conn, select, before.as_deref(), page.rows_wanted()).await?;
        let page = Page::from_rows(rows, page, "batches", |batch| batch.id.clone())?;
        Ok((total, page))
    }

    /// A page of 对账 by the day on which batches were handed to the bank, the newest first; how many days there are.
    pub(crate) async fn reconciliation(
        &self,
        viewer: &Viewer,
        page: &PageRequest,
    ) -> Result<(u64, Page<Day>), Error> {
        viewer.need(READ)?;
        let mut select = Select::default();
        select.reach(&viewer.reach(READ), None, "b.place");
        let conn = self.db.conn();
        let total = store::batches::count_days(conn, select.clone()).await?;
        let before: Option<String> = page.cursor("reconciliation")?;
        let rows =
            store::batches::days(conn, select, before.as_deref(), page.rows_wanted()).await?;
        let page = Page::from_rows(rows, page, "reconciliation", |day| day.sent_on.clone())?;
        Ok((total, page))
    }
}
