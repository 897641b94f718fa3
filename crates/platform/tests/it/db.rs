use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use zhida_platform::db::{self, Bulk, Database, Engine, Error, FromQueryResult, Tx};
use zhida_testkit::{TestDatabase, both_databases};

const TABLE: &str = "CREATE TABLE thing (id BIGINT NOT NULL PRIMARY KEY, name TEXT, good BOOLEAN)";

async fn with_table(db: &Database) {
    db.write(|tx| async move { db::execute(&tx, TABLE, []).await })
        .await
        .expect("a table");
}

async fn add(tx: &Tx, id: i64) -> db::Result<u64> {
    db::execute(tx, "INSERT INTO thing (id) VALUES ($1)", [id.into()]).await
}

async fn count(db: &Database) -> i64 {
    db::query_count(db.conn(), "SELECT COUNT(*) FROM thing", [])
        .await
        .expect("counted")
}

#[derive(Debug, PartialEq, FromQueryResult)]
struct Thing {
    id: i64,
    name: Option<String>,
    good: Option<bool>,
}

both_databases!(
    values_come_back_as_they_went,
    work_that_fails_leaves_nothing,
    a_dropped_transaction_leaves_nothing,
    readers_go_on_while_a_writer_writes,
    writers_take_turns,
    a_handle_that_escapes_is_refused,
    a_unique_index_is_recognised,
    bulk_splits_and_counts,
    bulk_updates_on_conflict,
    bulk_refuses_a_row_of_another_width,
    the_schema_reads_alike_every_time,
);

async fn values_come_back_as_they_went(db: TestDatabase) {
    with_table(&db).await;
    let insert = "INSERT INTO thing (id, name, good) VALUES ($1, $2, $3)";
    db.write(|tx| async move {
        db::execute(&tx, insert, [i64::MAX.into(), "江城𠮷".into(), true.into()]).await?;
        let none = [
            i64::MIN.into(),
            Option::<String>::None.into(),
            Option::<bool>::None.into(),
        ];
        db::execute(&tx, insert, none).await
    })
    .await
    .expect("written");
    let things: Vec<Thing> = db::query_all(
        db.conn(),
        "SELECT id, name, good FROM thing ORDER BY id LIMIT 9",
        [],
    )
    .await
    .expect("read");
    let empty = Thing {
        id: i64::MIN,
        name: None,
        good: None,
    };
    let full = Thing {
        id: i64::MAX,
        name: Some("江城𠮷".to_owned()),
        good: Some(true),
    };
    assert_eq!(things, [empty, full]);
    let none: Option<Thing> = db::query_one(
        db.conn(),
        "SELECT * FROM thing WHERE id = $1",
        [5_i64.into()],
    )
    .await
    .expect("read");
    assert_eq!(none, None);
}

async fn work_that_fails_leaves_nothing(db: TestDatabase) {
    with_table(&db).await;
    let answer: Result<(), Error> = db
        .write(|tx| async move {
            add(&tx, 1).await?;
            add(&tx, 1).await?;
            Ok(())
        })
        .await;
    assert!(answer.is_err());
    assert_eq!(count(&db).await, 0);
}

async fn a_dropped_transaction_leaves_nothing(db: TestDatabase) {
    with_table(&db).await;
    let tx = db.begin().await.expect("begun");
    add(&tx, 1).await.expect("added");
    drop(tx);
    // the next writer gets its turn at once
    let tx = db.begin().await.expect("begun");
    add(&tx, 2).await.expect("added");
    tx.commit().await.expect("committed");
    assert_eq!(count(&db).await, 1);
}

async fn readers_go_on_while_a_writer_writes(db: TestDatabase) {
    with_table(&db).await;
    let tx = db.begin().await.expect("begun");
    add(&tx, 1).await.expect("added");
    let seen = tokio::time::timeout(Duration::from_secs(5), count(&db)).await;
    assert_eq!(seen.expect("the reader does not wait"), 0);
    tx.commit().await.expect("committed");
    assert_eq!(count(&db).await, 1);
}

async fn writers_take_turns(db: TestDatabase) {
    with_table(&db).await;
    let tasks: Vec<_> = (0..20)
        .map(|id| {
            let db = db.handle();
            tokio::spawn(async move {
                db.write(|tx| async move {
                    let before = db::query_count(&tx, "SELECT COUNT(*) FROM thing", []).await?;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    add(&tx, id).await?;
                    Ok::<_, Error>(before)
                })
                .await
            })
        })
        .collect();
    let mut seen = Vec::new();
    for task in tasks {
        seen.push(task.await.expect("no panic").expect("written"));
    }
    assert_eq!(count(&db).await, 20);
    if db.engine() == Engine::Sqlite {
        seen.sort_unstable();
        assert_eq!(seen, (0..20).collect::<Vec<_>>(), "each saw all before it");
    }
}

async fn a_handle_that_escapes_is_refused(db: TestDatabase) {
    with_table(&db).await;
    let kept = std::sync::Mutex::new(None);
    let answer: Result<(), Error> = db
        .write(|tx| {
            *kept.lock().expect("not poisoned") = Some(tx.clone());
            async move {
                add(&tx, 1).await?;
                Ok(())
            }
        })
        .await;
    assert!(matches!(answer, Err(Error::TxEscaped)), "{answer:?}");
    drop(kept);
    assert_eq!(count(&db).await, 0);
}

async fn a_unique_index_is_recognised(db: TestDatabase) {
    with_table(&db).await;
    let answer = db
        .write(|tx| async move {
            add(&tx, 1).await?;
            add(&tx, 1).await
        })
        .await;
    assert!(answer.expect_err("twice").is_unique_violation());
    let other = db::query_count(db.conn(), "SELECT nothing FROM nowhere", []).await;
    assert!(!other.expect_err("no table").is_unique_violation());
}

async fn fill(tx: &Tx, mut bulk: Bulk, ids: std::ops::Range<i64>, name: &str) -> db::Result<u64> {
    for id in ids {
        bulk.push(tx, [id.into(), name.into()]).await?;
    }
    bulk.finish(tx).await
}

async fn bulk_splits_and_counts(db: TestDatabase) {
    with_table(&db).await;
    for rows in [0, 1, 499, 500, 501, 1_700] {
        let written = db
            .write(|tx| async move {
                db::execute(&tx, "DELETE FROM thing", []).await?;
                fill(&tx, Bulk::insert("thing", &["id", "name"]), 0..rows, "甲").await
            })
            .await
            .expect("written");
        assert_eq!(i64::try_from(written), Ok(rows));
        assert_eq!(count(&db).await, rows);
    }
}

async fn bulk_updates_on_conflict(db: TestDatabase) {
    with_table(&db).await;
    let upsert = "ON CONFLICT (id) DO UPDATE SET name = excluded.name";
    for (ids, name) in [(0..600, "旧"), (300..900, "新")] {
        let ids = &ids;
        db.write(|tx| async move {
            let bulk = Bulk::insert("thing", &["id", "name"]).on_conflict(upsert);
            fill(&tx, bulk, ids.clone(), name).await
        })
        .await
        .expect("written");
    }
    let new = db::query_count(
        db.conn(),
        "SELECT COUNT(*) FROM thing WHERE name = $1",
        ["新".into()],
    );
    assert_eq!(new.await.expect("counted"), 600);
    assert_eq!(count(&db).await, 900);
}

async fn bulk_refuses_a_row_of_another_width(db: TestDatabase) {
    with_table(&db).await;
    let answer = db
        .write(|tx| async move {
            let mut bulk = Bulk::insert("thing", &["id", "name"]);
            bulk.push(&tx, [1_i64.into()]).await?;
            bulk.finish(&tx).await
        })
        .await;
    let message = answer.expect_err("too narrow").to_string();
    assert!(
        message.contains("thing") && message.contains("应为 2 个"),
        "{message}"
    );
}

async fn the_schema_reads_alike_every_time(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    with_table(&db).await;
    let schema = db.dump_schema().await.expect("dumped");
    assert_eq!(schema, db.dump_schema().await.expect("dumped"));
    for part in [
        "CREATE TABLE audit_event",
        "audit_event_subject ON audit_event",
        "CREATE TABLE thing",
        "PRIMARY KEY",
        "BOOLEAN",
    ] {
        assert!(schema.contains(part), "{part} in\n{schema}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_on_postgresql_runs_the_work_again() {
    let db = zhida_testkit::postgres().await;
    with_table(&db).await;
    db.write(|tx| async move { add(&tx, 1).await })
        .await
        .expect("added");
    let runs = AtomicU32::new(0);
    let (runs, other) = (&runs, &db);
    db.write(|tx| async move {
        let strict = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";
        db::execute(&tx, strict, []).await?;
        db::query_count(&tx, "SELECT COUNT(*) FROM thing", []).await?;
        if runs.fetch_add(1, Ordering::Relaxed) == 0 {
            let steal = "UPDATE thing SET name = 'theirs'";
            other
                .write(|tx| async move { db::execute(&tx, steal, []).await })
                .await?;
        }
        db::execute(&tx, "UPDATE thing SET name = 'ours'", []).await
    })
    .await
    .expect("the second run wins");
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_is_opened_durably_and_its_folder_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("新建/目录 1/直达.db");
    let db = Database::connect(&format!("sqlite:{}", path.display()))
        .await
        .expect("opened");
    #[derive(FromQueryResult)]
    struct Mode {
        journal_mode: String,
    }
    let mode: Option<Mode> = db::query_one(db.conn(), "PRAGMA journal_mode", [])
        .await
        .expect("read");
    assert_eq!(mode.map(|mode| mode.journal_mode).as_deref(), Some("wal"));
    let full = db::query_count(db.conn(), "SELECT synchronous FROM pragma_synchronous", []).await;
    assert_eq!(full.expect("read"), 2, "FULL");
    assert!(path.exists());
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memory_database_holds_its_data() {
    let db = Database::connect("sqlite::memory:").await.expect("opened");
    with_table(&db).await;
    db.write(|tx| async move { add(&tx, 1).await })
        .await
        .expect("added");
    assert_eq!(count(&db).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_address_is_explained_without_the_password() {
    for url in [
        "mysql://u:s3cret@h/d",
        "zhida.db",
        "sqlite:",
        "sqlite:a.db?mode=rwc",
        "",
    ] {
        let message = Database::connect(url).await.expect_err(url).to_string();
        assert!(message.contains("sqlite:文件路径"), "{message}");
        assert!(!message.contains("s3cret"), "{message}");
    }
    let nobody = "postgres://u:s3cret@127.0.0.1:9/d";
    let message = Database::connect(nobody)
        .await
        .expect_err("nobody listens")
        .to_string();
    assert!(message.contains("u:***@127.0.0.1:9"), "{message}");
    let file = tempfile::NamedTempFile::new().expect("a file");
    let below = format!("sqlite:{}/x/zhida.db", file.path().display());
    let message = Database::connect(&below)
        .await
        .expect_err("no folder")
        .to_string();
    assert!(message.contains("建不起来"), "{message}");
}
