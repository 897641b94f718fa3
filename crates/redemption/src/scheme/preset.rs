//! Presets: what some places promise for some classes of items, as data in `data/schemes/presets`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zhida_casework::Term;
use zhida_policies::Delivery;

use super::model::Step;

const FILES: [&str; 4] = [
    include_str!("../../../../data/schemes/presets/general.yaml"),
    include_str!("../../../../data/schemes/presets/taizhou.yaml"),
    include_str!("../../../../data/schemes/presets/sichuan.yaml"),
    include_str!("../../../../data/schemes/presets/huangpu.yaml"),
];

/// 一地承诺的办理时限。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SchemePreset)]
pub struct Preset {
    /// 预设的标识。
    pub id: String,
    /// 预设的名称。
    pub name: String,
    /// 出处。
    #[serde(default)]
    pub source: String,
    /// 要点。
    pub note: String,
    /// 政策发布之后多久应有方案。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub publish_within: Option<Term>,
    /// 事项的类别。
    pub classes: Vec<Class>,
}

/// 一类事项及其时限。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SchemeClass)]
pub struct Class {
    /// 类别的标识。
    pub id: String,
    /// 类别的名称。
    pub name: String,
    /// 哪些事项属于这一类。
    pub about: String,
    /// 适用的兑现方式。
    pub deliveries: Vec<Delivery>,
    /// 审批环节最多几个。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals_max: Option<usize>,
    /// 有部门联审时最多几个。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joint_approvals_max: Option<usize>,
    /// 全部环节最多几个。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps_max: Option<usize>,
    /// 材料最多几份。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub materials_max: Option<usize>,
    /// 多久之内兑付，公示和等待企业的时间不计。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub pays_within: Option<Term>,
    /// 须有比对名单。
    #[serde(default)]
    pub wants_lists: bool,
    /// 各种兑现方式的默认环节。
    #[schema(value_type = Object)]
    pub routes: BTreeMap<Delivery, Vec<Step>>,
}

/// The shipped presets, the general one first.
#[must_use]
pub fn presets() -> &'static [Preset] {
    static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| {
        let read = |text: &&str| {
            serde_norway::from_str(text)
                .unwrap_or_else(|error| panic!("a test reads every shipped preset: {error}"))
        };
        FILES.iter().map(read).collect()
    });
    &PRESETS
}

/// A class of a preset.
#[must_use]
pub fn class(preset: &str, class: &str) -> Option<(&'static Preset, &'static Class)> {
    let preset = presets().iter().find(|one| one.id == preset)?;
    let class = preset.classes.iter().find(|one| one.id == class)?;
    Some((preset, class))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Stage;

    #[test]
    fn every_preset_is_read_and_its_default_routes_keep_its_own_limits() {
        assert_eq!(presets().len(), FILES.len());
        for preset in presets() {
            for class in &preset.classes {
                let name = format!("{}/{}", preset.id, class.id);
                assert!(!class.deliveries.is_empty(), "{name}");
                for delivery in &class.deliveries {
                    let route = &class.routes[delivery];
                    let approvals = route.iter().filter(|step| step.stage.is_approval()).count();
                    assert!(
                        class.approvals_max.is_none_or(|max| approvals <= max),
                        "{name}"
                    );
                    assert!(
                        class.steps_max.is_none_or(|max| route.len() <= max),
                        "{name}"
                    );
                    assert!(route.is_sorted_by_key(|step| step.stage), "{name}");
                    let confirms = route.iter().any(|step| step.stage == Stage::Confirm);
                    assert_eq!(confirms, *delivery == Delivery::NoApplication, "{name}");
                }
            }
        }
    }
}
