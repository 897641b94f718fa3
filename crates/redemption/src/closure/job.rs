//! The night's comparison, as a job.

use std::sync::Arc;

use serde_json::Value;
use zhida_platform::db::Tx;
use zhida_platform::jobs::{Cadence, JobContext, JobError, Jobs, Kind, Outcome, Schedule};
use zhida_platform::messages::{Message, Recipient};

use super::night::NightReport;
use crate::error::Error;
use crate::service::Redemption;
use crate::told::CANDIDATES;

const RUN: &str = "redemption.night";
/// Who releases.
const CLERK: &str = "clerk";

/// Every night after the full match of two o'clock; at the first start, too.
pub(crate) fn background(redemption: &Arc<Redemption>, jobs: &Jobs) {
    let redemption = Arc::clone(redemption);
    let run = move |context: JobContext, _: Value| {
        let redemption = Arc::clone(&redemption);
        async move { run(&redemption, &context).await }
    };
    jobs.register(Kind::new(RUN, "免申候选比对", run));
    jobs.schedule(Schedule::new(RUN, "夜间免申候选比对", RUN, Cadence::daily(4, 0)).at_once());
}

async fn run(redemption: &Redemption, context: &JobContext) -> Result<Outcome, JobError> {
    let report = redemption.night(context).await?;
    if report.items == 0 && report.ended == 0 {
        return Ok(Outcome::done("还没有免申事项发布方案"));
    }
    let words = words(&report);
    if report.new + report.lost + report.changed > 0 {
        tell(redemption, &words).await?;
    }
    Ok(Outcome::done(format!(
        "已比较 {} 个免申事项：{words}",
        report.items
    )))
}

fn words(report: &NightReport) -> String {
    let NightReport {
        new,
        lost,
        changed,
        released,
        ended,
        ..
    } = report;
    let ended = match ended {
        0 => String::new(),
        ended => format!("，政策废止终止 {ended} 件"),
    };
    format!("新增 {new} 家，不再符合 {lost} 家，变化 {changed} 家，自动放行 {released} 家{ended}")
}

async fn tell(redemption: &Redemption, words: &str) -> Result<(), Error> {
    redemption
        .db
        .write(|tx: Tx| async move {
            let message = Message {
                event: &CANDIDATES,
                to: Recipient::Role(CLERK),
                fields: &[("count", words)],
                link: Some(crate::pages::CLOSURE),
                subject: ("item", ""),
            };
            redemption.messages.send(&tx, &message).await?;
            Ok(())
        })
        .await
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
