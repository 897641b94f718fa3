//! A meeting from its planning to its minutes.

use zhida_testkit::{TestDatabase, both_databases, sqlite};

use crate::world::{World, clerk_of, leader, neighbour, supervisor};

async fn an_agenda_is_made_of_appeals_and_free_items(db: TestDatabase) {
    let world = World::new(db).await;
    let here = world.planned().await;
    let meeting = world.read(&here).await;
    assert_eq!(meeting["items"].as_array().unwrap().len(), 2);
    assert_eq!(meeting["items"][0]["number"], "诉求-2026-000007-1");
    assert_eq!(
        meeting["attendees"][0]["part"], "chair",
        "the chair comes first"
    );
    assert_eq!(meeting["attendees"].as_array().unwrap().len(), 3);
    assert_eq!(
        world.heard.noted("7"),
        ["列入 2026-11-23 召开的“企业面对面解难题双周调度会”议程"]
    );
    let app = world.app(supervisor());
    let page = app.get(&here).await.expect_status(200);
    assert!(page.text().contains("夏季限电"), "the other one is offered");
    let again = app
        .post_form(&format!("{here}/appeals"), &[("appeal", "7")])
        .await;
    let _ = again.expect_status(303);
    assert_eq!(
        world.count("SELECT COUNT(*) FROM meeting_item").await,
        2,
        "once"
    );
    let second = meeting["items"][1]["id"].as_str().unwrap();
    let _ = app
        .post_form(&format!("{here}/item-raise"), &[("item", second)])
        .await
        .expect_status(303);
    assert_eq!(
        world.read(&here).await["items"][0]["title"],
        "设备更新贷款贴息"
    );
    let _ = app
        .post_form(&format!("{here}/item-remove"), &[("item", second)])
        .await
        .expect_status(303);
    let left = world.read(&here).await;
    assert_eq!(left["items"][0]["position"], 1, "numbered anew");
    let nothing = app
        .post_form(&format!("{here}/appeals"), &[])
        .await
        .expect_status(400);
    assert!(nothing.text().contains("请勾选要上会的诉求"));
}

async fn what_was_held_decides_and_its_minutes_are_issued_once(db: TestDatabase) {
    let world = World::new(db).await;
    let here = world.planned().await;
    let app = world.app(supervisor());
    let early = app
        .post_form(
            &format!("{here}/minutes"),
            &[("version", "1"), ("minutes", "……")],
        )
        .await;
    assert!(
        early
            .expect_status(400)
            .text()
            .contains("会议召开之后才能写纪要")
    );
    let stale = app
        .post_form(&format!("{here}/hold"), &[("version", "9")])
        .await;
    assert!(stale.expect_status(400).text().contains("别人已经修改过"));
    let _ = app
        .post_form(&format!("{here}/hold"), &[("version", "1")])
        .await
        .expect_status(303);
    let item = world.read(&here).await["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let fields = [("item", item.as_str()), ("result", "由自然资源局牵头解决")];
    let _ = app
        .post_form(&format!("{here}/result"), &fields)
        .await
        .expect_status(303);
    let noted = world.heard.noted("7");
    assert!(
        noted[1].contains("研究意见：由自然资源局牵头解决"),
        "{noted:?}"
    );
    let fields = [
        ("version", "2"),
        ("minutes", "会议研究了两个议题，县领导讲了话。"),
    ];
    let _ = app
        .post_form(&format!("{here}/issue"), &fields)
        .await
        .expect_status(303);
    let fields = [("version", "3"), ("minutes", "改一改已经印发的纪要。")];
    let late = app
        .post_form(&format!("{here}/minutes"), &fields)
        .await
        .expect_status(400);
    assert!(late.text().contains("纪要已经印发"), "{}", late.text());
    assert_eq!(world.read(&here).await["meeting"]["state"], "issued");
}

async fn a_meeting_cannot_be_held_before_its_day_nor_without_items(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app(supervisor());
    let new = serde_json::json!({ "title": "专题会", "held_on": "2026-11-30", "at_time": "9:00", "chair": "县长" });
    let made = app
        .post_json("/api/v1/meetings", &new)
        .await
        .expect_status(201)
        .json();
    let here = format!("/meetings/{}", made["id"].as_str().unwrap());
    let refused = app
        .post_form(&format!("{here}/hold"), &[("version", "1")])
        .await
        .expect_status(400);
    assert!(refused.text().contains("还没有到"));
    let moved = [
        ("version", "1"),
        ("held_on", "2026-11-23"),
        ("at_time", "10:00"),
        ("chair", "县长"),
    ];
    let _ = app
        .post_form(&format!("{here}/when"), &moved)
        .await
        .expect_status(303);
    let refused = app
        .post_form(&format!("{here}/hold"), &[("version", "2")])
        .await
        .expect_status(400);
    assert!(refused.text().contains("还没有议题"));
    let off = [("version", "2"), ("why", "并入下周例会")];
    let _ = app
        .post_form(&format!("{here}/cancel"), &off)
        .await
        .expect_status(303);
    assert_eq!(world.read(&here).await["meeting"]["state"], "cancelled");
}

async fn each_sees_the_own_place_and_only_who_may_writes(db: TestDatabase) {
    let world = World::new(db).await;
    let here = world.planned().await;
    let other = world.app(neighbour());
    let _ = other.get(&here).await.expect_status(404);
    let _ = other
        .post_form(&format!("{here}/hold"), &[("version", "1")])
        .await
        .expect_status(404);
    let list = other
        .get("/api/v1/meetings")
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (
            list["total"].as_u64(),
            list["items"].as_array().unwrap().len()
        ),
        (Some(0), 0)
    );
    let own = world
        .app(leader())
        .get("/api/v1/meetings")
        .await
        .expect_status(200)
        .json();
    assert_eq!(own["total"], 1);
    let _ = world.app(clerk_of(0)).get(&here).await.expect_status(403);
    let elsewhere = serde_json::json!({ "title": "越界", "held_on": "2026-11-30", "at_time": "9:00", "chair": "县长", "place": "130434" });
    let refused = world
        .app(supervisor())
        .post_json("/api/v1/meetings", &elsewhere)
        .await
        .expect_status(400);
    assert!(
        refused.text().contains("本单位区划之内"),
        "{}",
        refused.text()
    );
    let _ = world
        .app(supervisor())
        .get("/meetings/none")
        .await
        .expect_status(404);
    let _ = world
        .app(supervisor())
        .post_form(&format!("{here}/dance"), &[])
        .await
        .expect_status(404);
}

#[tokio::test]
async fn where_a_meeting_is_for_is_chosen_by_name() {
    let world = World::new(sqlite().await).await;
    let app = world.app(supervisor());
    for path in ["/meetings/new", "/meetings/series"] {
        let page = app.get(path).await.expect_status(200);
        for option in ["本单位的区划", "馆陶镇"] {
            let option = format!(">{option}</option>");
            assert!(page.text().contains(&option), "{path}: {}", page.text());
        }
    }
    // what was chosen is there again when something else was wrong
    let page = app
        .post_form("/meetings/new", &[("place", "130433100")])
        .await;
    let page = page.expect_status(400);
    let chosen = "<option value=\"130433100\" selected>馆陶镇</option>";
    assert!(page.text().contains(chosen), "{}", page.text());
}

both_databases!(
    an_agenda_is_made_of_appeals_and_free_items,
    what_was_held_decides_and_its_minutes_are_issued_once,
    a_meeting_cannot_be_held_before_its_day_nor_without_items,
    each_sees_the_own_place_and_only_who_may_writes,
);
