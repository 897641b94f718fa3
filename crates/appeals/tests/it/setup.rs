//! 诉求设置: one category by its form, the hint when no city is set, the sheet of a code as PDF.

use serde_json::json;
use zhida_appeals::words::Confidentiality;
use zhida_testkit::{TestDatabase, both_databases, sqlite};

use crate::intake::make_code;
use crate::journey::supervisor;
use crate::world::{World, clerk, manager, operator};

const FORM: &str = "/appeals/setup/category";

async fn a_category_is_made_and_changed_by_a_form(db: TestDatabase) {
    let world = World::new(db).await;
    let app = world.app(manager());
    let page = app
        .get(&format!("{FORM}?parent=labour/insurance"))
        .await
        .expect_status(200);
    // bodies are offered, and no path is asked for
    assert!(
        page.text().contains("<option value=\"供电公司\">")
            && !page.text().contains("name=\"slug\"")
    );
    let made = [
        ("path", ""),
        ("revision", "0"),
        ("parent", "labour/insurance"),
        ("name", "生育津贴"),
        ("department", "供电公司"),
        ("track", "joint"),
        ("accepts", "津贴迟发\n津贴少发"),
        ("reason-0", "没有参保"),
        ("instead-0", "先到社保窗口参保"),
    ];
    let wrong = |name: &'static str, value: &'static str| {
        let mut fields = made.to_vec();
        fields.retain(|(known, _)| *known != name);
        fields.push((name, value));
        fields
    };
    // each mistake at its field, with what was typed
    for (fields, words) in [
        (wrong("name", " "), "请写分类的名称"),
        (wrong("department", "没有的局"), "没有找到单位“没有的局”"),
        (wrong("instead-0", ""), "请写应当去哪里"),
        (
            wrong("parent", "labour/insurance/injury"),
            "第三级下面不能再分",
        ),
        (wrong("place", "99"), "没有这个行政区划代码"),
    ] {
        let page = app.post_form(FORM, &fields).await.expect_status(400);
        assert!(
            page.text().contains(words) && page.text().contains("津贴少发"),
            "{words}: {}",
            page.text()
        );
    }
    let _ = app.post_form(FORM, &made).await.expect_status(303);
    let catalogue = world.appeals.catalogue().await.unwrap();
    assert_eq!(catalogue.revision, 1);
    let path = "labour/insurance/c1";
    let category = catalogue.catalogue.find(path).unwrap();
    assert_eq!(category.accepts, ["津贴迟发", "津贴少发"]);
    assert_eq!(category.refusals[0].instead, "先到社保窗口参保");
    assert_eq!(
        catalogue.catalogue.full_name(path),
        "用工社保 / 社会保险 / 生育津贴"
    );
    let places: Vec<&str> = catalogue
        .catalogue
        .categories
        .iter()
        .map(|one| one.path.as_str())
        .collect();
    let at = |path: &str| places.iter().position(|one| *one == path).unwrap();
    assert!(at("labour/insurance") < at(path) && at("labour/insurance/injury") < at(path));
    // its track is chosen before anybody chooses, its body is charged
    let id = &world
        .appeal(Some(1), "生育津贴没有到账", Confidentiality::Normal)
        .await
        .case_id;
    let accept = [("category", path), ("track", "joint")];
    let _ = world
        .form(operator(), id, "accept", &accept)
        .await
        .expect_status(303);
    let _ = world
        .form(operator(), id, "dispatch", &[("department", "")])
        .await
        .expect_status(303);
    assert_eq!(
        world.shown(operator(), id).await["row"]["head"]["holder_name"],
        "供电公司"
    );
    // somebody else published meanwhile: nothing is lost
    let stale = app.post_form(FORM, &made).await.expect_status(409);
    assert!(
        stale.text().contains("已由别人发布到第 1 版") && stale.text().contains("津贴少发"),
        "{}",
        stale.text()
    );
    // closing with open appeals is explained before, and they go on
    let page = app
        .get(&format!("{FORM}?path={path}"))
        .await
        .expect_status(200);
    assert!(
        page.text().contains("1 件在办诉求属于这个分类")
            && page.text().contains("先到社保窗口参保"),
        "{}",
        page.text()
    );
    let closed = [
        ("path", path),
        ("revision", "1"),
        ("name", "生育津贴"),
        ("department", ""),
        ("closed", "yes"),
        ("note", "并入生育保险"),
    ];
    let _ = app.post_form(FORM, &closed).await.expect_status(303);
    let page = world
        .app(clerk(1))
        .get(&format!("/appeals/{id}"))
        .await
        .expect_status(200);
    assert!(
        page.text().contains("生育津贴（已停用）"),
        "{}",
        page.text()
    );
    let reply =
        json!({ "step": "reply", "claim": "solved", "text": "已经补发", "signer": "李副局长" });
    world.step(clerk(1), id, reply).await;
    let _ = app
        .get(&format!("{FORM}?path=no/such"))
        .await
        .expect_status(404);
    let _ = world.app(operator()).get(FORM).await.expect_status(403);
}

both_databases!(a_category_is_made_and_changed_by_a_form);

#[tokio::test]
async fn without_a_city_pages_say_whose_figures_lack_what() {
    let world = World::new(sqlite().await).await;
    let words = "没有填本市";
    for (viewer, path) in [
        (supervisor(), "/appeals/numbers"),
        (manager(), "/appeals/setup"),
    ] {
        let page = world.app(viewer).get(path).await.expect_status(200);
        assert!(page.text().contains(words), "{path}");
    }
    world.quanzhou().await;
    for (viewer, path) in [
        (supervisor(), "/appeals/numbers"),
        (manager(), "/appeals/setup"),
    ] {
        let page = world.app(viewer).get(path).await.expect_status(200);
        assert!(!page.text().contains(words), "{path}");
    }
}

#[tokio::test]
async fn places_are_chosen_by_name() {
    let world = World::new(sqlite().await).await;
    world.quanzhou().await;
    let app = world.app(manager());
    for (path, words) in [
        ("/appeals/setup", "value=\"山东省济南市\""),
        ("/appeals/setup", "<option value=\"浙江省湖州市\">"),
        ("/appeals/codes", "<option value=\"山东省济南市历下区\">"),
        (
            "/appeals/open311-keys",
            "<option value=\"370102\">历下区</option>",
        ),
    ] {
        let page = app.get(path).await.expect_status(200);
        assert!(page.text().contains(words), "{path}: {words}");
        assert!(!page.text().contains("区划代码"), "{path}");
    }
    let fields = [
        ("preset", "quanzhou"),
        ("tries", "3"),
        ("revision", "1"),
        ("place", "鼓楼区"),
    ];
    let page = app.post_form("/appeals/setup/rules", &fields).await;
    let page = page.expect_status(400);
    for words in ["叫“鼓楼区”的有", "value=\"鼓楼区\""] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
}

#[tokio::test]
async fn the_sheet_of_a_code_is_a_pdf_too() {
    let world = World::new(sqlite().await).await;
    let id = make_code(&world, "window", "政务服务中心 5 号窗口", "").await;
    let app = world.app(manager());
    let page = app
        .get(&format!("/appeals/codes/{id}"))
        .await
        .expect_status(200);
    let path = format!("/appeals/codes/{id}/sheet.pdf");
    assert!(page.text().contains(&path));
    let pdf = app.get(&path).await.expect_status(200);
    assert!(pdf.bytes.starts_with(b"%PDF") && pdf.header("content-type") == "application/pdf");
    let _ = app
        .get("/appeals/codes/none/sheet.pdf")
        .await
        .expect_status(404);
    let _ = world.app(operator()).get(&path).await.expect_status(403);
}
