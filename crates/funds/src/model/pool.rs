use sea_orm::FromQueryResult;
use serde::Serialize;
use utoipa::ToSchema;
use zhida_standards::Fen;

/// 资金池：一个事项一年可以用的钱。金额单位都是分。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, FromQueryResult)]
#[schema(as = FundPool)]
pub struct Pool {
    /// 标识。
    pub id: String,
    /// 政策事项标识。
    pub item: String,
    /// 政策事项名称。
    pub item_name: String,
    /// 预算年度。
    pub year: i64,
    /// 责任单位名称。
    pub organisation: String,
    /// 行政区划。
    pub place: String,
    /// 预算总额。
    #[schema(value_type = i64)]
    pub amount: Fen,
    /// 预占。
    #[schema(value_type = i64)]
    pub reserved: Fen,
    /// 锁定。
    #[schema(value_type = i64)]
    pub committed: Fen,
    /// 已拨付。
    #[schema(value_type = i64)]
    pub paid: Fen,
    /// 启用；停用的资金池不再接受新的预占。
    pub is_open: bool,
    /// 备注。
    pub note: String,
}

impl Pool {
    /// What is spoken for: the amount cannot be cut below it.
    #[must_use]
    pub fn used(&self) -> Fen {
        self.reserved + self.committed + self.paid
    }

    /// 余额: what is left to be reserved.
    #[must_use]
    pub fn left(&self) -> Fen {
        self.amount - self.used()
    }
}
