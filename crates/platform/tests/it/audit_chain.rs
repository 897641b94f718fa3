//! Whatever is done to the chain behind the program's back is found.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;
use zhida_platform::audit::{self, Checkpoint, Entry, Finding, Key, Report};
use zhida_platform::db::{self, Database, Error};
use zhida_testkit::{TestDatabase, both_databases};

use crate::audit::{append, at, change, migrated, officer};

/// Records of the chain that is tampered with.
const RECORDS: i64 = 9;
/// Mutations tried on each database.
const CASES: usize = 150;

both_databases!(
    any_tampering_is_found,
    a_cut_end_is_found_by_a_checkpoint_or_the_key,
    a_stolen_beginning_is_found,
    the_key_is_asked_for_and_kept_to,
    a_key_is_adopted_once_and_old_records_stay_sound,
    eight_writers_leave_one_chain,
    views_written_together_are_each_there_or_refused,
    a_report_says_which_number_and_what,
);

#[derive(Debug, Clone)]
enum Tampering {
    /// A text of one record.
    Change {
        no: i64,
        column: &'static str,
    },
    /// A record with its hash made again, as somebody without the key would.
    Empty {
        no: i64,
        column: &'static str,
    },
    Remove {
        no: i64,
    },
    /// Two records exchange their numbers.
    Swap {
        one: i64,
        other: i64,
    },
    /// Everything after this number goes.
    Truncate {
        after: i64,
    },
    /// The numbers from here on are moved to hide a removal.
    CloseUp {
        no: i64,
    },
    Renumber {
        no: i64,
        to: i64,
    },
    HeadBack {
        to: i64,
    },
}

const TEXTS: [&str; 15] = [
    "at",
    "account",
    "actor",
    "organisation",
    "on_behalf_of",
    "action",
    "subject_kind",
    "subject_id",
    "enterprise",
    "value_before",
    "value_after",
    "detail",
    "address",
    "agent",
    "request",
];

fn tampering() -> impl Strategy<Value = Tampering> {
    let no = 1..=RECORDS;
    let column = prop::sample::select(TEXTS.to_vec());
    let emptied = prop::sample::select(vec!["account", "organisation", "detail", "agent"]);
    prop_oneof![
        4 => (no.clone(), column).prop_map(|(no, column)| Tampering::Change { no, column }),
        2 => (no.clone(), emptied).prop_map(|(no, column)| Tampering::Empty { no, column }),
        2 => no.clone().prop_map(|no| Tampering::Remove { no }),
        2 => (no.clone(), 1..RECORDS).prop_map(|(one, step)| Tampering::Swap {
            one,
            other: (one - 1 + step) % RECORDS + 1,
        }),
        1 => (0..RECORDS).prop_map(|after| Tampering::Truncate { after }),
        1 => no.clone().prop_map(|no| Tampering::CloseUp { no }),
        1 => (no, RECORDS + 1..RECORDS + 3).prop_map(|(no, to)| Tampering::Renumber { no, to }),
        1 => (0..RECORDS).prop_map(|to| Tampering::HeadBack { to }),
    ]
}

impl Tampering {
    fn statements(&self) -> Vec<String> {
        match self {
            Self::Change { no, column } => vec![format!(
                "UPDATE audit_event SET {column} = CONCAT({column}, 'x') WHERE no = {no}"
            )],
            Self::Empty { no, column } => {
                vec![format!(
                    "UPDATE audit_event SET {column} = NULL WHERE no = {no}"
                )]
            }
            Self::Remove { no } => vec![format!("DELETE FROM audit_event WHERE no = {no}")],
            Self::Swap { one, other } => vec![
                format!("UPDATE audit_event SET no = 1000 WHERE no = {one}"),
                format!("UPDATE audit_event SET no = {one} WHERE no = {other}"),
                format!("UPDATE audit_event SET no = {other} WHERE no = 1000"),
            ],
            Self::Truncate { after } => {
                vec![format!("DELETE FROM audit_event WHERE no > {after}")]
            }
            Self::CloseUp { no } => vec![
                format!("DELETE FROM audit_event WHERE no = {no}"),
                format!("UPDATE audit_event SET no = no + 1000 WHERE no > {no}"),
                "UPDATE audit_event SET no = no - 1001 WHERE no > 1000".to_owned(),
                format!(
                    "UPDATE audit_head SET no = {}, hash = COALESCE(
                        (SELECT hash FROM audit_event WHERE no = {}), hash)",
                    RECORDS - 1,
                    RECORDS - 1
                ),
            ],
            Self::Renumber { no, to } => {
                vec![format!("UPDATE audit_event SET no = {to} WHERE no = {no}")]
            }
            Self::HeadBack { to } => vec![format!("UPDATE audit_head SET no = {to}")],
        }
    }
}

async fn run(db: &Database, statements: &[String]) {
    db.write(|tx| async move {
        for sql in statements {
            db::execute(&tx, sql, []).await?;
        }
        Ok::<_, Error>(())
    })
    .await
    .expect("tampered");
}

fn sql(statements: &[&str]) -> Vec<String> {
    statements.iter().map(|sql| (*sql).to_owned()).collect()
}

async fn verify(db: &Database) -> Report {
    audit::verify(db, &[]).await.expect("verified")
}

fn key(byte: u8) -> Key {
    Key::new(&[byte; 32]).expect("long enough")
}

/// A chain of [`RECORDS`] in which every column is filled.
async fn chain(db: &Database) {
    let entries: Vec<Entry> = (1..=RECORDS)
        .map(|n| {
            Entry::new(
                at(22, n),
                officer(),
                "registry.rename",
                "enterprise",
                n.to_string(),
            )
            .enterprise(n.to_string())
            .before(json!(n))
            .after(json!(n + 1))
            .detail(json!({ "n": n }))
        })
        .collect();
    append(db, &entries[..4]).await;
    append(db, &entries[4..]).await;
}

async fn any_tampering_is_found(db: TestDatabase) {
    migrated(&db).await;
    chain(&db).await;
    let saved = sql(&[
        "CREATE TABLE saved AS SELECT * FROM audit_event",
        "CREATE TABLE saved_head AS SELECT * FROM audit_head",
    ]);
    run(&db, &saved).await;
    let restore = sql(&[
        "DELETE FROM audit_event",
        "DELETE FROM audit_head",
        "INSERT INTO audit_event SELECT * FROM saved",
        "INSERT INTO audit_head SELECT * FROM saved_head",
    ]);
    let mut runner = TestRunner::deterministic();
    for _ in 0..CASES {
        let tampering = tampering()
            .new_tree(&mut runner)
            .expect("a value")
            .current();
        run(&db, &tampering.statements()).await;
        let report = verify(&db).await;
        assert!(!report.is_sound(), "{tampering:?} was not found");
        run(&db, &restore).await;
        let report = verify(&db).await;
        assert!(report.is_sound(), "restored after {tampering:?}: {report}");
    }
}

const CUT: [&str; 2] = [
    "DELETE FROM audit_event WHERE no > 6",
    "UPDATE audit_head SET no = 6, hash = (SELECT hash FROM audit_event WHERE no = 6)",
];

async fn a_cut_end_is_found_by_a_checkpoint_or_the_key(db: TestDatabase) {
    migrated(&db).await;
    let keyed = db.handle().with_audit_key(key(1));
    chain(&keyed).await;
    let checkpoint = Checkpoint::take(&db, at(23, 0)).await.expect("taken");
    let known = [checkpoint.clone()];
    let sound = audit::verify(&keyed, &known).await.expect("verified");
    assert!(sound.is_sound(), "{sound}");
    run(&db, &sql(&CUT)).await;
    // the head's seal is that of another end
    assert_eq!(verify(&keyed).await.findings, [Finding::Seal]);
    let truncated = Finding::Truncated {
        expected: RECORDS,
        found: 6,
    };
    let report = audit::verify(&keyed, &known).await.expect("verified");
    assert!(report.findings.contains(&truncated), "{report}");
    let report = audit::verify_since(&keyed, &checkpoint).await;
    let report = report.expect("verified");
    assert!(report.findings.contains(&truncated), "{report}");
    // and the chain written on, up to the same number, is another
    append(&keyed, &[change(1), change(2), change(3)]).await;
    let report = audit::verify(&keyed, &known).await.expect("verified");
    let differs = Finding::Checkpoint { no: RECORDS };
    assert_eq!(report.findings, std::slice::from_ref(&differs));
    let report = audit::verify_since(&keyed, &checkpoint).await;
    assert_eq!(report.expect("verified").findings, [differs]);
}

async fn a_stolen_beginning_is_found(db: TestDatabase) {
    migrated(&db).await;
    let keyed = db.handle().with_audit_key(key(1));
    chain(&keyed).await;
    let steal = [
        "UPDATE audit_head SET base_no = 3, base_hash = (SELECT hash FROM audit_event WHERE no = 3)",
        "DELETE FROM audit_event WHERE no <= 3",
    ];
    run(&db, &sql(&steal[..1])).await;
    let report = verify(&keyed).await;
    let leftover = Finding::Leftover { base: 3, count: 3 };
    assert!(report.findings.contains(&leftover), "{report}");
    run(&db, &sql(&steal[1..])).await;
    let report = verify(&keyed).await;
    let base = Finding::Base { base: 3 };
    assert!(report.findings.contains(&base), "{report}");
    run(&db, &sql(&["DELETE FROM audit_head"])).await;
    assert_eq!(verify(&keyed).await.findings, [Finding::NoHead]);
    let refused = db
        .write(|tx| async move { audit::append(&tx, &change(1)).await })
        .await;
    assert!(matches!(refused, Err(Error::AuditHead)), "{refused:?}");
}

async fn the_key_is_asked_for_and_kept_to(db: TestDatabase) {
    migrated(&db).await;
    append(&db, &[change(1)]).await;
    let keyed = db.handle().with_audit_key(key(1));
    // no record has the key yet: nothing tells this chain from a forged one
    assert_eq!(verify(&keyed).await.findings, [Finding::NoKey { no: 1 }]);
    append(&keyed, &[change(2), change(3)]).await;
    let report = verify(&keyed).await;
    assert!(
        report.is_sound() && report.keyed_from == Some(2),
        "{report}"
    );
    // neither without the key nor with another can anybody write or verify
    for other in [db.handle(), db.handle().with_audit_key(key(2))] {
        let refused = other
            .write(|tx| async move { audit::append(&tx, &change(4)).await })
            .await;
        assert!(
            matches!(refused, Err(Error::AuditKey { .. })),
            "{refused:?}"
        );
        let name = key(1).name().to_owned();
        let findings = verify(&other).await.findings;
        assert_eq!(findings, [Finding::OtherKey { no: 2, name }]);
    }
    // a record forged without the key
    let forged = sql(&["UPDATE audit_head SET key_id = ''"]);
    run(&db, &forged).await;
    append(&db, &[change(4)]).await;
    let report = verify(&keyed).await;
    assert!(
        report.findings.contains(&Finding::NoKey { no: 4 }),
        "{report}"
    );
}

async fn a_key_is_adopted_once_and_old_records_stay_sound(db: TestDatabase) {
    migrated(&db).await;
    append(&db, &[change(1), change(2)]).await;
    assert!(!audit::adopt_key(&db, at(23, 0)).await.expect("no key"));
    assert_eq!(audit::key_name(db.conn()).await.expect("read"), None);
    let keyed = db.handle().with_audit_key(key(1));
    assert!(audit::adopt_key(&keyed, at(23, 1)).await.expect("adopted"));
    assert!(!audit::adopt_key(&keyed, at(23, 2)).await.expect("has it"));
    let name = audit::key_name(db.conn()).await.expect("read");
    assert_eq!(name.as_deref(), Some(key(1).name()));
    append(&keyed, &[change(3)]).await;
    let report = verify(&keyed).await;
    assert!(report.is_sound(), "{report}");
    assert_eq!((report.last, report.keyed_from), (4, Some(3)));
    let query = audit::Query {
        action: Some("audit.key".to_owned()),
        ..audit::Query::default()
    };
    let page = zhida_platform::paging::PageRequest::first(5);
    let found = audit::list(&keyed, &query, &page).await.expect("listed");
    let detail = found.items[0].detail.as_ref().expect("a detail");
    assert_eq!(detail["without_key_up_to"], 2);
    // without it, or with another, the program does not start
    for other in [db.handle(), db.handle().with_audit_key(key(2))] {
        let refused = audit::adopt_key(&other, at(23, 3)).await;
        assert!(
            matches!(refused, Err(Error::AuditKey { .. })),
            "{refused:?}"
        );
    }
    for finding in [
        Finding::Seal,
        Finding::NoHead,
        Finding::Changed { no: 7 },
        Finding::Truncated {
            expected: 9,
            found: 7,
        },
    ] {
        assert!(!finding.slug().is_empty() && finding.advice().contains('：'));
        assert!(finding.no().is_none_or(|no| no == 7));
    }
}

async fn eight_writers_leave_one_chain(db: TestDatabase) {
    const EACH: i64 = 25;
    migrated(&db).await;
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let url = db.url().to_owned();
            tokio::spawn(async move {
                // each its own server
                let db = Database::connect(&url).await.expect("connected");
                for n in 0..EACH {
                    let entry = change(writer * EACH + n);
                    let undone: Result<(), Error> = db
                        .write(|tx| {
                            let entry = entry.clone();
                            async move {
                                audit::append(&tx, &entry).await?;
                                match n % 5 {
                                    0 => Err(Error::TxEscaped),
                                    _ => Ok(()),
                                }
                            }
                        })
                        .await;
                    assert_eq!(undone.is_err(), n % 5 == 0, "{undone:?}");
                }
                db.close().await;
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("no panic");
    }
    let report = verify(&db).await;
    assert!(report.is_sound(), "{report}");
    assert_eq!((report.checked, report.last), (160, 160));
}

async fn views_written_together_are_each_there_or_refused(db: TestDatabase) {
    migrated(&db).await;
    let views = (0..200).map(|n| {
        let db = db.handle();
        tokio::spawn(async move {
            let view = Entry::view(
                at(22, n),
                officer(),
                "registry.view",
                "enterprise",
                n.to_string(),
            );
            audit::record(&db, &[view]).await
        })
    });
    for view in views.collect::<Vec<_>>() {
        view.await.expect("no panic").expect("recorded");
    }
    let report = verify(&db).await;
    assert!(report.is_sound() && report.checked == 200, "{report}");
    let each = "SELECT COUNT(DISTINCT subject_id) FROM audit_event WHERE viewed";
    let each = db::query_count(db.conn(), each, []).await;
    assert_eq!(each.expect("counted"), 200);
    // who goes away before the answer takes nobody along, and nothing half
    let handle = db.handle();
    let gone = tokio::spawn(async move { audit::record(&handle, &[change(1)]).await });
    gone.abort();
    let _aborted = gone.await;
    audit::record(&db, &[change(2)]).await.expect("recorded");
    assert!(verify(&db).await.is_sound());
    run(&db, &sql(&["DELETE FROM audit_head"])).await;
    let refused = audit::record(&db, &[change(3)]).await;
    assert!(matches!(refused, Err(Error::AuditHead)), "{refused:?}");
}

async fn a_report_says_which_number_and_what(db: TestDatabase) {
    migrated(&db).await;
    chain(&db).await;
    let tampering = [
        "UPDATE audit_event SET actor = '别人' WHERE no = 2",
        "DELETE FROM audit_event WHERE no IN (4, 5)",
    ];
    run(&db, &sql(&tampering)).await;
    let report = verify(&db).await;
    let expected = [
        Finding::Changed { no: 2 },
        Finding::Removed { from: 4, to: 5 },
    ];
    assert_eq!(report.findings, expected);
    let text = report.to_string();
    for part in [
        "发现 2 处问题",
        "第 2 条与校验值不符",
        "第 4 条至第 5 条不见了",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

async fn eight_write(db: &TestDatabase, each: i64, views: bool) -> Duration {
    let started = Instant::now();
    let writers = (0..8).map(|writer| {
        let db = db.handle();
        tokio::spawn(async move {
            for n in 0..each {
                let entries = [change(writer * each + n)];
                if views {
                    audit::record(&db, &entries).await.expect("written");
                } else {
                    append(&db, &entries).await;
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("no panic");
    }
    started.elapsed()
}

/// With `ZHIDA_TEST_MEASURE=1` and `--no-capture` it tells how many a second.
#[tokio::test(flavor = "multi_thread")]
async fn writes_and_views_of_eight_are_one_chain() {
    let (each, more) = match std::env::var_os("ZHIDA_TEST_MEASURE") {
        Some(_) => (500, 50_000),
        None => (10, 200),
    };
    for db in zhida_testkit::databases().await {
        migrated(&db).await;
        let appended = eight_write(&db, each, false).await;
        let viewed = eight_write(&db, each, true).await;
        let more: Vec<Entry> = (0..more).map(change).collect();
        append(&db, &more).await;
        let started = Instant::now();
        let report = verify(&db).await;
        assert!(report.is_sound(), "{report}");
        let rate = |count: u64, time: Duration| u128::from(count) * 1_000_000 / time.as_micros();
        println!(
            "{:?}, 8 writers: {} transactions with a record/s, {} views recorded/s; {} records/s verified",
            db.engine(),
            rate(8 * each.unsigned_abs(), appended),
            rate(8 * each.unsigned_abs(), viewed),
            rate(report.checked, started.elapsed()),
        );
    }
}
