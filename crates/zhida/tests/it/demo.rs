//! `zhida demo` in a browser: what its users do, step by step, each step kept as a picture in
//! `target/screenshots`.

use std::time::Duration;

use zhida_testkit::{Browser, Program, block_on};

use crate::{program::ZHIDA, server::Server, visitor::Visitor};

const READY_WITHIN: Duration = Duration::from_secs(180);
/// For all of the country, and computed from facts alone.
const ITEM: &str = "p050-xiaoxing-weili";

/// The demo and its example enterprise.
async fn started() -> (Program, Visitor, String) {
    let arguments = ["demo", "--addr", "127.0.0.1:0", "--enterprises", "2000"];
    let program = Program::start(ZHIDA, &arguments);
    let said = program.says("按 Ctrl-C 退出", READY_WITHIN).await;
    let address = |name: &str| {
        let line = said
            .lines()
            .find(|line| line.trim_start().starts_with(name));
        let word = line.and_then(|line| line.split_whitespace().nth(1));
        word.unwrap_or_else(|| panic!("没有“{name}”的地址：\n{said}"))
            .to_owned()
    };
    assert!(said.contains("curl -d api_key=zhida311_"), "{said}");
    let base = address("首页").trim_end_matches('/').to_owned();
    assert!(!base.ends_with(":0"), "the real port is told: {base}");
    let code = address("一企一档").rsplit('/').next().unwrap().to_owned();
    (program, Visitor::new(Browser::start().await, base), code)
}

#[test]
fn the_main_path_of_the_demo() {
    block_on(async {
        let (_demo, visitor, code) = started().await;
        searches_a_policy(&visitor).await;
        is_asked_who_is_there(&visitor).await;
        enters_as(&visitor, "clerk", "经办人员").await;
        asks_whether_an_enterprise_qualifies(&visitor, &code).await;
        calculates(&visitor).await;
        reads_the_file_and_its_matches(&visitor, &code).await;
        changes_a_fact(&visitor).await;
        enters_as(&visitor, "policy_editor", "政策管理员").await;
        writes_a_rule(&visitor).await;
        publishes_it(&visitor).await;
        enters_as(&visitor, "data_manager", "数据管理员").await;
        imports_enterprises(&visitor).await;
    });
}

async fn searches_a_policy(visitor: &Visitor) {
    visitor.open("/").await;
    visitor.sees(&["现行政策事项", "市场主体", "演示"]).await;
    visitor.looks("demo-01-home").await;
    visitor.picture_for_readme("home").await;
    visitor.types(".zd-hero #search-q", "小型微利").await;
    visitor.click(".zd-hero .zd-search__button").await;
    visitor.is_at("/policies?q=").await;
    visitor.sees(&["小型微利企业所得税优惠"]).await;
    visitor.looks("demo-02-search").await;
    visitor.click(&format!("a[href^='/policies/{ITEM}']")).await;
    visitor.is_at(&format!("/policies/{ITEM}")).await;
    let words = ["资格条件", "条款原文", "兑现标准", "30 个要素", "政策原文"];
    visitor.sees(&words).await;
    visitor.looks("demo-03-policy").await;
    visitor.picture_for_readme("policy").await;
}

/// Whoever has not said so is a visitor, as in a server.
async fn is_asked_who_is_there(visitor: &Visitor) {
    visitor.open("/policies/new").await;
    visitor.sees(&["请先登录", "选择身份进入"]).await;
    visitor.open("/sign-in?next=/policies").await;
    visitor.click("main a[href^='/demo?next=']").await;
    visitor.is_at("/demo?next=%2Fpolicies").await;
    visitor.looks("demo-03a-roles").await;
    visitor.click("button[name=role][value=finance]").await;
    visitor.is_at("/policies").await;
    visitor.sees(&["演示财务人员", "换个身份"]).await;
}

/// One click, from wherever one is.
async fn enters_as(visitor: &Visitor, role: &str, name: &str) {
    visitor.click(".zd-strip a[href='/demo']").await;
    let button = format!("button[name=role][value={role}]");
    visitor.click(&button).await;
    visitor.sees(&[&format!("演示{name}")]).await;
}

async fn asks_whether_an_enterprise_qualifies(visitor: &Visitor, code: &str) {
    visitor.open(&format!("/policies/{ITEM}")).await;
    visitor.writes("#check #code", code).await;
    visitor.click("#check button[type=submit]").await;
    visitor.is_at("/match/check?").await;
    visitor
        .sees(&["结论", "符合", "要求", "现有", "来源", "演示数据"])
        .await;
    visitor.looks("demo-04-check").await;
    visitor.writes("#code", "91330302PDY0000000").await;
    visitor
        .click("form[action='/match/check'] button[type=submit]")
        .await;
    visitor.sees(&["校验码有误", "第 18 位"]).await;
    visitor.looks("demo-05-check-wrong-code").await;
}

/// Answers what the calculator asks first, then two questions more; what is open only shrinks.
async fn calculates(visitor: &Visitor) {
    visitor.open("/calculator").await;
    let first = open_items(visitor).await;
    visitor.looks("demo-06-calculator").await;
    let mut open = first;
    for value in ["330000", "330300", "330302"] {
        visitor.chooses("#area, #division", value).await;
        open = answered(visitor, open).await;
    }
    assert!(open < first, "{open} of {first}");
    visitor.chooses("#sector, #industry", "C").await;
    open = answered(visitor, open).await;
    visitor.click("input[name=size][value=小型]").await;
    open = answered(visitor, open).await;
    visitor.looks("demo-07-calculator-asks-on").await;
    let before = open;
    for _ in 0..2 {
        visitor.script(ANSWER_FIRST, &[]).await;
        open = answered(visitor, open).await;
    }
    assert!(
        open < first && open <= before,
        "{open} of {before} of {first}"
    );
    let words = ["浙江省温州市鹿城区", "制造业", "小型", "修改"];
    visitor
        .script(
            "document.querySelectorAll('details').forEach(one => one.open = true)",
            &[],
        )
        .await;
    visitor.sees(&words).await;
    visitor.looks("demo-08-calculator-answered").await;
    if crate::snapshot::updating() {
        visitor.open(SETTLED).await;
        visitor.picture_for_readme("calculator").await;
    }
}

/// Enough answers that README's picture shows verdicts of several kinds.
const SETTLED: &str = "/calculator?division=330302&industry=C35&size=小型&legal_person=true\
    &employees.2025=80&assets.2025=2000万&taxable_income.2025=100万&restricted_industry=false";

/// Answers the first question of the form, whatever it asks.
const ANSWER_FIRST: &str = "
    const field = document.querySelector('#questions [name]:not([type=hidden])');
    if (field.type === 'radio') field.click();
    else if (field.tagName === 'SELECT') field.selectedIndex = 1;
    else field.value = field.type === 'date' ? '2020-01-01' : '10';";

/// How many items wait for an answer; none when nothing is asked any more.
async fn open_items(visitor: &Visitor) -> u64 {
    let script = "const open = document.querySelector('#questions strong');
        return open ? open.textContent : '0'";
    let text = visitor.script(script, &[]).await;
    text.as_str().unwrap().trim().parse().unwrap()
}

/// Sends the answer; what is open afterwards, which an answer may only lower.
async fn answered(visitor: &Visitor, before: u64) -> u64 {
    let mark = "document.getElementById('calculator').dataset.seen = 'yes'";
    visitor.script(mark, &[]).await;
    visitor.click("#questions button[type=submit]").await;
    visitor.element("#calculator:not([data-seen])").await;
    let now = open_items(visitor).await;
    assert!(now <= before, "{before} items were open, now {now}");
    now
}

async fn reads_the_file_and_its_matches(visitor: &Visitor, code: &str) {
    visitor.open(&format!("/enterprises?q={code}")).await;
    visitor
        .click(&format!("#results a[href='/enterprises/{code}']"))
        .await;
    visitor.sees(&[code, "所属行业", "演示数据"]).await;
    visitor.looks("demo-09-enterprise").await;
    visitor
        .click(&format!("a[href='/enterprises/{code}/matches']"))
        .await;
    visitor.is_at("/matches").await;
    visitor
        .sees(&["可享政策", "符合", "可同时享受合计", "假如情况改变"])
        .await;
    assert!(
        visitor.figure("符合").await > 0,
        "the example has something to show"
    );
    visitor.looks("demo-10-matches").await;
    visitor.picture_for_readme("matches").await;
}

async fn changes_a_fact(visitor: &Visitor) {
    let field = "#what-if input[type=text], #what-if input[type=number]";
    visitor.writes(field, "30").await;
    visitor.click("#what-if button[type=submit]").await;
    visitor.sees(&["测算结果", "→ 30", "符合由"]).await;
    visitor.looks("demo-11-what-if").await;
}

/// A wrong rule is explained while the form is filled in; a right one is counted and priced.
async fn writes_a_rule(visitor: &Visitor) {
    visitor.open("/policies/new").await;
    visitor.writes("#id", "demo-new-item").await;
    visitor.writes("#name", "规模企业奖励（演示）").await;
    visitor
        .click("input[name=delivery][value=application]")
        .await;
    visitor.writes("#regions", "330300").await;
    visitor
        .writes("#condition-1", "上年营业收入 100 万元以上")
        .await;
    visitor.click("input[name=benefit-kind][value=money]").await;
    visitor.writes("#benefit-formula", "10万").await;
    visitor.writes("#benefit-text", "一次性奖励 10 万元").await;
    visitor.writes("#rule-1", "上年.没这个 > 100万").await;
    visitor.sees(&["规则有 1 处错误", "没这个"]).await;
    visitor.looks("demo-12-rule-wrong").await;
    visitor.writes("#rule-1", "上年营业收入不低于100万").await;
    visitor
        .sees(&["规则可以使用", "上年.营业收入 >= 1000000"])
        .await;
    let (matched, cost) = (
        visitor.figure("符合").await,
        visitor.figure("预计金额").await,
    );
    assert!(matched > 0, "a city has enterprises with a revenue");
    // 10 万元 each: the digits of the sum are those of the count, zeros aside
    let digits = |number: u64| number.to_string().trim_end_matches('0').to_owned();
    assert_eq!(digits(cost), digits(matched), "{matched} 家，{cost}");
    visitor.looks("demo-13-rule-right").await;
}

async fn publishes_it(visitor: &Visitor) {
    let publish = "button[name=do][value=publish]";
    visitor.click(publish).await;
    visitor.sees(&["请看过检查结果后勾选确认"]).await;
    visitor.looks("demo-14-publish-unsure").await;
    visitor.click("#confirm").await;
    visitor.click(publish).await;
    visitor.is_at("/policies/demo-new-item").await;
    visitor
        .sees(&[
            "规模企业奖励（演示）",
            "第 1 版",
            "上年营业收入 100 万元以上",
        ])
        .await;
    visitor.looks("demo-15-published").await;
    visitor.open("/policies?q=规模企业奖励").await;
    visitor.sees(&["规模企业奖励（演示）", "申报"]).await;
    visitor.looks("demo-16-in-the-list").await;
}

async fn imports_enterprises(visitor: &Visitor) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("名单.csv");
    let text = "统一社会信用代码,企业名称,所在区划,2025年营业收入(万元)\n\
        91330114PDY00001X7,好样例有限公司,330302,120\n\
        91330114PDY00001X8,坏样例有限公司,330302,90\n";
    std::fs::write(&file, text).unwrap();
    visitor.open("/enterprises/import").await;
    visitor.looks("demo-17-import").await;
    visitor.types("#file", file.to_str().unwrap()).await;
    visitor.writes("#department", "税务").await;
    visitor.click("form[enctype] button[type=submit]").await;
    visitor
        .sees(&["将导入", "将退回", "列的含义", "91330114PDY00001X8", "校验"])
        .await;
    assert_eq!(visitor.figure("将导入").await, 1);
    assert_eq!(visitor.figure("将退回").await, 1);
    visitor.looks("demo-18-import-dry-run").await;
    visitor.click("button[name=action][value=import]").await;
    visitor.is_at("/enterprises/import/jobs/").await;
    // the import runs on; the page is asked again until it is done
    let done = async || {
        visitor.browser.refresh().await.ok()?;
        visitor.text().await.contains("退回 1 行").then_some(())
    };
    assert!(
        visitor.waits_for(done).await.is_some(),
        "{}",
        visitor.text().await
    );
    visitor
        .click("a[href^='/enterprises/import/batches/']")
        .await;
    visitor.sees(&["下载退回明细"]).await;
    assert_eq!(visitor.figure("导入").await, 1);
    assert_eq!(visitor.figure("退回").await, 1);
    visitor.looks("demo-19-import-done").await;
    let rejects = visitor.script(FETCH_REJECTS, &[]).await;
    let rejects = rejects.as_str().unwrap();
    assert!(
        rejects.contains("91330114PDY00001X8") && rejects.contains("校验"),
        "{rejects}"
    );
    visitor.open("/enterprises/91330114PDY00001X7").await;
    visitor.sees(&["好样例有限公司", "120 万元", "税务"]).await;
    visitor.looks("demo-20-imported").await;
}

/// The rejects as the link would download them.
const FETCH_REJECTS: &str = "
    const request = new XMLHttpRequest();
    request.open('GET', document.querySelector('a[download]').href, false);
    request.send();
    return request.responseText;";

/// A number of an answer of the interface, by its pointer.
fn number(demo: &Server, path: &str, pointer: &str) -> i64 {
    let answer = demo.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    let json: serde_json::Value = serde_json::from_str(&answer.text()).unwrap();
    let found = json.pointer(pointer).and_then(serde_json::Value::as_i64);
    found.unwrap_or_else(|| panic!("{path} {pointer}: {json}"))
}

/// A page has these words.
fn sees(demo: &Server, path: &str, words: &[&str]) {
    let answer = demo.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    let text = answer.text();
    for word in words {
        assert!(text.contains(word), "{path}: {word} 不在\n{text}");
    }
}

/// What cannot happen while one watches has happened: terms have passed, the bank has answered, people were asked.
#[test]
fn the_demo_has_eight_weeks_of_work_behind_it() {
    let mut demo = Server::start(["demo", "--enterprises", "2000"]);
    assert!(!demo.said.contains("没有做成"), "{}", demo.said);

    demo.enter("legal");
    let waiting = ["等您办理", "首次纳统限上商贸企业奖励", "小微企业招用"];
    sees(&demo, "/redemption", &waiting);
    let paid = ["首次纳统企业统计员补助（演示）", "5,000", "已兑付"];
    sees(&demo, "/redemption?show=closed", &paid);
    sees(&demo, "/appeals/mine", &["展位补贴", "转学"]);

    demo.enter("clerk");
    let report = demo.get("/api/v1/redemption/reports");
    let report: serde_json::Value = serde_json::from_str(&report.text()).unwrap();
    let of = |item: &str, what: &str| {
        let lines = report["items"].as_array().unwrap();
        let line = lines.iter().find(|line| line["key"] == item);
        line.map_or(0, |line| line[what].as_i64().unwrap())
    };
    for (item, paid, open) in [
        ("p068-shouci-nashang", 9, 4),
        ("yanshi-tongjiyuan", 3, 1),
        ("p079-shebao", 1, 5),
    ] {
        assert_eq!(of(item, "paid"), paid, "{item}: {report}");
        assert!(of(item, "open") >= open, "{item}: {report}");
    }
    assert!(of("p079-shebao", "overdue") >= 1, "{report}");
    assert_eq!(of("p079-shebao", "closed"), 2, "one was refused: {report}");
    assert!(of("p068-shouci-nashang", "on_time") >= 6, "{report}");
    let card = "/api/v1/redemption/scorecards/p068-shouci-nashang";
    assert_eq!(number(&demo, card, "/paid_fen"), 9 * 30_000 * 100);
    assert!(number(&demo, card, "/satisfaction") > 0);
    let public = demo.get("/api/v1/notices").text();
    assert!(public.contains("首次纳统限上商贸企业奖励"), "{public}");
    demo.enter("treasurer");
    sees(&demo, "/funds/payments", &["户名与账号不符", "30,000"]);

    demo.enter("supervisor");
    let appeals = |query: &str| number(&demo, &format!("/api/v1/appeals?{query}"), "/total");
    assert!(appeals("state=all") >= 30);
    assert!(appeals("") >= 10, "open ones");
    assert!(appeals("standing=overdue") >= 3);
    assert!(appeals("stage=supervision") >= 1);
    assert!(number(&demo, "/api/v1/appeal-themes", "/total") >= 2);
    sees(&demo, "/appeals/themes", &["货车", "停电"]);
    assert!(number(&demo, "/api/v1/meetings", "/total") >= 2);
    let tasks = "/api/v1/meeting-tasks";
    assert_eq!(number(&demo, tasks, "/tally/all"), 4);
    assert_eq!(number(&demo, tasks, "/tally/struck"), 1);
    assert!(number(&demo, tasks, "/tally/overdue") >= 1);
    demo.enter("leader");
    sees(&demo, "/appeals/numbers", &["满意"]);
    sees(&demo, "/appeals/report", &["月报"]);
}

/// With the key that the start prints a hotline's system sees what it handed in, and hands in one more.
#[test]
fn a_hotline_posts_to_the_demo_over_open311() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let arguments = ["demo", "--enterprises", "300", "--data", &data];
    let mut demo = Server::start(arguments);
    assert!(!demo.said.contains("没有做成"), "{}", demo.said);
    let key_of = || std::fs::read_to_string(folder.path().join("open311.key")).unwrap();
    let key = key_of();
    let requests = |demo: &Server| -> Vec<serde_json::Value> {
        let path = format!("/open311/v2/requests.json?api_key={key}");
        serde_json::from_str(&demo.get(&path).text()).unwrap()
    };
    let before = requests(&demo);
    let closed = before.iter().filter(|one| one["status"] == "closed");
    assert_eq!((before.len(), closed.count()), (4, 2), "{before:?}");
    let form = "application/x-www-form-urlencoded";
    let body = format!(
        "api_key={key}&service_code=utilities.power.outage&address_string=1&description=厂区从昨天起停电，两条生产线停产"
    );
    let posted = demo.post("/open311/v2/requests.json", form, body);
    assert_eq!(posted.status, 200, "{}", posted.text());
    assert_eq!(requests(&demo).len(), 5);
    demo.enter("operator");
    let all = "/api/v1/appeals?channel=open311&state=all";
    assert_eq!(number(&demo, all, "/total"), 5);
    drop(demo);
    // the next start over the same data has the same key
    let again = Server::start(arguments);
    assert_eq!(key_of(), key);
    assert_eq!(requests(&again).len(), 5);
}

/// Where a role is told to look, it may look.
#[test]
fn entering_a_role_of_the_demo_leads_to_something() {
    let mut demo = Server::start(["demo", "--enterprises", "300"]);
    assert!(!demo.said.contains("没有做成"), "{}", demo.said);
    let form = "application/x-www-form-urlencoded";
    let roles = demo.get("/demo").text();
    let mut led = 0;
    for part in roles.split("name=\"role\" value=\"").skip(1) {
        let role = part.split('"').next().unwrap();
        let answer = demo.post("/demo", form, format!("role={role}"));
        let place = answer
            .head
            .lines()
            .find_map(|line| line.strip_prefix("location: "));
        let place = place.unwrap().to_owned();
        demo.enter(role);
        assert_eq!(demo.get(&place).status, 200, "{role}: {place}");
        led += i32::from(place != "/");
        demo.cookie.clear();
    }
    assert!(led >= 15, "{led} roles are led somewhere");
}

#[test]
fn roles_are_entered_by_one_click_in_the_demo_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let mut demo = Server::start(["demo", "--enterprises", "20", "--data", &data]);
    let form = "application/x-www-form-urlencoded";
    assert_eq!(demo.get("/enterprises/import").status, 401, "a visitor");
    demo.enter("data_manager");
    assert_eq!(demo.get("/enterprises/import").status, 200);
    let before = demo.cookie.clone();
    demo.enter("clerk");
    assert_eq!(demo.get("/enterprises/import").status, 403, "switched");
    let clerk = std::mem::replace(&mut demo.cookie, before);
    assert_eq!(demo.get("/account").status, 401, "left behind");
    demo.cookie = clerk.clone();
    for nobody in ["", "visitor", "clerk2", "../sysadmin"] {
        let answer = demo.post("/demo", form, format!("role={nobody}"));
        assert_eq!(answer.status, 404, "{nobody}");
    }
    let body = b"role=sysadmin";
    for (name, value) in [
        ("Origin", "http://evil.example"),
        ("Sec-Fetch-Site", "cross-site"),
    ] {
        let headers = [("Content-Type", form), (name, value)];
        let answer = demo.send("POST", "/demo", &headers, body);
        assert_eq!(answer.status, 403, "another site: {name}");
    }
    let rebound = demo.raw(
        b"POST /demo HTTP/1.0\r\nHost: evil.example\r\nContent-Length: 13\r\n\
          Content-Type: application/x-www-form-urlencoded\r\n\r\nrole=sysadmin",
    );
    assert_eq!(rebound.status, 403, "another name");
    drop(demo);

    // the same database served in earnest: neither the click nor what it gave
    let database = format!("sqlite:{data}/zhida.db");
    let mut served = Server::start(["serve", "--database", &database]);
    assert_eq!(served.post("/demo", form, "role=clerk").status, 404);
    served.cookie = clerk;
    assert_eq!(served.get("/account").status, 401);
    assert!(!served.get("/").text().contains("/demo"));
}
