//! The review desk: the queue, steps of the case page, opinions of other bodies, batches.

use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::db;
use zhida_policies::Delivery;
use zhida_testkit::{TestDatabase, TestResponse, both_databases};

use crate::world::{World, asked, boss, clerk, code, decider, fields, name, other_clerk, payee};

/// Applications of these enterprises for 研发项目补助; their cases' ids.
async fn applied(world: &World, enterprises: &[usize]) -> Vec<String> {
    world.publish("yanfa", Delivery::Application, |_| {}).await;
    world.pool("yanfa", 1_000_000).await;
    let mut ids = Vec::new();
    for number in enterprises {
        let app = world.app(boss(*number));
        let _ = app
            .post_form("/redemption/apply/yanfa", &fields(&payee(*number)))
            .await
            .expect_status(303);
        ids.push(world.case_id(*number, "yanfa").await);
    }
    ids
}

/// One step of the case page, by the page's version.
async fn step(
    world: &World,
    viewer: Viewer,
    id: &str,
    step: &str,
    given: &[(&str, &str)],
) -> TestResponse {
    let version = world.redemption_version(id).await;
    let given = [given, &[("version", version.as_str())]].concat();
    world
        .app(viewer)
        .post_form(&format!("/redemption/desk/{id}/{step}"), &given)
        .await
}

async fn page(world: &World, viewer: Viewer, id: &str) -> String {
    let page = world
        .app(viewer)
        .get(&format!("/redemption/desk/{id}"))
        .await
        .expect_status(200);
    page.text().to_owned()
}

async fn the_queue_its_count_and_its_export_agree(db: TestDatabase) {
    let world = World::new(db).await;
    let ids = applied(&world, &[1, 2, 3]).await;
    let _ = step(&world, clerk(), &ids[0], "take", &[])
        .await
        .expect_status(303);
    let _ = step(
        &world,
        clerk(),
        &ids[1],
        "advance",
        &[("advance-note", "齐全")],
    )
    .await
    .expect_status(303);
    let app = world.app(clerk());
    let code = format!("?q={}", code(2));
    let number = format!(
        "?q={}",
        world.case(3, "yanfa").await["number"].as_str().unwrap()
    );
    for (filter, expected) in [
        ("", 3),
        ("?stage=review", 1),
        ("?who=mine", 1),
        ("?who=free", 2),
        ("?due=overdue", 0),
        ("?due=week", 2),
        ("?q=样例企业2号", 1),
        ("?q=%25", 0),
        ("?state=closed", 0),
        ("?state=all&turn=office", 3),
        ("?item=yanfa", 3),
        ("?state=all&item=yanfa", 3),
        ("?item=jiuye", 0),
        (code.as_str(), 1),
        (number.as_str(), 1),
    ] {
        let list = app
            .get(&format!("/redemption/desk{filter}"))
            .await
            .expect_status(200);
        assert!(
            list.text().contains(&format!("共 {expected} 件")),
            "{filter}: {}",
            list.text()
        );
        let csv = app
            .get(&format!("/redemption/desk/export.csv{filter}"))
            .await
            .expect_status(200);
        assert_eq!(
            csv.text().lines().count(),
            expected + 1,
            "{filter}: {}",
            csv.text()
        );
    }
    // counted together, each is what its list has
    let views = [
        (json!({ "stage": "review" }), 1),
        (json!({ "who": "mine" }), 1),
        (json!({ "who": "free", "item": "yanfa" }), 2),
        (json!({ "due": "overdue" }), 0),
        (json!({ "due": "week" }), 2),
        (json!({ "q": "样例企业2号" }), 1),
        (json!({ "reply": "office" }), 0),
        (json!({ "who": "asked" }), 0),
        (json!({ "state": "closed" }), 0),
        (json!({ "state": "all", "turn": "office" }), 3),
        (json!({ "state": "all", "who": "mine" }), 1),
        (json!({ "state": "all", "q": "样例企业2号" }), 1),
    ];
    for (number, (query, _)) in views.iter().enumerate() {
        let (name, query) = (format!("视图 {number}"), query.to_string());
        let saved = [("name", name.as_str()), ("query", query.as_str())];
        let _ = app
            .post_form("/redemption/desk/views", &saved)
            .await
            .expect_status(303);
    }
    let list = app.get("/redemption/desk").await.expect_status(200);
    for (number, (query, expected)) in views.iter().enumerate() {
        let tab = format!("视图 {number}<span class=\"zd-tabs__count\">{expected}</span>");
        assert!(list.text().contains(&tab), "{query}: {}", list.text());
    }
    let others = world
        .app(decider())
        .get("/redemption/desk")
        .await
        .expect_status(200);
    assert!(
        !others.text().contains("视图 0<span"),
        "views are one's own"
    );
    let _ = world
        .app(boss(1))
        .get("/redemption/desk")
        .await
        .expect_status(403);
    let _ = world
        .app(boss(1))
        .get(&format!("/redemption/desk/{}", ids[0]))
        .await
        .expect_status(404);
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM audit_event WHERE action = 'redemption.desk_export'")
            .await,
        15
    );
    world.clock.pass(60);
    let late = app
        .get("/redemption/desk?due=overdue")
        .await
        .expect_status(200);
    assert!(late.text().contains("共 3 件"), "{}", late.text());
}

async fn a_filter_that_there_is_not_is_refused_and_a_view_of_before_breaks_nothing(
    db: TestDatabase,
) {
    let world = World::new(db).await;
    applied(&world, &[1]).await;
    let app = world.app(clerk());
    for filter in [
        "stage=reviewed",
        "who=nobody",
        "due=tomorrow",
        "reply=bank",
        "state=open",
        "turn=city",
        "outcome=pid",
        "urged=loudly",
    ] {
        for path in [
            "/redemption/desk",
            "/redemption/desk/export.csv",
            "/api/v1/redemption/desk",
        ] {
            let refused = app.get(&format!("{path}?{filter}")).await;
            let refused = refused.expect_status(400);
            let (_, value) = filter.split_once('=').unwrap();
            assert!(refused.text().contains(value), "{}", refused.text());
        }
        let (field, value) = filter.split_once('=').unwrap();
        let query = json!({ field: value }).to_string();
        let saved = [("name", "新的"), ("query", query.as_str())];
        let refused = app.post_form("/redemption/desk/views", &saved).await;
        let _ = refused.expect_status(400);
    }
    // one that was saved when there was such a stage
    let known = [("name", "审核中"), ("query", r#"{"stage":"accept"}"#)];
    let saved = app.post_form("/redemption/desk/views", &known).await;
    let _ = saved.expect_status(303);
    let old = [("name", "以前的"), ("query", r#"{"stage":"review"}"#)];
    let saved = app.post_form("/redemption/desk/views", &old).await;
    let _ = saved.expect_status(303);
    let sql = r#"UPDATE redemption_view SET query = '{"stage":"stamped"}' WHERE name = '以前的'"#;
    let changed = world
        .db
        .write(|tx| async move { db::execute(&tx, sql, []).await });
    assert_eq!(changed.await.unwrap(), 1);
    let list = app.get("/redemption/desk").await.expect_status(200);
    for words in [
        "常用视图“以前的”里有的条件已经不存在",
        "审核中<span class=\"zd-tabs__count\">1</span>",
        "删除视图：以前的",
    ] {
        assert!(list.text().contains(words), "{words}: {}", list.text());
    }
}

async fn whoever_opens_a_case_at_the_desk_leaves_a_record(db: TestDatabase) {
    let world = World::new(db).await;
    let ids = applied(&world, &[1]).await;
    let looks = "SELECT COUNT(*) FROM audit_event WHERE action = 'redemption.view'";
    let before = world.count(looks).await;
    let _ = page(&world, clerk(), &ids[0]).await;
    assert_eq!(world.count(looks).await, before + 1);
}

async fn a_page_older_than_the_case_changes_nothing_and_loses_no_words(db: TestDatabase) {
    let world = World::new(db).await;
    let ids = applied(&world, &[1]).await;
    let id = &ids[0];
    let shown = page(&world, clerk(), id).await;
    for step in [
        "take", "advance", "opinions", "refuse", "transfer", "note", "end",
    ] {
        let action = format!("action=\"/redemption/desk/{id}/{step}\"");
        assert!(shown.contains(&action), "{action} in {shown}");
    }
    let old = world.redemption_version(id).await;
    let _ = step(&world, clerk(), id, "advance", &[("advance-note", "齐全")])
        .await
        .expect_status(303);
    let typed = [
        ("version", old.as_str()),
        ("return-to", "accept"),
        ("return-reason", "材料第三页看不清"),
    ];
    let stale = world
        .app(clerk())
        .post_form(&format!("/redemption/desk/{id}/return"), &typed)
        .await;
    let stale = stale.expect_status(409);
    assert!(
        stale.text().contains("您操作之前") && stale.text().contains("材料第三页看不清"),
        "{}",
        stale.text()
    );
    let missing = step(&world, clerk(), id, "return", &[("return-to", "accept")])
        .await
        .expect_status(400);
    assert!(
        missing.text().contains("请写明为什么退回"),
        "{}",
        missing.text()
    );
    let _ = step(&world, clerk(), id, "return", &typed[1..])
        .await
        .expect_status(303);
    assert!(
        world.case(1, "yanfa").await["status"]["words"]
            .as_str()
            .unwrap()
            .starts_with("受理")
    );
    let elsewhere = step(
        &world,
        asked(0, "370112"),
        id,
        "note",
        &[("note-text", "路过")],
    )
    .await;
    let _ = elsewhere.expect_status(404);
}

async fn a_completion_request_waits_for_the_enterprise_and_comes_back(db: TestDatabase) {
    let world = World::new(db).await;
    let ids = applied(&world, &[1]).await;
    let id = &ids[0];
    let nothing = step(&world, clerk(), id, "completion", &[("lack", "wrong")])
        .await
        .expect_status(400);
    assert!(
        nothing.text().contains("请在要补正的栏目旁写明"),
        "{}",
        nothing.text()
    );
    let given = [("lack", "missing"), ("completion-whole", "请补上项目合同")];
    let _ = step(&world, clerk(), id, "completion", &given)
        .await
        .expect_status(303);
    let shown = page(&world, clerk(), id).await;
    assert!(
        shown.contains("待企业补正") && shown.contains("补正时限"),
        "{shown}"
    );
    let early = step(&world, clerk(), id, "advance", &[]).await;
    assert!(
        early.status.is_client_error(),
        "it is the enterprise's turn: {}",
        early.status
    );
    let complete = format!("/redemption/cases/{id}/complete");
    let done = world
        .app(boss(1))
        .post_form(&complete, &[("note", "已补")])
        .await;
    let _ = done.expect_status(303);
    let shown = page(&world, clerk(), id).await;
    assert!(
        shown.contains("已补正") && !shown.contains("待企业补正"),
        "{shown}"
    );
}

async fn bodies_of_two_districts_are_asked_each_by_its_own_date(db: TestDatabase) {
    let world = World::new(db).await;
    let ids = applied(&world, &[1]).await;
    let id = &ids[0];
    for (given, told) in [
        (
            vec![("department-0", "没有这个局"), ("term-0", "3 个工作日")],
            "没有叫“没有这个局”的单位",
        ),
        (
            vec![("department-0", "园区管委会"), ("term-0", "3 个工作日")],
            "有 2 个单位",
        ),
        (
            vec![("department-0", "历下区生态环境局"), ("term-0", "很快")],
            "时限",
        ),
        (vec![], "请至少写一个部门"),
    ] {
        let given = [&given[..], &[("question", "是否有环境违法")]].concat();
        let refused = step(&world, clerk(), id, "opinions", &given)
            .await
            .expect_status(400);
        assert!(
            refused.text().contains(told) && refused.text().contains("是否有环境违法"),
            "{}",
            refused.text()
        );
    }
    let given = [
        ("question", "是否有违法记录"),
        ("department-0", "历下区生态环境局"),
        ("term-0", "3 个工作日"),
        ("department-1", "槐荫区应急管理局"),
        ("term-1", "5 个工作日"),
    ];
    let _ = step(&world, clerk(), id, "opinions", &given)
        .await
        .expect_status(303);
    let shown = page(&world, clerk(), id).await;
    // from Monday 2026-11-23, counted from the next day
    for text in ["已反馈 0/2", "2026年11月26日", "2026年11月30日"] {
        assert!(shown.contains(text), "{text} in {shown}");
    }
    let early = step(&world, clerk(), id, "advance", &[]).await;
    assert!(
        early.status.is_client_error(),
        "opinions are waited for: {}",
        early.status
    );

    let (first, second) = (asked(0, "370112"), asked(1, "370104"));
    let queue = world
        .app(first.clone())
        .get("/redemption/desk?who=asked")
        .await
        .expect_status(200);
    assert!(
        queue.text().contains("共 1 件") && queue.text().contains(&name(1)),
        "{}",
        queue.text()
    );
    let refused = step(&world, first.clone(), id, "advance", &[])
        .await
        .expect_status(403);
    assert!(
        refused.text().contains("只能给出本单位的意见"),
        "{}",
        refused.text()
    );
    let refused = step(
        &world,
        first.clone(),
        id,
        "opinion",
        &[("stance", "disagree")],
    )
    .await
    .expect_status(400);
    assert!(refused.text().contains("请写明理由"), "{}", refused.text());
    let _ = step(&world, first.clone(), id, "opinion", &[("stance", "agree")])
        .await
        .expect_status(303);
    let twice = step(&world, first, id, "opinion", &[("stance", "agree")]).await;
    assert!(twice.status.is_client_error(), "{}", twice.status);
    assert!(page(&world, clerk(), id).await.contains("已反馈 1/2"));
    let given = [("stance", "remark"), ("opinion-text", "去年整改过一次")];
    let _ = step(&world, second, id, "opinion", &given)
        .await
        .expect_status(303);
    let shown = page(&world, clerk(), id).await;
    assert!(
        shown.contains("已反馈 2/2") && shown.contains("去年整改过一次"),
        "{shown}"
    );
    let _ = step(
        &world,
        clerk(),
        id,
        "advance",
        &[("advance-note", "都没有问题")],
    )
    .await
    .expect_status(303);
}

/// Asks for a batch; the path of its result.
async fn batch(world: &World, viewer: Viewer, action: &str, cases: &[String]) -> TestResponse {
    let mut given = vec![("action", action), ("words", "同意")];
    given.extend(cases.iter().map(|case| ("case", case.as_str())));
    world
        .app(viewer)
        .post_form("/redemption/batches", &given)
        .await
}

async fn a_batch_has_a_result_for_each_case_and_goes_on_where_it_stopped(db: TestDatabase) {
    let world = World::new(db).await;
    let ids = applied(&world, &[1, 2, 3]).await;
    let mut cases = Vec::new();
    for id in &ids {
        cases.push(format!("{id}:{}", world.redemption_version(id).await));
    }
    let _ = batch(&world, clerk(), "advance", &[])
        .await
        .expect_status(422);
    let _ = batch(&world, clerk(), "dance", &cases)
        .await
        .expect_status(400);
    let _ = batch(&world, boss(1), "advance", &cases)
        .await
        .expect_status(403);
    // somebody is faster with the second
    let _ = step(
        &world,
        decider(),
        &ids[1],
        "note",
        &[("note-text", "先等等")],
    )
    .await
    .expect_status(303);
    let asked = batch(&world, clerk(), "advance", &cases)
        .await
        .expect_status(303);
    let path = asked.header("location").to_owned();
    world.work().await;
    let result = world.app(clerk()).get(&path).await.expect_status(200);
    assert!(
        result.text().contains("3 / 3") && result.text().contains("1 件没有办成"),
        "{}",
        result.text()
    );
    assert!(result.text().contains("您操作之前"), "{}", result.text());
    let _ = world.app(decider()).get(&path).await.expect_status(404);
    for (number, stage) in [(1, "审核"), (2, "受理"), (3, "审核")] {
        let words = world.case(number, "yanfa").await["status"]["words"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(words.starts_with(stage), "{number}: {words}");
    }

    // a server that died after the step and before its result: the step is found done
    let sql = "UPDATE redemption_batch_row SET state = 'running', result = '' WHERE no = 1";
    world
        .db
        .write(|tx| async move { db::execute(&tx, sql, []).await })
        .await
        .unwrap();
    let sql = "UPDATE job SET state = 'queued' WHERE kind = 'redemption.batch'";
    world
        .db
        .write(|tx| async move { db::execute(&tx, sql, []).await })
        .await
        .unwrap();
    world.work().await;
    let result = world.app(clerk()).get(&path).await.expect_status(200);
    assert!(
        result.text().contains("3 / 3") && result.text().contains("1 件没有办成"),
        "{}",
        result.text()
    );
    let moved = world
        .count("SELECT COUNT(*) FROM case_event WHERE kind = 'advanced'")
        .await;
    assert_eq!(moved, 2, "no case went on twice");
}

async fn chosen_columns_leave_and_are_on_record(db: TestDatabase) {
    let world = World::new(db).await;
    applied(&world, &[1, 2]).await;
    let app = world.app(clerk());
    let path = "/redemption/desk/export.csv?state=all";
    let whole = app.get(path).await.expect_status(200);
    let chosen = "&columns=&columns=企业&columns=办件编号";
    let some = app.get(&format!("{path}{chosen}")).await;
    let some = some.expect_status(200);
    let two = |line: &str| line.split(',').take(2).collect::<Vec<_>>().join(",");
    let expected: Vec<String> = whole.text().lines().map(two).collect();
    assert_eq!(expected.len(), 3);
    assert_eq!(some.text().lines().collect::<Vec<_>>(), expected);
    let xlsx = app.get("/redemption/desk/export.xlsx?columns=企业").await;
    assert!(xlsx.expect_status(200).bytes.starts_with(b"PK"));
    for (wrong, words) in [("手机", "可选的列：办件编号、企业"), ("", "至少选择一列")]
    {
        let refused = app.get(&format!("{path}&columns={wrong}")).await;
        let refused = refused.expect_status(400);
        assert!(refused.text().contains(words), "{}", refused.text());
    }
    // what was refused did not leave; of the whole no columns are told
    for (sql, expected) in [
        (
            "SELECT COUNT(*) FROM audit_event WHERE action = 'redemption.desk_export'",
            3,
        ),
        (
            r#"SELECT COUNT(*) FROM audit_event WHERE detail LIKE '%"columns":["%'"#,
            2,
        ),
        (
            r#"SELECT COUNT(*) FROM audit_event WHERE detail LIKE '%"columns":["企业","办件编号"]%'"#,
            1,
        ),
    ] {
        assert_eq!(world.count(sql).await, expected, "{sql}");
    }
    // the page offers what the export has, under the same filters
    let page = app.get("/redemption/desk?state=all").await;
    let page = page.expect_status(200);
    for part in [
        r#"<form action="/redemption/desk/export.csv" method="get"><input type="hidden" name="state" value="all">"#,
        r#"type="checkbox" value="金额（元）" checked"#,
    ] {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
}

async fn a_county_does_not_see_the_next(db: TestDatabase) {
    let world = World::new(db).await;
    let ids = applied(&world, &[1, 5]).await;
    let app = world.app(other_clerk());
    let list = app.get("/redemption/desk").await.expect_status(200);
    assert!(
        list.text().contains("共 1 件") && !list.text().contains(&name(5)),
        "{}",
        list.text()
    );
    let _ = app
        .get(&format!("/redemption/desk/{}", ids[1]))
        .await
        .expect_status(404);
    let batched = batch(&world, other_clerk(), "take", &[format!("{}:1", ids[1])]).await;
    let _ = batched.expect_status(404);
}

both_databases!(
    the_queue_its_count_and_its_export_agree,
    a_filter_that_there_is_not_is_refused_and_a_view_of_before_breaks_nothing,
    whoever_opens_a_case_at_the_desk_leaves_a_record,
    a_page_older_than_the_case_changes_nothing_and_loses_no_words,
    a_completion_request_waits_for_the_enterprise_and_comes_back,
    bodies_of_two_districts_are_asked_each_by_its_own_date,
    a_batch_has_a_result_for_each_case_and_goes_on_where_it_stopped,
    a_county_does_not_see_the_next,
    chosen_columns_leave_and_are_on_record,
);
