//! Telling people: an inbox on the site, mail, text messages, webhooks.
//!
//! A room declares what it tells as constants ([`EventKind`]) and sends within
//! the transaction of what happened: when that is undone, nobody was told; when
//! it is done, the message is in the inbox and the rest is written down to be
//! delivered. [`Messages::deliver_due`], run by a job, delivers it: claimed with
//! a lease, so that two servers never send the same one; tried again with
//! growing pauses; given up with the reason. (A server that dies between handing
//! a mail over and noting it sends it a second time when its lease ends, under
//! the same `Message-ID`; no protocol can rule that out.)
//!
//! What reaches whom:
//! - The inbox always has everything. An enterprise's inbox belongs to the
//!   enterprise: who joins later sees what came before.
//! - Mail and text messages follow the event's channels, then the person's
//!   choice (at once, daily digest, off). Unless they choose, officers get a
//!   digest, enterprises get it at once, and what is urgent goes out at once.
//! - At most so many messages a day are pushed to one enterprise
//!   (`messages.enterprise_pushes_per_day`); the others are in the next day's
//!   digest.
//! - Webhooks: see [`webhook`].
//!
//! **No message holds personal data**: titles, bodies and fields say what
//! happened and lead to where those with the right see the rest. A message is
//! read by whoever acts for the enterprise or holds the role later, it stands in
//! mailboxes outside, in webhooks and in the list of deliveries, and nothing
//! masks it there. So events have no field for a person's name, phone, identity
//! number, address, nor for passwords and codes (a code that proves a mail
//! address is the one exception: it goes to that address, for minutes).
//!
//! Templates are plain text with named fields. Nothing is ever sent as HTML,
//! and no title or address with a line break is accepted.
//!
//! ```no_run
//! use zhida_platform::db::Tx;
//! use zhida_platform::messages::{
//!     Audience, EventKind, Field, Message, MessageError, Messages, Recipient,
//! };
//!
//! pub const PUBLISHED: EventKind =
//!     EventKind::new("policies.published", "新政策发布", Audience::Enterprises)
//!         .fields(&[Field::new("item", "事项名称")])
//!         .says("新政策：{事项名称}", "《{事项名称}》已发布，贵单位可能符合条件。");
//!
//! async fn tell(messages: &Messages, tx: &Tx, uscc: &str) -> Result<(), MessageError> {
//!     let message = Message {
//!         event: &PUBLISHED,
//!         to: Recipient::Enterprise(uscc),
//!         fields: &[("item", "稳岗返还")],
//!         link: Some("/policies/42"),
//!         subject: ("item", "42"),
//!     };
//!     messages.send(tx, &message).await?;
//!     Ok(())
//! }
//! ```

mod book;
mod choices;
mod deliver;
mod delivery;
mod error;
mod event;
mod inbox;
mod mail;
mod plan;
mod probe;
mod reached;
mod send;
mod settings;
mod sms;
mod store;
mod template;
mod topics;
mod unsubscribe;
pub mod webhook;
mod work;

pub use book::{AddressBook, Contact, MailAddress, Recipient, Side, is_mail_address};
pub use choices::{CHOSEN, Preference, TemplateView};
pub use deliver::DeliverReport;
pub use delivery::{Delivery, DeliveryFilter, DeliveryState};
pub use error::MessageError;
pub use event::{Audience, Channel, EventKind, Field, Urgency, WEBHOOK_OFF};
pub use inbox::{InboxMessage, Reader};
pub use plan::Mode;
pub use probe::{ProbeStep, probe_mail};
pub use reached::{Reached, Refusal};
pub use send::Message;
pub use settings::{MailConfig, MailSecurity, MessagesConfig, Secret, WebhooksConfig};
pub use sms::{FileGateway, Sms, SmsGateway};
pub(crate) use store::{MINUTE, MUTED, SCHEMA};
pub(crate) use template::Template;
pub use topics::{MutedTopic, TOPICS_NAMED, Topic};
pub use unsubscribe::Unsubscribing;
pub use work::{CASES_STUCK, DELIVER, JOB_FAILED};

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, NaiveTime, Utc};
use uuid::Uuid;

use crate::clock::SharedClock;
use crate::config::Config;
use crate::db::{self, Database, Tx};
use crate::jobs::Jobs;
use crate::thread;

use mail::Mailer;
use webhook::Poster;

/// The service: cheap to clone, all clones are one.
#[derive(Debug, Clone)]
pub struct Messages {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    events: BTreeMap<&'static str, &'static EventKind>,
    book: Arc<dyn AddressBook>,
    mailer: Option<Mailer>,
    sms: Option<Arc<dyn SmsGateway>>,
    poster: Poster,
    messages: MessagesConfig,
    webhooks: WebhooksConfig,
    digest_at: NaiveTime,
    /// Mails a minute, 0 for no limit.
    mails_per_minute: u32,
    clock: SharedClock,
    /// Who this server is in leases.
    owner: String,
    /// Asked for a delivery when something is due; set by [`Messages::work_with`].
    work: OnceLock<(Jobs, Database)>,
}

/// Why something was not handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct SendError {
    /// Whether trying again is useless.
    pub is_final: bool,
    /// Whether it is the address that is refused, not this message.
    pub is_of_address: bool,
    /// Chinese words, for those who look after deliveries.
    pub why: String,
}

impl SendError {
    /// It may work later.
    #[must_use]
    pub fn later(why: impl Into<String>) -> Self {
        Self {
            is_final: false,
            is_of_address: false,
            why: why.into(),
        }
    }

    /// It will never work for this message.
    #[must_use]
    pub fn never(why: impl Into<String>) -> Self {
        Self {
            is_final: true,
            is_of_address: false,
            why: why.into(),
        }
    }

    /// It will never work for this address.
    #[must_use]
    pub fn refused(why: impl Into<String>) -> Self {
        Self {
            is_of_address: true,
            ..Self::never(why)
        }
    }
}

impl Messages {
    /// The service for these events (the platform's own come along); `sms`
    /// replaces the file gateway of the settings.
    ///
    /// # Errors
    /// When two events have one slug, a declared template is wrong, or a
    /// setting cannot be used.
    pub fn new(
        config: &Config,
        events: &[&'static EventKind],
        book: Arc<dyn AddressBook>,
        sms: Option<Arc<dyn SmsGateway>>,
        clock: SharedClock,
    ) -> Result<Self, MessageError> {
        let file = config.messages.sms_file.as_str();
        let to_file = || -> Option<Arc<dyn SmsGateway>> {
            (!file.is_empty()).then(|| Arc::new(FileGateway::new(file)) as _)
        };
        let digest_at = config.messages.digest_time().ok_or_else(|| {
            MessageError::Settings("messages.digest_at 请写 时:分，如 08:30".to_owned())
        })?;
        Ok(Self {
            inner: Arc::new(Inner {
                events: declared(events)?,
                book,
                mailer: Mailer::from_config(&config.mail)?,
                sms: sms.or_else(to_file),
                poster: Poster::from_config(&config.webhooks)?,
                messages: config.messages.clone(),
                webhooks: config.webhooks.clone(),
                digest_at,
                mails_per_minute: config.mail.per_minute,
                clock,
                owner: Uuid::now_v7().to_string(),
                work: OnceLock::new(),
            }),
        })
    }

    /// All kinds of events, by slug.
    pub fn events(&self) -> impl Iterator<Item = &'static EventKind> {
        self.inner.events.values().copied()
    }

    /// Whether a channel can bring anything at all by the settings.
    #[must_use]
    pub fn is_on(&self, channel: Channel) -> bool {
        match channel {
            Channel::Inbox | Channel::Webhook => true,
            Channel::Mail => self.inner.mailer.is_some(),
            Channel::Sms => self.inner.sms.is_some(),
        }
    }

    /// 统一社会信用代码 of the enterprises that a message would reach beside its
    /// inbox, in ascending order, those after `after`, at most `limit`: somebody
    /// acts for them, or another system listens for them.
    ///
    /// # Errors
    /// When a statement fails.
    pub async fn enterprises(&self, tx: &Tx, after: &str, limit: u32) -> db::Result<Vec<String>> {
        let mut codes = self.inner.book.enterprises(tx, after, limit.into()).await?;
        codes.extend(store::enterprises_with_endpoints(tx, after, limit.into()).await?);
        codes.sort_unstable();
        codes.dedup();
        codes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(codes)
    }

    /// The e-mail address of an account.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn mail_of(&self, db: &Database, account: &str) -> db::Result<MailAddress> {
        self.inner.book.mail_of(db, account).await
    }

    /// Keeps an address that the account's holder has shown to read.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn keep_mail(&self, tx: &Tx, account: &str, mail: &str) -> db::Result<()> {
        self.inner
            .book
            .keep_mail(tx, account, mail, self.now())
            .await
    }

    fn named(&self, slug: &str) -> Result<&'static EventKind, MessageError> {
        let event = self.inner.events.get(slug).copied();
        event.ok_or_else(|| MessageError::NotFound(format!("消息种类「{slug}」")))
    }

    fn now(&self) -> DateTime<Utc> {
        self.inner.clock.now()
    }
}

fn declared(
    events: &[&'static EventKind],
) -> Result<BTreeMap<&'static str, &'static EventKind>, MessageError> {
    let mut known = BTreeMap::new();
    let own = [&WEBHOOK_OFF, &JOB_FAILED, &CASES_STUCK]
        .into_iter()
        .chain(thread::EVENTS);
    for event in events.iter().copied().chain(own) {
        for channel in [Channel::Inbox, Channel::Mail, Channel::Sms] {
            let (title, body) = event.default_template(channel);
            choices::check_template(event, channel, title, body)?;
        }
        if known.insert(event.slug, event).is_some() {
            return Err(MessageError::EventTwice(event.slug.to_owned()));
        }
    }
    Ok(known)
}
