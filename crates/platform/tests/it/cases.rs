//! Cases are kept: their events, what follows from them, and what happens when two act at once.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};
use uuid::Uuid;
use zhida_casework::calendar::LocalChange;
use zhida_casework::clock::Resume;
use zhida_casework::{Calendar, Case, Command, Limit, Party, Rules};
use zhida_platform::access::{Origin, Person, Seat, Viewer};
use zhida_platform::cases::{self, Cases, Error, NumberError, calendar, read_number};
use zhida_platform::clock::instant_text;
use zhida_platform::db::{self, Database};
use zhida_testkit::{TestDatabase, both_databases};

use crate::cases_kit::{
    CASES, ENTERPRISE, Grant, TestError, advance, at, bureau, clocks, decide, decide_in,
    enterprise, officer, open, open_in, refuse, route,
};

both_databases!(
    a_case_is_kept_and_read_back,
    whoever_is_slower_is_told_who_was_faster,
    many_officers_at_once_and_one_decides,
    a_stale_page_is_told_what_it_missed,
    numbers_have_no_gaps_and_no_twins,
    what_follows_from_the_events_can_be_made_again,
    due_cases_come_page_by_page,
    another_rooms_case_is_not_there,
    what_is_damaged_is_found,
    the_calendar_is_kept,
);

async fn migrated(db: &TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
}

async fn a_case_is_kept_and_read_back(db: TestDatabase) {
    migrated(&db).await;
    let opened = open(&db, at("2026-11-23 10:00")).await;
    let head = &opened.head;
    assert_eq!(head.number, "兑付-2026-000001-5");
    assert_eq!(read_number(&head.number), Ok(head.number.clone()));
    assert_eq!(
        (head.enterprise.as_str(), head.place.as_str()),
        (ENTERPRISE, "330106")
    );
    assert_eq!(
        (head.stage.as_str(), head.turn.as_str(), head.version),
        ("review", "office", 1)
    );
    assert_eq!(head.holder, Some(bureau().id));
    // five working days from 24 November on: Monday, 30 November, 24:00
    assert_eq!(head.due_at, Some(at("2026-12-01 00:00")));
    assert_eq!(head.due_clock.as_deref(), Some("stage"));
    let found = CASES.find(db.conn(), &head.number).await.expect("found");
    assert_eq!(found, Some(head.id));
    let rows = clocks(&db, head.id).await;
    let names: Vec<&str> = rows.iter().map(|row| row.clock.as_str()).collect();
    assert_eq!(names, ["stage", "total"]);
    assert_eq!(rows[0].organisation, Some(bureau().id.to_string()));
    assert_eq!(
        rows[0].look_at,
        Some(instant_text(at("2026-11-27 09:00"))),
        "the first reminder"
    );

    let by = officer("王五");
    let after = decide(&db, head.id, advance(), &by, at("2026-11-24 10:00"))
        .await
        .expect("advanced");
    let loaded = CASES.need(db.conn(), head.id).await.expect("read");
    assert_eq!(loaded, after);
    assert_eq!(loaded.events.len(), 2);
    assert_eq!(Case::replay(&loaded.events).as_ref(), Ok(&loaded.case));
    assert_eq!(
        (loaded.head.stage.as_str(), loaded.head.turn.as_str()),
        ("notice", "system")
    );
    assert_eq!(loaded.head.changed_at, at("2026-11-24 10:00"));

    decide(&db, head.id, advance(), &by, at("2026-12-01 10:00"))
        .await
        .expect("advanced");
    let paid = Command::Close {
        outcome: crate::cases_kit::Outcome::Paid,
        reason: String::new(),
    };
    let closed = decide(&db, head.id, paid, &by, at("2026-12-02 10:00"))
        .await
        .expect("closed");
    assert_eq!(closed.head.outcome.as_deref(), Some("paid"));
    assert_eq!(
        (closed.head.closed_at, closed.head.due_at),
        (Some(at("2026-12-02 10:00")), None)
    );
    assert_eq!(clocks(&db, head.id).await, [], "no clock of a closed case");
}

async fn whoever_is_slower_is_told_who_was_faster(db: TestDatabase) {
    migrated(&db).await;
    let opened = &open(&db, at("2026-11-23 10:00")).await;
    let first = decide(
        &db,
        opened.head.id,
        refuse(),
        &officer("王五"),
        at("2026-11-24 10:05"),
    )
    .await;
    first.expect("the first decides");
    let second: Result<_, TestError> = db
        .write(|tx| async move {
            decide_in(
                &tx,
                opened,
                &advance(),
                &officer("赵六"),
                at("2026-11-24 10:06"),
            )
            .await
        })
        .await;
    let Err(TestError::Cases(Error::Conflict(conflict))) = second else {
        panic!("{second:?}")
    };
    assert_eq!(
        conflict.to_string(),
        "您操作之前，江城市经信局 王五 已在 10:05 办理了这件事项：办结：不予兑付：条件不符"
    );
    let loaded = CASES.need(db.conn(), opened.head.id).await.expect("read");
    assert_eq!(loaded.events.len(), 2, "nothing of the second was kept");
}

async fn many_officers_at_once_and_one_decides(db: TestDatabase) {
    migrated(&db).await;
    let id = open(&db, at("2026-11-23 10:00")).await.head.id;
    let tasks = (0..8).map(|n| {
        let db = db.handle();
        tokio::spawn(async move {
            let command = if n % 2 == 0 { refuse() } else { advance() };
            let by = officer(&format!("经办员{n}"));
            decide(&db, id, command, &by, at("2026-11-24 10:00")).await
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.expect("no panic"));
    }
    let loaded = CASES.need(db.conn(), id).await.expect("read");
    let done = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(loaded.events.len(), 1 + done);
    assert_eq!(Case::replay(&loaded.events).as_ref(), Ok(&loaded.case));
    let clear = |error: &TestError| {
        matches!(
            error,
            TestError::Cases(Error::Conflict(_) | Error::Refused(_))
        )
    };
    assert!(
        answers
            .iter()
            .flat_map(|answer| answer.as_ref().err())
            .all(clear),
        "{answers:?}"
    );
    assert!(
        done >= 1 && !loaded.case.is_open() || done == 2,
        "{answers:?}"
    );
}

async fn a_stale_page_is_told_what_it_missed(db: TestDatabase) {
    migrated(&db).await;
    let opened = open(&db, at("2026-11-23 10:00")).await;
    let shown = opened.head.version;
    let note = Command::Note {
        text: "已电话联系".to_owned(),
    };
    let noted = decide(
        &db,
        opened.head.id,
        note,
        &officer("王五"),
        at("2026-11-24 09:30"),
    )
    .await;
    let noted = noted.expect("noted");
    let told = noted
        .expect_version(shown)
        .expect_err("the page is stale")
        .to_string();
    assert!(
        told.contains("王五 已在 09:30") && told.contains("已电话联系"),
        "{told}"
    );
    noted
        .expect_version(noted.head.version)
        .expect("this page is not");
}

async fn numbers_have_no_gaps_and_no_twins(db: TestDatabase) {
    migrated(&db).await;
    let now = at("2026-12-31 23:30");
    let undone: Result<(), TestError> = db
        .write(|tx| async move {
            open_in(&tx, now).await?;
            Err(TestError::Undone)
        })
        .await;
    assert!(matches!(undone, Err(TestError::Undone)));
    let tasks: Vec<_> = (0..12)
        .map(|_| {
            let db = db.handle();
            tokio::spawn(async move { open(&db, now).await.head.number })
        })
        .collect();
    let mut numbers = BTreeSet::new();
    for task in tasks {
        let number = task.await.expect("opened");
        assert!(numbers.insert(number.clone()), "{number} came twice");
    }
    let serials: Vec<&str> = numbers
        .iter()
        .filter_map(|number| number.get(12..18))
        .collect();
    let expected: Vec<String> = (1..=12).map(|n| format!("{n:06}")).collect();
    assert_eq!(serials, expected);
    // half an hour later it is another year in China
    let next_year = open(&db, at("2027-01-01 00:00")).await.head.number;
    assert!(next_year.starts_with("兑付-2027-000001-"), "{next_year}");
    let wrong = next_year.replace("000001", "000010");
    assert_eq!(read_number(&wrong), Err(NumberError::Check(wrong.clone())));
}

/// Everything that a case can have open: a pause, two opinions, a hold.
async fn busy_case(db: &Database) -> Uuid {
    let opened = open(db, at("2026-11-23 10:00")).await;
    let hold = Command::Hold {
        hold: "异议1".to_owned(),
        reason: "有人提出异议".to_owned(),
    };
    let extend = Command::Relimit {
        limit: Limit::working_days(9),
        reason: "转为联审".to_owned(),
    };
    for (command, when) in [(extend, "2026-11-24 10:00"), (hold, "2026-11-25 10:00")] {
        decide(db, opened.head.id, command, &officer("王五"), at(when))
            .await
            .expect("done");
    }
    opened.head.id
}

async fn what_follows_from_the_events_can_be_made_again(db: TestDatabase) {
    migrated(&db).await;
    let id = busy_case(&db).await;
    let quiet = open(&db, at("2026-11-24 10:00")).await.head.id;
    for id in [id, quiet] {
        let (before, rows) = (
            CASES.need(db.conn(), id).await.expect("read"),
            clocks(&db, id).await,
        );
        assert!(!rows.is_empty());
        let spoil: Result<(), TestError> = db
            .write(|tx| async move {
                let key = || [id.to_string().into()];
                let sql = "UPDATE case_head SET stage = 'lost', due_at = NULL, held = FALSE, holder = NULL WHERE id = $1";
                db::execute(&tx, sql, key()).await?;
                db::execute(&tx, "DELETE FROM case_clock WHERE case_id = $1", key()).await?;
                Ok(())
            })
            .await;
        spoil.expect("spoilt");
        let now = before.head.changed_at;
        let rebuilt: Result<(), TestError> = db
            .write(|tx| async move {
                let (route, calendar) = (route(), Calendar::default());
                let rules = Rules {
                    route: &route,
                    calendar: &calendar,
                };
                Ok(CASES.rebuild(&tx, id, &rules, now).await?)
            })
            .await;
        rebuilt.expect("rebuilt");
        assert_eq!(CASES.need(db.conn(), id).await.expect("read"), before);
        assert_eq!(clocks(&db, id).await, rows);
    }
    let held = CASES.need(db.conn(), id).await.expect("read");
    assert!(held.head.held && held.head.due_at.is_none());
    let stage = &held.case.clocks()[&zhida_casework::ClockName::Stage];
    assert_eq!(stage.clock.pauses[0].resume, Resume::Continue);
}

async fn due_cases_come_page_by_page(db: TestDatabase) {
    migrated(&db).await;
    let mut ids = Vec::new();
    for minute in 0..7 {
        ids.push(
            open(&db, at("2026-11-23 10:00") + TimeDelta::minutes(minute))
                .await
                .head
                .id,
        );
    }
    let by = officer("王五");
    decide(&db, ids[3], refuse(), &by, at("2026-11-24 10:00"))
        .await
        .expect("closed");
    let open_ids: Vec<Uuid> = ids.iter().copied().filter(|id| *id != ids[3]).collect();
    let early = CASES
        .due_before(db.conn(), at("2026-11-27 08:59"), None, 100)
        .await;
    assert!(early.expect("read").is_empty(), "no reminder yet");
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = CASES
            .due_before(db.conn(), at("2026-11-27 09:00"), after, 2)
            .await
            .expect("read");
        let Some(last) = page.last() else { break };
        after = Some(*last);
        assert!(page.len() <= 2);
        found.extend(page.iter().map(|case| case.id));
    }
    assert_eq!(found, open_ids);
    let all = CASES
        .open_after(db.conn(), Some(ids[0]), 100)
        .await
        .expect("read");
    assert_eq!(all, open_ids[1..]);
}

async fn another_rooms_case_is_not_there(db: TestDatabase) {
    migrated(&db).await;
    let opened = open(&db, at("2026-11-23 10:00")).await;
    let other: Cases<Grant> = Cases::new("appeals", "诉求");
    assert_eq!(
        other.load(db.conn(), opened.head.id).await.expect("read"),
        None
    );
    assert_eq!(
        other
            .find(db.conn(), &opened.head.number)
            .await
            .expect("read"),
        None
    );
    let missing = CASES
        .need(db.conn(), Uuid::nil())
        .await
        .expect_err("none")
        .to_string();
    assert!(missing.contains("没有找到办件"), "{missing}");
}

async fn what_is_damaged_is_found(db: TestDatabase) {
    migrated(&db).await;
    let opened = open(&db, at("2026-11-23 10:00")).await;
    let id = opened.head.id;
    let by = officer("王五");
    decide(&db, id, advance(), &by, at("2026-11-24 10:00"))
        .await
        .expect("advanced");
    let taken_out: Result<(), TestError> = db
        .write(|tx| async move {
            let sql = "DELETE FROM case_event WHERE case_id = $1 AND seq = 1";
            db::execute(&tx, sql, [id.to_string().into()]).await?;
            Ok(())
        })
        .await;
    taken_out.expect("taken out");
    let broken = CASES
        .need(db.conn(), id)
        .await
        .expect_err("broken")
        .to_string();
    assert!(broken.contains("第 1 条记录缺失或重复"), "{broken}");
}

async fn the_calendar_is_kept(db: TestDatabase) {
    migrated(&db).await;
    let shipped = calendar::load(db.conn()).await.expect("read");
    assert_eq!(
        (shipped.version, &shipped.calendar),
        (0, &Calendar::default())
    );
    let day: NaiveDate = "2026-11-26".parse().expect("a date");
    let why = || "台风".to_owned();
    let changed = &Calendar::default().change(day, LocalChange::Closed { why: why() });
    for version in 1..=2 {
        let written: Result<bool, TestError> = db
            .write(|tx| async move {
                Ok(calendar::change(
                    &tx,
                    version - 1,
                    changed,
                    "台风停工",
                    at("2026-11-25 10:00"),
                )
                .await?)
            })
            .await;
        assert!(written.expect("written"));
        let city = calendar::load(db.conn()).await.expect("read");
        assert_eq!((city.version, &city.calendar), (version, changed));
        assert_eq!(
            (city.reason().as_str(), city.mark() != shipped.mark()),
            ("台风停工", true)
        );
    }
    assert!(shipped.reason().contains("2026 年"));
}

fn seated(organisation: Option<Uuid>, enterprise: Option<&str>, by: Option<&str>) -> Viewer {
    Viewer::person(Person {
        account: Uuid::from_u128(7),
        name: "王五".to_owned(),
        seat: Some(Seat {
            id: Uuid::from_u128(8),
            organisation,
            organisation_name: "江城市经信局".to_owned(),
            role: "clerk".to_owned(),
            division: None,
            enterprise: enterprise.map(str::to_owned),
            on_behalf_of: by.map(str::to_owned),
        }),
        second_factor: true,
        token: None,
        origin: Origin::default(),
    })
}

#[test]
fn a_viewer_is_a_party_by_its_seat() {
    assert_eq!(cases::party(&Viewer::visitor()), None);
    assert_eq!(
        cases::party(&seated(Some(bureau().id), None, None)),
        Some(officer("王五"))
    );
    assert_eq!(
        cases::party(&seated(None, None, None)),
        None,
        "a seat of nothing"
    );
    let words = |viewer: &Viewer| cases::party(viewer).map(|party| party.words());
    assert_eq!(
        words(&seated(None, Some(ENTERPRISE), None)).as_deref(),
        Some("企业 王五")
    );
    let agency = seated(
        Some(bureau().id),
        Some(ENTERPRISE),
        Some("江城纺织有限公司"),
    );
    assert_eq!(
        words(&agency).as_deref(),
        Some("企业（由江城市经信局代办）")
    );
    let system = cases::party(&Viewer::system("夜间任务"));
    assert_eq!(
        system,
        Some(Party::System {
            name: "夜间任务".to_owned()
        })
    );
    let demo = cases::party(&Viewer::officer("演示办件人员")).expect("an officer");
    assert!(demo.account().is_some() && demo.organisation().is_some());
    assert_eq!(enterprise().slug(), "enterprise");
}
