//! What the room tells people.

use zhida_platform::db::Tx;
use zhida_platform::format::count;
use zhida_platform::messages::{Audience, EventKind, Field, Message, MessageError, Recipient};

use crate::Registry;
use crate::store::Progressed;

/// Tells whoever imported a file that some of its rows were not taken. The rows themselves stay on the page of
/// the batch, for they hold what not everybody may see.
const REJECTS: EventKind =
    EventKind::new("registry.import-rejects", "导入有退回的行", Audience::Officers)
        .fields(&[
        Field::new("batch", "批次"),
        Field::new("accepted", "接收行数"),
        Field::new("rejected", "退回行数"),
    ])
        .says("导入完成，退回 {退回行数} 行", "批次 {批次} 导入完成：接收 {接收行数} 行，退回 {退回行数} 行。\n请到批次页面下载退回明细，按原因改正后再导入。");

/// What the room tells.
pub const EVENTS: &[&EventKind] = &[&REJECTS];

impl Registry {
    /// Tells the account that imported a batch, when rows of it were rejected.
    pub(crate) async fn tell_imported(
        &self,
        tx: &Tx,
        account: Option<&str>,
        batch: i64,
        progressed: &Progressed,
    ) -> Result<(), MessageError> {
        let (Some(messages), Some(account)) = (&self.messages, account) else {
            return Ok(());
        };
        if progressed.rejected == 0 {
            return Ok(());
        }
        let no = batch.to_string();
        let message = Message {
            event: &REJECTS,
            to: Recipient::Account(account),
            fields: &[
                ("batch", &no),
                ("accepted", &count(progressed.accepted.unsigned_abs())),
                ("rejected", &count(progressed.rejected.unsigned_abs())),
            ],
            link: Some(&format!("/enterprises/import/batches/{no}")),
            subject: ("import_batch", &no),
        };
        messages.send(tx, &message).await?;
        Ok(())
    }
}
