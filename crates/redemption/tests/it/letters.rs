//! Decision letters: issued with the decision, read by those who may see the case, checked by anybody.

use zhida_platform::access::Viewer;
use zhida_platform::db;
use zhida_policies::Delivery;
use zhida_testkit::{Part, TestDatabase, both_databases};

use crate::world::{World, boss, clerk, decider, fields, name, payee};

/// A case of enterprise 1 that stands before its decision; its id.
async fn undecided(world: &World) -> String {
    world
        .publish("yanfa", Delivery::Application, |scheme| {
            scheme.letter.granted = "款项在公示期满后拨付。".to_owned();
            scheme.letter.refused = "可以自收到之日起六十日内申请行政复议。".to_owned();
        })
        .await;
    world.pool("yanfa", 1_000_000).await;
    let app = world.app(boss(1));
    let _ = app
        .post_form("/redemption/apply/yanfa", &fields(&payee(1)))
        .await
        .expect_status(303);
    let id = world.case_id(1, "yanfa").await;
    for note in ["材料齐全", "符合条件"] {
        world.redemption.advance(&clerk(), &id, note).await.unwrap();
    }
    id
}

async fn decide(world: &World, id: &str, step: &str, given: &[(&str, &str)]) {
    let version = world.redemption_version(id).await;
    let given = [given, &[("version", version.as_str())]].concat();
    let app = world.app(decider());
    let _ = app
        .post_form(&format!("/redemption/desk/{id}/{step}"), &given)
        .await
        .expect_status(303);
}

/// The part of a text between two others.
fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("{before} in {text}"));
    rest.split_once(after).unwrap().0
}

/// The letter's page of those who may see the case, and its check code.
async fn letter(world: &World, id: &str) -> (String, String) {
    let page = world
        .app(decider())
        .get(&format!("/redemption/desk/{id}"))
        .await
        .expect_status(200);
    let path = format!(
        "/redemption/letters/{}",
        between(page.text(), "/redemption/letters/", "\"")
    );
    let shown = world.app(boss(1)).get(&path).await.expect_status(200);
    let code = between(shown.text(), "/verify/", "\"").to_owned();
    (path, code)
}

async fn anybody_with_the_code_can_check_a_letter(db: TestDatabase) {
    let world = World::new(db).await;
    let id = undecided(&world).await;
    decide(
        &world,
        &id,
        "grant",
        &[("amount", "150,000"), ("grant-words", "同意")],
    )
    .await;
    let (path, code) = letter(&world, &id).await;
    let shown = world.app(boss(1)).get(&path).await.expect_status(200);
    for text in [
        "准予兑付决定书",
        "壹拾伍万元整",
        "款项在公示期满后拨付。",
        "第 1 版规则和第 1 版兑付方案",
    ] {
        assert!(shown.text().contains(text), "{text} in {}", shown.text());
    }
    let _ = world.app(boss(2)).get(&path).await.expect_status(404);

    let public = world.app(Viewer::visitor());
    let _ = public.get(&path).await.expect_status(401);
    let page = public
        .get(&format!("/verify/{}", code.to_lowercase()))
        .await
        .expect_status(200);
    for text in [name(1).as_str(), "研发项目补助", "150,000 元", "有效"] {
        assert!(page.text().contains(text), "{text} in {}", page.text());
    }
    let json = public
        .get(&format!("/api/v1/letters/{code}"))
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (json["state"].as_str(), json["fen"].as_i64()),
        (Some("in_force"), Some(15_000_000))
    );
    assert_eq!(json["enterprise_name"], name(1));

    let asked = public
        .get(&format!("/verify?code={code}"))
        .await
        .expect_status(303);
    assert_eq!(asked.header("location"), format!("/verify/{code}"));
    let last = if code.ends_with('0') { '1' } else { '0' };
    let wrong = format!("{}{last}", &code[..15]);
    let refused = public
        .get(&format!("/verify/{wrong}"))
        .await
        .expect_status(400);
    assert!(refused.text().contains("抄错了一位"), "{}", refused.text());
    let _ = public
        .get(&format!("/api/v1/letters/{wrong}"))
        .await
        .expect_status(400);
    let unknown = public
        .get("/verify/0000000000000000")
        .await
        .expect_status(404);
    assert!(
        unknown.text().contains("不是由本平台签发的"),
        "{}",
        unknown.text()
    );
}

async fn the_pdf_is_kept_as_a_file_and_others_are_told_apart(db: TestDatabase) {
    let world = World::new(db).await;
    let id = undecided(&world).await;
    decide(
        &world,
        &id,
        "grant",
        &[("amount", ""), ("grant-words", "同意")],
    )
    .await;
    let (path, code) = letter(&world, &id).await;
    let verify = format!("/verify/{code}");
    let public = world.app(Viewer::visitor());
    let compare = |content: Vec<u8>| {
        let parts = [Part::file("file", "决定书.pdf", content)];
        let (public, verify) = (&public, &verify);
        async move { public.post_multipart(verify, &parts).await }
    };
    let early = compare(b"%PDF-1.7 anything".to_vec())
        .await
        .expect_status(200);
    assert!(
        early.text().contains("还没有在本平台生成过"),
        "{}",
        early.text()
    );

    let app = world.app(boss(1));
    let pdf = format!("{path}/pdf");
    let (one, other) = tokio::join!(app.get(&pdf), app.get(&pdf));
    let (one, other) = (one.expect_status(200), other.expect_status(200));
    assert_eq!(one.header("content-type"), "application/pdf");
    assert!(
        one.bytes.starts_with(b"%PDF-") && one.bytes == other.bytes,
        "the same bytes for both"
    );
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM redemption_letter WHERE file IS NOT NULL")
            .await,
        1
    );
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM file WHERE subject_kind = 'redemption_letter'")
            .await,
        1
    );
    let _ = world
        .app(boss(2))
        .get(&format!("{path}/pdf"))
        .await
        .expect_status(404);

    let same = compare(one.bytes.to_vec()).await.expect_status(200);
    assert!(same.text().contains("完全一致"), "{}", same.text());
    let mut changed = one.bytes.to_vec();
    changed[20] ^= 1;
    let differs = compare(changed).await.expect_status(200);
    assert!(
        differs.text().contains("与签发的不一致"),
        "{}",
        differs.text()
    );
    let none = public
        .post_multipart(&verify, &[Part::text("file", "")])
        .await
        .expect_status(400);
    assert!(none.text().contains("请选择要比对的"), "{}", none.text());
}

async fn a_refusal_gives_its_reason_and_a_changed_archive_shows(db: TestDatabase) {
    let world = World::new(db).await;
    let id = undecided(&world).await;
    decide(&world, &id, "refuse", &[("reason", "项目没有示范作用")]).await;
    let (path, code) = letter(&world, &id).await;
    let shown = world.app(boss(1)).get(&path).await.expect_status(200);
    for text in ["不予兑付决定书", "理由：项目没有示范作用。", "申请行政复议"]
    {
        assert!(shown.text().contains(text), "{text} in {}", shown.text());
    }
    let sql =
        "UPDATE redemption_letter SET content = REPLACE(content, '没有示范作用', '具有示范作用')";
    world
        .db
        .write(|tx| async move { db::execute(&tx, sql, []).await })
        .await
        .unwrap();
    let page = world
        .app(Viewer::visitor())
        .get(&format!("/verify/{code}"))
        .await
        .expect_status(200);
    assert!(
        page.text().contains("存档内容与签发时不一致"),
        "{}",
        page.text()
    );
    let _ = world
        .app(boss(1))
        .get(&format!("{path}/pdf"))
        .await
        .expect_status(500);
}

both_databases!(
    anybody_with_the_code_can_check_a_letter,
    the_pdf_is_kept_as_a_file_and_others_are_told_apart,
    a_refusal_gives_its_reason_and_a_changed_archive_shows,
);
