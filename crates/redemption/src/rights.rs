//! What may be done in the room; who may stands in `data/rights.toml`.

use zhida_platform::access::{Action, Reach, Row, Viewer};

/// 申请和确认兑付, for the own enterprise.
pub const APPLY: Action = Action("redemption.apply");
/// 查看兑付事项: those of the own enterprise, or of the place.
pub const READ: Action = Action("redemption.read");
/// 办理兑付事项, in the place.
pub const HANDLE: Action = Action("redemption.handle");
/// 审定兑付事项, in the place.
pub const DECIDE: Action = Action("redemption.decide");
/// 编辑和发布兑付方案.
pub const SCHEME: Action = Action("redemption.scheme");
/// 查看兑付报表, of the place.
pub const REPORT: Action = Action("redemption.report");
/// 查看比对名单, 维护本单位的.
pub const LISTS: Action = Action("redemption.lists");
/// 更新任何单位的比对名单.
pub const LISTS_ALL: Action = Action("redemption.lists_all");
/// 对公示提出异议: whoever has an account.
pub const OBJECT: Action = Action("objection.make");
/// 给出联审和征求的意见, for the department that was asked.
pub const OPINION: Action = Action("opinion.give");
/// 评审打分.
pub const SCORE: Action = Action("score.give");

/// Whether what was filled in is shown whole: to the enterprise's own people whose role sees personal data. Offices and
/// agencies see it masked.
pub(crate) fn sees_filled(viewer: &Viewer, case: &Row<'_>) -> bool {
    let is_own = matches!(viewer.reach(READ), Reach::Own(_));
    is_own && viewer.facing(READ, case).sees_personal()
}

#[cfg(test)]
mod tests {
    use zhida_platform::access::Rights;

    use super::*;

    #[test]
    fn each_stands_in_the_table() {
        for Action(slug) in [
            APPLY, READ, HANDLE, DECIDE, SCHEME, REPORT, LISTS, LISTS_ALL, OBJECT, OPINION, SCORE,
        ] {
            assert!(Rights::shipped().action_name(slug).is_some(), "{slug}");
        }
    }
}
