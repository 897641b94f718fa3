//! What a figure depends on beside the program: processor, load, memory, how safely the database writes.

use std::{fs, thread, time::Duration};

use zhida_platform::db::{self, Database, Engine, FromQueryResult};

#[path = "../../../matcher/benches/matcher/gate.rs"]
mod gate;

/// Waits a little for full speed; a line that says how the machine is.
pub fn calm() -> String {
    let (speed, full) = gate::gate(Duration::from_secs(15));
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split(' ').take(3).collect();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let note = if full { "" } else { ", slower than full speed" };
    format!(
        "cores: {cores}; load: {}; calibration: {speed:.2} ns{note}",
        load.join(" ")
    )
}

/// The most memory this process has held, in MiB.
pub fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or_default() >> 10
}

#[derive(FromQueryResult)]
struct Setting {
    value: String,
}

/// Which database it is, and when it says that something is written.
pub async fn database(db: &Database) -> String {
    let ask = async |sql: &str| {
        let row: Option<Setting> = db::query_one(db.conn(), sql, []).await.unwrap();
        row.map_or_else(String::new, |row| row.value)
    };
    match db.engine() {
        Engine::Sqlite => format!(
            "SQLite {}, journal_mode {}, synchronous {}",
            ask("SELECT sqlite_version() AS value").await,
            ask("SELECT journal_mode AS value FROM pragma_journal_mode").await,
            ask("SELECT CAST(synchronous AS TEXT) AS value FROM pragma_synchronous").await,
        ),
        Engine::Postgres => format!(
            "PostgreSQL {}, fsync {}, synchronous_commit {}, shared_buffers {}",
            ask("SELECT current_setting('server_version') AS value").await,
            ask("SELECT current_setting('fsync') AS value").await,
            ask("SELECT current_setting('synchronous_commit') AS value").await,
            ask("SELECT current_setting('shared_buffers') AS value").await,
        ),
    }
}
