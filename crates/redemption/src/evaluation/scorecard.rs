//! An item's scorecard: whom it is for, whom it reached, what it cost in days and paper, what they say.

use serde::Serialize;
use utoipa::ToSchema;
use zhida_platform::access::Viewer;

use super::follow_up::FollowUp;
use super::store;
use crate::apply::TypicalDays;
use crate::error::Error;
use crate::rights::HANDLE;
use crate::service::Redemption;

/// 事项的评估。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Scorecard {
    /// 事项标识。
    pub item: String,
    /// 事项名称。
    pub name: String,
    /// 现在符合条件的企业；暂时算不出来就没有。
    pub eligible: Option<u64>,
    /// 免申告知的企业。
    pub offered: i64,
    /// 自己申请的。
    pub applied: i64,
    /// 在办的。
    pub open: i64,
    /// 在办里逾期的。
    pub overdue: i64,
    /// 已兑付的。
    pub paid: i64,
    /// 已拨付，单位：分。
    pub paid_fen: i64,
    /// 不予兑付的。
    pub refused: i64,
    /// 企业放弃的。
    pub declined: i64,
    /// 办理用的工作日，不算等待企业的时间。
    pub days: Option<TypicalDays>,
    /// 环节数。
    pub steps: usize,
    /// 材料数。
    pub materials: usize,
    /// 各等级的评价数，从非常不满意到非常满意。
    pub grades: [i64; 5],
    /// 满意度：（非常满意＋满意＋基本满意）÷ 全部评价，千分数；没有评价就没有。
    pub satisfaction: Option<i64>,
    /// 资金拨付之后的变化。
    pub follow_up: Vec<FollowUp>,
}

impl Redemption {
    /// The scorecard of an item, of the cases and enterprises within the viewer's reach.
    ///
    /// # Errors
    /// No right; no such item; the database.
    pub async fn scorecard(&self, viewer: &Viewer, item: &str) -> Result<Scorecard, Error> {
        viewer.need(HANDLE)?;
        let reach = viewer.reach(HANDLE);
        let shown = self.scheme(item).await?;
        let item = shown.item;
        let conn = self.db.conn();
        let standing = store::standing(conn, &item.id, &reach).await?;
        let overdue = store::overdue(conn, &item.id, &reach, self.clock.now()).await?;
        let origins = store::origins(conn, &item.id, &reach).await?;
        let grades = store::grades(conn, &item.id, &reach).await?;
        let all: i64 = grades.iter().sum();
        let content: i64 = grades[2..].iter().sum();
        Ok(Scorecard {
            eligible: self
                .reach_of(&item, &reach)
                .await
                .ok()
                .map(|(eligible, _)| eligible),
            offered: origins.offered,
            applied: origins.applied,
            open: standing.open,
            overdue,
            paid: standing.paid,
            paid_fen: origins.paid_fen,
            refused: standing.refused,
            declined: standing.declined,
            days: self.typical(conn, &item.id, &reach).await?,
            steps: shown
                .current
                .map_or(0, |current| current.scheme.route.len()),
            materials: item.elements.materials.len(),
            grades,
            satisfaction: (all > 0).then(|| content * 1_000 / all),
            follow_up: self.follow_up(&item.id, &reach).await?,
            item: item.id.clone(),
            name: item.name.clone(),
        })
    }
}
