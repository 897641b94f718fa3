use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::parse_instant;
use crate::vocabulary;

vocabulary! {
    /// Which cases a list has beside those under way.
    Scope {
        /// Over.
        Closed = "closed", "已办结";
        /// Over or not.
        All = "all", "全部";
    }
}

/// 列表中的一件办件。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Head {
    /// 标识，按开始的先后排序。
    #[schema(value_type = String)]
    pub id: Uuid,
    /// 属于哪个库，例如 appeals。
    pub room: String,
    /// 办件编号，末位是校验码。
    #[schema(example = "兑付-2026-000123-8")]
    pub number: String,
    /// 是谁的办件：统一社会信用代码；没有企业的为空。
    pub enterprise: String,
    /// 所在的区划代码；不知道时为空。
    pub place: String,
    /// 标题。
    pub title: String,
    /// 环节的标识；办结的是最后的环节。
    pub stage: String,
    /// 办理结果的标识；在办的没有。
    pub outcome: Option<String>,
    /// 轮到谁：enterprise 企业或诉求人、office 部门、system 系统。
    pub turn: String,
    /// 是否暂停。
    pub held: bool,
    /// 承办单位的标识；还没有的为空。
    #[schema(value_type = Option<String>)]
    pub holder: Option<Uuid>,
    /// 承办单位的名称。
    pub holder_name: Option<String>,
    /// 经办人的账号标识；还没有的为空。
    #[schema(value_type = Option<String>)]
    pub handler: Option<Uuid>,
    /// 经办人的姓名。
    pub handler_name: Option<String>,
    /// 最后一个事件的序号。
    pub version: i64,
    /// 开始的时间。
    pub opened_at: DateTime<Utc>,
    /// 办结的时间；在办的没有。
    pub closed_at: Option<DateTime<Utc>>,
    /// 最近一次变动的时间，供显示和同步；时限不看它。
    pub changed_at: DateTime<Utc>,
    /// 最早到期的时限；没有在计的时限时没有。
    pub due_at: Option<DateTime<Utc>>,
    /// 那是哪一个时限。
    pub due_clock: Option<String>,
    /// 催办到了哪一步：reminded 提醒过，escalated 已上报上级；没有催办过的没有。办结后仍然保留。
    pub urged: Option<String>,
}

impl Head {
    /// The columns, each with `h.` before it, for a room that joins `case_head` in its own query and reads rows with
    /// [`FromQueryResult`]: `SELECT {COLUMNS} FROM case_head h JOIN …`.
    pub const COLUMNS: &'static str = "h.id, h.room, h.number, h.enterprise, h.place, h.title, h.stage, h.outcome, \
        h.turn, h.held, h.holder, h.holder_name, h.handler, h.handler_name, h.version, h.opened_at, h.closed_at, \
        h.changed_at, h.due_at, h.due_clock, h.urged";

    /// Whether it goes on.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }
}

impl FromQueryResult for Head {
    fn from_query_result(row: &sea_orm::QueryResult, prefix: &str) -> Result<Self, sea_orm::DbErr> {
        let text = |name: &str| row.try_get::<String>(prefix, name);
        let some = |name: &str| row.try_get::<Option<String>>(prefix, name);
        let id = |name: &str| Ok::<_, sea_orm::DbErr>(some(name)?.and_then(|id| id.parse().ok()));
        let instant =
            |name: &str| Ok::<_, sea_orm::DbErr>(some(name)?.as_deref().and_then(parse_instant));
        Ok(Self {
            id: id("id")?.unwrap_or_default(),
            room: text("room")?,
            number: text("number")?,
            enterprise: text("enterprise")?,
            place: text("place")?,
            title: text("title")?,
            stage: text("stage")?,
            outcome: some("outcome")?,
            turn: text("turn")?,
            held: row.try_get(prefix, "held")?,
            holder: id("holder")?,
            holder_name: some("holder_name")?,
            handler: id("handler")?,
            handler_name: some("handler_name")?,
            version: row.try_get(prefix, "version")?,
            opened_at: instant("opened_at")?.unwrap_or_default(),
            closed_at: instant("closed_at")?,
            changed_at: instant("changed_at")?.unwrap_or_default(),
            due_at: instant("due_at")?,
            due_clock: some("due_clock")?,
            urged: some("urged")?,
        })
    }
}
