//! The room over a database, with an address book that the test writes and a clock that it moves.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::prelude::async_trait::async_trait;
use uuid::Uuid;
use zhida_inbox::Inbox;
use zhida_platform::access::{Viewer, guard};
use zhida_platform::clock::Clock;
use zhida_platform::config::Config;
use zhida_platform::db::{self, Database, Tx};
use zhida_platform::jobs::{Jobs, Settings, Worker};
use zhida_platform::keys::KeyBytes;
use zhida_platform::messages::{
    AddressBook, Audience, Channel, Contact, EventKind, Field, MailAddress, Message, Messages,
    Recipient, Side, Urgency,
};
use zhida_platform::seal::Sealer;
use zhida_testkit::{App, MailServer, TestDatabase, seated};
use zhida_ui::{Shell, with_frame};

pub(crate) const ENTERPRISE: &str = "91330302MAPDY00011";
pub(crate) const OTHER: &str = "91330302MAPDY00022";

/// What an enterprise is told.
pub(crate) const NEWS: EventKind = EventKind {
    slug: "test.news",
    name: "新政策",
    audience: Audience::Everyone,
    urgency: Urgency::Normal,
    channels: &[Channel::Mail],
    fields: &[Field {
        name: "item",
        label: "事项",
    }],
    title: "新政策：{事项}",
    body: "《{事项}》已发布。\n请到详情查看。",
    sms: "",
};
/// What nobody switches off.
pub(crate) const RESET: EventKind = EventKind {
    slug: "test.reset",
    name: "密码重置",
    urgency: Urgency::Required,
    ..NEWS
};

/// A clock that the test moves.
#[derive(Debug)]
pub(crate) struct Hands(Mutex<DateTime<Utc>>);

impl Hands {
    pub(crate) fn pass(&self, time: TimeDelta) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for Hands {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// People by account: side, address, whether it is verified.
#[derive(Debug, Default)]
pub(crate) struct Book(Mutex<Vec<Contact>>);

impl Book {
    pub(crate) fn add(&self, viewer: &Viewer, side: Side, mail: &str) {
        self.0.lock().unwrap().push(Contact {
            account: account(viewer),
            side,
            mail: Some(mail.to_owned()),
            mail_verified: true,
            phone: None,
        });
    }
}

#[async_trait]
impl AddressBook for Book {
    async fn contacts(&self, _: &Tx, to: Recipient<'_>) -> db::Result<Vec<Contact>> {
        let book = self.0.lock().unwrap();
        let meant = |contact: &&Contact| match to {
            Recipient::Account(id) => contact.account == id,
            Recipient::Enterprise(code) => {
                contact.side
                    == Side::Enterprise {
                        uscc: code.to_owned(),
                    }
            }
            Recipient::Role(_) => contact.side == Side::Officer,
            Recipient::Address(_) | Recipient::Organisation(_) | Recipient::Subscribers => false,
        };
        Ok(book.iter().filter(meant).cloned().collect())
    }

    async fn enterprises(&self, _: &Tx, _: &str, _: u64) -> db::Result<Vec<String>> {
        Ok(Vec::new())
    }

    async fn mail_of(&self, _: &Database, account: &str) -> db::Result<MailAddress> {
        let book = self.0.lock().unwrap();
        let found = book.iter().find(|contact| contact.account == account);
        Ok(
            found.map_or_else(MailAddress::default, |contact| MailAddress {
                address: contact.mail.clone().unwrap_or_default(),
                is_verified: contact.mail_verified,
            }),
        )
    }

    async fn keep_mail(
        &self,
        _: &Tx,
        account: &str,
        mail: &str,
        _: DateTime<Utc>,
    ) -> db::Result<()> {
        let mut book = self.0.lock().unwrap();
        book.retain(|contact| contact.account != account);
        book.push(Contact {
            account: account.to_owned(),
            side: Side::Officer,
            mail: Some(mail.to_owned()),
            mail_verified: true,
            phone: None,
        });
        Ok(())
    }
}

pub(crate) fn account(viewer: &Viewer) -> String {
    viewer.account().unwrap().to_string()
}

/// Somebody of the enterprise with this account's number.
pub(crate) fn staff(role: &str, code: &str, number: u128) -> Viewer {
    let viewer = seated(role, None, Some(code));
    let mut person = viewer.as_person().unwrap().clone();
    person.account = Uuid::from_u128(number);
    Viewer::person(person)
}

pub(crate) fn sysadmin() -> Viewer {
    seated("sysadmin", Some("330300"), None)
}

/// The room with its surroundings.
pub(crate) struct World {
    pub db: TestDatabase,
    pub clock: Arc<Hands>,
    pub book: Arc<Book>,
    pub mail: MailServer,
    pub messages: Messages,
    pub jobs: Jobs,
    inbox: Arc<Inbox>,
}

impl World {
    pub(crate) async fn new(db: TestDatabase) -> Self {
        Self::with(db, |_| {}).await
    }

    pub(crate) async fn with(db: TestDatabase, change: impl FnOnce(&mut Config)) -> Self {
        db.migrate(&[zhida_inbox::migrations()]).await.unwrap();
        let start = "2026-11-22T01:00:00Z".parse().unwrap();
        let clock = Arc::new(Hands(Mutex::new(start)));
        let mail = MailServer::start().await;
        let mut config = Config::default();
        mail.configure(&mut config);
        "https://zhida.example.gov.cn".clone_into(&mut config.messages.site_url);
        config.webhooks.allow_http = true;
        config.webhooks.allowed_hosts = vec!["127.0.0.1".to_owned()];
        config.webhooks.timeout_seconds = 2;
        change(&mut config);
        let book = Arc::new(Book::default());
        let events = [&[&NEWS, &RESET], zhida_inbox::EVENTS].concat();
        let messages = Messages::new(&config, &events, book.clone(), None, clock.clone()).unwrap();
        let jobs = Jobs::new(db.handle(), clock.clone());
        let sealed = db
            .handle()
            .with_sealer(Sealer::new(&[KeyBytes::new([7; 32])]));
        messages.work_with(&jobs, &sealed);
        let inbox = Inbox::new(sealed, clock.clone(), messages.clone());
        Self {
            db,
            clock,
            book,
            mail,
            messages,
            jobs,
            inbox,
        }
    }

    /// The pages as this viewer sees them.
    pub(crate) fn router(&self, viewer: Viewer) -> Router {
        let room = zhida_inbox::room(Arc::clone(&self.inbox));
        let (api, _) = room.api.split_for_parts();
        let router = guard(room.routes.merge(api));
        let router = zhida_inbox::counted(router, Arc::clone(&self.inbox));
        let router = router.layer(from_fn(move |mut request: Request, next: Next| {
            request.extensions_mut().insert(viewer.clone());
            next.run(request)
        }));
        with_frame(router, Shell::default(), &Config::default())
    }

    pub(crate) fn app(&self, viewer: Viewer) -> App {
        App::new(self.router(viewer))
    }

    /// Sends a message about an item.
    pub(crate) async fn tell(&self, event: &'static EventKind, to: Recipient<'_>, item: &str) {
        let messages = &self.messages;
        let send = |tx: Tx| async move {
            let message = Message {
                event,
                to,
                fields: &[("item", item)],
                link: Some("/policies/1"),
                subject: ("item", "1"),
            };
            messages.send(&tx, &message).await
        };
        self.db.write(send).await.unwrap();
    }

    /// Runs the jobs that are due.
    pub(crate) async fn work(&self) {
        let worker = Worker::new(self.jobs.clone(), Settings::default());
        worker.run_due().await.unwrap();
    }

    /// The number of audit records of an action.
    pub(crate) async fn recorded(&self, action: &str) -> i64 {
        let sql = "SELECT COUNT(*) FROM audit_event WHERE action = $1";
        db::query_count(self.db.conn(), sql, [action.into()])
            .await
            .unwrap()
    }
}

/// What stands between two texts.
pub(crate) fn between(text: &str, before: &str, after: &str) -> String {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("{before} in {text}"));
    rest.split_once(after).unwrap().0.to_owned()
}
