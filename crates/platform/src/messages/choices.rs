//! What people and administrators may choose: preferences and templates.

use std::collections::HashMap;

use super::book::Side;
use super::event::{Audience, Channel, EventKind};
use super::plan::Mode;
use super::template::{self, BODY_CHARS_MAX, TITLE_CHARS_MAX, Template};
use super::{MessageError, Messages, store};
use crate::db::{ConnectionTrait, Tx};

/// The channels that a person chooses for; the inbox always has everything,
/// and webhooks are subscribed to at their endpoint.
pub const CHOSEN: [Channel; 2] = [Channel::Mail, Channel::Sms];
/// The channels that have templates of their own.
const WRITTEN: [Channel; 3] = [Channel::Inbox, Channel::Mail, Channel::Sms];

/// One line of a preferences page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preference {
    /// The kind of event.
    pub event: &'static EventKind,
    /// The channel.
    pub channel: Channel,
    /// What holds.
    pub mode: Mode,
    /// Whether the person chose it, or it is the default.
    pub is_chosen: bool,
}

/// A template as an administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateView {
    /// The kind of event.
    pub event: &'static EventKind,
    /// The channel.
    pub channel: Channel,
    /// One line; empty for text messages.
    pub title: String,
    /// The text.
    pub body: String,
    /// Whether somebody wrote it, or it is the one that comes with the program.
    pub is_written: bool,
}

impl Messages {
    /// What holds for one person, for every event of their side.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn preferences(
        &self,
        conn: &impl ConnectionTrait,
        account: &str,
        side: &Side,
    ) -> Result<Vec<Preference>, MessageError> {
        let rows = store::preferences_of(conn, account).await?;
        let chosen: HashMap<(&str, &str), &str> = rows
            .iter()
            .map(|row| {
                (
                    (row.event.as_str(), row.channel.as_str()),
                    row.mode.as_str(),
                )
            })
            .collect();
        let mut lines = Vec::new();
        for event in self.events().filter(|event| concerns(event.audience, side)) {
            for channel in CHOSEN {
                let choice = chosen.get(&(event.slug, channel.slug()));
                let choice = choice.and_then(|mode| Mode::parse(mode));
                let choice = choice.filter(|_| !event.is_required(channel));
                lines.push(Preference {
                    event,
                    channel,
                    mode: choice.unwrap_or_else(|| Mode::default_for(event, side, channel)),
                    is_chosen: choice.is_some(),
                });
            }
        }
        Ok(lines)
    }

    /// Keeps a person's choice; `None` returns to the default.
    ///
    /// # Errors
    /// When there is no such event, the channel is not one to choose, the event
    /// cannot be switched off there, or the statement fails.
    pub async fn set_preference(
        &self,
        tx: &Tx,
        account: &str,
        event: &str,
        channel: Channel,
        mode: Option<Mode>,
    ) -> Result<(), MessageError> {
        let event = self.named(event)?;
        if !CHOSEN.contains(&channel) {
            return Err(MessageError::NotFound(format!(
                "可选择的接收方式「{}」",
                channel.word()
            )));
        }
        if event.is_required(channel) && mode.is_some_and(|mode| mode != Mode::Now) {
            return Err(MessageError::Required(event.name.to_owned()));
        }
        store::set_preference(tx, account, event.slug, channel, mode).await?;
        Ok(())
    }

    /// The templates of all events, as they hold.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn templates(
        &self,
        conn: &impl ConnectionTrait,
    ) -> Result<Vec<TemplateView>, MessageError> {
        let rows = store::all_templates(conn).await?;
        let mut views = Vec::new();
        for event in self.events() {
            for channel in WRITTEN {
                let mut written = rows.iter();
                let written =
                    written.find(|row| row.event == event.slug && row.channel == channel.slug());
                let (title, body) = match written {
                    Some(row) => (row.title.as_str(), row.body.as_str()),
                    None => event.default_template(channel),
                };
                views.push(TemplateView {
                    event,
                    channel,
                    title: title.to_owned(),
                    body: body.to_owned(),
                    is_written: written.is_some(),
                });
            }
        }
        Ok(views)
    }

    /// Replaces a template, for messages sent from now on; the caller writes
    /// the audit record.
    ///
    /// # Errors
    /// When it names an unknown field, is too long or empty, its title has more
    /// than one line, or the statement fails.
    pub async fn set_template(
        &self,
        tx: &Tx,
        (event, channel): (&str, Channel),
        (title, body): (&str, &str),
        by: &str,
    ) -> Result<(), MessageError> {
        let event = self.named(event)?;
        if !WRITTEN.contains(&channel) {
            return Err(MessageError::NotFound(format!(
                "有模板的接收方式「{}」",
                channel.word()
            )));
        }
        check_template(event, channel, title, body)?;
        let row = store::TemplateRow {
            event: event.slug.to_owned(),
            channel: channel.slug().to_owned(),
            title: title.to_owned(),
            body: body.to_owned(),
            updated_by: by.to_owned(),
            updated_at: store::text(self.now()),
        };
        store::set_template(tx, &row).await?;
        Ok(())
    }

    /// Returns to the template that comes with the program.
    ///
    /// # Errors
    /// When there is no such event, or the statement fails.
    pub async fn reset_template(
        &self,
        tx: &Tx,
        event: &str,
        channel: Channel,
    ) -> Result<(), MessageError> {
        let event = self.named(event)?;
        store::reset_template(tx, event.slug, channel).await?;
        Ok(())
    }
}

fn concerns(audience: Audience, side: &Side) -> bool {
    match audience {
        Audience::Everyone => true,
        Audience::Outsiders | Audience::Systems => false,
        Audience::Officers => *side == Side::Officer,
        Audience::Enterprises => *side != Side::Officer,
    }
}

/// Checks what a template is made of; what it is filled with is checked when
/// a message is sent.
pub(super) fn check_template(
    event: &EventKind,
    channel: Channel,
    title: &str,
    body: &str,
) -> Result<(), MessageError> {
    let fault = |fault: String| MessageError::Template {
        event: event.name.to_owned(),
        fault,
    };
    if !template::is_one_line(title) {
        return Err(MessageError::ControlCharacter {
            what: format!("“{}”的标题模板", event.name),
        });
    }
    if title.trim().is_empty() && channel != Channel::Sms {
        return Err(fault("标题是空的：请写一行标题".to_owned()));
    }
    if body.trim().is_empty() {
        return Err(fault("正文是空的：请写正文".to_owned()));
    }
    for (text, chars_max) in [(title, TITLE_CHARS_MAX), (body, BODY_CHARS_MAX)] {
        let chars = text.chars().count();
        if chars > chars_max {
            return Err(MessageError::TooLong {
                what: "模板".to_owned(),
                chars,
                chars_max,
            });
        }
        Template::parse(text, event.fields).map_err(fault)?;
    }
    Ok(())
}
