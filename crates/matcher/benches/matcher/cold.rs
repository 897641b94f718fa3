//! From the snapshot on the disk to the lists of all items, in a process of its own.
//!
//! The snapshot's files were synced when they were saved. Their pages are dropped with `dd
//! iflag=nocache count=0`, which advises the system so (`posix_fadvise`); `fincore` tells how many
//! remain. Where one of the programs is missing, or the folder is kept in memory, that is said.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Instant,
};

use zhida_matcher::{Desk, Engine, Options, Program, Store, Want, snapshot};
use zhida_rules::{ItemRules, archive};

use crate::{
    measure::{calm, memory, once},
    workload::{ON, World},
};

/// Where the process that [`restart`]s finds the snapshot.
const FOLDER: &str = "ZHIDA_BENCH_SNAPSHOT";

/// Was this process started to [`restart`]?
pub fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// Compiled rules as a snapshot keeps them.
pub fn archived(program: &Program, items: &[ItemRules]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let items = items.iter().map(|item| ("", item));
    archive::write(program.dictionary(), items, &mut bytes).expect("a list takes all bytes");
    bytes
}

/// Saves a snapshot and starts another process on it, twice.
pub fn cold(store: &Store, rules: &[u8]) {
    calm("snapshot: save");
    let scratch = tempfile::tempdir().expect("there is room for a snapshot");
    let folder = scratch.path().join("snapshot");
    let (saved, time) = once(|| snapshot::save(store.table(), "", rules, &folder));
    saved.expect("the snapshot is saved");
    println!("   {time:.2?}, {}", on_disk(&folder));
    for what in ["pages dropped", "once more, pages dropped again"] {
        calm(&format!("snapshot: a new process, {what}"));
        println!("   {}", dropped(&folder));
        let itself = std::env::current_exe().expect("this program has a path");
        let done = Command::new(itself).env(FOLDER, &folder).status();
        assert!(done.expect("this program starts").success());
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the snapshot is a folder");
    entries
        .map(|entry| entry.expect("the folder is read").path())
        .collect()
}

fn on_disk(folder: &Path) -> String {
    let sizes = files(folder).into_iter().map(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let bytes = path.metadata().map_or(0, |data| data.len());
        format!("{name} {} MB", bytes >> 20)
    });
    sizes.collect::<Vec<_>>().join(", ")
}

/// Asks the system to forget the files' pages; what came of it.
fn dropped(folder: &Path) -> String {
    for path in files(folder) {
        let mut input = std::ffi::OsString::from("if=");
        input.push(&path);
        let mut dd = Command::new("dd");
        dd.arg(input).args(["iflag=nocache", "count=0"]);
        let done = dd.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !done.is_ok_and(|status| status.success()) {
            return "NOT COLD: dd cannot drop the pages".to_owned();
        }
    }
    let mut fincore = Command::new("fincore");
    fincore.args(["--bytes", "--noheadings", "--output", "RES"]);
    match fincore.args(files(folder)).output() {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            let kept: u64 = text.split_whitespace().flat_map(str::parse::<u64>).sum();
            format!("{} KB of the files are still in the page cache", kept >> 10)
        }
        _ => "the pages were dropped; no fincore to see whether".to_owned(),
    }
}

/// Loads everything and answers; what a restart of the server does.
pub fn restart(folder: &Path) {
    let start = Instant::now();
    let dictionary = Arc::new(World::dictionary());
    let (loaded, loading) = once(|| snapshot::load(&dictionary, folder));
    let loaded = loaded.expect("the snapshot was just saved");
    let (items, reading) = once(|| archive::read(&dictionary, &loaded.rules));
    let items = items.expect("the rules were just saved");
    let on = ON.parse().expect("a date");
    let items: Vec<Arc<ItemRules>> = items
        .into_iter()
        .map(|(_, rules)| Arc::new(rules))
        .collect();
    let keyed = (0..).zip(items.iter().cloned());
    let (engine, taking) = once(|| Engine::new(loaded.table.clone(), on, keyed.collect()));
    let view = engine.view();
    let (found, answering) = once(|| view.item(0, Want::EVERYTHING));
    println!(
        "   load {loading:.2?}, read rules {reading:.2?}, take them {taking:.2?}, first item \
         {answering:.2?}: answers after {:.2?}",
        start.elapsed()
    );
    found.expect("there is an item");
    let facts = loaded.table.facts(0).expect("the first enterprise");
    let (_, one) = once(|| view.enterprise(&facts, true, &mut Desk::default()));
    println!("   first enterprise, computed one by one: {one:.2?} more");
    let rules = items.iter().map(|rules| &**rules);
    let (program, compiling) = once(|| Arc::new(Program::compile(&dictionary, on, rules)));
    let (store, encoding) = once(|| Store::encode(&program, loaded.table));
    println!("   compile {compiling:.2?}, encode {encoding:.2?}");
    let options = Options {
        memory: 1 << 30,
        ..Options::default()
    };
    let (lists, listing) = once(|| store.match_lists(options, None));
    let lists = lists.expect("the memory suffices");
    println!(
        "   lists and near misses of all items {listing:.2?}, {} MB: done after {:.2?}; {}",
        lists.bytes() >> 20,
        start.elapsed(),
        memory("VmHWM")
    );
}
