//! Bad input through the command line and over HTTP: a clear refusal, in bounded time, and nothing
//! stored changes.

use std::{fs, path::Path, time::Duration};

use zhida_standards::uscc::Uscc;

use crate::{
    program::zhida,
    server::{Answer, Server},
};

const JSON: &str = "application/json";

fn code(n: u32) -> String {
    Uscc::from_parts('9', '1', "330302", &format!("PDY{n:05}"))
        .unwrap()
        .to_string()
}

fn table(n: u32) -> String {
    format!("统一社会信用代码,企业名称\r\n{},江城{n}号\r\n", code(n))
}

fn database(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("zhida.db").display())
}

#[test]
fn of_several_files_it_is_said_which_were_done() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (one, two, three) = (
        file("one.csv", &table(1)),
        file("two.csv", "名称\n甲\n"),
        file("three.csv", &table(3)),
    );
    let import = |json: &[&str], files: [&str; 3]| {
        let database = database(folder.path());
        let head = ["import", "enterprises", "--database", &database];
        zhida(head.iter().chain(json).copied().chain(files))
    };
    let ran = import(&["--json"], [&one, &two, &three]).expect(2);
    assert_eq!(ran.json()["accepted"], 1, "what was done is reported");
    for part in [
        "two.csv 没有导入",
        "one.csv 已处理完",
        "three.csv 没有处理",
        "统一社会信用代码",
    ] {
        assert!(ran.err.contains(part), "{part}: {}", ran.err);
    }
    let ran = import(&[], [&one, &three, &two]).expect(2);
    assert!(ran.out.contains("未变 1 行") && ran.err.contains("three.csv 已处理完"));
}

#[test]
fn rejected_rows_and_the_database_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let text = format!("{}x,没有代码\r\n", table(1));
    fs::write(&path, &text).unwrap();
    let database = database(folder.path());
    let file = path.display().to_string();
    let ran = zhida([
        "import",
        "enterprises",
        "--json",
        "--database",
        &database,
        &file,
    ])
    .expect(0);
    let rejects = ran.json()["rejects"].as_str().unwrap().to_owned();
    for private in [rejects.as_str(), &database["sqlite:".len()..]] {
        let mode = fs::metadata(private).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{private}: {mode:o}");
    }
    let rows = fs::read_to_string(&rejects).unwrap();
    assert!(
        rows.contains("\r\n3,"),
        "the second data row is row 3: {rows}"
    );
    let over = [
        "import",
        "enterprises",
        "--database",
        &database,
        "--rejects",
        &file,
        &file,
    ];
    let ran = zhida(over).expect(2);
    assert!(ran.err.contains("覆盖"), "{}", ran.err);
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn files_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let huge = folder.path().join("huge.csv");
    fs::File::create(&huge).unwrap().set_len(2 << 30).unwrap();
    let wide = folder.path().join("wide.csv");
    fs::write(
        &wide,
        format!("统一社会信用代码,企业名称{}\n", ",a".repeat(1_000_000)),
    )
    .unwrap();
    let encrypted = folder.path().join("secret.xlsx");
    fs::write(
        &encrypted,
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, 0, 0],
    )
    .unwrap();
    for (path, message) in [
        (huge.as_path(), "超过上限"),
        (wide.as_path(), "最多 1000 列"),
        (encrypted.as_path(), "加密的工作簿"),
        (folder.path(), "没有文件"),
        (Path::new("/nonexistent/a.csv"), "没有文件"),
    ] {
        let database = database(folder.path());
        let path = path.display().to_string();
        let ran = zhida(["import", "enterprises", "--database", &database, &path]).expect(2);
        assert!(ran.err.contains(message), "{path}: {}", ran.err);
        assert!(!ran.err.contains("panicked"), "{path}: {}", ran.err);
    }
}

#[test]
fn policies_that_cannot_be_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bomb = {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for n in 1..12 {
            let before = n - 1;
            let refs = vec![format!("*a{before}"); 9].join(",");
            text.push_str(&format!("a{n}: &a{n} [{refs}]\n"));
        }
        text
    };
    let good = include_str!("../../../../data/policies/deqing-shangshi.yaml");
    let unknown = good.replacen("rule: ", "rule: 没有的属性 > 5 and ", 1);
    assert_ne!(unknown, good);
    for (name, text, message) in [
        ("bomb.yaml", bomb, ""),
        ("deep.json", "[".repeat(100_000), ""),
        ("deep.yaml", "[".repeat(100_000), ""),
        ("binary.yaml", "\u{0}\u{1}".to_owned(), ""),
        ("empty.yaml", String::new(), ""),
        ("unknown.yaml", unknown, "没有的属性"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let database = database(folder.path());
        let rejects = folder.path().join("rejects.csv").display().to_string();
        let path = path.display().to_string();
        let arguments = ["import", "policies", "--json", "--database", &database];
        let ran = zhida(arguments.into_iter().chain(["--rejects", &rejects, &path])).expect(0);
        let report = ran.json();
        // of a file that can be read, the items without fault are taken
        let taken = u64::from(name == "unknown.yaml");
        assert_eq!(report["accepted"], taken, "{name}: {report}");
        assert_eq!(report["rejected"], 1, "{name}: {report}");
        assert!(report.to_string().contains(message), "{name}: {report}");
    }
}

#[test]
fn hostile_requests_get_a_refusal_and_the_server_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let mut server = Server::start(["demo", "--enterprises", "50", "--data", &data]);
    let deep = format!(
        "{{\"facts\":{}1{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let long = "a".repeat(60_000);
    for (path, statuses) in [
        ("/enterprises?after=xxx".to_owned(), &[400][..]),
        ("/api/v1/enterprises?after=eyJsIjoieCJ9".to_owned(), &[400]),
        ("/api/v1/enterprises?limit=100000".to_owned(), &[400]),
        ("/api/v1/enterprises?q=%FF%FE".to_owned(), &[200, 400]),
        (format!("/enterprises?q={}", "a".repeat(5_000)), &[400]),
        (format!("/policies?q={}", "a".repeat(5_000)), &[200, 400]),
        (format!("/api/v1/enterprises?q={long}"), &[400, 414]),
        ("/enterprises/%FF%FE".to_owned(), &[400, 404]),
        ("/enterprises/..%2f..%2fetc%2fpasswd".to_owned(), &[404]),
        ("/enterprises/%00".to_owned(), &[404]),
        ("/policies/%00".to_owned(), &[404]),
        ("/assets/..%2f..%2fCargo.toml".to_owned(), &[404]),
        ("/policies?on=9999-12-31".to_owned(), &[200, 400]),
        ("/calculator?on=9999-12-31".to_owned(), &[400]),
        ("/calculator?on=0001-01-01".to_owned(), &[400]),
        ("/calculator?item=keins".to_owned(), &[404]),
        ("/match/check?item=keins&code=x".to_owned(), &[400]),
        ("/policies/keins".to_owned(), &[404]),
        ("/policies/keins/enterprises".to_owned(), &[404]),
        ("/enterprises/import/batches/99".to_owned(), &[404]),
        ("/enterprises/import/batches/-1/rejects".to_owned(), &[404]),
        ("/enterprises/import/batches/x".to_owned(), &[404]),
        (format!("/calculator?{}", "x=1&".repeat(5_000)), &[200, 400]),
        ("/enterprises?order=name;drop".to_owned(), &[400]),
        ("/enterprises?region=0".to_owned(), &[400]),
        ("/enterprises?industry=%27".to_owned(), &[400]),
    ] {
        server.enter(who_asks(&path));
        let answer = server.get(&path);
        let shown: String = path.chars().take(80).collect();
        assert!(
            statuses.contains(&answer.status),
            "{shown}: {}",
            answer.status
        );
    }
    for (path, body, status) in [
        ("/api/v1/match/calculate", deep.as_str(), 400),
        (
            "/api/v1/match/calculate",
            "{\"facts\":{\"营业收入\":{\"2025\":-5}}}",
            400,
        ),
        (
            "/api/v1/match/calculate",
            "{\"facts\":{\"成立日期\":\"0001-01-01\"}}",
            400,
        ),
        (
            "/api/v1/match/calculate",
            "{\"facts\":{},\"on\":\"9999-12-31\"}",
            400,
        ),
        (
            "/api/v1/match/what-if",
            "{\"code\":\"x\",\"changes\":{}}",
            404,
        ),
        ("/api/v1/rules/check", "{\"rule\":1}", 422),
        (
            "/api/v1/enterprise-tags",
            "{\"name\":\"a\",\"rule\":\"没有 > 5\"}",
            400,
        ),
    ] {
        server.enter(who_asks(path));
        let answer = server.post(path, JSON, body);
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert!(answer.text().contains("hint"), "{}", answer.text());
    }
    let nested = format!("{{\"rule\":\"{}1\"}}", "(".repeat(50_000));
    let answer = server.post("/api/v1/rules/check", JSON, nested);
    assert!(matches!(answer.status, 200 | 400), "{}", answer.status);
    let written = server.send(
        "POST",
        "/tags/recompute",
        &[("Origin", "http://evil.example")],
        b"",
    );
    assert_eq!(written.status, 403, "another site");
    let rebound = server.raw(b"GET / HTTP/1.0\r\nHost: evil.example\r\n\r\n");
    assert_eq!(rebound.status, 403, "another name");
    assert_eq!(server.get("/").status, 200, "the server goes on");
}

/// A role that may ask for it, so that what is refused is the input.
fn who_asks(path: &str) -> &'static str {
    let matches = path.ends_with("/what-if") || path.ends_with("/enterprises");
    match matches && path != "/enterprises" {
        true => "clerk",
        false => "data_manager",
    }
}

#[test]
fn an_upload_cannot_choose_where_it_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Server::start([
        "demo".as_ref(),
        "--enterprises".as_ref(),
        "50".as_ref(),
        "--data".as_ref(),
        data.as_os_str(),
    ]);
    server.enter("data_manager");
    let upload = |name: &str, text: &str| {
        let body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"department\"\r\n\r\n税务\r\n\
             --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{text}\r\n--b--\r\n"
        );
        server.post(
            "/api/v1/enterprises/import",
            "multipart/form-data; boundary=b",
            body,
        )
    };
    let before = fs::read_dir(folder.path()).unwrap().count();
    let answer = upload("../../../evil.csv", &table(7));
    assert_eq!(answer.status, 202, "{}", answer.text());
    let batches = imported(&server, &answer);
    assert!(batches.contains("\"file_name\":\"evil.csv\""), "{batches}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), before);
    // the form of the page sends the token back: it names a kept file and nothing else
    for token in [
        "upload-..%2f..%2fdata%2fzhida.db",
        "zhida.db",
        "upload-",
        "%2fetc%2fpasswd",
    ] {
        let form = format!("action=import&department=a&token={token}&file_name=a.csv");
        let answer = server.post(
            "/enterprises/import/run",
            "application/x-www-form-urlencoded",
            form,
        );
        assert!(
            (400..500).contains(&answer.status),
            "{token}: {}",
            answer.status
        );
    }
}

/// What the import that was asked for says once it is done; waits up to a minute.
fn imported(server: &Server, asked: &Answer) -> String {
    let asked: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
    let href = asked["href"].as_str().unwrap();
    for _ in 0..600 {
        let progress = server.get(href).text();
        if progress.contains("\"state\":\"done\"") {
            return progress;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{}", server.get(href).text())
}

#[test]
fn the_same_file_sent_twice_at_once_is_taken_once() {
    let folder = tempfile::tempdir().unwrap();
    let database = database(folder.path());
    let mut text = "统一社会信用代码,企业名称\n".to_owned();
    for n in 1..3_000 {
        text.push_str(&format!("{},江城{n}号\n", code(n)));
    }
    let path = folder.path().join("many.csv");
    fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    let first = folder.path().join("empty.csv");
    fs::write(&first, table(1)).unwrap();
    let first = first.display().to_string();
    zhida([
        "import",
        "enterprises",
        "--json",
        "--database",
        &database,
        &first,
    ])
    .expect(0);
    let import = |rejects: &str| {
        let rejects = folder.path().join(rejects).display().to_string();
        let head = ["import", "enterprises", "--json", "--database", &database];
        zhida(head.into_iter().chain(["--rejects", &rejects, &path]))
    };
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(|| import("one.csv"));
        let other = scope.spawn(|| import("other.csv"));
        (one.join().unwrap(), other.join().unwrap())
    });
    for ran in [&one, &other] {
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        assert!(ran.code == 0 || !ran.err.is_empty(), "{}", ran.code);
    }
    assert!(
        one.code == 0 || other.code == 0,
        "{} / {}",
        one.err,
        other.err
    );
    let again = import("again.csv").expect(0).json();
    assert_eq!(
        (&again["unchanged"], &again["rows"]),
        (&again["rows"], &again["rows"])
    );
}
