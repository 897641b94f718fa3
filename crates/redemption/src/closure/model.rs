//! Candidates and comparison lists.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use zhida_platform::vocabulary;
use zhida_platform::vocabulary::known;

vocabulary! {
    /// 候选企业的状态。
    CandidateState {
        /// Found, and not on any list.
        Waiting = "waiting", "待放行";
        /// On a comparison list.
        Blocked = "blocked", "比对未通过";
        /// Released: a case was opened.
        Released = "released", "已放行";
        /// No longer meets the conditions.
        Lost = "lost", "不再符合";
    }
}

/// An enterprise that meets a 免申 item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Candidate {
    /// 候选的标识。
    pub id: String,
    /// 事项标识。
    pub item: String,
    /// 统一社会信用代码。
    pub enterprise: String,
    /// 企业名称。
    pub name: String,
    /// 所在区划；不明为空。
    pub place: String,
    /// 享受的期间，例如 2026。
    pub period: String,
    /// 状态。
    pub state: CandidateState,
    /// 金额，单位：分；算不出确数时没有。
    pub fen: Option<i64>,
    /// 上一次的金额，单位：分；变过才有。
    pub fen_before: Option<i64>,
    /// 在哪个比对名单上，以及原因。
    pub blocked_by: String,
    /// 办件标识；放行后才有。
    pub case_id: Option<String>,
    /// 何时变成现在这样。
    pub changed_at: DateTime<Utc>,
}

/// Which candidates; a state that there is not is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct CandidateQuery {
    /// 状态的标识；空是全部。
    #[serde(deserialize_with = "known")]
    #[param(value_type = String)]
    pub state: Option<CandidateState>,
    /// 企业名称中的字，或统一社会信用代码。
    pub q: String,
}

/// 比对名单.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ComparisonList {
    /// 名单的标识。
    pub id: String,
    /// 名单的名称。
    pub name: String,
    /// 提供的部门。
    pub department: String,
    /// Id of the body that keeps it.
    #[serde(skip)]
    pub organisation: String,
    /// 由哪个单位维护：只有它和数据管理员可以更新。
    pub owner: String,
    /// 维护单位的区划。
    pub place: String,
    /// 查看的人可不可以更新它。
    pub may_replace: bool,
    /// 有多少家企业。
    pub entries: i64,
    /// 何时更新。
    pub updated_at: DateTime<Utc>,
    /// 由谁更新。
    pub updated_by: String,
}

/// How many candidates an item has in each state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ItemCount {
    /// 待放行。
    pub waiting: i64,
    /// 比对未通过。
    pub blocked: i64,
    /// 已放行。
    pub released: i64,
    /// 不再符合。
    pub lost: i64,
}
