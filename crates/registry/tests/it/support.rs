//! What the tests arrange: a registry in a fresh database, and files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zhida_platform::config::Config;
use zhida_platform::jobs::{Jobs, Settings, Worker};
use zhida_platform::progress::Silent;
use zhida_registry::Registry;
use zhida_registry::import::{ImportError, ImportOptions, ImportReport, Importer};
use zhida_rules::Dictionary;
use zhida_standards::uscc::Uscc;
use zhida_testkit::{HandClock, TestDatabase};

/// A registry, its folder, its database and what it does in the background.
pub struct Setup {
    pub registry: Arc<Registry>,
    pub jobs: Jobs,
    pub clock: Arc<HandClock>,
    pub folder: tempfile::TempDir,
    pub db: TestDatabase,
}

pub async fn setup(db: TestDatabase) -> Setup {
    db.migrate(&[zhida_registry::migrations()]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(HandClock::on("2026-11-22"));
    let registry = Registry::new(db.handle(), Dictionary::shipped(), clock.clone())
        .with_folder(folder.path().join("files"));
    let registry = Arc::new(registry);
    let jobs = Jobs::new(db.handle(), clock.clone());
    zhida_registry::background(&registry, &jobs, &Config::default());
    Setup {
        registry,
        jobs,
        clock,
        folder,
        db,
    }
}

impl Setup {
    /// Runs what waits in the background to its end.
    pub async fn work(&self) {
        let worker = Worker::new(self.jobs.clone(), Settings::default());
        worker.run_due().await.unwrap();
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub fn importer(&self) -> Importer {
        Importer::new(Arc::clone(&self.registry))
    }

    pub async fn import(
        &self,
        path: &Path,
        options: &ImportOptions,
    ) -> Result<ImportReport, ImportError> {
        self.importer().run(path, options, &Silent).await
    }

    /// Imports CSV text as of a day by a department.
    pub async fn bring(&self, text: &str, department: &str, as_of: &str) -> ImportReport {
        let path = self.file("file.csv", text);
        let options = options(department, as_of);
        let report = self.import(&path, &options).await.unwrap();
        assert_eq!(
            report.rows,
            report.accepted + report.rejected + report.unchanged
        );
        report
    }

    /// Everything stored, for “nothing changed”.
    pub async fn contents(&self) -> Vec<(&'static str, i64)> {
        let mut counts = Vec::new();
        for table in [
            "enterprise",
            "enterprise_tag",
            "import_batch",
            "fact_change",
            "audit_event",
        ] {
            let sql = format!("SELECT COUNT(*) FROM {table}");
            let count = zhida_platform::db::query_count(self.db.conn(), &sql, [])
                .await
                .unwrap();
            counts.push((table, count));
        }
        counts.push(("version", self.registry.version().await.unwrap()));
        counts
    }

    /// A fact's value in words, or “unknown”.
    pub async fn fact(&self, code: &str, id: &str, year: Option<i32>) -> String {
        let enterprise = self
            .registry
            .enterprise(code)
            .await
            .unwrap()
            .expect("the enterprise is there");
        let index = Dictionary::shipped()
            .find(id)
            .expect("an attribute of the dictionary");
        enterprise
            .facts
            .get(index, year)
            .map_or("unknown".to_owned(), |fact| fact.value.to_string())
    }
}

pub fn options(department: &str, as_of: &str) -> ImportOptions {
    ImportOptions {
        department: department.to_owned(),
        as_of: Some(as_of.parse().unwrap()),
        ..ImportOptions::default()
    }
}

/// A code that was never issued (PDY range of GB 11714).
pub fn code(n: u32) -> String {
    Uscc::from_parts('9', '1', "370102", &format!("PDY{n:05}"))
        .unwrap()
        .to_string()
}

pub fn gzip(text: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}
