//! Who sees which rows, and what of them: lists, counts, exports, files, histories, in the process
//! and through the front door.

use zhida_platform::access::{Reach, Row, Viewer};
use zhida_platform::export::{Chosen, write_csv};
use zhida_platform::paging::PageRequest;
use zhida_registry::{Query, rights};
use zhida_testkit::{TestDatabase, both_databases, seated};

use crate::pages::app;
use crate::support::{Setup, code, setup};

/// Divisions of the rows: a county, its township, two counties beside it, a county abolished in
/// 2021, a city whose number begins alike, another province, nothing known.
const PLACES: [&str; 8] = [
    "330106",
    "330106109",
    "330109",
    "330105",
    "330103",
    "331002",
    "370102",
    "",
];
/// Whose officers look.
const SEATS: [&str; 8] = [
    "33",
    "3301",
    "330100",
    "330106",
    "330106109",
    "330103",
    "331000",
    "330105",
];

async fn filled(db: TestDatabase) -> Setup {
    let setup = setup(db).await;
    let mut text =
        "信用代码,企业名称,所在区划,所属行业,2024年从业人数,法定代表人,联系电话\n".to_owned();
    for (n, place) in (1..).zip(PLACES) {
        text += &format!(
            "{},江城{n}号有限公司,{place},C2710,3,欧阳修,1381234567{n}\n",
            code(n)
        );
    }
    let report = setup.bring(&text, "市场监管", "2025-01-01").await;
    assert_eq!(
        report.accepted,
        PLACES.len() as u64,
        "{:?}",
        report.examples
    );
    setup
}

/// The codes of the rows that hierarchy says the viewer lists.
fn expected(viewer: &Viewer) -> Vec<String> {
    let mut codes: Vec<String> = (1..)
        .zip(PLACES)
        .filter(|(n, place)| {
            let code = code(*n);
            let row = Row {
                enterprise: Some(&code),
                division: Some(place).filter(|place| !place.is_empty()).copied(),
            };
            viewer.covers(rights::LIST, &row)
        })
        .map(|(n, _)| code(n))
        .collect();
    codes.sort();
    codes
}

async fn list_count_and_export_hold_what_hierarchy_says(db: TestDatabase) {
    let setup = filled(db).await;
    let mut seen = 0;
    for place in SEATS {
        let viewer = seated("clerk", Some(place), None);
        let expected = expected(&viewer);
        let query = Query::default();
        let page = PageRequest::first(100);
        let listed = setup
            .registry
            .search_as(&viewer, &query, &page)
            .await
            .unwrap();
        let codes: Vec<String> = listed.items.into_iter().map(|row| row.code).collect();
        assert_eq!(codes, expected, "{place}");
        let count = setup.registry.count_as(&viewer, &query).await.unwrap();
        assert_eq!(count, expected.len() as u64, "{place}");
        let table = setup
            .registry
            .export(&viewer, &query, &Chosen::default())
            .await
            .unwrap();
        let mut csv = Vec::new();
        assert_eq!(write_csv(table, &mut csv).await.unwrap(), count, "{place}");
        seen += count;
        // a filter narrows further and never widens
        let elsewhere = Query {
            region: "370000".to_owned(),
            reach: Reach::All,
            ..Query::default()
        };
        assert_eq!(
            setup.registry.count_as(&viewer, &elsewhere).await.unwrap(),
            0
        );
    }
    // 6 of the province, twice 5 of the city, 2 of the county, 1 of township, abolished county,
    // the other city and the next county each
    assert_eq!(seen, 6 + 5 + 5 + 2 + 1 + 1 + 1 + 1);
    assert_eq!(expected(&Viewer::visitor()).len(), PLACES.len());
    for role in ["leader", "supervisor", "data_manager"] {
        let viewer = seated(role, Some("330106"), None);
        let count = setup.registry.count_as(&viewer, &Query::default()).await;
        assert_eq!(count.unwrap(), 2, "{role}");
    }
}

async fn a_place_that_is_no_code_reaches_nothing(db: TestDatabase) {
    let setup = filled(db).await;
    for division in [None, Some("33010"), Some("3301060"), Some("")] {
        let viewer = seated("clerk", division, None);
        let count = setup.registry.count_as(&viewer, &Query::default()).await;
        assert_eq!(count.unwrap(), 0, "{division:?}");
    }
    // such codes cannot come in either
    let text = format!(
        "信用代码,企业名称,所在区划\n{},甲,33010\n{},乙,3301060\n",
        code(50),
        code(51)
    );
    let report = setup.bring(&text, "市场监管", "2025-02-01").await;
    assert_eq!(report.rejected, 2);
}

async fn own_rows_are_seen_whole_and_others_as_everybody_does(db: TestDatabase) {
    let setup = filled(db).await;
    let handler = seated("handler", None, Some(&code(1)));
    let (query, page) = (Query::default(), PageRequest::first(100));
    let rows = setup
        .registry
        .search_as(&handler, &query, &page)
        .await
        .unwrap();
    assert_eq!(rows.items.len(), PLACES.len());
    for row in rows.items {
        assert_eq!(row.size.is_some(), row.code == code(1), "{}", row.code);
    }
    // filtering by what is not seen of every row would tell it
    let by_size = Query {
        size: "微型".to_owned(),
        ..Query::default()
    };
    assert!(setup.registry.count_as(&handler, &by_size).await.is_err());
    let clerk = seated("clerk", Some("330106"), None);
    assert_eq!(setup.registry.count_as(&clerk, &by_size).await.unwrap(), 2);
    // an editor of policies lists places without reading files whole
    let editor = seated("policy_editor", Some("330106"), None);
    assert!(setup.registry.count_as(&editor, &by_size).await.is_err());
    assert_eq!(setup.registry.count_as(&editor, &query).await.unwrap(), 2);
}

async fn a_file_beyond_reach_shows_what_everybody_sees(db: TestDatabase) {
    let setup = filled(db).await;
    let clerk = app(&setup, seated("clerk", Some("330106"), None));
    let visitor = app(&setup, Viewer::visitor());
    for (path, parts) in [
        (format!("/api/v1/enterprises/{}", code(4)), 0),
        (format!("/enterprises/{}", code(4)), 1),
    ] {
        let (seen, public) = (clerk.get(&path).await, visitor.get(&path).await);
        // menu, banner and the way to the matches differ
        let main = |text: &str| text.split("zd-content").nth(parts).unwrap().to_owned();
        assert_eq!(main(seen.text()), main(public.text()), "{path}");
        assert!(
            !seen.text().contains("/matches")
                && !seen.text().contains("从业人数")
                && !seen.text().contains("1381234567")
        );
    }
    let own = clerk.get(&format!("/enterprises/{}", code(1))).await;
    assert!(own.text().contains("从业人数") && own.text().contains("13812345671"));
}

/// What of a person's name, phone and history this viewer sees of the first enterprise.
async fn persons_are_masked_unless_the_role_sees_them_plain(db: TestDatabase) {
    let setup = filled(db).await;
    let later = format!(
        "信用代码,企业名称,法定代表人,联系电话\n{},江城1号有限公司,司马光,13900000001\n",
        code(1)
    );
    setup.bring(&later, "市场监管", "2025-06-01").await;
    let own = code(1);
    let plain = [
        seated("clerk", Some("330106"), None),
        seated("legal", None, Some(&own)),
    ];
    let masked = [
        seated("supervisor", Some("330106"), None),
        seated("leader", Some("330106"), None),
        seated("reader", None, Some(&own)),
        seated("agent", None, Some(&own)),
    ];
    let nothing = [
        Viewer::visitor(),
        seated("clerk", Some("330105"), None),
        seated("handler", None, Some(&code(2))),
        seated("sysadmin", Some("33"), None),
        seated("auditor", Some("33"), None),
    ];
    let paths = [
        format!("/enterprises/{own}"),
        format!("/api/v1/enterprises/{own}"),
        format!("/api/v1/enterprises/{own}/history"),
    ];
    for (viewers, name, phone) in [
        (
            &plain[..],
            ["司马光", "欧阳修"],
            Some(["13900000001", "13812345671"]),
        ),
        (
            &masked[..],
            ["司马*", "欧阳*"],
            Some(["139****0001", "138****5671"]),
        ),
        (&nothing[..], ["司马*", "欧阳*"], None),
    ] {
        for viewer in viewers {
            let site = app(&setup, viewer.clone());
            let mut text = String::new();
            for path in &paths {
                text += site.get(path).await.expect_status(200).text();
            }
            let who = viewer.banner();
            for part in name.iter().chain(phone.iter().flatten()) {
                assert!(text.contains(part), "{who}: {part}");
            }
            if name[0] != "司马光" {
                assert!(
                    !text.contains("司马光") && !text.contains("欧阳修"),
                    "{who}"
                );
                assert!(!text.contains("13900000001") && !text.contains("13812345671"));
            }
            if phone.is_none() {
                assert!(
                    !text.contains("9****0001") && !text.contains("联系电话"),
                    "{who}"
                );
            }
        }
    }
}

/// No rule names a person: neither a tag nor its preview tells of one.
async fn rules_cannot_name_persons(db: TestDatabase) {
    let setup = filled(db).await;
    let officer = Viewer::officer("甲");
    let rule = "法定代表人 = \"司马光\"";
    assert!(setup.registry.preview_tag(rule).await.is_err());
    assert!(
        setup
            .registry
            .add_tag(&officer, "某人", rule, "")
            .await
            .is_err()
    );
}

both_databases!(
    list_count_and_export_hold_what_hierarchy_says,
    a_place_that_is_no_code_reaches_nothing,
    own_rows_are_seen_whole_and_others_as_everybody_does,
    a_file_beyond_reach_shows_what_everybody_sees,
    persons_are_masked_unless_the_role_sees_them_plain,
    rules_cannot_name_persons,
);
