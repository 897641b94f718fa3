//! Many writers at once on one pool: it never spends more than it has, and nothing is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use zhida_funds::Error;
use zhida_testkit::{TestDatabase, both_databases};

use crate::bank::{HEAD, approver, ready};
use crate::world::{World, treasurer};

/// What one writer does; numbers name cases of which there are few, so that writers meet.
#[derive(Debug, Clone)]
enum Step {
    Reserve(u8, i64),
    Commit(u8, i64),
    Release(u8),
    /// Draws what is due, lets somebody else approve it, and takes the bank's word: every third row comes back.
    Pay(u8, i64),
    Budget(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u8..8, 1i64..60).prop_map(|(case, amount)| Step::Reserve(case, amount)),
        3 => (0u8..8, 1i64..60).prop_map(|(case, amount)| Step::Commit(case, amount)),
        2 => (0u8..8).prop_map(Step::Release),
        2 => (0u8..8, 1i64..60).prop_map(|(case, amount)| Step::Pay(case, amount)),
        1 => (0i64..150).prop_map(Step::Budget),
    ]
}

async fn run(world: Arc<World>, (payer, pool, item): (String, String, String), steps: Vec<Step>) {
    for step in steps {
        let case = |number: u8| format!("{item}-{number}");
        let answer = match step {
            Step::Reserve(number, amount) => {
                world.reserve(&item, &case(number), amount).await.map(drop)
            }
            Step::Commit(number, amount) => world.commit(&case(number), amount).await.map(drop),
            Step::Release(number) => world.release(&case(number)).await.map(drop),
            Step::Pay(number, amount) => {
                let made = world.payable(&case(number), 1, amount).await;
                pay(&world, &payer, &pool).await;
                made
            }
            Step::Budget(amount) => {
                let funds = &world.funds;
                funds
                    .change_budget(&treasurer(), &pool, amount, "调整")
                    .await
            }
        };
        // a refusal is an answer, a failure is not
        let refused = !matches!(answer, Err(Error::Db(_) | Error::Problem(_)));
        assert!(refused, "{answer:?}");
    }
}

/// Draws what is due in a pool into a batch, and carries it to the end.
async fn pay(world: &World, payer: &str, pool: &str) {
    let (mine, theirs) = (world.app(treasurer()), world.app(approver()));
    let body = json!({ "payer": payer, "pool": pool });
    let drawn = mine.post_json("/api/v1/payment-batches", &body).await;
    let drawn = drawn.expect_status(200).json();
    let Some(id) = drawn["batch"].as_str() else {
        return;
    };
    let path = format!("/api/v1/payment-batches/{id}");
    let approved = theirs
        .post_json(&format!("{path}/approve"), &json!({}))
        .await;
    let _ = approved.expect_status(200);
    let batch = mine.get(&path).await.expect_status(200).json();
    let mut file = HEAD.to_owned();
    for (index, row) in batch["items"].as_array().unwrap().iter().enumerate() {
        let result = if index % 3 == 2 { "退回" } else { "已付" };
        let fen = row["amount"].as_i64().unwrap();
        let (reference, yuan) = (row["reference"].as_str().unwrap(), fen as f64 / 100.0);
        file += &format!("{reference},{result},{yuan:.2},2026-11-22,测试\n");
    }
    let request = axum::http::Request::post("/api/v1/payment-receipts").body(file.into());
    let taken = mine.send(request.unwrap()).await.expect_status(200).json();
    assert_eq!(taken["unclaimed"], 0, "{taken}");
}

async fn a_pool_never_spends_more_than_it_has(db: TestDatabase) {
    let (world, payer) = ready(db).await;
    let world = Arc::new(world);
    let paid_world = Arc::clone(&world);
    let handle = tokio::runtime::Handle::current();
    let checked = tokio::task::spawn_blocking(move || {
        let mut runner = TestRunner::new(Config {
            cases: 12,
            failure_persistence: None,
            ..Config::default()
        });
        let writers = prop::collection::vec(prop::collection::vec(step(), 1..12), 2..6);
        let turn = AtomicUsize::new(0);
        runner.run(&writers, |writers| {
            // a fresh pool for each case
            let item = format!("I{}", turn.fetch_add(1, Ordering::Relaxed));
            handle.block_on(at_once(Arc::clone(&world), payer.clone(), item, writers));
            Ok(())
        })
    });
    checked.await.unwrap().unwrap();
    let paid = "SELECT COUNT(*) FROM fund_entry WHERE kind = 'pay'";
    assert!(paid_world.count(paid).await > 0, "nobody paid");
}

async fn at_once(world: Arc<World>, payer: String, item: String, writers: Vec<Vec<Step>>) {
    let pool = world.pool(&item, 100).await;
    // so that the first who pays has something to pay
    world.due(&item, &format!("{item}-first"), 30).await;
    let mut running = tokio::task::JoinSet::new();
    for steps in writers {
        running.spawn(run(
            Arc::clone(&world),
            (payer.clone(), pool.id.clone(), item.clone()),
            steps,
        ));
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
        // while the others still write
        world.balances_hold().await;
    }
    world.balances_hold().await;
}

/// Forty cases want a pool that has enough for ten: ten get it, the others wait in order, nobody twice.
async fn forty_at_once_get_what_ten_can_have(db: TestDatabase) {
    let world = Arc::new(World::new(db).await);
    world.pool("A", 1_000).await;
    let mut running = tokio::task::JoinSet::new();
    for number in 0..40 {
        let world = Arc::clone(&world);
        // every case asks twice
        running.spawn(async move {
            let case = (number % 20).to_string();
            world.reserve("A", &case, 100).await.unwrap()
        });
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
    let reserved = "SELECT COUNT(*) FROM fund_claim WHERE standing = 'reserved'";
    let waiting = "SELECT COUNT(*) FROM fund_claim WHERE standing = 'waiting'";
    assert_eq!(world.count(reserved).await, 10);
    assert_eq!(world.count(waiting).await, 10);
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM fund_entry WHERE kind = 'reserve'")
            .await,
        10
    );
    world.balances_hold().await;
}

both_databases!(
    a_pool_never_spends_more_than_it_has,
    forty_at_once_get_what_ten_can_have,
);
