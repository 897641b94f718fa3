//! Work in the background and by the clock: it survives a restart, runs on one server at a time, shows how
//! far it is and can be cancelled.
//!
//! ```text
//! // when the room is built: what it can do, and when by itself
//! jobs.register(Kind::new("registry.import", "导入企业文件", move |ctx: JobContext, file: FileId| {
//!     let registry = registry.clone();
//!     async move {
//!         let rows = registry.rows_of(&file).await?;
//!         for (done, chunk) in rows.chunks(1_000).enumerate() {
//!             ctx.check()?;                              // cancelled? then stop here
//!             registry.apply(&ctx, chunk).await?;        // in its transaction: ctx.hold(&tx).await?
//!             ctx.report(done as u64 * 1_000, Some(rows.len() as u64), "正在导入");
//!         }
//!         Ok(Outcome::done(format!("导入 {} 行", rows.len())))
//!     }
//! }).attempts(5));
//! jobs.schedule(Schedule::new("registry.tidy", "整理企业库", "registry.tidy", Cadence::daily(2, 30)));
//!
//! // in a service, together with what it belongs to
//! db.write(|tx| async move {
//!     store::save_upload(&tx, &file).await?;
//!     let job = NewJob::new("registry.import", json!(file.id)).asked_by(&viewer.name);
//!     jobs.enqueue(&tx, &job).await
//! })
//! .await
//!
//! // in the binary, once
//! Worker::new(jobs, Settings::default()).run(shutdown).await;
//! ```
//!
//! # What is promised
//! - A job is there exactly when the transaction that enqueued it was committed.
//! - One worker at a time: it holds a lease and renews it while the handler runs. A server that dies, or
//!   cannot reach the database for as long as the lease lasts, loses it, and another begins the job anew.
//! - So a handler can be begun **more than once**, and must be able to go on or do it over. Where a second
//!   run would do harm, it calls [`JobContext::hold`] in the transaction of each effect: the transaction
//!   then fails unless this run still has the lease.
//! - A handler that fails with [`JobError::Retry`] is run again later, each time about twice as long after;
//!   with [`JobError::Failed`] or after the last attempt the job has failed, with the reason in Chinese.
//! - A panic counts as a failure that may pass. Time is the injected clock's; servers that share a database
//!   must agree on it to within a few seconds (NTP), for a lease lasts a minute.
//!
//! # Claims
//! A worker reads the due jobs and takes each with `UPDATE … WHERE id = … AND state = 'queued'`; who
//! changes a row has the job. This needs no `SKIP LOCKED`, no `LISTEN` and no advisory locks, so it runs
//! alike on both databases and their relatives. A worker looks every second, and at once when a
//! transaction of its own process has committed a job.

mod backoff;
mod cadence;
mod context;
mod error;
mod kind;
mod lease;
mod list;
mod model;
mod registry;
mod run;
mod schedule;
pub(crate) mod schema;
mod store;
mod worker;

pub(crate) use backoff::BackOff;
pub use backoff::Jitter;
pub use cadence::Cadence;
pub use context::JobContext;
pub use error::{Error, JobError};
pub use kind::{Kind, Outcome};
pub use list::JobQuery;
pub use model::{Enqueued, Job, NewJob, Priority, State, Unique};
pub use registry::{Cancelled, Jobs};
pub use schedule::{BY_TIME, Plan, Schedule};
pub use worker::{Settings, Worker};
