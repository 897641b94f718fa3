//! The e-mail address of one's own: it counts once a code that was sent there came back.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};
use zhida_platform::access::Viewer;
use zhida_platform::audit;
use zhida_platform::messages::{
    Audience, Channel, EventKind, Field, Message, Recipient, is_mail_address,
};

use super::Inbox;
use crate::actions::OWN;
use crate::error::Error;
use crate::store::{self, MailCheck};

/// How long a code can be typed.
const LIFE: TimeDelta = TimeDelta::minutes(15);
/// How often a code can be typed: one guess in 200,000.
const TRIES_MAX: i64 = 5;
/// Between two codes for one account.
const PAUSE: TimeDelta = TimeDelta::minutes(1);
/// Codes have six digits.
const CODES: u32 = 1_000_000;

/// Carries the code; goes to the address itself and into no inbox.
pub(crate) const CODE: EventKind =
    EventKind::new("messages.code", "邮箱验证码", Audience::Outsiders)
        .urgent()
        .fields(&[Field::new("code", "验证码")])
        .says("邮箱验证码", "您的邮箱验证码是 {验证码}，15 分钟内有效。\n请在“消息”的“接收方式”页面输入。不是您本人操作的，请不要理会。");

impl Inbox {
    /// Sends a code to an address; the address that held so far holds until the code comes back.
    pub(crate) async fn ask_mail(&self, viewer: &Viewer, mail: &str) -> Result<(), Error> {
        viewer.need(OWN)?;
        let account = &viewer.account().ok_or(Error::NotSignedIn)?.to_string();
        let mail = mail.trim();
        if !is_mail_address(mail) || mail.len() > 100 {
            return Err(Error::field(
                "mail",
                "邮箱应写成 name@example.cn，最多 100 个字符",
            ));
        }
        if !self.messages.is_on(Channel::Mail) {
            return Err(Error::NoMail);
        }
        let code = &new_code()?;
        let now = self.clock.now();
        self.db
            .write(|tx| async move {
                if let Some(last) = store::mail_check(&tx, account).await?
                    && now < last.asked_at + PAUSE
                {
                    return Err(Error::TooSoon((last.asked_at + PAUSE - now).num_seconds()));
                }
                let check = MailCheck {
                    mail: mail.to_owned(),
                    digest: digest(account, code),
                    tries: 0,
                    asked_at: now,
                };
                store::set_mail_check(&tx, account, &check).await?;
                let message = Message {
                    event: &CODE,
                    to: Recipient::Address(mail),
                    fields: &[("code", code)],
                    link: Some("/messages/preferences"),
                    subject: ("account", account),
                };
                self.messages.send(&tx, &message).await?;
                let entry = self.entry(viewer, "messages.ask_mail", "account", account);
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }

    /// Takes the code; from now on mail goes to its address.
    pub(crate) async fn confirm_mail(&self, viewer: &Viewer, code: &str) -> Result<(), Error> {
        viewer.need(OWN)?;
        let account = &viewer.account().ok_or(Error::NotSignedIn)?.to_string();
        let now = self.clock.now();
        let digest = &digest(account, code.trim());
        let done = self
            .db
            .write(|tx| async move {
                let check = store::take_try(&tx, account).await?;
                let check = check.filter(|check| {
                    let open = check.tries <= TRIES_MAX && now < check.asked_at + LIFE;
                    open && check.digest == *digest
                });
                let Some(check) = check else {
                    return Ok(false);
                };
                self.messages.keep_mail(&tx, account, &check.mail).await?;
                store::drop_mail_check(&tx, account).await?;
                let entry = self
                    .entry(viewer, "messages.confirm_mail", "account", account)
                    .detail(json!({ "verified": true }));
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(true)
            })
            .await?;
        match done {
            true => Ok(()),
            false => Err(Error::Code),
        }
    }
}

/// Whether the code can still be typed: it is young, and tries are left.
pub(super) fn is_open(check: &MailCheck, now: DateTime<Utc>) -> bool {
    check.tries < TRIES_MAX && now < check.asked_at + LIFE
}

fn new_code() -> Result<String, Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|_| Error::field("mail", "系统随机数不可用，请稍后再试"))?;
    // of 64 bits the remainder is as good as even
    let number = u64::from_le_bytes(bytes) % u64::from(CODES);
    Ok(format!("{number:06}"))
}

fn digest(account: &str, code: &str) -> String {
    let digest = Sha256::digest(format!("{account}:{code}"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
