//! Every operation of our own API document is asked what it says it takes, what lies at its limits and
//! what nobody should send, in several roles: nothing breaks, and every refusal is one the document knows.
//!
//! The numbers come from one seed; `ZHIDA_FUZZ_SEED=…` takes another, `ZHIDA_FUZZ_ROUNDS=…` more of them.

use std::{
    collections::BTreeMap,
    env,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Map, Value, json};
use zhida_platform::access::{Open, Rights};
use zhida_testkit::TestResponse;

use super::city::{City, ITEM, JSON, code, percent};

const SEED: u64 = 20_261_122;
/// Requests of each role to each operation, and how many there are at least on a slow machine.
const ROUNDS: u64 = 30;
const ROUNDS_MIN: u64 = 4;
/// Rounds in which those are refused, too, who may not.
const ROUNDS_REFUSED: u64 = 2;
/// When no further round is begun.
const TIME: Duration = Duration::from_secs(40);
/// Between them they may do everything; the first has not signed in.
const ROLES: [&str; 9] = [
    "",
    "legal",
    "agent",
    "clerk",
    "policy_editor",
    "data_manager",
    "sysadmin",
    "secadmin",
    "auditor",
];
/// Refusals that may come before any operation; the document has them as its `default` answer.
const GENERAL: [u16; 7] = [400, 401, 403, 413, 415, 422, 429];
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// Levels of nesting that no sane reader follows.
const DEEP: usize = 20_000;

/// SplitMix64: the same numbers for the same seed on every machine.
struct Dice(u64);

impl Dice {
    fn of(parts: &[u64]) -> Self {
        let mut dice = Self(0);
        for part in parts {
            dice.0 ^= *part;
            dice.0 = dice.next();
        }
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    fn one<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    fn chance(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }
}

/// Texts that have broken programs before.
fn hostile(dice: &mut Dice) -> String {
    let long = "长".repeat(3_000);
    let texts = [
        "",
        " ",
        "\0",
        "甲\0乙",
        "\u{202e}\u{feff}e\u{301}👩‍👩‍👧‍👦",
        "\u{10ffff}",
        "\r\nSet-Cookie: a=b",
        "'; DROP TABLE enterprise; --",
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "../../../../etc/passwd",
        "..%2f..%2f",
        "${jndi:ldap://127.0.0.1/a}",
        "{{7*7}}",
        "%00%ff",
        "-1",
        "0",
        "9223372036854775808",
        "1e309",
        "NaN",
        "0000-00-00",
        "9999-12-31",
        "-9999-01-01",
        "2026-02-30",
        "true",
        "null",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "00000000-0000-0000-0000-000000000000",
        "91330302PDY000009X",
        long.as_str(),
    ];
    (*dice.one(&texts)).to_owned()
}

/// A number as it is written, for no type of ours holds all of these.
fn hostile_number(dice: &mut Dice) -> Value {
    let texts = [
        "-1",
        "0",
        "2147483648",
        "-9223372036854775808",
        "18446744073709551616",
        "1e308",
        "1e400",
        "0.1",
        "-0",
    ];
    let text = dice.one(&texts);
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

/// The API document with what the generator knows of the city.
struct Document {
    all: Value,
    /// Ids that are there, by the part of an address that names them.
    known: BTreeMap<&'static str, Vec<String>>,
    /// Logins that were made up.
    made: AtomicU64,
}

impl Document {
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(name) => {
                let found = self.all.pointer(name.trim_start_matches('#'));
                self.resolve(found.unwrap_or_else(|| panic!("{name}?")))
            }
            None => schema,
        }
    }

    /// A value of the schema: what it says, or what lies at its limits.
    fn value(&self, schema: &Value, dice: &mut Dice, depth: usize) -> Value {
        let schema = self.resolve(schema);
        for many in ["oneOf", "anyOf"] {
            if let Some(options) = schema[many].as_array() {
                return self.value(dice.one(options), dice, depth);
            }
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let mut whole = Map::new();
            for part in parts {
                if let Value::Object(fields) = self.value(part, dice, depth) {
                    whole.extend(fields);
                }
            }
            return Value::Object(whole);
        }
        if let Some(choices) = schema["enum"].as_array() {
            return dice.one(choices).clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => dice.one(kinds).as_str().unwrap_or("null").to_owned(),
            kind => kind.as_str().unwrap_or("object").to_owned(),
        };
        match kind.as_str() {
            "string" => json!(self.text(schema["format"].as_str().unwrap_or_default(), dice)),
            "integer" | "number" => match dice.chance(3) {
                true => hostile_number(dice),
                false => json!(dice.below(100)),
            },
            "boolean" => json!(dice.chance(2)),
            "null" => Value::Null,
            "array" => {
                let length = dice.below(3);
                let item = |_| self.value(&schema["items"], dice, depth + 1);
                Value::Array((0..length).map(item).collect())
            }
            _ => self.object(schema, dice, depth),
        }
    }

    fn object(&self, schema: &Value, dice: &mut Dice, depth: usize) -> Value {
        let mut object = Map::new();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let none = Map::new();
        for (name, property) in schema["properties"].as_object().unwrap_or(&none) {
            let wanted = required.contains(&json!(name)) || dice.chance(2);
            if wanted && depth < 8 {
                let value = match (self.meant(name), dice.chance(5)) {
                    (Some(meant), false) => meant,
                    _ => self.value(property, dice, depth + 1),
                };
                object.insert(name.clone(), value);
            }
        }
        Value::Object(object)
    }

    /// What a field of this name takes, so that some requests are carried out.
    fn meant(&self, name: &str) -> Option<Value> {
        Some(match name {
            "division" => json!("330302"),
            "kind" => json!("department"),
            "valid_from" => json!("2026-01-01"),
            "valid_until" | "parent" | "enterprise" => Value::Null,
            "phone" | "email" => json!(""),
            "login" => json!(format!("user{}", self.made.fetch_add(1, Ordering::Relaxed))),
            "rule" => json!("高新技术企业"),
            "facts" | "changes" => {
                json!({ "企业规模": "小型", "营业收入": { "2025": 20_000_000 } })
            }
            "code" => json!(self.known["{code}"][0]),
            _ => return None,
        })
    }

    fn text(&self, format: &str, dice: &mut Dice) -> String {
        let good = match format {
            "date" => "2026-11-22".to_owned(),
            "date-time" => "2026-11-22T00:00:00Z".to_owned(),
            "uuid" => dice.one(&self.known["{id}"]).clone(),
            _ => (*dice.one(&[
                "样例",
                "330302",
                "C27",
                "高新技术企业",
                "clerk",
                "department",
                ITEM,
            ]))
            .to_owned(),
        };
        match dice.chance(4) {
            true => hostile(dice),
            false => good,
        }
    }

    /// The address with its parts filled in, and a query of known and unknown parameters.
    fn address(&self, path: &str, parameters: &[Value], dice: &mut Dice) -> String {
        let mut address = String::new();
        for part in path.split('/').skip(1) {
            address.push('/');
            match self.known.get(part) {
                Some(ids) if !dice.chance(4) => address.push_str(&percent(dice.one(ids))),
                _ if part.starts_with('{') => address.push_str(&raw(dice)),
                _ => address.push_str(part),
            }
        }
        let mut joint = '?';
        for parameter in parameters.iter().filter(|one| one["in"] == "query") {
            let times = dice.below(3);
            for _ in 0..times {
                let name = parameter["name"].as_str().unwrap();
                let value = match self.value(&parameter["schema"], dice, 0) {
                    Value::String(text) => percent(text),
                    _ if dice.chance(3) => raw(dice),
                    value => percent(value.to_string()),
                };
                // no client can write a longer one
                if address.len() + name.len() + value.len() < ADDRESS_MAX {
                    address.push_str(&format!("{joint}{name}={value}"));
                    joint = '&';
                }
            }
        }
        address
    }
}

/// Bytes of an address at most, a little below what the crate `http` takes.
const ADDRESS_MAX: usize = 60_000;

/// Something percent-encoded, which need not be UTF-8.
fn raw(dice: &mut Dice) -> String {
    match dice.chance(4) {
        true => "%ff%fe".to_owned(),
        false => match percent(hostile(dice)) {
            empty if empty.is_empty() => "%20".to_owned(),
            text => text,
        },
    }
}

/// A body with its type: mostly what the document says, then spoilt in one way.
fn body(document: &Document, operation: &Value, dice: &mut Dice) -> (String, Vec<u8>) {
    let content = &operation["requestBody"]["content"];
    let Some((kind, media)) = content.as_object().and_then(|all| all.iter().next()) else {
        return match dice.chance(3) {
            true => (JSON.to_owned(), b"{}".to_vec()),
            false => (String::new(), Vec::new()),
        };
    };
    if kind.starts_with("multipart/") {
        return multipart(document, &media["schema"], dice);
    }
    let mut value = document.value(&media["schema"], dice, 0);
    let text = match dice.below(12) {
        0..5 => value.to_string(),
        5 => {
            // another type in one field
            if let Some(fields) = value.as_object_mut()
                && let Some(name) = fields.keys().nth(dice.below(fields.len())).cloned()
            {
                let wrong = [json!([]), json!({}), json!(-1), json!(null), json!("\0")];
                fields.insert(name, dice.one(&wrong).clone());
            }
            value.to_string()
        }
        6 => {
            if let Some(fields) = value.as_object_mut()
                && let Some(name) = fields.keys().nth(dice.below(fields.len())).cloned()
            {
                fields.remove(&name);
            }
            value.to_string()
        }
        7 => {
            if let Some(fields) = value.as_object_mut() {
                for extra in ["id", "role", "account", "seat", "demo", "__proto__"] {
                    fields.insert(extra.to_owned(), json!(hostile(dice)));
                }
            }
            value.to_string()
        }
        8 => format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP)),
        9 => format!("{{\"a\":{}", value),
        10 => {
            return (
                dice.one(&["text/plain", "application/xml", ""]).to_string(),
                value.to_string().into_bytes(),
            );
        }
        _ => return (kind.clone(), vec![0xff, 0xfe, 0, b'{']),
    };
    (kind.clone(), text.into_bytes())
}

fn multipart(document: &Document, schema: &Value, dice: &mut Dice) -> (String, Vec<u8>) {
    let mut text = Vec::new();
    let schema = document.resolve(schema);
    let none = Map::new();
    for (name, property) in schema["properties"].as_object().unwrap_or(&none) {
        if dice.chance(4) {
            continue;
        }
        let file = property["format"] == "binary";
        let name_of_file = match file {
            true => format!(
                "; filename=\"{}\"",
                hostile(dice).replace(['"', '\r', '\n', '\0'], "_")
            ),
            false => String::new(),
        };
        let head = format!(
            "--zhida-fuzz\r\nContent-Disposition: form-data; name=\"{name}\"{name_of_file}\r\n\r\n"
        );
        text.extend(head.as_bytes());
        match file {
            true => text.extend(
                format!("信用代码,企业名称,{}\n{},甲,1\n", hostile(dice), code(9)).as_bytes(),
            ),
            false => text.extend(hostile(dice).as_bytes()),
        }
        text.extend(b"\r\n");
    }
    if !dice.chance(5) {
        text.extend("--zhida-fuzz--\r\n".as_bytes());
    }
    let boundary = if dice.chance(6) {
        ""
    } else {
        "; boundary=zhida-fuzz"
    };
    (format!("multipart/form-data{boundary}"), text)
}

/// What is wrong with an answer; `None` when nothing is.
fn fault(operation: &Value, answer: &TestResponse) -> Option<String> {
    let status = answer.status.as_u16();
    if status >= 500 {
        return Some(format!(
            "{status}：{}",
            String::from_utf8_lossy(&answer.bytes)
        ));
    }
    let responses = &operation["responses"];
    let told = responses.get(status.to_string()).is_some();
    let general = responses.get("default").is_some() && GENERAL.contains(&status);
    if !told && !general {
        return Some(format!("{status} 不在接口文档里"));
    }
    if status < 400 {
        return None;
    }
    let kind = answer.header("content-type");
    let Ok(problem) = serde_json::from_slice::<Value>(&answer.bytes) else {
        return Some(format!("{status} 的内容不是 JSON"));
    };
    let chinese = |name: &str| {
        let text = problem[name].as_str().unwrap_or_default();
        text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
    };
    let whole = kind == "application/problem+json" && problem["status"] == status;
    match whole && chinese("title") && chinese("detail") && problem["code"].is_string() {
        true => None,
        false => Some(format!("{status} 不是完整的问题说明（{kind}）：{problem}")),
    }
}

async fn known(city: &City) -> BTreeMap<&'static str, Vec<String>> {
    let system = zhida_platform::access::Viewer::system("测试");
    let people = &city.app.people;
    let (all, page) = (Default::default(), Default::default());
    let ids = people
        .organisations(&system, &all, &page)
        .await
        .unwrap()
        .items;
    let mut ids: Vec<String> = ids.iter().map(|one| one.id.to_string()).collect();
    // an account of its own, so that nobody who asks is locked out
    let new = zhida_people::NewAccount {
        login: "nobody.else".to_owned(),
        name: "无关者".to_owned(),
        ..Default::default()
    };
    let (account, _) = people.create_account(&system, &new).await.unwrap();
    ids.extend([account.id.to_string(), ITEM.to_owned()]);
    BTreeMap::from([
        ("{id}", ids),
        ("{code}", vec![code(0), code(2), code(9)]),
        ("{no}", vec!["1".to_owned(), "99".to_owned()]),
        ("{name}", vec!["专精特新".to_owned(), "没有".to_owned()]),
        ("{item}", vec![ITEM.to_owned()]),
    ])
}

/// Whether the gate lets the role through to the operation.
fn may(role: &str, method: &str, path: &str) -> bool {
    let rights = Rights::shipped();
    let role = match role {
        "" => rights.visitor(),
        id => rights.role(id).unwrap(),
    };
    let mut routes = rights.routes_at(path).iter();
    let route = routes.find(|route| route.method.as_str() == method.to_uppercase());
    match route.map(|route| &route.open) {
        Some(Open::To(action)) => role.scope(action).is_some(),
        Some(Open::ToEveryone) | None => true,
    }
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_breaks_the_api_and_every_refusal_is_documented() {
    let city = City::new().await;
    let document = Document {
        all: city
            .ask("", "GET", "/api/openapi.json", "", "")
            .await
            .json(),
        known: known(&city).await,
        made: AtomicU64::new(0),
    };
    let mut cookies = Vec::new();
    for role in ROLES {
        cookies.push(match role {
            "" => String::new(),
            role => city.sign_in(role).await,
        });
    }
    let paths = document.all["paths"].as_object().unwrap();
    let operations: Vec<(&str, &str, &Value)> = paths
        .iter()
        .flat_map(|(path, item)| METHODS.map(|method| (path.as_str(), method, &item[method])))
        .filter(|(.., operation)| operation.is_object())
        .collect();
    let (seed, rounds) = (
        number("ZHIDA_FUZZ_SEED", SEED),
        number("ZHIDA_FUZZ_ROUNDS", ROUNDS),
    );
    let (started, mut sent) = (Instant::now(), 0_u64);
    let mut statuses: BTreeMap<u16, u64> = BTreeMap::new();
    let mut faults: BTreeMap<String, String> = BTreeMap::new();
    for round in 0..rounds {
        if round >= ROUNDS_MIN && rounds == ROUNDS && started.elapsed() > TIME {
            break;
        }
        for (at, (path, method, operation)) in (0..).zip(&operations) {
            for (who, cookie) in (0..).zip(&cookies) {
                let role = ROLES[usize::try_from(who).unwrap()];
                if round >= ROUNDS_REFUSED && !may(role, method, path) {
                    continue;
                }
                let dice = &mut Dice::of(&[seed, round, at, who]);
                let parameters = operation["parameters"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
                let address = document.address(path, &parameters, dice);
                let (kind, bytes) = match *method {
                    "get" => (String::new(), Vec::new()),
                    _ => body(&document, operation, dice),
                };
                let mut request = Request::builder()
                    .method(method.to_uppercase().as_str())
                    .uri(&address)
                    .header(header::HOST, "localhost")
                    .header(header::COOKIE, cookie);
                if !kind.is_empty() {
                    request = request.header(header::CONTENT_TYPE, kind.as_bytes());
                }
                let answer = city
                    .site
                    .send(request.body(Body::from(bytes.clone())).unwrap())
                    .await;
                sent += 1;
                *statuses.entry(answer.status.as_u16()).or_default() += 1;
                if let Some(fault) = fault(operation, &answer) {
                    let text: String = String::from_utf8_lossy(&bytes).chars().take(300).collect();
                    let told = format!("第 {round} 轮，{role}：{address:.300} {kind} {text}");
                    faults
                        .entry(format!("{method} {path} {fault:.200}"))
                        .or_insert(told);
                }
            }
        }
    }
    println!("{sent} 个请求，{:?}，答复 {statuses:?}", started.elapsed());
    for status in [200, 201, 204, 400, 401, 403, 404, 415, 422] {
        assert!(
            statuses.contains_key(&status),
            "{status} never came: {statuses:?}"
        );
    }
    let told: Vec<String> = faults
        .iter()
        .map(|(what, how)| format!("{what}\n    {how}"))
        .collect();
    assert!(
        faults.is_empty(),
        "ZHIDA_FUZZ_SEED={seed}\n{}",
        told.join("\n")
    );
}
