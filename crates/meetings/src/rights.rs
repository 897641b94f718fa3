//! What may be done in the room; who may stands in `data/rights.toml`.

use zhida_platform::access::Action;

/// 查看调度会和交办清单, of the place.
pub const READ: Action = Action("meeting.read");
/// 组织调度会、交办事项, of the place.
pub const MANAGE: Action = Action("meeting.manage");
/// 销号: the chair's. Whoever reports that something is done does not strike it off.
pub const STRIKE: Action = Action("meeting.strike");
/// 报送本单位交办事项的进展, for the body that was charged.
pub const TASK: Action = Action("meeting.task");

#[cfg(test)]
mod tests {
    use zhida_platform::access::Rights;

    use super::*;

    #[test]
    fn each_stands_in_the_table() {
        for Action(slug) in [READ, MANAGE, STRIKE, TASK] {
            assert!(Rights::shipped().action_name(slug).is_some(), "{slug}");
        }
    }
}
