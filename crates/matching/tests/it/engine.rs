//! The engine answers as the interpreter does, whatever has changed since it was loaded.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use chrono::NaiveDate;
use zhida_matching::everything::GroupSum;
use zhida_matching::{Counts, Label, Matching, Patience, RunOptions};
use zhida_platform::export::write_csv;
use zhida_platform::paging::PageRequest;
use zhida_platform::progress::{Progress, Silent};
use zhida_policies::Preview;
use zhida_registry::Query;
use zhida_testkit::{TestDatabase, both_databases};

use crate::support::{OTHERS, Setup, code, filled, shipped};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A list as people see it: counts, cost, and every line of its export.
async fn list(matching: &Matching, item: &str, query: &Query, on: NaiveDate) -> String {
    let page = PageRequest::first(1);
    let found = matching
        .for_item(item, query, None, on, &page, Patience::Page)
        .await
        .unwrap();
    let table = matching
        .export_item(item, query, None, on, Patience::Page)
        .await
        .unwrap();
    let mut bytes = Vec::new();
    write_csv(table, &mut bytes).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    format!("{:?}\n{:?}\n{text}", found.counts, found.cost)
}

async fn counts(matching: &Matching, item: &str, on: NaiveDate) -> Counts {
    let (query, page) = (Query::default(), PageRequest::first(1));
    let found = matching.for_item(item, &query, None, on, &page, Patience::Page);
    found.await.unwrap().counts
}

fn queries() -> [Query; 4] {
    let query = Query::default;
    [
        query(),
        Query {
            region: "370100".into(),
            industry: "C".into(),
            ..query()
        },
        Query {
            text: "样例企业".into(),
            size: "小型".into(),
            ..query()
        },
        Query {
            tag: "高新技术企业".into(),
            ..query()
        },
    ]
}

/// Both say the same of every item, query and day, and of rules that are no item.
pub async fn agree(setup: &Setup, days: &[&str]) -> Counts {
    let plain = setup.interpreter();
    let mut seen = Counts::default();
    for on in days {
        let on = day(on);
        for item in setup.policies.catalogue(on).items.iter() {
            for query in queries() {
                let by_engine = list(&setup.matching, &item.id, &query, on).await;
                let by_interpreter = list(&plain, &item.id, &query, on).await;
                assert_eq!(by_engine, by_interpreter, "{} {query:?} {on}", item.id);
            }
            let by_engine = setup.matching.preview(&item.rules, on).await.unwrap();
            let by_interpreter = plain.preview(&item.rules, on).await.unwrap();
            assert_eq!(by_engine, by_interpreter, "{}", item.id);
            seen.merge(&counts(&plain, &item.id, on).await);
        }
    }
    assert!(setup.matching.is_ready(), "the engine answered");
    seen
}

async fn lists_are_the_interpreters(db: TestDatabase) {
    let setup = filled(db).await.ready().await;
    let seen = agree(&setup, &["2026-11-22", "2025-06-30", "2027-03-01"]).await;
    let missing = Label::ALL.into_iter().find(|label| seen.get(*label) == 0);
    assert_eq!(missing, None, "every label was compared");
}

async fn so_they_are_for_all_shipped_items(db: TestDatabase) {
    let setup = shipped(db).await.ready().await;
    let on = day("2026-11-22");
    let plain = setup.interpreter();
    let mut summed = (0, 0);
    for item in setup.policies.catalogue(on).items.iter() {
        let query = Query::default();
        let by_engine = list(&setup.matching, &item.id, &query, on).await;
        assert_eq!(by_engine, list(&plain, &item.id, &query, on).await);
        if item.is_open(on) {
            let counts = counts(&plain, &item.id, on).await;
            let unknown = counts.manual + counts.one_unknown + counts.unknown;
            summed = (summed.0 + counts.eligible, summed.1 + unknown);
        }
    }
    let run = setup
        .matching
        .match_all(on, RunOptions::default(), Arc::new(Silent));
    let run = run.await.unwrap();
    assert_eq!((run.total.met, run.total.unknown), summed);
}

async fn a_full_run_adds_up(db: TestDatabase) {
    let setup = filled(db).await;
    let plain = setup.interpreter();
    for on in ["2026-11-22", "2026-12-16"] {
        let on = day(on);
        let run = setup
            .matching
            .match_all(on, RunOptions::default(), Arc::new(Silent));
        let run = run.await.unwrap();
        assert_eq!(run.items.len(), setup.policies.catalogue(on).open.len());
        for sum in &run.items {
            let counts = counts(&plain, &sum.head.id, on).await;
            let pairs = sum.pairs;
            assert_eq!(pairs.met, counts.eligible);
            assert_eq!(pairs.one_unknown, counts.one_unknown);
            assert_eq!(pairs.near_miss, counts.near_miss);
            let unknown = counts.manual + counts.one_unknown + counts.unknown;
            assert_eq!(pairs.unknown, unknown);
        }
        let all = OTHERS as u64 + 1;
        assert_eq!(run.enterprises, all);
        for groups in [&run.regions, &run.sizes] {
            let sum = |of: fn(&GroupSum) -> u64| groups.iter().map(of).sum::<u64>();
            assert_eq!(sum(|group| group.enterprises), all);
            assert_eq!(sum(|group| group.reached), run.reached);
            assert_eq!(sum(|group| group.pairs.met), run.total.met);
            assert_eq!(sum(|group| group.pairs.unknown), run.total.unknown);
            assert_eq!(sum(|group| group.pairs.near_miss), run.total.near_miss);
            assert_eq!(sum(|group| group.pairs.one_unknown), run.total.one_unknown);
        }
        assert_eq!(
            run.levels.iter().map(|level| level.items).sum::<u64>(),
            run.items.len() as u64
        );
        let region = Query {
            region: "370112".into(),
            ..Query::default()
        };
        let county = run
            .regions
            .iter()
            .find(|group| group.key == "370112")
            .unwrap();
        assert_eq!(
            county.enterprises,
            setup.registry.count(&region).await.unwrap()
        );
        let (mut met, mut near) = (0, 0);
        for sum in &run.items {
            let page = PageRequest::first(1);
            let found = plain.for_item(&sum.head.id, &region, None, on, &page, Patience::Page);
            let counts = found.await.unwrap().counts;
            (met, near) = (met + counts.eligible, near + counts.near_miss);
        }
        assert_eq!((county.pairs.met, county.pairs.near_miss), (met, near));
        assert!(near > 0, "near misses were compared");
    }
}

/// What a full run said of itself.
#[derive(Default)]
struct Heard(Mutex<Vec<(u64, Option<u64>)>>);

impl Progress for Heard {
    fn report(&self, done: u64, total: Option<u64>, message: &str) {
        if message == "正在匹配全部事项" {
            self.0.lock().unwrap().push((done, total));
        }
    }
}

async fn a_full_run_tells_how_far_it_is_and_keeps_to_its_memory(db: TestDatabase) {
    let setup = filled(db).await.ready().await;
    let on = day("2026-11-22");
    let heard = Arc::new(Heard::default());
    let options = RunOptions::default();
    let run = setup.matching.match_all(on, options, heard.clone()).await;
    assert!(run.unwrap().total.met > 0);
    let last = heard.0.lock().unwrap().iter().max().copied();
    let (done, total) = last.unwrap();
    assert_eq!(Some(done), total);
    let options = RunOptions {
        memory: Some(1),
        ..options
    };
    let refused = setup.matching.match_all(on, options, heard).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("请调大内存上限"), "{refused}");
}

async fn what_has_no_column_form_is_answered_and_told(db: TestDatabase) {
    let setup = filled(db).await;
    let mut rule = "上年.从业人数 >= 20".to_owned();
    for people in 0..40 {
        rule = format!("(if 高新技术企业 then 上年.从业人数 > {people} else {rule})");
    }
    setup.publish(&rule).await;
    let setup = setup.ready().await;
    agree(&setup, &["2026-11-22"]).await;
    let on = day("2026-11-22");
    let run = setup
        .matching
        .match_all(on, RunOptions::default(), Arc::new(Silent));
    let run = run.await.unwrap();
    let item = run.items.iter().find(|sum| sum.head.id == "zhankai");
    let item = item.unwrap();
    assert!(item.pairs.met > 0 && item.pairs.unknown > 0);
    assert_eq!(run.interpreted, std::slice::from_ref(&item.head.number));
    let words = format!(
        "1 个事项的条件展开后太长，没有列式形式，由解释器逐家计算：{}",
        item.head.number
    );
    let told = zhida_matching::text::everything(&run, 20);
    assert!(told.contains(&words), "{told}");
    let report = setup.matching.save_run("经办员甲", &Silent).await.unwrap();
    assert_eq!(report.interpreted, 1);
}

async fn it_follows_facts_and_newcomers(db: TestDatabase) {
    let setup = filled(db).await.ready().await;
    setup
        .bring(
            &format!(
                "统一社会信用代码,企业名称,所在区划,从业人数,高新技术企业\n\
                 {},济南样例制造有限公司,370202,120,否\n{},新来的样例企业,370112,30,是\n",
                code(0),
                code(OTHERS + 9)
            ),
            "2026-09-30",
        )
        .await;
    agree(&setup, &["2026-11-22"]).await;
    setup
        .bring(
            &format!(
                "统一社会信用代码,企业名称,高新技术企业\n{},新来的样例企业,否\n",
                code(OTHERS + 9)
            ),
            "2026-10-31",
        )
        .await;
    agree(&setup, &["2026-11-22"]).await;
}

async fn it_follows_publications_and_the_day(db: TestDatabase) {
    let setup = filled(db).await.ready().await;
    let open = |text| setup.policies.catalogue(day(text)).open.len();
    let before = open("2026-11-22");
    assert_eq!(setup.matching.items_ready(), Some(before));
    setup.policies.withdraw("经办员甲", "jiuye").await.unwrap();
    setup.matching.prepare(&Silent).await.unwrap();
    assert_eq!(setup.matching.items_ready(), Some(before - 1));
    setup.policies.reinstate("经办员甲", "jiuye").await.unwrap();
    setup.clock.set("2026-12-16");
    setup.matching.prepare(&Silent).await.unwrap();
    assert_eq!(setup.matching.items_ready(), Some(open("2026-12-16")));
    assert_ne!(open("2026-12-16"), before, "the day changed something");
    agree(&setup, &["2026-12-16"]).await;
}

async fn readers_see_one_moment_while_it_changes(db: TestDatabase) {
    let setup = Arc::new(filled(db).await.ready().await);
    let stop = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn({
        let (setup, stop) = (Arc::clone(&setup), Arc::clone(&stop));
        async move {
            let mut read = 0;
            while !stop.load(Ordering::Relaxed) || read == 0 {
                let page = PageRequest::first(200);
                let query = Query::default();
                let on = day("2026-11-22");
                let list = setup
                    .matching
                    .for_item("jiuye", &query, None, on, &page, Patience::Page)
                    .await
                    .unwrap();
                let labels = list.enterprises.iter().map(|row| row.label);
                assert_eq!(Counts::of(labels), list.counts);
                read += 1;
            }
        }
    });
    for people in 0..6 {
        let line = |n: usize| format!("{},样例企业{n}号,{}\n", code(n), 90 + people * 5);
        let lines: String = (1..=OTHERS).map(line).collect();
        let text = format!("统一社会信用代码,企业名称,从业人数\n{lines}");
        let as_of = format!("2026-09-{:02}", people + 1);
        setup.bring(&text, &as_of).await;
        setup.clock.set(&format!("2026-11-{:02}", people + 22));
        setup.matching.prepare(&Silent).await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    reader.await.unwrap();
    agree(&setup, &["2026-11-22"]).await;
}

both_databases!(
    lists_are_the_interpreters,
    so_they_are_for_all_shipped_items,
    a_full_run_adds_up,
    a_full_run_tells_how_far_it_is_and_keeps_to_its_memory,
    what_has_no_column_form_is_answered_and_told,
    it_follows_facts_and_newcomers,
    it_follows_publications_and_the_day,
    readers_see_one_moment_while_it_changes,
);
