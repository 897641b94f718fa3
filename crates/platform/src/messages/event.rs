use crate::vocabulary;

vocabulary! {
    /// How a message reaches somebody beside the inbox, which always has it; in the order of a settings page.
    #[schema(as = MessageChannel)]
    Channel {
        /// What everybody has.
        Inbox = "inbox", "站内信";
        /// To an address that came back with a code.
        Mail = "mail", "邮件";
        /// By the gateway of the settings.
        Sms = "sms", "短信";
        /// To an endpoint.
        Webhook = "webhook", "接口推送";
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

impl Field {
    /// A field by its English and its Chinese name.
    #[must_use]
    pub const fn new(name: &'static str, label: &'static str) -> Self {
        Self { name, label }
    }
}

/// Something that people are told of; a constant of the room that tells it, which lists all of them as its `EVENTS`.
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
    /// An event that may wait and goes out by mail; the methods that follow say what differs.
    ///
    /// ```
    /// use zhida_platform::messages::{Audience, EventKind, Field};
    ///
    /// pub const PUBLISHED: EventKind =
    ///     EventKind::new("policies.published", "新政策发布", Audience::Enterprises)
    ///         .fields(&[Field::new("item", "事项名称")])
    ///         .says("新政策：{事项名称}", "《{事项名称}》已发布，贵单位可能符合条件。");
    /// ```
    #[must_use]
    pub const fn new(slug: &'static str, name: &'static str, audience: Audience) -> Self {
        Self {
            slug,
            name,
            audience,
            urgency: Urgency::Normal,
            channels: &[Channel::Mail],
            fields: &[],
            title: name,
            body: "",
            sms: "",
        }
    }

    /// The same, going out at once.
    #[must_use]
    pub const fn urgent(mut self) -> Self {
        self.urgency = Urgency::Urgent;
        self
    }

    /// The same, going out at once whatever somebody chooses.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.urgency = Urgency::Required;
        self
    }

    /// The channels that push it unless somebody chooses otherwise, instead of mail alone.
    #[must_use]
    pub const fn channels(mut self, channels: &'static [Channel]) -> Self {
        self.channels = channels;
        self
    }

    /// What its templates may name.
    #[must_use]
    pub const fn fields(mut self, fields: &'static [Field]) -> Self {
        self.fields = fields;
        self
    }

    /// Title (one line) and body.
    #[must_use]
    pub const fn says(mut self, title: &'static str, body: &'static str) -> Self {
        self.title = title;
        self.body = body;
        self
    }

    /// The text message, instead of the title.
    #[must_use]
    pub const fn sms(mut self, sms: &'static str) -> Self {
        self.sms = sms;
        self
    }

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
pub const WEBHOOK_OFF: EventKind =
    EventKind::new("platform.webhook-off", "接口推送被停用", Audience::Everyone)
        .urgent()
        .fields(&[Field::new("url", "推送地址"), Field::new("reason", "原因")])
        .says(
            "接口推送已停用",
            "推送地址 {推送地址} 已停用：{原因}。\n未送达的消息仍按顺序保留。修复后由系统管理员在“接口推送”页面重新启用，系统会从断开处继续推送。",
        );
