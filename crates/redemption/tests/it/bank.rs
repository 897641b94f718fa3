//! The bank's part: a batch drawn, approved, sent, and its receipts taken.

use serde_json::json;
use zhida_platform::clock::Clock as _;

use crate::world::{World, approver, treasurer};

/// An account to pay from.
pub(crate) async fn payer(world: &World) -> String {
    let fields = [
        ("holder", "样例市财政局"),
        ("bank", "中国建设银行济南样例支行"),
        ("cnaps", "105100000017"),
        ("account", "33050162858300000123"),
    ];
    let app = world.app(treasurer());
    let _ = app
        .post_form("/funds/payers", &fields)
        .await
        .expect_status(303);
    let page = app.get("/funds/batches/new").await.expect_status(200);
    let (_, rest) = page.text().split_once("name=\"payer\"").unwrap();
    let (_, rest) = rest.split_once("value=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// Pays what is due, so many payments.
pub(crate) async fn pay(world: &World, payer: &str, rows: usize) {
    assert_eq!(pay_due(world, payer).await, rows);
}

/// Draws the payments that are due, has them approved and sent, and takes the bank's receipts: all paid. How many.
pub(crate) async fn pay_due(world: &World, payer: &str) -> usize {
    let app = world.app(treasurer());
    let drawn = app
        .post_json("/api/v1/payment-batches", &json!({ "payer": payer }))
        .await;
    let drawn = drawn.expect_status(200).json();
    let Some(id) = drawn["batch"].as_str() else {
        return 0;
    };
    let api = format!("/api/v1/payment-batches/{id}");
    let approve = world
        .app(approver())
        .post_json(&format!("{api}/approve"), &json!({}))
        .await;
    let _ = approve.expect_status(200);
    let _ = app.get(&format!("{api}/pain001")).await.expect_status(200);
    let today = world.clock.today().to_string();
    let _ = app
        .post_json(&format!("{api}/sent"), &json!({ "on": today }))
        .await
        .expect_status(204);
    let batch = app.get(&api).await.expect_status(200).json();
    let mut receipts = "付款参考号,结果,金额(元),日期,原因\n".to_owned();
    for row in batch["items"].as_array().unwrap() {
        let (reference, fen) = (
            row["reference"].as_str().unwrap(),
            row["amount"].as_i64().unwrap(),
        );
        receipts.push_str(&format!(
            "{reference},已付,{}.{:02},{today},\n",
            fen / 100,
            fen % 100
        ));
    }
    let request = axum::http::Request::post("/api/v1/payment-receipts")
        .header("x-file-name", "receipts.csv")
        .body(receipts.into())
        .unwrap();
    let taken = app.send(request).await.expect_status(200).json();
    assert_eq!(taken["paid"], drawn["rows"], "{taken}");
    usize::try_from(drawn["rows"].as_u64().unwrap()).unwrap()
}
