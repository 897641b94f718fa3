//! Reading the audit, exporting it, and the state of its chain.

use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry, Query, Record};
use zhida_platform::format::count;
use zhida_platform::jobs::{Job, JobQuery, NewJob, Priority, State, Unique};
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;

use super::Office;
use crate::actions::AUDIT_READ;
use crate::background::{Asked, VERIFY_AUDIT};
use crate::error::Error;
use crate::filters::AuditFilters;
use crate::model::Verification;
use crate::store;

/// Records that a page counts at most: what is more is not read for a number that nobody reads.
const COUNTED_MAX: u32 = 10_000;

/// The state of the chain.
#[derive(Debug, Clone)]
pub struct Chain {
    /// The last verification, if there ever was one.
    pub last: Option<Verification>,
    /// A verification that waits or runs.
    pub live: Option<Job>,
}

impl Office {
    /// A page of records, newest first.
    ///
    /// # Errors
    /// A viewer who may not; a cursor of another list; the database.
    pub async fn records(
        &self,
        viewer: &Viewer,
        query: &Query,
        page: &PageRequest,
    ) -> Result<Page<Record>, Error> {
        viewer.need(AUDIT_READ)?;
        Ok(audit::list(&self.db, query, page).await?)
    }

    /// How many records [`Office::records`] has in all.
    ///
    /// # Errors
    /// A viewer who may not; the database.
    pub async fn record_count(&self, viewer: &Viewer, query: &Query) -> Result<u64, Error> {
        viewer.need(AUDIT_READ)?;
        Ok(audit::count(&self.db, query).await?)
    }

    /// The same in words for a page: a number that is counted up to [`COUNTED_MAX`].
    ///
    /// # Errors
    /// As [`Office::record_count`].
    pub(crate) async fn record_words(
        &self,
        viewer: &Viewer,
        query: &Query,
    ) -> Result<String, Error> {
        viewer.need(AUDIT_READ)?;
        let found = audit::count_up_to(&self.db, query, COUNTED_MAX).await?;
        Ok(match found > u64::from(COUNTED_MAX) {
            true => format!("{} 条以上", count(COUNTED_MAX.into())),
            false => format!("{} 条", count(found)),
        })
    }

    /// One record with what it says. Looking at it is recorded, so that an enterprise also sees who read what is told
    /// of it here.
    ///
    /// # Errors
    /// A viewer who may not; no such record; the database.
    pub async fn record(&self, viewer: &Viewer, no: i64) -> Result<Record, Error> {
        viewer.need(AUDIT_READ)?;
        let found = audit::find(&self.db, no).await?;
        let record = found.ok_or(Error::NoRecord(no))?;
        let now = self.clock.now();
        let mut entry = Entry::view(now, viewer, "audit.view", "audit_record", no.to_string());
        entry.enterprise.clone_from(&record.enterprise);
        let entry = entry.detail(json!({
            "part": format!("第 {no} 条审计记录"),
            "right": AUDIT_READ.0,
            "role": viewer.seat().map(|seat| &seat.role),
        }));
        audit::record(&self.db, &[entry]).await?;
        Ok(record)
    }

    /// The query of an export: what the list shows now, without the record that says so. It is on record before the
    /// first row leaves.
    ///
    /// # Errors
    /// A viewer who may not; filters that cannot be read; the database.
    pub async fn export_query(
        &self,
        viewer: &Viewer,
        filters: &AuditFilters,
        format: &'static str,
    ) -> Result<Query, Error> {
        viewer.need(AUDIT_READ)?;
        let now = self.clock.now();
        let mut query = filters.query()?;
        query.until = Some(query.until.map_or(now, |until| until.min(now)));
        let rows = audit::count(&self.db, &query).await?;
        let entry = Entry::view(now, viewer, "audit.export", "audit", format)
            .detail(json!({ "filters": filters, "rows": rows }));
        audit::record(&self.db, &[entry]).await?;
        Ok(query)
    }

    /// The state of the chain.
    ///
    /// # Errors
    /// A viewer who may not; the database.
    pub async fn chain(&self, viewer: &Viewer) -> Result<Chain, Error> {
        viewer.need(AUDIT_READ)?;
        let first = PageRequest::first(1);
        let last = store::list(&self.db, &first).await?.items.pop();
        let mut live = None;
        for state in [State::Running, State::Queued] {
            let query = JobQuery {
                state: Some(state),
                kind: Some(VERIFY_AUDIT.to_owned()),
            };
            live = live.or(self.jobs.list(&query, &first).await?.items.pop());
        }
        Ok(Chain { last, live })
    }

    /// A page of verifications, the last first.
    ///
    /// # Errors
    /// A viewer who may not; a cursor of another list; the database.
    pub async fn verifications(
        &self,
        viewer: &Viewer,
        page: &PageRequest,
    ) -> Result<Page<Verification>, Error> {
        viewer.need(AUDIT_READ)?;
        Ok(store::list(&self.db, page).await?)
    }

    /// How many verifications there are.
    ///
    /// # Errors
    /// A viewer who may not; the database.
    pub async fn verification_count(&self, viewer: &Viewer) -> Result<u64, Error> {
        viewer.need(AUDIT_READ)?;
        Ok(store::count(&self.db).await?)
    }

    /// Asks for a verification of the whole chain as soon as a worker is free; while one waits it is that one.
    ///
    /// # Errors
    /// A viewer who may not; the database.
    pub async fn ask_to_verify(&self, viewer: &Viewer) -> Result<(), Error> {
        viewer.need(AUDIT_READ)?;
        let payload = serde_json::to_value(Asked { whole: true }).map_err(Problem::internal)?;
        let job = &NewJob::new(VERIFY_AUDIT, payload)
            .unique(Unique::Waiting("whole".to_owned()))
            .priority(Priority::High)
            .asked_by(viewer.name());
        self.db
            .write(|tx| async move {
                let id = self.jobs.enqueue(&tx, job).await?.id().to_string();
                let entry = Entry::new(self.clock.now(), viewer, "audit.ask_verify", "job", id);
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }
}
