use chrono::{DateTime, Utc};
use sea_orm::prelude::async_trait::async_trait;

use crate::db::{self, Database, Tx};

/// Whom a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipient<'a> {
    /// One account, by its id.
    Account(&'a str),
    /// An enterprise, by its 统一社会信用代码: whoever acts for it, now and
    /// later; the inbox belongs to the enterprise, not to the person.
    Enterprise(&'a str),
    /// An e-mail address that belongs to no account yet (an invitation, a
    /// check of the address); no inbox, no preferences, no webhooks.
    Address(&'a str),
    /// Whoever holds a role of `data/rights.toml` today, wherever; the inbox
    /// belongs to the role. For the few who run the program.
    Role(&'a str),
    /// A government body, by its id: whoever works there today, the platform's administrators left out; the inbox
    /// belongs to the body.
    Organisation(&'a str),
    /// Nobody in particular: the endpoints that are subscribed to all events
    /// of the kind.
    Subscribers,
}

impl<'a> Recipient<'a> {
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::Enterprise(_) => "enterprise",
            Self::Address(_) => "address",
            Self::Role(_) => "role",
            Self::Organisation(_) => "organisation",
            Self::Subscribers => "subscribers",
        }
    }

    pub(super) fn id(self) -> &'a str {
        match self {
            Self::Account(id)
            | Self::Enterprise(id)
            | Self::Address(id)
            | Self::Role(id)
            | Self::Organisation(id) => id,
            Self::Subscribers => "",
        }
    }
}

/// On whose side somebody stands; decides what they get by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// 工作人员: a daily digest, unless something is urgent.
    Officer,
    /// 企业: at once, within the enterprise's daily cap.
    Enterprise {
        /// 统一社会信用代码
        uscc: String,
    },
}

/// One person that a recipient stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The account's id.
    pub account: String,
    /// The side.
    pub side: Side,
    /// E-mail address, if known.
    pub mail: Option<String>,
    /// Whether the person has shown to read mail at that address; nothing is
    /// sent to other addresses.
    pub mail_verified: bool,
    /// Mobile phone, if known. No event pushes there unless the person chooses.
    pub phone: Option<String>,
}

/// The e-mail address of an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MailAddress {
    /// The address; empty when there is none.
    pub address: String,
    /// Whether the person has shown to read mail there.
    pub is_verified: bool,
}

/// Knows who stands behind a recipient: written over `platform::access`, which
/// knows accounts, roles and their periods.
#[async_trait]
pub trait AddressBook: Send + Sync + std::fmt::Debug {
    /// The people who get what is sent to this account, enterprise, role or body
    /// today; at most some hundred. Nobody is fine: the message waits in the
    /// inbox.
    async fn contacts(&self, tx: &Tx, to: Recipient<'_>) -> db::Result<Vec<Contact>>;

    /// 统一社会信用代码 of the enterprises that somebody acts for today, in
    /// ascending order, those after `after`, at most `limit`.
    async fn enterprises(&self, tx: &Tx, after: &str, limit: u64) -> db::Result<Vec<String>>;

    /// The e-mail address of an account; empty when there is none.
    async fn mail_of(&self, db: &Database, account: &str) -> db::Result<MailAddress>;

    /// Keeps an address that the account's holder has shown to read.
    async fn keep_mail(
        &self,
        tx: &Tx,
        account: &str,
        mail: &str,
        at: DateTime<Utc>,
    ) -> db::Result<()>;
}

/// Whether mail can be sent there: one plain address, nothing else that a
/// header could be made of.
#[must_use]
pub fn is_mail_address(address: &str) -> bool {
    address.len() <= 254
        && super::template::is_one_line(address)
        && address.parse::<lettre::Address>().is_ok()
}

/// 11 digits of China, or an international number with its `+`.
pub(super) fn is_phone(phone: &str) -> bool {
    let digits = phone.strip_prefix('+').unwrap_or(phone);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let mobile = digits.len() == 11 && digits.starts_with('1');
    plain && (mobile || phone.starts_with('+') && (7..=15).contains(&digits.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked() {
        for (address, good) in [
            ("a@example.gov.cn", true),
            ("经办@例子.中国", true),
            ("a@example.gov.cn\r\nBcc: b@c.cn", false),
            ("a@example.gov.cn, b@c.cn", false),
            ("<a@example.gov.cn>", false),
            ("a", false),
            ("", false),
        ] {
            assert_eq!(is_mail_address(address), good, "{address:?}");
        }
        for (phone, good) in [
            ("13800138000", true),
            ("+8613800138000", true),
            ("1380013800", false),
            ("23800138000", false),
            ("13800138000\n", false),
            ("+1", false),
        ] {
            assert_eq!(is_phone(phone), good, "{phone:?}");
        }
    }
}
