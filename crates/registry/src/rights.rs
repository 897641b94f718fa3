//! What may be done in the room; who may stands in `data/rights.toml`.

use zhida_platform::access::{Action, Viewer};

use crate::{Enterprise, Registry, RegistryError};

/// 查询市场主体名录: list, count, export.
pub const LIST: Action = Action("enterprise.list");
/// 查看市场主体的公开信息.
pub const SHOW: Action = Action("enterprise.show");
/// 查看市场主体的完整档案: what is not public, too.
pub const READ: Action = Action("enterprise.read");
/// 查看市场主体的匹配结果: another room's, to which the file leads.
pub(crate) const MATCHES: Action = Action("match.read");
/// 查看谁看过本企业的档案.
pub const AUDIT: Action = Action("audit.own");
/// 导入市场主体数据, and look at batches.
pub const IMPORT: Action = Action("enterprise.import");
/// 管理企业标签.
pub const TAGS: Action = Action("tag.manage");

impl Registry {
    /// The enterprise with this code, and the viewer before it: a visitor when its file may not be
    /// read whole. That somebody is about to see more than a visitor of this part is on record then.
    ///
    /// # Errors
    /// No such enterprise, or one that may not be shown, which is answered alike; the database.
    pub(crate) async fn shown(
        &self,
        viewer: &Viewer,
        code: &str,
        part: &str,
    ) -> Result<(Enterprise, Viewer), RegistryError> {
        let found = self.enterprise(code).await?;
        let found = found.filter(|enterprise| viewer.covers(SHOW, &enterprise.access()));
        let enterprise =
            found.ok_or_else(|| RegistryError::NoEnterprise(code.chars().take(30).collect()))?;
        let facing = viewer.facing(READ, &enterprise.access());
        if !facing.is_visitor() {
            self.record_view(viewer, &enterprise, READ, part).await?;
        }
        Ok((enterprise, facing))
    }
}

#[cfg(test)]
mod tests {
    use zhida_platform::access::Rights;

    use super::*;

    #[test]
    fn each_stands_in_the_table() {
        for Action(slug) in [LIST, SHOW, READ, MATCHES, AUDIT, IMPORT, TAGS] {
            assert!(Rights::shipped().action_name(slug).is_some(), "{slug}");
        }
    }
}
