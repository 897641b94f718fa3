use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use serde_json::Value;

use super::cadence::Cadence;
use super::model::{Enqueued, NewJob, Unique};
use super::registry::Jobs;
use super::{Error, store};
use crate::clock::instant_text;
use crate::db::{self, Tx};

/// Schedules of an installation that are read at most.
const PLANS_MAX: i64 = 1_000;
/// Who asks for what the clock asks for.
pub const BY_TIME: &str = "定时";

/// A schedule that a room brings: what it is until an administrator changes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Stable slug, usually that of the kind.
    pub name: &'static str,
    /// Chinese title.
    pub title: &'static str,
    /// The kind of job.
    pub kind: &'static str,
    /// What its handler is given.
    pub payload: Value,
    /// When.
    pub cadence: Cadence,
    /// Whether on working days only.
    pub workdays_only: bool,
    /// Whether its first time is when it becomes known, and not the cadence's next.
    pub at_once: bool,
}

impl Schedule {
    /// A schedule on all days, without payload.
    #[must_use]
    pub fn new(
        name: &'static str,
        title: &'static str,
        kind: &'static str,
        cadence: Cadence,
    ) -> Self {
        Self {
            name,
            title,
            kind,
            payload: Value::Null,
            cadence,
            workdays_only: false,
            at_once: false,
        }
    }

    /// Runs for the first time when a server first starts with it.
    #[must_use]
    pub fn at_once(mut self) -> Self {
        self.at_once = true;
        self
    }

    /// What the handler is given.
    #[must_use]
    pub fn payload(mut self, payload: Value) -> Self {
        self.payload = payload;
        self
    }

    /// Only on days on which people work (国务院办公厅放假安排).
    #[must_use]
    pub fn on_workdays(mut self) -> Self {
        self.workdays_only = true;
        self
    }
}

/// A schedule as it stands in the database.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Stable slug.
    pub name: String,
    /// Chinese title.
    pub title: String,
    /// The kind of job.
    pub kind: String,
    /// When.
    pub cadence: Cadence,
    /// Whether on working days only.
    pub workdays_only: bool,
    /// Whether it runs at all.
    pub enabled: bool,
    /// When next.
    pub next_at: DateTime<Utc>,
    /// When it ran last.
    pub last_at: Option<DateTime<Utc>>,
    /// The job of then; it may be swept by now.
    pub last_job: Option<uuid::Uuid>,
    payload: Value,
}

const COLUMNS: &str =
    "name, title, kind, payload, cadence, workdays_only, enabled, next_at, last_at, last_job";

#[derive(FromQueryResult)]
struct Row {
    name: String,
    title: String,
    kind: String,
    payload: String,
    cadence: String,
    workdays_only: bool,
    enabled: bool,
    next_at: String,
    last_at: Option<String>,
    last_job: Option<String>,
}

impl Row {
    fn into_plan(self) -> Result<Plan, Error> {
        let last_at = self.last_at.as_deref().map(store::instant).transpose()?;
        let last_job = self.last_job.as_deref().map(store::uuid).transpose()?;
        Ok(Plan {
            cadence: self.cadence.parse()?,
            next_at: store::instant(&self.next_at)?,
            payload: store::json(&self.payload)?,
            last_at,
            last_job,
            name: self.name,
            title: self.title,
            kind: self.kind,
            workdays_only: self.workdays_only,
            enabled: self.enabled,
        })
    }
}

impl Jobs {
    /// All schedules, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn plans(&self) -> Result<Vec<Plan>, Error> {
        self.plans_where("1 = 1", Vec::new()).await
    }

    /// Changes when a schedule runs; it counts on from now. An administrator's doing: the caller records it.
    ///
    /// # Errors
    /// When there is no such schedule or the database does not answer.
    pub async fn set_plan(
        &self,
        tx: &Tx,
        name: &str,
        cadence: Cadence,
        workdays_only: bool,
        enabled: bool,
    ) -> Result<(), Error> {
        let now = self.clock().now();
        let sql =
            "UPDATE job_schedule SET cadence = $2, workdays_only = $3, enabled = $4, next_at = $5,
            updated_at = $6 WHERE name = $1";
        let values = [
            name.into(),
            cadence.to_string().into(),
            workdays_only.into(),
            enabled.into(),
            instant_text(cadence.next(workdays_only, now)).into(),
            instant_text(now).into(),
        ];
        match db::execute(tx, sql, values).await? {
            0 => Err(Error::NoSchedule(name.to_owned())),
            _ => Ok(()),
        }
    }

    /// Runs a schedule's job now, whenever its time is; while one waits or runs already it is that one, which is
    /// theirs then.
    ///
    /// # Errors
    /// When there is no such schedule, this program does not know its kind, or the database does not answer.
    pub async fn run_plan(&self, tx: &Tx, plan: &Plan, by: &str) -> Result<Enqueued, Error> {
        let kind = self
            .kind(&plan.kind)
            .ok_or_else(|| Error::UnknownKind(plan.kind.clone()))?;
        let asked = self.enqueue_plan(tx, plan, kind.name, by).await?;
        if let Enqueued::Already(id) = asked
            && store::ask(tx, id, by).await? == 0
        {
            // it has just ended
            return self.enqueue_plan(tx, plan, kind.name, by).await;
        }
        Ok(asked)
    }

    /// One schedule.
    ///
    /// # Errors
    /// When there is none, or the database does not answer.
    pub async fn plan(&self, name: &str) -> Result<Plan, Error> {
        let mut found = self.plans_where("name = $1", vec![name.into()]).await?;
        found
            .pop()
            .ok_or_else(|| Error::NoSchedule(name.to_owned()))
    }

    /// Writes the schedules that the rooms brought and the database does not have yet.
    pub(super) async fn declare(&self) -> Result<(), Error> {
        let now = self.clock().now();
        let sql = "INSERT INTO job_schedule
                (name, title, kind, payload, cadence, workdays_only, enabled, next_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, TRUE, $7, $8) ON CONFLICT (name) DO NOTHING";
        let declared = &self.declared();
        self.db()
            .write(|tx| async move {
                for schedule in declared {
                    let next = match schedule.at_once {
                        true => now,
                        false => schedule.cadence.next(schedule.workdays_only, now),
                    };
                    let values = [
                        schedule.name.into(),
                        schedule.title.into(),
                        schedule.kind.into(),
                        schedule.payload.to_string().into(),
                        schedule.cadence.to_string().into(),
                        schedule.workdays_only.into(),
                        instant_text(next).into(),
                        instant_text(now).into(),
                    ];
                    db::execute(&tx, sql, values).await?;
                }
                Ok(())
            })
            .await
    }

    /// Enqueues what is due, each once whoever else looks: the schedule moves on in the transaction that
    /// enqueues. Times that passed while nobody looked count as one.
    pub(super) async fn tick(&self) -> Result<(), Error> {
        let now = self.clock().now();
        let due = "enabled AND next_at <= $1";
        for plan in self
            .plans_where(due, vec![instant_text(now).into()])
            .await?
        {
            // a program that does not know the kind leaves it to one that does
            if let Some(kind) = self.kind(&plan.kind) {
                let plan = &plan;
                self.db()
                    .write(|tx| async move { self.begin(&tx, plan, kind.name, now).await })
                    .await?;
            }
        }
        Ok(())
    }

    async fn begin(
        &self,
        tx: &Tx,
        plan: &Plan,
        kind: &'static str,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let next = plan.cadence.next(plan.workdays_only, now);
        let sql = "UPDATE job_schedule SET next_at = $3, last_at = $4, updated_at = $4
            WHERE name = $1 AND next_at = $2 AND enabled";
        let values = [
            plan.name.as_str().into(),
            instant_text(plan.next_at).into(),
            instant_text(next).into(),
            instant_text(now).into(),
        ];
        if db::execute(tx, sql, values).await? == 0 {
            return Ok(());
        }
        let id = self.enqueue_plan(tx, plan, kind, BY_TIME).await?.id();
        let sql = "UPDATE job_schedule SET last_job = $2 WHERE name = $1";
        let values = [plan.name.as_str().into(), id.to_string().into()];
        db::execute(tx, sql, values).await?;
        Ok(())
    }

    async fn enqueue_plan(
        &self,
        tx: &Tx,
        plan: &Plan,
        kind: &'static str,
        by: &str,
    ) -> Result<Enqueued, Error> {
        // the run before may still go on; then this one is that one
        let job = NewJob::new(kind, plan.payload.clone())
            .unique(Unique::Live(format!("schedule {}", plan.name)))
            .asked_by(by);
        self.enqueue(tx, &job).await
    }

    async fn plans_where(
        &self,
        condition: &str,
        mut values: Vec<db::Value>,
    ) -> Result<Vec<Plan>, Error> {
        values.push(PLANS_MAX.into());
        let sql = format!(
            "SELECT {COLUMNS} FROM job_schedule WHERE {condition} ORDER BY name LIMIT ${}",
            values.len()
        );
        let rows: Vec<Row> = db::query_all(self.db().conn(), &sql, values).await?;
        rows.into_iter().map(Row::into_plan).collect()
    }
}
