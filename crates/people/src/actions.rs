//! What is done in this room, by its slug in `data/rights.toml`.

use zhida_platform::access::Action;

/// 管理自己的账号.
pub const OWN: Action = Action("account.own");
/// 管理本企业的人员和代办授权.
pub const STAFF: Action = Action("enterprise.staff");
/// 查看组织机构.
pub const ORGANISATION_READ: Action = Action("organisation.read");
/// 建立和修改组织、账号.
pub const ORGANISATION_MANAGE: Action = Action("organisation.manage");
/// 查看账号.
pub const ACCOUNT_READ: Action = Action("account.read");
/// 授予和撤销任职.
pub const SEAT_GRANT: Action = Action("seat.grant");
/// 重置第二因素、结束会话.
pub const SESSION_MANAGE: Action = Action("session.manage");

#[cfg(test)]
mod tests {
    use zhida_platform::access::Rights;

    use super::*;

    #[test]
    fn the_table_of_rights_knows_every_action() {
        for action in [
            OWN,
            STAFF,
            ORGANISATION_READ,
            ORGANISATION_MANAGE,
            ACCOUNT_READ,
            SEAT_GRANT,
            SESSION_MANAGE,
        ] {
            assert!(
                Rights::shipped().action_name(action.0).is_some(),
                "{}",
                action.0
            );
        }
    }
}
