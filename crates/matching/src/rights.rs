//! What may be done in the room; who may stands in `data/rights.toml`.

use zhida_platform::access::{Action, Viewer};
use zhida_registry::Enterprise;

use crate::Matching;
use crate::error::Error;

/// 查看市场主体的匹配结果: an enterprise against items.
pub const READ: Action = Action("match.read");
/// 查询政策事项匹配到的市场主体: items against enterprises, and news.
pub const LIST: Action = Action("match.list");
/// 查看全量匹配的进展, with figures of the whole registry.
pub const RUNS: Action = Action("match.runs");
/// 查看发给本企业的消息: whoever may is told of the enterprise's news, and says of which no more.
pub const TOLD: Action = Action("message.enterprise");

impl Matching {
    /// The enterprise with this code, when the viewer may see its matches; that this part of them is
    /// looked at, for this item, is on record then. One that the viewer's right does not reach is
    /// answered like one that is not there.
    ///
    /// # Errors
    /// No such enterprise; the database.
    pub(crate) async fn reached(
        &self,
        viewer: &Viewer,
        code: &str,
        part: &str,
        item: Option<&str>,
    ) -> Result<Enterprise, Error> {
        let enterprise = self.enterprise(code).await?;
        if !viewer.covers(READ, &enterprise.access()) {
            return Err(Error::NoEnterprise(enterprise.code));
        }
        self.record_view(viewer, &enterprise.code, part, item)
            .await?;
        Ok(enterprise)
    }
}

#[cfg(test)]
mod tests {
    use zhida_platform::access::{Level, Rights, Scope};

    use super::*;

    #[test]
    fn each_stands_in_the_table() {
        for Action(slug) in [READ, LIST, RUNS, TOLD] {
            assert!(Rights::shipped().action_name(slug).is_some(), "{slug}");
        }
    }

    /// A verdict rests on all facts and tells of them, so whoever sees verdicts sees the facts.
    #[test]
    fn who_sees_verdicts_of_others_sees_confidential_facts() {
        for role in Rights::shipped().roles() {
            let sees = [READ, LIST]
                .iter()
                .any(|action| role.scope(action.0).is_some());
            assert!(!sees || role.facts == Level::Confidential, "{}", role.id);
            assert!(role.scope(LIST.0) != Some(Scope::Own), "{}", role.id);
        }
    }
}
