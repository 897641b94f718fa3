//! Which statement is current does not depend on the order of arrival.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use zhida_testkit::{TestDatabase, both_databases};

use crate::support::{code, setup};

/// Statements about one fact on different days.
fn statements() -> impl Strategy<Value = (Vec<(u32, bool, u32)>, Vec<usize>)> {
    proptest::collection::btree_map(1_u32..28, (any::<bool>(), 1_u32..4), 1..5).prop_flat_map(
        |days| {
            let facts: Vec<(u32, bool, u32)> = days
                .into_iter()
                .map(|(day, (owner, value))| (day, owner, value))
                .collect();
            let order: Vec<usize> = (0..facts.len()).collect();
            (Just(facts), Just(order).prop_shuffle())
        },
    )
}

async fn distinct_dates_settle_every_order_alike(db: TestDatabase) {
    let setup = setup(db).await;
    let mut runner = TestRunner::deterministic();
    for case in 0..12 {
        let (facts, order) = statements().new_tree(&mut runner).unwrap().current();
        let mut found = Vec::new();
        for (side, order) in [(0..facts.len()).collect::<Vec<_>>(), order]
            .into_iter()
            .enumerate()
        {
            let code = code(1 + case * 2 + side as u32);
            for at in order {
                let (day, owner, value) = facts[at];
                let department = if owner { "税务" } else { "统计" };
                let text = format!("信用代码,企业名称,2024年营业收入\n{code},甲,{value}\n");
                setup
                    .bring(&text, department, &format!("2025-03-{day:02}"))
                    .await;
            }
            let enterprise = setup.registry.enterprise(&code).await.unwrap().unwrap();
            let index = zhida_rules::Dictionary::shipped().find("revenue").unwrap();
            let fact = enterprise.facts.get(index, Some(2024)).unwrap();
            let source = fact.provenance.clone().unwrap();
            found.push((
                fact.value.to_string(),
                source.department.clone(),
                source.as_of,
            ));
        }
        assert_eq!(found[0], found[1], "{facts:?}");
        let (day, _, value) = facts.last().unwrap();
        assert_eq!(found[0].0, value.to_string());
        assert_eq!(found[0].2.unwrap().to_string(), format!("2025-03-{day:02}"));
    }
}

async fn on_one_day_the_owner_wins_then_the_later_batch(db: TestDatabase) {
    let setup = setup(db).await;
    let table = |value| format!("信用代码,企业名称,2024年营业收入\n{},甲,{value}\n", code(1));
    let revenue = || async { setup.fact(&code(1), "revenue", Some(2024)).await };
    setup.bring(&table(1), "统计", "2025-03-01").await;
    setup.bring(&table(2), "统计", "2025-03-01").await;
    assert_eq!(revenue().await, "2", "the later batch");
    setup.bring(&table(3), "江城市税务局", "2025-03-01").await;
    assert_eq!(revenue().await, "3", "the owner");
    setup.bring(&table(4), "统计", "2025-03-01").await;
    assert_eq!(revenue().await, "3", "not the later batch of another");
    setup.bring(&table(5), "统计", "2025-03-02").await;
    assert_eq!(revenue().await, "5", "the later day");
    let history = setup.registry.history(&code(1)).await.unwrap();
    let told: Vec<(String, bool)> = history
        .iter()
        .rev()
        .flat_map(|change| &change.facts)
        .filter(|fact| fact.attribute == "revenue")
        .map(|fact| (fact.value.as_str().unwrap().to_owned(), fact.adopted))
        .collect();
    let expected = [("1", true), ("2", true), ("4", false), ("3", true)];
    assert_eq!(
        told,
        expected.map(|(value, adopted)| (value.to_owned(), adopted))
    );
}

both_databases!(
    distinct_dates_settle_every_order_alike,
    on_one_day_the_owner_wins_then_the_later_batch
);
