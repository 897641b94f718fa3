//! The job that looks for cases that are due.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::prelude::async_trait::async_trait;
use serde_json::{Value, json};
use uuid::Uuid;
use zhida_casework::{
    Action, Calendar, Chain, Command, Event, Kind, Party, Route, Rules, due_actions,
};

use super::calendar::{self, CityCalendar};
use super::store::{self, Applied};
use super::stuck::{self, Task};
use super::{Cases, Error, Loaded};
use crate::audit::{self, Actor, Entry};
use crate::clock::SharedClock;
use crate::db::{Database, Tx};
use crate::jobs::{self, Cadence, JobContext, JobError, Jobs, Outcome, Schedule};
use crate::problem::Problem;
use crate::progress::Progress as _;

/// Cases read at once.
const BATCH: i64 = 200;
/// Steps of one case in one look at most: the end of one clock can begin the next, never so many.
const STEPS_MAX: usize = 10;
/// How long one look may take.
const TIME_LIMIT: Duration = Duration::from_secs(3_600);

/// What a room adds to the clocks of its cases.
#[async_trait]
pub trait Reaction<K: Kind>: Send + Sync + 'static {
    /// The route a case started with.
    async fn route_of(&self, tx: &Tx, loaded: &Loaded<K>) -> Result<Arc<Route<K>>, Problem>;

    /// Who stands above the bodies of a case.
    async fn chain(&self, tx: &Tx, loaded: &Loaded<K>) -> Result<Chain, Problem>;

    /// What the room does about what happened by itself, in the transaction in which it happens: sends the
    /// reminders, pays after a notice. `events` are the last of `loaded`, which is the case after them.
    async fn happened(
        &self,
        tx: &Tx,
        loaded: &Loaded<K>,
        events: &[Event<K>],
    ) -> Result<(), Problem>;
}

/// The job of a room: kind and schedule have the same name.
pub struct Watch<K: Kind> {
    /// Stable slug, for instance `redemption.due`.
    pub name: &'static str,
    /// Chinese title.
    pub title: &'static str,
    /// The room's cases.
    pub cases: Cases<K>,
    /// What the room adds.
    pub reaction: Arc<dyn Reaction<K>>,
}

impl<K: Kind> std::fmt::Debug for Watch<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Watch({})", self.name)
    }
}

impl<K: Kind> Clone for Watch<K> {
    fn clone(&self) -> Self {
        Self {
            name: self.name,
            title: self.title,
            cases: self.cases,
            reaction: Arc::clone(&self.reaction),
        }
    }
}

/// What one look did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Tally {
    told: u64,
    moved: u64,
    recalculated: u64,
    failed: u64,
    /// Why the first of those failed.
    reason: String,
}

impl<K: Kind> Watch<K> {
    /// Registers the job, which looks every minute.
    pub fn register(self, jobs: &Jobs, db: &Database, clock: &SharedClock) {
        let (db, clock, name, title) = (db.clone(), clock.clone(), self.name, self.title);
        let kind = jobs::Kind::new(name, title, move |context: JobContext, _: Value| {
            let (watch, db, clock) = (self.clone(), db.clone(), clock.clone());
            async move { watch.look(&db, clock.now(), &context).await }
        });
        jobs.register(kind.time_limit(TIME_LIMIT));
        jobs.schedule(Schedule::new(name, title, name, Cadence::every(1)));
    }

    /// Looks once: one reading of the clock and of the calendar for all cases.
    async fn look(
        &self,
        db: &Database,
        now: DateTime<Utc>,
        context: &JobContext,
    ) -> Result<Outcome, JobError> {
        let city = calendar::load(db.conn()).await.map_err(job_error)?;
        let mut tally = Tally::default();
        self.recalculate(db, now, &city, context, &mut tally)
            .await?;
        let mut after = None;
        loop {
            let due = self.cases.due_before(db.conn(), now, after, BATCH).await;
            let due = due.map_err(job_error)?;
            let Some(last) = due.last() else { break };
            after = Some(*last);
            let due: BTreeSet<Uuid> = due.iter().map(|case| case.id).collect();
            for id in due {
                context.check()?;
                let done = self.of_case(db, id, now, &city.calendar, context).await;
                self.keep(db, (id, Task::Due), now, done, &mut tally)
                    .await?;
            }
            context.report(tally.told + tally.moved, None, "正在处理到期办件");
        }
        Ok(tally.outcome())
    }

    /// What is due of one case, all in one transaction: if the room cannot do its part, nothing happened.
    async fn of_case(
        &self,
        db: &Database,
        id: Uuid,
        now: DateTime<Utc>,
        calendar: &Calendar,
        context: &JobContext,
    ) -> Result<Tally, Problem> {
        db.write(|tx| async move {
            let mut loaded = self.cases.need(&tx, id).await?;
            let route = self.reaction.route_of(&tx, &loaded).await?;
            let rules = Rules {
                route: &route,
                calendar,
            };
            let (mut tally, mut entries) = (Tally::default(), Vec::new());
            for _ in 0..STEPS_MAX {
                let chain = self.reaction.chain(&tx, &loaded).await?;
                let actions = due_actions(&loaded.case, now, &rules, &chain);
                let actions = actions.map_err(Error::from)?;
                let Some(action) = actions.into_iter().next() else {
                    break;
                };
                let (command, what) = match action {
                    Action::Tell(telling) => {
                        tally.told += 1;
                        (Command::Tell(telling), "cases.tell")
                    }
                    Action::TimeUp { clock } => {
                        tally.moved += 1;
                        (Command::TimeUp { clock }, "cases.time_up")
                    }
                };
                let before = loaded.events.len();
                let by = Party::system();
                loaded = self
                    .cases
                    .decide(&tx, &loaded, command, &by, now, &rules)
                    .await?;
                let happened = &loaded.events[before..];
                self.reaction.happened(&tx, &loaded, happened).await?;
                entries.push(entry(&loaded, now, what, happened));
                // what the room did in its part may have moved the case on
                loaded = self.cases.need(&tx, id).await?;
            }
            // a warning that is over, or nothing to do after all: the next look is another
            self.cases.rebuild(&tx, id, &rules, now).await?;
            stuck::clear(&tx, id, Task::Due).await?;
            context.hold(&tx).await.map_err(lost)?;
            audit::append_all(&tx, &entries).await?;
            Ok(tally)
        })
        .await
    }

    /// Computes the due dates of all open cases again if the calendar is another than last time, going on where an
    /// interrupted look stopped; then those that failed before and are to be tried again.
    async fn recalculate(
        &self,
        db: &Database,
        now: DateTime<Utc>,
        city: &CityCalendar,
        context: &JobContext,
        tally: &mut Tally,
    ) -> Result<(), JobError> {
        let (room, mark) = (self.cases.room(), city.mark());
        let mut applied = store::applied(db.conn(), room).await?;
        if applied.mark != mark {
            let going_on = applied.towards.as_ref() == Some(&mark);
            let after = applied.after_id.take().filter(|_| going_on);
            let mut after: Option<Uuid> = after.and_then(|id| id.parse().ok());
            applied.towards = Some(mark.clone());
            loop {
                let open = self.cases.open_after(db.conn(), after, BATCH).await;
                let open = open.map_err(job_error)?;
                let Some(last) = open.last() else { break };
                after = Some(*last);
                self.recalculate_all(db, now, city, context, &open, tally)
                    .await?;
                applied.after_id = after.map(|id| id.to_string());
                set_applied(db, room, &applied).await?;
            }
            let done = Applied {
                mark,
                ..Applied::default()
            };
            set_applied(db, room, &done).await?;
        }
        let again = stuck::to_try(db.conn(), room, Task::Calendar, now, BATCH).await?;
        self.recalculate_all(db, now, city, context, &again, tally)
            .await
    }

    async fn recalculate_all(
        &self,
        db: &Database,
        now: DateTime<Utc>,
        city: &CityCalendar,
        context: &JobContext,
        cases: &[Uuid],
        tally: &mut Tally,
    ) -> Result<(), JobError> {
        for id in cases {
            context.check()?;
            let done = self.recalculate_one(db, *id, now, city).await;
            self.keep(db, (*id, Task::Calendar), now, done, tally)
                .await?;
        }
        if !cases.is_empty() {
            context.report(tally.recalculated, None, "正在按新的工作日历重新计算时限");
        }
        Ok(())
    }

    /// Counts what was done of a case. One that fails must not keep the others from being looked at: it is logged,
    /// noted with its reason, and comes again later.
    async fn keep(
        &self,
        db: &Database,
        (id, task): (Uuid, Task),
        now: DateTime<Utc>,
        done: Result<Tally, Problem>,
        tally: &mut Tally,
    ) -> Result<(), JobError> {
        let problem = match done {
            Ok(one) => {
                tally.add(&one);
                return Ok(());
            }
            Err(problem) if problem.code == LOST => return Err(JobError::Cancelled),
            Err(problem) => problem,
        };
        let room = self.cases.room();
        tracing::warn!(room, case = %id, task = task.slug(), %problem, "办件没有自动处理成功");
        let reason = &problem.detail;
        db.write(|tx| async move { stuck::note(&tx, (room, id, task), reason, now).await })
            .await?;
        if tally.failed == 0 {
            tally.reason = format!("办件 {id}：{}", problem.detail);
        }
        tally.failed += 1;
        Ok(())
    }

    async fn recalculate_one(
        &self,
        db: &Database,
        id: Uuid,
        now: DateTime<Utc>,
        city: &CityCalendar,
    ) -> Result<Tally, Problem> {
        db.write(|tx| async move {
            let loaded = self.cases.need(&tx, id).await?;
            let route = self.reaction.route_of(&tx, &loaded).await?;
            let rules = Rules {
                route: &route,
                calendar: &city.calendar,
            };
            stuck::clear(&tx, id, Task::Calendar).await?;
            let why = city.reason();
            let command = Command::Recalculate { why };
            let (by, before) = (Party::system(), loaded.events.len());
            let loaded = self
                .cases
                .decide(&tx, &loaded, command, &by, now, &rules)
                .await?;
            let happened = &loaded.events[before..];
            if happened.is_empty() {
                return Ok(Tally::default());
            }
            let entry = entry(&loaded, now, "cases.recalculate", happened);
            audit::append(&tx, &entry).await?;
            Ok(Tally {
                recalculated: 1,
                ..Tally::default()
            })
        })
        .await
    }
}

impl Tally {
    fn add(&mut self, one: &Self) {
        self.told += one.told;
        self.moved += one.moved;
        self.recalculated += one.recalculated;
    }

    fn outcome(self) -> Outcome {
        if self == Self::default() {
            return Outcome::nothing();
        }
        let mut parts = Vec::new();
        for (count, what) in [
            (self.moved, "到期自动处理"),
            (self.told, "催办提醒"),
            (self.recalculated, "重新计算时限"),
        ] {
            if count > 0 {
                parts.push(format!("{what} {count} 件次"));
            }
        }
        if self.failed > 0 {
            let Self { failed, reason, .. } = self;
            parts.push(format!(
                "{failed} 件没有成功，稍后再试，见“后台”的“受阻办件”（其一：{reason}）"
            ));
        }
        Outcome::done(parts.join("，"))
    }
}

async fn set_applied(db: &Database, room: &str, applied: &Applied) -> Result<(), JobError> {
    db.write(|tx| async move { store::set_applied(&tx, room, applied).await })
        .await?;
    Ok(())
}

/// Code of the problem that means that another server has the job.
const LOST: &str = "job-lost";

fn lost(error: JobError) -> Problem {
    let status = axum::http::StatusCode::CONFLICT;
    Problem::new(status, LOST, "任务已由另一台服务器接手", error.to_string())
}

fn job_error(error: Error) -> JobError {
    match error {
        Error::Db(error) => error.into(),
        other => JobError::Retry(other.to_string()),
    }
}

fn entry<K: Kind>(
    loaded: &Loaded<K>,
    now: DateTime<Utc>,
    action: &'static str,
    happened: &[Event<K>],
) -> Entry {
    let what: Vec<String> = happened.iter().map(|event| event.change.words()).collect();
    Entry::new(
        now,
        Actor::system(),
        action,
        "case",
        loaded.head.id.to_string(),
    )
    .enterprise(&loaded.head.enterprise)
    .detail(json!({ "number": loaded.head.number, "events": what }))
}
