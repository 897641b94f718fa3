//! Backups of both databases, restored into both.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use zhida_platform::audit::{self, Entry, Key};
use zhida_platform::backup::{self, BackupError, Manifest, Restored, Source, Target};
use zhida_platform::db::{self, Database, MigrationSet, SchemaState, Step, Tx, step};
use zhida_platform::progress::Silent;
use zhida_testkit::{TestDatabase, both_databases, postgres, sqlite};

const ITEMS: Step = step(
    "001-items",
    "CREATE TABLE test_item (
        id TEXT NOT NULL PRIMARY KEY,
        parent TEXT REFERENCES test_item (id),
        number BIGINT,
        flag BOOLEAN NOT NULL,
        \"order\" TEXT
    );
    CREATE TABLE test_note (item TEXT NOT NULL REFERENCES test_item (id), text TEXT NOT NULL);
    CREATE TABLE test_counter (id BIGINT NOT NULL PRIMARY KEY, next BIGINT NOT NULL);
    INSERT INTO test_counter (id, next) VALUES (1, 1);",
);
const SEARCH: Step = zhida_platform::search_step!("002-search", "test_search");
const LATER: Step = step(
    "003-later",
    "ALTER TABLE test_item ADD COLUMN later TEXT NOT NULL DEFAULT '补';
     UPDATE test_item SET later = id;",
);
const BEFORE: &[MigrationSet] = &[set(&[ITEMS, SEARCH])];
const NOW: &[MigrationSet] = &[set(&[ITEMS, SEARCH, LATER])];
/// More than a batch, and more than a chunk.
const ROWS: usize = 1_203;

const fn set(steps: &'static [Step]) -> MigrationSet {
    MigrationSet {
        room: "test",
        steps,
    }
}

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("an instant")
}

/// A folder with a file store and a place for a backup.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder }
    }

    fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    fn backup(&self) -> PathBuf {
        self.folder.path().join("all.zip")
    }
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn path_of(files: &Path, digest: &str) -> PathBuf {
    files.join(&digest[..2]).join(&digest[2..4]).join(digest)
}

async fn run(db: &Database, sql: &str, values: Vec<db::Value>) {
    db.write(|tx| {
        let values = values.clone();
        async move { db::execute(&tx, sql, values).await.map(|_| ()) }
    })
    .await
    .expect("written");
}

/// A database with a record in the audit, rows of every kind, and two files of which one is gone.
async fn filled(db: &Database, sets: &[MigrationSet], place: &Place) {
    db.migrate(sets).await.expect("migrated");
    db.write(|tx| async move {
        let columns = ["id", "parent", "number", "flag", "\"order\""];
        let mut bulk = db::Bulk::insert("test_item", &columns);
        // those that point come before what they point at
        tx_defer(&tx).await;
        for n in (0..ROWS).rev() {
            let row = [
                format!("{n:05}").into(),
                (n > 0).then(|| format!("{:05}", n - 1)).into(),
                (n % 3 > 0).then_some(i64::MAX - 7 * n as i64).into(),
                (n % 2 == 0).into(),
                (n % 5 > 0)
                    .then(|| format!("“{n}”\n\t\\ \u{1f4a1}{}", "字".repeat(300)))
                    .into(),
            ];
            bulk.push(&tx, row).await?;
        }
        bulk.finish(&tx).await?;
        let note = "INSERT INTO test_note (item, text) VALUES ('00007', '注')";
        db::execute(&tx, note, []).await?;
        let count = "UPDATE test_counter SET next = 42";
        db::execute(&tx, count, []).await?;
        let entry = Entry::new(at(), "甲", "test.fill", "test", "1").after(json!({ "n": 1.5 }));
        audit::append(&tx, &entry).await?;
        Ok::<_, db::Error>(())
    })
    .await
    .expect("filled");
    for (bytes, there) in [(&b"PDF"[..], true), (b"gone", false)] {
        let digest = digest(bytes);
        let sql = "INSERT INTO file_content (digest, bytes, state, reason, scan_at, scan_attempts, state_at, touched_at)
                   VALUES ($1, $2, 'clean', '', '', 0, '', '')";
        let length = i64::try_from(bytes.len()).expect("short");
        run(db, sql, vec![digest.as_str().into(), length.into()]).await;
        if there {
            let path = path_of(&place.files(), &digest);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, bytes).expect("written");
        }
    }
}

/// The test's own rows point at others before those are there.
async fn tx_defer(tx: &Tx) {
    use zhida_platform::db::ConnectionTrait as _;
    let sql = match tx.engine() {
        db::Engine::Sqlite => "PRAGMA defer_foreign_keys = ON",
        db::Engine::Postgres => {
            "ALTER TABLE test_item ALTER CONSTRAINT test_item_parent_fkey DEFERRABLE INITIALLY DEFERRED"
        }
    };
    tx.execute_unprepared(sql).await.expect("deferred");
}

async fn make(db: &Database, sets: &[MigrationSet], place: &Place) -> Manifest {
    let source = Source {
        db,
        sets,
        files: &place.files(),
        program: "1.0.0",
    };
    let made = backup::make(source, &place.backup(), at(), &Silent).await;
    made.expect("made")
}

async fn restore(
    db: &Database,
    sets: &[MigrationSet],
    from: &Place,
    to: &Place,
    replace: bool,
) -> Result<Restored, BackupError> {
    let manifest = backup::check(&from.backup(), &Silent)?;
    let target = Target {
        db,
        sets,
        files: &to.files(),
        replace,
    };
    let follow = async |_: &Tx| Ok(());
    backup::restore(target, &from.backup(), &manifest, at(), &Silent, follow).await
}

#[derive(Debug, PartialEq, Eq, sea_orm::FromQueryResult)]
struct Item {
    id: String,
    parent: Option<String>,
    number: Option<i64>,
    flag: bool,
    order: Option<String>,
}

async fn items(db: &Database) -> Vec<Item> {
    let sql = "SELECT id, parent, number, flag, \"order\" FROM test_item ORDER BY id LIMIT 5000";
    db::query_all(db.conn(), sql, []).await.expect("read")
}

async fn count(db: &Database, sql: &str) -> i64 {
    db::query_count(db.conn(), sql, []).await.expect("counted")
}

both_databases!(
    what_is_restored_is_what_was_there,
    nothing_is_overwritten_unasked,
    a_restore_that_fails_leaves_nothing_half,
    an_older_backup_is_brought_up_to_date_and_a_newer_refused,
    writers_do_not_wait_and_one_moment_is_seen,
    the_audit_key_is_asked_for_before_anything_is_touched,
);

async fn what_is_restored_is_what_was_there(db: TestDatabase) {
    let (from, before) = (Place::new(), items_of(&db).await);
    drop(before);
    filled(&db, NOW, &from).await;
    let manifest = make(&db, NOW, &from).await;
    assert_eq!(manifest.missing, [digest(b"gone")]);
    assert_eq!(manifest.files.len(), 1);
    assert!(
        manifest
            .tables
            .iter()
            .all(|table| table.name != "test_search")
    );
    let shown = format!("{manifest:?}");
    assert!(!shown.contains("字"), "the manifest tells no content");
    let expected = items(&db).await;
    // into either database
    for target in [sqlite().await, postgres().await] {
        let to = Place::new();
        let restored = restore(&target, NOW, &from, &to, false).await;
        let restored = restored.expect("restored");
        assert_eq!((restored.rows, restored.files), (manifest.rows(), 1));
        assert_eq!(items(&target).await, expected);
        assert_eq!(count(&target, "SELECT next FROM test_counter").await, 42);
        let state = target.schema_state(NOW).await.expect("read");
        assert_eq!(state, SchemaState::Current);
        let bytes = fs::read(path_of(&to.files(), &digest(b"PDF"))).expect("there");
        assert_eq!(bytes, b"PDF");
        let report = audit::verify(&target, &[]).await.expect("verified");
        assert!(report.is_sound() && report.last == 2, "{report}");
        // references are watched again
        let astray = "INSERT INTO test_note (item, text) VALUES ('none', '')";
        let astray = target
            .write(|tx| async move { db::execute(&tx, astray, []).await })
            .await;
        assert!(astray.is_err(), "a note of no item");
        // and a backup of the restored one is the same
        let again = make(&target, NOW, &to).await;
        let rows = |manifest: &Manifest| -> Vec<(String, u64)> {
            let tables = manifest.tables.iter();
            let tables = tables.filter(|table| !table.name.starts_with("audit"));
            tables
                .map(|table| (table.name.clone(), table.rows))
                .collect()
        };
        assert_eq!(rows(&again), rows(&manifest));
    }
}

/// A fresh database has none.
async fn items_of(db: &Database) -> Vec<String> {
    db.tables().await.expect("read")
}

async fn nothing_is_overwritten_unasked(db: TestDatabase) {
    let place = Place::new();
    filled(&db, NOW, &place).await;
    make(&db, NOW, &place).await;
    let source = Source {
        db: &db,
        sets: NOW,
        files: &place.files(),
        program: "",
    };
    let twice = backup::make(source, &place.backup(), at(), &Silent).await;
    assert!(
        matches!(twice, Err(BackupError::Exists { .. })),
        "{twice:?}"
    );
    run(&db, "UPDATE test_counter SET next = 43", vec![]).await;
    run(&db, "CREATE TABLE somebody_elses (id BIGINT)", vec![]).await;
    let refused = restore(&db, NOW, &place, &place, false).await;
    let refused = refused.expect_err("not empty").to_string();
    assert!(refused.contains("--replace"), "{refused}");
    assert_eq!(count(&db, "SELECT next FROM test_counter").await, 43);
    restore(&db, NOW, &place, &place, true)
        .await
        .expect("replaced");
    assert_eq!(count(&db, "SELECT next FROM test_counter").await, 42);
    assert_eq!(items(&db).await.len(), ROWS);
    assert_eq!(count(&db, "SELECT COUNT(*) FROM somebody_elses").await, 0);
}

async fn a_restore_that_fails_leaves_nothing_half(db: TestDatabase) {
    let (from, to) = (Place::new(), Place::new());
    let source = sqlite().await;
    filled(&source, NOW, &from).await;
    make(&source, NOW, &from).await;
    let manifest = backup::check(&from.backup(), &Silent).expect("whole");
    db.migrate(NOW).await.expect("migrated");
    run(&db, "UPDATE test_counter SET next = 43", vec![]).await;
    let target = Target {
        db: &db,
        sets: NOW,
        files: &to.files(),
        replace: true,
    };
    let follow = async |tx: &Tx| {
        let there = "SELECT COUNT(*) FROM test_item";
        let there = db::query_count(tx, there, []).await?;
        assert_eq!(
            there,
            i64::try_from(ROWS).expect("few"),
            "it is all there by now"
        );
        Err(BackupError::Follow("电断了".into()))
    };
    let failed = backup::restore(target, &from.backup(), &manifest, at(), &Silent, follow).await;
    assert!(matches!(failed, Err(BackupError::Follow(_))), "{failed:?}");
    assert_eq!(count(&db, "SELECT next FROM test_counter").await, 43);
    assert!(items(&db).await.is_empty());
    assert!(!path_of(&to.files(), &digest(b"PDF")).exists());
    let state = db.schema_state(NOW).await.expect("read");
    assert_eq!(state, SchemaState::Current);
}

async fn an_older_backup_is_brought_up_to_date_and_a_newer_refused(db: TestDatabase) {
    let (old, new) = (Place::new(), Place::new());
    filled(&db, BEFORE, &old).await;
    make(&db, BEFORE, &old).await;
    let target = sqlite().await;
    restore(&target, NOW, &old, &Place::new(), false)
        .await
        .expect("restored");
    let later = "SELECT COUNT(*) FROM test_item WHERE later = id";
    let rows = i64::try_from(ROWS).expect("few");
    assert_eq!(count(&target, later).await, rows, "the later step has run");
    make(&target, NOW, &new).await;
    let empty = sqlite().await;
    let refused = restore(&empty, BEFORE, &new, &Place::new(), false).await;
    let refused = refused.expect_err("newer").to_string();
    assert!(refused.contains("003-later"), "{refused}");
    assert!(items_of(&empty).await.is_empty(), "not touched");
    // nor is a database of a newer program replaced by an older one's backup
    let refused = restore(&target, BEFORE, &old, &Place::new(), true).await;
    assert!(
        matches!(refused, Err(BackupError::Db(db::Error::Newer { .. }))),
        "{refused:?}"
    );
    assert_eq!(count(&target, later).await, rows);
}

async fn writers_do_not_wait_and_one_moment_is_seen(db: TestDatabase) {
    let (from, to) = (Place::new(), Place::new());
    filled(&db, NOW, &from).await;
    let handle = db.handle();
    // each transaction moves one from a table to another: their sum never changes
    let sql = "INSERT INTO test_item (id, flag, later) VALUES ('sum', TRUE, '')";
    run(&db, sql, vec![]).await;
    let writer = tokio::spawn(async move {
        let mut moved: i64 = 0;
        loop {
            let written: Result<(), db::Error> = handle
                .write(|tx| async move {
                    let sql = "UPDATE test_counter SET next = next - 1";
                    db::execute(&tx, sql, []).await?;
                    let sql =
                        "UPDATE test_item SET number = COALESCE(number, 0) + 1 WHERE id = 'sum'";
                    db::execute(&tx, sql, []).await?;
                    Ok(())
                })
                .await;
            written.expect("written");
            moved += 1;
            if moved % 8 == 0 {
                tokio::task::yield_now().await;
            }
        }
    });
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    make(&db, NOW, &from).await;
    writer.abort();
    let _aborted = writer.await;
    let target = sqlite().await;
    restore(&target, NOW, &from, &to, false)
        .await
        .expect("restored");
    let sum =
        "SELECT (SELECT next FROM test_counter) + (SELECT number FROM test_item WHERE id = 'sum')";
    assert_eq!(count(&target, sum).await, 42);
}

async fn the_audit_key_is_asked_for_before_anything_is_touched(db: TestDatabase) {
    let place = Place::new();
    let keyed = db
        .handle()
        .with_audit_key(Key::new(&[7; 32]).expect("long enough"));
    filled(&keyed, NOW, &place).await;
    let manifest = make(&keyed, NOW, &place).await;
    assert_eq!(manifest.audit_key.as_deref(), keyed.audit_key_name());
    let target = sqlite().await;
    let refused = restore(&target, NOW, &place, &Place::new(), false).await;
    let refused = refused.expect_err("no key").to_string();
    assert!(refused.contains("audit.key_file"), "{refused}");
    assert!(items_of(&target).await.is_empty());
    let target = target
        .handle()
        .with_audit_key(Key::new(&[7; 32]).expect("long enough"));
    restore(&target, NOW, &place, &Place::new(), false)
        .await
        .expect("restored");
    let report = audit::verify(&target, &[]).await.expect("verified");
    assert!(
        report.is_sound() && report.keyed_from == Some(1),
        "{report}"
    );
}

#[tokio::test]
async fn a_cut_or_garbled_backup_is_refused() {
    let (db, place) = (sqlite().await, Place::new());
    filled(&db, NOW, &place).await;
    make(&db, NOW, &place).await;
    let whole = fs::read(place.backup()).expect("read");
    let sound = backup::check(&place.backup(), &Silent).expect("whole");
    let path = place.folder.path().join("other.zip");
    let mut refused = 0;
    for at in (0..whole.len()).step_by(whole.len() / 40) {
        fs::write(&path, &whole[..at]).expect("written");
        let error = backup::check(&path, &Silent).expect_err("cut").to_string();
        assert!(error.contains("不是完整的备份"), "{error}");
        let mut garbled = whole.clone();
        garbled[at] ^= 0x55;
        fs::write(&path, &garbled).expect("written");
        // a few bytes of a ZIP say nothing, such as times; then all the same is read
        match backup::check(&path, &Silent) {
            Err(BackupError::Damaged { .. }) => refused += 1,
            Err(other) => panic!("{other}"),
            Ok(read) => assert_eq!(read, sound),
        }
    }
    // what a ZIP says of times and the like is about a fifth of so small a file
    assert!(refused >= 30, "{refused} of 40");
    fs::write(&path, b"id,name\n1,a\n").expect("written");
    let error = backup::check(&path, &Silent).expect_err("a CSV file");
    assert!(error.to_string().contains("ZIP"), "{error}");
    let missing = backup::check(Path::new("没有这个文件"), &Silent).expect_err("missing");
    assert!(missing.to_string().contains("没有这个文件"), "{missing}");
    let mode = fs::metadata(place.backup()).expect("there").permissions();
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777,
        0o600
    );
}

/// The second database is another program's; its connection stays open.
#[tokio::test]
async fn an_open_database_is_not_restored_over() {
    for db in zhida_testkit::databases().await {
        db.migrate(NOW).await.expect("migrated");
        let url = db.url().to_owned();
        let file = url.strip_prefix("sqlite:").map(PathBuf::from);
        let refused = backup::refuse_in_use(file.as_deref(), &url).await;
        assert!(
            matches!(refused, Err(BackupError::InUse)),
            "{url}: {refused:?}"
        );
        db.handle().close().await;
        let free = backup::refuse_in_use(file.as_deref(), &url).await;
        assert!(free.is_ok(), "{url}: {free:?}");
    }
    let none = Path::new("没有这个文件.db");
    assert!(backup::refuse_in_use(Some(none), "").await.is_ok());
}
