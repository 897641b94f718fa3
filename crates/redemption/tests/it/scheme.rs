//! Schemes: written, checked, published once and for all.

use serde_json::json;
use zhida_policies::Delivery;
use zhida_redemption::{Error, Scheme};
use zhida_testkit::{TestDatabase, both_databases};

use crate::world::{World, boss, clerk, editor, fields, payee};

fn scheme(preset: &str, class: &str, delivery: Delivery, item: &str) -> Scheme {
    Scheme::of_preset(item, preset, class, delivery).unwrap()
}

async fn it_is_published_in_revisions_that_never_change(db: TestDatabase) {
    let world = World::new(db).await;
    let room = &world.redemption;
    let first = scheme("general", "any", Delivery::NoApplication, "gaoqi");
    let published = room.publish_scheme(&editor(), &first, 0).await.unwrap();
    assert_eq!((published.revision, &published.scheme), (1, &first));
    let same = room.publish_scheme(&editor(), &first, 1).await.unwrap();
    assert_eq!(same.revision, 1, "unchanged content makes no revision");
    let mut second = first.clone();
    second.route[0].term = "20 个工作日".parse().unwrap();
    assert_eq!(
        room.publish_scheme(&editor(), &second, 1)
            .await
            .unwrap()
            .revision,
        2
    );
    let late = room.publish_scheme(&editor(), &first, 1).await;
    assert!(
        matches!(
            late,
            Err(Error::Stale {
                expected: 1,
                found: 2
            })
        ),
        "{late:?}"
    );
    assert_eq!(
        room.scheme_revision("gaoqi", 1).await.unwrap().scheme,
        first
    );
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM audit_event WHERE action = 'redemption.scheme_publish'")
            .await,
        2
    );
}

async fn the_limits_of_a_preset_are_kept(db: TestDatabase) {
    let world = World::new(db).await;
    let room = &world.redemption;
    let codes = |scheme: Scheme| async move {
        let checked = room.check_scheme(&scheme).await.unwrap();
        checked
            .errors()
            .into_iter()
            .map(|one| one.code)
            .collect::<Vec<_>>()
    };
    let good = scheme("taizhou", "fixed", Delivery::NoApplication, "gaoqi");
    assert_eq!(codes(good.clone()).await, Vec::<&str>::new());
    let mut reviewed = good.clone();
    reviewed.route.insert(
        1,
        zhida_redemption::Step {
            stage: zhida_redemption::words::Stage::Review,
            term: "1 个工作日".parse().unwrap(),
        },
    );
    let mut found = codes(reviewed).await;
    found.sort_unstable();
    assert_eq!(found, ["approvals", "completion", "pays_within"]);
    let mut slow = good;
    slow.route.last_mut().unwrap().term = "4 个工作日".parse().unwrap();
    assert_eq!(codes(slow).await, ["pays_within"]);
    let lists = scheme("huangpu", "three_steps", Delivery::NoApplication, "gaoqi");
    assert_eq!(codes(lists).await, ["wants_lists"]);
    let other = scheme("general", "any", Delivery::Instant, "gaoqi");
    assert_eq!(codes(other).await, ["delivery"]);
    let manual = Scheme {
        delivery: Delivery::Application,
        ..scheme("general", "any", Delivery::Instant, "yanfa")
    };
    let found = codes(manual).await;
    assert!(
        found.contains(&"manual") && found.contains(&"approval"),
        "{found:?}"
    );
}

async fn a_form_that_turns_in_a_circle_is_not_published(db: TestDatabase) {
    let world = World::new(db).await;
    let mut scheme = scheme("general", "any", Delivery::Application, "yanfa");
    let form = |shown_when: &str| {
        json!({ "title": "申请表", "nodes": [
            { "id": "loan", "label": "是否贷款", "kind": "yes_no", "shown_when": shown_when },
            { "id": "lender", "label": "是否贴息", "kind": "yes_no", "shown_when": "是否贷款" },
        ] })
    };
    scheme.form = Some(form("是否贴息"));
    let app = world.app(editor());
    let body = json!({ "after": 0, "scheme": scheme });
    let refused = app.post_json("/api/v1/schemes/yanfa", &body).await;
    let refused = refused.expect_status(400).json();
    let told = refused["fields"][0]["message"].as_str().unwrap();
    assert!(
        told.contains("互相依赖成环") && told.contains("loan → lender → loan"),
        "{refused}"
    );
    let kept = "SELECT COUNT(*) FROM redemption_scheme_revision";
    assert_eq!(world.count(kept).await, 0);
    scheme.form.as_mut().unwrap()["nodes"][0]
        .as_object_mut()
        .unwrap()
        .remove("shown_when");
    let body = json!({ "after": 0, "scheme": scheme });
    let mended = app.post_json("/api/v1/schemes/yanfa", &body).await;
    let _ = mended.expect_status(200);
    assert_eq!(world.count(kept).await, 1);
}

async fn the_editor_checks_previews_and_publishes(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app(editor());
    let page = app.get("/schemes").await.expect_status(200);
    assert!(page.text().contains("高新技术企业认定奖励"));
    let page = app.get("/schemes/gaoqi/edit").await.expect_status(200);
    assert!(
        page.text().contains("意愿确认") && page.text().contains("现在符合的企业"),
        "{}",
        page.text()
    );
    let form = [
        ("revision", "0"),
        ("preset", "taizhou/fixed"),
        ("term-confirm", "15 个工作日"),
        ("term-notice", "五天"),
        ("term-payment", "3 个工作日"),
        ("period", "year"),
        ("release", "officer"),
        ("do", "publish"),
    ];
    let refused = app
        .post_form("/schemes/gaoqi/edit", &form)
        .await
        .expect_status(400);
    assert!(
        refused.text().contains("应以数字开头"),
        "{}",
        refused.text()
    );
    let mut form = form.to_vec();
    form[3] = ("term-notice", "5 个工作日");
    let refused = app
        .post_form("/schemes/gaoqi/edit", &form)
        .await
        .expect_status(400);
    assert!(refused.text().contains("请先确认已看过检查结果"));
    form.push(("confirm", "yes"));
    let _ = app
        .post_form("/schemes/gaoqi/edit", &form)
        .await
        .expect_status(303);
    let shown = world
        .app(clerk())
        .get("/schemes/gaoqi")
        .await
        .expect_status(200);
    assert!(
        shown.text().contains("台州") && shown.text().contains("第 1 版"),
        "{}",
        shown.text()
    );
    let _ = world
        .app(clerk())
        .get("/schemes/gaoqi/edit")
        .await
        .expect_status(403);
    let _ = app
        .post_form("/schemes/gaoqi/pause", &[("paused", "1")])
        .await
        .expect_status(303);
    let api = world
        .app(clerk())
        .get("/api/v1/schemes/gaoqi")
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (api["revision"].as_i64(), api["paused"].as_bool()),
        (Some(1), Some(true))
    );
}

async fn a_revision_says_what_it_changes_and_leaves_cases_under_way_alone(db: TestDatabase) {
    let world = World::new(db).await;
    world.publish("yanfa", Delivery::Application, |_| {}).await;
    world.pool("yanfa", 1_000_000).await;
    let _ = world
        .app(boss(1))
        .post_form("/redemption/apply/yanfa", &fields(&payee(1)))
        .await
        .expect_status(303);
    let mut second = scheme("general", "any", Delivery::Application, "yanfa");
    second.cap_yuan = Some(300_000);
    let room = &world.redemption;
    room.save_scheme_draft(&editor(), &second).await.unwrap();
    let page = |viewer, path: &'static str| {
        let app = world.app(viewer);
        async move { app.get(path).await.expect_status(200).text().to_owned() }
    };
    let draft = page(editor(), "/schemes/yanfa/edit").await;
    for words in [
        "和现在的第 1 版的差别",
        "每家企业每年最多",
        "<ins>300000 元</ins>",
        "在办的 1 件按开始时的版本办完",
    ] {
        assert!(draft.contains(words), "{words}: {draft}");
    }
    room.publish_scheme(&editor(), &second, 1).await.unwrap();
    let shown = page(boss(1), "/schemes/yanfa").await;
    assert!(
        shown.contains("改动 1 处") && shown.contains("<ins>300000 元</ins>"),
        "{shown}"
    );
    assert!(!shown.contains("在办 1 件"), "{shown}");
    let shown = page(editor(), "/schemes/yanfa").await;
    let (newer, older) = shown.split_once("第 1 版").unwrap();
    assert!(!newer.contains("在办 1 件") && older.contains("在办 1 件，按这一版办完"));
    let same = page(editor(), "/schemes/yanfa/edit").await;
    assert!(same.contains("发布不会产生新版本"), "{same}");
    let api = world.app(clerk()).get("/api/v1/schemes/yanfa").await;
    let api = api.expect_status(200).json();
    let change = json!([{ "name": "每家企业每年最多", "before": "", "after": "300000 元" }]);
    assert_eq!(api["changes"], change);
    let kept = "SELECT scheme_revision FROM redemption_case";
    assert_eq!(world.count(kept).await, 1);
}

both_databases!(
    it_is_published_in_revisions_that_never_change,
    the_limits_of_a_preset_are_kept,
    a_form_that_turns_in_a_circle_is_not_published,
    the_editor_checks_previews_and_publishes,
    a_revision_says_what_it_changes_and_leaves_cases_under_way_alone,
);
