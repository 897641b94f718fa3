//! Who newly meets what: kept once, told to officers.

use zhida_matching::news::{News, NewsQuery};
use zhida_platform::access::Viewer;
use zhida_platform::jobs::{JobQuery, Jobs, Settings, State, Worker};
use zhida_platform::paging::PageRequest;
use zhida_platform::progress::{Progress, Silent};
use zhida_testkit::{TestDatabase, both_databases};

use crate::support::{OTHERS, Setup, code, empty, filled, first};

/// All news, page by page.
async fn all(setup: &Setup, query: &NewsQuery) -> Vec<News> {
    let (mut news, mut after) = (Vec::new(), None);
    loop {
        let page = PageRequest { after, limit: 2 };
        let found = setup.matching.news(query, &page).await.unwrap();
        news.extend(found.items);
        after = found.next;
        if after.is_none() {
            let count = setup.matching.news_count(query).await.unwrap();
            assert_eq!(news.len() as u64, count);
            return news;
        }
    }
}

async fn save(setup: &Setup) -> u64 {
    let run = setup.matching.save_run("经办员甲", &Silent).await.unwrap();
    run.news
}

async fn changed_facts_newcomers_and_new_items_are_news(db: TestDatabase) {
    let setup = filled(db).await;
    setup.policies.withdraw("经办员甲", "gaoqi").await.unwrap();
    let run = setup.matching.save_run("经办员甲", &Silent).await.unwrap();
    assert_eq!((run.news, run.first), (0, true), "nothing to compare with");
    assert_eq!(save(&setup).await, 0, "nothing changed");

    let newcomer = code(OTHERS + 1);
    let text = format!(
        "统一社会信用代码,企业名称,所在区划,从业人数\n\
         {},济南样例制造有限公司,370102,120\n{newcomer},新来的样例企业,370112,30\n",
        first()
    );
    setup.bring(&text, "2026-09-30").await;
    assert_eq!(save(&setup).await, 2);
    assert_eq!(save(&setup).await, 0, "told once");
    let news = all(&setup, &NewsQuery::default()).await;
    let mut told: Vec<(&str, &str)> = news
        .iter()
        .map(|one| (one.item.as_str(), one.code.as_str()))
        .collect();
    told.sort_unstable();
    assert_eq!(told, [("jiuye", &*first()), ("zengchang", &*newcomer)]);
    assert!(news.iter().all(|one| one.reason == "情况变化"));

    setup.policies.reinstate("经办员甲", "gaoqi").await.unwrap();
    setup.clock.set("2026-11-23");
    let fresh = save(&setup).await;
    let item = NewsQuery {
        item: "gaoqi".into(),
        ..NewsQuery::default()
    };
    let news = all(&setup, &item).await;
    assert!(fresh > 2 && news.len() as u64 == fresh);
    assert!(news.iter().all(|one| one.reason == "新事项"));
    assert!(news.iter().all(|one| one.since.to_string() == "2026-11-23"));
    let one = NewsQuery {
        enterprise: first(),
        ..NewsQuery::default()
    };
    let mut items: Vec<String> = all(&setup, &one)
        .await
        .into_iter()
        .map(|n| n.item)
        .collect();
    items.sort();
    assert_eq!(items, ["gaoqi", "jiuye"]);
}

async fn an_item_that_opens_again_is_news(db: TestDatabase) {
    let setup = filled(db).await;
    save(&setup).await;
    setup.policies.withdraw("经办员甲", "gaoqi").await.unwrap();
    assert_eq!(save(&setup).await, 0, "nobody meets it any more");
    setup.policies.reinstate("经办员甲", "gaoqi").await.unwrap();
    let again = save(&setup).await;
    let news = all(&setup, &NewsQuery::default()).await;
    assert!(again > 2 && news.len() as u64 == again);
    let fine = |one: &News| one.item == "gaoqi" && one.reason == "新事项";
    assert!(news.iter().all(fine), "{news:?}");
    assert_eq!(save(&setup).await, 0, "told once");
}

async fn officers_read_them_on_the_page_in_files_and_by_api(db: TestDatabase) {
    let setup = filled(db).await;
    let app = setup.officer();
    let page = app.get("/match/news").await.expect_status(200);
    assert!(page.text().contains("还没有新匹配"));
    save(&setup).await;
    let text = format!(
        "统一社会信用代码,企业名称,从业人数\n{},济南样例制造有限公司,120\n",
        first()
    );
    setup.bring(&text, "2026-09-30").await;
    assert_eq!(save(&setup).await, 1);

    let page = app.get("/match/news").await.expect_status(200);
    assert!(page.text().contains("共 1 条") && page.text().contains("济南样例制造有限公司"));
    let path = format!("/enterprises/{}/matches", first());
    let page = app.get(&path).await.expect_status(200);
    assert!(page.text().contains("夜间全量匹配发现的"));
    let file = app.get("/match/news.csv").await.expect_status(200);
    assert!(file.text().contains("2026-11-22") && file.text().contains(&first()));
    let _ = app.get("/match/news.xlsx").await.expect_status(200);
    let news = app.get("/api/v1/matches/news?item=jiuye").await;
    let news = news.expect_status(200).json();
    assert_eq!(news["items"][0]["code"], first());
    assert_eq!(news["items"][0]["item"], "jiuye");
    let catalogue = setup.policies.catalogue(setup.matching.today());
    let item = catalogue.find("jiuye").unwrap();
    let offered = format!("{}（{}）", item.name, item.number);
    assert!(app.get("/match/news").await.text().contains(&offered));
    for typed in [&offered, &item.name, &item.number, &item.id] {
        let address = format!("/match/news?item={typed}");
        let page = app.get(&address).await.expect_status(200);
        assert!(page.text().contains("共 1 条"), "{typed}: {}", page.text());
    }
    let nothing = app.get("/match/news?item=gaoqi").await.expect_status(200);
    assert!(nothing.text().contains("没有符合条件的新匹配"));
    assert!(!nothing.text().contains("还没有新匹配"));
    let nobody = format!("/api/v1/matches/news?enterprise={}", code(999));
    let _ = app.get(&nobody).await.expect_status(404);
    let _ = app
        .get("/api/v1/matches/news?after=x")
        .await
        .expect_status(400);
    let public = setup.app(Viewer::visitor());
    let _ = public.get("/match/news").await.expect_status(401);
    let _ = public.get("/api/v1/matches/news").await.expect_status(401);
}

async fn officers_see_how_far_a_run_came(db: TestDatabase) {
    let setup = filled(db).await;
    let app = setup.officer();
    let told = async |words: &str| {
        let page = app.get("/match/news").await.expect_status(200);
        assert!(page.text().contains(words), "{words}\n{}", page.text());
        let runs = app.get("/api/v1/matches/runs").await.expect_status(200);
        runs.json()
    };
    assert_eq!(setup.matching.runs().await.unwrap(), []);
    assert_eq!(told("还没有新匹配").await, serde_json::json!([]));
    save(&setup).await;
    let runs = told("最近一次全量匹配（经办员甲）于 2026年11月22日 12:00 完成").await;
    let items = setup.matching.items_ready().unwrap();
    assert_eq!(
        (&runs[0]["state"], &runs[0]["done"]),
        (&"finished".into(), &items.into())
    );

    setup
        .tamper("UPDATE match_met SET met = '*' WHERE item = 'gaoqi'")
        .await;
    setup.clock.set("2026-11-23");
    let failed = setup.matching.save_run("经办员乙", &Silent).await;
    assert!(failed.unwrap_err().to_string().contains("gaoqi"));
    let runs = told("全量匹配（经办员乙）于 2026年11月23日 12:00 失败：事项“gaoqi”").await;
    assert_eq!(
        (&runs[0]["state"], &runs[0]["done"]),
        (&"failed".into(), &0.into())
    );
    assert_eq!(
        told("于 2026年11月22日 12:00 完成").await[1]["state"],
        "finished"
    );

    // As when the process ended in the middle.
    setup
        .tamper("UPDATE match_run SET failure = '' WHERE no = 2")
        .await;
    let runs = told(&format!(
        "全量匹配正在进行（经办员乙）：已比较 0 / {items} 个事项"
    ))
    .await;
    assert_eq!(runs[0]["state"], "running");
    setup.clock.set("2026-11-24");
    let runs = told("全量匹配（经办员乙）中断，最近进展 2026年11月23日 12:00").await;
    assert_eq!(runs[0]["state"], "interrupted");

    setup
        .tamper("DELETE FROM match_met WHERE item = 'gaoqi'")
        .await;
    let news = save(&setup).await;
    assert!(news > 0);
    let runs = told("于 2026年11月24日 12:00 完成").await;
    assert_eq!(
        (&runs[0]["no"], &runs[0]["news"]),
        (&2.into(), &news.into())
    );
    assert_eq!(runs[0].get("failure"), None);
    let public = setup.app(Viewer::visitor());
    let _ = public.get("/api/v1/matches/runs").await.expect_status(401);
}

async fn without_data_there_is_no_run(db: TestDatabase) {
    let setup = empty(db).await;
    let refused = setup.matching.save_run("经办员甲", &Silent).await;
    assert!(refused.unwrap_err().to_string().contains("没有可以比较的"));
}

/// Waits for what happens beside the server, up to a minute.
async fn until(what: &str, happened: impl AsyncFn() -> bool) {
    for _ in 0..600 {
        if happened().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{what} did not happen");
}

async fn the_server_keeps_itself_current(db: TestDatabase) {
    let setup = filled(db).await;
    setup.matching.keep_current();
    until("loading", async || setup.matching.is_ready()).await;
    let open = setup.matching.items_ready().unwrap();
    setup.policies.withdraw("经办员甲", "gaoqi").await.unwrap();
    let withdrawn = async || setup.matching.items_ready() == Some(open - 1);
    until("withdrawing", withdrawn).await;
    setup.policies.reinstate("经办员甲", "gaoqi").await.unwrap();
    let published = async || setup.matching.items_ready() == Some(open);
    until("publishing", published).await;
}

/// A server's worker over the jobs of the room.
fn jobs(setup: &Setup) -> Jobs {
    let jobs = Jobs::new(setup.db.handle(), setup.clock.clone());
    zhida_matching::background(&setup.matching, &jobs);
    jobs
}

async fn it_runs_at_once_and_every_night_on_one_of_two_servers(db: TestDatabase) {
    let setup = filled(db).await;
    let (one, two) = (jobs(&setup), jobs(&setup));
    let work = async |jobs: &Jobs| {
        let worker = Worker::new(jobs.clone(), Settings::default());
        worker.run_due().await.unwrap()
    };
    assert_eq!((work(&one).await, work(&two).await), (1, 0));
    let text = format!(
        "统一社会信用代码,企业名称,从业人数\n{},济南样例制造有限公司,120\n",
        first()
    );
    setup.bring(&text, "2026-09-30").await;
    assert_eq!(work(&one).await, 0, "not before the night");
    setup.clock.set("2026-11-23");
    let ran = tokio::join!(work(&one), work(&two));
    assert_eq!(ran.0 + ran.1, 1, "once, whoever does it");
    let query = NewsQuery {
        enterprise: first(),
        ..NewsQuery::default()
    };
    assert_eq!(all(&setup, &query).await[0].item, "jiuye");
    let (all_jobs, page) = (JobQuery::default(), PageRequest::default());
    let found = one.list(&all_jobs, &page);
    let results: Vec<String> = found
        .await
        .unwrap()
        .items
        .into_iter()
        .map(|job| job.result)
        .collect();
    let items = setup.matching.items_ready().unwrap();
    let told = [
        format!("已匹配 {items} 个事项，新匹配 1 条"),
        format!("已匹配 {items} 个事项，作为以后比较的起点"),
    ];
    assert_eq!(results, told);
}

/// Wants the run to stop as soon as it is heard of.
struct Enough;

impl Progress for Enough {
    fn report(&self, _: u64, _: Option<u64>, _: &str) {}

    fn is_cancelled(&self) -> bool {
        true
    }
}

async fn a_cancelled_run_says_so_and_goes_on_later(db: TestDatabase) {
    let setup = filled(db).await;
    let stopped = setup.matching.save_run("经办员甲", &Enough).await;
    assert!(matches!(stopped, Err(zhida_matching::Error::Stopped)));
    let runs = setup.matching.runs().await.unwrap();
    assert!(
        runs[0].words().contains("按要求停止"),
        "{}",
        runs[0].words()
    );
    let run = setup.matching.save_run("经办员甲", &Silent).await.unwrap();
    assert_eq!((run.no, run.first), (runs[0].no, true), "the same run");
}

async fn without_data_the_job_is_done_and_says_why(db: TestDatabase) {
    let setup = empty(db).await;
    let jobs = jobs(&setup);
    let worker = Worker::new(jobs.clone(), Settings::default());
    assert_eq!(worker.run_due().await.unwrap(), 1);
    let (all_jobs, page) = (JobQuery::default(), PageRequest::default());
    let found = jobs.list(&all_jobs, &page);
    let job = found.await.unwrap().items.remove(0);
    assert_eq!(job.state, State::Done);
    assert!(job.result.contains("没有可以比较的"), "{}", job.result);
}

both_databases!(
    the_server_keeps_itself_current,
    it_runs_at_once_and_every_night_on_one_of_two_servers,
    a_cancelled_run_says_so_and_goes_on_later,
    without_data_the_job_is_done_and_says_why,
    changed_facts_newcomers_and_new_items_are_news,
    an_item_that_opens_again_is_news,
    officers_read_them_on_the_page_in_files_and_by_api,
    officers_see_how_far_a_run_came,
    without_data_there_is_no_run,
);
