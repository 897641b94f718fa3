//! What the command line does: the same use cases, batches named by the number that people read.

use zhida_platform::access::Viewer;
use zhida_platform::export::write_csv;
use zhida_platform::problem::Problem;
use zhida_standards::Fen;

use super::Funds;
use super::batches::{DrawForm, ROWS_MAX};
use crate::error::Error;
use crate::files;
use crate::model::{BatchRow, PayeeForm};
use crate::store;

/// The two formats of a file to the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// One row a payment.
    Csv,
    /// ISO 20022 pain.001.
    Pain001,
}

/// What came of a file of receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiptReport {
    /// Receipts in the file.
    pub receipts: i64,
    /// Taken as paid.
    pub paid: i64,
    /// Taken as returned.
    pub returned: i64,
    /// Said before.
    pub repeated: i64,
    /// Fit no row; nothing was paid by them.
    pub unclaimed: i64,
    /// The same content was taken before: nothing was done now, the figures are those of then.
    pub again: bool,
}

/// A batch that was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawnBatch {
    /// Its id.
    pub id: String,
    /// Its number, which people read.
    pub number: String,
    /// Its rows.
    pub rows: Vec<DrawnRow>,
}

/// A row of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawnRow {
    /// 付款参考号, which comes back with the receipt.
    pub reference: String,
    /// 统一社会信用代码.
    pub enterprise: String,
    /// Money, in fen.
    pub amount: Fen,
}

impl Funds {
    /// Opens an account from which is paid; its id.
    ///
    /// # Errors
    /// Without the right; an account that cannot be one.
    pub async fn open_payer(&self, viewer: &Viewer, form: &PayeeForm) -> Result<String, Error> {
        Ok(self.add_payer(viewer, form).await?.id)
    }

    /// Draws all that may be paid into a batch; `None` when there is nothing.
    ///
    /// # Errors
    /// Without the right; no such account.
    pub async fn draw_batch(
        &self,
        viewer: &Viewer,
        payer: &str,
    ) -> Result<Option<DrawnBatch>, Error> {
        let form = DrawForm {
            payer: payer.to_owned(),
            pool: String::new(),
            rows: ROWS_MAX,
        };
        let Some(id) = self.draw(viewer, &form).await?.batch else {
            return Ok(None);
        };
        let (batch, rows) = self.batch(viewer, &id).await?;
        let row = |row: BatchRow| DrawnRow {
            reference: row.reference,
            enterprise: row.enterprise,
            amount: row.amount,
        };
        Ok(Some(DrawnBatch {
            id,
            number: batch.number,
            rows: rows.into_iter().map(row).collect(),
        }))
    }

    /// Approves a batch that somebody else drew; how many rows stay in it.
    ///
    /// # Errors
    /// Without the right; drawn by the same person; not to be approved now.
    pub async fn approve_batch(&self, viewer: &Viewer, id: &str) -> Result<usize, Error> {
        Ok(self.approve(viewer, id).await?.rows)
    }

    /// The file to the bank of an approved batch, by the batch's number; with plain account numbers, so it is recorded.
    ///
    /// # Errors
    /// No such batch within reach, or nobody has approved it.
    pub async fn export_batch(
        &self,
        viewer: &Viewer,
        number: &str,
        format: FileFormat,
    ) -> Result<Vec<u8>, Error> {
        let id = store::batches::id_of(self.db.conn(), number.trim()).await?;
        let id = id.ok_or_else(|| Error::missing(format!("拨付批次 {number}")))?;
        let file = self.bank_file(viewer, &id).await?;
        match format {
            FileFormat::Pain001 => {
                let xml = files::pain001(&file).map_err(Problem::internal)?;
                Ok(xml.into_bytes())
            }
            FileFormat::Csv => {
                let mut bytes = Vec::new();
                let written = write_csv(files::table(&file), &mut bytes).await;
                written.map_err(Problem::from)?;
                Ok(bytes)
            }
        }
    }

    /// Takes a file of receipts (CSV, pain.002 or camt.054): all of it, or nothing; the same content once.
    ///
    /// # Errors
    /// Without the right; a file that cannot be read, naming the line.
    pub async fn import_receipts(
        &self,
        viewer: &Viewer,
        name: &str,
        bytes: &[u8],
    ) -> Result<ReceiptReport, Error> {
        let taken = self.take_receipts(viewer, name, bytes).await?;
        Ok(ReceiptReport {
            receipts: taken.file.receipts,
            paid: taken.file.paid,
            returned: taken.file.returned,
            repeated: taken.file.repeated,
            unclaimed: taken.file.unclaimed,
            again: taken.again,
        })
    }
}
