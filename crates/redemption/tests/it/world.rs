//! The room with the rooms that it stands on, people in their seats, and a clock that the test moves.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::prelude::async_trait::async_trait;
use uuid::Uuid;
use zhida_casework::escalation::Superior;
use zhida_casework::{Chain, Organisation, Person};
use zhida_forms::Drafts;
use zhida_funds::{Funds, NewPool};
use zhida_matching::Matching;
use zhida_platform::access::{Viewer, guard};
use zhida_platform::cases::Hierarchy;
use zhida_platform::clock::{Clock, SharedClock};
use zhida_platform::config::Config;
use zhida_platform::db::{self, Database, Tx};
use zhida_platform::files::FileStore;
use zhida_platform::jobs::{Jobs, Settings, Worker};
use zhida_platform::messages::{AddressBook, Contact, MailAddress, Messages, Recipient};
use zhida_platform::problem::Problem;
use zhida_platform::progress::Silent;
use zhida_platform::room::Room;
use zhida_policies::import::{ImportOptions as PolicyOptions, SourceFile, import_files};
use zhida_policies::{Delivery, Policies};
use zhida_redemption::{Departments, Expert, Experts, Ground, Letters, Redemption, Scheme};
use zhida_registry::Registry;
use zhida_registry::import::{ImportOptions, Importer};
use zhida_rules::Dictionary;
use zhida_standards::uscc::Uscc;
use zhida_testkit::{App, TestDatabase, seated};
use zhida_ui::{Shell, with_frame};

const ITEMS: &str = include_str!("../data/items.yaml");
/// A bank's code with a right check digit.
pub(crate) const CNAPS: &str = "102100099996";

/// A clock that the test moves.
#[derive(Debug)]
pub(crate) struct Hands(Mutex<DateTime<Utc>>);

impl Hands {
    pub(crate) fn pass(&self, days: i64) {
        *self.0.lock().unwrap() += TimeDelta::days(days);
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

/// Bodies that can be asked, of two districts; two have the same name.
const BODIES: [(&str, u128); 4] = [
    ("历下区生态环境局", 21),
    ("槐荫区应急管理局", 22),
    ("园区管委会", 23),
    ("园区管委会", 24),
];

/// The head of the body above the first of those that can be asked, which has none of its own.
pub(crate) const HEAD: Uuid = Uuid::from_u128(900);

#[derive(Debug)]
struct Above;

#[async_trait]
impl Hierarchy for Above {
    async fn above(&self, _: &Tx, bodies: &[Uuid]) -> db::Result<Chain> {
        let first = Uuid::from_u128(BODIES[0].1);
        let superior = Superior {
            organisation: Organisation {
                id: Uuid::from_u128(901),
                name: "历下区人民政府".to_owned(),
            },
            person: Some(Person {
                account: HEAD,
                name: "区长".to_owned(),
            }),
        };
        Ok(match bodies.contains(&first) {
            true => Chain::of(first, vec![None, Some(superior)]),
            false => Chain::default(),
        })
    }
}

struct Bodies;

#[async_trait]
impl Departments for Bodies {
    async fn named(&self, name: &str) -> Result<Vec<Organisation>, Problem> {
        let found = BODIES.into_iter().filter(|(known, _)| *known == name);
        Ok(found
            .map(|(name, id)| Organisation {
                id: Uuid::from_u128(id),
                name: name.to_owned(),
            })
            .collect())
    }
}

#[async_trait]
impl Experts for Bodies {
    /// `expert401` to `expert409`, as [`expert`] makes them; two are called 王教授.
    async fn named(&self, name: &str) -> Result<Vec<Expert>, Problem> {
        let known = |number: u128| {
            let viewer = expert(number);
            Expert {
                account: viewer.account().unwrap(),
                name: viewer.name().to_owned(),
                organisation: "样例大学".to_owned(),
            }
        };
        Ok(match name {
            "王教授" => vec![known(1), known(2)],
            _ => (1..=9).map(known).filter(|one| one.name == name).collect(),
        })
    }
}

/// A clerk of one of the bodies that can be asked, in a district of its own.
pub(crate) fn asked(body: usize, place: &str) -> Viewer {
    let (name, id) = BODIES[body];
    let mut person = person("clerk", Some(place), None, 200 + id)
        .as_person()
        .unwrap()
        .clone();
    let seat = person.seat.as_mut().unwrap();
    seat.organisation = Some(Uuid::from_u128(id));
    name.clone_into(&mut seat.organisation_name);
    Viewer::person(person)
}

/// An expert who scores.
pub(crate) fn expert(number: u128) -> Viewer {
    person("expert", Some("370100"), None, 400 + number)
}

/// A code of the reserved test range.
pub(crate) fn code(number: usize) -> String {
    let code = Uscc::from_parts('9', '1', "370102", &format!("PDY{number:05}")).unwrap();
    code.as_str().to_owned()
}

pub(crate) fn name(number: usize) -> String {
    format!("样例企业{number}号有限公司")
}

/// Somebody in this role, with an account of their own.
fn person(role: &str, place: Option<&str>, enterprise: Option<&str>, number: u128) -> Viewer {
    let mut person = seated(role, place, enterprise).as_person().unwrap().clone();
    person.account = Uuid::from_u128(number);
    person.name = format!("{role}{number}");
    // every place has a body of its own
    let digits = place.and_then(|place| place.parse().ok());
    if let (Some(seat), Some(digits)) = (&mut person.seat, digits) {
        seat.organisation = Some(Uuid::from_u128(digits));
        seat.organisation_name = format!("{}某局", place.unwrap_or_default());
    }
    Viewer::person(person)
}

pub(crate) fn editor() -> Viewer {
    person("policy_editor", Some("370100"), None, 10)
}

pub(crate) fn clerk() -> Viewer {
    person("clerk", Some("370100"), None, 11)
}

/// A clerk of this place.
pub(crate) fn clerk_of(place: &str) -> Viewer {
    person(
        "clerk",
        Some(place),
        None,
        500 + place.parse::<u128>().unwrap(),
    )
}

/// A decider of this place.
pub(crate) fn decider_of(place: &str) -> Viewer {
    person(
        "decider",
        Some(place),
        None,
        900 + place.parse::<u128>().unwrap(),
    )
}

/// Whoever gathers the departments' data.
pub(crate) fn data_manager() -> Viewer {
    person("data_manager", Some("370100"), None, 16)
}

pub(crate) fn other_clerk() -> Viewer {
    person("clerk", Some("370102"), None, 12)
}

pub(crate) fn decider() -> Viewer {
    person("decider", Some("370100"), None, 13)
}

pub(crate) fn treasurer() -> Viewer {
    person("treasurer", Some("370100"), None, 14)
}

pub(crate) fn approver() -> Viewer {
    person("payment_approver", Some("370100"), None, 15)
}

/// The legal representative of an enterprise.
pub(crate) fn boss(number: usize) -> Viewer {
    person("legal", None, Some(&code(number)), 100 + number as u128)
}

/// Somebody of an agency with a mandate.
pub(crate) fn agent(number: usize) -> Viewer {
    let mut person = seated("agent", None, Some(&code(number)))
        .as_person()
        .unwrap()
        .clone();
    person.account = Uuid::from_u128(300);
    let seat = person.seat.as_mut().unwrap();
    "样例代办公司".clone_into(&mut seat.organisation_name);
    seat.on_behalf_of = Some(name(number));
    Viewer::person(person)
}

pub(crate) struct World {
    pub db: TestDatabase,
    pub clock: Arc<Hands>,
    pub policies: Arc<Policies>,
    pub registry: Arc<Registry>,
    pub funds: Arc<Funds>,
    pub redemption: Arc<Redemption>,
    pub jobs: Jobs,
    folder: tempfile::TempDir,
}

impl World {
    /// Items, five enterprises, no schemes. 1 to 3 are 高新技术企业 with 100, 80 and 60 people; 4 is not; 5 is, in
    /// another county.
    pub(crate) async fn new(db: TestDatabase) -> Self {
        let rooms = [
            zhida_registry::migrations(),
            zhida_policies::migrations(),
            zhida_matching::migrations(),
            zhida_forms::migrations(),
            zhida_funds::migrations(),
            zhida_redemption::migrations(),
        ];
        db.migrate(&rooms).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let start = "2026-11-23T02:00:00Z".parse().unwrap();
        let clock = Arc::new(Hands(Mutex::new(start)));
        let shared: SharedClock = clock.clone();
        let dictionary = Dictionary::shipped();
        let mut config = Config::default();
        config.files.folder = folder.path().join("files").display().to_string();
        let files = FileStore::open(&config.files, shared.clone()).unwrap();
        files.make_folder().unwrap();
        let events = [zhida_redemption::EVENTS, zhida_funds::EVENTS].concat();
        let messages =
            Messages::new(&config, &events, Arc::new(NoBook), None, shared.clone()).unwrap();
        let registry = Registry::new(db.handle(), dictionary, shared.clone());
        let registry = Arc::new(registry.with_folder(folder.path().join("imports")));
        let policies = Policies::new(db.handle(), dictionary, shared.clone())
            .await
            .unwrap();
        let policies = Arc::new(policies);
        let matching = Matching::new(
            db.handle(),
            registry.clone(),
            policies.clone(),
            dictionary,
            shared.clone(),
        );
        let funds = Funds::new(db.handle(), shared.clone(), messages.clone());
        let jobs = Jobs::new(db.handle(), shared.clone());
        let letters = Letters::new(db.handle(), shared.clone(), files.clone(), &config);
        let redemption = Redemption::new(Ground {
            db: db.handle(),
            clock: shared.clone(),
            policies: policies.clone(),
            registry: registry.clone(),
            matching: Arc::new(matching),
            funds: funds.clone(),
            drafts: Drafts::new(db.handle(), shared, files),
            messages,
            letters,
            departments: Arc::new(Bodies),
            experts: Arc::new(Bodies),
            hierarchy: Arc::new(Above),
            jobs: jobs.clone(),
        });
        zhida_redemption::background(&redemption, &jobs);
        let world = Self {
            db,
            clock,
            policies,
            registry,
            funds,
            redemption,
            jobs,
            folder,
        };
        let items = vec![SourceFile {
            name: "items.yaml".into(),
            bytes: ITEMS.into(),
        }];
        let report = import_files(&world.policies, items, &PolicyOptions::default(), &Silent)
            .await
            .unwrap();
        assert_eq!(
            (report.accepted, report.rejected),
            (6, 0),
            "{:?}",
            report.reasons
        );
        let mut text = "统一社会信用代码,企业名称,所在区划,从业人数,高新技术企业\n".to_owned();
        for (number, place, people, high_tech) in [
            (1, "370102", 100, "是"),
            (2, "370102", 80, "是"),
            (3, "370102", 60, "是"),
            (4, "370102", 40, "否"),
            (5, "370112", 50, "是"),
        ] {
            text.push_str(&format!(
                "{},{},{place},{people},{high_tech}\n",
                code(number),
                name(number)
            ));
        }
        world.bring(&text, "2026-06-30").await;
        // the first look registers the schedules
        world.work().await;
        world
    }

    /// Imports CSV text as of a day, with the figures of 2025.
    pub(crate) async fn bring(&self, text: &str, as_of: &str) {
        self.bring_of(2025, text, as_of).await;
    }

    /// Imports CSV text as of a day, with the figures of a year.
    pub(crate) async fn bring_of(&self, year: i32, text: &str, as_of: &str) {
        let path = self.folder.path().join("file.csv");
        std::fs::write(&path, text).unwrap();
        let options = ImportOptions {
            department: "市场监管".to_owned(),
            as_of: Some(as_of.parse().unwrap()),
            year: Some(year),
            ..ImportOptions::default()
        };
        let report = Importer::new(self.registry.clone())
            .run(&path, &options, &Silent)
            .await
            .unwrap();
        assert_eq!(report.rejected, 0, "{:?}", report.examples);
    }

    /// An enterprise with these facts from now on.
    pub(crate) async fn change(&self, number: usize, people: u32, high_tech: &str, as_of: &str) {
        let text = format!(
            "统一社会信用代码,企业名称,从业人数,高新技术企业\n{},{},{people},{high_tech}\n",
            code(number),
            name(number)
        );
        self.bring(&text, as_of).await;
    }

    /// Publishes a preset's scheme for an item, changed.
    pub(crate) async fn publish(
        &self,
        item: &str,
        delivery: Delivery,
        change: impl FnOnce(&mut Scheme),
    ) {
        let mut scheme = Scheme::of_preset(item, "general", "any", delivery).unwrap();
        change(&mut scheme);
        self.redemption
            .publish_scheme(&editor(), &scheme, 0)
            .await
            .unwrap();
    }

    /// Money for an item this year, in yuan.
    pub(crate) async fn pool(&self, item: &str, yuan: i64) {
        let new = NewPool {
            item: item.to_owned(),
            item_name: item.to_owned(),
            year: 2026,
            organisation: "市财政局".to_owned(),
            place: "370100".to_owned(),
            amount: yuan * 100,
            note: String::new(),
        };
        self.funds.open_pool(&treasurer(), &new).await.unwrap();
    }

    pub(crate) fn router(&self, viewer: Viewer) -> Router {
        let rooms = [
            zhida_redemption::room(self.redemption.clone()),
            zhida_funds::room(self.funds.clone()),
        ];
        served(rooms, viewer)
    }

    /// The pages of the rooms below: policies and their matches.
    pub(crate) fn below(&self, viewer: Viewer) -> App {
        let shared: SharedClock = self.clock.clone();
        // no file comes, so the folder is never made
        let files = FileStore::open(&Config::default().files, shared.clone()).unwrap();
        let matching = Matching::new(
            self.db.handle(),
            self.registry.clone(),
            self.policies.clone(),
            Dictionary::shipped(),
            shared,
        );
        let rooms = [
            zhida_policies::room(self.policies.clone(), files, None),
            zhida_matching::room(Arc::new(matching)),
        ];
        App::new(served(rooms, viewer))
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

    /// The version of a case, as a page carries it.
    pub(crate) async fn redemption_version(&self, id: &str) -> String {
        let sql = "SELECT version FROM case_head WHERE id = $1";
        db::query_count(self.db.conn(), sql, [id.into()])
            .await
            .unwrap()
            .to_string()
    }

    /// What the night finds of 高新技术企业认定奖励, all of it released: each enterprise is asked to confirm.
    pub(crate) async fn offer(&self) {
        let room = &self.redemption;
        room.night(&Silent).await.unwrap();
        room.release(&clerk(), "gaoqi", &[]).await.unwrap();
    }

    /// The case of an enterprise for an item, by its id.
    pub(crate) async fn case_id(&self, number: usize, item: &str) -> String {
        let case = self.case(number, item).await;
        case["id"].as_str().unwrap().to_owned()
    }

    /// The case of an enterprise for an item.
    pub(crate) async fn case(&self, number: usize, item: &str) -> serde_json::Value {
        let app = self.app(boss(number));
        let cases = app
            .get("/api/v1/redemption/cases")
            .await
            .expect_status(200)
            .json();
        let item = self
            .policies
            .catalogue(self.clock.today())
            .find(item)
            .unwrap()
            .name
            .clone();
        let one = cases["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["item"] == item)
            .cloned();
        let id = one.unwrap_or_else(|| panic!("no case: {cases}"))["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let mut case = app
            .get(&format!("/api/v1/redemption/cases/{id}"))
            .await
            .expect_status(200)
            .json();
        case["id"] = id.into();
        case
    }
}

fn served(rooms: impl IntoIterator<Item = Room>, viewer: Viewer) -> Router {
    let mut router = Router::new();
    for room in rooms {
        let (api, _) = room.api.split_for_parts();
        router = router.merge(room.routes).merge(api);
    }
    let router = guard(router).layer(from_fn(move |mut request: Request, next: Next| {
        request.extensions_mut().insert(viewer.clone());
        next.run(request)
    }));
    with_frame(router, Shell::default(), &Config::default())
}

/// The account's fields of an enterprise.
pub(crate) fn payee(number: usize) -> Vec<(&'static str, String)> {
    vec![
        ("holder", name(number)),
        ("bank", "中国工商银行济南样例支行".to_owned()),
        ("cnaps", CNAPS.to_owned()),
        ("account", "3700123409000012345".to_owned()),
    ]
}

pub(crate) fn fields<'f>(fields: &'f [(&'static str, String)]) -> Vec<(&'f str, &'f str)> {
    fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}
