//! 一类事: found when they grow, followed, answered by a measure whose weeks before and after are compared.

use chrono::TimeDelta;
use zhida_testkit::{TestDatabase, both_databases};

use crate::kept::{Kept, supervisor};
use crate::world::{World, clerk, person};

/// An appeal about a text on a day of November 2026.
fn said(day: u32, title: &str) -> Kept {
    Kept {
        title: title.to_owned(),
        ..Kept::open(&format!("2026-11-{day:02}T03:00:00.000000Z"))
    }
}

const POWER: [&str; 5] = [
    "2号大街配电房跳闸，车间停电停产",
    "2号大街又跳闸停电，生产线停产半天",
    "配电房跳闸，2号大街整条街停电停产",
    "2号大街停电，配电房跳闸三次，停产",
    "停电停产，2号大街配电房反复跳闸",
];

/// Five of one kind within a week, and others that have nothing to do with each other.
async fn with_growth(db: TestDatabase) -> World {
    let world = World::new(db).await;
    let mut kept: Vec<Kept> = POWER
        .iter()
        .zip(18..)
        .map(|(title, day)| said(day, title))
        .collect();
    kept.push(said(19, "申请办理增值税发票增量"));
    kept.push(said(20, "道路开挖影响货车进出"));
    kept.push(Kept {
        place: "370112",
        ..said(20, POWER[0])
    });
    kept.push(Kept {
        confidentiality: "secret",
        ..said(20, POWER[1])
    });
    world.keep(&kept).await;
    world
}

async fn what_grows_is_found_once_and_followed(db: TestDatabase) {
    let world = with_growth(db).await;
    let night = world.appeals.find_themes().await.unwrap();
    assert_eq!(
        (night.looked, night.found),
        (8, 1),
        "what is secret is not looked at"
    );
    let again = world.appeals.find_themes().await.unwrap();
    assert_eq!(
        (again.found, again.followed),
        (0, 1),
        "repeated it finds nothing"
    );
    let app = world.app(supervisor());
    let list = app
        .get("/api/v1/appeal-themes")
        .await
        .expect_status(200)
        .json();
    assert_eq!(
        (list["total"].as_u64(), list["items"][0]["recent"].as_i64()),
        (Some(1), Some(5))
    );
    let name = list["items"][0]["name"].as_str().unwrap();
    assert!(name.contains("供电") && name.contains("历下区"), "{name}");
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM appeal WHERE theme IS NOT NULL")
            .await,
        5,
        "one county only"
    );
    world
        .keep(&[said(23, "2号大街配电房今天又跳闸停电，停产")])
        .await;
    let _ = world.appeals.find_themes().await.unwrap();
    let page = app
        .get(&format!("/appeals/themes/{id}"))
        .await
        .expect_status(200);
    assert!(
        page.text().contains("全部 6 件") && page.text().contains("最近七天 6 件"),
        "{}",
        page.text()
    );
    let elsewhere = person("supervisor", Some("370112"), None, 71);
    let _ = world
        .app(elsewhere.clone())
        .get(&format!("/appeals/themes/{id}"))
        .await
        .expect_status(404);
    let other = world
        .app(elsewhere)
        .get("/api/v1/appeal-themes")
        .await
        .json();
    assert_eq!(other["total"], 0);
    let _ = world
        .app(clerk(0))
        .get("/appeals/themes")
        .await
        .expect_status(403);
}

async fn as_many_as_always_is_no_theme(db: TestDatabase) {
    let world = World::new(db).await;
    let mut kept = Vec::new();
    for (week, title) in
        (0..4_u32).flat_map(|week| POWER.iter().take(3).map(move |title| (week, title)))
    {
        let day = 20 + week * 7;
        let at = match day <= 31 {
            true => format!("2026-10-{day:02}T03:00:00.000000Z"),
            false => format!("2026-11-{:02}T03:00:00.000000Z", day - 31),
        };
        kept.push(Kept {
            title: (*title).to_owned(),
            ..Kept::open(&at)
        });
    }
    kept.extend(POWER.iter().take(3).map(|title| said(20, title)));
    world.keep(&kept).await;
    assert_eq!(
        world.appeals.find_themes().await.unwrap().found,
        0,
        "three a week for five weeks"
    );
}

async fn a_measure_has_owner_and_day_and_its_effect_is_compared(db: TestDatabase) {
    let world = with_growth(db).await;
    let _ = world.appeals.find_themes().await.unwrap();
    let app = world.app(supervisor());
    let list = app.get("/api/v1/appeal-themes").await.json();
    let here = format!(
        "/appeals/themes/{}",
        list["items"][0]["id"].as_str().unwrap()
    );
    let measures = format!("{here}/measures");
    let missing = [
        ("words", "改造2号大街配电房"),
        ("body", "供电公司"),
        ("person", ""),
        ("due_on", "2026-12-31"),
    ];
    let page = app.post_form(&measures, &missing).await.expect_status(400);
    assert!(page.text().contains("请写明责任人") && page.text().contains("改造2号大街配电房"));
    let past = [
        ("words", "改造2号大街配电房"),
        ("body", "供电公司"),
        ("person", "赵经理"),
        ("due_on", "2026-11-01"),
    ];
    assert!(
        app.post_form(&measures, &past)
            .await
            .expect_status(400)
            .text()
            .contains("期限已经过去")
    );
    let fields = [
        ("words", "改造2号大街配电房"),
        ("body", "供电公司"),
        ("person", "赵经理"),
        ("due_on", "2026-12-31"),
    ];
    let _ = app.post_form(&measures, &fields).await.expect_status(303);
    let whole = app
        .get(&format!(
            "/api/v1{}",
            here.replace("/appeals/themes", "/appeal-themes")
        ))
        .await
        .json();
    assert_eq!(whole["theme"]["state"], "acted");
    let measure = whole["measures"][0]["id"].as_str().unwrap();
    let done = format!("{measures}/{measure}");
    let _ = app
        .post_form(&done, &[("result", "配电房已改造投运")])
        .await
        .expect_status(303);
    let page = app.get(&here).await;
    assert!(
        page.text().contains("落实不满一周，还不能比较"),
        "{}",
        page.text()
    );
    let twice = app
        .post_form(&done, &[("result", "配电房已改造投运")])
        .await
        .expect_status(400);
    assert!(twice.text().contains("别人刚刚已经改过"));
    world.clock.pass(TimeDelta::days(15));
    let late = Kept {
        title: POWER[0].to_owned(),
        ..Kept::open("2026-12-01T03:00:00.000000Z")
    };
    world.keep(&[late]).await;
    let _ = world.appeals.find_themes().await.unwrap();
    let page = app.get(&here).await;
    assert!(
        page.text()
            .contains("落实之前 5 周共 5 件，每周 1.00 件；之后 2 周共 1 件，每周 0.50 件"),
        "{}",
        page.text()
    );
    let sql = "SELECT COUNT(*) FROM audit_event WHERE action LIKE 'appeal.theme%'";
    assert_eq!(
        world.count(sql).await,
        4,
        "found, proposed, done, one more followed"
    );
}

async fn what_is_dismissed_is_not_found_again(db: TestDatabase) {
    let world = with_growth(db).await;
    let _ = world.appeals.find_themes().await.unwrap();
    let app = world.app(supervisor());
    let list = app.get("/api/v1/appeal-themes").await.json();
    let here = format!(
        "/appeals/themes/{}",
        list["items"][0]["id"].as_str().unwrap()
    );
    let page = app
        .post_form(&format!("{here}/dismiss"), &[("why", "无")])
        .await
        .expect_status(400);
    assert!(page.text().contains("请写明理由"));
    let _ = app
        .post_form(&format!("{here}/dismiss"), &[("why", "同一次停电，已恢复")])
        .await
        .expect_status(303);
    assert_eq!(world.appeals.find_themes().await.unwrap().found, 0);
    let fields = [
        ("words", "改造2号大街配电房"),
        ("body", "供电公司"),
        ("person", "赵经理"),
        ("due_on", "2026-12-31"),
    ];
    let page = app
        .post_form(&format!("{here}/measures"), &fields)
        .await
        .expect_status(400);
    assert!(page.text().contains("不作为一类事"));
}

both_databases!(
    what_grows_is_found_once_and_followed,
    as_many_as_always_is_no_theme,
    a_measure_has_owner_and_day_and_its_effect_is_compared,
    what_is_dismissed_is_not_found_again,
);
