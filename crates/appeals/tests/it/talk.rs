//! Messages between an appellant and the office, remarks of officers, phrases: through the front door.

use serde_json::json;
use zhida_appeals::words::Confidentiality;
use zhida_platform::access::Viewer;
use zhida_platform::db;
use zhida_testkit::{App, Part, TestDatabase, both_databases, sqlite};

use crate::journey::supervisor;
use crate::world::{World, boss, clerk, name, operator, person};

const PDF: &[u8] = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

async fn post(app: &App, path: &str, texts: &[(&str, &str)], files: &[&str]) -> u16 {
    let texts = texts.iter().map(|(name, text)| Part::text(name, text));
    let files = files.iter().map(|name| Part::file("files", name, PDF));
    let parts: Vec<Part> = texts.chain(files).collect();
    app.post_multipart(path, &parts).await.status.as_u16()
}

/// Where the first link that contains these words leads.
fn link(page: &str, part: &str) -> String {
    let mut links = page
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    let found = links.find(|href| href.contains(part));
    found
        .unwrap_or_else(|| panic!("{part} in {page}"))
        .to_owned()
}

/// Without an account, by the check code.
fn anybody(world: &World) -> App {
    world.app(Viewer::visitor())
}

async fn somebody_without_an_account_and_the_office_write_to_each_other(db: TestDatabase) {
    let world = World::new(db).await;
    let made = world
        .appeal(None, "工伤待遇没有到账", Confidentiality::Normal)
        .await;
    world.handled(&made.case_id).await;
    let own = format!("/appeals/f/{}", made.check_code.plain());
    let desk_path = format!("/appeals/{}", made.case_id);
    let (appellant, lead) = (anybody(&world), world.app(clerk(0)));
    let path = format!("{own}/messages");
    // nothing is said at its field, and what was typed beside a wrong file stays
    let empty = appellant
        .post_multipart(&path, &[Part::text("message", " ")])
        .await;
    assert!(empty.expect_status(400).text().contains("请写留言的内容"));
    let wrong = [
        Part::text("message", "请看附件"),
        Part::file("files", "单据.exe", &b"MZ"[..]),
    ];
    let wrong = appellant
        .post_multipart(&path, &wrong)
        .await
        .expect_status(400);
    assert!(wrong.text().contains("请看附件") && wrong.text().contains("没有收下"));
    assert_eq!(world.count("SELECT COUNT(*) FROM thread_entry").await, 0);

    assert_eq!(
        post(
            &appellant,
            &path,
            &[("message", "单据<b>在这里")],
            &["单据.pdf"]
        )
        .await,
        303
    );
    for (filter, expected) in [("reply=office", 1), ("reply=enterprise", 0), ("", 1)] {
        let list = lead
            .get(&format!("/api/v1/appeals?{filter}"))
            .await
            .expect_status(200);
        assert_eq!(list.json()["total"], expected, "{filter}");
    }
    let queue = lead.get("/appeals").await.expect_status(200);
    assert!(
        queue.text().contains("留言待答复</strong>")
            || queue.text().matches("留言待答复").count() > 1
    );
    let page = lead.get(&desk_path).await.expect_status(200);
    assert!(
        page.text().contains("单据&#60;b&#62;在这里") && page.text().contains("等您这一方答复"),
        "{}",
        page.text()
    );
    let words = "诉求人没有账号，不会收到消息";
    assert!(page.text().contains(words), "{}", page.text());
    let read = appellant.get(&own).await.expect_status(200);
    assert!(read.text().contains("对方已读"), "{}", read.text());
    assert!(!read.text().contains(words), "{}", read.text());
    // a file that waits for its scan says so before anybody clicks
    for (state, expected) in [("pending", true), ("clean", false)] {
        let scan = format!("UPDATE file_content SET state = '{state}'");
        db::execute(world.db.conn(), &scan, []).await.unwrap();
        let page = lead.get(&desk_path).await.expect_status(200);
        let tag = "<span class=\"zd-tag zd-tag--yellow\">待查毒</span>";
        assert_eq!(page.text().contains(tag), expected, "{}", page.text());
    }
    let file = link(page.text(), "/thread/");
    assert_eq!(
        lead.get(&file).await.expect_status(200).text().as_bytes(),
        PDF
    );

    // the office answers and asks; its remark stays inside
    let remark = [("remark", "像是重复来件")];
    assert_eq!(
        post(
            &lead,
            &format!("{desk_path}/remarks"),
            &remark,
            &["照片.pdf"]
        )
        .await,
        303
    );
    let answer = [("message", "收到，请说明月份"), ("message-reply", "yes")];
    assert_eq!(
        post(&lead, &format!("{desk_path}/messages"), &answer, &[]).await,
        303
    );
    let page = appellant.get(&own).await.expect_status(200);
    assert!(
        page.text().contains("请说明月份") && page.text().contains("等您这一方答复"),
        "{}",
        page.text()
    );
    for hidden in ["重复来件", "照片.pdf", "内部备注"] {
        assert!(!page.text().contains(hidden), "{hidden}");
    }
    let remarked = lead.get(&desk_path).await;
    let remarked = remarked
        .text()
        .split("id=\"remarks\"")
        .nth(1)
        .unwrap()
        .to_owned();
    assert!(
        remarked.contains("重复来件") && remarked.contains("诉求人看不到"),
        "{remarked}"
    );
    let secret = link(&remarked, "/thread/");
    let _ = lead.get(&secret).await.expect_status(200);
    // files: by no other path, by no stranger, a remark's never by the appellant
    let (file, secret) = (
        file.split(['/', '?'])
            .find(|part| part.len() == 36 && *part != made.case_id)
            .unwrap(),
        secret.rsplit('/').next().unwrap(),
    );
    let _ = appellant
        .get(&format!("{own}/thread/{file}"))
        .await
        .expect_status(200);
    let _ = appellant
        .get(&format!("{own}/thread/{secret}"))
        .await
        .expect_status(404);
    let other = world.appeal(None, "停电", Confidentiality::Normal).await;
    let foreign = format!("/appeals/f/{}", other.check_code.plain());
    let _ = appellant
        .get(&format!("{foreign}/thread/{file}"))
        .await
        .expect_status(404);
    let _ = world
        .app(clerk(1))
        .get(&format!("{desk_path}/thread/{file}"))
        .await
        .expect_status(404);
    assert_eq!(
        post(
            &world.app(clerk(1)),
            &format!("{desk_path}/messages"),
            &answer,
            &[]
        )
        .await,
        404
    );
    // thanks need no answer
    assert_eq!(
        post(&appellant, &path, &[("message", "十月的，谢谢")], &[]).await,
        303
    );
    assert_eq!(
        post(
            &lead,
            &format!("{desk_path}/messages"),
            &[("do", "settle")],
            &[]
        )
        .await,
        303
    );
    let waiting = "SELECT COUNT(*) FROM thread WHERE awaits IS NOT NULL";
    assert_eq!(world.count(waiting).await, 0);
    let recorded = "SELECT COUNT(*) FROM audit_event WHERE action IN ('appeals.message', 'appeals.remark', 'appeals.message_settle')";
    assert_eq!(world.count(recorded).await, 5);
}

both_databases!(somebody_without_an_account_and_the_office_write_to_each_other);

async fn merged_appellants_keep_threads_of_their_own_and_officers_who_may_not_know_read_no_name(
    db: TestDatabase,
) {
    let world = World::new(db).await;
    let mut made = Vec::new();
    for number in 1..=2 {
        made.push(
            world
                .appeal(Some(number), "工伤待遇没有到账", Confidentiality::Concealed)
                .await,
        );
    }
    let (first, second) = (&made[0], &made[1]);
    let path = |id: &str| format!("/appeals/{id}/own/messages");
    let said = [("message", "第一家的话")];
    assert_eq!(
        post(&world.app(boss(1)), &path(&first.case_id), &said, &[]).await,
        303
    );
    let merge = json!({ "step": "merge", "number": first.number, "reason": "同一件事" });
    world.step(operator(), &second.case_id, merge).await;
    let said = [("message", "第二家的话")];
    assert_eq!(
        post(&world.app(boss(2)), &path(&second.case_id), &said, &[]).await,
        303
    );
    world.handled(&first.case_id).await;

    let theirs = world
        .app(boss(2))
        .get(&format!("/appeals/{}", second.case_id))
        .await
        .expect_status(200);
    assert!(theirs.text().contains("第二家的话") && !theirs.text().contains("第一家的话"));
    let voice = world.voice(&second.case_id).await;
    let shown = format!("/appeals/{}?voice={voice}", first.case_id);
    let api = format!("/api/v1/appeals/{}/messages?voice={voice}", first.case_id);
    // the tests' address book knows nobody
    let unreached = "还没有人代表这家企业使用本系统";
    for viewer in [clerk(0), supervisor()] {
        let app = world.app(viewer);
        for address in [&shown, &api] {
            let page = app.get(address).await.expect_status(200);
            assert!(
                page.text().contains("第二家的话") && page.text().contains("诉求人"),
                "{address}"
            );
            for secret in [
                name(2),
                name(1),
                "legal102".to_owned(),
                "legal101".to_owned(),
            ] {
                assert!(!page.text().contains(&secret), "{address}: {secret}");
            }
            assert!(!page.text().contains(unreached), "{address}");
        }
    }
    // the operator may know, and answers the second only
    let desk = world.app(operator());
    let page = desk.get(&shown).await.expect_status(200);
    assert!(page.text().contains(&name(2)) && page.text().contains("待回复"));
    assert!(page.text().contains(unreached), "{}", page.text());
    let answer = json!({ "text": "已经收到", "wants_reply": true });
    let _ = desk.post_json(&api, &answer).await.expect_status(201);
    let told = "SELECT COUNT(*) FROM message WHERE event = 'platform.thread-enterprise'";
    assert_eq!(world.count(told).await, 1);
    let theirs = world
        .app(boss(1))
        .get(&format!("/api/v1/appeals/{}/messages", first.case_id))
        .await;
    assert_eq!(theirs.expect_status(200).json()["total"], 1);
    let own = world
        .app(boss(2))
        .get(&format!("/api/v1/appeals/{}/messages", second.case_id))
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (own["total"].as_i64(), own["standing"]["awaits"].as_str()),
        (Some(2), Some("enterprise"))
    );
    // taken out again, the thread goes with its voice
    world
        .step(
            operator(),
            &second.case_id,
            json!({ "step": "unmerge", "reason": "不是一件事" }),
        )
        .await;
    let alone = desk
        .get(&format!("/api/v1/appeals/{}/messages", second.case_id))
        .await
        .expect_status(200)
        .json();
    assert_eq!(alone["total"], 2);
    let gone = desk.get(&api).await;
    assert_eq!(gone.status.as_u16(), 404);
    // nobody outside: another enterprise, a body without a part in it
    for viewer in [boss(3), clerk(2)] {
        let _ = world.app(viewer).get(&api).await.expect_status(404);
    }
}

both_databases!(
    merged_appellants_keep_threads_of_their_own_and_officers_who_may_not_know_read_no_name
);

#[tokio::test]
async fn who_only_looks_on_reads_what_the_appellant_reads_and_a_script_is_stopped() {
    let world = World::new(sqlite().await).await;
    let made = world.appeal(Some(1), "停电", Confidentiality::Normal).await;
    let id = &made.case_id;
    let api = format!("/api/v1/appeals/{id}/messages");
    let desk = world.app(operator());
    let remark = json!({ "text": "只给我们看", "is_internal": true });
    let _ = desk.post_json(&api, &remark).await.expect_status(201);
    let _ = desk
        .post_json(&api, &json!({ "text": "您好" }))
        .await
        .expect_status(201);
    let leader = world.app(person("leader", Some(crate::world::CITY), None, 31));
    let seen = leader.get(&api).await.expect_status(200);
    assert!(
        seen.text().contains("您好") && !seen.text().contains("只给我们看"),
        "{}",
        seen.text()
    );
    let _ = leader
        .post_json(&api, &json!({ "text": "我也说" }))
        .await
        .expect_status(403);
    // an enterprise writes no remark, and not without end
    let own = world.app(boss(1));
    let refused = own.post_json(&api, &remark).await.expect_status(400);
    assert!(refused.text().contains("内部备注只有部门能写"));
    for at in 0..20 {
        let said = json!({ "text": format!("第 {at} 条") });
        let _ = own.post_json(&api, &said).await.expect_status(201);
    }
    let many = own
        .post_json(&api, &json!({ "text": "再一条" }))
        .await
        .expect_status(400);
    assert!(
        many.text().contains("一天最多留言 20 条"),
        "{}",
        many.text()
    );
    world.clock.pass(chrono::TimeDelta::days(1));
    let _ = own
        .post_json(&api, &json!({ "text": "第二天" }))
        .await
        .expect_status(201);
}

#[tokio::test]
async fn phrases_are_filled_in_and_name_nobody_who_is_concealed() {
    let world = World::new(sqlite().await).await;
    let desk = world.app(operator());
    let phrase = [
        ("purpose", "dispatch"),
        ("name", "常规交办"),
        ("text", "请{主办单位}办理“{诉求标题}”（{企业名称}）"),
        ("shared", "no"),
    ];
    let _ = desk
        .post_form("/appeals/phrases", &phrase)
        .await
        .expect_status(303);
    let wrong = [
        ("purpose", "dispatch"),
        ("name", "错"),
        ("text", "{电话}"),
        ("shared", "no"),
    ];
    let wrong = desk
        .post_form("/appeals/phrases", &wrong)
        .await
        .expect_status(400);
    assert!(wrong.text().contains("{诉求标题}"), "{}", wrong.text());
    for (confidentiality, named) in [
        (Confidentiality::Normal, true),
        (Confidentiality::Concealed, true),
    ] {
        let made = world
            .appeal(Some(1), "工伤待遇没有到账", confidentiality)
            .await;
        let id = &made.case_id;
        let accept =
            json!({ "step": "accept", "category": "labour/insurance/injury", "track": "single" });
        world.step(operator(), id, accept).await;
        let page = desk.get(&format!("/appeals/{id}")).await.expect_status(200);
        let chosen = page
            .text()
            .split("<option value=\"")
            .find(|rest| rest.contains("常规交办"))
            .unwrap();
        let chosen = chosen.split('"').next().unwrap();
        let fields = [
            ("version", "1"),
            ("apply", "dispatch-note"),
            ("dispatch-note-phrase", chosen),
            ("dispatch-note", "先写的"),
        ];
        let filled = desk
            .post_form(&format!("/appeals/{id}/steps/dispatch"), &fields)
            .await
            .expect_status(200);
        assert!(
            filled
                .text()
                .contains("先写的\n请【主办单位】办理“工伤待遇没有到账”"),
            "{}",
            filled.text()
        );
        // the operator knows whose it is
        assert_eq!(filled.text().contains(&format!("（{}）", name(1))), named);
    }
    // a clerk's own, of an appeal whose appellant is concealed
    let lead = world.app(clerk(0));
    let phrase = [
        ("purpose", "reply"),
        ("name", "答复"),
        ("text", "{企业名称}：已办结"),
        ("shared", "no"),
    ];
    let _ = lead
        .post_form("/appeals/phrases", &phrase)
        .await
        .expect_status(303);
    let made = world
        .appeal(Some(2), "工伤待遇没有到账", Confidentiality::Concealed)
        .await;
    let id = &made.case_id;
    world
        .step(
            operator(),
            id,
            json!({ "step": "accept", "category": "labour/insurance/injury", "track": "single" }),
        )
        .await;
    world
        .step(operator(), id, json!({ "step": "dispatch" }))
        .await;
    let page = lead.get(&format!("/appeals/{id}")).await.expect_status(200);
    let chosen = page
        .text()
        .split("<option value=\"")
        .find(|rest| rest.contains("答复（自己）"))
        .unwrap();
    let chosen = chosen.split('"').next().unwrap();
    let fields = [("apply", "reply-text"), ("reply-text-phrase", chosen)];
    let filled = lead
        .post_form(&format!("/appeals/{id}/steps/reply"), &fields)
        .await
        .expect_status(200);
    assert!(
        filled.text().contains("【企业名称】：已办结"),
        "{}",
        filled.text()
    );
    assert!(!filled.text().contains(&name(2)));
    // another's phrases are nobody else's; an enterprise has none
    let _ = desk
        .get(&format!("/appeals/phrases/{chosen}"))
        .await
        .expect_status(404);
    let _ = world
        .app(boss(1))
        .get("/appeals/phrases")
        .await
        .expect_status(403);
}
