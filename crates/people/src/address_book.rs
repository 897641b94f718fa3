//! Who stands behind the recipients of messages, and whose e-mail address is known to be read.
//!
//! An address that an administrator typed is not verified: nothing is sent there until its holder has shown to read
//! it, by a code sent to it (the page 接收方式 of the room 消息). A telephone is used as it was typed, and only for
//! somebody who chooses text messages. Agents read an enterprise's inbox while they act under its mandate; nothing
//! is pushed to them.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::prelude::async_trait::async_trait;
use zhida_platform::access::{Rights, Side as RoleSide};
use zhida_platform::clock::SharedClock;
use zhida_platform::db::{self, Database, Tx};
use zhida_platform::messages::{AddressBook, Contact, MailAddress, Recipient, Side};

use crate::store::contacts::{self, Line, Whose};

/// The e-mail addresses that somebody has shown to read; one counts while it is the account's. And the kinds of
/// browser from which an account has been used.
pub(crate) const SCHEMA: &str = "CREATE TABLE people_verified_mail (
    account TEXT NOT NULL PRIMARY KEY REFERENCES people_account (id),
    email TEXT NOT NULL,
    verified_at TEXT NOT NULL
);
CREATE TABLE people_device (
    account TEXT NOT NULL REFERENCES people_account (id),
    digest TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    PRIMARY KEY (account, digest)
)";
/// What lets a role of enterprises read what is sent to the enterprise.
const ENTERPRISE_MESSAGES: &str = "message.enterprise";

/// The accounts and seats of the room as the address book of messages.
#[derive(Debug, Clone)]
pub struct Directory {
    clock: SharedClock,
}

impl Directory {
    /// Over the migrated tables of the room.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Self { clock }
    }

    pub(crate) fn today(&self) -> NaiveDate {
        self.clock.today()
    }

    async fn seated(&self, tx: &Tx, whose: Whose<'_>) -> db::Result<Vec<Line>> {
        contacts::seated(tx, whose, self.today()).await
    }

    /// An account on its own: on the side of its first seat, an officer's without one.
    async fn account(&self, tx: &Tx, id: &str) -> db::Result<Option<Line>> {
        match self
            .seated(tx, Whose::Account(id))
            .await?
            .into_iter()
            .next()
        {
            Some(first) => Ok(Some(first)),
            None => contacts::unseated(tx, id).await,
        }
    }
}

#[async_trait]
impl AddressBook for Directory {
    async fn contacts(&self, tx: &Tx, to: Recipient<'_>) -> db::Result<Vec<Contact>> {
        let lines = match to {
            Recipient::Account(id) => self.account(tx, id).await?.into_iter().collect(),
            Recipient::Enterprise(code) => {
                let mut lines = self.seated(tx, Whose::Enterprise(code)).await?;
                lines.retain(reads_for_the_enterprise);
                lines
            }
            Recipient::Role(role) => self.seated(tx, Whose::Role(role)).await?,
            Recipient::Organisation(id) => {
                let mut lines = self.seated(tx, Whose::Organisation(id)).await?;
                lines.retain(works_in_government);
                lines
            }
            Recipient::Address(_) | Recipient::Subscribers => Vec::new(),
        };
        Ok(once_each(lines))
    }

    async fn enterprises(&self, tx: &Tx, after: &str, limit: u64) -> db::Result<Vec<String>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        contacts::enterprises(tx, after, self.today(), limit).await
    }

    async fn mail_of(&self, db: &Database, account: &str) -> db::Result<MailAddress> {
        let found = contacts::mail_of(db.conn(), account).await?;
        Ok(found.map_or_else(MailAddress::default, |row| MailAddress {
            is_verified: !row.email.is_empty() && row.verified.as_ref() == Some(&row.email),
            address: row.email,
        }))
    }

    async fn keep_mail(
        &self,
        tx: &Tx,
        account: &str,
        mail: &str,
        at: DateTime<Utc>,
    ) -> db::Result<()> {
        contacts::keep_mail(tx, account, mail, at).await
    }
}

fn reads_for_the_enterprise(line: &Line) -> bool {
    let role = Rights::shipped().role(&line.role);
    role.is_some_and(|role| role.may().any(|(slug, _)| slug == ENTERPRISE_MESSAGES))
}

fn works_in_government(line: &Line) -> bool {
    let role = Rights::shipped().role(&line.role);
    role.is_some_and(|role| role.side == RoleSide::Government)
}

/// Somebody with two seats gets one message.
fn once_each(lines: Vec<Line>) -> Vec<Contact> {
    let mut found: Vec<Contact> = Vec::new();
    for line in lines {
        if !found.iter().any(|known| known.account == line.id) {
            found.push(contact(line));
        }
    }
    found
}

fn contact(line: Line) -> Contact {
    let written = |c: &char| !" -()".contains(*c);
    let phone: String = line.phone.chars().filter(written).collect();
    Contact {
        account: line.id,
        side: match line.enterprise {
            Some(uscc) => Side::Enterprise { uscc },
            None => Side::Officer,
        },
        mail_verified: line.verified.as_ref() == Some(&line.email),
        mail: Some(line.email).filter(|mail| !mail.is_empty()),
        phone: Some(phone).filter(|phone| !phone.is_empty()),
    }
}
