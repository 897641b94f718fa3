//! 可以申请的: what an enterprise can apply for now, on its page and by the API.

use serde_json::Value;
use zhida_platform::access::Viewer;
use zhida_policies::Delivery;
use zhida_testkit::{TestDatabase, both_databases, seated};

use crate::world::{World, agent, boss, clerk, code, editor, fields, name, payee};

const API: &str = "/api/v1/redemption/applicable";

/// Schemes of one item of each kind, and money for the one that is decided at once.
async fn with_schemes(db: TestDatabase) -> World {
    let world = World::new(db).await;
    for (item, delivery) in [
        ("gaoqi", Delivery::NoApplication),
        ("jiuye", Delivery::Instant),
        ("yanfa", Delivery::Application),
    ] {
        world.publish(item, delivery, |_| {}).await;
    }
    world.pool("jiuye", 1_000_000).await;
    world
}

/// The whole list, which is its count.
async fn listed(world: &World, viewer: Viewer) -> Vec<Value> {
    let list = world.app(viewer).get(&format!("{API}?limit=200")).await;
    let list = list.expect_status(200).json();
    let items = list["items"].as_array().unwrap().clone();
    assert_eq!(list["total"].as_u64(), Some(items.len() as u64), "{list}");
    assert!(list["next"].is_null(), "{list}");
    items
}

async fn ids(world: &World, number: usize) -> Vec<String> {
    let items = listed(world, boss(number)).await.into_iter();
    let ids = items.map(|item| item["id"].as_str().unwrap().to_owned());
    ids.collect()
}

async fn file(world: &World, number: usize, item: &str) {
    let app = world.app(boss(number));
    let filed = app
        .post_form(
            &format!("/redemption/apply/{item}"),
            &fields(&payee(number)),
        )
        .await;
    let _ = filed.expect_status(303);
}

async fn page(world: &World, viewer: Viewer, path: &str) -> String {
    let page = world.app(viewer).get(path).await.expect_status(200);
    page.text().to_owned()
}

async fn what_is_met_and_has_a_scheme_is_offered_with_all_that_matters(db: TestDatabase) {
    let world = World::new(db).await;
    assert!(ids(&world, 1).await.is_empty(), "no scheme is published");
    let empty = page(&world, boss(1), "/redemption").await;
    assert!(empty.contains("现在没有可以申请的"), "{empty}");
    assert!(empty.contains(&format!("/enterprises/{}/matches", code(1))));

    for (item, delivery) in [
        ("gaoqi", Delivery::NoApplication),
        ("jiuye", Delivery::Instant),
        ("yanfa", Delivery::Application),
    ] {
        world.publish(item, delivery, |_| {}).await;
    }
    let items = listed(&world, boss(1)).await;
    let told = |item: &Value| {
        let told = [
            &item["id"],
            &item["delivery"],
            &item["label"],
            &item["href"],
        ];
        let told = told.map(|value| value.as_str().unwrap());
        format!(
            "{} {}",
            told.join(" "),
            item["amount"]["text"].as_str().unwrap()
        )
    };
    let told: Vec<String> = items.iter().map(told).collect();
    assert_eq!(
        told,
        [
            "gaoqi 免申即享 符合 /schemes/gaoqi 10 万元",
            "jiuye 即申即享 符合 /redemption/apply/jiuye 5 万元",
            "yanfa 申报 条件符合，待人工核验 /redemption/apply/yanfa 20 万元",
        ]
    );
    assert_eq!(items[0]["deadline"], "2028-01-31");
    assert!(
        items[1]["bars"]
            .as_str()
            .unwrap()
            .contains("资金还没有安排")
    );
    assert!(items[0]["bars"].is_null() && items[2]["bars"].is_null());
    assert_eq!(
        listed(&world, agent(1)).await,
        items,
        "an agency with a mandate"
    );

    let shown = page(&world, boss(1), "/redemption").await;
    for words in [
        "id=\"applicable\"",
        "href=\"/redemption/apply/jiuye\"",
        "href=\"/redemption/apply/yanfa\"",
        "href=\"/schemes/gaoqi\"",
        "不用申请：部门核对放行后",
        "现在还不能提交：这个事项今年的资金还没有安排",
        "2028年1月31日截止",
        "待核验：项目具有示范作用",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    world.pool("jiuye", 1_000_000).await;
    assert!(listed(&world, boss(1)).await[1]["bars"].is_null());
    // the fourth is no 高新技术企业 and has 40 people
    assert!(ids(&world, 4).await.is_empty(), "nothing that is not met");
}

async fn what_facts_are_missing_is_said(db: TestDatabase) {
    let world = with_schemes(db).await;
    let text = format!(
        "统一社会信用代码,企业名称,所在区划\n{},{},370102\n",
        code(6),
        name(6)
    );
    world.bring(&text, "2026-06-30").await;
    let items = listed(&world, boss(6)).await;
    assert_eq!(items.len(), 1, "{items:?}");
    let jiuye = &items[0];
    assert_eq!(
        (&jiuye["id"], &jiuye["label"], &jiuye["verdict"]),
        (&"jiuye".into(), &"缺一项数据".into(), &Value::Null)
    );
    let missing = &jiuye["missing"][0];
    assert_eq!(
        (missing["attribute"].as_str(), missing["year"].as_i64()),
        (Some("从业人数"), Some(2025))
    );
    let bars = jiuye["bars"].as_str().unwrap();
    assert!(bars.contains("还不能认定符合条件"), "{bars}");
    let shown = page(&world, boss(6), "/redemption").await;
    assert!(
        shown.contains("缺少数据：2025 年从业人数（统计）"),
        "{shown}"
    );
    assert!(
        !shown.contains(">0 元<"),
        "no zero for what is not known: {shown}"
    );
    // nothing is known of an enterprise that the register does not have
    assert!(ids(&world, 9).await.is_empty());
    let _ = page(&world, boss(9), "/redemption").await;
}

async fn what_is_under_way_or_had_or_paused_is_not_offered(db: TestDatabase) {
    let world = with_schemes(db).await;
    let all = ["gaoqi", "jiuye", "yanfa"];
    assert_eq!(ids(&world, 1).await, all);
    file(&world, 1, "yanfa").await;
    assert_eq!(ids(&world, 1).await, ["gaoqi", "jiuye"]);
    assert_eq!(ids(&world, 2).await, all, "another's case is another's");
    let case = world.case(1, "yanfa").await;
    let case = case["id"].as_str().unwrap();
    let withdraw = format!("/redemption/cases/{case}/withdraw");
    let withdrawn = world.app(boss(1)).post_form(&withdraw, &[]).await;
    let _ = withdrawn.expect_status(303);
    assert_eq!(ids(&world, 1).await, all, "it may apply again");

    // what was given up is closed, and not had again in this period
    world.pool("gaoqi", 1_000_000).await;
    world.offer().await;
    let shown = page(&world, boss(1), "/redemption").await;
    let (waiting, offered) = shown.split_once("id=\"applicable\"").unwrap();
    assert!(
        waiting.contains("高新技术企业认定奖励") && waiting.contains("待确认"),
        "{waiting}"
    );
    assert!(!offered.contains("高新技术企业认定奖励"), "{offered}");
    // the number of cases stands below the cases
    assert!(waiting.contains("共 1 件"), "{waiting}");
    assert!(!offered.contains("共 1 件"), "{offered}");
    let case = world.case(1, "gaoqi").await;
    let case = case["id"].as_str().unwrap();
    let decline = format!("/redemption/cases/{case}/decline");
    let declined = world.app(boss(1)).post_form(&decline, &[]).await;
    let _ = declined.expect_status(303);
    assert_eq!(ids(&world, 1).await, ["jiuye", "yanfa"]);

    let room = &world.redemption;
    room.pause_scheme(&editor(), "jiuye", true).await.unwrap();
    assert_eq!(ids(&world, 1).await, ["yanfa"]);
    // the document ends on 2028-01-31
    world.clock.pass(500);
    assert!(ids(&world, 1).await.is_empty());
}

async fn what_excludes_another_says_so_before_it_is_filled_in(db: TestDatabase) {
    let world = with_schemes(db).await;
    world.publish("kuogang", Delivery::Instant, |_| {}).await;
    world.pool("kuogang", 1_000_000).await;
    file(&world, 1, "jiuye").await;
    let items = listed(&world, boss(1)).await;
    let kuogang = items.iter().find(|item| item["id"] == "kuogang").unwrap();
    let bars = kuogang["bars"].as_str().unwrap();
    assert!(
        bars.contains("“吸纳就业奖励”（50,000 元）从高不重复"),
        "{bars}"
    );
    let form = page(&world, boss(1), "/redemption/apply/kuogang").await;
    assert!(form.contains(bars) && !form.contains("提交申请"), "{form}");
}

async fn pages_of_the_list_are_the_list(db: TestDatabase) {
    let world = with_schemes(db).await;
    let app = world.app(boss(1));
    let (mut found, mut path) = (Vec::new(), format!("{API}?limit=1"));
    loop {
        let page = app.get(&path).await.expect_status(200).json();
        assert_eq!(page["total"], 3);
        for item in page["items"].as_array().unwrap() {
            found.push(item["id"].as_str().unwrap().to_owned());
        }
        match page["next"].as_str() {
            Some(next) => path = format!("{API}?limit=1&after={next}"),
            None => break,
        }
    }
    assert_eq!(found, ids(&world, 1).await);
    let all = page(&world, boss(1), "/redemption?show=applicable").await;
    assert!(
        all.contains("共 3 项") && all.contains("吸纳就业奖励"),
        "{all}"
    );
    let closed = page(&world, boss(1), "/redemption?show=closed").await;
    assert!(!closed.contains("id=\"applicable\""), "{closed}");
    let wrong = app.get("/redemption?show=x").await.expect_status(400);
    assert!(wrong.text().contains("没有这个选项"), "{}", wrong.text());
    let cases = app.get("/api/v1/redemption/cases?limit=1").await;
    let _ = cases.expect_status(200);
    let strange = app.get(&format!("{API}?after=eyJ4Ijo")).await;
    let _ = strange.expect_status(400);
}

async fn only_those_who_apply_are_offered_anything(db: TestDatabase) {
    let world = with_schemes(db).await;
    let finance = seated("finance", None, Some(&code(1)));
    for (viewer, status) in [
        (Viewer::visitor(), 401),
        (clerk(), 403),
        (finance.clone(), 403),
        (seated("reader", None, Some(&code(1))), 403),
    ] {
        let refused = world.app(viewer).get(API).await;
        let _ = refused.expect_status(status);
    }
    for viewer in [finance, clerk()] {
        let shown = page(&world, viewer.clone(), "/redemption").await;
        assert!(!shown.contains("可以申请的</"), "{shown}");
        let app = world.app(viewer);
        let refused = app.get("/redemption?show=applicable").await;
        let _ = refused.expect_status(403);
    }
}

both_databases!(
    what_is_met_and_has_a_scheme_is_offered_with_all_that_matters,
    what_facts_are_missing_is_said,
    what_is_under_way_or_had_or_paused_is_not_offered,
    what_excludes_another_says_so_before_it_is_filled_in,
    pages_of_the_list_are_the_list,
    only_those_who_apply_are_offered_anything,
);
