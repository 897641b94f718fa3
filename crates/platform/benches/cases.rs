//! Case commands per second, beside stored cases: create → review → decide, each in a transaction of its
//! own with its audit record, then the first page of the queue.
//!
//! `cargo bench -p zhida-platform --bench cases -- --cases 1000000 --rounds 500 --clients 4`
//!
//! `--database sqlite`, `postgres`, both when nothing is said, or `postgres://…` of an empty database on a server that
//! runs. The server of the tests has `fsync` off; the report says what each database says of itself, so a server that
//! is as safe as a city's needs is measured by its address.
//!
//! The stored cases are copies of one that is open and one that is closed (1 : 9), as events, rows and clocks, all of
//! one office, whose queue is asked for. SQLite's file is in the temporary folder, the tests' PostgreSQL in memory when
//! there is enough.
#![allow(clippy::unwrap_used, reason = "a bench stops at the first surprise")]

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use zhida_casework::route::Ladder;
use zhida_casework::{
    Calendar, Case, Command, Draft, Kind, Limit, Opening, Organisation, Party, Person, Route,
    Rules, Step, Turn,
};
use zhida_platform::audit::{self, Entry};
use zhida_platform::cases::{Cases, Error, Head, Loaded, NewCase};
use zhida_platform::db::{self, Database, Tx};

use load::{Kept, Times, databases, median_and_p99, number, side_by_side};

mod load;
#[allow(dead_code, reason = "shared with the benches of the program")]
mod machine;

zhida_casework::words! {
    /// Stages.
    enum Stage {
        Accept = "accept" "受理",
        Decide = "decide" "审定",
    }
}

zhida_casework::words! {
    /// Outcomes.
    enum Outcome {
        Granted = "granted" "同意",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Grant;

impl Kind for Grant {
    type Stage = Stage;
    type Outcome = Outcome;
}

const CASES: Cases<Grant> = Cases::new("bench", "测试");
/// Copies made in one transaction.
const CHUNK: u64 = 20_000;

/// What DIGIT's own load test of complaints reached (CREATE → ASSIGN → RESOLVE → SEARCH), for a line beside ours: its
/// README, `digit-load-tests`, on 8 to 16 virtual cores, over HTTP with Kafka between the services.
const PEER: &str =
    "| DIGIT, as published (its machines, over HTTP) | 0 / 1000000 | 37 / 6.3 | | | | |";

fn main() {
    let (stored, rounds) = (number("--cases", 0), number("--rounds", 200));
    let clients = number("--clients", 1);
    println!("rounds: {rounds}; clients: {clients}; {}", machine::calm());
    zhida_testkit::block_on(async {
        let mut lines = Vec::new();
        for asked in databases() {
            let kept = Kept::open(&asked).await;
            let (name, db) = (kept.name(), kept.handle());
            db.migrate(&[]).await.unwrap();
            println!("{name}: {}", machine::database(&db).await);
            let desk = Arc::new(Desk::new());
            lines.push(report(name, 0, &db, &desk, rounds, clients).await);
            if stored > 0 {
                let began = Instant::now();
                fill(&db, &desk, stored).await;
                let seconds = began.elapsed().as_secs_f64();
                println!(
                    "{name}: {stored} cases stored in {seconds:.0} s; {}",
                    machine::calm()
                );
                lines.push(report(name, stored, &db, &desk, rounds, clients).await);
            }
        }
        println!(
            "\n| database | stored | cases/s | create ms | review ms | decide ms | queue ms |"
        );
        println!(
            "|---|---|---|---|---|---|---|\n{}\n{PEER}",
            lines.join("\n")
        );
        println!("\nmedian / 99th percentile; {}", machine::calm());
    });
}

/// What every command needs.
struct Desk {
    route: Route<Grant>,
    calendar: Calendar,
    office: Organisation,
    officer: Party,
}

impl Desk {
    fn new() -> Self {
        let five = Limit::working_days(5);
        let steps = [
            Step::new(Stage::Accept, Turn::Office)
                .limit(five)
                .ladder(Ladder::usual()),
            Step::new(Stage::Decide, Turn::Office)
                .limit(five)
                .ladder(Ladder::usual())
                .closes([Outcome::Granted]),
        ];
        let draft = Draft {
            total: Some(Limit::working_days(20)),
            ..Draft::new("测试", steps)
        };
        let office = Organisation {
            id: Uuid::from_u128(1),
            name: "江城市经信局".to_owned(),
        };
        let person = Person {
            account: Uuid::from_u128(2),
            name: "王五".to_owned(),
        };
        Self {
            route: Route::new(draft).unwrap(),
            calendar: Calendar::default(),
            officer: Party::Officer {
                person,
                organisation: office.clone(),
            },
            office,
        }
    }

    fn rules(&self) -> Rules<'_, Grant> {
        Rules {
            route: &self.route,
            calendar: &self.calendar,
        }
    }

    async fn create(&self, db: &Database, now: DateTime<Utc>) -> Uuid {
        let opened: Result<Uuid, Error> = db
            .write(|tx| async move {
                let opening = Opening {
                    holder: Some(self.office.clone()),
                    handler: None,
                };
                let events = Case::open(&opening, &self.officer, now, &self.rules())?;
                let new = NewCase {
                    enterprise: "91330106MA2ABCDE1X",
                    place: "330106",
                    title: "研发补助",
                    topic: "",
                };
                let loaded = CASES.open(&tx, &new, &events, &self.rules()).await?;
                record(&tx, &loaded, "bench.create", now).await?;
                Ok(loaded.head.id)
            })
            .await;
        opened.unwrap()
    }

    async fn act(&self, db: &Database, id: Uuid, command: Command<Grant>, now: DateTime<Utc>) {
        let command = &command;
        let done: Result<(), Error> = db
            .write(|tx| async move {
                let loaded = CASES.need(&tx, id).await?;
                let (by, rules) = (&self.officer, self.rules());
                let decided = CASES.decide(&tx, &loaded, command.clone(), by, now, &rules);
                record(&tx, &decided.await?, "bench.act", now).await
            })
            .await;
        done.unwrap();
    }
}

async fn record(
    tx: &Tx,
    loaded: &Loaded<Grant>,
    action: &'static str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let id = loaded.head.id.to_string();
    let entry = Entry::new(now, "王五", action, "case", id).enterprise(&loaded.head.enterprise);
    audit::append(tx, &entry).await?;
    Ok(())
}

fn review() -> Command<Grant> {
    Command::Advance {
        to: None,
        note: "材料齐全".to_owned(),
    }
}

fn decide() -> Command<Grant> {
    Command::Close {
        outcome: Outcome::Granted,
        reason: "符合条件".to_owned(),
    }
}

/// The first page of what an office has to do, the most urgent first.
async fn queue(db: &Database, office: Uuid) -> usize {
    let sql = format!(
        "SELECT {} FROM case_head h WHERE h.holder = $1 AND h.room = 'bench' AND h.closed_at IS NULL
         ORDER BY h.due_at, h.id LIMIT 20",
        Head::COLUMNS
    );
    let rows: Vec<Head> = db::query_all(db.conn(), &sql, [office.to_string().into()])
        .await
        .unwrap();
    rows.len()
}

/// The table's line.
async fn report(
    name: &str,
    stored: u64,
    db: &Database,
    desk: &Arc<Desk>,
    rounds: u64,
    clients: u64,
) -> String {
    // connections are opened, statements prepared
    lane(db, desk, clients.max(5)).await;
    let each = rounds.div_ceil(clients);
    let (rate, times) = side_by_side(clients, each * clients, |_| {
        let (db, desk) = (db.clone(), Arc::clone(desk));
        async move { lane(&db, &desk, each).await }
    })
    .await;
    let [create, review, decide, queue] = times.map(median_and_p99);
    format!("| {name} | {stored} | {rate:.1} | {create} | {review} | {decide} | {queue} |")
}

/// One client: whole cases, one after the other.
async fn lane(db: &Database, desk: &Desk, rounds: u64) -> Times<4> {
    let mut times: Times<4> = Default::default();
    let now: DateTime<Utc> = "2026-11-23T02:00:00Z".parse().unwrap();
    for _ in 0..rounds {
        let began = Instant::now();
        let id = desk.create(db, now).await;
        times[0].push(began.elapsed());
        for (n, command) in [(1, review()), (2, decide())] {
            let began = Instant::now();
            desk.act(db, id, command, now + TimeDelta::hours(1)).await;
            times[n].push(began.elapsed());
        }
        let began = Instant::now();
        queue(db, desk.office.id).await;
        times[3].push(began.elapsed());
    }
    times
}

/// Copies one open and one closed case until there are as many as asked for.
async fn fill(db: &Database, desk: &Desk, stored: u64) {
    let now: DateTime<Utc> = "2026-11-20T02:00:00Z".parse().unwrap();
    let closed = desk.create(db, now).await;
    desk.act(db, closed, review(), now).await;
    desk.act(db, closed, decide(), now).await;
    let open = desk.create(db, now).await;
    for first in (0..stored).step_by(usize::try_from(CHUNK).unwrap()) {
        let last = (first + CHUNK).min(stored) - 1;
        let copied: Result<(), Error> = db
            .write(|tx| async move { copy(&tx, open, closed, first, last).await })
            .await;
        copied.unwrap();
    }
    let count = db::query_count(db.conn(), "SELECT COUNT(*) FROM case_head", [])
        .await
        .unwrap();
    assert!(
        count >= i64::try_from(stored).unwrap(),
        "{count} cases are stored"
    );
}

async fn copy(tx: &Tx, open: Uuid, closed: Uuid, first: u64, last: u64) -> Result<(), Error> {
    let head =
        "room, enterprise, place, title, stage, outcome, turn, held, holder, holder_name, handler,
        handler_name, version, opened_at, closed_at, changed_at, due_at, due_clock";
    let event = "seq, at, kind, party, account, organisation, actor, body";
    let clock = "clock, room, acts, organisation, due_at, look_at, level";
    for (table, key, columns) in [
        ("case_head", "id", head),
        ("case_event", "case_id", event),
        ("case_clock", "case_id", clock),
    ] {
        let (into, from) = match table {
            "case_head" => (
                ", number",
                ", '测试-2020-' || CAST(1000000 + i AS TEXT) || '-0'",
            ),
            _ => ("", ""),
        };
        // every tenth is open
        let sql = format!(
            "WITH RECURSIVE n (i) AS (
                SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < CAST($2 AS BIGINT)
             )
             INSERT INTO {table} ({key}{into}, {columns})
             SELECT '018f0000-0000-7000-8000-' || CAST(100000000000 + i AS TEXT){from}, {columns}
             FROM n JOIN {table} t ON t.{key} = CASE WHEN i % 10 = 0 THEN $3 ELSE $4 END"
        );
        let values = [
            i64::try_from(first).unwrap_or(i64::MAX).into(),
            i64::try_from(last).unwrap_or(i64::MAX).into(),
            open.to_string().into(),
            closed.to_string().into(),
        ];
        db::execute(tx, &sql, values).await?;
    }
    Ok(())
}
