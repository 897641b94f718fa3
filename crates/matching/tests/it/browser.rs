//! The pages in a browser, with the items that Zhida ships: accessible, and pictures of them kept.

use zhida_platform::access::Viewer;
use zhida_testkit::{Browser, TestServer, block_on};

use crate::support::{first, shipped};

/// A visitor of whom enough is told that verdicts of all kinds appear.
const GIVEN: &str = "division=370102&industry=C35&size=%E5%B0%8F%E5%9E%8B&employees.2025=80";

#[test]
fn every_page_is_accessible() {
    block_on(async {
        let setup = shipped(zhida_testkit::sqlite().await).await;
        let officer = Viewer::officer("经办员甲");
        let server = TestServer::start(setup.site(officer)).await;
        let browser = Browser::start().await;
        let matches = format!("/enterprises/{}/matches", first());
        let item = setup
            .matching
            .for_enterprise(
                &first(),
                "2026-11-22".parse().unwrap(),
                zhida_matching::Detail::Brief,
            )
            .await
            .unwrap()
            .items
            .remove(0)
            .head
            .id;
        let pages = [
            ("matching-home", "/".to_owned()),
            ("matching-calculator", "/calculator".to_owned()),
            (
                "matching-calculator-answered",
                format!("/calculator?{GIVEN}"),
            ),
            (
                "matching-check",
                format!("/match/check?item={item}&code={}", first()),
            ),
            ("matching-enterprise", matches.clone()),
            ("matching-what-if", format!("{matches}?employees.2025=120")),
            ("matching-pair", format!("{matches}/{item}")),
            ("matching-item", format!("/policies/{item}/enterprises")),
            ("matching-news", "/match/news".to_owned()),
        ];
        for (name, path) in pages {
            browser.open(&server.url(&path)).await;
            browser.axe(name).await;
            browser.screenshot(name).await;
        }
        browser.phone().await;
        browser.open(&server.url("/calculator")).await;
        browser.screenshot("matching-calculator-phone").await;
    });
}
