//! What a viewer's verdicts may rest on. A verdict on a hidden figure tells the figure: with
//! thresholds enough, anybody could close in on a competitor's turnover. So for the public the
//! hidden facts are not there at all, and what rests on them is unknown.

use zhida_platform::access::{Level, Viewer};
use zhida_rules::{Absence, Attribute, Dictionary, Facts, Sensitivity};

use crate::model::ConditionView;

/// Whether a viewer may see an attribute's values.
pub fn may_see(viewer: &Viewer, attribute: &Attribute) -> bool {
    viewer.can_see(match attribute.sensitivity {
        Sensitivity::Public => Level::Public,
        Sensitivity::Internal => Level::Internal,
        Sensitivity::Confidential => Level::Confidential,
    })
}

/// The dictionary for verdicts that the public sees: silence on what is hidden means unknown, since
/// it is silent for everybody. Positions stay the same, so compiled rules remain valid.
pub fn public_dictionary(dictionary: &Dictionary) -> Dictionary {
    let mut attributes = dictionary.attributes().to_vec();
    for attribute in &mut attributes {
        if !may_see(&Viewer::visitor(), attribute) {
            attribute.absence = Absence::Unknown;
        }
    }
    Dictionary::new(attributes, dictionary.constants().to_vec())
        .expect("only what silence means was changed in a checked dictionary")
}

/// The facts that a viewer may see.
pub fn seen(viewer: &Viewer, dictionary: &Dictionary, facts: &Facts) -> Facts {
    let mut seen = Facts::new();
    for ((index, year), fact) in facts.iter() {
        if may_see(viewer, dictionary.attribute(*index)) {
            seen.insert(*index, *year, fact.clone());
        }
    }
    seen
}

/// Marks the tests that are unknown because what they need is hidden from the viewer, whether
/// anything is on record or not.
pub fn mark_withheld(viewer: &Viewer, dictionary: &Dictionary, conditions: &mut [ConditionView]) {
    for test in conditions.iter_mut().flat_map(|c| &mut c.tests) {
        let mut needed = test.missing.iter().map(|missing| &missing.id);
        test.withheld = needed.any(|id| {
            let attribute = dictionary.find(id).map(|index| dictionary.attribute(index));
            attribute.is_none_or(|attribute| !may_see(viewer, attribute))
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use chrono::NaiveDate;
    use zhida_rules::{Env, ItemRules, ItemRulesSource};

    use super::*;
    use crate::explain;

    fn dictionary() -> Dictionary {
        Dictionary::from_yaml(
            r#"
attributes:
  - { id: revenue, name: 营业收入, kind: number, unit: 元, annual: true, department: 税务, sensitivity: confidential }
  - { id: staff, name: 从业人数, kind: number, unit: 人, department: 人社, sensitivity: public }
  - { id: above_scale, name: 规上企业, kind: bool, department: 统计, sensitivity: internal, absence: "no" }
  - { id: high_tech, name: 高新技术企业, kind: bool, department: 科技, sensitivity: public, absence: "no" }
  - { id: per_head, name: 人均收入, kind: number, unit: 元, annual: true, department: 税务, sensitivity: public, formula: 营业收入 / 从业人数 }
"#,
        )
        .unwrap()
    }

    fn shown(viewer: &Viewer, facts: serde_json::Value) -> Vec<ConditionView> {
        let own = dictionary();
        let dictionary = public_dictionary(&own);
        let rules = [
            "上年.营业收入 >= 2000万 and 从业人数 >= 20",
            "从业人数 >= 上年.营业收入 / 1000万",
            "规上企业",
            "not(规上企业)",
            "上年.人均收入 >= 1",
            "高新技术企业",
        ];
        let conditions = rules
            .iter()
            .map(|rule| serde_json::json!({"text": rule, "rule": rule}));
        let source: ItemRulesSource = serde_json::from_value(
            serde_json::json!({"conditions": conditions.collect::<Vec<_>>()}),
        )
        .unwrap();
        let facts = Facts::from_json(&own, &facts).unwrap();
        let env = Env {
            dictionary: &dictionary,
            facts: &seen(viewer, &own, &facts),
            on: NaiveDate::from_ymd_opt(2026, 11, 22).unwrap(),
        };
        let rules = ItemRules::compile(&own, &source).unwrap();
        let mut shown = explain::conditions(&rules.explain(&env));
        mark_withheld(viewer, &own, &mut shown);
        shown
    }

    #[test]
    fn hidden_facts_leave_no_trace_in_what_the_public_sees() {
        let with =
            serde_json::json!({"revenue": {"2025": 15_000_000}, "above_scale": true, "staff": 12});
        let richer = serde_json::json!({"revenue": {"2025": 95_000_000}, "staff": 12});
        let without = serde_json::json!({"staff": 12});
        let public = shown(&Viewer::visitor(), with);
        assert_eq!(public, shown(&Viewer::visitor(), richer));
        assert_eq!(public, shown(&Viewer::visitor(), without));
        let verdicts: Vec<Option<bool>> = public.iter().map(|c| c.verdict).collect();
        assert_eq!(
            verdicts,
            [Some(false), None, None, None, None, Some(false)],
            "public facts still decide, and silence of a public register is a no"
        );
        assert!(public[0].tests[0].withheld && !public[0].tests[1].withheld);
        assert_eq!(public[0].tests[1].known.as_deref(), Some("12 人"));
    }

    #[test]
    fn an_officer_sees_all() {
        let officer = Viewer::officer("甲");
        let facts = serde_json::json!({"revenue": {"2025": 15_000_000}, "above_scale": true});
        let shown = shown(&officer, facts);
        assert_eq!(shown[0].tests[0].verdict, Some(false));
        assert_eq!(shown[2].verdict, Some(true));
        assert!(shown.iter().flat_map(|c| &c.tests).all(|t| !t.withheld));
    }
}
