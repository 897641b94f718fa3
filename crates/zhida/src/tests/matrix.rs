//! Every route × every role, and how many rows each role finds in each list, compared with
//! `tests/it/access.matrix`.

use std::fmt::Write as _;

use axum::{
    body::Body,
    http::{Request, header},
};
use zhida_platform::access::{Rights, Role, Viewer};
use zhida_testkit::{App as Site, TestResponse};

use super::{
    city::{City, ITEM, PLACE, code, viewer},
    snapshot,
};

/// The page of its document.
const DOCUMENT: &str = "/documents/tianjin-yanfa-houbuzhu";
/// Of nobody: what writes is let through to a handler that then finds nothing to write to.
const NOBODY: &str = "none";

/// One request of the matrix: how it is shown, and what is sent.
struct Asked {
    shown: String,
    method: String,
    path: String,
    body: String,
}

/// The requests of a route: one, or one of an enterprise within reach and one of another.
fn asked(method: &str, path: &str) -> Vec<Asked> {
    let reads = method == "GET";
    let rows = path.contains("{code}") || path.ends_with("/what-if");
    let targets = match rows {
        true => vec![("（本辖区、本企业）", code(0)), ("（他处）", code(2))],
        false => vec![("", String::new())],
    };
    let filled = targets.into_iter().map(|(note, code)| Asked {
        shown: format!("{method} {path}{note}"),
        method: method.to_owned(),
        path: path
            .replace("{code}", &code)
            .replace("{item}", ITEM)
            .replace("{name}", NOBODY)
            .replace("{file}", NOBODY)
            .replace("{no}", "1")
            .replace("{event}", "matching.news")
            .replace("{channel}", "mail")
            .replace("{token}", NOBODY)
            .replace("/documents/{id}", DOCUMENT)
            .replace("{id}", if reads { ITEM } else { NOBODY }),
        body: match path.ends_with("/what-if") {
            true => format!(r#"{{"code":"{code}","changes":{{}}}}"#),
            false => "{}".to_owned(),
        },
    });
    filled.collect()
}

async fn answer(site: &Site, viewer: &Viewer, asked: &Asked) -> TestResponse {
    let json = asked.path.starts_with("/api/");
    let kind = match json {
        true => "application/json",
        false => "application/x-www-form-urlencoded",
    };
    let body = match (asked.method.as_str(), json) {
        ("GET", _) => Body::empty(),
        (_, true) => Body::from(asked.body.clone()),
        (_, false) => Body::from("x=1"),
    };
    let request = Request::builder()
        .method(asked.method.as_str())
        .uri(&asked.path)
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, kind)
        .extension(viewer.clone());
    site.send(request.body(body).unwrap()).await
}

fn mark(response: &TestResponse) -> char {
    match response.status.as_u16() {
        // too many attempts to sign in are refused, too
        401 | 403 | 429 => '✘',
        404 => '–',
        500.. => '!',
        _ => '✔',
    }
}

async fn routes(site: &Site, roles: &[(&Role, Viewer)]) -> String {
    let mut table = String::new();
    for route in Rights::shipped().routes() {
        for asked in asked(route.method.as_str(), &route.path) {
            let mut marks = String::new();
            for (_, viewer) in roles {
                let response = answer(site, viewer, &asked).await;
                let mark = mark(&response);
                assert!(mark != '!', "{}: {}", asked.shown, response.text());
                write!(marks, " {mark}").unwrap();
            }
            writeln!(table, "{marks}  {}", asked.shown).unwrap();
        }
    }
    table
}

/// Reads the number of entries out of an answer.
type Entries = fn(&TestResponse) -> u64;

/// Lists, and how many rows an answer holds.
const LISTS: [(&str, Entries); 9] = [
    ("/api/v1/enterprises", items),
    ("/api/v1/enterprises?q=有限", items),
    ("/api/v1/enterprises/count", |answer| {
        answer.json()["count"].as_u64().unwrap()
    }),
    ("/enterprises/export.csv", lines),
    ("/enterprises", links),
    ("/api/v1/match/items/{item}", |answer| {
        answer.json()["counts"]["total"].as_u64().unwrap()
    }),
    ("/api/v1/match/items/{item}?limit=100", |answer| {
        answer.json()["enterprises"].as_array().unwrap().len() as u64
    }),
    ("/policies/{item}/enterprises.csv", lines),
    ("/policies/{item}/enterprises", links),
];

fn items(answer: &TestResponse) -> u64 {
    answer.json()["items"].as_array().unwrap().len() as u64
}

fn lines(answer: &TestResponse) -> u64 {
    answer.text().lines().count() as u64 - 1
}

/// The enterprises that a page names.
fn links(answer: &TestResponse) -> u64 {
    let text = answer.text();
    (0..5)
        .filter(|number| text.contains(&code(*number)))
        .count() as u64
}

async fn rows(site: &Site, roles: &[(&Role, Viewer)]) -> String {
    let mut table = String::new();
    for (path, count) in LISTS {
        let path = path.replace("{item}", ITEM);
        for (_, viewer) in roles {
            let asked = Asked {
                shown: String::new(),
                method: "GET".to_owned(),
                path: path.replace("有限", "%E6%9C%89%E9%99%90"),
                body: String::new(),
            };
            let response = answer(site, viewer, &asked).await;
            match mark(&response) {
                '✔' => write!(table, " {}", count(&response)).unwrap(),
                refused => write!(table, " {refused}").unwrap(),
            }
        }
        writeln!(table, "  GET {path}").unwrap();
    }
    table
}

fn head(roles: &[(&Role, Viewer)]) -> String {
    let mut head = String::new();
    for (at, (role, _)) in roles.iter().enumerate() {
        let before = " │".repeat(at);
        writeln!(head, "{before} ┌ {} {}", role.id, role.name).unwrap();
    }
    head
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_answers_every_role_as_the_table_in_the_repository_says() {
    let city = City::new().await;
    let site = city.site.clone();
    let rights = Rights::shipped();
    let roles: Vec<(&Role, Viewer)> = rights
        .roles()
        .iter()
        .map(|r| (r, viewer(r, PLACE, &code(0))))
        .collect();
    let head = head(&roles);
    let fresh = format!(
        "每个地址对每个角色：✔ 允许　✘ 拒绝（401、403、429）　– 没有这一条（404）\n\
         政府部门的任职在 {PLACE}，企业和代办的任职属于其中第一家企业；库里共 5 家，{PLACE} 内 2 家。\n\
         /account 和 /sign-in/code 之下、/api/v1/me、/api/v1/tokens 另要真实的会话或令牌，这里没有，所以全是 ✘；它们由 people 的测试走过。\n\
         由 crates/zhida/src/tests/matrix.rs 生成；更新：ZHIDA_TEST_UPDATE=1 cargo nextest run -p zhida matrix\n\n\
         {head}{}\n每个列表里各角色看到几家企业\n\n{head}{}",
        routes(&site, &roles).await,
        rows(&site, &roles).await,
    );
    snapshot::equals("crates/zhida/tests/it/access.matrix", &fresh);
}
