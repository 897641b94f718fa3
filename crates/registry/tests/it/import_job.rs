//! Imports in the background: they go on after a stop, and what an interrupted one leaves is cleared up.

use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use uuid::Uuid;
use zhida_platform::access::Viewer;
use zhida_platform::clock::Clock as _;
use zhida_platform::db::{self, FromQueryResult};
use zhida_platform::jobs::{JobQuery, State};
use zhida_platform::progress::Progress;
use zhida_registry::BatchStatus;
use zhida_registry::import::ImportError;
use zhida_testkit::{Part, TestDatabase, both_databases};

use crate::pages::app;
use crate::support::{Setup, code, options, setup};

/// Enough rows for three transactions, the first of which drops the indexes of lists.
fn many() -> String {
    let rows: String = (1..=25_000)
        .map(|n| format!("{},第{n}号,2001-01-01\n", code(n)))
        .collect();
    format!("信用代码,企业名称,成立日期\n{rows}")
}

/// Wants the work to stop at its next step.
struct Stopping;

impl Progress for Stopping {
    fn report(&self, _done: u64, _total: Option<u64>, _message: &str) {}

    fn is_cancelled(&self) -> bool {
        true
    }
}

async fn stopped(setup: &Setup, path: &Path) {
    let options = options("市场监管", "2026-01-01");
    let done = setup.importer().run(path, &options, &Stopping).await;
    assert!(matches!(done, Err(ImportError::Stopped)), "{done:?}");
    let batch = setup.registry.batch(1).await.unwrap();
    assert_eq!(
        (batch.status, batch.position),
        (BatchStatus::Running, 10_000)
    );
}

async fn asked(setup: &Setup, file_name: &str, text: String) -> String {
    let parts = [
        Part::text("department", "市场监管"),
        Part::text("as_of", "2026-01-01"),
        Part::file("file", file_name, text),
    ];
    let asked = app(setup, Viewer::officer("经办员甲"))
        .post_multipart("/api/v1/enterprises/import", &parts)
        .await
        .expect_status(202)
        .json();
    asked["job"].as_str().unwrap().to_owned()
}

/// The only file that was uploaded and not dealt with yet.
fn uploaded(setup: &Setup) -> PathBuf {
    let received = setup.folder.path().join("files/received");
    let mut files = std::fs::read_dir(&received).unwrap();
    let file = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none(), "one upload, one file");
    file
}

/// What an administrator does in the office.
async fn run_again(setup: &Setup, id: Uuid) {
    let again = setup
        .db
        .write(|tx| async move { setup.jobs.run_again(&tx, id, "管理员").await });
    again.await.unwrap();
}

async fn cancel(setup: &Setup, id: Uuid) {
    let cancelled = setup
        .db
        .write(|tx| async move { setup.jobs.cancel(&tx, id, "管理员").await });
    cancelled.await.unwrap();
}

async fn state(setup: &Setup, id: Uuid) -> State {
    setup.jobs.find(id).await.unwrap().unwrap().state
}

#[derive(FromQueryResult)]
struct Recorded {
    action: String,
    actor: String,
}

async fn a_job_goes_on_where_an_import_stopped(db: TestDatabase) {
    let setup = setup(db).await;
    stopped(&setup, &setup.file("many.csv", many())).await;
    let job = asked(&setup, "many.csv", many()).await;
    setup.work().await;
    let batch = setup.registry.batch(1).await.unwrap();
    assert_eq!(
        (batch.status, batch.position, batch.accepted),
        (BatchStatus::Done, 25_000, 25_000)
    );
    assert_eq!(batch.job.map(|id| id.to_string()), Some(job));
    assert!(setup.registry.batch(2).await.is_err(), "one batch");
    let sql = "SELECT action, actor FROM audit_event ORDER BY no DESC LIMIT 3";
    let recorded: Vec<Recorded> = db::query_all(setup.db.conn(), sql, []).await.unwrap();
    let recorded: Vec<(&str, &str)> = recorded
        .iter()
        .map(|one| (one.action.as_str(), one.actor.as_str()))
        .collect();
    assert_eq!(
        recorded,
        [
            ("registry.import", "经办员甲"),
            ("registry.import", "经办员甲"),
            ("registry.import_ask", "经办员甲"),
        ],
        "the two chunks that were left, by whoever asked"
    );
}

async fn indexes_come_back_when_nobody_goes_on(db: TestDatabase) {
    let setup = setup(db).await;
    let schema = setup.db.dump_schema().await.unwrap();
    stopped(&setup, &setup.file("many.csv", many())).await;
    let without = setup.db.dump_schema().await.unwrap();
    assert!(without.len() < schema.len());
    setup.clock.advance(TimeDelta::minutes(6));
    setup.work().await;
    assert_eq!(
        setup.db.dump_schema().await.unwrap(),
        without,
        "it may go on yet"
    );
    setup.clock.advance(TimeDelta::minutes(6));
    setup.work().await;
    assert_eq!(setup.db.dump_schema().await.unwrap(), schema);
    let query = JobQuery {
        kind: Some("registry.indexes".to_owned()),
        state: None,
    };
    assert_eq!(
        setup.jobs.count(&query).await.unwrap(),
        1,
        "only the run that did something is kept"
    );
}

async fn a_file_that_is_gone_fails_the_job_and_says_so(db: TestDatabase) {
    let setup = setup(db).await;
    let table = format!("信用代码,企业名称\n{},甲\n", code(1));
    let job = asked(&setup, "a.csv", table).await;
    std::fs::remove_file(uploaded(&setup)).unwrap();
    setup.work().await;
    let page = app(&setup, Viewer::officer("经办员甲"))
        .get(&format!("/enterprises/import/jobs/{job}"))
        .await
        .expect_status(200);
    assert!(
        page.text().contains("请重新上传") && page.text().contains("失败"),
        "{}",
        page.text()
    );
}

async fn an_uploaded_file_stays_until_its_import_is_done(db: TestDatabase) {
    let setup = setup(db).await;
    let table = format!("信用代码,企业名称\n{},甲\n", code(1));
    let job = asked(&setup, "a.csv", table.clone()).await;
    let id: Uuid = job.parse().unwrap();
    let file = uploaded(&setup);
    std::fs::write(&file, "不是表格").unwrap();
    setup.work().await;
    assert_eq!(state(&setup, id).await, State::Failed);
    std::fs::write(&file, table).unwrap();
    run_again(&setup, id).await;
    cancel(&setup, id).await;
    setup.work().await;
    assert_eq!(state(&setup, id).await, State::Cancelled);
    assert!(file.exists(), "whoever runs it again needs no new upload");
    run_again(&setup, id).await;
    setup.work().await;
    assert_eq!(state(&setup, id).await, State::Done);
    assert_eq!(setup.registry.batch(1).await.unwrap().accepted, 1);
    assert!(!file.exists(), "it is not needed any more");
}

async fn rejects_are_kept_for_ninety_days(db: TestDatabase) {
    let setup = setup(db).await;
    let table = format!("信用代码,企业名称\n{},甲\n坏代码,乙\n", code(1));
    asked(&setup, "a.csv", table).await;
    setup.work().await;
    let app = app(&setup, Viewer::officer("经办员甲"));
    let path = "/enterprises/import/batches/1/rejects";
    let rejects = app.get(path).await.expect_status(200);
    assert!(rejects.text().contains("坏代码"));
    let file = setup.folder.path().join("files/退回明细-批次1.csv");
    let written = std::fs::File::options().append(true).open(file).unwrap();
    written.set_modified(setup.clock.now().into()).unwrap();
    setup.clock.advance(TimeDelta::days(89));
    setup.work().await;
    let _ = app.get(path).await.expect_status(200);
    setup.clock.advance(TimeDelta::days(2));
    setup.work().await;
    let gone = app.get(path).await.expect_status(404);
    assert!(gone.text().contains("已被清理"), "{}", gone.text());
}

both_databases!(
    a_job_goes_on_where_an_import_stopped,
    indexes_come_back_when_nobody_goes_on,
    a_file_that_is_gone_fails_the_job_and_says_so,
    an_uploaded_file_stays_until_its_import_is_done,
    rejects_are_kept_for_ninety_days,
);
