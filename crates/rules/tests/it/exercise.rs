//! What fuzzing does with a rule or an archive; `fuzz/` does the same with other inputs. Nothing here
//! may panic, hang or exhaust the stack, whatever comes in.

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use zhida_rules::{
    Check, ConditionSource, Dictionary, Env, Facts, Formula, ItemRules, ItemRulesSource, Kind,
    Number, Rule, Value, analyse,
    archive::{self, ArchiveError},
};

fn on() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day")
}

/// Nothing known, and everything known.
pub fn enterprises(dictionary: &Dictionary) -> [Facts; 2] {
    let mut full = Facts::new();
    for index in dictionary.indices() {
        let attribute = dictionary.attribute(index);
        if attribute.formula.is_some() {
            continue;
        }
        let choice = attribute.choices.first().cloned();
        let value = match attribute.kind {
            Kind::Bool => Value::Bool(true),
            Kind::Number => Value::Number(Number::ratio(7, 5).expect("not by zero")),
            Kind::Text => Value::Text("甲".into()),
            Kind::Choice => Value::Text(choice.unwrap_or_default()),
            Kind::Set => Value::Set(choice.into_iter().collect()),
            Kind::Date => Value::Date(NaiveDate::from_ymd_opt(2024, 2, 29).expect("a day")),
            Kind::Division => Value::Text("330114".into()),
            Kind::Industry => Value::Text("C2710".into()),
        };
        match attribute.annual {
            true => (2023..=2026).for_each(|year| full.assume(index, Some(year), value.clone())),
            false => full.assume(index, None, value),
        }
    }
    [Facts::new(), full]
}

/// A rule's text, as a condition, as an amount, and as both of an item; was any accepted?
pub fn rule(dictionary: &Dictionary, text: &str) -> bool {
    let condition = Rule::compile(dictionary, text);
    if let Ok(rule) = &condition {
        let normal = rule.normal_text(dictionary);
        let again = Rule::compile(dictionary, &normal);
        let again = again.unwrap_or_else(|error| panic!("{text} → {normal}: {error}"));
        assert_eq!(again.expr(), rule.expr(), "{text} → {normal}");
        rule.plain_text(dictionary);
    }
    let amount = Formula::compile(dictionary, text);
    let of = |text: &str| Some(text.to_owned());
    let mut source = ItemRulesSource::default();
    if condition.is_ok() {
        source.conditions.push(ConditionSource {
            text: "条件".into(),
            rule: of(text),
            manual: None,
        });
    }
    if amount.is_ok() {
        let mut benefit = zhida_rules::BenefitSource::default();
        benefit.locals.insert("所得".into(), text.to_owned());
        (benefit.formula, benefit.cap) = (of("所得"), of(text));
        source.benefit = Some(benefit);
    }
    let item = ItemRules::compile(dictionary, &source)
        .unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    used(dictionary, &item);
    kept(dictionary, &item);
    condition.is_ok() || amount.is_ok()
}

/// All that is asked of an item's rules.
pub fn used(dictionary: &Dictionary, item: &ItemRules) {
    for facts in &enterprises(dictionary) {
        let env = Env {
            dictionary,
            facts,
            on: on(),
        };
        let outcome = item.evaluate(&env);
        let explanation = item.explain(&env);
        assert_eq!(
            (outcome.verdict, outcome.distance),
            (explanation.verdict, explanation.distance)
        );
        item.amount(&env);
        item.missing(&env);
    }
    for condition in item.conditions() {
        item.plain_text(dictionary, condition);
        if let Check::Rule(expr) = &condition.check {
            analyse(expr, item.locals(), dictionary);
        }
    }
}

/// An item comes back from an archive as it was.
pub fn kept(dictionary: &Dictionary, item: &ItemRules) {
    let mut bytes = Vec::new();
    archive::write(dictionary, [("甲", item)], &mut bytes).expect("memory takes it");
    let read = archive::read(dictionary, &bytes).expect("what was written");
    assert_eq!(read, [("甲".to_owned(), item.clone())]);
}

/// Bytes as an archive, and as the content of an archive whose sums are right.
pub fn archive(dictionary: &Dictionary, bytes: &[u8]) -> bool {
    let _ = archive::read(dictionary, bytes);
    match archive::read(dictionary, &sealed(dictionary, bytes)) {
        Ok(items) => {
            for (_, item) in &items {
                used(dictionary, item);
                kept(dictionary, item);
            }
            true
        }
        Err(ArchiveError::Damaged | ArchiveError::Rules { .. }) => false,
        Err(other) => panic!("{other}"),
    }
}

/// A content with the header and the checksum that belong to it.
pub fn sealed(dictionary: &Dictionary, content: &[u8]) -> Vec<u8> {
    let mut bytes = b"ZHIDARUL".to_vec();
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(dictionary.digest());
    bytes.extend(content);
    bytes.extend(Sha256::digest(&bytes));
    bytes
}

/// The content within header and checksum.
pub fn content(archive: &[u8]) -> &[u8] {
    &archive[8 + 4 + 32..archive.len() - 32]
}
