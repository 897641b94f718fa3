//! What the room keeps of a case beside what the platform does.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use serde::Serialize;
use utoipa::ToSchema;
use zhida_platform::access::Row;
use zhida_platform::clock::parse_instant;
use zhida_platform::vocabulary;

use crate::judgement::Judgement;
use crate::words::Outcome;

/// What a paid case is called whose money the bank sent back.
pub(crate) const SENT_BACK: &str = "已兑付，款项退回";

vocabulary! {
    /// 办件的来源。
    Origin {
        /// The night found it, an officer released it.
        Closure = "closure", "免申即享";
        /// The enterprise, or its agency, applied.
        Application = "application", "企业申请";
    }
}

/// 办件的内容：按事项和方案的第几版办理，申报时怎样判定，作了什么决定。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CaseRecord {
    /// 办件标识。
    pub case_id: String,
    /// 事项标识。
    pub item: String,
    /// 事项名称。
    pub item_name: String,
    /// 按事项的第几版办理。
    pub item_revision: i64,
    /// 按方案的第几版办理。
    pub scheme_revision: i64,
    /// 统一社会信用代码。
    pub enterprise: String,
    /// 企业名称。
    pub enterprise_name: String,
    /// 所在区划；不明为空。
    pub place: String,
    /// 享受的期间。
    pub period: String,
    /// 来源。
    pub origin: Origin,
    /// 由谁提交。
    pub filed_by: String,
    /// 由哪家机构代办；不是代办为空。
    pub agent: String,
    /// 何时提交。
    pub filed_at: DateTime<Utc>,
    /// 提交时按当时规则的结论。
    pub judgement: Judgement,
    /// 填写的内容。
    #[schema(value_type = Vec<Object>)]
    pub answers: serde_json::Value,
    /// 测算的金额，单位：分。
    pub fen: Option<i64>,
    /// 核定的金额，单位：分。
    pub fen_decided: Option<i64>,
    /// 最近一次复核。
    pub recheck: Option<Judgement>,
    /// 复核的时间。
    pub rechecked_at: Option<DateTime<Utc>>,
    /// 决定：理由。
    pub decision: Option<String>,
    /// 已拨付，单位：分。
    pub paid_fen: i64,
    /// 付过以后银行退回、还没有再付的，单位：分。
    pub sent_back_fen: i64,
    /// 已安排拨付几期。
    pub parts: i64,
}

impl CaseRecord {
    /// What decides who reaches it.
    #[must_use]
    pub fn access(&self) -> Row<'_> {
        Row {
            enterprise: Some(&self.enterprise),
            division: (!self.place.is_empty()).then_some(self.place.as_str()),
        }
    }

    /// The amount that holds: decided, else computed.
    #[must_use]
    pub fn amount(&self) -> Option<i64> {
        self.fen_decided.or(self.fen)
    }
}

/// How a case ended: a paid one whose money the bank sent back since is owed it, until it is paid again.
pub(crate) fn ended(outcome: Outcome, sent_back_fen: i64) -> &'static str {
    match outcome == Outcome::Paid && sent_back_fen > 0 {
        true => SENT_BACK,
        false => outcome.word(),
    }
}

/// Reads JSON that this program wrote.
fn json<T: serde::de::DeserializeOwned>(text: &str, what: &str) -> Result<T, DbErr> {
    serde_json::from_str(text).map_err(|error| DbErr::Custom(format!("{what}: {error}")))
}

impl FromQueryResult for CaseRecord {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let text = |column: &str| row.try_get::<String>(prefix, column);
        let recheck: Option<String> = row.try_get(prefix, "recheck")?;
        let rechecked_at: Option<String> = row.try_get(prefix, "rechecked_at")?;
        Ok(Self {
            case_id: text("case_id")?,
            item: text("item")?,
            item_name: text("item_name")?,
            item_revision: row.try_get(prefix, "item_revision")?,
            scheme_revision: row.try_get(prefix, "scheme_revision")?,
            enterprise: text("enterprise")?,
            enterprise_name: text("enterprise_name")?,
            place: text("place")?,
            period: text("period")?,
            origin: Origin::parse(&text("origin")?).unwrap_or(Origin::Application),
            filed_by: text("filed_by")?,
            agent: text("agent")?,
            filed_at: parse_instant(&text("filed_at")?).unwrap_or_default(),
            judgement: json(&text("judgement")?, "judgement")?,
            answers: json(&text("answers")?, "answers")?,
            fen: row.try_get(prefix, "fen")?,
            fen_decided: row.try_get(prefix, "fen_decided")?,
            recheck: recheck.map(|text| json(&text, "recheck")).transpose()?,
            rechecked_at: rechecked_at.and_then(|text| parse_instant(&text)),
            decision: row.try_get(prefix, "decision")?,
            paid_fen: row.try_get(prefix, "paid_fen")?,
            sent_back_fen: row.try_get(prefix, "sent_back_fen")?,
            parts: row.try_get(prefix, "parts")?,
        })
    }
}
