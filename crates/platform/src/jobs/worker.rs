use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::{Id, JoinSet};
use uuid::Uuid;

use super::Error;
use super::backoff::{self, Jitter};
use super::context::Stop;
use super::lease::{self, Progressed};
use super::registry::Jobs;
use super::run::{Claimed, released, run};
use super::store;
use crate::ids;

/// Looks in a row that lose every job to other workers, before the next second is waited for.
const LOOKS_MAX: usize = 8;
/// Jobs read beyond the free places, for those that others take first.
const SPARE: usize = 4;
/// How often finished jobs are swept.
const SWEEP_EVERY: TimeDelta = TimeDelta::hours(1);

/// How a worker works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Jobs that run at once.
    pub concurrency: usize,
    /// How often it looks for jobs that nobody told it of.
    pub poll: Duration,
    /// How often a run writes its progress and looks whether it was cancelled.
    pub beat: Duration,
    /// How long a job stays a dead server's; renewed when a third of it has passed.
    pub lease: TimeDelta,
    /// How long running jobs may go on when the server stops.
    pub grace: Duration,
    /// Days that jobs are kept after their end.
    pub keep_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: 4,
            poll: Duration::from_secs(1),
            beat: Duration::from_secs(1),
            lease: TimeDelta::seconds(60),
            grace: Duration::from_secs(20),
            keep_days: 30,
        }
    }
}

/// Runs jobs; one in each server.
pub struct Worker {
    jobs: Jobs,
    settings: Settings,
    jitter: Jitter,
}

/// What a worker has running: each task's job and claim.
#[derive(Default)]
struct Running {
    tasks: JoinSet<()>,
    held: HashMap<Id, (Uuid, Uuid)>,
    next_sweep: Option<DateTime<Utc>>,
}

impl Running {
    /// Waits for the next run to end; for ever when nothing runs.
    async fn ended(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(Ok((task, ()))) => self.held.remove(&task),
            Some(Err(error)) => self.held.remove(&error.id()),
            None => std::future::pending().await,
        };
    }
}

impl Worker {
    /// A worker for what is registered.
    #[must_use]
    pub fn new(jobs: Jobs, settings: Settings) -> Self {
        Self {
            jobs,
            settings,
            jitter: backoff::random(),
        }
    }

    /// Takes the randomness of waits from elsewhere: for tests.
    #[must_use]
    pub fn with_jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// Works until `shutdown`; then running handlers are asked to stop and given the grace to. Those that
    /// stop, and those that do not, are queued again, except for what they have finished.
    ///
    /// Dropping the future is like a power cut: the jobs are taken over when their leases are over.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut running = Running::default();
        let mut poll = tokio::time::interval(self.settings.poll);
        poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut declared = false;
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                _ = poll.tick() => self.tend(&mut running, &mut declared).await,
                () = self.jobs.woken() => {}
                () = running.ended() => {}
            }
            if let Err(error) = self.look(&mut running).await {
                tracing::error!(error = %error, "任务没有领到，稍后再试");
            }
        }
        self.close(running).await;
    }

    /// Runs everything that is due, with what comes due meanwhile, to its end; how many runs that were. For
    /// tests and for the command line.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn run_due(&self) -> Result<usize, Error> {
        let mut running = Running::default();
        let mut runs = 0;
        self.jobs.declare().await?;
        loop {
            if running.tasks.is_empty() {
                self.jobs.tick().await?;
                lease::recover(self.jobs.db(), self.jobs.clock().now()).await?;
            }
            runs += self.look(&mut running).await?;
            if running.tasks.is_empty() {
                return Ok(runs);
            }
            running.ended().await;
        }
    }

    /// What is done once a poll: schedules, lost leases, old jobs.
    async fn tend(&self, running: &mut Running, declared: &mut bool) {
        if let Err(error) = self.try_tend(running, declared).await {
            tracing::error!(error = %error, "定时任务没有查到，稍后再试");
        }
    }

    async fn try_tend(&self, running: &mut Running, declared: &mut bool) -> Result<(), Error> {
        if !*declared {
            self.jobs.declare().await?;
            *declared = true;
        }
        let now = self.jobs.clock().now();
        let recovered = lease::recover(self.jobs.db(), now).await?;
        if recovered > 0 {
            tracing::warn!(jobs = recovered, "有任务的服务器中断，已收回");
        }
        self.jobs.tick().await?;
        if running.next_sweep.is_none_or(|next| now >= next) {
            let keep = TimeDelta::days(i64::from(self.settings.keep_days));
            store::sweep(self.jobs.db(), now - keep).await?;
            running.next_sweep = Some(now + SWEEP_EVERY);
        }
        Ok(())
    }

    /// Fills the free places; how many jobs were begun.
    async fn look(&self, running: &mut Running) -> Result<usize, Error> {
        let kinds = self.jobs.kind_names();
        let mut begun = 0;
        for _ in 0..LOOKS_MAX {
            let free = self.free(running);
            if free == 0 {
                break;
            }
            let now = self.jobs.clock().now();
            let due = lease::due(self.jobs.db(), &kinds, now, free + SPARE).await?;
            if due.is_empty() {
                break;
            }
            for id in due {
                if self.free(running) == 0 {
                    return Ok(begun);
                }
                begun += usize::from(self.begin(running, id).await?);
            }
        }
        Ok(begun)
    }

    fn free(&self, running: &Running) -> usize {
        self.settings
            .concurrency
            .max(1)
            .saturating_sub(running.tasks.len())
    }

    /// Takes the job and starts it; false when another worker was faster.
    async fn begin(&self, running: &mut Running, id: Uuid) -> Result<bool, Error> {
        let now = self.jobs.clock().now();
        let (owner, lease_until) = (ids::next(now), now + self.settings.lease);
        let claimed = lease::claim(self.jobs.db(), id, owner, now, lease_until).await?;
        let Some(job) = claimed else {
            return Ok(false);
        };
        // only registered kinds are looked for, and none is ever taken away
        let Some(kind) = self.jobs.kind(&job.kind) else {
            return Err(Error::UnknownKind(job.kind));
        };
        let claimed = Claimed::new(&self.jobs, job, kind, owner, lease_until);
        let jitter = Jitter::clone(&self.jitter);
        let task = running.tasks.spawn(run(claimed, self.settings, jitter));
        running.held.insert(task.id(), (id, owner));
        Ok(true)
    }

    async fn close(&self, mut running: Running) {
        for (id, _) in running.held.values() {
            self.jobs.tell(*id, Stop::Closing);
        }
        let all = async {
            while !running.tasks.is_empty() {
                running.ended().await;
            }
        };
        if tokio::time::timeout(self.settings.grace, all).await.is_ok() {
            return;
        }
        running.tasks.shutdown().await;
        let now = self.jobs.clock().now();
        for (id, owner) in running.held.into_values() {
            let none = Progressed::default();
            let db = self.jobs.db();
            if let Err(error) = lease::settle(db, id, owner, now, &released(), &none).await {
                tracing::error!(job = %id, error = %error, "停止时没能放回任务，租约到期后由别的服务器接手");
            }
        }
    }
}
