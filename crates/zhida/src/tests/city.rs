//! A small city with enterprises, policies and an account for each role: what the tests of the whole
//! program stand on.

use std::{fmt::Write as _, fs, sync::Arc};

use axum::{
    body::Body,
    http::{Request, header},
};
use uuid::Uuid;
use zhida_demo::shipped;
use zhida_platform::{
    access::{Origin, Person, Role, Side, Viewer},
    audit,
    config::Config,
    progress::Silent,
};
use zhida_policies::import::{ImportOptions as PolicyOptions, SourceFile, import_files};
use zhida_registry::import::{ImportOptions, Importer};
use zhida_standards::uscc::Uscc;
use zhida_testkit::{App as Site, TestResponse, seated};

use crate::app::App;

/// The county of the seats, a township of it, and the county beside.
pub const PLACE: &str = "330302";
const TOWNSHIP: &str = "330302006";
pub const BESIDE: &str = "330303";
/// An item that asks for little, so that somebody is found.
pub const ITEM: &str = "p024-yanfa-houbuzhu";
pub const FORM: &str = "application/x-www-form-urlencoded";
pub const JSON: &str = "application/json";

/// A code of an enterprise; those from 5 on are of none.
pub fn code(number: usize) -> String {
    let code = Uscc::from_parts('9', '1', "330302", &format!("PDY{number:05}")).unwrap();
    code.as_str().to_owned()
}

/// Two enterprises in the place of the seats, one of which is the enterprises' own, and three elsewhere.
fn enterprises() -> String {
    let places = [PLACE, TOWNSHIP, BESIDE, "330304", ""];
    let mut text = "信用代码,企业名称,所在区划,所属行业,2025年从业人数\n".to_owned();
    for (number, place) in places.into_iter().enumerate() {
        let code = code(number);
        writeln!(text, "{code},第{number}有限公司,{place},C2710,30").unwrap();
    }
    text
}

/// The program over a filled database.
pub struct City {
    pub app: App,
    pub site: Site,
    config: Config,
    /// The password of all accounts; the login of each is its role's id with `-` for `_`.
    password: String,
    _folder: tempfile::TempDir,
}

impl City {
    /// The shipped policies, the five enterprises, and an account for each role: government and
    /// administration in [`PLACE`], enterprise roles in the first enterprise.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.database.url = format!("sqlite:{}", folder.path().join("zhida.db").display());
        config.files.folder = folder.path().join("files").display().to_string();
        let app = App::open_for(&config, true).await.unwrap();
        let files = shipped::policy_files().map(|(name, text)| SourceFile {
            name: name.to_owned(),
            bytes: text.as_bytes().to_vec(),
        });
        let options = PolicyOptions::default();
        let policies = Arc::clone(&app.policies);
        import_files(&policies, files.collect(), &options, &Silent)
            .await
            .unwrap();
        let site = Site::new(app.router(&config, Viewer::visitor(), true));
        let mut city = Self {
            app,
            site,
            config,
            password: String::new(),
            _folder: folder,
        };
        city.bring(&enterprises()).await;
        let first = code(0);
        let accounts = city.app.people.make_demo_accounts(PLACE, Some(&first));
        let (password, _) = accounts.await.unwrap();
        password.expose().clone_into(&mut city.password);
        city
    }

    /// Imports enterprises from CSV.
    pub async fn bring(&self, table: &str) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("enterprises.csv");
        fs::write(&file, table).unwrap();
        let options = ImportOptions {
            department: "统计".to_owned(),
            as_of: "2026-01-01".parse().ok(),
            ..ImportOptions::default()
        };
        let importer = Importer::new(Arc::clone(&self.app.registry));
        let report = importer.run(&file, &options, &Silent).await.unwrap();
        assert_eq!(report.rejected, 0, "{:?}", report.examples);
    }

    /// The same for browsers elsewhere: the demonstration answers those of this machine only.
    pub fn open_site(&self) -> Site {
        Site::new(self.app.router(&self.config, Viewer::visitor(), false))
    }

    pub fn password(&self) -> &str {
        &self.password
    }

    /// Signs in with the account of a role; its cookie.
    pub async fn sign_in(&self, role: &str) -> String {
        let login = role.replace('_', "-");
        let fields = [("login", login.as_str()), ("password", self.password())];
        let answer = self.ask("", "POST", "/sign-in", FORM, form(&fields)).await;
        let answer = answer.expect_status(303);
        let cookie = answer.header("set-cookie").split(';').next().unwrap();
        assert!(cookie.starts_with("zhida="), "{cookie}");
        cookie.to_owned()
    }

    /// One request of a browser on this machine; without a cookie when that is empty.
    pub async fn ask(
        &self,
        cookie: &str,
        method: &str,
        path: &str,
        kind: &str,
        body: impl Into<Body>,
    ) -> TestResponse {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost");
        if !cookie.is_empty() {
            request = request.header(header::COOKIE, cookie);
        }
        if !kind.is_empty() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        self.site.send(request.body(body.into()).unwrap()).await
    }

    /// One request of somebody who need not have an account.
    pub async fn ask_as(
        &self,
        viewer: &Viewer,
        method: &str,
        path: &str,
        body: &str,
    ) -> TestResponse {
        let kind = match path.starts_with("/api/") {
            true => JSON,
            false => FORM,
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, kind)
            .extension(viewer.clone());
        let request = request.body(Body::from(body.to_owned())).unwrap();
        self.site.send(request).await
    }

    /// How many changes are on record: what is refused leaves none.
    pub async fn changes(&self) -> u64 {
        let query = audit::Query {
            viewed: Some(false),
            ..audit::Query::default()
        };
        audit::count(&self.app.db, &query).await.unwrap()
    }
}

/// The body of a form.
pub fn form(fields: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{}={}", percent(name), percent(value));
    let pairs: Vec<String> = fields.iter().map(pair).collect();
    pairs.join("&")
}

/// Percent-encodes everything but unreserved characters.
pub fn percent(text: impl AsRef<[u8]>) -> String {
    let bytes = text.as_ref().iter();
    bytes.fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            out.push(char::from(*byte));
        } else {
            write!(out, "%{byte:02X}").unwrap();
        }
        out
    })
}

/// Somebody in this role: an officer of the place, or of the enterprise.
pub fn viewer(role: &Role, place: &str, enterprise: &str) -> Viewer {
    match (role.side, role.id.as_str()) {
        (Side::Public, "visitor") => Viewer::visitor(),
        (Side::Public, _) => Viewer::person(Person {
            account: Uuid::from_u128(1),
            name: "张三".to_owned(),
            seat: None,
            second_factor: true,
            token: None,
            origin: Origin::default(),
        }),
        (Side::Enterprise | Side::Agency, id) => seated(id, None, Some(enterprise)),
        (Side::Government | Side::Administration, id) => seated(id, Some(place), None),
    }
}
