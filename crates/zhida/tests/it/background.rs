//! The served program does its background work, and gives up what it has not finished when it stops.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use zhida_platform::{
    clock::SystemClock,
    db::Database,
    jobs::{Job, JobContext, JobError, JobQuery, Jobs, Kind, NewJob, Outcome, State},
    paging::PageRequest,
};
use zhida_testkit::{TestDatabase, both_databases};

use crate::server::Server;

/// The jobs of a database, looked at from outside.
async fn jobs(url: &str) -> (Database, Jobs) {
    let db = Database::connect(url).await.unwrap();
    let jobs = Jobs::new(db.clone(), Arc::new(SystemClock));
    (db, jobs)
}

/// The last job of this kind, once it has come to its end; waits up to a minute.
async fn ended(jobs: &Jobs, kind: &str) -> Job {
    let query = JobQuery {
        kind: Some(kind.to_owned()),
        state: None,
    };
    let first = PageRequest::first(1);
    for _ in 0..600 {
        let found = jobs.list(&query, &first).await.unwrap().items.pop();
        if let Some(job) = found
            && job.finished_at.is_some()
        {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{kind} did not end");
}

async fn serving_works_in_the_background(db: TestDatabase) {
    let url = db.url().to_owned();
    let server = Server::start(["serve", "--database", &url]);
    let (db, jobs) = jobs(&url).await;
    // a schedule that runs at the first start
    let run = ended(&jobs, "matching.run").await;
    assert_eq!((run.state, run.asked_by.as_str()), (State::Done, "定时"));
    assert!(run.result.contains("没有可以比较的"), "{}", run.result);
    let plans = jobs.plans().await.unwrap();
    let names: Vec<&str> = plans.iter().map(|plan| plan.name.as_str()).collect();
    for name in [
        "audit.verify",
        "files.sweep",
        "files.verify",
        "matching.run",
    ] {
        assert!(names.contains(&name), "{name} of {names:?}");
    }
    // what another process asks for is found by the next look
    jobs.register(Kind::new(
        "audit.verify",
        "",
        |_: JobContext, _: Value| async move { Err::<Outcome, _>(JobError::Cancelled) },
    ));
    let (asked, job) = (
        &jobs,
        &NewJob::new("audit.verify", Value::Null).asked_by("测试"),
    );
    db.write(|tx| async move {
        let asked = asked.enqueue(&tx, job).await;
        Ok::<_, zhida_platform::db::Error>(asked.unwrap().id())
    })
    .await
    .unwrap();
    let verified = ended(&jobs, "audit.verify").await;
    assert_eq!(
        (verified.state, verified.asked_by.as_str()),
        (State::Done, "测试")
    );
    assert!(verified.result.contains("完整"), "{}", verified.result);
    assert!(server.stop(), "it ends by itself when it is told to");
    let running = JobQuery {
        state: Some(State::Running),
        kind: None,
    };
    assert_eq!(
        jobs.count(&running).await.unwrap(),
        0,
        "nothing is left behind"
    );
}

both_databases!(serving_works_in_the_background);
