//! Facts in a table of their own: what was stored before is read after, and counts follow what is stored.

use std::sync::Arc;

use zhida_platform::clock::FixedClock;
use zhida_platform::db::{self, MigrationSet};
use zhida_registry::{MIGRATIONS, Query, Registry};
use zhida_rules::Dictionary;
use zhida_testkit::{TestDatabase, both_databases};

use crate::support::{code, setup};

async fn what_was_stored_before_is_read_after(db: TestDatabase) {
    let before = MIGRATIONS
        .steps
        .iter()
        .position(|step| step.id == "009-facts");
    let before = MigrationSet {
        steps: &MIGRATIONS.steps[..before.unwrap()],
        ..MIGRATIONS
    };
    db.migrate(&[before]).await.unwrap();
    for (seq, staff) in [(1_u32, 80), (2, 90)] {
        let facts = format!(r#"{{"1@2026-01-01": {{"employees@2025": "{staff}"}}}}"#);
        let sql = format!(
            "INSERT INTO enterprise (seq, code, name, division, industry, size, status, registered_on, facts, \
             version, updated_at) VALUES ({seq}, '{}', '江城样例', '370102', '', '', '', '', '{facts}', 1, '')",
            code(seq)
        );
        let sql = sql.as_str();
        let insert = |tx| async move { db::execute(&tx, sql, []).await };
        let _one: u64 = db.write(insert).await.unwrap();
    }

    db.migrate(&[MIGRATIONS]).await.unwrap();
    let clock = Arc::new(FixedClock::on("2026-11-22".parse().unwrap()));
    let registry = Registry::new(db.handle(), Dictionary::shipped(), clock);
    let all = registry.scan_after(&Query::default(), None, 10).await;
    let all = all.unwrap();
    let employees = Dictionary::shipped().find("employees").unwrap();
    for (enterprise, staff) in all.iter().zip(["80", "90"]) {
        assert_eq!(enterprise.name, "江城样例");
        let fact = enterprise.facts.get(employees, Some(2025)).unwrap();
        assert_eq!(fact.value.to_string(), staff);
    }
    assert_eq!(all.len(), 2);
}

async fn a_count_that_was_made_follows_an_import(db: TestDatabase) {
    let setup = setup(db).await;
    let named = |text: &str| Query {
        text: text.to_owned(),
        ..Query::default()
    };
    let counts = async || {
        let all = setup.registry.count(&Query::default()).await.unwrap();
        let of_river = setup.registry.count(&named("江城")).await.unwrap();
        (all, of_river)
    };
    let line = |number, name| format!("信用代码,企业名称\n{},{name}\n", code(number));
    for (number, name, expected) in [(1, "江城一号", (1, 1)), (2, "云溪二号", (2, 1))] {
        let _report = setup
            .bring(&line(number, name), "市场监管", "2026-01-01")
            .await;
        assert_eq!(counts().await, expected);
        assert_eq!(counts().await, expected, "again");
    }
}

both_databases!(
    what_was_stored_before_is_read_after,
    a_count_that_was_made_follows_an_import,
);
