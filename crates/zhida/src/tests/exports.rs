//! Every export of the program takes `columns`, and its headings are keys.

use zhida_platform::{access::Rights, export::percent_encoded};

use super::city::{City, ITEM, PLACE, code, viewer};

/// Whole or not at all: evidence, a file for the bank, a report as it was given.
const WHOLE: [&str; 3] = [
    "/office/audit/export",
    "/funds/batches/{id}/payments",
    "/appeals/report/export",
];
/// A notice is there only after money was decided on; the room's own test asks for it
/// (`redemption/tests/it/notice.rs`).
const ASKED_IN_ITS_ROOM: &str = "/notices/{id}/export";

#[tokio::test]
async fn every_export_takes_columns_and_its_headings_are_keys() {
    let city = City::new().await;
    let mut tried = 0;
    for route in Rights::shipped().routes() {
        let kind = [".csv", ".xlsx"];
        let Some(kind) = kind.iter().find(|kind| route.path.ends_with(*kind)) else {
            continue;
        };
        let named = route.path.trim_end_matches(kind);
        if route.method != "GET" || named == ASKED_IN_ITS_ROOM || WHOLE.contains(&named) {
            continue;
        }
        let path = route.path.replace("{code}", &code(0)).replace("{id}", ITEM);
        let unknown = format!("{path}?columns={}", percent_encoded("没有的列"));
        let mut refused = None;
        for role in Rights::shipped().roles() {
            let viewer = viewer(role, PLACE, &code(0));
            let answer = city.ask_as(&viewer, "GET", &unknown, "").await;
            if answer.status == 400 {
                refused = Some((viewer, answer));
                break;
            }
        }
        let (viewer, unknown) = refused.expect(&path);
        let ask = async |query: &str| {
            let path = format!("{path}?columns={}", percent_encoded(query));
            city.ask_as(&viewer, "GET", &path, "").await
        };
        let words = unknown.text();
        assert!(words.contains("可选的列："), "{path}: {words}");
        let whole = format!("{}.csv", path.trim_end_matches(kind));
        let whole = city.ask_as(&viewer, "GET", &whole, "").await;
        let head = whole.text().lines().next().map(str::to_owned);
        let head = head.expect(&path);
        let headings: Vec<&str> = head.trim_start_matches('\u{feff}').split(',').collect();
        assert_eq!(ask("").await.status, 400, "{path}: nothing chosen");
        for heading in &headings {
            let same = headings.iter().filter(|other| *other == heading);
            assert_eq!(same.count(), 1, "{path}: {heading}");
            let one = ask(heading).await;
            assert_eq!(one.status, 200, "{path} {heading}");
            if *kind == ".csv" {
                let first = one.text().lines().next().map(str::to_owned);
                assert_eq!(first, Some(format!("\u{feff}{heading}")), "{path}");
            }
        }
        // written the wrong way round they leave in the order of the list
        let (first, last) = (headings[0], headings[headings.len() - 1]);
        let two = ask(&format!("{last},{first}")).await;
        if *kind == ".csv" {
            let head = two.text().lines().next().map(str::to_owned);
            assert_eq!(head, Some(format!("\u{feff}{first},{last}")), "{path}");
        }
        tried += 1;
    }
    assert_eq!(tried, 24, "twelve lists, two files each");
}
