//! What the room asks `data/rights.toml` for.

use zhida_platform::access::Action;

/// 查看资金池、拨付和对账
pub const READ: Action = Action("fund.read");
/// 管理资金池、付款账户和追回
pub const MANAGE: Action = Action("fund.manage");
/// 编制拨付批次
pub const DRAW: Action = Action("payment.draw");
/// 复核拨付批次
pub const APPROVE: Action = Action("payment.approve");
/// 导入回单
pub const RECEIPT: Action = Action("payment.receipt");
/// 登记本企业的收款账户
pub const PAYEE: Action = Action("fund.payee");

#[cfg(test)]
mod tests {
    use super::*;
    use zhida_platform::access::Rights;

    #[test]
    fn all_stand_in_the_table() {
        for action in [READ, MANAGE, DRAW, APPROVE, RECEIPT, PAYEE] {
            assert!(
                Rights::shipped().action_name(action.0).is_some(),
                "{action:?}"
            );
        }
    }
}
