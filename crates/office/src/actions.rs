//! What is done in this room, by its slug in `data/rights.toml`.

use zhida_platform::access::Action;

/// 查看后台概况.
pub const OFFICE: Action = Action("office.see");
/// 查看审计记录.
pub const AUDIT_READ: Action = Action("audit.read");
/// 查看后台任务.
pub const JOB_READ: Action = Action("job.read");
/// 取消、重跑任务，开关定时任务.
pub const JOB_MANAGE: Action = Action("job.manage");
/// 查看文件存储的状况.
pub const FILE_READ: Action = Action("file.read");
/// 放行隔离的文件.
pub const FILE_MANAGE: Action = Action("file.manage");
/// 维护工作日历.
pub const CALENDAR: Action = Action("calendar.manage");
/// Of other rooms, to which the first page leads.
pub(crate) const ORGANISATION_READ: Action = Action("organisation.read");
pub(crate) const ACCOUNT_READ: Action = Action("account.read");
pub(crate) const SEAT_GRANT: Action = Action("seat.grant");

#[cfg(test)]
mod tests {
    use zhida_platform::access::Rights;

    use super::*;

    #[test]
    fn the_table_of_rights_knows_every_action() {
        for Action(slug) in [
            OFFICE,
            AUDIT_READ,
            JOB_READ,
            JOB_MANAGE,
            FILE_READ,
            FILE_MANAGE,
            CALENDAR,
            ORGANISATION_READ,
            ACCOUNT_READ,
            SEAT_GRANT,
        ] {
            assert!(Rights::shipped().action_name(slug).is_some(), "{slug}");
        }
    }
}
