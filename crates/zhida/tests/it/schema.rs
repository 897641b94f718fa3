//! `schema/*.sql`: what the migrations of all rooms make, to be read by people.

use zhida_testkit::{TestDatabase, both_databases};

use crate::snapshot;

async fn the_schema_files_tell_what_the_migrations_make(db: TestDatabase) {
    db.migrate(&[
        zhida_registry::migrations(),
        zhida_policies::migrations(),
        zhida_matching::migrations(),
        zhida_people::migrations(),
    ])
    .await
    .unwrap();
    let engine = match db.engine() {
        zhida_platform::db::Engine::Sqlite => "sqlite",
        zhida_platform::db::Engine::Postgres => "postgres",
    };
    let dump = db.dump_schema().await.unwrap();
    assert!(
        dump.contains("enterprise") && dump.contains("policy"),
        "{dump}"
    );
    snapshot::equals(&format!("schema/{engine}.sql"), &dump);
}

both_databases!(the_schema_files_tell_what_the_migrations_make);
