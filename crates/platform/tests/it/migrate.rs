use zhida_platform::db::{self, Database, Error, MigrationSet, SchemaState, Step, step};
use zhida_testkit::{TestDatabase, both_databases};

const ONE: Step = step(
    "001-one",
    "CREATE TABLE one (id BIGINT NOT NULL PRIMARY KEY)",
);
const TWO: Step = step(
    "002-two",
    "CREATE TABLE two (id BIGINT NOT NULL PRIMARY KEY); CREATE TABLE two_more (id BIGINT NOT NULL PRIMARY KEY);",
);
const BROKEN: Step = step(
    "002-broken",
    "CREATE TABLE half (id BIGINT); CREATE TABEL other (id BIGINT)",
);
const EDITED: Step = step("001-one", "CREATE TABLE one (id TEXT NOT NULL PRIMARY KEY)");

const OTHER: Step = step(
    "001-other",
    "CREATE TABLE other (id BIGINT NOT NULL PRIMARY KEY)",
);

const fn set(steps: &'static [Step]) -> MigrationSet {
    MigrationSet {
        room: "test",
        steps,
    }
}

async fn exists(db: &Database, table: &str) -> bool {
    db::query_count(db.conn(), &format!("SELECT COUNT(*) FROM {table}"), [])
        .await
        .is_ok()
}

both_databases!(
    steps_are_applied_once_and_appended,
    a_newer_database_is_refused,
    the_state_of_a_schema_is_told_without_touching_it,
    an_edited_step_is_refused,
    a_step_named_twice_is_refused,
    a_broken_step_leaves_nothing_of_itself,
    servers_that_start_together_agree,
);

async fn steps_are_applied_once_and_appended(db: TestDatabase) {
    db.migrate(&[set(&[ONE])]).await.expect("migrated");
    assert!(exists(&db, "one").await && !exists(&db, "two").await);
    db.migrate(&[set(&[ONE, TWO])]).await.expect("migrated");
    assert!(exists(&db, "two_more").await);
    db.migrate(&[set(&[ONE, TWO])])
        .await
        .expect("nothing to do");
    assert!(
        exists(&db, "audit_event").await,
        "the platform's own tables come along"
    );
}

async fn a_newer_database_is_refused(db: TestDatabase) {
    db.migrate(&[set(&[ONE, TWO])]).await.expect("migrated");
    let error = db.migrate(&[set(&[ONE])]).await.expect_err("older program");
    let message = error.to_string();
    assert!(message.contains("数据库由更新版本的程序写过"), "{message}");
    assert!(message.contains("002-two"), "{message}");
    let state = db.schema_state(&[set(&[ONE])]).await;
    assert!(matches!(state, Err(Error::Newer { .. })), "{state:?}");
    // an older program with a step of its own does not begin with it either
    let schema = db.dump_schema().await.expect("read");
    let other = MigrationSet {
        room: "other",
        steps: &[OTHER],
    };
    db.migrate(&[other, set(&[ONE])])
        .await
        .expect_err("older program");
    assert_eq!(db.dump_schema().await.expect("read"), schema);
}

async fn the_state_of_a_schema_is_told_without_touching_it(db: TestDatabase) {
    let sets = [set(&[ONE, TWO])];
    let state = async || db.schema_state(&sets).await.expect("read");
    assert_eq!(state().await, SchemaState::Empty);
    assert!(db.tables().await.expect("read").is_empty());
    db.migrate(&[set(&[ONE])]).await.expect("migrated");
    assert_eq!(state().await, SchemaState::Behind(1));
    assert!(!exists(&db, "two").await);
    db.migrate(&sets).await.expect("migrated");
    assert_eq!(state().await, SchemaState::Current);
    let edited = db.schema_state(&[set(&[EDITED, TWO])]).await;
    assert!(
        matches!(edited, Err(Error::StepChanged { .. })),
        "{edited:?}"
    );
}

async fn an_edited_step_is_refused(db: TestDatabase) {
    db.migrate(&[set(&[ONE])]).await.expect("migrated");
    let error = db.migrate(&[set(&[EDITED])]).await.expect_err("edited");
    assert!(
        matches!(&error, Error::StepChanged { step, .. } if step == "001-one"),
        "{error}"
    );
}

async fn a_step_named_twice_is_refused(db: TestDatabase) {
    let error = db.migrate(&[set(&[ONE, EDITED])]).await.expect_err("twice");
    assert!(matches!(error, Error::StepTwice { .. }), "{error}");
    assert!(!exists(&db, "one").await);
}

async fn a_broken_step_leaves_nothing_of_itself(db: TestDatabase) {
    let error = db
        .migrate(&[set(&[ONE, BROKEN])])
        .await
        .expect_err("broken");
    assert!(error.to_string().contains("002-broken"), "{error}");
    assert!(exists(&db, "one").await && !exists(&db, "half").await);
    db.migrate(&[set(&[ONE, TWO])]).await.expect("mended");
}

async fn servers_that_start_together_agree(db: TestDatabase) {
    let starts: Vec<_> = (0..4)
        .map(|_| {
            let url = db.url().to_owned();
            tokio::spawn(async move {
                let server = Database::connect(&url).await.expect("connected");
                server.migrate(&[set(&[ONE, TWO])]).await
            })
        })
        .collect();
    for start in starts {
        start.await.expect("no panic").expect("migrated");
    }
    assert!(exists(&db, "two").await);
}
