//! Messages and jobs together, roles, and the probe of the mail server.

use chrono::TimeDelta;
use zhida_platform::config::Config;
use zhida_platform::db;
use zhida_platform::jobs::{
    JobContext, JobError, JobQuery, Jobs, Kind, NewJob, Settings, State, Worker,
};
use zhida_platform::messages::{
    Channel, DELIVER, DeliveryFilter, DeliveryState, JOB_FAILED, MailSecurity, Mode, ProbeStep,
    Reader, Recipient, Side, probe_mail,
};
use zhida_platform::paging::PageRequest;
use zhida_testkit::{TestDatabase, both_databases};

use crate::messages_kit::{Certificate, Greeting, MailServer, PUBLISHED, Post};

/// The jobs of a server with these messages.
fn jobs(post: &Post, db: &TestDatabase) -> Jobs {
    let jobs = Jobs::new(db.handle(), post.clock.clone());
    post.messages.work_with(&jobs, &db.handle());
    jobs
}

async fn work(jobs: &Jobs) -> usize {
    let worker = Worker::new(jobs.clone(), Settings::default());
    worker.run_due().await.expect("run")
}

async fn what_is_sent_asks_for_its_delivery(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let server = MailServer::plain().await;
    let post = Post::new(|config| server.configure(config));
    let jobs = jobs(&post, &db);
    assert_eq!(work(&jobs).await, 0, "nothing is due at the start");
    for number in 0..3 {
        let address = format!("{number}@example.cn");
        post.tell(&db, Recipient::Address(&address), "甲").await;
    }
    let waiting = JobQuery {
        kind: Some(DELIVER.to_owned()),
        ..JobQuery::default()
    };
    let found = jobs
        .list(&waiting, &PageRequest::default())
        .await
        .expect("listed");
    assert_eq!(found.items.len(), 1, "one job for three messages");
    assert_eq!(work(&jobs).await, 1);
    assert_eq!(server.taken().len(), 3);
    post.clock.advance(TimeDelta::minutes(1));
    assert_eq!(work(&jobs).await, 1, "it looks every minute");
    let found = jobs
        .list(&waiting, &PageRequest::default())
        .await
        .expect("listed");
    assert_eq!(
        found.items.len(),
        1,
        "and leaves no trace when nothing was due"
    );
    assert_eq!(found.items[0].result, "送出 3 条");
}

async fn two_workers_send_once(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let server = MailServer::plain().await;
    let post = Post::new(|config| server.configure(config));
    let (one, two) = (jobs(&post, &db), Jobs::new(db.handle(), post.clock.clone()));
    let twin = post.twin();
    twin.work_with(&two, &db.handle());
    for number in 0..20 {
        let address = format!("{number}@example.cn");
        post.tell(&db, Recipient::Address(&address), "甲").await;
    }
    // a second server looks by the clock while the first was woken
    post.clock.advance(TimeDelta::minutes(1));
    tokio::join!(work(&one), work(&two));
    let mut to: Vec<String> = server.taken().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to.len(), 20);
    to.sort_unstable();
    to.dedup();
    assert_eq!(to.len(), 20, "nobody got one twice");
}

async fn a_job_that_failed_for_good_is_told_once_a_failure(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(|_| {});
    let jobs = jobs(&post, &db);
    for (kind, title) in [("test.fails", "对账"), ("audit.verify", "核验审计")] {
        jobs.register(Kind::new(kind, title, async |_: JobContext, (): ()| {
            Err(JobError::Failed("坏了".to_owned()))
        }));
    }
    let enqueue = |kind: &'static str| {
        let jobs = &jobs;
        db.write(move |tx| async move {
            jobs.enqueue(&tx, &NewJob::new(kind, serde_json::Value::Null))
                .await
        })
    };
    enqueue("test.fails").await.expect("waits");
    enqueue("audit.verify").await.expect("waits");
    work(&jobs).await;
    let failed = JobQuery {
        state: Some(State::Failed),
        ..JobQuery::default()
    };
    let found = jobs
        .list(&failed, &PageRequest::default())
        .await
        .expect("listed");
    assert_eq!(found.items.len(), 2);
    for _ in 0..2 {
        post.clock.advance(TimeDelta::minutes(5));
        work(&jobs).await;
    }
    for (role, title, link) in [
        ("sysadmin", "后台任务失败：对账", "/office/jobs/"),
        ("auditor", "后台任务失败：核验审计", "/office/audit/chain"),
    ] {
        let reader = Reader {
            account: "o-1",
            enterprises: &[],
            role: Some(role),
            organisation: None,
        };
        let page = PageRequest::first(9);
        let seen = post
            .messages
            .inbox(db.conn(), &reader, false, &page)
            .await
            .expect("listed");
        assert_eq!(seen.items.len(), 1, "{role} is told once");
        assert_eq!(
            (seen.items[0].title.as_str(), seen.items[0].event.as_str()),
            (title, JOB_FAILED.slug)
        );
        let to = seen.items[0].link.as_deref().unwrap_or_default();
        assert!(to.starts_with(link), "{to}");
    }
    let (jobs, failed) = (&jobs, &found.items[0]);
    let again = failed.id;
    let role = match failed.kind.as_str() {
        "test.fails" => "sysadmin",
        _ => "auditor",
    };
    let in_charge = Reader {
        account: "o-1",
        enterprises: &[],
        role: Some(role),
        organisation: None,
    };
    db.write(|tx| async move { jobs.run_again(&tx, again, "管理员").await })
        .await
        .expect("runs again");
    for _ in 0..3 {
        post.clock.advance(TimeDelta::minutes(5));
        work(jobs).await;
    }
    let page = PageRequest::first(9);
    let told = post.messages.inbox(db.conn(), &in_charge, false, &page);
    let of_it = told.await.expect("listed").items;
    let of_it = of_it
        .iter()
        .filter(|one| one.subject_id == again.to_string());
    assert_eq!(of_it.count(), 2, "each failure is told once");
}

async fn cases_that_are_stuck_are_told_once_all_in_one_message(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(|_| {});
    let jobs = jobs(&post, &db);
    let stuck = async |case: &str, tries: i64| {
        let sql =
            "INSERT INTO case_stuck (case_id, task, room, tries, since, failed_at, next_at, reason)
            VALUES ($1, 'due', 'test', $2, '2026', '2026', '2027', '')
            ON CONFLICT (case_id, task) DO UPDATE SET tries = excluded.tries";
        let values = [case.into(), tries.into()];
        db::execute(db.conn(), sql, values).await.expect("written");
    };
    let told = async || {
        for _ in 0..2 {
            post.clock.advance(TimeDelta::minutes(5));
            work(&jobs).await;
        }
        let reader = Reader {
            account: "o-1",
            role: Some("sysadmin"),
            ..Reader::default()
        };
        let page = PageRequest::first(9);
        let seen = post.messages.inbox(db.conn(), &reader, false, &page).await;
        let titles = seen.expect("listed").items.into_iter();
        titles.map(|one| one.title).collect::<Vec<_>>()
    };
    for (case, tries) in [("a", 3), ("b", 7), ("c", 2)] {
        stuck(case, tries).await;
    }
    assert_eq!(
        told().await,
        ["2 件办件没有自动处理成功"],
        "what may pass by itself is no news yet"
    );
    stuck("b", 8).await;
    assert_eq!(told().await.len(), 1, "told once");
    stuck("c", 3).await;
    assert_eq!(told().await[0], "1 件办件没有自动处理成功");
}

async fn a_role_is_told_wherever_it_is_held(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let server = MailServer::plain().await;
    let post = Post::new(|config| server.configure(config));
    post.book.add(
        "sysadmin-1",
        Side::Officer,
        Some("one@example.gov.cn"),
        None,
    );
    post.book.add(
        "sysadmin-2",
        Side::Officer,
        Some("two@example.gov.cn"),
        None,
    );
    post.book
        .add("clerk-1", Side::Officer, Some("clerk@example.gov.cn"), None);
    post.tell(&db, Recipient::Role("sysadmin"), "甲").await;
    let filter = DeliveryFilter {
        recipient: Some("sysadmin"),
        ..DeliveryFilter::default()
    };
    let count = post
        .messages
        .delivery_count(db.conn(), &filter)
        .await
        .expect("counted");
    assert_eq!(count, 2);
}

async fn old_messages_go_and_those_with_codes_soon(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let server = MailServer::plain().await;
    let post = Post::new(|config| {
        server.configure(config);
        config.messages.keep_days = 60;
    });
    let reader = Reader {
        account: "o-1",
        enterprises: &[],
        role: None,
        organisation: None,
    };
    post.book
        .add("o-1", Side::Officer, Some("o@example.cn"), None);
    post.tell(&db, Recipient::Account("o-1"), "甲").await;
    post.tell(&db, Recipient::Address("a@example.cn"), "乙")
        .await;
    let messages = &post.messages;
    messages.deliver_due(&db, 9).await.expect("delivered");
    let read = db
        .write(|tx| async move { messages.mark_all_read(&tx, &reader).await })
        .await;
    assert_eq!(read.expect("read"), 1);
    post.clock.advance(TimeDelta::days(1));
    messages.deliver_due(&db, 9).await.expect("the digest");
    // a purge each time; how many messages went, and how many deliveries are left
    for (days, gone, left) in [(1, 0, 2), (6, 1, 1), (51, 0, 1), (2, 1, 0)] {
        post.clock.advance(TimeDelta::days(days));
        let purged = db
            .write(|tx| async move { messages.purge(&tx).await })
            .await;
        assert_eq!(purged.expect("purged"), gone);
        let all = DeliveryFilter::default();
        let deliveries = messages.delivery_count(db.conn(), &all);
        assert_eq!(deliveries.await.expect("counted"), left);
    }
    let marks = "SELECT COUNT(*) FROM message_read";
    let marks = zhida_platform::db::query_count(db.conn(), marks, []).await;
    assert_eq!(marks.expect("counted"), 0);
}

async fn what_lacked_a_server_is_sent_once_there_is_one(db: TestDatabase) {
    db.migrate(&[]).await.expect("migrated");
    let post = Post::new(|_| {});
    post.tell(&db, Recipient::Address("a@example.cn"), "甲")
        .await;
    post.book
        .add("o-1", Side::Officer, Some("o@example.cn"), None);
    post.book.unverify("o-1");
    post.tell(&db, Recipient::Account("o-1"), "乙").await;
    let rows = async |post: &Post| {
        let page = PageRequest::first(9);
        let filter = DeliveryFilter {
            channel: Some(Channel::Mail),
            ..DeliveryFilter::default()
        };
        let found = post.messages.deliveries(db.conn(), &filter, &page).await;
        found.expect("listed").items
    };
    let found = rows(&post).await;
    assert!(
        found
            .iter()
            .all(|row| row.state == DeliveryState::Undeliverable)
    );
    let server = MailServer::plain().await;
    let post = Post::new(|config| server.configure(config));
    post.book
        .add("o-1", Side::Officer, Some("o@example.cn"), None);
    post.book.unverify("o-1");
    post.tell(&db, Recipient::Account("o-1"), "丙").await;
    let messages = &post.messages;
    let mut sent = 0;
    for row in rows(&post).await {
        let id = &row.id;
        let again = db
            .write(|tx| async move { messages.retry(&tx, id).await })
            .await;
        assert_eq!(again.is_ok(), row.can_retry(), "{row:?}");
        sent += u64::from(again.is_ok());
    }
    assert_eq!(sent, 1, "an address that is not verified stays unsent");
    let report = messages.deliver_due(&db, 9).await.expect("delivered");
    assert_eq!(report.sent, 1);
}

both_databases!(
    what_is_sent_asks_for_its_delivery,
    two_workers_send_once,
    a_job_that_failed_for_good_is_told_once_a_failure,
    cases_that_are_stuck_are_told_once_all_in_one_message,
    a_role_is_told_wherever_it_is_held,
    old_messages_go_and_those_with_codes_soon,
    what_lacked_a_server_is_sent_once_there_is_one,
);

#[test]
fn what_tells_of_the_account_cannot_be_postponed() {
    let required = zhida_platform::messages::EventKind {
        urgency: zhida_platform::messages::Urgency::Required,
        ..PUBLISHED
    };
    assert!(required.is_required(Channel::Mail) && !PUBLISHED.is_required(Channel::Mail));
    assert_eq!(
        Mode::default_for(&required, &Side::Officer, Channel::Mail),
        Mode::Now
    );
}

/// The steps of a probe, with whether each went well, and whether the mail was taken.
async fn probe(config: &Config, to: &str) -> (Vec<(&'static str, bool)>, String, bool) {
    let (mut steps, mut last) = (Vec::new(), String::new());
    let now = "2026-11-22T04:00:00Z".parse().expect("an instant");
    let mut tell = |step: ProbeStep| {
        steps.push((step.name, step.outcome.is_ok()));
        last = match step.outcome {
            Ok(words) | Err(words) => words,
        };
    };
    let taken = probe_mail(&config.mail, to, now, &mut tell)
        .await
        .expect("configured");
    (steps, last, taken)
}

#[tokio::test]
async fn the_probe_tells_how_far_a_mail_comes() {
    let certificate = Certificate::new();
    let to = "admin@example.gov.cn";
    let server = MailServer::start(Greeting::Plain, &certificate).await;
    let mut config = Config::default();
    server.configure(&mut config);
    let (steps, last, taken) = probe(&config, to).await;
    let plain = ["解析主机名", "建立连接", "问候", "登录", "交付"];
    assert_eq!(steps, plain.map(|name| (name, true)));
    assert!(taken && last.contains("服务器已收下"), "{last}");
    assert_eq!(server.taken()[0].to, to);

    let (steps, last, taken) = probe(&config, "refused@example.gov.cn").await;
    assert_eq!(steps.last(), Some(&("交付", false)));
    assert!(
        !taken && last.contains("550") && last.contains("收件人是否存在"),
        "{last}"
    );

    config.mail.username = "zhida".to_owned();
    config.mail.password = zhida_platform::messages::Secret::new("wrong");
    let (steps, last, _) = probe(&config, to).await;
    assert_eq!(steps.last(), Some(&("登录", false)));
    assert!(
        last.contains("535") && last.contains("mail.username"),
        "{last}"
    );
    assert!(
        !last.contains("wrong password is") && !last.contains("s3cret"),
        "{last}"
    );

    config.mail.security = MailSecurity::Starttls;
    let (steps, last, _) = probe(&config, to).await;
    assert_eq!(steps.last(), Some(&("加密", false)));
    assert!(last.contains("不支持 STARTTLS"), "{last}");

    config.mail.port = 9;
    let (steps, last, _) = probe(&config, to).await;
    assert_eq!(steps.last(), Some(&("建立连接", false)));
    assert!(
        last.contains("mail.port") && last.contains("防火墙"),
        "{last}"
    );

    config.mail.server = "no-such-host.invalid".to_owned();
    let (steps, last, _) = probe(&config, to).await;
    assert_eq!(steps, [("解析主机名", false)]);
    assert!(last.contains("mail.server"), "{last}");
}

#[tokio::test]
async fn the_probe_checks_certificates_and_signs_in() {
    let certificate = Certificate::new();
    for (greeting, security) in [
        (Greeting::Tls, MailSecurity::Tls),
        (Greeting::Starttls, MailSecurity::Starttls),
    ] {
        let server = MailServer::start(greeting, &certificate).await;
        let mut config = Config::default();
        server.configure(&mut config);
        config.mail.security = security;
        config.mail.username = "zhida".to_owned();
        config.mail.password = zhida_platform::messages::Secret::new("s3cret");
        let (steps, last, _) = probe(&config, "admin@example.gov.cn").await;
        assert_eq!(steps.last(), Some(&("加密", false)), "{last}");
        assert!(last.contains("mail.ca_file"), "{last}");
        config.mail.ca_file = certificate.authority.display().to_string();
        let (steps, last, taken) = probe(&config, "admin@example.gov.cn").await;
        assert!(taken && steps.iter().all(|(_, fine)| *fine), "{last}");
        assert!(server.taken()[0].was_encrypted);
    }
    let now = "2026-11-22T04:00:00Z".parse().expect("an instant");
    let unset = probe_mail(&Config::default().mail, "a@b.cn", now, &mut |_| {}).await;
    assert!(
        unset
            .expect_err("not configured")
            .to_string()
            .contains("mail.server")
    );
}
