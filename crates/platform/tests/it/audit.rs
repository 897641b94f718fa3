use chrono::NaiveDate;
use serde_json::json;
use zhida_platform::audit::{self, Entry};
use zhida_platform::clock::{Clock, FixedClock};
use zhida_platform::db::{self, Error, FromQueryResult};
use zhida_testkit::{TestDatabase, both_databases};

#[derive(Debug, PartialEq, FromQueryResult)]
struct Row {
    id: String,
    at: String,
    actor: String,
    action: String,
    subject_kind: String,
    subject_id: String,
    detail: String,
}

fn entry() -> Entry {
    let clock = FixedClock::on(NaiveDate::from_ymd_opt(2026, 11, 22).expect("a valid date"));
    Entry {
        at: clock.now(),
        actor: "经办员甲".to_owned(),
        action: "registry.import",
        subject_kind: "batch",
        subject_id: "42".to_owned(),
        detail: json!({"rows": 3, "file": "企业.csv"}),
    }
}

both_databases!(a_record_lives_and_dies_with_its_change);

async fn a_record_lives_and_dies_with_its_change(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let undone: Result<(), Error> = db
        .write(|tx| async move {
            audit::append(&tx, &entry()).await?;
            Err(Error::TxEscaped)
        })
        .await;
    assert!(undone.is_err());
    let id = db
        .write(|tx| async move { audit::append(&tx, &entry()).await })
        .await
        .expect("written");
    let rows: Vec<Row> = db::query_all(db.conn(), "SELECT * FROM audit_event LIMIT 9", [])
        .await
        .expect("read");
    let kept = Row {
        id: id.to_string(),
        at: "2026-11-22T04:00:00.000000Z".to_owned(),
        actor: "经办员甲".to_owned(),
        action: "registry.import".to_owned(),
        subject_kind: "batch".to_owned(),
        subject_id: "42".to_owned(),
        detail: r#"{"rows":3,"file":"企业.csv"}"#.to_owned(),
    };
    assert_eq!(rows, [kept]);
    assert_eq!(id.get_version_num(), 7);
}
