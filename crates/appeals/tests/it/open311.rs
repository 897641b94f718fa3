//! An Open311 client as others write them: strict about the specification's documents, in JSON and in XML.

use chrono::{DateTime, FixedOffset, TimeDelta};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zhida_platform::access::Viewer;
use zhida_testkit::{App, TestDatabase, TestResponse, both_databases};

use crate::world::{World, boss, code, manager, operator};

const TEXT: &str = "厂区从昨天起停电，两条生产线停产，请尽快恢复。";

/// The tables of the specification: every field it has, those without `Option` required, none that it does not have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    service_code: String,
    service_name: String,
    description: Option<String>,
    metadata: bool,
    #[serde(rename = "type")]
    kind: String,
    keywords: Option<String>,
    group: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Definition {
    service_code: String,
    attributes: Vec<Attribute>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attribute {
    variable: bool,
    code: String,
    datatype: String,
    required: bool,
    datatype_description: Option<String>,
    order: u32,
    description: Option<String>,
    values: Vec<AttributeValue>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AttributeValue {
    key: String,
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Created {
    service_request_id: Option<String>,
    token: Option<String>,
    service_notice: Option<String>,
    account_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "reading them is the test")]
struct ServiceRequest {
    service_request_id: String,
    status: String,
    status_notes: Option<String>,
    service_name: Option<String>,
    service_code: String,
    description: Option<String>,
    agency_responsible: Option<String>,
    service_notice: Option<String>,
    requested_datetime: DateTime<FixedOffset>,
    updated_datetime: DateTime<FixedOffset>,
    expected_datetime: Option<DateTime<FixedOffset>>,
    address: Option<String>,
    address_id: Option<String>,
    zipcode: Option<String>,
    lat: Option<f64>,
    long: Option<f64>,
    media_url: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenAnswer {
    service_request_id: String,
    token: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    code: u16,
    description: String,
}

/// The order of elements in the specification's examples.
const REQUEST_FIELDS: [&str; 17] = [
    "service_request_id",
    "status",
    "status_notes",
    "service_name",
    "service_code",
    "description",
    "agency_responsible",
    "service_notice",
    "requested_datetime",
    "updated_datetime",
    "expected_datetime",
    "address",
    "address_id",
    "zipcode",
    "lat",
    "long",
    "media_url",
];

/// A client with a key.
struct Client {
    app: App,
    key: String,
}

impl Client {
    async fn new(world: &World, fields: &[(&str, &str)]) -> Self {
        let made = world
            .app(manager())
            .post_form("/appeals/open311-keys", fields)
            .await;
        let made = made.expect_status(200);
        let (_, rest) = made.text().split_once("data-copy=\"").unwrap();
        let key = rest.split('"').next().unwrap().to_owned();
        assert!(key.starts_with("zhida311_"), "{key}");
        Self {
            app: world.app(Viewer::visitor()),
            key,
        }
    }

    async fn get(&self, path: &str) -> TestResponse {
        let sign = if path.contains('?') { '&' } else { '?' };
        self.app
            .get(&format!("/open311/v2/{path}{sign}api_key={}", self.key))
            .await
    }

    async fn post(&self, fields: &[(&str, &str)]) -> TestResponse {
        let mut all = vec![("api_key", self.key.as_str())];
        all.extend_from_slice(fields);
        self.app.post_form("/open311/v2/requests.json", &all).await
    }

    /// Hands one in; its id.
    async fn hand_in(&self, text: &str) -> String {
        let fields = [
            ("service_code", "utilities.power.outage"),
            ("address_string", "样例大道 1 号"),
            ("description", text),
        ];
        let created: Vec<Created> = read(&self.post(&fields).await.expect_status(200));
        created[0].service_request_id.clone().unwrap()
    }
}

fn read<T: DeserializeOwned>(answer: &TestResponse) -> T {
    assert_eq!(
        answer.header("content-type"),
        "application/json; charset=utf-8"
    );
    serde_json::from_slice(&answer.bytes)
        .unwrap_or_else(|error| panic!("{error}: {}", answer.text()))
}

/// The XML says what the JSON says: the same names in the same order with the same texts.
fn same(xml: &TestResponse, root: &str, json: &TestResponse) {
    assert_eq!(xml.header("content-type"), "text/xml; charset=utf-8");
    assert!(
        xml.text()
            .starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>")
    );
    let document = roxmltree::Document::parse(xml.text()).unwrap();
    assert!(document.root_element().has_tag_name(root));
    compare(document.root_element(), &json.json());
}

fn compare(node: roxmltree::Node<'_, '_>, value: &serde_json::Value) {
    let children: Vec<_> = node
        .children()
        .filter(roxmltree::Node::is_element)
        .collect();
    match value {
        serde_json::Value::Array(items) => {
            assert_eq!(children.len(), items.len());
            for (child, item) in children.into_iter().zip(items) {
                compare(child, item);
            }
        }
        serde_json::Value::Object(fields) => {
            let names: Vec<&str> = children
                .iter()
                .map(|child| child.tag_name().name())
                .collect();
            assert_eq!(names, fields.keys().map(String::as_str).collect::<Vec<_>>());
            for (child, value) in children.into_iter().zip(fields.values()) {
                compare(child, value);
            }
        }
        serde_json::Value::Null => assert_eq!(node.text(), None),
        serde_json::Value::String(text) => assert_eq!(node.text().unwrap_or_default(), text),
        other => assert_eq!(node.text(), Some(other.to_string().as_str())),
    }
}

async fn services_and_their_definitions_are_the_specifications(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app(Viewer::visitor());
    let json = app
        .get("/open311/v2/services.json")
        .await
        .expect_status(200);
    let services: Vec<Service> = read(&json);
    let outage = services
        .iter()
        .find(|one| one.service_code == "utilities.power.outage")
        .unwrap();
    assert!(outage.metadata && outage.kind == "realtime", "{outage:?}");
    assert!(outage.service_name.contains("停电") && outage.description.is_some());
    assert_eq!(outage.group.as_deref(), Some("水电气网"));
    assert!(
        outage
            .keywords
            .as_deref()
            .is_some_and(|words| words.contains("供电"))
    );
    assert!(
        services
            .iter()
            .all(|one| one.service_code != "utilities.power"),
        "only leaves take requests"
    );
    same(
        &app.get("/open311/v2/services.xml").await,
        "services",
        &json,
    );

    let json = app
        .get("/open311/v2/services/utilities.power.outage.json")
        .await
        .expect_status(200);
    let definition: Definition = read(&json);
    assert_eq!(definition.service_code, "utilities.power.outage");
    for attribute in &definition.attributes {
        assert!(attribute.variable && !attribute.required && attribute.order > 0);
        let kinds = [
            "string",
            "number",
            "datetime",
            "text",
            "singlevaluelist",
            "multivaluelist",
        ];
        assert!(kinds.contains(&attribute.datatype.as_str()));
        assert!(attribute.datatype_description.is_some() && attribute.description.is_some());
    }
    let list = definition
        .attributes
        .iter()
        .find(|one| one.code == "CONFIDENTIALITY")
        .unwrap();
    assert!(
        list.values
            .iter()
            .any(|one| one.key == "concealed" && one.name == "隐名")
    );
    same(
        &app.get("/open311/v2/services/utilities.power.outage.xml")
            .await,
        "service_definition",
        &json,
    );
    let _ = app
        .get("/open311/v2/services/no.such.json")
        .await
        .expect_status(404);
    let _ = app.get("/open311/v2/nothing.xml").await.expect_status(404);
    let discovery = app
        .get("/open311/v2/discovery.json")
        .await
        .expect_status(200);
    assert_eq!(
        discovery.json()["endpoints"][0]["url"],
        "https://city.example/open311/v2"
    );
}

async fn a_client_creates_lists_gets_and_sees_what_changed(db: TestDatabase) {
    let world = World::new(db).await;
    let client = Client::new(&world, &[("name", "市热线平台")]).await;
    let fields = [
        ("service_code", "utilities.power.outage"),
        ("lat", "36.651"),
        ("long", "117.120"),
        ("address_string", "样例大道 1 号"),
        ("zipcode", "250000"),
        ("email", "zhang@example.com"),
        ("first_name", "三"),
        ("last_name", "张"),
        ("phone", "13800000000"),
        ("account_id", "A-7"),
        ("description", TEXT),
        ("media_url", "https://media.example.com/1.jpg"),
        ("attribute[ENTERPRISE]", &code(1)),
        ("attribute[CONFIDENTIALITY]", "concealed"),
    ];
    let created: Vec<Created> = read(&client.post(&fields).await.expect_status(200));
    let [created] = &created[..] else {
        panic!("one request, one answer")
    };
    assert!(
        created.token.is_none(),
        "id and token are never both returned"
    );
    let id = created.service_request_id.clone().unwrap();
    assert_eq!(created.account_id.as_deref(), Some("A-7"));
    assert!(
        created
            .service_notice
            .as_deref()
            .is_some_and(|words| words.contains("校验码"))
    );

    let json = client
        .get(&format!("requests/{id}.json"))
        .await
        .expect_status(200);
    let found: Vec<ServiceRequest> = read(&json);
    let [request] = &found[..] else {
        panic!("one is asked for")
    };
    assert_eq!(
        (request.status.as_str(), request.service_code.as_str()),
        ("open", "utilities.power.outage")
    );
    assert_eq!(request.description.as_deref(), Some(TEXT));
    assert_eq!((request.lat, request.long), (Some(36.651), Some(117.12)));
    assert_eq!(request.address.as_deref(), Some("样例大道 1 号"));
    assert_eq!(request.zipcode.as_deref(), Some("250000"));
    assert!(request.address_id.is_none());
    assert_eq!(
        request.media_url.as_deref(),
        Some("https://media.example.com/1.jpg")
    );
    assert_eq!(
        request.requested_datetime.to_rfc3339(),
        "2026-11-23T10:00:00+08:00"
    );
    assert!(
        request
            .expected_datetime
            .is_some_and(|due| due > request.requested_datetime)
    );
    assert!(
        !json.text().contains("138000") && !json.text().contains("张三"),
        "the contact is not given out"
    );
    let fields = json.json()[0]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect::<Vec<_>>();
    assert_eq!(fields, REQUEST_FIELDS);
    let xml = client
        .get(&format!("requests/{id}.xml"))
        .await
        .expect_status(200);
    same(&xml, "service_requests", &json);

    world.clock.pass(TimeDelta::hours(1));
    let later = client.hand_in("另外一处也停电了，请一并处理。").await;
    let list = async |arguments: &str| {
        let json = client
            .get(&format!("requests.json?{arguments}"))
            .await
            .expect_status(200);
        let found: Vec<ServiceRequest> = read(&json);
        found
            .into_iter()
            .map(|one| one.service_request_id)
            .collect::<Vec<_>>()
    };
    assert_eq!(list("").await, [later.clone(), id.clone()], "newest first");
    assert_eq!(list("status=closed").await, Vec::<String>::new());
    assert_eq!(
        list("service_code=finance.equity,utilities.power.outage")
            .await
            .len(),
        2
    );
    assert_eq!(list("service_code=finance.equity").await.len(), 0);
    assert_eq!(
        list(&format!("service_request_id={id}&status=closed")).await,
        std::slice::from_ref(&id)
    );
    assert_eq!(
        list("end_date=2026-11-23T02:30:00Z").await,
        std::slice::from_ref(&id)
    );
    assert_eq!(list("updated_after=2026-11-23T02:30:00Z").await, [later]);

    // withdrawn by the enterprise: closed, and seen as changed
    world.clock.pass(TimeDelta::hours(1));
    let _ = world
        .app(boss(1))
        .post_form(
            &format!("/appeals/{id}/own"),
            &[("step", "withdraw"), ("reason", "已经来电")],
        )
        .await
        .expect_status(303);
    assert_eq!(
        list("updated_after=2026-11-23T03:30:00Z&status=closed").await,
        std::slice::from_ref(&id)
    );
    let found: Vec<ServiceRequest> = read(&client.get(&format!("requests/{id}.json")).await);
    assert_eq!(
        (found[0].status.as_str(), found[0].status_notes.as_deref()),
        ("closed", Some("已撤回"))
    );
    assert_eq!(
        found[0].updated_datetime.to_rfc3339(),
        "2026-11-23T12:00:00+08:00"
    );
}

async fn a_client_of_tokens_gets_a_token_and_then_the_id(db: TestDatabase) {
    let world = World::new(db).await;
    let client = Client::new(&world, &[("name", "老系统"), ("batch", "batch")]).await;
    let services: Vec<Service> = read(&client.get("services.json").await.expect_status(200));
    assert!(services.iter().all(|one| one.kind == "batch"));
    let fields = [
        ("service_code", "utilities.power.outage"),
        ("address_id", "370102-1"),
        ("description", TEXT),
    ];
    let created: Vec<Created> = read(&client.post(&fields).await.expect_status(200));
    assert!(created[0].service_request_id.is_none());
    let token = created[0].token.clone().unwrap();
    let app = world.app(Viewer::visitor());
    let json = app
        .get(&format!("/open311/v2/tokens/{token}.json"))
        .await
        .expect_status(200);
    let found: Vec<TokenAnswer> = read(&json);
    assert_eq!(found[0].token, token);
    same(
        &app.get(&format!("/open311/v2/tokens/{token}.xml")).await,
        "service_requests",
        &json,
    );
    let id = &found[0].service_request_id;
    let _ = client
        .get(&format!("requests/{id}.json"))
        .await
        .expect_status(200);
    let _ = app
        .get("/open311/v2/tokens/nobody.0.json")
        .await
        .expect_status(404);
}

async fn what_is_wrong_is_told_as_in_the_specification(db: TestDatabase) {
    let world = World::new(db).await;
    let client = Client::new(&world, &[("name", "市热线平台")]).await;
    let right = [
        ("service_code", "utilities.power.outage"),
        ("address_string", "样例大道 1 号"),
        ("description", TEXT),
    ];
    let without = |field: &str| -> Vec<(&str, &str)> {
        right
            .iter()
            .copied()
            .filter(|(name, _)| *name != field)
            .collect()
    };
    let long = "长".repeat(4_001);
    for (fields, status, words) in [
        (without("address_string"), 400, "没有地点"),
        (without("service_code"), 400, "没有 service_code"),
        (without("description"), 400, "没有 description"),
        (
            [without("service_code"), vec![("service_code", "no.such")]].concat(),
            404,
            "no.such",
        ),
        (
            [without("description"), vec![("description", "😡😡")]].concat(),
            400,
            "只有表情",
        ),
        (
            [without("description"), vec![("description", long.as_str())]].concat(),
            400,
            "4001 个字",
        ),
        (
            [right.to_vec(), vec![("lat", "36.6")]].concat(),
            400,
            "一起提供",
        ),
        (
            [right.to_vec(), vec![("attribute[ENTERPRISE]", "91")]].concat(),
            400,
            "attribute[ENTERPRISE]",
        ),
        (
            [right.to_vec(), vec![("attribute[CONFIDENTIALITY]", "x")]].concat(),
            400,
            "concealed",
        ),
    ] {
        let answer = client.post(&fields).await.expect_status(status);
        let faults: Vec<Fault> = read(&answer);
        assert!(
            faults
                .iter()
                .any(|one| one.code == status && one.description.contains(words)),
            "{faults:?}"
        );
    }
    let nothing = client.post(&[]).await.expect_status(400);
    assert_eq!(read::<Vec<Fault>>(&nothing).len(), 3, "all at once");
    let xml = client
        .app
        .post_form("/open311/v2/requests.xml", &without("address_string"))
        .await;
    let xml = xml.expect_status(403);
    let document = roxmltree::Document::parse(xml.text()).unwrap();
    let names: Vec<&str> = document
        .descendants()
        .filter(roxmltree::Node::is_element)
        .map(|node| node.tag_name().name())
        .collect();
    assert_eq!(names, ["errors", "error", "code", "description"]);
    for key in ["", "zhida311_wrong", "' OR 1=1 --"] {
        let fields = [&right[..], &[("api_key", key)]].concat();
        let answer = client
            .app
            .post_form("/open311/v2/requests.json", &fields)
            .await;
        let _ = answer.expect_status(403);
    }
    let json = axum::http::Request::post("/open311/v2/requests.json")
        .header("content-type", "application/json")
        .body("{}".into())
        .unwrap();
    let _ = client.app.send(json).await.expect_status(400);
    for arguments in [
        "start_date=gestern",
        "status=resolved",
        "start_date=2026-01-01T00:00:00Z&end_date=2026-11-01T00:00:00Z",
    ] {
        let answer = client
            .get(&format!("requests.json?{arguments}"))
            .await
            .expect_status(400);
        assert!(!read::<Vec<Fault>>(&answer)[0].description.is_empty());
    }
    assert_eq!(
        world.count("SELECT COUNT(*) FROM appeal").await,
        0,
        "nothing of all this was registered"
    );
}

async fn a_key_sees_its_own_requests_and_ends(db: TestDatabase) {
    let world = World::new(db).await;
    let one = Client::new(&world, &[("name", "甲系统")]).await;
    let other = Client::new(&world, &[("name", "乙系统"), ("place", "370102")]).await;
    let id = one.hand_in(TEXT).await;
    assert_eq!(
        one.hand_in(TEXT).await,
        id,
        "the same text again is the same request"
    );
    let theirs = other.hand_in(TEXT).await;
    assert_ne!(theirs, id);
    let _ = other
        .get(&format!("requests/{id}.json"))
        .await
        .expect_status(404);
    assert_eq!(
        read::<Vec<ServiceRequest>>(&other.get("requests.json").await).len(),
        1
    );
    let _ = world
        .app(Viewer::visitor())
        .get("/open311/v2/requests.json")
        .await
        .expect_status(403);
    assert_eq!(
        world
            .count("SELECT repeats FROM appeal ORDER BY case_id LIMIT 1")
            .await,
        1
    );
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM case_head WHERE place = '370102'")
            .await,
        1
    );
    let page = world
        .app(manager())
        .get("/appeals/open311-keys")
        .await
        .expect_status(200);
    assert!(page.text().contains("甲系统") && !page.text().contains(&one.key));
    let (_, rest) = page.text().split_once("/appeals/open311-keys/").unwrap();
    let last = rest.split('/').next().unwrap().to_owned();
    let path = format!("/appeals/open311-keys/{last}/end");
    let _ = world
        .app(operator())
        .post_form(&path, &[])
        .await
        .expect_status(403);
    let _ = world
        .app(manager())
        .post_form(&path, &[])
        .await
        .expect_status(303);
    let ended = [
        one.get("requests.json").await,
        other.get("requests.json").await,
    ];
    let statuses: Vec<u16> = ended.iter().map(|answer| answer.status.as_u16()).collect();
    assert!(
        statuses.contains(&403) && statuses.contains(&200),
        "{statuses:?}"
    );
}

both_databases!(
    services_and_their_definitions_are_the_specifications,
    a_client_creates_lists_gets_and_sees_what_changed,
    a_client_of_tokens_gets_a_token_and_then_the_id,
    what_is_wrong_is_told_as_in_the_specification,
    a_key_sees_its_own_requests_and_ends,
);
