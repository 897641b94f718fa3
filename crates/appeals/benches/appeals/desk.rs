//! The room with what it stands on, and its people, each asking through the router.

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, header};
use chrono::{DateTime, Utc};
use sea_orm::prelude::async_trait::async_trait;
use uuid::Uuid;
use zhida_appeals::{Appeals, Ground};
use zhida_casework::Organisation;
use zhida_platform::access::{Viewer, guard};
use zhida_platform::cases::{Departments, NoHierarchy};
use zhida_platform::clock::{Clock as _, SharedClock, SystemClock};
use zhida_platform::config::Config;
use zhida_platform::db::{self, Database, Tx};
use zhida_platform::files::FileStore;
use zhida_platform::ids;
use zhida_platform::messages::{AddressBook, Contact, MailAddress, Messages, Recipient};
use zhida_platform::problem::Problem;
use zhida_platform::progress::Silent;
use zhida_registry::Registry;
use zhida_registry::import::{ImportOptions, Importer};
use zhida_rules::Dictionary;
use zhida_standards::uscc::Uscc;
use zhida_testkit::{App, TestResponse, seated};
use zhida_ui::{Shell, with_frame};

/// The city in which everybody sits, and one of its counties.
const CITY: &str = "370100";
pub const COUNTY: &str = "370102";
/// Bodies among which the appeals are divided.
pub const BODIES: u64 = 20;
/// Enterprises whose appeals they are.
pub const ENTERPRISES: usize = 2_000;

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

pub fn body(number: u64) -> String {
    format!("样例市第{number}局")
}

fn body_id(number: u64) -> Uuid {
    Uuid::from_u128(1_000 + u128::from(number))
}

struct Bodies;

#[async_trait]
impl Departments for Bodies {
    async fn named(&self, name: &str) -> Result<Vec<Organisation>, Problem> {
        let found = (0..BODIES).filter(|number| body(*number) == name);
        let organisation = |number| Organisation {
            id: body_id(number),
            name: body(number),
        };
        Ok(found.map(organisation).collect())
    }
}

/// A code of the reserved test range.
pub fn code(number: usize) -> String {
    let code = Uscc::from_parts('9', '1', COUNTY, &format!("PDY{number:05}")).unwrap();
    code.as_str().to_owned()
}

pub fn name(number: usize) -> String {
    format!("样例企业{number}号有限公司")
}

fn person(role: &str, place: Option<&str>, enterprise: Option<&str>, account: Uuid) -> Viewer {
    let mut person = seated(role, place, enterprise).as_person().unwrap().clone();
    person.account = account;
    Viewer::person(person)
}

pub fn officer(role: &str) -> Viewer {
    let account = role
        .bytes()
        .fold(7, |sum, byte| sum * 31 + u128::from(byte));
    person(role, Some(CITY), None, Uuid::from_u128(account))
}

/// Somebody who handles for a body.
pub fn clerk(number: u64) -> Viewer {
    let account = Uuid::from_u128(2_000 + u128::from(number));
    let viewer = person("clerk", Some(CITY), None, account);
    let mut person = viewer.as_person().unwrap().clone();
    let seat = person.seat.as_mut().unwrap();
    seat.organisation = Some(body_id(number));
    seat.organisation_name = body(number);
    Viewer::person(person)
}

/// Somebody of an enterprise, with an account that nobody had before: what one account hands in a day is limited.
pub fn boss(number: usize) -> Viewer {
    let viewer = person(
        "legal",
        None,
        Some(&code(number)),
        ids::next(SystemClock.now()),
    );
    let mut person = viewer.as_person().unwrap().clone();
    person.seat.as_mut().unwrap().organisation_name = name(number);
    Viewer::person(person)
}

/// The room behind its router.
pub struct Desk {
    pub db: Database,
    pub appeals: Arc<Appeals>,
    site: App,
}

impl Desk {
    /// The room over a database, migrated; the enterprises are brought if nobody is there.
    pub async fn open(db: &Database, folder: &Path) -> Self {
        let rooms = [zhida_registry::migrations(), zhida_appeals::migrations()];
        db.migrate(&rooms).await.unwrap();
        let clock: SharedClock = Arc::new(SystemClock);
        let mut config = Config::default();
        config.files.folder = folder.join("files").display().to_string();
        let files = FileStore::open(&config.files, clock.clone()).unwrap();
        files.make_folder().unwrap();
        let book = Arc::new(NoBook);
        let messages = Messages::new(&config, zhida_appeals::EVENTS, book, None, clock.clone());
        let registry = Registry::new(db.clone(), Dictionary::shipped(), clock.clone());
        let registry = Arc::new(registry.with_folder(folder.join("imports")));
        bring(db, &registry, folder).await;
        let appeals = Appeals::new(Ground {
            db: db.clone(),
            clock,
            messages: messages.unwrap(),
            files,
            registry,
            departments: Arc::new(Bodies),
            hierarchy: Arc::new(NoHierarchy),
            press: zhida_letters::Press::default(),
            site: "https://city.example".to_owned(),
        });
        let room = zhida_appeals::room(appeals.clone());
        let (api, _) = room.api.split_for_parts();
        let router = guard(room.routes.merge(api));
        Self {
            db: db.clone(),
            appeals,
            site: App::new(with_frame(router, Shell::default(), &config)),
        }
    }

    pub async fn get(&self, viewer: &Viewer, path: &str) -> TestResponse {
        let request = Request::builder().uri(path);
        self.send(viewer, request, Body::empty()).await
    }

    pub async fn post(
        &self,
        viewer: &Viewer,
        path: &str,
        kind: &str,
        body: String,
    ) -> TestResponse {
        let request = Request::post(path).header(header::CONTENT_TYPE, kind);
        self.send(viewer, request, Body::from(body)).await
    }

    async fn send(
        &self,
        viewer: &Viewer,
        request: axum::http::request::Builder,
        body: Body,
    ) -> TestResponse {
        let address: std::net::SocketAddr = "127.0.0.1:4711".parse().unwrap();
        let request = request.extension(viewer.clone());
        let request = request.extension(ConnectInfo(address));
        self.site.send(request.body(body).unwrap()).await
    }
}

async fn bring(db: &Database, registry: &Arc<Registry>, folder: &Path) {
    let known = db::query_count(db.conn(), "SELECT COUNT(*) FROM enterprise", []).await;
    if known.unwrap() > 0 {
        return;
    }
    let mut text = "统一社会信用代码,企业名称,所在区划\n".to_owned();
    // the copies' plan knows the last as that of the samples
    for number in (0..ENTERPRISES).rev() {
        text.push_str(&format!("{},{},{COUNTY}\n", code(number), name(number)));
    }
    let path = folder.join("file.csv");
    std::fs::write(&path, text).unwrap();
    let options = ImportOptions {
        department: "市场监管".to_owned(),
        as_of: Some("2026-06-30".parse().unwrap()),
        year: Some(2025),
        ..ImportOptions::default()
    };
    let report = Importer::new(registry.clone())
        .run(&path, &options, &Silent)
        .await;
    assert_eq!(report.unwrap().rejected, 0);
}
