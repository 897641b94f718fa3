//! What runs by the clock: delivering, telling of jobs that failed, tidying up.

use std::sync::{Arc, Weak};

use serde_json::Value;

use super::book::Recipient;
use super::event::{Audience, EventKind, Field};
use super::send::Message;
use super::{Inner, MessageError, Messages, store};
use crate::cases::stuck;
use crate::clock::to_shanghai;
use crate::db::{Database, Tx};
use crate::jobs::{
    self, Cadence, JobContext, JobError, JobQuery, Jobs, Kind, NewJob, Outcome, Priority, Schedule,
    State, Unique,
};
use crate::paging::PageRequest;

/// The kind of job that delivers what is due.
pub const DELIVER: &str = "messages.deliver";
const PURGE: &str = "messages.purge";
const WATCH: &str = "messages.watch";
/// Mails, digests and endpoints of one look; then it is looked whether to stop.
const ROUNDS: u64 = 100;
/// Failed jobs that are looked at for telling.
const FAILED_MAX: u32 = 100;
/// The role that looks after jobs, and the one that looks after the audit.
const SYSTEM_ADMINISTRATOR: &str = "sysadmin";
const AUDITOR: &str = "auditor";

/// Told to the administrators when a job has failed for good.
pub const JOB_FAILED: EventKind =
    EventKind::new("platform.job-failed", "后台任务失败", Audience::Officers)
        .urgent()
        .fields(&[Field::new("job", "任务"), Field::new("at", "时间")])
        .says(
            "后台任务失败：{任务}",
            "“{任务}”在 {时间} 失败，系统不会再自动重试。\n原因见“后台”的任务列表；处理后可以在那里重新运行。",
        );

/// Told to the administrators, once, of cases that do not go on by themselves.
pub const CASES_STUCK: EventKind =
    EventKind::new("platform.cases-stuck", "办件自动处理受阻", Audience::Officers)
        .urgent()
        .fields(&[
            Field::new("count", "件数"),
            Field::new("number", "办件编号"),
        ])
        .says(
            "{件数} 件办件没有自动处理成功",
            "{件数} 件办件的到期处理或时限重算几次都没有成功，其一是 {办件编号}。\n其他办件不受影响。原因和下一次重试的时间见“后台”的“受阻办件”，排除原因后可以在那里立即重试。",
        );

impl Messages {
    /// Registers the kinds and schedules of jobs, and has them deliver at once
    /// what is sent from now on. Once, before any worker runs.
    pub fn work_with(&self, jobs: &Jobs, db: &Database) {
        if self.inner.work.set((jobs.clone(), db.clone())).is_err() {
            return;
        }
        // a kind that held the service would keep it alive for ever
        let weak = Arc::downgrade(&self.inner);
        let deliver = weak.clone();
        jobs.register(Kind::new(
            DELIVER,
            "发送消息",
            move |context: JobContext, _: Value| {
                let messages = revived(&deliver);
                async move { messages?.deliver_all(&context).await }
            },
        ));
        let purge = weak.clone();
        jobs.register(Kind::new(
            PURGE,
            "清理过期的消息",
            move |_: JobContext, _: Value| {
                let messages = revived(&purge);
                async move { messages?.purge_all().await }
            },
        ));
        jobs.register(Kind::new(
            WATCH,
            "通知失败的任务",
            move |_: JobContext, _: Value| {
                let messages = revived(&weak);
                async move { messages?.tell_failed_jobs().await }
            },
        ));
        for schedule in [
            Schedule::new(DELIVER, "发送到期的消息", DELIVER, Cadence::every(1)),
            Schedule::new(WATCH, "通知失败的任务", WATCH, Cadence::every(5)),
            Schedule::new(PURGE, "清理过期的消息", PURGE, Cadence::daily(3, 20)),
        ] {
            jobs.schedule(schedule);
        }
    }

    /// Has what was just written delivered when the transaction commits. One
    /// job waits at most; what it misses goes with the next minute's.
    pub(super) async fn ask_for_delivery(&self, tx: &Tx) -> Result<(), MessageError> {
        let Some((jobs, _)) = self.inner.work.get() else {
            return Ok(());
        };
        let job = NewJob::new(DELIVER, Value::Null)
            .unique(Unique::Waiting("now".to_owned()))
            .priority(Priority::High);
        match jobs.enqueue(tx, &job).await {
            Ok(_) => Ok(()),
            Err(jobs::Error::Db(error)) => Err(error.into()),
            Err(other) => Err(MessageError::Settings(other.to_string())),
        }
    }

    fn work(&self) -> Result<&(Jobs, Database), JobError> {
        let work = self.inner.work.get();
        work.ok_or_else(|| JobError::Failed("消息没有接上任务".to_owned()))
    }

    async fn deliver_all(&self, context: &JobContext) -> Result<Outcome, JobError> {
        let (_, db) = self.work()?;
        let (mut sent, mut failed) = (0, 0);
        loop {
            let report = self.deliver_due(db, ROUNDS).await?;
            sent += report.sent;
            failed += report.postponed + report.given_up;
            if report.sent == 0 {
                break;
            }
            context.check()?;
        }
        Ok(match (sent, failed) {
            (0, 0) => Outcome::nothing(),
            (_, 0) => Outcome::done(format!("送出 {sent} 条")),
            _ => Outcome::done(format!("送出 {sent} 条，{failed} 条没有成功，见发送记录")),
        })
    }

    async fn purge_all(&self) -> Result<Outcome, JobError> {
        let (_, db) = self.work()?;
        let removed = db.write(|tx| async move { self.purge(&tx).await }).await?;
        Ok(match removed {
            0 => Outcome::nothing(),
            _ => Outcome::done(format!("清理 {removed} 条消息和推送记录")),
        })
    }

    /// Tells whoever is in charge of jobs that have failed for good, each once; what failed, was run again and
    /// failed again is told again.
    async fn tell_failed_jobs(&self) -> Result<Outcome, JobError> {
        let (jobs, db) = self.work()?;
        let query = JobQuery {
            state: Some(State::Failed),
            ..JobQuery::default()
        };
        let failed = jobs.list(&query, &PageRequest::first(FAILED_MAX)).await;
        let failed = failed.map_err(|problem| JobError::Retry(problem.to_string()))?;
        let mut told = 0;
        for job in failed.items {
            let failed = job.finished_at.unwrap_or(job.created_at);
            let at = &to_shanghai(failed).format("%Y-%m-%d %H:%M").to_string();
            let id = &job.id.to_string();
            let title = jobs.title(&job.kind).to_owned();
            let (role, link) = in_charge(&job.kind, id);
            let (title, link) = (&title, &link);
            told += db
                .write(|tx| async move {
                    if store::has_subject(&tx, JOB_FAILED.slug, ("job", id), failed).await? {
                        return Ok::<_, MessageError>(0);
                    }
                    let message = Message {
                        event: &JOB_FAILED,
                        to: Recipient::Role(role),
                        fields: &[("job", title), ("at", at)],
                        link: Some(link),
                        subject: ("job", id),
                    };
                    self.send(&tx, &message).await?;
                    Ok(1)
                })
                .await?;
        }
        Ok(match (told, self.tell_stuck_cases(db).await?) {
            (0, 0) => Outcome::nothing(),
            (_, 0) => Outcome::done(format!("通知 {told} 个失败的任务")),
            (_, stuck) => Outcome::done(format!("通知 {told} 个失败的任务、{stuck} 件受阻的办件")),
        })
    }

    /// Tells whoever is in charge of cases that do not go on by themselves: each once, all in one message. How many.
    async fn tell_stuck_cases(&self, db: &Database) -> Result<i64, MessageError> {
        let now = self.now();
        db.write(|tx| async move {
            let Some((count, number)) = stuck::take_untold(&tx, now).await? else {
                return Ok(0);
            };
            let message = Message {
                event: &CASES_STUCK,
                to: Recipient::Role(SYSTEM_ADMINISTRATOR),
                fields: &[("count", &count.to_string()), ("number", &number)],
                link: Some("/office/stuck"),
                subject: ("case", ""),
            };
            self.send(&tx, &message).await?;
            Ok(count)
        })
        .await
    }
}

/// Who is told of a failed job, and where they look. The audit is the auditor's:
/// a system administrator may be what it tells of.
fn in_charge(kind: &str, id: &str) -> (&'static str, String) {
    match kind.starts_with("audit.") {
        true => (AUDITOR, "/office/audit/chain".to_owned()),
        false => (SYSTEM_ADMINISTRATOR, format!("/office/jobs/{id}")),
    }
}

fn revived(weak: &Weak<Inner>) -> Result<Messages, JobError> {
    let inner = weak.upgrade();
    let inner = inner.ok_or_else(|| JobError::Retry("服务正在停止".to_owned()))?;
    Ok(Messages { inner })
}

impl From<MessageError> for JobError {
    fn from(error: MessageError) -> Self {
        match error {
            MessageError::Database(error) => error.into(),
            other => Self::Retry(other.to_string()),
        }
    }
}
