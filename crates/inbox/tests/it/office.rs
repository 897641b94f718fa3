//! What administrators look after: deliveries, endpoints, templates.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use chrono::TimeDelta;
use serde_json::{Value, json};
use zhida_platform::messages::webhook::sign;
use zhida_platform::messages::{Recipient, Secret, Side};
use zhida_testkit::{App, TestDatabase, TestServer, both_databases, seated};

use crate::world::{ENTERPRISE, NEWS, OTHER, World, account, between, staff, sysadmin};

/// A receiver that answers what it is told to, and 204 after that.
#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    answers: VecDeque<u16>,
    taken: Vec<(HeaderMap, String)>,
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    let mut inner = receiver.0.lock().unwrap();
    inner.taken.push((headers, body));
    let status = inner.answers.pop_front().unwrap_or(204);
    StatusCode::from_u16(status).unwrap()
}

impl Receiver {
    async fn start() -> (Self, TestServer) {
        let receiver = Self::default();
        let router = Router::new()
            .route("/hook", post(take))
            .with_state(receiver.clone());
        (receiver, TestServer::start(router).await)
    }

    fn answer(&self, statuses: &[u16]) {
        self.0.lock().unwrap().answers.extend(statuses);
    }

    fn taken(&self) -> Vec<(HeaderMap, String)> {
        self.0.lock().unwrap().taken.clone()
    }

    /// The running numbers in the order of their requests.
    fn numbers(&self) -> Vec<i64> {
        let taken = self.taken().into_iter();
        let bodies = taken.map(|(_, body)| serde_json::from_str::<Value>(&body).unwrap());
        bodies.filter_map(|body| body["number"].as_i64()).collect()
    }
}

/// Adds an endpoint on the page; its id and secret.
async fn add(app: &App, url: &str, enterprise: &str) -> (String, Secret) {
    let fields = [("url", url), ("enterprise", enterprise), ("events", "*")];
    let page = app
        .post_form("/office/webhooks/new", &fields)
        .await
        .expect_status(200);
    let secret = between(page.text(), "data-copy=\"", "\"");
    assert!(secret.starts_with("whsec_"), "{secret}");
    let id = between(page.text(), "href=\"/office/webhooks/", "\"");
    (id, Secret::new(secret))
}

async fn an_endpoint_is_added_signed_retried_paused_and_replayed(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app(sysadmin());
    let (receiver, server) = Receiver::start().await;
    let (id, secret) = add(&app, &server.url("/hook"), ENTERPRISE).await;
    let page = app
        .get(&format!("/office/webhooks/{id}"))
        .await
        .expect_status(200);
    assert!(!page.text().contains("whsec_"), "shown once");

    receiver.answer(&[500]);
    for item in ["甲", "乙"] {
        world
            .tell(&NEWS, Recipient::Enterprise(ENTERPRISE), item)
            .await;
    }
    world
        .tell(&NEWS, Recipient::Enterprise(OTHER), "别家的")
        .await;
    world.work().await;
    assert_eq!(receiver.numbers(), [1], "nothing overtakes what failed");
    let page = app
        .get(&format!("/office/webhooks/{id}"))
        .await
        .expect_status(200);
    assert!(page.text().contains("对方答复 500"), "{}", page.text());
    assert!(page.text().contains("共 2 条，等待推送 2 条"));
    let list = app.get("/office/webhooks").await.expect_status(200);
    assert!(list.text().contains("共 1 个") && list.text().contains("zd-num\">2<"));
    world.clock.pass(TimeDelta::minutes(1));
    world.work().await;
    assert_eq!(receiver.numbers(), [1, 1, 2]);
    let page = app.get(&format!("/office/webhooks/{id}")).await;
    assert!(page.text().contains("共 2 条，等待推送 0 条"));
    let (headers, body) = receiver.taken().pop().unwrap();
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let at = header("webhook-timestamp").parse().unwrap();
    let signature = sign(&secret, &header("webhook-id"), at, &body);
    assert_eq!(header("webhook-signature"), signature);

    let switch = format!("/office/webhooks/{id}/switch");
    let _ = app
        .post_form(&switch, &[("on", "no")])
        .await
        .expect_status(303);
    world
        .tell(&NEWS, Recipient::Enterprise(ENTERPRISE), "丙")
        .await;
    world.work().await;
    assert_eq!(receiver.numbers().len(), 3, "paused");
    let list = app.get("/office/webhooks").await.expect_status(200);
    assert!(list.text().contains("管理员暂停"), "{}", list.text());
    let _ = app
        .post_form(&switch, &[("on", "yes")])
        .await
        .expect_status(303);
    world.work().await;
    assert_eq!(receiver.numbers(), [1, 1, 2, 3]);
    let replay = format!("/office/webhooks/{id}/replay");
    let _ = app
        .post_form(&replay, &[("from", "x")])
        .await
        .expect_status(400);
    let _ = app
        .post_form(&replay, &[("from", "2")])
        .await
        .expect_status(303);
    world.work().await;
    assert_eq!(receiver.numbers(), [1, 1, 2, 3, 2, 3]);

    receiver.answer(&[204, 503]);
    let test = format!("/office/webhooks/{id}/test");
    let good = app.post_form(&test, &[]).await.expect_status(200);
    assert!(
        good.text().contains("对方已收下，答复 204"),
        "{}",
        good.text()
    );
    let (_, body) = receiver.taken().pop().unwrap();
    assert!(body.contains("platform.webhook-test"), "{body}");
    let bad = app.post_form(&test, &[]).await.expect_status(200);
    assert!(bad.text().contains("对方答复 503"), "{}", bad.text());
    assert_eq!(world.recorded("messages.test_endpoint").await, 2);

    let renewed = app
        .post_form(&format!("/office/webhooks/{id}/secret"), &[])
        .await;
    assert!(renewed.expect_status(200).text().contains("whsec_"));
    world
        .tell(&NEWS, Recipient::Enterprise(ENTERPRISE), "丁")
        .await;
    world.work().await;
    let (headers, body) = receiver.taken().pop().unwrap();
    let signatures = headers["webhook-signature"].to_str().unwrap();
    let old = sign(
        &secret,
        headers["webhook-id"].to_str().unwrap(),
        headers["webhook-timestamp"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap(),
        &body,
    );
    assert!(
        signatures.split(' ').count() == 2 && signatures.contains(&old),
        "{signatures}"
    );
    let remove = format!("/office/webhooks/{id}/remove");
    let _ = app.post_form(&remove, &[]).await.expect_status(303);
    let _ = app
        .get(&format!("/office/webhooks/{id}"))
        .await
        .expect_status(404);
}

async fn the_citys_systems_get_what_is_for_them_and_for_the_role(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app(sysadmin());
    let (receiver, server) = Receiver::start().await;
    let input = json!({ "url": server.url("/hook"), "events": ["test.news"] });
    let made = app
        .post_json("/api/v1/webhooks", &input)
        .await
        .expect_status(201)
        .json();
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    world.tell(&NEWS, Recipient::Subscribers, "给系统").await;
    world
        .tell(&NEWS, Recipient::Role("sysadmin"), "给管理员")
        .await;
    world
        .tell(&NEWS, Recipient::Enterprise(ENTERPRISE), "给企业")
        .await;
    world.work().await;
    assert_eq!(receiver.numbers(), [1, 2]);
    let list = app.get("/api/v1/webhooks").await.expect_status(200).json();
    assert_eq!(
        (&list["total"], &list["items"][0]["waiting"]),
        (&json!(1), &json!(0))
    );
    assert!(!list.to_string().contains("whsec_"));
    let (other, _) = add(&app, &server.url("/other"), OTHER).await;
    let first = app.get("/api/v1/webhooks?limit=1").await.json();
    let next = first["next"].as_str().unwrap();
    let path = format!("/api/v1/webhooks?limit=1&after={next}");
    let second = app.get(&path).await.expect_status(200).json();
    assert_eq!(
        (&second["total"], &second["items"][0]["id"], &second["next"]),
        (&json!(2), &json!(other), &json!(null))
    );
    let id = made["id"].as_str().unwrap();
    let log = app.get(&format!("/api/v1/webhooks/{id}/deliveries")).await;
    assert_eq!(
        log.expect_status(200).json()["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    for (url, events, field) in [
        ("http://10.0.0.1/x", "test.news", "内网"),
        ("ftp://example.cn/", "test.news", "不支持"),
        (server.url("/hook").as_str(), "no.such", "no.such"),
    ] {
        let input = json!({ "url": url, "events": [events] });
        let answer = app.post_json("/api/v1/webhooks", &input).await;
        assert!(
            [400, 404].contains(&answer.status.as_u16()),
            "{}",
            answer.status
        );
        assert!(answer.text().contains(field), "{}", answer.text());
    }
    let nothing = [("url", "https://example.cn/x")];
    let none = app
        .post_form("/office/webhooks/new", &nothing)
        .await
        .expect_status(400);
    assert!(
        none.text().contains("没有选择要推送的消息种类"),
        "{}",
        none.text()
    );
}

async fn deliveries_are_found_counted_exported_and_sent_again(db: TestDatabase) {
    let world = World::with(db, |config| {
        // nobody listens there
        config.mail.port = 9;
        config.messages.attempts_max = 1;
    })
    .await;
    let boss = staff("legal", ENTERPRISE, 11);
    let side = Side::Enterprise {
        uscc: ENTERPRISE.to_owned(),
    };
    world.book.add(&boss, side, "boss@example.cn");
    world
        .tell(&NEWS, Recipient::Enterprise(ENTERPRISE), "甲")
        .await;
    world.work().await;
    world
        .tell(&NEWS, Recipient::Account(&account(&boss)), "乙")
        .await;
    let app = world.app(sysadmin());
    let count = async |query: &str| {
        let path = format!("/api/v1/message-deliveries{query}");
        let list = app.get(&path).await.expect_status(200).json();
        let shown = list["items"].as_array().unwrap().len() as u64;
        assert_eq!(list["total"].as_u64().unwrap(), shown, "{query}");
        let csv = app
            .get(&format!("/office/deliveries/export.csv{query}"))
            .await;
        let lines = csv.expect_status(200).text().trim_end().lines().count() as u64;
        assert_eq!(lines, shown + 1, "{query}");
        shown
    };
    for (query, expected) in [
        ("", 2),
        ("?state=given-up", 1),
        ("?state=queued", 1),
        ("?channel=webhook", 0),
        ("?event=test.news&channel=mail", 2),
        (&format!("?to={ENTERPRISE}"), 1),
        ("?to=boss%40example.cn", 2),
        ("?to=nobody%40example.cn", 0),
    ] {
        assert_eq!(count(query).await, expected, "{query}");
    }
    let page = app.get("/office/deliveries").await.expect_status(200);
    assert!(page.text().contains("共 2 条") && page.text().contains("已放弃"));
    assert!(page.text().contains("b***@example.cn") && !page.text().contains("boss@"));
    let file = app
        .get("/office/deliveries/export.csv")
        .await
        .expect_status(200);
    assert!(!file.text().contains("boss@"), "masked there, too");
    let _ = app
        .get("/office/deliveries?state=lost")
        .await
        .expect_status(400);
    let _ = app
        .get("/office/deliveries/export.xlsx")
        .await
        .expect_status(200);

    let given_up = app
        .get("/api/v1/message-deliveries?state=given-up")
        .await
        .json();
    let id = given_up["items"][0]["id"].as_str().unwrap().to_owned();
    let retry = format!("/office/deliveries/{id}/retry");
    let _ = app.post_form(&retry, &[]).await.expect_status(303);
    assert_eq!(count("?state=queued").await, 2);
    let _ = app.post_form(&retry, &[]).await.expect_status(404);
    assert_eq!(world.recorded("messages.retry").await, 1);
    for role in ["secadmin", "auditor", "clerk"] {
        let other = world.app(seated(role, Some("330300"), None));
        let _ = other.get("/office/deliveries").await.expect_status(403);
    }
}

async fn templates_are_written_checked_and_restored(db: TestDatabase) {
    let world = World::new(db).await;
    let boss = staff("legal", ENTERPRISE, 11);
    let app = world.app(sysadmin());
    let list = app.get("/office/templates").await.expect_status(200);
    assert!(list.text().contains("新政策：{事项}"), "{}", list.text());
    let path = "/office/templates/test.news/inbox";
    let page = app.get(path).await.expect_status(200);
    assert!(page.text().contains("{事项}") && !page.text().contains("恢复自带"));
    for (title, body, words) in [
        ("好消息：{政策}", "正文", "没有名为「政策」的字段"),
        ("", "正文", "标题是空的"),
        ("甲\u{7}", "正文", "控制字符"),
        ("好", "", "正文是空的"),
    ] {
        let fields = [("title", title), ("body", body)];
        let refused = app.post_form(path, &fields).await.expect_status(400);
        assert!(
            refused.text().contains(words),
            "{words}: {}",
            refused.text()
        );
    }
    let fields = [
        ("title", "好消息：{事项}"),
        ("body", "第一行\r\n<b>{事项}</b>"),
    ];
    let _ = app.post_form(path, &fields).await.expect_status(303);
    world
        .tell(&NEWS, Recipient::Enterprise(ENTERPRISE), "甲")
        .await;
    let inbox = world
        .app(boss.clone())
        .get("/messages")
        .await
        .expect_status(200);
    assert!(inbox.text().contains("好消息：甲"));
    assert!(
        inbox.text().contains("&#60;b&#62;甲") && !inbox.text().contains("<b>"),
        "never markup"
    );
    assert_eq!(world.recorded("messages.write_template").await, 1);
    let _ = app
        .post_form(&format!("{path}/reset"), &[])
        .await
        .expect_status(303);
    world
        .tell(&NEWS, Recipient::Enterprise(ENTERPRISE), "乙")
        .await;
    let inbox = world.app(boss).get("/messages").await.expect_status(200);
    assert!(inbox.text().contains("新政策：乙"));
    let _ = app
        .get("/office/templates/no.such/inbox")
        .await
        .expect_status(404);
    let _ = app
        .get("/office/templates/test.news/webhook")
        .await
        .expect_status(404);
}

both_databases!(
    an_endpoint_is_added_signed_retried_paused_and_replayed,
    the_citys_systems_get_what_is_for_them_and_for_the_role,
    deliveries_are_found_counted_exported_and_sent_again,
    templates_are_written_checked_and_restored,
);
