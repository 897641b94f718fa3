//! Messages between the enterprise and the office, remarks of officers, phrases, and the files of forms: through the
//! front door.

use serde_json::json;
use zhida_policies::Delivery;
use zhida_testkit::{App, Part, TestDatabase, both_databases};

use crate::world::{World, asked, boss, clerk, decider, fields, name, other_clerk, payee};

pub(crate) const PDF: &[u8] = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

/// An application of an enterprise for 研发项目补助; its case.
async fn applied(world: &World, number: usize) -> String {
    let app = world.app(boss(number));
    let _ = app
        .post_form("/redemption/apply/yanfa", &fields(&payee(number)))
        .await
        .expect_status(303);
    let case = world.case(number, "yanfa").await;
    case["id"].as_str().unwrap().to_owned()
}

/// Where the first link that contains these words leads.
pub(crate) fn link(page: &str, part: &str) -> String {
    let links = page.split("href=\"").skip(1);
    let mut links = links.filter_map(|rest| rest.split('"').next());
    let found = links.find(|href| href.contains(part));
    found
        .unwrap_or_else(|| panic!("{part} in {page}"))
        .to_owned()
}

async fn post(app: &App, path: &str, texts: &[(&str, &str)], files: &[&str]) -> u16 {
    let texts = texts.iter().map(|(name, text)| Part::text(name, text));
    let files = files.iter().map(|name| Part::file("files", name, PDF));
    let parts: Vec<Part> = texts.chain(files).collect();
    app.post_multipart(path, &parts).await.status.as_u16()
}

async fn both_sides_write_and_read_and_know_whose_turn_it_is(db: TestDatabase) {
    let world = World::new(db).await;
    world.publish("yanfa", Delivery::Application, |_| {}).await;
    let (id, other) = (applied(&world, 1).await, applied(&world, 2).await);
    let (own, desk) = (world.app(boss(1)), world.app(clerk()));
    let (own_path, desk_path) = (
        format!("/redemption/cases/{id}"),
        format!("/redemption/desk/{id}"),
    );
    // nothing to write is said at the field, and what is too long keeps its words
    let empty = own
        .post_multipart(
            &format!("{own_path}/messages"),
            &[Part::text("message", " ")],
        )
        .await
        .expect_status(400);
    assert!(empty.text().contains("请写留言的内容"), "{}", empty.text());
    let wrong = [
        Part::text("message", "请看附件"),
        Part::file("files", "合同.exe", &b"MZ"[..]),
    ];
    let wrong = own
        .post_multipart(&format!("{own_path}/messages"), &wrong)
        .await
        .expect_status(400);
    assert!(
        wrong.text().contains("请看附件") && wrong.text().contains("没有收下"),
        "{}",
        wrong.text()
    );
    assert_eq!(world.count("SELECT COUNT(*) FROM thread_entry").await, 0);

    let texts = [("message", "合同<b>第二页</b>补在这里")];
    let path = format!("{own_path}/messages");
    assert_eq!(post(&own, &path, &texts, &["合同.pdf"]).await, 303);
    for (filter, expected) in [
        ("?reply=office", 1),
        ("?reply=enterprise", 0),
        ("?reply=office&state=all", 1),
        ("", 2),
    ] {
        let path = format!("/redemption/desk{filter}");
        let queue = desk.get(&path).await.expect_status(200);
        let total = format!("共 {expected} 件");
        assert!(queue.text().contains(&total), "{filter}: {}", queue.text());
    }
    let queue = desk.get("/redemption/desk").await;
    assert!(queue.text().contains("留言待答复"), "{}", queue.text());
    let unread = own.get(&own_path).await;
    assert!(!unread.text().contains("对方已读"), "{}", unread.text());

    let page = desk.get(&desk_path).await.expect_status(200);
    assert!(
        page.text().contains("合同&#60;b&#62;第二页") && page.text().contains("等您这一方答复"),
        "{}",
        page.text()
    );
    let read = own.get(&own_path).await;
    assert!(read.text().contains("对方已读"), "{}", read.text());
    let file = link(page.text(), "/thread/");
    let opened = desk.get(&file).await.expect_status(200);
    assert_eq!(opened.text().as_bytes(), PDF);

    // the office answers and asks; the enterprise is told
    let remark = [("remark", "合同像是补签的，现场再核")];
    let path = format!("{desk_path}/remarks");
    assert_eq!(post(&desk, &path, &remark, &["照片.pdf"]).await, 303);
    let answer = [
        ("message", "收到，请再说明付款方式"),
        ("message-reply", "yes"),
    ];
    let path = format!("{desk_path}/messages");
    assert_eq!(post(&desk, &path, &answer, &[]).await, 303);
    let told = "SELECT COUNT(*) FROM message WHERE event = 'platform.thread-enterprise'";
    assert_eq!(world.count(told).await, 1);
    let page = own.get(&own_path).await.expect_status(200);
    assert!(
        page.text().contains("请再说明付款方式") && page.text().contains("等您这一方答复"),
        "{}",
        page.text()
    );
    for hidden in ["补签", "照片.pdf", "内部备注"] {
        assert!(!page.text().contains(hidden), "{hidden}: {}", page.text());
    }
    let page = desk.get(&desk_path).await;
    assert!(
        page.text().contains("补签") && page.text().contains("企业看不到"),
        "{}",
        page.text()
    );
    let remarked = page.text().split("id=\"remarks\"").nth(1).unwrap();
    let secret = link(remarked, "/thread/");
    let _ = desk.get(&secret).await.expect_status(200);

    let mine = own.get("/redemption").await;
    assert!(mine.text().contains("部门请您答复留言"), "{}", mine.text());

    // files: not by another path, not by strangers, a remark's never by the enterprise
    let (file, secret) = (
        file.rsplit('/').next().unwrap(),
        secret.rsplit('/').next().unwrap(),
    );
    let _ = own
        .get(&format!("{own_path}/thread/{file}"))
        .await
        .expect_status(200);
    let _ = own
        .get(&format!("{own_path}/thread/{secret}"))
        .await
        .expect_status(404);
    for (viewer, path) in [
        (boss(2), format!("{own_path}/thread/{file}")),
        (boss(2), format!("/redemption/cases/{other}/thread/{file}")),
        (clerk(), format!("/redemption/desk/{other}/thread/{file}")),
        (asked(0, "370112"), format!("{desk_path}/thread/{file}")),
    ] {
        let _ = world.app(viewer).get(&path).await.expect_status(404);
    }
    let path = format!("{own_path}/messages");
    let theirs = world.app(boss(2));
    assert_eq!(post(&theirs, &path, &texts, &[]).await, 404);
    assert_eq!(
        post(&own, &format!("{desk_path}/remarks"), &remark, &[]).await,
        403
    );

    // whoever handles it is told; no answer is needed to thanks
    let version = world.redemption_version(&id).await;
    let _ = desk
        .post_form(&format!("{desk_path}/take"), &[("version", &version)])
        .await
        .expect_status(303);
    assert_eq!(
        post(&own, &path, &[("message", "分三次，谢谢")], &[]).await,
        303
    );
    let told = "SELECT COUNT(*) FROM message WHERE event = 'platform.thread-office' AND recipient_kind = 'account'";
    assert_eq!(world.count(told).await, 1);
    let path = format!("{desk_path}/messages");
    assert_eq!(post(&desk, &path, &[("do", "settle")], &[]).await, 303);
    let queue = desk.get("/redemption/desk?reply=office&state=all").await;
    assert!(queue.text().contains("共 0 件"), "{}", queue.text());
}

async fn a_body_that_was_asked_reads_messages_and_no_remark(db: TestDatabase) {
    let world = World::new(db).await;
    world.publish("yanfa", Delivery::Application, |_| {}).await;
    let id = applied(&world, 1).await;
    let desk = world.app(clerk());
    let path = format!("/redemption/desk/{id}");
    let said = [("message", "请等联审结果")];
    assert_eq!(
        post(&desk, &format!("{path}/messages"), &said, &[]).await,
        303
    );
    let noted = [("remark", "环保那边要盯")];
    assert_eq!(
        post(&desk, &format!("{path}/remarks"), &noted, &["底稿.pdf"]).await,
        303
    );
    let secret = link(desk.get(&path).await.text(), "/thread/");
    let version = world.redemption_version(&id).await;
    let given = [
        ("version", version.as_str()),
        ("question", "是否有违法记录"),
        ("department-0", "历下区生态环境局"),
        ("term-0", "3 个工作日"),
    ];
    let _ = desk
        .post_form(&format!("{path}/opinions"), &given)
        .await
        .expect_status(303);
    let body = world.app(asked(0, "370112"));
    let page = body.get(&path).await.expect_status(200);
    assert!(page.text().contains("请等联审结果"), "{}", page.text());
    assert!(!page.text().contains("环保那边要盯"), "{}", page.text());
    let _ = body.get(&secret).await.expect_status(404);
    let refused = post(&body, &format!("{path}/messages"), &said, &[]).await;
    assert!((400..500).contains(&refused), "{refused}");
}

async fn phrases_are_filled_in_where_they_are_chosen(db: TestDatabase) {
    let world = World::new(db).await;
    world.publish("yanfa", Delivery::Application, |_| {}).await;
    let id = applied(&world, 1).await;
    let app = world.app(clerk());
    let unknown = [
        ("purpose", "refusal"),
        ("name", "不符合"),
        ("text", "{单位}不符合条件"),
        ("shared", "yes"),
    ];
    let refused = app
        .post_form("/redemption/phrases", &unknown)
        .await
        .expect_status(400);
    assert!(
        refused.text().contains("「单位」")
            && refused.text().contains("{企业名称}、{事项}")
            && refused.text().contains("{单位}不符合条件"),
        "{}",
        refused.text()
    );
    for (purpose, name, text, shared) in [
        (
            "refusal",
            "不符合",
            "{企业名称}申请的“{事项}”（{编号}）不符合条件",
            "yes",
        ),
        (
            "reply",
            "已收到",
            "{企业名称}：已收到，{截止日期}前答复。",
            "no",
        ),
        ("completion", "缺合同", "请在{截止日期}前补上合同", "yes"),
    ] {
        let given = [
            ("purpose", purpose),
            ("name", name),
            ("text", text),
            ("shared", shared),
        ];
        let _ = app
            .post_form("/redemption/phrases", &given)
            .await
            .expect_status(303);
    }
    let list = app.get("/redemption/phrases").await.expect_status(200);
    let colleague = world.app(decider()).get("/redemption/phrases").await;
    assert!(
        list.text().contains("已收到") && !colleague.text().contains("已收到"),
        "one's own are one's own: {}",
        colleague.text()
    );
    assert!(
        colleague.text().contains("缺合同"),
        "the body's are everybody's there"
    );
    let elsewhere = world.app(other_clerk()).get("/redemption/phrases").await;
    assert!(!elsewhere.text().contains("缺合同"), "{}", elsewhere.text());
    let _ = world
        .app(boss(1))
        .get("/redemption/phrases")
        .await
        .expect_status(403);

    // chosen on a form: what was typed stays, nothing is done
    let path = format!("/redemption/desk/{id}");
    let page = app.get(&path).await.expect_status(200);
    let chosen = |name: &str| {
        let option = format!("\">{name}（");
        let before = page.text().split(&option).next().unwrap();
        before.rsplit("value=\"").next().unwrap().to_owned()
    };
    let (refusal, reply) = (chosen("不符合"), chosen("已收到"));
    let version = world.redemption_version(&id).await;
    let given = [
        ("version", version.as_str()),
        ("reason", "经核查："),
        ("apply", "reason"),
        ("reason-phrase", refusal.as_str()),
    ];
    let shown = app
        .post_form(&format!("{path}/refuse"), &given)
        .await
        .expect_status(200);
    let filled = format!("经核查：\n{}申请的“研发项目补助”（兑付-2026-", name(1));
    assert!(
        shown.text().contains(&filled),
        "{filled} in {}",
        shown.text()
    );
    let none = app
        .post_form(
            &format!("{path}/refuse"),
            &[("version", version.as_str()), ("apply", "reason")],
        )
        .await
        .expect_status(400);
    assert!(
        none.text().contains("请先选择一条常用语"),
        "{}",
        none.text()
    );
    let stolen = [
        ("version", version.as_str()),
        ("apply", "reason"),
        ("reason-phrase", reply.as_str()),
    ];
    let _ = world
        .app(decider())
        .post_form(&format!("{path}/refuse"), &stolen)
        .await
        .expect_status(404);
    let parts = [
        Part::text("message", ""),
        Part::text("apply", "message"),
        Part::text("message-phrase", &reply),
    ];
    let shown = app
        .post_multipart(&format!("{path}/messages"), &parts)
        .await
        .expect_status(200);
    let filled = format!("{}：已收到，2026年", name(1));
    assert!(
        shown.text().contains(&filled),
        "{filled} in {}",
        shown.text()
    );
    assert_eq!(world.count("SELECT COUNT(*) FROM thread_entry").await, 0);
    assert!(
        world.case(1, "yanfa").await["status"]["words"]
            .as_str()
            .unwrap()
            .starts_with("受理")
    );

    // changed, and removed
    let edit = format!("/redemption/phrases/{refusal}");
    let shown = app.get(&edit).await.expect_status(200);
    assert!(shown.text().contains("修改：不符合"), "{}", shown.text());
    let _ = app
        .post_form(&edit, &[("do", "remove")])
        .await
        .expect_status(303);
    let _ = app.get(&edit).await.expect_status(404);
}

/// A form with a text, an amount and a file, as a scheme holds it.
pub(crate) fn form() -> serde_json::Value {
    json!({
        "title": "研发项目补助申请表",
        "nodes": [
            { "id": "project", "label": "项目名称", "kind": "text", "length": 60, "required": true },
            { "id": "amount", "label": "申请金额", "kind": "money", "required": true },
            { "id": "contract", "label": "项目合同", "kind": "files", "types": ["pages", "images"], "files": 3,
              "megabytes": 5, "required": true },
        ],
    })
}

/// What a form that is open needs to be sent back.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let rest = page.split(&start).nth(1);
    let value = rest.and_then(|rest| rest.split('"').next());
    value
        .unwrap_or_else(|| panic!("{name} in {page}"))
        .to_owned()
}

/// Sends the form at this address with a button; files as given.
pub(crate) async fn send(
    app: &App,
    path: &str,
    texts: &[(&str, &str)],
    file: Option<&str>,
) -> zhida_testkit::TestResponse {
    let page = app.get(path).await.expect_status(200);
    let (version, tab) = (hidden(page.text(), "version"), hidden(page.text(), "tab"));
    let mut parts = vec![Part::text("version", &version), Part::text("tab", &tab)];
    parts.extend(texts.iter().map(|(name, text)| Part::text(name, text)));
    parts.extend(file.map(|name| Part::file("contract", name, PDF)));
    app.post_multipart(path, &parts).await
}

async fn a_completion_is_mended_at_the_marks_and_shown_as_a_difference(db: TestDatabase) {
    let world = World::new(db).await;
    world
        .publish("yanfa", Delivery::Application, |scheme| {
            scheme.form = Some(form());
            scheme.asks_payee = false;
        })
        .await;
    let own = world.app(boss(1));
    let apply = "/redemption/apply/yanfa/form";
    let texts = [
        ("project", "电池回收"),
        ("amount", "120000"),
        ("do", "upload"),
    ];
    let _ = send(&own, apply, &texts, Some("合同.pdf"))
        .await
        .expect_status(303);
    let draft = own.get(apply).await.expect_status(200);
    let file = link(draft.text(), "/files/");
    let opened = own.get(&file).await.expect_status(200);
    assert_eq!(opened.text().as_bytes(), PDF);
    let _ = world.app(boss(2)).get(&file).await.expect_status(404);
    let texts = [
        ("project", "电池回收"),
        ("amount", "120000"),
        ("do", "submit"),
    ];
    let _ = send(&own, apply, &texts, None).await.expect_status(303);

    let case = world.case(1, "yanfa").await;
    let id = case["id"].as_str().unwrap();
    let status = format!("/redemption/cases/{id}");
    let shown = own.get(&status).await.expect_status(200);
    assert!(shown.text().contains("电池回收"), "{}", shown.text());
    let file = link(shown.text(), "/files/");
    let _ = own.get(&file).await.expect_status(200);
    let _ = world.app(boss(2)).get(&file).await.expect_status(404);
    let _ = world.app(other_clerk()).get(&file).await.expect_status(200);
    let looks = "SELECT COUNT(*) FROM audit_event WHERE action = 'redemption.view_file'";
    assert_eq!(world.count(looks).await, 1, "only officers leave a record");

    // the officer marks two fields
    let desk = world.app(clerk());
    let path = format!("/redemption/desk/{id}");
    let version = world.redemption_version(id).await;
    let marks = [
        ("version", version.as_str()),
        ("lack", "wrong"),
        ("mark-amount", "与合同金额不一致"),
        ("mark-contract", "缺第二页"),
    ];
    let _ = desk
        .post_form(&format!("{path}/completion"), &marks)
        .await
        .expect_status(303);
    let shown = own.get(&status).await;
    assert!(
        shown.text().contains("与合同金额不一致"),
        "{}",
        shown.text()
    );

    // the enterprise mends what is marked, beside what it had written
    let complete = format!("{status}/complete");
    let page = own.get(&complete).await.expect_status(200);
    for words in ["与合同金额不一致", "缺第二页", "电池回收", "合同.pdf"] {
        assert!(page.text().contains(words), "{words} in {}", page.text());
    }
    let before = link(page.text(), "/files/");
    let _ = own.get(&before).await.expect_status(200);
    let texts = [
        ("project", "电池回收"),
        ("amount", "100000"),
        ("do", "upload"),
    ];
    let _ = send(&own, &complete, &texts, Some("合同第二页.pdf"))
        .await
        .expect_status(303);
    let texts = [
        ("project", "电池回收"),
        ("amount", "100000"),
        ("do", "submit"),
    ];
    let _ = send(&own, &complete, &texts, None).await.expect_status(303);

    // the officer sees what changed and nothing else
    let page = desk.get(&path).await.expect_status(200);
    let change = page
        .text()
        .split("补正前后的变化</caption>")
        .nth(1)
        .unwrap();
    let change = change.split("</table>").next().unwrap();
    for words in ["120,000 元", "100,000 元", "合同第二页.pdf"] {
        assert!(change.contains(words), "{words} in {change}");
    }
    assert!(!change.contains("电池回收"), "{change}");
    let version = world.redemption_version(id).await;
    let note = [("version", version.as_str()), ("advance-note", "已补齐")];
    let _ = desk
        .post_form(&format!("{path}/advance"), &note)
        .await
        .expect_status(303);
}

async fn whom_no_message_reaches_is_said_beside_the_thread(db: TestDatabase) {
    let world = World::new(db).await;
    world.publish("jiuye", Delivery::Instant, |_| {}).await;
    world.pool("jiuye", 1_000_000).await;
    let own = world.app(boss(1));
    let _ = own
        .post_form("/redemption/apply/jiuye", &fields(&payee(1)))
        .await
        .expect_status(303);
    let case = world.case(1, "jiuye").await;
    let id = case["id"].as_str().unwrap();
    let desk = world
        .app(clerk())
        .get(&format!("/redemption/desk/{id}"))
        .await;
    // the tests' address book knows nobody
    let words = "还没有人代表这家企业使用本系统";
    assert!(desk.expect_status(200).text().contains(words));
    let page = own.get(&format!("/redemption/cases/{id}")).await;
    assert!(!page.expect_status(200).text().contains(words));
}

both_databases!(
    whom_no_message_reaches_is_said_beside_the_thread,
    both_sides_write_and_read_and_know_whose_turn_it_is,
    a_body_that_was_asked_reads_messages_and_no_remark,
    phrases_are_filled_in_where_they_are_chosen,
    a_completion_is_mended_at_the_marks_and_shown_as_a_difference,
);
