//! 不再提醒这一项: one person's, in every channel, and nobody else's.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use zhida_platform::access::Viewer;
use zhida_platform::db::Tx;
use zhida_platform::messages::{Message, Recipient, Side, Topic};
use zhida_testkit::{TestDatabase, both_databases};

use crate::world::{ENTERPRISE, NEWS, OTHER, World, staff};

fn topics(items: &[&str]) -> Vec<Topic> {
    let topic = |item: &&str| Topic {
        id: format!("{ENTERPRISE}/{item}"),
        label: format!("{item}（样例公司）"),
    };
    items.iter().map(topic).collect()
}

/// Tells the enterprise of some items with one message.
async fn tell(world: &World, items: &[&str]) {
    let (messages, topics) = (&world.messages, &topics(items));
    let send = |tx: Tx| async move {
        let message = Message {
            event: &NEWS,
            to: Recipient::Enterprise(ENTERPRISE),
            fields: &[],
            link: Some("/policies/1"),
            subject: ("run", "1"),
        };
        let about = |places: &[usize]| {
            let named: Vec<&str> = places.iter().map(|at| items[*at]).collect();
            vec![("item", named.join("、"))]
        };
        messages.send_topics(&tx, &message, topics, about).await
    };
    world.db.write(send).await.unwrap();
    world.work().await;
}

/// Titles of the inbox, the newest first, with what says the count of unread ones.
async fn seen(world: &World, viewer: &Viewer) -> Vec<String> {
    let app = world.app(viewer.clone());
    let list = app.get("/api/v1/messages").await.expect_status(200).json();
    let titles: Vec<String> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["title"].as_str().unwrap().to_owned())
        .collect();
    let unread = app.get("/api/v1/messages/unread").await.json();
    assert_eq!(unread, json!({ "unread": titles.len() }));
    titles
}

fn mails(world: &World, to: &str) -> Vec<String> {
    let taken = world.mail.taken().into_iter();
    let own = taken.filter(|mail| mail.to == to);
    own.map(|mail| mail.subject).collect()
}

async fn muted(world: &World, viewer: &Viewer) -> Vec<Value> {
    let list = world
        .app(viewer.clone())
        .get("/api/v1/messages/muted")
        .await;
    list.expect_status(200).json().as_array().unwrap().clone()
}

async fn who_mutes_an_item_is_told_of_the_others_and_nobody_else_misses_it(db: TestDatabase) {
    let world = World::new(db).await;
    let (boss, mate) = (
        staff("legal", ENTERPRISE, 11),
        staff("reader", ENTERPRISE, 12),
    );
    for (viewer, mail) in [(&boss, "boss@example.cn"), (&mate, "mate@example.cn")] {
        let uscc = ENTERPRISE.to_owned();
        world.book.add(viewer, Side::Enterprise { uscc }, mail);
    }
    tell(&world, &["甲", "乙"]).await;
    let app = world.app(boss.clone());
    let page = app.get("/messages").await.expect_status(200);
    assert!(
        page.text().contains("不再提醒：甲（样例公司）"),
        "{}",
        page.text()
    );
    let list = app.get("/api/v1/messages").await.json();
    let first = &list["items"][0];
    assert_eq!(first["topics"], json!(topics(&["甲", "乙"])));
    let id = first["id"].as_str().unwrap();
    let path = format!("/messages/{id}/mute-item");
    let item = |item: &str| topics(&[item])[0].id.clone();
    let (one, none) = (item("甲"), item("丙"));
    let other = world.app(staff("legal", OTHER, 14));
    let _ = other
        .post_form(&path, &[("topic", &one)])
        .await
        .expect_status(404);
    let _ = app
        .post_form(&path, &[("topic", &none)])
        .await
        .expect_status(404);
    assert!(muted(&world, &boss).await.is_empty());
    for _ in 0..2 {
        let done = app.post_form(&path, &[("topic", &one)]).await;
        let done = done.expect_status(303);
        let page = app.get(done.header("location")).await.expect_status(200);
        assert!(
            page.text().contains("以后不再提醒这一项"),
            "{}",
            page.text()
        );
    }
    assert_eq!(world.recorded("messages.mute_item").await, 1, "once");

    tell(&world, &["甲"]).await;
    tell(&world, &["甲", "乙", "丙"]).await;
    let both = "新政策：甲、乙";
    assert_eq!(seen(&world, &boss).await, ["新政策：乙、丙", both]);
    assert_eq!(mails(&world, "boss@example.cn"), [both, "新政策：乙、丙"]);
    let all = ["新政策：甲、乙、丙", "新政策：甲", both];
    assert_eq!(seen(&world, &mate).await, all);
    assert_eq!(mails(&world, "mate@example.cn").len(), 3);
    assert!(muted(&world, &mate).await.is_empty());

    let page = app.get("/messages/preferences").await.expect_status(200);
    assert!(
        page.text()
            .contains("<td data-label=\"事项\">甲（样例公司）</td>"),
        "{}",
        page.text()
    );
    let kept = muted(&world, &boss).await;
    assert_eq!(kept[0]["topic"], json!(topics(&["甲"])[0]));
    let kept = kept[0]["id"].as_str().unwrap();
    let restore = format!("/messages/muted/{kept}/restore");
    let others = world.app(mate.clone());
    let _ = others.post_form(&restore, &[]).await.expect_status(404);
    assert_eq!(muted(&world, &boss).await.len(), 1);
    let done = app.post_form(&restore, &[]).await.expect_status(303);
    let page = app.get(done.header("location")).await.expect_status(200);
    assert!(page.text().contains("已恢复提醒。"), "{}", page.text());
    let _ = app.post_form(&restore, &[]).await.expect_status(404);
    assert_eq!(world.recorded("messages.unmute_item").await, 1);
    tell(&world, &["甲"]).await;
    assert_eq!(seen(&world, &boss).await[0], "新政策：甲");
}

async fn whoever_acts_for_the_enterprise_no_more_is_told_nothing(db: TestDatabase) {
    let world = World::new(db).await;
    // in no address book: the seat is over, or was never there
    let left = staff("legal", ENTERPRISE, 13);
    tell(&world, &["甲", "乙"]).await;
    let app = world.app(left.clone());
    let list = app.get("/api/v1/messages").await.json();
    let id = list["items"][0]["id"].as_str().unwrap();
    let topic = json!({ "topic": topics(&["甲"])[0].id });
    let path = format!("/api/v1/messages/{id}/mute-item");
    let _ = app.post_json(&path, &topic).await.expect_status(204);
    tell(&world, &["甲", "乙"]).await;
    let elsewhere = staff("legal", OTHER, 13);
    assert!(seen(&world, &elsewhere).await.is_empty());
    let kept = muted(&world, &elsewhere).await;
    let kept = kept[0]["id"].as_str().unwrap();
    let path = format!("/api/v1/messages/muted/{kept}");
    for status in [204, 404] {
        let request = Request::delete(&path).body(Body::empty()).unwrap();
        let _ = world
            .app(elsewhere.clone())
            .send(request)
            .await
            .expect_status(status);
    }
}

both_databases!(
    who_mutes_an_item_is_told_of_the_others_and_nobody_else_misses_it,
    whoever_acts_for_the_enterprise_no_more_is_told_nothing,
);
