use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures::future::{BoxFuture, FutureExt as _};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::backoff::BackOff;
use super::{JobContext, JobError};

/// Attempts when a kind says nothing.
const ATTEMPTS: i64 = 5;
/// Time that one attempt may take when a kind says nothing: nothing runs without a limit.
const TIME_LIMIT: Duration = Duration::from_secs(24 * 3_600);

type Handler =
    dyn Fn(JobContext, Value) -> BoxFuture<'static, Result<Outcome, JobError>> + Send + Sync;

/// What a finished job says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// A Chinese sentence for the list: 导入 300 家企业.
    pub summary: String,
    pub(super) nothing: bool,
}

impl Outcome {
    /// It is done.
    #[must_use]
    pub fn done(summary: impl Into<String>) -> Self {
        Self {
            summary: summary.into(),
            nothing: false,
        }
    }

    /// There was nothing to do: the job leaves no trace, so that what looks every minute does not fill the list. What
    /// somebody asked for stays and says so.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            summary: "没有要做的".to_owned(),
            nothing: true,
        }
    }
}

/// One kind of job and what runs it.
#[derive(Clone)]
pub struct Kind {
    /// Stable slug `room.verb`.
    pub name: &'static str,
    /// Chinese title for lists.
    pub title: &'static str,
    pub(super) attempts_max: i64,
    pub(super) back_off: BackOff,
    pub(super) time_limit: Duration,
    pub(super) handler: Arc<Handler>,
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kind({})", self.name)
    }
}

impl Kind {
    /// A kind whose handler takes the payload as `P`; a payload that is none fails the job at once.
    pub fn new<P, F, Fut>(name: &'static str, title: &'static str, handler: F) -> Self
    where
        P: DeserializeOwned,
        F: Fn(JobContext, P) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Outcome, JobError>> + Send + 'static,
    {
        let handler =
            move |context: JobContext, payload: Value| match serde_json::from_value(payload) {
                Ok(payload) => handler(context, payload).boxed(),
                Err(error) => {
                    let failed = JobError::Failed(format!("任务的参数看不懂（{error}）"));
                    futures::future::ready(Err(failed)).boxed()
                }
            };
        Self {
            name,
            title,
            attempts_max: ATTEMPTS,
            back_off: BackOff::default(),
            time_limit: TIME_LIMIT,
            handler: Arc::new(handler),
        }
    }

    /// How often it is tried (from 1); 5 if nothing is said.
    #[must_use]
    pub fn attempts(mut self, max: u32) -> Self {
        self.attempts_max = i64::from(max.max(1));
        self
    }

    /// How long to wait after the first failure, and at most; 10 seconds and an hour if nothing is said.
    #[must_use]
    pub fn back_off(mut self, first: TimeDelta, most: TimeDelta) -> Self {
        self.back_off = BackOff { first, most };
        self
    }

    /// How long one attempt may take before it is dropped; a day if nothing is said.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }
}
