//! The real registrations, which may not be copied into the repository, imported into both
//! databases and counted. Run by hand with the folder that holds `shandong.csv.gz` and
//! `invalid_uscc.csv.gz`; PostgreSQL has to be installed:
//!
//! ```text
//! cargo run --release -p zhida-registry --example real_data -- FOLDER
//! ```

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use zhida_platform::clock::SystemClock;
use zhida_platform::progress::Silent;
use zhida_registry::Registry;
use zhida_registry::import::{ImportOptions, ImportReport, Importer};
use zhida_rules::Dictionary;
use zhida_testkit::{TestDatabase, block_on, postgres, sqlite};

fn main() {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.expect("give the folder with shandong.csv.gz and invalid_uscc.csv.gz");
    block_on(async {
        imported(sqlite().await, &folder).await;
        imported(postgres().await, &folder).await;
    });
}

async fn imported(db: TestDatabase, folder: &std::path::Path) {
    let migrated = db.migrate(&[zhida_registry::migrations()]).await;
    migrated.expect("a fresh database takes the migrations");
    let rejects = tempfile::tempdir().expect("a temporary folder can be made");
    let registry = Registry::new(db.handle(), Dictionary::shipped(), Arc::new(SystemClock));
    let registry = registry.with_folder(rejects.path().to_path_buf());
    let importer = Importer::new(Arc::new(registry));
    let options = ImportOptions {
        department: "市场监管".to_owned(),
        as_of: chrono::NaiveDate::from_ymd_opt(2005, 1, 1),
        rejects: Some(rejects.path().join("rejects.csv")),
        ..ImportOptions::default()
    };
    let run = async |name: &str| -> ImportReport {
        let started = Instant::now();
        let report = importer.run(&folder.join(name), &options, &Silent).await;
        let report = report.expect("the file can be read");
        println!(
            "{:?} {name}：{} 行，{:?}",
            db.engine(),
            report.rows,
            started.elapsed()
        );
        report
    };
    let counts = |report: &ImportReport| [report.rows, report.accepted, report.rejected];
    let first = run("shandong.csv.gz").await;
    println!("{:#?}\n{:#?}", first.notes, first.examples);
    assert_eq!(counts(&first), [37_534, 37_534, 0]);
    assert_eq!(counts(&run("shandong.csv.gz").await), [37_534, 0, 0]);
    let refused = run("invalid_uscc.csv.gz").await;
    assert_eq!(counts(&refused), [3_361, 0, 3_361]);
    let path = refused.rejects.expect("rejects were written");
    let text = std::fs::read_to_string(path).expect("the rejects can be read");
    assert_eq!(text.matches("15 位旧工商注册号").count(), 3_039);
}
