//! The dictionary and the real items that the program ships, inside the binary.

use zhida_rules::ItemRulesSource;
use zhida_standards::division::{self, DivisionCode};

use crate::Label;

include!(concat!(env!("OUT_DIR"), "/policies.rs"));

/// data/dictionary.yaml.
pub fn dictionary_yaml() -> &'static str {
    include_str!("../../../data/dictionary.yaml")
}

/// The policy files of data/policies with their names, in the order of the names.
pub fn policy_files() -> impl Iterator<Item = (&'static str, &'static str)> {
    POLICIES.iter().copied()
}

/// The file of the one item that only the demonstration has, with its name: 即申即享 in its city.
pub fn demo_policy_file() -> (&'static str, &'static str) {
    (
        "data/demo/policy.yaml",
        include_str!("../../../data/demo/policy.yaml"),
    )
}

/// The schemes of 兑付 that the demonstration publishes, by the item's id; the files are in `data/schemes/demo`, that of
/// the item that only the demonstration has in `data/demo`.
pub fn schemes() -> [(&'static str, &'static str); 4] {
    [
        (
            "p068-shouci-nashang",
            include_str!("../../../data/schemes/demo/p068-shouci-nashang.yaml"),
        ),
        (
            "p068-piling-zengliang",
            include_str!("../../../data/schemes/demo/p068-piling-zengliang.yaml"),
        ),
        (
            "yanshi-tongjiyuan",
            include_str!("../../../data/demo/scheme.yaml"),
        ),
        (
            "p079-shebao",
            include_str!("../../../data/schemes/demo/p079-shebao.yaml"),
        ),
    ]
}

/// All divisions that shipped items name, the whole country left out; ascending.
pub fn divisions() -> Vec<DivisionCode> {
    let mut found: Vec<DivisionCode> = items().flat_map(|item| item.divisions()).collect();
    found.sort();
    found.dedup();
    found
}

/// The names of development zones and lists that shipped items ask for, with the items' divisions.
/// Items of the whole country give none.
pub fn labels() -> Vec<Label> {
    let mut found: Vec<Label> = Vec::new();
    for item in items() {
        let rules = item
            .rules
            .conditions
            .iter()
            .filter_map(|condition| condition.rule.as_deref());
        for rule in rules {
            for (attribute, name) in [
                ("development_zone", "所在开发区"),
                ("listed_in", "入选名单"),
            ] {
                for value in named_after(rule, name) {
                    let label = |division| Label {
                        attribute,
                        value: value.to_owned(),
                        division,
                    };
                    found.extend(item.divisions().into_iter().map(label));
                }
            }
        }
    }
    found.sort_by(|a, b| {
        (a.attribute, &a.value, a.division).cmp(&(b.attribute, &b.value, b.division))
    });
    found.dedup();
    found
}

#[derive(serde::Deserialize)]
struct File {
    items: Vec<Item>,
}

/// A shipped item, as far as a program needs it that keeps no policies.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Item {
    /// Its number in the catalogue, such as `p024-yanfa-houbuzhu`.
    pub id: String,
    /// Codes of the divisions that it is for; `000000` is the whole country.
    #[serde(default)]
    pub regions: Vec<String>,
    /// Codes of the industries that it is for; none are all.
    #[serde(default)]
    pub industries: Vec<String>,
    /// Conditions and benefit.
    #[serde(flatten)]
    pub rules: ItemRulesSource,
}

impl Item {
    fn divisions(&self) -> Vec<DivisionCode> {
        let codes = self.regions.iter().filter(|code| *code != "000000");
        codes
            .filter_map(|code| DivisionCode::parse(code).ok())
            .filter(|code| division::get(*code).is_some())
            .collect()
    }
}

/// The shipped items, file by file.
pub fn items() -> impl Iterator<Item = Item> {
    policy_files().flat_map(|(name, text)| {
        let file: File = serde_norway::from_str(text)
            .unwrap_or_else(|error| panic!("a test reads every shipped file, {name}: {error}"));
        file.items
    })
}

/// The quoted texts that follow an attribute up to the next attribute's connective.
fn named_after<'a>(rule: &'a str, name: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for part in rule.split(name).skip(1) {
        let end = [" and ", " or "]
            .iter()
            .filter_map(|word| part.find(word))
            .min();
        let part = &part[..end.unwrap_or(part.len())];
        found.extend(part.split('"').skip(1).step_by(2));
    }
    found
}

#[cfg(test)]
mod tests {
    use zhida_rules::Dictionary;

    use super::*;

    #[test]
    fn the_shipped_files_are_read() {
        assert!(policy_files().count() > 0);
        assert!(policy_files().all(|(name, _)| name.ends_with(".yaml")));
        assert!(items().count() >= 60);
        assert!(
            divisions()
                .iter()
                .all(|code| division::get(*code).is_some())
        );
        assert!(divisions().len() > 20);
        assert!(Dictionary::from_yaml(dictionary_yaml()).is_ok());
    }

    #[test]
    fn labels_are_taken_from_the_rules() {
        let rule = r#"所在开发区 in ("甲区", "乙区") and 企业类型 = "丙""#;
        assert_eq!(named_after(rule, "所在开发区"), ["甲区", "乙区"]);
        assert!(named_after("高新技术企业", "所在开发区").is_empty());
        assert!(
            labels()
                .iter()
                .any(|label| label.attribute == "development_zone")
        );
    }
}
