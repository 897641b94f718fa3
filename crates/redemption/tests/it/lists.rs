//! Comparison lists belong to the body that made them.

use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::paging::PageRequest;
use zhida_redemption::ListToSave;
use zhida_testkit::{TestDatabase, both_databases};

use crate::world::{World, boss, clerk, clerk_of, code, data_manager, decider, editor};

const LISTS: &str = "/api/v1/redemption/lists";

fn list(id: &str, number: usize) -> ListToSave {
    ListToSave {
        id: id.to_owned(),
        name: format!("名单 {id}"),
        department: "提供的部门".to_owned(),
        lines: code(number),
    }
}

async fn seen(world: &World, viewer: &Viewer) -> Vec<(String, bool)> {
    let page = PageRequest::first(100);
    let found = world.redemption.comparison_lists(viewer, &page).await;
    let found: Vec<(String, bool)> = found
        .unwrap()
        .items
        .into_iter()
        .map(|list| (list.id, list.may_replace))
        .collect();
    let count = world
        .redemption
        .comparison_list_count(viewer)
        .await
        .unwrap();
    assert_eq!(found.len() as u64, count, "the list is the count");
    found
}

fn seen_are(expected: &[(&str, bool)]) -> Vec<(String, bool)> {
    let owned = |(id, may): &(&str, bool)| ((*id).to_owned(), *may);
    expected.iter().map(owned).collect()
}

async fn a_list_is_its_bodys_and_concerns_those_whose_enterprises_it_holds_back(db: TestDatabase) {
    let world = World::new(db).await;
    let room = &world.redemption;
    let (city, near, far) = (clerk(), clerk_of("370102"), clerk_of("370112"));
    room.save_list(&city, &list("city", 2)).await.unwrap();
    room.save_list(&far, &list("far", 5)).await.unwrap();

    // the city's list concerns its counties, a county's the city; neither may replace the other's
    let both = |mine: &str| seen_are(&[("city", mine == "city"), ("far", mine == "far")]);
    assert_eq!(seen(&world, &city).await, both("city"));
    assert_eq!(seen(&world, &far).await, both("far"));
    assert_eq!(seen(&world, &near).await, seen_are(&[("city", false)]));
    assert_eq!(
        seen(&world, &decider()).await,
        both("city"),
        "the same body, another seat"
    );
    let page = world
        .app(near.clone())
        .get("/redemption/lists")
        .await
        .expect_status(200);
    assert!(
        page.text().contains("名单 city") && !page.text().contains("名单 far"),
        "{}",
        page.text()
    );

    let refused = world
        .app(near.clone())
        .post_form(
            "/redemption/lists",
            &[
                ("id", "city"),
                ("name", "换成我的"),
                ("department", "某局"),
                ("lines", &code(1)),
            ],
        )
        .await
        .expect_status(403);
    assert!(
        refused.text().contains("“名单 city”由370100某局维护"),
        "{}",
        refused.text()
    );
    let hidden = json!({ "id": "far", "name": "换", "department": "某局", "lines": code(1) });
    let hidden = world
        .app(near.clone())
        .post_json(LISTS, &hidden)
        .await
        .expect_status(400);
    let text = hidden.text();
    assert!(
        text.contains("已被其他单位的名单使用") && !text.contains("名单 far"),
        "{text}"
    );
    assert!(room.save_list(&city, &list("far", 1)).await.is_err());
    let sql = "SELECT COUNT(*) FROM redemption_list_entry WHERE list = 'far' AND enterprise <> ''";
    assert_eq!(world.count(sql).await, 1);

    // its body, by whichever seat, and whoever keeps all of them; it stays its body's
    assert_eq!(
        room.save_list(&decider(), &list("city", 3)).await.unwrap(),
        1
    );
    let many = ListToSave {
        lines: format!("{}\n{}", code(1), code(5)),
        ..list("far", 0)
    };
    assert_eq!(room.save_list(&data_manager(), &many).await.unwrap(), 2);
    let all = seen_are(&[("city", true), ("far", true)]);
    assert_eq!(seen(&world, &data_manager()).await, all);
    assert_eq!(seen(&world, &far).await, both("far"), "still its own");

    for viewer in [boss(1), editor()] {
        let app = world.app(viewer);
        let _ = app.get(LISTS).await.expect_status(403);
        let _ = app.get("/redemption/lists").await.expect_status(403);
    }
    let page = world
        .app(city)
        .get(&format!("{LISTS}?limit=1"))
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (&page["total"], &page["items"][0]["id"]),
        (&json!(2), &json!("city"))
    );
    let next = page["next"].as_str().unwrap();
    let page = world
        .app(clerk())
        .get(&format!("{LISTS}?limit=1&after={next}"))
        .await
        .expect_status(200)
        .json();
    assert_eq!(page["items"][0]["id"], "far");
    assert!(page["next"].is_null());
}

both_databases!(a_list_is_its_bodys_and_concerns_those_whose_enterprises_it_holds_back,);
