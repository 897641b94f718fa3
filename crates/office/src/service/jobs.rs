//! Jobs and schedules.

use serde_json::json;
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::jobs::{Cancelled, Error as JobsError, Job, JobQuery, Plan, State};
use zhida_platform::paging::{Page, PageRequest};

use super::Office;
use crate::actions::{JOB_MANAGE, JOB_READ};
use crate::error::Error;

/// The number that was counted for a state.
pub(crate) fn counted(counts: &[(State, u64)], state: State) -> u64 {
    let found = counts.iter().find(|(of, _)| *of == state);
    found.map_or(0, |(_, number)| *number)
}

impl Office {
    /// A page of jobs, the last enqueued first.
    ///
    /// # Errors
    /// A viewer who may not; a cursor of another list; the database.
    pub async fn jobs(
        &self,
        viewer: &Viewer,
        query: &JobQuery,
        page: &PageRequest,
    ) -> Result<Page<Job>, Error> {
        viewer.need(JOB_READ)?;
        Ok(self.jobs.list(query, page).await?)
    }

    /// How many jobs [`Office::jobs`] has in all.
    ///
    /// # Errors
    /// A viewer who may not; the database.
    pub async fn job_count(&self, viewer: &Viewer, query: &JobQuery) -> Result<u64, Error> {
        viewer.need(JOB_READ)?;
        Ok(self.jobs.count(query).await?)
    }

    /// How many jobs are in each state.
    ///
    /// # Errors
    /// A viewer who may not; the database.
    pub async fn job_counts(
        &self,
        viewer: &Viewer,
        kind: Option<&str>,
    ) -> Result<Vec<(State, u64)>, Error> {
        let mut counts = Vec::new();
        for &state in State::ALL {
            let query = JobQuery {
                state: Some(state),
                kind: kind.map(str::to_owned),
            };
            counts.push((state, self.job_count(viewer, &query).await?));
        }
        Ok(counts)
    }

    /// One job.
    ///
    /// # Errors
    /// A viewer who may not; no such job; the database.
    pub async fn job(&self, viewer: &Viewer, id: Uuid) -> Result<Job, Error> {
        viewer.need(JOB_READ)?;
        let found = self.jobs.find(id).await?;
        Ok(found.ok_or(JobsError::NoJob(id))?)
    }

    /// Cancels a job: one that waits at once, one that runs at its next step.
    ///
    /// # Errors
    /// A viewer who may not; no such job; the database.
    pub async fn cancel_job(&self, viewer: &Viewer, id: Uuid) -> Result<Cancelled, Error> {
        viewer.need(JOB_MANAGE)?;
        self.db
            .write(|tx| async move {
                let cancelled = self.jobs.cancel(&tx, id, viewer.name()).await?;
                if cancelled != Cancelled::Over {
                    let (now, id) = (self.clock.now(), id.to_string());
                    let entry = Entry::new(now, viewer, "jobs.cancel", "job", id);
                    audit::append(&tx, &entry).await?;
                }
                Ok(cancelled)
            })
            .await
    }

    /// Lets a job that failed or was cancelled wait again.
    ///
    /// # Errors
    /// A viewer who may not; no such job; one in another state; the database.
    pub async fn run_job_again(&self, viewer: &Viewer, id: Uuid) -> Result<(), Error> {
        viewer.need(JOB_MANAGE)?;
        self.db
            .write(|tx| async move {
                self.jobs.run_again(&tx, id, viewer.name()).await?;
                let (now, id) = (self.clock.now(), id.to_string());
                let entry = Entry::new(now, viewer, "jobs.run_again", "job", id);
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// All schedules, by name.
    ///
    /// # Errors
    /// A viewer who may not; the database.
    pub async fn plans(&self, viewer: &Viewer) -> Result<Vec<Plan>, Error> {
        viewer.need(JOB_READ)?;
        Ok(self.jobs.plans().await?)
    }

    /// Switches a schedule on or off; switched on it counts on from now.
    ///
    /// # Errors
    /// A viewer who may not; no such schedule; the database.
    pub async fn switch_plan(&self, viewer: &Viewer, name: &str, on: bool) -> Result<(), Error> {
        viewer.need(JOB_MANAGE)?;
        let plan = &self.jobs.plan(name).await?;
        self.db
            .write(|tx| async move {
                let Plan {
                    cadence,
                    workdays_only,
                    enabled,
                    ..
                } = *plan;
                self.jobs
                    .set_plan(&tx, name, cadence, workdays_only, on)
                    .await?;
                let entry = Entry::new(self.clock.now(), viewer, "jobs.switch", "schedule", name)
                    .before(json!({ "enabled": enabled }))
                    .after(json!({ "enabled": on }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// Runs a schedule's job now; while it runs already it is that one. The job.
    ///
    /// # Errors
    /// A viewer who may not; no such schedule; a kind that this program does not know; the database.
    pub async fn run_plan(&self, viewer: &Viewer, name: &str) -> Result<Uuid, Error> {
        viewer.need(JOB_MANAGE)?;
        let plan = &self.jobs.plan(name).await?;
        self.db
            .write(|tx| async move {
                let id = self.jobs.run_plan(&tx, plan, viewer.name()).await?.id();
                let entry = Entry::new(self.clock.now(), viewer, "jobs.run", "schedule", name)
                    .detail(json!({ "job": id }));
                audit::append(&tx, &entry).await?;
                Ok(id)
            })
            .await
    }
}
