//! What an appeal is, as others see it.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use zhida_letters::CheckCode;
use zhida_platform::cases::Head;
use zhida_platform::clock::parse_instant;
use zhida_platform::files::Received;

use crate::words::{
    Channel, Claim, Confidentiality, Outcome, Satisfaction, Stage, Supervision, Track,
};

/// Characters of an appeal's text at most; forms say so before.
pub const TEXT_MAX: usize = 5_000;
/// Characters of a title at most.
pub const TITLE_MAX: usize = 60;
/// Files of one appeal at most.
pub const FILES_MAX: usize = 9;

/// How somebody can be reached, as it was typed; sealed in the database, shown to those who register and visit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Contact<'a> {
    /// 姓名 or 称呼.
    pub name: &'a str,
    /// 电话.
    pub phone: &'a str,
    /// 邮箱.
    pub email: &'a str,
}

/// The same, read back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct KnownContact {
    /// 姓名 or 称呼.
    pub name: String,
    /// 电话.
    pub phone: String,
    /// 邮箱.
    pub email: String,
}

/// An appeal that is to begin. Texts are taken as they are typed; [`crate::Appeals::submit`] checks them.
#[derive(Debug, Clone)]
pub struct NewAppeal<'a> {
    /// By which way it came.
    pub channel: Channel,
    /// What of that way, one reference: `code:…`, `open311:…`; empty for none.
    pub source: &'a str,
    /// The title; made from the text when it is empty.
    pub title: &'a str,
    /// What is wanted, in the appellant's words.
    pub text: &'a str,
    /// Path of the category that the appellant chose: `labour/insurance/injury`; empty when nobody chose.
    pub category: &'a str,
    /// Division code; empty when unknown (then the city's own is taken, if its settings name it).
    pub place: &'a str,
    /// Street, window, site: in words.
    pub place_words: &'a str,
    /// 统一社会信用代码 and name of the enterprise; `None` for somebody without.
    pub enterprise: Option<(&'a str, &'a str)>,
    /// The account that submitted it.
    pub account: Option<Uuid>,
    /// How to reach whoever speaks.
    pub contact: Contact<'a>,
    /// Who may know whose it is.
    pub confidentiality: Confidentiality,
    /// Files received and checked, to be attached.
    pub files: &'a [Received],
}

/// What was submitted.
#[derive(Debug, Clone)]
pub struct Submitted {
    /// The case.
    pub case_id: String,
    /// 办件编号.
    pub number: String,
    /// The code by which whoever has it follows the appeal; only its digest is kept here.
    pub check_code: CheckCode,
}

/// 列表中的一件诉求。查看者不该知道是谁提出的，企业名称和信用代码为空。
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AppealRow {
    /// 办件。
    pub head: Head,
    /// 渠道。
    pub channel: Channel,
    /// 来源的标识；没有为空。
    pub source: String,
    /// 分类的路径；未分类为空。
    pub category: String,
    /// 分类的名称，三级用“ / ”隔开。
    pub category_name: String,
    /// 办理类型。
    pub track: Track,
    /// 所在位置的文字。
    pub place_words: String,
    /// 企业名称；个人和隐名的为空。
    pub enterprise_name: String,
    /// 保密。
    pub confidentiality: Confidentiality,
    /// 几个人提出（含并入的）。
    pub voices: i64,
    /// 同一来源重复提交了几次。
    pub repeats: i64,
    /// 交办了几次。
    pub dispatches: i64,
    /// 不满意了几次。
    pub dissatisfied: i64,
    /// 重新办理了几次。
    pub reopenings: i64,
    /// 还在等几个协办单位。
    pub waits: i64,
    /// 几位诉求人的留言在等部门答复。
    pub unanswered: i64,
    /// 最近一次评价。
    pub satisfaction: Option<Satisfaction>,
    /// 督查督办到了哪一步。
    pub supervision: Option<Supervision>,
    /// 最近一次答复的结论。
    pub claim: Option<Claim>,
    /// 最近一次答复的内容，可以对诉求人公开。
    pub reply: Option<String>,
    /// 受理的时间。
    pub accepted_at: Option<DateTime<Utc>>,
    /// 首次交办的时间。
    pub dispatched_at: Option<DateTime<Utc>>,
    /// 首次响应（联系诉求人或者答复）的时间。
    pub responded_at: Option<DateTime<Utc>>,
    /// 响应是否超期。
    pub response_late: bool,
    /// 最近一次答复的时间。
    pub replied_at: Option<DateTime<Utc>>,
    /// 是否有环节超期：办结的以此为准，在办的还要看期限。
    pub late: bool,
    /// 并入了哪一件。
    #[schema(value_type = Option<String>)]
    pub merged_into: Option<Uuid>,
    /// 属于哪个一类事。
    pub theme: Option<String>,
}

impl AppealRow {
    /// The columns, for `SELECT {COLUMNS} {FROM} …`; [`crate::AppealQuery`] has the conditions.
    pub(crate) const COLUMNS: &'static str = "a.channel, a.source, a.category, a.category_name, a.track, a.place_words, \
        a.enterprise_name, a.confidentiality, a.voices, a.repeats, a.dispatches, a.dissatisfied, a.reopenings, \
        a.satisfaction, a.supervision, a.claim, a.reply, a.accepted_at, a.dispatched_at, a.responded_at, \
        a.response_late, a.replied_at, a.late, a.merged_into, a.theme, \
        (SELECT COUNT(*) FROM case_clock k WHERE k.case_id = h.id AND k.clock LIKE 'opinion:%') AS waits, \
        (SELECT COUNT(*) FROM appeal_voice v JOIN thread t ON t.room = 'appeals' AND t.subject = v.id AND t.awaits = 'office' \
            WHERE v.case_id = h.id) AS unanswered";
    /// What the columns and the conditions are of.
    pub(crate) const FROM: &'static str = "FROM case_head h JOIN appeal a ON a.case_id = h.id";

    /// How it stands, in words: 办理, 已解决.
    #[must_use]
    pub fn state_words(&self) -> String {
        match self.head.outcome.as_deref().and_then(Outcome::parse) {
            Some(outcome) => outcome.word().to_owned(),
            None => {
                let stage = Stage::parse(&self.head.stage).map_or("", Stage::word);
                match self.head.held {
                    true => format!("{stage}（暂停）"),
                    false => stage.to_owned(),
                }
            }
        }
    }

    /// Whether it waits for what a voice says of the reply, given what that voice has said so far.
    pub(crate) fn awaits_word(&self, answer: Option<&str>) -> bool {
        self.head.is_open() && self.head.stage == Stage::Visit.slug() && answer.is_none()
    }

    /// Takes away whose appeal it is.
    pub(crate) fn conceal(&mut self) {
        self.head.enterprise.clear();
        self.enterprise_name.clear();
    }
}

impl FromQueryResult for AppealRow {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let text = |name: &str| row.try_get::<String>(prefix, name);
        let some = |name: &str| row.try_get::<Option<String>>(prefix, name);
        let count = |name: &str| row.try_get::<i64>(prefix, name);
        let instant = |name: &str| Ok::<_, DbErr>(some(name)?.as_deref().and_then(parse_instant));
        Ok(Self {
            head: Head::from_query_result(row, prefix)?,
            channel: Channel::parse(&text("channel")?).unwrap_or(Channel::Web),
            source: text("source")?,
            category: text("category")?,
            category_name: text("category_name")?,
            track: Track::parse(&text("track")?).unwrap_or(Track::Simple),
            place_words: text("place_words")?,
            enterprise_name: text("enterprise_name")?,
            // what cannot be read is kept closer, not opened
            confidentiality: Confidentiality::parse(&text("confidentiality")?)
                .unwrap_or(Confidentiality::Secret),
            voices: count("voices")?,
            repeats: count("repeats")?,
            dispatches: count("dispatches")?,
            dissatisfied: count("dissatisfied")?,
            reopenings: count("reopenings")?,
            waits: count("waits")?,
            unanswered: count("unanswered")?,
            satisfaction: some("satisfaction")?
                .as_deref()
                .and_then(Satisfaction::parse),
            supervision: some("supervision")?.as_deref().and_then(Supervision::parse),
            claim: some("claim")?.as_deref().and_then(Claim::parse),
            reply: some("reply")?,
            accepted_at: instant("accepted_at")?,
            dispatched_at: instant("dispatched_at")?,
            responded_at: instant("responded_at")?,
            response_late: row.try_get(prefix, "response_late")?,
            replied_at: instant("replied_at")?,
            late: row.try_get(prefix, "late")?,
            merged_into: some("merged_into")?.and_then(|id| id.parse().ok()),
            theme: some("theme")?,
        })
    }
}
