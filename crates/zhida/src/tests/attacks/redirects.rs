//! Open redirects: `next` leads to an address of this site and to no other.

use super::super::city::{City, FORM, form, percent};

/// What leads away, or would write a header.
const AWAY: [&str; 16] = [
    "//evil.example",
    "///evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/a\r\nSet-Cookie: zhida=x",
    "https://evil.example",
    "https:evil.example",
    "http://localhost@evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "/\u{202e}evil",
    " /\\evil.example",
];

#[tokio::test]
async fn signing_in_leads_to_this_site_only() {
    let city = City::new().await;
    for next in AWAY {
        let path = format!("/sign-in?next={}", percent(next));
        let page = city.ask("", "GET", &path, "", "").await.expect_status(200);
        let hidden = r#"name="next" value="/""#;
        assert!(page.text().contains(hidden), "{next:?}: {}", page.text());
        let fields = [
            ("login", "handler"),
            ("password", city.password()),
            ("next", next),
        ];
        let done = city.ask("", "POST", "/sign-in", FORM, form(&fields)).await;
        let done = done.expect_status(303);
        assert_eq!(done.header("location"), "/", "{next:?}");
        assert_eq!(done.headers.get_all("set-cookie").iter().count(), 1);
    }
    let good = "/policies?q=%E7%94%B2#top";
    let fields = [
        ("login", "handler"),
        ("password", city.password()),
        ("next", good),
    ];
    let done = city.ask("", "POST", "/sign-in", FORM, form(&fields)).await;
    assert_eq!(done.expect_status(303).header("location"), good);
}

/// Templates of exports lead back to the list that they were kept on.
#[tokio::test]
async fn keeping_a_template_leads_to_this_site_only() {
    let city = City::new().await;
    let cookie = city.sign_in("clerk").await;
    let fields = [("template-name", "月报"), ("columns", "办件编号")];
    let list = "/export-templates?list=redemption.desk";
    for (back, there) in AWAY
        .map(|away| (away, "/"))
        .into_iter()
        .chain([("/a?b=c", "/a?b=c")])
    {
        let path = format!("{list}&back={}", percent(back));
        let done = city.ask(&cookie, "POST", &path, FORM, form(&fields)).await;
        let done = done.expect_status(303);
        assert_eq!(done.header("location"), there, "{back:?}");
    }
}

/// Whoever has signed in is sent on at once; that must not lead away either.
#[tokio::test]
async fn who_has_signed_in_is_not_sent_away() {
    let city = City::new().await;
    let cookie = city.sign_in("handler").await;
    for next in AWAY {
        let path = format!("/sign-in?next={}", percent(next));
        let done = city.ask(&cookie, "GET", &path, "", "").await;
        assert_eq!(done.expect_status(303).header("location"), "/", "{next:?}");
    }
}
