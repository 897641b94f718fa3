//! The form through the front door: buttons, files, rows, faults.

use zhida_forms::Draft;
use zhida_testkit::{App, Part, TestResponse, sqlite};

use crate::gallery::ENTERPRISE;
use crate::world::World;

const PATH: &str = "/form/first";

/// Answers that can be sent but for the files.
const GOOD: [(&str, &str); 22] = [
    ("trade", "C3587"),
    ("project", "生产线改造"),
    ("began_on", "2026-03-01"),
    ("amount", "50万"),
    ("has_loan", "false"),
    ("direction", "技术改造"),
    ("gains", "降本"),
    ("gains", "增产"),
    ("equipment-rows", "1"),
    ("equipment-0-device", "加工中心"),
    ("equipment-0-price", "80万元"),
    ("equipment-0-imported", "false"),
    ("contact_name", "张三"),
    ("contact_phone", "13812345678"),
    ("payee-holder", "湖州某某精密制造有限公司"),
    ("payee-bank", "某银行湖州分行"),
    ("payee-cnaps", "105100000017"),
    ("payee-number", "6222021234567890128"),
    ("staff_now-right", "180"),
    ("staff_now-why", "年报已更正"),
    ("promise", "true"),
    ("large_note", "先写好，用不上"),
];

struct Page {
    world: World,
    app: App,
}

impl Page {
    async fn new() -> Self {
        let world = World::new(sqlite().await).await;
        let app = world.app();
        let _ = app.get(PATH).await.expect_status(200);
        Self { world, app }
    }

    async fn draft(&self) -> Draft {
        let found = self.world.gallery.drafts.find(ENTERPRISE, "first").await;
        found.expect("asked").expect("there")
    }

    async fn send(
        &self,
        version: i64,
        tab: &str,
        texts: &[(&str, &str)],
        file: Option<Part>,
    ) -> TestResponse {
        let version = version.to_string();
        let mut parts = vec![Part::text("version", &version), Part::text("tab", tab)];
        parts.extend(texts.iter().map(|(name, text)| Part::text(name, text)));
        parts.extend(file);
        self.app.post_multipart(PATH, &parts).await
    }
}

fn with<'a>(texts: &[(&'a str, &'a str)], action: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut all = texts.to_vec();
    all.push(("do", action));
    all
}

fn pdf() -> Part {
    Part::file(
        "invoices",
        "发票.pdf",
        &b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"[..],
    )
}

#[tokio::test]
async fn a_form_is_filled_in_step_by_step_and_sent() {
    let page = Page::new().await;
    let first = page
        .send(1, "x", &with(&GOOD, "submit"), None)
        .await
        .expect_status(400);
    assert!(
        first.text().contains("请上传：发票"),
        "only the file is missing"
    );
    assert_eq!(first.text().matches("<li><a href=\"#").count(), 1);
    assert_eq!(
        page.draft().await.answers.text("project"),
        "生产线改造",
        "and all is kept"
    );

    let up = page
        .send(2, "x", &with(&GOOD, "upload"), Some(pdf()))
        .await
        .expect_status(303);
    assert_eq!(up.header("location"), "/form/first#ask-invoices");
    let shown = page.app.get(PATH).await.expect_status(200);
    assert!(shown.text().contains("发票.pdf"));

    let version = page.draft().await.version;
    let done = page
        .send(version, "x", &with(&GOOD, "submit"), None)
        .await
        .expect_status(303);
    assert_eq!(done.header("location"), "/sent/first");
    let sent = page.app.get("/sent/first").await.expect_status(200);
    for words in [
        "500,000 元",
        "138****5678",
        "****0128",
        "企业指出原数据有误",
        "186 人",
        "年报已更正",
        "统计",
    ] {
        assert!(sent.text().contains(words), "{words}");
    }
    for words in ["6222021234567890128", "13812345678", "先写好"] {
        assert!(!sent.text().contains(words), "{words}");
    }

    // returned for completion, mended, sent again
    let _ = page.app.get("/return/first").await.expect_status(303);
    let again = page.app.get(PATH).await.expect_status(200);
    assert!(again.text().contains("与发票合计不一致") && again.text().contains("发票.pdf"));
    let version = page.draft().await.version;
    let mut mended = with(&GOOD, "submit");
    mended.retain(|(name, _)| *name != "amount");
    mended.push(("amount", "60万"));
    let _ = page
        .send(version, "y", &mended, None)
        .await
        .expect_status(303);
    let sent = page.app.get("/sent/first").await.expect_status(200);
    assert!(
        sent.text().contains("600,000 元") && sent.text().contains("500,000 元"),
        "the difference"
    );
}

#[tokio::test]
async fn a_draft_keeps_what_is_not_yet_right() {
    let page = Page::new().await;
    let texts = with(&[("amount", "很多"), ("project", "改造")], "save");
    let told = page.send(1, "x", &texts, None).await.expect_status(400);
    assert!(told.text().contains("申请金额：") && told.text().contains("value=\"很多\""));
    assert_eq!(page.draft().await.answers.text("amount"), "很多");
    let texts = with(&[("amount", "10万")], "save");
    let _ = page.send(2, "x", &texts, None).await.expect_status(303);
    assert!(
        page.app
            .get(PATH)
            .await
            .text()
            .contains("识别为：100,000 元")
    );
}

#[tokio::test]
async fn rows_are_added_and_removed_without_losing_others() {
    let page = Page::new().await;
    let one = [
        ("equipment-rows", "1"),
        ("equipment-0-device", "车床"),
        ("project", "改造"),
    ];
    let added = page
        .send(1, "x", &with(&one, "add:equipment"), None)
        .await
        .expect_status(303);
    assert_eq!(added.header("location"), "/form/first#equipment-1");
    let shown = page.app.get(PATH).await;
    assert!(shown.text().contains("equipment-1-device") && shown.text().contains("value=\"车床\""));
    let two = [
        ("equipment-rows", "2"),
        ("equipment-0-device", "车床"),
        ("equipment-1-device", "铣床"),
        ("project", "改造"),
    ];
    let _ = page
        .send(2, "x", &with(&two, "remove:equipment-0"), None)
        .await
        .expect_status(303);
    let draft = page.draft().await;
    assert_eq!(draft.answers.rows("equipment").len(), 1);
    assert_eq!(draft.answers.text("project"), "改造");
    assert!(page.app.get(PATH).await.text().contains("value=\"铣床\""));
    // the first row can be added before anything was written
    let none = [("equipment-rows", "1")];
    let _ = page
        .send(3, "x", &with(&none, "add:equipment"), None)
        .await
        .expect_status(303);
    assert_eq!(page.draft().await.answers.rows("equipment").len(), 2);
    // never more than the form allows
    for _ in 0..6 {
        let version = page.draft().await.version;
        let full = [("equipment-rows", "5")];
        let _ = page
            .send(version, "x", &with(&full, "add:equipment"), None)
            .await
            .expect_status(303);
    }
    assert_eq!(page.draft().await.answers.rows("equipment").len(), 5);
}

#[tokio::test]
async fn autosave_answers_with_version_time_and_what_is_hidden() {
    let page = Page::new().await;
    let saved = page
        .send(1, "x", &with(&[("has_loan", "true")], "autosave"), None)
        .await
        .expect_status(200);
    let json = saved.json();
    assert_eq!(
        (&json["version"], &json["saved"]),
        (&2.into(), &"12:00".into())
    );
    let hidden = |json: &serde_json::Value, place: &str| {
        json["hidden"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|one| one == place)
    };
    assert!(!hidden(&json, "lender") && hidden(&json, "equipment-0-origin"));
    let json = page
        .send(2, "x", &with(&[("has_loan", "false")], "autosave"), None)
        .await
        .json();
    assert!(hidden(&json, "lender"));
}

#[tokio::test]
async fn a_stale_tab_is_told_and_both_are_shown() {
    let page = Page::new().await;
    let _ = page
        .send(1, "x", &with(&[("project", "这边写的")], "autosave"), None)
        .await
        .expect_status(200);
    let late = page
        .send(1, "y", &with(&[("project", "那边写的")], "autosave"), None)
        .await
        .expect_status(409);
    assert!(
        late.json()["message"]
            .as_str()
            .is_some_and(|words| words.contains("另外保留"))
    );
    let shown = page
        .send(1, "y", &with(&[("project", "那边写的")], "save"), None)
        .await
        .expect_status(409);
    assert!(shown.text().contains("这边写的") && shown.text().contains("那边写的"));
    // it cannot be sent before somebody has chosen
    let version = page.draft().await.version;
    let mut texts = with(&GOOD, "submit");
    texts.retain(|(name, _)| *name != "project");
    texts.push(("project", "这边写的"));
    let told = page
        .send(version, "x", &texts, None)
        .await
        .expect_status(400);
    assert!(told.text().contains("还没有处理"));
    let version = page.draft().await.version;
    let _ = page
        .send(
            version,
            "x",
            &[("take", "project"), ("do", "settle:y")],
            None,
        )
        .await
        .expect_status(303);
    let draft = page.draft().await;
    assert_eq!(
        (draft.answers.text("project"), draft.asides.len()),
        ("那边写的", 0)
    );
}

#[tokio::test]
async fn files_that_do_not_fit_are_told_and_the_rest_is_kept() {
    let page = Page::new().await;
    let texts = with(&[("project", "改造")], "upload");
    let zip = Part::file("invoices", "发票.xlsx", &b"PK\x03\x04not really"[..]);
    let told = page
        .send(1, "x", &texts, Some(zip))
        .await
        .expect_status(400);
    assert!(told.text().contains("发票：") && told.text().contains("value=\"改造\""));
    let text = Part::file("invoices", "发票.pdf", &b"hello"[..]);
    let _ = page
        .send(2, "x", &texts, Some(text))
        .await
        .expect_status(400);
    let large = [&b"%PDF-1.4\n"[..], &vec![b' '; 6 << 20], b"\n%%EOF\n"].concat();
    let large = Part::file("invoices", "大.pdf", large);
    let told = page
        .send(2, "x", &texts, Some(large))
        .await
        .expect_status(400);
    assert!(told.text().contains("超过 5 MB"), "{}", told.text());
    assert!(!page.draft().await.answers.fields.contains_key("invoices"));
    // a file for a field that takes none, or that is not there, is passed over
    for name in ["project", "nothing", "equipment-9-device"] {
        let _ = page
            .send(
                2,
                "x",
                &texts,
                Some(Part::file(name, "a.pdf", &b"%PDF-1.4"[..])),
            )
            .await
            .expect_status(303);
    }
    // read again, and taken away again
    let _ = page
        .send(2, "x", &texts, Some(pdf()))
        .await
        .expect_status(303);
    let draft = page.draft().await;
    let kept = serde_json::to_value(&draft.answers).expect("json");
    let file = kept["fields"]["invoices"][0]["file"]
        .as_str()
        .expect("an id")
        .to_owned();
    let address = format!("/form/first/files/{file}");
    assert!(page.app.get(PATH).await.text().contains(&address));
    let read = page.app.get(&address).await.expect_status(200);
    assert!(read.text().starts_with("%PDF"));
    let other = page.app.get("/form/second/files/0193").await;
    assert!(other.expect_status(400).text().contains("不属于"));
    let action = format!("unfile:invoices:{file}");
    let _ = page
        .send(
            draft.version,
            "x",
            &with(&[("project", "改造")], &action),
            None,
        )
        .await
        .expect_status(303);
    assert!(
        page.draft()
            .await
            .answers
            .fields
            .get("invoices")
            .is_none_or(zhida_forms::Answer::is_empty)
    );
    let files = page.world.gallery.drafts.files();
    assert!(
        files.get(page.world.db.conn(), &file).await.is_err(),
        "its record is gone"
    );
}

#[tokio::test]
async fn nonsense_is_refused_in_words() {
    let page = Page::new().await;
    for action in [
        "add:nothing",
        "remove:equipment",
        "unfile:x",
        "settle",
        "delete:all",
    ] {
        let told = page
            .send(1, "x", &[("do", action)], None)
            .await
            .expect_status(400);
        assert!(told.text().contains("没有"), "{action}");
    }
    let _ = page
        .send(1, "x", &[("do", "settle:nobody")], None)
        .await
        .expect_status(404);
    let _ = page
        .app
        .post_form(PATH, &[("do", "save")])
        .await
        .expect_status(400);
    let _ = page
        .app
        .post_multipart("/form/none", &[Part::text("do", "save")])
        .await
        .expect_status(404);
    let long = "长".repeat(1 << 20);
    let _ = page
        .send(1, "x", &with(&[("summary", &long)], "save"), None)
        .await
        .expect_status(413);
    let evil = "<script>alert(1)</script>\"'";
    let _ = page
        .send(1, "x", &with(&[("project", evil)], "save"), None)
        .await
        .expect_status(303);
    let shown = page.app.get(PATH).await;
    assert!(
        !shown.text().contains("<script>alert")
            && shown.text().contains("&lt;script&gt;") | shown.text().contains("&#60;script&#62;")
    );
}

#[tokio::test]
async fn what_an_earlier_revision_asked_is_kept_shown_and_not_sent() {
    let world = World::new(sqlite().await).await;
    let drafts = &world.gallery.drafts;
    let mut answers =
        crate::world::answers(&[("asked_before", "旧问题的答案"), ("project", "改造")]);
    answers.set("old_account", "6222021234567890128");
    let start = zhida_forms::Start {
        enterprise: ENTERPRISE,
        purpose: "first",
        form: "an earlier form",
        answers,
        marks: Vec::new(),
    };
    let viewer = zhida_platform::access::Viewer::officer("甲");
    drafts.open(&viewer, &start).await.expect("opened");
    let app = world.app();
    let page = Page { world, app };
    let shown = page.app.get(PATH).await.expect_status(200);
    assert!(
        shown.text().contains("表单在草稿开始之后更新过") && shown.text().contains("旧问题的答案")
    );
    assert!(!shown.text().contains("6222021234567890128"));
    let texts = with(&GOOD, "upload");
    let _ = page
        .send(1, "x", &texts, Some(pdf()))
        .await
        .expect_status(303);
    assert_eq!(
        page.draft().await.answers.text("asked_before"),
        "旧问题的答案"
    );
    let _ = page
        .send(2, "x", &with(&GOOD, "submit"), None)
        .await
        .expect_status(303);
    let sent = page.app.get("/sent/first").await.expect_status(200);
    assert!(!sent.text().contains("旧问题"));
}
