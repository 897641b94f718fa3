//! What an item came to, for those who may see it: a place's officers count their place.

use serde_json::{Value, json};
use zhida_platform::access::Viewer;
use zhida_policies::Delivery;
use zhida_testkit::{TestDatabase, both_databases};

use crate::bank::{pay, payer};
use crate::world::{World, boss, clerk, clerk_of, code, editor, fields, name, payee};

/// Enterprises 1 and 2 of one county and 5 of another were paid; 3 declined.
async fn paid(db: TestDatabase) -> World {
    let world = World::new(db).await;
    world
        .publish("gaoqi", Delivery::NoApplication, |_| {})
        .await;
    world.pool("gaoqi", 1_000_000).await;
    world.offer().await;
    for number in [1, 2, 5] {
        step(&world, number, "confirm", &fields(&payee(number))).await;
    }
    step(&world, 3, "decline", &[]).await;
    world.clock.pass(5);
    world.work().await;
    let payer = payer(&world).await;
    pay(&world, &payer, 3).await;
    for (number, grade) in [(1, "5"), (5, "1")] {
        step(&world, number, "rating", &[("grade", grade)]).await;
    }
    world
}

async fn step(world: &World, number: usize, verb: &str, given: &[(&str, &str)]) {
    let id = world.case_id(number, "gaoqi").await;
    let path = format!("/redemption/cases/{id}/{verb}");
    let _ = world
        .app(boss(number))
        .post_form(&path, given)
        .await
        .expect_status(303);
}

async fn card(world: &World, viewer: Viewer) -> Value {
    let app = world.app(viewer);
    let path = "/api/v1/redemption/scorecards/gaoqi";
    app.get(path).await.expect_status(200).json()
}

/// 统计 that tell one place's cases from another's.
fn figures(card: &Value) -> Value {
    json!([
        card["eligible"],
        card["offered"],
        card["paid"],
        card["paid_fen"],
        card["declined"],
        card["grades"],
        card["satisfaction"],
    ])
}

async fn a_scorecard_counts_what_lies_within_reach(db: TestDatabase) {
    let world = paid(db).await;
    for (viewer, expected) in [
        (
            clerk(),
            json!([4, 4, 3, 23_000_000, 1, [1, 0, 0, 0, 1], 500]),
        ),
        (
            clerk_of("370102"),
            json!([3, 3, 2, 18_000_000, 1, [0, 0, 0, 0, 1], 1000]),
        ),
        (
            clerk_of("370112"),
            json!([1, 1, 1, 5_000_000, 0, [1, 0, 0, 0, 0], 0]),
        ),
        (
            clerk_of("370103"),
            json!([0, 0, 0, 0, 0, [0, 0, 0, 0, 0], null]),
        ),
    ] {
        let card = card(&world, viewer).await;
        assert_eq!(figures(&card), expected, "{card}");
    }
    // three paid cases tell the usual time; two do not, though the third is known elsewhere
    assert!(card(&world, clerk()).await["days"].is_object());
    assert!(card(&world, clerk_of("370102")).await["days"].is_null());
    let page = world
        .app(clerk_of("370102"))
        .get("/redemption/evaluation/gaoqi")
        .await
        .expect_status(200);
    let text = page.text();
    assert!(
        text.contains("180,000 元") && !text.contains("230,000 元"),
        "{text}"
    );
    for path in [
        "/redemption/evaluation/gaoqi",
        "/api/v1/redemption/scorecards/gaoqi",
    ] {
        let _ = world.app(boss(1)).get(path).await.expect_status(403);
        let _ = world.app(editor()).get(path).await.expect_status(403);
    }
}

async fn what_the_money_did_is_told_of_those_with_both_years(db: TestDatabase) {
    let world = paid(db).await;
    assert_eq!(card(&world, clerk()).await["follow_up"], json!([]));
    world.clock.pass(200);
    // 1 and 5 were paid and are known again; 2 was paid and is not; 4 was not paid
    let mut text = "统一社会信用代码,企业名称,从业人数,营业收入(万元)\n".to_owned();
    for (number, people, revenue) in [(1, 130, "250.5"), (5, 40, ""), (4, 99, "7")] {
        let line = format!("{},{},{people},{revenue}\n", code(number), name(number));
        text.push_str(&line);
    }
    world.bring_of(2026, &text, "2027-05-31").await;
    let before = format!(
        "统一社会信用代码,企业名称,营业收入(万元)\n{},{},200\n",
        code(1),
        name(1)
    );
    world.bring_of(2025, &before, "2026-12-31").await;
    let told = |attribute: &str, enterprises: u64, before: &str, after: &str| {
        json!({
            "cohort": 2026,
            "attribute": attribute,
            "enterprises": enterprises,
            "before": before,
            "after": after,
        })
    };
    let all = card(&world, clerk()).await;
    assert_eq!(
        all["follow_up"],
        json!([
            told("营业收入", 1, "2000000", "2505000"),
            told("从业人数", 2, "150", "170"),
        ])
    );
    // of one county only its own enterprise
    let other = card(&world, clerk_of("370112")).await;
    assert_eq!(other["follow_up"], json!([told("从业人数", 1, "50", "40")]));
    // a later year takes the place of the first
    world.clock.pass(365);
    let text = format!(
        "统一社会信用代码,企业名称,从业人数\n{},{},60\n",
        code(5),
        name(5)
    );
    world.bring_of(2027, &text, "2028-05-31").await;
    let later = world
        .redemption
        .scorecard(&clerk_of("370112"), "gaoqi")
        .await
        .unwrap();
    assert_eq!(later.follow_up[0].after, "60");
    let page = world
        .app(clerk())
        .get("/redemption/evaluation/gaoqi")
        .await
        .expect_status(200);
    let text = page.text();
    assert!(
        text.contains("从业人数") && text.contains("190"),
        "130 and 60: {text}"
    );
}

both_databases!(
    a_scorecard_counts_what_lies_within_reach,
    what_the_money_did_is_told_of_those_with_both_years,
);
