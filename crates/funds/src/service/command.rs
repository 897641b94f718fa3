//! What the command line does: the same use cases, batches named by the number that people read.

use zhida_platform::access::Viewer;
use zhida_platform::export::write_csv;
use zhida_platform::problem::Problem;

use super::Funds;
use crate::error::Error;
use crate::files;
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

impl Funds {
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
