//! The menu, as every role finds it: each line opens, and its page marks that line and no other.

use zhida_platform::access::Rights;

use super::city::{City, PLACE, code, viewer};

/// The hrefs of the links of a class, and whether each is the current one.
fn lines(page: &str) -> Vec<(&str, bool)> {
    let links = page.split("<a class=\"zd-menu__link\" href=\"").skip(1);
    let tags = links.filter_map(|rest| rest.split_once('>'));
    tags.filter_map(|(tag, _)| tag.split_once('"'))
        .map(|(href, rest)| (href, rest.contains("aria-current=\"page\"")))
        .collect()
}

fn headings(page: &str) -> Vec<&str> {
    let heads = page.split("<p class=\"zd-menu__head\"").skip(1);
    let texts = heads.filter_map(|rest| rest.split(['>', '<']).nth(1));
    texts.collect()
}

#[tokio::test]
async fn each_line_of_the_menu_opens_and_is_marked_on_its_page() {
    let city = City::new().await;
    for role in Rights::shipped().roles() {
        let viewer = viewer(role, PLACE, &code(0));
        let home = city.ask_as(&viewer, "GET", "/", "").await;
        for (href, _) in lines(home.text()) {
            if href == "/sign-in" {
                continue;
            }
            let page = city.ask_as(&viewer, "GET", href, "").await;
            let told = format!("{} {href}", role.name);
            assert_eq!(page.status.as_u16(), 200, "{told}: {}", page.text());
            let marked = lines(page.text());
            let marked: Vec<&str> = marked
                .into_iter()
                .filter_map(|(href, current)| current.then_some(href))
                .collect();
            assert_eq!(marked, [href], "{told}");
        }
    }
}

#[tokio::test]
async fn a_long_menu_stands_under_headings_and_a_short_one_without() {
    let city = City::new().await;
    let of = async |id: &str| {
        let role = Rights::shipped().role(id).unwrap();
        let viewer = viewer(role, PLACE, &code(0));
        city.ask_as(&viewer, "GET", "/match/news", "").await
    };
    let clerk = of("clerk").await.expect_status(200);
    let text = clerk.text();
    let expected = ["政策", "兑付", "诉求", "企业和单位", "平台"];
    assert_eq!(headings(text), expected, "{text}");
    assert!(text.contains("aria-labelledby=\"menu-1\""), "{text}");
    // what is folded on a phone says where one is
    assert!(text.contains(">菜单：新匹配</summary>"), "{text}");
    let visitor = city
        .ask_as(&zhida_platform::access::Viewer::visitor(), "GET", "/", "")
        .await;
    assert!(lines(visitor.text()).len() > 5, "{}", visitor.text());
    assert!(headings(visitor.text()).is_empty());
    assert!(!visitor.text().contains("zd-menu__fold"));
}
