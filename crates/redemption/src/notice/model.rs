//! Notices, their rows, objections.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use zhida_platform::vocabulary;

vocabulary! {
    /// 公示名单中一行的状态。
    RowState {
        /// 公示中.
        Open = "open", "公示中";
        /// An objection is looked into; nothing is paid.
        Held = "held", "有异议，暂停";
        /// The period is over and nothing stands against it.
        Passed = "passed", "公示通过";
        /// An objection was right.
        Upheld = "upheld", "异议成立，取消";
        /// The case ended otherwise, for instance because it was taken back.
        Ended = "ended", "已终止";
    }
}

vocabulary! {
    /// What becomes of an objection.
    ObjectionState {
        /// 核查中.
        Open = "open", "核查中";
        /// 成立.
        Upheld = "upheld", "成立";
        /// 不成立.
        Dismissed = "dismissed", "不成立";
        /// 已撤回, by whoever made it.
        Withdrawn = "withdrawn", "已撤回";
    }
}

impl RowState {
    /// The tone of its tag.
    #[must_use]
    pub fn tone(self) -> &'static str {
        match self {
            Self::Open => "blue",
            Self::Held => "yellow",
            Self::Passed => "green",
            Self::Upheld => "red",
            Self::Ended => "grey",
        }
    }
}

impl ObjectionState {
    /// The tone of its tag.
    #[must_use]
    pub fn tone(self) -> &'static str {
        match self {
            Self::Open => "yellow",
            Self::Upheld => "red",
            Self::Dismissed => "green",
            Self::Withdrawn => "grey",
        }
    }
}

/// A case that comes before the public.
#[derive(Debug, Clone)]
pub struct NewRow<'a> {
    /// The case.
    pub case: &'a str,
    /// Its number.
    pub number: &'a str,
    /// The item.
    pub item: &'a str,
    /// Its name.
    pub item_name: &'a str,
    /// The department that answers for it.
    pub organisation: &'a str,
    /// The division that pays.
    pub place: &'a str,
    /// The enterprise.
    pub enterprise: &'a str,
    /// Its name.
    pub enterprise_name: &'a str,
    /// The amount; `None` when it is not money.
    pub fen: Option<i64>,
    /// The first day, which counts.
    pub starts_on: NaiveDate,
    /// The last day.
    pub ends_on: NaiveDate,
}

/// 公示（对外公开的内容）。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Notice)]
pub struct NoticeView {
    /// 标识。
    pub id: String,
    /// 政策事项的标识。
    pub item: String,
    /// 政策事项。
    pub item_name: String,
    /// 公示单位。
    pub organisation: String,
    /// 行政区划代码。
    pub place: String,
    /// 第一天。
    pub starts_on: NaiveDate,
    /// 最后一天。
    pub ends_on: NaiveDate,
    /// 家数。
    pub rows: i64,
    /// 合计金额（分）。
    pub fen: i64,
}

/// 公示名单的一行（对外公开的内容）。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = NoticeRow)]
pub(crate) struct RowView {
    /// 标识。
    pub id: String,
    /// 公示的标识。
    pub notice: String,
    /// 办件；不对外。
    #[serde(skip)]
    pub case: String,
    /// 办件编号。
    pub number: String,
    /// 统一社会信用代码。
    pub enterprise: String,
    /// 企业名称。
    pub enterprise_name: String,
    /// 金额（分）。
    pub fen: Option<i64>,
    /// 状态。
    pub state: RowState,
    /// 公示最后一天。
    pub ends_on: NaiveDate,
    /// 公示结果。
    pub result: String,
}

impl RowView {
    /// Whether somebody can still object on this day.
    pub(crate) fn is_open_on(&self, day: NaiveDate) -> bool {
        matches!(self.state, RowState::Open | RowState::Held) && day <= self.ends_on
    }
}

/// An objection as officers and whoever made it see it.
#[derive(Debug, Clone)]
pub(crate) struct Objection {
    pub id: String,
    pub notice: String,
    pub case: String,
    pub number: String,
    pub item_name: String,
    pub enterprise: String,
    pub enterprise_name: String,
    pub place: String,
    pub account: String,
    pub person: String,
    pub phone: String,
    pub words: String,
    pub made_at: DateTime<Utc>,
    pub state: ObjectionState,
    pub decision: String,
    pub decided_at: Option<DateTime<Utc>>,
    pub decided_by: String,
}
