/// How a message reaches somebody beside the inbox, which always has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// 站内信
    Inbox,
    /// 邮件
    Mail,
    /// 短信
    Sms,
    /// 接口推送
    Webhook,
}

impl Channel {
    /// All, in the order of a settings page.
    pub const ALL: [Self; 4] = [Self::Inbox, Self::Mail, Self::Sms, Self::Webhook];

    /// Stable name in the database and in forms.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Mail => "mail",
            Self::Sms => "sms",
            Self::Webhook => "webhook",
        }
    }

    /// Chinese name.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Inbox => "站内信",
            Self::Mail => "邮件",
            Self::Sms => "短信",
            Self::Webhook => "接口推送",
        }
    }

    /// The channel of this name.
    #[must_use]
    pub fn of_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.slug() == slug)
    }
}

/// Whom an event is meant for: who finds it among their preferences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// 工作人员
    Officers,
    /// 企业
    Enterprises,
    /// Both.
    Everyone,
    /// Whoever has an e-mail address and no account yet, or a code to type:
    /// nobody chooses about it.
    Outsiders,
    /// Other systems, by webhooks only.
    Systems,
}

/// Whether a message may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Urgency {
    /// It may go into a digest, and counts towards the enterprise's daily cap.
    Normal,
    /// It goes out at once and is never capped (a deadline, a sign-in code).
    Urgent,
    /// As urgent, and nobody can switch its channels off: it tells somebody
    /// that the own account was touched.
    Required,
}

/// A named part of an event's templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Field {
    /// English name, in code and in webhooks.
    pub name: &'static str,
    /// Chinese name, as templates write it: `{事项名称}`.
    pub label: &'static str,
}

/// Something that people are told of; a constant of the room that tells it.
///
/// Templates are plain text with fields in braces; a brace itself is written
/// twice. They hold for all channels until an administrator writes others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventKind {
    /// Stable slug `room.event`, for instance `policies.published`.
    pub slug: &'static str,
    /// Chinese name, as a preferences page shows it.
    pub name: &'static str,
    /// Whom it is for.
    pub audience: Audience,
    /// Whether it may wait.
    pub urgency: Urgency,
    /// The channels that push it unless somebody chooses otherwise; of
    /// [`Channel::Mail`] and [`Channel::Sms`].
    pub channels: &'static [Channel],
    /// What its templates may name.
    pub fields: &'static [Field],
    /// One line.
    pub title: &'static str,
    /// Some paragraphs.
    pub body: &'static str,
    /// The text message; empty: the title.
    pub sms: &'static str,
}

impl EventKind {
    /// The template that holds when nobody has written another.
    #[must_use]
    pub fn default_template(&self, channel: Channel) -> (&'static str, &'static str) {
        match channel {
            Channel::Sms if !self.sms.is_empty() => ("", self.sms),
            Channel::Sms => ("", self.title),
            _ => (self.title, self.body),
        }
    }

    /// Whether nobody can choose how the channel brings it.
    #[must_use]
    pub fn is_required(&self, channel: Channel) -> bool {
        self.urgency == Urgency::Required && self.channels.contains(&channel)
    }
}

/// Told to the owner of an endpoint that is switched off.
pub const WEBHOOK_OFF: EventKind = EventKind {
    slug: "platform.webhook-off",
    name: "接口推送被停用",
    audience: Audience::Everyone,
    urgency: Urgency::Urgent,
    channels: &[Channel::Mail],
    fields: &[
        Field {
            name: "url",
            label: "推送地址",
        },
        Field {
            name: "reason",
            label: "原因",
        },
    ],
    title: "接口推送已停用",
    body: "推送地址 {推送地址} 已停用：{原因}。\n未送达的消息仍按顺序保留。修复后由系统管理员在“接口推送”页面重新启用，系统会从断开处继续推送。",
    sms: "",
};
