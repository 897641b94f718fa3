//! Where pages of policies and matches lead to an application, and where they say how else.

use zhida_platform::access::Viewer;
use zhida_policies::Delivery;
use zhida_testkit::{TestDatabase, both_databases};

use crate::world::{World, boss, clerk, code, editor};

/// The three pages that tell of the way to an item, each as its readers see it.
async fn pages(world: &World, item: &str) -> Vec<String> {
    let code = code(1);
    let asked = [
        (Viewer::visitor(), format!("/policies/{item}")),
        (
            Viewer::visitor(),
            format!("/match/check?item={item}&code={code}"),
        ),
        (boss(1), format!("/enterprises/{code}/matches/{item}")),
        (clerk(), format!("/enterprises/{code}/matches/{item}")),
    ];
    let mut pages = Vec::new();
    for (viewer, path) in asked {
        let page = world.below(viewer).get(&path).await.expect_status(200);
        pages.push(page.text().to_owned());
    }
    pages
}

async fn a_link_to_apply_is_there_while_a_scheme_takes_applications(db: TestDatabase) {
    let world = World::new(db).await;
    let link = "href=\"/schemes/jiuye\"";
    let leads = |page: &String| page.contains(link) && page.contains("在线申请</a>");
    for page in pages(&world, "jiuye").await {
        assert!(!page.contains(link), "no scheme is published: {page}");
        assert!(page.contains("还不能在这里在线申请"), "{page}");
        assert!(page.contains("0531-00000000"), "whom to ask: {page}");
    }
    world.publish("jiuye", Delivery::Instant, |_| {}).await;
    for page in pages(&world, "jiuye").await {
        assert!(leads(&page) && !page.contains("还不能在这里"), "{page}");
    }
    let scheme = world.app(Viewer::visitor()).get("/schemes/jiuye").await;
    let _ = scheme.expect_status(200);

    let room = &world.redemption;
    room.pause_scheme(&editor(), "jiuye", true).await.unwrap();
    for page in pages(&world, "jiuye").await {
        assert!(page.contains("暂停受理新的申请") && !leads(&page), "{page}");
        assert!(page.contains("0531-00000000"), "{page}");
    }
    room.pause_scheme(&editor(), "jiuye", false).await.unwrap();
    assert!(pages(&world, "jiuye").await.iter().all(leads));

    // the document ends on 2028-01-31
    world.clock.pass(500);
    for page in pages(&world, "jiuye").await {
        assert!(!page.contains(link) && page.contains("到期"), "{page}");
    }
}

async fn what_is_paid_unasked_is_not_applied_for(db: TestDatabase) {
    let world = World::new(db).await;
    for page in pages(&world, "gaoqi").await {
        assert!(page.contains("兑付还没有在这里开通"), "{page}");
        assert!(!page.contains("/schemes/gaoqi"), "{page}");
    }
    world
        .publish("gaoqi", Delivery::NoApplication, |_| {})
        .await;
    for page in pages(&world, "gaoqi").await {
        assert!(page.contains("免申即享，不用申请：符合条件的"), "{page}");
        assert!(page.contains("/schemes/gaoqi"), "the steps: {page}");
        assert!(!page.contains("在线申请</a>"), "{page}");
    }
}

both_databases!(
    a_link_to_apply_is_there_while_a_scheme_takes_applications,
    what_is_paid_unasked_is_not_applied_for,
);
