//! A whole city through the built program: import beside SQLite's and DuckDB's own CSV import of the
//! same file, then the pages.
//!
//! `cargo bench -p zhida --bench city -- --enterprises 1400000`
//!
//! Peers are taken when they are there: `sqlite3` (Debian), DuckDB (`pip install duckdb`).
#![allow(clippy::unwrap_used, reason = "a bench stops at the first surprise")]

use std::{
    env, fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const ZHIDA: &str = env!("CARGO_BIN_EXE_zhida");
const PAGE_REQUESTS: usize = 100;

fn main() {
    let enterprises = argument("--enterprises").unwrap_or_else(|| "1400000".into());
    let folder = tempfile::tempdir().unwrap();
    let city = folder.path().join("city");
    println!(
        "enterprises: {enterprises}; cores: {}",
        thread::available_parallelism().unwrap()
    );
    println!("\n| step | wall s | peak MiB | rows/s |\n|---|---|---|---|");
    let rows: f64 = enterprises.parse().unwrap();
    let report = |name: &str, run: Run| {
        let rate = rows / run.seconds;
        println!(
            "| {name} | {:.1} | {} | {rate:.0} |",
            run.seconds,
            run.peak_kib / 1024
        );
    };
    let generate = Command::new(ZHIDA)
        .args([
            "generate",
            "city",
            "--items",
            "100",
            "--seed",
            "1",
            "--enterprises",
            &enterprises,
        ])
        .arg("--out")
        .arg(&city)
        .stdout(Stdio::null())
        .spawn();
    report("zhida generate city", measure(generate.unwrap()));
    let csv = city.join("enterprises.csv");
    println!(
        "| (file: {} MiB) | | | |",
        fs::metadata(&csv).unwrap().len() >> 20
    );

    let database = format!("sqlite:{}", folder.path().join("zhida.db").display());
    report(
        "zhida import, SQLite, empty database",
        measure(import(&csv, &database)),
    );
    report(
        "zhida import, SQLite, same file again",
        measure(import(&csv, &database)),
    );
    let postgres = zhida_testkit::block_on(zhida_testkit::postgres());
    report(
        "zhida import, PostgreSQL (fsync off)",
        measure(import(&csv, postgres.url())),
    );
    if let Some(peer) = sqlite(&csv, folder.path()) {
        report(
            "sqlite3 .import, all columns text, no checks",
            measure(peer),
        );
    }
    if let Some(peer) = duckdb(&csv, folder.path()) {
        report("DuckDB read_csv into a table, no checks", measure(peer));
    }
    drop(postgres);
    pages(&csv, &enterprises);
}

fn argument(name: &str) -> Option<String> {
    env::args().skip_while(|argument| argument != name).nth(1)
}

struct Run {
    seconds: f64,
    peak_kib: u64,
}

/// Waits for a process; its peak memory is the last high-water mark seen.
fn measure(mut child: Child) -> Run {
    let start = Instant::now();
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    loop {
        let high_water = fs::read_to_string(&status).ok().and_then(|text| {
            let line = text
                .lines()
                .find(|line| line.starts_with("VmHWM:"))?
                .to_owned();
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        });
        peak_kib = peak_kib.max(high_water.unwrap_or(0));
        if let Some(exit) = child.try_wait().unwrap() {
            assert!(exit.success(), "a measured command failed");
            return Run {
                seconds: start.elapsed().as_secs_f64(),
                peak_kib,
            };
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn import(csv: &Path, database: &str) -> Child {
    Command::new(ZHIDA)
        .args(["import", "enterprises", "--json", "--database", database])
        .arg(csv)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn sqlite(csv: &Path, folder: &Path) -> Option<Child> {
    Command::new("sqlite3")
        .arg(folder.join("peer.db"))
        .arg("PRAGMA journal_mode=WAL")
        .arg(format!(".import --csv {} enterprise", csv.display()))
        .stdout(Stdio::null())
        .spawn()
        .ok()
}

fn duckdb(csv: &Path, folder: &Path) -> Option<Child> {
    let installed = Command::new("python3")
        .args(["-c", "import duckdb"])
        .stderr(Stdio::null())
        .status();
    if !installed.is_ok_and(|status| status.success()) {
        return None;
    }
    let script = format!(
        "import duckdb; duckdb.connect('{}').execute(\"CREATE TABLE enterprise AS SELECT * FROM \
         read_csv('{}', all_varchar=true)\")",
        folder.join("peer.duckdb").display(),
        csv.display()
    );
    Command::new("python3").args(["-c", &script]).spawn().ok()
}

/// Starts the demo with as many enterprises and asks for its pages one after another.
fn pages(csv: &Path, enterprises: &str) {
    let data = tempfile::tempdir().unwrap();
    let addr = "127.0.0.1:18080";
    let mut server = Command::new(ZHIDA)
        .args([
            "demo",
            "--addr",
            addr,
            "--enterprises",
            enterprises,
            "--data",
        ])
        .arg(data.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while TcpStream::connect(addr).is_err() {
        assert!(
            start.elapsed() < Duration::from_secs(600),
            "the demo did not start"
        );
        thread::sleep(Duration::from_millis(200));
    }
    println!(
        "\ndemo served its first page after {:.1} s",
        start.elapsed().as_secs_f64()
    );
    let head = fs::read_to_string(csv).unwrap();
    let code = head
        .lines()
        .nth(1)
        .and_then(|line| line.split(',').find(|c| c.contains("PDY")));
    let code = code.unwrap().to_owned();
    drop(head);
    println!("\n| page | first ms | median ms | p99 ms | KiB |\n|---|---|---|---|---|");
    for path in [
        "/".to_owned(),
        "/policies".to_owned(),
        "/policies?q=%E7%A0%94%E5%8F%91".to_owned(),
        "/policies/p024-yanfa-houbuzhu".to_owned(),
        "/calculator".to_owned(),
        "/enterprises".to_owned(),
        "/enterprises?text=%E6%A0%B7%E4%BE%8B%E7%B2%BE%E5%AF%86".to_owned(),
        format!("/enterprises/{code}"),
        format!("/enterprises/{code}/matches"),
        format!("/api/v1/match/enterprises/{code}"),
    ] {
        let (first, _) = get(addr, &path);
        let mut times = Vec::new();
        let mut bytes = 0;
        for _ in 0..PAGE_REQUESTS {
            let (time, length) = get(addr, &path);
            times.push(time);
            bytes = length;
        }
        times.sort_by(f64::total_cmp);
        let (median, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
        println!(
            "| {path} | {first:.1} | {median:.1} | {p99:.1} | {} |",
            bytes / 1024
        );
    }
    server.kill().unwrap();
    server.wait().unwrap();
}

/// Milliseconds to the last byte, and the bytes.
fn get(addr: &str, path: &str) -> (f64, usize) {
    let start = Instant::now();
    let mut stream = TcpStream::connect(addr).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let head = String::from_utf8_lossy(&answer[..answer.len().min(20)]).into_owned();
    assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
    (start.elapsed().as_secs_f64() * 1000.0, answer.len())
}
