//! How the engines would answer a query; tests only.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use sea_orm::FromQueryResult;
use zhida_platform::db::{self, Engine, MigrationSet, Value};
use zhida_testkit::TestDatabase;

use crate::migration::MIGRATIONS;

#[derive(FromQueryResult)]
struct Sqlite {
    detail: String,
}

#[derive(FromQueryResult)]
struct Postgres {
    #[sea_orm(alias = "QUERY PLAN")]
    line: String,
}

/// The room's tables as they were after so many of its steps.
pub(crate) async fn migrated_to(db: &TestDatabase, steps: usize) {
    let room = MigrationSet {
        steps: &MIGRATIONS.steps[..steps],
        ..MIGRATIONS
    };
    let rooms = [zhida_forms::migrations(), zhida_funds::migrations(), room];
    db.migrate(&rooms).await.unwrap();
}

/// The room's tables as they are.
pub(crate) async fn migrated(db: &TestDatabase) {
    migrated_to(db, MIGRATIONS.steps.len()).await;
}

/// How the engine would answer; on PostgreSQL as with many rows, where reading and sorting a whole table costs most.
pub(crate) async fn plan(db: &TestDatabase, (sql, values): (String, Vec<Value>)) -> String {
    let (sql, values) = (sql.as_str(), &values);
    let lines = db
        .write(|tx| async move {
            let lines: Vec<String> = match tx.engine() {
                Engine::Sqlite => {
                    let sql = format!("EXPLAIN QUERY PLAN {sql}");
                    let rows: Vec<Sqlite> = db::query_all(&tx, &sql, values.clone()).await?;
                    rows.into_iter().map(|row| row.detail).collect()
                }
                Engine::Postgres => {
                    for setting in ["enable_seqscan", "enable_sort", "enable_bitmapscan"] {
                        let sql = format!("SET LOCAL {setting} = off");
                        db::execute(&tx, &sql, []).await?;
                    }
                    let sql = format!("EXPLAIN {sql}");
                    let rows: Vec<Postgres> = db::query_all(&tx, &sql, values.clone()).await?;
                    rows.into_iter().map(|row| row.line).collect()
                }
            };
            Ok::<_, db::Error>(lines)
        })
        .await
        .unwrap();
    lines.join("\n")
}
