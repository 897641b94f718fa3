//! Whom messages reach: seats, verified addresses; and what people are told of their accounts.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use chrono::TimeDelta;
use zhida_people::{Directory, EVENTS, NewAccount, NewInvitation, People, PlaceKey, Settings};
use zhida_platform::clock::Clock;
use zhida_platform::config::{Config, OidcConfig};
use zhida_platform::db::Tx;
use zhida_platform::messages::{
    AddressBook, Channel, Contact, DeliveryFilter, DeliveryState, Messages, Reader, Recipient, Side,
};
use zhida_platform::paging::PageRequest;
use zhida_testkit::{App, MailServer, TestDatabase, both_databases};

use crate::world::{ENTERPRISE, PASSWORD, Register, World, empty, router, system};

async fn contacts(db: &TestDatabase, book: &Directory, to: Recipient<'_>) -> Vec<Contact> {
    let found = db.write(|tx: Tx| async move { book.contacts(&tx, to).await });
    found.await.unwrap()
}

async fn seats_of_today_are_reached(db: TestDatabase) {
    let world = World::new(&db).await;
    let book = &Directory::new(world.clock.clone());
    let (boss, _) = world.staff("boss", "legal").await;
    let (reader, seat) = world.staff("reader", "reader").await;
    let mine = Side::Enterprise {
        uscc: ENTERPRISE.to_owned(),
    };
    let accounts = async |to: Recipient<'_>| -> Vec<String> {
        let found = contacts(&db, book, to).await;
        found.into_iter().map(|one| one.account).collect()
    };
    let us = Recipient::Enterprise(ENTERPRISE);
    assert_eq!(accounts(us).await, [boss.to_string(), reader.to_string()]);
    assert!(
        contacts(&db, book, us)
            .await
            .iter()
            .all(|one| one.side == mine)
    );
    assert_eq!(
        accounts(Recipient::Enterprise("91330302MAPDY99999"))
            .await
            .len(),
        0
    );
    let codes = async |after: &'static str| {
        let found = db.write(|tx: Tx| async move { book.enterprises(&tx, after, 9).await });
        found.await.unwrap()
    };
    assert_eq!(codes("").await, [ENTERPRISE]);
    assert_eq!(codes(ENTERPRISE).await.len(), 0);
    assert_eq!(accounts(Recipient::Role("sysadmin")).await.len(), 1);
    assert_eq!(accounts(Recipient::Role("auditor")).await.len(), 1);

    world
        .people
        .end_seat(&system(), seat.id, "离职")
        .await
        .unwrap();
    assert_eq!(
        accounts(us).await,
        [boss.to_string()],
        "who left is not told"
    );
    // an account without any seat is still told of itself
    let id = reader.to_string();
    assert_eq!(accounts(Recipient::Account(&id)).await, [id.as_str()]);
    world
        .people
        .set_account_open(&system(), reader, false)
        .await
        .unwrap();
    assert_eq!(accounts(Recipient::Account(&id)).await.len(), 0);
}

async fn an_address_counts_when_its_holder_has_shown_to_read_it(db: TestDatabase) {
    let world = World::new(&db).await;
    let book = &Directory::new(world.clock.clone());
    let (boss, _) = world.staff("boss", "legal").await;
    let typed = NewAccount {
        name: "企boss".into(),
        email: "boss@example.cn".into(),
        phone: "138 0013-8000".into(),
        ..NewAccount::default()
    };
    world
        .people
        .change_account(&system(), boss, &typed)
        .await
        .unwrap();
    let id = &boss.to_string();
    let one = async || contacts(&db, book, Recipient::Account(id)).await.remove(0);
    let found = one().await;
    assert_eq!(found.mail.as_deref(), Some("boss@example.cn"));
    assert!(!found.mail_verified, "what somebody typed proves nothing");
    assert_eq!(found.phone.as_deref(), Some("13800138000"));
    let at = world.clock.now();
    let keep = |tx: Tx| async move { book.keep_mail(&tx, id, "me@example.cn", at).await };
    db.write(keep).await.unwrap();
    let found = one().await;
    assert!(found.mail_verified && found.mail.as_deref() == Some("me@example.cn"));
    assert!(book.mail_of(&db, id).await.unwrap().is_verified);
    world
        .people
        .change_account(&system(), boss, &typed)
        .await
        .unwrap();
    assert!(
        !one().await.mail_verified,
        "another address is to be proved anew"
    );
    assert!(!book.mail_of(&db, id).await.unwrap().is_verified);
}

/// The room with messages that go to a mail server.
async fn telling(db: &TestDatabase) -> (World, Messages, MailServer) {
    let (_, clock) = empty(db, false).await;
    let mut config = Config::default();
    let mail = MailServer::start().await;
    mail.configure(&mut config);
    let book = Arc::new(Directory::new(clock.clone()));
    let messages = Messages::new(&config, EVENTS, book, None, clock.clone()).unwrap();
    let settings = Settings::new(&config.sign_in, false);
    let people = People::new(db.handle(), clock.clone(), settings, Arc::new(Register)).unwrap();
    let city = OidcConfig {
        id: "city".into(),
        name: "市统一身份认证".into(),
        issuer: "https://sso.example.gov.cn".into(),
        client_id: "zhida".into(),
        claim: "sub".into(),
        claim_name: "统一身份标识".into(),
        ..OidcConfig::default()
    };
    let people = people.with_providers(&[city], "http://localhost:8080");
    let people = Arc::new(people.unwrap().with_messages(messages.clone()));
    (World::over(people, clock).await, messages, mail)
}

/// Titles of what an account was told, the newest first.
async fn told(db: &TestDatabase, messages: &Messages, account: &str) -> Vec<String> {
    let reader = Reader {
        account,
        enterprises: &[],
        role: None,
        organisation: None,
    };
    let page = PageRequest::first(20);
    let found = messages.inbox(db.conn(), &reader, false, &page).await;
    found
        .unwrap()
        .items
        .into_iter()
        .map(|one| one.title)
        .collect()
}

async fn people_are_told_what_is_done_to_their_accounts(db: TestDatabase) {
    let (world, messages, mail) = telling(&db).await;
    let (boss, _) = world.staff("boss", "legal").await;
    let id = &boss.to_string();
    let book = &Directory::new(world.clock.clone());
    let at = world.clock.now();
    let keep = |tx: Tx| async move { book.keep_mail(&tx, id, "me@example.cn", at).await };
    db.write(keep).await.unwrap();
    let secret = world.people.reset_password(&system(), boss).await.unwrap();
    world.clock.pass(TimeDelta::minutes(1));
    world.people.reset_factor(&system(), boss).await.unwrap();
    world.clock.pass(TimeDelta::minutes(1));
    let (people, by) = (&world.people, &system());
    let linked = people.expect_identity(by, boss, "city", "u1").await;
    linked.unwrap();
    messages.deliver_due(&db, 9).await.unwrap();
    let titles = told(&db, &messages, id).await;
    assert_eq!(
        titles,
        [
            "您的账号关联了统一身份",
            "您的第二因素已被重置",
            "您的密码已被重置"
        ]
    );
    assert_eq!(mail.taken().len(), 3);
    assert!(
        !format!("{:?}", mail.taken()).contains(secret.expose()),
        "never the password"
    );
}

async fn a_new_browser_is_told_and_a_known_one_is_not(db: TestDatabase) {
    let (world, messages, _) = telling(&db).await;
    // the account's first sign-in is from a browser without a name
    let (boss, _) = world.staff("boss", "legal").await;
    let app = App::new(router(&world.people));
    for (agent, expected) in [
        ("Browser/141.0 (Linux)", 1),
        ("Browser/142.1 (Linux)", 1),
        ("Phone/1", 2),
        ("Browser/143 (Linux)", 2),
    ] {
        let encoded: String = PASSWORD
            .bytes()
            .map(|byte| format!("%{byte:02X}"))
            .collect();
        let request = Request::post("/sign-in")
            .header(header::HOST, "localhost:8080")
            .header(header::USER_AGENT, agent)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("login=boss&password={encoded}")));
        let _ = app.send(request.unwrap()).await.expect_status(303);
        let titles = told(&db, &messages, &boss.to_string()).await;
        assert_eq!(titles.len(), expected, "{agent}: {titles:?}");
        world.clock.pass(TimeDelta::minutes(1));
    }
}

async fn an_invitation_to_an_address_goes_there_without_its_code(db: TestDatabase) {
    let (world, messages, mail) = telling(&db).await;
    for invitee in ["new@example.cn", "财务小王"] {
        let new = NewInvitation {
            place: PlaceKey::Enterprise(ENTERPRISE.into()),
            role: "finance".into(),
            invitee: invitee.into(),
            days: 7,
        };
        let (_, code) = world.people.invite(&system(), &new).await.unwrap();
        messages.deliver_due(&db, 9).await.unwrap();
        let taken = mail.taken();
        assert_eq!(taken.len(), 1, "only an address is written to");
        assert_eq!(taken[0].to, "new@example.cn");
        assert!(taken[0].subject.contains("样例一公司") && taken[0].text.contains("财务人员"));
        assert!(
            !format!("{taken:?}").contains(code.expose()),
            "never the code"
        );
    }
    let filter = DeliveryFilter {
        channel: Some(Channel::Mail),
        state: Some(DeliveryState::Sent),
        ..DeliveryFilter::default()
    };
    assert_eq!(
        messages.delivery_count(db.conn(), &filter).await.unwrap(),
        1
    );
}

both_databases!(
    seats_of_today_are_reached,
    an_address_counts_when_its_holder_has_shown_to_read_it,
    people_are_told_what_is_done_to_their_accounts,
    a_new_browser_is_told_and_a_known_one_is_not,
    an_invitation_to_an_address_goes_there_without_its_code,
);
