//! The night's full run, as a job: one server does it, with progress, and it can be cancelled.

use std::sync::Arc;

use serde_json::Value;
use zhida_platform::format::count;
use zhida_platform::jobs::{Cadence, JobContext, JobError, Jobs, Kind, Outcome, Schedule};

use super::RunReport;
use crate::Matching;
use crate::error::Error;

const RUN: &str = "matching.run";

/// What the room does in the background: every night, and once when it is first there, so that news
/// count from then on.
pub(crate) fn background(matching: &Arc<Matching>, jobs: &Jobs) {
    super::tell::background(matching, jobs);
    let matching = Arc::clone(matching);
    let run = move |context: JobContext, _: Value| {
        let matching = Arc::clone(&matching);
        async move { run(&matching, &context).await }
    };
    jobs.register(Kind::new(RUN, "全量匹配", run));
    let night = Schedule::new(RUN, "夜间全量匹配", RUN, Cadence::daily(2, 0));
    jobs.schedule(night.at_once());
}

async fn run(matching: &Matching, context: &JobContext) -> Result<Outcome, JobError> {
    match matching.save_run(context.asked_by(), context).await {
        Ok(report) => {
            matching.save_snapshot().await?;
            Ok(Outcome::done(words(&report)))
        }
        Err(error @ Error::NothingToCompare) => Ok(Outcome::done(error.to_string())),
        Err(error) => Err(error.into()),
    }
}

fn words(report: &RunReport) -> String {
    let mut items = format!("已匹配 {} 个事项", count(report.items));
    if report.interpreted > 0 {
        let interpreted = count(report.interpreted);
        items.push_str(&format!(
            "（其中 {interpreted} 个没有列式形式，由解释器计算）"
        ));
    }
    match report.first {
        true => format!("{items}，作为以后比较的起点"),
        false => format!("{items}，新匹配 {} 条", count(report.news)),
    }
}

impl From<Error> for JobError {
    fn from(error: Error) -> Self {
        match error {
            Error::Stopped => Self::Cancelled,
            Error::Damaged(_) => Self::Failed(error.to_string()),
            Error::Db(error) => error.into(),
            other => Self::Retry(other.to_string()),
        }
    }
}
