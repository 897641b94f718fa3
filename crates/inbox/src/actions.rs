//! What the room asks `data/rights.toml` for.

use zhida_platform::access::Action;

/// 管理自己的账号: one's own inbox and preferences are part of it.
pub const OWN: Action = Action("account.own");
/// 查看发给本企业的消息
pub const ENTERPRISE: Action = Action("message.enterprise");
/// 管理消息的发送、推送和模板
pub const MANAGE: Action = Action("message.manage");

#[cfg(test)]
mod tests {
    use super::*;
    use zhida_platform::access::Rights;

    #[test]
    fn all_stand_in_the_table() {
        for action in [OWN, ENTERPRISE, MANAGE] {
            assert!(
                Rights::shipped().action_name(action.0).is_some(),
                "{action:?}"
            );
        }
    }
}
