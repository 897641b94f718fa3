//! One query behind list, count, export and scan; what the public may not see.

use std::sync::Arc;

use futures::TryStreamExt;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use zhida_platform::access::Viewer;
use zhida_platform::export::{Chosen, write_csv};
use zhida_platform::paging::PageRequest;
use zhida_registry::{Order, Query};
use zhida_testkit::{TestDatabase, both_databases};

use crate::support::{Setup, code, setup};

const PLACES: &[&str] = &["", "370102", "370103", "370202", "330106", "110105"];
const INDUSTRIES: &[&str] = &["", "C2710", "C2720", "C3587", "I6511", "F5211"];
const WORDS: &[&str] = &["江城", "云溪", "科技", "商贸", "ABC"];

async fn fill(setup: &Setup, runner: &mut TestRunner) {
    let row = (
        select(PLACES),
        select(INDUSTRIES),
        select(WORDS),
        select(WORDS),
        0_u32..4,
        any::<bool>(),
    );
    let rows = proptest::collection::vec(row, 150)
        .new_tree(runner)
        .unwrap()
        .current();
    let mut text =
        "信用代码,企业名称,所在区划,所属行业,成立日期,高新技术企业,登记状态\n".to_owned();
    for (n, (place, industry, first, second, year, high_tech)) in rows.into_iter().enumerate() {
        let code = code(n as u32 + 1);
        let status = if year == 0 { "注销" } else { "存续" };
        let founded = if year == 3 {
            String::new()
        } else {
            format!("200{year}-05-06")
        };
        let high_tech = if high_tech { "是" } else { "否" };
        text += &format!(
            "{code},{first}{second}有限公司,{place},{industry},{founded},{high_tech},{status}\n"
        );
    }
    let report = setup.bring(&text, "市场监管", "2026-01-01").await;
    assert_eq!(report.accepted, 150, "{:?}", report.examples);
}

/// One of the values three times out of ten, else nothing.
fn sometimes(values: &'static [&'static str]) -> impl Strategy<Value = String> {
    (proptest::bool::weighted(0.3), select(values)).prop_map(|(given, value)| {
        if given {
            value.to_owned()
        } else {
            String::new()
        }
    })
}

fn queries() -> impl Strategy<Value = Query> {
    let fields = (
        sometimes(&["江城", "科技 江城", "城科", "abc", "没有", "公司"]),
        sometimes(&["91370102", "9137", "92", "91370102PDY0001"]),
        sometimes(&["37", "370100", "370102", "110000", "110105", "330100"]),
        sometimes(&["C", "C27", "C2710", "I65", "A"]),
        sometimes(&["高新技术企业", "没有的标签"]),
        sometimes(&["存续", "注销"]),
        select(vec![Order::Code, Order::Name, Order::RegisteredOn]),
    );
    fields.prop_map(|(text, code, region, industry, tag, status, order)| Query {
        text,
        code,
        region,
        industry,
        tag,
        size: String::new(),
        status,
        order,
        ..Query::default()
    })
}

async fn list_count_export_and_scan_agree(db: TestDatabase) {
    let setup = setup(db).await;
    let mut runner = TestRunner::deterministic();
    fill(&setup, &mut runner).await;
    let officer = Viewer::officer("经办员甲");
    let mut hits = 0;
    for _ in 0..80 {
        let query = queries().new_tree(&mut runner).unwrap().current();
        if query.tag == "没有的标签" {
            assert!(setup.registry.count_as(&officer, &query).await.is_err());
            continue;
        }
        let count = setup.registry.count_as(&officer, &query).await.unwrap();
        let listed = codes(&setup, &officer, &query).await;
        assert_eq!(listed.len() as u64, count, "{query:?}");
        let table = setup
            .registry
            .export(&officer, &query, &Chosen::default())
            .await
            .unwrap();
        let mut csv = Vec::new();
        assert_eq!(
            write_csv(table, &mut csv).await.unwrap(),
            count,
            "{query:?}"
        );
        let text = String::from_utf8(csv).unwrap();
        let exported: Vec<&str> = text.lines().skip(1).map(|line| &line[..18]).collect();
        assert_eq!(exported, listed, "{query:?}");
        let scanned: Vec<_> = setup.registry.scan(&query, 7).try_collect().await.unwrap();
        let scanned: Vec<String> = scanned
            .into_iter()
            .flatten()
            .map(|enterprise| enterprise.code)
            .collect();
        let mut sorted = listed.clone();
        sorted.sort();
        assert_eq!(scanned, sorted, "{query:?}");
        hits += count;
    }
    assert!(hits > 500, "the filters find something");
}

async fn codes(setup: &Setup, viewer: &Viewer, query: &Query) -> Vec<String> {
    let (mut codes, mut page) = (Vec::new(), PageRequest::first(7));
    loop {
        let found = setup
            .registry
            .search_as(viewer, query, &page)
            .await
            .unwrap();
        codes.extend(found.items.into_iter().map(|row| row.code));
        match found.next {
            Some(next) => page.after = Some(next),
            None => return codes,
        }
    }
}

async fn lists_are_in_order(db: TestDatabase) {
    let setup = setup(db).await;
    fill(&setup, &mut TestRunner::deterministic()).await;
    let viewer = Viewer::visitor();
    for &order in Order::ALL {
        let query = Query {
            order,
            ..Query::default()
        };
        let page = PageRequest::first(150);
        let rows = setup
            .registry
            .search_as(&viewer, &query, &page)
            .await
            .unwrap()
            .items;
        let sorted = rows.windows(2).all(|pair| match order {
            Order::Code => pair[0].code < pair[1].code,
            Order::Name => (&pair[0].name, &pair[0].code) < (&pair[1].name, &pair[1].code),
            Order::RegisteredOn => {
                (pair[0].registered_on, &pair[0].code) > (pair[1].registered_on, &pair[1].code)
            }
        });
        assert!(sorted, "{order:?}");
        assert_eq!(codes(&setup, &viewer, &query).await.len(), 150);
    }
}

async fn a_cursor_of_another_order_is_refused(db: TestDatabase) {
    let setup = setup(db).await;
    fill(&setup, &mut TestRunner::deterministic()).await;
    let first = setup
        .registry
        .search(&Query::default(), &PageRequest::first(5))
        .await
        .unwrap();
    let page = PageRequest {
        after: first.next,
        limit: 5,
    };
    let query = Query {
        order: Order::Name,
        ..Query::default()
    };
    assert!(setup.registry.search(&query, &page).await.is_err());
}

async fn the_public_sees_and_filters_by_public_facts_only(db: TestDatabase) {
    let setup = setup(db).await;
    let text = format!(
        "信用代码,企业名称,所属行业,2024年从业人数,高新技术企业\n{},甲,C2710,3,是\n",
        code(1)
    );
    setup.bring(&text, "统计", "2025-01-01").await;
    let officer = Viewer::officer("经办员甲");
    let (query, page) = (Query::default(), PageRequest::default());
    let row = setup
        .registry
        .search_as(&officer, &query, &page)
        .await
        .unwrap()
        .items
        .remove(0);
    assert_eq!(row.size.as_deref(), Some("微型"));
    assert_eq!(row.tags, ["小微企业", "高新技术企业"]);
    let row = setup
        .registry
        .search_as(&Viewer::visitor(), &query, &page)
        .await
        .unwrap()
        .items
        .remove(0);
    assert_eq!(
        (row.size, row.tags),
        (None, vec!["高新技术企业".to_owned()])
    );
    for hidden in [
        Query {
            size: "微型".to_owned(),
            ..Query::default()
        },
        Query {
            tag: "小微企业".to_owned(),
            ..Query::default()
        },
    ] {
        assert!(
            setup
                .registry
                .search_as(&Viewer::visitor(), &hidden, &page)
                .await
                .is_err()
        );
        assert!(
            setup
                .registry
                .count_as(&Viewer::visitor(), &hidden)
                .await
                .is_err()
        );
        assert!(
            Arc::clone(&setup.registry)
                .export(&Viewer::visitor(), &hidden, &Chosen::default())
                .await
                .is_err()
        );
        assert_eq!(setup.registry.count_as(&officer, &hidden).await.unwrap(), 1);
    }
}

async fn conditions_that_make_no_sense_are_refused(db: TestDatabase) {
    let setup = setup(db).await;
    for query in [
        Query {
            region: "37x".to_owned(),
            ..Query::default()
        },
        Query {
            industry: "Z99".to_owned(),
            ..Query::default()
        },
        Query {
            text: "字".repeat(201),
            ..Query::default()
        },
        Query {
            status: "a\0b".to_owned(),
            ..Query::default()
        },
    ] {
        assert!(setup.registry.count(&query).await.is_err(), "{query:?}");
    }
    let odd = Query {
        text: "'; DROP TABLE enterprise; --\"".to_owned(),
        code: "%_'".to_owned(),
        ..Query::default()
    };
    assert_eq!(setup.registry.count(&odd).await.unwrap(), 0);
}

both_databases!(
    list_count_export_and_scan_agree,
    lists_are_in_order,
    a_cursor_of_another_order_is_refused,
    the_public_sees_and_filters_by_public_facts_only,
    conditions_that_make_no_sense_are_refused,
);
