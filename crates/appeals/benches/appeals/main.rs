//! Appeals per second beside stored appeals: create → accept → dispatch → reply → rate, then the first page of the
//! department's queue; and what the supervisor asks at a million open ones.
//!
//! `cargo bench -p zhida-appeals --bench appeals -- --cases 1000000 --rounds 2000 --clients 4`, and `-- --open 1000000`
//!
//! Everything is asked as programs ask it, by the JSON interface through the room's router in this process: with rights,
//! without sessions. The rating is the page's own form. Each step is a transaction with its audit record.
//!
//! `--database sqlite`, `postgres`, both when nothing is said, or the address of one: `sqlite:FILE` or
//! `postgres://…`. A running PostgreSQL whose `fsync` may be set is measured without and with it by `--fsync off,on`.
//! What is stored already is not stored again, so that a filled database can be asked once more.
//!
//! `--cases`: stored appeals, nine of ten closed, of twenty departments and two thousand enterprises, copies of appeals
//! that went through the room. `--open`: nothing is commanded; so many more are stored that so many are open, half of
//! them overdue.
#![allow(clippy::unwrap_used, reason = "a bench stops at the first surprise")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zhida_appeals::AppealQuery;
use zhida_appeals::words::{Alert, Appeal};
use zhida_platform::access::Viewer;
use zhida_platform::cases::Cases;
use zhida_platform::clock::{Clock as _, SystemClock};
use zhida_platform::db::{self, ConnectionTrait as _, Database, Engine, FromQueryResult};

use copies::{Copies, Sample};
use desk::{BODIES, Desk, boss, clerk, code, name, officer};
use load::{Kept, Times, argument, databases, median_and_p99, number, side_by_side};

#[path = "../../../zhida/benches/product/appeal_rows.rs"]
mod appeal_rows;
#[path = "../../../zhida/benches/product/copies.rs"]
mod copies;
mod desk;
#[path = "../../../platform/benches/load/mod.rs"]
mod load;
#[allow(dead_code, reason = "shared with the benches of the program")]
#[path = "../../../platform/benches/machine/mod.rs"]
mod machine;

const CASES: Cases<Appeal> = Cases::new("appeals", "诉求");
const STEPS: usize = 6;
/// Times that each question about many is asked.
const ASKED: usize = 20;
/// Cases that the watch reads at once.
const BATCH: i64 = 200;
/// What DIGIT's own load test of complaints reached (CREATE → ASSIGN → RESOLVE → SEARCH), for a line beside ours: its
/// README, `digit-load-tests`, on 8 to 16 virtual cores, over HTTP with Kafka between the services.
const PEER: &str =
    "| DIGIT, as published (its machines, over HTTP) | 0 / 1000000 | 37 / 6.3 | | | | | | |";

fn main() {
    let run = Run {
        rounds: number("--rounds", 200),
        clients: number("--clients", 1),
    };
    let (stored, open) = (number("--cases", 0), number("--open", 0));
    println!(
        "rounds: {}; clients: {}; {}",
        run.rounds,
        run.clients,
        machine::calm()
    );
    zhida_testkit::block_on(async {
        let (mut lines, mut many) = (Vec::new(), Vec::new());
        for asked in databases() {
            let kept = Kept::open(&asked).await;
            let (name, db) = (kept.name(), kept.handle());
            let folder = tempfile::tempdir().unwrap();
            let desk = Arc::new(Desk::open(&db, folder.path()).await);
            if count(&db).await == 0 && open == 0 {
                run.measure(name, &desk, &mut lines).await;
            }
            if stored > 0 {
                fill(name, &desk, stored).await;
                run.measure(name, &desk, &mut lines).await;
                questions(name, &desk, &mut many).await;
            }
            if open > 0 {
                fill_open(name, &desk, open).await;
                questions(name, &desk, &mut many).await;
            }
        }
        println!(
            "\n| database | stored | appeals/s | create ms | accept ms | dispatch ms | reply ms | rate ms | queue ms |"
        );
        println!(
            "|---|---|---|---|---|---|---|---|---|\n{}\n{PEER}",
            lines.join("\n")
        );
        println!("\n| database | stored, open | question | found | ms |\n|---|---|---|---|---|");
        println!("{}", many.join("\n"));
        println!(
            "\nmedian / 99th percentile; {}; peak memory {} MiB",
            machine::calm(),
            machine::peak_mib()
        );
    });
}

async fn count(db: &Database) -> u64 {
    counted(db, "SELECT COUNT(*) FROM appeal").await
}

async fn counted(db: &Database, sql: &str) -> u64 {
    let count = db::query_count(db.conn(), sql, []).await;
    u64::try_from(count.unwrap()).unwrap()
}

const OPEN: &str = "SELECT COUNT(*) FROM case_head WHERE closed_at IS NULL AND room = 'appeals'";

#[derive(Clone, Copy)]
struct Run {
    rounds: u64,
    clients: u64,
}

impl Run {
    /// A line of the table; two where the database's safety is switched.
    async fn measure(self, name: &str, desk: &Arc<Desk>, lines: &mut Vec<String>) {
        let settings: String = argument("--fsync").unwrap_or_default();
        for setting in settings.split(',') {
            if !setting.is_empty() && desk.db.engine() == Engine::Postgres {
                set_fsync(&desk.db, setting).await;
            }
            let said = machine::database(&desk.db).await;
            println!("{name}: {said}; {}", machine::calm());
            let line = self.line(desk).await;
            let mark = match setting {
                "" => name.to_owned(),
                setting => format!("{name}, fsync {setting}"),
            };
            lines.push(format!("| {mark} | {line} |"));
        }
    }

    async fn line(self, desk: &Arc<Desk>) -> String {
        let stored = count(&desk.db).await;
        // connections are opened, statements prepared, versions learnt
        let versions = learn(desk).await;
        lane(desk, 0, 5, versions).await;
        let each = self.rounds.div_ceil(self.clients);
        let (rate, times) = side_by_side(self.clients, each * self.clients, |client| {
            let desk = Arc::clone(desk);
            async move { lane(&desk, client, each, versions).await }
        })
        .await;
        let times = times.map(median_and_p99);
        format!("{stored} | {rate:.1} | {}", times.join(" | "))
    }
}

/// A server that may be told so waits for the disk, or does not.
async fn set_fsync(db: &Database, setting: &str) {
    for name in ["fsync", "synchronous_commit", "full_page_writes"] {
        let sql = format!("ALTER SYSTEM SET {name} = {setting}");
        db.conn().execute_unprepared(&sql).await.unwrap();
    }
    for sql in ["SELECT pg_reload_conf()", "CHECKPOINT"] {
        db.conn().execute_unprepared(sql).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
}

/// The versions that an appeal has after each step of the officers.
type Versions = [i64; 3];

/// One appeal's way: who asks what.
struct Way<'d> {
    desk: &'d Desk,
    boss: Viewer,
    operator: Viewer,
    clerk: Viewer,
    body: u64,
}

impl<'d> Way<'d> {
    fn new(desk: &'d Desk, enterprise: usize, body: u64) -> Self {
        Self {
            desk,
            boss: boss(enterprise),
            operator: officer("operator"),
            clerk: clerk(body),
            body,
        }
    }

    async fn create(&self, text: &str) -> String {
        let wanted =
            json!({ "text": text, "place": desk::COUNTY, "name": "张三", "phone": "13800001111" });
        let kind = "application/json";
        let path = "/api/v1/appeals";
        let made = self.desk.post(&self.boss, path, kind, wanted.to_string());
        let made = made.await.expect_status(201).json();
        made["id"].as_str().unwrap().to_owned()
    }

    async fn step(&self, who: &Viewer, id: &str, version: i64, mut step: Value) {
        step["version"] = version.into();
        let path = format!("/api/v1/appeals/{id}/steps");
        let kind = "application/json";
        let done = self.desk.post(who, &path, kind, step.to_string()).await;
        let _ = done.expect_status(204);
    }

    async fn accept(&self, id: &str, version: i64) {
        let step =
            json!({ "step": "accept", "category": "labour/insurance/injury", "track": "single" });
        self.step(&self.operator, id, version, step).await;
    }

    async fn dispatch(&self, id: &str, version: i64) {
        let department = desk::body(self.body);
        let step = json!({ "step": "dispatch", "department": department, "helpers": [], "note": "请尽快办理" });
        self.step(&self.operator, id, version, step).await;
    }

    async fn contacted(&self, id: &str, version: i64) {
        let step = json!({ "step": "contacted", "note": "已电话联系，对方说明了情况" });
        self.step(&self.clerk, id, version, step).await;
    }

    async fn reply(&self, id: &str, version: i64) {
        let step = json!({ "step": "reply", "claim": "solved", "text": "已经核实并办理，结果已经告知企业" });
        self.step(&self.clerk, id, version, step).await;
    }

    async fn rate(&self, id: &str) {
        let form = "step=rate&satisfaction=satisfied&words=".to_owned();
        let kind = "application/x-www-form-urlencoded";
        let path = format!("/appeals/{id}/own");
        let rated = self.desk.post(&self.boss, &path, kind, form).await;
        let _ = rated.expect_status(303);
    }

    /// The first page of what the department leads, and how many that are.
    async fn queue(&self) {
        let path = "/api/v1/appeals?who=lead&limit=20";
        let _ = self.desk.get(&self.clerk, path).await.expect_status(200);
    }
}

async fn version(db: &Database, id: &str) -> i64 {
    let sql = "SELECT version FROM case_head WHERE id = $1";
    let version = db::query_count(db.conn(), sql, [id.into()]).await;
    version.unwrap()
}

/// Goes the way once.
async fn learn(desk: &Desk) -> Versions {
    let way = Way::new(desk, 1, 0);
    let id = way.create(&text(0, 0)).await;
    let created = version(&desk.db, &id).await;
    way.accept(&id, created).await;
    let accepted = version(&desk.db, &id).await;
    way.dispatch(&id, accepted).await;
    let dispatched = version(&desk.db, &id).await;
    way.reply(&id, dispatched).await;
    way.rate(&id).await;
    [created, accepted, dispatched]
}

fn text(client: u64, round: u64) -> String {
    format!(
        "厂区门口 {client} 号路灯从第 {round} 天起不亮，夜班工人出入不安全，希望尽快修好并告知结果"
    )
}

/// One client: whole appeals, one after the other.
async fn lane(desk: &Desk, client: u64, rounds: u64, versions: Versions) -> Times<STEPS> {
    let mut times: Times<STEPS> = Default::default();
    let [created, accepted, dispatched] = versions;
    for round in 0..rounds {
        let number = client * rounds + round;
        let enterprise = usize::try_from(number).unwrap() * 7 % desk::ENTERPRISES;
        let way = Way::new(desk, enterprise, number % BODIES);
        let text = text(client, round);
        let mut began = Instant::now();
        let mut lap = |times: &mut Times<STEPS>, step: usize| {
            times[step].push(began.elapsed());
            began = Instant::now();
        };
        let id = way.create(&text).await;
        lap(&mut times, 0);
        way.accept(&id, created).await;
        lap(&mut times, 1);
        way.dispatch(&id, accepted).await;
        lap(&mut times, 2);
        way.reply(&id, dispatched).await;
        lap(&mut times, 3);
        way.rate(&id).await;
        lap(&mut times, 4);
        way.queue().await;
        lap(&mut times, 5);
    }
    times
}

#[derive(FromQueryResult)]
struct Number {
    number: String,
}

/// Where a sample stands when it is copied.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// Nobody has accepted it.
    Intake,
    /// With its department.
    Handle,
    /// Replied to; the appellant has not spoken.
    Visit,
    Closed,
}

async fn sample(desk: &Desk, number: u64, stand: Stand, share: u64) -> Sample {
    let way = Way::new(desk, 0, number % BODIES);
    let id = way.create(&text(number, 9_999)).await;
    let now = async || version(&desk.db, &id).await;
    if stand != Stand::Intake {
        way.accept(&id, now().await).await;
        way.dispatch(&id, now().await).await;
        way.contacted(&id, now().await).await;
    }
    if matches!(stand, Stand::Visit | Stand::Closed) {
        way.reply(&id, now().await).await;
    }
    if stand == Stand::Closed {
        way.rate(&id).await;
    }
    let sql = "SELECT number FROM case_head WHERE id = $1";
    let row: Option<Number> = db::query_one(desk.db.conn(), sql, [id.as_str().into()])
        .await
        .unwrap();
    Sample {
        number: row.unwrap().number,
        case: id,
        enterprise: code(0),
        name: name(0),
        share,
        is_open: stand != Stand::Closed,
    }
}

/// Nine of ten closed, if there are to be closed ones; of the open nearly all with the departments.
async fn samples(desk: &Desk, closed: bool) -> Vec<Sample> {
    let (mut samples, mut number) = (Vec::new(), 0);
    let mut wanted = vec![(Stand::Intake, 10), (Stand::Visit, 10)];
    for _ in 0..BODIES {
        match closed {
            true => wanted.extend([(Stand::Closed, 45), (Stand::Handle, 4)]),
            false => wanted.push((Stand::Handle, 49)),
        }
    }
    for (stand, share) in wanted {
        samples.push(sample(desk, number, stand, share).await);
        number += 1;
    }
    samples
}

/// Stores so many.
async fn fill(name: &str, desk: &Desk, stored: u64) {
    let known = count(&desk.db).await;
    if known >= stored {
        return;
    }
    let began = Instant::now();
    let samples = samples(desk, true).await;
    copy(desk, &samples, stored - known).await;
    told(name, desk, began).await;
}

/// Stores so many more that so many are open.
async fn fill_open(name: &str, desk: &Desk, open: u64) {
    let known = counted(&desk.db, OPEN).await;
    if known >= open {
        return;
    }
    let began = Instant::now();
    let samples = samples(desk, false).await;
    copy(desk, &samples, open - known).await;
    // the watch finds one of a hundred of the overdue waiting, as after a night that it stood still
    let sql = "UPDATE case_clock SET look_at = due_at WHERE due_at < $1 AND case_id LIKE '%00'";
    let now = zhida_platform::clock::instant_text(SystemClock.now());
    db::execute(desk.db.conn(), sql, [now.into()])
        .await
        .unwrap();
    told(name, desk, began).await;
}

async fn copy(desk: &Desk, samples: &[Sample], cases: u64) {
    let copies = Copies {
        from: count(&desk.db).await,
        cases,
        own: 0,
        prefix: "诉求",
    };
    copies::fill(&desk.db, samples, &appeal_rows::APPEALS, &copies).await;
    if desk.db.engine() == Engine::Postgres {
        // as its upkeep does soon after
        for sql in ["VACUUM ANALYZE case_head, appeal, appeal_body", "ANALYZE"] {
            desk.db.conn().execute_unprepared(sql).await.unwrap();
        }
    }
}

async fn told(name: &str, desk: &Desk, began: Instant) {
    println!(
        "{name}: {} appeals stored, {} open; filled in {:.0} s; {}",
        count(&desk.db).await,
        counted(&desk.db, OPEN).await,
        began.elapsed().as_secs_f64(),
        machine::calm()
    );
}

/// What is asked of many: the supervisor's lists, figures and the look for what is due.
async fn questions(name: &str, desk: &Desk, lines: &mut Vec<String>) {
    let all = format!(
        "{}, {}",
        count(&desk.db).await,
        counted(&desk.db, OPEN).await
    );
    let supervisor = officer("supervisor");
    let overdue = AppealQuery {
        standing: Some(Alert::Overdue),
        ..AppealQuery::default()
    };
    let mut line = |question: &str, found: String, times: Vec<Duration>| {
        let line = format!(
            "| {name} | {all} | {question} | {found} | {} |",
            median_and_p99(times)
        );
        println!("{line}");
        lines.push(line);
    };
    let (mut times, mut found) = (Vec::new(), 0);
    for _ in 0..ASKED {
        let began = Instant::now();
        found = desk.appeals.count(&supervisor, &overdue).await.unwrap();
        times.push(began.elapsed());
    }
    line("all overdue, counted", found.to_string(), times);
    for (question, path) in [
        (
            "overdue: page and total",
            "/api/v1/appeals?standing=overdue&limit=50",
        ),
        ("overdue: the page", "/appeals?standing=overdue"),
        ("open: page and total", "/api/v1/appeals?limit=50"),
        ("silent", "/appeals?standing=silent"),
        ("unassigned", "/appeals?standing=unassigned"),
        ("figures", "/appeals/numbers"),
        ("monthly report", "/appeals/report"),
    ] {
        let (mut times, began) = (Vec::new(), Instant::now());
        while times.len() < 3 || (times.len() < ASKED && began.elapsed().as_secs() < 10) {
            let began = Instant::now();
            let _ = desk.get(&supervisor, path).await.expect_status(200);
            times.push(began.elapsed());
        }
        line(question, String::new(), times);
    }
    let (found, time) = due(&desk.db).await;
    line(
        "all clocks that are due, found",
        found.to_string(),
        vec![time],
    );
}

/// The look that the watch takes every minute, without what it does about what it finds.
async fn due(db: &Database) -> (usize, Duration) {
    let (now, began) = (SystemClock.now(), Instant::now());
    let (mut found, mut after) = (0, None);
    loop {
        let cases = CASES.due_before(db.conn(), now, after, BATCH).await;
        let cases = cases.unwrap();
        let Some(last) = cases.last() else { break };
        after = Some(*last);
        found += cases.len();
    }
    (found, began.elapsed())
}
