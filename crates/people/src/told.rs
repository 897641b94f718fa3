//! What people are told of their accounts. No message names anybody or holds a password or code: it says what
//! happened and where to look.

use uuid::Uuid;
use zhida_platform::access::Origin;
use zhida_platform::db::Tx;
use zhida_platform::format::datetime_zh;
use zhida_platform::messages::{Audience, EventKind, Field, Message, Recipient, is_mail_address};
use zhida_platform::problem::Problem;

use crate::error::Error;
use crate::model::Invitation;
use crate::secret::digest;
use crate::service::People;
use crate::store;

const AT: Field = Field::new("at", "时间");

/// An administrator reset the password.
pub(crate) const PASSWORD_RESET: EventKind =
    EventKind::new("people.password-reset", "密码被重置", Audience::Everyone)
        .required()
        .fields(&[AT])
        .says("您的密码已被重置", "管理员在 {时间} 重置了您的密码，原来的登录都已退出。新的初始密码由管理员当面或电话告知，首次登录要修改；关联了统一身份的，关联不变。\n\
           如果您没有要求重置，请立即联系本单位的系统管理员。");
/// An administrator took the second factor off.
pub(crate) const FACTOR_RESET: EventKind =
    EventKind::new("people.factor-reset", "第二因素被重置", Audience::Everyone)
        .required()
        .fields(&[AT])
        .says(
            "您的第二因素已被重置",
            "安全管理员在 {时间} 重置了您的第二因素（手机验证码），下次登录要重新设置。\n\
           如果您没有要求重置，请立即联系安全管理员。",
        );
/// Somebody signed in from a kind of browser that the account had not used.
pub(crate) const NEW_DEVICE: EventKind =
    EventKind::new("people.new-device", "新设备登录", Audience::Everyone)
        .required()
        .fields(&[AT])
        .says(
            "您的账号在新的设备或浏览器上登录",
            "您的账号在 {时间} 从没有用过的设备或浏览器登录。\n\
           不是您本人的，请到“我的账号”结束其他会话并修改密码，再联系系统管理员。",
        );
/// An administrator named whom an identity provider will vouch for, or somebody signed in linked the account.
pub(crate) const IDENTITY_LINKED: EventKind =
    EventKind::new("people.identity-linked", "关联统一身份", Audience::Everyone)
        .required()
        .fields(&[AT])
        .says(
            "您的账号关联了统一身份",
            "您的账号在 {时间} 关联了统一身份，以后可以用它登录。\n\
           如果不是您本人关联、也没有请管理员关联，请到“我的账号”解除，再联系本单位的系统管理员。",
        );
/// Sent to the address that the inviter wrote; the code itself is handed over another way.
pub(crate) const INVITED: EventKind = EventKind::new(
    "people.invited",
    "任职邀请",
    Audience::Outsiders,
)
.urgent()
.fields(&[
    Field::new("place", "单位"),
    Field::new("role", "角色"),
    Field::new("until", "有效期至"),
])
.says(
    "{单位}邀请您使用惠企直达平台",
    "{单位}邀请您担任“{角色}”。请向邀请您的人索取邀请码，打开下面的页面输入，{有效期至} 前有效。\n\
           邀请码不会写在邮件里。不认识这个单位的，请不要理会。",
);

/// What the room tells.
pub const EVENTS: &[&EventKind] = &[
    &PASSWORD_RESET,
    &FACTOR_RESET,
    &NEW_DEVICE,
    &IDENTITY_LINKED,
    &INVITED,
];

impl People {
    /// Tells somebody what was done to the own account.
    pub(crate) async fn tell(
        &self,
        tx: &Tx,
        account: Uuid,
        event: &'static EventKind,
    ) -> Result<(), Error> {
        let Some(messages) = &self.messages else {
            return Ok(());
        };
        let (account, at) = (account.to_string(), datetime_zh(self.now()));
        let message = Message {
            event,
            to: Recipient::Account(&account),
            fields: &[("at", &at)],
            link: Some("/account"),
            subject: ("account", &account),
        };
        messages.send(tx, &message).await.map_err(Problem::from)?;
        Ok(())
    }

    /// Remembers the kind of browser of a sign-in, and tells its account when it is a new one; the very first
    /// is no news.
    pub(crate) async fn note_device(
        &self,
        tx: &Tx,
        account: Uuid,
        origin: &Origin,
    ) -> Result<(), Error> {
        // a browser's next version is no other device
        let kind: String = origin
            .agent
            .chars()
            .filter(|c| !c.is_ascii_digit() && *c != '.')
            .collect();
        let kind = digest(&kind);
        match store::contacts::remember_device(tx, account, &kind, self.now()).await? {
            true => self.tell(tx, account, &NEW_DEVICE).await,
            false => Ok(()),
        }
    }

    /// Writes to whom an invitation is meant for, if the inviter wrote an e-mail address.
    pub(crate) async fn tell_invited(&self, tx: &Tx, invitation: &Invitation) -> Result<(), Error> {
        let address = invitation.invitee.as_str();
        let Some(messages) = self.messages.as_ref().filter(|_| is_mail_address(address)) else {
            return Ok(());
        };
        let until = datetime_zh(invitation.expires_at);
        let message = Message {
            event: &INVITED,
            to: Recipient::Address(address),
            fields: &[
                ("place", invitation.place.name()),
                ("role", invitation.role_name()),
                ("until", &until),
            ],
            link: Some("/invitations/accept"),
            subject: ("invitation", &invitation.id.to_string()),
        };
        messages.send(tx, &message).await.map_err(Problem::from)?;
        Ok(())
    }
}
