//! Cases that do not go on by themselves.

use serde_json::json;
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::cases::stuck::{self, Stuck, Task};
use zhida_platform::paging::{Page, PageRequest};

use super::Office;
use crate::actions::{JOB_MANAGE, JOB_READ};
use crate::error::Error;

impl Office {
    /// A page of the cases that are stuck, the longest first.
    ///
    /// # Errors
    /// A viewer who may not; a cursor of another list; the database.
    pub async fn stuck(&self, viewer: &Viewer, page: &PageRequest) -> Result<Page<Stuck>, Error> {
        viewer.need(JOB_READ)?;
        Ok(stuck::list(self.db.conn(), page).await?)
    }

    /// How many rows [`Office::stuck`] has in all.
    ///
    /// # Errors
    /// A viewer who may not; the database.
    pub async fn stuck_count(&self, viewer: &Viewer) -> Result<u64, Error> {
        viewer.need(JOB_READ)?;
        Ok(stuck::count(self.db.conn()).await?)
    }

    /// Has a stuck case tried within the minute.
    ///
    /// # Errors
    /// A viewer who may not; it is not stuck any more; the database.
    pub async fn try_again(&self, viewer: &Viewer, case: Uuid, task: Task) -> Result<(), Error> {
        viewer.need(JOB_MANAGE)?;
        self.db
            .write(|tx| async move {
                let now = self.clock.now();
                if !stuck::try_again(&tx, case, task, now).await? {
                    return Err(Error::NotStuck);
                }
                let entry = Entry::new(now, viewer, "cases.try_again", "case", case.to_string())
                    .detail(json!({ "task": task }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }
}
