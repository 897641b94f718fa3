//! Meetings, what they are about, whom they charge.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zhida_platform::access::Row;

use crate::rhythm::Rhythm;
use crate::words::{AttendeePart, MeetingState, NoteKind, TaskState};

/// A series of meetings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MeetingSeries)]
pub struct Series {
    /// 标识。
    pub id: String,
    /// 名称。
    pub name: String,
    /// 行政区划代码。
    pub place: String,
    /// 组织单位。
    pub organisation: String,
    /// 节奏。
    pub rhythm: Rhythm,
    /// 几点，例如 09:30。
    pub at_time: String,
    /// 地点。
    pub venue: String,
    /// 主持人。
    pub chair: String,
    /// 固定参加的单位，一行一个。
    pub members: String,
    /// 交办事项默认几天办结。
    pub task_days: i64,
    /// 是否还在按节奏召开。
    pub active: bool,
    /// 谁建立的，账号；提醒发给他。
    #[serde(skip)]
    pub secretary: String,
}

/// 一次会议。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Meeting {
    /// 标识。
    pub id: String,
    /// 属于哪个系列；临时召开的没有。
    pub series: Option<String>,
    /// 按节奏应在哪一天；临时召开的没有。
    #[serde(skip)]
    pub slot: Option<NaiveDate>,
    /// 名称。
    pub title: String,
    /// 行政区划代码。
    pub place: String,
    /// 组织单位。
    pub organisation: String,
    /// 日期。
    pub held_on: NaiveDate,
    /// 几点。
    pub at_time: String,
    /// 地点。
    pub venue: String,
    /// 主持人。
    pub chair: String,
    /// 日期为什么与节奏不同；相同的为空。
    pub moved: String,
    /// 交办事项默认几天办结。
    pub task_days: i64,
    /// 状态。
    pub state: MeetingState,
    /// 纪要。
    pub minutes: String,
    /// 取消的原因。
    pub why: String,
    /// 谁筹备的，账号。
    #[serde(skip)]
    pub secretary: String,
    /// 第几次修改。
    pub version: i64,
}

impl Meeting {
    /// What decides who may see it.
    #[must_use]
    pub fn access(&self) -> Row<'_> {
        Row {
            enterprise: None,
            division: Some(&self.place),
        }
    }
}

/// 会议列表的一行。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MeetingLine)]
pub struct Line {
    /// 会议。
    pub meeting: Meeting,
    /// 议题数。
    pub items: i64,
    /// 交办事项数。
    pub tasks: i64,
    /// 已销号的交办事项数。
    pub struck: i64,
}

/// 一项议题。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MeetingItem)]
pub struct Item {
    /// 标识。
    pub id: String,
    /// 第几项。
    pub position: i64,
    /// 来自哪件诉求；自拟的议题没有。
    pub appeal: Option<String>,
    /// 诉求编号。
    pub number: String,
    /// 议题。
    pub title: String,
    /// 企业；隐名的诉求为空。
    pub enterprise_name: String,
    /// 情况说明。
    pub words: String,
    /// 研究意见。
    pub result: String,
}

/// 一名参会人员。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MeetingAttendee)]
pub struct Attendee {
    /// 标识。
    pub id: String,
    /// 身份。
    pub part: AttendeePart,
    /// 单位或企业。
    pub body: String,
    /// 姓名和职务。
    pub person: String,
    /// 是否到会。
    pub present: bool,
}

/// 一件交办事项。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MeetingTask)]
pub struct Task {
    /// 标识。
    pub id: String,
    /// 会议。
    pub meeting: String,
    /// 会议的名称。
    pub meeting_title: String,
    /// 会议的日期。
    pub meeting_on: NaiveDate,
    /// 会上第几项。
    pub position: i64,
    /// 来自哪个议题。
    pub item: Option<String>,
    /// 来自哪件诉求。
    pub appeal: Option<String>,
    /// 诉求编号。
    pub appeal_number: String,
    /// 行政区划代码。
    pub place: String,
    /// 事项。
    pub matter: String,
    /// 举措和目标。
    pub measure: String,
    /// 包联领导。
    pub leader: String,
    /// 责任单位。
    pub body: String,
    /// 责任单位的标识；不在组织机构中的为空。
    #[serde(skip)]
    pub body_id: String,
    /// 责任人。
    pub person: String,
    /// 办结期限。
    pub due_on: NaiveDate,
    /// 状态。
    pub state: TaskState,
    /// 报送办结的日期。
    pub done_on: Option<NaiveDate>,
    /// 销号时间。
    pub struck_at: Option<DateTime<Utc>>,
    /// 谁销号的。
    pub struck_by: String,
    /// 第几次修改。
    pub version: i64,
}

impl Task {
    /// What decides who may see it, its body's people apart.
    #[must_use]
    pub fn access(&self) -> Row<'_> {
        Row {
            enterprise: None,
            division: Some(&self.place),
        }
    }

    /// Whether the body has not said that it is done though its last day is over.
    #[must_use]
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        self.state == TaskState::Open && self.due_on < today
    }
}

/// 交办事项的一条记录。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MeetingNote)]
pub struct Note {
    /// 什么事。
    pub kind: NoteKind,
    /// 内容。
    pub words: String,
    /// 时间。
    pub at: DateTime<Utc>,
    /// 谁。
    pub by: String,
}

/// 要安排的会议。
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewMeeting)]
pub struct NewMeeting {
    /// 名称。
    pub title: String,
    /// 行政区划代码；不填为本单位的区划。
    pub place: String,
    /// 日期，例如 2026-11-25。
    pub held_on: String,
    /// 几点，例如 09:30。
    pub at_time: String,
    /// 地点。
    pub venue: String,
    /// 主持人。
    pub chair: String,
    /// 参加的单位，一行一个。
    pub members: String,
    /// 交办事项默认几天办结；0 为 14 天。
    pub task_days: i64,
}

/// A series that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NewSeries {
    pub meeting: NewMeeting,
    pub every: String,
    pub weekday: String,
    pub week: String,
    pub starts_on: String,
}

/// 要交办的事项。
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewMeetingTask)]
pub struct NewTask {
    /// 议题的标识；与议题无关的不填。
    pub item: String,
    /// 事项；不填为议题。
    pub matter: String,
    /// 举措和目标。
    pub measure: String,
    /// 包联领导。
    pub leader: String,
    /// 责任单位。
    pub body: String,
    /// 责任人。
    pub person: String,
    /// 办结期限，例如 2026-12-09；不填按会议的默认天数。
    pub due_on: String,
}

/// 交办事项各种情况的件数；每个数都是一个列表的条数。
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
#[schema(as = MeetingTaskTally)]
pub struct Tally {
    /// 全部。
    pub all: u64,
    /// 办理中，含逾期。
    pub open: u64,
    /// 其中逾期。
    pub overdue: u64,
    /// 待销号。
    pub done: u64,
    /// 已销号。
    pub struck: u64,
    /// 在期限内报送办结的，含已销号的。
    pub on_time: u64,
}
