//! Whether mail arrives: what the address book knows, and what mail servers have answered of late.
//!
//! An address is taken for refused from a final answer that names it (`550`, `5.1.x`) until a server takes a mail for it
//! again; each new message is tried once, so that a mistake of a mail server mends itself. What comes back later as a
//! mail of its own (退信) is not read.

use chrono::{DateTime, Utc};

use super::book::Recipient;
use super::{Messages, store};
use crate::db::{self, ConnectionTrait, Tx};

/// That an address was refused, and nothing has been taken for it since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What the mail server said.
    pub why: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// How many people stand behind a recipient, and how many of them mail reaches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reached {
    /// All of them.
    pub people: usize,
    /// Without a verified address.
    pub unverified: usize,
    /// With an address that refuses mail.
    pub refused: usize,
}

impl Reached {
    /// What is missing, in a sentence for those who write to an enterprise; `None` when mail reaches everybody.
    #[must_use]
    pub fn lacks(self) -> Option<String> {
        let Self {
            people,
            unverified,
            refused,
        } = self;
        if people == 0 {
            return Some(
                "还没有人代表这家企业使用本系统，消息暂时没有人看到，请另外联系".to_owned(),
            );
        }
        let lacks = [(unverified, "没有验证过的邮箱"), (refused, "邮箱拒收邮件")];
        let lacks: Vec<String> = lacks
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, words)| format!("{count} 人{words}"))
            .collect();
        (!lacks.is_empty()).then(|| {
            let lacks = lacks.join("，");
            format!("企业 {people} 人接收消息，其中 {lacks}；他们要登录后才看得到消息")
        })
    }
}

impl Reached {
    /// The same of one person, whom an office calls so: 诉求人.
    #[must_use]
    pub fn lacks_of(self, person: &str) -> Option<String> {
        let why = match self {
            Self { people: 0, .. } => {
                return Some(format!("{person}的账号已停用，不会收到消息，请另外联系"));
            }
            Self {
                unverified: 1.., ..
            } => "没有验证过的邮箱",
            Self { refused: 1.., .. } => "的邮箱拒收邮件",
            Self { .. } => return None,
        };
        Some(format!("{person}{why}，要登录后才看得到消息"))
    }
}

impl Messages {
    /// Whether the address refuses mail, by what was sent there last.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn refusal(
        &self,
        conn: &impl ConnectionTrait,
        address: &str,
    ) -> db::Result<Option<Refusal>> {
        let found = store::refusals(conn, &[address]).await?;
        Ok(found.into_iter().next().map(|(_, refusal)| refusal))
    }

    /// How mail reaches those who stand behind a recipient.
    ///
    /// # Errors
    /// When a statement fails.
    pub async fn reached(&self, tx: &Tx, to: Recipient<'_>) -> db::Result<Reached> {
        let contacts = self.inner.book.contacts(tx, to).await?;
        let verified: Vec<&str> = contacts
            .iter()
            .filter(|contact| contact.mail_verified)
            .filter_map(|contact| contact.mail.as_deref())
            .collect();
        let refusals = store::refusals(tx, &verified).await?;
        let is_refused = |address: &&&str| refusals.iter().any(|(refused, _)| refused == **address);
        Ok(Reached {
            people: contacts.len(),
            unverified: contacts.len() - verified.len(),
            refused: verified.iter().filter(is_refused).count(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_mail_does_not_reach_is_said() {
        let said = |people, unverified, refused| {
            let reached = Reached {
                people,
                unverified,
                refused,
            };
            reached.lacks().unwrap_or_default()
        };
        assert_eq!(said(2, 0, 0), "");
        assert!(said(0, 0, 0).starts_with("还没有人代表这家企业"));
        assert_eq!(
            said(3, 1, 1),
            "企业 3 人接收消息，其中 1 人没有验证过的邮箱，1 人邮箱拒收邮件；他们要登录后才看得到消息"
        );
        assert!(said(1, 0, 1).contains("其中 1 人邮箱拒收邮件；"));
        for (people, unverified, refused, words) in [
            (1, 0, 0, None),
            (
                1,
                1,
                0,
                Some("诉求人没有验证过的邮箱，要登录后才看得到消息"),
            ),
            (1, 0, 1, Some("诉求人的邮箱拒收邮件，要登录后才看得到消息")),
            (
                0,
                0,
                0,
                Some("诉求人的账号已停用，不会收到消息，请另外联系"),
            ),
        ] {
            let reached = Reached {
                people,
                unverified,
                refused,
            };
            assert_eq!(reached.lacks_of("诉求人").as_deref(), words);
        }
    }
}
