//! 拨付批次: drawn by one person, approved by another, handed to the bank.

use chrono::{Datelike, NaiveDate};
use serde_json::json;
use zhida_platform::access::{Action, Row, Viewer};
use zhida_platform::audit;
use zhida_platform::db::Tx;
use zhida_platform::format::{date_zh, datetime_zh};

use super::Funds;
use crate::actions::{APPROVE, DRAW, READ};
use crate::error::Error;
use crate::files::{PlainAccount, PlainBatch, PlainRow};
use crate::hooks::MayPay;
use crate::model::{Batch, BatchRow, BatchState, Payer, Payment, PaymentState, RowState};
use crate::store::batches::NewRow;
use crate::store::{self, Select};

/// Rows of a batch at most.
pub(crate) const ROWS_MAX: u32 = 1_000;
/// Payments that are looked at for a batch at most: most stay out only when nearly all are in trouble.
const LOOKED_AT_MAX: usize = 5_000;
/// Payments read at a time.
const CHUNK: i64 = 200;
/// Characters of a reason at most.
const REASON_CHARS_MAX: usize = 500;

/// What is to be drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DrawForm {
    /// 付款账户.
    pub payer: String,
    /// One pool only; empty: all within reach.
    pub pool: String,
    /// Rows at most.
    pub rows: u32,
}

/// What came of drawing or approving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checked {
    /// The batch; `None` when no row was left.
    pub batch: Option<String>,
    /// Rows in it.
    pub rows: usize,
    /// What stayed out: case, enterprise, reason.
    pub out: Vec<(String, String, String)>,
}

impl Funds {
    /// 编制: draws what may be paid into a batch, the oldest first. What must not be paid stays out, with the reason beside it.
    pub(crate) async fn draw(&self, viewer: &Viewer, form: &DrawForm) -> Result<Checked, Error> {
        viewer.need(DRAW)?;
        let by = somebody(viewer)?;
        if !(1..=ROWS_MAX).contains(&form.rows) {
            return Err(Error::field("rows", format!("请写 1 至 {ROWS_MAX} 的整数")));
        }
        let by = &by;
        self.db
            .write(|tx| async move {
                let payer = self.usable_payer(&tx, viewer, &form.payer).await?;
                let batch = &self.new_batch(&tx, viewer, by, &payer).await?;
                let (rows, out) = self.choose(&tx, viewer, form, &batch.number).await?;
                let checked = Checked {
                    batch: (!rows.is_empty()).then(|| batch.id.clone()),
                    rows: rows.len(),
                    out,
                };
                if !rows.is_empty() {
                    store::batches::insert(&tx, batch).await?;
                    store::batches::insert_rows(&tx, &batch.id, rows).await?;
                }
                let entry = self
                    .entry(viewer, "funds.draw", "payment_batch", &batch.id)
                    .detail(json!({ "number": batch.number, "rows": checked.rows, "out": checked.out.len() }));
                audit::append(&tx, &entry).await?;
                Ok(checked)
            })
            .await
    }

    async fn usable_payer(&self, tx: &Tx, viewer: &Viewer, id: &str) -> Result<Payer, Error> {
        let payer = store::payees::payer(tx, id).await?;
        let payer = payer.filter(|payer| payer.is_open && viewer.covers(DRAW, &at(&payer.place)));
        payer.ok_or_else(|| Error::field("payer", "请选一个启用的付款账户"))
    }

    async fn new_batch(
        &self,
        tx: &Tx,
        viewer: &Viewer,
        by: &str,
        payer: &Payer,
    ) -> Result<Batch, Error> {
        let year = self.today().year();
        let number = store::next_number(tx, "batch", year).await?;
        Ok(Batch {
            id: self.new_id(),
            number: format!("ZD{year}{number:06}"),
            state: BatchState::Drawn,
            payer: payer.id.clone(),
            place: payer.place.clone(),
            drawn_by: by.to_owned(),
            drawn_name: viewer.actor().to_owned(),
            drawn_at: self.now(),
            approved_name: None,
            approved_at: None,
            exported_at: None,
            sent_on: None,
            reason: String::new(),
            rows: 0,
            drawn: 0,
            paid: 0,
            returned: 0,
            outstanding: 0,
            taken_out: 0,
        })
    }

    /// The rows of a new batch, and what stays out of it.
    async fn choose(
        &self,
        tx: &Tx,
        viewer: &Viewer,
        form: &DrawForm,
        number: &str,
    ) -> Result<(Vec<NewRow>, Vec<(String, String, String)>), Error> {
        let mut select = Select::default();
        select.reach(&viewer.reach(DRAW), None, "p.place");
        select.only("y.state = $", PaymentState::Due.slug());
        select.only(
            "(y.not_before IS NULL OR y.not_before <= $)",
            self.today().to_string(),
        );
        if !form.pool.is_empty() {
            select.only("y.pool = $", form.pool.as_str());
        }
        let wanted = usize::try_from(form.rows).unwrap_or(usize::MAX);
        let (mut rows, mut out, mut after, mut looked_at) = (Vec::new(), Vec::new(), None, 0);
        while rows.len() < wanted && looked_at < LOOKED_AT_MAX {
            let chunk = store::payments::list(tx, select.clone(), after.as_ref(), CHUNK).await?;
            let Some(last) = chunk.last() else { break };
            after = Some(store::payments::key(last));
            looked_at += chunk.len();
            for view in chunk {
                if rows.len() == wanted {
                    break;
                }
                let reference = format!("{number}-{:04}", rows.len() + 1);
                match self.take(tx, &view.payment, reference).await? {
                    Ok(Some(row)) => rows.push(row),
                    Ok(None) => {}
                    Err(why) => out.push(left(&view.payment, why)),
                }
            }
        }
        Ok((rows, out))
    }

    /// Takes a payment into a batch; `None` when somebody else just did, `Err` with the reason why it must stay out.
    async fn take(
        &self,
        tx: &Tx,
        payment: &Payment,
        reference: String,
    ) -> Result<Result<Option<NewRow>, String>, Error> {
        let (due, drawn) = (PaymentState::Due, PaymentState::Drawn);
        // first of all, so that nobody else draws it while it is checked
        if !store::payments::change(tx, &payment.id, due, drawn, "").await? {
            return Ok(Ok(None));
        }
        let payee = store::payees::current(tx, &payment.enterprise).await?;
        let why = match &payee {
            None => Some("企业还没有登记收款账户".to_owned()),
            Some(payee) if !payee.fault.is_empty() => Some(format!(
                "银行退回过这个账户（{}），企业还没有更正",
                payee.fault
            )),
            Some(_) => self.refusal(tx, &payment.case).await?,
        };
        match (payee, why) {
            (Some(payee), None) => Ok(Ok(Some(NewRow {
                id: self.new_id(),
                payment: payment.id.clone(),
                reference,
                payee: payee.id,
                amount: payment.amount,
            }))),
            (_, why) => {
                let why = why.unwrap_or_default();
                store::payments::change(tx, &payment.id, drawn, due, &why).await?;
                Ok(Err(why))
            }
        }
    }

    /// Why a case must not be paid now.
    async fn refusal(&self, tx: &Tx, case: &str) -> Result<Option<String>, Error> {
        let Some(check) = self.check() else {
            return Ok(Some("没有业务模块核对这件办件能否拨付".to_owned()));
        };
        Ok(match check.may_pay(tx, case).await? {
            MayPay::Yes => None,
            MayPay::No(why) => Some(why),
        })
    }

    /// 复核: a second person lets the batch go; every row is checked once more, and what must not be paid is taken out.
    pub(crate) async fn approve(&self, viewer: &Viewer, id: &str) -> Result<Checked, Error> {
        viewer.need(APPROVE)?;
        let by = &somebody(viewer)?;
        self.db
            .write(|tx| async move {
                let batch = self.held(&tx, viewer, APPROVE, id).await?;
                if batch.state != BatchState::Drawn {
                    return Err(Error::moved(format!(
                        "批次 {} {}，不能再复核",
                        batch.number,
                        batch.state.word()
                    )));
                }
                if batch.drawn_by == *by {
                    return Err(Error::FourEyes);
                }
                let (rows, out) = self.keep_payable(&tx, id).await?;
                let mut checked = Checked {
                    batch: Some(batch.id.clone()),
                    rows,
                    out,
                };
                if checked.rows == 0 {
                    store::batches::withdraw(&tx, id, "复核时全部移出").await?;
                    checked.batch = None;
                } else {
                    let who = (by.as_str(), viewer.actor());
                    store::batches::approve(&tx, id, who, self.now()).await?;
                }
                let entry = self
                    .entry(viewer, "funds.approve", "payment_batch", id)
                    .detail(json!({ "number": batch.number, "rows": checked.rows, "out": checked.out.len() }));
                audit::append(&tx, &entry).await?;
                Ok(checked)
            })
            .await
    }

    async fn last_look(&self, tx: &Tx, row: &BatchRow) -> Result<Option<String>, Error> {
        match row.is_current {
            true => self.refusal(tx, &row.case).await,
            false => Ok(Some("企业在编制之后更换了收款账户，请重新编制".to_owned())),
        }
    }

    /// Takes a row out of a batch; its payment can be drawn again.
    async fn take_out(&self, tx: &Tx, row: &BatchRow, why: &str) -> Result<(), Error> {
        store::batches::settle_row(tx, &row.id, RowState::Out, (why, ""), None).await?;
        let (drawn, due) = (PaymentState::Drawn, PaymentState::Due);
        store::payments::change(tx, &row.payment, drawn, due, why).await?;
        Ok(())
    }

    /// 撤回: before it was handed to the bank; its payments can be drawn again. Once the file has left, somebody must say that
    /// the bank will not pay by it (`is_stopped`), or all of it could be paid twice.
    pub(crate) async fn withdraw(
        &self,
        viewer: &Viewer,
        id: &str,
        reason: &str,
        is_stopped: bool,
    ) -> Result<(), Error> {
        let action = if viewer.may(DRAW) { DRAW } else { APPROVE };
        viewer.need(action)?;
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
            return Err(Error::field("reason", "请写明撤回的原因，最多 500 个字"));
        }
        self.db
            .write(|tx| async move {
                let batch = self.held(&tx, viewer, action, id).await?;
                if !matches!(batch.state, BatchState::Drawn | BatchState::Approved) {
                    return Err(Error::moved(format!(
                        "批次 {} {}，不能撤回",
                        batch.number,
                        batch.state.word()
                    )));
                }
                if let Some(at) = batch.exported_at.filter(|_| !is_stopped) {
                    return Err(Error::field(
                        "stopped",
                        format!(
                            "付款文件已于 {} 导出：请先向银行核实没有收到，或已经撤销，再勾选确认",
                            datetime_zh(at)
                        ),
                    ));
                }
                for row in store::batches::rows(&tx, id).await? {
                    if row.state != RowState::Open && row.state != RowState::Out {
                        return Err(Error::moved("银行已有回单，不能撤回"));
                    }
                    if row.state == RowState::Open {
                        self.take_out(&tx, &row, "批次已撤回").await?;
                    }
                }
                store::batches::withdraw(&tx, id, reason).await?;
                let entry = self
                    .entry(viewer, "funds.withdraw", "payment_batch", id)
                    .detail(json!({ "number": batch.number, "reason": reason, "stopped_at_bank": is_stopped }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// 已交银行: notes the day on which the file was handed over.
    ///
    /// # Errors
    /// Without the right; not approved, or handed over already; a day that cannot be it.
    pub async fn mark_sent(&self, viewer: &Viewer, id: &str, on: NaiveDate) -> Result<(), Error> {
        viewer.need(DRAW)?;
        self.db
            .write(|tx| async move {
                let batch = self.held(&tx, viewer, DRAW, id).await?;
                if batch.state != BatchState::Approved {
                    return Err(Error::moved(format!(
                        "批次 {} {}：复核之后、交银行之前才能登记",
                        batch.number,
                        batch.state.word()
                    )));
                }
                let approved = batch.approved_at.map(zhida_platform::clock::to_shanghai);
                let first = approved.map(|at| at.date_naive());
                if on > self.today() || first.is_some_and(|first| on < first) {
                    return Err(Error::field(
                        "on",
                        format!(
                            "交银行的日期应在复核日期和今天（{}）之间",
                            date_zh(self.today())
                        ),
                    ));
                }
                store::batches::send(&tx, id, on, viewer.actor()).await?;
                let entry = self
                    .entry(viewer, "funds.send", "payment_batch", id)
                    .detail(json!({ "number": batch.number, "on": on.to_string() }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// What the file to the bank says; with plain account numbers, so it is recorded as a view. Only what a second person has
    /// approved leaves, and before the file first leaves every row is checked for the last time.
    pub(crate) async fn bank_file(&self, viewer: &Viewer, id: &str) -> Result<PlainBatch, Error> {
        viewer.need(DRAW)?;
        self.stop_refused(viewer, id).await?;
        self.db
            .write(|tx| async move {
                let batch = self.held(&tx, viewer, DRAW, id).await?;
                exportable(&batch)?;
                let file = self.plain(&tx, &batch).await?;
                if batch.exported_at.is_none() {
                    store::batches::set_exported(&tx, id, self.now()).await?;
                }
                let entry = self
                    .entry(viewer, "funds.export_batch", "payment_batch", id)
                    .detail(json!({ "number": batch.number, "rows": file.rows.len() }));
                audit::append(&tx, &entry).await?;
                Ok(file)
            })
            .await
    }

    /// Takes out what must not be paid any more, as long as the bank cannot know of it.
    async fn stop_refused(&self, viewer: &Viewer, id: &str) -> Result<(), Error> {
        self.db
            .write(|tx| async move {
                let batch = self.held(&tx, viewer, DRAW, id).await?;
                exportable(&batch)?;
                if batch.exported_at.is_some() || batch.state != BatchState::Approved {
                    return Ok(());
                }
                let (rows, out) = self.keep_payable(&tx, id).await?;
                if out.is_empty() {
                    return Ok(());
                }
                if rows == 0 {
                    store::batches::withdraw(&tx, id, "导出时全部移出").await?;
                }
                let entry = self
                    .entry(viewer, "funds.stop_rows", "payment_batch", id)
                    .detail(json!({ "number": batch.number, "rows": rows, "out": out.len() }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// Looks at every open row of a batch once more: how many stay, and what was taken out.
    async fn keep_payable(
        &self,
        tx: &Tx,
        id: &str,
    ) -> Result<(usize, Vec<(String, String, String)>), Error> {
        let (mut kept, mut out) = (0, Vec::new());
        for row in store::batches::rows(tx, id).await? {
            if row.state != RowState::Open {
                continue;
            }
            match self.last_look(tx, &row).await? {
                None => kept += 1,
                Some(why) => {
                    self.take_out(tx, &row, &why).await?;
                    out.push((row.case_number, row.enterprise_name, why));
                }
            }
        }
        Ok((kept, out))
    }

    async fn plain(&self, tx: &Tx, batch: &Batch) -> Result<PlainBatch, Error> {
        let payer = store::payees::payer(tx, &batch.payer).await?;
        let payer = payer.ok_or_else(|| Error::missing("付款账户"))?;
        let sealed = store::payees::payer_sealed(tx, &payer.id)
            .await?
            .unwrap_or_default();
        let mut rows = Vec::new();
        for row in store::batches::rows(tx, &batch.id).await? {
            if row.state == RowState::Out {
                continue;
            }
            rows.push(PlainRow {
                account: PlainAccount {
                    account: store::payees::open_payee(tx.sealer(), &row.payee, &row.account)?,
                    holder: row.holder,
                    bank: row.bank,
                    cnaps: row.cnaps,
                },
                purpose: format!("{} {} {}", row.item_name, row.label, row.case_number),
                reference: row.reference,
                amount: row.amount,
                enterprise: row.enterprise,
            });
        }
        Ok(PlainBatch {
            number: batch.number.clone(),
            made: batch.approved_at.unwrap_or(batch.drawn_at),
            on: batch.sent_on.unwrap_or_else(|| self.today()),
            payer: PlainAccount {
                account: store::payees::open_payer(tx.sealer(), &payer.id, &sealed)?,
                holder: payer.holder,
                bank: payer.bank,
                cnaps: payer.cnaps,
            },
            rows,
        })
    }

    /// One batch with its rows.
    pub(crate) async fn batch(
        &self,
        viewer: &Viewer,
        id: &str,
    ) -> Result<(Batch, Vec<BatchRow>), Error> {
        viewer.need(READ)?;
        let batch = store::batches::get(self.db.conn(), id).await?;
        let batch = reached(batch, viewer, READ)?;
        let rows = store::batches::rows(self.db.conn(), id).await?;
        Ok((batch, rows))
    }

    /// The batch within reach, held until the transaction ends.
    async fn held(
        &self,
        tx: &Tx,
        viewer: &Viewer,
        action: Action,
        id: &str,
    ) -> Result<Batch, Error> {
        store::batches::lock(tx, id).await?;
        reached(store::batches::get(tx, id).await?, viewer, action)
    }
}

fn reached(batch: Option<Batch>, viewer: &Viewer, action: Action) -> Result<Batch, Error> {
    batch
        .filter(|batch| viewer.covers(action, &at(&batch.place)))
        .ok_or_else(|| Error::missing("这个拨付批次"))
}

fn at(place: &str) -> Row<'_> {
    Row {
        division: Some(place),
        ..Row::default()
    }
}

fn exportable(batch: &Batch) -> Result<(), Error> {
    match batch.state.is_approved() {
        true => Ok(()),
        false => Err(Error::moved(format!(
            "批次 {} {}，不能导出：付款文件要在另一人复核之后导出",
            batch.number,
            batch.state.word()
        ))),
    }
}

/// Four eyes need two people: the program itself is none.
fn somebody(viewer: &Viewer) -> Result<String, Error> {
    let account = viewer.account().map(|account| account.to_string());
    account.ok_or_else(|| Error::state("编制和复核批次要由登录的人办理，命令行不能代替"))
}

fn left(payment: &Payment, why: String) -> (String, String, String) {
    (
        payment.case_number.clone(),
        payment.enterprise_name.clone(),
        why,
    )
}
