//! What may be done in the room; who may stands in `data/rights.toml`. That a write comes from our
//! own pages is seen to for all rooms in `platform::http`.

use zhida_platform::access::Action;

/// 查看已发布的政策.
pub const READ: Action = Action("policy.read");
/// 编辑、发布和撤下政策, and see drafts.
pub const EDIT: Action = Action("policy.edit");
/// 查询政策事项匹配到的市场主体: another room's, to which the pages of items lead.
pub(crate) const MATCHES: Action = Action("match.list");

#[cfg(test)]
mod tests {
    use zhida_platform::access::Rights;

    use super::*;

    #[test]
    fn each_stands_in_the_table() {
        for Action(slug) in [READ, EDIT, MATCHES] {
            assert!(Rights::shipped().action_name(slug).is_some(), "{slug}");
        }
    }
}
