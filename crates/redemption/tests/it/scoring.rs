//! Experts: declared first, alone with their sheet, counted together.

use zhida_policies::Delivery;
use zhida_redemption::words::Stage;
use zhida_redemption::{Criterion, Scoring, Step};
use zhida_testkit::{TestDatabase, TestResponse, both_databases};

use crate::world::{World, boss, clerk, decider, expert, fields, name, payee};

/// A case of enterprise 1 that waits for three experts.
pub(crate) async fn waiting(world: &World, self_taking: bool) -> String {
    world
        .publish("yanfa", Delivery::Application, |scheme| {
            let place = scheme
                .route
                .iter()
                .position(|step| step.stage == Stage::Decision)
                .unwrap();
            scheme.route.insert(
                place,
                Step {
                    stage: Stage::Scoring,
                    term: "10 个工作日".parse().unwrap(),
                },
            );
            let criterion = |name: &str, max| Criterion {
                name: name.to_owned(),
                max,
            };
            scheme.scoring = Some(Scoring {
                experts: 3,
                pass: 60,
                self_taking,
                criteria: vec![criterion("创新性", 60), criterion("可行性", 40)],
            });
        })
        .await;
    let app = world.app(boss(1));
    let _ = app
        .post_form("/redemption/apply/yanfa", &fields(&payee(1)))
        .await
        .expect_status(303);
    let id = world.case_id(1, "yanfa").await;
    for note in ["齐全", "符合"] {
        world.redemption.advance(&clerk(), &id, note).await.unwrap();
    }
    id
}

const FREE: [(&str, &str); 2] = [("step", "declare"), ("conflict", "none")];

fn sheet<'s>(first: &'s str, second: &'s str) -> [(&'s str, &'s str); 4] {
    [
        ("step", "score"),
        ("points-0", first),
        ("points-1", second),
        ("words", "有新意"),
    ]
}

async fn three_experts_score_alone_and_the_mean_decides(db: TestDatabase) {
    let world = World::new(db).await;
    let id = waiting(&world, true).await;
    let path = format!("/redemption/scoring/{id}");
    let tasks = world
        .app(expert(1))
        .get("/redemption/scoring")
        .await
        .expect_status(200);
    assert!(
        tasks.text().contains(&name(1)) && tasks.text().contains("待领取"),
        "{}",
        tasks.text()
    );
    let _ = world
        .app(clerk())
        .get("/redemption/scoring")
        .await
        .expect_status(403);

    let app = world.app(expert(1));
    let page = app.get(&path).await.expect_status(200);
    assert!(
        page.text().contains(&format!("action=\"{path}\"")),
        "{}",
        page.text()
    );
    let early = app
        .post_form(&path, &sheet("50", "30"))
        .await
        .expect_status(422);
    assert!(
        early.text().contains("请先声明没有利害关系"),
        "{}",
        early.text()
    );
    let silent = app
        .post_form(&path, &[("step", "declare"), ("conflict", "tie")])
        .await
        .expect_status(400);
    assert!(
        silent.text().contains("请写明是什么关系"),
        "{}",
        silent.text()
    );
    let tie = [
        ("step", "declare"),
        ("conflict", "tie"),
        ("tie", "持有这家企业的股份"),
    ];
    let _ = app.post_form(&path, &tie).await.expect_status(303);
    let refused = app
        .post_form(&path, &sheet("50", "30"))
        .await
        .expect_status(422);
    assert!(refused.text().contains("请先声明"), "{}", refused.text());

    for number in [2, 3, 4] {
        let _ = world
            .app(expert(number))
            .post_form(&path, &FREE)
            .await
            .expect_status(303);
    }
    let full = world
        .app(expert(5))
        .post_form(&path, &FREE)
        .await
        .expect_status(422);
    assert!(
        full.text().contains("3 位专家的名额已满"),
        "{}",
        full.text()
    );
    let much = world
        .app(expert(2))
        .post_form(&path, &sheet("61", "30"))
        .await
        .expect_status(400);
    assert!(
        much.text().contains("0 至 60 的整数分") && much.text().contains("有新意"),
        "{}",
        much.text()
    );
    for (number, first, second) in [(2, "30", "20"), (3, "40", "25")] {
        let _ = world
            .app(expert(number))
            .post_form(&path, &sheet(first, second))
            .await
            .expect_status(303);
    }
    let others = world.app(expert(4)).get(&path).await.expect_status(200);
    assert!(
        !others.text().contains("有新意"),
        "nobody sees another's score"
    );

    let version = world.redemption_version(&id).await;
    let advance = [("version", version.as_str())];
    let desk = world.app(clerk());
    let step = format!("/redemption/desk/{id}/advance");
    let refused = desk.post_form(&step, &advance).await.expect_status(422);
    assert!(
        refused.text().contains("要 3 位专家打分，现在有 2 位"),
        "{}",
        refused.text()
    );
    let _ = world
        .app(expert(4))
        .post_form(&path, &sheet("40", "24"))
        .await
        .expect_status(303);
    let low = desk.post_form(&step, &advance).await.expect_status(422);
    assert!(
        low.text().contains("平均 59.6 分，没有达到 60 分"),
        "{}",
        low.text()
    );
    let page = desk
        .get(&format!("/redemption/desk/{id}"))
        .await
        .expect_status(200);
    assert!(
        page.text().contains("持有这家企业的股份") && page.text().contains("64 分"),
        "{}",
        page.text()
    );

    // a tie comes to light: the score is left out and another takes the place
    let account = expert(2).account().unwrap().to_string();
    let strike = [
        ("version", version.as_str()),
        ("account", account.as_str()),
        ("strike-reason", "与企业有合同"),
    ];
    let _ = desk
        .post_form(&format!("/redemption/desk/{id}/strike"), &strike)
        .await
        .expect_status(303);
    let _ = world
        .app(expert(5))
        .post_form(&path, &FREE)
        .await
        .expect_status(303);
    let _ = world
        .app(expert(5))
        .post_form(&path, &sheet("31", "20"))
        .await
        .expect_status(303);
    let _ = desk.post_form(&step, &advance).await.expect_status(303);
    let words = world.case(1, "yanfa").await["status"]["words"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        words.starts_with("审定"),
        "mean of 65, 64 and 51 is 60: {words}"
    );
}

async fn who_had_a_hand_in_the_case_stands_back(db: TestDatabase) {
    let world = World::new(db).await;
    let id = waiting(&world, true).await;
    // the clerk who handled it, now in an expert's seat
    let mut person = expert(9).as_person().unwrap().clone();
    person.account = clerk().account().unwrap();
    let app = world.app(zhida_platform::access::Viewer::person(person));
    let path = format!("/redemption/scoring/{id}");
    let refused = app.post_form(&path, &FREE).await.expect_status(422);
    assert!(
        refused.text().contains("您办理过这件办件，应当回避"),
        "{}",
        refused.text()
    );
    let version = world.redemption_version(&id).await;
    let given = [
        ("version", version.as_str()),
        ("amount", "1"),
        ("grant-words", "同意"),
    ];
    let early = world
        .app(decider())
        .post_form(&format!("/redemption/desk/{id}/grant"), &given)
        .await;
    assert!(early.status.is_client_error(), "{}", early.status);
}

/// Names an expert at the desk; the answer.
async fn name_expert(world: &World, id: &str, name: &str) -> TestResponse {
    let version = world.redemption_version(id).await;
    let given = [("version", version.as_str()), ("expert", name)];
    world
        .app(clerk())
        .post_form(&format!("/redemption/desk/{id}/assign"), &given)
        .await
}

async fn only_who_was_named_scores_unless_the_scheme_says_otherwise(db: TestDatabase) {
    let world = World::new(db).await;
    let id = waiting(&world, false).await;
    let path = format!("/redemption/scoring/{id}");
    let app = world.app(expert(1));
    let tasks = app.get("/redemption/scoring").await.expect_status(200);
    assert!(!tasks.text().contains(&name(1)), "{}", tasks.text());
    let _ = app.get(&path).await.expect_status(404);
    let _ = app.post_form(&path, &FREE).await.expect_status(404);
    for (name, told) in [
        ("", "请写专家的姓名或登录名"),
        ("李教授", "没有叫“李教授”的评审专家"),
        ("王教授", "有几位评审专家叫“王教授”"),
    ] {
        let refused = name_expert(&world, &id, name).await.expect_status(400);
        assert!(refused.text().contains(told), "{name}: {}", refused.text());
    }
    for number in [401, 402, 403] {
        let named = name_expert(&world, &id, &format!("expert{number}")).await;
        let _ = named.expect_status(303);
    }
    let told = "SELECT COUNT(*) FROM message WHERE event = 'redemption.score-asked'";
    assert_eq!(world.count(told).await, 3);
    let twice = name_expert(&world, &id, "expert402")
        .await
        .expect_status(409);
    assert!(
        twice.text().contains("已在这次评审中（待声明）"),
        "{}",
        twice.text()
    );
    let full = name_expert(&world, &id, "expert404")
        .await
        .expect_status(422);
    assert!(
        full.text().contains("3 位专家的名额已满"),
        "{}",
        full.text()
    );

    // the one declares a tie and stands back, another takes the place and scores
    let tasks = app.get("/redemption/scoring").await.expect_status(200);
    assert!(
        tasks.text().contains(&name(1)) && tasks.text().contains("待声明"),
        "{}",
        tasks.text()
    );
    let page = app.get(&path).await.expect_status(200);
    assert!(page.text().contains("部门请您评审"), "{}", page.text());
    let tie = [
        ("step", "declare"),
        ("conflict", "tie"),
        ("tie", "与企业有合同"),
    ];
    let _ = app.post_form(&path, &tie).await.expect_status(303);
    let again = app.post_form(&path, &FREE).await.expect_status(409);
    assert!(
        again.text().contains("您已经对这件办件作过声明"),
        "{}",
        again.text()
    );
    let _ = name_expert(&world, &id, "expert404")
        .await
        .expect_status(303);
    for number in [2, 3, 4] {
        let app = world.app(expert(number));
        let _ = app.post_form(&path, &FREE).await.expect_status(303);
        let scored = app.post_form(&path, &sheet("40", "30")).await;
        let _ = scored.expect_status(303);
    }
    let version = world.redemption_version(&id).await;
    let _ = world
        .app(clerk())
        .post_form(
            &format!("/redemption/desk/{id}/advance"),
            &[("version", version.as_str())],
        )
        .await
        .expect_status(303);
}

both_databases!(
    only_who_was_named_scores_unless_the_scheme_says_otherwise,
    three_experts_score_alone_and_the_mean_decides,
    who_had_a_hand_in_the_case_stands_back,
);
