//! The room over a database, with its background work, and viewers in seats.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use uuid::Uuid;
use zhida_office::Office;
use zhida_platform::access::{Viewer, guard};
use zhida_platform::audit::{self, Entry};
use zhida_platform::clock::Clock;
use zhida_platform::config::Config;
use zhida_platform::db::Database;
use zhida_platform::files::FileStore;
use zhida_platform::jobs::{JobContext, JobError, Jobs, Kind, NewJob, Outcome, Settings, Worker};
use zhida_platform::progress::Progress;
use zhida_testkit::{App, TestDatabase, seated};
use zhida_ui::{MenuGroup, Shell, with_frame};

pub(crate) const ENTERPRISE: &str = "91370102PDY000001K";
/// Steps of the slow job.
pub(crate) const STEPS: u64 = 1_000;

/// A clock that the test moves.
#[derive(Debug)]
pub(crate) struct Hands(Mutex<DateTime<Utc>>);

impl Hands {
    pub(crate) fn pass(&self, time: TimeDelta) {
        *self.0.lock().unwrap() += time;
    }

    pub(crate) fn set(&self, at: &str) {
        *self.0.lock().unwrap() = at.parse().unwrap();
    }
}

impl Clock for Hands {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

pub(crate) struct World {
    pub clock: Arc<Hands>,
    pub jobs: Jobs,
    pub files: FileStore,
    pub office: Arc<Office>,
    pub folder: tempfile::TempDir,
    /// Lets the slow job go on to its end.
    pub hurry: Arc<AtomicBool>,
    pub db: TestDatabase,
}

impl World {
    pub(crate) async fn new(db: TestDatabase) -> Self {
        Self::with_clamd(db, "").await
    }

    /// With a scanner at this address.
    pub(crate) async fn with_clamd(db: TestDatabase, clamd: &str) -> Self {
        db.migrate(&[zhida_office::migrations()]).await.unwrap();
        // ten in the morning in Shanghai
        let start = "2026-11-22T02:00:00Z".parse::<DateTime<Utc>>().unwrap();
        let clock = Arc::new(Hands(Mutex::new(start)));
        let jobs = Jobs::new(db.handle(), clock.clone());
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default().files;
        config.folder = folder.path().join("files").display().to_string();
        clamd.clone_into(&mut config.clamd);
        let files = FileStore::open(&config, clock.clone()).unwrap();
        let office = Office::new(db.handle(), clock.clone(), jobs.clone(), files.clone());
        zhida_office::background(&office, &jobs);
        let hurry = Arc::new(AtomicBool::new(false));
        jobs.register(slow(Arc::clone(&hurry)));
        jobs.register(Kind::new(
            "test.fails",
            "做不成的事",
            |_: JobContext, _: Value| async move {
                Err(JobError::Failed("对方系统没有这份数据".to_owned()))
            },
        ));
        Self {
            clock,
            jobs,
            files,
            office: Arc::new(office),
            folder,
            hurry,
            db,
        }
    }

    /// The room as somebody in this role sees it.
    pub(crate) fn router(&self, role: &str) -> Router {
        self.router_for(seated(role, Some("330300"), None))
    }

    pub(crate) fn router_for(&self, viewer: Viewer) -> Router {
        let room = zhida_office::room(Arc::clone(&self.office));
        let (api, _) = room.api.split_for_parts();
        let shell = Shell {
            menu: [MenuGroup::new("", room.menu)].into(),
            viewer,
            ..Shell::default()
        };
        with_frame(guard(room.routes.merge(api)), shell, &Config::default())
    }

    pub(crate) fn app(&self, role: &str) -> App {
        App::new(self.router(role))
    }

    pub(crate) fn worker(&self) -> Worker {
        let settings = Settings {
            poll: Duration::from_millis(20),
            beat: Duration::from_millis(20),
            ..Settings::default()
        };
        Worker::new(self.jobs.clone(), settings)
    }

    /// Runs what is due to its end.
    pub(crate) async fn run_due(&self) -> usize {
        self.worker().run_due().await.unwrap()
    }

    pub(crate) async fn enqueue(&self, kind: &'static str) -> Uuid {
        let (jobs, job) = (&self.jobs, &NewJob::new(kind, Value::Null).asked_by("系甲"));
        let enqueued = self
            .db
            .write(|tx| async move {
                jobs.enqueue(&tx, job)
                    .await
                    .map_err(zhida_office::Error::from)
            })
            .await;
        enqueued.unwrap().id()
    }

    pub(crate) async fn record(&self, entries: &[Entry]) {
        append(&self.db, entries).await;
    }
}

async fn append(db: &Database, entries: &[Entry]) {
    audit::record(db, entries).await.unwrap();
}

/// Takes its steps slowly and asks before each whether to go on.
fn slow(hurry: Arc<AtomicBool>) -> Kind {
    Kind::new(
        "test.slow",
        "慢慢做的事",
        move |context: JobContext, _: Value| {
            let hurry = Arc::clone(&hurry);
            async move {
                for done in 0..STEPS {
                    context.check()?;
                    context.report(done, Some(STEPS), "正在一步一步做");
                    if !hurry.load(Ordering::Relaxed) {
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
                Ok(Outcome::done("做完了"))
            }
        },
    )
}

/// Waits for what happens beside the test, up to half a minute.
pub(crate) async fn until(what: &str, happened: impl AsyncFn() -> bool) {
    for _ in 0..600 {
        if happened().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what} did not happen");
}
