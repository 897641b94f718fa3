//! Why money is demanded back, as data in `data/schemes/recovery-causes.yaml`.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const FILE: &str = include_str!("../../../../data/schemes/recovery-causes.yaml");

/// 这一追回事由是否撤销原来的兑付决定。
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Withdraws {
    /// 只能全额追回、撤销原决定。
    Always,
    /// 由审定人员选择。
    May,
    /// 原决定仍然有效。
    Never,
}

/// 追回的原因。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecoveryCause)]
pub struct Cause {
    /// 标识。
    pub id: String,
    /// 名称。
    pub name: String,
    /// 会不会撤销原决定。
    pub withdraws: Withdraws,
    /// 理由里写什么。
    pub hint: String,
    /// 可以引用的依据。
    #[serde(default)]
    pub basis: String,
}

static CAUSES: LazyLock<Vec<Cause>> =
    LazyLock::new(|| serde_norway::from_str(FILE).expect("the shipped causes are read by a test"));

/// All causes in the order of the form.
#[must_use]
pub fn causes() -> &'static [Cause] {
    &CAUSES
}

/// The cause of this id.
pub(super) fn cause(id: &str) -> Option<&'static Cause> {
    causes().iter().find(|cause| cause.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_causes_are_whole() {
        let ids: std::collections::BTreeSet<&str> =
            causes().iter().map(|cause| cause.id.as_str()).collect();
        assert_eq!(ids.len(), causes().len());
        for cause in causes() {
            assert!(
                !cause.name.is_empty() && !cause.hint.is_empty(),
                "{cause:?}"
            );
        }
        assert_eq!(
            cause("false-materials").map(|cause| cause.withdraws),
            Some(Withdraws::Always)
        );
        assert_eq!(cause("whim"), None);
    }
}
