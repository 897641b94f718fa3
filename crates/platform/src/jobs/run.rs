//! One run of one job: the handler, and beside it the beat that renews the lease.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::FutureExt as _;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::JobError;
use super::backoff::Jitter;
use super::context::{JobContext, Shared, Stop};
use super::kind::{Kind, Outcome};
use super::lease::{self, End, Progressed};
use super::model::{Job, State};
use super::registry::{Jobs, Watched};
use super::worker::Settings;
use crate::db;

/// How often a run's end is written before it is left to the lease.
const SETTLE_ATTEMPTS: u32 = 6;

/// A job that this worker has claimed, and whose flag can be raised from now on.
pub(super) struct Claimed {
    shared: Arc<Shared>,
    kind: Kind,
    lease_until: DateTime<Utc>,
    watched: Watched,
}

impl Claimed {
    pub(super) fn new(
        jobs: &Jobs,
        job: Job,
        kind: Kind,
        owner: Uuid,
        lease_until: DateTime<Utc>,
    ) -> Self {
        let shared = Arc::new(Shared::new(jobs.clone(), job, owner));
        let watched = jobs.watch(shared.job.id, owner, shared.stop.clone());
        Self {
            shared,
            kind,
            lease_until,
            watched,
        }
    }
}

/// A task that ends with its guard, so that a dropped worker leaves nothing running.
struct Aborting(JoinHandle<()>);

impl Drop for Aborting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs the job to its end and writes the end down.
pub(super) async fn run(claimed: Claimed, settings: Settings, jitter: Jitter) {
    let Claimed {
        shared,
        kind,
        lease_until,
        watched,
    } = claimed;
    let payload = shared.job.payload.clone();
    // a task of its own: a handler that computes for long does not keep the lease from being renewed
    let beat = tokio::spawn(beat(Arc::clone(&shared), settings, lease_until));
    let beating = Aborting(beat);
    let handler = AssertUnwindSafe(async {
        (kind.handler)(JobContext::new(Arc::clone(&shared)), payload).await
    });
    let answer = tokio::time::timeout(kind.time_limit, handler.catch_unwind()).await;
    let answer = answered(answer, &kind);
    drop(beating);
    drop(watched);
    let permille = jitter();
    if let Some(end) = end_of(&shared, &kind, answer, permille) {
        settle(&shared, &end).await;
    }
}

type Answer = Result<Result<Outcome, JobError>, Box<dyn std::any::Any + Send>>;

fn answered(
    answer: Result<Answer, tokio::time::error::Elapsed>,
    kind: &Kind,
) -> Result<Outcome, JobError> {
    match answer {
        Ok(Ok(answer)) => answer,
        Ok(Err(_panic)) => Err(JobError::Retry("程序内部出错，详情见日志".to_owned())),
        Err(_elapsed) => {
            let minutes = kind.time_limit.as_secs().div_ceil(60);
            Err(JobError::Retry(format!("{minutes} 分钟内没有做完")))
        }
    }
}

/// What the answer means for the job; `None` when it is another's by now.
fn end_of(
    shared: &Shared,
    kind: &Kind,
    answer: Result<Outcome, JobError>,
    permille: u32,
) -> Option<End> {
    let job = &shared.job;
    let stop = shared.stopped();
    let over = |state, result: String| End {
        state,
        run_at: None,
        uncounted: false,
        forget: false,
        result,
    };
    Some(match (answer, stop) {
        (_, Stop::Lost) => {
            tracing::warn!(job = %job.id, kind = job.kind, "任务已由别的服务器接手，本次的结果作废");
            return None;
        }
        (Ok(outcome), _) => End {
            forget: outcome.nothing,
            ..over(State::Done, outcome.summary)
        },
        (Err(JobError::Failed(reason)), _) => over(State::Failed, reason),
        (Err(JobError::Cancelled), Stop::Closing) => released(),
        (Err(JobError::Cancelled | JobError::Retry(_)), Stop::Asked)
        | (Err(JobError::Cancelled), Stop::No) => over(State::Cancelled, "已取消".to_owned()),
        (Err(JobError::Retry(reason)), _) if job.attempts >= job.attempts_max => over(
            State::Failed,
            format!("试了 {} 次都没有成功：{reason}", job.attempts),
        ),
        (Err(JobError::Retry(reason)), _) => End {
            state: State::Queued,
            run_at: Some(shared.jobs.clock().now() + kind.back_off.after(job.attempts, permille)),
            uncounted: false,
            forget: false,
            result: reason,
        },
    })
}

/// A run that the server's stop has cut short.
pub(super) fn released() -> End {
    End {
        state: State::Queued,
        run_at: None,
        uncounted: true,
        forget: false,
        result: "服务器停止时中断，重新排队".to_owned(),
    }
}

async fn settle(shared: &Shared, end: &End) {
    let job = &shared.job;
    if end.state == State::Failed {
        tracing::error!(job = %job.id, kind = job.kind, reason = end.result, "任务失败");
    }
    let progressed = shared.progressed();
    for attempt in 1..=SETTLE_ATTEMPTS {
        let now = shared.jobs.clock().now();
        let written = lease::settle(
            shared.jobs.db(),
            job.id,
            shared.owner,
            now,
            end,
            &progressed,
        )
        .await;
        match written {
            Ok(true) => return,
            Ok(false) => {
                tracing::warn!(job = %job.id, kind = job.kind, "任务已由别的服务器接手，本次的结果作废");
                return;
            }
            Err(error) => {
                tracing::warn!(job = %job.id, attempt, error = %error, "任务的结果没有写下，稍后再写");
                tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
            }
        }
    }
}

/// Renews the lease, writes the progress and looks whether the job was cancelled, until it is aborted.
async fn beat(shared: Arc<Shared>, settings: Settings, mut lease_until: DateTime<Utc>) {
    let mut tick = tokio::time::interval(settings.beat);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // the first tick is at once
    tick.tick().await;
    let mut written = Progressed::default();
    loop {
        tick.tick().await;
        match look(&shared, settings.lease, &mut lease_until, &mut written).await {
            Ok(stop) if stop != Stop::No => stop.raise(&shared.stop),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(job = %shared.job.id, error = %error, "任务的租约没有续上，稍后再续");
            }
        }
        if shared.jobs.clock().now() >= lease_until {
            Stop::Lost.raise(&shared.stop);
        }
        if shared.stopped() == Stop::Lost {
            return;
        }
    }
}

async fn look(
    shared: &Shared,
    lease: TimeDelta,
    lease_until: &mut DateTime<Utc>,
    written: &mut Progressed,
) -> db::Result<Stop> {
    let (db, id, now) = (shared.jobs.db(), shared.job.id, shared.jobs.clock().now());
    let progressed = shared.progressed();
    let renew = *lease_until - now <= lease * 2 / 3;
    let held = if renew || progressed != *written {
        let until = now + lease;
        let held = lease::beat(db, id, shared.owner, now, until, &progressed).await?;
        *lease_until = until;
        *written = progressed;
        held
    } else {
        lease::held(db, id, shared.owner).await?
    };
    Ok(match held {
        None => Stop::Lost,
        Some(held) if held.cancel_by.is_some() => Stop::Asked,
        Some(_) => Stop::No,
    })
}
