//! Who sees whose matches: an enterprise its own, officers those of their place, by the engine and
//! without it; what lies beyond reach is answered like what is not there.

use std::collections::BTreeMap;

use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::progress::Silent;
use zhida_testkit::{App, TestDatabase, both_databases, seated};

use crate::support::{OTHERS, Setup, code, filled, first};

/// Seats, and the divisions of the test's enterprises that lie in theirs.
const SEATS: [(&str, &[&str]); 5] = [
    ("370102", &["370102"]),
    ("370100", &["370102", "370112"]),
    ("37", &["370102", "370112", "370202"]),
    ("110101", &["110101"]),
    // 37011 is a prefix of 370112 and no code
    ("37011", &[]),
];

/// How many enterprises of the test lie in these divisions.
fn expected(divisions: &[&str]) -> usize {
    let others = (1..=OTHERS).map(|n| ["370102", "370112", "370202", "110101"][n % 4]);
    others
        .chain(["370102"])
        .filter(|division| divisions.contains(division))
        .count()
}

fn clerk(setup: &Setup, place: &str) -> App {
    setup.app(seated("clerk", Some(place), None))
}

/// The codes that each way of looking at an item's list gives.
async fn ways(app: &App) -> BTreeMap<&'static str, Vec<String>> {
    let mut ways = BTreeMap::new();
    let list = app.get("/api/v1/match/items/zengchang?limit=100").await;
    let list = list.expect_status(200).json();
    let rows = list["enterprises"].as_array().unwrap();
    let codes = rows
        .iter()
        .map(|row| row["code"].as_str().unwrap().to_owned());
    ways.insert("api", codes.collect());
    assert_eq!(list["counts"]["total"], rows.len());
    let csv = app.get("/policies/zengchang/enterprises.csv").await;
    let csv = csv.expect_status(200);
    let lines = csv.text().lines().skip(1);
    ways.insert("csv", lines.map(|line| line[..18].to_owned()).collect());
    let _ = app
        .get("/policies/zengchang/enterprises.xlsx")
        .await
        .expect_status(200);
    let page = app.get("/policies/zengchang/enterprises").await;
    let page = page.expect_status(200);
    let total = format!("共 {} 家", rows.len());
    assert!(page.text().contains(&total), "{total}\n{}", page.text());
    ways
}

async fn an_items_list_holds_what_lies_in_the_place(setup: &Setup) {
    for (place, divisions) in SEATS {
        for (way, codes) in ways(&clerk(setup, place)).await {
            assert_eq!(codes.len(), expected(divisions), "{place} {way}");
        }
    }
    // the list of one viewer is not kept for another
    let again = ways(&clerk(setup, "370102")).await;
    assert_eq!(again["api"].len(), expected(&["370102"]));
    let filtered = clerk(setup, "370102");
    let elsewhere = "/api/v1/match/items/zengchang?region=110101";
    let list = filtered.get(elsewhere).await.expect_status(200).json();
    assert_eq!(list["counts"]["total"], 0);
}

async fn lists_by_the_interpreter(db: TestDatabase) {
    an_items_list_holds_what_lies_in_the_place(&filled(db).await).await;
}

async fn lists_by_the_engine(db: TestDatabase) {
    an_items_list_holds_what_lies_in_the_place(&filled(db).await.ready().await).await;
}

async fn an_enterprise_beyond_reach_is_answered_like_one_that_is_not_there(db: TestDatabase) {
    let setup = filled(db).await;
    let (own, nobody) = (first(), code(999));
    let within = [
        seated("clerk", Some("370102"), None),
        seated("legal", None, Some(&own)),
        seated("agent", None, Some(&own)),
    ];
    let beyond = [
        seated("clerk", Some("370112"), None),
        seated("specialist", Some("37010"), None),
        seated("legal", None, Some(&code(1))),
    ];
    let paths = [
        "/enterprises/{code}/matches",
        "/enterprises/{code}/matches/zengchang",
        "/api/v1/match/enterprises/{code}",
    ];
    for viewer in &within {
        let app = setup.app(viewer.clone());
        for path in paths {
            let _ = app
                .get(&path.replace("{code}", &own))
                .await
                .expect_status(200);
        }
        let body = json!({ "code": own, "changes": {} });
        let _ = app
            .post_json("/api/v1/match/what-if", &body)
            .await
            .expect_status(200);
    }
    for viewer in &beyond {
        let app = setup.app(viewer.clone());
        for path in paths {
            let mut answers = Vec::new();
            for code in [&own, &nobody] {
                let answer = app.get(&path.replace("{code}", code)).await;
                let answer = answer.expect_status(404);
                let text = answer.text().replace(code.as_str(), "{code}");
                answers.push(text.replace(answer.header("x-request-id"), ""));
            }
            assert_eq!(answers[0].contains("{code}"), answers[1].contains("{code}"));
            assert_eq!(answers[0], answers[1], "{path}");
        }
        let body = |code: &str| json!({ "code": code, "changes": {} });
        for code in [&own, &nobody] {
            let answer = app.post_json("/api/v1/match/what-if", &body(code)).await;
            let _ = answer.expect_status(404);
        }
    }
}

async fn what_everybody_may_check_is_judged_by_public_facts(db: TestDatabase) {
    let setup = filled(db).await;
    let path = format!("/match/check?item=zengchang&code={}", first());
    let judged_by_public = "这里只按依法公示的数据判断";
    for (viewer, public) in [
        (Viewer::visitor(), true),
        (seated("clerk", Some("370112"), None), true),
        (seated("legal", None, Some(&code(1))), true),
        (seated("policy_editor", Some("370102"), None), true),
        (seated("clerk", Some("370102"), None), false),
        (seated("legal", None, Some(&first())), false),
    ] {
        let page = setup
            .app(viewer.clone())
            .get(&path)
            .await
            .expect_status(200);
        let text = page.text();
        assert_eq!(
            text.contains(judged_by_public),
            public,
            "{}",
            viewer.banner()
        );
        assert_eq!(text.contains("80 人"), !public, "{}", viewer.banner());
    }
}

async fn news_are_of_the_place(db: TestDatabase) {
    let setup = filled(db).await;
    setup.policies.withdraw("经办员甲", "gaoqi").await.unwrap();
    let _first = setup.matching.save_run("经办员甲", &Silent).await.unwrap();
    setup.policies.reinstate("经办员甲", "gaoqi").await.unwrap();
    let run = setup.matching.save_run("经办员甲", &Silent).await.unwrap();
    assert!(run.news > 4, "{run:?}");
    let counted = async |app: &App| {
        let list = app.get("/api/v1/matches/news?limit=100").await;
        let list = list.expect_status(200).json();
        let csv = app.get("/match/news.csv").await.expect_status(200);
        let _ = app.get("/match/news.xlsx").await.expect_status(200);
        let lines = csv.text().lines().count() - 1;
        let page = app.get("/match/news").await.expect_status(200);
        assert!(page.text().contains(&format!("共 {lines} 条")));
        let rows = list["items"].as_array().unwrap();
        assert_eq!(rows.len(), lines);
        let codes = rows
            .iter()
            .map(|row| row["code"].as_str().unwrap().to_owned());
        codes.collect::<Vec<String>>()
    };
    let all = counted(&setup.officer()).await;
    assert_eq!(all.len() as u64, run.news);
    let mut parts = 0;
    for place in ["370102", "370112", "370202", "110101"] {
        let app = clerk(&setup, place);
        let codes = counted(&app).await;
        for code in &codes {
            let one = format!("/api/v1/matches/news?enterprise={code}");
            assert_eq!(
                app.get(&one).await.expect_status(200).json()["items"][0]["code"],
                **code
            );
        }
        for code in all.iter().filter(|code| !codes.contains(code)) {
            let one = format!("/api/v1/matches/news?enterprise={code}");
            let _ = app.get(&one).await.expect_status(404);
        }
        parts += codes.len();
    }
    assert_eq!(parts, all.len());
    assert!(counted(&clerk(&setup, "37011")).await.is_empty());
}

async fn the_home_page_counts_the_place(db: TestDatabase) {
    let setup = filled(db).await;
    for (place, divisions) in SEATS {
        let page = clerk(&setup, place).get("/").await.expect_status(200);
        let here = expected(divisions);
        let label = r#"href="/enterprises">市场主体</a></dt>"#;
        let figure = format!(r#"{label}<dd class="zd-figure__value">{here}<"#);
        assert_eq!(page.text().contains(label), here > 0, "{place}");
        assert_eq!(page.text().contains(&figure), here > 0, "{place}");
        assert_eq!(page.text().contains("北京"), place == "110101", "{place}");
    }
}

/// A change of what names a person changes no verdict and shows nobody.
async fn a_what_if_tells_of_no_person(db: TestDatabase) {
    let setup = filled(db).await;
    let text = format!(
        "统一社会信用代码,企业名称,法定代表人,联系电话\n{},济南样例制造有限公司,欧阳修,13812345678\n",
        first()
    );
    setup.bring(&text, "2026-07-30").await;
    for viewer in [seated("agent", None, Some(&first())), Viewer::officer("甲")] {
        let app = setup.app(viewer);
        for attribute in ["法定代表人", "联系电话"] {
            let body = json!({ "code": first(), "changes": { attribute: "某" } });
            let refused = app.post_json("/api/v1/match/what-if", &body).await;
            assert!(!refused.expect_status(400).text().contains("欧阳修"));
        }
        let path = format!("/enterprises/{}/matches?contact_phone=1", first());
        let page = app.get(&path).await.expect_status(200);
        assert!(!page.text().contains("13812345678") && !page.text().contains("欧阳修"));
    }
}

both_databases!(
    lists_by_the_interpreter,
    lists_by_the_engine,
    an_enterprise_beyond_reach_is_answered_like_one_that_is_not_there,
    what_everybody_may_check_is_judged_by_public_facts,
    news_are_of_the_place,
    the_home_page_counts_the_place,
    a_what_if_tells_of_no_person,
);
