//! What is recorded comes back, is listed, exported, pruned and kept through migrations.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures::TryStreamExt;
use serde_json::json;
use uuid::Uuid;
use zhida_platform::audit::{self, Actor, Checkpoint, Entry, Origin, Query, Record};
use zhida_platform::clock::{Clock, FixedClock};
use zhida_platform::db::{self, Database, Error, FromQueryResult};
use zhida_platform::export::write_csv;
use zhida_platform::paging::PageRequest;
use zhida_testkit::{TestDatabase, both_databases};

pub const CODE: &str = "91330100MA27XXXX00";

pub fn at(day: u32, minute: i64) -> DateTime<Utc> {
    let date = NaiveDate::from_ymd_opt(2026, 11, day).expect("a valid date");
    FixedClock::on(date).now() + TimeDelta::minutes(minute)
}

pub fn officer() -> Actor {
    Actor {
        account: Some(Uuid::from_u128(7)),
        name: "经办员甲".to_owned(),
        organisation: Some("江城市经济和信息化局".to_owned()),
        on_behalf_of: Some("江城市人民政府".to_owned()),
        origin: Some(Origin {
            address: "203.0.113.9".to_owned(),
            agent: "Mozilla/5.0\0".to_owned(),
            request: "r-1".to_owned(),
        }),
    }
}

/// A change, number `n` of its day.
pub fn change(n: i64) -> Entry {
    Entry::new(
        at(22, n),
        "经办员甲",
        "registry.import",
        "batch",
        n.to_string(),
    )
    .detail(json!({"rows": n, "file": "企业.csv"}))
}

fn view(n: i64) -> Entry {
    Entry::view(at(22, n), officer(), "registry.view", "enterprise", CODE).enterprise(CODE)
}

pub async fn migrated(db: &Database) {
    db.migrate(&[]).await.expect("migrated");
}

pub async fn append(db: &Database, entries: &[Entry]) -> i64 {
    db.write(|tx| async move { audit::append_all(&tx, entries).await })
        .await
        .expect("written")
}

async fn all(db: &Database, query: &Query) -> Vec<Record> {
    let mut page = PageRequest::first(3);
    let mut records = Vec::new();
    loop {
        let answer = audit::list(db, query, &page).await.expect("listed");
        records.extend(answer.items);
        match answer.next {
            Some(next) => page.after = Some(next),
            None => return records,
        }
    }
}

async fn numbers(db: &Database, query: Query) -> Vec<i64> {
    let counted = audit::count(db, &query).await.expect("counted");
    let found: Vec<i64> = all(db, &query).await.iter().map(|r| r.no).collect();
    assert_eq!(Ok(counted), u64::try_from(found.len()), "{query:?}");
    found
}

both_databases!(
    everything_said_comes_back,
    a_record_lives_and_dies_with_its_change,
    one_query_type_filters_all,
    an_enterprise_sees_who_looked,
    exports_hold_the_list,
    records_of_before_stay_and_are_marked,
    young_records_are_not_pruned,
    what_was_pruned_is_said_in_the_chain,
);

async fn everything_said_comes_back(db: TestDatabase) {
    migrated(&db).await;
    let entry = Entry::new(at(22, 0), officer(), "registry.rename", "enterprise", CODE)
        .enterprise(CODE)
        .before(json!({"名称": "甲"}))
        .after(json!({"名称": "乙"}))
        .detail(json!(["说明"]));
    assert_eq!(append(&db, &[entry]).await, 1);
    let mut records = all(&db, &Query::default()).await;
    let record = records.pop().expect("one record");
    let expected = Record {
        no: 1,
        at: at(22, 0),
        account: Some(Uuid::from_u128(7)),
        actor: "经办员甲".to_owned(),
        organisation: Some("江城市经济和信息化局".to_owned()),
        on_behalf_of: Some("江城市人民政府".to_owned()),
        action: "registry.rename".to_owned(),
        viewed: false,
        subject_kind: "enterprise".to_owned(),
        subject_id: CODE.to_owned(),
        enterprise: Some(CODE.to_owned()),
        before: Some(json!({"名称": "甲"})),
        after: Some(json!({"名称": "乙"})),
        detail: Some(json!(["说明"])),
        address: Some("203.0.113.9".to_owned()),
        agent: Some("Mozilla/5.0\u{fffd}".to_owned()),
        request: Some("r-1".to_owned()),
        hash: record.hash.clone(),
    };
    assert_eq!(record, expected);
    assert_eq!(record.hash.len(), 64);
    assert!(records.is_empty());
}

async fn a_record_lives_and_dies_with_its_change(db: TestDatabase) {
    migrated(&db).await;
    append(&db, &[change(1)]).await;
    let undone: Result<(), Error> = db
        .write(|tx| async move {
            audit::append(&tx, &change(2)).await?;
            Err(Error::TxEscaped)
        })
        .await;
    assert!(undone.is_err());
    assert_eq!(append(&db, &[change(3)]).await, 2, "no hole is left");
    let report = audit::verify(&db, &[]).await.expect("verified");
    assert!(report.is_sound() && report.last == 2, "{report}");
}

async fn one_query_type_filters_all(db: TestDatabase) {
    migrated(&db).await;
    let other = Entry::new(at(22, 9), "系统", "registry2.import", "batch", "1");
    append(&db, &[change(1), change(2), view(3), other, change(5)]).await;
    // the clock of another server may be behind: the list goes by time, then number
    append(&db, &[change(0)]).await;
    let default = Query::default;
    assert_eq!(numbers(&db, default()).await, [4, 5, 3, 2, 1, 6]);
    let text = |text: &str| Some(text.to_owned());
    for (query, expected) in [
        (
            Query {
                from: Some(at(22, 3)),
                ..default()
            },
            vec![4, 5, 3],
        ),
        (
            Query {
                until: Some(at(22, 3)),
                ..default()
            },
            vec![2, 1, 6],
        ),
        (
            Query {
                account: Some(Uuid::from_u128(7)),
                ..default()
            },
            vec![3],
        ),
        (
            Query {
                actor: text("系统"),
                ..default()
            },
            vec![4],
        ),
        (
            Query {
                action: text("registry.import"),
                ..default()
            },
            vec![5, 2, 1, 6],
        ),
        (
            Query {
                action: text("registry."),
                ..default()
            },
            vec![5, 3, 2, 1, 6],
        ),
        (
            Query {
                enterprise: text(CODE),
                ..default()
            },
            vec![3],
        ),
        (
            Query {
                subject_kind: text("batch"),
                subject_id: text("1"),
                ..default()
            },
            vec![4, 1],
        ),
        (
            Query {
                viewed: Some(true),
                ..default()
            },
            vec![3],
        ),
        (
            Query {
                viewed: Some(false),
                from: Some(at(22, 5)),
                ..default()
            },
            vec![4, 5],
        ),
    ] {
        assert_eq!(numbers(&db, query.clone()).await, expected, "{query:?}");
    }
}

async fn an_enterprise_sees_who_looked(db: TestDatabase) {
    migrated(&db).await;
    let changed = change(2).enterprise(CODE);
    let of_another = view(3).enterprise("91330100MA27XXXX19");
    append(&db, &[view(1), changed, of_another]).await;
    let page = audit::list(&db, &audit::views_of(CODE), &PageRequest::default()).await;
    let looked: Vec<i64> = page.expect("listed").items.iter().map(|r| r.no).collect();
    assert_eq!(looked, [1]);
}

async fn exports_hold_the_list(db: TestDatabase) {
    migrated(&db).await;
    let entries: Vec<Entry> = (0..1_203).map(change).collect();
    append(&db, &entries).await;
    let query = Query {
        from: Some(at(22, 2)),
        ..Query::default()
    };
    let mut csv = Vec::new();
    let rows = write_csv(audit::table(db.handle(), query.clone()), &mut csv).await;
    assert_eq!(rows.expect("written"), 1_201);
    let csv = String::from_utf8(csv).expect("UTF-8");
    assert!(csv.contains("1203,2026-11-23 08:02:00,经办员甲"), "{csv}");
    let lines: Vec<_> = audit::json_lines(db.handle(), query)
        .try_collect()
        .await
        .expect("read");
    let numbers: Vec<i64> = lines
        .concat()
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice::<serde_json::Value>(line).expect("JSON"))
        .filter_map(|line| line["no"].as_i64())
        .collect();
    assert_eq!(numbers, (3..=1_203).rev().collect::<Vec<_>>());
}

async fn records_of_before_stay_and_are_marked(db: TestDatabase) {
    migrated(&db).await;
    // a database of before the chain: the old table with two records, and no word of the later steps
    db.write(|tx| async move {
        for sql in [
            "DROP TABLE audit_head",
            "DROP TABLE audit_event",
            "DELETE FROM schema_migration WHERE step = '002-audit-chain'",
            "CREATE TABLE audit_event (id TEXT NOT NULL PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL,
                action TEXT NOT NULL, subject_kind TEXT NOT NULL, subject_id TEXT NOT NULL, detail TEXT NOT NULL)",
            "CREATE INDEX audit_event_subject ON audit_event (subject_kind, subject_id, id)",
            "INSERT INTO audit_event VALUES
                ('02', '2026-11-01T00:00:00.000001Z', '乙', 'registry.import', 'batch', '2', '{}'),
                ('01', '2026-11-01T00:00:00.000000Z', '甲', 'registry.import', 'batch', '1', '{\"rows\":1}')",
        ] {
            db::execute(&tx, sql, []).await?;
        }
        Ok::<_, Error>(())
    })
    .await
    .expect("set up");
    migrated(&db).await;
    append(&db, &[change(1)]).await;
    let records = all(&db, &Query::default()).await;
    let seen: Vec<_> = records.iter().map(|r| (r.no, r.actor.as_str())).collect();
    assert_eq!(seen, [(1, "经办员甲"), (0, "乙"), (-1, "甲")]);
    assert_eq!(records[2].detail, Some(json!({"rows": 1})));
    let report = audit::verify(&db, &[]).await.expect("verified");
    assert!(report.is_sound(), "{report}");
    assert_eq!((report.checked, report.before_chain), (1, 2));
    assert!(
        report.to_string().contains("另有 2 条写于启用防篡改链之前"),
        "{report}"
    );
}

async fn young_records_are_not_pruned(db: TestDatabase) {
    migrated(&db).await;
    append(&db, &[change(1)]).await;
    let now = at(22, 0) + TimeDelta::days(400);
    let young = now - TimeDelta::days(audit::RETENTION_DAYS_MIN) + TimeDelta::microseconds(1);
    let refused = audit::prune(&db, &officer(), now, young).await;
    let message = refused.expect_err("too young").to_string();
    assert!(message.contains("至少保存 184 天"), "{message}");
    assert_eq!(numbers(&db, Query::default()).await, [1]);
}

#[derive(FromQueryResult)]
struct Base {
    base_no: i64,
}

async fn what_was_pruned_is_said_in_the_chain(db: TestDatabase) {
    migrated(&db).await;
    // number 3 is younger than number 4: everything from the first young record on stays
    let entries = [change(1), change(2), change(50), change(3), change(51)];
    append(&db, &entries).await;
    let now = at(22, 0) + TimeDelta::days(400);
    let pruned = audit::prune(&db, &officer(), now, at(22, 10)).await;
    let pruned = pruned.expect("pruned");
    assert_eq!((pruned.removed, pruned.up_to), (2, 2));
    let report = audit::verify(&db, &[]).await.expect("verified");
    assert!(report.is_sound() && report.pruned == 2, "{report}");
    assert_eq!(numbers(&db, Query::default()).await, [6, 5, 3, 4]);
    let again = audit::prune(&db, &officer(), now, at(22, 10)).await;
    assert_eq!(again.expect("nothing to do").removed, 0);
    // a checkpoint taken now is of the pruned chain; all may go, the record of the pruning stays
    let checkpoint = Checkpoint::take(&db, now).await.expect("taken");
    let later = now + TimeDelta::days(400);
    let pruned = audit::prune(&db, &officer(), later, later - TimeDelta::days(200)).await;
    assert_eq!(pruned.expect("pruned").removed, 4);
    let report = audit::verify(&db, &[]).await.expect("verified");
    assert!(report.is_sound() && report.checked == 1, "{report}");
    let since = audit::verify_since(&db, &checkpoint)
        .await
        .expect("verified");
    assert!(since.is_sound(), "{since}");
    let base: Option<Base> = db::query_one(db.conn(), "SELECT base_no FROM audit_head", [])
        .await
        .expect("read");
    assert_eq!(base.map(|base| base.base_no), Some(6));
}
