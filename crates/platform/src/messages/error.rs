use super::event::Field;
use crate::db;
use crate::problem::Problem;
use crate::seal::SealError;

/// Why a message is not sent, or a setting of messages not kept.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// A kind of event that was not declared when the program started.
    #[error("消息种类「{0}」没有登记：请加进程序启动时登记的消息种类")]
    UnknownEvent(String),
    /// Two kinds of the same slug.
    #[error("消息种类「{0}」登记了两次：请给其中一个另取名字")]
    EventTwice(String),
    /// A declared template is wrong, or one that an administrator writes.
    #[error("消息「{event}」的模板不能用：{fault}")]
    Template {
        /// The event's name.
        event: String,
        /// What is wrong.
        fault: String,
    },
    /// A field of the template was not given.
    #[error("消息「{event}」缺少字段「{}」（{}）", .field.label, .field.name)]
    FieldMissing {
        /// The event's name.
        event: String,
        /// The field.
        field: Field,
    },
    /// A field was given that the event does not declare.
    #[error("消息「{event}」没有字段「{field}」")]
    FieldUnknown {
        /// The event's name.
        event: String,
        /// What was given.
        field: String,
    },
    /// A line break or another control character where one line is needed.
    #[error("{what}里有换行或控制字符，不能发送：请删去后重试")]
    ControlCharacter {
        /// Where.
        what: String,
    },
    /// Longer than the channel takes.
    #[error("{what}有 {chars} 个字，超过 {chars_max} 个字：请缩短")]
    TooLong {
        /// What.
        what: String,
        /// Its characters.
        chars: usize,
        /// The limit.
        chars_max: usize,
    },
    /// Not one plain e-mail address.
    #[error("「{address}」不是一个邮箱地址：请检查后重新填写")]
    Address {
        /// What was given; control characters shown as escapes.
        address: String,
    },
    /// A link that leaves this site.
    #[error("链接「{link}」不是本系统内的路径：请以一个 / 开头")]
    Link {
        /// What was given.
        link: String,
    },
    /// An endpoint of webhooks that cannot be used.
    #[error("推送地址不能用：{0}")]
    Endpoint(String),
    /// A choice that nobody has: the event tells of the own account.
    #[error("“{0}”关系到账号安全，不能改为汇总或关闭")]
    Required(String),
    /// A choice that does not exist.
    #[error("没有找到{0}")]
    NotFound(String),
    /// The settings cannot be used.
    #[error("消息的设置不能用：{0}")]
    Settings(String),
    /// The secret of an endpoint cannot be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The database refused.
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl From<MessageError> for Problem {
    fn from(error: MessageError) -> Self {
        match error {
            MessageError::Template { .. }
            | MessageError::ControlCharacter { .. }
            | MessageError::TooLong { .. }
            | MessageError::Address { .. }
            | MessageError::Required(_)
            | MessageError::Endpoint(_) => Self::bad_input(error.to_string()),
            MessageError::NotFound(what) => Self::not_found(what),
            // a defect of the program or of its settings
            MessageError::UnknownEvent(_)
            | MessageError::EventTwice(_)
            | MessageError::FieldMissing { .. }
            | MessageError::FieldUnknown { .. }
            | MessageError::Link { .. }
            | MessageError::Settings(_)
            | MessageError::Seal(_)
            | MessageError::Database(_) => Self::internal(error),
        }
    }
}
