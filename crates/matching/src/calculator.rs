//! 政策计算器: which questions still matter for somebody of whom little is known.
//!
//! A question matters as long as an item is undetermined and rests on its answer. Questions are
//! ranked by how many verdicts they would settle, so that the list of open items shrinks fast.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use zhida_rules::{Dictionary, Env, FactKey, ItemRules, Kind, Outcome};

use crate::verdict::Label;

/// Where one item stands for what is known so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Verdict and distance.
    pub outcome: Outcome,
    /// Missing facts that can be asked for.
    pub open: Vec<FactKey>,
    /// Missing facts that cannot: the visitor does not know them, or the dictionary has no
    /// question for them.
    pub withheld: Vec<FactKey>,
}

impl Standing {
    /// Nothing that could still be asked would change the verdict.
    pub fn is_settled(&self) -> bool {
        self.open.is_empty()
    }

    /// The verdict as people read it.
    pub fn label(&self) -> Label {
        Label::of(self.outcome)
    }
}

/// A question that still matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The attribute, and the year when it is annual.
    pub key: FactKey,
    /// Undetermined items for which this is the only missing fact.
    pub settles: usize,
    /// Undetermined items that rest on it.
    pub touches: usize,
}

/// All items and the questions that still matter, best first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assessment {
    /// One standing per item, in the order given.
    pub standings: Vec<Standing>,
    /// The questions.
    pub questions: Vec<Question>,
}

impl Assessment {
    /// How many items the questions can still settle.
    pub fn open_count(&self) -> usize {
        self.standings
            .iter()
            .filter(|standing| !standing.is_settled())
            .count()
    }
}

/// Verdict of each item, and the questions that still matter.
///
/// Order of questions: the region first (most items rest on it, and nothing else decides as much),
/// then by [`Question::settles`], by [`Question::touches`], by the dictionary's order and by year,
/// latest first. `declined` are questions the visitor cannot answer.
pub fn assess<'i>(
    env: &Env<'_>,
    items: impl IntoIterator<Item = &'i ItemRules>,
    declined: &BTreeSet<FactKey>,
) -> Assessment {
    let mut tally: BTreeMap<FactKey, (usize, usize)> = BTreeMap::new();
    let standings: Vec<Standing> = items
        .into_iter()
        .map(|rules| {
            let standing = standing(env, rules, declined);
            let only = standing.open.len() == 1 && standing.withheld.is_empty();
            for key in &standing.open {
                let (settles, touches) = tally.entry(*key).or_default();
                *settles += usize::from(only);
                *touches += 1;
            }
            standing
        })
        .collect();
    let mut questions: Vec<Question> = tally
        .into_iter()
        .map(|(key, (settles, touches))| Question {
            key,
            settles,
            touches,
        })
        .collect();
    let is_region = |key: &FactKey| env.dictionary.attribute(key.0).kind == Kind::Division;
    questions.sort_by(|a, b| {
        is_region(&b.key)
            .cmp(&is_region(&a.key))
            .then(b.settles.cmp(&a.settles))
            .then(b.touches.cmp(&a.touches))
            .then(a.key.0.cmp(&b.key.0))
            .then(b.key.1.cmp(&a.key.1))
    });
    Assessment {
        standings,
        questions,
    }
}

fn standing(env: &Env<'_>, rules: &ItemRules, declined: &BTreeSet<FactKey>) -> Standing {
    let (open, withheld) = rules.missing_keys(env).into_iter().partition(|key| {
        env.dictionary.attribute(key.0).question.is_some() && !declined.contains(key)
    });
    Standing {
        outcome: rules.evaluate(env),
        open,
        withheld,
    }
}

/// The question for a fact as the visitor reads it; an annual one names its year.
pub fn question_text(dictionary: &Dictionary, key: FactKey, on: NaiveDate) -> String {
    let attribute = dictionary.attribute(key.0);
    let text = match &attribute.question {
        Some(question) => question.clone(),
        None => format!("{}是多少？", attribute.name),
    };
    let Some(year) = key.1 else { return text };
    let relative = match on.year() - year {
        0 => "本年度",
        1 => "上一年度",
        2 => "前年度",
        _ => "该年度",
    };
    let dated = format!("{relative}（{year} 年）");
    if text.contains("上一年度") {
        text.replace("上一年度", &dated)
    } else if text.contains("上年度") {
        text.replace("上年度", &dated)
    } else {
        format!("{year} 年：{text}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;
    use zhida_rules::{ConditionSource, Facts, ItemRulesSource, Truth, Value};

    use super::*;

    const YAML: &str = r#"
attributes:
  - { id: division, name: 所在区划, kind: division, department: 市场监管, question: 在哪里？ }
  - { id: a, name: 甲, kind: bool, department: 科技, absence: "no", question: 甲？ }
  - { id: b, name: 乙, kind: bool, department: 科技, question: 乙？ }
  - { id: c, name: 丙, kind: number, department: 税务, annual: true, question: 贵企业上一年度丙是多少？ }
  - { id: d, name: 丁, kind: number, department: 税务, question: 丁？ }
  - { id: e, name: 戊, kind: bool, department: 税务 }
"#;

    fn dictionary() -> Dictionary {
        Dictionary::from_yaml(YAML).unwrap()
    }

    fn on() -> NaiveDate {
        "2026-11-22".parse().unwrap()
    }

    fn item(dictionary: &Dictionary, conditions: &[&str]) -> ItemRules {
        let conditions = conditions
            .iter()
            .map(|rule| match rule.strip_prefix("manual ") {
                Some(how) => ConditionSource {
                    manual: Some(how.to_owned()),
                    ..Default::default()
                },
                None => ConditionSource {
                    rule: Some((*rule).to_owned()),
                    ..Default::default()
                },
            })
            .collect();
        ItemRules::compile(
            dictionary,
            &ItemRulesSource {
                conditions,
                benefit: None,
            },
        )
        .unwrap()
    }

    fn names(dictionary: &Dictionary, assessment: &Assessment) -> Vec<String> {
        let name = |q: &Question| dictionary.attribute(q.key.0).name.clone();
        assessment.questions.iter().map(name).collect()
    }

    #[test]
    fn the_region_comes_first_then_what_settles_most() {
        let dictionary = dictionary();
        let items = [
            item(&dictionary, &["所在区划 in (\"330100\")", "丁 >= 5"]),
            item(&dictionary, &["上年.丙 >= 5"]),
            item(&dictionary, &["上年.丙 >= 9"]),
            item(&dictionary, &["乙", "丁 >= 2"]),
            item(&dictionary, &["乙", "丁 >= 3"]),
            item(&dictionary, &["戊"]),
        ];
        let facts = Facts::stated();
        let env = Env {
            dictionary: &dictionary,
            facts: &facts,
            on: on(),
        };
        let assessment = assess(&env, &items, &BTreeSet::new());
        assert_eq!(
            names(&dictionary, &assessment),
            ["所在区划", "丙", "丁", "乙"]
        );
        let revenue = &assessment.questions[1];
        assert_eq!((revenue.settles, revenue.touches), (2, 2));
        assert_eq!(
            question_text(&dictionary, revenue.key, on()),
            "贵企业上一年度（2025 年）丙是多少？"
        );
        assert!(
            assessment.standings[5].is_settled(),
            "nobody can be asked for it"
        );
        assert_eq!(assessment.standings[5].withheld.len(), 1);

        let declined = BTreeSet::from([revenue.key]);
        let assessment = assess(&env, &items, &declined);
        assert_eq!(names(&dictionary, &assessment), ["所在区划", "丁", "乙"]);
        assert_eq!(assessment.standings[1].label(), Label::OneUnknown);
    }

    #[test]
    fn silence_of_a_register_is_not_a_visitors_no() {
        let dictionary = dictionary();
        let rules = item(&dictionary, &["甲"]);
        let env = |facts| Env {
            dictionary: &dictionary,
            facts,
            on: on(),
        };
        let (registered, stated) = (Facts::new(), Facts::stated());
        assert_eq!(rules.evaluate(&env(&registered)).verdict, Truth::False);
        assert_eq!(
            names(
                &dictionary,
                &assess(&env(&stated), [&rules], &BTreeSet::new())
            ),
            ["甲"]
        );
    }

    fn atom() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("甲".to_owned()),
            Just("乙".to_owned()),
            Just("所在区划 in (\"330100\")".to_owned()),
            (0..4i64).prop_map(|n| format!("上年.丙 >= {n}")),
            (0..4i64).prop_map(|n| format!("丁 < {n}")),
            (0..4i64).prop_map(|n| format!("上年.丙 + 丁 > {n}")),
        ]
    }

    fn rule() -> impl Strategy<Value = String> {
        atom().prop_recursive(3, 8, 3, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} and {b})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
                inner.prop_map(|a| format!("not({a})")),
            ]
        })
    }

    /// A rule that names no attribute twice: one that contradicts itself would rest on nothing.
    fn read_once_rule() -> impl Strategy<Value = String> {
        let atoms = ["甲", "乙", "所在区划 in (\"330100\")", "上年.丙 + 丁 > 2"];
        let ops = prop::collection::vec((any::<bool>(), any::<bool>()), 4);
        (Just(atoms.to_vec()).prop_shuffle(), 1..=4usize, ops).prop_map(|(atoms, count, ops)| {
            let mut rule = atoms[0].to_owned();
            for (atom, (both, negated)) in atoms[1..count].iter().zip(ops) {
                let word = if both { "and" } else { "or" };
                rule = format!("({rule} {word} {atom})");
                if negated {
                    rule = format!("not({rule})");
                }
            }
            rule
        })
    }

    fn items() -> impl Strategy<Value = Vec<Vec<String>>> {
        let manual = prop_oneof![4 => rule(), 1 => Just("manual 专家评审".to_owned())];
        prop::collection::vec(prop::collection::vec(manual, 1..4), 1..7)
    }

    fn values(dictionary: &Dictionary, key: FactKey) -> Vec<Value> {
        match dictionary.attribute(key.0).kind {
            Kind::Bool => vec![Value::Bool(true), Value::Bool(false)],
            Kind::Division => ["330106", "110101"]
                .map(|code| Value::Text(code.to_owned()))
                .to_vec(),
            _ => (0..5i64).map(|n| Value::Number(n.into())).collect(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn answering_in_order_settles_every_item(sources in items(), picks in prop::collection::vec(0..5usize, 8)) {
            let dictionary = dictionary();
            let items: Vec<ItemRules> = sources.iter()
                .map(|rules| item(&dictionary, &rules.iter().map(String::as_str).collect::<Vec<_>>()))
                .collect();
            let mut facts = Facts::stated();
            let mut open_before = usize::MAX;
            for pick in &picks {
                let env = Env { dictionary: &dictionary, facts: &facts, on: on() };
                let assessment = assess(&env, &items, &BTreeSet::new());
                prop_assert!(assessment.open_count() <= open_before, "the list of open items only shrinks");
                open_before = assessment.open_count();
                let Some(next) = assessment.questions.first() else { break };
                let choices = values(&dictionary, next.key);
                facts.assume(next.key.0, next.key.1, choices[pick % choices.len()].clone());
            }
            let env = Env { dictionary: &dictionary, facts: &facts, on: on() };
            let assessment = assess(&env, &items, &BTreeSet::new());
            prop_assert!(assessment.questions.is_empty());
            for (rules, standing) in items.iter().zip(&assessment.standings) {
                let manual = rules.manual_count() > 0;
                prop_assert!(standing.outcome.verdict != Truth::Unknown || manual);
                prop_assert!(standing.label() != Label::Unknown);
            }
        }

        #[test]
        fn no_question_is_asked_that_changes_nothing(source in read_once_rule()) {
            let dictionary = dictionary();
            let rules = item(&dictionary, &[&source]);
            let facts = Facts::stated();
            let env = Env { dictionary: &dictionary, facts: &facts, on: on() };
            let assessment = assess(&env, [&rules], &BTreeSet::new());
            let keys: Vec<FactKey> = assessment.questions.iter().map(|q| q.key).collect();
            for key in &keys {
                let others: Vec<FactKey> = keys.iter().copied().filter(|k| k != key).collect();
                prop_assert!(
                    changes_some(&dictionary, &rules, *key, &others, &mut Facts::stated()),
                    "{source} does not rest on {}", dictionary.attribute(key.0).name
                );
            }
        }
    }

    /// Is there a completion of the other answers in which this answer changes the verdict?
    fn changes_some(
        dictionary: &Dictionary,
        rules: &ItemRules,
        key: FactKey,
        others: &[FactKey],
        facts: &mut Facts,
    ) -> bool {
        let verdict = |facts: &Facts| {
            rules
                .evaluate(&Env {
                    dictionary,
                    facts,
                    on: on(),
                })
                .verdict
        };
        let Some((first, rest)) = others.split_first() else {
            let before = verdict(facts);
            return values(dictionary, key).into_iter().any(|value| {
                facts.assume(key.0, key.1, value);
                let after = verdict(facts);
                facts.remove(key.0, key.1);
                before != after
            });
        };
        if changes_some(dictionary, rules, key, rest, facts) {
            return true;
        }
        values(dictionary, *first).into_iter().any(|value| {
            facts.assume(first.0, first.1, value);
            let found = changes_some(dictionary, rules, key, rest, facts);
            facts.remove(first.0, first.1);
            found
        })
    }
}
