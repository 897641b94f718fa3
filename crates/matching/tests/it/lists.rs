//! One item against many: counts, pages and exports are one list; the preview agrees with it.

use zhida_matching::{Label, Patience};
use zhida_platform::access::Viewer;
use zhida_platform::export::write_csv;
use zhida_platform::paging::PageRequest;
use zhida_platform::progress::Silent;
use zhida_policies::Preview;
use zhida_registry::Query;
use zhida_testkit::{TestDatabase, both_databases};

use crate::support::{OTHERS, Setup, code, filled};

const ITEMS: [&str; 7] = [
    "gaoqi",
    "zengchang",
    "yanfa",
    "jiuye",
    "pingshen",
    "beijing",
    "guoqi",
];

fn on() -> chrono::NaiveDate {
    "2026-11-22".parse().unwrap()
}

/// Codes of all pages of a list.
async fn paged(
    setup: &Setup,
    item: &str,
    query: &Query,
    label: Option<Label>,
    limit: u32,
) -> Vec<String> {
    let (mut codes, mut after) = (Vec::new(), None);
    loop {
        let page = PageRequest { after, limit };
        let found = setup
            .matching
            .for_item(item, query, label, on(), &page, Patience::Page)
            .await
            .unwrap();
        assert!(found.enterprises.len() <= limit as usize);
        assert!(label.is_none_or(|label| found.enterprises.iter().all(|row| row.label == label)));
        codes.extend(found.enterprises.into_iter().map(|row| row.code));
        after = found.next;
        if after.is_none() {
            return codes;
        }
    }
}

async fn exported(setup: &Setup, item: &str, query: &Query, label: Option<Label>) -> Vec<String> {
    let table = setup
        .matching
        .export_item(item, query, label, on(), Patience::Job)
        .await
        .unwrap();
    let mut bytes = Vec::new();
    write_csv(table, &mut bytes).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    text.lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap().to_owned())
        .collect()
}

async fn counts_pages_and_exports_are_one_list(db: TestDatabase) {
    pages_and_exports_of(filled(db).await).await;
}

async fn a_list_by_tag_follows_the_tags(db: TestDatabase) {
    let setup = filled(db).await.ready().await;
    let query = Query {
        tag: "认定".into(),
        ..Query::default()
    };
    let officer = Viewer::officer("经办员甲");
    setup
        .registry
        .add_tag(&officer, "认定", "高新技术企业", "")
        .await
        .unwrap();
    assert!(paged(&setup, "gaoqi", &query, None, 50).await.is_empty());
    setup
        .registry
        .recompute_tags(&officer, &Silent)
        .await
        .unwrap();
    let holders = setup.registry.count(&query).await.unwrap();
    assert!(holders > 0);
    let listed = paged(&setup, "gaoqi", &query, None, 50).await;
    assert_eq!(
        listed.len() as u64,
        holders,
        "the list from before is not kept"
    );
    let version = setup.registry.version().await.unwrap();
    setup
        .registry
        .recompute_tags(&officer, &Silent)
        .await
        .unwrap();
    assert_eq!(
        setup.registry.version().await.unwrap(),
        version,
        "nothing changed, so what was kept holds"
    );
}

async fn so_they_are_by_the_engine(db: TestDatabase) {
    pages_and_exports_of(filled(db).await.ready().await).await;
}

async fn pages_and_exports_of(setup: Setup) {
    let queries = [
        Query::default(),
        Query {
            region: "370100".into(),
            ..Query::default()
        },
        Query {
            region: "370202".into(),
            industry: "C".into(),
            ..Query::default()
        },
        Query {
            text: "样例企业".into(),
            ..Query::default()
        },
        Query {
            text: "没有这样的企业".into(),
            ..Query::default()
        },
    ];
    for item in ITEMS {
        for (n, query) in queries.iter().enumerate() {
            let first = PageRequest::first(1);
            let counts = setup
                .matching
                .for_item(item, query, None, on(), &first, Patience::Page)
                .await
                .unwrap()
                .counts;
            assert_eq!(counts.total, setup.registry.count(query).await.unwrap());
            let all = paged(&setup, item, query, None, 7 + n as u32).await;
            assert_eq!(all.len() as u64, counts.total);
            assert_eq!(exported(&setup, item, query, None).await, all);
            for label in Label::ALL {
                let some = paged(&setup, item, query, Some(label), 5).await;
                assert_eq!(some.len() as u64, counts.get(label), "{item} {label:?}");
                assert_eq!(exported(&setup, item, query, Some(label)).await, some);
            }
        }
    }
}

async fn a_list_agrees_with_each_enterprise(db: TestDatabase) {
    let setup = filled(db).await;
    for item in ITEMS {
        let page = PageRequest::first(200);
        let query = Query::default();
        let found = setup
            .matching
            .for_item(item, &query, None, on(), &page, Patience::Page)
            .await
            .unwrap();
        assert_eq!(found.not_open.is_some(), item == "guoqi");
        assert_eq!(found.enterprises.len(), OTHERS + 1);
        for row in found.enterprises {
            let pair = setup
                .matching
                .for_pair(&row.code, item, on())
                .await
                .unwrap()
                .item;
            assert_eq!(
                (pair.label, pair.verdict, pair.distance),
                (row.label, row.verdict, row.distance)
            );
            if row.label != Label::OutOfReach {
                let text = row.amount.map(|amount| amount.text);
                assert_eq!(
                    pair.amount.map(|amount| amount.text),
                    text,
                    "{item} {}",
                    row.code
                );
            }
        }
    }
}

async fn a_list_follows_the_registry(db: TestDatabase) {
    let setup = filled(db).await;
    let query = Query {
        code: code(0),
        ..Query::default()
    };
    let count = async || {
        let page = PageRequest::first(1);
        let found = setup
            .matching
            .for_item("jiuye", &query, None, on(), &page, Patience::Page)
            .await;
        found.unwrap().counts
    };
    assert_eq!(count().await.near_miss, 1);
    let text = format!(
        "统一社会信用代码,企业名称,从业人数\n{},济南样例制造有限公司,120\n",
        code(0)
    );
    setup.bring(&text, "2026-09-30").await;
    assert_eq!(count().await.eligible, 1);
}

async fn the_preview_of_published_rules_is_their_list(db: TestDatabase) {
    let setup = filled(db).await;
    for id in ITEMS {
        let item = setup.matching.item(id, on()).unwrap();
        let result = setup.matching.preview(&item.rules, on()).await.unwrap();
        let page = PageRequest::first(1);
        let query = Query::default();
        let found = setup
            .matching
            .for_item(id, &query, None, on(), &page, Patience::Page)
            .await
            .unwrap();
        assert_eq!(result.matched, found.counts.eligible + found.counts.manual);
        assert_eq!(
            result.unknown,
            found.counts.unknown + found.counts.one_unknown
        );
        assert_eq!(result.near, found.counts.near_miss);
        assert_eq!(result.amount_low, Some(found.cost.low.round(0)));
        assert_eq!(result.sampled, None);
    }
}

async fn a_tampered_cursor_is_refused(db: TestDatabase) {
    let setup = filled(db).await;
    let page = PageRequest {
        after: Some("jemand".into()),
        limit: 5,
    };
    let query = Query::default();
    let found = setup
        .matching
        .for_item("gaoqi", &query, None, on(), &page, Patience::Page)
        .await;
    assert!(found.unwrap_err().to_string().contains("翻页位置"));
}

both_databases!(
    counts_pages_and_exports_are_one_list,
    so_they_are_by_the_engine,
    a_list_by_tag_follows_the_tags,
    a_list_agrees_with_each_enterprise,
    a_list_follows_the_registry,
    the_preview_of_published_rules_is_their_list,
    a_tampered_cursor_is_refused,
);
