//! What an operator does: looks at the settings, watches the server, verifies the audit, backs up and restores.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;
use zhida_people::code_at;
use zhida_platform::{
    clock::{Clock, SystemClock},
    db::{self, Database},
};
use zhida_testkit::{TestDatabase, both_databases, postgres, sqlite};

use crate::{
    program::{Ran, ZHIDA, zhida},
    snapshot::ROOT,
};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const PASSWORD: &str = "西湖边 喝龙井 2026";
/// How long the program may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(40);

/// A folder with a configuration file.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("zhida.toml"), settings).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Runs the program with the folder's configuration on a database.
    fn run(&self, url: &str, arguments: &[&str]) -> Ran {
        let config = self.text("zhida.toml");
        let more = ["--config", &config, "--database", url];
        zhida(arguments.iter().chain(&more))
    }
}

async fn tamper(db: &Database, sql: &'static str) {
    db.write(|tx| async move { db::execute(&tx, sql, []).await })
        .await
        .unwrap();
}

/// Something to record, verify and back up.
fn import(place: &Place, url: &str) {
    let city = place.text("city");
    let arguments = [
        "--enterprises",
        "200",
        "--items",
        "10",
        "--division",
        "330300",
    ];
    zhida(
        ["generate", "city", "--out", &city]
            .iter()
            .chain(&arguments),
    )
    .expect(0);
    let enterprises = format!("{city}/enterprises.csv");
    place
        .run(url, &["import", "enterprises", &enterprises])
        .expect(0);
    let policies = format!("{ROOT}/data/policies");
    place.run(url, &["import", "policies", &policies]).expect(0);
}

both_databases!(
    the_audit_is_verified_checked_and_exported,
    a_backup_moves_to_the_other_database,
);

async fn the_audit_is_verified_checked_and_exported(db: TestDatabase) {
    let place = Place::new("");
    let url = db.url().to_owned();
    let refused = place.run(&url, &["audit", "verify"]).expect(2);
    assert!(refused.err.contains("还没有直达的表"), "{}", refused.err);
    import(&place, &url);
    let sound = place.run(&url, &["audit", "verify"]).expect(0);
    assert!(sound.out.contains("完整，没有改动"), "{}", sound.out);
    assert!(sound.out.contains("没有密钥保护"), "{}", sound.out);
    // a key from now on
    let key = place.path("audit.key");
    fs::write(&key, KEY).unwrap();
    restrict(&key);
    let keyed = Place::new(&format!("[audit]\nkey_file = \"{}\"\n", key.display()));
    let checked = keyed.run(&url, &["config", "check"]).expect(0);
    assert!(checked.out.contains("下次启动时启用"), "{}", checked.out);
    assert!(!checked.out.contains(KEY), "{}", checked.out);
    let days = ["match", "all", "--limit", "1"];
    keyed.run(&url, &days).expect(0);
    let sound = keyed
        .run(&url, &["audit", "verify", "--json"])
        .expect(0)
        .json();
    assert_eq!(sound["sound"], true, "{sound}");
    let last = sound["last"].as_i64().unwrap();
    assert_eq!(sound["keyed_from"], last, "{sound}");
    let without = place.run(&url, &days).expect(2);
    assert!(without.err.contains("密钥"), "{}", without.err);
    let checked = place.run(&url, &["config", "check"]).expect(1);
    assert!(checked.out.contains("✗ 审计密钥"), "{}", checked.out);
    // a checkpoint is kept elsewhere
    let kept = place.text("checkpoints");
    for _ in 0..2 {
        keyed.run(&url, &["audit", "checkpoint", &kept]).expect(0);
    }
    assert_eq!(fs::read_to_string(&kept).unwrap().lines().count(), 2);
    for more in [&["--since"][..], &[]] {
        let line = [&["audit", "verify", "--checkpoint", &kept][..], more].concat();
        let sound = keyed.run(&url, &line).expect(0);
        assert!(sound.out.contains("已与 2 个检查点对照"), "{}", sound.out);
    }
    // an export is recorded
    for (name, first) in [("a.csv", "编号"), ("a.jsonl", "{\"no\":")] {
        let file = place.text(name);
        let done = keyed.run(&url, &["audit", "export", &file]).expect(0);
        assert!(done.out.contains("已记入审计"), "{}", done.out);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(first), "{name}");
        let rows = text.lines().count() - usize::from(name == "a.csv");
        assert!(
            done.out.contains(&format!("已导出 {rows} 条")),
            "what is said is what is there: {}",
            done.out
        );
        #[cfg(unix)]
        {
            let mode = fs::metadata(&file).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::mode(&mode.permissions());
            assert_eq!(mode & 0o777, 0o600, "only its owner reads it");
        }
        let again = keyed.run(&url, &["audit", "export", &file]).expect(2);
        assert!(again.err.contains("已有这个文件"), "{}", again.err);
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    let odd = place.text("a.doc");
    let refused = keyed.run(&url, &["audit", "export", &odd]).expect(2);
    assert!(refused.err.contains(".csv"), "{}", refused.err);
    let recorded = "SELECT COUNT(*) FROM audit_event WHERE action = 'audit.export' AND viewed";
    let recorded = db::query_count(db.conn(), recorded, []).await.unwrap();
    assert_eq!(recorded, 2);
    let today = SystemClock.today().to_string();
    let young = keyed
        .run(&url, &["audit", "prune", "--before", &today])
        .expect(2);
    assert!(young.err.contains("六个月"), "{}", young.err);
    let old = ["audit", "prune", "--before", "2020-01-01"];
    let none = keyed.run(&url, &old).expect(0);
    assert!(none.out.contains("什么也没有清理"), "{}", none.out);
    // somebody changes a record, and later cuts off the end
    tamper(&db, "UPDATE audit_event SET actor = '别人' WHERE no = 1").await;
    let broken = keyed.run(&url, &["audit", "verify"]).expect(1);
    for part in ["第 1 条与校验值不符", "不能直接采信"] {
        assert!(broken.out.contains(part), "{part} 不在 {}", broken.out);
    }
    let kept_back = keyed.run(&url, &old).expect(1);
    assert!(kept_back.out.contains("没有清理"), "{}", kept_back.out);
    tamper(&db, "DELETE FROM audit_event WHERE no > 1").await;
    let broken = keyed
        .run(&url, &["audit", "verify", "--json", "--checkpoint", &kept])
        .expect(1)
        .json();
    let kinds: Vec<&str> = broken["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|finding| finding["kind"].as_str())
        .collect();
    assert!(kinds.contains(&"truncated"), "{broken}");
    // a newer program's database is left alone
    let newer =
        "INSERT INTO schema_migration (room, step, digest) VALUES ('registry', '999-later', '')";
    tamper(&db, newer).await;
    let schema = db.dump_schema().await.unwrap();
    for command in [&["serve"][..], &["audit", "verify"], &days] {
        let refused = keyed.run(&url, command).expect(2);
        assert!(refused.err.contains("更新版本的程序"), "{}", refused.err);
    }
    assert_eq!(db.dump_schema().await.unwrap(), schema);
}

fn restrict(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

async fn a_backup_moves_to_the_other_database(from: TestDatabase) {
    let place = Place::new("");
    let (url, file) = (from.url().to_owned(), place.text("all.zip"));
    import(&place, &url);
    let files = |folder: &str| {
        let folder = place.path(folder);
        Place::new(&format!("[files]\nfolder = \"{}\"\n", folder.display()))
    };
    let (before, after) = (files("before"), files("after"));
    let made = before.run(&url, &["backup", &file]).expect(0);
    assert!(made.out.contains("已备份到"), "{}", made.out);
    let twice = before.run(&url, &["backup", &file]).expect(2);
    assert!(twice.err.contains("没有覆盖"), "{}", twice.err);
    let whole = after.run(&url, &["restore", &file, "--check"]).expect(0);
    assert!(whole.out.contains("完整"), "{}", whole.out);
    let to = match from.engine() {
        db::Engine::Sqlite => postgres().await,
        db::Engine::Postgres => sqlite().await,
    };
    let target = to.url().to_owned();
    to.handle().close().await;
    let restored = after.run(&target, &["restore", &file]).expect(0);
    assert!(restored.out.contains("完整，没有改动"), "{}", restored.out);
    let sealed = from.engine() == db::Engine::Sqlite;
    let told = restored.out.contains("这里没有这把密钥");
    assert_eq!(told, sealed, "{}", restored.out);
    let twice = after.run(&target, &["restore", &file]).expect(2);
    assert!(twice.err.contains("--replace"), "{}", twice.err);
    // the same answers, from the same figures
    let policy = [
        "match",
        "policy",
        "p050-xiaoxing-weili",
        "--on",
        "2026-11-22",
        "--json",
    ];
    let answers = [&url, &target].map(|url| after.run(url, &policy).expect(0).json());
    assert_eq!(answers[0], answers[1]);
    after.run(&target, &["audit", "verify"]).expect(0);
    // the search indexes were made anew
    let to = Database::connect(&target).await.unwrap();
    for table in ["enterprise_search", "policy_item_search"] {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        let counts = [
            db::query_count(from.conn(), &sql, []).await.unwrap(),
            db::query_count(to.conn(), &sql, []).await.unwrap(),
        ];
        assert!(
            counts[0] > 0 && counts[0] == counts[1],
            "{table} {counts:?}"
        );
    }
    // an open database is not replaced, a closed one is
    let busy = after
        .run(&target, &["restore", &file, "--replace"])
        .expect(2);
    assert!(busy.err.contains("请先停止"), "{}", busy.err);
    to.close().await;
    after
        .run(&target, &["restore", &file, "--replace"])
        .expect(0);
    fs::write(&file, &fs::read(&file).unwrap()[..9_000]).unwrap();
    let cut = after
        .run(&target, &["restore", &file, "--replace"])
        .expect(2);
    assert!(cut.err.contains("不是完整的备份"), "{}", cut.err);
    after.run(&target, &["audit", "verify"]).expect(0);
}

#[test]
fn settings_tell_where_they_come_from_and_what_does_not_work() {
    let place = Place::new("");
    let url = format!("sqlite:{}", place.text("new.db"));
    let folder = place.text("files");
    let settings = format!(
        "[files]\nfolder = \"{folder}\"\n[mail]\nserver = \"127.0.0.1\"\nport = 1\nfrom = \"a@b.cn\"\n\
         password = \"p4ssw0rd\"\n"
    );
    let mail = Place::new(&settings);
    let ran = mail.run(&url, &["config", "check"]).expect(1);
    for part in [
        "mail.password = \"***\"",
        "zhida.toml 第 7 行",
        "（命令行 --database）",
        "（默认）",
        "✓ 数据库",
        "✗ 邮件：127.0.0.1:1",
        "! 文件权限：mail.password 写在",
        "标 ✗ 的要先改正",
    ] {
        assert!(ran.out.contains(part), "{part} 不在\n{}", ran.out);
    }
    assert!(!ran.out.contains("p4ssw0rd"));
    assert!(!place.path("new.db").exists(), "nothing is made");
    let good = Place::new(&format!("[files]\nfolder = \"{folder}\"\n"));
    let ran = good
        .run(&url, &["config", "check", "--json"])
        .expect(0)
        .json();
    assert_eq!(ran["good"], true, "{ran}");
    let wrong = Place::new("[server]\nadress = \"x\"\n");
    let ran = wrong.run(&url, &["config", "check"]).expect(1);
    assert!(ran.out.contains("server.addr"), "{}", ran.out);
    // a folder that is a file, a key that others read, a clamd that is not there
    let key = place.path("key");
    fs::write(&key, KEY).unwrap();
    let bad = Place::new(&format!(
        "[files]\nfolder = \"{}\"\nclamd = \"tcp:127.0.0.1:1\"\n",
        place.path("key").join("x").display()
    ));
    let ran = bad.run(&url, &["config", "check"]).expect(1);
    assert!(ran.out.contains("✗ 查毒"), "{}", ran.out);
    let open = Place::new(&format!("[secrets]\nkey_file = \"{}\"\n", key.display()));
    zhida(
        [
            "serve",
            "--addr",
            "127.0.0.1:0",
            "--database",
            &url,
            "--config",
        ]
        .iter()
        .map(ToString::to_string)
        .chain([open.text("zhida.toml")]),
    )
    .expect(2);
}

/// A running `zhida serve` whose log goes to a file.
struct Running {
    child: Child,
    addr: String,
    metrics: String,
    code: String,
    cookie: String,
    log: PathBuf,
}

impl Running {
    fn start(place: &Place) -> Self {
        let log = place.path("log");
        let mut child = Command::new(ZHIDA)
            .args(["serve", "--config", &place.text("zhida.toml")])
            .current_dir(place.folder.path())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut after = |words: &str| loop {
            let line = lines.next().expect("it says so before its end").unwrap();
            if let Some((_, rest)) = line.split_once(words) {
                return rest.trim().to_owned();
            }
        };
        let (addr, metrics) = (after("http://"), after("http://"));
        let code = after("/setup?code=");
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            addr,
            metrics: metrics.trim_end_matches("/metrics").to_owned(),
            code,
            cookie: String::new(),
            log,
        }
    }

    fn ask(&mut self, method: &str, path: &str, more: &str, fields: &[(&str, &str)]) -> String {
        let addr = self.addr.clone();
        let answer = self.ask_at(&addr, method, path, more, fields);
        for line in answer.lines().take_while(|line| !line.is_empty()) {
            if let Some((_, cookie)) = line.split_once("set-cookie: ") {
                self.cookie = cookie.split(';').next().unwrap().to_owned();
            }
        }
        answer
    }

    fn ask_at(
        &self,
        addr: &str,
        method: &str,
        path: &str,
        more: &str,
        fields: &[(&str, &str)],
    ) -> String {
        let encode =
            |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let body = body.join("&");
        let cookie = match self.cookie.as_str() {
            "" => String::new(),
            cookie => format!("Cookie: {cookie}\r\n"),
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n{cookie}{more}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(addr).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// SIGTERM, and how the program ended.
    fn stop(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(told.success());
        let begun = Instant::now();
        let ended = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not stop");
            std::thread::sleep(Duration::from_millis(50));
        };
        (ended.code(), fs::read_to_string(&self.log).unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _already_ended = self.child.kill();
        let _already_ended = self.child.wait();
    }
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

fn header<'a>(answer: &'a str, name: &str) -> &'a str {
    let mut lines = answer.lines().take_while(|line| !line.is_empty());
    let found = lines.find_map(|line| line.split_once(": ").filter(|(key, _)| *key == name));
    found.map_or("", |(_, value)| value)
}

#[test]
fn a_server_is_watched_and_its_log_holds_no_secret() {
    let place = Place::new(
        "[server]\naddr = \"127.0.0.1:0\"\nmetrics_addr = \"127.0.0.1:0\"\ntrusted_proxies = [\"127.0.0.1\"]\n\
         [log]\nlevel = \"debug\"\nformat = \"json\"\n",
    );
    let mut server = Running::start(&place);
    let alive = server.ask("GET", "/healthz", "", &[]);
    assert!(
        status(&alive) == "200" && alive.ends_with("ok\n"),
        "{alive}"
    );
    let ready = server.ask("GET", "/readyz", "", &[]);
    assert!(ready.contains("\"ready\":true"), "{ready}");
    // figures have an address of their own
    assert_eq!(status(&server.ask("GET", "/metrics", "", &[])), "404");
    let figures = server.ask_at(&server.metrics, "GET", "/metrics", "", &[]);
    for part in [
        "zhida_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"} 1",
        "zhida_engine_ready",
        "process_resident_memory_bytes",
    ] {
        assert!(figures.contains(part), "{part} 不在\n{figures}");
    }
    let other = server.ask_at(&server.metrics, "GET", "/enterprises", "", &[]);
    assert_eq!(status(&other), "404");
    let (code, first, factor, token) = sign_in(&mut server);
    let refused = server.ask("GET", "/api/v1/none?phone=13800138000", "", &[]);
    let id = header(&refused, "x-request-id").to_owned();
    assert!(
        refused.contains(&format!("\"instance\":\"urn:uuid:{id}\"")),
        "{refused}"
    );
    let cookie = server.cookie.clone();
    let (_, cookie) = cookie.split_once('=').unwrap();
    let (ended, log) = server.stop();
    assert_eq!(ended, Some(0), "{log}");
    let url = format!("sqlite:{}", place.text("zhida.db"));
    let from = zhida_testkit::block_on(async {
        let db = Database::connect(&url).await.unwrap();
        let sql = "SELECT COUNT(*) FROM audit_event WHERE address = '203.0.113.5'";
        db::query_count(db.conn(), sql, []).await.unwrap()
    });
    assert!(from > 0, "the record says from where, behind the proxy");
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    assert!(lines.len() > 10 && !log.contains('\u{1b}'));
    let line = lines
        .iter()
        .find(|line| line["span"]["request_id"] == id.as_str());
    let line = line.unwrap_or_else(|| panic!("{id} is not in {log}"));
    assert_eq!(line["path"], "/api/v1/none");
    // six digits may stand in any time or id
    let without_numbers = lines.into_iter().map(|mut line| {
        line["timestamp"].take();
        line["span"].take();
        line.to_string()
    });
    let log: String = without_numbers.collect();
    for secret in [
        &code,
        &first,
        &factor,
        &token,
        cookie,
        PASSWORD,
        "13800138000",
        "wrong-s3cret",
        "whatever-t0ken",
    ] {
        assert!(
            secret.len() > 5 && !log.contains(secret),
            "{secret} in the log"
        );
    }
}

/// The first administrator comes in: the code of the set-up, the first password, the key of the second factor,
/// and the code of it.
fn sign_in(server: &mut Running) -> (String, String, String, String) {
    let code = server.code.clone();
    let setup = [
        ("code", code.as_str()),
        ("organisation_name", "样例市数据局"),
        ("organisation_kind", "department"),
        ("organisation_division", "330300"),
        ("sysadmin_login", "a-sys"),
        ("sysadmin_name", "甲某"),
        ("secadmin_login", "b-sec"),
        ("secadmin_name", "乙某"),
        ("auditor_login", "c-aud"),
        ("auditor_name", "丙某"),
    ];
    let done = server.ask("POST", "/setup", "", &setup);
    let first = done.split("data-copy=\"").nth(1).expect("a password");
    let first = first.split('"').next().unwrap().to_owned();
    let with = |password| [("login", "a-sys"), ("password", password)];
    let wrong = server.ask("POST", "/sign-in", "", &with("wrong-s3cret"));
    assert!(status(&wrong).starts_with('4'), "{wrong}");
    let via = "X-Forwarded-For: 198.51.100.9, 203.0.113.5\r\n";
    let entered = server.ask("POST", "/sign-in", via, &with(&first));
    assert_eq!(status(&entered), "303", "{entered}");
    let fields = [
        ("old", first.as_str()),
        ("new", PASSWORD),
        ("again", PASSWORD),
    ];
    let changed = server.ask("POST", "/account/password", "", &fields);
    assert_eq!(status(&changed), "303", "{changed}");
    let page = server.ask("GET", "/account/factor", "", &[]);
    let factor = page
        .split("<code class=\"zd-code\">")
        .nth(1)
        .expect("a key");
    let factor = factor.split('<').next().unwrap().replace(' ', "");
    let token = code_at(&factor, SystemClock.now()).expect("a code");
    let confirmed = server.ask("POST", "/account/factor", "", &[("code", &token)]);
    assert!(["200", "303"].contains(&status(&confirmed)), "{confirmed}");
    let bearer = "Authorization: Bearer zhida_whatever-t0ken\r\n";
    server.ask("GET", "/api/v1/me", bearer, &[]);
    (code, first, factor, token)
}
