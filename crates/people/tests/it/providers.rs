//! Identity providers in processes of their own, and a browser that also visits other sites.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, Response, header};
use url::Url;
use uuid::Uuid;
use zhida_people::People;
use zhida_platform::clock::{Clock, SystemClock};
use zhida_platform::config::OidcConfig;
use zhida_platform::outgoing::Client;
use zhida_testkit::{Program, TestDatabase, TestResponse};

use crate::world::{Browser, Hands, World, empty_at, system};

/// Where the browsers of these tests find us.
pub(crate) const SITE: &str = "http://localhost:8080";
pub(crate) const NAME: &str = "市统一身份认证";
const SECRET: &str = "a secret of the tests + %";
const FILES: [(&str, &str); 4] = [
    ("package.json", include_str!("../oidc/package.json")),
    (
        "package-lock.json",
        include_str!("../oidc/package-lock.json"),
    ),
    ("provider.mjs", include_str!("../oidc/provider.mjs")),
    ("hostile.mjs", include_str!("../oidc/hostile.mjs")),
];
const INSTALL: &str =
    "测试要用 Node.js 18 以上和 npm，请先安装：apt-get install --no-install-recommends nodejs npm";
const PATIENCE: Duration = Duration::from_secs(60);

/// `target/oidc-provider`, with what `package-lock.json` names installed; once for all tests.
fn installed() -> PathBuf {
    let binary = std::env::current_exe().unwrap();
    let folder = binary.ancestors().nth(3).unwrap().join("oidc-provider");
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let mut whole = folder.join("node_modules/oidc-provider").is_dir();
    for (name, text) in FILES {
        let file = folder.join(name);
        if fs::read_to_string(&file).unwrap_or_default() != text {
            fs::write(file, text).unwrap();
            whole &= !name.starts_with("package");
        }
    }
    if !whole {
        let _none_yet = fs::remove_dir_all(folder.join("node_modules"));
        let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        let done = Command::new("npm")
            .args(install)
            .current_dir(&folder)
            .output()
            .unwrap_or_else(|error| panic!("{error}。{INSTALL}"));
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "npm {}：{told}", install.join(" "));
    }
    folder
}

/// A provider that runs until it is dropped.
pub(crate) struct Site {
    pub issuer: String,
    _program: Program,
}

impl Site {
    /// The certified one.
    pub(crate) async fn certified(site: &str) -> Self {
        Self::start("provider.mjs", site).await
    }

    /// The one that lies.
    pub(crate) async fn hostile() -> Self {
        Self::start("hostile.mjs", SITE).await
    }

    async fn start(script: &str, site: &str) -> Self {
        let node = Command::new("node").arg("--version").output();
        assert!(node.is_ok_and(|done| done.status.success()), "{INSTALL}");
        let script = installed().join(script);
        let program = Program::start("node", &[script.to_str().unwrap(), site]);
        let said = program.says(" .\n", PATIENCE).await;
        let line = said.lines().find(|line| line.starts_with("ready "));
        let issuer = line.unwrap().split(' ').nth(1).unwrap().to_owned();
        Self {
            issuer,
            _program: program,
        }
    }

    /// Tells it to rotate its keys, or to lie.
    pub(crate) async fn told(&self, path: &str) {
        let mut outside = Outside::default();
        let done = outside.get(&format!("{}{path}", self.issuer)).await;
        assert_eq!(done.status(), 200);
    }

    /// How we know it; the secret lies in `folder`.
    pub(crate) fn config(&self, folder: &Path) -> OidcConfig {
        let secret = folder.join("secret");
        fs::write(&secret, format!("{SECRET}\n")).unwrap();
        OidcConfig {
            id: "city".into(),
            name: NAME.into(),
            issuer: self.issuer.clone(),
            client_id: "zhida".into(),
            client_secret_file: secret.to_str().unwrap().into(),
            scopes: vec!["profile".into()],
            claim: "employee_number".into(),
            claim_name: "工号".into(),
            second_factor: vec!["otp".into()],
            ca_file: String::new(),
        }
    }
}

/// The room with a provider; its clock starts at the provider's time.
pub(crate) async fn people_with(
    db: &TestDatabase,
    site: &Site,
    address: &str,
    change: impl FnOnce(&mut OidcConfig),
) -> (Arc<People>, Arc<Hands>) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = site.config(folder.path());
    change(&mut config);
    let (people, clock) = empty_at(db, false, SystemClock.now()).await;
    let people = Arc::into_inner(people).unwrap();
    let people = people.with_providers(&[config], address).unwrap();
    (Arc::new(people), clock)
}

/// A platform with its administrators and a provider.
pub(crate) async fn world_with(db: &TestDatabase, site: &Site) -> World {
    let (people, clock) = people_with(db, site, SITE, |_| {}).await;
    World::over(people, clock).await
}

/// The system administrator names whom the provider will vouch for.
pub(crate) async fn expects(
    world: &World,
    account: Uuid,
    number: &str,
) -> Result<(), zhida_people::Error> {
    let viewer = system();
    let people = &world.people;
    people
        .expect_identity(&viewer, account, "city", number)
        .await
}

/// A browser's visits to other sites: one cookie jar for all of them.
#[derive(Default)]
pub(crate) struct Outside {
    client: Client,
    jar: Vec<(String, String)>,
}

impl Outside {
    pub(crate) async fn get(&mut self, address: &str) -> Response<Vec<u8>> {
        self.send(address, None).await
    }

    async fn send(&mut self, address: &str, form: Option<String>) -> Response<Vec<u8>> {
        let url = Url::parse(address).unwrap();
        let addresses = url.socket_addrs(|| None).unwrap();
        let cookies: Vec<String> = self
            .jar
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = match &form {
            Some(_) => {
                Request::post("/").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            }
            None => Request::get("/"),
        };
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let body = Bytes::from(form.unwrap_or_default()).into();
        let request = request.body(body).unwrap();
        let response = self.client.send(&url, &addresses, request, 1 << 20).await;
        let response = response.unwrap();
        for set in response.headers().get_all(header::SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.jar.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.jar.push((name.to_owned(), value.to_owned()));
            }
        }
        response
    }

    /// Follows redirects to the page at the end of them, or to where one leads back to `home`.
    async fn follow(&mut self, address: &str, home: &str) -> (String, Response<Vec<u8>>) {
        let mut address = address.to_owned();
        let mut response = self.get(&address).await;
        while let Some(to) = response.headers().get(header::LOCATION) {
            let to = to.to_str().unwrap();
            address = Url::parse(&address).unwrap().join(to).unwrap().into();
            if address.starts_with(home) {
                break;
            }
            response = self.get(&address).await;
        }
        (address, response)
    }

    /// Signs in at the provider, if it asks; the address that leads back to us.
    pub(crate) async fn signs_in(&mut self, address: &str, login: &str, amr: &str) -> String {
        let (at, page) = self.follow(address, SITE).await;
        if at.starts_with(SITE) {
            return at;
        }
        assert_eq!(page.status(), 200, "{at}: {}", text(&page));
        let form = format!("login={login}&amr={}", amr.replace(' ', "+"));
        let sent = self.send(&at, Some(form)).await;
        let to = sent.headers().get(header::LOCATION);
        let to = to.unwrap_or_else(|| panic!("{at}: {}", text(&sent)));
        let to = Url::parse(&at).unwrap().join(to.to_str().unwrap()).unwrap();
        let (back, last) = self.follow(to.as_str(), SITE).await;
        assert!(back.starts_with(SITE), "{back}: {}", text(&last));
        back
    }
}

pub(crate) fn text(response: &Response<Vec<u8>>) -> String {
    String::from_utf8_lossy(response.body()).into_owned()
}

/// The way to the provider that the sign-in page offers.
pub(crate) async fn leaves(browser: &mut Browser, next: &str) -> String {
    let page = browser.get("/sign-in").await.expect_status(200);
    assert!(page.text().contains(&format!("用{NAME}登录")));
    let way = format!("/sign-in/with/city?next={next}");
    let answer = browser.get(&way).await.expect_status(303);
    answer.header("location").to_owned()
}

/// Comes back as a browser would: with the path of the address.
pub(crate) async fn comes_back(browser: &mut Browser, address: &str) -> TestResponse {
    browser.get(address.strip_prefix(SITE).unwrap()).await
}

/// The whole way: sign-in page, provider, back.
pub(crate) async fn through(
    browser: &mut Browser,
    outside: &mut Outside,
    login: &str,
    amr: &str,
) -> TestResponse {
    let to = leaves(browser, "/account").await;
    let back = outside.signs_in(&to, login, amr).await;
    comes_back(browser, &back).await
}
