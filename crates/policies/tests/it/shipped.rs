//! The items in the repository's `data/policies`.

use std::path::Path;

use serde::Deserialize;
use zhida_platform::progress::Silent;
use zhida_policies::import::{ImportOptions, import_paths};
use zhida_policies::lint::Severity;
use zhida_rules::{AmountKind, Dictionary, Env, Facts, Truth};
use zhida_testkit::sqlite;

use crate::empty;

#[tokio::test]
async fn all_shipped_policies_are_accepted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/policies");
    let db = sqlite().await;
    let policies = empty(&db).await;
    let options = ImportOptions::default();
    let report = import_paths(&policies, &[folder], &options, &Silent)
        .await
        .unwrap();
    assert_eq!(report.rejected, 0, "{:#?}", report.reasons);
    assert!(
        report.accepted >= 60,
        "at least 60 real items: {}",
        report.accepted
    );
    let unmeetable: Vec<_> = report
        .warnings
        .iter()
        .filter(|warning| {
            warning.finding.severity == Severity::Error
                && matches!(warning.finding.code, "never_met" | "cap_differs")
        })
        .collect();
    assert!(unmeetable.is_empty(), "{unmeetable:#?}");
    let catalogue = policies.catalogue(policies.today());
    assert!(catalogue.broken.is_empty());
    assert_eq!(catalogue.items.len() as u64, report.accepted);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    item: String,
    on: chrono::NaiveDate,
    facts: serde_json::Value,
    expect: Expected,
    #[serde(default)]
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    #[serde(default, deserialize_with = "present")]
    verdict: Option<Option<bool>>,
    amount: Option<zhida_rules::Number>,
    range: Option<(zhida_rules::Number, zhida_rules::Number)>,
    assessed: Option<bool>,
}

/// Tells `verdict: null` from no verdict.
fn present<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Option<bool>>, D::Error> {
    Option::<bool>::deserialize(d).map(Some)
}

#[tokio::test]
async fn items_give_what_their_sources_say() {
    let dictionary = Dictionary::shipped();
    let db = sqlite().await;
    let policies = empty(&db).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/policies");
    import_paths(&policies, &[folder], &ImportOptions::default(), &Silent)
        .await
        .unwrap();
    let catalogue = policies.catalogue(policies.today());
    let text = include_str!("../../../../data/policy_vectors.yaml");
    let vectors: Vec<Vector> = serde_norway::from_str(text).unwrap();
    assert!(vectors.len() >= 60, "only {} vectors", vectors.len());
    let mut wrong = Vec::new();
    for (position, vector) in vectors.iter().enumerate() {
        let mut say = |what: String| {
            wrong.push(format!(
                "#{position} {} ({}): {what}",
                vector.item, vector.why
            ));
        };
        let Some(item) = catalogue.find(&vector.item).map(|found| &found.rules) else {
            say("no such item".into());
            continue;
        };
        let facts = match Facts::from_json(dictionary, &vector.facts) {
            Ok(facts) => facts,
            Err(error) => {
                say(error.to_string());
                continue;
            }
        };
        let env = Env {
            dictionary,
            facts: &facts,
            on: vector.on,
        };
        if let Some(expected) = vector.expect.verdict {
            let explained = item.explain(&env);
            if explained.verdict != Truth::from(expected) {
                let parts: Vec<String> = explained
                    .conditions
                    .iter()
                    .map(|c| format!("{}={:?}", c.text, c.verdict))
                    .collect();
                say(format!(
                    "verdict {:?}, expected {expected:?}: {parts:?}",
                    explained.verdict
                ));
            }
        }
        let amount = item.amount(&env);
        let ends = amount.as_ref().map(|a| (a.low.clone(), a.high.clone()));
        if let Some(expected) = &vector.expect.amount {
            let both = (Some(expected.clone()), Some(expected.clone()));
            if ends != Some(both) {
                say(format!("amount {ends:?}, expected {expected}"));
            }
        }
        if let Some((low, high)) = &vector.expect.range
            && ends != Some((Some(low.clone()), Some(high.clone())))
        {
            say(format!("range {ends:?}, expected {low}..{high}"));
        }
        if vector.expect.assessed == Some(true)
            && amount.as_ref().map(|a| a.kind) != Some(AmountKind::Assessed)
        {
            say("should be 待评审".into());
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        vectors.len(),
        wrong.join("\n")
    );
}
