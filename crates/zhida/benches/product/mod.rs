//! The product over a filled database, as benches ask it in the process.

pub mod appeal_rows;
pub mod appeals;
pub mod client;
pub mod copies;
#[path = "../../../platform/benches/machine/mod.rs"]
pub mod machine;
pub mod samples;
pub mod seed;

use std::{env, path::PathBuf, str::FromStr};

use tempfile::TempDir;
use zhida_platform::{access::Viewer, config::Config};
use zhida_testkit::{App as Site, TestDatabase};

use crate::app::App;

/// What stands after an argument's name.
pub fn argument<T: FromStr>(name: &str) -> Option<T> {
    let text = env::args().skip_while(|argument| argument != name).nth(1)?;
    let read = text.parse().ok();
    assert!(read.is_some(), "{name} {text} cannot be read");
    read
}

/// The rooms, and a router that answers the browsers of this machine.
pub struct Product {
    pub app: App,
    pub site: Site,
    /// What was said of the database, for the report.
    pub told: String,
    /// Where the database's file and the files are.
    pub folder: PathBuf,
    _postgres: Option<TestDatabase>,
    _folder: Option<TempDir>,
}

impl Product {
    /// Opens it: `--database sqlite` (usual) in `--data FOLDER`, which is kept and used again, or in a folder that
    /// goes; `--database postgres` on the tests' own server; `--database postgres://…` on one that runs.
    pub async fn open() -> Self {
        let kept: Option<PathBuf> = argument("--data");
        let temporary = kept.is_none().then(|| tempfile::tempdir().unwrap());
        let folder = match (&kept, &temporary) {
            (Some(folder), _) => folder.clone(),
            (None, temporary) => temporary.as_ref().unwrap().path().to_owned(),
        };
        std::fs::create_dir_all(&folder).unwrap();
        let mut config = Config::default();
        config.files.folder = folder.join("files").display().to_string();
        let database: String = argument("--database").unwrap_or_else(|| "sqlite".to_owned());
        let mut postgres = None;
        config.database.url = match database.as_str() {
            "sqlite" => format!("sqlite:{}", folder.join("zhida.db").display()),
            "postgres" => {
                let db = postgres.insert(zhida_testkit::postgres().await);
                db.url().to_owned()
            }
            url => url.to_owned(),
        };
        if database != "sqlite" {
            config.database.snapshots = folder.join("snapshots").display().to_string();
        }
        let app = App::open_for(&config, true).await.unwrap();
        app.office.files().make_folder().unwrap();
        let site = Site::new(app.router(&config, Viewer::visitor(), true));
        Self {
            told: machine::database(&app.db).await,
            app,
            site,
            folder,
            _postgres: postgres,
            _folder: temporary,
        }
    }

    /// Waits until the engine of the matches answers, as in a server that has run for a while.
    pub async fn engine(&self) {
        self.app.matching.keep_current();
        while !self.app.matching.is_ready() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}
