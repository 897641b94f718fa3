//! The room with what it stands on, people in their seats, and a clock that the test moves.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::prelude::async_trait::async_trait;
use uuid::Uuid;
use zhida_appeals::{Appeals, Ground};
use zhida_casework::Organisation;
use zhida_platform::access::{Viewer, guard};
use zhida_platform::cases::{Departments, NoHierarchy};
use zhida_platform::clock::{Clock, SharedClock};
use zhida_platform::config::Config;
use zhida_platform::db::{self, Database, Tx};
use zhida_platform::files::FileStore;
use zhida_platform::jobs::{Jobs, Settings, Worker};
use zhida_platform::messages::{AddressBook, Contact, MailAddress, Messages, Recipient};
use zhida_platform::problem::Problem;
use zhida_platform::progress::Silent;
use zhida_registry::Registry;
use zhida_registry::import::{ImportOptions, Importer};
use zhida_rules::Dictionary;
use zhida_standards::uscc::Uscc;
use zhida_testkit::{App, TestDatabase, seated};
use zhida_ui::{Shell, with_frame};

/// A clock that the test moves.
#[derive(Debug)]
pub(crate) struct Hands(Mutex<DateTime<Utc>>);

impl Hands {
    pub(crate) fn pass(&self, time: TimeDelta) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for Hands {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// Nobody to push messages to: they are in the inbox.
#[derive(Debug)]
struct NoBook;

#[async_trait]
impl AddressBook for NoBook {
    async fn contacts(&self, _: &Tx, _: Recipient<'_>) -> db::Result<Vec<Contact>> {
        Ok(Vec::new())
    }

    async fn enterprises(&self, _: &Tx, _: &str, _: u64) -> db::Result<Vec<String>> {
        Ok(Vec::new())
    }

    async fn mail_of(&self, _: &Database, _: &str) -> db::Result<MailAddress> {
        Ok(MailAddress::default())
    }

    async fn keep_mail(&self, _: &Tx, _: &str, _: &str, _: DateTime<Utc>) -> db::Result<()> {
        Ok(())
    }
}

/// The bodies of the city, each with an id of its own.
const BODIES: [(&str, u128); 4] = [
    ("人力资源和社会保障局", 21),
    ("供电公司", 22),
    ("交通运输局", 23),
    ("住房和城乡建设局", 24),
];

struct Bodies;

#[async_trait]
impl Departments for Bodies {
    async fn named(&self, name: &str) -> Result<Vec<Organisation>, Problem> {
        let found = BODIES.into_iter().filter(|(known, _)| *known == name);
        let body = |(name, id): (&str, u128)| Organisation {
            id: Uuid::from_u128(id),
            name: name.to_owned(),
        };
        Ok(found.map(body).collect())
    }

    async fn names(&self) -> Result<Vec<String>, Problem> {
        Ok(BODIES.iter().map(|(name, _)| (*name).to_owned()).collect())
    }
}

/// The city of the tests.
pub(crate) const CITY: &str = "370100";

/// A code of the reserved test range.
pub(crate) fn code(number: usize) -> String {
    let code = Uscc::from_parts('9', '1', "370102", &format!("PDY{number:05}")).unwrap();
    code.as_str().to_owned()
}

pub(crate) fn name(number: usize) -> String {
    format!("样例企业{number}号有限公司")
}

/// Somebody in this role, with an account of their own.
pub(crate) fn person(
    role: &str,
    place: Option<&str>,
    enterprise: Option<&str>,
    number: u128,
) -> Viewer {
    let mut person = seated(role, place, enterprise).as_person().unwrap().clone();
    person.account = Uuid::from_u128(number);
    person.name = format!("{role}{number}");
    Viewer::person(person)
}

/// 话务受理员.
pub(crate) fn operator() -> Viewer {
    person("operator", Some(CITY), None, 10)
}

/// 诉求管理员.
pub(crate) fn manager() -> Viewer {
    person("appeal_manager", Some(CITY), None, 11)
}

/// Somebody who handles for one of the bodies.
pub(crate) fn clerk(body: usize) -> Viewer {
    let (name, id) = BODIES[body];
    let mut person = person("clerk", Some(CITY), None, 200 + id)
        .as_person()
        .unwrap()
        .clone();
    let seat = person.seat.as_mut().unwrap();
    seat.organisation = Some(Uuid::from_u128(id));
    name.clone_into(&mut seat.organisation_name);
    Viewer::person(person)
}

/// The legal representative of an enterprise.
pub(crate) fn boss(number: usize) -> Viewer {
    let mut person = person("legal", None, Some(&code(number)), 100 + number as u128)
        .as_person()
        .unwrap()
        .clone();
    person.seat.as_mut().unwrap().organisation_name = name(number);
    Viewer::person(person)
}

pub(crate) struct World {
    pub db: TestDatabase,
    pub clock: Arc<Hands>,
    pub appeals: Arc<Appeals>,
    jobs: Jobs,
    folder: tempfile::TempDir,
}

fn store(folder: &Path, clock: SharedClock) -> FileStore {
    let mut config = Config::default().files;
    config.folder = folder.join("files").display().to_string();
    FileStore::open(&config, clock).unwrap()
}

/// The room as a server makes it when it starts, over what the database has.
fn started(
    db: &TestDatabase,
    clock: &Arc<Hands>,
    folder: &Path,
) -> (Arc<Registry>, Arc<Appeals>, Jobs) {
    let shared: SharedClock = clock.clone();
    let config = Config::default();
    let files = store(folder, shared.clone());
    files.make_folder().unwrap();
    let book = Arc::new(NoBook);
    let messages =
        Messages::new(&config, zhida_appeals::EVENTS, book, None, shared.clone()).unwrap();
    let registry = Registry::new(db.handle(), Dictionary::shipped(), shared.clone());
    let registry = Arc::new(registry.with_folder(folder.join("imports")));
    let jobs = Jobs::new(db.handle(), shared.clone());
    let appeals = Appeals::new(Ground {
        db: db.handle(),
        clock: shared,
        messages,
        files,
        registry: registry.clone(),
        departments: Arc::new(Bodies),
        hierarchy: Arc::new(NoHierarchy),
        press: zhida_letters::Press::default(),
        site: "https://city.example".to_owned(),
    });
    zhida_appeals::background(&appeals, &jobs);
    (registry, appeals, jobs)
}

impl World {
    /// Three enterprises, the shipped categories and clocks, no appeals.
    pub(crate) async fn new(db: TestDatabase) -> Self {
        let rooms = [zhida_registry::migrations(), zhida_appeals::migrations()];
        db.migrate(&rooms).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let start = "2026-11-23T02:00:00Z".parse().unwrap();
        let clock = Arc::new(Hands(Mutex::new(start)));
        let (registry, appeals, jobs) = started(&db, &clock, folder.path());
        let mut text = "统一社会信用代码,企业名称,所在区划\n".to_owned();
        for number in 1..=3 {
            text.push_str(&format!("{},{},370102\n", code(number), name(number)));
        }
        let path = folder.path().join("file.csv");
        std::fs::write(&path, text).unwrap();
        let options = ImportOptions {
            department: "市场监管".to_owned(),
            as_of: Some("2026-06-30".parse().unwrap()),
            year: Some(2025),
            ..ImportOptions::default()
        };
        let report = Importer::new(registry).run(&path, &options, &Silent).await;
        assert_eq!(report.unwrap().rejected, 0);
        let world = Self {
            db,
            clock,
            appeals,
            jobs,
            folder,
        };
        // the first look registers the schedules
        world.work().await;
        world
    }

    /// Another start of the server: what was in memory only is gone.
    pub(crate) fn restart(&mut self) {
        let (_, appeals, jobs) = started(&self.db, &self.clock, self.folder.path());
        (self.appeals, self.jobs) = (appeals, jobs);
    }

    pub(crate) fn router(&self, viewer: Viewer) -> Router {
        self.router_from(viewer, "203.0.113.7:4711")
    }

    /// The same for somebody at another address.
    pub(crate) fn router_from(&self, viewer: Viewer, address: &str) -> Router {
        let room = zhida_appeals::room(self.appeals.clone());
        let (api, _) = room.api.split_for_parts();
        let router = room.routes.merge(api);
        let address: std::net::SocketAddr = address.parse().unwrap();
        let router = guard(router).layer(from_fn(move |mut request: Request, next: Next| {
            request.extensions_mut().insert(viewer.clone());
            request.extensions_mut().insert(ConnectInfo(address));
            next.run(request)
        }));
        with_frame(router, Shell::default(), &Config::default())
    }

    /// The store of files.
    pub(crate) fn files(&self) -> FileStore {
        store(self.folder.path(), self.clock.clone())
    }

    pub(crate) fn app(&self, viewer: Viewer) -> App {
        App::new(self.router(viewer))
    }

    /// Runs the jobs that are due.
    pub(crate) async fn work(&self) {
        let worker = Worker::new(self.jobs.clone(), Settings::default());
        worker.run_due().await.unwrap();
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        db::query_count(self.db.conn(), sql, []).await.unwrap()
    }
}
