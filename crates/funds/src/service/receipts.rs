//! 回单: what the bank says of each row, taken once.

use serde_json::json;
use sha2::{Digest, Sha256};
use zhida_platform::access::{Row, Viewer};
use zhida_platform::audit;
use zhida_platform::clock::instant_text;
use zhida_platform::db::Tx;
use zhida_platform::format::{date_zh, money_fen};
use zhida_platform::messages::{Message, Recipient};
use zhida_platform::paging::{Page, PageRequest};

use super::Funds;
use crate::actions::{READ, RECEIPT};
use crate::error::Error;
use crate::events::{PAID, RETURNED};
use crate::files::{self, Read};
use crate::hooks::{PaidPart, ReturnedPart};
use crate::model::{
    BatchRow, BatchState, ClaimRow, Fate, KeptReceipt, Kind, Outcome, PaymentState, Receipt,
    ReceiptFile, RowState,
};
use crate::store::{self, Select};

/// Bytes of a file of receipts at most.
pub(crate) const BYTES_MAX: usize = 10 << 20;

/// What came of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taken {
    pub file: ReceiptFile,
    /// The same content was taken before; nothing was done now.
    pub again: bool,
}

impl Funds {
    /// Takes a file of receipts: all of it, or nothing. The same content a second time does nothing.
    pub(crate) async fn take_receipts(
        &self,
        viewer: &Viewer,
        name: &str,
        bytes: &[u8],
    ) -> Result<Taken, Error> {
        viewer.need(RECEIPT)?;
        if bytes.len() > BYTES_MAX {
            return Err(Error::field("file", "文件超过 10 MB，请拆成几个文件"));
        }
        let digest = hex(&Sha256::digest(bytes));
        if let Some(file) = store::receipts::file(self.db.conn(), &digest).await? {
            return Ok(Taken { file, again: true });
        }
        let read = &files::read(bytes).map_err(|error| Error::field("file", error.to_string()))?;
        let place = self.home(viewer, read).await?;
        let file = &ReceiptFile {
            digest,
            name: name.chars().take(200).collect(),
            format: read.format.to_owned(),
            receipts: 0,
            paid: 0,
            returned: 0,
            repeated: 0,
            unclaimed: 0,
            taken_at: self.now(),
            taken_by: viewer.actor().to_owned(),
            place,
        };
        self.db
            .write(|tx| async move {
                if !store::receipts::insert_file(&tx, file).await? {
                    let known = store::receipts::file(&tx, &file.digest).await?;
                    let file = known.unwrap_or_else(|| file.clone());
                    return Ok(Taken { file, again: true });
                }
                let file = self.take_all(&tx, viewer, file, read).await?;
                let entry = self
                    .entry(viewer, "funds.take_receipts", "receipt_file", &file.digest)
                    .detail(json!({ "name": file.name, "receipts": file.receipts, "paid": file.paid,
                        "returned": file.returned, "repeated": file.repeated, "unclaimed": file.unclaimed }));
                audit::append(&tx, &entry).await?;
                Ok(Taken { file, again: false })
            })
            .await
    }

    /// Where a file belongs, so that somebody sees what of it is unclaimed: to the division of whoever takes it; on the command
    /// line to that of the first batch it speaks of.
    async fn home(&self, viewer: &Viewer, read: &Read) -> Result<String, Error> {
        if let Some(division) = viewer.seat().and_then(|seat| seat.division.clone()) {
            return Ok(division);
        }
        for receipt in &read.receipts {
            let row = store::batches::row_of(self.db.conn(), &receipt.reference).await?;
            if let Some(row) = row {
                let batch = store::batches::get(self.db.conn(), &row.batch).await?;
                return Ok(batch.map(|batch| batch.place).unwrap_or_default());
            }
        }
        Err(Error::field(
            "file",
            "没有一条回单与批次对得上，命令行不知道它属于哪个区划：请核对文件，或由资金经办在“回单”页面导入",
        ))
    }

    async fn take_all(
        &self,
        tx: &Tx,
        viewer: &Viewer,
        file: &ReceiptFile,
        read: &Read,
    ) -> Result<ReceiptFile, Error> {
        let mut file = file.clone();
        for receipt in &read.receipts {
            let (fate, why) = match self.take_one(tx, viewer, receipt).await? {
                Ok(fate) => (fate, String::new()),
                Err(why) => (Fate::Unclaimed, why),
            };
            file.receipts += 1;
            match (fate, receipt.outcome) {
                (Fate::Matched, Outcome::Paid) => file.paid += 1,
                (Fate::Matched, Outcome::Returned) => file.returned += 1,
                (Fate::Repeated, _) => file.repeated += 1,
                (Fate::Unclaimed, _) => file.unclaimed += 1,
            }
            let kept = self.kept(receipt, fate, why, &file.place);
            store::receipts::insert(tx, &file.digest, &kept).await?;
        }
        store::receipts::set_counts(tx, &file).await?;
        Ok(file)
    }

    fn kept(&self, receipt: &Receipt, fate: Fate, why: String, place: &str) -> KeptReceipt {
        KeptReceipt {
            id: self.new_id(),
            line: receipt.line,
            reference: receipt.reference.clone(),
            amount: receipt.amount,
            outcome: receipt.outcome,
            on: receipt.on.to_string(),
            bank_reference: receipt.bank_reference.clone(),
            reason: receipt.reason.clone(),
            fate,
            why,
            place: place.to_owned(),
            handled: None,
        }
    }

    /// One receipt; `Err` with the reason why it fits no row. Nothing is paid by what does not fit exactly.
    async fn take_one(
        &self,
        tx: &Tx,
        viewer: &Viewer,
        receipt: &Receipt,
    ) -> Result<Result<Fate, String>, Error> {
        let Some(row) = store::batches::row_of(tx, &receipt.reference).await? else {
            return Ok(Err("没有这个付款参考号".to_owned()));
        };
        // whoever holds the batch and the pool is alone with the row
        store::batches::lock(tx, &row.batch).await?;
        let claim = store::claims::get(tx, &row.claim).await?;
        let claim = claim.ok_or_else(|| Error::missing("这笔拨付的用款"))?;
        let claim = self.locked(tx, claim.claim()).await?;
        let row = store::batches::row_of(tx, &receipt.reference).await?;
        let batch = match &row {
            Some(row) => store::batches::get(tx, &row.batch).await?,
            None => None,
        };
        let (Some(row), Some(batch)) = (row, batch) else {
            return Ok(Err("没有这个付款参考号".to_owned()));
        };
        if !viewer.covers(RECEIPT, &at(&batch.place)) {
            return Ok(Err("这笔拨付不在您的管理范围之内".to_owned()));
        }
        if !batch.state.is_approved() || row.state == RowState::Out {
            return Ok(Err(format!(
                "批次 {} 的这一行没有交给银行（{}），请向银行核对",
                batch.number,
                if row.state == RowState::Out {
                    row.state.word()
                } else {
                    batch.state.word()
                }
            )));
        }
        if let Some(amount) = receipt.amount.filter(|amount| *amount != row.amount) {
            return Ok(Err(format!(
                "金额不符：回单 {}，应付 {}",
                money_fen(amount),
                money_fen(row.amount)
            )));
        }
        if batch.state == BatchState::Approved {
            // the bank answers what it was given, whether somebody noted it or not
            store::batches::send(tx, &batch.id, receipt.on, viewer.actor()).await?;
        }
        match (row.state, receipt.outcome) {
            (RowState::Open, Outcome::Paid) => {
                self.is_paid(tx, viewer, &claim, &row, receipt).await?
            }
            (RowState::Open | RowState::Paid, Outcome::Returned) => {
                self.is_returned(tx, viewer, &claim, &row, receipt).await?;
            }
            (RowState::Paid, Outcome::Paid) | (RowState::Returned, Outcome::Returned) => {
                return Ok(Ok(Fate::Repeated));
            }
            (RowState::Returned | RowState::Out, _) => {
                return Ok(Err(
                    "这一行银行已经退回，现在又说已付：请向银行核对".to_owned()
                ));
            }
        }
        Ok(Ok(Fate::Matched))
    }

    async fn is_paid(
        &self,
        tx: &Tx,
        viewer: &Viewer,
        claim: &ClaimRow,
        row: &BatchRow,
        receipt: &Receipt,
    ) -> Result<(), Error> {
        let words = ("", receipt.bank_reference.as_str());
        store::batches::settle_row(tx, &row.id, RowState::Paid, words, Some(receipt.on)).await?;
        let (drawn, paid) = (PaymentState::Drawn, PaymentState::Paid);
        store::payments::change(tx, &row.payment, drawn, paid, "").await?;
        store::payments::set_paid_on(tx, &row.payment, Some(receipt.on)).await?;
        let by = viewer.actor();
        let after = self
            .shift(tx, claim, Kind::Pay, row.amount, &row.reference, by)
            .await?;
        let message = Message {
            event: &PAID,
            to: Recipient::Enterprise(&row.enterprise),
            fields: &[
                ("case", &row.case_number),
                ("item", &row.item_name),
                ("amount", &money_fen(row.amount)),
                ("day", &date_zh(receipt.on)),
            ],
            link: Some("/payee"),
            subject: ("payment", &row.payment),
        };
        self.messages.send(tx, &message).await?;
        if let Some(news) = self.news() {
            let part = PaidPart {
                claim: claim.claim(),
                part: row.part,
                amount: row.amount,
                on: receipt.on,
                is_last: after.committed == 0,
            };
            news.paid(tx, &part).await?;
        }
        Ok(())
    }

    async fn is_returned(
        &self,
        tx: &Tx,
        viewer: &Viewer,
        claim: &ClaimRow,
        row: &BatchRow,
        receipt: &Receipt,
    ) -> Result<(), Error> {
        let was_paid = row.state == RowState::Paid;
        let reason = match receipt.reason.as_str() {
            "" => "银行没有写明原因",
            reason => reason,
        };
        let words = (reason, receipt.bank_reference.as_str());
        store::batches::settle_row(tx, &row.id, RowState::Returned, words, Some(receipt.on))
            .await?;
        let from = match was_paid {
            true => PaymentState::Paid,
            false => PaymentState::Drawn,
        };
        store::payments::change(tx, &row.payment, from, PaymentState::Returned, reason).await?;
        store::payments::set_paid_on(tx, &row.payment, None).await?;
        store::payees::set_fault(tx, &row.payee, reason).await?;
        let by = viewer.actor();
        match was_paid {
            true => {
                self.shift(tx, claim, Kind::Return, row.amount, reason, by)
                    .await?;
            }
            false => {
                let moved = (Kind::Refuse, row.amount);
                self.note(tx, &claim.pool, Some(&claim.id), moved, reason, by)
                    .await?;
            }
        }
        let message = Message {
            event: &RETURNED,
            to: Recipient::Enterprise(&row.enterprise),
            fields: &[
                ("case", &row.case_number),
                ("item", &row.item_name),
                ("amount", &money_fen(row.amount)),
                ("reason", reason),
            ],
            link: Some("/payee"),
            subject: ("payment", &row.payment),
        };
        self.messages.send(tx, &message).await?;
        if let Some(news) = self.news() {
            let part = ReturnedPart {
                claim: claim.claim(),
                part: row.part,
                amount: row.amount,
                reason,
                was_paid,
            };
            news.returned(tx, &part).await?;
        }
        Ok(())
    }

    /// Files of receipts, the newest first.
    pub(crate) async fn receipt_files(
        &self,
        viewer: &Viewer,
        page: &PageRequest,
    ) -> Result<Page<ReceiptFile>, Error> {
        viewer.need(READ)?;
        let mut select = Select::default();
        select.reach(&viewer.reach(READ), None, "f.place");
        let before: Option<(String, String)> = page.cursor("receipt-files")?;
        let conn = self.db.conn();
        let rows =
            store::receipts::files(conn, select, before.as_ref(), page.rows_wanted()).await?;
        let key = |file: &ReceiptFile| (instant_text(file.taken_at), file.digest.clone());
        Ok(Page::from_rows(rows, page, "receipt-files", key)?)
    }

    /// One file with its receipts, a page of them.
    pub(crate) async fn receipt_file(
        &self,
        viewer: &Viewer,
        digest: &str,
        page: &PageRequest,
    ) -> Result<(ReceiptFile, Page<KeptReceipt>), Error> {
        viewer.need(READ)?;
        let file = store::receipts::file(self.db.conn(), digest).await?;
        let file = file.filter(|file| viewer.covers(READ, &at(&file.place)));
        let file = file.ok_or_else(|| Error::missing("这个回单文件"))?;
        let after: Option<i64> = page.cursor("receipts")?;
        let conn = self.db.conn();
        let wanted = page.rows_wanted();
        let rows = store::receipts::of_file(conn, digest, after.unwrap_or(0), wanted).await?;
        let page = Page::from_rows(rows, page, "receipts", |receipt| receipt.line)?;
        Ok((file, page))
    }

    /// 未认领: receipts that fit no row and were not dealt with, in the order of arrival; how many, and a page of them.
    pub(crate) async fn unclaimed(
        &self,
        viewer: &Viewer,
        page: &PageRequest,
    ) -> Result<(u64, Page<KeptReceipt>), Error> {
        viewer.need(READ)?;
        let mut select = Select::default();
        select.reach(&viewer.reach(READ), None, "r.place");
        store::receipts::open_unclaimed(&mut select);
        let total = store::receipts::count(self.db.conn(), &select).await?;
        let after: Option<String> = page.cursor("unclaimed")?;
        let conn = self.db.conn();
        let rows =
            store::receipts::list(conn, select, after.as_deref(), page.rows_wanted()).await?;
        let page = Page::from_rows(rows, page, "unclaimed", |receipt| receipt.id.clone())?;
        Ok((total, page))
    }

    /// Notes how an unclaimed receipt was dealt with: nothing is paid by it.
    pub(crate) async fn handle_unclaimed(
        &self,
        viewer: &Viewer,
        id: &str,
        note: &str,
    ) -> Result<(), Error> {
        viewer.need(RECEIPT)?;
        let note = note.trim();
        if note.is_empty() || note.chars().count() > 500 {
            return Err(Error::field("note", "请写明核对的结果，最多 500 个字"));
        }
        self.db
            .write(|tx| async move {
                let receipt = store::receipts::get(&tx, id).await?;
                let covers = |one: &KeptReceipt| viewer.covers(RECEIPT, &at(&one.place));
                receipt
                    .filter(covers)
                    .ok_or_else(|| Error::missing("这条回单"))?;
                let who = (viewer.actor(), note);
                if !store::receipts::handle(&tx, id, who, self.now()).await? {
                    return Err(Error::moved("这条回单已经有人核对过"));
                }
                let entry = self
                    .entry(viewer, "funds.handle_receipt", "receipt", id)
                    .detail(json!({ "note": note }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }
}

fn at(place: &str) -> Row<'_> {
    Row {
        division: Some(place).filter(|place| !place.is_empty()),
        ..Row::default()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
