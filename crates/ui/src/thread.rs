//! Messages between an enterprise and an office, and remarks of officers among themselves, as parts of a page.

use askama::Template;
use axum::http::StatusCode;
use zhida_platform::format::datetime_zh;
use zhida_platform::problem::Problem;
use zhida_platform::thread::{ATTACHMENT, Entry, FILES_MAX, Posted, Side, Standing};

use crate::{Choice, Fields, FormErrors};

/// What a page that takes a thread's form shows again, the mistakes in it, and its status; `None` when the form was
/// taken. `Ok(Some(fields))` are fields with a phrase filled in.
///
/// # Errors
/// A problem that is no field's.
pub fn again(
    taken: Result<Option<Fields>, Problem>,
    posted: &Posted,
) -> Result<Option<(Fields, FormErrors, StatusCode)>, Problem> {
    match taken {
        Ok(None) => Ok(None),
        Ok(Some(fields)) => Ok(Some((fields, FormErrors::none(), StatusCode::OK))),
        Err(problem) if problem.fields.is_empty() => Err(problem),
        Err(problem) => {
            let fields = Fields::from(posted.fields.clone());
            Ok(Some((fields, problem.fields.into(), problem.status)))
        }
    }
}

/// What was written, and the form for more. A room prints it with `{{ thread }}`; it escapes what it shows.
#[derive(Debug, Clone, Template)]
#[template(path = "ui/thread.html")]
pub struct ThreadView {
    /// Id of the section, to link to: `messages` or `remarks`.
    id: &'static str,
    title: &'static str,
    lead: String,
    /// What the office calls the other side.
    them: &'static str,
    none: &'static str,
    /// Whose answer is waited for, in words.
    awaits: String,
    is_internal: bool,
    pub(crate) lines: Vec<Line>,
    form: Option<ThreadForm>,
}

// its template escapes the texts, so another must not escape them again
impl askama::filters::HtmlSafe for ThreadView {}

/// The other side, when a room says nothing else.
const THEM: &str = Side::Enterprise.word();

/// An entry.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub who: String,
    pub side: Side,
    pub when: String,
    pub words: String,
    pub is_own: bool,
    pub is_read: bool,
    pub files: Vec<FileLink>,
}

/// A file of an entry.
#[derive(Debug, Clone)]
pub(crate) struct FileLink {
    href: String,
    words: String,
    /// Why not everybody can open it; empty when they can.
    held: &'static str,
}

/// The form under a thread. Its fields are `message` or `remark` for the words, `files`, and of the office's messages
/// `message-reply` (`yes`: an answer is asked for) and the button `do` = `settle` (no answer is needed).
#[derive(Debug, Clone)]
pub struct ThreadForm {
    action: String,
    field: &'static str,
    label: &'static str,
    value: String,
    error: String,
    phrases: Vec<Choice>,
    asks_reply: bool,
    wants_reply: bool,
    can_settle: bool,
    accept: String,
    limits: String,
}

impl ThreadForm {
    /// A form that posts here, with what was typed and what is wrong with it.
    #[must_use]
    pub fn new(
        action: impl Into<String>,
        value: impl Into<String>,
        error: impl Into<String>,
    ) -> Self {
        let megabytes = ATTACHMENT.bytes_max >> 20;
        Self {
            action: action.into(),
            field: "message",
            label: "写留言",
            value: value.into(),
            error: error.into(),
            phrases: Vec::new(),
            asks_reply: false,
            wants_reply: false,
            can_settle: false,
            accept: ATTACHMENT.accept(),
            limits: format!(
                "可以不选；最多 {FILES_MAX} 个，每个不超过 {megabytes} MB：PDF、OFD、图片、Word、Excel、压缩包"
            ),
        }
    }

    /// Offers these phrases.
    #[must_use]
    pub fn phrases(mut self, phrases: Vec<Choice>) -> Self {
        self.phrases = phrases;
        self
    }

    /// Whether an answer was asked for, in what was typed.
    #[must_use]
    pub fn wants_reply(mut self, wants_reply: bool) -> Self {
        self.wants_reply = wants_reply;
        self
    }
}

impl ThreadView {
    /// The messages, as this side reads them; `href` makes a file's address from its id. Without a form nothing can be
    /// written.
    #[must_use]
    pub fn messages(
        entries: &[Entry],
        reader: Side,
        standing: Standing,
        href: impl Fn(&str) -> String,
        form: Option<ThreadForm>,
    ) -> Self {
        let awaits = match standing.awaits {
            Some(side) if side == reader => "等您这一方答复".to_owned(),
            Some(side) => format!("等{}答复", side.word()),
            None => String::new(),
        };
        let is_office = reader == Side::Office;
        Self {
            id: "messages",
            title: "办件留言",
            lead: match reader {
                Side::Office => format!("{THEM}看得到这里的内容；发出后通知{THEM}。"),
                Side::Enterprise => {
                    "有疑问或要补充说明，在这里留言；办理部门看得到，答复后通知您。".to_owned()
                }
            },
            them: THEM,
            none: "还没有留言。",
            awaits,
            is_internal: false,
            lines: lines(
                entries.iter().filter(|entry| !entry.is_internal),
                reader,
                href,
            ),
            form: form.map(|form| ThreadForm {
                asks_reply: is_office,
                can_settle: is_office && standing.awaits == Some(Side::Office),
                ..form
            }),
        }
    }

    /// Calls the other side something else than 企业, for instance 诉求人.
    #[must_use]
    pub fn with(mut self, them: &'static str) -> Self {
        self.lead = self.lead.replace(self.them, them);
        self.awaits = self.awaits.replace(self.them, them);
        self.them = them;
        self
    }

    fn side(&self, line: &Line) -> &'static str {
        match line.side {
            Side::Enterprise => self.them,
            Side::Office => line.side.word(),
        }
    }

    /// The remarks of officers, apart from the messages.
    #[must_use]
    pub fn remarks(
        entries: &[Entry],
        href: impl Fn(&str) -> String,
        form: Option<ThreadForm>,
    ) -> Self {
        Self {
            id: "remarks",
            title: "内部备注",
            lead: format!("只有办理部门看得到，{THEM}看不到。"),
            them: THEM,
            none: "还没有内部备注。",
            awaits: String::new(),
            is_internal: true,
            lines: lines(
                entries.iter().filter(|entry| entry.is_internal),
                Side::Office,
                href,
            ),
            form: form.map(|form| ThreadForm {
                field: "remark",
                label: "写一条内部备注",
                ..form
            }),
        }
    }
}

fn lines<'e>(
    entries: impl Iterator<Item = &'e Entry>,
    reader: Side,
    href: impl Fn(&str) -> String,
) -> Vec<Line> {
    let line = |entry: &Entry| Line {
        who: entry.author.clone(),
        side: entry.side,
        when: datetime_zh(entry.at),
        words: entry.text.clone(),
        is_own: entry.side == reader && !entry.is_internal,
        is_read: entry.is_read && entry.side == reader,
        files: entry
            .files
            .iter()
            .map(|file| {
                let kilobytes = (file.bytes + 1_023) / 1_024;
                let state = match file.is_held {
                    true => String::new(),
                    false => format!("，{}", file.state),
                };
                FileLink {
                    href: href(&file.id),
                    words: format!("{}（{kilobytes} KB{state}）", file.name),
                    held: if file.is_held { file.state } else { "" },
                }
            })
            .collect(),
    };
    entries.map(line).collect()
}
