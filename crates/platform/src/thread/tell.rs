//! Telling the other side. What was written stands in the thread only: messages hold no words of people.

use super::{About, ThreadError, Threads};
use crate::cases::Head;
use crate::db::Tx;
use crate::messages::{Audience, EventKind, Field, Message, Messages, Recipient};

const FIELDS: &[Field] = &[Field::new("title", "标题"), Field::new("number", "编号")];

/// The office wrote to the enterprise.
const TO_ENTERPRISE: EventKind = EventKind::new(
    "platform.thread-enterprise",
    "部门的新留言",
    Audience::Enterprises,
)
.urgent()
.fields(FIELDS)
.says(
    "部门有新留言：{标题}",
    "办理部门就“{标题}”（{编号}）给您留了言，请查看；需要答复的，直接在办件里回复。",
);

/// The enterprise wrote to the office.
const TO_OFFICE: EventKind =
    EventKind::new("platform.thread-office", "企业的新留言", Audience::Officers)
        .fields(FIELDS)
        .says("待回复：{标题}", "“{标题}”（{编号}）有新留言等您回复。");

/// What threads tell; [`Messages`] knows them without being told.
pub const EVENTS: [&EventKind; 2] = [&TO_ENTERPRISE, &TO_OFFICE];

/// Whom to tell, of what, and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The enterprise (or the account of whoever made an appeal), or the officer's account.
    pub to: Recipient<'a>,
    /// What the subject is called.
    pub title: &'a str,
    /// Its number.
    pub number: &'a str,
    /// The page on which this recipient reads and answers.
    pub link: &'a str,
}

impl Threads {
    /// Tells one side, in the caller's transaction, that the other has written; which of them follows from the side
    /// that wrote.
    ///
    /// # Errors
    /// A message that cannot be made; the database.
    pub async fn tell(
        &self,
        tx: &Tx,
        messages: &Messages,
        about: About<'_>,
        wrote: super::Side,
        told: &Told<'_>,
    ) -> Result<(), ThreadError> {
        let event = match wrote {
            super::Side::Office => &TO_ENTERPRISE,
            super::Side::Enterprise => &TO_OFFICE,
        };
        let fields = [("title", told.title), ("number", told.number)];
        let message = Message {
            event,
            to: told.to,
            fields: &fields,
            link: Some(told.link),
            subject: ("thread", about.id),
        };
        messages.send(tx, &message).await?;
        Ok(())
    }

    /// Tells the office that the other side has written: whoever handles the case, else the body that holds it, else
    /// `otherwise`; when there is nobody, the queue shows it.
    ///
    /// # Errors
    /// A message that cannot be made; the database.
    pub async fn tell_office(
        &self,
        tx: &Tx,
        messages: &Messages,
        about: About<'_>,
        head: &Head,
        (title, link): (&str, &str),
        otherwise: Option<Recipient<'_>>,
    ) -> Result<(), ThreadError> {
        let (handler, holder) = (
            head.handler.map(|id| id.to_string()),
            head.holder.map(|id| id.to_string()),
        );
        let to = match (&handler, &holder) {
            (Some(account), _) => Some(Recipient::Account(account)),
            (None, Some(body)) => Some(Recipient::Organisation(body)),
            (None, None) => otherwise,
        };
        let Some(to) = to else { return Ok(()) };
        let told = Told {
            to,
            title,
            number: &head.number,
            link,
        };
        self.tell(tx, messages, about, super::Side::Enterprise, &told)
            .await
    }
}
