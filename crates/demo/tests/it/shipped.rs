//! The demo's city and the shipped items find each other.

use zhida_demo::{City, shipped};
use zhida_rules::{ConditionSource, Dictionary, Env, Facts, ItemRules, ItemRulesSource, Truth};
use zhida_standards::{division, industry};

use crate::{column, rows_of};

/// How many shipped items somebody meets as far as they can be computed.
#[test]
fn most_shipped_items_find_somebody() {
    let dictionary = Dictionary::shipped();
    let city = City {
        enterprises: 20_000,
        ..City::default()
    };
    let on = city.reference_date;
    // The city's own are alike: the first of them will do.
    let (home, mut away): (Vec<_>, Vec<_>) = rows_of(&city)
        .into_iter()
        .partition(|row| row["所在区划"].starts_with("3701"));
    away.extend(home.into_iter().take(3_000));
    let enterprises: Vec<_> = away.into_iter().map(|row| (facts(&row), row)).collect();
    let items: Vec<shipped::Item> = shipped::items().collect();
    let mut nobody = Vec::new();
    for item in &items {
        let computed = |c: &&ConditionSource| c.rule.is_some();
        let conditions = item
            .rules
            .conditions
            .iter()
            .filter(computed)
            .cloned()
            .collect();
        let source = ItemRulesSource {
            conditions,
            benefit: item.rules.benefit.clone(),
        };
        let rules = ItemRules::compile(dictionary, &source).unwrap();
        let found = enterprises.iter().any(|(facts, row)| {
            let here = |region: &String| {
                region == "000000" || division::is_within(&row["所在区划"], region)
            };
            let does = |code: &String| {
                row.get("所属行业")
                    .is_some_and(|own| industry::is_within(own, code))
            };
            item.regions.iter().any(here)
                && (item.industries.is_empty() || item.industries.iter().any(does))
                && rules
                    .evaluate(&Env {
                        dictionary,
                        facts,
                        on,
                    })
                    .verdict
                    == Truth::True
        });
        if !found {
            nobody.push(item.id.as_str());
        }
    }
    // Items of expired policies ask for years long past; some others for rare distinctions.
    assert!(
        nobody.len() * 10 < items.len() * 4,
        "{} of {}: {nobody:#?}",
        nobody.len(),
        items.len()
    );
}

fn facts(row: &std::collections::HashMap<String, String>) -> Facts {
    let mut facts = Facts::new();
    for (heading, cell) in row
        .iter()
        .filter(|(heading, _)| *heading != "统一社会信用代码")
    {
        let (index, year) = column(heading);
        facts.assume(
            index,
            year,
            Dictionary::shipped()
                .attribute(index)
                .read_text(cell)
                .unwrap(),
        );
    }
    facts
}
