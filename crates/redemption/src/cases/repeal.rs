//! A policy that was repealed or taken down with cases open: what was decided is paid, what was not is ended.

use zhida_casework::{Command, Party};
use zhida_platform::access::Viewer;
use zhida_platform::progress::Progress;
use zhida_policies::Status;

use super::store;
use crate::error::Error;
use crate::service::Redemption;
use crate::words::Outcome;

/// Cases that are looked at at a time.
const CHUNK: i64 = 500;

impl Redemption {
    /// Why an item cannot be granted any more; `None` when it can. That its period ended is no reason: who applied
    /// in time is served.
    pub(super) fn repealed(&self, item: &str) -> Option<&'static str> {
        let catalogue = self.policies.catalogue(self.clock.today());
        match catalogue.find(item) {
            None => Some("事项已撤下"),
            Some(item) if item.document.status == Status::Repealed => Some("政策文件已废止"),
            Some(_) => None,
        }
    }

    /// Ends the open cases of repealed items that nobody has decided, each with its reason.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn end_repealed(&self, progress: &dyn Progress) -> Result<u64, Error> {
        let system = Viewer::system("系统");
        let mut ended = 0;
        let mut after = String::new();
        loop {
            let rows = store::undecided(self.db.conn(), &after, CHUNK).await?;
            let Some(last) = rows.last() else {
                return Ok(ended);
            };
            after.clone_from(&last.case_id);
            for row in &rows {
                let Some(why) = self.repealed(&row.item) else {
                    continue;
                };
                if progress.is_cancelled() {
                    return Ok(ended);
                }
                let view = self.case_of(&row.case_id).await?;
                let command = Command::Close {
                    outcome: Outcome::Ended,
                    reason: format!("{why}，尚未核定"),
                };
                let entry = self.entry(&system, "redemption.end", &view);
                let by = Party::system();
                self.db
                    .write(|tx| {
                        let (view, command, by, entry) =
                            (&view, command.clone(), by.clone(), entry.clone());
                        async move {
                            self.run(&tx, view, command, &by).await?;
                            zhida_platform::audit::append(&tx, &entry).await?;
                            Ok::<_, Error>(())
                        }
                    })
                    .await?;
                ended += 1;
            }
        }
    }
}
