//! A platform with its three administrators, and browsers that keep their cookie.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, header};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures::FutureExt;
use futures::future::BoxFuture;
use uuid::Uuid;
use zhida_people::{
    Enterprises, NewAccount, NewSeat, Organisation, OrganisationForm, OrganisationKind, People,
    PlaceKey, Seat, SetUp, Settings, code_at,
};
use zhida_platform::access::{Viewer, guard};
use zhida_platform::clock::Clock;
use zhida_platform::config::Config;
use zhida_platform::db::Database;
use zhida_platform::problem::Problem;
use zhida_testkit::{App, TestDatabase, TestResponse};
use zhida_ui::{Shell, with_frame};

pub(crate) const PASSWORD: &str = "西湖边 喝龙井 2026";
pub(crate) const ENTERPRISE: &str = "91370102PDY000001K";
pub(crate) const OTHER: &str = "91370102PDY000028B";

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

pub(crate) struct Register;

impl Enterprises for Register {
    fn name<'a>(&'a self, code: &'a str) -> BoxFuture<'a, Result<Option<String>, Problem>> {
        let name = [(ENTERPRISE, "样例一公司"), (OTHER, "样例二公司")]
            .into_iter()
            .find(|(known, _)| *known == code)
            .map(|(_, name)| name.to_owned());
        async move { Ok(name) }.boxed()
    }
}

/// The room over a database, with the first organisation and its administrators.
pub(crate) struct World {
    pub people: Arc<People>,
    pub clock: Arc<Hands>,
    pub bureau: Organisation,
    /// Initial passwords of `sys`, `sec` and `aud`.
    pub initial: Vec<String>,
    pub app: App,
}

pub(crate) fn router(people: &Arc<People>) -> Router {
    let room = zhida_people::room(Arc::clone(people));
    let (api, _) = room.api.split_for_parts();
    let router = guard(room.routes.merge(api));
    let router = zhida_people::identified(router, Arc::clone(people));
    let shell = Shell {
        sign_in: true,
        ..Shell::default()
    };
    with_frame(router, shell, &Config::default())
}

pub(crate) async fn empty(db: &TestDatabase, demo: bool) -> (Arc<People>, Arc<Hands>) {
    let start = "2026-11-22T01:00:00Z".parse::<DateTime<Utc>>().unwrap();
    empty_at(db, demo, start).await
}

pub(crate) async fn empty_at(
    db: &TestDatabase,
    demo: bool,
    start: DateTime<Utc>,
) -> (Arc<People>, Arc<Hands>) {
    db.migrate(&[zhida_people::migrations()]).await.unwrap();
    let clock = Arc::new(Hands(Mutex::new(start)));
    let settings = Settings::new(&Config::default().sign_in, demo);
    let people = People::new(db.handle(), clock.clone(), settings, Arc::new(Register)).unwrap();
    (Arc::new(people), clock)
}

impl World {
    pub(crate) async fn new(db: &TestDatabase) -> Self {
        let (people, clock) = empty(db, false).await;
        Self::over(people, clock).await
    }

    /// The same over a room of the test's own making.
    pub(crate) async fn over(people: Arc<People>, clock: Arc<Hands>) -> Self {
        let code = people.first_run().await.unwrap().unwrap();
        let account = |login: &str, name: &str| NewAccount {
            login: login.into(),
            name: name.into(),
            ..NewAccount::default()
        };
        let form = SetUp {
            organisation: organisation(&people, None, "样例市发展和改革局", "330300"),
            administrators: [
                account("sys", "系甲"),
                account("sec", "安乙"),
                account("aud", "审丙"),
            ],
        };
        let made = people.set_up(code.expose(), &form).await.unwrap();
        let found = people
            .organisations(&system(), &Default::default(), &Default::default())
            .await
            .unwrap();
        let app = App::new(router(&people));
        Self {
            bureau: found.items.into_iter().next().unwrap(),
            initial: made
                .iter()
                .map(|one| one.password.expose().to_owned())
                .collect(),
            people,
            clock,
            app,
        }
    }

    /// The same platform over another handle of its database, as after a restart.
    pub(crate) fn restarted(self, db: Database) -> Self {
        let settings = Settings::new(&Config::default().sign_in, false);
        let people = People::new(db, self.clock.clone(), settings, Arc::new(Register)).unwrap();
        let people = Arc::new(people);
        let app = App::new(router(&people));
        Self {
            people,
            app,
            ..self
        }
    }

    /// Somebody without any seat, whose password is [`PASSWORD`].
    pub(crate) async fn person(&self, login: &str, name: &str) -> Uuid {
        let new = NewAccount {
            login: login.into(),
            name: name.into(),
            ..NewAccount::default()
        };
        let (account, initial) = self.people.create_account(&system(), &new).await.unwrap();
        let mut browser = self.browser();
        browser.sign_in(login, initial.expose()).await;
        browser.change_password(initial.expose(), PASSWORD).await;
        account.id
    }

    pub(crate) async fn seat(&self, account: Uuid, place: PlaceKey, role: &str) -> Seat {
        let seat = NewSeat {
            account,
            place,
            role: role.into(),
            valid_from: self.people.today(),
            valid_until: None,
        };
        self.people.grant(&system(), &seat).await.unwrap()
    }

    /// Somebody with a seat in the enterprise.
    pub(crate) async fn staff(&self, login: &str, role: &str) -> (Uuid, Seat) {
        let id = self.person(login, &format!("企{login}")).await;
        let place = PlaceKey::Enterprise(ENTERPRISE.into());
        (id, self.seat(id, place, role).await)
    }

    /// An agency with one agent.
    pub(crate) async fn agency(&self) -> (Organisation, Uuid) {
        let mut form = organisation(&self.people, None, "样例代办公司", "330300");
        form.kind = OrganisationKind::Agency;
        let agency = self
            .people
            .create_organisation(&system(), &form)
            .await
            .unwrap();
        let agent = self.person("agent", "代丁").await;
        self.seat(agent, PlaceKey::Organisation(agency.id), "agent")
            .await;
        (agency, agent)
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser {
            app: self.app.clone(),
            clock: Arc::clone(&self.clock),
            cookie: None,
            flow: None,
        }
    }

    /// A browser in which somebody with [`PASSWORD`] has signed in.
    pub(crate) async fn signed_in(&self, login: &str) -> Browser {
        let mut browser = self.browser();
        browser.sign_in(login, PASSWORD).await;
        browser
    }

    /// One of the administrators, completely signed in for the first time: `sys`, `sec` or `aud`.
    pub(crate) async fn administrator(&self, login: &str) -> Browser {
        let at = ["sys", "sec", "aud"]
            .iter()
            .position(|one| *one == login)
            .unwrap();
        let mut browser = self.browser();
        browser.sign_in(login, &self.initial[at]).await;
        browser.change_password(&self.initial[at], PASSWORD).await;
        browser.set_up_factor().await;
        browser
    }
}

pub(crate) fn system() -> Viewer {
    Viewer::system("测试")
}

pub(crate) fn organisation(
    people: &People,
    parent: Option<Uuid>,
    name: &str,
    division: &str,
) -> OrganisationForm {
    OrganisationForm {
        parent,
        name: name.into(),
        kind: OrganisationKind::Government,
        division: division.into(),
        valid_from: people.today(),
        valid_until: None,
    }
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A browser on this machine.
pub(crate) struct Browser {
    app: App,
    clock: Arc<Hands>,
    pub cookie: Option<String>,
    /// The cookie of a sign-in with a provider that is under way.
    pub flow: Option<String>,
}

impl Browser {
    pub(crate) async fn get(&mut self, path: &str) -> TestResponse {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> TestResponse {
        let encode =
            |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        self.send(Method::POST, path, Some(body.join("&"))).await
    }

    async fn send(&mut self, method: Method, path: &str, body: Option<String>) -> TestResponse {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost:8080");
        let cookies: Vec<&str> = [&self.cookie, &self.flow]
            .into_iter()
            .filter_map(Option::as_deref)
            .collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let body = body.map_or_else(Body::empty, Body::from);
        let response = self.app.send(request.body(body).unwrap()).await;
        for set in response.headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (pair, guards) = set.split_once(';').unwrap();
            let kept = (!guards.contains("Max-Age=0")).then(|| pair.to_owned());
            match pair.starts_with("zhida-flow=") {
                true => self.flow = kept,
                false => self.cookie = kept,
            }
        }
        response
    }

    /// Sends login and password; where it leads.
    pub(crate) async fn sign_in(&mut self, login: &str, password: &str) -> String {
        let fields = [("login", login), ("password", password)];
        let answer = self.post("/sign-in", &fields).await.expect_status(303);
        answer.header("location").to_owned()
    }

    pub(crate) async fn change_password(&mut self, old: &str, new: &str) -> String {
        let fields = [("old", old), ("new", new), ("again", new)];
        let answer = self
            .post("/account/password", &fields)
            .await
            .expect_status(303);
        answer.header("location").to_owned()
    }

    /// The key of the set-up page, and the recovery codes that are shown once.
    pub(crate) async fn set_up_factor(&mut self) -> (String, Vec<String>) {
        let page = self.get("/account/factor").await.expect_status(200);
        let key = between(page.text(), "<code class=\"zd-code\">", "</code>").replace(' ', "");
        let code = code_at(&key, self.clock.now()).unwrap();
        let done = self
            .post("/account/factor", &[("code", &code)])
            .await
            .expect_status(200);
        let codes = done
            .text()
            .split("data-copy=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect();
        (key, codes)
    }
}

pub(crate) fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text
        .split_once(before)
        .unwrap_or_else(|| panic!("{before} in {text}"))
        .1;
    rest.split_once(after).unwrap().0.to_owned()
}
