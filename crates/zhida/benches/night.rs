//! The night of 免申即享: all enterprises against all items that are paid without an application, the first time
//! (everything is new), after a few enterprises have changed, and once more with nothing changed.
//!
//! `cargo bench -p zhida --bench night -- --enterprises 1400000 --items 100 --changed 5000 [--database postgres] [--data FOLDER]`
//!
//! Items are the shipped ones that are in force, and those of `--items` generated ones that are 免申 (three of ten).
//! `--prepare yes` fills the database only.
#![allow(clippy::unwrap_used, reason = "a bench stops at the first surprise")]
#![allow(
    dead_code,
    unused_imports,
    reason = "modules of the program and of other benches, of which it needs a part"
)]

#[path = "../src/api_page.rs"]
mod api_page;
#[path = "../src/app.rs"]
mod app;
#[path = "../src/cli.rs"]
mod cli;
#[path = "../src/commands/mod.rs"]
mod commands;
#[path = "../src/database.rs"]
mod database;
#[path = "../src/help.rs"]
mod help;
mod product;
#[path = "../src/terminal.rs"]
mod terminal;
#[path = "../src/watch.rs"]
mod watch;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use std::{fs, time::Instant};

use product::{Product, argument, machine};
use zhida_platform::{
    db::{self, FromQueryResult},
    progress::Silent,
};

fn main() {
    let enterprises = argument("--enterprises").unwrap_or(20_000_u64);
    let items = argument("--items").unwrap_or(100_u32);
    let changed = argument("--changed").unwrap_or(500_u64);
    zhida_testkit::block_on(async {
        let product = Product::open().await;
        let began = Instant::now();
        product.items(items).await;
        if product.enterprises(enterprises).await {
            product.sample_enterprises().await;
        }
        let unasked = product.unasked_schemes().await;
        println!("filled in {:.0} s", began.elapsed().as_secs_f64());
        if argument::<String>("--prepare").is_some() {
            return;
        }
        let began = Instant::now();
        product.engine().await;
        println!("engine ready after {:.1} s", began.elapsed().as_secs_f64());
        println!("{}; {}", product.told, machine::calm());
        let rows = product.count("SELECT COUNT(*) FROM enterprise").await;
        println!(
            "enterprises: {rows}; items of 免申即享 with a scheme: {unasked}; generated items: {items}"
        );
        println!("\n| night | items | new | lost | changed | candidates | s | peak memory MiB |");
        println!("|---|---|---|---|---|---|---|---|");
        night(&product, "first, all new").await;
        let told = change(&product, changed).await;
        night(&product, &told).await;
        night(&product, "nothing changed").await;
        println!("\n{}", machine::calm());
    });
}

async fn night(product: &Product, name: &str) {
    let began = Instant::now();
    let report = product.app.redemption.night(&Silent).await.unwrap();
    let seconds = began.elapsed().as_secs_f64();
    let candidates = product
        .count("SELECT COUNT(*) FROM redemption_candidate")
        .await;
    println!(
        "| {name} | {} | {} | {} | {} | {candidates} | {seconds:.1} | {} |",
        report.items,
        report.new,
        report.lost,
        report.changed,
        machine::peak_mib()
    );
}

#[derive(FromQueryResult)]
struct Enterprise {
    code: String,
    name: String,
}

/// Some enterprises have other facts: every second more people, every second no 高新技术企业 any more.
async fn change(product: &Product, changed: u64) -> String {
    let sql = format!(
        "SELECT code, name FROM enterprise WHERE code IN
             (SELECT enterprise FROM redemption_candidate ORDER BY random() LIMIT {changed}) ORDER BY code"
    );
    let found: Vec<Enterprise> = db::query_all(product.app.db.conn(), &sql, [])
        .await
        .unwrap();
    let mut text = "统一社会信用代码,企业名称,从业人数,高新技术企业\n".to_owned();
    for (n, one) in found.iter().enumerate() {
        let (people, high) = if n % 2 == 0 { (260, "是") } else { (3, "否") };
        text.push_str(&format!("{},{},{people},{high}\n", one.code, one.name));
    }
    let file = product.folder.join("changed.csv");
    fs::write(&file, text).unwrap();
    let today = product.app.matching.today();
    product.bring(&file, today, None).await;
    fs::remove_file(&file).unwrap();
    format!("{} enterprises changed", found.len())
}
