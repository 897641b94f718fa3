//! Pages and API through the front door.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::json;
use zhida_platform::access::{Viewer, guard};
use zhida_platform::config::Config;
use zhida_platform::files::FileStore;
use zhida_platform::problem::Problem;
use zhida_policies::{Policies, Preview, PreviewResult, room};
use zhida_rules::{ItemRules, Number};
use zhida_testkit::{App, TestDatabase, both_databases, seated, sqlite};
use zhida_ui::{Shell, with_frame};

use crate::{SAMPLE, clock, import, sample};

const FIRST: &str = "/policies/sample-gaoqi-jiangli";

struct Counts;

impl Preview for Counts {
    fn preview<'a>(
        &'a self,
        rules: &'a ItemRules,
        _: chrono::NaiveDate,
    ) -> BoxFuture<'a, Result<PreviewResult, Problem>> {
        let matched = 1_000 + rules.conditions().len() as u64;
        async move {
            Ok(PreviewResult {
                matched,
                unknown: 20,
                near: 3,
                amount_low: Some(Number::integer(0)),
                amount_high: Some(Number::integer(2_000_000)),
                sampled: None,
            })
        }
        .boxed()
    }
}

/// The room's pages and API as the binary serves them.
pub(crate) fn site(policies: &Arc<Policies>, viewer: Viewer) -> axum::Router {
    let config = Config::default().files;
    // no file comes, so the folder is never made
    let files = FileStore::open(&config, clock()).unwrap();
    site_with(policies, files, viewer)
}

/// The same with a store of files.
pub(crate) fn site_with(
    policies: &Arc<Policies>,
    files: FileStore,
    viewer: Viewer,
) -> axum::Router {
    let room = room(Arc::clone(policies), files, Some(Arc::new(Counts)));
    let (api, _) = room.api.split_for_parts();
    let shell = Shell {
        viewer,
        ..Shell::default()
    };
    with_frame(guard(room.routes.merge(api)), shell, &Config::default())
}

fn app(policies: &Arc<Policies>, viewer: Viewer) -> App {
    App::new(site(policies, viewer))
}

fn public(policies: &Arc<Policies>) -> App {
    app(policies, Viewer::visitor())
}

fn officer(policies: &Arc<Policies>) -> App {
    app(policies, Viewer::officer("经办员甲"))
}

async fn the_api_counts_what_it_lists(db: TestDatabase) {
    let policies = sample(&db).await;
    let app = public(&policies);
    let list = app
        .get("/api/v1/policies?limit=1")
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (
            list["total"].as_u64(),
            list["items"].as_array().unwrap().len()
        ),
        (Some(2), 1)
    );
    let next = list["next"].as_str().unwrap();
    let rest = app
        .get(&format!("/api/v1/policies?limit=1&after={next}"))
        .await
        .json();
    assert_ne!(rest["items"][0]["id"], list["items"][0]["id"]);
    assert!(rest.get("next").is_none());
    let one = app
        .get("/api/v1/policies/sample-yanfa-buzhu")
        .await
        .expect_status(200)
        .json();
    assert_eq!(one["condition_rules"].as_array().unwrap().len(), 5);
    assert_eq!(one["condition_rules"][0]["automatic"], true);
    assert_eq!(one["amount"], "最高 100 万元");
    assert!(
        one["formula"]
            .as_str()
            .unwrap()
            .starts_with("上年.研发费用 * ")
    );
    let lint = app
        .get("/api/v1/policies/sample-yanfa-buzhu/lint")
        .await
        .expect_status(200)
        .json();
    assert!(lint.is_array());
    for path in [
        "/api/v1/policies/nothing",
        "/api/v1/policies/nothing/revisions",
    ] {
        let missing = app.get(path).await.expect_status(404);
        assert_eq!(missing.header("content-type"), "application/problem+json");
    }
    let wrong = app
        .get("/api/v1/policies?level=planet")
        .await
        .expect_status(400)
        .json();
    assert_eq!(wrong["fields"][0]["field"], "level");
    let _ = app
        .get("/api/v1/policies?after=tampered")
        .await
        .expect_status(400);
}

async fn revisions_tell_what_changed(db: TestDatabase) {
    let policies = sample(&db).await;
    import(&policies, &SAMPLE.replace("0531-00000000", "0531-88888888")).await;
    let app = public(&policies);
    let list = app
        .get("/api/v1/policies/sample-gaoqi-jiangli/revisions")
        .await
        .json();
    assert_eq!(
        (list[0]["revision"].as_i64(), list[1]["revision"].as_i64()),
        (Some(2), Some(1))
    );
    assert_eq!(list[0]["changes"][0]["name"], "咨询电话");
    assert_eq!(list[0]["changes"][0]["before"], "0531-00000000");
    let page = app.get(FIRST).await.expect_status(200);
    assert!(page.text().contains("<ins>0531-88888888</ins>"));
    assert!(
        !page.text().contains("经办员甲"),
        "who published is not for visitors"
    );
}

both_databases!(
    the_api_counts_what_it_lists,
    revisions_tell_what_changed,
    the_list_shows_what_is_in_force_and_says_what_it_leaves_out,
    an_import_without_a_file_is_refused,
);

#[tokio::test]
async fn the_api_checks_rules_with_places() {
    let db = sqlite().await;
    let app = public(&sample(&db).await);
    let check = |rule: &str| {
        let (app, body) = (app.clone(), json!({ "rule": rule }));
        async move { app.post_json("/api/v1/rules/check", &body).await }
    };
    let good = check("上年.营业收入 不低于 2000万 且 高新技术企业")
        .await
        .expect_status(200)
        .json();
    assert_eq!(good["normal"], "上年.营业收入 >= 20000000 and 高新技术企业");
    assert_eq!(good["attributes"], json!(["营业收入", "高新技术企业"]));
    let bad = check("高新技术企业 and 没有 > 1")
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (bad["valid"].as_bool(), bad["errors"][0]["code"].as_str()),
        (Some(false), Some("unknown_name"))
    );
    assert_eq!(
        (
            bad["errors"][0]["start"].as_u64(),
            bad["errors"][0]["end"].as_u64()
        ),
        (Some(11), Some(13))
    );
    let _ = check(&"长".repeat(9_000)).await.expect_status(400);
}

#[tokio::test]
async fn the_list_filters_and_stays_when_nothing_is_found() {
    let db = sqlite().await;
    let app = public(&sample(&db).await);
    let all = app.get("/policies").await.expect_status(200);
    assert!(all.text().contains("高新技术企业认定奖励") && all.text().contains("共 2 项"));
    assert!(all.text().contains("最高 100 万元"));
    assert!(!all.text().contains("新建事项"));
    let one = app
        .get("/policies?delivery=no_application")
        .await
        .expect_status(200);
    assert!(one.text().contains("共 1 项"));
    let none = app
        .get("/policies?q=%E6%B2%A1%E6%9C%89")
        .await
        .expect_status(200);
    assert!(none.text().contains("没有符合条件的政策事项"));
    let _ = app.get("/policies?theme=x").await.expect_status(400);
}

/// The sample's two items in force, one that has expired, and one that is not yet in force.
async fn of_every_age(db: &TestDatabase) -> Arc<Policies> {
    let policies = sample(db).await;
    let like = crate::entry(&policies, "sample-gaoqi-jiangli").await;
    let mut old = like.clone();
    old.document.id = "sample-old".into();
    old.document.effective_until = "2026-06-30".parse().ok();
    old.item.id = "sample-jiangli-2020".into();
    policies.publish("甲", old, None).await.unwrap();
    let mut coming = like;
    coming.document.id = "sample-coming".into();
    coming.document.effective_from = "2027-01-01".parse().ok();
    coming.item.id = "sample-jiangli-2027".into();
    policies.publish("甲", coming, None).await.unwrap();
    policies
}

async fn the_list_shows_what_is_in_force_and_says_what_it_leaves_out(db: TestDatabase) {
    let policies = of_every_age(&db).await;
    let app = public(&policies);
    let shown = app.get("/policies").await.expect_status(200);
    assert!(shown.text().contains("共 2 项"), "{}", shown.text());
    assert!(
        shown.text().contains("另有尚未施行 1 项、已失效 1 项")
            && shown.text().contains("href=\"/policies?status=all\""),
        "{}",
        shown.text()
    );
    for option in ["现行有效（2）", "已失效（1）", "全部时效（4）"] {
        assert!(shown.text().contains(option), "{option}: {}", shown.text());
    }
    let all = app.get("/policies?status=all").await.expect_status(200);
    assert!(
        all.text().contains("共 4 项") && all.text().contains("只看现行有效"),
        "{}",
        all.text()
    );
    for (status, total) in [("", 2), ("all", 4), ("expired", 1), ("upcoming", 1)] {
        let list = app.get(&format!("/api/v1/policies?status={status}")).await;
        let list = list.expect_status(200).json();
        let listed = list["items"].as_array().unwrap().len();
        assert_eq!(
            (list["total"].as_u64(), listed),
            (Some(total), usize::try_from(total).unwrap()),
            "{status}"
        );
    }
    // looked for and not in force: the way to it is shown where nothing is found
    let nothing = app.get("/policies?document=sample-old").await;
    let nothing = nothing.expect_status(200);
    assert!(
        nothing.text().contains("没有符合条件的政策事项") && nothing.text().contains("已失效 1 项"),
        "{}",
        nothing.text()
    );
}

async fn an_import_without_a_file_is_refused(db: TestDatabase) {
    let policies = sample(&db).await;
    let app = officer(&policies);
    for body in ["", " \n"] {
        let request = Request::post("/api/v1/policies/import")
            .header("content-type", "application/yaml")
            .body(Body::from(body));
        let refused = app.send(request.unwrap()).await.expect_status(400);
        assert!(
            refused.text().contains("没有收到政策文件"),
            "{}",
            refused.text()
        );
    }
}

#[tokio::test]
async fn the_item_page_shows_text_beside_rule_and_all_elements() {
    let db = sqlite().await;
    let policies = sample(&db).await;
    let page = public(&policies)
        .get("/policies/sample-yanfa-buzhu")
        .await
        .expect_status(200);
    let text = page.text();
    for words in [
        "适用区域：山东省济南市",
        "上年.研发费用 &gt; 前年.研发费用",
        "由市科学技术局组织专家评审",
        "最高 100 万元",
        "2026年2月1日至2028年1月31日",
        "核对于 2026年11月1日",
        "30 个要素",
        "0531-00000001",
        "action=\"/match/check\"",
        "/calculator?item=sample-yanfa-buzhu",
        "直达-2026-000002",
    ] {
        assert!(text.replace("&#62;", "&gt;").contains(words), "{words}");
    }
    assert!(!text.contains("/policies/sample-yanfa-buzhu/enterprises"));
    // nobody takes applications here: whom to ask instead is what the item says
    assert!(text.contains("咨询电话：0531-00000001"), "{text}");
    // whoever acts for an enterprise finds its code written
    let own = app(&policies, seated("legal", None, Some("91370102PDY000019C")));
    let own = own.get("/policies/sample-yanfa-buzhu").await;
    assert!(
        own.text().contains("value=\"91370102PDY000019C\""),
        "{}",
        own.text()
    );
    let office = officer(&policies).get("/policies/sample-yanfa-buzhu").await;
    assert!(
        office
            .text()
            .contains("/policies/sample-yanfa-buzhu/enterprises")
    );
    let document = public(&policies)
        .get("/policies/documents/sample-gaoqi-2026")
        .await
        .expect_status(200);
    assert!(
        document.text().contains("研发费用补助") && document.text().contains("样政发〔2026〕1号")
    );
    let _ = public(&policies)
        .get("/policies/nothing")
        .await
        .expect_status(404);
    let _ = public(&policies)
        .get("/policies/documents/nothing")
        .await
        .expect_status(404);
}

#[tokio::test]
async fn rule_text_is_escaped_everywhere() {
    let db = sqlite().await;
    let policies = sample(&db).await;
    let evil = "<script>alert(1)</script>";
    let text = SAMPLE
        .replace("name: 高新技术企业认定奖励", &format!("name: \"{evil}\""))
        .replace("text: 经认定的高新技术企业", &format!("text: \"{evil}\""))
        .replace(
            "rule: 高新技术企业",
            &format!("rule: '企业名称 = \"{evil}\"'"),
        );
    let report = import(&policies, &text).await;
    assert_eq!(report.accepted, 1, "{:?}", report.reasons);
    let app = officer(&policies);
    for path in [
        "/policies",
        FIRST,
        "/policies/sample-gaoqi-jiangli/edit",
        "/policies/documents/sample-gaoqi-2026",
    ] {
        let page = app.get(path).await.expect_status(200);
        assert!(!page.text().contains("<script>alert"), "{path}");
        assert!(page.text().contains("alert(1)"), "{path}");
    }
}

#[tokio::test]
async fn visitors_cannot_edit() {
    let db = sqlite().await;
    let policies = sample(&db).await;
    let app = public(&policies);
    for path in ["/policies/new", "/policies/sample-gaoqi-jiangli/edit"] {
        let _ = app.get(path).await.expect_status(401);
    }
    for path in [
        "/policies/new",
        "/policies/check",
        "/policies/sample-gaoqi-jiangli/edit",
        "/policies/sample-gaoqi-jiangli/withdraw",
        "/policies/sample-gaoqi-jiangli/reinstate",
    ] {
        let _ = app
            .post_form(path, &[("name", "改名")])
            .await
            .expect_status(401);
    }
    let _ = app
        .post_json("/api/v1/policies/import", &json!({}))
        .await
        .expect_status(401);
    assert_eq!(
        policies
            .revisions("sample-gaoqi-jiangli")
            .await
            .unwrap()
            .len(),
        1
    );
}

const FORM: [(&str, &str); 14] = [
    ("document_id", "sample-gaoqi-2026"),
    ("id", "new-item"),
    ("name", "新事项"),
    ("theme", "fiscal"),
    ("category", "award"),
    ("delivery", "application"),
    ("regions", "370102、370103"),
    ("sizes", "小型"),
    ("sizes", "微型"),
    ("condition-1", "营业收入 2000 万元以上"),
    ("rule-1", "上年.营业收入 不低于 2000万"),
    ("benefit-kind", "money"),
    ("benefit-formula", "10万"),
    ("benefit-text", "一次性奖励 10 万元"),
];

fn form(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let kept = FORM
        .iter()
        .filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    kept.chain(more).copied().collect()
}

#[tokio::test]
async fn an_officer_writes_checks_drafts_and_publishes() {
    let db = sqlite().await;
    let policies = sample(&db).await;
    let app = officer(&policies);
    let _ = app.get("/policies/new").await.expect_status(200);
    let check = app
        .post_form("/policies/check", &form(&[]))
        .await
        .expect_status(200);
    assert!(
        check.text().contains("上年.营业收入 &#62;= 20000000") && check.text().contains("1,003")
    );
    assert!(check.text().contains("200 万元"));
    let wrong = app
        .post_form("/policies/check", &form(&[("rule-1", "上年.没这个 > 1")]))
        .await;
    assert!(
        wrong.text().contains("href=\"#rule-1\"") && wrong.text().contains("<mark>没这个</mark>")
    );
    let draft = app
        .post_form("/policies/new", &form(&[("do", "draft")]))
        .await
        .expect_status(303);
    assert_eq!(draft.header("location"), "/policies/new-item/edit");
    let _ = public(&policies)
        .get("/policies/new-item")
        .await
        .expect_status(404);
    let _ = public(&policies)
        .get("/api/v1/policies/new-item")
        .await
        .expect_status(404);
    let edit = app.get("/policies/new-item/edit").await.expect_status(200);
    assert!(edit.text().contains("营业收入 2000 万元以上"));
    let twice = app
        .post_form("/policies/new", &form(&[("do", "draft")]))
        .await
        .expect_status(400);
    assert!(twice.text().contains("已经用过"));
    let path = "/policies/new-item/edit";
    let unsure = form(&[("do", "publish"), ("revision", "0")]);
    assert!(
        app.post_form(path, &unsure)
            .await
            .expect_status(400)
            .text()
            .contains("勾选确认")
    );
    let broken = form(&[
        ("do", "publish"),
        ("confirm", "yes"),
        ("revision", "0"),
        ("rule-1", "没有的属性"),
    ]);
    let refused = app.post_form(path, &broken).await.expect_status(400);
    assert!(refused.text().contains("rule-1-error"));
    let sure = form(&[("do", "publish"), ("confirm", "yes"), ("revision", "0")]);
    let done = app.post_form(path, &sure).await.expect_status(303);
    assert_eq!(done.header("location"), "/policies/new-item");
    let entry = crate::entry(&policies, "new-item").await;
    assert_eq!(entry.item.sizes, ["小型", "微型"]);
    assert_eq!(entry.item.regions, ["370102", "370103"]);
    // The same form again was written for a revision that is past.
    let _ = app
        .post_form(
            path,
            &form(&[
                ("do", "publish"),
                ("confirm", "yes"),
                ("revision", "0"),
                ("phone", "1"),
            ]),
        )
        .await
        .expect_status(409);
    let _ = app
        .post_form("/policies/new-item/withdraw", &[])
        .await
        .expect_status(303);
    let _ = public(&policies)
        .get("/policies/new-item")
        .await
        .expect_status(404);
    let _ = app
        .post_form("/policies/new-item/reinstate", &[])
        .await
        .expect_status(303);
    let _ = public(&policies)
        .get("/policies/new-item")
        .await
        .expect_status(200);
}

#[tokio::test]
async fn an_officer_imports_a_file_through_the_api() {
    let db = sqlite().await;
    let policies = crate::empty(&db).await;
    let app = officer(&policies);
    let body = json!({
        "document": { "id": "d", "title": "甲", "issuer": "乙", "level": "city", "region": "370100" },
        "items": [
            { "id": "a", "name": "甲", "theme": "其他", "category": "权益类", "delivery": "申报", "regions": ["370100"] },
            { "id": "b" },
        ],
    });
    let dry = app
        .post_json("/api/v1/policies/import?dry_run=true", &body)
        .await
        .expect_status(200)
        .json();
    assert_eq!(dry["accepted"], 1);
    assert_eq!(policies.catalogue(policies.today()).items.len(), 0);
    let report = app
        .post_json("/api/v1/policies/import", &body)
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (
            report["rows"].as_u64(),
            report["accepted"].as_u64(),
            report["rejected"].as_u64()
        ),
        (Some(2), Some(1), Some(1))
    );
    assert_eq!(report["reasons"][0]["item"], "b");
    let _ = public(&policies)
        .get("/policies/a")
        .await
        .expect_status(200);
}
