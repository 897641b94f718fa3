//! A treasurer, an approver and a bank, through the front door.

use serde_json::{Value, json};
use zhida_platform::access::Viewer;
use zhida_testkit::TestDatabase;

use crate::world::{ENTERPRISE, NAME, World, officer, treasurer};

pub(crate) fn approver() -> Viewer {
    officer("payment_approver", 12)
}

/// A world with a pool, an account to pay from, and an enterprise with an account.
pub(crate) async fn ready(db: TestDatabase) -> (World, String) {
    let world = World::new(db).await;
    world.pool("A", 1_000_000).await;
    let fields = [
        ("holder", "江城市财政局"),
        ("bank", "中国建设银行江城支行"),
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
    let payer = rest.split_once('"').unwrap().0.to_owned();
    world.keep_payee(ENTERPRISE, NAME).await;
    (world, payer)
}

pub(crate) async fn draw(world: &World, payer: &str) -> Value {
    let app = world.app(treasurer());
    let body = json!({ "payer": payer });
    let drawn = app.post_json("/api/v1/payment-batches", &body).await;
    drawn.expect_status(200).json()
}

pub(crate) async fn approve(world: &World, batch: &str) -> Value {
    let app = world.app(approver());
    let path = format!("/api/v1/payment-batches/{batch}/approve");
    app.post_json(&path, &json!({}))
        .await
        .expect_status(200)
        .json()
}

/// A batch of everything that is due, approved.
pub(crate) async fn approved(world: &World, payer: &str) -> String {
    let drawn = draw(world, payer).await;
    let batch = drawn["batch"].as_str().unwrap().to_owned();
    approve(world, &batch).await;
    batch
}

pub(crate) async fn batch(world: &World, id: &str) -> Value {
    let app = world.app(treasurer());
    let path = format!("/api/v1/payment-batches/{id}");
    app.get(&path).await.expect_status(200).json()
}

pub(crate) fn figures(batch: &Value) -> [i64; 4] {
    ["drawn", "paid", "returned", "outstanding"].map(|name| batch[name].as_i64().unwrap())
}

pub(crate) async fn take(world: &World, file: &str) -> Value {
    let app = world.app(treasurer());
    let request = axum::http::Request::post("/api/v1/payment-receipts")
        .header("x-file-name", "receipts.csv")
        .body(file.to_owned().into())
        .unwrap();
    app.send(request).await.expect_status(200).json()
}

pub(crate) const HEAD: &str = "付款参考号,结果,金额(元),日期,原因\n";
