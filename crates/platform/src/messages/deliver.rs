use chrono::TimeDelta;

use super::delivery::{NO_MAIL, NO_SMS};
use super::event::{Channel, Urgency};
use super::mail::Mail;
use super::plan::pause;
use super::sms::Sms;
use super::store::{self, Held, Lease, Outcome, Which};
use super::{MessageError, Messages, SendError, unsubscribe};
use crate::clock::{instant_text, to_shanghai};
use crate::db::{self, Database, Tx};
use crate::seal::Sealer;

/// How long a server keeps what it sends; longer than any time-out of a mail
/// server, a gateway or an endpoint, which the settings limit.
pub(super) const LEASE: TimeDelta = TimeDelta::minutes(5);
/// Tries to find out whether another server took what we wanted, or nothing is due.
const MISSES_MAX: u32 = 3;
/// Messages that a digest lists; of the others it says how many.
const DIGEST_LINES: usize = 100;
/// Titles that a text message names.
const SMS_TITLES: usize = 3;
const FOOTER: &str =
    "——\n这是系统自动发出的邮件，请勿回复。接收方式可在本系统“消息”的“接收方式”页面修改。";
/// Where the link that switches mails of a kind off begins.
const UNSUBSCRIBE: &str = "/messages/off/";
/// Kinds of messages that one link switches off: a line of a mail's head holds no more.
const KINDS_MAX: usize = 12;

/// What a run of [`Messages::deliver_due`] has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeliverReport {
    /// Deliveries handed over, those in digests counted one by one.
    pub sent: u64,
    /// Digests among them.
    pub digests: u64,
    /// Failed, to be tried again.
    pub postponed: u64,
    /// Failed for good.
    pub given_up: u64,
}

/// What a run looks for, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// Single deliveries of what must not wait.
    Urgent,
    /// Single deliveries.
    Single,
    Digest,
}

/// What a server took.
enum Claim {
    /// A delivery, or a digest of several.
    Held(Vec<Held>),
    /// A mail, which has to wait for the next minute.
    Full,
    Nothing,
}

impl Messages {
    /// Delivers what is due: at most `rounds_max` mails and text messages, as
    /// many urgent ones, as many digests, and some events of as many endpoints. Safe to run on
    /// several servers at once.
    ///
    /// # Errors
    /// When the database fails. A delivery that fails is no error: it is noted
    /// and tried again.
    pub async fn deliver_due(
        &self,
        db: &Database,
        rounds_max: u64,
    ) -> Result<DeliverReport, MessageError> {
        let mut report = DeliverReport::default();
        let mut no_mail = false;
        for pass in self.passes() {
            let mut misses = 0;
            for _ in 0..rounds_max {
                let claim = db
                    .write(|tx| async move { self.claim(&tx, *pass, no_mail).await })
                    .await?;
                match claim {
                    Claim::Held(held) => {
                        misses = 0;
                        report.digests += u64::from(*pass == Pass::Digest);
                        self.deliver(db, &held, &mut report).await?;
                    }
                    // text messages go on
                    Claim::Full => no_mail = true,
                    // another server may have taken the one we saw
                    Claim::Nothing => misses += 1,
                }
                if misses == MISSES_MAX {
                    break;
                }
            }
        }
        self.deliver_webhooks(db, rounds_max, &mut report).await?;
        Ok(report)
    }

    /// Takes the next delivery or digest. A mail is counted in the transaction that takes it: servers that share the
    /// database share the minute.
    async fn claim(&self, tx: &Tx, pass: Pass, no_mail: bool) -> db::Result<Claim> {
        let lease = &self.lease();
        let urgent = self.events().filter(|one| one.urgency != Urgency::Normal);
        let urgent: Vec<&str> = urgent.map(|one| one.slug).collect();
        let events: &[&str] = match pass {
            Pass::Urgent => &urgent,
            Pass::Single | Pass::Digest => &[],
        };
        let which = Which { no_mail, events };
        let held = match pass {
            Pass::Digest => store::claim_digest(tx, lease, which).await?,
            Pass::Urgent | Pass::Single => {
                let held = store::claim_one(tx, lease, which).await?;
                held.into_iter().collect()
            }
        };
        let Some(first) = held.first() else {
            return Ok(Claim::Nothing);
        };
        let most = self.inner.mails_per_minute;
        let free = most == 0 || first.channel != Channel::Mail.slug();
        if free || store::take_mail(tx, lease.now, most).await? {
            return Ok(Claim::Held(held));
        }
        let ids: Vec<&str> = held.iter().map(|held| held.id.as_str()).collect();
        store::give_back(tx, &ids, lease.owner).await?;
        Ok(Claim::Full)
    }

    /// Where mails have to wait for each other, what is urgent goes first: a code would be too old at the end of the queue.
    fn passes(&self) -> &'static [Pass] {
        match self.inner.mails_per_minute {
            0 => &[Pass::Single, Pass::Digest],
            _ => &[Pass::Urgent, Pass::Single, Pass::Digest],
        }
    }

    pub(super) fn lease(&self) -> Lease<'_> {
        let now = self.now();
        Lease {
            owner: &self.inner.owner,
            now,
            until: now + LEASE,
        }
    }

    /// Hands over one delivery, or a digest of several, and notes what came of it.
    async fn deliver(
        &self,
        db: &Database,
        held: &[Held],
        report: &mut DeliverReport,
    ) -> Result<(), MessageError> {
        let outcome = match self.hand_over(db.sealer(), held).await {
            Ok(()) => Outcome::Sent,
            Err(error) => self.after(held, error),
        };
        let count = held.len() as u64;
        match &outcome {
            Outcome::Sent => report.sent += count,
            Outcome::Later { why, .. } => {
                report.postponed += count;
                tracing::warn!(deliveries = count, why, "消息没有送出，稍后再试");
            }
            Outcome::GivenUp { why } | Outcome::Refused { why } => {
                report.given_up += count;
                tracing::warn!(deliveries = count, why, "消息没有送出，已放弃");
            }
        }
        let ids: Vec<&str> = held.iter().map(|held| held.id.as_str()).collect();
        let (ids, outcome, owner, now) = (&ids, &outcome, &self.inner.owner, self.now());
        let settled = db
            .write(|tx| async move { store::settle(&tx, ids, owner, outcome, now).await })
            .await?;
        if settled < count {
            tracing::warn!(lost = count - settled, "发送时间超过租期，结果没有记下");
        }
        Ok(())
    }

    fn after(&self, held: &[Held], error: SendError) -> Outcome {
        if error.is_of_address {
            return Outcome::Refused { why: error.why };
        }
        let most = i64::try_from(self.inner.messages.attempts_max).unwrap_or(i64::MAX);
        let attempts = held.iter().map(|held| held.attempts).max().unwrap_or(1);
        // what has just joined a digest has not been tried as often as the rest
        let all_tried = held.iter().all(|held| held.attempts >= most);
        match error.is_final || all_tried {
            true => Outcome::GivenUp { why: error.why },
            false => Outcome::Later {
                why: error.why,
                at: self.now() + pause(attempts),
            },
        }
    }

    async fn hand_over(&self, sealer: &Sealer, held: &[Held]) -> Result<(), SendError> {
        let Some(first) = held.first() else {
            return Ok(());
        };
        if first.channel == Channel::Sms.slug() {
            let gateway = self.inner.sms.as_ref();
            let gateway = gateway.ok_or_else(|| SendError::later(NO_SMS))?;
            return gateway.send(&self.sms_of(first, held)).await;
        }
        let mailer = self.inner.mailer.as_ref();
        let mailer = mailer.ok_or_else(|| SendError::later(NO_MAIL))?;
        mailer.send(&self.mail_for(sealer, first, held)).await
    }

    fn mail_for(&self, sealer: &Sealer, first: &Held, held: &[Held]) -> Mail {
        let unsubscribe = self.unsubscribe(sealer, held);
        let link = unsubscribe.as_deref();
        let (title, text) = match held {
            [one] => (one.title.clone(), self.letter(one, link)),
            _ => (self.digest_title(held.len()), self.digest(held, link)),
        };
        let id = match held.len() {
            1 => first.id.clone(),
            // a digest that grows before it is sent again is another mail
            count => format!("{}-{count}", first.id),
        };
        Mail {
            id,
            to: first.address.clone(),
            title,
            text,
            unsubscribe,
            at: self.now(),
        }
    }

    /// The link that switches mails of these kinds off; `None` for what cannot be switched off, and for more kinds than
    /// a link holds.
    fn unsubscribe(&self, sealer: &Sealer, held: &[Held]) -> Option<String> {
        let account = held.first()?.account.as_str();
        let one_person = !account.is_empty() && held.iter().all(|one| one.account == account);
        let mut kinds: Vec<&str> = held.iter().map(|one| one.event.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let can_choose = |kind: &&str| {
            let event = self.named(kind);
            event.is_ok_and(|event| !event.is_required(Channel::Mail))
        };
        let all = one_person && kinds.len() <= KINDS_MAX && kinds.iter().all(can_choose);
        let token = all.then(|| unsubscribe::token(sealer, account, &kinds));
        self.absolute(&format!("{UNSUBSCRIBE}{}", token.flatten()?))
    }

    fn letter(&self, one: &Held, unsubscribe: Option<&str>) -> String {
        let mut text = one.body.clone();
        if let Some(link) = self.absolute(&one.link) {
            text.push_str(&format!("\n\n查看详情：{link}"));
        }
        text.push_str(&format!("\n\n{FOOTER}\n"));
        if let Some(link) = unsubscribe {
            text.push_str(&format!("不再接收这类邮件：{link}\n"));
        }
        text
    }

    fn digest_title(&self, count: usize) -> String {
        let today = to_shanghai(self.now()).format("%-m月%-d日");
        format!("{today}消息汇总：{count} 条")
    }

    fn digest(&self, held: &[Held], unsubscribe: Option<&str>) -> String {
        let mut text = String::new();
        for (at, one) in held.iter().take(DIGEST_LINES).enumerate() {
            text.push_str(&format!("{}. {}\n", at + 1, one.title));
            if let Some(link) = self.absolute(&one.link) {
                text.push_str(&format!("   {link}\n"));
            }
        }
        if held.len() > DIGEST_LINES {
            let rest = held.len() - DIGEST_LINES;
            text.push_str(&format!("另有 {rest} 条，请登录系统在“消息”查看。\n"));
        }
        text.push_str(&format!("\n{FOOTER}\n"));
        if let Some(link) = unsubscribe {
            text.push_str(&format!("不再接收这几类邮件：{link}\n"));
        }
        text
    }

    fn sms_of(&self, first: &Held, held: &[Held]) -> Sms {
        let text = match held {
            [one] => one.body.clone(),
            _ => {
                let titles: Vec<&str> = held
                    .iter()
                    .take(SMS_TITLES)
                    .map(|one| one.body.as_str())
                    .collect();
                let count = held.len();
                format!(
                    "您有 {count} 条新消息：{}等，请登录系统查看",
                    titles.join("；")
                )
            }
        };
        let at = instant_text(self.now());
        Sms {
            id: first.id.clone(),
            phone: first.address.clone(),
            text,
            at,
        }
    }

    fn absolute(&self, link: &str) -> Option<String> {
        let site = self.inner.messages.site_url.trim_end_matches('/');
        (!link.is_empty() && !site.is_empty()).then(|| format!("{site}{link}"))
    }
}
