//! Paying by command, at once, again, and in parts.

use serde_json::json;
use zhida_funds::{Claim, FileFormat, Settled, Standing};
use zhida_platform::access::Viewer;
use zhida_testkit::{TestDatabase, both_databases};

use crate::bank::{HEAD, approve, approved, approver, batch, draw, figures, ready, take};
use crate::world::{BY, treasurer};

async fn the_command_line_exports_and_imports_and_is_nobodys_second_pair_of_eyes(db: TestDatabase) {
    let (world, payer) = ready(db).await;
    world.due("A", "1", 10_000).await;
    let system = Viewer::system("命令行");
    let drawn = draw(&world, &payer).await;
    let id = drawn["batch"].as_str().unwrap();
    let number = batch(&world, id).await["number"]
        .as_str()
        .unwrap()
        .to_owned();
    let export = |format| world.funds.export_batch(&system, &number, format);
    let early = export(FileFormat::Csv).await.unwrap_err();
    assert!(early.to_string().contains("另一人复核"), "{early}");
    let app = world.app(system.clone());
    let _ = app
        .post_json(&format!("/api/v1/payment-batches/{id}/approve"), &json!({}))
        .await
        .expect_status(422);
    approve(&world, id).await;
    let xml = String::from_utf8(export(FileFormat::Pain001).await.unwrap()).unwrap();
    assert!(
        xml.contains(&format!("<EndToEndId>{number}-0001</EndToEndId>")),
        "{xml}"
    );
    let csv = String::from_utf8(export(FileFormat::Csv).await.unwrap()).unwrap();
    assert!(csv.contains(&format!("{number}-0001,100.00,")), "{csv}");
    assert!(
        world
            .funds
            .export_batch(&system, "ZD1", FileFormat::Csv)
            .await
            .is_err()
    );
    let import = |file: String| {
        let (funds, system) = (&world.funds, &system);
        async move {
            funds
                .import_receipts(system, "r.csv", file.as_bytes())
                .await
        }
    };
    // nothing says to whom it belongs
    assert!(
        import(format!("{HEAD}X,已付,1,2026-11-22,\n"))
            .await
            .is_err()
    );
    let file = format!("{HEAD}X,已付,1,2026-11-22,\n{number}-0001,已付,100,2026-11-22,\n");
    let report = import(file.clone()).await.unwrap();
    assert_eq!((report.paid, report.unclaimed, report.again), (1, 1, false));
    assert!(import(file).await.unwrap().again);
    // the bank's answer says that the file was handed over; the unclaimed one is seen where the batch is
    assert_eq!(batch(&world, id).await["state"], "sent");
    let page = world
        .app(treasurer())
        .get("/funds/unclaimed")
        .await
        .expect_status(200);
    assert!(page.text().contains("共 1 条"), "{}", page.text());
}

async fn two_treasurers_at_once_draw_each_payment_once(db: TestDatabase) {
    let (world, payer) = ready(db).await;
    for case in 0..12 {
        world.due("A", &case.to_string(), 1_000).await;
    }
    let draws = (0..4).map(|_| draw(&world, &payer));
    let drawn = futures::future::join_all(draws).await;
    let rows: i64 = drawn.iter().filter_map(|one| one["rows"].as_i64()).sum();
    assert_eq!(rows, 12);
    let live = "SELECT COUNT(DISTINCT payment) FROM fund_batch_row WHERE is_live";
    assert_eq!(world.count(live).await, 12);
    assert_eq!(world.count("SELECT COUNT(*) FROM fund_batch_row").await, 12);
    world.balances_hold().await;
}

async fn a_payment_that_came_back_for_another_reason_is_paid_again_to_the_same_account(
    db: TestDatabase,
) {
    let (world, payer) = ready(db).await;
    world.due("A", "1", 10_000).await;
    let first = approved(&world, &payer).await;
    let number = batch(&world, &first).await["number"]
        .as_str()
        .unwrap()
        .to_owned();
    take(
        &world,
        &format!("{HEAD}{number}-0001,退回,100,2026-11-22,银行系统维护\n"),
    )
    .await;
    let list = world
        .app(treasurer())
        .get("/funds/payments?state=returned")
        .await
        .expect_status(200);
    let (form, _) = list.text().split_once("/again\"").unwrap();
    let path = format!("{}/again", form.rsplit_once('"').unwrap().1);
    let app = world.app(treasurer());
    let _ = app
        .post_form(&path, &[("reason", "")])
        .await
        .expect_status(400);
    let _ = app
        .post_form(&path, &[("reason", "银行系统已恢复")])
        .await
        .expect_status(303);
    let _ = app
        .post_form(&path, &[("reason", "银行系统已恢复")])
        .await
        .expect_status(409);
    let _ = world
        .app(approver())
        .post_form(&path, &[("reason", "无权")])
        .await
        .expect_status(403);
    let second = approved(&world, &payer).await;
    let number = batch(&world, &second).await["number"]
        .as_str()
        .unwrap()
        .to_owned();
    take(
        &world,
        &format!("{HEAD}{number}-0001,已付,100,2026-11-23,\n"),
    )
    .await;
    assert_eq!(world.money("1").await.standing, Standing::Paid);
    world.balances_hold().await;
}

async fn a_first_part_and_the_settlement_are_paid_and_the_rest_is_free_again(db: TestDatabase) {
    let (world, payer) = ready(db).await;
    world.reserve("A", "1", 100_000).await.unwrap();
    world.commit("1", 100_000).await.unwrap();
    world
        .payable("1", 1, zhida_funds::amount::share(100_000, 80))
        .await
        .unwrap();
    let bank = |day: &'static str| {
        let (world, payer) = (&world, &payer);
        async move {
            let id = approved(world, payer).await;
            let batch = batch(world, &id).await;
            let (number, yuan) = (batch["number"].as_str().unwrap(), figures(&batch)[0] / 100);
            take(world, &format!("{HEAD}{number}-0001,已付,{yuan},{day},\n")).await;
        }
    };
    bank("2026-11-22").await;
    let settle = |due| {
        let funds = &world.funds;
        let due_on = "2026-12-31".parse().unwrap();
        world.db.write(move |tx| async move {
            funds
                .settle(&tx, Claim::of("1"), due, (2, due_on), BY)
                .await
        })
    };
    assert_eq!(settle(95_000).await.unwrap(), Settled::Payable(15_000));
    assert_eq!(settle(95_000).await.unwrap(), Settled::Payable(15_000));
    let money = world.money("1").await;
    assert_eq!((money.committed, money.paid), (15_000, 80_000));
    bank("2026-11-23").await;
    assert_eq!(world.cases.heard(), ["1 paid 80000", "1 paid 15000 last"]);
    assert_eq!(world.money("1").await.words(), "已拨付 950 元");
    // less is due after all: what was paid too much is demanded back once
    let demand = |due| {
        let funds = &world.funds;
        let due_on = "2026-12-31".parse().unwrap();
        world.db.write(move |tx| async move {
            funds
                .settle(&tx, Claim::of("1"), due, (3, due_on), BY)
                .await
        })
    };
    assert_eq!(demand(60_000).await.unwrap(), Settled::Demanded(35_000));
    assert_eq!(demand(60_000).await.unwrap(), Settled::Demanded(35_000));
    assert_eq!(world.count("SELECT COUNT(*) FROM fund_recovery").await, 1);
    assert_eq!(demand(95_000).await.unwrap(), Settled::Even);
    world.balances_hold().await;
}

both_databases!(
    the_command_line_exports_and_imports_and_is_nobodys_second_pair_of_eyes,
    two_treasurers_at_once_draw_each_payment_once,
    a_payment_that_came_back_for_another_reason_is_paid_again_to_the_same_account,
    a_first_part_and_the_settlement_are_paid_and_the_rest_is_free_again,
);
