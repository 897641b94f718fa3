//! kill -9 in the middle of two hundred concurrent writes, at several moments: what was acknowledged
//! is there with its audit record, nothing is half there, the chain is whole and the program goes on.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::json;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
    task::JoinSet,
    time::timeout,
};
use zhida_people::code_at;
use zhida_platform::{
    audit,
    clock::{Clock, SystemClock},
    db,
};
use zhida_testkit::{TestDatabase, both_databases};

use crate::program::ZHIDA;

/// Requests under way when the program is killed.
const WRITERS: usize = 200;
/// After how many answers it is killed, round by round.
const ANSWERS: [usize; 4] = [1, 30, 90, 150];
/// How long that many answers may take.
const PATIENCE: Duration = Duration::from_secs(60);
const PASSWORD: &str = "西湖边 喝龙井 2026";

/// A running `zhida serve`, killed with the value.
struct Running {
    child: Child,
    addr: String,
    /// The code of the set-up address, at the first start.
    code: Option<String>,
}

impl Running {
    fn start(url: &str, folder: &TempDir, first: bool) -> Self {
        let mut child = Command::new(ZHIDA)
            .args(["serve", "--addr", "127.0.0.1:0", "--database", url])
            .current_dir(folder.path())
            .env_remove("ZHIDA_CONFIG")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut after = |words: &str| loop {
            let line = lines.next().expect("it says so before its end").unwrap();
            if let Some((_, rest)) = line.split_once(words) {
                return rest.trim().to_owned();
            }
        };
        let addr = after("http://");
        let code = first.then(|| after("/setup?code="));
        // the pipe is read to its end, or the program would stop at its next line
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, addr, code }
    }

    /// SIGKILL: nothing of the program runs after it.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _already_ended = self.child.kill();
        let _already_ended = self.child.wait();
    }
}

/// An answer whose head has come.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

/// One request on a connection of its own; `None` when it broke off before it was answered.
async fn send(addr: &str, head: &str, body: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect(addr).await.ok()?;
    let length = body.len();
    let request = format!(
        "{head}\r\nHost: {addr}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    let _cut_short = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some(Answer {
        status: head.split(' ').nth(1)?.parse().ok()?,
        head: head.to_owned(),
        body: body.to_owned(),
    })
}

/// A browser with its cookie.
struct Browser<'a> {
    addr: &'a str,
    cookie: String,
}

impl Browser<'_> {
    async fn ask(&mut self, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encode =
            |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let form = "Content-Type: application/x-www-form-urlencoded";
        let head = format!(
            "{method} {path} HTTP/1.1\r\nCookie: {}\r\n{form}",
            self.cookie
        );
        let answer = send(self.addr, &head, &body.join("&")).await.unwrap();
        assert!(
            answer.status < 400,
            "{path}: {} {}",
            answer.head,
            answer.body
        );
        let set = answer.head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("set-cookie").then_some(value)
        });
        if let Some(value) = set {
            value
                .split(';')
                .next()
                .unwrap()
                .clone_into(&mut self.cookie);
        }
        answer
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text
        .split_once(before)
        .unwrap_or_else(|| panic!("{before} in {text}"));
    rest.1.split_once(after).unwrap().0
}

/// Sets the platform up as whoever runs it does, and makes a token of the system administrator.
async fn token(server: &Running) -> String {
    let mut browser = Browser {
        addr: &server.addr,
        cookie: String::new(),
    };
    let mut fields = vec![
        ("code", server.code.as_deref().unwrap()),
        ("organisation_name", "样例市发展和改革局"),
        ("organisation_kind", "government"),
        ("organisation_division", "330300"),
    ];
    for (login, name, value) in [
        ("sysadmin_login", "sysadmin_name", "系甲"),
        ("secadmin_login", "secadmin_name", "安乙"),
        ("auditor_login", "auditor_name", "审丙"),
    ] {
        fields.extend([(login, &login[..3]), (name, value)]);
    }
    let made = browser.ask("POST", "/setup", &fields).await.body;
    let initial = between(&made, "data-copy=\"", "\"").to_owned();
    let fields = [("login", "sys"), ("password", &initial)];
    browser.ask("POST", "/sign-in", &fields).await;
    let fields = [
        ("old", initial.as_str()),
        ("new", PASSWORD),
        ("again", PASSWORD),
    ];
    browser.ask("POST", "/account/password", &fields).await;
    let page = browser.ask("GET", "/account/factor", &[]).await.body;
    let key = between(&page, "<code class=\"zd-code\">", "</code>").replace(' ', "");
    let code = code_at(&key, SystemClock.now()).unwrap();
    browser
        .ask("POST", "/account/factor", &[("code", &code)])
        .await;
    let fields = [
        ("name", "断电试验"),
        ("days", "1"),
        ("actions", "organisation.manage"),
        ("actions", "organisation.read"),
    ];
    let page = browser
        .ask("POST", "/account/tokens/new", &fields)
        .await
        .body;
    between(&page, "data-copy=\"", "\"").to_owned()
}

/// Lets all write at once and kills the program after so many answers; the names that were acknowledged.
async fn interrupted(
    server: Running,
    token: &str,
    round: usize,
    answers: usize,
) -> BTreeSet<String> {
    let (acknowledge, mut acknowledged) = mpsc::unbounded_channel();
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let (addr, token) = (server.addr.clone(), token.to_owned());
        let acknowledge = acknowledge.clone();
        writers.spawn(async move {
            let name = format!("断电{round}-{number}局");
            let body = json!({ "name": name, "kind": "department", "division": "330300", "valid_from": "2026-01-01" });
            let head = format!(
                "POST /api/v1/organisations HTTP/1.1\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json"
            );
            if let Some(answer) = send(&addr, &head, &body.to_string()).await {
                assert_eq!(answer.status, 201, "{}", answer.body);
                let _killed = acknowledge.send(name);
            }
        });
    }
    drop(acknowledge);
    let mut names = BTreeSet::new();
    while names.len() < answers {
        let name = timeout(PATIENCE, acknowledged.recv()).await;
        names.insert(name.expect("answers in time").expect("the writers go on"));
    }
    server.kill();
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
    while let Ok(name) = acknowledged.try_recv() {
        names.insert(name);
    }
    names
}

async fn count(db: &TestDatabase, sql: &str, values: impl IntoIterator<Item = db::Value>) -> i64 {
    db::query_count(db.conn(), sql, values).await.unwrap()
}

const ROW_WITHOUT_RECORD: &str =
    "SELECT COUNT(*) FROM people_organisation o WHERE o.name LIKE '断电%'
    AND 1 <> (SELECT COUNT(*) FROM audit_event e
              WHERE e.subject_id = o.id AND e.action = 'people.create_organisation')";
const RECORD_WITHOUT_ROW: &str =
    "SELECT COUNT(*) FROM audit_event e WHERE e.action = 'people.create_organisation'
    AND NOT EXISTS (SELECT 1 FROM people_organisation o WHERE o.id = e.subject_id)";

/// Everything acknowledged is there once, every row with its record and every record with its row.
async fn is_whole(db: &TestDatabase, acknowledged: &BTreeSet<String>) {
    for name in acknowledged {
        let sql = "SELECT COUNT(*) FROM people_organisation WHERE name = $1";
        assert_eq!(
            count(db, sql, [name.as_str().into()]).await,
            1,
            "{name} was acknowledged"
        );
    }
    assert_eq!(
        count(db, ROW_WITHOUT_RECORD, []).await,
        0,
        "a row without its record"
    );
    assert_eq!(
        count(db, RECORD_WITHOUT_ROW, []).await,
        0,
        "a record without its row"
    );
    let report = audit::verify(db, &[]).await.unwrap();
    assert!(report.is_sound(), "{report}");
}

async fn what_was_acknowledged_is_there_and_nothing_is_half_there(db: TestDatabase) {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Running::start(db.url(), &folder, true);
    let token = token(&server).await;
    let mut unanswered = 0;
    for (round, answers) in ANSWERS.into_iter().enumerate() {
        let acknowledged = interrupted(server, &token, round, answers).await;
        assert!(acknowledged.len() >= answers);
        unanswered += WRITERS - acknowledged.len();
        is_whole(&db, &acknowledged).await;
        server = Running::start(db.url(), &folder, false);
        is_whole(&db, &acknowledged).await;
    }
    assert!(
        unanswered > WRITERS / 2,
        "it was killed in the middle, not after the end: {unanswered}"
    );
    let head =
        format!("GET /api/v1/organisations?limit=1 HTTP/1.1\r\nAuthorization: Bearer {token}");
    let answer = send(&server.addr, &head, "").await.unwrap();
    let listed: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let sql = "SELECT COUNT(*) FROM people_organisation";
    assert_eq!(listed["total"], count(&db, sql, []).await);
}

both_databases!(what_was_acknowledged_is_there_and_nothing_is_half_there);
