//! What `zhida serve` shows to everybody: no fact that is internal or confidential, in whatever form,
//! and nothing that writes.
//!
//! Two databases that differ in nothing but hidden facts must look the same everywhere: what tells
//! them apart tells a hidden fact, be it a figure, a count, an order or a verdict.

use std::{
    collections::{BTreeSet, VecDeque},
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use zhida_platform::db::{self, Database};

use crate::{program::zhida, server::Server};

const PAGES_MAX: usize = 400;
/// Planted in hidden facts of the first database; no page may have them in any notation.
const SECRETS: [&str; 8] = [
    "73918264",
    "7391.8264",
    "0.73918",
    "84617397",
    "8461.7397",
    "4729人",
    "4,729",
    "秘钥赛道",
];

struct City {
    _folder: TempDir,
    database: String,
    server: Server,
}

fn codes() -> [String; 3] {
    [1, 2, 3].map(|n| {
        zhida_standards::uscc::Uscc::from_parts('9', '1', "330302", &format!("PDY{n:05}"))
            .unwrap()
            .to_string()
    })
}

/// A city of three enterprises whose public facts are always the same.
fn city(hidden: [&str; 3]) -> City {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("zhida.db").display());
    let file = folder.path().join("企业.csv");
    let headings = "统一社会信用代码,企业名称,所在区划,所属行业,登记状态,高新技术企业,\
        2024年营业收入,2025年营业收入,2025年纳税总额,2025年研发费用,2025年从业人数,企业规模,规上企业,产业标签,入选名单";
    let mut text = format!("{headings}\n");
    for (at, (code, hidden)) in codes().iter().zip(hidden).enumerate() {
        text.push_str(&format!(
            "{code},江城样例{at}号有限公司,330302,C3373,存续,是,{hidden}\n"
        ));
    }
    std::fs::write(&file, text).unwrap();
    let import = |kind: &str, path: &Path| {
        let path = path.display().to_string();
        zhida(["import", kind, "--json", "--database", &database, &path]).expect(0);
    };
    import("enterprises", &file);
    let policies = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data/policies");
    import("policies", &policies);
    let server = Server::start(["serve", "--database", &database]);
    City {
        _folder: folder,
        database,
        server,
    }
}

fn with_secrets() -> City {
    city([
        "73918264,73918264,8461739,8461739,4729,大型,是,秘钥赛道,创新型中小企业培育库",
        "1000,2000,300,84617397,3,微型,否,,",
        "900,,,,,,,,",
    ])
}

fn without() -> City {
    city([
        "5,6,7,8,9,微型,否,,",
        ",,,,,,,,",
        "99999999999,99999999999,999999999,9999999999,99999,大型,是,航天,别的名单",
    ])
}

/// The text without instants and ids of a run.
fn settled(text: &str) -> String {
    let token = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '.');
    let mut out = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if token(c) {
            word.push(c);
            continue;
        }
        let clock = word.split(':').count() > 1 && word.starts_with(|c: char| c.is_ascii_digit());
        // one of the request, and the token that tells a form sent twice
        let request = word.starts_with("urn:uuid:")
            || word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        out.push_str(match (clock, request) {
            (true, _) => "时刻",
            (_, true) => "请求",
            _ => &word,
        });
        word.clear();
        out.push(c);
    }
    out
}

/// Addresses in a page, of this site.
fn links(page: &str) -> Vec<String> {
    let quoted = ["href=\"/", "action=\"/"]
        .into_iter()
        .flat_map(|attribute| page.split(attribute).skip(1));
    quoted
        .filter_map(|rest| rest.split('"').next())
        .filter(|path| !path.starts_with("assets/") && !path.starts_with('/'))
        .map(|path| format!("/{}", path.replace("&amp;", "&").replace("&#38;", "&")))
        .map(|path| path.split('#').next().unwrap_or_default().to_owned())
        .collect()
}

/// All addresses worth asking that links do not lead to.
fn addresses(server: &Server) -> Vec<String> {
    let [first, second, third] = codes();
    let mut paths: Vec<String> = Vec::new();
    let document: serde_json::Value =
        serde_json::from_slice(&server.get("/api/openapi.json").body).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        if methods.get("get").is_none() {
            continue;
        }
        let ids: Vec<&str> = match path.as_str() {
            path if path.contains("{code}") => vec![&first, &second, &third],
            path if path.contains("{no}") => vec!["1", "2"],
            _ => vec!["p024-yanfa-houbuzhu", "直达-2026-000001", "keins"],
        };
        for id in ids {
            let id = percent(id);
            paths.push(
                path.replace("{code}", &id)
                    .replace("{no}", &id)
                    .replace("{id}", &id),
            );
        }
    }
    for list in [
        "/enterprises",
        "/enterprises/export.csv",
        "/enterprises/export.xlsx",
        "/api/v1/enterprises",
        "/api/v1/enterprises/count",
        "/policies/p024-yanfa-houbuzhu/enterprises",
        "/policies/p024-yanfa-houbuzhu/enterprises.csv",
        "/policies/p024-yanfa-houbuzhu/enterprises.xlsx",
        "/api/v1/match/items/p024-yanfa-houbuzhu",
    ] {
        for query in [
            "",
            "size=大型",
            "size=微型",
            "status=存续",
            "tag=小微企业",
            "tag=规上工业",
            "tag=重点产业",
            "tag=高新技术企业",
            "order=revenue",
            "order=size",
            "order=registered_on",
            "order=name",
            "q=秘钥赛道",
            "q=江城",
            "q=大型",
            "region=330300",
            "region=3303",
            "region=33030",
            "industry=C33",
            "verdict=eligible",
            "limit=1",
        ] {
            paths.push(format!("{list}?{}", percent_query(query)));
        }
    }
    for code in [&first, &second, &third] {
        paths.push(format!("/enterprises/{code}"));
        paths.push(format!("/enterprises/{code}/matches"));
        paths.push(format!("/enterprises/{code}/matches/p024-yanfa-houbuzhu"));
        for item in items(server) {
            paths.push(format!("/match/check?item={item}&code={code}"));
        }
    }
    paths.extend(
        [
            "/enterprises/import",
            "/enterprises/import/batches/1",
            "/enterprises/import/batches/1/rejects",
            "/tags",
            "/policies/new",
            "/policies/p024-yanfa-houbuzhu/edit",
            "/gallery",
            "/calculator?employees.2025=5",
        ]
        .map(str::to_owned),
    );
    paths
}

fn items(server: &Server) -> Vec<String> {
    let list: serde_json::Value =
        serde_json::from_slice(&server.get("/api/v1/policies?status=all&limit=200").body).unwrap();
    let items = list["items"].as_array().unwrap();
    assert!(items.len() > 60);
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn percent_query(query: &str) -> String {
    match query.split_once('=') {
        Some((name, value)) => format!("{name}={}", percent(value)),
        None => String::new(),
    }
}

#[test]
fn hidden_facts_leave_no_trace_on_any_address() {
    let (one, other) = (with_secrets(), without());
    let mut open: VecDeque<String> = addresses(&one.server).into();
    open.push_front("/".to_owned());
    let (mut seen, mut crawled) = (BTreeSet::new(), 0);
    let own = open.len();
    while let Some(path) = open.pop_front() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let (left, right) = (one.server.get(&path), other.server.get(&path));
        assert!(left.status < 500, "{path}: {}", left.status);
        assert_eq!(left.status, right.status, "{path}");
        if path.contains(".xlsx") && left.status == 200 {
            // its rows are those of the CSV file; the time of its making, which a workbook holds
            // compressed, moves its size by a few bytes
            let difference = left.body.len().abs_diff(right.body.len());
            assert!(difference < 16, "{path}: {difference} bytes");
            continue;
        }
        let (left, right) = (left.text(), right.text());
        let bare = left.replace([',', ' '], "");
        for secret in SECRETS {
            let echoed = path.contains(&percent(secret));
            let hit = left.contains(secret) || bare.contains(secret);
            assert!(!hit || echoed, "{path} shows {secret}");
        }
        if settled(&left) != settled(&right) {
            let (left, right) = (settled(&left), settled(&right));
            let pairs = left.lines().zip(right.lines());
            let differ = pairs.into_iter().find(|(a, b)| a != b);
            panic!("{path} tells hidden facts apart: {differ:?}");
        }
        if crawled < PAGES_MAX && left.starts_with("<!") {
            crawled += 1;
            open.extend(links(&left));
        }
    }
    assert!(crawled > 100 && seen.len() > own / 2, "{crawled} pages");
}

#[test]
fn lists_for_officers_are_refused_and_hidden_conditions_too() {
    let city = with_secrets();
    let [first, ..] = codes();
    for path in [
        "/enterprises/import".to_owned(),
        "/enterprises/import/batches/1".to_owned(),
        "/enterprises/import/batches/1/rejects".to_owned(),
        "/tags".to_owned(),
        "/policies/new".to_owned(),
        "/policies/p024-yanfa-houbuzhu/edit".to_owned(),
        "/policies/p024-yanfa-houbuzhu/enterprises".to_owned(),
        "/policies/p024-yanfa-houbuzhu/enterprises.csv".to_owned(),
        "/policies/p024-yanfa-houbuzhu/enterprises.xlsx".to_owned(),
        "/api/v1/enterprise-batches".to_owned(),
        "/api/v1/enterprise-batches/1".to_owned(),
        "/api/v1/enterprise-tags".to_owned(),
        "/api/v1/match/items/p024-yanfa-houbuzhu".to_owned(),
        format!("/api/v1/match/enterprises/{first}"),
        format!("/enterprises/{first}/matches"),
        format!("/enterprises/{first}/matches/p024-yanfa-houbuzhu"),
    ] {
        assert_eq!(city.server.get(&path).status, 401, "{path}");
    }
    for list in [
        "/enterprises",
        "/enterprises/export.csv",
        "/enterprises/export.xlsx",
        "/api/v1/enterprises",
        "/api/v1/enterprises/count",
    ] {
        for (query, status) in [
            ("size=大型", 400),
            ("tag=规上工业", 400),
            ("tag=小微企业", 400),
            ("order=revenue", 400),
            // an area, never the beginning of a code
            ("region=3303", 200),
            ("region=33030", 400),
            ("region=330302", 200),
            ("status=存续", 200),
        ] {
            let path = format!("{list}?{}", percent_query(query));
            let answer = city.server.get(&path);
            assert_eq!(answer.status, status, "{path} {query}: {}", answer.text());
        }
    }
    for of_the_demo in ["/ui", "/ui-gallery", "/demo"] {
        assert_eq!(city.server.get(of_the_demo).status, 404, "{of_the_demo}");
    }
    let found = city
        .server
        .get(&format!("/api/v1/enterprises/{first}"))
        .text();
    assert!(
        found.contains("330302") && found.contains("high_tech"),
        "{found}"
    );
    for hidden in ["revenue", "employees", "size", "listed_in", "above_scale"] {
        assert!(!found.contains(hidden), "{hidden}: {found}");
    }
}

async fn contents(database: &str) -> Vec<(&'static str, i64)> {
    let db = Database::connect(database).await.unwrap();
    let mut counts = Vec::new();
    for table in [
        "enterprise",
        "fact_change",
        "import_batch",
        "tag_rule",
        "enterprise_tag",
        "policy_document",
        "policy_item",
        "policy_revision",
        // The nightly run is the server's own doing, whoever visits.
        "audit_event WHERE action <> 'matching.run'",
    ] {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        counts.push((table, db::query_count(db.conn(), &sql, []).await.unwrap()));
    }
    let sql = "SELECT version FROM registry_version";
    counts.push((
        "version",
        db::query_count(db.conn(), sql, []).await.unwrap(),
    ));
    counts
}

#[tokio::test]
async fn nothing_writes() {
    let city = with_secrets();
    let before = contents(&city.database).await;
    let file = "--b\r\nContent-Disposition: form-data; name=\"department\"\r\n\r\n税务\r\n\
        --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n信用代码,企业名称\r\n\
        --b--\r\n";
    let (form, json) = ("application/x-www-form-urlencoded", "application/json");
    let multipart = "multipart/form-data; boundary=b";
    let yaml = include_str!("../../../../data/policies/deqing-shangshi.yaml");
    let posts = [
        ("/enterprises/import", multipart, file),
        (
            "/enterprises/import/run",
            form,
            "action=import&token=upload-x",
        ),
        ("/tags", form, "name=a&rule=high_tech"),
        (
            "/tags/switch",
            form,
            "name=%E5%B0%8F%E5%BE%AE%E4%BC%81%E4%B8%9A&active=false",
        ),
        ("/tags/recompute", form, ""),
        ("/policies/new", form, "id=x&action=publish"),
        ("/policies/check", form, "id=x"),
        ("/policies/p024-yanfa-houbuzhu/edit", form, "action=publish"),
        ("/policies/p024-yanfa-houbuzhu/withdraw", form, ""),
        ("/policies/p024-yanfa-houbuzhu/reinstate", form, ""),
        ("/api/v1/enterprises/import", multipart, file),
        ("/api/v1/policies/import", "application/yaml", yaml),
        (
            "/api/v1/policies/import?dry_run=true",
            "application/yaml",
            yaml,
        ),
        (
            "/api/v1/enterprise-tags",
            json,
            r#"{"name":"a","rule":"高新技术企业"}"#,
        ),
        (
            "/api/v1/enterprise-tags/check",
            json,
            r#"{"rule":"上年.营业收入 > 5"}"#,
        ),
        ("/api/v1/enterprise-tags/recompute", json, ""),
        (
            "/api/v1/match/what-if",
            json,
            r#"{"code":"91330302PDY00001X0","changes":{"从业人数":{"2025":1}}}"#,
        ),
    ];
    for (path, kind, body) in posts {
        let answer = city.server.post(path, kind, body);
        assert_eq!(answer.status, 401, "{path}: {}", answer.text());
    }
    let tag = format!("/api/v1/enterprise-tags/{}", percent("小微企业"));
    let switch = city.server.send(
        "PUT",
        &tag,
        &[("Content-Type", json)],
        br#"{"active":false}"#,
    );
    assert_eq!(switch.status, 401, "{}", switch.text());
    // every endpoint of the document that does more than read or compute is closed
    let document: serde_json::Value =
        serde_json::from_slice(&city.server.get("/api/openapi.json").body).unwrap();
    let computes = ["/api/v1/match/calculate", "/api/v1/rules/check"];
    for (path, methods) in document["paths"].as_object().unwrap() {
        let methods = methods.as_object().unwrap().keys();
        let named = path.replace(['{', '}'], "");
        for method in methods.filter(|m| *m != "get" && !computes.contains(&path.as_str())) {
            let method = method.to_uppercase();
            let headers = [("Content-Type", json)];
            let answer = city.server.send(&method, &named, &headers, b"{}");
            assert_eq!(answer.status, 401, "{method} {path}: {}", answer.text());
        }
    }
    assert_eq!(contents(&city.database).await, before);
}
