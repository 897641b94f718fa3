//! Who looked at matches: verdicts tell of confidential facts, so each look is on record.

use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Record};
use zhida_platform::paging::PageRequest;
use zhida_testkit::{TestDatabase, both_databases, seated};

use crate::support::{Setup, code, filled, first};

const ITEM: &str = "zengchang";

async fn views(setup: &Setup) -> Vec<Record> {
    let query = audit::Query {
        viewed: Some(true),
        oldest_first: true,
        ..audit::Query::default()
    };
    let page = PageRequest::first(200);
    audit::list(&setup.db, &query, &page).await.unwrap().items
}

/// The addresses at which matches of the first enterprise are seen, with the part on record.
fn of_the_first() -> [(String, &'static str); 4] {
    let first = first();
    [
        (format!("/enterprises/{first}/matches"), "政策匹配结果"),
        (format!("/enterprises/{first}/matches/{ITEM}"), "匹配依据"),
        (format!("/api/v1/match/enterprises/{first}"), "政策匹配结果"),
        (format!("/match/check?item={ITEM}&code={first}"), "匹配依据"),
    ]
}

async fn each_look_at_the_matches_of_one_enterprise_is_recorded(db: TestDatabase) {
    let setup = filled(db).await;
    for (role, viewer) in [
        ("clerk", seated("clerk", Some("370102"), None)),
        ("agent", seated("agent", None, Some(&first()))),
    ] {
        let app = setup.app(viewer);
        for (path, part) in of_the_first() {
            let before = views(&setup).await.len();
            let _ = app.get(&path).await.expect_status(200);
            let all = views(&setup).await;
            assert_eq!(all.len(), before + 1, "{role} {path}");
            let detail = all[before].detail.as_ref().unwrap();
            assert_eq!(all[before].enterprise, Some(first()), "{role} {path}");
            assert_eq!(detail["part"], part, "{role} {path}");
            assert_eq!(detail["role"], role);
            let item = (part == "匹配依据").then(|| json!(ITEM));
            assert_eq!(detail["filter"].get("item"), item.as_ref(), "{path}");
        }
        let body = json!({ "code": first(), "changes": {} });
        let what_if = app.post_json("/api/v1/match/what-if", &body).await;
        let _ = what_if.expect_status(200);
        let last = views(&setup).await.pop().unwrap();
        assert_eq!(last.detail.unwrap()["part"], "假设试算");
    }
}

async fn the_enterprise_itself_the_public_and_what_is_refused_leave_no_record(db: TestDatabase) {
    let setup = filled(db).await;
    let viewers = [
        Viewer::visitor(),
        seated("legal", None, Some(&first())),
        seated("reader", None, Some(&first())),
        seated("legal", None, Some(&code(1))),
        seated("clerk", Some("370112"), None),
        seated("leader", Some("370102"), None),
    ];
    for viewer in viewers {
        let app = setup.app(viewer);
        for (path, _) in of_the_first() {
            let _page_or_refusal = app.get(&path).await;
        }
    }
    assert_eq!(views(&setup).await, []);
}

async fn lists_and_exports_are_one_record_with_filter_and_count(db: TestDatabase) {
    let setup = filled(db).await;
    let app = setup.app(seated("clerk", Some("370102"), None));
    let total = app
        .get(&format!("/api/v1/match/items/{ITEM}?region=370102"))
        .await
        .expect_status(200)
        .json()["counts"]["total"]
        .clone();
    let page = format!("/policies/{ITEM}/enterprises");
    for (path, action) in [
        (format!("{page}?region=370102"), "matching.list"),
        (format!("{page}.csv?region=370102"), "matching.export"),
        (format!("{page}.xlsx?region=370102"), "matching.export"),
    ] {
        let before = views(&setup).await.len();
        let _ = app.get(&path).await.expect_status(200);
        let all = views(&setup).await;
        assert_eq!(all.len(), before + 1, "{path}");
        let detail = all[before].detail.as_ref().unwrap();
        assert_eq!(all[before].action, action, "{path}");
        assert_eq!(detail["count"], total, "{path}");
        let filter = json!({ "region": "370102", "item": ITEM });
        assert_eq!(detail["filter"], filter, "{path}");
    }
    for (path, action) in [
        ("/match/news", "matching.list"),
        ("/match/news.csv", "matching.export"),
        ("/match/news.xlsx", "matching.export"),
        ("/api/v1/matches/news", "matching.list"),
    ] {
        let before = views(&setup).await.len();
        let _ = app.get(path).await.expect_status(200);
        let all = views(&setup).await;
        assert_eq!(all.len(), before + 1, "{path}");
        assert_eq!(all[before].action, action, "{path}");
        assert_eq!(all[before].subject_id, "新匹配");
    }
    assert!(audit::verify(&setup.db, &[]).await.unwrap().is_sound());
}

both_databases!(
    each_look_at_the_matches_of_one_enterprise_is_recorded,
    the_enterprise_itself_the_public_and_what_is_refused_leave_no_record,
    lists_and_exports_are_one_record_with_filter_and_count,
);
