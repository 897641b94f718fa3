use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::book::{Contact, Recipient, Side, is_mail_address, is_phone};
use super::choices::CHOSEN;
use super::delivery::{DeliveryState, NO_MAIL, NO_SMS};
use super::event::{Channel, EventKind, Urgency};
use super::plan::{Mode, next_digest};
use super::store::{self, Common, MessageRow, NewDelivery, TemplateRow};
use super::template::{self, BODY_CHARS_MAX, TITLE_CHARS_MAX, Template};
use super::topics::Topic;
use super::{MessageError, Messages};
use crate::clock::to_shanghai;
use crate::db::Tx;
use crate::ids;

/// Something to tell somebody.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// What kind of thing happened; declared to [`Messages::new`].
    pub event: &'static EventKind,
    /// Whom to tell.
    pub to: Recipient<'a>,
    /// A value for each field that the templates use, by its English name.
    pub fields: &'a [(&'a str, &'a str)],
    /// Where to go from there: a path of this site.
    pub link: Option<&'a str>,
    /// What it is about: a kind and an id.
    pub subject: (&'a str, &'a str),
}

/// A filled-in template.
struct Text {
    title: String,
    body: String,
}

impl Messages {
    /// Writes the message and what is to be delivered of it, in the caller's
    /// transaction; its id.
    ///
    /// # Errors
    /// When the event is not declared, a field is missing or unknown, a title
    /// or address holds a line break, the link leaves this site, or a
    /// statement fails.
    pub async fn send(&self, tx: &Tx, message: &Message<'_>) -> Result<String, MessageError> {
        self.send_without(tx, message, &[], &[]).await
    }

    /// As [`Messages::send`], with the topics that it names and the accounts that do not get it.
    pub(super) async fn send_without(
        &self,
        tx: &Tx,
        message: &Message<'_>,
        topics: &[&Topic],
        without: &[&str],
    ) -> Result<String, MessageError> {
        let event = message.event;
        if self.inner.events.get(event.slug) != Some(&event) {
            return Err(MessageError::UnknownEvent(event.slug.to_owned()));
        }
        let link = checked_link(message.link)?;
        check_fields(event, message.fields)?;
        let now = self.now();
        let templates = store::templates_of(tx, event.slug).await?;
        let text = |channel| fill(event, channel, &templates, message.fields);
        let inbox = text(Channel::Inbox)?;
        let id = ids::next(now).to_string();
        let row = MessageRow {
            id: &id,
            event: event.slug,
            recipient_kind: message.to.kind(),
            recipient: message.to.id(),
            title: &inbox.title,
            body: &inbox.body,
            link,
            fields: &as_json(message.fields),
            subject_kind: message.subject.0,
            subject_id: message.subject.1,
            topics: &topics_json(topics),
            created_at: now,
        };
        store::insert_message(tx, &row).await?;
        store::leave_out(tx, &id, without).await?;
        let mut deliveries = match message.to {
            Recipient::Account(_)
            | Recipient::Enterprise(_)
            | Recipient::Role(_)
            | Recipient::Organisation(_) => self.pushes(tx, message, without, &text, now).await?,
            Recipient::Address(address) => {
                vec![self.to_address(address, &text(Channel::Mail)?, now)?]
            }
            Recipient::Subscribers => Vec::new(),
        };
        for endpoint in store::endpoints_for(tx, message.to, event.slug).await? {
            deliveries.push(NewDelivery {
                title: inbox.title.clone(),
                ..blank(Channel::Webhook, "", &endpoint, now)
            });
        }
        let common = Common {
            message: &id,
            event: event.slug,
            link,
            now,
        };
        let due = deliveries
            .iter()
            .any(|one| one.state == DeliveryState::Queued && one.due_at <= now);
        store::insert_deliveries(tx, &common, deliveries).await?;
        if due {
            self.ask_for_delivery(tx).await?;
        }
        Ok(id)
    }

    /// One delivery a person and channel that is not off.
    async fn pushes(
        &self,
        tx: &Tx,
        message: &Message<'_>,
        without: &[&str],
        text: &impl Fn(Channel) -> Result<Text, MessageError>,
        now: DateTime<Utc>,
    ) -> Result<Vec<NewDelivery>, MessageError> {
        let event = message.event;
        let mut contacts = self.inner.book.contacts(tx, message.to).await?;
        contacts.retain(|contact| !without.contains(&contact.account.as_str()));
        let accounts: Vec<&str> = contacts
            .iter()
            .map(|contact| contact.account.as_str())
            .collect();
        let chosen = store::preferences_for(tx, event.slug, &accounts).await?;
        let chosen: HashMap<(&str, &str), Mode> = chosen
            .iter()
            .filter_map(|row| {
                let key = (row.account.as_str(), row.channel.as_str());
                Some((key, Mode::parse(&row.mode)?))
            })
            .collect();
        let mut deliveries = Vec::new();
        // whether each enterprise still has room today, asked once a message
        let mut room: HashMap<&str, bool> = HashMap::new();
        for contact in &contacts {
            for channel in CHOSEN {
                let choice = chosen
                    .get(&(contact.account.as_str(), channel.slug()))
                    .copied()
                    .filter(|_| !event.is_required(channel));
                let mode =
                    choice.unwrap_or_else(|| Mode::default_for(event, &contact.side, channel));
                if mode == Mode::Off {
                    continue;
                }
                let mut delivery = self.to_contact(contact, channel, text(channel)?, now);
                if delivery.state == DeliveryState::Queued {
                    let held = mode == Mode::Now
                        && !self
                            .has_room(tx, event, &contact.side, &mut room, now)
                            .await?;
                    if held || mode == Mode::Digest {
                        delivery.mode = Mode::Digest.slug();
                        delivery.held = held;
                        delivery.due_at = next_digest(now, self.inner.digest_at, held);
                    }
                }
                deliveries.push(delivery);
            }
        }
        Ok(deliveries)
    }

    /// Whether this message may be pushed to the enterprise at once.
    async fn has_room<'c>(
        &self,
        tx: &Tx,
        event: &EventKind,
        side: &'c Side,
        room: &mut HashMap<&'c str, bool>,
        now: DateTime<Utc>,
    ) -> Result<bool, MessageError> {
        let Side::Enterprise { uscc } = side else {
            return Ok(true);
        };
        if event.urgency != Urgency::Normal {
            return Ok(true);
        }
        if let Some(known) = room.get(uscc.as_str()) {
            return Ok(*known);
        }
        let today = to_shanghai(now).date_naive();
        let pushes = store::count_push(tx, uscc, today).await?;
        let most = i64::try_from(self.inner.messages.enterprise_pushes_per_day).unwrap_or(i64::MAX);
        room.insert(uscc, pushes <= most);
        Ok(pushes <= most)
    }

    fn to_contact(
        &self,
        contact: &Contact,
        channel: Channel,
        text: Text,
        now: DateTime<Utc>,
    ) -> NewDelivery {
        let address = match channel {
            Channel::Sms => contact.phone.as_deref(),
            _ => contact.mail.as_deref(),
        };
        let address = address.unwrap_or_default();
        let fault = match channel {
            _ if address.is_empty() => "没有登记地址或号码",
            Channel::Mail if !contact.mail_verified => "邮箱还没有验证",
            Channel::Mail if !is_mail_address(address) => "登记的邮箱地址写错了",
            Channel::Sms if !is_phone(address) => "登记的手机号写错了",
            // last: what fails for want of settings only can be sent again
            Channel::Sms if self.inner.sms.is_none() => NO_SMS,
            Channel::Mail if self.inner.mailer.is_none() => NO_MAIL,
            _ => "",
        };
        let queued = blank(channel, &contact.account, address, now);
        NewDelivery {
            state: if fault.is_empty() {
                queued.state
            } else {
                DeliveryState::Undeliverable
            },
            error: fault.to_owned(),
            title: text.title,
            body: text.body,
            ..queued
        }
    }

    fn to_address(
        &self,
        address: &str,
        text: &Text,
        now: DateTime<Utc>,
    ) -> Result<NewDelivery, MessageError> {
        if !is_mail_address(address) {
            return Err(MessageError::Address {
                address: address.escape_debug().to_string(),
            });
        }
        let queued = blank(Channel::Mail, "", address, now);
        let (state, fault) = match self.inner.mailer {
            Some(_) => (queued.state, ""),
            None => (DeliveryState::Undeliverable, NO_MAIL),
        };
        Ok(NewDelivery {
            state,
            error: fault.to_owned(),
            title: text.title.clone(),
            body: text.body.clone(),
            ..queued
        })
    }
}

fn blank(channel: Channel, account: &str, address: &str, now: DateTime<Utc>) -> NewDelivery {
    NewDelivery {
        id: ids::next(now).to_string(),
        channel,
        account: account.to_owned(),
        address: address.to_owned(),
        // an endpoint's events go out in order, not each in its own time
        mode: if channel == Channel::Webhook {
            "order"
        } else {
            Mode::Now.slug()
        },
        held: false,
        title: String::new(),
        body: String::new(),
        state: DeliveryState::Queued,
        error: String::new(),
        due_at: now,
    }
}

/// A path of this site, and nothing that a browser would take for another's.
fn checked_link(link: Option<&str>) -> Result<&str, MessageError> {
    let link = link.unwrap_or_default();
    let ours = link.is_empty() || link.starts_with('/') && !link.starts_with("//");
    let plain = template::is_one_line(link) && !link.contains(['\\', ' ']);
    match ours && plain && link.len() <= 2_000 {
        true => Ok(link),
        false => Err(MessageError::Link {
            link: link.escape_debug().to_string(),
        }),
    }
}

fn check_fields(event: &EventKind, fields: &[(&str, &str)]) -> Result<(), MessageError> {
    for (name, _) in fields {
        if !event.fields.iter().any(|field| field.name == *name) {
            return Err(MessageError::FieldUnknown {
                event: event.name.to_owned(),
                field: (*name).to_owned(),
            });
        }
    }
    Ok(())
}

fn fill(
    event: &EventKind,
    channel: Channel,
    written: &[TemplateRow],
    fields: &[(&str, &str)],
) -> Result<Text, MessageError> {
    let own = written.iter().find(|row| row.channel == channel.slug());
    if let Some(row) = own {
        // a template whose words do not fit today's values must not hold up what it tells of
        match filled(event, (&row.title, &row.body), fields) {
            Err(error) => {
                tracing::warn!(event = event.slug, %error, "改写的模板不能用，改用自带的");
            }
            text => return text,
        }
    }
    filled(event, event.default_template(channel), fields)
}

fn filled(
    event: &EventKind,
    (title, body): (&str, &str),
    fields: &[(&str, &str)],
) -> Result<Text, MessageError> {
    let fill = |template: &str| {
        let fault = |fault| MessageError::Template {
            event: event.name.to_owned(),
            fault,
        };
        let template = Template::parse(template, event.fields).map_err(fault)?;
        let missing = |field| MessageError::FieldMissing {
            event: event.name.to_owned(),
            field,
        };
        template.fill(fields).map_err(missing)
    };
    let in_vain = |what: &str| MessageError::ControlCharacter {
        what: format!("消息“{}”的{what}", event.name),
    };
    let (title, body) = (fill(title)?, fill(body)?);
    if !template::is_one_line(&title) {
        return Err(in_vain("标题"));
    }
    let body = template::paragraphs(&body).ok_or_else(|| in_vain("正文"))?;
    for (what, text, chars_max) in [
        ("标题", &title, TITLE_CHARS_MAX),
        ("正文", &body, BODY_CHARS_MAX),
    ] {
        let chars = text.chars().count();
        if chars > chars_max {
            let what = format!("消息“{}”的{what}", event.name);
            return Err(MessageError::TooLong {
                what,
                chars,
                chars_max,
            });
        }
    }
    Ok(Text { title, body })
}

fn topics_json(topics: &[&Topic]) -> String {
    match topics {
        [] => String::new(),
        topics => serde_json::json!(topics).to_string(),
    }
}

fn as_json(fields: &[(&str, &str)]) -> String {
    let fields: serde_json::Map<String, serde_json::Value> = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).into()))
        .collect();
    serde_json::Value::Object(fields).to_string()
}
