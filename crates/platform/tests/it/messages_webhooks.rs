//! Webhooks: signed, in order, tried again, replayed, and never sent inside.

use std::net::SocketAddr;

use chrono::TimeDelta;
use zhida_platform::config::Config;
use zhida_platform::db;
use zhida_platform::messages::webhook::{Endpoint, NewEndpoint, Owner, Scope, sign};
use zhida_platform::messages::{
    DeliveryFilter, DeliveryState, MessageError, Reader, Recipient, Secret,
};
use zhida_platform::paging::PageRequest;
use zhida_testkit::{TestDatabase, both_databases};

use crate::messages_kit::{Certificate, DUE, PUBLISHED, Post, Receiver, USCC};

const US: Recipient<'static> = Recipient::Enterprise(USCC);

fn owner() -> Owner {
    Owner::Enterprise(USCC.to_owned())
}

/// Plain HTTP to this machine, which a test needs and nobody else.
fn allow(config: &mut Config) {
    config.webhooks.allow_http = true;
    config.webhooks.allowed_hosts = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    config.webhooks.timeout_seconds = 1;
}

fn wanted(url: &str, events: &[&str]) -> NewEndpoint {
    NewEndpoint {
        owner: owner(),
        scope: Scope::Own,
        url: url.to_owned(),
        events: events.iter().map(|event| (*event).to_owned()).collect(),
    }
}

async fn add(
    post: &Post,
    db: &TestDatabase,
    wanted: &NewEndpoint,
) -> Result<(Endpoint, Secret), MessageError> {
    let messages = &post.messages;
    db.write(|tx| async move { messages.add_endpoint(&tx, wanted, "a-1").await })
        .await
}

/// A receiver on this machine, subscribed to everything that the enterprise
/// gets.
async fn subscribed(post: &Post, db: &TestDatabase) -> (Receiver, Endpoint, Secret) {
    let (receiver, address) = Receiver::start(None).await;
    let url = format!("http://{address}/hook?from=zhida");
    let (endpoint, secret) = add(post, db, &wanted(&url, &["*"])).await.expect("added");
    (receiver, endpoint, secret)
}

async fn endpoint(post: &Post, db: &TestDatabase) -> Endpoint {
    let mut endpoints = post
        .messages
        .endpoints(db.conn(), &owner())
        .await
        .expect("listed");
    endpoints.remove(0)
}

async fn run(post: &Post, db: &TestDatabase) -> (u64, u64) {
    let report = post.messages.deliver_due(db, 10).await.expect("delivered");
    (report.sent, report.postponed)
}

both_databases!(
    an_event_arrives_signed,
    https_is_verified,
    subscriptions_decide_what_arrives,
    events_arrive_in_order_whatever_fails,
    an_endpoint_that_fails_for_days_is_switched_off,
    an_endpoint_that_wants_no_more_is_switched_off_at_once,
    events_are_replayed_from_a_number,
    a_new_secret_signs_beside_the_old_one_for_a_day,
    two_servers_keep_the_order,
    old_events_are_purged,
    endpoints_are_their_owners,
    nothing_is_sent_inside,
    strange_answers_do_no_harm,
);

async fn an_event_arrives_signed(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(allow);
    let (receiver, endpoint, secret) = subscribed(&post, &db).await;
    let message = post.tell(&db, US, "稳岗返还").await;
    assert_eq!(run(&post, &db).await, (1, 0));
    let request = receiver.requests().pop().expect("a request");
    assert!(
        request
            .head
            .starts_with("POST /hook?from=zhida HTTP/1.1\r\n"),
        "{}",
        request.head
    );
    let id = request.header("webhook-id");
    assert_eq!(request.header("webhook-timestamp"), "1795320000");
    let signature = sign(&secret, id, 1_795_320_000, &request.body);
    assert_eq!(request.header("webhook-signature"), signature);
    let expected = serde_json::json!({
        "type": "test.published",
        "number": 1,
        "timestamp": "2026-11-22T04:00:00.000000Z",
        "data": {
            "fields": {"item": "稳岗返还"},
            "title": "新政策：稳岗返还",
            "body": "《稳岗返还》已发布。",
            "link": "/policies/42",
            "subject": {"kind": "item", "id": "42"},
            "recipient": {"kind": "enterprise", "id": USCC},
        },
    });
    assert_eq!(request.json(), expected);
    let filter = DeliveryFilter {
        message: Some(&message),
        ..DeliveryFilter::default()
    };
    let page = PageRequest::first(9);
    let rows = post
        .messages
        .deliveries(db.conn(), &filter, &page)
        .await
        .expect("listed")
        .items;
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].id.as_str(), rows[0].state),
        (id, DeliveryState::Sent)
    );
    assert_eq!(
        (rows[0].number, rows[0].address.as_str()),
        (Some(1), endpoint.id.as_str())
    );
    let shown = format!("{:?}{secret:?}", post.messages);
    assert!(!shown.contains("whsec_"), "{shown}");
}

async fn https_is_verified(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let certificate = Certificate::new();
    let (receiver, address) = Receiver::start(Some(&certificate)).await;
    let url = format!("https://localhost:{}/", address.port());
    let trusting = |config: &mut Config| {
        allow(config);
        config.webhooks.allow_http = false;
        config.webhooks.ca_file = certificate.authority.display().to_string();
    };
    let post = Post::new(trusting);
    add(&post, &db, &wanted(&url, &["*"])).await.expect("added");
    post.tell(&db, US, "甲").await;
    assert_eq!(run(&post, &db).await, (1, 0));
    assert_eq!(receiver.numbers(), [1]);
    // nobody vouches for it now
    let post = Post::new(allow);
    post.tell(&db, US, "乙").await;
    assert_eq!(run(&post, &db).await, (0, 1));
    assert_eq!(receiver.numbers(), [1]);
    // the certificate is for localhost, not for its address
    let (_, address) = Receiver::start(Some(&certificate)).await;
    let post = Post::new(trusting);
    let url = format!("https://{address}/");
    add(&post, &db, &wanted(&url, &["*"])).await.expect("added");
    post.clock.advance(TimeDelta::hours(1));
    post.tell(&db, US, "丙").await;
    assert_eq!(
        run(&post, &db).await,
        (2, 1),
        "the first endpoint has caught up"
    );
}

async fn subscriptions_decide_what_arrives(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(allow);
    let (all, _, _) = subscribed(&post, &db).await;
    let (some, address) = Receiver::start(None).await;
    let url = format!("http://{address}/");
    add(&post, &db, &wanted(&url, &[PUBLISHED.slug]))
        .await
        .expect("added");
    let (system, address) = Receiver::start(None).await;
    let everything = NewEndpoint {
        owner: Owner::Account("o-1".to_owned()),
        scope: Scope::All,
        ..wanted(&format!("http://{address}/"), &["*"])
    };
    add(&post, &db, &everything).await.expect("added");
    post.tell(&db, US, "给企业").await;
    post.send(&db, &DUE, US, "到期").await.expect("sent");
    post.tell(&db, Recipient::Enterprise("91330100MA27XF1C0X"), "给别家")
        .await;
    post.tell(&db, Recipient::Account("o-1"), "给个人").await;
    post.tell(&db, Recipient::Subscribers, "给系统").await;
    assert_eq!(run(&post, &db).await, (4, 0));
    let titles = |receiver: &Receiver| {
        let requests = receiver.requests();
        requests
            .iter()
            .map(|one| {
                one.json()["data"]["title"]
                    .as_str()
                    .expect("a title")
                    .to_owned()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(titles(&all), ["新政策：给企业", "即将到期：到期"]);
    assert_eq!(titles(&some), ["新政策：给企业"]);
    assert_eq!(
        titles(&system),
        ["新政策：给系统"],
        "what goes to a person stays there"
    );
}

async fn events_arrive_in_order_whatever_fails(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(allow);
    let (receiver, _, _) = subscribed(&post, &db).await;
    for number in 1..=5 {
        post.tell(&db, US, &number.to_string()).await;
    }
    receiver.will_answer(&[
        "200 OK\r\n\r\n",
        "500 Oops\r\n\r\nbroken\r\nhere",
        "503 Busy\r\n\r\n",
    ]);
    assert_eq!(
        run(&post, &db).await,
        (1, 1),
        "the first, then the second fails"
    );
    let failing = endpoint(&post, &db).await;
    assert_eq!(failing.failing_since, Some(failing.created_at));
    assert_eq!(run(&post, &db).await, (0, 0), "it waits");
    post.clock.advance(TimeDelta::seconds(10));
    assert_eq!(run(&post, &db).await, (0, 1));
    post.clock.advance(TimeDelta::seconds(19));
    assert_eq!(run(&post, &db).await, (0, 0), "twice as long");
    post.clock.advance(TimeDelta::seconds(1));
    assert_eq!(run(&post, &db).await, (4, 0));
    assert_eq!(receiver.numbers(), [1, 2, 2, 2, 3, 4, 5]);
    let requests = receiver.requests();
    assert_eq!(
        requests[1].header("webhook-id"),
        requests[3].header("webhook-id")
    );
    assert_ne!(
        requests[1].header("webhook-timestamp"),
        requests[3].header("webhook-timestamp")
    );
    let items = requests[3..]
        .iter()
        .map(|one| one.json()["data"]["fields"]["item"].clone());
    assert_eq!(items.collect::<Vec<_>>(), ["2", "3", "4", "5"]);
    assert_eq!(endpoint(&post, &db).await.failing_since, None);
}

async fn an_endpoint_that_fails_for_days_is_switched_off(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(|config| {
        allow(config);
        config.webhooks.off_after_days = 2;
    });
    let (receiver, own, _) = subscribed(&post, &db).await;
    receiver.will_answer(&vec!["500 Oops\r\n\r\nstill broken"; 30]);
    post.tell(&db, US, "甲").await;
    let mut tries = 0;
    while endpoint(&post, &db).await.is_on {
        tries += run(&post, &db).await.1;
        post.clock.advance(TimeDelta::hours(6));
        assert!(tries < 30, "it ends");
    }
    assert_eq!(tries, 9, "every six hours for two days");
    let off = endpoint(&post, &db).await;
    assert!(off.off_reason.contains("连续 2 天") && off.off_reason.contains("still broken"));
    let reader = Reader {
        account: "a-1",
        enterprises: &[USCC],
        role: None,
        organisation: None,
    };
    let page = PageRequest::first(9);
    let inbox = post
        .messages
        .inbox(db.conn(), &reader, true, &page)
        .await
        .expect("listed")
        .items;
    assert_eq!(inbox[0].title, "接口推送已停用");
    assert!(inbox[0].body.contains(&own.url), "{}", inbox[0].body);

    let before = receiver.requests().len();
    post.tell(&db, US, "乙").await;
    assert_eq!(run(&post, &db).await, (0, 0), "off is off");
    assert_eq!(receiver.requests().len(), before);
    let (messages, id) = (&post.messages, own.id.as_str());
    db.write(|tx| async move { messages.switch_on(&tx, &owner(), id).await })
        .await
        .expect("on");
    receiver.recover();
    // the second is the news that it was switched off
    assert_eq!(run(&post, &db).await, (3, 0));
    let mut numbers = receiver.numbers();
    numbers.dedup();
    assert_eq!(numbers, [1, 2, 3], "from where it stopped");
}

async fn an_endpoint_that_wants_no_more_is_switched_off_at_once(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(allow);
    let (receiver, _, _) = subscribed(&post, &db).await;
    receiver.will_answer(&["410 Gone\r\n\r\n"]);
    post.tell(&db, US, "甲").await;
    run(&post, &db).await;
    let off = endpoint(&post, &db).await;
    assert!(!off.is_on && off.off_reason.contains("410"), "{off:?}");
}

async fn events_are_replayed_from_a_number(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(allow);
    let (receiver, own, _) = subscribed(&post, &db).await;
    for number in 1..=4 {
        post.tell(&db, US, &number.to_string()).await;
    }
    assert_eq!(run(&post, &db).await, (4, 0));
    let (messages, id) = (&post.messages, own.id.as_str());
    let replay = async |of: Owner, from| {
        let of = &of;
        db.write(|tx| async move { messages.replay(&tx, of, id, from).await })
            .await
    };
    replay(Owner::Account(USCC.to_owned()), 1)
        .await
        .expect_err("another's");
    assert_eq!(replay(owner(), 3).await.expect("replayed"), 2);
    post.tell(&db, US, "5").await;
    assert_eq!(run(&post, &db).await, (3, 0));
    assert_eq!(receiver.numbers(), [1, 2, 3, 4, 3, 4, 5]);
    let requests = receiver.requests();
    assert_eq!(
        requests[2].header("webhook-id"),
        requests[4].header("webhook-id")
    );
    assert_eq!(requests[2].body, requests[4].body);
}

async fn a_new_secret_signs_beside_the_old_one_for_a_day(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(allow);
    let (receiver, own, old) = subscribed(&post, &db).await;
    let (messages, id) = (&post.messages, own.id.as_str());
    let new = db
        .write(|tx| async move { messages.renew_secret(&tx, &owner(), id).await })
        .await
        .expect("renewed");
    for hours in [0, 24] {
        post.clock.advance(TimeDelta::hours(hours));
        post.tell(&db, US, "甲").await;
        assert_eq!(run(&post, &db).await, (1, 0));
        let request = receiver.requests().pop().expect("a request");
        let timestamp = request
            .header("webhook-timestamp")
            .parse()
            .expect("a number");
        let by = |secret| {
            sign(
                secret,
                request.header("webhook-id"),
                timestamp,
                &request.body,
            )
        };
        let expected = match hours {
            0 => format!("{} {}", by(&new), by(&old)),
            _ => by(&new),
        };
        assert_eq!(request.header("webhook-signature"), expected);
    }
}

async fn two_servers_keep_the_order(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(allow);
    let (receiver, _, _) = subscribed(&post, &db).await;
    for number in 1..=60 {
        post.tell(&db, US, &number.to_string()).await;
    }
    let runs: Vec<_> = (0..4)
        .map(|_| {
            let (messages, db) = (post.twin(), db.handle());
            tokio::spawn(async move { messages.deliver_due(&db, 9).await.expect("delivered").sent })
        })
        .collect();
    let mut sent = 0;
    for run in runs {
        sent += run.await.expect("no panic");
    }
    // a server that lost the race for the endpoint leaves the rest to the next run
    while sent < 60 {
        sent += run(&post, &db).await.0;
    }
    assert_eq!(sent, 60);
    assert_eq!(
        receiver.numbers(),
        (1..=60).collect::<Vec<_>>(),
        "in order, none twice"
    );
}

async fn old_events_are_purged(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(allow);
    let (receiver, own, _) = subscribed(&post, &db).await;
    post.tell(&db, US, "旧").await;
    run(&post, &db).await;
    post.clock.advance(TimeDelta::days(31));
    post.tell(&db, US, "新").await;
    run(&post, &db).await;
    let (messages, id) = (&post.messages, own.id.as_str());
    let purged = db
        .write(|tx| async move { messages.purge(&tx).await })
        .await;
    assert_eq!(purged.expect("purged"), 1);
    let replayed = db
        .write(|tx| async move { messages.replay(&tx, &owner(), id, 1).await })
        .await;
    assert_eq!(replayed.expect("replayed"), 1);
    run(&post, &db).await;
    assert_eq!(receiver.numbers(), [1, 2, 2], "numbers count on");
}

async fn endpoints_are_their_owners(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(allow);
    let (_, own, _) = subscribed(&post, &db).await;
    let (messages, id) = (&post.messages, own.id.as_str());
    let stranger = &Owner::Enterprise("91330100MA27XF1C0X".to_owned());
    let tries = db
        .write(|tx| async move {
            let answers = [
                messages.switch_off(&tx, stranger, id, "x").await.is_err(),
                messages.switch_on(&tx, stranger, id).await.is_err(),
                messages.renew_secret(&tx, stranger, id).await.is_err(),
                messages.remove_endpoint(&tx, stranger, id).await.is_err(),
            ];
            Ok::<_, MessageError>(answers)
        })
        .await;
    assert_eq!(tries.expect("tried"), [true; 4]);
    for (events, words) in [
        (&[][..], "没有选择"),
        (&["no.such"], "no.such"),
        (&["*", "test.due"], "不要再逐个"),
    ] {
        let refused = add(&post, &db, &wanted("http://127.0.0.1:8080/", events)).await;
        let refused = refused.expect_err(words).to_string();
        assert!(refused.contains(words), "{refused}");
    }
    for number in 1..20 {
        let url = format!("http://127.0.0.1:8080/{number}");
        add(&post, &db, &wanted(&url, &["*"])).await.expect("room");
    }
    add(&post, &db, &wanted("http://127.0.0.1:8080/", &["*"]))
        .await
        .expect_err("too many");
    post.tell(&db, US, "甲").await;
    db.write(|tx| async move { messages.remove_endpoint(&tx, &owner(), id).await })
        .await
        .expect("removed");
    let left = "SELECT COUNT(*) FROM delivery WHERE channel = 'webhook'";
    assert_eq!(
        db::query_count(db.conn(), left, []).await.expect("counted"),
        19
    );
}

async fn nothing_is_sent_inside(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let (receiver, address) = Receiver::start(None).await;
    let port = address.port();
    let strict = Post::new(|config| config.webhooks.allow_http = true);
    for url in [
        format!("http://127.0.0.1:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0x7f000001:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://0:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://10.0.0.1/".to_owned(),
        format!("http://user:pw@example.cn:{port}/"),
        "file:///etc/passwd".to_owned(),
    ] {
        let refused = add(&strict, &db, &wanted(&url, &["*"])).await;
        assert!(matches!(refused, Err(MessageError::Endpoint(_))), "{url}");
    }
    // a name tells nothing when it is added; what it means does when it is asked
    let url = format!("http://localhost:{port}/");
    add(&strict, &db, &wanted(&url, &["*"]))
        .await
        .expect("only a name");
    strict.tell(&db, US, "甲").await;
    assert_eq!(run(&strict, &db).await, (0, 1));
    // an address that was allowed once and is not any more
    let post = Post::new(allow);
    add(
        &post,
        &db,
        &wanted(&format!("http://127.0.0.1:{port}/"), &["*"]),
    )
    .await
    .expect("allowed");
    strict.tell(&db, US, "乙").await;
    assert_eq!(run(&strict, &db).await, (0, 1));
    assert_eq!(receiver.requests().len(), 0, "nothing has left");
    let filter = DeliveryFilter {
        state: Some(DeliveryState::Queued),
        ..DeliveryFilter::default()
    };
    let page = PageRequest::first(9);
    let rows = strict
        .messages
        .deliveries(db.conn(), &filter, &page)
        .await
        .expect("listed")
        .items;
    let told = rows
        .iter()
        .filter(|row| row.error.contains("allowed_hosts"))
        .count();
    assert_eq!(told, 2, "{rows:?}");
}

async fn strange_answers_do_no_harm(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(allow);
    let (receiver, own, _) = subscribed(&post, &db).await;
    let (inside, target): (Receiver, SocketAddr) = Receiver::start(None).await;
    post.tell(&db, US, "甲").await;
    let redirect = format!("302 Found\r\nlocation: http://{target}/\r\n\r\n");
    let endless = format!("500 Oops\r\n\r\n{}", "长".repeat(100_000));
    let heads = format!("200 OK\r\n{}\r\n", "x: y\r\n".repeat(50_000));
    for (answer, words) in [
        (redirect.as_str(), "不跟随跳转"),
        (&endless, "对方答复 500：长长长"),
        (&heads, "中断"),
        ("nonsense", "中断"),
        ("", "中断"),
    ] {
        receiver.will_answer(&[answer]);
        let before = receiver.requests().len();
        while receiver.requests().len() == before {
            post.clock.advance(TimeDelta::hours(1));
            assert_eq!(run(&post, &db).await.0, 0, "{words}");
        }
        let filter = DeliveryFilter {
            address: Some(&own.id),
            ..DeliveryFilter::default()
        };
        let page = PageRequest::first(1);
        let rows = post
            .messages
            .deliveries(db.conn(), &filter, &page)
            .await
            .expect("listed");
        let error = &rows.items[0].error;
        assert!(error.contains(words), "{error}");
        assert!(error.chars().count() < 300, "a snippet");
    }
    assert_eq!(inside.requests().len(), 0, "no redirect was followed");
    post.clock.advance(TimeDelta::hours(6));
    assert_eq!(run(&post, &db).await, (1, 0));

    // one that takes the connection and says nothing
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("http://{}/", mute.local_addr().expect("an address"));
    let elsewhere = NewEndpoint {
        owner: Owner::Account("o-1".to_owned()),
        ..wanted(&url, &["*"])
    };
    add(&post, &db, &elsewhere).await.expect("added");
    post.tell(&db, Recipient::Account("o-1"), "乙").await;
    let started = std::time::Instant::now();
    assert_eq!(run(&post, &db).await, (0, 1));
    assert!(
        started.elapsed() < std::time::Duration::from_secs(5),
        "it gives up"
    );
}
