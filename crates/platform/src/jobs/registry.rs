use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};
use uuid::Uuid;

use super::context::Stop;
use super::kind::Kind;
use super::model::{Enqueued, Job, NewJob};
use super::schedule::Schedule;
use super::{Error, store};
use crate::clock::SharedClock;
use crate::db::{Database, Tx};

/// What can be done in the background, and the way to ask for it: cheap to clone, one for the program.
#[derive(Clone)]
pub struct Jobs {
    inner: Arc<Inner>,
}

struct Inner {
    db: Database,
    clock: SharedClock,
    kinds: Mutex<BTreeMap<&'static str, Kind>>,
    schedules: Mutex<Vec<Schedule>>,
    /// Jobs that run in this process and their flags, by the claim: a job that was lost and taken again
    /// is there twice.
    running: Mutex<HashMap<Uuid, (Uuid, watch::Sender<Stop>)>>,
    wake: Arc<Notify>,
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jobs").finish_non_exhaustive()
    }
}

/// What asking to cancel a job did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It waited and will not run.
    Now,
    /// It runs and stops at its next check.
    Asked,
    /// It was over already.
    Over,
}

/// No code between lock and unlock can panic half-way.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Jobs {
    /// Nothing registered yet.
    #[must_use]
    pub fn new(db: Database, clock: SharedClock) -> Self {
        Self {
            inner: Arc::new(Inner {
                db,
                clock,
                kinds: Mutex::default(),
                schedules: Mutex::default(),
                running: Mutex::default(),
                wake: Arc::default(),
            }),
        }
    }

    /// Adds a kind, before any worker runs; one of the same name is replaced.
    pub fn register(&self, kind: Kind) {
        locked(&self.inner.kinds).insert(kind.name, kind);
    }

    /// Adds a schedule, before any worker runs. The database keeps it from the first start on, with what
    /// an administrator has changed since.
    pub fn schedule(&self, schedule: Schedule) {
        locked(&self.inner.schedules).push(schedule);
    }

    /// The Chinese title of a kind; its slug when this program does not know it.
    #[must_use]
    pub fn title<'a>(&self, kind: &'a str) -> &'a str {
        locked(&self.inner.kinds)
            .get(kind)
            .map_or(kind, |kind| kind.title)
    }

    /// Slugs and titles of all kinds, for a filter.
    #[must_use]
    pub fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        let kinds = locked(&self.inner.kinds);
        kinds.values().map(|kind| (kind.name, kind.title)).collect()
    }

    /// Adds a job in the caller's transaction; the worker of this process is woken when it commits.
    ///
    /// # Errors
    /// When nobody registered the kind, or the database does not answer.
    pub async fn enqueue(&self, tx: &Tx, job: &NewJob) -> Result<Enqueued, Error> {
        let kind = self
            .kind(job.kind)
            .ok_or_else(|| Error::UnknownKind(job.kind.to_owned()))?;
        let now = self.inner.clock.now();
        let (id, new) = store::insert(tx, job, kind.attempts_max, now).await?;
        self.wake_on_commit(tx);
        Ok(match new {
            true => Enqueued::New(id),
            false => Enqueued::Already(id),
        })
    }

    /// Cancels a job: one that waits at once; one that runs is asked to, and its handler sees it at its
    /// next check, on this server when the transaction commits, on another within a second.
    ///
    /// # Errors
    /// When there is no such job, or the database does not answer.
    pub async fn cancel(&self, tx: &Tx, id: Uuid, by: &str) -> Result<Cancelled, Error> {
        let now = self.inner.clock.now();
        // it may begin, or go back to waiting, between the looks
        for _ in 0..3 {
            if store::cancel_waiting(tx, id, by, now).await? {
                return Ok(Cancelled::Now);
            }
            if store::cancel_running(tx, id, by, now).await? {
                let jobs = self.clone();
                tx.on_commit(move || jobs.tell(id, Stop::Asked));
                return Ok(Cancelled::Asked);
            }
        }
        match store::find(tx, id).await? {
            Some(_) => Ok(Cancelled::Over),
            None => Err(Error::NoJob(id)),
        }
    }

    /// Lets a job that failed or was cancelled wait again, with all its attempts; it has no unique key then.
    ///
    /// # Errors
    /// When there is no such job, it is in another state, or the database does not answer.
    pub async fn run_again(&self, tx: &Tx, id: Uuid, by: &str) -> Result<(), Error> {
        if store::again(tx, id, by, self.inner.clock.now()).await? {
            self.wake_on_commit(tx);
            return Ok(());
        }
        Err(match store::find(tx, id).await? {
            Some(_) => Error::NotOver(id),
            None => Error::NoJob(id),
        })
    }

    /// One job, for its page.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find(&self, id: Uuid) -> Result<Option<Job>, Error> {
        Ok(store::find(self.inner.db.conn(), id).await?)
    }

    fn wake_on_commit(&self, tx: &Tx) {
        let wake = Arc::clone(&self.inner.wake);
        tx.on_commit(move || wake.notify_one());
    }

    pub(super) fn db(&self) -> &Database {
        &self.inner.db
    }

    pub(super) fn clock(&self) -> &SharedClock {
        &self.inner.clock
    }

    pub(super) fn kind(&self, name: &str) -> Option<Kind> {
        locked(&self.inner.kinds).get(name).cloned()
    }

    pub(super) fn kind_names(&self) -> Vec<&'static str> {
        locked(&self.inner.kinds).keys().copied().collect()
    }

    pub(super) fn declared(&self) -> Vec<Schedule> {
        locked(&self.inner.schedules).clone()
    }

    /// Waits until a transaction of this process has committed a job.
    pub(super) async fn woken(&self) {
        self.inner.wake.notified().await;
    }

    /// Notes the flag of a run; it is forgotten with the answer.
    pub(super) fn watch(&self, id: Uuid, owner: Uuid, stop: watch::Sender<Stop>) -> Watched {
        locked(&self.inner.running).insert(owner, (id, stop));
        Watched {
            jobs: self.clone(),
            owner,
        }
    }

    /// Tells a run of this process to stop, if it is one.
    pub(super) fn tell(&self, id: Uuid, stop: Stop) {
        let running = locked(&self.inner.running);
        for (_, flag) in running.values().filter(|(job, _)| *job == id) {
            stop.raise(flag);
        }
    }
}

/// A run whose flag can be raised.
pub(super) struct Watched {
    jobs: Jobs,
    owner: Uuid,
}

impl Drop for Watched {
    fn drop(&mut self) {
        locked(&self.jobs.inner.running).remove(&self.owner);
    }
}
