use zhida_rules::{Dictionary, Env, Facts, ItemRules, ItemRulesSource, Rule};

/// A small dictionary of its own, so that tests do not move when the shipped one does.
pub fn dictionary() -> Dictionary {
    Dictionary::from_yaml(include_str!("dictionary.yaml")).unwrap()
}

pub const ON: &str = "2026-11-22";

pub fn facts(dictionary: &Dictionary, json: &str) -> Facts {
    Facts::from_json(dictionary, &serde_json::from_str(json).unwrap()).unwrap()
}

/// The truth of a rule for the given facts.
pub fn truth(rule: &str, json: &str) -> Option<bool> {
    let dictionary = dictionary();
    let rule = Rule::compile(&dictionary, rule).unwrap_or_else(|error| panic!("{rule}: {error}"));
    let facts = facts(&dictionary, json);
    rule.evaluate(&Env {
        dictionary: &dictionary,
        facts: &facts,
        on: ON.parse().unwrap(),
    })
}

/// The message for a wrong rule.
pub fn refusal(rule: &str) -> String {
    match Rule::compile(&dictionary(), rule) {
        Ok(_) => panic!("“{rule}” should be refused"),
        Err(error) => error.to_string(),
    }
}

pub fn item(dictionary: &Dictionary, yaml: &str) -> ItemRules {
    let source: ItemRulesSource = serde_norway::from_str(yaml).unwrap();
    ItemRules::compile(dictionary, &source).unwrap_or_else(|errors| panic!("{errors:?}"))
}
