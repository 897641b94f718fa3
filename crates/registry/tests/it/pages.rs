//! Pages, the API and tags through HTTP.

use std::sync::Arc;

use zhida_platform::access::{Viewer, guard};
use zhida_platform::audit;
use zhida_platform::config::Config;
use zhida_platform::paging::PageRequest;
use zhida_testkit::{App, Part, TestDatabase, both_databases};
use zhida_ui::{MenuGroup, Shell, with_frame};

use crate::support::{Setup, code, setup};

/// The room as the binary would serve it.
pub(crate) fn app(setup: &Setup, viewer: Viewer) -> App {
    let config = Config::default();
    let room = zhida_registry::room(Arc::clone(&setup.registry), setup.jobs.clone(), &config);
    let (api, _document) = room.api.split_for_parts();
    let shell = Shell {
        viewer,
        menu: [MenuGroup::new("", room.menu)].into(),
        ..Shell::default()
    };
    App::new(with_frame(guard(room.routes.merge(api)), shell, &config))
}

fn officer(setup: &Setup) -> App {
    app(setup, Viewer::officer("经办员甲"))
}

fn table() -> String {
    format!(
        "统一社会信用代码,企业名称,所在区划,所属行业,2023年营业收入(万元),2024年营业收入(万元),高新技术企业,流水\n\
         {},江城<一号>有限公司,370102,C2710,100,200,是,1\n{},江城二号有限公司,370102,C2710,100,-200,否,1\n",
        code(1),
        code(2)
    )
}

/// The value of a hidden field.
fn hidden<'a>(page: &'a str, name: &str) -> &'a str {
    let start = format!("name=\"{name}\" value=\"");
    let rest = &page[page.find(&start).expect("the field is there") + start.len()..];
    &rest[..rest.find('"').expect("the attribute ends")]
}

async fn an_officer_imports_a_file_step_by_step(db: TestDatabase) {
    let setup = setup(db).await;
    let app = officer(&setup);
    assert!(
        app.get("/enterprises")
            .await
            .expect_status(200)
            .text()
            .contains("库还是空的")
    );
    assert!(
        app.get("/enterprises/import")
            .await
            .expect_status(200)
            .text()
            .contains("还没有导入过数据")
    );
    let fields = [
        Part::text("department", "税务"),
        Part::text("as_of", "2025-06-01"),
        Part::text("year", ""),
        Part::text("sheet", ""),
    ];
    let with = |part: Part| fields.iter().cloned().chain([part]).collect::<Vec<_>>();

    let none = app
        .post_multipart("/enterprises/import", &fields)
        .await
        .expect_status(400);
    assert!(none.text().contains("请选择要导入的文件"));
    let bad = app
        .post_multipart(
            "/enterprises/import",
            &with(Part::file("file", "a.csv", "名称\n甲\n")),
        )
        .await;
    assert!(
        bad.expect_status(422)
            .text()
            .contains("没有找到统一社会信用代码列")
    );

    let preview = app
        .post_multipart(
            "/enterprises/import",
            &with(Part::file("file", "a.csv", table())),
        )
        .await
        .expect_status(200);
    let page = preview.text();
    assert!(
        page.contains("试运行结果")
            && page.contains("不小于 0")
            && page.contains("2024 年营业收入"),
        "{page}"
    );
    assert!(
        app.get("/api/v1/enterprises/count").await.json()["count"] == 0,
        "a trial stores nothing"
    );

    let (token, file_name) = (hidden(page, "token"), hidden(page, "file_name"));
    let form = [
        ("token", token),
        ("file_name", file_name),
        ("department", "税务"),
        ("as_of", "2025-06-01"),
        ("heading-7", "流水"),
        ("column-7", "employees"),
        ("action", "import"),
    ];
    let forged = app
        .post_form(
            "/enterprises/import/run",
            &[
                ("token", "upload-../../../../etc/passwd"),
                ("department", "税务"),
            ],
        )
        .await;
    assert!(forged.expect_status(400).text().contains("已不在服务器上"));
    let done = app
        .post_form("/enterprises/import/run", &form)
        .await
        .expect_status(303);
    let progress = done.header("location");
    let waiting = app.get(progress).await.expect_status(200);
    assert!(
        waiting.text().contains("排队") && waiting.text().contains("hx-get"),
        "{}",
        waiting.text()
    );
    let twice = app.post_form("/enterprises/import/run", &form).await;
    assert_eq!(twice.header("location"), progress, "one upload, one import");
    setup.work().await;
    let ended = app.get(progress).await.expect_status(200);
    assert!(
        ended.text().contains("批次 1：导入 1 行，退回 1 行") && !ended.text().contains("hx-get"),
        "{}",
        ended.text()
    );
    assert!(ended.text().contains("经办员甲"));
    let batch = app.get("/enterprises/import/batches/1").await;
    let batch = batch.expect_status(200);
    assert!(batch.text().contains("下载退回明细") && batch.text().contains(progress));
    let again = app.post_form("/enterprises/import/run", &form).await;
    assert!(
        again.expect_status(400).text().contains("已不在服务器上"),
        "the file is gone once it is imported"
    );
    let rejects = app
        .get("/enterprises/import/batches/1/rejects")
        .await
        .expect_status(200);
    assert!(rejects.text().contains("江城二号有限公司"));
    assert_eq!(
        setup.fact(&code(1), "employees", Some(2024)).await,
        "1",
        "as mapped by hand"
    );

    let list = app.get("/enterprises?region=370100&industry=C&tag=%E9%AB%98%E6%96%B0%E6%8A%80%E6%9C%AF%E4%BC%81%E4%B8%9A").await;
    assert!(
        list.expect_status(200)
            .text()
            .contains("江城&#60;一号&#62;有限公司")
    );
    let file = app
        .get(&format!("/enterprises/{}", code(1)))
        .await
        .expect_status(200);
    for words in [
        "山东省济南市历下区",
        "C2710",
        "税务，2025年6月1日，批次 1",
        "系统计算（统计上大中小微型企业划分办法(2017)）",
        "<svg",
        "/matches",
    ] {
        assert!(file.text().contains(words), "{words}: {}", file.text());
    }
    let csv = app
        .get("/enterprises/export.csv?q=91370102")
        .await
        .expect_status(200);
    assert!(csv.text().contains(&code(1)));
    let _ = app.get("/enterprises/export.xlsx").await.expect_status(200);
    assert!(
        app.get("/enterprises?q=%E6%B2%A1%E6%9C%89")
            .await
            .text()
            .contains("没有符合条件")
    );
    assert!(
        app.get("/enterprises?region=x")
            .await
            .expect_status(400)
            .text()
            .contains("行政区划代码")
    );
    // what no enterprise can have is refused, else its empty list would look as if there were none
    for (query, words) in [
        (
            "size=%E5%B7%A8%E5%9E%8B",
            "企业规模没有“巨型”，可以填 微型、小型",
        ),
        (
            "status=%E6%B4%BB%E7%9D%80",
            "登记状态没有“活着”，可以填 存续",
        ),
        ("region=999999", "没有代码为“999999”的行政区划"),
    ] {
        for list in [
            "/enterprises",
            "/enterprises/export.csv",
            "/enterprises/export.xlsx",
            "/api/v1/enterprises",
            "/api/v1/enterprises/count",
        ] {
            let answer = app.get(&format!("{list}?{query}")).await;
            let answer = answer.expect_status(400);
            assert!(answer.text().contains(words), "{list}: {}", answer.text());
        }
    }
    let known = app.get("/enterprises?size=%E5%B0%8F%E5%9E%8B&status=%E5%AD%98%E7%BB%AD");
    let _ = known.await.expect_status(200);
}

async fn the_public_sees_no_internal_fact_and_writes_nothing(db: TestDatabase) {
    let setup = setup(db).await;
    setup.bring(&table(), "税务", "2025-06-01").await;
    let public = app(&setup, Viewer::visitor());
    let file = public
        .get(&format!("/enterprises/{}", code(1)))
        .await
        .expect_status(200);
    assert!(
        file.text().contains("高新技术企业") && !file.text().contains("营业收入"),
        "{}",
        file.text()
    );
    assert!(file.text().contains("内部和保密数据只对"));
    let json = public
        .get(&format!("/api/v1/enterprises/{}", code(1)))
        .await
        .expect_status(200)
        .json();
    assert!(
        json["facts"]
            .as_array()
            .unwrap()
            .iter()
            .all(|fact| fact["attribute"] != "revenue")
    );
    assert!(json.get("size").is_none());
    for path in [
        "/enterprises/import",
        "/enterprises/import/batches/1",
        "/enterprises/import/batches/1/rejects",
        "/enterprises/import/jobs/0192f3a0-0000-7000-8000-00000000abcd",
        "/api/v1/enterprise-imports/0192f3a0-0000-7000-8000-00000000abcd",
        "/tags",
        "/api/v1/enterprise-batches",
        "/api/v1/enterprise-tags",
    ] {
        assert_eq!(public.get(path).await.status, 401, "{path}");
    }
    let before = setup.contents().await;
    let file = [
        Part::text("department", "税务"),
        Part::file("file", "a.csv", table()),
    ];
    for path in ["/enterprises/import", "/api/v1/enterprises/import"] {
        assert_eq!(
            public.post_multipart(path, &file).await.status,
            401,
            "{path}"
        );
    }
    for path in [
        "/tags",
        "/tags/switch",
        "/tags/recompute",
        "/enterprises/import/run",
    ] {
        let form = [
            ("name", "专精特新"),
            ("rule", "高新技术企业"),
            ("active", "false"),
            ("action", "import"),
        ];
        assert_eq!(public.post_form(path, &form).await.status, 401, "{path}");
    }
    assert_eq!(setup.contents().await, before);
}

async fn the_api_imports_lists_and_explains_its_errors(db: TestDatabase) {
    let setup = setup(db).await;
    let app = officer(&setup);
    let parts = [
        Part::text("department", "税务"),
        Part::text("as_of", "2025-06-01"),
        Part::text("mapping", "{\"流水\": \"employees@2022\"}"),
        Part::file("file", "a.csv", table()),
    ];
    let trial: Vec<Part> = parts
        .iter()
        .cloned()
        .chain([Part::text("dry_run", "true")])
        .collect();
    let report = app
        .post_multipart("/api/v1/enterprises/import", &trial)
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (&report["rows"], &report["accepted"], &report["rejected"]),
        (&2.into(), &1.into(), &1.into())
    );
    assert!(report["rejects"].is_null(), "no path of the server");
    let asked = app
        .post_multipart("/api/v1/enterprises/import", &parts)
        .await
        .expect_status(202)
        .json();
    let href = asked["href"].as_str().unwrap();
    let waiting = app.get(href).await.expect_status(200).json();
    assert_eq!(waiting["state"], "queued");
    assert!(waiting.get("batch").is_none());
    setup.work().await;
    let done = app.get(href).await.expect_status(200).json();
    assert_eq!(
        (&done["state"], &done["total"], &done["asked_by"]),
        (&"done".into(), &2.into(), &"经办员甲".into())
    );
    assert_eq!(
        (
            &done["batch"]["accepted"],
            &done["batch"]["rejected"],
            &done["batch"]["job"]
        ),
        (&1.into(), &1.into(), &asked["job"])
    );
    assert_eq!(setup.fact(&code(1), "employees", Some(2022)).await, "1");
    let page = app
        .get("/api/v1/enterprises?limit=1")
        .await
        .expect_status(200)
        .json();
    assert_eq!(page["items"][0]["code"], code(1));
    let one = app
        .get(&format!("/api/v1/enterprises/{}", code(1)))
        .await
        .expect_status(200)
        .json();
    let revenue = one["facts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|fact| fact["attribute"] == "revenue")
        .unwrap()
        .clone();
    assert_eq!(
        (&revenue["year"], &revenue["value"], &revenue["department"]),
        (&2023.into(), &"1000000".into(), &"税务".into())
    );
    let _ = app
        .get(&format!("/api/v1/enterprises/{}/history", code(1)))
        .await
        .expect_status(200);
    assert_eq!(
        app.get("/api/v1/enterprise-batches").await.json()["items"][0]["accepted"],
        1
    );
    let missing = app
        .get(&format!("/api/v1/enterprises/{}", code(9)))
        .await
        .expect_status(404);
    assert_eq!(missing.header("content-type"), "application/problem+json");
    for path in [
        "/api/v1/enterprises?order=x",
        "/api/v1/enterprises?after=x",
        "/api/v1/enterprises?limit=0",
    ] {
        assert_eq!(app.get(path).await.status, 400, "{path}");
    }
    for path in [
        "/api/v1/enterprise-imports/0192f3a0-0000-7000-8000-00000000abcd",
        "/api/v1/enterprise-imports/x",
    ] {
        assert_eq!(app.get(path).await.status, 404, "{path}");
    }
    let wrong = [
        Part::text("department", "税务"),
        Part::file("file", "a.csv", "名称\n甲\n"),
    ];
    let wrong = app
        .post_multipart("/api/v1/enterprises/import", &wrong)
        .await;
    assert!(
        wrong.expect_status(422).text().contains("信用代码列"),
        "a file that cannot be used is refused before it is queued"
    );
    let bad = [
        Part::text("department", "税务"),
        Part::text("as_of", "昨天"),
        Part::file("file", "a.csv", table()),
    ];
    let bad = app
        .post_multipart("/api/v1/enterprises/import", &bad)
        .await
        .expect_status(400)
        .json();
    assert_eq!(bad["fields"][0]["field"], "as_of");
}

/// What an officer did to tags, oldest first.
async fn tag_records(setup: &Setup) -> Vec<String> {
    let query = audit::Query {
        actor: Some("经办员甲".to_owned()),
        subject_kind: Some("tag".to_owned()),
        oldest_first: true,
        ..audit::Query::default()
    };
    let page = PageRequest::first(20);
    let found = audit::list(&setup.db, &query, &page).await;
    let records = found.unwrap().items.into_iter();
    records.map(|record| record.action).collect()
}

async fn tags_follow_their_rules(db: TestDatabase) {
    let setup = setup(db).await;
    setup.bring(&table(), "税务", "2025-06-01").await;
    let app = officer(&setup);
    let page = app.get("/tags").await.expect_status(200);
    assert!(
        page.text().contains("专精特新") && !page.text().contains("规则与字典不符"),
        "{}",
        page.text()
    );
    let form = |rule: &'static str, action: &'static str| {
        [
            ("name", "大户"),
            ("rule", rule),
            ("note", ""),
            ("action", action),
        ]
    };
    let wrong = app
        .post_form("/tags", &form("没有的属性 > 1", "check"))
        .await
        .expect_status(400);
    assert!(wrong.text().contains("没有的属性"));
    let check = app
        .post_form("/tags", &form("某年(营业收入, 2024) >= 200万", "check"))
        .await
        .expect_status(200);
    assert!(
        check
            .text()
            .contains("在 1 家市场主体中，1 家会得到这个标签"),
        "{}",
        check.text()
    );
    let _ = app
        .post_form("/tags", &form("某年(营业收入, 2024) >= 200万", "add"))
        .await
        .expect_status(303);
    assert!(
        app.post_form("/tags", &form("高新技术企业", "add"))
            .await
            .status
            .is_client_error(),
        "the tag is there"
    );
    let tags = || async {
        setup
            .registry
            .enterprise(&code(1))
            .await
            .unwrap()
            .unwrap()
            .tags
    };
    assert!(!tags().await.contains(&"大户".to_owned()));
    let _ = app
        .post_form("/tags/recompute", &[])
        .await
        .expect_status(200);
    assert!(tags().await.contains(&"大户".to_owned()));
    let _ = app
        .post_form("/tags/switch", &[("name", "大户"), ("active", "false")])
        .await
        .expect_status(303);
    let _ = app
        .post_form("/tags/recompute", &[])
        .await
        .expect_status(200);
    assert!(!tags().await.contains(&"大户".to_owned()));
    let again = app.post_form("/tags/recompute", &[]).await;
    let _ = again.expect_status(200);
    let recorded = [
        "registry.tag_add",
        "registry.tag_recompute",
        "registry.tag_switch",
        "registry.tag_recompute",
    ];
    assert_eq!(
        tag_records(&setup).await,
        recorded,
        "the last changed nothing"
    );
    assert_eq!(
        app.post_form("/tags/switch", &[("name", "没有"), ("active", "false")])
            .await
            .status,
        404
    );
}

both_databases!(
    an_officer_imports_a_file_step_by_step,
    the_public_sees_no_internal_fact_and_writes_nothing,
    the_api_imports_lists_and_explains_its_errors,
    tags_follow_their_rules,
);
