//! Mail over SMTP, against a server on a real socket: encryption, login,
//! refusals, tries, two servers at once.

use chrono::TimeDelta;
use zhida_platform::config::Config;
use zhida_platform::db;
use zhida_platform::messages::{
    Delivery, DeliveryFilter, DeliveryState, MailSecurity, Recipient, Secret, Side,
};
use zhida_platform::paging::PageRequest;
use zhida_testkit::{TestDatabase, both_databases};

use crate::messages_kit::{Certificate, DUE, Greeting, MailServer, Post, USCC};

const TO: Recipient<'static> = Recipient::Address("a@example.cn");

async fn newest(post: &Post, db: &TestDatabase) -> Delivery {
    let filter = DeliveryFilter::default();
    let page = post
        .messages
        .deliveries(db.conn(), &filter, &PageRequest::first(1))
        .await;
    page.expect("listed").items.pop().expect("a delivery")
}

/// Sends one mail through a server of this kind; what came of it.
async fn send_through(
    db: &TestDatabase,
    greeting: Greeting,
    change: impl FnOnce(&mut Config, &Certificate),
) -> (MailServer, Delivery) {
    let certificate = Certificate::new();
    let server = MailServer::start(greeting, &certificate).await;
    let post = Post::new(|config| {
        server.configure(config);
        config.mail.ca_file = certificate.authority.display().to_string();
        change(config, &certificate);
    });
    post.tell(db, TO, "稳岗返还").await;
    post.messages.deliver_due(db, 1).await.expect("delivered");
    let delivery = newest(&post, db).await;
    // what waits for another try is of no use to the next server
    let sql = "UPDATE delivery SET state = 'given-up' WHERE state = 'queued'";
    db.write(|tx| async move { db::execute(&tx, sql, []).await })
        .await
        .expect("cleared");
    (server, delivery)
}

both_databases!(
    mail_arrives_whole,
    mail_is_encrypted_as_configured,
    a_login_is_used,
    refusals_are_final_and_faults_are_not,
    a_mail_is_given_up_and_can_be_tried_again,
    two_servers_send_each_mail_once,
    a_minute_has_so_many_mails_and_the_rest_waits_in_order,
    a_lease_that_ends_is_taken_over,
    deliveries_are_listed_by_what_one_asks,
);

async fn mail_arrives_whole(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let (server, delivery) = send_through(&db, Greeting::Plain, |_, _| {}).await;
    let mail = server.taken().pop().expect("a mail");
    assert_eq!(mail.to, "a@example.cn");
    assert_eq!(mail.header("Subject"), "新政策：稳岗返还");
    assert!(mail.header("From").ends_with("<no-reply@example.gov.cn>"));
    assert_eq!(
        mail.header("Date"),
        "Sun,22Nov202604:00:00+0000",
        "by the injected clock"
    );
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert_eq!(
        mail.header("Message-ID"),
        format!("<{}@example.gov.cn>", delivery.id)
    );
    let body = mail.body();
    assert!(body.starts_with(
        "《稳岗返还》已发布。\n\n查看详情：https://zhida.example.gov.cn/policies/42\n"
    ));
    assert!(body.contains("请勿回复"), "{body}");
    assert_eq!(delivery.state, DeliveryState::Sent);
    assert_eq!(delivery.label(), "邮件服务器已收下（是否退信未知）");
    assert_eq!(
        delivery.sent_at,
        Some(delivery.created_at),
        "the clock stood still"
    );
}

async fn mail_is_encrypted_as_configured(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    for (greeting, security, encrypted) in [
        (Greeting::Plain, MailSecurity::None, Some(false)),
        (Greeting::Starttls, MailSecurity::Starttls, Some(true)),
        (Greeting::Tls, MailSecurity::Tls, Some(true)),
        // a server that does not offer it gets nothing
        (Greeting::Plain, MailSecurity::Starttls, None),
    ] {
        let (server, delivery) =
            send_through(&db, greeting, |config, _| config.mail.security = security).await;
        let taken = server.taken().pop().map(|mail| mail.was_encrypted);
        assert_eq!(
            taken, encrypted,
            "{greeting:?} {security:?}: {}",
            delivery.error
        );
        assert_eq!(
            delivery.error.is_empty(),
            encrypted.is_some(),
            "{}",
            delivery.error
        );
    }
    // nor does one whose authority nobody knows
    let (server, delivery) = send_through(&db, Greeting::Tls, |config, _| {
        config.mail.security = MailSecurity::Tls;
        config.mail.ca_file.clear();
    })
    .await;
    assert_eq!(server.taken().len(), 0);
    assert_eq!(delivery.state, DeliveryState::Queued);
    assert!(!delivery.error.is_empty());
}

async fn a_login_is_used(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let login = |password: &'static str| {
        move |config: &mut Config, _: &Certificate| {
            config.mail.security = MailSecurity::Starttls;
            config.mail.username = "zhida".to_owned();
            config.mail.password = Secret::new(password);
        }
    };
    let (server, _) = send_through(&db, Greeting::Starttls, login("s3cret")).await;
    let taken = server.taken().pop().expect("a mail");
    assert_eq!(taken.login.as_deref(), Some("\0zhida\0s3cret"));
    assert!(taken.was_encrypted);
    let (server, delivery) = send_through(&db, Greeting::Starttls, login("wr0ng")).await;
    assert_eq!(server.taken().len(), 0);
    assert_eq!(
        delivery.state,
        DeliveryState::Queued,
        "our fault, not the mail's"
    );
    assert!(delivery.error.contains("535"), "{}", delivery.error);
    assert!(!delivery.error.contains("wr0ng"), "{}", delivery.error);
}

async fn refusals_are_final_and_faults_are_not(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let server = MailServer::plain().await;
    let post = Post::new(|config| server.configure(config));
    post.tell(&db, Recipient::Address("refused@example.cn"), "甲")
        .await;
    let report = post.messages.deliver_due(&db, 10).await.expect("delivered");
    assert_eq!((report.given_up, report.postponed), (1, 0));
    let delivery = newest(&post, &db).await;
    assert_eq!(delivery.state, DeliveryState::Refused);
    assert!(delivery.error.contains("550"), "{}", delivery.error);
    let refusal = async || {
        let found = post.messages.refusal(db.conn(), "refused@example.cn").await;
        found.expect("asked")
    };
    assert_eq!(refusal().await.expect("refused").why, delivery.error);
    // the server has mended its list, and the next mail is taken
    let sql = "INSERT INTO delivery (id, message_id, event, channel, account, address, mode, held, title, body, link,
            state, attempts, error, due_at, lease_owner, lease_until, created_at, sent_at)
        SELECT 'later', message_id, event, channel, account, address, mode, held, title, body, link, 'sent', 1, '',
            due_at, '', '', created_at, '2026-11-23T00:00:00.000000Z' FROM delivery";
    db.write(|tx| async move { db::execute(&tx, sql, []).await })
        .await
        .expect("sent");
    assert_eq!(refusal().await, None);
    let sql = "DELETE FROM delivery WHERE id = 'later'";
    db.write(|tx| async move { db::execute(&tx, sql, []).await })
        .await
        .expect("removed");

    post.tell(&db, Recipient::Address("busy@example.cn"), "甲")
        .await;
    let report = post.messages.deliver_due(&db, 10).await.expect("delivered");
    assert_eq!((report.given_up, report.postponed), (0, 1));
    let delivery = newest(&post, &db).await;
    assert_eq!(delivery.label(), "第 1 次没有成功，稍后重试");
    assert!(delivery.error.contains("451"), "{}", delivery.error);
    assert_eq!(delivery.due_at - delivery.created_at, TimeDelta::minutes(1));
}

async fn a_mail_is_given_up_and_can_be_tried_again(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(|config| {
        // nobody listens there
        config.mail.server = "127.0.0.1".to_owned();
        config.mail.port = 9;
        config.mail.security = MailSecurity::None;
        config.mail.from = "no-reply@example.gov.cn".to_owned();
        config.messages.attempts_max = 3;
    });
    post.tell(&db, TO, "甲").await;
    for (attempt, minutes) in [(1, 1), (2, 4)] {
        let report = post.messages.deliver_due(&db, 10).await.expect("tried");
        assert_eq!(report.postponed, 1, "attempt {attempt}");
        assert_eq!(newest(&post, &db).await.attempts, attempt);
        let early = post
            .messages
            .deliver_due(&db, 10)
            .await
            .expect("nothing is due");
        assert_eq!(early.postponed, 0, "it waits");
        post.clock.advance(TimeDelta::minutes(minutes));
    }
    assert_eq!(
        post.messages
            .deliver_due(&db, 10)
            .await
            .expect("tried")
            .given_up,
        1
    );
    let delivery = newest(&post, &db).await;
    assert_eq!(delivery.label(), "试了 3 次，已放弃");

    let messages = &post.messages;
    let retry = async |id: &str| {
        db.write(|tx| async move { messages.retry(&tx, id).await })
            .await
    };
    retry(&delivery.id).await.expect("back in the queue");
    retry(&delivery.id).await.expect_err("it waits already");
    assert_eq!(
        post.messages
            .deliver_due(&db, 10)
            .await
            .expect("tried")
            .postponed,
        1
    );
}

async fn two_servers_send_each_mail_once(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let server = MailServer::plain().await;
    let post = Post::new(|config| server.configure(config));
    post.book
        .add("o-1", Side::Officer, Some("officer@example.gov.cn"), None);
    for number in 0..30 {
        let address = format!("{number}@example.cn");
        post.tell(&db, Recipient::Address(&address), "甲").await;
        post.tell(&db, Recipient::Account("o-1"), "乙").await;
    }
    post.clock.advance(TimeDelta::days(1));
    let runs: Vec<_> = (0..4)
        .map(|_| {
            let (messages, db) = (post.twin(), db.handle());
            tokio::spawn(async move { messages.deliver_due(&db, 100).await.expect("delivered") })
        })
        .collect();
    let (mut sent, mut digests) = (0, 0);
    for run in runs {
        let report = run.await.expect("no panic");
        sent += report.sent;
        digests += report.digests;
    }
    assert_eq!((sent, digests), (60, 1));
    let mut to: Vec<String> = server.taken().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to.len(), 31);
    to.sort_unstable();
    to.dedup();
    assert_eq!(to.len(), 31, "nobody got one twice");
}

async fn a_minute_has_so_many_mails_and_the_rest_waits_in_order(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let server = MailServer::plain().await;
    let post = Post::new(|config| {
        server.configure(config);
        config.mail.per_minute = 3;
    });
    post.book
        .add("o-1", Side::Officer, Some("officer@example.gov.cn"), None);
    post.tell(&db, Recipient::Account("o-1"), "甲").await;
    post.clock.advance(TimeDelta::days(1));
    for number in 0..10 {
        let address = format!("{number}@example.cn");
        post.tell(&db, Recipient::Address(&address), "甲").await;
    }
    let minute = async || {
        let runs: Vec<_> = (0..2)
            .map(|_| {
                let (messages, db) = (post.twin(), db.handle());
                tokio::spawn(
                    async move { messages.deliver_due(&db, 100).await.expect("delivered") },
                )
            })
            .collect();
        for run in runs {
            run.await.expect("no panic");
        }
        let mut to: Vec<String> = server.taken().into_iter().map(|mail| mail.to).collect();
        to.sort_unstable();
        to
    };
    let first: Vec<String> = (0..3)
        .map(|number| format!("{number}@example.cn"))
        .collect();
    assert_eq!(minute().await, first, "the first three, of both servers");
    assert_eq!(minute().await, first, "the minute is not over");
    let waiting = newest(&post, &db).await;
    assert_eq!(
        (waiting.state, waiting.attempts),
        (DeliveryState::Queued, 0)
    );
    post.clock.advance(TimeDelta::minutes(1));
    assert_eq!(minute().await.len(), 6);
    // a code does not wait behind the news; the digest does
    let code = Recipient::Address("code@example.cn");
    post.send(&db, &DUE, code, "乙").await.expect("sent");
    post.clock.advance(TimeDelta::minutes(1));
    let third = minute().await;
    assert!(
        third.len() == 9 && third.contains(&"code@example.cn".to_owned()),
        "{third:?}"
    );
    assert!(
        !third.contains(&"officer@example.gov.cn".to_owned()),
        "{third:?}"
    );
    for _ in 0..2 {
        post.clock.advance(TimeDelta::minutes(1));
        assert_eq!(minute().await.len(), 12, "nothing is left");
    }
}

async fn a_lease_that_ends_is_taken_over(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let server = MailServer::plain().await;
    let post = Post::new(|config| server.configure(config));
    post.tell(&db, TO, "甲").await;
    // a server took it and died
    let sql = "UPDATE delivery SET lease_owner = 'dead', lease_until = '2026-11-22T04:05:00.000000Z', attempts = 1";
    db.write(|tx| async move { db::execute(&tx, sql, []).await })
        .await
        .expect("taken");
    assert_eq!(
        post.messages.deliver_due(&db, 10).await.expect("held").sent,
        0
    );
    post.clock.advance(TimeDelta::minutes(5));
    assert_eq!(
        post.messages
            .deliver_due(&db, 10)
            .await
            .expect("delivered")
            .sent,
        1
    );
    assert_eq!(server.taken().len(), 1);
}

async fn deliveries_are_listed_by_what_one_asks(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let server = MailServer::plain().await;
    let post = Post::new(|config| server.configure(config));
    post.book.add(
        "a-1",
        Side::Enterprise {
            uscc: USCC.to_owned(),
        },
        Some("a@example.cn"),
        None,
    );
    post.tell(&db, Recipient::Enterprise(USCC), "甲").await;
    for number in 0..7 {
        let address = format!("{number}@example.cn");
        post.tell(&db, Recipient::Address(&address), "乙").await;
    }
    post.messages.deliver_due(&db, 4).await.expect("delivered");
    let count = async |filter: DeliveryFilter<'_>| {
        let mut page = PageRequest::first(3);
        let mut ids = Vec::new();
        loop {
            let found = post
                .messages
                .deliveries(db.conn(), &filter, &page)
                .await
                .expect("listed");
            ids.extend(found.items.into_iter().map(|row| row.id));
            let Some(next) = found.next else { break };
            page.after = Some(next);
        }
        assert!(
            ids.is_sorted_by(|a, b| a > b),
            "the newest first, none twice"
        );
        ids.len()
    };
    let any = DeliveryFilter::default();
    // seven mails, and one mail and one text message to the enterprise
    assert_eq!(count(any).await, 9);
    assert_eq!(
        count(DeliveryFilter {
            state: Some(DeliveryState::Sent),
            ..any
        })
        .await,
        4
    );
    assert_eq!(
        count(DeliveryFilter {
            state: Some(DeliveryState::Undeliverable),
            ..any
        })
        .await,
        1
    );
    assert_eq!(
        count(DeliveryFilter {
            recipient: Some(USCC),
            ..any
        })
        .await,
        2
    );
    assert_eq!(
        count(DeliveryFilter {
            address: Some("3@example.cn"),
            ..any
        })
        .await,
        1
    );
    assert_eq!(
        count(DeliveryFilter {
            event: Some("test.due"),
            ..any
        })
        .await,
        0
    );
}
