use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{FILES_MAX, ThreadError, WORDS_MAX};
use crate::access::Viewer;
use crate::files::{FileRecord, Received};
use crate::vocabulary;

/// What a thread is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About<'a> {
    /// The room.
    pub room: &'static str,
    /// Id of its subject.
    pub id: &'a str,
}

vocabulary! {
    /// 哪一方：enterprise 企业（诉求里是诉求人）、office 部门。
    #[schema(as = ThreadSide)]
    Side {
        /// Its people and agencies; of an appeal whoever made it.
        Enterprise = "enterprise", "企业";
        /// Whoever has a seat in a body.
        Office = "office", "部门";
    }
}

impl Side {
    /// The side of whoever made a request: a seat in an enterprise, or a mandate of one, is its side.
    #[must_use]
    pub fn of(viewer: &Viewer) -> Self {
        let enterprise = viewer.seat().and_then(|seat| seat.enterprise.as_ref());
        match enterprise {
            Some(_) => Self::Enterprise,
            None => Self::Office,
        }
    }
}

/// What is to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewEntry<'a> {
    /// The words; may be empty when there are files.
    pub text: &'a str,
    /// Files that were received.
    pub files: &'a [Received],
    /// Whether it is a remark 内部备注 that only the office reads.
    pub is_internal: bool,
    /// Whether the office asks the enterprise for an answer; of the enterprise's own entries it says nothing.
    pub wants_reply: bool,
}

impl<'a> NewEntry<'a> {
    /// A message that both sides read and that asks for no answer.
    #[must_use]
    pub fn message(text: &'a str, files: &'a [Received]) -> Self {
        Self {
            text,
            files,
            is_internal: false,
            wants_reply: false,
        }
    }

    /// A remark among officers.
    #[must_use]
    pub fn remark(text: &'a str, files: &'a [Received]) -> Self {
        Self {
            is_internal: true,
            ..Self::message(text, files)
        }
    }

    /// The words as they are kept.
    pub(super) fn checked(&self, side: Side) -> Result<String, ThreadError> {
        let field = match self.is_internal {
            true => "remark",
            false => "message",
        };
        let wrong = |message: String| Err(ThreadError::Field { field, message });
        if self.is_internal && side == Side::Enterprise {
            return wrong("内部备注只有部门能写".to_owned());
        }
        let text = self.text.trim().replace("\r\n", "\n");
        if text.is_empty() && self.files.is_empty() {
            return wrong("请写留言的内容，或者选择附件".to_owned());
        }
        let count = text.chars().count();
        if count > WORDS_MAX {
            return wrong(format!("最多 {WORDS_MAX} 个字，现在有 {count} 个"));
        }
        if text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\t'))
        {
            return wrong("内容里有不能保存的控制字符，请重新输入".to_owned());
        }
        if self.files.len() > FILES_MAX {
            return wrong(format!("一次最多 {FILES_MAX} 个附件"));
        }
        Ok(text)
    }
}

/// 一条留言。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ThreadEntry)]
pub struct Entry {
    /// 标识，按时间先后排序。
    pub id: String,
    /// 哪一方写的。
    pub side: Side,
    /// 是否内部备注，企业看不到。
    pub is_internal: bool,
    /// 内容。
    pub text: String,
    /// 谁写的：单位和姓名。
    pub author: String,
    /// 何时。
    pub at: DateTime<Utc>,
    /// 另一方是否已读；内部备注没有另一方，总是 false。
    pub is_read: bool,
    /// 附件。
    pub files: Vec<FileLine>,
    #[serde(skip)]
    pub(super) file_count: i64,
}

/// 留言的一个附件。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ThreadFile)]
pub struct FileLine {
    /// 标识。
    pub id: String,
    /// 文件名。
    pub name: String,
    /// 字节数。
    pub bytes: i64,
    /// 查毒状态。
    pub state: &'static str,
    /// Whether not everybody who reads the thread can open it.
    #[serde(skip)]
    pub is_held: bool,
}

impl From<FileRecord> for FileLine {
    fn from(file: FileRecord) -> Self {
        Self {
            state: file.state.word(),
            is_held: file.state.is_held(),
            id: file.id,
            name: file.name,
            bytes: file.bytes,
        }
    }
}

/// 留言的状况。
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
#[schema(as = ThreadStanding)]
pub struct Standing {
    /// 等哪一方答复；不等就没有。
    pub awaits: Option<Side>,
    /// 读的人还有几条没有读。
    pub unread: i64,
}
