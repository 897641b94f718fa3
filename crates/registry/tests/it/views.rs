//! Who looked at an enterprise's file: what is recorded, and what the enterprise is told.

use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Record};
use zhida_platform::paging::PageRequest;
use zhida_testkit::{TestDatabase, TestResponse, both_databases, seated};

use crate::pages::app;
use crate::support::{Setup, code, setup};

const PLACE: &str = "370102";
const BESIDE: &str = "370103";

async fn filled(db: TestDatabase) -> Setup {
    let setup = setup(db).await;
    let text = format!(
        "信用代码,企业名称,所在区划,所属行业,2024年从业人数,法定代表人,联系电话\n\
         {},江城一号有限公司,{PLACE},C2710,3,欧阳修,13812345671\n\
         {},江城二号有限公司,{PLACE},C2710,3,欧阳修,13812345672\n",
        code(1),
        code(2)
    );
    let report = setup.bring(&text, "市场监管", "2025-01-01").await;
    assert_eq!(report.accepted, 2, "{:?}", report.examples);
    setup
}

async fn get(setup: &Setup, viewer: &Viewer, path: &str) -> TestResponse {
    app(setup, viewer.clone()).get(path).await
}

/// All views on record, oldest first.
async fn views(setup: &Setup) -> Vec<Record> {
    let query = audit::Query {
        viewed: Some(true),
        oldest_first: true,
        ..audit::Query::default()
    };
    let page = PageRequest::first(200);
    audit::list(&setup.db, &query, &page).await.unwrap().items
}

fn owner(n: u32) -> Viewer {
    seated("legal", None, Some(&code(n)))
}

async fn each_view_of_more_than_public_facts_is_recorded_once(db: TestDatabase) {
    let setup = filled(db).await;
    let one = code(1);
    let paths = [
        (format!("/enterprises/{one}"), "企业档案"),
        (format!("/api/v1/enterprises/{one}"), "企业档案"),
        (format!("/api/v1/enterprises/{one}/history"), "数据历史"),
    ];
    let agent = seated("agent", None, Some(&one));
    let clerk = seated("clerk", Some(PLACE), None);
    let supervisor = seated("supervisor", Some(PLACE), None);
    for (viewer, role) in [
        (&clerk, "clerk"),
        (&supervisor, "supervisor"),
        (&agent, "agent"),
    ] {
        for (path, part) in &paths {
            let before = views(&setup).await.len();
            let _ = get(&setup, viewer, path).await.expect_status(200);
            let all = views(&setup).await;
            assert_eq!(all.len(), before + 1, "{role} {path}");
            let last = &all[before];
            let detail = last.detail.as_ref().unwrap();
            assert_eq!(last.action, "registry.view");
            assert_eq!(last.enterprise.as_deref(), Some(one.as_str()));
            assert_eq!(last.organisation.as_deref(), Some("某单位"));
            assert_eq!(last.account, viewer.account());
            assert_eq!(detail["role"], role);
            assert_eq!(detail["part"], *part);
            assert_eq!(detail["right"], "enterprise.read");
        }
    }
    assert!(audit::verify(&setup.db, &[]).await.unwrap().is_sound());
}

async fn who_sees_public_facts_only_and_the_enterprise_itself_leave_no_record(db: TestDatabase) {
    let setup = filled(db).await;
    let viewers = [
        Viewer::visitor(),
        owner(1),
        owner(2),
        seated("reader", None, Some(&code(1))),
        seated("policy_editor", Some(PLACE), None),
        seated("sysadmin", Some(PLACE), None),
    ];
    for viewer in &viewers {
        for path in [
            format!("/enterprises/{}", code(1)),
            format!("/api/v1/enterprises/{}", code(1)),
            format!("/api/v1/enterprises/{}/history", code(1)),
            "/enterprises".to_owned(),
            "/api/v1/enterprises".to_owned(),
            "/enterprises/export.csv".to_owned(),
            "/enterprises/export.xlsx".to_owned(),
        ] {
            let _ = get(&setup, viewer, &path).await.expect_status(200);
        }
    }
    let beside = seated("clerk", Some(BESIDE), None);
    let _ = get(&setup, &beside, &format!("/enterprises/{}", code(1)))
        .await
        .expect_status(200);
    assert_eq!(views(&setup).await, []);
}

async fn a_list_and_an_export_are_one_record_with_filter_and_count(db: TestDatabase) {
    let setup = filled(db).await;
    let clerk = seated("clerk", Some(PLACE), None);
    let second = "%E4%BA%8C%E5%8F%B7";
    for (path, action, count) in [
        ("/enterprises?region=370102", "registry.list", 2),
        (
            "/api/v1/enterprises?region=370102&limit=1",
            "registry.list",
            1,
        ),
        (
            "/enterprises/export.csv?region=370102",
            "registry.export",
            2,
        ),
        (
            "/enterprises/export.xlsx?region=370102",
            "registry.export",
            2,
        ),
    ] {
        let before = views(&setup).await.len();
        let _ = get(&setup, &clerk, path).await.expect_status(200);
        let all = views(&setup).await;
        assert_eq!(all.len(), before + 1, "{path}");
        let last = &all[before];
        let detail = last.detail.as_ref().unwrap();
        assert_eq!(
            (last.action.as_str(), last.enterprise.as_deref()),
            (action, None)
        );
        assert_eq!(detail["count"], count, "{path}");
        assert_eq!(detail["filter"], serde_json::json!({ "region": "370102" }));
    }
    let path = format!("/enterprises/export.csv?q={second}");
    let _ = get(&setup, &clerk, &path).await.expect_status(200);
    let last = views(&setup).await.pop().unwrap().detail.unwrap();
    assert_eq!(
        (&last["count"], &last["filter"]["text"]),
        (&1.into(), &"二号".into())
    );
    let refused = get(&setup, &clerk, "/enterprises/export.csv?region=x").await;
    assert_eq!(refused.status, 400);
    assert_eq!(views(&setup).await.len(), 5, "what is refused is not seen");
}

async fn the_enterprise_sees_who_looked_and_nobody_else_does(db: TestDatabase) {
    let setup = filled(db).await;
    let file = format!("/enterprises/{}", code(1));
    let page = format!("{file}/views");
    let empty = get(&setup, &owner(1), &page).await.expect_status(200);
    assert!(empty.text().contains("还没有人看过"), "{}", empty.text());
    let _ = get(&setup, &seated("clerk", Some(PLACE), None), &file).await;
    let _ = get(&setup, &seated("agent", None, Some(&code(1))), &file).await;
    let _ = get(
        &setup,
        &seated("clerk", Some(PLACE), None),
        &format!("/enterprises/{}", code(2)),
    )
    .await;

    let shown = get(&setup, &owner(1), &page).await.expect_status(200);
    for words in [
        "某单位",
        "经办人员",
        "代办人员",
        "企业档案",
        "查看市场主体的完整档案",
        "共 2 次",
    ] {
        assert!(shown.text().contains(words), "{words}: {}", shown.text());
    }
    let names: Vec<&str> = shown.text().matches("张三").collect();
    assert!(
        shown.text().contains("张*") && names.len() == 1,
        "only the own name in the banner is plain"
    );
    let api = format!("/api/v1/enterprises/{}/views", code(1));
    let list = |order: &str| format!("{api}?limit=1&order={order}");
    let newest = get(&setup, &owner(1), &list("newest"))
        .await
        .expect_status(200)
        .json();
    let oldest = get(&setup, &owner(1), &list("oldest"))
        .await
        .expect_status(200)
        .json();
    assert_eq!(newest["items"][0]["role"], "代办人员");
    assert_eq!(oldest["items"][0]["role"], "经办人员");
    let next = format!(
        "{}&after={}",
        list("newest"),
        newest["next"].as_str().unwrap()
    );
    let next = get(&setup, &owner(1), &next)
        .await
        .expect_status(200)
        .json();
    assert_eq!(next["items"], oldest["items"]);
    assert!(next.get("next").is_none());
    let crossed = format!(
        "{}&after={}",
        list("oldest"),
        newest["next"].as_str().unwrap()
    );
    assert_eq!(get(&setup, &owner(1), &crossed).await.status, 400);
    assert_eq!(
        get(&setup, &owner(1), &format!("{page}?order=x"))
            .await
            .status,
        400
    );
    let csv = get(&setup, &owner(1), &format!("{page}.csv"))
        .await
        .expect_status(200);
    assert_eq!(csv.text().lines().count(), 1 + 2, "{}", csv.text());
    assert!(!csv.text().contains("张三"));
    let _ = get(&setup, &owner(1), &format!("{page}.xlsx"))
        .await
        .expect_status(200);

    for path in [
        page.clone(),
        format!("{page}.csv"),
        format!("{page}.xlsx"),
        api.clone(),
    ] {
        let (another, missing) = (
            get(&setup, &owner(2), &path).await,
            path.replace(&code(1), &code(9)),
        );
        assert_eq!(another.status, 404, "{path}");
        let missing = get(&setup, &owner(2), &missing).await;
        let told = |answer: &TestResponse, n| {
            let text = answer.text().replace(&code(n), "");
            text.replace(answer.header("x-request-id"), "")
        };
        assert_eq!(told(&another, 1), told(&missing, 9), "{path}");
        for role in ["clerk", "auditor"] {
            assert_eq!(
                get(&setup, &seated(role, Some(PLACE), None), &path)
                    .await
                    .status,
                403
            );
        }
        assert_eq!(
            get(&setup, &seated("finance", None, Some(&code(1))), &path)
                .await
                .status,
            403
        );
        assert_eq!(get(&setup, &Viewer::visitor(), &path).await.status, 401);
    }
    assert!(get(&setup, &owner(1), &file).await.text().contains(&page));
    assert!(
        !get(&setup, &Viewer::visitor(), &file)
            .await
            .text()
            .contains(&page)
    );
}

both_databases!(
    each_view_of_more_than_public_facts_is_recorded_once,
    who_sees_public_facts_only_and_the_enterprise_itself_leave_no_record,
    a_list_and_an_export_are_one_record_with_filter_and_count,
    the_enterprise_sees_who_looked_and_nobody_else_does,
);
