//! Server time of every page and every reading route of the API over a filled database: each asked as somebody who has
//! the right to it, with a session, through the whole router in the process.
//!
//! `cargo bench -p zhida --bench pages -- --enterprises 1400000 --cases 300000 [--database postgres] [--data FOLDER]`
//!
//! Routes are those of `data/rights.toml`, so that none is forgotten; those for which there is nothing to ask for are
//! named at the end. Further: `--requests 30` of each with other ids and filters (fewer where ten seconds pass),
//! `--only TEXT` of the path, `--prepare yes` to fill the database only (twice with the same `--data`: what is there stays).
#![allow(clippy::unwrap_used, reason = "a bench stops at the first surprise")]
#![allow(
    dead_code,
    unused_imports,
    reason = "modules of the program and of other benches, of which it needs a part"
)]

#[path = "../../src/api_page.rs"]
mod api_page;
#[path = "../../src/app.rs"]
mod app;
#[path = "../../src/cli.rs"]
mod cli;
#[path = "../../src/commands/mod.rs"]
mod commands;
#[path = "../../src/database.rs"]
mod database;
#[path = "../../src/help.rs"]
mod help;
#[path = "../product/mod.rs"]
mod product;
#[path = "../../src/terminal.rs"]
mod terminal;
#[path = "../../src/watch.rs"]
mod watch;

mod asked;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use product::{
    Product,
    appeal_rows::APPEALS,
    argument,
    client::Client,
    copies::{self, Copies},
    machine,
    samples::REDEMPTION,
    seed::code,
};
use zhida_platform::{
    access::{Open, Rights, Role, Side},
    db::{ConnectionTrait as _, Engine},
    progress::Silent,
};

use asked::{Asked, Filling};

/// Time for one route, after which it is asked no more.
const PATIENCE: Duration = Duration::from_secs(10);
/// Requests of a route that nobody is impatient with.
const REQUESTS_MIN: usize = 3;
/// How many of ten cases are appeals.
const APPEALS_OF_TEN: u64 = 4;
/// Cases of the enterprise whose own pages are asked for.
const OWN_CASES: u64 = 40;

fn main() {
    let enterprises = argument("--enterprises").unwrap_or(20_000_u64);
    let cases = argument("--cases").unwrap_or(10_000_u64);
    let requests = argument("--requests").unwrap_or(30_usize);
    zhida_testkit::block_on(async {
        let product = Product::open().await;
        let began = Instant::now();
        fill(&product, enterprises, cases).await;
        println!("filled in {:.0} s", began.elapsed().as_secs_f64());
        if argument::<String>("--prepare").is_some() {
            return;
        }
        product.engine().await;
        println!("{}; {}", product.told, machine::calm());
        sizes(&product).await;
        measure(&product, requests).await;
        println!(
            "\n{}; peak memory {} MiB",
            machine::calm(),
            machine::peak_mib()
        );
    });
}

/// Everything of which there are many; what is there already stays.
async fn fill(product: &Product, enterprises: u64, cases: u64) {
    product.items(0).await;
    if product.enterprises(enterprises).await {
        // what comes after is news
        product
            .app
            .matching
            .save_run("实测", &Silent)
            .await
            .unwrap();
        product.sample_enterprises().await;
        product
            .app
            .matching
            .save_run("实测", &Silent)
            .await
            .unwrap();
    }
    product.accounts().await;
    if product.count("SELECT COUNT(*) FROM case_head").await > 0 {
        return;
    }
    product.shipped_schemes().await;
    product.engine().await;
    let samples = product.samples().await;
    let db = &product.app.db;
    let appeals = cases * APPEALS_OF_TEN / 10;
    let copies = Copies {
        from: 0,
        cases: cases - appeals,
        own: OWN_CASES,
        prefix: "兑付",
    };
    copies::fill(db, &samples, &REDEMPTION, &copies).await;
    let samples = product.appeal_samples().await;
    let copies = Copies {
        from: copies.cases,
        cases: appeals,
        prefix: "诉求",
        ..copies
    };
    copies::fill(db, &samples, &APPEALS, &copies).await;
    product.meetings().await;
    let sum = |column: &str| {
        format!(
            "{column} = (SELECT CAST(COALESCE(SUM(c.{column}), 0) AS BIGINT) FROM fund_claim c WHERE c.pool = fund_pool.id)"
        )
    };
    let sums = ["reserved", "committed", "paid"].map(sum).join(", ");
    let sums = format!("UPDATE fund_pool SET {sums}");
    db.conn().execute_unprepared(&sums).await.unwrap();
    if db.engine() == Engine::Postgres {
        // as its own upkeep does soon after
        db.conn().execute_unprepared("ANALYZE").await.unwrap();
    }
}

async fn sizes(product: &Product) {
    for table in [
        "enterprise",
        "case_head",
        "case_event",
        "redemption_case",
        "appeal",
        "appeal_voice",
        "meeting_task",
        "redemption_candidate",
        "redemption_notice",
        "redemption_notice_row",
        "redemption_letter",
        "fund_payment",
        "fund_batch",
        "message",
    ] {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        print!("{table} {}; ", product.count(&sql).await);
    }
    println!();
}

/// What came of one route in one role.
struct Measured {
    route: String,
    role: String,
    first: Duration,
    times: Vec<Duration>,
    bytes: usize,
    statuses: BTreeMap<u16, usize>,
    slowest: String,
    refused: String,
}

impl Measured {
    fn at(&self, percent: usize) -> Duration {
        let position = (self.times.len() * percent).div_ceil(100).saturating_sub(1);
        self.times.get(position).copied().unwrap_or(self.first)
    }

    fn line(&self) -> String {
        let ms = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1_000.0);
        format!(
            "| `{}` | {} | {} | {} | {} | {} | {:.0} |",
            self.route,
            self.role,
            self.times.len() + 1,
            ms(self.first),
            ms(self.at(50)),
            ms(self.at(99)),
            self.bytes as f64 / 1_024.0
        )
    }
}

async fn measure(product: &Product, requests: usize) {
    let only: Option<String> = argument("--only");
    let mut filling = Filling::new(product, &code(1));
    let (mut measured, mut nothing) = (Vec::new(), Vec::new());
    let mut people: BTreeMap<&str, Client> = BTreeMap::new();
    for route in Rights::shipped().routes() {
        let wanted = only
            .as_ref()
            .is_none_or(|only| route.path.contains(only.as_str()));
        if route.method.as_str() != "GET" || !wanted {
            continue;
        }
        for role in roles(&route.open, &route.path) {
            if !people.contains_key(role.id.as_str()) {
                let client = match role.side {
                    Side::Public => Client::visitor(&product.site),
                    _ => Client::enter(&product.site, &role.id).await,
                };
                people.insert(&role.id, client);
            }
            let own = role.side == Side::Enterprise;
            let asked = filling.asked(&route.path, &role.id, own).await;
            match asked {
                Asked::Nothing => nothing.push(format!("{} ({})", route.path, role.name)),
                Asked::Paths(paths) => {
                    let client = &people[role.id.as_str()];
                    measured.push(one(client, &route.path, role, paths, requests).await);
                }
            }
        }
    }
    report(measured, &nothing);
}

/// A role of each side that has the right, the one that reaches the most; anybody for what is everybody's.
fn roles(open: &Open, path: &str) -> Vec<&'static Role> {
    let rights = Rights::shipped();
    let Open::To(action) = open else {
        return vec![rights.visitor()];
    };
    if rights.visitor().scope(action).is_some() {
        return vec![rights.visitor()];
    }
    if let Some((_, seats)) = asked::SEATS.iter().find(|(known, _)| *known == path) {
        let role = |id: &&str| rights.roles().iter().find(|role| role.id == **id);
        return seats.iter().filter_map(role).collect();
    }
    // pages that speak to one side only
    let of_enterprises = asked::OF_ENTERPRISES.contains(&path);
    let of_officers = path.starts_with("/redemption/desk");
    let sides = [Side::Enterprise, Side::Government, Side::Administration];
    let best = |side: Side| {
        let able = rights
            .roles()
            .iter()
            .filter(move |role| role.side == side && role.scope(action).is_some());
        // of equals the first
        able.rev().max_by_key(|role| role.scope(action))
    };
    let found = sides.into_iter().filter_map(best);
    found
        .filter(|role| match role.side {
            Side::Enterprise => !of_officers,
            _ => !of_enterprises,
        })
        .collect()
}

async fn one(
    client: &Client,
    route: &str,
    role: &Role,
    paths: Vec<String>,
    requests: usize,
) -> Measured {
    let mut measured = Measured {
        route: route.to_owned(),
        role: role.name.clone(),
        first: Duration::ZERO,
        times: Vec::new(),
        bytes: 0,
        statuses: BTreeMap::new(),
        slowest: String::new(),
        refused: String::new(),
    };
    let mut paths = paths;
    let (began, mut longest) = (Instant::now(), Duration::ZERO);
    for n in 0..requests {
        if n >= REQUESTS_MIN && began.elapsed() > PATIENCE {
            break;
        }
        let path = paths[n % paths.len()].clone();
        let start = Instant::now();
        let answer = client.get(&path).await;
        let time = start.elapsed();
        if n == 0 {
            measured.first = time;
            // the following page is another query
            paths.extend(asked::next_page(route, &path, &answer));
        } else {
            measured.times.push(time);
        }
        if time >= longest {
            (longest, measured.slowest) = (time, path.clone());
        }
        let status = answer.status.as_u16();
        *measured.statuses.entry(status).or_default() += 1;
        measured.bytes = measured.bytes.max(answer.bytes.len());
        if !(200..400).contains(&status) {
            let text = String::from_utf8_lossy(&answer.bytes).into_owned();
            measured.refused = format!("{path}: {}", asked::said(&text));
        }
    }
    measured.times.sort_unstable();
    measured
}

fn report(mut measured: Vec<Measured>, nothing: &[String]) {
    measured.sort_by_key(|one| std::cmp::Reverse(one.at(99)));
    let good = |one: &&Measured| {
        one.statuses
            .keys()
            .all(|status| (200..400).contains(status))
    };
    println!("\n| route | role | requests | first ms | median ms | p99 ms | KiB at most |");
    println!("|---|---|---|---|---|---|---|");
    for one in measured.iter().filter(good) {
        println!("{}", one.line());
    }
    let answered = measured.iter().filter(good).count();
    println!("\n{answered} routes and roles were answered. The slowest requests:");
    for one in measured.iter().filter(good).take(15) {
        println!("  {} ({})", one.slowest, one.role);
    }
    println!("\nNot answered with a page:");
    for one in measured.iter().filter(|one| !good(one)) {
        println!(
            "  {:?} {} ({}): {}",
            one.statuses, one.route, one.role, one.refused
        );
    }
    println!("\nNothing there to ask for:");
    for route in nothing {
        println!("  {route}");
    }
}
