//! What happens by itself: meetings of series are planned, bodies are reminded.

use std::sync::Arc;

use serde_json::{Value, json};
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::jobs::{Cadence, JobContext, JobError, Jobs, Kind, Outcome, Schedule};

use crate::error::Error;
use crate::model::Task;
use crate::service::{Meetings, lateness};
use crate::store;
use crate::told::OVERDUE;

const RUN: &str = "meetings.morning";
/// Tasks that one morning reminds of at most.
const REMINDED_MAX: i64 = 5_000;

/// Every morning at eight; at the first start, too.
pub fn background(meetings: &Arc<Meetings>, jobs: &Jobs) {
    let meetings = Arc::clone(meetings);
    let run = move |_: JobContext, _: Value| {
        let meetings = Arc::clone(&meetings);
        async move { run(&meetings).await }
    };
    jobs.register(Kind::new(RUN, "调度会排期和交办事项提醒", run));
    let name = "每日调度会排期和提醒";
    jobs.schedule(Schedule::new(RUN, name, RUN, Cadence::daily(8, 0)).at_once());
}

async fn run(meetings: &Meetings) -> Result<Outcome, JobError> {
    let planned = meetings.plan_series().await?;
    let reminded = meetings.remind().await?;
    Ok(Outcome::done(format!(
        "新排会议 {planned} 次，提醒交办事项 {reminded} 件"
    )))
}

impl Meetings {
    /// On a working day, reminds the bodies whose tasks are due today or over, each once a day; how many.
    ///
    /// # Errors
    /// The database.
    pub async fn remind(&self) -> Result<u64, Error> {
        let (today, city) = (self.clock.today(), self.city().await?);
        if !city.calendar.is_working(today).unwrap_or(true) {
            return Ok(0);
        }
        let due = store::tasks::due_until(self.db.conn(), today, today, REMINDED_MAX).await?;
        for task in &due {
            self.remind_of(task, &lateness(task, today, &city)).await?;
        }
        Ok(due.len() as u64)
    }

    async fn remind_of(&self, task: &Task, words: &str) -> Result<(), Error> {
        let system = Viewer::system("交办事项提醒");
        let entry = &Entry::new(
            self.clock.now(),
            &system,
            "meeting.remind",
            "meeting_task",
            &task.id,
        )
        .after(json!({ "words": words }));
        self.db
            .write(|tx| async move {
                store::tasks::set_reminded(&tx, &task.id, self.clock.today()).await?;
                self.tell_body(&tx, &OVERDUE, task, words).await?;
                audit::append(&tx, entry).await?;
                Ok(())
            })
            .await
    }
}

impl From<Error> for JobError {
    fn from(error: Error) -> Self {
        match error {
            Error::Db(error) => error.into(),
            Error::Stored(_) => Self::Failed(error.to_string()),
            other => Self::Retry(other.to_string()),
        }
    }
}
