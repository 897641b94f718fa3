//! 我的兑付: the own enterprise's cases.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use zhida_platform::access::Viewer;
use zhida_platform::cases::Head;
use zhida_platform::paging::{Page, PageRequest};

use super::store;
use crate::cases::{CaseRecord, ended};
use crate::error::Error;
use crate::rights::READ;
use crate::service::Redemption;
use crate::words::{Outcome, Stage};

/// Name of the list in its cursors.
const LIST: &str = "redemption_case:mine";

/// 本企业办件列表的一行。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MineLine {
    /// 办件标识。
    pub id: String,
    /// 办件编号。
    pub number: String,
    /// 事项名称。
    pub item: String,
    /// 统一社会信用代码。
    pub code: String,
    /// 企业名称。
    pub enterprise: String,
    /// 现在怎样。
    pub state: String,
    /// 是否等企业办理。
    pub is_turn: bool,
    /// 部门的留言是否等企业答复。
    pub awaits_reply: bool,
    /// 是否已办结。
    pub is_closed: bool,
    /// 期限；没有在计时就没有。
    pub due_at: Option<DateTime<Utc>>,
    /// 金额，单位：分。
    pub fen: Option<i64>,
    /// 由哪家机构代办；不是代办为空。
    pub agent: String,
}

impl Redemption {
    /// A page of the cases within the viewer's reach, newest first; for an enterprise its own.
    ///
    /// # Errors
    /// A cursor of another list; the database.
    pub async fn my_cases(
        &self,
        viewer: &Viewer,
        open: Option<bool>,
        page: &PageRequest,
    ) -> Result<Page<MineLine>, Error> {
        let before = page.cursor::<String>(LIST)?;
        let reach = viewer.reach(READ);
        let rows = store::list(self.db.conn(), open, &reach, before, page.rows_wanted()).await?;
        let page = Page::from_rows(rows, page, LIST, |row| row.record.case_id.clone())?;
        Ok(page.map(|both| MineLine {
            id: both.record.case_id.clone(),
            number: both.head.number.clone(),
            item: both.record.item_name.clone(),
            code: both.record.enterprise.clone(),
            enterprise: both.record.enterprise_name.clone(),
            state: state(&both.head, &both.record).to_owned(),
            is_turn: is_turn(&both.head),
            awaits_reply: both.awaits.as_deref() == Some("enterprise"),
            is_closed: !both.head.is_open(),
            due_at: both.head.due_at,
            fen: both.record.amount(),
            agent: both.record.agent,
        }))
    }

    /// How many the list has.
    ///
    /// # Errors
    /// The database.
    pub async fn my_case_count(&self, viewer: &Viewer, open: Option<bool>) -> Result<u64, Error> {
        let reach = viewer.reach(READ);
        Ok(store::count(self.db.conn(), open, &reach)
            .await?
            .unsigned_abs())
    }
}

fn is_turn(head: &Head) -> bool {
    head.is_open() && head.turn == "enterprise"
}

/// How a case stands, for its enterprise: what is asked of it before where it is.
fn state(head: &Head, record: &CaseRecord) -> &'static str {
    let ended = |outcome| ended(outcome, record.sent_back_fen);
    match (&head.outcome, Stage::parse(&head.stage)) {
        (Some(outcome), _) => Outcome::parse(outcome).map_or("已办结", ended),
        (None, Some(Stage::Confirm)) => "待确认",
        (None, _) if is_turn(head) => "待补正",
        (None, stage) => stage.map_or("办理中", Stage::word),
    }
}
