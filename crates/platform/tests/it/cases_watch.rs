//! The job that looks for cases that are due.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::prelude::async_trait::async_trait;
use serde_json::Value;
use uuid::Uuid;
use zhida_casework::calendar::LocalChange;
use zhida_casework::escalation::Superior;
use zhida_casework::{Calendar, Chain, Command, Event, Route};
use zhida_platform::audit;
use zhida_platform::cases::stuck::{self, Task};
use zhida_platform::cases::{Loaded, Reaction, Watch, calendar};
use zhida_platform::clock::{Clock, SharedClock};
use zhida_platform::db::Tx;
use zhida_platform::jobs::{Cadence, Jobs, NewJob, State};
use zhida_platform::paging::PageRequest;
use zhida_platform::problem::Problem;
use zhida_testkit::{TestDatabase, both_databases};

use crate::cases_kit::{
    CASES, Grant, TestError, advance, at, bureau, decide, officer, open, refuse, route,
};
use crate::jobs::{TestError as JobsError, worker};

both_databases!(
    c14_more_than_a_hundred_overdue_cases_are_all_processed,
    reminders_come_once_each_and_then_the_superior,
    what_was_told_before_there_was_a_column_for_it_is_taken_over,
    a_notice_passes_by_itself_and_the_room_reacts,
    what_the_room_cannot_do_has_not_happened,
    another_calendar_moves_open_cases_only,
    a_warning_that_was_missed_is_not_looked_for_again,
    a_case_that_keeps_failing_waits_longer_each_time_and_holds_up_no_other,
    what_happens_to_a_stuck_case_has_it_tried_at_once,
    what_another_calendar_would_do_is_known_before,
);

/// A clock that tests set.
#[derive(Debug)]
struct SetClock(Mutex<DateTime<Utc>>);

impl Clock for SetClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("not poisoned")
    }
}

/// Notes what happened, and fails when it is told to.
#[derive(Default)]
struct Desk {
    happened: Mutex<Vec<(Uuid, String)>>,
    fails: AtomicBool,
}

#[async_trait]
impl Reaction<Grant> for Desk {
    async fn route_of(&self, _: &Tx, _: &Loaded<Grant>) -> Result<Arc<Route<Grant>>, Problem> {
        Ok(Arc::new(route()))
    }

    async fn chain(&self, _: &Tx, _: &Loaded<Grant>) -> Result<Chain, Problem> {
        let superior = Superior {
            organisation: bureau(),
            person: None,
        };
        Ok(Chain::of(bureau().id, vec![Some(superior)]))
    }

    async fn happened(
        &self,
        _: &Tx,
        loaded: &Loaded<Grant>,
        events: &[Event<Grant>],
    ) -> Result<(), Problem> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(Problem::conflict("资金池不足"));
        }
        let words = events
            .iter()
            .map(|event| (loaded.head.id, event.change.words()));
        self.happened.lock().expect("not poisoned").extend(words);
        Ok(())
    }
}

struct Setup {
    db: TestDatabase,
    clock: Arc<SetClock>,
    jobs: Jobs,
    desk: Arc<Desk>,
}

impl Setup {
    async fn new(db: TestDatabase) -> Self {
        db.migrate(&[]).await.expect("migrated");
        let clock = Arc::new(SetClock(Mutex::new(at("2026-11-23 10:00"))));
        let shared: SharedClock = clock.clone();
        let jobs = Jobs::new(db.handle(), shared.clone());
        let desk = Arc::new(Desk::default());
        let watch = Watch {
            name: "test.due",
            title: "到期办件",
            cases: CASES,
            reaction: desk.clone(),
        };
        watch.register(&jobs, &db, &shared);
        // declared, then switched off: the tests ask for each look themselves
        worker(&jobs).run_due().await.expect("run");
        let plans = &jobs;
        let off: Result<(), JobsError> = db
            .write(|tx| async move {
                let cadence = Cadence::every(1);
                Ok(plans
                    .set_plan(&tx, "test.due", cadence, false, false)
                    .await?)
            })
            .await;
        off.expect("switched off");
        Self {
            db,
            clock,
            jobs,
            desk,
        }
    }

    /// Looks at this time; what the job says, or nothing when it left no trace.
    async fn look(&self, when: &str) -> Option<String> {
        *self.clock.0.lock().expect("not poisoned") = at(when);
        let jobs = &self.jobs;
        let enqueued: Result<_, JobsError> = self
            .db
            .write(|tx| async move {
                Ok(jobs
                    .enqueue(&tx, &NewJob::new("test.due", Value::Null))
                    .await?)
            })
            .await;
        let id = enqueued.expect("enqueued").id();
        worker(jobs).run_due().await.expect("run");
        let job = jobs.find(id).await.expect("read")?;
        assert_eq!(job.state, State::Done, "{}", job.result);
        Some(job.result)
    }

    fn happened(&self) -> Vec<String> {
        let mut happened = self.desk.happened.lock().expect("not poisoned");
        happened.drain(..).map(|(_, words)| words).collect()
    }

    async fn recorded(&self, action: &str) -> u64 {
        let query = audit::Query {
            action: Some(action.to_owned()),
            ..audit::Query::default()
        };
        audit::count(&self.db, &query).await.expect("counted")
    }
}

async fn c14_more_than_a_hundred_overdue_cases_are_all_processed(db: TestDatabase) {
    let setup = Setup::new(db).await;
    for _ in 0..250 {
        open(&setup.db, at("2026-11-23 10:00")).await;
    }
    // due on 30 November; a working day later the superior is told, for nobody handles them
    let said = setup
        .look("2026-12-01 09:00")
        .await
        .expect("there was something");
    assert_eq!(said, "催办提醒 500 件次");
    let happened = setup.happened();
    let escalated = happened
        .iter()
        .filter(|words| words.contains("上报 1 级"))
        .count();
    assert_eq!((escalated, happened.len()), (250, 500));
    assert_eq!(setup.recorded("cases.tell").await, 500);
    assert_eq!(setup.look("2026-12-01 09:01").await, None, "each rung once");
}

async fn reminders_come_once_each_and_then_the_superior(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let id = open(&setup.db, at("2026-11-23 10:00")).await.head.id;
    let handler = zhida_casework::Person {
        account: Uuid::from_u128(7),
        name: "王五".to_owned(),
    };
    let by = officer("王五");
    decide(
        &setup.db,
        id,
        Command::Assign { handler },
        &by,
        at("2026-11-23 11:00"),
    )
    .await
    .expect("assigned");
    let (reminded, escalated) = (Some("reminded"), Some("escalated"));
    for (when, told, urged) in [
        ("2026-11-27 08:59", None, None),
        ("2026-11-27 09:00", Some("本环节时限：提醒王五"), reminded),
        ("2026-11-29 10:00", None, reminded),
        ("2026-11-30 09:00", Some("本环节时限：提醒王五"), reminded),
        ("2026-12-01 03:00", None, reminded),
        (
            "2026-12-01 09:00",
            Some("本环节时限：上报 1 级，江城市经信局负责人"),
            escalated,
        ),
        // level 2 is held by nobody
        (
            "2026-12-03 09:00",
            Some("本环节时限：上报 2 级，系统管理员（第 2 级没有负责人，请在组织机构里补上任职）"),
            escalated,
        ),
        ("2027-01-15 09:00", None, escalated),
    ] {
        setup.look(when).await;
        assert_eq!(setup.happened().first().map(String::as_str), told, "{when}");
        let head = CASES.head(setup.db.conn(), id).await.expect("read");
        assert_eq!(head.expect("there").urged.as_deref(), urged, "{when}");
    }
    let loaded = CASES.need(setup.db.conn(), id).await.expect("read");
    let rows = crate::cases_kit::clocks(&setup.db, id).await;
    assert_eq!((rows[0].level, rows[0].look_at.as_ref()), (2, None));
    loaded
        .expect_version(2)
        .expect("reminders make no page stale");
}

/// The schema as it was before `case_head.urged`, with cases that were told of then.
async fn what_was_told_before_there_was_a_column_for_it_is_taken_over(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let late = open(&setup.db, at("2026-11-23 10:00")).await.head.id;
    let near = open(&setup.db, at("2026-11-24 10:00")).await.head.id;
    setup.look("2026-12-01 09:00").await;
    let calm = open(&setup.db, at("2026-12-01 09:30")).await.head.id;
    let urged = async || {
        let mut found = Vec::new();
        for id in [late, near, calm] {
            let head = CASES.head(setup.db.conn(), id).await.expect("read");
            found.push(head.expect("there").urged);
        }
        found
    };
    let kept = urged().await;
    let words: Vec<Option<&str>> = kept.iter().map(Option::as_deref).collect();
    assert_eq!(words, [Some("escalated"), Some("reminded"), None]);
    let back = async |tx: Tx| {
        for sql in [
            "DROP INDEX case_head_urged",
            "DROP INDEX case_head_queue",
            "ALTER TABLE case_head DROP COLUMN urged",
            "CREATE INDEX case_head_queue ON case_head (room, id)",
            "DELETE FROM schema_migration WHERE step = '014-case-urged'",
        ] {
            zhida_platform::db::execute(&tx, sql, []).await?;
        }
        Ok::<_, zhida_platform::db::Error>(())
    };
    setup.db.write(back).await.expect("as it was");
    setup.db.migrate(&[]).await.expect("migrated");
    assert_eq!(urged().await, kept);
}

async fn a_notice_passes_by_itself_and_the_room_reacts(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let id = open(&setup.db, at("2026-11-23 10:00")).await.head.id;
    decide(
        &setup.db,
        id,
        advance(),
        &officer("王五"),
        at("2026-11-24 10:00"),
    )
    .await
    .expect("advanced");
    // 24 to 30 November
    assert_eq!(
        setup.look("2026-12-01 00:00").await,
        None,
        "24:00 is still in time"
    );
    let said = setup.look("2026-12-01 00:01").await;
    assert_eq!(said.as_deref(), Some("到期自动处理 1 件次"));
    assert_eq!(setup.happened(), ["进入“拨付”：时限届满"]);
    let loaded = CASES.need(setup.db.conn(), id).await.expect("read");
    assert_eq!(loaded.head.stage, "pay");
    assert_eq!(setup.recorded("cases.time_up").await, 1);
}

async fn what_the_room_cannot_do_has_not_happened(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let id = open(&setup.db, at("2026-11-23 10:00")).await.head.id;
    decide(
        &setup.db,
        id,
        advance(),
        &officer("王五"),
        at("2026-11-24 10:00"),
    )
    .await
    .expect("advanced");
    setup.desk.fails.store(true, Ordering::Relaxed);
    let said = setup.look("2026-12-01 00:01").await.expect("something");
    assert_eq!(
        said,
        format!("1 件没有成功，稍后再试，见“后台”的“受阻办件”（其一：办件 {id}：资金池不足）")
    );
    let loaded = CASES.need(setup.db.conn(), id).await.expect("read");
    assert_eq!(
        (loaded.head.stage.as_str(), loaded.events.len()),
        ("notice", 2)
    );
    assert_eq!(setup.recorded("cases.time_up").await, 0);
    setup.desk.fails.store(false, Ordering::Relaxed);
    let said = setup.look("2026-12-01 00:03").await;
    assert_eq!(
        said.as_deref(),
        Some("到期自动处理 1 件次"),
        "it comes again"
    );
    assert_eq!(stuck::count(setup.db.conn()).await.expect("counted"), 0);
}

async fn a_case_that_keeps_failing_waits_longer_each_time_and_holds_up_no_other(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let broken = in_notice(&setup).await;
    setup.desk.fails.store(true, Ordering::Relaxed);
    let mut tried = Vec::new();
    for minute in 1..=40 {
        let when = format!("2026-12-01 00:{minute:02}");
        if setup.look(&when).await.is_some() {
            tried.push(minute);
        }
    }
    assert_eq!(tried, [1, 3, 7, 15, 31], "after 2, 4, 8 and 16 minutes");
    let page = PageRequest::first(10);
    let rows = stuck::list(setup.db.conn(), &page).await.expect("read");
    let row = &rows.items[0];
    assert_eq!((row.case, row.task, row.tries), (broken, Task::Due, 5));
    assert_eq!(
        (row.since, row.next_at),
        (at("2026-12-01 00:01"), at("2026-12-01 01:03"))
    );
    assert_eq!(row.reason, "资金池不足");
    assert!(row.number.starts_with("兑付-2026-"));

    setup.desk.fails.store(false, Ordering::Relaxed);
    in_notice(&setup).await;
    let said = setup.look("2026-12-01 01:01").await;
    assert_eq!(
        said.as_deref(),
        Some("到期自动处理 1 件次"),
        "another case goes on"
    );
    assert_eq!(stuck::count(setup.db.conn()).await.expect("counted"), 1);
    // an administrator who mended the cause need not wait
    let now = at("2026-12-01 01:02");
    let again: Result<bool, TestError> = setup
        .db
        .write(|tx| async move { Ok(stuck::try_again(&tx, broken, Task::Due, now).await?) })
        .await;
    assert!(again.expect("written"));
    let said = setup.look("2026-12-01 01:02").await;
    assert_eq!(said.as_deref(), Some("到期自动处理 1 件次"));
    assert_eq!(stuck::count(setup.db.conn()).await.expect("counted"), 0);
}

async fn what_happens_to_a_stuck_case_has_it_tried_at_once(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let id = in_notice(&setup).await;
    setup.desk.fails.store(true, Ordering::Relaxed);
    setup.look("2026-12-01 00:01").await.expect("tried");
    assert_eq!(setup.look("2026-12-01 00:02").await, None, "it waits");
    let hold = Command::Hold {
        hold: "objection:1".to_owned(),
        reason: "收到异议".to_owned(),
    };
    let by = officer("王五");
    decide(&setup.db, id, hold, &by, at("2026-12-01 00:02"))
        .await
        .expect("held");
    assert_eq!(stuck::count(setup.db.conn()).await.expect("counted"), 0);
    assert_eq!(
        setup.look("2026-12-01 00:02").await,
        None,
        "nothing of it is due any more"
    );
}

/// A case whose notice is over at the end of 2026-11-30.
async fn in_notice(setup: &Setup) -> Uuid {
    let id = open(&setup.db, at("2026-11-23 10:00")).await.head.id;
    let by = officer("王五");
    decide(&setup.db, id, advance(), &by, at("2026-11-24 10:00"))
        .await
        .expect("advanced");
    id
}

async fn what_another_calendar_would_do_is_known_before(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let id = open(&setup.db, at("2026-11-23 10:00")).await.head.id;
    for _ in 0..2 {
        let id = open(&setup.db, at("2026-11-23 10:00")).await.head.id;
        let by = officer("王五");
        let closed = decide(&setup.db, id, refuse(), &by, at("2026-11-24 10:00"));
        closed.await.expect("closed");
    }
    let conn = setup.db.conn();
    let closed = |day: &str| {
        let why = "台风".to_owned();
        let day: NaiveDate = day.parse().expect("a date");
        Calendar::default().change(day, LocalChange::Closed { why })
    };
    let effect = async |then: &Calendar| {
        let found = calendar::effect(conn, &Calendar::default(), then, 100).await;
        let found = found.expect("computed");
        (found.concerned, found.computed, found.moved, found.refused)
    };
    assert_eq!(effect(&Calendar::default()).await, (0, 0, 0, 0));
    assert_eq!(effect(&closed("2026-11-26")).await, (1, 1, 1, 0));
    assert_eq!(
        effect(&closed("2026-12-25")).await,
        (0, 0, 0, 0),
        "due before"
    );
    // the usual hours do not move what is counted in days
    let hours = "08:30-17:30".parse().expect("hours");
    assert_eq!(effect(&Calendar::with_hours(hours)).await, (1, 1, 0, 0));
    // and it does just that
    let then = &closed("2026-11-26");
    let now = at("2026-11-25 10:00");
    let written: Result<bool, TestError> = setup
        .db
        .write(|tx| async move { Ok(calendar::change(&tx, 0, then, "台风", now).await?) })
        .await;
    assert!(written.expect("written"));
    let said = setup.look("2026-11-25 10:01").await;
    assert_eq!(said.as_deref(), Some("重新计算时限 1 件次"));
    let case = CASES.need(conn, id).await.expect("read");
    assert_eq!(case.head.due_at, Some(at("2026-12-02 00:00")));
}

async fn another_calendar_moves_open_cases_only(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let going = open(&setup.db, at("2026-11-23 10:00")).await.head.id;
    let done = open(&setup.db, at("2026-11-23 10:00")).await.head.id;
    decide(
        &setup.db,
        done,
        refuse(),
        &officer("王五"),
        at("2026-11-24 10:00"),
    )
    .await
    .expect("closed");
    assert_eq!(
        setup.look("2026-11-24 11:00").await,
        None,
        "the calendar is as it was"
    );
    let day: NaiveDate = "2026-11-26".parse().expect("a date");
    let why = "台风".to_owned();
    let changed = &Calendar::default().change(day, LocalChange::Closed { why });
    let write = async |version: i64| {
        let now = at("2026-11-25 10:00");
        let written: Result<bool, TestError> = setup
            .db
            .write(|tx| async move {
                Ok(calendar::change(&tx, version, changed, "台风停工一天", now).await?)
            })
            .await;
        written.expect("written")
    };
    assert!(write(0).await);
    assert!(!write(0).await, "somebody was faster");
    let said = setup.look("2026-11-25 10:01").await;
    assert_eq!(said.as_deref(), Some("重新计算时限 1 件次"));
    let open_case = CASES.need(setup.db.conn(), going).await.expect("read");
    assert_eq!(open_case.head.due_at, Some(at("2026-12-02 00:00")));
    let last = open_case.events.last().expect("an event");
    assert_eq!(last.change.words(), "重新计算时限：台风停工一天");
    let closed = CASES.need(setup.db.conn(), done).await.expect("read");
    assert_eq!(closed.events.len(), 2);
    assert_eq!(setup.recorded("cases.recalculate").await, 1);
    assert_eq!(
        setup.look("2026-11-25 10:02").await,
        None,
        "once for each state of the calendar"
    );
}

async fn a_warning_that_was_missed_is_not_looked_for_again(db: TestDatabase) {
    let setup = Setup::new(db).await;
    let id = open(&setup.db, at("2026-11-23 10:00")).await.head.id;
    // the server was down from before the first reminder until after the due date
    let said = setup.look("2026-12-01 08:00").await;
    assert_eq!(said, None, "the offices are closed");
    let rows = crate::cases_kit::clocks(&setup.db, id).await;
    let look = rows[0].look_at.clone().expect("there is more to come");
    let morning = zhida_platform::clock::instant_text(at("2026-11-30 09:00"));
    assert_eq!(
        look, morning,
        "the warning is over, the reminder of the due day is not"
    );
    let said = setup.look("2026-12-01 09:00").await;
    assert_eq!(said.as_deref(), Some("催办提醒 2 件次"));
}
