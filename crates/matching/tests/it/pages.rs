//! The pages, with data, without, and for those who may see less.

use zhida_platform::access::Viewer;
use zhida_policies::QueryText;
use zhida_testkit::{TestDatabase, both_databases, seated};

use crate::support::{code, empty, filled, first};

async fn an_officer_reads_every_page(db: TestDatabase) {
    let setup = filled(db).await;
    let app = setup.officer();
    let base = format!("/enterprises/{}/matches", first());
    let page = app.get(&base).await.expect_status(200);
    for words in [
        "可享政策",
        "高新技术企业认定奖励",
        "只差一项 1 项",
        "最优组合",
        "成长奖励",
        "上年从业人数再增加 20 人",
        "已于 2025年12月31日 到期",
    ] {
        assert!(page.text().contains(words), "{words} is missing");
    }
    let page = app
        .get(&format!("{base}?employees.2025=120"))
        .await
        .expect_status(200);
    for words in ["测算结果", "80 人 → 120 人", "6 万元"] {
        assert!(page.text().contains(words), "{words} is missing");
    }
    let page = app
        .get(&format!("{base}?employees.2025=很多"))
        .await
        .expect_status(200);
    assert!(page.text().contains("从业人数："));
    let page = app
        .get(&format!("{base}?group=near_miss"))
        .await
        .expect_status(200);
    assert!(page.text().contains("返回全部结论") && !page.text().contains("示范企业评选"));

    let page = app.get(&format!("{base}/yanfa")).await.expect_status(200);
    for words in [
        "由市科学技术局组织专家评审",
        "市场监管，2026年6月30日",
        "20 万元",
        "2025 年研发费用 400 万元",
    ] {
        assert!(page.text().contains(words), "{words} is missing");
    }
    let page = app
        .get("/policies/gaoqi/enterprises?verdict=eligible")
        .await
        .expect_status(200);
    for words in [
        "济南样例制造有限公司",
        "从全部到符合",
        "enterprises.csv?verdict=eligible",
    ] {
        assert!(page.text().contains(words), "{words} is missing");
    }
    for (viewer, places) in [
        (Viewer::officer("经办员甲"), ["山东省", "C 制造业"]),
        (
            seated("clerk", Some("370100"), None),
            ["历下区", "C 制造业"],
        ),
    ] {
        let app = setup.app(viewer);
        let page = app.get("/policies/gaoqi/enterprises").await;
        for name in places {
            let option = format!(">{name}</option>");
            assert!(page.text().contains(&option), "{name}: {}", page.text());
        }
    }
    let page = app
        .get("/policies/guoqi/enterprises")
        .await
        .expect_status(200);
    assert!(page.text().contains("只供参考"));
    let file = app
        .get("/policies/gaoqi/enterprises.csv?verdict=eligible")
        .await
        .expect_status(200);
    assert!(file.text().contains(&first()));
    let file = app
        .get("/policies/gaoqi/enterprises.xlsx")
        .await
        .expect_status(200);
    assert!(file.bytes.starts_with(b"PK"));
    let page = app.get("/").await.expect_status(200);
    for words in [
        "最新发布",
        "即将截止",
        "研发费用补助",
        "政策事项，按主题",
        "山东省",
        "61",
    ] {
        assert!(page.text().contains(words), "{words} is missing");
    }
}

async fn the_calculator_asks_what_matters_and_ends(db: TestDatabase) {
    let setup = filled(db).await;
    let app = setup.app(Viewer::visitor());
    let page = app.get("/calculator").await.expect_status(200);
    for words in [
        "贵企业注册在哪个县",
        "name=\"area\"",
        "name=\"sector\"",
        "还有 <strong>6</strong> 项",
    ] {
        assert!(page.text().contains(words), "{words} is missing");
    }
    let page = app.get("/calculator?area=370100").await.expect_status(200);
    assert!(page.text().contains("历下区") && page.text().contains("name=\"division\""));
    let page = app
        .get("/calculator?division=370102&sector=C")
        .await
        .expect_status(200);
    assert!(
        page.text().contains("制造业"),
        "fine enough: no rule names a part of C"
    );
    assert!(page.text().contains("name=\"industry\" value=\"C\""));
    let given = "division=370102&industry=C35&high_tech=%E6%98%AF&employees.2025=80\
                 &revenue.2025=3000%E4%B8%87&rd_expense.2025=400%E4%B8%87&rd_expense.2024=?";
    let page = app
        .get(&format!("/calculator?{given}"))
        .await
        .expect_status(200);
    for words in [
        "没有需要再回答的问题",
        "符合 3 项",
        "缺少数据：2024 年研发费用",
        "不清楚",
    ] {
        assert!(
            page.text().contains(words),
            "{words} is missing in {}",
            page.text()
        );
    }
    let page = app.get("/calculator?item=jiuye").await.expect_status(200);
    assert!(page.text().contains("只测算一项政策") && !page.text().contains("示范企业评选"));
    let page = app
        .get("/calculator?employees.2025=%E5%BE%88%E5%A4%9A")
        .await
        .expect_status(200);
    assert!(page.text().contains("从业人数：") && page.text().contains("请先改正"));
    let _answered = app.get("/calculator?item=keins").await.expect_status(404);
}

async fn a_stranger_checks_and_sees_no_figure(db: TestDatabase) {
    let setup = filled(db).await;
    let app = setup.app(Viewer::visitor());
    let path = |item: &str, code: &str| format!("/match/check?item={item}&code={code}");
    let page = app
        .get(&path("pingshen", &first()))
        .await
        .expect_status(200);
    let text = page.text();
    assert!(text.contains("济南样例制造有限公司"));
    for leak in ["3,000 万元", "30000000", "80 万元", "zd-verdict--no"] {
        assert!(!text.contains(leak), "{leak} is shown");
    }
    assert!(text.contains("数据不公开，这里不判断"));
    let page = app.get(&path("jiuye", &first())).await.expect_status(200);
    assert!(!page.text().contains("80 人") && !page.text().contains("再增加 20 人"));
    let page = app
        .get(&path("pingshen", &code(77_777)))
        .await
        .expect_status(400);
    assert!(page.text().contains("库中没有这个市场主体的数据"));
    let page = app
        .get(&path("pingshen", "91370102PDY000009X"))
        .await
        .expect_status(400);
    assert!(page.text().contains("code-error"));
    let page = app.get(&path("keins", &first())).await.expect_status(400);
    assert!(page.text().contains("没有这个已发布的政策事项"));
    let blank = app.get("/match/check").await.expect_status(200);
    assert!(!blank.text().contains(&first()));
    // whoever acts for an enterprise finds its code written
    let own = setup.app(seated("legal", None, Some(&first())));
    let own = own
        .get("/match/check?item=pingshen")
        .await
        .expect_status(200);
    assert!(
        own.text().contains(&format!("value=\"{}\"", first())),
        "{}",
        own.text()
    );
    let page = setup
        .officer()
        .get(&path("pingshen", &first()))
        .await
        .expect_status(200);
    assert!(
        page.text().contains("3,000 万元"),
        "officers see the figure"
    );
}

async fn the_public_is_told_why_not(db: TestDatabase) {
    let setup = filled(db).await;
    let app = setup.app(Viewer::visitor());
    let base = format!("/enterprises/{}/matches", first());
    for path in [
        base.clone(),
        format!("{base}/gaoqi"),
        "/policies/gaoqi/enterprises".into(),
        "/policies/gaoqi/enterprises.csv".into(),
    ] {
        let page = app.get(&path).await.expect_status(401);
        assert!(page.text().contains("/sign-in?next="), "{path}");
    }
    let page = app.get("/").await.expect_status(200);
    assert!(!page.text().contains("按名称查找市场主体") && !page.text().contains("山东省"));
}

async fn empty_libraries_say_what_to_do(db: TestDatabase) {
    let setup = empty(db).await;
    let app = setup.officer();
    let page = app.get("/").await.expect_status(200);
    assert!(page.text().contains("政策库里还没有现行的事项"));
    let page = app.get("/calculator").await.expect_status(200);
    assert!(page.text().contains("政策库里还没有已发布的事项"));
    let page = app
        .get(&format!("/enterprises/{}/matches", first()))
        .await
        .expect_status(404);
    assert!(page.text().contains(&first()));
    setup
        .bring(
            &format!("统一社会信用代码,企业名称\n{},甲公司\n", first()),
            "2026-06-30",
        )
        .await;
    let page = app
        .get(&format!("/enterprises/{}/matches", first()))
        .await
        .expect_status(200);
    assert!(page.text().contains("政策库里还没有已发布的事项"));
    let _answered = app
        .get("/policies/keins/enterprises")
        .await
        .expect_status(404);
}

/// What stands in a figure that leads to `href`.
fn figure(page: &str, href: &str) -> u64 {
    let (_, rest) = page.split_once(&format!("href=\"{href}\"")).unwrap();
    let (_, rest) = rest.split_once("zd-figure__value\">").unwrap();
    rest.split_once('<').unwrap().0.parse().unwrap()
}

async fn the_figures_of_the_home_page_are_those_of_the_lists_they_lead_to(db: TestDatabase) {
    let setup = filled(db).await;
    let page = setup.app(Viewer::visitor()).get("/").await;
    let page = page.expect_status(200);
    let listed = async |delivery: &str| {
        let delivery = delivery.to_owned();
        let text = QueryText {
            delivery,
            ..QueryText::default()
        };
        let query = text.parse().unwrap();
        setup.policies.count(&query).await.unwrap()
    };
    let all = figure(page.text(), "/policies");
    // one of them is in force and not open yet: the list shows it, so it is counted
    let open = setup.policies.catalogue(setup.matching.today()).open.len() as u64;
    assert_eq!((all, open), (listed("").await, all - 1));
    for delivery in ["no_application", "instant", "application"] {
        let href = format!("/policies?delivery={delivery}");
        assert_eq!(figure(page.text(), &href), listed(delivery).await, "{href}");
    }
}

both_databases!(
    an_officer_reads_every_page,
    the_figures_of_the_home_page_are_those_of_the_lists_they_lead_to,
    the_calculator_asks_what_matters_and_ends,
    a_stranger_checks_and_sees_no_figure,
    the_public_is_told_why_not,
    empty_libraries_say_what_to_do,
);
