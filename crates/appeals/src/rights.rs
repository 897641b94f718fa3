//! What may be done in the room; who may stands in `data/rights.toml`.

use zhida_platform::access::{Action, Viewer};

/// 本企业的诉求: see, rate, withdraw, reopen. Submitting is open to everyone; the handler looks at the city's settings.
pub const OWN: Action = Action("appeal.own");
/// 登记、受理、交办诉求; sees who appealed.
pub const INTAKE: Action = Action("appeal.intake");
/// 查看诉求, in the place.
pub const READ: Action = Action("appeal.read");
/// 办理诉求, those of the own body: as lead or as one that was asked.
pub const HANDLE: Action = Action("appeal.handle");
/// 回访.
pub const VISIT: Action = Action("appeal.visit");
/// 督查督办.
pub const SUPERVISE: Action = Action("appeal.supervise");
/// 设置诉求分类、时限和渠道.
pub const SETUP: Action = Action("appeal.setup");
/// 查看诉求数据.
pub const NUMBERS: Action = Action("appeal.numbers");

/// Whether somebody looks at appeals from an office; all others are appellants.
pub(crate) fn is_officer(viewer: &Viewer) -> bool {
    [HANDLE, READ, INTAKE, VISIT, SUPERVISE]
        .into_iter()
        .any(|action| viewer.may(action))
}

#[cfg(test)]
mod tests {
    use zhida_platform::access::Rights;

    use super::*;

    #[test]
    fn each_stands_in_the_table() {
        for Action(slug) in [OWN, INTAKE, READ, HANDLE, VISIT, SUPERVISE, SETUP, NUMBERS] {
            assert!(Rights::shipped().action_name(slug).is_some(), "{slug}");
        }
    }
}
