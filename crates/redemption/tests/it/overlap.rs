//! 从高不重复: nobody has two items of a group.

use zhida_policies::Delivery;
use zhida_redemption::words::Overlap;
use zhida_testkit::{TestDatabase, both_databases};

use crate::world::{World, boss, editor, fields, name, payee};

async fn file(world: &World, number: usize, item: &str) -> zhida_testkit::TestResponse {
    let app = world.app(boss(number));
    app.post_form(
        &format!("/redemption/apply/{item}"),
        &fields(&payee(number)),
    )
    .await
}

async fn one_of_a_group_or_the_difference_and_never_both(db: TestDatabase) {
    let world = World::new(db).await;
    world.publish("jiuye", Delivery::Instant, |_| {}).await;
    world.publish("kuogang", Delivery::Instant, |_| {}).await;
    world.pool("jiuye", 1_000_000).await;
    world.pool("kuogang", 1_000_000).await;
    let _ = file(&world, 1, "jiuye").await.expect_status(303);
    let refused = file(&world, 1, "kuogang").await.expect_status(422);
    let words = refused.text();
    assert!(
        words.contains("“吸纳就业奖励”（50,000 元）从高不重复"),
        "{words}"
    );

    let mut scheme = world
        .redemption
        .scheme_revision("kuogang", 1)
        .await
        .unwrap()
        .scheme;
    scheme.overlap = Overlap::Difference;
    world
        .redemption
        .publish_scheme(&editor(), &scheme, 1)
        .await
        .unwrap();
    let _ = file(&world, 1, "kuogang").await.expect_status(303);
    let case = world.case(1, "kuogang").await;
    assert_eq!(
        case["record"]["fen_decided"].as_i64(),
        Some(3_000_000),
        "80,000 less 50,000"
    );

    // both at the same moment: one of them
    let mut scheme = world
        .redemption
        .scheme_revision("kuogang", 2)
        .await
        .unwrap()
        .scheme;
    scheme.overlap = Overlap::Refuse;
    world
        .redemption
        .publish_scheme(&editor(), &scheme, 2)
        .await
        .unwrap();
    let (one, other) = tokio::join!(file(&world, 2, "jiuye"), file(&world, 2, "kuogang"));
    let mut answers = [one.status.as_u16(), other.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [303, 422], "{}", name(2));
}

both_databases!(one_of_a_group_or_the_difference_and_never_both,);
