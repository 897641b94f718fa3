//! The queue's page: what everybody filters by is in sight, the rest a click away.

use zhida_testkit::sqlite;

use crate::world::{World, operator};

/// The folded filters, and whether they stand open.
fn folded(page: &str) -> (&str, bool) {
    let (_, rest) = page
        .split_once("<details class=\"zd-filter__more\"")
        .unwrap();
    let (head, rest) = rest.split_once('>').unwrap();
    let (inside, _) = rest.split_once("</details>").unwrap();
    (inside, head.contains("open"))
}

#[tokio::test]
async fn rare_filters_are_folded_until_one_is_set() {
    let world = World::new(sqlite().await).await;
    let app = world.app(operator());
    let page = app.get("/appeals").await.expect_status(200);
    let (inside, _) = folded(page.text());
    for (name, is_rare) in [
        ("q", false),
        ("state", false),
        ("stage", false),
        ("standing", false),
        ("who", false),
        ("channel", true),
        ("category", true),
        ("enterprise", true),
        ("to", true),
    ] {
        let field = format!("name=\"{name}\"");
        assert!(page.text().contains(&field), "{name}");
        assert_eq!(inside.contains(&field), is_rare, "{name}");
    }
    for (address, is_open) in [
        ("/appeals", false),
        ("/appeals?stage=handle&who=lead&q=x&state=all", false),
        ("/appeals?channel=hotline", true),
        ("/appeals?place=330502", true),
        ("/appeals?enterprise=91330302PDY0000117", true),
        ("/appeals?to=2026-11-22", true),
    ] {
        let page = app.get(address).await.expect_status(200);
        assert_eq!(folded(page.text()).1, is_open, "{address}");
    }
}

#[tokio::test]
async fn what_a_figure_counted_stays_when_more_is_filtered() {
    let world = World::new(sqlite().await).await;
    let app = world.app(operator());
    let address = "/appeals?state=all&counted=on_time&supervision=interview&theme=t&department=d";
    let page = app.get(address).await.expect_status(200);
    for (name, value) in [
        ("counted", "on_time"),
        ("supervision", "interview"),
        ("theme", "t"),
        ("department", "d"),
    ] {
        let field = format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
        assert!(page.text().contains(&field), "{name}");
    }
}
