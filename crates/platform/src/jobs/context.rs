use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;
use uuid::Uuid;

use super::JobError;
use super::lease::{self, Progressed};
use super::model::Job;
use super::registry::Jobs;
use crate::db::Tx;
use crate::progress::Progress;

/// Why a run must stop; the later outweighs the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stop {
    /// It need not.
    No,
    /// The server stops; the job is run again.
    Closing,
    /// Somebody cancelled it.
    Asked,
    /// Another server has it.
    Lost,
}

impl Stop {
    /// Raises the flag; it never falls.
    pub(super) fn raise(self, flag: &watch::Sender<Self>) {
        flag.send_if_modified(|now| {
            let outweighs = self > *now;
            *now = self.max(*now);
            outweighs
        });
    }
}

/// What a handler knows of its job. It is also the [`Progress`] that long work reports to.
#[derive(Debug)]
pub struct JobContext {
    shared: std::sync::Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) jobs: Jobs,
    pub(super) job: Job,
    pub(super) owner: Uuid,
    pub(super) stop: watch::Sender<Stop>,
    progressed: Mutex<Progressed>,
}

impl Shared {
    pub(super) fn new(jobs: Jobs, job: Job, owner: Uuid) -> Self {
        Self {
            jobs,
            job,
            owner,
            stop: watch::Sender::new(Stop::No),
            progressed: Mutex::default(),
        }
    }

    pub(super) fn progressed(&self) -> Progressed {
        let progressed = self.progressed.lock();
        progressed.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn stopped(&self) -> Stop {
        *self.stop.borrow()
    }
}

impl Clone for JobContext {
    fn clone(&self) -> Self {
        Self {
            shared: std::sync::Arc::clone(&self.shared),
        }
    }
}

impl JobContext {
    pub(super) fn new(shared: std::sync::Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The job's id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.shared.job.id
    }

    /// Which attempt this is, from 1.
    #[must_use]
    pub fn attempt(&self) -> i64 {
        self.shared.job.attempts
    }

    /// Who asked for the job.
    #[must_use]
    pub fn asked_by(&self) -> &str {
        &self.shared.job.asked_by
    }

    /// Whether to stop: somebody cancelled it, the server stops, or another server has taken it over.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.shared.stopped() != Stop::No
    }

    /// For `?` between two steps.
    ///
    /// # Errors
    /// [`JobError::Cancelled`] when the work is to stop.
    pub fn check(&self) -> Result<(), JobError> {
        match self.is_cancelled() {
            true => Err(JobError::Cancelled),
            false => Ok(()),
        }
    }

    /// Waits until the work is to stop; for `tokio::select!` around a long wait.
    pub async fn cancelled(&self) {
        let mut stop = self.shared.stop.subscribe();
        // the sender lives as long as this context
        let _stopped = stop.wait_for(|stop| *stop != Stop::No).await;
    }

    /// Call it in the transaction of an effect that must not happen twice: nobody can take the job over
    /// before the transaction ends.
    ///
    /// # Errors
    /// [`JobError::Cancelled`] when another server has the job, [`JobError::Retry`] when the database does
    /// not answer.
    pub async fn hold(&self, tx: &Tx) -> Result<(), JobError> {
        let Shared { jobs, owner, .. } = &*self.shared;
        if lease::hold(tx, self.id(), *owner, jobs.clock().now()).await? {
            return Ok(());
        }
        Stop::Lost.raise(&self.shared.stop);
        Err(JobError::Cancelled)
    }
}

impl Progress for JobContext {
    /// Written to the job's row once a second at most.
    fn report(&self, done: u64, total: Option<u64>, message: &str) {
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let progressed = Progressed {
            done: number(done),
            total: total.map(number),
            note: message.to_owned(),
        };
        let now = self.shared.progressed.lock();
        *now.unwrap_or_else(PoisonError::into_inner) = progressed;
    }

    fn is_cancelled(&self) -> bool {
        Self::is_cancelled(self)
    }
}
