//! One's own: the inbox and the preferences.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::json;
use zhida_platform::access::{Reach, Rights, Role, Side as Of, Viewer};
use zhida_platform::audit::{self, Actor, Entry};
use zhida_platform::messages::{
    Channel, InboxMessage, MailAddress, Mode, MutedTopic, Preference, Reader, Refusal, Side,
    Unsubscribing,
};
use zhida_platform::paging::{Page, PageRequest};

use super::Inbox;
use crate::actions::{ENTERPRISE, OWN};
use crate::error::Error;
use crate::store;

/// What the preferences count: four weeks.
const LATELY: TimeDelta = TimeDelta::weeks(4);

/// Whose inbox a request looks into.
struct Whose {
    account: String,
    enterprises: Vec<String>,
    role: Option<&'static str>,
    organisation: Option<String>,
}

impl Whose {
    fn of(viewer: &Viewer) -> Result<Self, Error> {
        viewer.need(OWN)?;
        let account = viewer.account().ok_or(Error::NotSignedIn)?;
        Ok(Self {
            account: account.to_string(),
            enterprises: match viewer.reach(ENTERPRISE) {
                Reach::Own(codes) => codes,
                Reach::All | Reach::Places(_) | Reach::Nothing => Vec::new(),
            },
            role: role(viewer).map(|role| role.id.as_str()),
            organisation: organisation(viewer),
        })
    }

    fn codes(&self) -> Vec<&str> {
        self.enterprises.iter().map(String::as_str).collect()
    }

    fn reader<'a>(&'a self, codes: &'a [&'a str]) -> Reader<'a> {
        Reader {
            account: &self.account,
            enterprises: codes,
            role: self.role,
            organisation: self.organisation.as_deref(),
        }
    }
}

/// The role in which the viewer acts, when it gives its rights.
fn role(viewer: &Viewer) -> Option<&'static Role> {
    let person = viewer.as_person()?;
    let role = Rights::shipped().role(&person.seat.as_ref()?.role)?;
    (person.second_factor || !role.second_factor).then_some(role)
}

/// The body for which the viewer acts. What is sent to a body is business: none of it is an administrator's.
fn organisation(viewer: &Viewer) -> Option<String> {
    role(viewer).filter(|role| role.side == Of::Government)?;
    let organisation = viewer.seat()?.organisation?;
    Some(organisation.to_string())
}

/// On whose side the viewer acts, for what the preferences show.
fn side(viewer: &Viewer) -> Side {
    let seat = viewer.seat();
    let role = seat.and_then(|seat| Rights::shipped().role(&seat.role));
    match role.map(|role| role.side) {
        Some(Of::Enterprise | Of::Agency) => Side::Enterprise {
            uscc: seat
                .and_then(|seat| seat.enterprise.clone())
                .unwrap_or_default(),
        },
        _ => Side::Officer,
    }
}

/// The e-mail address of a viewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MailState {
    pub address: MailAddress,
    /// Another address that waits for its code.
    pub waits: Option<String>,
    /// Whether mail is sent at all.
    pub is_on: bool,
    /// That the address refuses mail.
    pub refusal: Option<Refusal>,
}

/// What holds for one kind of message and channel, and how many of the kind came lately.
pub(crate) struct Chosen {
    pub line: Preference,
    /// Messages of the kind in the last four weeks.
    pub lately: i64,
}

/// What somebody chooses for one kind of message and channel; `None` for the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub event: String,
    pub channel: Channel,
    pub mode: Option<Mode>,
}

impl Inbox {
    /// A page of the viewer's inbox, the newest first.
    pub(crate) async fn inbox(
        &self,
        viewer: &Viewer,
        unread_only: bool,
        page: &PageRequest,
    ) -> Result<Page<InboxMessage>, Error> {
        let whose = Whose::of(viewer)?;
        let codes = whose.codes();
        let reader = whose.reader(&codes);
        let found = self
            .messages
            .inbox(self.db.conn(), &reader, unread_only, page)
            .await?;
        Ok(found)
    }

    /// How many messages the viewer has not read; none for whoever has no inbox.
    pub(crate) async fn unread(&self, viewer: &Viewer) -> Result<u64, Error> {
        self.unread_up_to(viewer, u32::MAX).await
    }

    /// The same, counted no further than `most`.
    pub(crate) async fn unread_up_to(&self, viewer: &Viewer, most: u32) -> Result<u64, Error> {
        let Ok(whose) = Whose::of(viewer) else {
            return Ok(0);
        };
        let codes = whose.codes();
        let reader = whose.reader(&codes);
        let conn = self.db.conn();
        Ok(self.messages.unread(conn, &reader, most).await?)
    }

    /// Marks a message as read; it. That somebody has read a message is no more recorded than that a page was seen.
    pub(crate) async fn read(&self, viewer: &Viewer, id: &str) -> Result<InboxMessage, Error> {
        let whose = &Whose::of(viewer)?;
        let codes = &whose.codes();
        self.db
            .write(|tx| async move {
                let reader = whose.reader(codes);
                let message = self.messages.message(&tx, &reader, id).await?;
                let message = message.ok_or(Error::Missing("这条消息"))?;
                self.messages.mark_read(&tx, &reader, id).await?;
                Ok(message)
            })
            .await
    }

    /// Marks the whole inbox as read; how many messages were not.
    pub(crate) async fn read_all(&self, viewer: &Viewer) -> Result<u64, Error> {
        let whose = &Whose::of(viewer)?;
        let codes = &whose.codes();
        self.db
            .write(|tx| async move {
                let reader = whose.reader(codes);
                Ok(self.messages.mark_all_read(&tx, &reader).await?)
            })
            .await
    }

    /// What holds for the viewer, for every kind of message of the side on which the viewer acts.
    pub(crate) async fn preferences(&self, viewer: &Viewer) -> Result<Vec<Preference>, Error> {
        let whose = Whose::of(viewer)?;
        let conn = self.db.conn();
        let found = self
            .messages
            .preferences(conn, &whose.account, &side(viewer))
            .await?;
        Ok(found)
    }

    /// The same with how many messages of each kind the viewer got in the last four weeks.
    pub(crate) async fn chosen(&self, viewer: &Viewer) -> Result<Vec<Chosen>, Error> {
        let whose = Whose::of(viewer)?;
        let codes = whose.codes();
        let reader = whose.reader(&codes);
        let since = self.clock.now() - LATELY;
        let told = self
            .messages
            .told_since(self.db.conn(), &reader, since)
            .await?;
        let lines = self.preferences(viewer).await?.into_iter();
        let chosen = lines.map(|line| Chosen {
            lately: told.get(line.event.slug).copied().unwrap_or(0),
            line,
        });
        Ok(chosen.collect())
    }

    /// Pushes no more messages of the kind of this one; the kind. The inbox still has them.
    pub(crate) async fn mute(&self, viewer: &Viewer, id: &str) -> Result<String, Error> {
        let whose = Whose::of(viewer)?;
        let codes = whose.codes();
        let reader = whose.reader(&codes);
        let message = self.messages.message(self.db.conn(), &reader, id).await?;
        let event = message.ok_or(Error::Missing("这条消息"))?.event;
        let lines = self.preferences(viewer).await?.into_iter();
        let off = |line: Preference| Choice {
            event: line.event.slug.to_owned(),
            channel: line.channel,
            mode: Some(Mode::Off),
        };
        let choices: Vec<Choice> = lines
            .filter(|line| line.event.slug == event && pushes(line))
            .map(off)
            .collect();
        self.choose(viewer, &choices).await?;
        Ok(event)
    }

    /// Tells the viewer no more of one item that the message names, in no way; its name. Others are told as before.
    pub(crate) async fn mute_item(
        &self,
        viewer: &Viewer,
        id: &str,
        topic: &str,
    ) -> Result<String, Error> {
        let whose = &Whose::of(viewer)?;
        let codes = whose.codes();
        let reader = whose.reader(&codes);
        let message = self.messages.message(self.db.conn(), &reader, id).await?;
        let message = message.ok_or(Error::Missing("这条消息"))?;
        let mut topics = message.topics.iter();
        let topic = topics.find(|named| named.id == topic);
        let topic = topic.ok_or(Error::Missing("这条消息里的这一项"))?;
        let event = self
            .messages
            .events()
            .find(|event| event.slug == message.event);
        let event = event.ok_or(Error::Missing("这一类消息"))?;
        self.db
            .write(|tx| async move {
                let messages = &self.messages;
                if messages
                    .mute_topic(&tx, &whose.account, event, topic)
                    .await?
                {
                    let entry = self
                        .entry(viewer, "messages.mute_item", "account", &whose.account)
                        .detail(json!({ "event": event.slug, "topic": topic }));
                    audit::append(&tx, &entry).await?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        Ok(topic.label.clone())
    }

    /// The items of which the viewer is told no more, the latest first.
    pub(crate) async fn muted_items(&self, viewer: &Viewer) -> Result<Vec<MutedTopic>, Error> {
        let whose = Whose::of(viewer)?;
        let conn = self.db.conn();
        Ok(self.messages.muted_topics(conn, &whose.account).await?)
    }

    /// Tells the viewer of such an item again.
    pub(crate) async fn restore_item(&self, viewer: &Viewer, id: &str) -> Result<(), Error> {
        let whose = &Whose::of(viewer)?;
        self.db
            .write(|tx| async move {
                let restored = self.messages.unmute_topic(&tx, &whose.account, id).await?;
                let restored = restored.ok_or(Error::Missing("这个不再提醒的事项"))?;
                let entry = self
                    .entry(viewer, "messages.unmute_item", "account", &whose.account)
                    .detail(json!({ "event": restored.event, "topic": restored.topic }));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// The kinds of messages that are pushed to the viewer and need not be.
    pub(crate) async fn pushed(&self, viewer: &Viewer) -> Result<BTreeSet<&'static str>, Error> {
        let lines = self.preferences(viewer).await?;
        let pushed = lines.iter().filter(|line| pushes(line));
        Ok(pushed.map(|line| line.event.slug).collect())
    }

    /// What a link of a mail switches off.
    pub(crate) fn unsubscribing(&self, token: &str) -> Result<Unsubscribing, Error> {
        Ok(self.messages.unsubscribing(self.db.sealer(), token)?)
    }

    /// Sends no more mails of the kinds that the link names; their names. Whoever has the mail has the link: it
    /// needs no sign-in, and can do nothing else.
    pub(crate) async fn unsubscribe(&self, token: &str) -> Result<String, Error> {
        let found = &self.unsubscribing(token)?;
        let Unsubscribing { account, events } = found;
        let slugs: &Vec<&str> = &events.iter().map(|event| event.slug).collect();
        self.db
            .write(|tx| async move {
                for event in slugs {
                    self.messages
                        .set_preference(&tx, account, event, Channel::Mail, Some(Mode::Off))
                        .await?;
                }
                let by = Actor::from("邮件里的退订链接");
                let now = self.clock.now();
                let entry = Entry::new(now, by, "messages.unsubscribe", "account", account)
                    .after(json!({ "events": slugs, "channel": "mail", "mode": "off" }));
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(found.words())
    }

    /// Keeps choices; those that say what holds anyway are left out.
    pub(crate) async fn choose(&self, viewer: &Viewer, choices: &[Choice]) -> Result<(), Error> {
        let whose = &Whose::of(viewer)?;
        let known = &self.preferences(viewer).await?;
        let holds = |choice: &&Choice| {
            known.iter().any(|line| {
                let same = line.event.slug == choice.event && line.channel == choice.channel;
                let chosen = line.is_chosen.then_some(line.mode);
                same && (choice.mode == chosen || choice.mode == Some(line.mode))
            })
        };
        let changed: Vec<&Choice> = choices.iter().filter(|choice| !holds(choice)).collect();
        if changed.is_empty() {
            return Ok(());
        }
        let changed = &changed;
        self.db
            .write(|tx| async move {
                for choice in changed {
                    let (event, mode) = (choice.event.as_str(), choice.mode);
                    self.messages
                        .set_preference(&tx, &whose.account, event, choice.channel, mode)
                        .await?;
                }
                let told: Vec<_> = changed.iter().map(|choice| told(choice)).collect();
                let entry = self
                    .entry(viewer, "messages.choose", "account", &whose.account)
                    .after(json!(told));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// The viewer's e-mail address, and the one that waits for its code, as long as the code counts.
    pub(crate) async fn mail_state(&self, viewer: &Viewer) -> Result<MailState, Error> {
        let whose = Whose::of(viewer)?;
        let waits = store::mail_check(self.db.conn(), &whose.account).await?;
        let waits = waits.filter(|check| super::mail::is_open(check, self.clock.now()));
        let address = self.messages.mail_of(&self.db, &whose.account).await?;
        let refusal = self.messages.refusal(self.db.conn(), &address.address);
        Ok(MailState {
            refusal: refusal.await?,
            address,
            waits: waits.map(|check| check.mail),
            is_on: self.messages.is_on(Channel::Mail),
        })
    }
}

/// Whether it is pushed, and need not be.
fn pushes(line: &Preference) -> bool {
    line.mode != Mode::Off && !line.event.is_required(line.channel)
}

fn told(choice: &Choice) -> serde_json::Value {
    json!({
        "event": choice.event,
        "channel": choice.channel.slug(),
        "mode": choice.mode.map(Mode::slug),
    })
}
