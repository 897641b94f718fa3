//! 消息模板: the words of messages, as the program brings them or as an administrator writes them.

use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::audit;
use zhida_platform::messages::{Channel, MessageError, TemplateView};

use super::Inbox;
use crate::actions::MANAGE;
use crate::error::Error;

impl Inbox {
    /// The templates of all kinds of messages, as they hold.
    pub(crate) async fn templates(&self, viewer: &Viewer) -> Result<Vec<TemplateView>, Error> {
        viewer.need(MANAGE)?;
        Ok(self.messages.templates(self.db.conn()).await?)
    }

    /// One template as it holds.
    pub(crate) async fn template(
        &self,
        viewer: &Viewer,
        event: &str,
        channel: &str,
    ) -> Result<TemplateView, Error> {
        let all = self.templates(viewer).await?;
        let mut all = all.into_iter();
        all.find(|view| view.event.slug == event && view.channel.slug() == channel)
            .ok_or(Error::Missing("这个消息模板"))
    }

    /// Writes a template, for messages sent from now on.
    pub(crate) async fn write_template(
        &self,
        viewer: &Viewer,
        (event, channel): (&str, Channel),
        (title, body): (&str, &str),
    ) -> Result<(), Error> {
        let before = &self.template(viewer, event, channel.slug()).await?;
        // browsers send CR LF
        let body = &body.replace("\r\n", "\n");
        self.db
            .write(|tx| async move {
                let written = self
                    .messages
                    .set_template(&tx, (event, channel), (title, body), viewer.actor())
                    .await;
                written.map_err(at_field)?;
                let entry = self
                    .entry(viewer, "messages.write_template", "template", event)
                    .before(told(channel, &before.title, &before.body))
                    .after(told(channel, title, body));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// Returns to the words that come with the program.
    pub(crate) async fn reset_template(
        &self,
        viewer: &Viewer,
        event: &str,
        channel: Channel,
    ) -> Result<(), Error> {
        let before = &self.template(viewer, event, channel.slug()).await?;
        self.db
            .write(|tx| async move {
                self.messages.reset_template(&tx, event, channel).await?;
                let entry = self
                    .entry(viewer, "messages.reset_template", "template", event)
                    .before(told(channel, &before.title, &before.body));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }
}

fn told(channel: Channel, title: &str, body: &str) -> serde_json::Value {
    json!({ "channel": channel.slug(), "title": title, "body": body })
}

/// A template has two fields; what is wrong with it is told at one of them.
fn at_field(error: MessageError) -> Error {
    match error {
        MessageError::ControlCharacter { .. } => Error::field("title", error.to_string()),
        MessageError::Template { ref fault, .. } if fault.starts_with("标题") => {
            Error::field("title", error.to_string())
        }
        MessageError::Template { .. } | MessageError::TooLong { .. } => {
            Error::field("body", error.to_string())
        }
        other => other.into(),
    }
}
