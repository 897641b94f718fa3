//! Jobs with several servers on one database.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::sync::Notify;
use uuid::Uuid;
use zhida_platform::clock::{SharedClock, SystemClock};
use zhida_platform::db::{self, Database};
use zhida_platform::jobs::{
    Cadence, JobContext, JobError, JobQuery, Jobs, Kind, NewJob, Outcome, Schedule, Settings,
    State, Worker,
};
use zhida_testkit::{TestDatabase, both_databases};

use crate::jobs::{TestClock, enqueue, job, patient, seconds, settings, until, worker};

both_databases!(
    four_servers_run_each_job_once,
    a_dead_servers_job_is_taken_over,
    a_job_is_kept_as_long_as_it_runs,
    who_lost_the_lease_changes_nothing,
    a_job_that_always_kills_its_server_fails,
    two_servers_enqueue_a_schedule_once,
);

/// A server of its own: another pool, another registry.
async fn server(db: &TestDatabase, clock: &SharedClock) -> (Database, Jobs) {
    let handle = Database::connect(db.url()).await.expect("connected");
    let jobs = Jobs::new(handle.clone(), Arc::clone(clock));
    (handle, jobs)
}

async fn finished(jobs: &Jobs, count: u64) {
    let done = JobQuery {
        state: Some(State::Done),
        ..JobQuery::default()
    };
    for _ in 0..6_000 {
        if jobs.count(&done).await.expect("counted") == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not within a minute");
}

async fn four_servers_run_each_job_once(db: TestDatabase) {
    const JOBS: i64 = 300;
    db.migrate(&[]).await.expect("migrated");
    let clock: SharedClock = Arc::new(SystemClock);
    let ran: Arc<Mutex<Vec<i64>>> = Arc::default();
    let mut servers = Vec::new();
    let mut used = HashSet::new();
    for number in 0..4 {
        let (handle, jobs) = server(&db, &clock).await;
        let ran = Arc::clone(&ran);
        jobs.register(Kind::new(
            "test.once",
            "一次",
            move |_: JobContext, n: i64| {
                let ran = Arc::clone(&ran);
                async move {
                    tokio::task::yield_now().await;
                    ran.lock().expect("not poisoned").push(n);
                    Ok(Outcome::done(number.to_string()))
                }
            },
        ));
        if number == 0 {
            let jobs = &jobs;
            let enqueued: Result<(), crate::jobs::TestError> = handle
                .write(|tx| async move {
                    for n in 0..JOBS {
                        jobs.enqueue(&tx, &NewJob::new("test.once", json!(n)))
                            .await?;
                    }
                    Ok(())
                })
                .await;
            enqueued.expect("enqueued");
        }
        servers.push((handle, jobs));
    }
    let (stop, _) = tokio::sync::broadcast::channel::<()>(1);
    let working: Vec<_> = servers
        .iter()
        .map(|(_, jobs)| {
            let mut stopped = stop.subscribe();
            tokio::spawn(worker(jobs).run(async move {
                let _stop = stopped.recv().await;
            }))
        })
        .collect();
    finished(&servers[0].1, JOBS.unsigned_abs()).await;
    stop.send(()).expect("they listen");
    for working in working {
        working.await.expect("it stops");
    }
    let mut ran = ran.lock().expect("not poisoned").clone();
    ran.sort_unstable();
    assert_eq!(ran, (0..JOBS).collect::<Vec<_>>());
    let attempts = "SELECT COUNT(*) FROM job WHERE attempts <> 1";
    assert_eq!(
        db::query_count(db.conn(), attempts, [])
            .await
            .expect("counted"),
        0
    );
    let page = zhida_platform::paging::PageRequest::first(200);
    let page = servers[0]
        .1
        .list(&JobQuery::default(), &page)
        .await
        .expect("listed");
    used.extend(page.items.into_iter().map(|job| job.result));
    assert!(used.len() > 1, "more than one server worked: {used:?}");
}

async fn a_dead_servers_job_is_taken_over(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let clock = TestClock::start();
    let shared: SharedClock = clock.clone();
    let (handle, first) = server(&db, &shared).await;
    first.register(patient());
    let id = enqueue(&first, &handle, NewJob::new("test.patient", Value::Null))
        .await
        .id();
    let working = tokio::spawn(worker(&first).run(std::future::pending()));
    until(&first, id, |job| job.state == State::Running).await;
    // the power goes
    working.abort();
    assert!(working.await.is_err());
    let (_, second) = server(&db, &shared).await;
    second.register(Kind::new(
        "test.patient",
        "耐心",
        |ctx: JobContext, (): ()| async move {
            Ok(Outcome::done(format!("第 {} 次做完", ctx.attempt())))
        },
    ));
    clock.advance(seconds(59));
    assert_eq!(
        worker(&second).run_due().await.expect("run"),
        0,
        "the lease holds"
    );
    clock.advance(seconds(1));
    assert_eq!(worker(&second).run_due().await.expect("run"), 1);
    assert_eq!(job(&second, id).await.result, "第 2 次做完");
}

async fn a_job_is_kept_as_long_as_it_runs(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let clock: SharedClock = Arc::new(SystemClock);
    let short = Settings {
        lease: TimeDelta::milliseconds(1_500),
        ..settings()
    };
    let runs: Arc<Mutex<u32>> = Arc::default();
    let mut id = Uuid::nil();
    let mut working = Vec::new();
    let mut last = None;
    for number in 0..2 {
        let (handle, jobs) = server(&db, &clock).await;
        let runs = Arc::clone(&runs);
        jobs.register(Kind::new(
            "test.long",
            "长",
            move |_: JobContext, (): ()| {
                *runs.lock().expect("not poisoned") += 1;
                async {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                    Ok(Outcome::done("做完"))
                }
            },
        ));
        if number == 0 {
            id = enqueue(&jobs, &handle, NewJob::new("test.long", Value::Null))
                .await
                .id();
        }
        let worker = Worker::new(jobs.clone(), short);
        working.push(tokio::spawn(worker.run(std::future::pending())));
        last = Some(jobs);
    }
    let jobs = last.expect("two servers");
    until(&jobs, id, |job| job.state == State::Done).await;
    assert_eq!(*runs.lock().expect("not poisoned"), 1);
    working.iter().for_each(tokio::task::JoinHandle::abort);
}

async fn who_lost_the_lease_changes_nothing(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let table = "CREATE TABLE effect (by_attempt BIGINT NOT NULL)";
    db.write(|tx| async move { db::execute(&tx, table, []).await })
        .await
        .expect("a table");
    let clock = TestClock::start();
    let shared: SharedClock = clock.clone();
    let go_on = Arc::new(Notify::new());
    let mut servers = Vec::new();
    for _ in 0..2 {
        let (handle, jobs) = server(&db, &shared).await;
        let go_on = Arc::clone(&go_on);
        jobs.register(Kind::new(
            "test.pay",
            "拨付",
            move |ctx: JobContext, (): ()| {
                let (db, go_on) = (handle.clone(), Arc::clone(&go_on));
                async move {
                    if ctx.attempt() == 1 {
                        go_on.notified().await;
                    }
                    let ctx = &ctx;
                    db.write(|tx| async move {
                        ctx.hold(&tx).await?;
                        let sql = "INSERT INTO effect (by_attempt) VALUES ($1)";
                        db::execute(&tx, sql, [ctx.attempt().into()]).await?;
                        Ok::<_, JobError>(())
                    })
                    .await?;
                    Ok(Outcome::done(format!("第 {} 次", ctx.attempt())))
                }
            },
        ));
        servers.push(jobs);
    }
    let id = enqueue(&servers[0], &db, NewJob::new("test.pay", Value::Null))
        .await
        .id();
    // the first server hangs: it neither renews its lease nor notices that it is over
    let hanging = Settings {
        beat: Duration::from_secs(3_600),
        ..settings()
    };
    let first = Worker::new(servers[0].clone(), hanging);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let working = tokio::spawn(first.run(async move {
        let _stop = stopped.await;
    }));
    until(&servers[0], id, |job| job.state == State::Running).await;
    clock.advance(seconds(61));
    // its own tending may give the job back before the second server does; it has no handler to spare
    let second = worker(&servers[1]);
    for _ in 0..500 {
        second.run_due().await.expect("run");
        if job(&servers[1], id).await.state == State::Done {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    go_on.notify_one();
    stop.send(()).expect("it listens");
    working.await.expect("it stops");
    let effects = "SELECT COUNT(*) FROM effect";
    assert_eq!(
        db::query_count(db.conn(), effects, [])
            .await
            .expect("counted"),
        1
    );
    let done = job(&servers[1], id).await;
    assert_eq!((done.state, done.result.as_str()), (State::Done, "第 2 次"));
}

async fn a_job_that_always_kills_its_server_fails(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let clock = TestClock::start();
    let shared: SharedClock = clock.clone();
    let (handle, jobs) = server(&db, &shared).await;
    jobs.register(patient().attempts(2));
    let id = enqueue(&jobs, &handle, NewJob::new("test.patient", Value::Null))
        .await
        .id();
    for attempt in 1..=2 {
        let working = tokio::spawn(worker(&jobs).run(std::future::pending()));
        until(&jobs, id, |job| {
            job.state == State::Running && job.attempts == attempt
        })
        .await;
        working.abort();
        assert!(working.await.is_err());
        clock.advance(seconds(61));
    }
    assert_eq!(worker(&jobs).run_due().await.expect("run"), 0);
    let failed = job(&jobs, id).await;
    assert_eq!(failed.state, State::Failed);
    assert!(failed.result.contains("服务器中断"), "{}", failed.result);
}

async fn two_servers_enqueue_a_schedule_once(db: TestDatabase) {
    const DAYS: u64 = 5;
    db.migrate(&[]).await.expect("migrated");
    let clock = TestClock::start();
    let shared: SharedClock = clock.clone();
    let mut servers = Vec::new();
    for _ in 0..2 {
        let (_, jobs) = server(&db, &shared).await;
        jobs.register(Kind::new(
            "test.tidy",
            "整理",
            |_: JobContext, (): ()| async { Ok(Outcome::done("整理完")) },
        ));
        jobs.schedule(Schedule::new(
            "tidy",
            "整理",
            "test.tidy",
            Cadence::daily(2, 30),
        ));
        worker(&jobs).run_due().await.expect("declared");
        servers.push(jobs);
    }
    for day in 1..=DAYS {
        clock.advance(TimeDelta::days(1));
        let looks = servers.iter().map(|jobs| {
            let worker = worker(jobs);
            tokio::spawn(async move { worker.run_due().await })
        });
        for look in looks.collect::<Vec<_>>() {
            look.await.expect("no panic").expect("run");
        }
        finished(&servers[0], day).await;
    }
    let all = servers[0].count(&JobQuery::default()).await;
    assert_eq!(all.expect("counted"), DAYS);
}

/// With `ZHIDA_TEST_MEASURE=1` and `--no-capture` it tells how many jobs a second.
#[tokio::test(flavor = "multi_thread")]
async fn every_job_of_a_heap_is_run() {
    let count: i64 = match std::env::var_os("ZHIDA_TEST_MEASURE") {
        Some(_) => 4_000,
        None => 100,
    };
    for db in zhida_testkit::databases().await {
        db.migrate(&[]).await.expect("migrated");
        let clock: SharedClock = Arc::new(SystemClock);
        for servers in [1, 4] {
            let mut all = Vec::new();
            for _ in 0..servers {
                let (handle, jobs) = server(&db, &clock).await;
                let nothing = |_: JobContext, _: i64| async { Ok(Outcome::done("")) };
                jobs.register(Kind::new("test.nothing", "空", nothing));
                all.push((handle, jobs));
            }
            let (handle, jobs) = &all[0];
            let started = Instant::now();
            let enqueued: Result<(), crate::jobs::TestError> = handle
                .write(|tx| async move {
                    for n in 0..count {
                        jobs.enqueue(&tx, &NewJob::new("test.nothing", json!(n)))
                            .await?;
                    }
                    Ok(())
                })
                .await;
            enqueued.expect("enqueued");
            let enqueued = started.elapsed();
            let started = Instant::now();
            let runs = all.iter().map(|(_, jobs)| {
                let worker = worker(jobs);
                tokio::spawn(async move { worker.run_due().await })
            });
            let mut ran = 0;
            for run in runs.collect::<Vec<_>>() {
                ran += run.await.expect("no panic").expect("run");
            }
            assert_eq!(i64::try_from(ran), Ok(count));
            let rate =
                |time: Duration| u128::from(count.unsigned_abs()) * 1_000_000 / time.as_micros();
            println!(
                "{:?}, {servers} servers: {} enqueued/s in one transaction, {} claimed, run and settled/s",
                db.engine(),
                rate(enqueued),
                rate(started.elapsed()),
            );
        }
    }
}
