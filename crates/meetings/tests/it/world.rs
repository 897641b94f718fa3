//! The room, people in their seats, appeals that answer as told, and a clock that the test moves.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::prelude::async_trait::async_trait;
use uuid::Uuid;
use zhida_casework::Organisation;
use zhida_letters::Press;
use zhida_meetings::{Ground, Meetings, Question, Questions};
use zhida_platform::access::{Viewer, guard};
use zhida_platform::cases::Departments;
use zhida_platform::clock::{Clock, SharedClock};
use zhida_platform::config::Config;
use zhida_platform::db::{self, Database, Tx};
use zhida_platform::messages::{AddressBook, Contact, MailAddress, Messages, Recipient};
use zhida_platform::problem::Problem;
use zhida_testkit::{App, TestDatabase, seated};
use zhida_ui::{Shell, with_frame};

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

/// Bodies that can be charged; two have the same name.
const BODIES: [(&str, u128); 4] = [
    ("县自然资源局", 21),
    ("县供电公司", 22),
    ("园区管委会", 23),
    ("园区管委会", 24),
];

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

/// Two appeals worth a meeting, and what was noted on them.
pub(crate) struct Heard {
    pub known: Mutex<Vec<Question>>,
    pub notes: Mutex<Vec<(String, String)>>,
}

impl Heard {
    fn new() -> Self {
        let question = |id: &str, title: &str, why: &str| Question {
            id: id.to_owned(),
            number: format!("诉求-2026-00000{id}-1"),
            title: title.to_owned(),
            enterprise_name: format!("样例企业{id}号有限公司"),
            standing: "逾期 2 个工作日".to_owned(),
            why: why.to_owned(),
            confirmed: false,
        };
        Self {
            known: Mutex::new(vec![
                question("7", "厂房扩建用地指标迟迟不下", "逾期"),
                question("8", "夏季限电影响订单交付", "疑难"),
            ]),
            notes: Mutex::default(),
        }
    }

    /// The enterprise says that it is solved.
    pub(crate) fn confirm(&self, id: &str) {
        for one in self.known.lock().unwrap().iter_mut() {
            one.confirmed |= one.id == id;
        }
    }

    pub(crate) fn noted(&self, id: &str) -> Vec<String> {
        let notes = self.notes.lock().unwrap();
        let of = notes.iter().filter(|(appeal, _)| appeal == id);
        of.map(|(_, words)| words.clone()).collect()
    }
}

#[async_trait]
impl Questions for Heard {
    async fn worth_a_meeting(
        &self,
        _: &Viewer,
        words: &str,
        _: DateTime<Utc>,
    ) -> Result<Vec<Question>, Problem> {
        let known = self.known.lock().unwrap();
        let fits = |one: &&Question| one.title.contains(words) || one.number.contains(words);
        Ok(known.iter().filter(fits).cloned().collect())
    }

    async fn question(
        &self,
        _: &Viewer,
        id: &str,
        _: DateTime<Utc>,
    ) -> Result<Option<Question>, Problem> {
        let known = self.known.lock().unwrap();
        Ok(known.iter().find(|one| one.id == id).cloned())
    }

    async fn note(&self, _: &Tx, _: &Viewer, id: &str, words: &str) -> Result<(), Problem> {
        let mut notes = self.notes.lock().unwrap();
        notes.push((id.to_owned(), words.to_owned()));
        Ok(())
    }
}

fn person(role: &str, place: &str, number: u128) -> Viewer {
    let mut person = seated(role, Some(place), None).as_person().unwrap().clone();
    person.account = Uuid::from_u128(number);
    person.name = format!("{role}{number}");
    Viewer::person(person)
}

/// Whoever prepares the meetings of the county.
pub(crate) fn supervisor() -> Viewer {
    person("supervisor", "130433", 31)
}

/// Whoever prepares the meetings of another county.
pub(crate) fn neighbour() -> Viewer {
    person("supervisor", "130434", 32)
}

/// The chair.
pub(crate) fn leader() -> Viewer {
    person("leader", "130433", 33)
}

/// A clerk of one of the bodies.
pub(crate) fn clerk_of(body: usize) -> Viewer {
    let (name, id) = BODIES[body];
    let mut person = person("clerk", "130433", 40 + id)
        .as_person()
        .unwrap()
        .clone();
    let seat = person.seat.as_mut().unwrap();
    seat.organisation = Some(Uuid::from_u128(id));
    name.clone_into(&mut seat.organisation_name);
    Viewer::person(person)
}

pub(crate) struct World {
    pub db: TestDatabase,
    pub clock: Arc<Hands>,
    pub heard: Arc<Heard>,
    pub meetings: Arc<Meetings>,
}

impl World {
    /// Monday, 23 November 2026, ten in the morning; no meetings yet.
    pub(crate) async fn new(db: TestDatabase) -> Self {
        db.migrate(&[zhida_meetings::migrations()]).await.unwrap();
        let start = "2026-11-23T02:00:00Z".parse().unwrap();
        let clock = Arc::new(Hands(Mutex::new(start)));
        let shared: SharedClock = clock.clone();
        let config = Config::default();
        let events = zhida_meetings::EVENTS;
        let messages = Messages::new(&config, events, Arc::new(NoBook), None, shared.clone());
        let heard = Arc::new(Heard::new());
        let meetings = Meetings::new(Ground {
            db: db.handle(),
            clock: shared,
            messages: messages.unwrap(),
            departments: Arc::new(Bodies),
            questions: heard.clone(),
            press: Press::new(None),
        });
        Self {
            db,
            clock,
            heard,
            meetings,
        }
    }

    pub(crate) fn router(&self, viewer: Viewer) -> Router {
        let room = zhida_meetings::room(self.meetings.clone());
        let (api, _) = room.api.split_for_parts();
        let router = guard(room.routes.merge(api)).layer(from_fn(
            move |mut request: Request, next: Next| {
                request.extensions_mut().insert(viewer.clone());
                next.run(request)
            },
        ));
        with_frame(router, Shell::default(), &Config::default())
    }

    pub(crate) fn app(&self, viewer: Viewer) -> App {
        App::new(self.router(viewer))
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        db::query_count(self.db.conn(), sql, []).await.unwrap()
    }

    /// A meeting of today with an appeal and an item of its own on the agenda; its address.
    pub(crate) async fn planned(&self) -> String {
        let app = self.app(supervisor());
        let fields = [
            ("title", "企业面对面解难题双周调度会"),
            ("held_on", "2026-11-23"),
            ("at_time", "15:00"),
            ("venue", "县政府二楼会议室"),
            ("chair", "分管副县长"),
            ("members", "县自然资源局\n县供电公司"),
            ("task_days", "14"),
        ];
        let made = app
            .post_form("/meetings/new", &fields)
            .await
            .expect_status(303);
        let here = made.header("location").to_owned();
        let _ = app
            .post_form(&format!("{here}/appeals"), &[("appeal", "7")])
            .await
            .expect_status(303);
        let topic = [("topic", "设备更新贷款贴息"), ("words", "12 家企业反映")];
        let _ = app
            .post_form(&format!("{here}/topic"), &topic)
            .await
            .expect_status(303);
        here
    }

    /// The same after it took place.
    pub(crate) async fn held(&self) -> String {
        let here = self.planned().await;
        let meeting = self.read(&here).await;
        let mut fields = vec![("version", meeting["meeting"]["version"].to_string())];
        for one in meeting["attendees"].as_array().unwrap() {
            fields.push(("present", one["id"].as_str().unwrap().to_owned()));
        }
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let app = self.app(supervisor());
        let _ = app
            .post_form(&format!("{here}/hold"), &fields)
            .await
            .expect_status(303);
        here
    }

    /// A meeting by interface.
    pub(crate) async fn read(&self, here: &str) -> serde_json::Value {
        let app = self.app(supervisor());
        app.get(&format!("/api/v1{here}"))
            .await
            .expect_status(200)
            .json()
    }

    /// Charges the first body with the appeal of a meeting that took place; the task's id.
    pub(crate) async fn given(&self, here: &str) -> String {
        let meeting = self.read(here).await;
        let item = meeting["items"][0]["id"].as_str().unwrap();
        let new = serde_json::json!({
            "item": item, "measure": "一周内提出用地方案，两周内报批", "body": "县自然资源局", "person": "王股长", "leader": "李副县长",
        });
        let app = self.app(supervisor());
        let given = app
            .post_json(&format!("/api/v1{here}/tasks"), &new)
            .await
            .expect_status(201);
        given.json()["id"].as_str().unwrap().to_owned()
    }

    /// One step with a task by somebody; the answer.
    pub(crate) async fn step(
        &self,
        viewer: Viewer,
        task: &str,
        step: &str,
        words: &str,
    ) -> zhida_testkit::TestResponse {
        let app = self.app(viewer.clone());
        let whole = app
            .get(&format!("/api/v1/meeting-tasks/{task}"))
            .await
            .expect_status(200)
            .json();
        let body = serde_json::json!({ "step": step, "words": words, "version": whole["task"]["version"] });
        app.post_json(&format!("/api/v1/meeting-tasks/{task}/steps"), &body)
            .await
    }
}
