//! The gallery in a real browser: accessible, within the security policy, with and without JavaScript.

mod exports;

use std::time::Duration;

use axum::Router;
use fantoccini::Locator;
use zhida_platform::config::Config;
use zhida_testkit::{Browser, TestServer, block_on};
use zhida_ui::{Shell, gallery, with_frame};

fn routes() -> Router {
    let shell = Shell {
        demo: true,
        ..Shell::default()
    };
    with_frame(gallery::router(), shell, &Config::default())
}

/// Answers the value of a script run in the page.
async fn value(browser: &Browser, script: &str) -> String {
    let found = browser
        .execute(&format!("return String({script})"), vec![])
        .await
        .expect("the script runs");
    found.as_str().unwrap_or_default().to_owned()
}

/// Waits until a script answers `true`.
async fn wait_for(browser: &Browser, script: &str) {
    for _ in 0..100 {
        if value(browser, script).await == "true" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never true: {script}");
}

#[test]
fn every_component_is_accessible_on_desktop_and_phone() {
    block_on(async {
        let server = TestServer::start(routes()).await;
        let browser = Browser::start().await;
        for (path, name) in [
            ("/ui-gallery", "gallery"),
            ("/ui-gallery/office", "gallery-office"),
        ] {
            browser.open(&server.url(path)).await;
            browser.axe(path).await;
            browser.screenshot(name).await;
        }
        browser.phone().await;
        browser.open(&server.url("/ui-gallery")).await;
        browser.axe("/ui-gallery on a phone").await;
        browser.screenshot("gallery-phone").await;
        let wider = value(
            &browser,
            "document.documentElement.scrollWidth > window.innerWidth",
        )
        .await;
        assert_eq!(wider, "false", "the page scrolls sideways on a phone");
    });
}

#[test]
fn an_error_page_is_accessible() {
    block_on(async {
        let server = TestServer::start(routes()).await;
        let browser = Browser::start().await;
        browser.open(&server.url("/nothing-here")).await;
        assert_eq!(
            value(&browser, "document.querySelectorAll('h1').length").await,
            "1"
        );
        browser.axe("404").await;
    });
}

#[test]
fn filters_send_themselves_and_heads_sort() {
    block_on(async {
        let server = TestServer::start(routes()).await;
        let browser = Browser::start().await;
        browser.open(&server.url("/ui-gallery")).await;
        wait_for(
            &browser,
            "document.querySelectorAll('.zd-sort').length === 5",
        )
        .await;
        let first = "document.querySelector('#results tbody a').textContent";
        browser
            .execute("document.querySelectorAll('.zd-sort')[3].click()", vec![])
            .await
            .expect("a head can be clicked");
        assert_eq!(
            value(&browser, first).await,
            "云岭茶业专业合作社",
            "186.00 is the least"
        );
        browser
            .execute(
                "window.kept = true; const county = document.getElementById('gallery-county'); \
                 county.value = '云岭县'; county.dispatchEvent(new Event('change', { bubbles: true }))",
                vec![],
            )
            .await
            .expect("a choice can be made");
        wait_for(
            &browser,
            "decodeURIComponent(location.search).includes('云岭县')",
        )
        .await;
        wait_for(
            &browser,
            "document.querySelectorAll('.zd-sort').length === 5",
        )
        .await;
        assert_eq!(
            value(&browser, first).await,
            "青溪精密制造有限公司",
            "the list is a new one"
        );
        assert_eq!(
            value(&browser, "window.kept").await,
            "true",
            "without a new page"
        );
        browser.back().await.expect("the browser answers");
        wait_for(&browser, "location.search === ''").await;
    });
}

#[test]
fn without_javascript_the_filters_are_a_plain_form() {
    block_on(async {
        let server = TestServer::start(routes()).await;
        let browser = Browser::without_javascript().await;
        browser.open(&server.url("/ui-gallery")).await;
        browser.follow(Locator::Css(".zd-filter__submit")).await;
        let address = browser.current_url().await.expect("the browser answers");
        assert!(
            address
                .query()
                .is_some_and(|query| query.contains("gallery-county=")),
            "{address}"
        );
    });
}
