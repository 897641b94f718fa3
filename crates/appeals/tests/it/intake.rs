//! How appeals come, on both databases: page, QR code, desk, API; what is refused, and what comes twice.

use chrono::TimeDelta;
use serde_json::json;
use zhida_platform::access::Viewer;
use zhida_platform::db;
use zhida_testkit::{App, Part, TestDatabase, TestResponse, both_databases};

use crate::world::{CITY, World, boss, clerk, code, manager, name, operator, person};

const TEXT: &str = "园区三号路的路灯坏了一周，夜班工人出入不安全，请尽快修复。";
/// A picture of one pixel.
pub(crate) const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1F, 0x15, 0xC4, 0x89, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xAE,
    0x42, 0x60, 0x82,
];
const MP4: &[u8] = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom\x00\x00\x00\x08mdat";
const WAV: &[u8] = b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x00\x00\x00\x00";

/// The hidden token of a form that was answered.
fn token(page: &TestResponse) -> String {
    let (_, rest) = page.text().split_once("name=\"token\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// Sends a form as the page has it, with a token of its own.
pub(crate) async fn send(app: &App, path: &str, parts: &[Part]) -> TestResponse {
    let form = app.get(path).await.expect_status(200);
    let mut all = vec![Part::text("token", &token(&form))];
    all.extend_from_slice(parts);
    app.post_multipart(path, &all).await
}

/// Number and code that the page after submitting shows.
async fn receipt(app: &App, sent: &TestResponse) -> (String, String) {
    let page = app.get(sent.header("location")).await.expect_status(200);
    let copied = |after: &str| {
        let (_, rest) = page.text().split_once(after).unwrap();
        let (_, rest) = rest.split_once("data-copy=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    (copied(">编号<"), copied(">校验码<"))
}

pub(crate) async fn make_code(world: &World, kind: &str, name: &str, enterprise: &str) -> String {
    let fields = [
        ("kind", kind),
        ("name", name),
        ("place", "山东省济南市历下区"),
        ("enterprise", enterprise),
    ];
    let made = world
        .app(manager())
        .post_form("/appeals/codes", &fields)
        .await;
    let sheet = made.expect_status(303).header("location").to_owned();
    sheet.rsplit('/').next().unwrap().to_owned()
}

async fn set(world: &World, change: &[(&str, &str)]) {
    let app = world.app(manager());
    let page = app.get("/appeals/intake/settings").await.expect_status(200);
    let (_, rest) = page
        .text()
        .split_once("name=\"revision\" value=\"")
        .unwrap();
    let revision = rest.split('"').next().unwrap().to_owned();
    let mut fields = vec![("revision", revision.as_str())];
    for (field, value) in [
        ("text_max", "5000"),
        ("files_max", "9"),
        ("repeat_minutes", "30"),
        ("account_day_max", "30"),
        ("code_ten_minutes_max", "30"),
        ("address_ten_minutes_max", "30"),
        ("hotline", "12345"),
        ("jurisdiction", ""),
    ] {
        let changed = change.iter().find(|(name, _)| *name == field);
        fields.push((field, changed.map_or(value, |(_, value)| value)));
    }
    let shut = change.iter().any(|(name, _)| *name == "shut");
    if !shut {
        fields.extend([("anonymous", "page"), ("anonymous", "codes")]);
    }
    let _ = app
        .post_form("/appeals/intake/settings", &fields)
        .await
        .expect_status(303);
}

async fn a_passer_by_scans_a_code_and_follows_with_number_and_code(db: TestDatabase) {
    let world = World::new(db).await;
    let id = make_code(&world, "window", "政务服务中心 5 号窗口", "").await;
    let app = world.app(Viewer::visitor());
    let path = format!("/q/{id}");
    let form = app.get(&path).await.expect_status(200);
    assert!(form.text().contains("政务服务中心 5 号窗口"));
    let parts = [
        Part::text("text", TEXT),
        Part::text("phone", "138 0000 0000"),
        Part::file("files", "路灯.png", PNG),
    ];
    let sent = send(&app, &path, &parts).await.expect_status(303);
    let (number, check) = receipt(&app, &sent).await;
    assert!(
        number.starts_with("诉求-2026-") && check.len() == 19,
        "{number} {check}"
    );
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM appeal WHERE channel = 'code'")
            .await,
        1
    );
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM case_head WHERE place = '370102'")
            .await,
        1
    );
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM file WHERE subject_kind = 'appeal'")
            .await,
        1
    );

    let found = app
        .post_form(
            "/appeals/follow",
            &[("number", &number), ("code", &check.to_lowercase())],
        )
        .await
        .expect_status(303);
    assert_eq!(
        found.header("location"),
        format!("/appeals/f/{}", check.replace('-', ""))
    );
    let other = app
        .post_form(
            "/appeals/follow",
            &[("number", "诉求-2026-000009-0"), ("code", &check)],
        )
        .await
        .expect_status(400);
    assert!(other.text().contains("校验码不对") || other.text().contains("对不上"));
    // neither the number nor the telephone stands in the code's own list
    let list = world
        .app(manager())
        .get("/appeals/codes")
        .await
        .expect_status(200);
    assert!(list.text().contains("政务服务中心 5 号窗口") && !list.text().contains("138 0000"));
    let phones: Vec<Plain> = db::query_all(
        world.db.conn(),
        "SELECT contact AS text FROM appeal_voice",
        [],
    )
    .await
    .unwrap();
    // the database of the tests has no key: what went through the sealer says so
    let sealed = &phones[0].text;
    assert!(
        sealed.starts_with("plain:") || sealed.starts_with("sm4-gcm"),
        "{sealed}"
    );
}

#[derive(sea_orm::FromQueryResult)]
struct Plain {
    text: String,
}

async fn what_says_nothing_is_answered_and_not_lost(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app(Viewer::visitor());
    let long = "长".repeat(50_000);
    for (text, words) in [
        ("", "请写什么事"),
        ("😡😡👎！", "只有表情或符号"),
        ("停电", "只有 2 个字"),
        (long.as_str(), "写了 50,000 个字，最多 5,000 个"),
    ] {
        let refused = send(&app, "/appeals/new", &[Part::text("text", text)]).await;
        let refused = refused.expect_status(400);
        assert!(refused.text().contains(words), "{words}");
        assert!(
            refused.text().contains(text),
            "what was written stands on the page"
        );
    }
    let parts = [Part::text("text", TEXT), Part::text("phone", "打我微信")];
    let refused = send(&app, "/appeals/new", &parts).await.expect_status(400);
    assert!(refused.text().contains("电话请写数字"));
    assert_eq!(world.count("SELECT COUNT(*) FROM appeal").await, 0);
}

async fn files_are_what_they_say_and_a_voice_is_enough(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app(Viewer::visitor());
    let parts = [
        Part::text("text", TEXT),
        Part::file("files", "现场.jpg", MP4),
    ];
    let refused = send(&app, "/appeals/new", &parts).await.expect_status(400);
    assert!(
        refused.text().contains("扩展名是 .jpg，内容却是MP4 视频"),
        "{}",
        refused.text()
    );
    assert!(refused.text().contains(TEXT));
    let sent = send(
        &app,
        "/appeals/new",
        &[Part::file("files", "现场.mp4", MP4)],
    )
    .await;
    let _ = sent.expect_status(303);
    let sent = send(
        &app,
        "/appeals/new",
        &[Part::text("text", "😡"), Part::file("files", "说.wav", WAV)],
    )
    .await;
    let _ = sent.expect_status(303);
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM appeal WHERE text LIKE '语音或视频诉求%'")
            .await,
        2
    );
    let many: Vec<Part> = (0..11)
        .map(|number| Part::file("files", &format!("{number}.png"), PNG))
        .chain([Part::text("text", TEXT)])
        .collect();
    let refused = send(&app, "/appeals/new", &many).await.expect_status(400);
    assert!(refused.text().contains("最多 9 个附件"));
}

async fn a_script_that_floods_makes_one_appeal(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app(Viewer::visitor());
    let parts = [Part::text("text", TEXT)];
    let first = send(&app, "/appeals/new", &parts).await.expect_status(303);
    let (number, _) = receipt(&app, &first).await;
    for times in 2..=6 {
        let noise = format!("{TEXT}{}", "！".repeat(times));
        let again = send(&app, "/appeals/new", &[Part::text("text", &noise)]).await;
        let again = again.expect_status(200);
        assert!(
            again.text().contains(&format!("第 {times} 次提交")),
            "{}",
            again.text()
        );
        assert!(again.text().contains(&number));
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM appeal").await, 1);
    assert_eq!(world.count("SELECT repeats FROM appeal").await, 5);
    // somebody else, who says the same, is heard
    let other = App::new(world.router_from(Viewer::visitor(), "198.51.100.9:80"));
    let _ = send(&other, "/appeals/new", &parts)
        .await
        .expect_status(303);
    // and so is the first after a while
    world.clock.pass(TimeDelta::minutes(31));
    let _ = send(&app, "/appeals/new", &parts).await.expect_status(303);
    assert_eq!(world.count("SELECT COUNT(*) FROM appeal").await, 3);
}

async fn a_script_that_floods_is_known_after_a_restart(db: TestDatabase) {
    let mut world = World::new(db).await;
    let text = [Part::text("text", TEXT)];
    let path = "/appeals/new";
    let app = world.app(Viewer::visitor());
    let _ = send(&app, path, &text).await.expect_status(303);
    world.restart();
    let app = world.app(Viewer::visitor());
    let again = send(&app, path, &text).await.expect_status(200);
    assert!(again.text().contains("第 2 次提交"), "{}", again.text());
    assert_eq!(world.count("SELECT COUNT(*) FROM appeal").await, 1);
    assert_eq!(world.count("SELECT COUNT(*) FROM appeal_salt").await, 1);
    // nothing that is kept tells the address
    let kept: Vec<Plain> = db::query_all(
        world.db.conn(),
        "SELECT i.source || i.digest || a.source AS text FROM appeal_intake i JOIN appeal a ON a.case_id = i.case_id",
        [],
    )
    .await
    .unwrap();
    assert!(!kept[0].text.contains("203.0.113"), "{}", kept[0].text);
}

/// A script that changes its words each time is no repetition: each is an appeal, until it is too much.
async fn a_script_with_a_counter_is_stopped_and_others_are_not(db: TestDatabase) {
    let world = World::new(db).await;
    let two = [("address_ten_minutes_max", "2"), ("account_day_max", "2")];
    set(&world, &two).await;
    let from = |address: &str| App::new(world.router_from(Viewer::visitor(), address));
    let other = from("198.51.100.9:80");
    let text = |number: u32| format!("{TEXT}这是第 {number} 盏。");
    for app in [from("203.0.113.7:1"), world.app(boss(1))] {
        for number in 1..=2 {
            let parts = [Part::text("text", &text(number))];
            let _ = send(&app, "/appeals/new", &parts).await.expect_status(303);
        }
        let third = [Part::text("text", &text(3))];
        let refused = send(&app, "/appeals/new", &third).await.expect_status(429);
        for words in ["已经收到 2 件诉求", "拨打 12345", "这是第 3 盏"] {
            assert!(
                refused.text().contains(words),
                "{words}: {}",
                refused.text()
            );
        }
        let _ = send(&other, "/appeals/new", &third).await;
    }
    assert_eq!(
        world.count("SELECT COUNT(*) FROM appeal").await,
        5,
        "somebody else was heard, and once"
    );
    // the account's day is that of the interface too
    let program = world.app(boss(1));
    let body = json!({ "text": text(4) });
    let refused = program.post_json("/api/v1/appeals", &body).await;
    assert!(refused.expect_status(429).text().contains("24 小时内"));
    world.clock.pass(TimeDelta::minutes(11));
    let fourth = [Part::text("text", &text(4))];
    let _ = send(&from("203.0.113.7:2"), "/appeals/new", &fourth)
        .await
        .expect_status(303);
}

async fn a_form_sent_twice_is_one_appeal_with_one_code(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app(Viewer::visitor());
    let form = app.get("/appeals/new").await;
    let parts = [Part::text("token", &token(&form)), Part::text("text", TEXT)];
    let first = app
        .post_multipart("/appeals/new", &parts)
        .await
        .expect_status(303);
    let second = app
        .post_multipart("/appeals/new", &parts)
        .await
        .expect_status(303);
    assert_eq!(first.header("location"), second.header("location"));
    assert_eq!(world.count("SELECT COUNT(*) FROM appeal").await, 1);
    assert_eq!(world.count("SELECT repeats FROM appeal").await, 0);
}

async fn too_much_through_one_code_is_refused_with_another_way(db: TestDatabase) {
    let world = World::new(db).await;
    set(&world, &[("code_ten_minutes_max", "2")]).await;
    let id = make_code(&world, "place", "三号园区", "").await;
    let app = world.app(Viewer::visitor());
    let path = format!("/q/{id}");
    for number in 0..2 {
        let text = format!("{TEXT}第{number}盏");
        let _ = send(&app, &path, &[Part::text("text", &text)])
            .await
            .expect_status(303);
    }
    let refused = send(&app, &path, &[Part::text("text", "另外一件事也请处理")]).await;
    let refused = refused.expect_status(429);
    assert!(refused.text().contains("拨打 12345") && refused.text().contains("另外一件事也请处理"));
    world.clock.pass(TimeDelta::minutes(11));
    let _ = send(&app, &path, &[Part::text("text", "另外一件事也请处理")])
        .await
        .expect_status(303);
    let _ = world
        .app(manager())
        .post_form(&format!("/appeals/codes/{id}/end"), &[])
        .await
        .expect_status(303);
    let gone = app.get(&path).await.expect_status(404);
    assert!(gone.text().contains("已经停用"));
}

async fn a_city_may_ask_for_an_account(db: TestDatabase) {
    let world = World::new(db).await;
    set(&world, &[("shut", "")]).await;
    let id = make_code(&world, "enterprise", "一号厂门口", &code(1)).await;
    let visitor = world.app(Viewer::visitor());
    for path in ["/appeals/new".to_owned(), format!("/q/{id}")] {
        let page = visitor.get(&path).await.expect_status(200);
        assert!(page.text().contains("要求先登录") && !page.text().contains("<textarea"));
        let parts = [
            Part::text("token", "0123456789abcdef"),
            Part::text("text", TEXT),
        ];
        let _ = visitor
            .post_multipart(&path, &parts)
            .await
            .expect_status(401);
    }
    let own = world.app(boss(2));
    let _ = send(&own, "/appeals/new", &[Part::text("text", TEXT)])
        .await
        .expect_status(303);
    let mine = own.get("/appeals/mine").await.expect_status(200);
    assert!(mine.text().contains("园区三号路的路灯坏了一周") && mine.text().contains("本页 1 件"));
    let others = world
        .app(boss(1))
        .get("/appeals/mine")
        .await
        .expect_status(200);
    assert!(others.text().contains("没有诉求"));
    // whoever has no seat follows the own appeals by their codes
    let citizen = world.app(person("account", None, None, 900));
    let sent = send(&citizen, "/appeals/new", &[Part::text("text", TEXT)])
        .await
        .expect_status(303);
    let status = sent.header("location").replace("received", "f");
    assert!(
        citizen.get("/appeals/mine").await.text().contains(&status),
        "{status}"
    );
}

async fn an_operator_looks_before_registering(db: TestDatabase) {
    let world = World::new(db).await;
    world.work().await;
    let app = world.app(operator());
    let first = [
        Part::text("channel", "hotline"),
        Part::text("text", TEXT),
        Part::text("name", "王先生"),
        Part::text("phone", "13800000001"),
        Part::text("enterprise", &code(1)),
        Part::text("do", "submit"),
    ];
    let sent = send(&app, "/appeals/intake", &first)
        .await
        .expect_status(303);
    let done = app.get(sent.header("location")).await.expect_status(200);
    assert!(done.text().contains("请念给对方记下") && done.text().contains("诉求-2026-"));
    let look = [
        Part::text("channel", "visit"),
        Part::text("text", "三号路路灯坏了一周了，工人夜里出入不安全"),
        Part::text("channel-on", "2026-11-20"),
        Part::text("channel-by", "李四，经信局"),
        Part::text("do", "look"),
    ];
    let seen = send(&app, "/appeals/intake?channel=visit", &look)
        .await
        .expect_status(200);
    assert!(seen.text().contains("复述给对方听"));
    assert!(seen.text().contains("建议的分类"));
    assert!(
        seen.text().contains("园区三号路的路灯坏了一周"),
        "the similar one is shown: {}",
        seen.text()
    );
    assert_eq!(
        world.count("SELECT COUNT(*) FROM appeal").await,
        1,
        "looking registers nothing"
    );
    let wrong = [
        Part::text("channel", "proposal"),
        Part::text("text", TEXT),
        Part::text("enterprise", "91330000"),
        Part::text("do", "submit"),
    ];
    let refused = send(&app, "/appeals/intake?channel=proposal", &wrong)
        .await
        .expect_status(400);
    assert!(refused.text().contains("请填建议或提案编号"));
    let _ = world
        .app(clerk(0))
        .get("/appeals/intake")
        .await
        .expect_status(403);
    let _ = world
        .app(boss(1))
        .get("/appeals/intake")
        .await
        .expect_status(403);
}

async fn a_program_submits_once_whatever_the_network_does(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app(boss(1));
    let body = json!({ "text": TEXT, "phone": "13800000000", "place": "370102" });
    let send = async |key: &str, body: &serde_json::Value| {
        let request = axum::http::Request::post("/api/v1/appeals")
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(body.to_string().into())
            .unwrap();
        app.send(request).await
    };
    let first = send("order-00001", &body).await.expect_status(201).json();
    assert_eq!(first["new"], true);
    let again = send("order-00001", &body).await.expect_status(200).json();
    assert_eq!(
        (&again["id"], &again["check_code"]),
        (&first["id"], &first["check_code"])
    );
    let same = send("order-00002", &body).await.expect_status(200).json();
    assert_eq!(
        (&same["id"], &same["check_code"]),
        (&first["id"], &json!(null))
    );
    let wrong = send("order-00003", &json!({ "text": "😡", "place": "99" }))
        .await
        .expect_status(400)
        .json();
    let fields: Vec<&str> = wrong["fields"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["field"].as_str())
        .collect();
    assert_eq!(fields, ["text", "place"]);
    let long = json!({ "text": "长".repeat(50_000) });
    let refused = send("order-00005", &long).await.expect_status(400);
    assert!(refused.text().contains("写了 50,000 个字，最多 5,000 个"));
    let _ = send("短", &body).await.expect_status(400);
    let other = json!({ "text": TEXT, "enterprise": code(2) });
    let _ = send("order-00004", &other).await.expect_status(403);
    let registered = world
        .app(operator())
        .post_json("/api/v1/appeals", &other)
        .await
        .expect_status(201);
    assert_eq!(registered.json()["new"], true);
    let _ = world
        .app(Viewer::visitor())
        .post_json("/api/v1/appeals", &body)
        .await
        .expect_status(401);
    let owner: Vec<Plain> = db::query_all(
        world.db.conn(),
        "SELECT enterprise_name AS text FROM appeal ORDER BY case_id",
        [],
    )
    .await
    .unwrap();
    assert_eq!(owner[0].text, name(1));
    assert_eq!(owner[1].text, name(2));
}

async fn settings_and_codes_say_what_is_wrong(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app(manager());
    let wrong = app
        .post_form(
            "/appeals/intake/settings",
            &[("revision", "0"), ("text_max", "viel")],
        )
        .await
        .expect_status(400);
    assert!(wrong.text().contains("字数上限应在 100 至 5000 之间"));
    set(&world, &[("text_max", "400")]).await;
    let stale = [
        ("revision", "0"),
        ("text_max", "500"),
        ("files_max", "3"),
        ("repeat_minutes", "30"),
        ("account_day_max", "3"),
        ("code_ten_minutes_max", "3"),
        ("address_ten_minutes_max", "3"),
    ];
    let _ = app
        .post_form("/appeals/intake/settings", &stale)
        .await
        .expect_status(409);
    let page = world.app(Viewer::visitor()).get("/appeals/new").await;
    assert!(
        page.text().contains("最多 400 个字"),
        "the limit is told before"
    );
    for (kind, place, enterprise, words) in [
        ("", CITY, "", "请选择是场所"),
        ("place", "99", "", "没有“99”这个地方"),
        ("place", "鼓楼区", "", "江苏省南京市鼓楼区"),
        ("place", "", "", "请写二维码在哪里"),
        ("enterprise", "", "913300", "位"),
    ] {
        let fields = [
            ("kind", kind),
            ("name", "门口"),
            ("place", place),
            ("enterprise", enterprise),
        ];
        let refused = app
            .post_form("/appeals/codes", &fields)
            .await
            .expect_status(400);
        assert!(
            refused.text().contains(words),
            "{words}: {}",
            refused.text()
        );
    }
    let id = make_code(&world, "place", "三号园区", "").await;
    let sheet = app
        .get(&format!("/appeals/codes/{id}"))
        .await
        .expect_status(200);
    assert!(
        sheet
            .text()
            .contains(&format!("https://city.example/q/{id}"))
            && sheet.text().contains("<svg")
    );
    let _ = world
        .app(operator())
        .get("/appeals/codes")
        .await
        .expect_status(403);
}

both_databases!(
    a_passer_by_scans_a_code_and_follows_with_number_and_code,
    what_says_nothing_is_answered_and_not_lost,
    files_are_what_they_say_and_a_voice_is_enough,
    a_script_that_floods_makes_one_appeal,
    a_script_that_floods_is_known_after_a_restart,
    a_script_with_a_counter_is_stopped_and_others_are_not,
    a_form_sent_twice_is_one_appeal_with_one_code,
    too_much_through_one_code_is_refused_with_another_way,
    a_city_may_ask_for_an_account,
    an_operator_looks_before_registering,
    a_program_submits_once_whatever_the_network_does,
    settings_and_codes_say_what_is_wrong,
);
