//! What the night found reaches the enterprises: in the inbox and by mail, once, whoever runs it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::prelude::async_trait::async_trait;
use zhida_matching::{EVENTS, Matching};
use zhida_platform::access::Viewer;
use zhida_platform::config::Config;
use zhida_platform::db::{self, Database, Tx};
use zhida_platform::jobs::{Jobs, NewJob, Settings, Worker};
use zhida_platform::messages::webhook::{NewEndpoint, Owner, Scope};
use zhida_platform::messages::{
    AddressBook, Channel, Contact, DeliveryFilter, MailAddress, Messages, Mode, Reader, Recipient,
    Side,
};
use zhida_platform::paging::PageRequest;
use zhida_platform::progress::Silent;
use zhida_rules::Dictionary;
use zhida_testkit::{MailServer, TestDatabase, both_databases, seated};

use crate::support::{OTHERS, Setup, code, filled, first};

/// Somebody for each of these enterprises, and perhaps the viewer for the first.
#[derive(Debug)]
struct Book(Vec<String>, bool);

/// Who looks at the pages of the first enterprise.
fn viewer() -> Viewer {
    seated("legal", None, Some(&first()))
}

fn account(code: &str) -> String {
    format!("account of {code}")
}

#[async_trait]
impl AddressBook for Book {
    async fn contacts(&self, _: &Tx, to: Recipient<'_>) -> db::Result<Vec<Contact>> {
        let contact = |account: String, code: &str, mail: Option<String>| Contact {
            account,
            side: Side::Enterprise {
                uscc: code.to_owned(),
            },
            mail,
            mail_verified: true,
            phone: None,
        };
        let Recipient::Enterprise(to) = to else {
            return Ok(Vec::new());
        };
        let known = self.0.iter().filter(|code| *code == to);
        let mut found: Vec<Contact> = known
            .map(|code| contact(account(code), code, Some(format!("{code}@example.cn"))))
            .collect();
        if self.1 && to == first() {
            let account = viewer().account().unwrap().to_string();
            found.push(contact(account, to, None));
        }
        Ok(found)
    }

    async fn enterprises(&self, _: &Tx, after: &str, limit: u64) -> db::Result<Vec<String>> {
        let mut codes: Vec<String> = self
            .0
            .iter()
            .filter(|code| code.as_str() > after)
            .cloned()
            .collect();
        codes.sort_unstable();
        codes.truncate(limit as usize);
        Ok(codes)
    }

    async fn mail_of(&self, _: &Database, _: &str) -> db::Result<MailAddress> {
        Ok(MailAddress::default())
    }

    async fn keep_mail(&self, _: &Tx, _: &str, _: &str, _: DateTime<Utc>) -> db::Result<()> {
        Ok(())
    }
}

/// A server: its room, messages and jobs.
struct Server {
    messages: Messages,
    jobs: Jobs,
    matching: Arc<Matching>,
}

fn server(setup: &Setup, mail: &MailServer, codes: &[String]) -> Server {
    served(setup, mail, codes, false)
}

fn served(setup: &Setup, mail: &MailServer, codes: &[String], with_viewer: bool) -> Server {
    let mut config = Config::default();
    mail.configure(&mut config);
    config.messages.enterprise_pushes_per_day = 1;
    let book = Arc::new(Book(codes.to_vec(), with_viewer));
    let messages = Messages::new(&config, EVENTS, book, None, setup.clock.clone()).unwrap();
    let matching = Matching::new(
        setup.db.handle(),
        Arc::clone(&setup.registry),
        Arc::clone(&setup.policies),
        Dictionary::shipped(),
        setup.clock.clone(),
    );
    let matching = Arc::new(matching.with_messages(messages.clone()));
    let jobs = Jobs::new(setup.db.handle(), setup.clock.clone());
    messages.work_with(&jobs, &setup.db.handle());
    zhida_matching::background(&matching, &jobs);
    Server {
        messages,
        jobs,
        matching,
    }
}

impl Server {
    /// Asks for the telling, as the schedule does every five minutes.
    async fn ask(&self, setup: &Setup) {
        let jobs = &self.jobs;
        let ask = |tx: Tx| async move {
            jobs.enqueue(&tx, &NewJob::new("matching.tell", serde_json::Value::Null))
                .await
        };
        setup.db.write(ask).await.unwrap();
    }

    async fn work(&self) {
        let worker = Worker::new(self.jobs.clone(), Settings::default());
        worker.run_due().await.unwrap();
    }
}

async fn seen(setup: &Setup, server: &Server, code: &str) -> Vec<(String, String, String)> {
    let account = account(code);
    let enterprises = [code];
    let reader = Reader {
        account: &account,
        enterprises: &enterprises,
        role: None,
        organisation: None,
    };
    let page = PageRequest::first(20);
    let found = server
        .messages
        .inbox(setup.db.conn(), &reader, false, &page)
        .await;
    let told = found.unwrap().items.into_iter();
    told.map(|one| (one.title, one.body, one.link.unwrap_or_default()))
        .collect()
}

async fn a_new_match_at_night_arrives_once(db: TestDatabase) {
    let setup = filled(db).await;
    let mail = MailServer::start().await;
    // the last has a seat and no news; the one before has news and chose silence
    let (quiet, newsless) = (code(OTHERS + 1), code(3));
    let codes = [first(), quiet.clone(), newsless.clone()];
    let (one, two) = (server(&setup, &mail, &codes), server(&setup, &mail, &codes));
    let messages = &one.messages;
    let (quiet_account, event) = (account(&quiet), "matching.news");
    let off = |tx: Tx| {
        let quiet_account = quiet_account.clone();
        async move {
            let off = Some(Mode::Off);
            messages
                .set_preference(&tx, &quiet_account, event, Channel::Mail, off)
                .await
        }
    };
    setup.db.write(off).await.unwrap();
    setup.policies.withdraw("经办员甲", "gaoqi").await.unwrap();
    one.matching.save_run("定时", &Silent).await.unwrap();
    one.ask(&setup).await;
    one.work().await;
    assert!(mail.taken().is_empty(), "the first run brings no news");

    let text = format!(
        "统一社会信用代码,企业名称,所在区划,从业人数\n\
         {},济南样例制造有限公司,370102,120\n{quiet},新来的样例企业,370112,30\n",
        first()
    );
    setup.bring(&text, "2026-09-30").await;
    let run = one.matching.save_run("定时", &Silent).await.unwrap();
    assert_eq!(run.news, 2);
    one.ask(&setup).await;
    two.ask(&setup).await;
    tokio::join!(one.work(), two.work());
    let told = seen(&setup, &one, &first()).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, "新符合 1 项政策");
    assert!(
        told[0].1.contains("1. ") && told[0].1.contains("2026年11月22日"),
        "{told:?}"
    );
    assert_eq!(told[0].2, format!("/enterprises/{}/matches", first()));
    assert_eq!(
        seen(&setup, &one, &quiet).await.len(),
        1,
        "the inbox has it all the same"
    );
    assert!(seen(&setup, &one, &newsless).await.is_empty());
    let taken = mail.taken();
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert_eq!(taken[0].to, format!("{}@example.cn", first()));
    assert_eq!(taken[0].subject, "新符合 1 项政策");

    // told again finds nothing, and the next night's news exceed the day's one push
    one.ask(&setup).await;
    one.work().await;
    assert_eq!(mail.taken().len(), 1);
    setup.policies.reinstate("经办员甲", "gaoqi").await.unwrap();
    let run = one.matching.save_run("定时", &Silent).await.unwrap();
    assert!(run.news > 0);
    one.ask(&setup).await;
    one.work().await;
    let told = seen(&setup, &one, &first()).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(mail.taken().len(), 1, "one push a day");
    let held = DeliveryFilter {
        recipient: Some(&first()),
        ..DeliveryFilter::default()
    };
    let page = PageRequest::first(9);
    let rows = messages
        .deliveries(setup.db.conn(), &held, &page)
        .await
        .unwrap()
        .items;
    assert!(rows[0].is_held && rows[0].is_digest, "{rows:?}");
    setup.clock.set("2026-11-24");
    one.work().await;
    let taken = mail.taken();
    assert_eq!(taken.len(), 2, "in the next day's digest: {taken:?}");
    assert_eq!(
        taken[1].subject, told[0].0,
        "a digest of one is the mail itself"
    );
}

async fn told_to(setup: &Setup, server: &Server, account: &str) -> Vec<String> {
    let code = first();
    let enterprises = [code.as_str()];
    let reader = Reader {
        account,
        enterprises: &enterprises,
        ..Reader::default()
    };
    let page = PageRequest::first(20);
    let conn = setup.db.conn();
    let found = server.messages.inbox(conn, &reader, false, &page).await;
    let found = found.unwrap().items.into_iter();
    found.map(|one| one.body).collect()
}

async fn an_item_muted_on_its_page_is_told_to_the_others_only(db: TestDatabase) {
    let mut setup = filled(db).await;
    let mail = MailServer::start().await;
    let server = served(&setup, &mail, &[first()], true);
    setup.matching = Arc::clone(&server.matching);
    setup.policies.withdraw("经办员甲", "gaoqi").await.unwrap();
    server.matching.save_run("定时", &Silent).await.unwrap();
    let pair = format!("/enterprises/{}/matches/jiuye", first());
    let mute = format!("{pair}/mute");
    let app = setup.app(viewer());
    let page = app.get(&pair).await.expect_status(200);
    assert!(page.text().contains("不再提醒这一项"), "{}", page.text());
    // officers see the page and are told nothing; others' people see none of it
    let clerk = setup.app(seated("clerk", Some("370100"), None));
    let page = clerk.get(&pair).await.expect_status(200);
    assert!(!page.text().contains("不再提醒"), "{}", page.text());
    let _ = clerk.post_form(&mute, &[]).await.expect_status(403);
    let other = setup.app(seated("legal", None, Some(&code(3))));
    let _ = other.post_form(&mute, &[]).await.expect_status(404);
    for _ in 0..2 {
        let _ = app.post_form(&mute, &[]).await.expect_status(303);
    }
    let page = app.get(&pair).await.expect_status(200);
    assert!(page.text().contains("恢复提醒"), "{}", page.text());
    let recorded = "SELECT COUNT(*) FROM audit_event WHERE action = 'messages.mute_item'";
    let recorded = db::query_count(setup.db.conn(), recorded, []).await;
    assert_eq!(recorded.unwrap(), 1);

    let text = format!(
        "统一社会信用代码,企业名称,所在区划,从业人数\n{},济南样例制造有限公司,370102,120\n",
        first()
    );
    setup.bring(&text, "2026-09-30").await;
    server.matching.save_run("定时", &Silent).await.unwrap();
    server.ask(&setup).await;
    server.work().await;
    let (own, mate) = (viewer().account().unwrap().to_string(), account(&first()));
    assert!(told_to(&setup, &server, &own).await.is_empty());
    let told = told_to(&setup, &server, &mate).await;
    assert!(
        told.len() == 1 && told[0].contains("吸纳就业奖励"),
        "{told:?}"
    );
    let list = app.get(&format!("/enterprises/{}/matches", first())).await;
    let list = list.expect_status(200);
    assert!(list.text().contains("吸纳就业奖励"), "{}", list.text());

    let again = app.post_form(&mute, &[("again", "1")]).await;
    let _ = again.expect_status(303);
    setup.policies.reinstate("经办员甲", "gaoqi").await.unwrap();
    setup.policies.withdraw("经办员甲", "jiuye").await.unwrap();
    server.matching.save_run("定时", &Silent).await.unwrap();
    setup.policies.reinstate("经办员甲", "jiuye").await.unwrap();
    server.matching.save_run("定时", &Silent).await.unwrap();
    server.ask(&setup).await;
    server.work().await;
    let told = told_to(&setup, &server, &own).await;
    assert!(
        told.iter().any(|body| body.contains("吸纳就业奖励")),
        "{told:?}"
    );
}

async fn systems_are_told_that_a_run_is_over(db: TestDatabase) {
    let setup = filled(db).await;
    let mail = MailServer::start().await;
    let server = server(&setup, &mail, &[]);
    let messages = &server.messages;
    let wanted = &NewEndpoint {
        owner: Owner::Role("sysadmin".to_owned()),
        scope: Scope::All,
        url: "https://system.invalid/hook".to_owned(),
        events: vec!["matching.run".to_owned()],
    };
    let add = |tx: Tx| async move { messages.add_endpoint(&tx, wanted, "系统管理员").await };
    let (endpoint, _) = setup.db.write(add).await.unwrap();
    server.matching.save_run("定时", &Silent).await.unwrap();
    let text = format!(
        "统一社会信用代码,企业名称,从业人数\n{},济南样例制造有限公司,120\n",
        first()
    );
    setup.bring(&text, "2026-09-30").await;
    server.matching.save_run("定时", &Silent).await.unwrap();
    for _ in 0..2 {
        server.ask(&setup).await;
        server.work().await;
    }
    let filter = DeliveryFilter {
        address: Some(&endpoint.id),
        ..DeliveryFilter::default()
    };
    let page = PageRequest::first(9);
    let rows = messages
        .deliveries(setup.db.conn(), &filter, &page)
        .await
        .unwrap()
        .items;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0].title, "全量匹配完成：新匹配 1 条");
}

both_databases!(
    a_new_match_at_night_arrives_once,
    an_item_muted_on_its_page_is_told_to_the_others_only,
    systems_are_told_that_a_run_is_over,
);
