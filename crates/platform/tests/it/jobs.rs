//! Jobs on one server: what is asked for is done, and how it ends.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;
use zhida_platform::clock::{Clock, FixedClock};
use zhida_platform::db::{Database, Error, Tx};
use zhida_platform::jobs::{
    BY_TIME, Cadence, Cancelled, Enqueued, Job, JobContext, JobError, JobQuery, Jobs, Kind, NewJob,
    Outcome, Priority, Schedule, Settings, State, Unique, Worker,
};
use zhida_platform::paging::PageRequest;
use zhida_platform::progress::Progress;
use zhida_testkit::{TestDatabase, both_databases};

/// A clock that tests move.
#[derive(Debug)]
pub struct TestClock(Mutex<DateTime<Utc>>);

impl TestClock {
    /// Noon of 22 November 2026 in Asia/Shanghai, a Sunday.
    pub fn start() -> Arc<Self> {
        let date = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a valid date");
        Arc::new(Self(Mutex::new(FixedClock::on(date).now())))
    }

    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().expect("not poisoned") += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("not poisoned")
    }
}

pub fn seconds(n: i64) -> TimeDelta {
    TimeDelta::seconds(n)
}

pub fn settings() -> Settings {
    Settings {
        poll: Duration::from_millis(20),
        beat: Duration::from_millis(20),
        ..Settings::default()
    }
}

/// A worker whose waits are the whole of what they may be.
pub fn worker(jobs: &Jobs) -> Worker {
    Worker::new(jobs.clone(), settings()).with_jitter(Arc::new(|| 1_000))
}

pub async fn enqueue(jobs: &Jobs, db: &Database, job: NewJob) -> Enqueued {
    let job = &job;
    db.write(|tx| async move { enqueue_in(jobs, &tx, job).await })
        .await
        .expect("enqueued")
}

async fn enqueue_in(jobs: &Jobs, tx: &Tx, job: &NewJob) -> Result<Enqueued, TestError> {
    Ok(jobs.enqueue(tx, job).await?)
}

/// Either error, for transactions of tests.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    #[error(transparent)]
    Db(#[from] Error),
    #[error(transparent)]
    Jobs(#[from] zhida_platform::jobs::Error),
}

pub async fn job(jobs: &Jobs, id: Uuid) -> Job {
    jobs.find(id).await.expect("read").expect("it is there")
}

/// Waits until the job is as it should be.
pub async fn until(jobs: &Jobs, id: Uuid, what: impl Fn(&Job) -> bool) -> Job {
    for _ in 0..1_000 {
        let job = job(jobs, id).await;
        if what(&job) {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not within ten seconds: {:?}", job(jobs, id).await);
}

struct Setup {
    db: TestDatabase,
    clock: Arc<TestClock>,
    jobs: Jobs,
}

impl Setup {
    async fn new(db: TestDatabase) -> Self {
        db.migrate(&[]).await.expect("migrated");
        let clock = TestClock::start();
        let jobs = Jobs::new(db.handle(), clock.clone());
        jobs.register(Kind::new(
            "test.add",
            "加法",
            |_: JobContext, n: i64| async move { Ok(Outcome::done(format!("得 {}", n + 1))) },
        ));
        Self { db, clock, jobs }
    }

    async fn enqueue(&self, job: NewJob) -> Enqueued {
        enqueue(&self.jobs, &self.db, job).await
    }

    async fn run_due(&self) -> usize {
        worker(&self.jobs).run_due().await.expect("run")
    }

    async fn job(&self, id: Uuid) -> Job {
        job(&self.jobs, id).await
    }

    async fn cancel(&self, id: Uuid) -> Cancelled {
        let jobs = &self.jobs;
        let answer: Result<_, TestError> = self
            .db
            .write(|tx| async move { Ok(jobs.cancel(&tx, id, "管理员").await?) })
            .await;
        answer.expect("asked")
    }
}

fn add(n: i64) -> NewJob {
    NewJob::new("test.add", json!(n))
}

both_databases!(
    a_job_is_there_when_its_transaction_commits,
    a_job_waits_for_its_time_and_its_turn,
    failures_are_tried_again_later_and_later,
    what_cannot_go_fails_at_once,
    a_panic_is_a_failure_that_may_pass,
    a_waiting_job_is_cancelled_at_once,
    a_running_job_is_cancelled_at_its_next_check,
    unique_keys_keep_twins_out,
    progress_is_readable_while_it_runs,
    a_commit_wakes_the_worker,
    a_stopped_server_gives_its_jobs_back,
    what_came_due_while_nobody_looked_runs_once,
    an_administrator_changes_a_schedule,
    what_finds_nothing_stays_only_for_who_asked,
    old_jobs_are_swept_and_lists_are_paged,
);

async fn a_job_is_there_when_its_transaction_commits(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let jobs = &setup.jobs;
    let undone: Result<(), TestError> = setup
        .db
        .write(|tx| async move {
            enqueue_in(jobs, &tx, &add(1)).await?;
            Err(Error::TxEscaped.into())
        })
        .await;
    assert!(undone.is_err());
    assert_eq!(setup.run_due().await, 0);
    let id = setup.enqueue(add(1).asked_by("经办员甲")).await.id();
    assert_eq!(setup.job(id).await.state, State::Queued);
    assert_eq!(setup.run_due().await, 1);
    let done = setup.job(id).await;
    assert_eq!((done.state, done.result.as_str()), (State::Done, "得 2"));
    assert_eq!((done.attempts, done.asked_by.as_str()), (1, "经办员甲"));
    assert_eq!(done.finished_at, Some(setup.clock.now()));
    assert_eq!(setup.run_due().await, 0);
    let unknown: Result<Enqueued, TestError> = setup
        .db
        .write(|tx| async move { enqueue_in(jobs, &tx, &NewJob::new("test.none", json!(1))).await })
        .await;
    assert!(
        unknown
            .expect_err("unknown")
            .to_string()
            .contains("test.none")
    );
}

async fn a_job_waits_for_its_time_and_its_turn(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let order: Arc<Mutex<Vec<i64>>> = Arc::default();
    let seen = Arc::clone(&order);
    let note = Kind::new("test.note", "记下", move |_: JobContext, n: i64| {
        seen.lock().expect("not poisoned").push(n);
        async { Ok(Outcome::done("记下")) }
    });
    setup.jobs.register(note);
    let now = setup.clock.now();
    let new = |n: i64| NewJob::new("test.note", json!(n));
    for job in [
        new(1).at(now + seconds(60)),
        new(2),
        new(3).priority(Priority::Low),
        new(4).priority(Priority::High),
        new(5),
    ] {
        setup.enqueue(job).await;
    }
    let one_by_one = Settings {
        concurrency: 1,
        ..settings()
    };
    let worker = || Worker::new(setup.jobs.clone(), one_by_one);
    assert_eq!(worker().run_due().await.expect("run"), 4);
    assert_eq!(*order.lock().expect("not poisoned"), [4, 2, 5, 3]);
    setup.clock.advance(seconds(60));
    assert_eq!(worker().run_due().await.expect("run"), 1);
    assert_eq!(order.lock().expect("not poisoned").last(), Some(&1));
}

async fn failures_are_tried_again_later_and_later(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let fails = Kind::new("test.fails", "连不上", |_: JobContext, (): ()| async {
        Err(JobError::Retry("对方系统没有应答".to_owned()))
    });
    setup.jobs.register(fails.attempts(3));
    let begun = setup.clock.now();
    let id = setup
        .enqueue(NewJob::new("test.fails", Value::Null))
        .await
        .id();
    for (attempt, wait) in [(1, 10), (2, 20)] {
        assert_eq!(setup.run_due().await, 1);
        let waiting = setup.job(id).await;
        assert_eq!((waiting.state, waiting.attempts), (State::Queued, attempt));
        assert_eq!(waiting.run_at, setup.clock.now() + seconds(wait));
        assert_eq!(waiting.result, "对方系统没有应答");
        setup.clock.advance(seconds(wait - 1));
        assert_eq!(setup.run_due().await, 0, "not before its time");
        setup.clock.advance(seconds(1));
    }
    assert_eq!(setup.run_due().await, 1);
    let failed = setup.job(id).await;
    assert_eq!(failed.state, State::Failed);
    assert_eq!(failed.result, "试了 3 次都没有成功：对方系统没有应答");
    assert_eq!(failed.finished_at, Some(begun + seconds(30)));
    // an officer has mended the cause
    let jobs = &setup.jobs;
    let again: Result<(), TestError> = setup
        .db
        .write(|tx| async move { Ok(jobs.run_again(&tx, id, "管理员").await?) })
        .await;
    again.expect("again");
    let waiting = setup.job(id).await;
    assert_eq!((waiting.state, waiting.attempts), (State::Queued, 0));
    let twice: Result<(), TestError> = setup
        .db
        .write(|tx| async move { Ok(jobs.run_again(&tx, id, "管理员").await?) })
        .await;
    assert!(twice.is_err(), "it waits already");
}

async fn what_cannot_go_fails_at_once(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let hopeless = Kind::new("test.hopeless", "查无此人", |_: JobContext, (): ()| async {
        Err(JobError::Failed("企业已注销".to_owned()))
    });
    setup.jobs.register(hopeless);
    let hopeless = setup
        .enqueue(NewJob::new("test.hopeless", Value::Null))
        .await;
    let misread = setup.enqueue(NewJob::new("test.add", json!("一"))).await;
    assert_eq!(setup.run_due().await, 2);
    let failed = setup.job(hopeless.id()).await;
    assert_eq!(
        (failed.state, failed.result.as_str()),
        (State::Failed, "企业已注销")
    );
    let failed = setup.job(misread.id()).await;
    assert_eq!(failed.state, State::Failed);
    assert!(failed.result.contains("参数看不懂"), "{}", failed.result);
}

async fn a_panic_is_a_failure_that_may_pass(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let panics = Kind::new(
        "test.panics",
        "出错",
        |ctx: JobContext, (): ()| async move {
            assert!(ctx.attempt() > 1, "the first attempt panics");
            Ok(Outcome::done("第二次成了"))
        },
    );
    let slow = Kind::new("test.slow", "太慢", |_: JobContext, (): ()| async {
        std::future::pending::<()>().await;
        Ok(Outcome::done("从不"))
    });
    setup.jobs.register(panics);
    setup
        .jobs
        .register(slow.time_limit(Duration::from_millis(50)).attempts(1));
    let panics = setup.enqueue(NewJob::new("test.panics", Value::Null)).await;
    let slow = setup.enqueue(NewJob::new("test.slow", Value::Null)).await;
    assert_eq!(setup.run_due().await, 2);
    assert_eq!(setup.job(panics.id()).await.state, State::Queued);
    let slow = setup.job(slow.id()).await;
    assert_eq!(slow.state, State::Failed);
    assert!(slow.result.contains("分钟内没有做完"), "{}", slow.result);
    setup.clock.advance(seconds(10));
    assert_eq!(setup.run_due().await, 1);
    assert_eq!(setup.job(panics.id()).await.result, "第二次成了");
}

async fn a_waiting_job_is_cancelled_at_once(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let id = setup.enqueue(add(1)).await.id();
    assert_eq!(setup.cancel(id).await, Cancelled::Now);
    let cancelled = setup.job(id).await;
    assert_eq!(cancelled.state, State::Cancelled);
    assert_eq!(cancelled.cancel_by.as_deref(), Some("管理员"));
    assert_eq!(setup.run_due().await, 0);
    assert_eq!(setup.cancel(id).await, Cancelled::Over);
    let jobs = &setup.jobs;
    let nobody: Result<Cancelled, TestError> = setup
        .db
        .write(|tx| async move { Ok(jobs.cancel(&tx, Uuid::nil(), "管理员").await?) })
        .await;
    assert!(
        nobody
            .expect_err("none")
            .to_string()
            .contains("没有找到任务")
    );
}

/// A job that goes on until it is told to stop.
pub fn patient() -> Kind {
    Kind::new(
        "test.patient",
        "耐心",
        |ctx: JobContext, (): ()| async move {
            ctx.report(1, Some(9), "正在等待");
            ctx.cancelled().await;
            ctx.check()?;
            Ok(Outcome::done("没有被叫停"))
        },
    )
}

async fn a_running_job_is_cancelled_at_its_next_check(db: TestDatabase) {
    let setup = Setup::new(db).await;
    setup.jobs.register(patient());
    // the beat is far away: this server's own flag is raised by the commit
    let far = Settings {
        beat: Duration::from_secs(3_600),
        ..settings()
    };
    for settings in [far, settings()] {
        let id = setup
            .enqueue(NewJob::new("test.patient", Value::Null))
            .await
            .id();
        let worker = Worker::new(setup.jobs.clone(), settings);
        let working = tokio::spawn(worker.run(std::future::pending()));
        until(&setup.jobs, id, |job| job.state == State::Running).await;
        if settings == far {
            assert_eq!(setup.cancel(id).await, Cancelled::Asked);
        } else {
            // from another server
            let elsewhere = Jobs::new(setup.db.handle(), setup.clock.clone());
            let elsewhere = &elsewhere;
            let asked: Result<Cancelled, TestError> = setup
                .db
                .write(|tx| async move { Ok(elsewhere.cancel(&tx, id, "管理员").await?) })
                .await;
            assert_eq!(asked.expect("asked"), Cancelled::Asked);
        }
        let cancelled = until(&setup.jobs, id, |job| job.finished_at.is_some()).await;
        assert_eq!(cancelled.state, State::Cancelled);
        working.abort();
    }
}

async fn unique_keys_keep_twins_out(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let jobs = setup.jobs.clone();
    let db = setup.db.handle();
    // asks for its own twins while it runs
    let twins: Arc<Mutex<Vec<Enqueued>>> = Arc::default();
    let found = Arc::clone(&twins);
    setup.jobs.register(Kind::new(
        "test.twins",
        "双胞胎",
        move |_: JobContext, n: i64| {
            let (jobs, db, found) = (jobs.clone(), db.clone(), Arc::clone(&found));
            async move {
                if n == 0 {
                    for unique in [
                        Unique::Live("a".to_owned()),
                        Unique::Waiting("b".to_owned()),
                    ] {
                        let twin = NewJob::new("test.twins", json!(1)).unique(unique);
                        let twin = enqueue(&jobs, &db, twin).await;
                        found.lock().expect("not poisoned").push(twin);
                    }
                }
                Ok(Outcome::done("做了"))
            }
        },
    ));
    let twin = |unique| NewJob::new("test.twins", json!(0)).unique(unique);
    let live = setup.enqueue(twin(Unique::Live("a".to_owned()))).await;
    assert!(matches!(live, Enqueued::New(_)));
    let again = setup.enqueue(twin(Unique::Live("a".to_owned()))).await;
    assert_eq!(again, Enqueued::Already(live.id()));
    let other_kind = setup
        .enqueue(add(1).unique(Unique::Live("a".to_owned())))
        .await;
    assert!(matches!(other_kind, Enqueued::New(_)));
    assert_eq!(
        setup.run_due().await,
        3,
        "the two, and the one that could wait"
    );
    let twins = twins.lock().expect("not poisoned").clone();
    assert_eq!(twins[0], Enqueued::Already(live.id()), "live: it runs");
    assert!(matches!(twins[1], Enqueued::New(_)), "waiting: none waits");
    let free = setup.enqueue(twin(Unique::Live("a".to_owned()))).await;
    assert!(matches!(free, Enqueued::New(_)), "it is over");
}

async fn progress_is_readable_while_it_runs(db: TestDatabase) {
    let setup = Setup::new(db).await;
    setup.jobs.register(patient());
    let id = setup
        .enqueue(NewJob::new("test.patient", Value::Null))
        .await
        .id();
    let working = tokio::spawn(worker(&setup.jobs).run(std::future::pending()));
    let seen = until(&setup.jobs, id, |job| job.done > 0).await;
    assert_eq!(
        (seen.done, seen.total, seen.note.as_str()),
        (1, Some(9), "正在等待")
    );
    assert_eq!(seen.state, State::Running);
    working.abort();
}

async fn a_commit_wakes_the_worker(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let sleepy = Settings {
        poll: Duration::from_secs(3_600),
        ..settings()
    };
    let worker = Worker::new(setup.jobs.clone(), sleepy);
    let working = tokio::spawn(worker.run(std::future::pending()));
    // its first look is over
    tokio::time::sleep(Duration::from_millis(200)).await;
    let id = setup.enqueue(add(1)).await.id();
    until(&setup.jobs, id, |job| job.state == State::Done).await;
    working.abort();
}

async fn a_stopped_server_gives_its_jobs_back(db: TestDatabase) {
    let setup = Setup::new(db).await;
    setup.jobs.register(patient());
    let stubborn = Kind::new("test.stubborn", "听不见", |_: JobContext, (): ()| async {
        std::future::pending::<()>().await;
        Ok(Outcome::done("从不"))
    });
    setup.jobs.register(stubborn);
    let patient = setup
        .enqueue(NewJob::new("test.patient", Value::Null))
        .await
        .id();
    let stubborn = setup
        .enqueue(NewJob::new("test.stubborn", Value::Null))
        .await
        .id();
    let brief = Settings {
        grace: Duration::from_millis(200),
        ..settings()
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let worker = Worker::new(setup.jobs.clone(), brief);
    let working = tokio::spawn(worker.run(async move {
        let _stop = stopped.await;
    }));
    for id in [patient, stubborn] {
        until(&setup.jobs, id, |job| job.state == State::Running).await;
    }
    stop.send(()).expect("it listens");
    working.await.expect("it stops");
    for id in [patient, stubborn] {
        let back = setup.job(id).await;
        assert_eq!((back.state, back.attempts), (State::Queued, 0));
        assert!(back.result.contains("服务器停止时中断"), "{}", back.result);
    }
    // after the restart, a program that knows better handlers
    let jobs = Jobs::new(setup.db.handle(), setup.clock.clone());
    for kind in ["test.patient", "test.stubborn"] {
        let quick = |_: JobContext, (): ()| async { Ok(Outcome::done("重启后做完")) };
        jobs.register(Kind::new(kind, "快", quick));
    }
    let worker = Worker::new(jobs.clone(), settings());
    assert_eq!(worker.run_due().await.expect("run"), 2);
    assert_eq!(setup.job(patient).await.result, "重启后做完");
}

async fn what_came_due_while_nobody_looked_runs_once(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let schedule =
        |name, cadence| Schedule::new(name, "加一", "test.add", cadence).payload(json!(1));
    setup
        .jobs
        .schedule(schedule("daily", Cadence::daily(2, 30)));
    setup.jobs.schedule(schedule("often", Cadence::every(15)));
    setup
        .jobs
        .schedule(schedule("workdays", Cadence::daily(12, 0)).on_workdays());
    assert_eq!(setup.run_due().await, 0, "none is due when it is declared");
    setup.clock.advance(TimeDelta::days(1) - seconds(60));
    assert_eq!(setup.run_due().await, 2, "96 times of the second passed");
    setup.clock.advance(seconds(60));
    // noon of Monday: the second again, and the third for the first time
    assert_eq!(setup.run_due().await, 2);
    setup.clock.advance(TimeDelta::days(5));
    let before = setup.clock.now();
    assert_eq!(setup.run_due().await, 3);
    assert_eq!(setup.run_due().await, 0);
    let plans = setup.jobs.plans().await.expect("read");
    let next: Vec<_> = plans
        .iter()
        .map(|plan| (plan.name.as_str(), (plan.next_at - before).num_minutes()))
        .collect();
    // noon of Saturday
    let monday = 48 * 60;
    assert_eq!(next, [("daily", 870), ("often", 15), ("workdays", monday)]);
    assert!(plans.iter().all(|plan| plan.last_job.is_some()));
}

async fn an_administrator_changes_a_schedule(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let declare = |cadence| Schedule::new("tidy", "整理", "test.add", cadence).payload(json!(1));
    setup.jobs.schedule(declare(Cadence::every(1)));
    setup.run_due().await;
    let (jobs, db) = (&setup.jobs, &setup.db);
    let set = |name: &'static str, cadence, enabled| async move {
        let answer: Result<(), TestError> = db
            .write(|tx| async move { Ok(jobs.set_plan(&tx, name, cadence, false, enabled).await?) })
            .await;
        answer
    };
    set("tidy", Cadence::every(60), true).await.expect("set");
    assert!(set("none", Cadence::every(60), true).await.is_err());
    // a restart declares it again, and changes nothing
    setup.clock.advance(TimeDelta::minutes(59));
    assert_eq!(setup.run_due().await, 0);
    setup.clock.advance(TimeDelta::minutes(1));
    assert_eq!(setup.run_due().await, 1);
    set("tidy", Cadence::every(60), false).await.expect("set");
    setup.clock.advance(TimeDelta::days(9));
    assert_eq!(setup.run_due().await, 0, "it is switched off");
}

async fn what_finds_nothing_stays_only_for_who_asked(db: TestDatabase) {
    let setup = Setup::new(db).await;
    setup.jobs.register(Kind::new(
        "test.look",
        "查看",
        |_: JobContext, _: serde_json::Value| async { Ok(Outcome::nothing()) },
    ));
    let look = Schedule::new("look", "查看", "test.look", Cadence::every(1));
    setup.jobs.schedule(look);
    setup.run_due().await;
    let all = JobQuery::default();
    setup.clock.advance(seconds(60));
    assert_eq!(setup.run_due().await, 1);
    assert_eq!(setup.jobs.count(&all).await.expect("counted"), 0);
    let run_now = async || {
        let plan = setup.jobs.plan("look").await.expect("a plan");
        let (jobs, plan) = (&setup.jobs, &plan);
        let asked: Result<_, TestError> = setup
            .db
            .write(|tx| async move { Ok(jobs.run_plan(&tx, plan, "管理员").await?) })
            .await;
        asked.expect("asked")
    };
    let asked = run_now().await;
    // the clock's own waits already: it is that one
    assert_eq!(run_now().await, Enqueued::Already(asked.id()));
    assert_eq!(setup.run_due().await, 1);
    let found = setup.job(asked.id()).await;
    assert_eq!(
        (found.state, found.asked_by.as_str(), found.result.as_str()),
        (State::Done, "管理员", "没有要做的")
    );
    setup.enqueue(look_by_time()).await;
    let taken = run_now().await;
    assert!(matches!(taken, Enqueued::Already(_)), "{taken:?}");
    assert_eq!(setup.run_due().await, 1);
    assert_eq!(setup.job(taken.id()).await.asked_by, "管理员");
}

/// What the schedule of the test above has enqueued when its time came.
fn look_by_time() -> NewJob {
    NewJob::new("test.look", serde_json::Value::Null)
        .unique(Unique::Live("schedule look".to_owned()))
        .asked_by(BY_TIME)
}

async fn old_jobs_are_swept_and_lists_are_paged(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let mut ids = Vec::new();
    for n in 0..7 {
        ids.push(setup.enqueue(add(n)).await.id());
        setup.clock.advance(seconds(1));
    }
    setup.cancel(ids[0]).await;
    assert_eq!(setup.run_due().await, 6);
    let query = JobQuery {
        state: Some(State::Done),
        kind: Some("test.add".to_owned()),
    };
    let mut page = PageRequest::first(4);
    let first = setup.jobs.list(&query, &page).await.expect("listed");
    page.after = first.next;
    let second = setup.jobs.list(&query, &page).await.expect("listed");
    let listed: Vec<Uuid> = first
        .items
        .iter()
        .chain(&second.items)
        .map(|job| job.id)
        .collect();
    ids.reverse();
    assert_eq!(listed, ids[..6]);
    assert_eq!(setup.jobs.count(&query).await.expect("counted"), 6);
    assert_eq!(setup.jobs.title("test.add"), "加法");
    // thirty days later, the first look of a server
    setup.clock.advance(TimeDelta::days(30) + seconds(60));
    let waiting = setup
        .enqueue(add(8).at(setup.clock.now() + seconds(60)))
        .await
        .id();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let working = tokio::spawn(worker(&setup.jobs).run(async move {
        let _stop = stopped.await;
    }));
    let left = AtomicI64::new(7);
    for _ in 0..1_000 {
        let count = setup
            .jobs
            .count(&JobQuery::default())
            .await
            .expect("counted");
        left.store(i64::try_from(count).unwrap_or(i64::MAX), Ordering::Relaxed);
        if count == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.send(()).expect("it listens");
    working.await.expect("it stops");
    assert_eq!(left.load(Ordering::Relaxed), 1, "what waits is kept");
    assert_eq!(setup.job(waiting).await.state, State::Queued);
}
