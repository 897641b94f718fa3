//! Compiled rules come back from an archive as they were, or are refused.

use proptest::{prelude::*, test_runner::RngSeed};
use sha2::{Digest, Sha256};
use zhida_rules::{
    Dictionary, Env, Facts, ItemRules, ItemRulesSource,
    archive::{ArchiveError, read, write},
};

use crate::{
    exercise,
    hostile::{amounts, conditions},
    mutants::{mutated, shipped_items},
    tools::{ON, dictionary, facts, item},
};

fn written(dictionary: &Dictionary, items: &[(String, ItemRules)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let items = items.iter().map(|(key, rules)| (key.as_str(), rules));
    write(dictionary, items, &mut bytes).unwrap();
    bytes
}

fn sample(dictionary: &Dictionary) -> Vec<(String, ItemRules)> {
    let rules = item(
        dictionary,
        r#"
conditions:
  - { text: 在杭州, rule: '所在区划 in ("330100")' }
  - { text: 规模, rule: '企业规模 in ("小型","微型") or 高新技术企业' }
  - { text: 评审, manual: 专家评审 }
benefit:
  let: { 基数: 上年.研发费用 * 12.5% }
  formula: 分档(基数, [0, 1万], [100万, 5万])
  cap: 3万
  round_to: 元
"#,
    );
    vec![("甲".to_owned(), rules)]
}

#[test]
fn shipped_items_come_back_as_they_were() {
    let dictionary = Dictionary::shipped();
    let items = shipped_items();
    assert!(items.len() > 100, "{}", items.len());
    let bytes = written(dictionary, items);
    let again = read(dictionary, &bytes).unwrap();
    assert_eq!(again, items);
    let nothing = Facts::new();
    let small = facts(dictionary, r#"{"企业规模":"小型","高新技术企业":true}"#);
    for facts in [&nothing, &small] {
        let on = ON.parse().unwrap();
        let env = Env {
            dictionary,
            facts,
            on,
        };
        for ((_, before), (_, after)) in items.iter().zip(&again) {
            assert_eq!(after.explain(&env), before.explain(&env));
            assert_eq!(after.amount(&env), before.amount(&env));
        }
    }
}

#[test]
fn what_is_no_archive_of_this_dictionary_is_refused_in_chinese() {
    let dictionary = dictionary();
    let bytes = written(&dictionary, &sample(&dictionary));
    let refusal = |bytes: &[u8]| read(&dictionary, bytes).unwrap_err().to_string();
    assert!(refusal(b"").contains("不是"));
    assert!(refusal(b"PK\x03\x04 something else").contains("不是"));
    let mut other = bytes.clone();
    other[8] = 0;
    assert!(refusal(&other).contains("第 0 版"), "{}", refusal(&other));
    assert!(refusal(&bytes[..bytes.len() - 1]).contains("损坏"));
    let elsewhere = read(Dictionary::shipped(), &bytes);
    assert!(matches!(elsewhere, Err(ArchiveError::OtherDictionary)));
}

#[test]
fn every_damage_is_noticed() {
    let dictionary = dictionary();
    let bytes = written(&dictionary, &sample(&dictionary));
    for length in 0..bytes.len() {
        assert!(read(&dictionary, &bytes[..length]).is_err(), "{length}");
    }
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            assert!(read(&dictionary, &damaged).is_err(), "{at}.{bit}");
        }
    }
}

/// Whoever changes the form must raise its version: an old archive would be read wrongly.
#[test]
fn the_form_has_not_changed_without_a_new_version() {
    let dictionary = dictionary();
    let bytes = written(&dictionary, &sample(&dictionary));
    let digest: String = Sha256::digest(exercise::content(&bytes))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        (bytes[8], digest.as_str()),
        (
            1,
            "e1e6dbcc229f0fe0285979d9666d35d261457af6aae988180ec387902a376a7a"
        )
    );
}

/// `true` under so many `not`, as bytes of an item.
fn nots(count: usize) -> Vec<u8> {
    let mut content = vec![1, b'a', 0, 1, 0, 0, 1, 1];
    content.extend(std::iter::repeat_n(10, count));
    content.extend([0, 0]);
    content
}

#[test]
fn forged_content_is_refused_before_it_does_harm() {
    let dictionary = dictionary();
    assert!(
        exercise::archive(&dictionary, &nots(3)),
        "the forgery's form is right"
    );
    assert!(
        !exercise::archive(&dictionary, &nots(1_000_000)),
        "too deep"
    );
    let lengths = [
        1, b'a', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1,
    ];
    assert!(
        !exercise::archive(&dictionary, &lengths),
        "a length without bytes"
    );
    // 1 condition by rule: an attribute that does not exist, a local that does not, a set too long
    for ops in [
        &[5, 0xff, 0x7f, 0, 0][..],
        &[8, 7, 0],
        &[15, 1, 0xff, 0xff, 0xff, 0x7f],
    ] {
        let mut content = vec![1, b'a', 0, 1, 0, 0];
        content.extend(ops);
        assert!(!exercise::archive(&dictionary, &content), "{ops:?}");
    }
}

/// An item of one amount, its local's name and the steps of its formula, and what is said of it.
fn forged_amount(local: &str, steps: &[u8]) -> Option<String> {
    let dictionary = dictionary();
    let name = u8::try_from(local.len()).unwrap();
    let mut content = vec![1, b'a', 1, name];
    content.extend(local.as_bytes());
    content.extend([1, 1, 0]); // a flag: known
    content.extend([0, 1]);
    content.extend(BENEFIT);
    content.extend(steps);
    let forged = exercise::sealed(&dictionary, &content);
    read(&dictionary, &forged)
        .err()
        .map(|error| error.to_string())
}

/// Money, with a formula and no more.
const BENEFIT: [u8; 7] = [0, 0, 0, 1, 0, 0, 0];

#[test]
fn what_no_text_could_say_is_refused() {
    let one = [2, 2, 2];
    let number = |numerator: u8, denominator: u8| vec![2, numerator * 2, denominator * 2];
    let steps = |parts: &[&[u8]]| parts.concat();
    let half = steps(&[&one, &number(2, 1), &[17, 3, 0]]);
    assert_eq!(
        forged_amount("甲", &half),
        None,
        "the forgery's form is right"
    );
    let by_zero = steps(&[&one, &number(0, 1), &[17, 3, 0]]);
    let third = steps(&[&number(1, 3), &[0]]);
    for (local, steps, part) in [
        ("甲", &by_zero, "不能除以 0"),
        ("甲", &third, "不是编译得出的规则"),
        ("从业人数", &half, "名称不可用"),
        ("且", &half, "名称不可用"),
        ("甲 乙", &half, "名称不可用"),
        ("", &half, "名称不可用"),
    ] {
        let said = forged_amount(local, steps).unwrap_or_default();
        assert!(said.contains(part), "{local} {steps:?}: {said}");
    }
}

/// `法人 = "甲"`, where 法人 may be an attribute that tells of a person.
#[test]
fn persons_are_not_named_in_archives_either() {
    let forged = |personal: &str| {
        let yaml = format!(
            "attributes: [{{ id: boss, name: 法人, kind: text, department: 市监{personal} }}]"
        );
        let mut content = vec![1, b'a', 0, 1, 0, 0, 5, 0, 0, 3, 3];
        content.extend("甲".as_bytes());
        content.extend([13, 0, 0, 0]);
        exercise::archive(&Dictionary::from_yaml(&yaml).unwrap(), &content)
    };
    assert!(forged(""), "the forgery's form is right");
    assert!(!forged(", personal: name"));
}

/// `包含(if 高新技术企业 then 企业标签 else "甲", "甲")`, which no enterprise can meet or fail.
#[test]
fn a_text_for_a_set_is_refused() {
    let dictionary = dictionary();
    let at = |name: &str| {
        let found = dictionary.indices();
        let mut found = found.map(|index| &dictionary.attribute(index).name);
        u8::try_from(found.position(|other| other == name).unwrap()).unwrap()
    };
    let text = [&[3, 3][..], "甲".as_bytes()].concat();
    let steps = |otherwise: &[u8]| {
        let mut steps = vec![1, b'a', 0, 1, 0, 0];
        steps.extend([5, at("高新技术企业"), 0, 5, at("企业标签"), 0]);
        steps.extend(otherwise);
        steps.extend([16, 15, 0, 1, 3]);
        steps.extend("甲".as_bytes());
        steps.extend([0, 0]);
        steps
    };
    let set = [5, at("企业标签"), 0];
    assert!(
        exercise::archive(&dictionary, &steps(&set)),
        "the forgery's form is right"
    );
    assert!(!exercise::archive(&dictionary, &steps(&text)));
}

proptest! {
    // the same every time: chance is for `fuzz/`
    #![proptest_config(ProptestConfig {
        cases: 300, rng_seed: RngSeed::Fixed(3), ..ProptestConfig::default()
    })]

    #[test]
    fn random_rules_come_back_as_they_were(
        rules in proptest::collection::vec(conditions(), 0..4), amount in amounts(),
    ) {
        let dictionary = dictionary();
        let conditions: Vec<_> = rules
            .iter()
            .map(|rule| serde_json::json!({ "text": rule, "rule": rule }))
            .collect();
        let source: ItemRulesSource = serde_json::from_value(serde_json::json!({
            "conditions": conditions,
            "benefit": { "let": { "甲": amount }, "formula": "甲 * 2", "cap": amount },
        })).unwrap();
        let rules = ItemRules::compile(&dictionary, &source).unwrap();
        exercise::kept(&dictionary, &rules);
        exercise::used(&dictionary, &rules);
    }

    /// Whatever stands in an archive whose sums are right, it is refused or can be used.
    #[test]
    fn forgeries_do_no_harm(seed in any::<[u8; 16]>()) {
        let dictionary = Dictionary::shipped();
        let items = shipped_items();
        let at = usize::from(seed[0]) % items.len();
        let bytes = written(dictionary, &items[at..=at]);
        exercise::archive(dictionary, &mutated(exercise::content(&bytes), &seed));
    }
}
